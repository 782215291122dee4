//! Papers counted, money taken, who received, what is missing.

use crate::dossier::anomaly::AnomalyKind::{
    self, CountDiffers, FeeOverpaid, FeeUnpaid, Missing, ReceiverNotEntitled, WithReservation,
};
use crate::dossier::apply::{Act, AnnounceResult, Announced, Carriage};
use crate::dossier::event::{EventType as E, Reason};
use crate::dossier::leg::{HolderKind, LegState};
use crate::dossier::money::{FeeKind, Money};
use crate::dossier::names::Position;
use crate::dossier::papers::Tally;
use crate::dossier::particulars::{Relation, Terms};
use crate::dossier::testing::*;

fn fee(vnd: i64) -> Money {
    Money { kind: FeeKind::AgencyFee, vnd }
}

/// A result on its way, to be handed out under terms.
fn result(world: &mut World, terms: Terms) -> Position {
    let target =
        Announced::Code { agency: party(OWNER), counter: None, code: dossier_code(1), procedure: None };
    let mut said = said(E::ResultAnnounced, OWNER, 0);
    said.event.particulars.terms = terms;
    let post = Some(Carriage { carrier: party(POST), office: None });
    let (leg, _) = world.command(Act::Announce(AnnounceResult { said, target, post })).unwrap();
    world.put(scan(E::Offered, BACK_OFFICE, 1).leg(leg));
    world.put(scan(E::PickedUp, PHONE, 2).leg(leg));
    world.put(scan(E::OutForDelivery, PHONE, 3).leg(leg));
    leg
}

fn given(leg: Position, minutes: i64, relation: Relation, money: &[Money]) -> Scan {
    let money = money.to_vec();
    scan(E::Delivered, PHONE, minutes).leg(leg).with(move |event| {
        event.particulars.relation = relation;
        event.particulars.money = money;
    })
}

fn kinds(world: &World, leg: Position) -> Vec<AnomalyKind> {
    world.open(leg).into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn what_only_the_addressee_may_receive_is_flagged_at_once_when_another_does() {
    let owner = Terms { must_be_owner: true, ..Terms::default() };
    for (relation, flagged) in [
        (Relation::ADDRESSEE, false),
        (Relation::AUTHORISED, false),
        (Relation::NEIGHBOUR, true),
        (Relation::NONE, true),
    ] {
        let mut world = World::new();
        let leg = result(&mut world, owner.clone());
        let (at, written) = world.scan(given(leg, 10, relation, &[]));
        assert_eq!(shown(at, &written).contains(&ReceiverNotEntitled), flagged, "{relation:?}");
        assert_eq!(world.state(leg), (LegState::Delivered, HolderKind::Citizen), "a fact is never refused");
    }
    let mut world = World::new();
    let anybody = result(&mut world, Terms::default());
    let (at, written) = world.scan(given(anybody, 10, Relation::NEIGHBOUR, &[]));
    assert_eq!(shown(at, &written), vec![]);
}

#[test]
fn a_delivery_that_never_was_leaves_nobody_to_be_entitled() {
    let mut world = World::new();
    let leg = result(&mut world, Terms { must_be_owner: true, dues: vec![fee(30_000)], take_back: 0 });
    world.put(given(leg, 10, Relation::NEIGHBOUR, &[]));
    assert_eq!(kinds(&world, leg), vec![ReceiverNotEntitled, FeeUnpaid]);
    world.put(scan(E::DeliveryRevoked, PC, 20).leg(leg).reason(Reason::NEVER_LEFT_HAND).supervisor());
    assert_eq!(kinds(&world, leg), vec![]);
}

#[test]
fn a_fee_that_is_due_is_flagged_until_it_is_paid_and_never_refused() {
    let mut world = World::new();
    let leg = result(&mut world, Terms { dues: vec![fee(30_000)], ..Terms::default() });
    world.put(given(leg, 10, Relation::ADDRESSEE, &[fee(10_000)]));
    assert_eq!(kinds(&world, leg), vec![FeeUnpaid]);
    let collect = |minutes, vnd| {
        scan(E::FeeCollected, PHONE, minutes).leg(leg).with(move |e| e.particulars.money = vec![fee(vnd)])
    };
    world.put(collect(20, 20_000));
    assert_eq!(kinds(&world, leg), vec![], "it is paid");
    let (at, written) = world.scan(collect(30, 5_000));
    assert_eq!(shown(at, &written), vec![FeeOverpaid]);
    assert_eq!(world.legs[&leg].fold.paid.get(FeeKind::AgencyFee), 35_000);
    assert_eq!(world.state(leg), (LegState::Delivered, HolderKind::Citizen), "money moves no hands");
}

#[test]
fn money_is_counted_once_and_not_when_its_scan_is_taken_back() {
    let mut world = World::new();
    let leg = result(&mut world, Terms { dues: vec![fee(30_000)], ..Terms::default() });
    let paid = given(leg, 10, Relation::ADDRESSEE, &[fee(30_000)]);
    let delivered = world.put(paid.clone());
    world.put(paid);
    assert_eq!(world.legs[&leg].fold.paid.get(FeeKind::AgencyFee), 30_000, "the same scan twice");
    world.put(scan(E::Voided, PHONE, 12).corrects(delivered));
    world.put(scan(E::Voided, PHONE, 13).corrects(at(delivered.pos + 1)));
    assert_eq!(world.legs[&leg].fold.paid.get(FeeKind::AgencyFee), 0);
    // Of what somebody says who has nothing to do with the leg, nothing counts.
    let stranger = scan(E::FeeCollected, DESK, 20).leg(leg);
    world.put(stranger.with(|event| event.particulars.money = vec![fee(1_000)]));
    assert_eq!(world.legs[&leg].fold.paid.get(FeeKind::AgencyFee), 0);
}

#[test]
fn a_counter_that_counts_other_papers_than_the_postman_opens_an_anomaly() {
    let mut world = World::new();
    let counted = |originals| vec![Tally { component: 1, originals, ..Tally::default() }];
    let picked = scan(E::PickedUp, PHONE, 1).code(item(1)).to(OWNER);
    let leg = world.put(picked.with(|event| event.particulars.tally = counted(4)));
    world.put(scan(E::Offered, PHONE, 2).leg(leg));
    let accepted = scan(E::Accepted, BACK_OFFICE, 3).leg(leg).reason(Reason(28));
    let (at, written) = world.scan(accepted.with(|event| event.particulars.tally = counted(3)));
    assert_eq!(shown(at, &written), vec![WithReservation, CountDiffers]);
    assert_eq!(world.state(leg), (LegState::HandedOver, HolderKind::Agency), "taken with a minute");

    let mut world = World::new();
    let picked = scan(E::PickedUp, PHONE, 1).code(item(1)).to(OWNER);
    let leg = world.put(picked.with(|event| event.particulars.tally = counted(4)));
    world.put(scan(E::Offered, PHONE, 2).leg(leg));
    let accepted = scan(E::Accepted, BACK_OFFICE, 3).leg(leg);
    let (at, written) = world.scan(accepted.with(|event| event.particulars.tally = counted(4)));
    assert_eq!(shown(at, &written), vec![]);
}

#[test]
fn what_is_missing_stays_what_it_was_until_it_is_seen_anywhere() {
    let mut world = World::new();
    let leg = world.put(scan(E::PickedUp, PHONE, 1).code(item(1)).to(OWNER));
    world.put(scan(E::Offered, PHONE, 2).leg(leg));
    let (at, written) = world.scan(scan(E::NotAccepted, BACK_OFFICE, 3).leg(leg).reason(Reason::MISSING));
    assert_eq!(shown(at, &written), vec![Missing]);
    assert_eq!(world.state(leg), (LegState::PickedUp, HolderKind::Post), "as before the offer");
    world.put(scan(E::OfficeIn, PC, 60).code(item(1)).office("100000"));
    assert_eq!(kinds(&world, leg), vec![]);
    assert_eq!(world.state(leg), (LegState::AtOffice, HolderKind::Post));
}
