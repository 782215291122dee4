//! Who there is, and how what they say becomes lines of the journal.

use std::rc::Rc;

use bytes::Bytes;
use trao::dossier::code::{Code, CodeKind};
use trao::dossier::directory::{Agency, AgencyKind, Carrier, Source};
use trao::dossier::event::{Event, EventType};
use trao::dossier::names::{Micros, PartyName, SourceName};
use trao::journal::{CaptureLine, CommandAct, CommandLine, Line, Note, PersonalPart, Speaker};
use trao::seal::digest;

/// The carrier.
pub const POST: &str = "carriers/post";
/// The agency that owns.
pub const OWNER: &str = "agencies/H99.01";
/// The agency that receives for it.
pub const COUNTER: &str = "agencies/H99.02";
/// Everybody who has a log.
pub const PARTIES: [&str; 3] = [POST, OWNER, COUNTER];

pub fn party(name: &str) -> PartyName {
    PartyName::new(name)
}

/// The source of a device: of three, one is the counter's; of the post's, every other one is a system.
pub fn source(device: usize) -> SourceName {
    SourceName::new(&match device % 3 {
        0 => format!("{POST}/devices/{device}"),
        1 => format!("{COUNTER}/devices/{device}"),
        _ => format!("{POST}/systems/{device}"),
    })
}

/// The party of a source.
pub fn party_of(source: &SourceName) -> PartyName {
    let parts: Vec<&str> = source.as_str().split('/').take(2).collect();
    PartyName::new(&parts.join("/"))
}

/// What is entered before anybody speaks.
pub fn directory(devices: usize) -> Vec<Note> {
    let agency = |name: &str| {
        Note::Agency(Agency {
            name: party(name),
            title: String::new(),
            parent: None,
            kind: AgencyKind::Both,
            valid_from: None,
            valid_to: None,
            level: None,
            ended: None,
        })
    };
    let carrier = Note::Carrier(Carrier { name: party(POST), title: String::new() });
    let sources = (0..devices).map(|device| enrolled(source(device)));
    [agency(OWNER), agency(COUNTER), carrier].into_iter().chain(sources).collect()
}

fn enrolled(name: SourceName) -> Note {
    Note::Source(Source {
        party: party_of(&name),
        name,
        agency: None,
        office: None,
        holder: None,
        retired: None,
    })
}

pub fn item(number: u64) -> Code {
    code(CodeKind::Item, format!("RA{number:08}0VN"))
}

pub fn slip(number: u64) -> Code {
    code(CodeKind::Slip, format!("{number:06}"))
}

pub fn bag(number: u64) -> Code {
    code(CodeKind::Receptacle, format!("100916VN100000AUN{number:012}"))
}

pub fn dossier_code(number: u64) -> Code {
    code(CodeKind::Dossier, format!("H99.01-260923-{number:04}"))
}

fn code(kind: CodeKind, text: String) -> Code {
    Code::stored(kind, text.into(), None)
}

/// An event of which only type and time are known.
pub fn event(kind: EventType, occurred_at: Micros) -> Event {
    Event::new(kind, occurred_at)
}

/// A fact as a device has it in its outbox.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Who captured it.
    pub source: SourceName,
    /// Its id.
    pub id: String,
    /// What happened.
    pub event: Event,
    /// Its personal part.
    pub personal: Option<String>,
}

impl Fact {
    /// The event as it is sent.
    pub fn bytes(&self) -> Bytes {
        Bytes::from(format!("{:?}", self.event))
    }

    /// What a retry must repeat.
    pub fn content(&self) -> [u8; 32] {
        digest::digest(&self.bytes())
    }

    /// The line it becomes at a gateway.
    pub fn line(&self, received_at: Micros, send_time: Micros) -> Line {
        let party = party_of(&self.source);
        let principal = format!("person of {}", self.source).into();
        let speaker = Speaker { party, principal, supervisor: false };
        let personal = self.personal.clone().map(|text| PersonalPart(Bytes::from(text)));
        Line::Capture(Box::new(CaptureLine {
            said: speaker.says(self.source.clone(), self.id.as_str().into(), self.event.clone()),
            repaired: false,
            event_bytes: self.bytes(),
            attested: personal.is_some(),
            personal,
            received_at,
            send_time: Some(send_time),
        }))
    }
}

/// A command as an agency's system has it.
#[derive(Clone, Debug)]
pub struct Order {
    /// Who commands.
    pub party: PartyName,
    /// The RPC's name.
    pub method: &'static str,
    /// The resource it names.
    pub resource: String,
    /// Its id.
    pub request_id: String,
    /// What is commanded.
    pub act: CommandAct,
    /// The event that the gateway makes of it.
    pub event: Event,
}

impl Order {
    /// What a retry must repeat.
    pub fn content(&self) -> [u8; 32] {
        digest::digest(format!("{} {} {:?}", self.method, self.resource, self.act).as_bytes())
    }

    /// The line it becomes.
    pub fn line(&self) -> Line {
        let principal = format!("person of {}", self.party).into();
        Line::Command(Box::new(CommandLine {
            speaker: Speaker { party: self.party.clone(), principal, supervisor: false },
            method: self.method,
            resource: self.resource.clone(),
            request_id: self.request_id.as_str().into(),
            request_digest: self.content(),
            event: self.event.clone(),
            event_bytes: Bytes::from(format!("{:?}", self.event)),
            personal: None,
            act: self.act.clone(),
        }))
    }
}

/// A fact that is sent, perhaps again.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The fact.
    pub fact: Rc<Fact>,
    /// The device's clock when it is sent, this time.
    pub send_time: Micros,
}
