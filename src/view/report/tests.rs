//! Legs with a history, and what they count as.

use smol_str::{SmolStr, format_smolstr};

use super::*;
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::custody::{OrderKey, Step};
use crate::dossier::decision::{Decision, DecisionKind};
use crate::dossier::desk::{Dossier, Leg};
use crate::dossier::directory::{Directory, Procedure, ProcedureAction};
use crate::dossier::event::{EventType, Measure, Reason};
use crate::dossier::leg::{Birth, Holder, LegKind};
use crate::dossier::names::{Lane, PartyName, Position, SourceName};
use crate::dossier::particulars::{Particulars, Terms};
use crate::view::as_of;
use EventType::{
    Accepted, Delivered, DeliveryRevoked, NotAccepted, Offered, PickedUp, ReturnStarted, Voided,
};

const POST: &str = "carriers/p";
const AGENCY: &str = "agencies/A";

/// 2020-09-30 00:00 in Vietnam, and microseconds from there.
fn september_30(us: i64) -> Micros {
    Micros(1_601_398_800 * Micros::SECOND + us)
}

fn hours(hours: i64) -> i64 {
    hours * 3_600 * Micros::SECOND
}

fn pos(pos: u64) -> Position {
    Position { lane: Lane(0), pos }
}

/// A leg and everything that was said of it.
struct Told {
    leg: Leg,
    steps: Vec<Step>,
}

impl Told {
    fn new(id: u64, kind: LegKind) -> Told {
        let agency = PartyName::new(AGENCY);
        let birth = Birth {
            kind,
            counter: agency.clone(),
            agency,
            carrier: Some(PartyName::new(POST)),
            office: None,
            procedure: Some("procedures/1".into()),
        };
        Told { leg: Leg::begin(pos(id), birth, Terms::default(), None, september_30(0)), steps: Vec::new() }
    }

    fn of(mut self, dossier: u64) -> Told {
        self.leg.dossier = Some((pos(dossier), pos(1)));
        self
    }

    /// Says something at a position of the journal, of a time.
    fn say(mut self, at: u64, effective: Micros, kind: EventType, party: &str) -> Told {
        self.steps.push(Step {
            position: pos(at),
            order: OrderKey {
                effective_at: effective,
                source: SourceName::new(&format!("{party}/systems/1")),
                device_seq: 0,
                id: format_smolstr!("{at:04}"),
            },
            placed_from: None,
            kind,
            party: PartyName::new(party),
            principal: format_smolstr!("person of {party}"),
            supervisor: kind == DeliveryRevoked,
            attested: true,
            reason: if kind == DeliveryRevoked { Reason::WRONG_RECEIVER } else { Reason::NONE },
            measure: Measure::NONE,
            office: None,
            what: None,
            corrects: None,
            other_leg: None,
            particulars: Particulars::default(),
            late: false,
        });
        self
    }

    /// The last thing said is about another event.
    fn about(mut self, corrects: u64) -> Told {
        self.steps.last_mut().unwrap().corrects = Some(pos(corrects));
        self
    }

    /// As it was known at a position.
    fn at(&self, at: u64) -> Leg {
        as_of::folded(self.leg.clone(), self.steps.clone(), pos(at))
    }

    fn now(&self) -> Leg {
        self.at(u64::MAX >> 16)
    }
}

fn days(from: i32, to: i32) -> Days {
    let first = Day::at(september_30(0)).0;
    Days { from: Day(first + from), to: Day(first + to) }
}

/// What legs count as in these days: received and returned.
fn counted(legs: &[Leg], days: Days) -> (u64, u64) {
    let mut postal = Postal::new(days);
    for leg in legs {
        if let Some(hit) = postal.hit(leg) {
            postal.count(leg, hit, SmolStr::default()).unwrap();
        }
    }
    let row = postal.rows().into_values().next().unwrap_or_default();
    (row.received, row.returned)
}

fn delivered() -> Told {
    Told::new(3, LegKind::Outbound).say(3, september_30(hours(-40)), PickedUp, POST).say(
        4,
        september_30(hours(-20)),
        Delivered,
        POST,
    )
}

#[test]
fn a_revoked_delivery_counts_as_known_before_and_not_later_and_once_after_the_next() {
    // Delivered on the 29th, revoked on October 3rd, found and delivered again on the 5th.
    let told = delivered()
        .say(9, september_30(hours(80)), DeliveryRevoked, POST)
        .say(11, september_30(hours(100)), EventType::Found, POST)
        .say(12, september_30(hours(130)), Delivered, POST);
    let by = |at| counted(&[told.at(at)], days(-30, 30));
    assert_eq!((by(3), by(4), by(8)), ((0, 0), (0, 1), (0, 1)));
    assert_eq!((by(9), by(11), by(12)), ((0, 0), (0, 0), (0, 1)));
    // Once, and on the day of the delivery that stands.
    assert_eq!(counted(&[told.now()], days(-30, 0)), (0, 0));
    assert_eq!(counted(&[told.at(8)], days(-30, 0)), (0, 1));
}

#[test]
fn a_day_begins_and_ends_in_vietnam() {
    let received = |at| {
        let told = Told::new(3, LegKind::Inbound).say(3, september_30(hours(-9)), PickedUp, POST);
        told.say(4, september_30(at), Accepted, AGENCY).now()
    };
    for (at, on_the_30th) in [(-1, 0), (0, 1), (hours(24) - 1, 1), (hours(24), 0)] {
        assert_eq!(counted(&[received(at)], days(0, 0)), (on_the_30th, 0), "{at}");
    }
    // Seven hours before midnight in Greenwich it is another month already.
    let mut postal = Postal::new(days(0, 1));
    for at in [hours(24) - 1, hours(24)] {
        let hit = postal.hit(&received(at)).unwrap();
        postal.count(&received(at), hit, super::postal::month(hit.at)).unwrap();
    }
    let rows: Vec<SmolStr> = postal.rows().into_keys().collect();
    assert_eq!(rows, ["2020-09", "2020-10"]);
}

#[test]
fn a_paper_keyed_long_after_counts_on_the_day_it_was_signed() {
    let paper = Told::new(3, LegKind::Inbound).say(900, september_30(hours(8)), PickedUp, POST).say(
        901,
        september_30(hours(9)),
        Accepted,
        AGENCY,
    );
    assert_eq!(counted(&[paper.now()], days(0, 0)), (1, 0));
    assert_eq!(counted(&[paper.at(900)], days(0, 0)), (0, 0), "and not as known before it was keyed");
}

#[test]
fn what_is_said_twice_voided_returned_or_no_first_dossier_does_not_count() {
    let twice = delivered().say(5, september_30(hours(-19)), Delivered, POST);
    assert_eq!(counted(&[twice.now()], days(-9, 9)), (0, 1));
    let voided = delivered().say(5, september_30(hours(-19)), Voided, POST).about(4);
    assert_eq!(counted(&[voided.now()], days(-9, 9)), (0, 0));

    let refused = Told::new(3, LegKind::Inbound)
        .say(3, september_30(0), PickedUp, POST)
        .say(4, september_30(hours(1)), Offered, POST)
        .say(5, september_30(hours(2)), NotAccepted, AGENCY);
    assert_eq!(counted(&[refused.now()], days(-9, 9)), (0, 0));
    let later = refused.say(6, september_30(hours(26)), Accepted, AGENCY);
    assert_eq!(counted(&[later.now()], days(1, 1)), (1, 0));

    let begun = |step: &mut Step| step.other_leg = Some(pos(3));
    let mut went_back = Told::new(3, LegKind::Outbound).say(3, september_30(0), PickedUp, POST).say(
        7,
        september_30(hours(1)),
        ReturnStarted,
        POST,
    );
    begun(went_back.steps.last_mut().unwrap());
    let mut back = Told::new(7, LegKind::ReturnToAgency).say(7, september_30(hours(1)), ReturnStarted, POST);
    begun(back.steps.last_mut().unwrap());
    back.leg.continues = Some(pos(3));
    let back = back.say(8, september_30(hours(2)), Accepted, AGENCY);
    assert_eq!(counted(&[went_back.now(), back.now()], days(-9, 9)), (0, 0));

    for kind in [LegKind::Supplement, LegKind::Transfer] {
        let told = Told::new(3, kind).say(3, september_30(0), PickedUp, POST);
        let told = told.say(4, september_30(hours(2)), Accepted, AGENCY);
        assert_eq!(counted(&[told.now()], days(-9, 9)), (0, 0), "{kind:?}");
    }
    let mut undone = delivered().now();
    undone.annulled_at = Some(pos(9));
    assert_eq!(counted(&[undone], days(-9, 9)), (0, 0));
}

#[test]
fn parts_of_a_dossier_count_once_where_the_first_of_them_does_in_whatever_order_they_come() {
    let part = |id, at| {
        let told = Told::new(id, LegKind::Inbound).of(2).say(id, september_30(0), PickedUp, POST);
        told.say(id + 100, september_30(at), Accepted, AGENCY).now()
    };
    let (first, second) = (part(3, hours(1)), part(4, hours(30)));
    for legs in [[first.clone(), second.clone()], [second.clone(), first.clone()]] {
        let mut postal = Postal::new(days(0, 9));
        for leg in &legs {
            let hit = postal.hit(leg).unwrap();
            postal.count(leg, hit, super::postal::month(hit.at)).unwrap();
        }
        let rows: Vec<_> = postal.rows().into_iter().collect();
        assert_eq!(rows, [("2020-09".into(), PostalRow { received: 1, returned: 0 })]);
    }
    // Without a dossier nobody knows that they belong together; of another dossier they do not.
    let loose = |id| Leg { dossier: None, ..part(id, hours(1)) };
    assert_eq!(counted(&[loose(3), loose(4)], days(0, 9)), (2, 0));
    let other = Leg { dossier: Some((pos(9), pos(9))), ..part(5, hours(1)) };
    assert_eq!(counted(&[first.clone(), other.clone()], days(0, 9)), (2, 0));
    // No more are told apart than there is room for.
    let mut postal = Postal::small(days(0, 9), 1);
    let mut count = |leg: &Leg| postal.count(leg, postal.hit(leg).unwrap(), SmolStr::default());
    assert!(count(&first).is_ok() && count(&second).is_ok());
    assert!(count(&other).is_err());
}

#[test]
fn a_level_is_that_of_the_procedure() {
    let mut directory = Directory::default();
    let name = "procedures/1".to_owned();
    let procedure = Procedure {
        name: name.clone(),
        title: String::new(),
        level: "commune".to_owned(),
        pickup: true,
        returned: true,
        valid_from: None,
        valid_to: None,
        decision: String::new(),
        action: ProcedureAction::New,
        working_days: None,
    };
    directory.procedures.insert(name, vec![procedure]);
    let mut leg = delivered().now();
    assert_eq!(level_of(&directory, &leg), "commune");
    leg.birth.procedure = None;
    assert_eq!(level_of(&directory, &leg), "");
}

#[test]
fn holdings_add_up_to_the_open_legs() {
    let mut holdings = Holdings::default();
    let carried = Told::new(3, LegKind::Inbound).say(3, september_30(0), PickedUp, POST);
    let signed = Told::new(4, LegKind::Inbound).say(4, september_30(0), PickedUp, POST).say(
        5,
        september_30(1),
        Accepted,
        AGENCY,
    );
    let ordered = Told::new(6, LegKind::Inbound).say(6, september_30(0), EventType::Ordered, AGENCY);
    let waits = Told::new(7, LegKind::Outbound).say(7, september_30(0), EventType::Ordered, AGENCY);
    for told in [carried, signed, ordered, waits, delivered()] {
        holdings.take(&told.now());
    }
    let agency = Holder::agency(PartyName::new(AGENCY));
    let post = Holder::post(PartyName::new(POST), None);
    let holders: Vec<_> = holdings.holders.clone().into_iter().collect();
    assert_eq!(holders, [(Holder::CITIZEN, 1), (post, 1), (agency, 1)]);
    assert_eq!(holdings.open(), holdings.holders.values().sum::<u64>());
}

fn dossier(accepted: Option<i64>, result: Option<i64>, due: i64) -> Dossier {
    let said = |by, kind| move |at| Decision { by: pos(by), at: september_30(hours(at)), kind };
    let decisions =
        [accepted.map(said(4, DecisionKind::Accept)), result.map(said(6, DecisionKind::AnnounceResult))];
    Dossier {
        id: pos(2),
        agency: PartyName::new(AGENCY),
        counter: None,
        code: Code::stored(CodeKind::Dossier, "H99-200930-0001".into(), None),
        procedure: None,
        slip: None,
        request_digest: [0; 32],
        registered_at: september_30(0),
        decisions: decisions.into_iter().flatten().collect(),
        due: vec![(pos(4), september_30(hours(due)))],
        legs: vec![pos(3)],
        parent: None,
    }
}

#[test]
fn each_clock_counts_its_own_hours_and_what_runs_on_past_its_time() {
    let mut report = OnTime::new(days(0, 9), september_30(hours(200)));
    let mut way_in =
        Told::new(3, LegKind::Inbound).of(2).say(3, september_30(hours(1)), PickedUp, POST).now();
    way_in.due_at = Some(september_30(hours(9)));
    // Still on its way and late; a dossier accepted and late; one that was in time.
    report.take(&dossier(None, None, 100), std::slice::from_ref(&way_in), true, pos(99));
    report.take(&dossier(Some(10), None, 100), &[], true, pos(99));
    report.take(&dossier(Some(10), Some(33), 100), &[], true, pos(99));
    report.take(&dossier(Some(10), Some(140), 100), &[], true, pos(99));
    // What the agency took is not told to who sees a leg alone, nor what was not known by then.
    report.take(&dossier(Some(10), Some(33), 100), &[], false, pos(99));
    report.take(&dossier(Some(10), Some(33), 100), &[], true, pos(3));
    let agency = &report.agency;
    assert_eq!((agency.ended(), agency.with_due, agency.in_time, agency.overdue), (2, 2, 1, 1));
    assert_eq!((agency.hours_within(50), agency.hours_within(90)), (Some(23), Some(130)));
    assert_eq!((report.post_in.ended(), report.post_in.overdue), (0, 1));
    assert_eq!(report.post_in.hours_within(50), None);

    let arrived = Told { leg: way_in, steps: Vec::new() };
    let arrived = arrived.say(3, september_30(hours(1)), PickedUp, POST);
    let arrived = arrived.say(5, september_30(hours(8)), Accepted, AGENCY).now();
    report.take_leg(&arrived);
    let post_in = &report.post_in;
    assert_eq!((post_in.ended(), post_in.with_due, post_in.in_time, post_in.overdue), (1, 1, 1, 1));
    assert_eq!(post_in.hours_within(50), Some(7));
    let mut other_days = OnTime::new(days(1, 9), september_30(hours(200)));
    other_days.take_leg(&arrived);
    assert_eq!(other_days.post_in.ended(), 0);
}

#[test]
fn a_day_between_agency_and_post_differs_by_envelope() {
    let day = Day::at(september_30(0));
    let mut report = Reconciliation::new(day, PartyName::new(AGENCY), PartyName::new(POST));
    let mut take = |told: &Told| {
        let leg = told.now();
        assert!(report.may_concern(&leg));
        report.take(&leg, Said::of(&leg, &told.steps));
    };
    let picked = |id| Told::new(id, LegKind::Inbound).say(id, september_30(hours(-2)), PickedUp, POST);
    let at = |hour| september_30(hours(hour));
    take(&picked(10).say(11, at(9), Offered, POST).say(12, at(10), Accepted, AGENCY));
    take(&picked(20).say(21, at(10), Accepted, AGENCY));
    take(&picked(30).say(31, at(9), Offered, POST));
    take(&picked(40).say(41, at(9), Offered, POST).say(42, at(30), Accepted, AGENCY));
    take(&picked(50).say(51, at(9), Offered, POST).say(52, at(10), NotAccepted, AGENCY));
    // A wrong scan that was taken back is nobody's word.
    take(&picked(60).say(61, at(9), Offered, POST).say(62, at(9), Voided, POST).about(61));
    take(&picked(70).say(71, at(30), Offered, POST).say(72, at(31), Accepted, AGENCY));
    let differs: Vec<_> = report.differences.iter().map(|found| (found.leg.pos, found.differs)).collect();
    assert_eq!(
        differs,
        [
            (20, Differs::AgencyOnly),
            (30, Differs::CarrierOnly),
            (40, Differs::OtherDay),
            (50, Differs::NotAccepted)
        ]
    );
    assert_eq!((report.accepted, report.offered, report.both, report.differing), (2, 4, 1, 4));

    let outbound = delivered().now();
    assert!(!report.may_concern(&outbound));
    let over = picked(80).now();
    assert!(!report.may_concern(&over), "nothing of it happened on the day");
}
