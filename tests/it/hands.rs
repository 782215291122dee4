//! Handovers and what undoes them: both sides must say so, by two principals; a scan is voided, a delivery revoked, an
//! envelope sent back, and at every moment one pair of hands has it.

use trao::doors::wire::v1;
use v1::AnomalyKind;
use v1::EventType as Type;
use v1::LegState;

use crate::support::codes;
use crate::support::ledger;
use crate::support::partner::{OTHER_PDA, PC, PDA, Partner, READER, attested, capture, event};
use crate::support::world::{CARRIER, CENTRE, DEPARTMENT, World, anomalies};

fn corrects(recorded: &v1::Recorded) -> String {
    let position = recorded.position.unwrap();
    format!("{}-{}", position.lane, position.pos)
}

/// An item picked up for the department by way of its counter; gives its leg.
async fn picked_up(world: &World, item: &str) -> String {
    let picked = v1::Event {
        agency: DEPARTMENT.to_owned(),
        counter: CENTRE.to_owned(),
        ..event(Type::PickedUp, item)
    };
    let line = v1::Capture { personal: attested(), ..capture(PDA, &world.fresh("picked"), &picked) };
    let recorded = world.capture(&world.province.post, line).await.unwrap();
    assert_eq!(anomalies(&recorded), []);
    format!("legs/{}", corrects(&recorded))
}

/// A result delivered to the citizen; gives its leg.
async fn delivered(world: &World, item: &str) -> String {
    let order = v1::OrderLegRequest {
        item: crate::support::partner::code(item),
        ..world.order(v1::LegKind::Outbound)
    };
    let leg = world.ordered(&world.province.department, order).await.name;
    world.say(&world.province.centre, READER, &event(Type::Offered, item)).await;
    world.scan(PDA, Type::PickedUp, item).await;
    world.scan(PDA, Type::OutForDelivery, item).await;
    let line = v1::Capture {
        personal: attested(),
        ..capture(PDA, &world.fresh("delivered"), &event(Type::Delivered, item))
    };
    assert_eq!(anomalies(&world.capture(&world.province.post, line).await.unwrap()), []);
    assert_eq!(world.leg(&world.province.post, &leg).await.state(), LegState::Delivered);
    leg
}

async fn state(world: &World, leg: &str) -> (LegState, v1::HolderKind, String) {
    let leg = world.leg(&world.province.department, leg).await;
    let holder = leg.holder.clone().unwrap();
    (leg.state(), holder.kind(), holder.party)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_without_offer_moves_and_stays_one_sided_until_the_giver_says_so_too() {
    let world = World::start().await;
    let item = codes::item(30);
    let leg = picked_up(&world, &item).await;
    let accepted = world.say(&world.province.centre, READER, &event(Type::Accepted, &item)).await;
    assert_eq!(anomalies(&accepted), [AnomalyKind::OneSided]);
    let handed_over = (LegState::HandedOver, v1::HolderKind::Agency, CENTRE.to_owned());
    assert_eq!(state(&world, &leg).await, handed_over);
    let open = |leg: &v1::Leg| leg.anomalies.iter().any(|a| a.kind() == AnomalyKind::OneSided);
    assert!(open(&world.leg(&world.province.post, &leg).await));

    // A day later the postman's phone comes back: its offer completes and moves nothing.
    let offered = world.scan(PDA, Type::Offered, &item).await;
    assert_eq!(anomalies(&offered), []);
    assert_eq!(state(&world, &leg).await, handed_over);
    assert!(!open(&world.leg(&world.province.post, &leg).await), "the handover is complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_on_both_sides_moves_nothing_as_a_fact_and_is_told() {
    let world = World::start().await;
    let folder = world.gateway.folder();
    let person = ["--person", "NV-0007"];
    let both = |party, role, source: &'static str| {
        Partner::create(folder, party, role, &[person[0], person[1], "--source", source])
    };
    let as_postman = both("carriers/p", "post-operator", PDA);
    let as_clerk = both(CENTRE, "agency-officer", READER);
    let item = codes::item(31);
    let leg = picked_up(&world, &item).await;
    world.say(&as_postman, PDA, &event(Type::Offered, &item)).await;
    let offered = (LegState::Offered, v1::HolderKind::Post, CARRIER.to_owned());
    assert_eq!(state(&world, &leg).await, offered);

    let accepted = world.say(&as_clerk, READER, &event(Type::Accepted, &item)).await;
    assert_eq!(anomalies(&accepted), [AnomalyKind::SamePrincipal]);
    assert_eq!(state(&world, &leg).await, offered, "the same person on both sides moves nothing");
    let outcome = accepted.outcome.unwrap();
    assert_eq!(outcome.holder_before, outcome.holder_after);

    // Somebody else of the agency may.
    let accepted = world.say(&world.province.centre, READER, &event(Type::Accepted, &item)).await;
    assert_eq!(anomalies(&accepted), []);
    assert_eq!(state(&world, &leg).await.0, LegState::HandedOver);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_cannot_complete_a_one_sided_acceptance_either() {
    let world = World::start().await;
    let folder = world.gateway.folder();
    let as_postman =
        Partner::create(folder, "carriers/p", "post-operator", &["--person", "NV-8", "--source", PDA]);
    let as_clerk =
        Partner::create(folder, CENTRE, "agency-officer", &["--person", "NV-8", "--source", READER]);
    let item = codes::item(32);
    let leg = picked_up(&world, &item).await;
    let accepted = world.say(&as_clerk, READER, &event(Type::Accepted, &item)).await;
    assert_eq!(anomalies(&accepted), [AnomalyKind::OneSided]);
    let offered = world.say(&as_postman, PDA, &event(Type::Offered, &item)).await;
    assert_eq!(anomalies(&offered), [AnomalyKind::SamePrincipal]);
    let seen = world.leg(&world.province.post, &leg).await;
    assert!(seen.anomalies.iter().any(|a| a.kind() == AnomalyKind::OneSided), "still open: {seen:?}");
    let offered = world.scan(PC, Type::Offered, &item).await;
    assert_eq!(anomalies(&offered), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_receive_moves_nothing() {
    let world = World::start().await;
    let item = codes::item(33);
    let leg = picked_up(&world, &item).await;
    let held = state(&world, &leg).await;
    // The owner is not the counter, but both may receive for it; a carrier's acceptance of its own is no handover.
    let accepted = world.scan(PC, Type::Accepted, &item).await;
    assert!(!anomalies(&accepted).is_empty(), "{accepted:?}");
    assert_eq!(state(&world, &leg).await, held);
    // A foreign party scans it: UNKNOWN_CODE, and the leg does not know of it.
    let events = world.leg(&world.province.post, &leg).await.events;
    for (who, source) in [(&world.province.other_post, OTHER_PDA)] {
        let recorded = world.say(who, source, &event(Type::Accepted, &item)).await;
        assert_eq!(anomalies(&recorded), [AnomalyKind::UnknownCode]);
        assert_eq!(recorded.placement(), v1::Placement::Unplaced);
        assert_eq!(recorded.outcome, None);
    }
    let seen = world.leg(&world.province.post, &leg).await;
    assert_eq!((seen.events, state(&world, &leg).await), (events, held));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sources_that_say_the_same_confirm_each_other_and_one_that_repeats_itself_is_told() {
    let world = World::start().await;
    let item = codes::item(34);
    let leg = picked_up(&world, &item).await;
    world.scan(PC, Type::OfficeIn, &item).await;
    let confirmed = world.scan(PDA, Type::OfficeIn, &item).await;
    assert_eq!((confirmed.placement(), anomalies(&confirmed)), (v1::Placement::Corroborates, vec![]));
    let repeated = world.scan(PDA, Type::OfficeIn, &item).await;
    assert_eq!(anomalies(&repeated), [AnomalyKind::DuplicateScan]);
    assert_eq!(state(&world, &leg).await.0, LegState::AtOffice);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mis_scan_is_voided_by_its_own_source_before_the_other_side_has_answered() {
    let world = World::start().await;
    let item = codes::item(35);
    let leg = picked_up(&world, &item).await;
    let before = state(&world, &leg).await;
    let mistaken = world.scan(PC, Type::OutForDelivery, &item).await;
    assert_eq!(state(&world, &leg).await.0, LegState::OutForDelivery);

    let void =
        |recorded: &v1::Recorded| v1::Event { corrects: corrects(recorded), ..event(Type::Voided, &item) };
    // Another source's void does not count.
    let refused = world.say(&world.province.post, PDA, &void(&mistaken)).await;
    assert_eq!(anomalies(&refused), [AnomalyKind::VoidRefused]);
    assert_eq!(state(&world, &leg).await.0, LegState::OutForDelivery);
    // Its own does.
    let voided = world.say(&world.province.post, PC, &void(&mistaken)).await;
    assert_eq!(anomalies(&voided), []);
    assert_eq!(state(&world, &leg).await, before);

    // An offer that was answered stands.
    let offered = world.scan(PC, Type::Offered, &item).await;
    world.say(&world.province.centre, READER, &event(Type::Accepted, &item)).await;
    let refused = world.say(&world.province.post, PC, &void(&offered)).await;
    assert_eq!(anomalies(&refused), [AnomalyKind::VoidRefused]);
    assert_eq!(state(&world, &leg).await.0, LegState::HandedOver);
    ledger::check(&world.gateway.database());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_revoked_by_a_supervisor_alone_and_says_why() {
    let world = World::start().await;
    let p = &world.province;
    let revoke = |item: &str, reason: v1::Reason| v1::Event {
        reason: reason.into(),
        ..event(Type::DeliveryRevoked, item)
    };
    let first = codes::item(36);
    let leg = delivered(&world, &first).await;
    let refused = world.say(&p.post, PDA, &revoke(&first, v1::Reason::NeverLeftHand)).await;
    assert_eq!(anomalies(&refused), [AnomalyKind::NotSupervisor]);
    assert_eq!(state(&world, &leg).await.0, LegState::Delivered);
    let revoked = world.say(&p.post_supervisor, PC, &revoke(&first, v1::Reason::NeverLeftHand)).await;
    assert_eq!(anomalies(&revoked), []);
    let again = (LegState::OutForDelivery, v1::HolderKind::Post, CARRIER.to_owned());
    assert_eq!(state(&world, &leg).await, again);

    let second = codes::item(37);
    let leg = delivered(&world, &second).await;
    let why = world.say(&p.post_supervisor, PC, &revoke(&second, v1::Reason::Absent)).await;
    assert_eq!(anomalies(&why), [AnomalyKind::ReasonUnknown]);
    assert_eq!(state(&world, &leg).await.0, LegState::Delivered);
    world.say(&p.post_supervisor, PC, &revoke(&second, v1::Reason::WrongReceiver)).await;
    let liable = (LegState::ToRecover, v1::HolderKind::Post, CARRIER.to_owned());
    assert_eq!(state(&world, &leg).await, liable);
    world.scan(PC, Type::Found, &second).await;
    assert_eq!(state(&world, &leg).await.0, LegState::AtOffice);
    ledger::check(&world.gateway.database());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_delivered_goes_back_on_a_leg_of_its_own_and_one_pair_of_hands_has_it() {
    let world = World::start().await;
    let p = &world.province;
    let item = codes::item(38);
    let order = v1::OrderLegRequest {
        item: crate::support::partner::code(&item),
        ..world.order(v1::LegKind::Outbound)
    };
    let outbound = world.ordered(&p.department, order).await.name;
    world.say(&p.centre, READER, &event(Type::Offered, &item)).await;
    world.scan(PDA, Type::PickedUp, &item).await;
    for _ in 0..2 {
        world.scan(PDA, Type::OutForDelivery, &item).await;
        let failed = v1::Event { reason: v1::Reason::Absent.into(), ..event(Type::AttemptFailed, &item) };
        world.say(&p.post, PDA, &failed).await;
    }
    let started = world.scan(PC, Type::ReturnStarted, &item).await;
    assert_eq!(anomalies(&started), []);
    let back = format!("legs/{}", corrects(&started));
    let gone = world.leg(&p.department, &outbound).await;
    assert_eq!(
        (gone.state(), gone.continued_by.as_str(), gone.attempts),
        (LegState::Undelivered, back.as_str(), 2)
    );
    assert_eq!(state(&world, &outbound).await.1, v1::HolderKind::None);
    let returning = world.leg(&p.department, &back).await;
    assert_eq!((returning.kind(), returning.state()), (v1::LegKind::ReturnToAgency, LegState::Returning));
    assert_eq!(returning.continues, outbound);
    let by_post = (LegState::Returning, v1::HolderKind::Post, CARRIER.to_owned());
    assert_eq!(state(&world, &back).await, by_post, "the hands stay");

    // The same code now means the leg that is open.
    world.scan(PC, Type::Offered, &item).await;
    let accepted = world.say(&p.centre, READER, &event(Type::Accepted, &item)).await;
    assert_eq!(anomalies(&accepted), []);
    let returned = (LegState::Returned, v1::HolderKind::Agency, CENTRE.to_owned());
    assert_eq!(state(&world, &back).await, returned);
    assert_eq!(state(&world, &outbound).await.0, LegState::Undelivered);
    ledger::check(&world.gateway.database());
}

#[tokio::test(flavor = "multi_thread")]
async fn hands_win_over_a_cancelled_order() {
    let world = World::start().await;
    let p = &world.province;
    let item = codes::item(39);
    let order = v1::OrderLegRequest {
        item: crate::support::partner::code(&item),
        ..world.order(v1::LegKind::Inbound)
    };
    let leg = world.ordered(&p.department, order).await.name;
    let mut early = event(Type::PickedUp, &item);
    early.occurred_at.as_mut().unwrap().seconds -= 60;
    let cancel = v1::CancelLegRequest {
        request_id: "cancel-1".to_owned(),
        name: leg.clone(),
        ..v1::CancelLegRequest::default()
    };
    let cancelled = world.legs().cancel_leg(p.department.ask(cancel)).await.unwrap().into_inner();
    assert_eq!(cancelled.leg.unwrap().state(), LegState::Cancelled);
    let line = v1::Capture { personal: attested(), ..capture(PDA, "late-pick-up", &early) };
    world.capture(&p.post, line).await.unwrap();
    let seen = world.leg(&p.department, &leg).await;
    assert_eq!(
        (seen.order(), seen.holder.as_ref().unwrap().kind()),
        (v1::OrderStatus::Cancelled, v1::HolderKind::Post)
    );
    assert!(seen.anomalies.iter().any(|a| a.kind() == AnomalyKind::PickedUpAfterCancel), "{seen:?}");
}
