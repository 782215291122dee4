//! Foreign clients that mean no good: whatever they send, and whatever they never take, costs the gateway a bounded room for
//! a bounded time, and who works beside them has every answer.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use trao::doors::accept;
use trao::doors::wire::v1;
use v1::capture_service_client::CaptureServiceClient;

use crate::support::codes;
use crate::support::hostile::{ATTACKS, Target};
use crate::support::inside::{Inside, Options};
use crate::support::partner::{PC, PDA, Partner, capture, event};
use crate::support::wait::{eventually, within};
use crate::support::world::World;

/// How long each attack goes on.
const LASTS: Duration = Duration::from_millis(1_200);
/// More than this no attack may leave behind: the allocator gives back in its own time.
const LEFT_KB: u64 = 48_000;

/// Memory of a process, in kilobytes: now, and at most so far.
fn memory(process: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let of = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        value.trim().trim_end_matches(" kB").parse().unwrap()
    };
    (of("VmRSS:"), of("VmHWM:"))
}

fn open_files(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

/// Scans one after the other until it is told to stop; how many, every one of them acknowledged.
async fn works(
    mut captures: CaptureServiceClient<tonic::transport::Channel>,
    who: Partner,
    name: &'static str,
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
    let mut all = 0;
    for attack in ATTACKS {
        let (stop, stopped) = watch::channel(false);
        let (captures, who) = (world.captures(), world.province.post.clone());
        let working = tokio::spawn(works(captures, who, attack.name, stopped));
        let (before, files) = (memory(process).0, open_files(process));
        let began = Instant::now();
        let tally = (attack.run)(target.clone(), began + LASTS).await;
        assert!(began.elapsed() < LASTS + Duration::from_secs(5), "{}", attack.name);
        stop.send(true).unwrap();
        let done = working.await.unwrap();
        assert!(done > 0, "{}: nothing was scanned", attack.name);
        all += done;
        assert!(tally.connections > 0, "{}", attack.name);
        if attack.is_cut {
            assert!(tally.cut > 0, "{}: {tally:?}", attack.name);
        }
        let (after, high) = memory(process);
        eprintln!(
            "{:<42} {:>5} connections {:>5} cut, {done:>5} scans, {before:>6} to {after:>6} kB, at most {high}",
            attack.name, tally.connections, tally.cut
        );
        // Its places are free again, and so is what it took.
        eventually(attack.name, async || (open_files(process) <= files).then_some(())).await;
        assert!(
            memory(process).0 < before + LEFT_KB,
            "{}: {before} to {} kB",
            attack.name,
            memory(process).0
        );
    }
    assert_eq!(world.log(&world.province.post).await.len() as u64, all, "each scan once");
    let (code, log) = world.gateway.stop();
    assert_eq!(code, Some(0));
    assert!(!log.contains("panicked"), "{log}");
}

/// Limits that a test can wait for. Each test shortens one.
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

/// Runs an attack until the gateway has cut one of its connections.
async fn is_cut(name: &str, target: &Target) {
    let attack = ATTACKS.iter().find(|attack| attack.name == name).unwrap();
    let tally = within(name, (attack.run)(target.clone(), Instant::now() + Duration::from_secs(3))).await;
    assert!(tally.cut > 0, "{name}: {tally:?}");
}
async fn is_not_cut(name: &str, target: &Target) {
    let attack = ATTACKS.iter().find(|attack| attack.name == name).unwrap();
    let tally = within(name, (attack.run)(target.clone(), Instant::now() + Duration::from_millis(700))).await;
    assert_eq!(tally.cut, 0, "{name}: {tally:?}");
}
