//! A decision made again is the first one's record, whatever has become of the dossier since.

use tonic::Code;
use trao::doors::wire::v1;
use v1::dossier_decision::Decision as Made;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_decision_again_is_the_first_ones_record_and_another_under_its_id_is_told_so() {
    let world = World::start().await;
    let p = &world.province;
    let dossier = accepted(&world, 1).await.name;
    let first = decision(
        &world,
        Made::RequestSupplement(v1::RequestSupplementRequest {
            dossier: dossier.clone(),
            reason: v1::Reason::IncompletePapers.into(),
            ..v1::RequestSupplementRequest::default()
        }),
    );
    let answer = decide(&world, &p.department, first.clone()).await.unwrap();
    assert!(!answer.recorded.as_ref().unwrap().replayed);
    // Since then it was decided, and the same request would be refused if it were new.
    let withdraw =
        v1::WithdrawDossierRequest { dossier: dossier.clone(), ..v1::WithdrawDossierRequest::default() };
    let withdrawn = decided(&world, &p.department, Made::Withdraw(withdraw)).await;
    let before = world.log(&p.department).await.len();
    let again = decide(&world, &p.department, first.clone()).await.unwrap();
    let (first_recorded, recorded) = (answer.recorded.unwrap(), again.recorded.unwrap());
    assert!(recorded.replayed);
    assert_eq!((&recorded.record, recorded.position), (&first_recorded.record, first_recorded.position));
    assert_eq!(again.dossier, Some(withdrawn), "the dossier beside it is as it is now");

    let Some(Made::RequestSupplement(request)) = first.decision else { unreachable!() };
    let other = v1::RequestSupplementRequest { reason: v1::Reason::Other.into(), ..request };
    let other = v1::DossierDecision { decision: Some(Made::RequestSupplement(other)) };
    let refused = decide(&world, &p.department, other).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "EVENT_KEY_REUSED"));
    assert_eq!(world.log(&p.department).await.len(), before, "nothing was journaled");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_sent_twice_is_one_dossier_and_one_leg() {
    let world = World::start().await;
    let department = &world.province.department;
    let request = by_post(&world, 2);
    let call = || world.dossiers();
    let first = call().announce_result(department.ask(request.clone())).await.unwrap().into_inner();
    let again = call().announce_result(department.ask(request.clone())).await.unwrap().into_inner();
    let (was, is) = (first.recorded.unwrap(), again.recorded.unwrap());
    assert_eq!((was.replayed, is.replayed, &was.record), (false, true, &is.record));
    assert_eq!(first.dossier, again.dossier);
    assert_eq!(again.dossier.unwrap().legs.len(), 1);
    // Under another id the result is announced already.
    let anew = v1::AnnounceResultRequest { request_id: world.fresh("announce"), ..request };
    let refused = call().announce_result(department.ask(anew)).await.unwrap_err();
    assert_eq!(reason(&refused), "DOSSIER_STATE");
    assert_eq!(world.log(department).await.len(), 1);
}

/// The counter's own label is taken back after the acceptance that named it: that code finds nothing any more.
#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_is_answered_again_though_its_leg_is_no_longer_found_by_that_code() {
    let world = World::start().await;
    let p = &world.province;
    for (number, code) in [(3, code(&codes::dossier(3))), (4, opaque("0004/2026"))] {
        let leg = handed_over(&world, number).await;
        let label = codes::item(100 + number);
        let labelled = v1::Event {
            also: vec![v1::Code { value: label.clone(), ..v1::Code::default() }],
            ..event(Type::Labelled, &codes::item(number))
        };
        let labelled = world.say(&p.centre, READER, &labelled).await;
        assert_eq!(anomalies(&labelled), []);
        assert!(world.leg(&p.centre, &leg).await.items.contains(&label));
        let accept = v1::AcceptDossierRequest {
            target: crate::support::partner::code(&label).map(Target::Item),
            code,
            ..v1::AcceptDossierRequest::default()
        };
        let accept = decision(&world, Made::Accept(accept));
        let first = decide(&world, &p.centre, accept.clone()).await.unwrap();
        let position = labelled.position.unwrap();
        let void = v1::Event {
            corrects: format!("{}-{}", position.lane, position.pos),
            ..event(Type::Voided, &codes::item(number))
        };
        assert_eq!(anomalies(&world.say(&p.centre, READER, &void).await), []);
        assert!(!world.leg(&p.centre, &leg).await.items.contains(&label), "the label is off");

        let again = decide(&world, &p.centre, accept.clone()).await.unwrap();
        let (first_recorded, recorded) = (first.recorded.unwrap(), again.recorded.unwrap());
        assert!(recorded.replayed);
        assert_eq!(recorded.record, first_recorded.record);
        assert_eq!(again.dossier.unwrap().name, first.dossier.unwrap().name);
        // A new acceptance by that code finds nothing.
        let Some(Made::Accept(request)) = accept.decision else { unreachable!() };
        let anew = decide(&world, &p.centre, decision(&world, Made::Accept(request))).await.unwrap_err();
        assert_eq!(reason(&anew), "NOT_FOUND");
    }
}

fn opaque(value: &str) -> Option<v1::Code> {
    Some(v1::Code { kind: v1::CodeKind::Dossier.into(), value: value.to_owned(), agency: String::new() })
}
