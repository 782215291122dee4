//! Batches of decisions: each line is answered as its own call is, and a bad one hinders none.

use bytes::Bytes;
use prost::Message;
use tonic::Code;
use trao::doors::wire::v1;
use v1::decision_result::Result as Line;
use v1::dossier_decision::Decision as Made;

use super::*;

async fn announce_all(
    world: &World,
    who: &Partner,
    requests: Vec<Bytes>,
) -> Result<Vec<v1::DecisionResult>, Status> {
    // The generated client takes the lines as the gateway does: bytes, each read by itself.
    let request = who.ask(v1::BatchAnnounceResultsRequest { requests });
    Ok(world.dossiers().batch_announce_results(request).await?.into_inner().results)
}

/// What became of each line: a dossier's state, or why it was refused and in which field.
fn became(results: &[v1::DecisionResult]) -> Vec<Result<v1::DossierState, (String, String)>> {
    let one = |result: &v1::DecisionResult| match result.result.as_ref().unwrap() {
        Line::Decided(decided) => Ok(decided.dossier.as_ref().unwrap().state()),
        Line::Refusal(refusal) => Err((refusal.reason.clone(), refusal.field.clone())),
    };
    results.iter().map(one).collect()
}

fn refused(reason: &str, field: &str) -> Result<v1::DossierState, (String, String)> {
    Err((reason.to_owned(), field.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_announcement_of_a_batch_is_answered_by_itself() {
    let world = World::start().await;
    let p = &world.province;
    let good = [by_post(&world, 1), announcement(&world, 2), by_post(&world, 3)];
    let wrong_item = v1::AnnounceResultRequest {
        item: code(&codes::item_with_wrong_check_digit(4)),
        ..by_post(&world, 4)
    };
    let not_by_post = v1::AnnounceResultRequest {
        procedure: crate::support::world::NOT_BY_POST.to_owned(),
        ..by_post(&world, 5)
    };
    let lines = vec![
        good[0].encode_to_vec().into(),
        Bytes::from_static(b"\xff\xff no message"),
        wrong_item.encode_to_vec().into(),
        good[1].encode_to_vec().into(),
        not_by_post.encode_to_vec().into(),
        good[2].encode_to_vec().into(),
    ];
    let ready = || Ok(v1::DossierState::ResultReady);
    let wanted = vec![
        ready(),
        refused("MESSAGE_MALFORMED", ""),
        refused("CHECK_DIGIT", "item.value"),
        ready(),
        refused("PROCEDURE_NOT_ELIGIBLE", "procedure"),
        ready(),
    ];
    let results = announce_all(&world, &p.department, lines.clone()).await.unwrap();
    assert_eq!(became(&results), wanted);
    let log = world.log(&p.department).await;
    assert_eq!(log.len(), 3, "the others left nothing");
    let legs: Vec<bool> = log.iter().map(|listed| !listed.leg.is_empty()).collect();
    assert_eq!(legs, [true, false, true], "one event is the birth of a dossier and of its leg");
    assert_eq!(world.log(&p.post).await.len(), 2, "the carrier hears of what it brings");

    let again = announce_all(&world, &p.department, lines).await.unwrap();
    assert_eq!(became(&again), wanted);
    let records = |results: &[v1::DecisionResult]| -> Vec<(bool, Bytes)> {
        let recorded = |result: &v1::DecisionResult| match result.result.as_ref()? {
            Line::Decided(decided) => decided.recorded.as_ref().map(|r| (r.replayed, r.record.clone())),
            Line::Refusal(_) => None,
        };
        results.iter().filter_map(recorded).collect()
    };
    for (first, again) in records(&results).iter().zip(records(&again)) {
        assert_eq!((first.0, again.0, &first.1), (false, true, &again.1));
    }
    assert_eq!(world.log(&p.department).await.len(), 3);
    let too_many = vec![Bytes::new(); 501];
    let whole = announce_all(&world, &p.department, too_many).await.unwrap_err();
    assert_eq!((whole.code(), reason(&whole).as_str()), (Code::InvalidArgument, "BATCH_TOO_LARGE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_of_all_kinds_go_in_one_batch() {
    let world = World::start().await;
    let p = &world.province;
    let parent = accepted(&world, 11).await.name;
    let mut names = Vec::new();
    for number in 12..=16 {
        names.push(accepted(&world, number).await.name);
    }
    handed_over(&world, 17).await;
    let unaccepted = registered(&world, 18).await;
    let announce = v1::AnnounceResultRequest {
        request_id: world.fresh("announce"),
        dossier: names[4].clone(),
        ..v1::AnnounceResultRequest::default()
    };
    announced(&world, &p.department, announce).await;
    let made = [
        Made::Accept(acceptance(17)),
        Made::RequestSupplement(v1::RequestSupplementRequest {
            dossier: names[0].clone(),
            carrier: CARRIER.to_owned(),
            due_at: in_days(10),
            ..v1::RequestSupplementRequest::default()
        }),
        Made::Refuse(v1::RefuseDossierRequest { dossier: unaccepted, ..v1::RefuseDossierRequest::default() }),
        Made::Withdraw(v1::WithdrawDossierRequest {
            dossier: names[1].clone(),
            carrier: CARRIER.to_owned(),
            ..v1::WithdrawDossierRequest::default()
        }),
        Made::Stop(v1::StopDossierRequest { dossier: names[2].clone(), ..v1::StopDossierRequest::default() }),
        Made::SetDueDate(v1::SetDueDateRequest {
            dossier: names[3].clone(),
            due_at: in_days(9),
            ..v1::SetDueDateRequest::default()
        }),
        Made::Close(v1::CloseDossierRequest {
            dossier: names[4].clone(),
            closing: v1::Closing::Collected.into(),
            ..v1::CloseDossierRequest::default()
        }),
        Made::Link(v1::LinkDossiersRequest {
            dossier: names[3].clone(),
            parent: parent.clone(),
            ..v1::LinkDossiersRequest::default()
        }),
        Made::Close(v1::CloseDossierRequest {
            dossier: names[0].clone(),
            closing: v1::Closing::ByPost.into(),
            ..v1::CloseDossierRequest::default()
        }),
    ];
    let mut lines: Vec<Bytes> =
        made.into_iter().map(|made| decision(&world, made).encode_to_vec().into()).collect();
    lines.push(v1::DossierDecision::default().encode_to_vec().into());
    let before = world.log(&p.centre).await.len();
    let request = p.centre.ask(v1::BatchDecideDossiersRequest { decisions: lines });
    let results = world.dossiers().batch_decide_dossiers(request).await.unwrap().into_inner().results;
    use v1::DossierState as State;
    let wanted = [
        Ok(State::Accepted),
        Ok(State::SupplementRequested),
        Ok(State::Refused),
        Ok(State::Withdrawn),
        Ok(State::Stopped),
        Ok(State::Accepted),
        Ok(State::Closed),
        Ok(State::Accepted),
        refused("DOSSIER_STATE", "dossier"),
        refused("FIELD_REQUIRED", "decision"),
    ];
    assert_eq!(became(&results), wanted);
    assert_eq!(world.log(&p.centre).await.len(), before + 8);
    let children = seen(&world, &p.department, &parent).await.unwrap().children;
    assert_eq!(children.iter().map(|child| child.name.as_str()).collect::<Vec<_>>(), [names[3].as_str()]);
}
