//! A device drains its outbox: hello and welcome, lines and acknowledgements, and whatever was cut is sent again.

use bytes::Bytes;
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::line_result::Result as Line;
use v1::sync_events_request::Message as Sent;
use v1::sync_events_response::Message as Told;

use crate::support::codes;
use crate::support::partner::{OTHER_PDA, PC, PDA, Partner, capture, event, reason};
use crate::support::wait::within;
use crate::support::world::{DEPARTMENT, World, record};

/// One stream of a device.
struct Device {
    out: mpsc::Sender<v1::SyncEventsRequest>,
    answers: tonic::Streaming<v1::SyncEventsResponse>,
}

impl Device {
    async fn hello(world: &World, who: &Partner, source: &str, last: u64) -> (Device, v1::Welcome) {
        let (out, lines) = mpsc::channel(1_000);
        let hello = v1::Hello { source: source.to_owned(), last_device_seq: last };
        out.send(v1::SyncEventsRequest { message: Some(Sent::Hello(hello)) }).await.unwrap();
        let request = who.ask(ReceiverStream::new(lines));
        let mut answers = world.captures().sync_events(request).await.unwrap().into_inner();
        match within("the welcome", answers.message()).await.unwrap().unwrap().message.unwrap() {
            Told::Welcome(welcome) => (Device { out, answers }, welcome),
            Told::Ack(ack) => panic!("{ack:?}"),
        }
    }

    async fn send(&self, line: Bytes) {
        self.out.send(v1::SyncEventsRequest { message: Some(Sent::Line(line)) }).await.unwrap();
    }

    async fn ack(&mut self) -> v1::Ack {
        match within("an acknowledgement", self.answers.message()).await.unwrap().unwrap().message.unwrap() {
            Told::Ack(ack) => ack,
            Told::Welcome(welcome) => panic!("{welcome:?}"),
        }
    }
}

fn line(seq: u64) -> Bytes {
    let event = v1::Event {
        agency: DEPARTMENT.to_owned(),
        device_seq: seq,
        occurred_at: Some(prost_types::Timestamp { seconds: 1_795_000_000 + seq as i64, nanos: 0 }),
        ..event(Type::PickedUp, &codes::item(seq))
    };
    capture(PDA, &format!("out-{seq}"), &event).encode_to_vec().into()
}

fn recorded(ack: v1::Ack) -> v1::Recorded {
    match ack.result.unwrap().result.unwrap() {
        Line::Recorded(recorded) => recorded,
        Line::Refusal(refusal) => panic!("{refusal:?}"),
    }
}

fn refused(ack: v1::Ack) -> v1::Refusal {
    match ack.result.unwrap().result.unwrap() {
        Line::Refusal(refusal) => refusal,
        Line::Recorded(recorded) => panic!("{recorded:?}"),
    }
}

fn ranges(missing: &[v1::MissingRange]) -> Vec<(u64, u64)> {
    missing.iter().map(|range| (range.first, range.last)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_is_acknowledged_and_a_bad_one_costs_only_itself() {
    let world = World::start().await;
    let post = &world.province.post;
    let (mut device, welcome) = Device::hello(&world, post, PDA, 0).await;
    assert_eq!((welcome.window, welcome.contiguous_device_seq), (256, 0));
    assert_eq!(welcome.missing, []);
    let foreign = capture(PC, "foreign", &event(Type::OfficeIn, &codes::item(1))).encode_to_vec();
    let other = capture(OTHER_PDA, "other", &event(Type::OfficeIn, &codes::item(1))).encode_to_vec();
    let bad_time = v1::Event {
        occurred_at: Some(prost_types::Timestamp { seconds: 253_402_300_799, nanos: 0 }),
        ..event(Type::OfficeIn, &codes::item(1))
    };
    let bad_time = capture(PDA, "9999", &bad_time).encode_to_vec();
    for bytes in [
        line(1),
        Bytes::from_static(&[0x0a, 0x7f, 1]),
        foreign.into(),
        other.into(),
        bad_time.into(),
        line(2),
    ] {
        device.send(bytes).await;
    }
    let (mut stored, mut reasons) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        let ack = device.ack().await;
        assert_eq!(ack.window, 256);
        match ack.result.clone().unwrap().result.unwrap() {
            Line::Recorded(recorded) => stored.push((ack.client_event_id, recorded.position.unwrap().pos)),
            Line::Refusal(refusal) => reasons.push((ack.client_event_id, refusal.reason, refusal.field)),
        }
    }
    stored.sort();
    assert_eq!(stored, [("out-1".to_owned(), 1), ("out-2".to_owned(), 2)]);
    reasons.sort();
    let wanted = [
        ("", "MESSAGE_MALFORMED", ""),
        ("9999", "TIME_OUT_OF_RANGE", "event.occurred_at"),
        ("foreign", "UNKNOWN_SOURCE", "source"),
        ("other", "UNKNOWN_SOURCE", "source"),
    ];
    assert_eq!(
        reasons,
        wanted.map(|(id, reason, field)| (id.to_owned(), reason.to_owned(), field.to_owned()))
    );

    // A line without a source is the hello's.
    let mut without = v1::Capture::decode(line(3)).unwrap();
    without.source.clear();
    device.send(without.encode_to_vec().into()).await;
    assert_eq!(recorded(device.ack().await).position.unwrap().pos, 3);
    drop(device.out);
    assert_eq!(within("the end", device.answers.message()).await.unwrap(), None);
    let log = world.log(post).await;
    assert!(log.iter().all(|line| record(line).source.as_str() == PDA));
    assert_eq!(log.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_cut_is_sent_again_and_answered_as_before() {
    let mut world = World::start().await;
    let post = world.province.post.clone();
    let (mut device, _) = Device::hello(&world, &post, PDA, 300).await;
    for seq in 1..=300 {
        device.send(line(seq)).await;
    }
    let mut first = Vec::new();
    for _ in 0..100 {
        let ack = device.ack().await;
        first.push((ack.client_event_id.clone(), recorded(ack).record));
    }
    // The link breaks and so does the gateway: two hundred lines without an answer.
    drop(device);
    world.kill_and_restart().await;

    let (mut device, welcome) = Device::hello(&world, &post, PDA, 300).await;
    assert!(welcome.contiguous_device_seq >= 100, "{welcome:?}");
    if welcome.contiguous_device_seq < 300 {
        assert_eq!(ranges(&welcome.missing), [(welcome.contiguous_device_seq + 1, 300)]);
    }
    for seq in 1..=300 {
        device.send(line(seq)).await;
    }
    let mut again = std::collections::BTreeMap::new();
    let mut replayed = 0;
    for _ in 0..300 {
        let ack = device.ack().await;
        let id = ack.client_event_id.clone();
        let recorded = recorded(ack);
        replayed += u64::from(recorded.replayed);
        again.insert(id, recorded.record);
    }
    assert_eq!(replayed, welcome.contiguous_device_seq, "what was journaled is answered from the journal");
    for (id, record) in first {
        assert_eq!(again[&id], record, "{id}");
    }
    assert_eq!(world.log(&post).await.len(), 300, "nothing is stored twice");
    // Lines are journaled in the order in which they came.
    let seqs: Vec<u64> = world.log(&post).await.iter().filter_map(|line| record(line).device_seq).collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_sends_faster_than_it_reads_is_held_at_the_window() {
    let world = World::start().await;
    let post = &world.province.post;
    let (mut device, welcome) = Device::hello(&world, post, PDA, 0).await;
    assert!(welcome.window <= 256);
    // Far more than a window, without reading one answer; then all of them are there, each once.
    for seq in 1..=900 {
        device.send(line(seq)).await;
    }
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..900 {
        let ack = device.ack().await;
        let id = ack.client_event_id.clone();
        recorded(ack);
        assert!(seen.insert(id.clone()), "{id} twice");
    }
    assert_eq!(world.log(post).await.len(), 900);
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_of_a_device_are_shown_and_never_waited_for() {
    let world = World::start().await;
    let post = &world.province.post;
    let state = async || {
        let request = v1::GetDeviceStateRequest { source: PDA.to_owned() };
        world.captures().get_device_state(post.ask(request)).await.unwrap().into_inner()
    };
    let nothing = state().await;
    assert_eq!((nothing.contiguous_device_seq, nothing.last_device_seq), (0, 0));
    assert_eq!((nothing.missing, nothing.last_received_at), (vec![], None));
    for seq in [1, 2, 5, 9, 6] {
        world.capture(post, v1::Capture::decode(line(seq)).unwrap()).await.unwrap();
    }
    let gaps = state().await;
    assert_eq!((gaps.contiguous_device_seq, gaps.last_device_seq), (2, 9));
    assert_eq!(ranges(&gaps.missing), [(3, 4), (7, 8)]);
    assert!(gaps.last_received_at.is_some());

    let (mut device, welcome) = Device::hello(&world, post, PDA, 12).await;
    assert_eq!(welcome.contiguous_device_seq, 2);
    assert_eq!(ranges(&welcome.missing), [(3, 4), (7, 8), (10, 12)]);
    for seq in [3, 4, 7, 8] {
        device.send(line(seq)).await;
        recorded(device.ack().await);
    }
    let filled = state().await;
    assert_eq!((filled.contiguous_device_seq, filled.last_device_seq), (9, 9));
    assert_eq!(filled.missing, []);
    // A replay is not heard twice, and another source has its own numbers.
    let (mut device, _) = Device::hello(&world, post, PC, 0).await;
    device
        .send(
            capture(PC, "pc", &v1::Event { device_seq: 7, ..event(Type::OfficeIn, "") })
                .encode_to_vec()
                .into(),
        )
        .await;
    recorded(device.ack().await);
    assert_eq!(state().await.last_device_seq, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_says_hello_once_for_a_source_of_its_own() {
    let world = World::start().await;
    let post = &world.province.post;
    for (source, who) in
        [(OTHER_PDA, post), (PDA, &world.province.department), ("carriers/p/devices/none", post)]
    {
        let hello = v1::Hello { source: source.to_owned(), last_device_seq: 0 };
        let messages = vec![v1::SyncEventsRequest { message: Some(Sent::Hello(hello)) }];
        let status = world.captures().sync_events(who.ask(tokio_stream::iter(messages))).await.unwrap_err();
        assert_eq!(reason(&status), "UNKNOWN_SOURCE", "{source}");
    }
    let (mut device, _) = Device::hello(&world, post, PDA, 0).await;
    let hello = v1::Hello { source: PDA.to_owned(), last_device_seq: 0 };
    device.out.send(v1::SyncEventsRequest { message: Some(Sent::Hello(hello)) }).await.unwrap();
    let status = within("the refusal", device.answers.message()).await.unwrap_err();
    assert_eq!(reason(&status), "FIELD_REQUIRED");
    assert!(world.log(post).await.is_empty());
    let line = capture(PDA, "undecodable", &event(Type::OfficeIn, &codes::item(1)));
    let (mut device, _) = Device::hello(&world, post, PDA, 0).await;
    device.send(Bytes::from_static(&[0xff])).await;
    assert_eq!(refused(device.ack().await).reason, "MESSAGE_MALFORMED");
    device.send(line.encode_to_vec().into()).await;
    recorded(device.ack().await);
}
