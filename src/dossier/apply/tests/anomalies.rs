//! Every anomaly, shown by what shows it; what it does not change stands beside it.

use crate::dossier::anomaly::AnomalyKind::{self, *};
use crate::dossier::event::EventType as E;
use crate::dossier::event::{Measure, Reason};
use crate::dossier::leg::{HolderKind, LegKind, LegState, Placement};
use crate::dossier::names::Position;
use crate::dossier::testing::*;
use crate::limits;

/// A leg of a kind, in the carrier's hands since minute 10.
fn with_the_post(kind: LegKind) -> (World, Position) {
    let mut world = World::new();
    let leg = world.order(kind, 0);
    if kind == LegKind::Outbound {
        world.put(scan(E::Offered, BACK_OFFICE, 9).leg(leg));
    }
    world.put(scan(E::PickedUp, PHONE, 10).leg(leg).code(item(1)));
    assert_eq!(world.open(leg), vec![]);
    (world, leg)
}

/// Says one more thing, which shows these anomalies and leaves state and hands as they are.
#[track_caller]
fn changes_nothing(world: &mut World, leg: Position, said: Scan, expected: &[AnomalyKind]) {
    let before = world.state(leg);
    let (at, written) = world.scan(said.leg(leg));
    assert_eq!(shown(at, &written), expected);
    assert_eq!(world.state(leg), before);
    assert_eq!(written.leg, Some(leg));
}

#[test]
fn a_code_that_means_nothing_waits_as_unknown() {
    let mut world = World::new();
    let (at, written) = world.scan(scan(E::OfficeIn, PHONE, 1).code(item(7)));
    assert_eq!(shown(at, &written), vec![UnknownCode]);
    assert!(waits(&written) && world.legs.is_empty());
    let (at, written) = world.scan(scan(E::OfficeIn, PHONE, 1));
    assert_eq!((shown(at, &written), written.waits_for), (vec![UnknownCode], vec![]));
}

#[test]
fn one_side_alone_moves_it_and_the_giver_s_word_completes_it() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    let (at, written) = world.scan(scan(E::Accepted, DESK, 20).leg(leg));
    assert_eq!(shown(at, &written), vec![OneSided]);
    assert_eq!(world.state(leg), (LegState::HandedOver, HolderKind::Agency));
    changes_nothing(&mut world, leg, scan(E::Offered, PHONE, DAY), &[]);
    assert_eq!(world.open(leg), vec![]);
}

#[test]
fn the_giver_s_late_word_from_before_completes_it_too() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    world.put(scan(E::Accepted, DESK, 20).leg(leg));
    let (at, written) = world.scan(scan(E::Offered, PHONE, 19).leg(leg));
    assert_eq!(shown(at, &written), vec![]);
    assert_eq!((world.state(leg).0, world.open(leg)), (LegState::HandedOver, vec![]));
}

#[test]
fn a_postman_takes_over_offline_and_the_agency_offers_a_day_later() {
    let mut world = World::new();
    let leg = world.order(LegKind::Outbound, 0);
    let at = world.put(scan(E::PickedUp, PHONE, 10).leg(leg));
    assert_eq!(world.open(leg), vec![(OneSided, at.pos)]);
    world.put(scan(E::OutForDelivery, PHONE, 20).leg(leg));
    changes_nothing(&mut world, leg, scan(E::Offered, BACK_OFFICE, DAY), &[]);
    assert_eq!(world.open(leg), vec![]);
}

#[test]
fn two_one_sided_handovers_of_a_transfer_are_completed_each_by_its_own_giver() {
    let mut world = World::new();
    let leg = world.order(LegKind::Transfer, 0);
    let taken = world.put(scan(E::PickedUp, PHONE, 10).leg(leg));
    let received = world.put(scan(E::Accepted, DESK, 20).leg(leg));
    assert_eq!(world.open(leg), vec![(OneSided, taken.pos), (OneSided, received.pos)]);
    world.put(scan(E::Offered, BACK_OFFICE, 30).leg(leg));
    assert_eq!(world.open(leg), vec![(OneSided, received.pos)]);
    world.put(scan(E::Offered, PHONE, 31).leg(leg));
    assert_eq!(world.open(leg), vec![]);
}

#[test]
fn only_the_receiver_receives() {
    let (mut world, leg) = with_the_post(LegKind::Outbound);
    changes_nothing(&mut world, leg, scan(E::Accepted, BACK_OFFICE, 20), &[NotReceiver]);
    let mut world = World::new();
    let leg = world.order(LegKind::Inbound, 0);
    changes_nothing(&mut world, leg, scan(E::PickedUp, DESK, 20).code(item(9)), &[NotReceiver]);
    assert!(world.tags.is_empty(), "whoever cannot take it does not say what is stuck on it");
}

#[test]
fn only_the_holder_or_carrier_acts() {
    let (mut world, leg) = with_the_post(LegKind::Outbound);
    for kind in
        [E::Delivered, E::Collected, E::OfficeIn, E::Lost, E::DeliveryRevoked, E::ReturnStarted, E::Found]
    {
        changes_nothing(&mut world, leg, scan(kind, BACK_OFFICE, 20).supervisor(), &[NotHolder]);
    }
    let mut world = World::new();
    let leg = world.order(LegKind::Inbound, 0);
    changes_nothing(&mut world, leg, scan(E::Offered, PHONE, 20), &[NotHolder]);
}

#[test]
fn one_principal_on_both_sides_moves_nothing() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    world.put(scan(E::Offered, PHONE, 19).leg(leg).by("one person"));
    changes_nothing(&mut world, leg, scan(E::Accepted, DESK, 20).by("one person"), &[SamePrincipal]);
    assert_eq!(world.state(leg), (LegState::Offered, HolderKind::Post));
    let (at, written) = world.scan(scan(E::Accepted, DESK, 21).leg(leg).by("another"));
    assert_eq!(shown(at, &written), vec![]);
    assert_eq!(world.state(leg), (LegState::HandedOver, HolderKind::Agency));
}

#[test]
fn one_principal_on_both_sides_in_the_other_order_completes_nothing() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    let accepted = world.put(scan(E::Accepted, DESK, 20).leg(leg).by("one person"));
    changes_nothing(&mut world, leg, scan(E::Offered, PHONE, 21).by("one person"), &[SamePrincipal]);
    assert!(world.open(leg).contains(&(OneSided, accepted.pos)));
    world.put(scan(E::Offered, PHONE, 22).leg(leg).by("another"));
    assert!(!world.open(leg).contains(&(OneSided, accepted.pos)));
}

#[test]
fn one_principal_who_offers_for_the_agency_does_not_pick_up_either() {
    let mut world = World::new();
    let leg = world.order(LegKind::Outbound, 0);
    world.put(scan(E::Offered, BACK_OFFICE, 5).leg(leg).by("one person"));
    changes_nothing(&mut world, leg, scan(E::PickedUp, PHONE, 6).by("one person"), &[SamePrincipal]);
    assert_eq!(world.state(leg), (LegState::Offered, HolderKind::Agency));
}

#[test]
fn the_same_source_twice_is_a_duplicate_and_another_source_confirms() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    world.put(scan(E::OfficeIn, PHONE, 20).leg(leg));
    let (at, twice) = world.scan(scan(E::OfficeIn, PHONE, 21).leg(leg));
    assert_eq!((shown(at, &twice), twice.placement), (vec![DuplicateScan], Placement::Placed));
    let (at, confirms) = world.scan(scan(E::OfficeIn, PC, 22).leg(leg));
    assert_eq!((shown(at, &confirms), confirms.placement), (vec![], Placement::Corroborates));
    let (at, earlier) = world.scan(scan(E::OfficeIn, PC, 19).leg(leg));
    assert_eq!((shown(at, &earlier), earlier.placement), (vec![], Placement::Corroborates));
    let (at, other) = world.scan(scan(E::OfficeIn, PC, 23).leg(leg).reason(Reason(15)));
    assert_eq!((shown(at, &other), other.placement), (vec![], Placement::Placed));
}

#[test]
fn owner_and_counter_confirm_each_other_but_giver_and_receiver_never_do() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    world.put(scan(E::Offered, PHONE, 19).leg(leg));
    world.put(scan(E::Accepted, DESK, 20).leg(leg));
    let (at, confirms) = world.scan(scan(E::Accepted, BACK_OFFICE, 25).leg(leg));
    assert_eq!((shown(at, &confirms), confirms.placement), (vec![], Placement::Corroborates));

    let mut world = World::new();
    let leg = world.order(LegKind::Transfer, 0);
    world.put(scan(E::Accepted, PHONE, 5).leg(leg));
    let (_, received) = world.scan(scan(E::Accepted, DESK, 6).leg(leg));
    assert_eq!(received.placement, Placement::Placed);
    assert_eq!(world.legs[&leg].fold.holder.party, Some(party(COUNTER)));
}

#[test]
fn after_the_end_nothing_moves() {
    let (mut world, leg) = with_the_post(LegKind::Outbound);
    world.put(scan(E::Delivered, PHONE, 20).leg(leg));
    for kind in [E::OfficeIn, E::Delivered, E::AttemptFailed, E::PickedUp, E::ReturnStarted] {
        changes_nothing(&mut world, leg, scan(kind, PC, 30).reason(Reason(3)), &[AfterEnd]);
    }
    assert_eq!((world.legs.len(), world.legs[&leg].fold.attempts), (1, 0));
}

#[test]
fn what_does_not_follow_is_out_of_order() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    changes_nothing(&mut world, leg, scan(E::Assigned, PHONE, 20), &[OutOfOrder]);
    changes_nothing(&mut world, leg, scan(E::DeliveryRevoked, PHONE, 21).supervisor(), &[OutOfOrder]);
    changes_nothing(&mut world, leg, scan(E::PickedUp, PC, 22).reason(Reason(21)), &[OutOfOrder]);
}

#[test]
fn a_lost_envelope_that_is_scanned_moves_on_out_of_order_even_if_nobody_ordered_it() {
    let mut world = World::new();
    let leg = world.put(scan(E::PickedUp, PHONE, 10).code(item(1)).to(OWNER));
    world.put(scan(E::Lost, PC, 20).leg(leg));
    let (at, written) = world.scan(scan(E::OfficeIn, PC, 30).leg(leg));
    assert_eq!(shown(at, &written), vec![OutOfOrder]);
    world.put(scan(E::Damaged, PHONE, 15).leg(leg));
    assert_eq!(world.state(leg), (LegState::AtOffice, HolderKind::Post));
}

#[test]
fn a_scan_before_any_pick_up_moves_it_and_the_late_pick_up_settles_that() {
    let mut world = World::new();
    let leg = world.order(LegKind::Inbound, 0);
    let (at, written) = world.scan(scan(E::OfficeIn, PC, 20).leg(leg));
    assert_eq!(shown(at, &written), vec![PickupMissing]);
    assert_eq!(world.state(leg), (LegState::AtOffice, HolderKind::Post));
    let (at, late) = world.scan(scan(E::PickedUp, PHONE, 10).leg(leg));
    assert_eq!((shown(at, &late), world.open(leg)), (vec![], vec![]));
    assert_eq!(world.legs[&leg].fold.picked_up_at, Some(minute(10)));
    assert_eq!(world.state(leg).0, LegState::AtOffice);
}

#[test]
fn a_pick_up_whose_clock_is_behind_the_scans_settles_them_too() {
    let mut world = World::new();
    let leg = world.order(LegKind::Inbound, 0);
    world.put(scan(E::OfficeIn, PC, 20).leg(leg));
    let (at, written) = world.scan(scan(E::PickedUp, PHONE, 25).leg(leg));
    assert_eq!((shown(at, &written), world.open(leg)), (vec![], vec![]));
    assert_eq!(world.state(leg).0, LegState::AtOffice);
}

#[test]
fn a_pick_up_after_the_cancellation_wins_and_is_flagged() {
    for (minutes, kind) in [(60, E::PickedUp), (20, E::PickedUp), (20, E::OfficeIn)] {
        let mut world = World::new();
        let leg = world.order(LegKind::Inbound, 0);
        world.cancel(leg, 30).unwrap();
        assert_eq!(world.state(leg), (LegState::Cancelled, HolderKind::Citizen));
        let (at, written) = world.scan(scan(kind, PHONE, minutes).leg(leg));
        assert!(shown(at, &written).contains(&PickedUpAfterCancel), "{kind:?} at {minutes}");
        assert!(world.open(leg).contains(&(PickedUpAfterCancel, at.pos)));
        assert_eq!(world.state(leg).1, HolderKind::Post);
        assert_eq!(world.legs[&leg].fold.closed_at, None);
    }
}

#[test]
fn what_the_receiver_does_not_accept_is_disputed() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    changes_nothing(&mut world, leg, scan(E::NotAccepted, DESK, 20).reason(Reason(27)), &[Disputed]);
}

#[test]
fn damage_is_flagged_and_moves_nothing() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    changes_nothing(&mut world, leg, scan(E::Damaged, PHONE, 20), &[Damaged]);
}

#[test]
fn a_citizen_s_side_without_attestation_is_flagged_and_counts() {
    let mut world = World::new();
    let leg = world.order(LegKind::Inbound, 0);
    let (at, written) = world.scan(scan(E::PickedUp, PHONE, 10).leg(leg).unattested());
    assert_eq!(shown(at, &written), vec![NoProof]);
    assert_eq!(world.state(leg).1, HolderKind::Post);
    let (mut world, leg) = with_the_post(LegKind::Outbound);
    let (at, written) = world.scan(scan(E::Delivered, PHONE, 20).leg(leg).unattested());
    assert_eq!(shown(at, &written), vec![NoProof]);
    assert_eq!(world.state(leg).1, HolderKind::Citizen);
}

#[test]
fn a_second_voice_need_not_attest_again_and_may_attest_for_the_first() {
    let (mut world, leg) = with_the_post(LegKind::Outbound);
    world.put(scan(E::Delivered, PC, 20).leg(leg).unattested());
    let (at, written) = world.scan(scan(E::Delivered, PC, 21).leg(leg).unattested());
    assert_eq!(shown(at, &written), vec![DuplicateScan]);
    let (_, written) = world.scan(scan(E::Delivered, PHONE, 22).leg(leg));
    assert_eq!(written.placement, Placement::Corroborates);
    assert_eq!(world.open(leg), vec![(DuplicateScan, at.pos)]);
}

#[test]
fn an_agency_needs_no_attestation() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    let (at, written) = world.scan(scan(E::Accepted, DESK, 20).leg(leg).unattested());
    assert_eq!(shown(at, &written), vec![OneSided]);
}

#[test]
fn a_procedure_that_may_not_go_by_post_is_flagged_by_the_kind_of_the_leg() {
    let mut world = World::new();
    let named = |code, procedure: &'static str| {
        let scan = scan(E::PickedUp, PHONE, 1).code(code).to(OWNER);
        scan.with(|event| event.procedure = Some(procedure.into()))
    };
    let (at, written) = world.scan(named(item(1), BY_HAND));
    assert_eq!(shown(at, &written), vec![NotEligible]);
    assert_eq!(world.state(at).1, HolderKind::Post);
    let (at, written) = world.scan(named(item(2), BOTH_WAYS));
    assert_eq!(shown(at, &written), vec![]);
    let (at, written) = world.scan(named(item(3), "procedures/9.999999"));
    assert_eq!(shown(at, &written), vec![ProcedureUnknown]);
    assert_eq!(world.legs[&at].birth.procedure, None);
    // A transfer may always travel, whatever its procedure says of citizens' papers.
    let leg = world.order(LegKind::Transfer, 2);
    world.put(scan(E::Offered, BACK_OFFICE, 3).leg(leg));
    let (at, written) = world.scan(named(item(4), BY_HAND).leg(leg));
    assert_eq!(shown(at, &written), vec![]);
}

#[test]
fn an_agency_that_is_not_in_the_directory_opens_nothing() {
    let mut world = World::new();
    let (at, written) = world.scan(scan(E::PickedUp, PHONE, 1).code(item(1)).to("agencies/H99.99"));
    assert_eq!(shown(at, &written), vec![AgencyUnknown, UnknownCode]);
    assert!(waits(&written) && world.legs.is_empty());
}

#[test]
fn a_void_counts_only_from_its_source_and_before_the_other_side_has_answered() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    let offered = world.put(scan(E::Offered, PHONE, 19).leg(leg));
    let (at, written) = world.scan(scan(E::Voided, PC, 20).corrects(offered));
    assert_eq!((shown(at, &written), world.state(leg).0), (vec![VoidRefused], LegState::Offered));
    let accepted = world.put(scan(E::Accepted, DESK, 21).leg(leg));
    let (at, written) = world.scan(scan(E::Voided, PHONE, 22).corrects(offered));
    assert_eq!((shown(at, &written), world.state(leg).0), (vec![VoidRefused], LegState::HandedOver));
    world.put(scan(E::Voided, DESK, 23).corrects(accepted));
    assert_eq!(world.state(leg), (LegState::Offered, HolderKind::Post));
    let (at, written) = world.scan(scan(E::Voided, PHONE, 24).code(item(1)).corrects(at_nothing()));
    assert_eq!((shown(at, &written), written.leg), (vec![VoidRefused], Some(leg)));
}

fn at_nothing() -> Position {
    at(4_711)
}

#[test]
fn a_correction_takes_the_place_of_what_it_corrects() {
    let (mut world, leg) = with_the_post(LegKind::Outbound);
    let wrong = world.put(scan(E::Delivered, PHONE, 20).leg(leg));
    world.put(scan(E::AttemptFailed, PHONE, 25).corrects(wrong).reason(Reason(3)));
    assert_eq!((world.state(leg), world.open(leg)), ((LegState::AttemptFailed, HolderKind::Post), vec![]));
    assert_eq!((world.legs[&leg].fold.attempts, world.legs[&leg].fold.delivered_at), (1, None));
}

#[test]
fn a_scan_voided_before_its_event_was_placed_still_counts_when_it_is() {
    let mut world = World::new();
    let early = world.put(scan(E::OfficeIn, PHONE, 20).code(item(1)));
    let leg = world.order(LegKind::Inbound, 0);
    world.put(scan(E::PickedUp, PHONE, 10).leg(leg).code(item(1)));
    // The item is known now, so the void finds the leg before the tie has placed what it names.
    let (at, written) = world.scan(scan(E::Voided, PHONE, 21).code(item(1)).corrects(early));
    assert_eq!((shown(at, &written), written.leg), (vec![VoidRefused], Some(leg)));
    world.tie();
    assert_eq!(world.len(), 5);
    assert_eq!((world.state(leg).0, world.open(leg)), (LegState::PickedUp, vec![]));
}

#[test]
fn only_a_supervisor_revokes_and_only_for_a_reason_that_says_where_it_is() {
    let (mut world, leg) = with_the_post(LegKind::Outbound);
    world.put(scan(E::Delivered, PHONE, 20).leg(leg));
    let revoke = scan(E::DeliveryRevoked, PHONE, 30).reason(Reason::NEVER_LEFT_HAND);
    changes_nothing(&mut world, leg, revoke.clone(), &[NotSupervisor]);
    changes_nothing(&mut world, leg, revoke.supervisor().reason(Reason(21)), &[ReasonUnknown]);
}

#[test]
fn beyond_a_thousand_events_only_the_newest_still_counts() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    while world.legs[&leg].fold.events < limits::LEG_EVENTS {
        let minutes = 1_000 + world.len() as i64;
        world.put_unchecked(scan(E::OfficeIn, PHONE, minutes).leg(leg).office(if minutes % 2 == 0 {
            "1"
        } else {
            "2"
        }));
    }
    let before = world.legs[&leg].fold.clone();
    let (at, written) = world.scan(scan(E::Offered, PHONE, 500).leg(leg));
    assert_eq!((shown(at, &written), written.leg), (vec![Late], Some(leg)));
    assert_eq!(world.legs[&leg].fold, before);
    let (at, written) = world.scan(scan(E::Offered, PHONE, 9_999).leg(leg));
    assert_eq!((shown(at, &written), world.state(leg).0), (vec![], LegState::Offered));
    // Read back from its records, the leg is the same: what was late then is late for ever.
    assert_eq!(world.legs[&leg].fold.events, limits::LEG_EVENTS + 1);
}

#[test]
fn what_only_an_agency_can_sign_for_is_not_delivered_by_the_carrier_s_word() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    let (at, written) = world.scan(scan(E::Delivered, PHONE, 20).leg(leg));
    assert_eq!(shown(at, &written), vec![WrongKind]);
    assert_eq!(world.state(leg), (LegState::Offered, HolderKind::Post));
}

#[test]
fn clock_check_digit_and_unknown_words_are_flagged_and_the_fact_counts() {
    let (mut world, leg) = with_the_post(LegKind::Inbound);
    let mut skewed = scan(E::OfficeIn, PHONE, 20).leg(leg).with(|event| event.unverified = true);
    skewed.0.skewed = true;
    let (at, written) = world.scan(skewed);
    assert_eq!((shown(at, &written), world.state(leg).0), (vec![Skew, Unverified], LegState::AtOffice));
    for (reason, measure) in [(Reason(999), Measure::NONE), (Reason::NONE, Measure(-7))] {
        let said = scan(E::Arrived, PHONE, 30 + i64::from(reason.0)).leg(leg).reason(reason).measure(measure);
        let (at, written) = world.scan(said);
        assert_eq!(shown(at, &written), vec![ReasonUnknown]);
        assert_eq!(world.record(at).unwrap().reason, reason);
    }
}

#[test]
fn a_fact_that_could_not_be_applied_is_flagged_and_waits_for_nothing() {
    let written = crate::dossier::apply::not_applied(party(POST), at(3));
    assert_eq!(shown(at(3), &written), vec![NotApplied]);
    assert!(waits(&written) && written.waits_for.is_empty());
}
