//! What agencies decide of their dossiers, through the whole gateway: who may, when, and what everybody else sees of it.

mod batches;
mod command;
mod family;
mod money;
mod parties;
mod retries;

use tonic::Status;
use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::accept_dossier_request::Target;
use v1::get_dossier_request::Key;

use crate::support::codes;
use crate::support::partner::{PC, PDA, Partner, READER, attested, capture, code, event, now, reason, slip};
use crate::support::world::{BY_POST, CARRIER, CENTRE, DEPARTMENT, World, anomalies};

/// A day that is to come.
fn in_days(days: i64) -> Option<prost_types::Timestamp> {
    let now = now();
    Some(prost_types::Timestamp { seconds: now.seconds + days * 86_400, nanos: 0 })
}

/// A decision of any kind but an announcement, under a fresh id.
fn decision(world: &World, made: v1::dossier_decision::Decision) -> v1::DossierDecision {
    use v1::dossier_decision::Decision as Made;
    let id = world.fresh("decide");
    let decision = match made {
        Made::Accept(request) => Made::Accept(v1::AcceptDossierRequest { request_id: id, ..request }),
        Made::RequestSupplement(request) => {
            Made::RequestSupplement(v1::RequestSupplementRequest { request_id: id, ..request })
        }
        Made::Refuse(request) => Made::Refuse(v1::RefuseDossierRequest { request_id: id, ..request }),
        Made::Withdraw(request) => Made::Withdraw(v1::WithdrawDossierRequest { request_id: id, ..request }),
        Made::Stop(request) => Made::Stop(v1::StopDossierRequest { request_id: id, ..request }),
        Made::SetDueDate(request) => Made::SetDueDate(v1::SetDueDateRequest { request_id: id, ..request }),
        Made::Close(request) => Made::Close(v1::CloseDossierRequest { request_id: id, ..request }),
        Made::Link(request) => Made::Link(v1::LinkDossiersRequest { request_id: id, ..request }),
    };
    v1::DossierDecision { decision: Some(decision) }
}

/// Makes a decision through its own call.
async fn decide(
    world: &World,
    who: &Partner,
    decision: v1::DossierDecision,
) -> Result<v1::DecidedDossier, Status> {
    use v1::dossier_decision::Decision as Made;
    let mut service = world.dossiers();
    macro_rules! call {
        ($method:ident, $request:expr) => {{
            let answer = service.$method(who.ask($request)).await?.into_inner();
            v1::DecidedDossier { dossier: answer.dossier, recorded: answer.recorded }
        }};
    }
    Ok(match decision.decision.unwrap() {
        Made::Accept(request) => call!(accept_dossier, request),
        Made::RequestSupplement(request) => call!(request_supplement, request),
        Made::Refuse(request) => call!(refuse_dossier, request),
        Made::Withdraw(request) => call!(withdraw_dossier, request),
        Made::Stop(request) => call!(stop_dossier, request),
        Made::SetDueDate(request) => call!(set_due_date, request),
        Made::Close(request) => call!(close_dossier, request),
        Made::Link(request) => call!(link_dossiers, request),
    })
}

/// Decides; it must be taken.
async fn decided(world: &World, who: &Partner, made: v1::dossier_decision::Decision) -> v1::Dossier {
    decide(world, who, decision(world, made)).await.unwrap().dossier.unwrap()
}

/// An announcement of the department under a fresh id, by the code of a number.
fn announcement(world: &World, number: u64) -> v1::AnnounceResultRequest {
    v1::AnnounceResultRequest {
        request_id: world.fresh("announce"),
        agency: DEPARTMENT.to_owned(),
        code: code(&codes::dossier(number)),
        procedure: BY_POST.to_owned(),
        counter: CENTRE.to_owned(),
        ..v1::AnnounceResultRequest::default()
    }
}

/// The same, brought by post in the envelope of the number.
fn by_post(world: &World, number: u64) -> v1::AnnounceResultRequest {
    v1::AnnounceResultRequest {
        carrier: CARRIER.to_owned(),
        item: code(&codes::item(number)),
        ..announcement(world, number)
    }
}

/// Announces; it must be taken.
async fn announced(world: &World, who: &Partner, request: v1::AnnounceResultRequest) -> v1::Dossier {
    let answer = world.dossiers().announce_result(who.ask(request)).await.unwrap().into_inner();
    answer.dossier.unwrap()
}

/// A dossier registered by the department, with the centre as its counter.
async fn registered(world: &World, number: u64) -> String {
    let request = v1::RegisterDossierRequest {
        counter: CENTRE.to_owned(),
        ..world.registration(&codes::dossier(number))
    };
    world.registered(&world.province.department, request).await.name
}

/// Papers of the number's envelope, picked up for the department and handed over to the centre; gives their leg.
async fn handed_over(world: &World, number: u64) -> String {
    let item = codes::item(number);
    let picked = v1::Event {
        agency: DEPARTMENT.to_owned(),
        counter: CENTRE.to_owned(),
        also: vec![slip(&format!("{number:06}"))],
        ..event(Type::PickedUp, &item)
    };
    let picked = world.say(&world.province.post, PDA, &picked).await.position.unwrap();
    world.scan(PC, Type::Offered, &item).await;
    world.say(&world.province.centre, READER, &event(Type::Accepted, &item)).await;
    format!("legs/{}-{}", picked.lane, picked.pos)
}

/// An acceptance of the number's envelope under the number's code.
fn acceptance(number: u64) -> v1::AcceptDossierRequest {
    v1::AcceptDossierRequest {
        target: code(&codes::item(number)).map(Target::Item),
        code: code(&codes::dossier(number)),
        ..v1::AcceptDossierRequest::default()
    }
}

/// A dossier whose papers came by post and were accepted by the centre.
async fn accepted(world: &World, number: u64) -> v1::Dossier {
    handed_over(world, number).await;
    let made = v1::dossier_decision::Decision::Accept(acceptance(number));
    decided(world, &world.province.centre, made).await
}

/// The number's envelope goes out and is delivered, as the event tells; gives what was recorded.
async fn delivered(world: &World, number: u64, event_of: impl Fn(v1::Event) -> v1::Event) -> v1::Recorded {
    let item = codes::item(number);
    world.say(&world.province.centre, READER, &event(Type::Offered, &item)).await;
    world.scan(PDA, Type::PickedUp, &item).await;
    world.scan(PDA, Type::OutForDelivery, &item).await;
    let told = event_of(event(Type::Delivered, &item));
    let line = v1::Capture { personal: attested(), ..capture(PDA, &world.fresh("delivered"), &told) };
    world.capture(&world.province.post, line).await.unwrap()
}

/// A dossier as somebody sees it now.
async fn seen(world: &World, who: &Partner, name: &str) -> Result<v1::Dossier, Status> {
    let request = v1::GetDossierRequest { key: Some(Key::Name(name.to_owned())), at: None };
    let answer = world.dossiers().get_dossier(who.ask(request)).await?;
    Ok(answer.into_inner().dossier.unwrap())
}

/// The events of a dossier as somebody sees them.
async fn events(world: &World, who: &Partner, name: &str) -> Result<Vec<v1::FeedEvent>, Status> {
    let request = v1::ListDossierEventsRequest {
        key: Some(v1::list_dossier_events_request::Key::Name(name.to_owned())),
        ..v1::ListDossierEventsRequest::default()
    };
    Ok(world.dossiers().list_dossier_events(who.ask(request)).await?.into_inner().events)
}

/// What two refusals say, but for the ids of their calls: all that tells one from the other.
fn told(status: &Status) -> (tonic::Code, String, String) {
    (status.code(), reason(status), status.message().to_owned())
}

fn types(dossier: &v1::Dossier) -> Vec<Type> {
    dossier.decisions.iter().map(v1::Decision::r#type).collect()
}
