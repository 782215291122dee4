//! Who there is and what they say.

use std::borrow::Cow;

use smol_str::SmolStr;

use crate::dossier::apply::{Capture, OrderLeg, Said};
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::directory::{
    Agency, AgencyKind, Carrier, Directory, Enrolment, Party, Procedure, ProcedureAction,
};
use crate::dossier::event::{Event, EventType, Measure, Reason};
use crate::dossier::leg::LegKind;
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};

/// The agency that owns.
pub const OWNER: &str = "agencies/H99.01";
/// The counter that receives for it.
pub const COUNTER: &str = "agencies/H99.02";
/// An agency that nothing of this concerns.
pub const NEIGHBOUR: &str = "agencies/H99.03";
/// The carrier.
pub const POST: &str = "carriers/vp";
/// Another carrier.
pub const RIVAL: &str = "carriers/rival";

/// The postman's phone.
pub const PHONE: &str = "carriers/vp/devices/phone";
/// The post office's PC.
pub const PC: &str = "carriers/vp/systems/pc";
/// The scanner at the counter.
pub const DESK: &str = "agencies/H99.02/devices/desk";
/// The owner's back office.
pub const BACK_OFFICE: &str = "agencies/H99.01/systems/office";

/// A procedure that may go both ways.
pub const BOTH_WAYS: &str = "procedures/1.000001";
/// A procedure that may not go by post.
pub const BY_HAND: &str = "procedures/1.000002";

/// The first minute of all tests.
const T0: i64 = 1_790_000_000_000_000;
/// Minutes of a day.
pub const DAY: i64 = 24 * 60;

pub fn minute(minute: i64) -> Micros {
    Micros(T0 + minute * 60 * Micros::SECOND)
}

pub fn at(pos: u64) -> Position {
    Position { lane: Lane(0), pos }
}

pub fn party(name: &str) -> PartyName {
    PartyName::new(name)
}

pub fn item(number: u32) -> Code {
    Code::stored(CodeKind::Item, format!("RA{number:08}0VN").into(), None)
}

pub fn slip(number: u32) -> Code {
    Code::stored(CodeKind::Slip, format!("{number:06}").into(), None)
}

pub fn bag(number: u32) -> Code {
    Code::stored(CodeKind::Receptacle, format!("100916VN100000AUN{number:012}").into(), None)
}

pub fn dossier_code(number: u32) -> Code {
    Code::stored(CodeKind::Dossier, format!("H99.01-260923-{number:04}").into(), None)
}

/// What a source says; of a command the party is the source.
pub fn said(kind: EventType, source: &str, minutes: i64) -> Said {
    let party = source.split('/').take(2).collect::<Vec<_>>().join("/");
    Said {
        source: SourceName::new(source),
        client_event_id: SmolStr::default(),
        party: PartyName::new(&party),
        principal: source.into(),
        supervisor: false,
        effective_at: minute(minutes),
        event: Event::new(kind, minute(minutes)),
    }
}

/// A scan being put together.
#[derive(Clone)]
pub struct Scan(pub Capture<'static>);

impl std::fmt::Debug for Scan {
    /// One line: failing scenarios are read by people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = &self.0.said;
        let minutes = (said.effective_at.0 - T0) / (60 * Micros::SECOND);
        write!(
            f,
            "{} {} {minutes} {} {:?}",
            said.event.kind.text(),
            said.source,
            said.principal,
            said.event.leg
        )
    }
}

pub fn scan(kind: EventType, source: &str, minutes: i64) -> Scan {
    Scan(Capture { said: Cow::Owned(said(kind, source, minutes)), attested: true, skewed: false })
}

impl Scan {
    pub fn with(mut self, change: impl FnOnce(&mut Event)) -> Scan {
        change(&mut self.0.said.to_mut().event);
        self
    }

    pub fn code(self, code: Code) -> Scan {
        self.with(|event| event.code = Some(code))
    }

    pub fn also(self, code: Code) -> Scan {
        self.with(|event| event.also.push(code))
    }

    pub fn leg(self, leg: Position) -> Scan {
        self.with(|event| event.leg = Some(leg))
    }

    pub fn to(self, agency: &str) -> Scan {
        self.with(|event| event.agency = Some(party(agency)))
    }

    pub fn office(self, office: &str) -> Scan {
        self.with(|event| event.office = Some(office.into()))
    }

    pub fn reason(self, reason: Reason) -> Scan {
        self.with(|event| event.reason = reason)
    }

    pub fn measure(self, measure: Measure) -> Scan {
        self.with(|event| event.measure = measure)
    }

    pub fn corrects(self, position: Position) -> Scan {
        self.with(|event| event.corrects = Some(position))
    }

    pub fn by(mut self, principal: &str) -> Scan {
        self.0.said.to_mut().principal = principal.into();
        self
    }

    pub fn supervisor(mut self) -> Scan {
        self.0.said.to_mut().supervisor = true;
        self
    }

    pub fn unattested(mut self) -> Scan {
        self.0.attested = false;
        self
    }
}

/// An order by the owner.
pub fn order(kind: LegKind, minutes: i64) -> OrderLeg {
    OrderLeg {
        said: said(EventType::Ordered, OWNER, minutes),
        agency: party(OWNER),
        counter: party(COUNTER),
        carrier: Some(party(POST)),
        kind,
        procedure: None,
        dossier: None,
    }
}

/// All of them are in it.
pub(super) fn directory() -> Directory {
    let enrolled = Enrolment { id: 0, lane: Lane(0) };
    let mut directory = Directory::default();
    for name in [OWNER, COUNTER, NEIGHBOUR] {
        let agency = Agency {
            name: party(name),
            title: name.to_owned(),
            parent: None,
            kind: AgencyKind::Both,
            valid_from: None,
            valid_to: None,
            level: None,
            ended: None,
        };
        directory.parties.insert(party(name), (enrolled, Party::Agency(agency)));
    }
    for name in [POST, RIVAL] {
        let carrier = Carrier { name: party(name), title: name.to_owned() };
        directory.parties.insert(party(name), (enrolled, Party::Carrier(carrier)));
    }
    for (name, may) in [(BOTH_WAYS, true), (BY_HAND, false)] {
        let procedure = Procedure {
            name: name.to_owned(),
            title: name.to_owned(),
            level: "province".to_owned(),
            pickup: may,
            returned: may,
            valid_from: None,
            valid_to: None,
            action: ProcedureAction::New,
            decision: String::new(),
            working_days: None,
        };
        directory.procedures.insert(name.to_owned(), vec![procedure]);
    }
    directory
}
