//! The transition table, row by row.

use crate::dossier::event::EventType as E;
use crate::dossier::event::{Measure, Reason};
use crate::dossier::leg::HolderKind as H;
use crate::dossier::leg::LegState as S;
use crate::dossier::leg::{Birth, Holder, LegKind};
use crate::dossier::names::Position;
use crate::dossier::testing::*;

/// Where the envelope is going, so that ARRIVED there is told from ARRIVED elsewhere.
const LAST: &str = "100001";

/// Lets events happen one minute after the other on an ordered leg.
fn after(kind: LegKind, events: &[Scan]) -> (World, Position) {
    let mut world = World::new();
    let mut order = order(kind, 0);
    order.said.event.office = Some(LAST.into());
    let (leg, _) = world.command(crate::dossier::apply::Act::Order(order)).unwrap();
    for (index, event) in events.iter().enumerate() {
        let mut event = event.clone().leg(leg);
        event.0.said.to_mut().effective_at = minute(index as i64 + 1);
        world.put(event);
    }
    (world, leg)
}

fn post(kind: E) -> Scan {
    scan(kind, PHONE, 0)
}

fn counter(kind: E) -> Scan {
    scan(kind, DESK, 0)
}

fn owner(kind: E) -> Scan {
    scan(kind, BACK_OFFICE, 0)
}

/// Asserts one row: these events, all of which fit, lead to this state in these hands.
#[track_caller]
fn row(kind: LegKind, events: &[Scan], state: S, holder: H) {
    let (world, leg) = after(kind, events);
    assert_eq!(world.state(leg), (state, holder));
    assert_eq!(world.open(leg), vec![]);
}

#[test]
fn before_the_pick_up_the_giver_has_it() {
    row(LegKind::Inbound, &[], S::Ordered, H::Citizen);
    row(LegKind::Outbound, &[], S::Ordered, H::Agency);
    row(LegKind::Inbound, &[post(E::Assigned)], S::Assigned, H::Citizen);
    row(LegKind::Inbound, &[post(E::Assigned), post(E::Declined)], S::Ordered, H::Citizen);
    row(LegKind::Inbound, &[post(E::PickupFailed).reason(Reason(22))], S::PickupFailed, H::Citizen);
    row(LegKind::Inbound, &[post(E::PickupFailed), post(E::Assigned)], S::Assigned, H::Citizen);
}

#[test]
fn the_pick_up_moves_it_to_the_carrier() {
    for before in [vec![], vec![post(E::Assigned)], vec![post(E::PickupFailed)]] {
        let mut events = before;
        events.push(post(E::PickedUp));
        row(LegKind::Inbound, &events, S::PickedUp, H::Post);
    }
    row(LegKind::Outbound, &[owner(E::Offered)], S::Offered, H::Agency);
    row(LegKind::Outbound, &[owner(E::Offered), post(E::PickedUp)], S::PickedUp, H::Post);
}

#[test]
fn on_the_way_scans_may_repeat_and_come_in_any_order() {
    let picked = post(E::PickedUp);
    row(LegKind::Inbound, &[picked.clone(), post(E::OfficeIn)], S::AtOffice, H::Post);
    row(LegKind::Inbound, &[picked.clone(), post(E::Bagged)], S::AtOffice, H::Post);
    row(LegKind::Inbound, &[picked.clone(), post(E::Dispatched)], S::InTransit, H::Post);
    row(LegKind::Inbound, &[picked.clone(), post(E::Arrived).office("100000")], S::AtOffice, H::Post);
    row(LegKind::Inbound, &[picked.clone(), post(E::Arrived).office(LAST)], S::AtDestOffice, H::Post);
    row(
        LegKind::Inbound,
        &[picked, post(E::Arrived).office(LAST), post(E::Dispatched), post(E::OfficeIn)],
        S::AtOffice,
        H::Post,
    );
}

#[test]
fn an_agency_signs_for_what_is_offered() {
    let offered = [post(E::PickedUp), post(E::Offered)];
    row(LegKind::Inbound, &offered, S::Offered, H::Post);
    for receiver in [counter(E::Accepted), owner(E::Accepted)] {
        row(LegKind::Inbound, &[&offered[..], &[receiver]].concat(), S::HandedOver, H::Agency);
    }
    let (world, leg) = after(LegKind::Inbound, &[&offered[..], &[counter(E::Accepted)]].concat());
    assert_eq!(world.legs[&leg].fold.holder, Holder::agency(party(COUNTER)));
    assert_eq!(world.legs[&leg].fold.handed_over_at, Some(minute(3)));
    assert_eq!(world.legs[&leg].fold.closed_at, Some(minute(3)));
}

#[test]
fn what_is_not_accepted_goes_back_to_where_it_was_and_is_disputed() {
    let events =
        [post(E::PickedUp), post(E::Arrived).office(LAST), post(E::Offered), counter(E::NotAccepted)];
    let (world, leg) = after(LegKind::Inbound, &events);
    assert_eq!(world.state(leg), (S::AtDestOffice, H::Post));
    assert_eq!(world.open(leg), vec![(crate::dossier::anomaly::AnomalyKind::Disputed, 5)]);
    assert_eq!(world.legs[&leg].fold.offer, None);
}

#[test]
fn a_result_goes_out_fails_is_held_and_is_delivered() {
    let out = [owner(E::Offered), post(E::PickedUp), post(E::OutForDelivery)];
    let then = |more: &[Scan]| [&out[..], more].concat();
    let failed = post(E::AttemptFailed).reason(Reason(3));
    row(LegKind::Outbound, &out, S::OutForDelivery, H::Post);
    row(LegKind::Outbound, &then(&[post(E::Delivered)]), S::Delivered, H::Citizen);
    row(LegKind::Outbound, &then(std::slice::from_ref(&failed)), S::AttemptFailed, H::Post);
    let held = failed.clone().measure(Measure::HOLD_FOR_PICKUP);
    row(LegKind::Outbound, &then(std::slice::from_ref(&held)), S::Held, H::Post);
    row(LegKind::Outbound, &then(&[held, post(E::Collected)]), S::Delivered, H::Citizen);
    row(LegKind::Outbound, &then(&[post(E::Held)]), S::Held, H::Post);
    let again = then(&[failed.clone(), post(E::OutForDelivery), failed, post(E::OutForDelivery)]);
    row(LegKind::Outbound, &again, S::OutForDelivery, H::Post);
    let (world, leg) = after(LegKind::Outbound, &again);
    assert_eq!(world.legs[&leg].fold.attempts, 2);
}

#[test]
fn what_is_lost_stays_the_holder_s_until_it_is_found_where_it_was() {
    let lost = [post(E::PickedUp), post(E::OfficeIn), post(E::Lost)];
    row(LegKind::Inbound, &lost, S::Lost, H::Post);
    row(LegKind::Inbound, &[&lost[..], &[post(E::Found)]].concat(), S::AtOffice, H::Post);
    let (world, leg) = after(LegKind::Inbound, &[&lost[..], &[post(E::Found)]].concat());
    assert_eq!(world.legs[&leg].fold.closed_at, None);
}

#[test]
fn a_delivery_revoked_was_never_given_or_is_to_be_recovered() {
    let delivered = [owner(E::Offered), post(E::PickedUp), post(E::Delivered)];
    let revoked = |reason| post(E::DeliveryRevoked).supervisor().reason(reason);
    let then = |more: &[Scan]| [&delivered[..], more].concat();
    row(LegKind::Outbound, &then(&[revoked(Reason::NEVER_LEFT_HAND)]), S::OutForDelivery, H::Post);
    let wrong = revoked(Reason::WRONG_RECEIVER);
    row(LegKind::Outbound, &then(std::slice::from_ref(&wrong)), S::ToRecover, H::Post);
    row(LegKind::Outbound, &then(&[wrong.clone(), post(E::Found)]), S::AtOffice, H::Post);
    row(LegKind::Outbound, &then(&[wrong.clone(), post(E::Lost)]), S::Lost, H::Post);
    let (world, leg) = after(LegKind::Outbound, &then(&[wrong]));
    assert_eq!((world.legs[&leg].fold.delivered_at, world.legs[&leg].fold.closed_at), (None, None));
}

#[test]
fn what_is_to_be_recovered_is_not_in_hand_whatever_is_scanned() {
    let mut events = vec![post(E::PickedUp), post(E::Delivered)];
    events.push(post(E::DeliveryRevoked).supervisor().reason(Reason::WRONG_RECEIVER));
    for kind in [E::OfficeIn, E::OutForDelivery, E::Delivered, E::Offered, E::ReturnStarted] {
        let (world, leg) = after(LegKind::Outbound, &[&events[..], &[post(kind)]].concat());
        assert_eq!(world.state(leg), (S::ToRecover, H::Post), "{kind:?}");
        assert_eq!(world.legs.len(), 1);
    }
}

#[test]
fn a_transfer_goes_from_agency_to_agency_without_a_carrier() {
    let mut world = World::new();
    let mut order = order(LegKind::Transfer, 0);
    order.carrier = None;
    let (leg, _) = world.command(crate::dossier::apply::Act::Order(order)).unwrap();
    assert_eq!(world.legs[&leg].fold.holder, Holder::agency(party(OWNER)));
    world.put(scan(E::Offered, BACK_OFFICE, 1).leg(leg));
    assert_eq!(world.legs[&leg].fold.holder, Holder::agency(party(OWNER)));
    world.put(scan(E::Accepted, DESK, 2).leg(leg));
    assert_eq!(world.legs[&leg].fold.holder, Holder::agency(party(COUNTER)));
    assert_eq!((world.state(leg).0, world.open(leg)), (S::HandedOver, vec![]));
}

#[test]
fn a_transfer_by_post_changes_hands_twice_by_the_same_word() {
    let mut world = World::new();
    let leg = world.order(LegKind::Transfer, 0);
    world.put(scan(E::Accepted, PHONE, 1).leg(leg));
    assert_eq!(world.legs[&leg].fold.holder, Holder::post(party(POST), None));
    world.put(scan(E::Offered, BACK_OFFICE, 2).leg(leg));
    world.put(scan(E::Offered, PHONE, 3).leg(leg));
    assert_eq!(world.state(leg), (S::Offered, H::Post));
    world.put(scan(E::Accepted, DESK, 4).leg(leg));
    assert_eq!(world.legs[&leg].fold.holder, Holder::agency(party(COUNTER)));
    assert_eq!(world.open(leg), vec![]);
}

#[test]
fn only_the_agency_it_goes_to_receives_a_transfer_and_only_the_other_gives_it() {
    let mut world = World::new();
    let leg = world.order(LegKind::Transfer, 0);
    let (at, written) = world.scan(scan(E::Accepted, BACK_OFFICE, 1).leg(leg));
    assert_eq!(shown(at, &written), vec![crate::dossier::anomaly::AnomalyKind::NotReceiver]);
    let (at, written) = world.scan(scan(E::Offered, DESK, 2).leg(leg));
    assert_eq!(shown(at, &written), vec![crate::dossier::anomaly::AnomalyKind::NotHolder]);
    assert_eq!(world.legs[&leg].fold.holder, Holder::agency(party(OWNER)));
}

#[test]
fn a_pick_up_that_names_an_agency_opens_a_leg_that_nobody_ordered() {
    let mut world = World::new();
    let scan = scan(E::PickedUp, PHONE, 5).code(item(1)).to(OWNER);
    let (leg, written) = world.scan(scan.with(|event| event.counter = Some(party(COUNTER))));
    let birth = Birth {
        kind: LegKind::Inbound,
        agency: party(OWNER),
        counter: party(COUNTER),
        carrier: Some(party(POST)),
        office: None,
        procedure: None,
    };
    assert_eq!((written.leg, written.birth), (Some(leg), Some(birth)));
    assert_eq!(written.outcome.unwrap().holder_before, Holder::CITIZEN);
    assert_eq!(world.state(leg), (S::PickedUp, H::Post));
    assert_eq!(written.parties, vec![party(OWNER), party(COUNTER), party(POST)]);
}
