//! The directory in time: what is in force on the day of a fact or command counts, whatever it says today.

use AnomalyKind::{NotEligible, OffDuty, ProcedureUnknown, SourceRetired};
use EventType::{Arrived, OfficeIn, PickedUp, Voided};

use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::apply::{Act, Applied};
use crate::dossier::directory::{Day, Directory, Procedure, ProcedureAction, Retired, Source};
use crate::dossier::event::EventType;
use crate::dossier::leg::{HolderKind, LegKind};
use crate::dossier::names::SourceName;
use crate::dossier::person::{Appointment, StaffRole};
use crate::dossier::refusal::Reason;
use crate::dossier::testing::*;

/// The day of all tests' first minute.
fn day(days: i32) -> Day {
    Day(Day::at(minute(0)).0 + days)
}

fn appoint(directory: &mut Directory, who: &str, person: &str, to: Option<Day>, substitute: Option<&str>) {
    let appointment = Appointment {
        party: party(who),
        person: person.to_owned(),
        role: StaffRole::Officer,
        place: None,
        valid_from: None,
        valid_to: to,
        acts_for: None,
        decision: String::new(),
        substitute: substitute.map(str::to_owned),
    };
    let persons = directory.persons.entry(party(who)).or_default();
    persons.entry(person.to_owned()).or_default().push(appointment);
}

fn kinds(world: &mut World, scan: Scan) -> Vec<AnomalyKind> {
    let (at, written) = world.scan(scan);
    shown(at, &written)
}

#[test]
fn a_command_behind_ones_last_day_is_refused_with_who_stands_in() {
    let mut world = World::new();
    world.enter(|directory| {
        appoint(directory, OWNER, "NV-1", Some(day(0)), Some("NV-2"));
        appoint(directory, OWNER, "NV-2", None, None);
    });
    let ordered = |minutes, person: &str| {
        let mut order = order(LegKind::Outbound, minutes);
        order.said.principal = person.into();
        Act::Order(order)
    };
    world.command(ordered(0, "NV-1")).unwrap();
    let refusal = world.command(ordered(DAY, "NV-1")).unwrap_err();
    let told = format!("the last day of NV-1 was {}; NV-2 stands in", day(0));
    assert_eq!((refusal.reason, refusal.detail), (Reason::OffDuty, told));
    assert_eq!(world.len(), 1, "nothing of it was written");
    world.command(ordered(DAY, "NV-2")).unwrap();
    world.command(ordered(DAY, "NV-3")).unwrap();
    // The number is another person's elsewhere.
    world.enter(|directory| appoint(directory, COUNTER, "NV-3", Some(day(-9)), None));
    world.command(ordered(DAY, "NV-3")).unwrap();
}

#[test]
fn a_fact_behind_ones_last_day_counts_and_is_flagged() {
    let mut world = World::new();
    let leg = world.order(LegKind::Inbound, 0);
    world.enter(|directory| appoint(directory, POST, "BT-1", Some(day(0)), None));
    let by_key = scan(PickedUp, PHONE, DAY).leg(leg).by("BT-1");
    assert_eq!(kinds(&mut world, by_key), vec![OffDuty]);
    assert_eq!(world.state(leg).1, HolderKind::Post, "it counts all the same");
    let in_time = scan(OfficeIn, PC, 9).leg(leg).by("BT-1");
    assert!(!kinds(&mut world, in_time).contains(&OffDuty), "it is the day of the fact that counts");
    // A device that several people carry says who it was.
    let actor = |minutes, actor: &str| {
        scan(OfficeIn, PC, minutes).leg(leg).by("BT-1").with(|event| event.actor = Some(actor.into()))
    };
    assert!(!kinds(&mut world, actor(DAY + 1, "BT-2")).contains(&OffDuty));
    let of_key = actor(DAY + 2, "BT-1").by("keys/1");
    assert!(kinds(&mut world, of_key).contains(&OffDuty));
}

fn enrol(directory: &mut Directory, name: &str, retired: Option<Retired>) {
    let source = Source {
        name: SourceName::new(name),
        party: party(POST),
        agency: None,
        office: None,
        holder: None,
        retired,
    };
    let enrolment = crate::dossier::directory::Enrolment { id: 9, lane: at(1).lane };
    directory.sources.insert(source.name.clone(), (enrolment, source));
}

#[test]
fn a_scan_by_a_retired_source_counts_and_is_flagged_from_that_moment_on() {
    let mut world = World::new();
    let leg = world.order(LegKind::Inbound, 0);
    let retired = Retired { at: minute(10), successor: Some(SourceName::new(PC)) };
    world.enter(|directory| enrol(directory, PHONE, Some(retired)));
    assert_eq!(kinds(&mut world, scan(PickedUp, PHONE, 9).leg(leg)), vec![]);
    assert_eq!(kinds(&mut world, scan(OfficeIn, PHONE, 10).leg(leg).office("100000")), vec![SourceRetired]);
    assert_eq!(world.state(leg).1, HolderKind::Post);
    assert_eq!(kinds(&mut world, scan(Arrived, PC, 20).leg(leg).office("100000")), vec![]);
}

#[test]
fn what_is_voided_under_the_old_name_is_voided_whoever_relays_it() {
    let mut world = World::new();
    let leg = world.order(LegKind::Inbound, 0);
    let scanned = world.put(scan(PickedUp, PHONE, 5).leg(leg));
    let retired = Retired { at: minute(10), successor: Some(SourceName::new(PC)) };
    world.enter(|directory| enrol(directory, PHONE, Some(retired)));
    let own_name = scan(Voided, PC, 20).corrects(scanned);
    assert_eq!(kinds(&mut world, own_name), vec![AnomalyKind::VoidRefused], "the fold knows no directory");
    assert_eq!(world.state(leg).1, HolderKind::Post);
    assert_eq!(kinds(&mut world, scan(Voided, PHONE, 21).corrects(scanned)), vec![]);
    assert_eq!(world.state(leg).1, HolderKind::Citizen);
}

#[test]
fn eligibility_is_that_of_the_version_of_the_day() {
    let mut world = World::new();
    let version = |from: Option<Day>, action, may| Procedure {
        name: BY_HAND.to_owned(),
        title: String::new(),
        level: "commune".to_owned(),
        pickup: may,
        returned: may,
        valid_from: from,
        valid_to: None,
        action,
        decision: "1".to_owned(),
        working_days: None,
    };
    world.enter(|directory| {
        let versions = vec![
            version(None, ProcedureAction::New, false),
            version(Some(day(1)), ProcedureAction::Amended, true),
            version(Some(day(2)), ProcedureAction::Abolished, true),
        ];
        directory.procedures.insert(BY_HAND.to_owned(), versions);
    });
    let mut ordered = |minutes: i64| {
        let mut order = order(LegKind::Inbound, minutes);
        order.procedure = Some(BY_HAND.into());
        match world.act(Act::Order(order)) {
            Ok(Applied::Written(_)) => "ordered".to_owned(),
            Err(refusal) => format!("{} {}", refusal.reason.text(), refusal.detail),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ordered(0), "PROCEDURE_NOT_ELIGIBLE the procedure may not go by post as INBOUND");
    assert_eq!(ordered(DAY), "ordered");
    let abolished = format!("PROCEDURE_NOT_ELIGIBLE the procedure is not in force on {}", day(2));
    assert_eq!(ordered(2 * DAY), abolished);

    let picked_up = |minutes, number, procedure: &str| {
        let scan = scan(PickedUp, PHONE, minutes).code(item(number)).to(OWNER);
        scan.with(|event| event.procedure = Some(procedure.into()))
    };
    assert_eq!(kinds(&mut world, picked_up(0, 1, BY_HAND)), vec![NotEligible]);
    assert_eq!(kinds(&mut world, picked_up(DAY, 2, BY_HAND)), vec![]);
    assert_eq!(kinds(&mut world, picked_up(2 * DAY, 3, BY_HAND)), vec![NotEligible]);
    assert_eq!(kinds(&mut world, picked_up(0, 4, "procedures/9")), vec![ProcedureUnknown]);
}
