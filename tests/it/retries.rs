//! One fact once: whatever comes between the first attempt and the last, the answer is the same bytes; and the same key
//! with anything else is refused with both digests and the first position.

use std::time::Instant;

use bytes::Bytes;
use futures_util::future::join_all;
use prost::Message;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use trao::doors::wire::v1;
use v1::line_result::Result as Line;

use crate::support::codes;
use crate::support::ledger;
use crate::support::partner::{PC, PDA, Partner, capture, code, event, field, reason};
use crate::support::wait::within;
use crate::support::world::{self, DEPARTMENT, World};

/// Events between two attempts of one key. A million, as promised for ever, unless the machine is told fewer.
fn events_between() -> u64 {
    std::env::var("TRAO_EVENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(EVENTS)
}
const EVENTS: u64 = 1_000_000;
/// Batches on the way at once: half the intake, which is the most that one source may fill.
const WRITERS: u64 = 4;

fn unknown_pick_up(id: &str) -> v1::Capture {
    capture(PDA, id, &event(v1::EventType::OfficeIn, &codes::item(1)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_gets_the_first_answers_bytes_before_and_after_its_code_was_registered_and_after_a_restart() {
    let mut world = World::start().await;
    let line = unknown_pick_up("retry-1");
    let post = world.province.post.clone();
    let first = world.capture(&post, line.clone()).await.unwrap();
    assert_eq!((first.replayed, first.placement()), (false, v1::Placement::Unplaced));
    assert_eq!(world::anomalies(&first), [v1::AnomalyKind::UnknownCode]);
    let before = world.capture(&post, line.clone()).await.unwrap();

    // Now the code comes to be known: the tie places the event, once.
    let order = v1::OrderLegRequest { item: code(&codes::item(1)), ..world.order(v1::LegKind::Inbound) };
    let leg = world.ordered(&world.province.department, order).await;
    let placed = |line: &v1::FeedEvent| world::event_of(line).r#type() == v1::EventType::Placed;
    world.log_with(&post, "the placing", placed).await;
    let after = world.capture(&post, line.clone()).await.unwrap();
    world.kill_and_restart().await;
    let restarted = world.capture(&post, line.clone()).await.unwrap();
    let by_batch = world.batch(&post, vec![line.encode_to_vec().into()]).await.unwrap().remove(0);
    let Some(Line::Recorded(by_batch)) = by_batch.result else { panic!("{by_batch:?}") };
    for again in [&before, &after, &restarted, &by_batch] {
        assert_eq!((&again.record, again.replayed), (&first.record, true));
        assert_eq!((again.position, again.placement), (first.position, first.placement));
    }

    for who in [&post, &world.province.department] {
        let log = world.log(who).await;
        assert_eq!(log.iter().filter(|line| placed(line)).count(), 1, "placed once in every log");
        let originals = log.iter().filter(|line| line.record == first.record).count();
        assert_eq!(
            originals,
            usize::from(who.key == post.key),
            "the agency was told when it came to concern it"
        );
    }
    assert_eq!(world.leg(&post, &leg.name).await.state(), v1::LegState::AtOffice);
    ledger::check(&world.gateway.database());
}

/// The digests and the position that a reused key is refused with.
fn reused(status: &Status, first: &v1::Recorded, wanted_field: &str) -> (String, String) {
    assert_eq!((status.code(), reason(status).as_str()), (Code::AlreadyExists, "EVENT_KEY_REUSED"));
    assert_eq!(field(status), wanted_field);
    let metadata = status.get_details_error_info().unwrap().metadata;
    let position = first.position.unwrap();
    assert_eq!(metadata["first_position"], format!("{}-{}", position.lane, position.pos));
    assert_eq!((metadata["first_digest"].len(), metadata["this_digest"].len()), (64, 64));
    assert_ne!(metadata["first_digest"], metadata["this_digest"]);
    (metadata["first_digest"].clone(), metadata["this_digest"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_with_one_byte_changed_is_refused_and_overwrites_nothing() {
    let mut world = World::start().await;
    let post = world.province.post.clone();
    let personal = v1::Personal { note: "cổng sau".to_owned(), ..v1::Personal::default() };
    // A fraction of a second whose last byte may change and is one still.
    let at = prost_types::Timestamp { nanos: 4_000, ..crate::support::partner::now() };
    let event = v1::Event { occurred_at: Some(at), ..event(v1::EventType::OfficeIn, &codes::item(1)) };
    let line = v1::Capture { personal: personal.encode_to_vec().into(), ..capture(PDA, "changed-1", &event) };
    let mut other_event = line.clone();
    let mut bytes = line.event.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    other_event.event = bytes.into();
    let mut other_personal = line.clone();
    other_personal.personal =
        v1::Personal { note: "cổng trước".to_owned(), ..personal.clone() }.encode_to_vec().into();
    let no_personal = v1::Capture { personal: Bytes::new(), ..line.clone() };

    let first = world.capture(&post, line.clone()).await.unwrap();
    for round in ["before registration", "after registration", "after a restart"] {
        match round {
            "after registration" => {
                let item = code(&codes::item(1));
                let order = v1::OrderLegRequest { item, ..world.order(v1::LegKind::Inbound) };
                world.ordered(&world.province.department, order).await;
                let placed = |line: &v1::FeedEvent| world::event_of(line).r#type() == v1::EventType::Placed;
                world.log_with(&post, "the placing", placed).await;
            }
            "after a restart" => drop(world.kill_and_restart().await),
            _ => {}
        }
        let head = world.log(&post).await.len();
        let status = world.capture(&post, other_event.clone()).await.unwrap_err();
        let digests = reused(&status, &first, "line.event");
        let sha = |bytes: &[u8]| hex::encode(trao::seal::digest::digest(bytes));
        assert_eq!(digests, (sha(&line.event), sha(&other_event.event)), "{round}");
        for changed in [&other_personal, &no_personal] {
            let status = world.capture(&post, changed.clone()).await.unwrap_err();
            reused(&status, &first, "line.personal");
        }
        let again = world.capture(&post, line.clone()).await.unwrap();
        assert_eq!((&again.record, again.replayed), (&first.record, true), "{round}");
        assert_eq!(world.log(&post).await.len(), head, "{round}: nothing was added");
    }

    // The device's clock at this attempt is no content.
    let later = v1::Capture { send_time: Some(crate::support::partner::now()), ..line.clone() };
    assert_eq!(world.capture(&post, later).await.unwrap().record, first.record);
    // The same id of another source is another key.
    let elsewhere = v1::Capture { source: PC.to_owned(), ..line };
    assert!(!world.capture(&post, elsewhere).await.unwrap().replayed);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_batch_the_first_of_a_key_stands_and_another_content_is_refused() {
    let world = World::start().await;
    let post = &world.province.post;
    let line = unknown_pick_up("twice-1");
    let event = event(v1::EventType::Held, &codes::item(1));
    let other = capture(PDA, "twice-1", &event);
    let lines = [&line, &other, &line].map(|line| Bytes::from(line.encode_to_vec()));
    let results = world.batch(post, lines.to_vec()).await.unwrap();
    let [Some(Line::Recorded(first)), Some(Line::Refusal(refused)), Some(Line::Recorded(again))] =
        [0, 1, 2].map(|index: usize| results[index].result.clone())
    else {
        panic!("{results:?}")
    };
    assert_eq!((&again.record, again.replayed, first.replayed), (&first.record, true, false));
    assert_eq!((refused.reason.as_str(), refused.field.as_str()), ("EVENT_KEY_REUSED", "event"));
    assert_eq!(refused.first, first.position);
    assert_eq!(world.log(post).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn once_its_personal_part_is_erased_the_event_alone_decides() {
    let mut world = World::start().await;
    let post = world.province.post.clone();
    let personal = v1::Personal { name: "Trần Thị Bưởi".to_owned(), ..v1::Personal::default() };
    let line = v1::Capture { personal: personal.encode_to_vec().into(), ..unknown_pick_up("erased-1") };
    let first = world.capture(&post, line.clone()).await.unwrap();
    world.gateway.stop();
    {
        let database = rusqlite::Connection::open(world.gateway.folder().join("trao.db")).unwrap();
        let rows = database.execute("DELETE FROM personal WHERE lane = 0", []).unwrap();
        assert_eq!(rows, 1);
    }
    world.gateway.restart();
    world.connect().await;
    let other_personal = v1::Personal { name: "Lê Văn Cam".to_owned(), ..v1::Personal::default() };
    for personal in
        [Bytes::from(personal.encode_to_vec()), other_personal.encode_to_vec().into(), Bytes::new()]
    {
        let again = world.capture(&post, v1::Capture { personal, ..line.clone() }).await.unwrap();
        assert_eq!((&again.record, again.replayed), (&first.record, true));
    }
    let mut other = line.clone();
    other.event = event(v1::EventType::Held, &codes::item(1)).encode_to_vec().into();
    let status = world.capture(&post, other).await.unwrap_err();
    reused(&status, &first, "line.event");
    assert_eq!(ledger::check(&world.gateway.database()).erased, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_kept_once_and_its_retry_gets_the_first_answer() {
    let mut world = World::start().await;
    let department = world.province.department.clone();
    let request = v1::RegisterDossierRequest {
        request_id: "command-1".to_owned(),
        personal: v1::Personal { name: "Lý Thị Na".to_owned(), ..Default::default() }.encode_to_vec().into(),
        ..world.registration(&codes::dossier(1))
    };
    let ask = |request: &v1::RegisterDossierRequest| department.ask(request.clone());
    let first = world.dossiers().register_dossier(ask(&request)).await.unwrap().into_inner();
    let recorded = first.recorded.unwrap();
    world.kill_and_restart().await;
    let again = world.dossiers().register_dossier(ask(&request)).await.unwrap().into_inner();
    let again_recorded = again.recorded.unwrap();
    assert_eq!((&again_recorded.record, again_recorded.replayed), (&recorded.record, true));
    assert_eq!(again.dossier.unwrap().name, first.dossier.unwrap().name);

    // The same content under another id is the same dossier; other content under the same id is refused.
    let other_id = v1::RegisterDossierRequest { request_id: "command-2".to_owned(), ..request.clone() };
    let same =
        world.dossiers().register_dossier(ask(&other_id)).await.unwrap().into_inner().recorded.unwrap();
    assert_eq!((&same.record, same.replayed), (&recorded.record, true));
    let other = v1::RegisterDossierRequest { slip: "000777".to_owned(), ..request.clone() };
    let status = world.dossiers().register_dossier(ask(&other)).await.unwrap_err();
    reused(&status, &recorded, "");
    let other_person =
        v1::Personal { name: "Lý Thị Nụ".to_owned(), ..Default::default() }.encode_to_vec().into();
    let other = v1::RegisterDossierRequest { personal: other_person, ..request.clone() };
    let status = world.dossiers().register_dossier(ask(&other)).await.unwrap_err();
    reused(&status, &recorded, "personal");
    assert_eq!(world.log(&department).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_attempts_at_once_by_three_doors_are_one_event() {
    let mut world = World::start().await;
    let post = world.province.post.clone();
    let event =
        v1::Event { agency: DEPARTMENT.to_owned(), ..event(v1::EventType::PickedUp, &codes::item(1)) };
    let line = capture(PDA, "storm-1", &event);
    let bytes = Bytes::from(line.encode_to_vec());

    let unary = join_all((0..100).map(|_| world.capture(&post, line.clone())));
    let batches = join_all((0..20).map(|_| world.batch(&post, vec![bytes.clone(); 5])));
    let streams = join_all((0..10).map(|_| by_stream(&world, &post, vec![bytes.clone(); 10])));
    let (unary, batches, streams) =
        within("the storm", async { tokio::join!(unary, batches, streams) }).await;
    let mut answers: Vec<v1::Recorded> = unary.into_iter().map(Result::unwrap).collect();
    answers.extend(batches.into_iter().flat_map(Result::unwrap).map(recorded_of));
    answers.extend(streams.into_iter().flatten());
    assert_eq!(answers.len(), 300);
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1, "one attempt was the first");
    for answer in &answers {
        assert_eq!((&answer.record, answer.position), (&answers[0].record, answers[0].position));
    }
    world.kill_and_restart().await;
    assert_eq!(world.capture(&post, line).await.unwrap().record, answers[0].record);
    assert_eq!(world.log(&post).await.len(), 1);
    assert_eq!(world.log(&world.province.department).await.len(), 1);
    assert_eq!(ledger::check(&world.gateway.database()).entries, 1);
}

fn recorded_of(result: v1::LineResult) -> v1::Recorded {
    match result.result.unwrap() {
        Line::Recorded(recorded) => recorded,
        Line::Refusal(refusal) => panic!("{refusal:?}"),
    }
}

async fn by_stream(world: &World, who: &Partner, lines: Vec<Bytes>) -> Vec<v1::Recorded> {
    use v1::sync_events_request::Message as Sent;
    use v1::sync_events_response::Message as Told;
    let hello = v1::Hello { source: PDA.to_owned(), last_device_seq: 0 };
    let messages = std::iter::once(Sent::Hello(hello)).chain(lines.into_iter().map(Sent::Line));
    let messages: Vec<_> = messages.map(|message| v1::SyncEventsRequest { message: Some(message) }).collect();
    let request = who.ask(tokio_stream::iter(messages));
    let mut answers = world.captures().sync_events(request).await.unwrap().into_inner();
    let mut recorded = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        if let Some(Told::Ack(ack)) = answer.message {
            recorded.push(recorded_of(ack.result.unwrap()));
        }
    }
    recorded
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gets_the_same_bytes_after_very_many_other_events() {
    let mut world = World::start().await;
    let post = world.province.post.clone();
    let line = unknown_pick_up("0198c0de-0000-7000-8000-000000000001");
    let text_id = unknown_pick_up("not-a-uuid");
    let first = world.capture(&post, line.clone()).await.unwrap();
    let first_text = world.capture(&post, text_id.clone()).await.unwrap();

    let (began, events) = (Instant::now(), events_between());
    // The smallest well-formed fact: a scan that read as no code.
    let smallest = event(v1::EventType::OfficeIn, "").encode_to_vec();
    let writers = (0..WRITERS).map(|writer| {
        let (world, post, smallest) = (&world, &post, &smallest);
        async move {
            let mut number = writer;
            while number * 500 < events {
                let lines = (0..500)
                    .map(|n| {
                        let line = v1::Capture {
                            source: PDA.to_owned(),
                            client_event_id: uuid::Uuid::now_v7().to_string(),
                            event: smallest.clone().into(),
                            ..v1::Capture::default()
                        };
                        assert_ne!(n, 500);
                        line.encode_to_vec().into()
                    })
                    .collect();
                for result in world.batch(post, lines).await.unwrap() {
                    assert!(!recorded_of(result).replayed);
                }
                number += WRITERS;
            }
        }
    });
    join_all(writers).await;
    let took = began.elapsed();
    eprintln!("{events} events in {took:?}: {:.0} a second", events as f64 / took.as_secs_f64());

    for (line, first) in [(&line, &first), (&text_id, &first_text)] {
        let again = world.capture(&post, line.clone()).await.unwrap();
        assert_eq!((&again.record, again.replayed), (&first.record, true));
    }
    world.kill_and_restart().await;
    for (line, first) in [(&line, &first), (&text_id, &first_text)] {
        let again = world.capture(&post, line.clone()).await.unwrap();
        assert_eq!((&again.record, again.replayed), (&first.record, true));
    }
    let next = world.scan(PDA, v1::EventType::OfficeIn, &codes::item(2)).await;
    assert_eq!(next.position.unwrap().pos, events.div_ceil(500) * 500 + 3, "every event has one position");
}
