//! What an agency decides of a dossier: when it may, what that opens, and who hears of it.

use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::apply::{
    AcceptDossier, AcceptTarget, Act, AnnounceResult, Announced, Carriage, Closing, Decide, RegisterDossier,
    Ruling, Subject, Written,
};
use crate::dossier::decision::{DecisionKind, DossierState};
use crate::dossier::event::{EventType as E, Reason as Why};
use crate::dossier::leg::{HolderKind, LegKind, LegState, OrderStatus, Placement};
use crate::dossier::names::Position;
use crate::dossier::particulars::Terms;
use crate::dossier::refusal::{Reason, Refusal};
use crate::dossier::testing::*;

fn by_post() -> Option<Carriage> {
    Some(Carriage { carrier: party(POST), office: Some("100000".into()) })
}

fn kind_of(ruling: &Ruling) -> E {
    match ruling {
        Ruling::RequestSupplement(_) => E::SupplementRequested,
        Ruling::Refuse(_) => E::DossierRefused,
        Ruling::Withdraw(_) => E::DossierWithdrawn,
        Ruling::Stop(_) => E::DossierStopped,
        Ruling::SetDueDate => E::DueDateSet,
        Ruling::Close(_) => E::DossierClosed,
        Ruling::Link { .. } => E::DossierLinked,
    }
}

fn decide(
    world: &mut World,
    who: &str,
    dossier: Position,
    ruling: Ruling,
    minutes: i64,
) -> Result<(Position, Written), Refusal> {
    let mut said = said(kind_of(&ruling), who, minutes);
    said.event.due_at = (ruling == Ruling::SetDueDate).then(|| minute(minutes + DAY));
    world.command(Act::Decide(Decide { said, subject: Subject::Dossier(dossier), ruling }))
}

#[track_caller]
fn refused(world: &mut World, dossier: Position, ruling: Ruling, reason: Reason) {
    let before = (world.len(), world.legs.clone(), world.dossiers.clone());
    let refusal = decide(world, OWNER, dossier, ruling, 900).unwrap_err();
    assert_eq!(refusal.reason, reason, "{refusal}");
    assert_eq!((world.len(), &world.legs, &world.dossiers), (before.0, &before.1, &before.2));
}

fn registered(world: &mut World, number: u32, minutes: i64) -> Position {
    let register = RegisterDossier {
        said: said(E::Registered, OWNER, minutes),
        agency: party(OWNER),
        counter: Some(party(COUNTER)),
        code: dossier_code(number),
        procedure: None,
        slip: None,
        request_digest: [1; 32],
    };
    world.command(Act::Register(register)).unwrap().0
}

/// A dossier whose papers came by post to the counter, and the leg that brought them.
fn handed_over(world: &mut World) -> (Position, Position) {
    let picked = scan(E::PickedUp, PHONE, 1).code(item(1)).also(dossier_code(1)).to(OWNER);
    let dossier = registered(world, 1, 0);
    let leg = world.put(picked.with(|event| event.counter = Some(party(COUNTER))));
    world.put(scan(E::Offered, PHONE, 2).leg(leg));
    world.put(scan(E::Accepted, DESK, 3).leg(leg));
    (dossier, leg)
}

fn accepted(world: &mut World) -> (Position, Position) {
    let (dossier, leg) = handed_over(world);
    let said = said(E::DossierAccepted, COUNTER, 10);
    let target = AcceptTarget::Leg(leg);
    let accept = AcceptDossier { said, target, code: dossier_code(1), procedure: None };
    world.command(Act::Accept(accept)).unwrap();
    (dossier, leg)
}

fn announce(number: u32, minutes: i64, post: Option<Carriage>) -> AnnounceResult {
    let target = Announced::Code {
        agency: party(OWNER),
        counter: Some(party(COUNTER)),
        code: dossier_code(number),
        procedure: Some(BOTH_WAYS.into()),
    };
    let mut said = said(E::ResultAnnounced, OWNER, minutes);
    said.event.code = Some(dossier_code(number));
    AnnounceResult { said, target, post }
}

#[test]
fn papers_that_are_wanted_get_a_leg_of_their_own_and_the_dossier_waits_for_them() {
    let mut world = World::new();
    let (dossier, _) = accepted(&mut world);
    let (leg, written) =
        decide(&mut world, OWNER, dossier, Ruling::RequestSupplement(by_post()), 20).unwrap();
    assert_eq!((written.leg, written.dossier), (Some(leg), Some(dossier)));
    assert_eq!(written.parties, vec![party(OWNER), party(COUNTER), party(POST)]);
    let supplement = &world.legs[&leg];
    assert_eq!(supplement.birth.kind, LegKind::Supplement);
    assert_eq!(
        (supplement.fold.state, supplement.fold.holder.kind),
        (LegState::Ordered, HolderKind::Citizen)
    );
    assert_eq!(supplement.ordered_by, Some(party(OWNER)));
    assert_eq!(world.dossiers[&dossier].state(), DossierState::SupplementRequested);
    // They come, and are accepted: the agency goes on.
    world.put(scan(E::PickedUp, PHONE, 30).code(item(2)).leg(leg));
    world.put(scan(E::Accepted, DESK, 40).leg(leg));
    let said = said(E::DossierAccepted, COUNTER, 50);
    let target = AcceptTarget::Leg(leg);
    world
        .command(Act::Accept(AcceptDossier { said, target, code: dossier_code(1), procedure: None }))
        .unwrap();
    assert_eq!(world.dossiers[&dossier].state(), DossierState::Accepted);
}

#[test]
fn papers_that_come_to_the_counter_open_no_leg() {
    let mut world = World::new();
    let dossier = registered(&mut world, 1, 0);
    let (_, written) = decide(&mut world, COUNTER, dossier, Ruling::RequestSupplement(None), 20).unwrap();
    assert_eq!((written.leg, written.placement), (None, Placement::NoLeg));
    assert_eq!(written.parties, vec![party(OWNER), party(COUNTER)], "no carrier hears of it");
    assert!(world.legs.is_empty());
}

#[test]
fn what_is_refused_goes_home_on_a_leg_that_continues_the_one_that_brought_it() {
    let mut world = World::new();
    let (dossier, brought) = handed_over(&mut world);
    let (home, written) = decide(&mut world, COUNTER, dossier, Ruling::Refuse(by_post()), 20).unwrap();
    assert_eq!((written.leg, written.other_leg), (Some(home), Some(brought)));
    assert_eq!(world.state(brought), (LegState::HandedOver, HolderKind::None), "it stays handed over");
    assert_eq!(world.state(home), (LegState::Ordered, HolderKind::Agency));
    let leg = &world.legs[&home];
    assert_eq!((leg.birth.kind, leg.fold.order), (LegKind::ReturnToCitizen, OrderStatus::Active));
    assert_eq!(leg.fold.holder.party, Some(party(COUNTER)), "whoever has the papers gives them");
    assert_eq!(world.dossiers[&dossier].state(), DossierState::Refused);
    // The same envelope, under its old number.
    world.put(scan(E::Offered, DESK, 30).leg(home));
    let (_, picked) = world.scan(scan(E::PickedUp, PHONE, 31).code(item(1)));
    assert_eq!(picked.leg, Some(home));
    world.put(scan(E::OutForDelivery, PHONE, 40).code(item(1)));
    world.put(scan(E::Delivered, PHONE, 50).code(item(1)));
    assert_eq!(world.state(home), (LegState::Returned, HolderKind::Citizen));
    for ruling in [Ruling::RequestSupplement(None), Ruling::Stop(None), Ruling::Refuse(None)] {
        refused(&mut world, dossier, ruling, Reason::DossierState);
    }
}

#[test]
fn papers_that_never_got_a_dossier_can_be_refused_too() {
    let mut world = World::new();
    let picked = scan(E::PickedUp, PHONE, 1).code(item(1)).to(OWNER);
    let leg = world.put(picked.with(|event| event.counter = Some(party(COUNTER))));
    let refuse = |who, post| {
        let said = said(E::DossierRefused, who, 20);
        Act::Decide(Decide { said, subject: Subject::Leg(leg), ruling: Ruling::Refuse(post) })
    };
    let early = world.act(refuse(COUNTER, by_post())).unwrap_err();
    assert_eq!((early.reason, early.field.as_str()), (Reason::LegState, "leg"), "nobody has them yet");
    world.put(scan(E::Accepted, DESK, 3).leg(leg));
    assert_eq!(world.act(refuse(NEIGHBOUR, None)).unwrap_err().reason, Reason::NotFound);
    let (home, written) = world.command(refuse(COUNTER, by_post())).unwrap();
    assert_eq!((written.leg, written.other_leg, written.dossier), (Some(home), Some(leg), None));
    assert_eq!(world.state(home), (LegState::Ordered, HolderKind::Agency));
    assert!(world.dossiers.is_empty());
}

#[test]
fn an_order_to_take_papers_home_can_be_cancelled_and_they_stay_where_they_are() {
    let mut world = World::new();
    let (dossier, _) = accepted(&mut world);
    let (home, _) = decide(&mut world, OWNER, dossier, Ruling::Withdraw(by_post()), 20).unwrap();
    world.cancel(home, 30).unwrap();
    assert_eq!(world.state(home), (LegState::Cancelled, HolderKind::Agency));
}

#[test]
fn nothing_goes_home_while_papers_are_on_their_way_to_the_agency() {
    let mut world = World::new();
    let (dossier, _) = accepted(&mut world);
    let (leg, _) = decide(&mut world, OWNER, dossier, Ruling::RequestSupplement(by_post()), 20).unwrap();
    world.put(scan(E::PickedUp, PHONE, 30).code(item(2)).leg(leg));
    refused(&mut world, dossier, Ruling::Stop(by_post()), Reason::LegState);
    decide(&mut world, OWNER, dossier, Ruling::Stop(None), 40).unwrap();
}

#[test]
fn a_date_is_moved_once_and_never_into_the_past() {
    let mut world = World::new();
    let (dossier, _) = accepted(&mut world);
    let mut said = said(E::DueDateSet, OWNER, 20);
    said.event.due_at = Some(minute(20));
    let past = Act::Decide(Decide { said, subject: Subject::Dossier(dossier), ruling: Ruling::SetDueDate });
    let refusal = world.act(past).unwrap_err();
    assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::TimeOutOfRange, "due_at"));
    let (at, _) = decide(&mut world, OWNER, dossier, Ruling::SetDueDate, 20).unwrap();
    assert_eq!(world.dossiers[&dossier].due, vec![(at, minute(20 + DAY))]);
    refused(&mut world, dossier, Ruling::SetDueDate, Reason::DossierState);
}

#[test]
fn a_dossier_that_never_came_by_post_is_registered_announced_and_ordered_in_one_event() {
    let mut world = World::new();
    let mut act = announce(7, 10, by_post());
    act.said.event.also = vec![item(7)];
    act.said.event.particulars.terms = Terms { must_be_owner: true, take_back: 1, ..Terms::default() };
    let (at, written) = world.command(Act::Announce(act)).unwrap();
    assert_eq!((written.dossier, written.leg), (Some(at), Some(at)), "one event is the birth of both");
    assert_eq!(written.parties, vec![party(OWNER), party(COUNTER), party(POST)]);
    let dossier = &world.dossiers[&at];
    assert_eq!((dossier.state(), &dossier.legs), (DossierState::ResultReady, &vec![at]));
    let leg = &world.legs[&at];
    assert_eq!((leg.birth.kind, leg.dossier), (LegKind::Outbound, Some((at, at))));
    assert_eq!((leg.terms.must_be_owner, leg.terms.take_back), (true, 1));
    let (_, picked) = world.scan(scan(E::PickedUp, PHONE, 20).code(item(7)));
    assert_eq!(picked.leg, Some(at));
    let again = world.act(Act::Announce(announce(7, 30, by_post()))).unwrap_err();
    assert_eq!(again.reason, Reason::DossierState);
}

#[test]
fn an_announced_result_that_is_fetched_opens_no_leg_and_is_found_by_its_code() {
    let mut world = World::new();
    let (at, written) = world.command(Act::Announce(announce(7, 10, None))).unwrap();
    assert_eq!((written.dossier, written.leg, written.placement), (Some(at), None, Placement::NoLeg));
    assert!(world.tags.iter().any(|tag| tag.at == at));
    decide(&mut world, OWNER, at, Ruling::Close(Closing::Collected), 20).unwrap();
    assert_eq!(world.dossiers[&at].state(), DossierState::Closed);
}

#[test]
fn a_result_is_announced_only_where_its_procedure_lets_it_go_by_post() {
    let mut world = World::new();
    let mut act = announce(7, 10, by_post());
    if let Announced::Code { procedure, .. } = &mut act.target {
        *procedure = Some(BY_HAND.into());
    }
    let refusal = world.act(Act::Announce(act.clone())).unwrap_err();
    assert_eq!(refusal.reason, Reason::ProcedureNotEligible);
    act.post = None;
    world.command(Act::Announce(act)).unwrap();
}

#[test]
fn a_dossier_is_closed_by_post_only_once_it_was_delivered_and_at_the_counter_only_while_no_carrier_has_it() {
    let mut world = World::new();
    let (dossier, _) = world.command(Act::Announce(announce(7, 10, by_post()))).unwrap();
    refused(&mut world, dossier, Ruling::Close(Closing::ByPost), Reason::LegState);
    world.put(scan(E::PickedUp, PHONE, 20).code(item(7)).leg(dossier));
    refused(&mut world, dossier, Ruling::Close(Closing::ByPost), Reason::LegState);
    refused(&mut world, dossier, Ruling::Close(Closing::Collected), Reason::LegState);
    world.put(scan(E::Delivered, PHONE, 30).leg(dossier));
    let (at, _) = decide(&mut world, OWNER, dossier, Ruling::Close(Closing::ByPost), 40).unwrap();
    let last = world.dossiers[&dossier].decisions.last().copied();
    assert_eq!(last.map(|last| (last.by, last.kind)), Some((at, DecisionKind::Close)));
}

#[test]
fn a_delivery_that_is_taken_back_opens_the_closed_dossier_and_tells_its_agency() {
    let mut world = World::new();
    let (dossier, _) = world.command(Act::Announce(announce(7, 10, by_post()))).unwrap();
    world.put(scan(E::PickedUp, PHONE, 20).leg(dossier));
    world.put(scan(E::Delivered, PHONE, 30).leg(dossier));
    decide(&mut world, OWNER, dossier, Ruling::Close(Closing::ByPost), 40).unwrap();
    let wrong = Why::WRONG_RECEIVER;
    let unauthorised = scan(E::DeliveryRevoked, PHONE, 45).leg(dossier).reason(wrong);
    world.put(unauthorised);
    assert_eq!(world.dossiers[&dossier].state(), DossierState::Closed, "nobody but a supervisor revokes");
    let revoked = scan(E::DeliveryRevoked, PC, 50).leg(dossier).reason(wrong).supervisor();
    let (at, written) = world.scan(revoked);
    assert_eq!(shown(at, &written), vec![AnomalyKind::Reopened]);
    assert!(written.parties.contains(&party(OWNER)), "the agency is told");
    assert_eq!(world.dossiers[&dossier].state(), DossierState::ResultReady);
    refused(&mut world, dossier, Ruling::Close(Closing::ByPost), Reason::LegState);
    world.put(scan(E::Found, PHONE, 60).leg(dossier));
    world.put(scan(E::Delivered, PHONE, 70).leg(dossier));
    decide(&mut world, OWNER, dossier, Ruling::Close(Closing::ByPost), 80).unwrap();
}

#[test]
fn a_supervisor_who_says_what_a_clerk_had_said_in_vain_at_the_same_minute_opens_it_too() {
    let mut world = World::new();
    let (dossier, _) = world.command(Act::Announce(announce(7, 10, by_post()))).unwrap();
    world.put(scan(E::PickedUp, PHONE, 20).leg(dossier));
    world.put(scan(E::Delivered, PHONE, 30).leg(dossier));
    decide(&mut world, OWNER, dossier, Ruling::Close(Closing::ByPost), 40).unwrap();
    let revoked = |source| scan(E::DeliveryRevoked, source, 50).leg(dossier).reason(Why::WRONG_RECEIVER);
    world.put(revoked(PC));
    let (at, written) = world.scan(revoked(PHONE).supervisor());
    assert_eq!(written.placement, Placement::Corroborates, "it sorts before the clerk's");
    assert_eq!(shown(at, &written), vec![AnomalyKind::Reopened]);
    assert_eq!(world.dossiers[&dossier].state(), DossierState::ResultReady);
}

#[test]
fn a_child_that_was_delivered_lets_every_dossier_above_be_closed() {
    let mut world = World::new();
    let (parent, _) = accepted(&mut world);
    let (child, _) = world.command(Act::Announce(announce(8, 20, by_post()))).unwrap();
    let link = Ruling::Link { parent, agency: party(NEIGHBOUR) };
    let (_, written) = decide(&mut world, OWNER, child, link.clone(), 30).unwrap();
    assert!(written.parties.contains(&party(NEIGHBOUR)), "the parent's agency hears of it");
    refused(&mut world, parent, Ruling::Close(Closing::ByPost), Reason::DossierState);
    world.put(scan(E::PickedUp, PHONE, 40).leg(child));
    world.put(scan(E::Delivered, PHONE, 50).leg(child));
    let above = registered(&mut world, 9, 55);
    decide(&mut world, OWNER, parent, Ruling::Link { parent: above, agency: party(OWNER) }, 56).unwrap();
    for dossier in [parent, above] {
        decide(&mut world, OWNER, dossier, Ruling::Close(Closing::ByPost), 60).unwrap();
        assert_eq!(world.dossiers[&dossier].state(), DossierState::Closed);
    }
    // A dossier belongs to one other, and not to itself.
    decide(&mut world, OWNER, child, link, 61).unwrap();
    let to_another = Ruling::Link { parent: at(999), agency: party(NEIGHBOUR) };
    refused(&mut world, child, to_another, Reason::DossierState);
    let to_itself = Ruling::Link { parent, agency: party(OWNER) };
    refused(&mut world, parent, to_itself, Reason::DossierState);
}

#[test]
fn only_the_agency_of_a_dossier_or_its_counter_decides() {
    let mut world = World::new();
    let dossier = registered(&mut world, 1, 0);
    for stranger in [NEIGHBOUR, POST] {
        let refusal = decide(&mut world, stranger, dossier, Ruling::Refuse(None), 10).unwrap_err();
        assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::NotFound, "dossier"));
    }
    let refusal = decide(&mut world, OWNER, at(99), Ruling::Refuse(None), 10).unwrap_err();
    assert_eq!(refusal.reason, Reason::NotFound, "what is another's is answered like what never was");
    decide(&mut world, COUNTER, dossier, Ruling::Refuse(None), 10).unwrap();
}
