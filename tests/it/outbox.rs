//! A device's outbox through `trao sync`: cut off at any byte, begun on one machine and ended on another, torn, spoilt and
//! large. In the end every line is in the journal once, and has had exactly one answer.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use trao::doors::cli::{ClientArgs, Exit, Output, sync};

use crate::support::codes;
use crate::support::gateway::{Gateway, trao};
use crate::support::partner::{PDA, Partner};
use crate::support::proxy::{Cut, End, Proxy, Way};
use crate::support::seed::Seed;
use crate::support::wait::within;
use crate::support::world::{CARRIER, World, record};

/// A line of the outbox.
fn line(id: &str, seq: u64) -> String {
    let code = codes::item(seq);
    format!(
        r#"{{"client_event_id":"{id}","event":{{"type":"EVENT_TYPE_OFFICE_IN","code":{{"value":"{code}"}},"occurred_at":"2026-11-20T07:05:00Z","device_seq":"{seq}"}}}}"#
    )
}

fn address(gateway: &Gateway) -> SocketAddr {
    gateway.url().trim_start_matches("http://").parse().unwrap()
}

fn write_key(folder: &Path, name: &str, partner: &Partner) -> PathBuf {
    use std::os::unix::fs::OpenOptionsExt;
    let file = folder.join(name);
    let mut options = std::fs::OpenOptions::new();
    let mut opened = options.write(true).create(true).truncate(true).mode(0o600).open(&file).unwrap();
    writeln!(opened, "{}", partner.key).unwrap();
    file
}

/// One answer on stdout.
#[derive(Debug)]
struct Answer {
    line: u64,
    status: String,
    position: Option<String>,
    reason: Option<String>,
    field: Option<String>,
    message: Option<String>,
}

fn answers(stdout: &[u8]) -> Vec<Answer> {
    let text = std::str::from_utf8(stdout).unwrap();
    let read = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Answer {
            line: value["line"].as_u64().unwrap(),
            status: text("status").unwrap(),
            position: text("position"),
            reason: text("reason"),
            field: text("field"),
            message: text("message"),
        }
    };
    text.lines().map(read).collect()
}

/// The answers by line; a line that was answered twice fails the test.
fn by_line(stdout: &[u8]) -> BTreeMap<u64, Answer> {
    let mut by_line = BTreeMap::new();
    for answer in answers(stdout) {
        if let Some(twice) = by_line.insert(answer.line, answer) {
            panic!("answered twice: {twice:?}");
        }
    }
    by_line
}

/// `trao sync` as a process.
fn syncing(server: &str, key: &Path, file: &Path) -> Command {
    let mut command = trao();
    command.arg("sync").arg(file).args(["--source", PDA, "--server", server, "--lang", "en"]);
    command.arg("--token-file").arg(key);
    command
}

/// Runs it to its end.
async fn synced(mut command: Command) -> (i32, Vec<u8>, String) {
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (ended.status.code().unwrap(), ended.stdout, String::from_utf8(ended.stderr).unwrap())
}

/// What a run inside this process printed.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The same command without a process of its own, for the many runs of one test.
async fn synced_here(server: String, key: PathBuf, file: PathBuf) -> (Exit, Vec<u8>) {
    let client = ClientArgs { server, token_file: Some(key), json: false, lang: None };
    let printed = Printed::default();
    let args = sync::Args { file, source: PDA.to_owned(), client };
    let exit = sync::run(&args, &mut Output::to(printed.clone())).await.unwrap();
    let printed = printed.0.lock().unwrap().clone();
    (exit, printed)
}

/// How often each id stands in the journal.
async fn journaled(world: &World) -> BTreeMap<String, u64> {
    let mut counted = BTreeMap::new();
    for line in world.log(&world.province.post).await {
        *counted.entry(record(&line).client_event_id.to_string()).or_default() += 1;
    }
    counted
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_that_is_cut_off_at_any_byte_is_answered_whole() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = write_key(folder.path(), "key", &world.province.post);
    let outbox = |name: &str| {
        let file = folder.path().join(name);
        let lines: Vec<String> = (1..=2).map(|n| line(&format!("{name}-{n}"), n)).collect();
        std::fs::write(&file, lines.join("\n")).unwrap();
        file
    };
    // How long an uncut run is, each way.
    let whole = Proxy::to(address(&world.gateway), |_| None).await;
    let (exit, _) = synced_here(whole.url(), key.clone(), outbox("whole")).await;
    assert_eq!(exit, Exit::Done);
    let (up, down) = whole.forwarded();
    assert!(up > 500 && down > 300, "{up} {down}");

    let together = Arc::new(Semaphore::new(24));
    let mut runs = JoinSet::new();
    for (way, bytes) in [(Way::Up, up), (Way::Down, down)] {
        for after in 0..=bytes {
            let end = if after % 2 == 0 { End::Fin } else { End::Reset };
            let name = format!("{way:?}-{after}");
            let (file, key, gateway) = (outbox(&name), key.clone(), address(&world.gateway));
            let together = Arc::clone(&together);
            runs.spawn(async move {
                let _place = together.acquire().await.unwrap();
                let cut = Cut { way, after, end };
                let proxy = Proxy::to(gateway, move |connection| (connection == 0).then_some(cut)).await;
                let (exit, printed) = within(&name, synced_here(proxy.url(), key, file)).await;
                assert_eq!(exit, Exit::Done, "{name}");
                let answers = by_line(&printed);
                assert_eq!(answers.keys().copied().collect::<Vec<_>>(), [1, 2], "{name}");
                assert!(answers.values().all(|answer| answer.position.is_some()), "{name}: {answers:?}");
                (name, proxy.connections())
            });
        }
    }
    let mut again = 0;
    let mut expected = BTreeMap::from([("whole-1".to_owned(), 1), ("whole-2".to_owned(), 1)]);
    while let Some(run) = runs.join_next().await {
        let (name, connections) = run.unwrap();
        assert!(connections <= 2, "{name}: {connections} connections");
        again += connections - 1;
        expected.extend((1..=2).map(|n| (format!("{name}-{n}"), 1)));
    }
    assert!(again > (up + down) * 8 / 10, "only {again} runs were cut");
    assert_eq!(journaled(&world).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_outbox_comes_through_a_line_that_breaks_again_and_again() {
    const LINES: u64 = 1_500;
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = write_key(folder.path(), "key", &world.province.post);
    let file = folder.path().join("long.jsonl");
    let lines: Vec<String> = (1..=LINES).map(|n| line(&format!("long-{n}"), n)).collect();
    std::fs::write(&file, lines.join("\r\n")).unwrap();
    let mut seed = Seed::take();
    let proxy = Proxy::to(address(&world.gateway), move |connection| {
        let way = if seed.below(2) == 0 { Way::Up } else { Way::Down };
        let end = if seed.below(2) == 0 { End::Fin } else { End::Reset };
        (connection < 8).then(|| Cut { way, after: 4_000 + seed.below(40_000), end })
    })
    .await;
    let (code, stdout, stderr) = synced(syncing(&proxy.url(), &key, &file)).await;
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(proxy.connections(), 9, "{stderr}");
    let answers = by_line(&stdout);
    assert!(answers.keys().copied().eq(1..=LINES));
    let (recorded, again) = (count(&answers, "recorded"), count(&answers, "replayed"));
    assert_eq!(recorded + again, LINES);
    assert!(stderr.ends_with(&format!("recorded {recorded}  again {again}  refused 0\n")), "{stderr}");
    assert_eq!(journaled(&world).await, (1..=LINES).map(|n| (format!("long-{n}"), 1)).collect());
}

fn count(answers: &BTreeMap<u64, Answer>, status: &str) -> u64 {
    answers.values().filter(|answer| answer.status == status).count() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_machine_began_another_ends_under_the_same_source() {
    const LINES: u64 = 900;
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.jsonl"), folder.path().join("second.jsonl"));
    let lines: Vec<String> = (1..=LINES).map(|n| line(&format!("shared-{n}"), n)).collect();
    std::fs::write(&first, lines.join("\n")).unwrap();
    std::fs::copy(&first, &second).unwrap();
    let successor = Partner::create(world.gateway.folder(), CARRIER, "post-operator", &["--source", PDA]);
    let stranger = write_key(folder.path(), "stranger", &world.province.other_post);
    let (old, new) =
        (write_key(folder.path(), "old", &world.province.post), write_key(folder.path(), "new", &successor));

    // The old phone goes under halfway: killed as soon as it has printed the first hundred answers.
    let mut phone = syncing(&world.gateway.url(), &old, &first);
    let (mut phone, kept) = tokio::task::spawn_blocking(move || {
        let mut phone = phone.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut kept = Vec::new();
        let mut stdout = phone.stdout.take().unwrap();
        let mut buffer = [0; 4_096];
        while kept.iter().filter(|byte| **byte == b'\n').count() < 100 {
            let read = stdout.read(&mut buffer).unwrap();
            assert!(read > 0, "it ended before it was killed");
            kept.extend_from_slice(&buffer[..read]);
        }
        phone.kill().unwrap();
        stdout.read_to_end(&mut kept).unwrap();
        (phone, kept)
    })
    .await
    .unwrap();
    phone.wait().unwrap();
    let whole = kept.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let before = by_line(&kept[..whole]);
    assert!(before.len() >= 100 && before.len() < LINES as usize, "{}", before.len());

    // Another carrier cannot; the successor's key can, with a copy of the file.
    let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &stranger, &second)).await;
    assert_eq!((code, stdout.as_slice()), (1, &b""[..]), "{stderr}");
    assert!(stderr.contains("UNKNOWN_SOURCE"), "{stderr}");
    let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &new, &second)).await;
    assert_eq!(code, 0, "{stderr}");
    let after = by_line(&stdout);
    assert!(after.keys().copied().eq(1..=LINES));
    for (line, answer) in &before {
        assert_eq!(after[line].position, answer.position, "line {line} has the answer it had");
        assert_eq!(after[line].status, "replayed");
    }
    // What the gateway lacked went first, and what it had was confirmed after it.
    let order = answers(&stdout);
    let lacked = order.iter().position(|answer| before.contains_key(&answer.line)).unwrap();
    assert!(order[..lacked].iter().any(|answer| answer.status == "recorded"));
    assert!(order[lacked..].iter().all(|answer| answer.status == "replayed"), "{stderr}");
    assert_eq!(journaled(&world).await, (1..=LINES).map(|n| (format!("shared-{n}"), 1)).collect());

    // A third time changes nothing and answers everything.
    let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &old, &first)).await;
    assert_eq!((code, count(&by_line(&stdout), "replayed")), (0, LINES), "{stderr}");
    assert_eq!(journaled(&world).await.len() as u64, LINES);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_counts_from_one_again_loses_nothing() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = write_key(folder.path(), "key", &world.province.post);
    for life in ["old", "new"] {
        let file = folder.path().join(life);
        let lines: Vec<String> = (1..=20).map(|n| line(&format!("{life}-{n}"), n)).collect();
        std::fs::write(&file, lines.join("\n")).unwrap();
        let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &key, &file)).await;
        assert_eq!((code, count(&by_line(&stdout), "recorded")), (0, 20), "{stderr}");
    }
    assert_eq!(journaled(&world).await.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_last_line_costs_itself_alone_and_goes_through_when_it_is_whole() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = write_key(folder.path(), "key", &world.province.post);
    let file = folder.path().join("torn.jsonl");
    let (first, second, torn) = (line("t-1", 1), line("t-2", 2), line("t-3", 3));
    for cut in [1, 20, torn.len() - 1] {
        std::fs::write(&file, format!("{first}\n{second}\n{}", &torn[..cut])).unwrap();
        let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &key, &file)).await;
        let answers = by_line(&stdout);
        assert_eq!((code, answers.len()), (1, 3), "{stderr}");
        assert!(answers[&1].position.is_some() && answers[&2].position.is_some());
        let refused = &answers[&3];
        assert_eq!(
            (refused.status.as_str(), refused.reason.as_deref()),
            ("refused", Some("MESSAGE_MALFORMED"))
        );
        let message = refused.message.as_deref().unwrap();
        assert!(message.contains(&format!("column {cut}")) && message.contains("cut off"), "{message}");
    }
    assert_eq!(journaled(&world).await.len(), 2);
    std::fs::write(&file, format!("{first}\n{second}\n{torn}")).unwrap();
    let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &key, &file)).await;
    let statuses: Vec<String> = by_line(&stdout).into_values().map(|answer| answer.status).collect();
    assert_eq!(
        (code, statuses),
        (0, ["replayed", "replayed", "recorded"].map(str::to_owned).into()),
        "{stderr}"
    );
    assert_eq!(journaled(&world).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_spoilt_line_is_refused_by_itself_and_the_rest_goes_through() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = write_key(folder.path(), "key", &world.province.post);
    let file = folder.path().join("spoilt.jsonl");
    let foreign = line("foreign", 4).replacen('{', r#"{"source":"carriers/p/devices/pc-1","#, 1);
    let lines = [
        format!("\u{feff}{}\r", line("ok-1", 1)),
        "\r".to_owned(),
        String::new(),
        "no json".to_owned(),
        "[]".to_owned(),
        "17".to_owned(),
        r#"{"client_event_id":"u","evnt":{}}"#.to_owned(),
        r#"{"client_event_id":"n","event":{"type":"EVENT_TYPE_OFFICE_IN","code":{"value":"RA990000010VN"},"name":"x"}}"#.to_owned(),
        r#"{"event":{"type":"EVENT_TYPE_OFFICE_IN"}}"#.to_owned(),
        foreign,
        r#"{"client_event_id":"e"}"#.to_owned(),
        "\0\0\0\0".to_owned(),
        "[".repeat(100_000),
        line("ok-2", 2),
    ];
    let mut bytes = lines.join("\n").into_bytes();
    bytes.extend_from_slice(b"\n{\"client_event_id\":\"latin\",\"event\":{\"actor\":\"\xe9\"}}\n");
    bytes.extend_from_slice(line("ok-3", 3).as_bytes());
    std::fs::write(&file, bytes).unwrap();
    let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &key, &file)).await;
    assert_eq!(code, 1, "{stderr}");
    let answers = by_line(&stdout);
    let told = |line: u64| {
        let answer = &answers[&line];
        let text = |told: &Option<String>| told.clone().unwrap_or_default();
        (text(&answer.reason), text(&answer.field), text(&answer.message))
    };
    let malformed = [
        (4, "column"),
        (5, "column"),
        (6, "column"),
        (7, "'evnt'"),
        (8, "'name'"),
        (12, "column"),
        (13, "column"),
        (15, "column"),
    ];
    for (line, says) in malformed {
        let (reason, _, message) = told(line);
        assert_eq!(reason, "MESSAGE_MALFORMED", "line {line}");
        assert!(message.contains(says), "line {line}: {message}");
    }
    for (line, reason, field) in [
        (9, "FIELD_REQUIRED", "client_event_id"),
        (10, "UNKNOWN_SOURCE", "source"),
        (11, "FIELD_REQUIRED", "event"),
    ] {
        assert_eq!(told(line).0, reason, "line {line}");
        assert!(told(line).1.starts_with(field), "line {line}: {}", told(line).1);
    }
    let through: Vec<u64> =
        answers.values().filter(|answer| answer.status == "recorded").map(|answer| answer.line).collect();
    assert_eq!(through, [1, 14, 16]);
    assert_eq!(answers.len(), 14, "an empty line has no answer");
    assert_eq!(journaled(&world).await.into_keys().collect::<Vec<_>>(), ["ok-1", "ok-2", "ok-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_outbox_is_said_and_nobody_is_asked() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = write_key(folder.path(), "key", &world.province.post);
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &key, &empty)).await;
    assert_eq!((code, stdout.as_slice(), stderr.as_str()), (0, &b""[..], "recorded 0  again 0  refused 0\n"));
    for (file, says) in [(folder.path().join("none"), "none: "), (folder.path().to_owned(), "is a folder")] {
        let (code, stdout, stderr) = synced(syncing("http://127.0.0.1:1", &key, &file)).await;
        assert_eq!((code, stdout.as_slice()), (2, &b""[..]), "{stderr}");
        assert!(stderr.contains(says), "{stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_never_comes_back_leaves_what_was_answered() {
    const LINES: u64 = 600;
    let mut world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = write_key(folder.path(), "key", &world.province.post);
    let file = folder.path().join("outbox.jsonl");
    let lines: Vec<String> = (1..=LINES).map(|n| line(&format!("left-{n}"), n)).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    // The first connection ends in the middle; from the second on nothing comes through, for ever.
    let proxy = Proxy::to(address(&world.gateway), |connection| {
        let after = if connection == 0 { 20_000 } else { 0 };
        Some(Cut { way: Way::Down, after, end: End::Reset })
    })
    .await;
    let (code, stdout, stderr) = synced(syncing(&proxy.url(), &key, &file)).await;
    assert_eq!(code, 3, "{stderr}");
    // Six tries after the one that was cut, then it says so. A try may connect twice: a channel whose connection is
    // reset before its first call makes another by itself.
    assert_eq!(stderr.matches("the stream broke").count(), 6, "{stderr}");
    assert!(proxy.connections() >= 7, "{stderr}");
    let kept = by_line(&stdout);
    assert!(!kept.is_empty() && kept.len() < LINES as usize, "{}", kept.len());
    assert!(stderr.contains("send the file again") && stderr.contains("no answer from"), "{stderr}");

    let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &key, &file)).await;
    assert_eq!(code, 0, "{stderr}");
    let answers = by_line(&stdout);
    assert!(answers.keys().copied().eq(1..=LINES));
    assert!(kept.iter().all(|(line, answer)| answers[line].position == answer.position));
    assert_eq!(journaled(&world).await.len() as u64, LINES);
    world.gateway.kill();
    let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &key, &file)).await;
    assert_eq!((code, stdout.as_slice()), (3, &b""[..]), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_closes_the_pipes_stops_nothing_and_sees_no_panic() {
    const LINES: u64 = 400;
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = write_key(folder.path(), "key", &world.province.post);
    let file = folder.path().join("outbox.jsonl");
    let lines: Vec<String> = (1..=LINES).map(|n| line(&format!("piped-{n}"), n)).collect();
    std::fs::write(&file, format!("{}\nnot json", lines.join("\n"))).unwrap();
    let mut command = syncing(&world.gateway.url(), &key, &file);
    let (code, told) = tokio::task::spawn_blocking(move || {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        (child.wait().unwrap().code(), told)
    })
    .await
    .unwrap();
    assert_eq!((code, told.as_str()), (Some(1), "recorded 400  again 0  refused 1\n"));
    assert_eq!(journaled(&world).await.len() as u64, LINES);
    // Neither is read, and the log is loud: what cannot be told is no failure of its own.
    let mut command = syncing(&world.gateway.url(), &key, &file);
    command.env("TRAO_LOG", "debug");
    let code = tokio::task::spawn_blocking(move || {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        child.wait().unwrap().code()
    })
    .await
    .unwrap();
    assert_eq!(code, Some(1), "the bad line's exit code and no panic's");
}

/// The most memory a run of lines took, in kilobytes. It is looked at while the process waits for its last line.
async fn memory_of(
    world: &World,
    key: &Path,
    pieces: impl Iterator<Item = Vec<u8>> + Send + 'static,
) -> (u64, u64) {
    let mut command = trao();
    command.arg("sync").arg("-").args(["--source", PDA, "--server", &world.gateway.url()]);
    command.arg("--token-file").arg(key);
    tokio::task::spawn_blocking(move || {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
        let answered = std::thread::spawn(move || {
            std::io::BufRead::lines(&mut stdout).map_while(Result::ok).count() as u64
        });
        for piece in pieces {
            stdin.write_all(&piece).unwrap();
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let high = high.trim().trim_end_matches(" kB").parse().unwrap();
        drop(stdin);
        child.wait().unwrap();
        (answered.join().unwrap(), high)
    })
    .await
    .unwrap()
}

/// What the allocator may keep of the pieces of a line that is passed over; the line is twenty times as long.
const ALLOCATOR_KB: u64 = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_grow_with_the_outbox_nor_with_its_longest_line() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = write_key(folder.path(), "key", &world.province.post);
    // The same fact over and over: each line is sent and answered, and the journal stays small.
    let lines = |count: usize| (0..count).map(|_| format!("{}\n", line("same", 1)).into_bytes());
    let (answered, few) = memory_of(&world, &key, lines(2_000)).await;
    assert_eq!(answered, 2_000);
    let (answered, many) = memory_of(&world, &key, lines(20_000)).await;
    assert_eq!(answered, 20_000);
    assert!(many < few + 4_000, "2,000 lines took {few} kB, 20,000 took {many} kB");
    // One line of 200 MB between two good ones.
    let long = (0..200).map(|_| vec![b'x'; 1 << 20]);
    let (before, after) = (format!("{}\n", line("before", 2)), format!("\n{}\n", line("after", 3)));
    let pieces = std::iter::once(before.into_bytes()).chain(long).chain([after.into_bytes()]);
    let (answered, long) = memory_of(&world, &key, pieces).await;
    assert_eq!(answered, 3);
    assert!(long < few + ALLOCATOR_KB, "2,000 lines took {few} kB, 200 MB on one line took {long} kB");
    assert!(journaled(&world).await.keys().eq(["after", "before", "same"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_on_several_lines_is_answered_for_each() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = write_key(folder.path(), "key", &world.province.post);
    let file = folder.path().join("same-id.jsonl");
    // One id on two lines with one content, and on a third with another.
    std::fs::write(&file, format!("{}\n{}\n{}\n", line("id", 1), line("id", 1), line("id", 2))).unwrap();
    let (code, stdout, stderr) = synced(syncing(&world.gateway.url(), &key, &file)).await;
    let answers = by_line(&stdout);
    assert_eq!((code, answers.len()), (1, 3), "{stderr}");
    let reasons: Vec<&str> = answers.values().filter_map(|answer| answer.reason.as_deref()).collect();
    assert_eq!(reasons, ["EVENT_KEY_REUSED"]);
    assert_eq!(journaled(&world).await.len(), 1);
}
