//! Real days, walked through.

use crate::dossier::apply::{AcceptDossier, AcceptTarget, Act};
use crate::dossier::event::EventType as E;
use crate::dossier::event::{Measure, Reason};
use crate::dossier::leg::{Holder, HolderKind, LegKind, LegState, Placement};
use crate::dossier::names::Position;
use crate::dossier::testing::*;

/// Day (a): a postman at the door, no order, no code yet; the counter accepts, and the old slip finds the new code.
#[test]
fn a_walk_up_dossier_is_followed_from_the_door_to_its_code() {
    let mut world = World::new();
    let first = scan(E::PickedUp, PHONE, 0).code(item(1)).also(slip(1)).to(OWNER);
    let leg = world.put(first.with(|event| event.counter = Some(party(COUNTER))));
    world.put(scan(E::Bagged, PC, 30).code(item(1)).with(|event| event.receptacle = Some(bag(1))));
    world.put(scan(E::Dispatched, PC, 40).code(bag(1)));
    world.put(scan(E::Arrived, PC, 50).code(bag(1)).office("100001"));
    world.tie();
    assert_eq!(world.legs[&leg].fold.holder, Holder::post(party(POST), Some("100001".into())));
    world.put(scan(E::Offered, PC, 60).code(item(1)));
    world.put(scan(E::Accepted, DESK, 61).code(item(1)));
    let said = said(E::DossierAccepted, COUNTER, 70);
    let target = AcceptTarget::Code(slip(1));
    let accept = AcceptDossier { said, target, code: dossier_code(1), procedure: None };
    let (dossier, _) = world.command(Act::Accept(accept)).unwrap();
    assert_eq!((world.state(leg), world.open(leg)), ((LegState::HandedOver, HolderKind::Agency), vec![]));
    let fold = &world.legs[&leg].fold;
    assert_eq!((fold.picked_up_at, fold.handed_over_at), (Some(minute(0)), Some(minute(61))));
    assert_eq!(
        world.dossiers[&dossier].accepted().map(|said| (said.by, said.at)),
        Some((dossier, minute(70)))
    );
    assert_eq!(world.legs.len(), 1);
}

/// Day (c): two envelopes to a neighbour, revoked next day; one was never given away, the other is to be recovered.
#[test]
fn a_delivery_to_a_neighbour_is_revoked_the_next_day() {
    let mut world = World::new();
    let legs: Vec<Position> = (1..=2)
        .map(|number| {
            let leg = world.order(LegKind::Outbound, 0);
            world.put(scan(E::Offered, BACK_OFFICE, 1).leg(leg));
            world.put(scan(E::PickedUp, PHONE, 2).leg(leg).code(item(number)));
            world.put(scan(E::OutForDelivery, PHONE, 3).code(item(number)));
            world.put(scan(E::Delivered, PHONE, 10).code(item(number)));
            leg
        })
        .collect();
    let revoke =
        |number, reason| scan(E::DeliveryRevoked, PC, DAY).code(item(number)).supervisor().reason(reason);
    world.put(revoke(1, Reason::NEVER_LEFT_HAND));
    world.put(revoke(2, Reason::WRONG_RECEIVER));
    assert_eq!(world.state(legs[0]), (LegState::OutForDelivery, HolderKind::Post));
    assert_eq!(world.state(legs[1]), (LegState::ToRecover, HolderKind::Post));
    world.put(scan(E::Found, PHONE, DAY + 60).code(item(2)));
    for (number, leg) in [(1, legs[0]), (2, legs[1])] {
        world.put(scan(E::Delivered, PHONE, DAY + 100).code(item(number)));
        assert_eq!((world.state(leg), world.open(leg)), ((LegState::Delivered, HolderKind::Citizen), vec![]));
        assert_eq!(world.legs[&leg].fold.delivered_at, Some(minute(DAY + 100)));
    }
}

/// Day (e): the office PC has keyed the run from paper, without proofs; then the phone's outbox arrives. Nobody has
/// anything to click away, and the envelope is where it was.
#[test]
fn a_phone_two_days_late_confirms_what_the_office_keyed_and_makes_no_work() {
    let mut world = World::new();
    let leg = world.order(LegKind::Outbound, 0);
    world.put(scan(E::Offered, BACK_OFFICE, 1).leg(leg));
    world.put(scan(E::PickedUp, PC, 2).leg(leg).code(item(1)));
    let failed = |source, minutes| {
        scan(E::AttemptFailed, source, minutes).code(item(1)).reason(Reason(3)).measure(Measure(1))
    };
    world.put(scan(E::OutForDelivery, PC, 60).code(item(1)));
    world.put(failed(PC, 120));
    world.put(scan(E::Delivered, PC, 180).code(item(1)).unattested());
    let before = world.legs[&leg].fold.clone();
    for late in [
        scan(E::OutForDelivery, PHONE, 58).code(item(1)),
        failed(PHONE, 118),
        scan(E::Delivered, PHONE, 179).code(item(1)),
    ] {
        let (at, written) = world.scan(late);
        assert_eq!((shown(at, &written), written.placement), (vec![], Placement::Corroborates));
        let outcome = written.outcome.unwrap();
        assert_eq!((outcome.state, outcome.holder_after), (before.state, before.holder.clone()));
    }
    let after = &world.legs[&leg].fold;
    assert_eq!((after.state, &after.holder, after.attempts), (before.state, &before.holder, 1));
    assert_eq!(after.anomalies, vec![], "the phone had the proof that the paper had not");
}

/// The clerk's "back in the office" is known before the phone's "out": the envelope stays in the office.
#[test]
fn a_late_scan_from_before_does_not_walk_custody_back() {
    let mut world = World::new();
    let leg = world.order(LegKind::Outbound, 0);
    world.put(scan(E::Offered, BACK_OFFICE, 1).leg(leg));
    world.put(scan(E::PickedUp, PC, 2).leg(leg).code(item(1)));
    world.put(scan(E::Held, PC, 540).code(item(1)).office("100000"));
    let (at, written) = world.scan(scan(E::OutForDelivery, PHONE, 60).code(item(1)));
    assert_eq!(shown(at, &written), vec![]);
    assert_eq!(world.state(leg), (LegState::Held, HolderKind::Post));
    assert_eq!(written.outcome.unwrap().state, LegState::Held);
}

/// Out and delivered arrive the wrong way round.
#[test]
fn delivered_before_out_for_delivery_stays_delivered() {
    let mut world = World::new();
    let leg = world.order(LegKind::Outbound, 0);
    world.put(scan(E::PickedUp, PHONE, 2).leg(leg).code(item(1)));
    world.put(scan(E::Delivered, PHONE, 510).code(item(1)));
    let (_, late) = world.scan(scan(E::OutForDelivery, PHONE, 450).code(item(1)));
    assert_eq!(late.outcome.unwrap().holder_after, Holder::CITIZEN);
    assert_eq!(world.state(leg), (LegState::Delivered, HolderKind::Citizen));
}
