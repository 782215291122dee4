//! Foreign clients that mean no good: whatever they send, and whatever they never take, costs the gateway a bounded room for
//! a bounded time, and who works beside them has every answer.

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;
use trao::doors::accept;
use trao::doors::wire::v1;
use v1::capture_service_client::CaptureServiceClient;
use v1::sync_events_request::Message as Sent;
use v1::sync_events_response::Message as Told;

use crate::support::codes;
use crate::support::hostile::{ATTACKS, Target};
use crate::support::inside::{Inside, Options};
use crate::support::partner::{PC, PDA, Partner, capture, event, reason};
use crate::support::wait::{eventually, within};
use crate::support::world::World;

/// How long each attack goes on.
const LASTS: Duration = Duration::from_millis(1_200);
/// What `limits::CALLS` calls at ten kilobytes each and the bytes of a few connections come to, together: the allocator
/// gives back in its own time, so what all attacks leave is counted at once.
const LEFT_KB: u64 = 256_000;
/// What a second run of the greediest may add.
const AGAIN_KB: u64 = 64_000;

/// Those that take most.
const GREEDY: &[&str] =
    &["ten_thousand_streams_on_many_connections", "messages_without_an_end", "answers_never_taken"];

/// Memory of a process, in kilobytes: now, and at most so far.
fn memory(process: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let of = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        value.trim().trim_end_matches(" kB").parse().unwrap()
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// Its listening socket, and a connection each.
fn sockets(process: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let what = open.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
    what.filter(|what| what.to_string_lossy().starts_with("socket:")).count()
}

/// Scans one after the other until it is told to stop; how many, every one of them acknowledged.
async fn works(
    mut captures: CaptureServiceClient<tonic::transport::Channel>,
    who: Partner,
    name: String,
    stop: watch::Receiver<bool>,
) -> u64 {
    let mut done = 0;
    while !*stop.borrow() {
        let scan = event(v1::EventType::OfficeIn, &codes::item(done));
        let line = capture(PC, &format!("{name}-{done}"), &scan);
        let request = who.ask(v1::CaptureEventRequest { line: Some(line) });
        let answer = timeout(Duration::from_secs(10), captures.capture_event(request)).await;
        let recorded = answer.unwrap_or_else(|_| panic!("{name}: scan {done} has no answer"));
        let recorded = recorded.unwrap_or_else(|status| panic!("{name}: scan {done}: {status}"));
        assert!(!recorded.into_inner().recorded.unwrap().replayed);
        done += 1;
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_beside_an_attack_has_every_answer() {
    let mut world = World::start().await;
    let process = world.gateway.process();
    let target = Target {
        address: world.gateway.url().trim_start_matches("http://").parse().unwrap(),
        key: world.province.post.key.clone(),
        source: PDA.to_owned(),
    };
    let (first, _) = memory(process);
    let greedy = ATTACKS.iter().filter(|attack| GREEDY.contains(&attack.name));
    let mut scans = 0;
    let mut needed = BTreeMap::new();
    for (round, attack) in ATTACKS.iter().map(|attack| (1, attack)).chain(greedy.map(|attack| (2, attack))) {
        let (stop, stopped) = watch::channel(false);
        let (captures, who) = (world.captures(), world.province.post.clone());
        let working = tokio::spawn(works(captures, who, format!("{}-{round}", attack.name), stopped));
        let (before, connected) = (memory(process).0, sockets(process));
        let began = Instant::now();
        let tally = (attack.run)(target.clone(), began + LASTS).await;
        let took = began.elapsed();
        stop.send(true).unwrap();
        let done = working.await.unwrap();
        let (after, high) = memory(process);
        eprintln!(
            "{:<42} {:>5} connections {:>5} cut, {done:>5} scans, {before:>6} to {after:>6} kB, at most {high}",
            attack.name, tally.connections, tally.cut
        );
        assert!(took < LASTS + Duration::from_secs(5), "{}: {took:?}", attack.name);
        assert!(done > 0, "{}: nothing was scanned", attack.name);
        scans += done;
        assert!(tally.connections > 0 && (tally.cut > 0 || !attack.is_cut), "{}: {tally:?}", attack.name);
        // Its places are free again.
        eventually(attack.name, async || (sockets(process) <= connected).then_some(())).await;
        // What an attack needs it may need again; only then nothing is left of it.
        if let Some(once) = needed.insert(attack.name, after) {
            let most = before.max(once) + AGAIN_KB;
            assert!(after < most, "{} again: {before} to {after} kB, at first {once}", attack.name);
        }
    }
    let (last, _) = memory(process);
    assert!(last < first + LEFT_KB, "from {first} to {last} kB");
    assert_eq!(world.log(&world.province.post).await.len() as u64, scans, "each scan once");
    let (code, log) = world.gateway.stop();
    assert_eq!(code, Some(0));
    assert!(!log.contains("panicked"), "it panicked");
}

/// A limit that a test can wait for.
const SOON: Duration = Duration::from_millis(300);

/// Limits that no test waits for. Each test shortens one.
fn patient() -> accept::Options {
    let long = Duration::from_secs(600);
    let drain = Duration::from_secs(1);
    accept::Options { greeting: long, message: long, taking: long, idle: long, drain }
}

async fn inside(accept: accept::Options) -> (Inside, Target) {
    let inside = Inside::start(Options { accept, ..Options::default() }).await;
    let target = Target { address: inside.address, key: inside.post.key.clone(), source: PDA.to_owned() };
    (inside, target)
}

/// Runs an attack; how many of its connections the gateway has cut.
async fn cut_by(name: &str, target: &Target, lasts: Duration) -> u64 {
    let attack = ATTACKS.iter().find(|attack| attack.name == name).unwrap();
    within(name, (attack.run)(target.clone(), Instant::now() + lasts)).await.cut
}

/// With a limit shortened to `SOON` an attack is cut; with none of them short it goes on, so that it is this one that cuts.
async fn is_cut_by(shortened: impl Fn(&mut accept::Options), attacks: &[&str]) {
    let mut options = patient();
    shortened(&mut options);
    let ((_short, hasty), (_long, slow)) = (inside(options).await, inside(patient()).await);
    for name in attacks {
        // To make ten thousand calls takes two busy cores some seconds, and only then does anything wait.
        let lasts = if name.starts_with("ten_thousand") { 12 } else { 3 };
        assert!(cut_by(name, &hasty, Duration::from_secs(lasts)).await > 0, "{name} is not cut");
        assert_eq!(cut_by(name, &slow, 3 * SOON).await, 0, "{name} is cut all the same");
    }
}

/// A stream of a device that has said hello.
async fn stream(
    inside: &Inside,
) -> (mpsc::Sender<v1::SyncEventsRequest>, tonic::Streaming<v1::SyncEventsResponse>) {
    let (out, messages) = mpsc::channel(4);
    let hello = v1::Hello { source: PDA.to_owned(), last_device_seq: 0 };
    out.send(v1::SyncEventsRequest { message: Some(Sent::Hello(hello)) }).await.unwrap();
    let request = inside.post.ask(ReceiverStream::new(messages));
    let mut captures = CaptureServiceClient::new(inside.channel());
    let mut answers = captures.sync_events(request).await.unwrap().into_inner();
    assert!(matches!(answers.message().await.unwrap().unwrap().message, Some(Told::Welcome(_))));
    (out, answers)
}

/// Sends a line on it; it must be recorded.
async fn syncs(
    (out, answers): &mut (mpsc::Sender<v1::SyncEventsRequest>, tonic::Streaming<v1::SyncEventsResponse>),
    id: &str,
) {
    let line = capture(PDA, id, &event(v1::EventType::OfficeIn, &codes::item(1))).encode_to_vec();
    out.send(v1::SyncEventsRequest { message: Some(Sent::Line(line.into())) }).await.unwrap();
    let Some(Told::Ack(ack)) = within("the answer", answers.message()).await.unwrap().unwrap().message else {
        panic!("no answer to a line");
    };
    assert!(matches!(ack.result.unwrap().result.unwrap(), v1::line_result::Result::Recorded(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_greet_in_time_is_cut() {
    let attacks = ["a_greeting_byte_by_byte"];
    is_cut_by(|options| options.greeting = SOON, &attacks).await;
    let (inside, target) = inside(accept::Options { greeting: SOON, ..patient() }).await;
    // One that says nothing at all is hung up on without a word; whoever has greeted stays.
    let mut open = stream(&inside).await;
    // The gateway's time may begin before the client knows that it is connected.
    let began = Instant::now();
    let mut silent = TcpStream::connect(target.address).await.unwrap();
    let mut told = Vec::new();
    within("the end", silent.read_to_end(&mut told)).await.unwrap();
    assert!(told.is_empty() && began.elapsed() >= SOON, "{:?}", began.elapsed());
    let mut half = TcpStream::connect(target.address).await.unwrap();
    half.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    // Data that was not read turns the end into a reset.
    let _ended = within("the end of half a greeting", half.read_to_end(&mut told)).await;
    assert!(told.is_empty());
    syncs(&mut open, "still-there").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_message_does_not_come_is_refused_in_time() {
    let shortened = |options: &mut accept::Options| (options.message, options.idle) = (SOON, 2 * SOON);
    // A refused call is no call any more, so its connection is idle.
    is_cut_by(shortened, &["ten_thousand_streams_on_many_connections"]).await;
    let (inside, _) = inside(accept::Options { message: SOON, ..patient() }).await;
    let mut captures = CaptureServiceClient::new(inside.channel());
    let (_never, messages) = mpsc::channel::<v1::SyncEventsRequest>(1);
    let mute = inside.post.ask(ReceiverStream::new(messages));
    let refused = within("the refusal", captures.sync_events(mute)).await.unwrap_err();
    assert_eq!(reason(&refused), "MESSAGE_MALFORMED", "{refused}");
    // A device may pause between lines for as long as it likes.
    let mut open = stream(&inside).await;
    tokio::time::sleep(3 * SOON).await;
    syncs(&mut open, "after-a-pause").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_take_its_answers_is_cut() {
    let attacks = ["answers_never_taken", "acknowledgements_never_taken", "feeds_never_taken"];
    is_cut_by(|options| options.taking = SOON, &attacks).await;
    // One that takes what comes, when something comes, stays.
    let (inside, _) = inside(accept::Options { taking: SOON, ..patient() }).await;
    let mut open = stream(&inside).await;
    for id in ["first", "second"] {
        tokio::time::sleep(3 * SOON).await;
        syncs(&mut open, id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_calls_loses_its_place_and_who_calls_now_and_then_never_notices() {
    is_cut_by(|options| options.idle = SOON, &["a_greeting_and_no_call"]).await;
    let (inside, _) = inside(accept::Options { idle: SOON, ..patient() }).await;
    let mut open = stream(&inside).await;
    let mut captures = CaptureServiceClient::new(inside.channel());
    for id in ["one", "two", "three"] {
        tokio::time::sleep(3 * SOON).await;
        let line = capture(PC, id, &event(v1::EventType::OfficeIn, &codes::item(2)));
        let request = inside.post.ask(v1::CaptureEventRequest { line: Some(line) });
        within(id, captures.capture_event(request)).await.unwrap();
    }
    // An open stream is a call, however quiet it is.
    syncs(&mut open, "quiet").await;
    // Without any, the connection is told goodbye, and the next call makes a new one.
    drop(open);
    for id in ["four", "five"] {
        tokio::time::sleep(3 * SOON).await;
        let line = capture(PC, id, &event(v1::EventType::OfficeIn, &codes::item(2)));
        let request = inside.post.ask(v1::CaptureEventRequest { line: Some(line) });
        within(id, captures.capture_event(request)).await.unwrap();
    }
}
