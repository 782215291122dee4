//! RETURN_STARTED ends one leg and begins another; hands stay with the carrier.

use crate::dossier::anomaly::AnomalyKind::*;
use crate::dossier::event::EventType as E;
use crate::dossier::event::Reason;
use crate::dossier::invariants;
use crate::dossier::leg::{HolderKind, LegKind, LegState, Placement};
use crate::dossier::names::Position;
use crate::dossier::testing::*;

/// A result that could not be delivered.
fn failed() -> (World, Position) {
    let mut world = World::new();
    let leg = world.order(LegKind::Outbound, 0);
    world.put(scan(E::Offered, BACK_OFFICE, 1).leg(leg));
    world.put(scan(E::PickedUp, PHONE, 2).leg(leg).code(item(1)));
    world.put(scan(E::AttemptFailed, PHONE, 10).code(item(1)).reason(Reason(3)));
    (world, leg)
}

fn returned() -> (World, Position, Position) {
    let (mut world, old) = failed();
    let new = world.put(scan(E::ReturnStarted, PHONE, 20).code(item(1)).reason(Reason(20)));
    (world, old, new)
}

#[test]
fn a_return_is_a_leg_of_its_own_and_the_envelope_is_counted_once() {
    let (mut world, old, new) = returned();
    assert_eq!(world.state(old), (LegState::Undelivered, HolderKind::None));
    assert_eq!(world.state(new), (LegState::Returning, HolderKind::Post));
    assert_eq!(world.legs[&new].birth.kind, LegKind::ReturnToAgency);
    let record = world.record(new).unwrap();
    assert_eq!((record.leg, record.other_leg), (Some(new), Some(old)));
    let holdings = invariants::custody_is_conserved(world.legs.values()).unwrap();
    assert_eq!(holdings.into_iter().collect::<Vec<_>>(), vec![((HolderKind::Post, Some(party(POST))), 1)]);
    world.put(scan(E::Offered, PHONE, 30).code(item(1)));
    let (_, written) = world.scan(scan(E::Accepted, DESK, 31).code(item(1)));
    assert_eq!(written.leg, Some(new));
    assert_eq!((world.state(new), world.open(new)), ((LegState::Returned, HolderKind::Agency), vec![]));
    assert_eq!(world.state(old), (LegState::Undelivered, HolderKind::None));
}

#[test]
fn inbound_papers_go_back_to_the_citizen() {
    let mut world = World::new();
    let old = world.put(scan(E::PickedUp, PHONE, 0).code(item(1)).to(OWNER));
    let new = world.put(scan(E::ReturnStarted, PHONE, 20).code(item(1)));
    assert_eq!(world.legs[&new].birth.kind, LegKind::ReturnToCitizen);
    world.put(scan(E::Delivered, PHONE, 30).code(item(1)));
    assert_eq!(world.state(new), (LegState::Returned, HolderKind::Citizen));
    assert_eq!(world.state(old), (LegState::Undelivered, HolderKind::None));
}

#[test]
fn a_return_keeps_the_dossier() {
    let mut world = World::new();
    let mut register = crate::dossier::apply::RegisterDossier {
        said: said(E::Registered, OWNER, 0),
        agency: party(OWNER),
        counter: None,
        code: dossier_code(1),
        procedure: None,
        slip: None,
        request_digest: [1; 32],
    };
    register.slip = Some(slip(1));
    let (dossier, _) = world.command(crate::dossier::apply::Act::Register(register)).unwrap();
    let mut out = order(LegKind::Outbound, 1);
    out.dossier = Some(dossier);
    let (old, _) = world.command(crate::dossier::apply::Act::Order(out)).unwrap();
    world.put(scan(E::PickedUp, PHONE, 2).leg(old).code(item(1)));
    let (new, written) = world.scan(scan(E::ReturnStarted, PHONE, 3).leg(old));
    assert_eq!(written.dossier, Some(dossier));
    assert_eq!(world.dossiers[&dossier].legs, vec![old, new]);
    let of_new = world.tags.iter().filter(|tag| tag.at == new).count();
    assert_eq!(of_new, 1, "each code once, however often the desk had to be laid");
}

#[test]
fn a_second_voice_opens_no_second_return() {
    let (mut world, _, new) = returned();
    let (at, written) = world.scan(scan(E::ReturnStarted, PC, 21).code(item(1)).reason(Reason(20)));
    assert_eq!((written.leg, written.placement), (Some(new), Placement::Corroborates));
    assert_eq!(shown(at, &written), vec![]);
    let (at, written) = world.scan(scan(E::ReturnStarted, PHONE, 22).code(item(1)).reason(Reason(20)));
    assert_eq!(shown(at, &written), vec![DuplicateScan]);
    let (at, written) = world.scan(scan(E::ReturnStarted, PC, 23).code(item(1)).reason(Reason(4)));
    assert_eq!(shown(at, &written), vec![OutOfOrder]);
    world.put(scan(E::OfficeIn, PC, 30).code(item(1)));
    let (at, written) = world.scan(scan(E::ReturnStarted, PC, 31).code(item(1)).reason(Reason(4)));
    assert_eq!(shown(at, &written), vec![OutOfOrder], "the next office says so too");
    assert_eq!(world.legs.len(), 2);
}

#[test]
fn what_fails_on_the_way_back_too_may_go_back_again() {
    let (mut world, _, second) = returned();
    world.put(scan(E::AttemptFailed, PHONE, 30).code(item(1)).reason(Reason(25)));
    let third = world.put(scan(E::ReturnStarted, PHONE, 40).code(item(1)));
    assert_eq!(world.legs[&third].continues, Some(second));
    assert_eq!(world.state(second), (LegState::Undelivered, HolderKind::None));
    assert_eq!(world.state(third), (LegState::Returning, HolderKind::Post));
}

#[test]
fn a_voided_return_gives_the_envelope_back_to_its_leg() {
    let (mut world, old, new) = returned();
    let (at, written) = world.scan(scan(E::Voided, PHONE, 21).corrects(new));
    assert_eq!((written.leg, written.other_leg, shown(at, &written)), (Some(old), Some(new), vec![]));
    assert_eq!(world.state(old), (LegState::AttemptFailed, HolderKind::Post));
    assert_eq!(world.state(new), (LegState::Cancelled, HolderKind::None));
    let (_, written) = world.scan(scan(E::Delivered, PHONE, 30).code(item(1)));
    assert_eq!(written.leg, Some(old), "the code means the leg that stands");
    assert_eq!(world.state(old), (LegState::Delivered, HolderKind::Citizen));
}

#[test]
fn what_is_said_of_an_annulled_return_moves_nothing() {
    let (mut world, old, new) = returned();
    world.put(scan(E::Voided, PHONE, 21).corrects(new));
    for (minutes, kind) in [(30, E::OfficeIn), (15, E::Delivered), (40, E::ReturnStarted)] {
        let (at, written) = world.scan(scan(kind, PHONE, minutes).leg(new));
        assert_eq!((shown(at, &written), written.leg), (vec![AfterEnd], Some(new)), "{kind:?}");
    }
    let (at, written) = world.scan(scan(E::Voided, PHONE, 50).corrects(new));
    assert_eq!(shown(at, &written), vec![VoidRefused]);
    assert_eq!(world.state(new), (LegState::Cancelled, HolderKind::None));
    assert_eq!(world.state(old), (LegState::AttemptFailed, HolderKind::Post));
}

#[test]
fn a_return_is_not_voided_by_another_source_nor_after_it_has_gone_on() {
    let (mut world, old, new) = returned();
    let (at, written) = world.scan(scan(E::Voided, PC, 21).corrects(new));
    assert_eq!((shown(at, &written), written.leg), (vec![VoidRefused], Some(new)));
    let (mut world2, _, _) = returned();
    world2.put(scan(E::OfficeIn, PC, 22).code(item(1)));
    let (at, written) = world2.scan(scan(E::Voided, PHONE, 23).corrects(new));
    assert_eq!((shown(at, &written), written.leg), (vec![VoidRefused], Some(new)));
    for world in [world, world2] {
        assert_eq!(world.state(old), (LegState::Undelivered, HolderKind::None));
        assert_eq!(world.state(new).1, HolderKind::Post);
    }
}

#[test]
fn a_late_word_of_the_other_side_does_not_bring_a_voided_return_back() {
    let mut world = World::new();
    let old = world.put(scan(E::PickedUp, PHONE, 0).code(item(1)).to(OWNER));
    let new = world.put(scan(E::ReturnStarted, PHONE, 20).code(item(1)));
    world.put(scan(E::Voided, PHONE, 25).corrects(new));
    // Had it come in time, the void would not have counted; now both legs have gone on without it.
    world.put(scan(E::Accepted, BACK_OFFICE, 22).leg(old));
    assert_eq!(world.state(old), (LegState::HandedOver, HolderKind::Agency));
    assert_eq!(world.state(new), (LegState::Cancelled, HolderKind::None));
}

#[test]
fn a_return_that_corrects_another_scan_is_never_taken_back_by_a_third() {
    let (mut world, old) = failed();
    let wrong = world.put(scan(E::OutForDelivery, PHONE, 15).code(item(1)));
    let new = world.put(scan(E::ReturnStarted, PHONE, 20).corrects(wrong));
    assert_eq!(world.legs[&new].continues, Some(old));
    for (kind, minutes) in [(E::Voided, 16), (E::Held, 30)] {
        let (at, written) = world.scan(scan(kind, PHONE, minutes).corrects(wrong));
        assert_eq!((shown(at, &written), written.leg), (vec![VoidRefused], Some(old)));
    }
    world.put(scan(E::Accepted, BACK_OFFICE, 17).leg(old));
    assert_eq!(world.state(old), (LegState::Undelivered, HolderKind::None));
    assert_eq!(world.state(new), (LegState::Returning, HolderKind::Post));
}

#[test]
fn a_return_signed_for_by_an_earlier_clock_stays_returned() {
    let (mut world, _, new) = returned();
    world.put(scan(E::Accepted, DESK, 15).leg(new));
    assert_eq!(world.state(new), (LegState::Returned, HolderKind::Agency));
}

#[test]
fn a_return_starts_on_no_leg_that_has_ended() {
    let (mut world, old) = failed();
    world.put(scan(E::Delivered, PHONE, 30).code(item(1)));
    let (at, written) = world.scan(scan(E::ReturnStarted, PHONE, 20).code(item(1)));
    assert_eq!(shown(at, &written), vec![OutOfOrder]);
    assert_eq!((world.state(old), world.legs.len()), ((LegState::Delivered, HolderKind::Citizen), 1));
}
