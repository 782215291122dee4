//! Commands may be refused; what is refused has changed nothing.

use crate::dossier::apply::{AcceptDossier, AcceptTarget, Act, Applied, Place, RegisterDossier};
use crate::dossier::code::Code;
use crate::dossier::event::EventType as E;
use crate::dossier::leg::{HolderKind, LegKind, LegState, OrderStatus, Placement};
use crate::dossier::names::Position;
use crate::dossier::refusal::Reason;
use crate::dossier::testing::*;

fn register(code: Code, digest: u8) -> RegisterDossier {
    RegisterDossier {
        said: said(E::Registered, OWNER, 5),
        agency: party(OWNER),
        counter: Some(party(COUNTER)),
        code,
        procedure: None,
        slip: None,
        request_digest: [digest; 32],
    }
}

fn accept(target: AcceptTarget, code: Code) -> AcceptDossier {
    let said = said(E::DossierAccepted, COUNTER, 100);
    AcceptDossier { said, target, code, procedure: None }
}

/// Asserts that a command is refused for a reason at a field, and that nothing changed.
#[track_caller]
fn refused(world: &mut World, act: Act, reason: Reason, field: &str) {
    let before = (world.len(), world.legs.clone(), world.dossiers.clone(), world.tags.clone());
    let refusal = world.act(act).unwrap_err();
    assert_eq!((refusal.reason, refusal.field.as_str()), (reason, field), "{refusal}");
    assert_eq!(
        (world.len(), &world.legs, &world.dossiers, &world.tags),
        (before.0, &before.1, &before.2, &before.3)
    );
}

/// An inbound leg in the counter's hands, under an item and a slip.
fn handed_over(world: &mut World, number: u32, minutes: i64) -> Position {
    let picked = scan(E::PickedUp, PHONE, minutes).code(item(number)).also(slip(number)).to(OWNER);
    let leg = world.put(picked.with(|event| event.counter = Some(party(COUNTER))));
    world.put(scan(E::Offered, PHONE, minutes + 1).leg(leg));
    world.put(scan(E::Accepted, DESK, minutes + 2).leg(leg));
    leg
}

#[test]
fn an_order_is_held_to_what_its_procedure_allows() {
    let mut world = World::new();
    let by = |kind, procedure: &str| {
        let mut order = order(kind, 0);
        order.procedure = Some(procedure.into());
        Act::Order(order)
    };
    for kind in [LegKind::Inbound, LegKind::Supplement, LegKind::Outbound] {
        refused(&mut world, by(kind, BY_HAND), Reason::ProcedureNotEligible, "procedure");
        world.command(by(kind, BOTH_WAYS)).unwrap();
    }
    world.command(by(LegKind::Transfer, BY_HAND)).unwrap();
    refused(&mut world, by(LegKind::Inbound, "procedures/9.9"), Reason::NotFound, "procedure");
    for kind in [LegKind::ReturnToAgency, LegKind::ReturnToCitizen] {
        refused(&mut world, by(kind, BOTH_WAYS), Reason::LegState, "kind");
    }
}

#[test]
fn an_order_for_a_dossier_is_its_leg_and_announces_the_result() {
    let mut world = World::new();
    let (dossier, _) = world.command(Act::Register(register(dossier_code(1), 1))).unwrap();
    let mut out = order(LegKind::Outbound, 10);
    out.dossier = Some(dossier);
    let (leg, written) = world.command(Act::Order(out.clone())).unwrap();
    assert_eq!((written.dossier, written.leg), (Some(dossier), Some(leg)));
    assert_eq!(world.dossiers[&dossier].legs, vec![leg]);
    assert_eq!(world.dossiers[&dossier].result().map(|said| (said.by, said.at)), Some((leg, minute(10))));
    let (_, picked) = world.scan(scan(E::PickedUp, PHONE, 20).code(dossier_code(1)));
    assert_eq!(picked.leg, Some(leg));
    out.dossier = Some(at(99));
    refused(&mut world, Act::Order(out), Reason::NotFound, "dossier");
    let mut foreign = order(LegKind::Outbound, 10);
    foreign.agency = party(NEIGHBOUR);
    foreign.dossier = Some(dossier);
    refused(&mut world, Act::Order(foreign), Reason::NotFound, "dossier");
}

#[test]
fn an_order_is_cancelled_only_while_the_giver_has_the_envelope() {
    let mut world = World::new();
    let leg = world.order(LegKind::Inbound, 0);
    world.put(scan(E::Assigned, PHONE, 1).leg(leg));
    let (_, written) = world.cancel(leg, 2).unwrap();
    assert_eq!(written.outcome.unwrap().state, LegState::Cancelled);
    let fold = &world.legs[&leg].fold;
    assert_eq!((fold.order, fold.holder.kind), (OrderStatus::Cancelled, HolderKind::Citizen));
    let cancel = |leg, source: &str| {
        Act::Cancel(crate::dossier::apply::CancelLeg { said: said(E::Cancelled, source, 30), leg })
    };
    refused(&mut world, cancel(leg, OWNER), Reason::LegState, "name");
    let taken = world.order(LegKind::Inbound, 3);
    world.put(scan(E::PickedUp, PHONE, 4).leg(taken));
    refused(&mut world, cancel(taken, OWNER), Reason::LegState, "name");
    let unordered = handed_over(&mut world, 1, 5);
    refused(&mut world, cancel(unordered, OWNER), Reason::LegState, "name");
    refused(&mut world, cancel(at(999), OWNER), Reason::NotFound, "name");
    let open = world.order(LegKind::Outbound, 20);
    refused(&mut world, cancel(open, NEIGHBOUR), Reason::NotFound, "name");
}

#[test]
fn the_same_registration_again_is_the_first_and_another_is_refused() {
    let mut world = World::new();
    let (first, _) = world.command(Act::Register(register(dossier_code(1), 1))).unwrap();
    let again = world.act(Act::Register(register(dossier_code(1), 1))).unwrap();
    assert_eq!((again, world.len()), (Applied::Again(first), 1));
    let refusal = world.act(Act::Register(register(dossier_code(1), 2))).unwrap_err();
    assert_eq!((refusal.reason, refusal.first), (Reason::DossierExists, Some(first)));
    assert_eq!((refusal.first_digest, refusal.this_digest), (Some([1; 32]), Some([2; 32])));
    assert_eq!((world.len(), world.dossiers.len()), (1, 1));
    let mut unknown = register(dossier_code(2), 1);
    unknown.procedure = Some("procedures/9.9".into());
    refused(&mut world, Act::Register(unknown), Reason::NotFound, "procedure");
}

#[test]
fn a_registration_links_the_one_leg_that_bears_its_slip() {
    let mut world = World::new();
    let leg = handed_over(&mut world, 1, 0);
    let mut with_slip = register(dossier_code(1), 1);
    with_slip.slip = Some(slip(1));
    let (dossier, written) = world.command(Act::Register(with_slip)).unwrap();
    assert_eq!(
        (written.leg, written.dossier, written.placement),
        (Some(leg), Some(dossier), Placement::Placed)
    );
    assert_eq!(world.legs[&leg].dossier, Some((dossier, dossier)));
    assert_eq!(world.dossiers[&dossier].legs, vec![leg]);
    let outcome = written.outcome.unwrap();
    assert_eq!(outcome.holder_before, outcome.holder_after);
}

#[test]
fn a_registration_links_none_of_several_legs_under_its_slip_and_none_of_another_agency() {
    let mut world = World::new();
    for _ in 0..2 {
        let leg = world.order(LegKind::Inbound, 0);
        world.put(scan(E::Labelled, BACK_OFFICE, 0).leg(leg).code(slip(1)));
    }
    world.put(scan(E::PickedUp, PHONE, 0).code(item(2)).also(slip(2)).to(NEIGHBOUR));
    for number in [1, 2] {
        let mut with_slip = register(dossier_code(number), 1);
        with_slip.slip = Some(slip(number));
        let (_, written) = world.command(Act::Register(with_slip)).unwrap();
        assert_eq!((written.leg, written.placement), (None, Placement::NoLeg));
        assert_eq!(written.parties, vec![party(OWNER), party(COUNTER)]);
    }
    assert!(world.legs.values().all(|leg| leg.dossier.is_none()));
}

#[test]
fn a_dossier_s_code_is_born_at_its_acceptance() {
    let mut world = World::new();
    let leg = handed_over(&mut world, 1, 0);
    let (dossier, written) =
        world.command(Act::Accept(accept(AcceptTarget::Code(slip(1)), dossier_code(1)))).unwrap();
    assert_eq!((written.leg, written.dossier), (Some(leg), Some(dossier)));
    let outcome = written.outcome.unwrap();
    assert_eq!(outcome.holder_before, outcome.holder_after, "acceptance moves nothing");
    let kept = &world.dossiers[&dossier];
    assert_eq!((&kept.agency, &kept.counter), (&party(OWNER), &Some(party(COUNTER))));
    assert_eq!(
        (kept.accepted().map(|said| (said.by, said.at)), &kept.legs),
        (Some((dossier, minute(100))), &vec![leg])
    );
    let (_, later) = world.scan(scan(E::Damaged, DESK, 200).code(dossier_code(1)));
    assert_eq!(later.leg, Some(leg), "the code finds the leg that was there before it");
}

#[test]
fn what_was_accepted_from_a_leg_is_answered_as_then_and_further_papers_are_accepted_for_themselves() {
    let mut world = World::new();
    handed_over(&mut world, 1, 0);
    let again = |number| Act::Accept(accept(AcceptTarget::Code(item(number)), dossier_code(1)));
    let (first, _) = world.command(again(1)).unwrap();
    let before = world.len();
    assert_eq!((world.act(again(1)), world.len()), (Ok(Applied::Again(first)), before), "nothing is written");
    handed_over(&mut world, 2, 10);
    let (second, written) = world.command(again(2)).unwrap();
    assert_eq!(written.dossier, Some(first));
    for (number, position) in [(1, first), (2, second)] {
        assert_eq!(world.act(again(number)), Ok(Applied::Again(position)), "item {number}");
    }
}

#[test]
fn what_was_accepted_is_answered_as_then_though_the_papers_are_there_no_more() {
    let mut world = World::new();
    let leg = handed_over(&mut world, 1, 0);
    let again = || Act::Accept(accept(AcceptTarget::Leg(leg), dossier_code(1)));
    let (first, _) = world.command(again()).unwrap();
    // The counter takes its signature back.
    world.put(scan(E::Voided, DESK, 200).corrects(at(3)));
    assert_eq!(world.act(again()), Ok(Applied::Again(first)));
    let other = Act::Accept(accept(AcceptTarget::Leg(leg), dossier_code(2)));
    refused(&mut world, other, Reason::LegState, "leg");
}

#[test]
fn what_is_registered_already_is_linked_at_acceptance() {
    let mut world = World::new();
    let (dossier, _) = world.command(Act::Register(register(dossier_code(1), 1))).unwrap();
    let leg = handed_over(&mut world, 1, 10);
    let (_, written) =
        world.command(Act::Accept(accept(AcceptTarget::Code(item(1)), dossier_code(1)))).unwrap();
    assert_eq!((written.dossier, world.dossiers.len()), (Some(dossier), 1));
    assert_eq!(world.legs[&leg].dossier.map(|(dossier, _)| dossier), Some(dossier));
    assert_eq!(world.dossiers[&dossier].request_digest, [1; 32]);
}

#[test]
fn only_what_the_agency_or_its_counter_holds_is_accepted() {
    let mut world = World::new();
    let picked = scan(E::PickedUp, PHONE, 0).code(item(1)).to(OWNER);
    let leg = world.put(picked.with(|event| event.counter = Some(party(COUNTER))));
    let by_item = accept(AcceptTarget::Code(item(1)), dossier_code(1));
    refused(&mut world, Act::Accept(by_item.clone()), Reason::LegState, "item");
    refused(
        &mut world,
        Act::Accept(accept(AcceptTarget::Leg(leg), dossier_code(1))),
        Reason::LegState,
        "leg",
    );
    refused(
        &mut world,
        Act::Accept(accept(AcceptTarget::Leg(at(99)), dossier_code(1))),
        Reason::NotFound,
        "leg",
    );
    refused(
        &mut world,
        Act::Accept(accept(AcceptTarget::Code(item(9)), dossier_code(1))),
        Reason::NotFound,
        "item",
    );
    let mut foreign = by_item;
    foreign.said.party = party(NEIGHBOUR);
    refused(&mut world, Act::Accept(foreign), Reason::NotFound, "item");
    let transfer = world.order(LegKind::Transfer, 0);
    let early = accept(AcceptTarget::Leg(transfer), dossier_code(2));
    refused(&mut world, Act::Accept(early.clone()), Reason::LegState, "leg");
    world.put(scan(E::Offered, BACK_OFFICE, 1).leg(transfer));
    world.put(scan(E::Accepted, DESK, 2).leg(transfer));
    let (dossier, _) = world.command(Act::Accept(early)).unwrap();
    assert_eq!(
        (&world.dossiers[&dossier].agency, &world.dossiers[&dossier].counter),
        (&party(COUNTER), &None)
    );
}

#[test]
fn a_leg_belongs_to_one_dossier() {
    let mut world = World::new();
    let leg = handed_over(&mut world, 1, 0);
    world.command(Act::Accept(accept(AcceptTarget::Leg(leg), dossier_code(1)))).unwrap();
    refused(
        &mut world,
        Act::Accept(accept(AcceptTarget::Leg(leg), dossier_code(2))),
        Reason::LegState,
        "code",
    );
}

#[test]
fn last_year_s_leg_under_the_same_item_is_not_in_the_way_of_acceptance_but_two_new_ones_are() {
    let mut world = World::new();
    let old = handed_over(&mut world, 1, 0);
    world.command(Act::Accept(accept(AcceptTarget::Leg(old), dossier_code(1)))).unwrap();
    let new = handed_over(&mut world, 1, 300 * DAY);
    assert_ne!(old, new);
    let twin = world.put(
        scan(E::PickedUp, PHONE, 600 * DAY)
            .code(item(1))
            .to(OWNER)
            .with(|e| e.counter = Some(party(COUNTER))),
    );
    let (_, written) =
        world.command(Act::Accept(accept(AcceptTarget::Code(item(1)), dossier_code(2)))).unwrap();
    assert_eq!(written.leg, Some(new));
    world.put(scan(E::Accepted, DESK, 601 * DAY).leg(twin));
    let third = world.order(LegKind::Inbound, 602 * DAY);
    world.put(scan(E::Labelled, DESK, 602 * DAY).leg(third).code(item(1)));
    world.put(scan(E::Accepted, DESK, 603 * DAY).leg(third));
    let act = Act::Accept(accept(AcceptTarget::Code(item(1)), dossier_code(3)));
    refused(&mut world, act, Reason::CodeAmbiguous, "item");
}

#[test]
fn an_unknown_procedure_is_refused_at_acceptance() {
    let mut world = World::new();
    let leg = handed_over(&mut world, 1, 0);
    let mut act = accept(AcceptTarget::Leg(leg), dossier_code(1));
    act.procedure = Some("procedures/9.9".into());
    refused(&mut world, Act::Accept(act), Reason::NotFound, "procedure");
}

#[test]
fn nothing_is_placed_on_a_leg_that_does_not_concern_who_said_it() {
    let mut world = World::new();
    let leg = world.order(LegKind::Inbound, 0);
    let said = said(E::OfficeIn, "carriers/rival/devices/phone", 5);
    for leg in [leg, at(99)] {
        let place = Place { said: said.clone(), attested: false, from: at(1), leg };
        refused(&mut world, Act::Place(place), Reason::NotFound, "leg");
    }
}
