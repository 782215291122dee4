//! `trao feed --consumer` and `trao consumers`, as a back-office uses them: killed at any moment and started again.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::{busy, create, creation, get};
use crate::support::gateway::trao;
use crate::support::partner::Partner;
use crate::support::relay::Relay;
use crate::support::seed::Seed;
use crate::support::wait::{DEADLINE, eventually};
use crate::support::world::World;
use trao::doors::wire::v1::create_consumer_request::Start as From;

/// `trao feed --follow --consumer`, its lines going into a file.
struct Reading {
    child: Child,
    lines: std::sync::mpsc::Receiver<serde_json::Value>,
}

impl Reading {
    fn start(mut command: Command) -> Reading {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sent, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            // A line that a kill tore is none: its reader drops it, too.
            for line in stdout.lines().map_while(Result::ok) {
                let Ok(line) = serde_json::from_str(&line) else { break };
                let _unwanted = sent.send(line);
            }
        });
        Reading { child, lines }
    }

    /// Kills it, and gives the numbers that it printed and nobody took yet.
    fn kill(mut self) -> Vec<u64> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.lines.iter().filter_map(|line| line["seq"].as_u64()).collect()
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A client's command with a party's key.
fn client(world: &World, folder: &std::path::Path, who: &Partner, arguments: &[&str]) -> Command {
    let token = folder.join("token");
    std::fs::write(&token, &who.key).unwrap();
    let mut command = trao();
    command.args(arguments).args(["--server", &world.gateway.url()]).arg("--token-file").arg(&token);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_killed_again_and_again_prints_every_event_and_leaves_none_out() {
    let mut seed = Seed::take();
    let world = World::start().await;
    let post = world.province.post.clone();
    let folder = tempfile::tempdir().unwrap();
    let follow = ["feed", "--follow", "--consumer", "back-office"];
    let (mut printed, mut stood) = (Vec::new(), 0);
    for _ in 0..6 {
        busy(&world, 20).await;
        let reading = Reading::start(client(&world, folder.path(), &post, &follow));
        for _ in 0..1 + seed.below(30) {
            let line = reading.lines.recv_timeout(DEADLINE).unwrap();
            printed.extend(line["seq"].as_u64());
            if line["caught_up"] == true {
                break;
            }
        }
        // More comes while it prints.
        busy(&world, 5).await;
        printed.extend(reading.kill());
        let consumer = get(&world, &post, "carriers/p/consumers/back-office").await.unwrap();
        let head = world.log(&post).await.len() as u64;
        let at = head - u64::try_from(consumer.lag).unwrap();
        assert!(at >= stood, "it never goes back");
        stood = at;
    }
    // Without --follow it drains to the end, commits and ends.
    let drain = ["feed", "--consumer", "back-office"];
    let drained = client(&world, folder.path(), &post, &drain).output().unwrap();
    assert!(drained.status.success(), "{}", String::from_utf8_lossy(&drained.stderr));
    let lines: Vec<serde_json::Value> = String::from_utf8(drained.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.last().unwrap()["caught_up"], true);
    let last: Vec<u64> = lines.iter().filter_map(|line| line["seq"].as_u64()).collect();
    // The last commit may have been on its way when it was killed.
    assert!(last.first().is_none_or(|first| *first > stood), "from where it stood, or behind");
    assert_eq!(get(&world, &post, "carriers/p/consumers/back-office").await.unwrap().lag, 0);
    let again = client(&world, folder.path(), &post, &drain).output().unwrap();
    let again = String::from_utf8(again.stdout).unwrap();
    assert_eq!(again.lines().count(), 1, "only a bookmark: {again}");

    let head = world.log(&post).await.len() as u64;
    let seen: BTreeSet<u64> = printed.into_iter().chain(last).collect();
    assert_eq!(seen, (1..=head).collect::<BTreeSet<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_goes_on_by_its_consumer_when_the_gateway_is_killed_under_it() {
    let mut world = World::start().await;
    let post = world.province.post.clone();
    busy(&world, 3).await;
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::to(&world.gateway.url()).await;
    let token = folder.path().join("token");
    std::fs::write(&token, &post.key).unwrap();
    let mut command = trao();
    command
        .args(["feed", "--follow", "--consumer", "a", "--server", &relay.url(), "--token-file"])
        .arg(&token);
    let reading = Reading::start(command);
    let mut seen = Vec::new();
    let mut read_to = |wanted: u64| {
        while seen.last() != Some(&wanted) {
            let line = reading.lines.recv_timeout(DEADLINE).unwrap();
            seen.extend(line["seq"].as_u64());
        }
    };
    read_to(3);
    for round in 1..=3 {
        world.gateway.kill();
        relay.cut();
        world.gateway.restart();
        world.connect().await;
        relay.aim(&world.gateway.url());
        busy(&world, 3).await;
        read_to(3 + 3 * round);
    }
    eventually("it has committed", || async {
        let consumer = get(&world, &post, "carriers/p/consumers/a").await.unwrap();
        (consumer.lag == 0).then_some(())
    })
    .await;
    assert_eq!(seen, (1..=12).collect::<Vec<u64>>(), "each once: it was not killed itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_lists_shows_moves_and_forgets_consumers() {
    let world = World::start().await;
    let p = &world.province;
    busy(&world, 3).await;
    let folder = tempfile::tempdir().unwrap();
    let says = |who: &Partner, arguments: &[&str]| {
        let output = client(&world, folder.path(), who, arguments).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let json = |who: &Partner, arguments: &[&str]| -> serde_json::Value {
        let (code, text) = says(who, &[arguments, &["--json"]].concat());
        assert_eq!(code, 0, "{text}");
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(says(&p.post, &["consumers", "list", "--json"]), (0, String::new()));
    assert_eq!(says(&p.post, &["feed", "--consumer", "a", "--limit", "2"]).0, 0);
    let shown = json(&p.post, &["consumers", "get", "a"]);
    assert_eq!((&shown["name"], &shown["lag"]), (&"carriers/p/consumers/a".into(), &1.into()));
    assert_eq!(json(&p.post, &["consumers", "list"]), shown);
    assert_eq!(json(&p.post, &["consumers", "get", "carriers/p/consumers/a"]), shown);
    let (_, table) = says(&p.post, &["consumers", "list", "--lang", "vi"]);
    assert!(table.starts_with("Bên đọc ") && table.contains("\ncarriers/p/consumers/a "), "{table}");

    let lag =
        |arguments: &[&str]| json(&p.post, &[&["consumers", "seek", "a"], arguments].concat())["lag"].clone();
    assert_eq!(lag(&["--beginning"]), 3);
    assert_eq!(lag(&["--end"]), 0);
    assert_eq!(lag(&["--time", "2020-01-01T00:00:00+07:00"]), 3);
    assert_eq!(lag(&["--cursor", shown["cursor"].as_str().unwrap()]), 1);
    let stale = ["consumers", "seek", "a", "--end", "--etag", shown["etag"].as_str().unwrap(), "--json"];
    let (code, told) = says(&p.post, &stale);
    assert!(code == 1 && told.contains("CONSUMER_MOVED"), "{told}");
    for usage in [
        &["consumers", "seek", "a"][..],
        &["consumers", "seek", "a", "--end", "--beginning"],
        &["consumers", "seek", "a", "--time", "yesterday"],
        &["consumers"],
        &["feed", "--consumer", "a", "--cursor", "AAAA"],
        &["feed", "--consumer", "a", "--digest"],
    ] {
        assert_eq!(says(&p.post, usage).0, 2, "{usage:?}");
    }
    // By a supervisor for a party below; by nobody else.
    assert_eq!(says(&p.supervisor, &["feed", "--parent", "H99.14", "--consumer", "b"]).0, 0);
    assert_eq!(json(&p.department, &["consumers", "get", "b"])["lag"], 0);
    let stranger = &["consumers", "get", "agencies/H99.14/consumers/b", "--json"];
    let never = &["consumers", "get", "agencies/H99.14/consumers/never", "--json"];
    for asked in [stranger, never] {
        let (code, told) = says(&p.sibling, asked);
        assert!(code == 1 && told.contains(r#""reason":"NOT_FOUND","field":"name""#), "{told}");
    }
    let deleted = json(&p.post, &["consumers", "delete", "a"]);
    assert_eq!(deleted, serde_json::json!({ "name": "carriers/p/consumers/a", "deleted": true }));
    assert_eq!(says(&p.post, &["consumers", "delete", "a"]).0, 1);
    // One that somebody else made is read by all the same.
    create(&world, &p.post, creation("made", Some(From::End(())))).await.unwrap();
    assert_eq!(says(&p.post, &["feed", "--consumer", "made"]).1.lines().count(), 1);
}
