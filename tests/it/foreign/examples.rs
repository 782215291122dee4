//! The examples for Python against a real gateway: the scanner, over ways that fail, and the consumer, killed as it works.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use prost::Message;
use serde_json::Value;
use tonic_types::StatusExt;
use trao::doors::wire::v1;
use trao::limits;

use crate::support::codes;
use crate::support::gateway::Start;
use crate::support::interpose::{Field, Interposer};
use crate::support::ledger;
use crate::support::partner::{PDA, Partner, READER, capture, code, event};
use crate::support::python;
use crate::support::relay::Relay;
use crate::support::seed::Seed;
use crate::support::wait::{DEADLINE, eventually};
use crate::support::world::{CARRIER, CENTRE, DEPARTMENT, World, event_of};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python");

/// One of the examples at work; killed when the test is over.
struct Example {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Example {
    fn start(folder: &Path, url: &str, who: &Partner, arguments: &[&str]) -> Example {
        let token = folder.join("token");
        fs::write(&token, format!("{}\n", who.key)).unwrap();
        let mut command = python::python();
        command.arg(format!("{FOLDER}/{}", arguments[0])).args(&arguments[1..]).current_dir(folder);
        command.env("TRAO_SERVER", url).env("TRAO_TOKEN_FILE", token);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Example { child, out, err }
    }

    fn scans(&mut self, code: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{code}").unwrap();
    }

    /// The next line on stdout, as its columns.
    fn says(&self) -> Vec<String> {
        let line = self.out.recv_timeout(DEADLINE).unwrap_or_else(|_| {
            panic!("it says nothing; on stderr: {:?}", self.err.try_iter().collect::<Vec<_>>())
        });
        line.split('\t').map(str::to_owned).collect()
    }

    /// Its exit code once its input has ended, and what else it said on stderr.
    fn ends(mut self) -> (Option<i32>, Vec<String>) {
        drop(self.child.stdin.take());
        let code = self.child.wait().unwrap().code();
        (code, self.err.iter().collect())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sent, received) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _unwanted = sent.send(line);
        }
    });
    received
}

fn columns(line: &[&str]) -> Vec<String> {
    line.iter().map(|column| (*column).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scanner_says_who_holds_each_code_and_what_is_wrong_with_the_others() {
    let world = World::start().await;
    let p = &world.province;
    let folder = tempfile::tempdir().unwrap();
    let order = v1::OrderLegRequest { item: code(&codes::item(1)), ..world.order(v1::LegKind::Inbound) };
    world.ordered(&p.department, order).await;

    let url = world.gateway.url();
    let mut postman = Example::start(folder.path(), &url, &p.post, &["scanner.py", PDA, "picked-up"]);
    for scanned in [&codes::item(1), "", "không phải mã", &codes::item(2)] {
        postman.scans(scanned);
    }
    assert_eq!(postman.says(), columns(&[&codes::item(1), "PICKED_UP", CARRIER, "NO_PROOF"]));
    let refused = postman.says();
    assert_eq!(refused[..2], columns(&["không phải mã", "CODE_FORMAT"]));
    assert!(refused[2].starts_with("Không phải mã hợp lệ"), "{refused:?}");
    assert_eq!(postman.says(), columns(&[&codes::item(2), "?", "?", "UNKNOWN_CODE"]));
    assert_eq!(postman.ends(), (Some(1), Vec::new()), "a line was refused, and the others were not");

    let mut counter = Example::start(folder.path(), &url, &p.centre, &["scanner.py", READER, "accepted"]);
    counter.scans(&codes::item(1));
    assert_eq!(counter.says(), columns(&[&codes::item(1), "HANDED_OVER", CENTRE, "ONE_SIDED"]));
    assert_eq!(counter.ends(), (Some(0), Vec::new()));

    // A key that is none.
    let stranger = Partner::stranger("trao_0000000000_wrong");
    let mut wrong = Example::start(folder.path(), &url, &stranger, &["scanner.py", PDA, "picked-up"]);
    wrong.scans(&codes::item(3));
    assert_eq!(wrong.says()[1], "KEY_INVALID");
    assert_eq!(wrong.ends().0, Some(1));
    assert_eq!(ledger::check(&world.gateway.database()).entries, 4, "an order and three scans");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_whose_answer_was_lost_and_whose_gateway_died_counts_once_and_tells_of_now() {
    let mut world = World::start().await;
    let (post, centre) = (world.province.post.clone(), world.province.centre.clone());
    let folder = tempfile::tempdir().unwrap();
    for n in [1, 2] {
        let order = v1::OrderLegRequest { item: code(&codes::item(n)), ..world.order(v1::LegKind::Inbound) };
        world.ordered(&world.province.department, order).await;
    }
    let relay = Relay::to(&world.gateway.url()).await;
    let mut scanner = Example::start(folder.path(), &relay.url(), &post, &["scanner.py", PDA, "picked-up"]);
    scanner.scans(&codes::item(1));
    assert_eq!(scanner.says()[..3], columns(&[&codes::item(1), "PICKED_UP", CARRIER]));

    // It is kept, and the scanner is never told so.
    relay.deafen();
    scanner.scans(&codes::item(2));
    eventually("the second scan is kept", || async {
        (picked_up(&world, &post).await.len() == 2).then_some(())
    })
    .await;
    world.gateway.kill();
    relay.cut();
    let first = scanner.err.recv_timeout(DEADLINE).unwrap();
    assert!(first.starts_with("UNAVAILABLE: again in "), "{first}");
    assert!(scanner.out.try_recv().is_err(), "nobody told it anything");

    // By the time it gets through, the counter has it.
    world.gateway.restart();
    world.connect().await;
    world.say(&centre, READER, &event(v1::EventType::Accepted, &codes::item(2))).await;
    relay.aim(&world.gateway.url());
    assert_eq!(scanner.says()[..3], columns(&[&codes::item(2), "HANDED_OVER", CENTRE]));
    assert_eq!(scanner.ends().0, Some(0));
    assert_eq!(picked_up(&world, &post).await, [1, 2].map(codes::item), "each once");
    ledger::check(&world.gateway.database());
}

/// The codes of the pick-ups in somebody's log.
async fn picked_up(world: &World, who: &Partner) -> Vec<String> {
    let log = world.log(who).await;
    let picked_up = log.into_iter().filter(|line| event_of(line).r#type() == v1::EventType::PickedUp);
    picked_up.map(|line| line.code).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_told_to_wait_waits_as_long_as_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Interposer::new(folder.path());
    let world = World::start_with(Start { environment: disk.environment(), ..Start::default() }).await;
    let post = &world.province.post;

    // The device's share of the intake is full, since the writer waits for the disk.
    disk.set(Field::HoldSync, 1);
    let mut flushing = Vec::new();
    for batch in 0..2 * limits::INTAKE_LINES / limits::BATCH_LINES {
        let line =
            |n| capture(PDA, &format!("flush-{batch}-{n}"), &event(v1::EventType::OfficeIn, &codes::item(1)));
        let lines = (0..limits::BATCH_LINES).map(|n| line(n).encode_to_vec().into()).collect();
        let request = post.ask(v1::BatchCaptureEventsRequest { lines });
        let mut captures = world.captures();
        flushing.push(tokio::spawn(async move { captures.batch_capture_events(request).await }));
    }
    let line = capture(PDA, "how-long", &event(v1::EventType::OfficeIn, &codes::item(1)));
    let told = eventually("there is no room", || async {
        // Not more often: who gives up dozens of calls before they are begun is told to calm down, and cut.
        let asked = tokio::time::timeout(Duration::from_secs(1), world.capture(post, line.clone()));
        asked.await.ok().map(|refused| refused.unwrap_err())
    })
    .await;
    let wait = told.get_details_retry_info().unwrap_or_else(|| panic!("{told:?}")).retry_delay.unwrap();

    let mut scanner =
        Example::start(folder.path(), &world.gateway.url(), post, &["scanner.py", PDA, "office-in"]);
    scanner.scans(&codes::item(2));
    // It asks again and again, never sooner than it was told.
    let said = || scanner.err.recv_timeout(DEADLINE).unwrap();
    let first = (said(), Instant::now());
    assert_eq!(first.0, format!("RESOURCE_EXHAUSTED: again in {:?} s", wait.as_secs_f64()));
    for _ in 0..3 {
        assert_eq!(said(), first.0);
    }
    assert!(first.1.elapsed() > 2 * wait, "three waits in {:?}", first.1.elapsed());
    assert!(scanner.out.try_recv().is_err(), "it was not taken");
    disk.set(Field::HoldSync, 0);
    assert_eq!(scanner.says()[0], codes::item(2));
    assert_eq!(scanner.ends().0, Some(0));
    for flush in flushing {
        flush.await.unwrap().unwrap();
    }
    let of_the_scanner = world.log(post).await.into_iter().filter(|line| line.code == codes::item(2)).count();
    assert_eq!(of_the_scanner, 1);
}

/// Kills of the consumer.
const KILLS: usize = 6;
/// Lines of the log by the end.
const LINES: usize = 3_000;

#[tokio::test(flavor = "multi_thread")]
async fn the_consumers_file_is_the_log_once_in_order_however_often_it_is_killed() {
    let mut seed = Seed::take();
    let mut world = World::start().await;
    let post = world.province.post.clone();
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::to(&world.gateway.url()).await;
    let file = folder.path().join("log.jsonl");
    let size = || fs::metadata(&file).map_or(0, |metadata| metadata.len());
    let follow =
        || Example::start(folder.path(), &relay.url(), &post, &["feed.py", "log.jsonl", "a", "--follow"]);
    let unread = async |world: &World| {
        let request = v1::GetConsumerRequest { name: format!("{CARRIER}/consumers/a") };
        let answer = world.feeds().get_consumer(post.ask(request)).await;
        answer.map_or(0, |answer| answer.into_inner().consumer.unwrap().lag)
    };

    let mut torn = 0;
    for kill in 0..KILLS {
        let lines: Vec<bytes::Bytes> = (0..LINES / KILLS)
            .map(|n| {
                let item = codes::item((kill * LINES / KILLS + n) as u64);
                let event =
                    v1::Event { agency: DEPARTMENT.to_owned(), ..event(v1::EventType::PickedUp, &item) };
                capture(PDA, &format!("feed-{kill}-{n}"), &event).encode_to_vec().into()
            })
            .collect();
        world.batch(&post, lines).await.unwrap();
        // Somewhere in what this batch adds, or just after.
        let enough = size() + 1 + seed.below(500_000);
        let mut consumer = follow();
        let until = Instant::now() + Duration::from_secs(5);
        while size() < enough && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        consumer.child.kill().unwrap();
        consumer.child.wait().unwrap();
        let written = fs::read(&file).unwrap().iter().filter(|byte| **byte == b'\n').count() as i64;
        let committed = world.log(&post).await.len() as i64 - unread(&world).await;
        assert!(committed <= written, "{committed} are said to be done of {written}");
        torn += usize::from(committed < written);
    }
    eprintln!("{torn} of {KILLS} kills were between a page and its commit");
    // As a kill in the middle of a line leaves it.
    fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"{\"seq\": \"17\", \"half").unwrap();

    // The gateway, too, is killed under it, and what comes later comes.
    let consumer = follow();
    let log = world.log(&post).await;
    caught_up(&file, log.len()).await;
    world.gateway.kill();
    relay.cut();
    assert!(consumer.err.recv_timeout(DEADLINE).unwrap().contains(": again in "));
    world.gateway.restart();
    world.connect().await;
    relay.aim(&world.gateway.url());
    world.scan(PDA, v1::EventType::OfficeIn, &codes::item(1)).await;
    caught_up(&file, log.len() + 1).await;
    drop(consumer);

    // Without --follow it ends by itself, also when there is nothing new.
    for _ in 0..2 {
        let (code, said) =
            Example::start(folder.path(), &relay.url(), &post, &["feed.py", "log.jsonl", "a"]).ends();
        assert_eq!((code, said), (Some(0), Vec::new()));
    }
    let kept: Vec<(String, Vec<u8>)> = fs::read_to_string(&file).unwrap().lines().map(read).collect();
    let log = world.log(&post).await;
    assert_eq!(log.len(), LINES + 1);
    let wanted: Vec<(String, Vec<u8>)> =
        log.iter().map(|line| (line.seq.to_string(), line.record.to_vec())).collect();
    assert!(kept == wanted, "{} lines are not the log's {}", kept.len(), wanted.len());

    // A file that lost lines is not gone on with.
    fs::write(&file, "").unwrap();
    world.scan(PDA, v1::EventType::OfficeIn, &codes::item(2)).await;
    let (code, said) =
        Example::start(folder.path(), &relay.url(), &post, &["feed.py", "log.jsonl", "a"]).ends();
    assert_eq!(code, Some(1));
    assert!(said[0].contains("lacks what a has read"), "{said:?}");
}

/// A line of the consumer's file: its number and its record.
fn read(line: &str) -> (String, Vec<u8>) {
    use base64::Engine;
    let line: Value = serde_json::from_str(line).unwrap();
    let record = base64::engine::general_purpose::STANDARD.decode(line["record"].as_str().unwrap());
    (line["seq"].as_str().unwrap().to_owned(), record.unwrap())
}

async fn caught_up(file: &Path, lines: usize) {
    eventually("the consumer has the whole log", || async {
        let kept = fs::read(file).unwrap();
        (kept.iter().filter(|byte| **byte == b'\n').count() == lines).then_some(())
    })
    .await;
}
