//! Which leg a scanned code means.

use crate::dossier::anomaly::AnomalyKind::*;
use crate::dossier::event::EventType as E;
use crate::dossier::leg::{HolderKind, LegKind, LegState, Placement};
use crate::dossier::names::Position;
use crate::dossier::testing::*;

/// A leg opened by a pick-up of an item.
fn picked_up(world: &mut World, number: u32, minutes: i64) -> Position {
    world.put(scan(E::PickedUp, PHONE, minutes).code(item(number)).to(OWNER))
}

/// An ordered leg on which an item was labelled by name.
fn labelled(world: &mut World, number: u32, minutes: i64) -> Position {
    let leg = world.order(LegKind::Outbound, minutes);
    world.put(scan(E::Labelled, BACK_OFFICE, minutes).leg(leg).code(item(number)));
    leg
}

#[test]
fn one_item_code_on_two_open_legs_is_ambiguous_and_moves_neither() {
    let mut world = World::new();
    let (one, two) = (labelled(&mut world, 1, 0), labelled(&mut world, 1, 5));
    let before = (world.legs[&one].clone(), world.legs[&two].clone());
    let (at, written) = world.scan(scan(E::PickedUp, PHONE, 10).code(item(1)).to(OWNER));
    assert_eq!(shown(at, &written), vec![Ambiguous]);
    assert_eq!(written.candidates, vec![one, two]);
    assert!(waits(&written));
    assert_eq!((&world.legs[&one], &world.legs[&two], world.legs.len()), (&before.0, &before.1, 2));
    world.tie();
    assert_eq!(world.len() as u64, at.pos, "the tie guesses no better");
}

#[test]
fn another_code_of_the_envelope_settles_which_of_two_is_meant() {
    let mut world = World::new();
    let (one, two) = (labelled(&mut world, 1, 0), labelled(&mut world, 1, 5));
    world.put(scan(E::Labelled, BACK_OFFICE, 6).leg(two).code(slip(2)));
    let (_, written) = world.scan(scan(E::PickedUp, PHONE, 10).code(item(1)).also(slip(2)));
    assert_eq!(written.leg, Some(two));
    assert_eq!(world.state(one), (LegState::Ordered, HolderKind::Agency));
}

#[test]
fn an_item_number_on_one_leg_and_a_slip_on_another_contradict() {
    let mut world = World::new();
    let (one, two) = (labelled(&mut world, 1, 0), world.order(LegKind::Outbound, 1));
    world.put(scan(E::Labelled, BACK_OFFICE, 6).leg(two).code(slip(2)));
    let (at, written) = world.scan(scan(E::PickedUp, PHONE, 10).code(item(1)).also(slip(2)));
    assert_eq!((shown(at, &written), written.candidates), (vec![Ambiguous], vec![one, two]));
}

#[test]
fn a_code_used_again_after_eight_months_means_the_new_leg() {
    let mut world = World::new();
    let old = picked_up(&mut world, 1, 0);
    world.put(scan(E::Accepted, DESK_OF_OWNER, 60).leg(old));
    let months = 240 * DAY;
    let new = picked_up(&mut world, 1, months);
    assert_ne!(old, new);
    let (_, written) = world.scan(scan(E::OfficeIn, PHONE, months + 10).code(item(1)));
    assert_eq!(written.leg, Some(new));
    assert_eq!(world.state(old), (LegState::HandedOver, HolderKind::Agency));
}

/// The owner's own scanner.
const DESK_OF_OWNER: &str = BACK_OFFICE;

#[test]
fn a_late_scan_from_inside_the_closed_leg_s_life_goes_to_the_closed_leg() {
    let mut world = World::new();
    let old = picked_up(&mut world, 1, 0);
    world.put(scan(E::Accepted, BACK_OFFICE, 60).leg(old));
    let new = picked_up(&mut world, 1, 240 * DAY);
    let (_, late) = world.scan(scan(E::OfficeIn, PC, 30).code(item(1)).office("100000"));
    assert_eq!(late.leg, Some(old));
    assert_eq!(world.state(old).0, LegState::HandedOver);
    assert_eq!(world.state(new).0, LegState::PickedUp);
}

#[test]
fn a_scan_soon_after_the_end_still_means_the_ended_leg() {
    let mut world = World::new();
    let leg = picked_up(&mut world, 1, 0);
    world.put(scan(E::Accepted, BACK_OFFICE, 60).leg(leg));
    let (at, written) = world.scan(scan(E::OfficeIn, PHONE, 90 * DAY).code(item(1)));
    assert_eq!((written.leg, shown(at, &written)), (Some(leg), vec![AfterEnd]));
    let (at, written) = world.scan(scan(E::OfficeIn, PHONE, 240 * DAY).code(item(1)));
    assert_eq!((written.leg, shown(at, &written)), (None, vec![UnknownCode]));
}

#[test]
fn a_relabelled_item_is_found_under_both_numbers() {
    let mut world = World::new();
    let leg = picked_up(&mut world, 1, 0);
    world.put(scan(E::Relabelled, PHONE, 5).code(item(1)).also(item(2)));
    for (number, minutes) in [(2, 10), (1, 11)] {
        let (at, written) = world.scan(scan(E::Arrived, PHONE, minutes).code(item(number)).office("100000"));
        assert_eq!(written.leg, Some(leg), "{number}");
        assert!(!shown(at, &written).contains(&UnknownCode));
    }
}

#[test]
fn a_number_relabelled_to_one_that_another_envelope_bears_is_ambiguous() {
    let mut world = World::new();
    let (one, two) = (picked_up(&mut world, 1, 0), picked_up(&mut world, 2, 1));
    let (at, written) = world.scan(scan(E::Relabelled, PHONE, 5).code(item(1)).also(item(2)));
    assert_eq!((shown(at, &written), written.candidates), (vec![Ambiguous], vec![one, two]));
    world.tie();
    assert_eq!(world.len() as u64, at.pos);
}

#[test]
fn a_label_stuck_on_by_mistake_and_voided_means_nothing_any_more() {
    let mut world = World::new();
    let one = world.order(LegKind::Outbound, 0);
    let wrong = world.put(scan(E::Labelled, BACK_OFFICE, 1).leg(one).code(item(1)));
    world.put(scan(E::Voided, BACK_OFFICE, 2).corrects(wrong));
    let two = labelled(&mut world, 1, 3);
    let (_, written) = world.scan(scan(E::PickedUp, PHONE, 10).code(item(1)));
    assert_eq!(written.leg, Some(two));
    assert_eq!(world.legs[&one].code_of(crate::dossier::code::CodeKind::Item), None);
    // Stuck on again after all, it means that leg again.
    world.put(scan(E::Labelled, BACK_OFFICE, 4).leg(one).code(item(1)));
    assert_eq!(world.legs[&one].code_of(crate::dossier::code::CodeKind::Item), Some(&item(1)));
}

#[test]
fn a_leg_opened_by_a_mis_scan_leaves_its_number_free() {
    let mut world = World::new();
    let wrong = world.put(scan(E::PickedUp, PHONE, 0).code(item(1)).to(NEIGHBOUR));
    world.put(scan(E::Voided, PHONE, 1).corrects(wrong));
    assert_eq!(world.state(wrong), (LegState::Cancelled, HolderKind::Citizen));
    let right = picked_up(&mut world, 1, 2);
    assert_eq!(world.legs[&right].birth.agency, party(OWNER));
    assert_eq!(world.state(wrong).0, LegState::Cancelled);
}

#[test]
fn what_concerns_only_others_is_answered_like_what_never_was() {
    let mut world = World::new();
    picked_up(&mut world, 1, 0);
    let code = dossier_code(1);
    let register = commands_register(code.clone());
    world.command(register).unwrap();
    let mut empty = World::new();
    while empty.len() < world.len() {
        empty.put(scan(E::Damaged, PHONE, 0));
    }
    for source in ["agencies/H99.03/devices/desk", "carriers/rival/devices/phone"] {
        for code in [item(1), code.clone()] {
            for kind in [E::Accepted, E::OfficeIn, E::Voided] {
                let said = scan(kind, source, 10).code(code.clone()).corrects(at(1));
                let (mut world, mut empty) = (world.clone(), empty.clone());
                assert_eq!(world.scan(said.clone()), empty.scan(said));
            }
            let said = scan(E::OfficeIn, source, 10).code(code).leg(at(1));
            let (mut world, mut empty) = (world.clone(), empty.clone());
            assert_eq!(world.scan(said.clone()), empty.scan(said));
        }
    }
}

fn commands_register(code: crate::dossier::code::Code) -> crate::dossier::apply::Act<'static> {
    crate::dossier::apply::Act::Register(crate::dossier::apply::RegisterDossier {
        said: said(E::Registered, OWNER, 1),
        agency: party(OWNER),
        counter: None,
        code,
        procedure: None,
        slip: None,
        request_digest: [7; 32],
    })
}

#[test]
fn three_dossiers_in_one_envelope_move_together_without_an_anomaly() {
    let mut world = World::new();
    let legs: Vec<Position> = (1..=3)
        .map(|number| {
            let leg = world.order(LegKind::Inbound, 0);
            world.put(scan(E::Labelled, BACK_OFFICE, 0).leg(leg).code(slip(number)));
            leg
        })
        .collect();
    let first = scan(E::PickedUp, PHONE, 10).code(item(1)).also(slip(1)).also(slip(2)).also(slip(3));
    let (at, written) = world.scan(first);
    assert_eq!((shown(at, &written), waits(&written)), (vec![], true));
    world.tie();
    for leg in &legs {
        assert_eq!((world.state(*leg), world.open(*leg)), ((LegState::PickedUp, HolderKind::Post), vec![]));
    }
    // From now on the envelope's number alone means all three.
    let before = world.len();
    let (at, written) = world.scan(scan(E::OfficeIn, PHONE, 20).code(item(1)));
    assert_eq!((shown(at, &written), waits(&written)), (vec![], true));
    world.tie();
    assert_eq!(world.len(), before + 4);
    for leg in &legs {
        assert_eq!((world.state(*leg).0, world.open(*leg)), (LegState::AtOffice, vec![]));
    }
    world.tie();
    assert_eq!(world.len(), before + 4, "nothing is placed twice");
}

#[test]
fn a_bag_s_scan_counts_for_each_item_in_it_and_an_unknown_bag_waits_flagged() {
    let mut world = World::new();
    let (one, two) = (picked_up(&mut world, 1, 0), picked_up(&mut world, 2, 0));
    let outside = picked_up(&mut world, 3, 0);
    for number in [1, 2] {
        world.put(scan(E::Bagged, PC, 5).code(item(number)).with(|event| event.receptacle = Some(bag(1))));
    }
    let (at, written) = world.scan(scan(E::Dispatched, PC, 10).code(bag(1)));
    assert_eq!((shown(at, &written), waits(&written)), (vec![], true));
    let (at, written) = world.scan(scan(E::Dispatched, PC, 10).code(bag(2)));
    assert_eq!((shown(at, &written), waits(&written)), (vec![UnknownCode], true));
    world.tie();
    assert_eq!((world.state(one).0, world.state(two).0), (LegState::InTransit, LegState::InTransit));
    assert_eq!(world.state(outside).0, LegState::PickedUp);
    assert_eq!(world.record(at_last(&world)).unwrap().placed_from, Some(self::at(6)));
}

fn at_last(world: &World) -> Position {
    at(world.len() as u64)
}

#[test]
fn what_has_left_the_bag_and_ended_is_no_longer_in_it() {
    let mut world = World::new();
    let leg = picked_up(&mut world, 1, 0);
    let bagged = scan(E::Bagged, PC, 5).code(item(1)).with(|event| event.receptacle = Some(bag(1)));
    world.put(bagged);
    world.put(scan(E::Accepted, BACK_OFFICE, 60).leg(leg));
    let (at, written) = world.scan(scan(E::Arrived, PC, DAY).code(bag(1)));
    assert_eq!(shown(at, &written), vec![UnknownCode]);
    let (at, written) = world.scan(scan(E::Arrived, PC, 50).code(bag(1)));
    assert_eq!(shown(at, &written), vec![], "a late scan from when it was inside");
}

#[test]
fn what_was_bagged_by_mistake_and_voided_is_not_in_the_bag() {
    let mut world = World::new();
    picked_up(&mut world, 1, 0);
    let wrong = world.put(scan(E::Bagged, PC, 5).code(item(1)).with(|event| event.receptacle = Some(bag(1))));
    world.put(scan(E::Voided, PC, 6).corrects(wrong));
    let (at, written) = world.scan(scan(E::Arrived, PC, 10).code(bag(1)));
    assert_eq!(shown(at, &written), vec![UnknownCode]);
}

#[test]
fn a_scan_that_came_before_its_leg_is_placed_at_its_own_time() {
    let mut world = World::new();
    let early = world.put(scan(E::OfficeIn, PC, 20).code(item(1)));
    let leg = picked_up(&mut world, 1, 10);
    world.tie();
    let placed = world.record(at_last(&world)).unwrap();
    assert_eq!((placed.placed_from, placed.leg, placed.effective_at), (Some(early), Some(leg), minute(20)));
    assert_eq!((placed.placement, placed.kind, placed.meant()), (Placement::Placed, E::Placed, E::OfficeIn));
    assert_eq!((world.state(leg).0, world.open(leg)), (LegState::AtOffice, vec![]));
}
