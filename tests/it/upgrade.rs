//! A store and an outbox of an earlier release: they open, are carried over, tell what they told, and go on.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::gateway::{Gateway, Start, trao};

const EARLIER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/store-0.1");

/// The earlier store in a folder of its own, served. Its last seal may be years old.
fn served(folder: &Path) -> Gateway {
    let data = folder.join("data");
    fs::create_dir(&data).unwrap();
    for (file, into) in [
        ("trao.db", &*data),
        ("seal.key", &*data),
        ("post.key", folder),
        ("agency.key", folder),
        ("outbox.jsonl", folder),
    ] {
        let copy = into.join(file);
        fs::copy(Path::new(EARLIER).join(file), &copy).unwrap();
        fs::set_permissions(copy, Permissions::from_mode(0o600)).unwrap();
    }
    Gateway::start_on(&data, Start { flags: vec!["--accept-clock".to_owned()], ..Start::default() })
}

/// What a command prints, a JSON value a line.
fn told(gateway: &Gateway, folder: &Path, key: &str, arguments: &[&str]) -> Vec<Value> {
    let output = trao()
        .current_dir(folder)
        .args(arguments)
        .args(["--server", &gateway.url(), "--token-file", key])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    lines(&String::from_utf8(output.stdout).unwrap())
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn earlier(file: &str) -> Vec<Value> {
    lines(&fs::read_to_string(Path::new(EARLIER).join(file)).unwrap())
}

/// Whatever was told is told still. A later release may tell more.
fn assert_told_again(then: &Value, now: &Value) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            for (name, value) in then {
                assert_told_again(value, now.get(name).unwrap_or_else(|| panic!("{name} is told no more")));
            }
        }
        (Value::Array(then), Value::Array(now)) => {
            assert_eq!(then.len(), now.len());
            then.iter().zip(now).for_each(|(then, now)| assert_told_again(then, now));
        }
        _ => assert_eq!(then, now),
    }
}

fn field<'a>(values: &'a [Value], name: &str) -> Vec<&'a str> {
    values.iter().filter_map(|value| value[name].as_str()).collect()
}

#[test]
fn a_store_and_an_outbox_of_release_0_1_open_tell_the_same_and_go_on() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let gateway = served(folder);
    let tell = |key, arguments: &[&str]| told(&gateway, folder, key, arguments);

    for (key, file) in [("agency.key", "agency.jsonl"), ("post.key", "post.jsonl")] {
        let (then, now) = (earlier(file), tell(key, &["feed"]));
        assert_eq!(then.len(), now.len(), "{file}");
        then.iter().zip(&now).for_each(|(then, now)| assert_told_again(then, now));
    }
    let now = tell("agency.key", &["status", "EA990003016VN", "--json"]);
    assert_told_again(&earlier("status.json")[0], &now[0]);

    // Its cursor is good, and nothing is behind it until the rest of the outbox comes.
    let bookmark = earlier("post.jsonl").pop().unwrap();
    let cursor = bookmark["cursor"].as_str().unwrap();
    assert!(field(&tell("post.key", &["feed", "--cursor", cursor]), "type").is_empty());
    let source = "carriers/vnpost/devices/pda-1";
    let drained = tell("post.key", &["sync", "outbox.jsonl", "--source", source]);
    let mut answers: Vec<(u64, &str, &str)> = drained
        .iter()
        .map(|answer| {
            let text = |name: &str| answer[name].as_str().unwrap();
            (answer["line"].as_u64().unwrap(), text("status"), text("position"))
        })
        .collect();
    answers.sort_unstable();
    let before = (1..).zip(["0-1", "0-2", "0-3", "0-4"]).map(|(line, position)| (line, "replayed", position));
    let now = [(5, "recorded", "0-7"), (6, "recorded", "0-8")];
    assert_eq!(answers, before.chain(now).collect::<Vec<_>>());

    let new = tell("post.key", &["feed", "--cursor", cursor]);
    assert_eq!(field(&new, "type"), ["PICKED_UP", "OFFICE_IN"]);
    assert_eq!(field(&new, "state"), ["PICKED_UP", "AT_OFFICE"]);
    let seqs: Vec<u64> = new.iter().filter_map(|line| line["seq"].as_u64()).collect();
    assert_eq!(seqs, [7, 8]);
}

#[test]
fn the_digest_of_an_earlier_log_is_over_what_was_told_then_line_by_line() {
    let temporary = tempfile::tempdir().unwrap();
    let gateway = served(temporary.path());
    let of = |lines: &[Value]| {
        let records = field(lines, "record_sha256");
        let records: Vec<u8> = records.iter().flat_map(|record| hex::decode(record).unwrap()).collect();
        hex::encode(Sha256::digest(records))
    };
    let events = earlier("post.jsonl");
    let printed = told(&gateway, temporary.path(), "post.key", &["feed", "--digest"]);
    let numbers = |line: &Value| (line["first_seq"].as_u64(), line["last_seq"].as_u64());
    assert_eq!(numbers(&printed[0]), (Some(1), Some(6)));
    assert_eq!(field(&printed, "sha256"), [of(&events)]);
    assert_eq!(printed[1]["cursor"], events.last().unwrap()["cursor"], "the bookmark of then");

    // Part of it, by the bookmark behind the second event.
    let two = told(&gateway, temporary.path(), "post.key", &["feed", "--limit", "2"]);
    let bookmark = two.last().unwrap()["cursor"].as_str().unwrap();
    let upto = told(&gateway, temporary.path(), "post.key", &["feed", "--digest", "--to", bookmark]);
    assert_eq!((numbers(&upto[0]), field(&upto, "sha256")), ((Some(1), Some(2)), vec![&*of(&events[..2])]));
    let after = told(&gateway, temporary.path(), "post.key", &["feed", "--digest", "--cursor", bookmark]);
    assert_eq!((numbers(&after[0]), field(&after, "sha256")), ((Some(3), Some(6)), vec![&*of(&events[2..])]));
}
