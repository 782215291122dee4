//! What an agency lays down with its result: who may receive it, and what is to be paid for it.

use trao::doors::wire::v1;
use v1::dossier_decision::Decision as Made;
use v1::{AnomalyKind, DossierState as State, FeeKind, LegState, Relation};

use super::*;
use crate::support::world::event_of;

fn vnd(kind: FeeKind, vnd: i64) -> v1::Money {
    v1::Money { kind: kind.into(), vnd }
}

fn flags(leg: &v1::Leg) -> Vec<AnomalyKind> {
    leg.anomalies.iter().map(v1::Anomaly::kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_for_the_addressee_alone_that_a_neighbour_got_is_told_at_once_and_stays_told() {
    let world = World::start().await;
    let p = &world.province;
    let own = v1::AnnounceResultRequest { must_be_owner: true, take_back: 1, ..by_post(&world, 1) };
    let dossier = announced(&world, &p.department, own).await;
    let leg = world.leg(&p.post, &dossier.legs[0].name).await;
    assert_eq!((leg.must_be_owner, leg.take_back), (true, 1), "the postman is told");
    let to = |relation: Relation| move |event| v1::Event { relation: relation.into(), ..event };
    let recorded = delivered(&world, 1, to(Relation::Neighbour)).await;
    assert_eq!(anomalies(&recorded), [AnomalyKind::ReceiverNotEntitled], "in the answer to the postman");
    for who in [&p.post, &p.department, &p.centre] {
        let leg = world.leg(who, &leg.name).await;
        assert_eq!((leg.state(), flags(&leg)), (LegState::Delivered, vec![AnomalyKind::ReceiverNotEntitled]));
    }
    // To whoever has the addressee's written word it may go, and one that anybody may get to a neighbour too.
    let own = v1::AnnounceResultRequest { must_be_owner: true, ..by_post(&world, 2) };
    announced(&world, &p.department, own).await;
    assert_eq!(anomalies(&delivered(&world, 2, to(Relation::Authorised)).await), []);
    announced(&world, &p.department, by_post(&world, 3)).await;
    assert_eq!(anomalies(&delivered(&world, 3, to(Relation::Neighbour)).await), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_that_was_not_asked_for_is_flagged_and_settled_once_it_is_collected() {
    let world = World::start().await;
    let p = &world.province;
    let dues = vec![vnd(FeeKind::AgencyFee, 60_000), vnd(FeeKind::Postage, 26_000)];
    let request = v1::AnnounceResultRequest { dues: dues.clone(), ..by_post(&world, 11) };
    let dossier = announced(&world, &p.department, request).await;
    let leg = dossier.legs[0].name.clone();
    let seen_leg = world.leg(&p.post, &leg).await;
    assert_eq!((seen_leg.dues, seen_leg.paid), (dues.clone(), vec![]));

    let postage = |event| v1::Event { money: vec![vnd(FeeKind::Postage, 26_000)], ..event };
    let recorded = delivered(&world, 11, postage).await;
    assert_eq!(anomalies(&recorded), [AnomalyKind::FeeUnpaid], "handed over all the same, and told");
    let unpaid = world.leg(&p.department, &leg).await;
    assert_eq!((unpaid.state(), flags(&unpaid)), (LegState::Delivered, vec![AnomalyKind::FeeUnpaid]));
    assert_eq!(unpaid.paid, [vnd(FeeKind::Postage, 26_000)]);

    let collected = v1::Event {
        money: vec![vnd(FeeKind::AgencyFee, 60_000)],
        ..event(Type::FeeCollected, &codes::item(11))
    };
    assert_eq!(anomalies(&world.say(&p.post, PDA, &collected).await), []);
    let settled = world.leg(&p.department, &leg).await;
    assert_eq!((flags(&settled), settled.paid), (vec![], dues), "each kind for itself");
    // Money without its kind is nobody's.
    let nobodys =
        v1::AnnounceResultRequest { dues: vec![vnd(FeeKind::Unspecified, 1)], ..by_post(&world, 12) };
    let refused = world.dossiers().announce_result(p.department.ask(nobodys)).await.unwrap_err();
    assert_eq!(reason(&refused), "FIELD_REQUIRED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_a_supervisor_takes_back_opens_the_closed_dossier_and_its_agency_reads_of_it() {
    let world = World::start().await;
    let p = &world.province;
    let dossier = announced(&world, &p.department, by_post(&world, 21)).await.name;
    let close = |closing: v1::Closing| {
        Made::Close(v1::CloseDossierRequest {
            dossier: dossier.clone(),
            closing: closing.into(),
            ..v1::CloseDossierRequest::default()
        })
    };
    let early =
        decide(&world, &p.department, decision(&world, close(v1::Closing::ByPost))).await.unwrap_err();
    assert_eq!(reason(&early), "LEG_STATE");
    delivered(&world, 21, |event| event).await;
    assert!(seen(&world, &p.department, &dossier).await.unwrap().close_proposed);
    let closed = decided(&world, &p.department, close(v1::Closing::ByPost)).await;
    assert_eq!((closed.state(), closed.close_proposed), (State::Closed, false));

    let revoked = v1::Event {
        reason: v1::Reason::WrongReceiver.into(),
        ..event(Type::DeliveryRevoked, &codes::item(21))
    };
    assert_eq!(anomalies(&world.say(&p.post, PDA, &revoked).await), [AnomalyKind::NotSupervisor]);
    assert_eq!(seen(&world, &p.department, &dossier).await.unwrap().state(), State::Closed);
    let recorded = world.say(&p.post_supervisor, PC, &revoked).await;
    assert_eq!(anomalies(&recorded), [AnomalyKind::Reopened], "{recorded:?}");
    let open = seen(&world, &p.department, &dossier).await.unwrap();
    assert_eq!((open.state(), open.close_proposed), (State::ResultReady, false));
    assert_eq!(types(&open), [Type::ResultAnnounced, Type::DossierClosed, Type::DeliveryRevoked]);
    for who in [&p.department, &p.centre] {
        let last = world.log(who).await.pop().unwrap();
        assert_eq!(event_of(&last).r#type(), Type::DeliveryRevoked);
        assert_eq!((last.position, last.dossier.as_str()), (recorded.position, dossier.as_str()));
        let flagged: Vec<_> = last.anomalies.iter().map(v1::Anomaly::kind).collect();
        assert_eq!(flagged, [AnomalyKind::Reopened]);
    }
    // Got back and delivered again, it is closed again.
    let again =
        decide(&world, &p.department, decision(&world, close(v1::Closing::ByPost))).await.unwrap_err();
    assert_eq!(reason(&again), "LEG_STATE");
    world.scan(PC, Type::Found, &codes::item(21)).await;
    delivered(&world, 21, |event| event).await;
    assert_eq!(decided(&world, &p.department, close(v1::Closing::ByPost)).await.state(), State::Closed);
}
