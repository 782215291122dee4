//! A list at the counter, through the whole gateway: offered, answered line by line by another person, closed, and the same
//! bytes for every retry of every line.

use std::collections::BTreeMap;

use trao::doors::wire::v1;
use v1::handover_service_client::HandoverServiceClient;
use v1::line_outcome::Result as Became;
use v1::{AnomalyKind, EventType as Type, LegState, LineState, ManifestKind, ManifestState, Reason};

use crate::support::codes;
use crate::support::partner::{PC, PDA, Partner, code, event, field, minute, reason};
use crate::support::world::{CENTRE, DEPARTMENT, World, anomalies};

const OFFICE: &str = "carriers/p/offices/990100";

type Lists = HandoverServiceClient<tonic::transport::Channel>;

fn lists(world: &World) -> Lists {
    HandoverServiceClient::new(world.channel())
}

fn by_code(serial: u64) -> v1::LineRef {
    v1::LineRef { line: code(&codes::item(serial)).map(v1::line_ref::Line::Code) }
}

fn answers(serials: &[u64], reason: Reason) -> Vec<v1::LineAnswer> {
    let answer = |serial: &u64| v1::LineAnswer {
        line: Some(by_code(*serial)),
        reason: reason.into(),
        ..v1::LineAnswer::default()
    };
    serials.iter().map(answer).collect()
}

/// Envelopes for the centre in the carrier's hands: their legs, by number.
async fn envelopes(world: &World, serials: std::ops::RangeInclusive<u64>) -> BTreeMap<u64, String> {
    let mut legs = BTreeMap::new();
    for serial in serials {
        let picked = v1::Event {
            agency: DEPARTMENT.to_owned(),
            counter: CENTRE.to_owned(),
            ..event(Type::PickedUp, &codes::item(serial))
        };
        let recorded = world.say(&world.province.post, PDA, &picked).await;
        let position = recorded.position.unwrap();
        legs.insert(serial, format!("legs/{}-{}", position.lane, position.pos));
    }
    legs
}

/// A list of the post for the centre, offered.
async fn offered(world: &World, serials: std::ops::RangeInclusive<u64>) -> v1::Manifest {
    let post = &world.province.post;
    let create = v1::CreateManifestRequest {
        request_id: world.fresh("create"),
        kind: ManifestKind::Handover.into(),
        number: "BG-261120-07".to_owned(),
        office: OFFICE.to_owned(),
        receiver: Some(v1::HandoverSide { party: CENTRE.to_owned(), ..v1::HandoverSide::default() }),
        lines: serials.map(by_code).collect(),
    };
    let made = lists(world).create_manifest(post.ask(create)).await.unwrap().into_inner();
    assert!(made.outcomes.is_empty());
    let manifest = made.manifest.unwrap();
    assert_eq!(manifest.state(), ManifestState::Draft);
    // Until it is offered the receiver knows nothing of it.
    let early = v1::GetManifestRequest { name: manifest.name.clone() };
    let early = lists(world).get_manifest(world.province.centre.ask(early)).await.unwrap_err();
    assert_eq!((reason(&early), field(&early)), ("NOT_FOUND".to_owned(), "name".to_owned()));
    let offer = v1::OfferManifestRequest {
        request_id: world.fresh("offer"),
        name: manifest.name,
        ..v1::OfferManifestRequest::default()
    };
    let offered = lists(world).offer_manifest(post.ask(offer)).await.unwrap().into_inner();
    let manifest = offered.manifest.unwrap();
    assert_eq!(offered.outcomes.len(), manifest.lines.len());
    manifest
}

fn all_but(world: &World, name: &str, except: &[u64]) -> v1::AcceptLinesRequest {
    v1::AcceptLinesRequest {
        request_id: world.fresh("accept"),
        name: name.to_owned(),
        all_remaining: true,
        except: except.iter().map(|serial| by_code(*serial)).collect(),
        ..v1::AcceptLinesRequest::default()
    }
}

fn recorded(outcome: &v1::LineOutcome) -> &v1::Recorded {
    match &outcome.result {
        Some(Became::Recorded(recorded)) => recorded,
        other => panic!("line {} became {other:?}", outcome.number),
    }
}

fn refused(outcome: &v1::LineOutcome) -> (u32, &str, &str) {
    match &outcome.result {
        Some(Became::Refusal(refusal)) => (outcome.number, &refusal.reason, &refusal.field),
        other => panic!("line {} became {other:?}", outcome.number),
    }
}

fn bytes(outcomes: &[v1::LineOutcome]) -> Vec<(u32, bytes::Bytes)> {
    outcomes.iter().map(|outcome| (outcome.number, recorded(outcome).record.clone())).collect()
}

async fn read(world: &World, who: &Partner, name: &str) -> v1::Manifest {
    let request = v1::GetManifestRequest { name: name.to_owned() };
    lists(world).get_manifest(who.ask(request)).await.unwrap().into_inner().manifest.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_takes_118_of_120_at_the_counter_and_every_retry_gets_the_same_bytes() {
    let mut world = World::start().await;
    let legs = envelopes(&world, 1..=121).await;
    let manifest = offered(&world, 1..=120).await;
    let name = manifest.name.clone();
    let centre = world.province.centre.clone();
    // It waits for the centre's signature.
    let waiting = v1::ListManifestsRequest {
        state: ManifestState::Offered.into(),
        receives: true,
        ..v1::ListManifestsRequest::default()
    };
    let listed = lists(&world).list_manifests(centre.ask(waiting.clone())).await.unwrap().into_inner();
    assert_eq!(listed.manifests.iter().map(|found| &found.name).collect::<Vec<_>>(), [&name]);
    assert!(listed.manifests[0].lines.is_empty());

    let reject = v1::RejectLinesRequest {
        request_id: world.fresh("reject"),
        name: name.clone(),
        lines: answers(&[7, 8, 9], Reason::Missing),
        ..v1::RejectLinesRequest::default()
    };
    let missing = lists(&world).reject_lines(centre.ask(reject)).await.unwrap().into_inner();
    assert!(missing.outcomes.iter().all(|line| anomalies(recorded(line)) == [AnomalyKind::Missing]));
    let seal = v1::AcceptLinesRequest {
        request_id: world.fresh("seal"),
        name: name.clone(),
        lines: answers(&[10], Reason::SealBroken),
        ..v1::AcceptLinesRequest::default()
    };
    let seal = lists(&world).accept_lines(centre.ask(seal)).await.unwrap().into_inner();
    assert_eq!(anomalies(recorded(&seal.outcomes[0])), [AnomalyKind::WithReservation]);
    let unlisted = v1::AddUnlistedLinesRequest {
        request_id: world.fresh("unlisted"),
        name: name.clone(),
        lines: answers(&[121], Reason::Unspecified),
        ..v1::AddUnlistedLinesRequest::default()
    };
    let added = lists(&world).add_unlisted_lines(centre.ask(unlisted.clone())).await.unwrap().into_inner();
    assert!(anomalies(recorded(&added.outcomes[0])).contains(&AnomalyKind::Unlisted));

    // All the others at once; the gateway dies, and the same request is answered with the same bytes.
    let all = all_but(&world, &name, &[]);
    let taken = lists(&world).accept_lines(centre.ask(all.clone())).await.unwrap().into_inner();
    assert_eq!(taken.outcomes.len(), 116);
    world.kill_and_restart().await;
    let again = lists(&world).accept_lines(centre.ask(all.clone())).await.unwrap().into_inner();
    assert_eq!(bytes(&again.outcomes), bytes(&taken.outcomes));
    assert!(again.outcomes.iter().all(|line| recorded(line).replayed));
    let other =
        v1::AcceptLinesRequest { paper_number: "1".to_owned(), signed_at: Some(minute(0)), ..all.clone() };
    let other = lists(&world).accept_lines(centre.ask(other)).await.unwrap().into_inner();
    assert!(other.outcomes.iter().all(|line| refused(line).1 == "EVENT_KEY_REUSED"));

    let close = v1::CloseManifestRequest {
        request_id: world.fresh("close"),
        name: name.clone(),
        ..v1::CloseManifestRequest::default()
    };
    let closed = lists(&world).close_manifest(centre.ask(close.clone())).await.unwrap().into_inner();
    let totals = closed.manifest.as_ref().unwrap().totals.unwrap();
    let counted = (totals.lines, totals.taken, totals.missing, totals.with_reservation, totals.unlisted);
    assert_eq!(counted, (121, 118, 3, 1, 1));
    let close_again = lists(&world).close_manifest(centre.ask(close)).await.unwrap().into_inner();
    assert_eq!(close_again.recorded.unwrap().record, closed.recorded.unwrap().record);
    // Answered long before, and still the same after the close; anything new is not taken any more.
    let still = lists(&world).accept_lines(centre.ask(all)).await.unwrap().into_inner();
    assert_eq!(bytes(&still.outcomes), bytes(&taken.outcomes));
    let late = v1::AcceptLinesRequest { request_id: world.fresh("late"), ..all_but(&world, &name, &[]) };
    let late = lists(&world).accept_lines(centre.ask(late)).await.unwrap_err();
    assert_eq!(reason(&late), "MANIFEST_STATE");

    for (serial, leg) in &legs {
        let leg = world.leg(&centre, leg).await;
        let wanted = if (7..=9).contains(serial) { LegState::PickedUp } else { LegState::HandedOver };
        assert_eq!(leg.state(), wanted, "{serial}");
    }
    // Both see the same list, line for line, and the minute at which liability passed.
    let seen = read(&world, &centre, &name).await;
    assert_eq!(seen, read(&world, &world.province.post, &name).await);
    assert!(seen.lines.iter().all(|line| line.decided_at.is_some() && !line.position.is_empty()));
    assert_eq!(seen.lines[6].state(), LineState::Missing);
    // The next scan anywhere finds what was missing.
    world.scan(PC, Type::OfficeIn, &codes::item(7)).await;
    let found = world.leg(&centre, &legs[&7]).await;
    assert!(found.anomalies.iter().all(|anomaly| anomaly.kind() != AnomalyKind::Missing));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_line_by_line_and_the_rest_goes_through() {
    let world = World::start().await;
    let legs = envelopes(&world, 1..=3).await;
    let p = &world.province;
    let manifest = offered(&world, 1..=2).await;
    let accept = v1::AcceptLinesRequest {
        request_id: world.fresh("accept"),
        name: manifest.name.clone(),
        lines: answers(&[1, 3, 99], Reason::Unspecified),
        ..v1::AcceptLinesRequest::default()
    };
    let answered = lists(&world).accept_lines(p.centre.ask(accept)).await.unwrap().into_inner();
    assert_eq!(recorded(&answered.outcomes[0]).outcome.as_ref().unwrap().state(), LegState::HandedOver);
    assert_eq!(refused(&answered.outcomes[1]), (0, "NOT_FOUND", "lines[1].line"));
    assert_eq!(refused(&answered.outcomes[2]), (0, "NOT_FOUND", "lines[2].line"));
    let twice = v1::RejectLinesRequest {
        request_id: world.fresh("reject"),
        name: manifest.name.clone(),
        lines: answers(&[1, 2], Reason::WrongAgency),
        ..v1::RejectLinesRequest::default()
    };
    let twice = lists(&world).reject_lines(p.centre.ask(twice)).await.unwrap().into_inner();
    assert_eq!(refused(&twice.outcomes[0]).1, "MANIFEST_STATE");
    assert_eq!(anomalies(recorded(&twice.outcomes[1])), [AnomalyKind::Disputed]);

    // Who is no side of it finds nothing, in whatever way they ask.
    for stranger in [&p.sibling, &p.department, &p.other_post] {
        let asked = all_but(&world, &manifest.name, &[]);
        let status = lists(&world).accept_lines(stranger.ask(asked)).await.unwrap_err();
        assert_eq!(reason(&status), "NOT_FOUND");
        let asked = v1::GetManifestRequest { name: manifest.name.clone() };
        let real = lists(&world).get_manifest(stranger.ask(asked)).await.unwrap_err();
        let asked = v1::GetManifestRequest { name: "manifests/0-4711".to_owned() };
        let never = lists(&world).get_manifest(stranger.ask(asked)).await.unwrap_err();
        assert_eq!((real.code(), real.message()), (never.code(), never.message()));
        let listed = lists(&world).list_manifests(stranger.ask(v1::ListManifestsRequest::default())).await;
        assert!(listed.unwrap().into_inner().manifests.is_empty());
    }
    // The giver's own people cannot sign for the receiver.
    let status =
        lists(&world).accept_lines(p.post.ask(all_but(&world, &manifest.name, &[]))).await.unwrap_err();
    assert_eq!(reason(&status), "ROLE_NOT_ALLOWED");

    // A draft takes what may stand on it, and tells the rest; a list must have a line to be offered.
    let create = v1::CreateManifestRequest {
        request_id: world.fresh("create"),
        kind: ManifestKind::Handover.into(),
        office: OFFICE.to_owned(),
        receiver: Some(v1::HandoverSide { party: CENTRE.to_owned(), ..v1::HandoverSide::default() }),
        lines: vec![by_code(3), by_code(3)],
        ..v1::CreateManifestRequest::default()
    };
    let draft = lists(&world).create_manifest(p.post.ask(create.clone())).await.unwrap().into_inner();
    assert_eq!(refused(&draft.outcomes[0]), (2, "MANIFEST_STATE", "lines[1].code"));
    let draft = draft.manifest.unwrap();
    assert_eq!((draft.lines.len(), &draft.lines[0].leg), (1, &legs[&3]));
    let empty = v1::CreateManifestRequest { request_id: world.fresh("create"), lines: Vec::new(), ..create };
    let empty = lists(&world).create_manifest(p.post.ask(empty.clone())).await.unwrap().into_inner();
    let offer = v1::OfferManifestRequest {
        request_id: world.fresh("offer"),
        name: empty.manifest.unwrap().name,
        ..v1::OfferManifestRequest::default()
    };
    let status = lists(&world).offer_manifest(p.post.ask(offer)).await.unwrap_err();
    assert_eq!((reason(&status), field(&status)), ("FIELD_REQUIRED".to_owned(), "lines".to_owned()));
}
