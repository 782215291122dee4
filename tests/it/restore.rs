//! A store is restored from a backup: what was acknowledged before it is there, its readers go on where the histories part,
//! and what came after is journaled anew when it is sent again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use tokio::sync::watch;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::pull_events_request::Start as From;

use crate::cluster::Cluster;
use crate::support::codes;
use crate::support::gateway::{Gateway, Start, trao};
use crate::support::partner::{PDA, capture, event, reason};
use crate::support::wait::within;
use crate::support::world::World;

/// The line of a number: the same whenever it is sent.
fn line(number: u64) -> v1::Capture {
    let occurred_at = Some(prost_types::Timestamp { seconds: 1_795_132_800, nanos: 0 });
    let event = v1::Event { occurred_at, ..event(Type::OfficeIn, &codes::item(number % 50)) };
    capture(PDA, &format!("line-{number}"), &event)
}

async fn say(world: &World, number: u64) -> v1::Recorded {
    world.capture(&world.province.post, line(number)).await.unwrap()
}

async fn pull(world: &World, from: From, page_size: i32) -> Result<v1::PullEventsResponse, Status> {
    let request = v1::PullEventsRequest { start: Some(from), page_size, ..Default::default() };
    world.feeds().pull_events(world.province.post.ask(request)).await.map(tonic::Response::into_inner)
}

/// The cursor of the carrier's log behind so many events.
async fn behind(world: &World, events: i32) -> Bytes {
    pull(world, From::Cursor(Bytes::new()), events).await.unwrap().next_cursor
}

/// The last common position, and the cursor to go on from.
fn resume(refused: &Status) -> (String, Bytes) {
    assert_eq!((refused.code(), reason(refused).as_str()), (Code::Aborted, "EPOCH_CHANGED"));
    let info = refused.get_details_error_info().unwrap();
    let cursor = URL_SAFE_NO_PAD.decode(&info.metadata["resume_cursor"]).unwrap();
    (info.metadata["last_common_position"].clone(), cursor.into())
}

/// Every event from a cursor on is told once, in order, and they are those of the log.
async fn goes_on(world: &World, mut cursor: Bytes, after: u64) {
    let log = world.log(&world.province.post).await;
    let mut told = Vec::new();
    loop {
        let page = pull(world, From::Cursor(cursor), 7).await.unwrap();
        told.extend(page.events);
        cursor = page.next_cursor;
        if page.caught_up {
            break;
        }
    }
    let rest: Vec<_> = log.into_iter().filter(|line| line.seq > after).collect();
    assert_eq!(told, rest);
}

fn ran(arguments: &[&str], more: &[&Path]) -> Output {
    trao().args(arguments).args(more).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Restores a backup into a folder.
fn restored(backup: &Path, data: &Path) -> Result<String, String> {
    let output = trao().arg("restore").arg(backup).arg("--data").arg(data).output().unwrap();
    match output.status.code() {
        Some(0) => Ok(said(&output)),
        Some(1) => Err(said(&output)),
        other => panic!("{other:?}: {}", said(&output)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_in_a_new_epoch_and_its_readers_go_on_where_the_histories_part() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let mut world = World::on(Gateway::start_on(&at("first"), Start::default())).await;
    let mut first = Vec::new();
    for number in 0..10 {
        first.push(say(&world, number).await.record);
    }
    let request = v1::CreateConsumerRequest {
        consumer_id: "office".to_owned(),
        request_id: "create".to_owned(),
        start: Some(v1::create_consumer_request::Start::Cursor(behind(&world, 4).await)),
        ..Default::default()
    };
    let made = world.feeds().create_consumer(world.province.post.ask(request)).await.unwrap();
    let consumer = made.into_inner().consumer.unwrap().name;
    let early = behind(&world, 3).await;
    assert!(ran(&["backup", "--data"], &[&at("first"), &at("backup")]).status.success());
    // What the original goes on to is lost with it.
    for number in 10..15 {
        say(&world, number).await;
    }
    let late = behind(&world, 1_000).await;
    world.gateway.kill();

    let told = restored(&at("backup"), &at("second")).unwrap();
    assert!(told.contains("restored up to position 0-10"), "{told}");
    world.gateway = Gateway::start_on(&at("second"), Start::default());
    world.connect().await;
    let again = say(&world, 7).await;
    assert_eq!((again.record, again.replayed), (first[7].clone(), true));
    let anew = say(&world, 12).await;
    assert_eq!((anew.replayed, anew.position.unwrap().pos), (false, 11));

    let refused = pull(&world, From::Cursor(late.clone()), 1).await.unwrap_err();
    let (common, from) = resume(&refused);
    assert_eq!(common, "0-10");
    goes_on(&world, from.clone(), 10).await;
    goes_on(&world, resume(&pull(&world, From::Cursor(early), 1).await.unwrap_err()).1, 3).await;

    // A consumer stands where it stood, and is sought there.
    let refused = pull(&world, From::Consumer(consumer.clone()), 1).await.unwrap_err();
    let (_, to) = resume(&refused);
    let to = Some(v1::seek_consumer_request::To::Cursor(to));
    let request = v1::SeekConsumerRequest { name: consumer.clone(), to, ..Default::default() };
    world.feeds().seek_consumer(world.province.post.ask(request)).await.unwrap();
    let page = pull(&world, From::Consumer(consumer), 2).await.unwrap();
    assert_eq!(page.events.iter().map(|line| line.seq).collect::<Vec<_>>(), [5, 6]);

    // The command line tells the same.
    let key = at("key");
    fs::write(&key, &world.province.post.key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let cursor = URL_SAFE_NO_PAD.encode(&late);
    let url = world.gateway.url();
    let fed = ran(&["feed", "--server", &url, "--cursor", &cursor, "--token-file"], &[&key]);
    assert_eq!(fed.status.code(), Some(1));
    let wanted = format!("trao feed --cursor {}", URL_SAFE_NO_PAD.encode(&from));
    assert!(
        said(&fed).contains("last_common_position: 0-10") && said(&fed).contains(&wanted),
        "{}",
        said(&fed)
    );

    // Restored once more from the same backup, what the second went on to is nobody's, and its cursors are of no epoch
    // that the third knows.
    let late = behind(&world, 1_000).await;
    world.gateway.kill();
    restored(&at("backup"), &at("third")).unwrap();
    world.gateway = Gateway::start_on(&at("third"), Start::default());
    world.connect().await;
    let refused = pull(&world, From::Cursor(late), 1).await.unwrap_err();
    assert_eq!(reason(&refused), "EPOCH_CHANGED");
    assert!(!refused.get_details_error_info().unwrap().metadata.contains_key("resume_cursor"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_whole_backup_is_refused_with_what_to_do_and_leaves_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let mut world = World::on(Gateway::start_on(&at("data"), Start::default())).await;
    for number in 0..5 {
        say(&world, number).await;
    }
    assert!(ran(&["backup", "--data"], &[&at("data"), &at("whole")]).status.success());
    world.gateway.stop();
    let spoilt = |name: &str, spoil: &dyn Fn(&Path)| {
        fs::create_dir(at(name)).unwrap();
        for file in ["trao.db", "seal.key"] {
            fs::copy(at("whole").join(file), at(name).join(file)).unwrap();
        }
        spoil(&at(name));
        at(name)
    };
    let sql = |folder: &Path, text: &str| {
        let connection = rusqlite::Connection::open(folder.join("trao.db")).unwrap();
        connection.execute_batch(text).unwrap();
    };
    for (name, why, spoil) in [
        (
            "keyless",
            "holds no seal.key",
            &(|at: &Path| fs::remove_file(at.join("seal.key")).unwrap()) as &dyn Fn(&Path),
        ),
        ("empty", "holds no trao.db", &|at| fs::remove_file(at.join("trao.db")).unwrap()),
        ("torn", "is torn", &|at| {
            let file = fs::OpenOptions::new().write(true).open(at.join("trao.db")).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2 + 100).unwrap();
        }),
        ("text", "is torn", &|at| {
            fs::write(at.join("trao.db"), "not a database, but long enough".repeat(50)).unwrap()
        }),
        ("written", "trao.db-wal", &|at| fs::write(at.join("trao.db-wal"), "x").unwrap()),
        ("store", "is a store, not a backup", &|at| sql(at, "UPDATE meta SET copied = 0")),
        ("newer", "made by a newer release", &|at| sql(at, "INSERT INTO migration VALUES (99, x'00', 0)")),
        ("short", "position 0-5 ", &|at| sql(at, "DELETE FROM entry WHERE at = 5")),
        ("edited", "position 0-3 ", &|at| {
            sql(at, "UPDATE entry SET record = (SELECT record FROM entry WHERE at = 2) WHERE at = 3");
        }),
        ("resealed", "signature does not verify", &|at| {
            sql(at, "UPDATE seal SET committed_at = committed_at + 1 WHERE size = 5");
        }),
        ("ahead", "0-6 is the head", &|at| sql(at, "UPDATE lane SET pos = 6")),
    ] {
        let refused = restored(&spoilt(name, spoil), &at("new")).unwrap_err();
        assert!(refused.contains(why), "{name}: {refused}");
        assert!(!at("new").exists() && !at("new.partial").exists(), "{name}");
    }
    let refused = restored(&at("whole"), &at("data")).unwrap_err();
    assert!(refused.contains("is not empty"), "{refused}");
    fs::create_dir(at("new")).unwrap();
    restored(&at("whole"), &at("new")).unwrap();
    let mut gateway = Gateway::start_on(&at("new"), Start::default());
    let (_, log) = gateway.stop();
    assert!(!log.contains("this store is a copy"), "its epoch had begun: {log}");
}

/// A file that names a database.
fn file_of(folder: &Path, name: &str, url: &str) -> std::path::PathBuf {
    let file = folder.join(name);
    fs::write(&file, url).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_databases_own_backup_taken_under_load_is_restored_and_nothing_acknowledged_before_it_is_missing() {
    let temporary = tempfile::tempdir().unwrap();
    let cluster = Cluster::start();
    let mut world = World::on(Gateway::start_on_database(&cluster.url())).await;
    let mut acknowledged = Vec::new();
    for number in 0..40 {
        acknowledged.push(say(&world, number).await.record);
    }
    let early = behind(&world, 5).await;
    // Lines go on while the backup is taken, until it is.
    let copy = Cluster::prepare();
    let (done, over) = watch::channel(false);
    let (copy, mut number) = std::thread::scope(|threads| {
        let copying = threads.spawn(|| {
            cluster.back_up_into(&copy);
            done.send_replace(true);
            copy
        });
        let number = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let mut number = 40;
                while !*over.borrow() {
                    acknowledged.push(say(&world, number).await.record);
                    number += 1;
                }
                number
            })
        });
        (copying.join().unwrap(), number)
    });
    assert!(number > 40, "the backup was taken under load");
    for _ in 0..20 {
        acknowledged.push(say(&world, number).await.record);
        number += 1;
    }
    let late = behind(&world, 1_000).await;

    let restore = |file: &Path| trao().args(["restore", "--database-file"]).arg(file).output().unwrap();
    let refused = restore(&file_of(temporary.path(), "primary", &cluster.url()));
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("gateways are connected"), "{}", said(&refused));
    let away = restore(&file_of(temporary.path(), "away", "postgres://trao@127.0.0.1:1/postgres"));
    assert_eq!(away.status.code(), Some(3), "{}", said(&away));
    world.gateway.kill();
    cluster.crash();

    copy.configure(&[]);
    let copy = copy.launch();
    let told = restore(&file_of(temporary.path(), "copy", &copy.url()));
    assert!(told.status.success() && said(&told).contains("restored up to position 0-"), "{}", said(&told));
    world.gateway = Gateway::start_on_database(&copy.url());
    let other = Gateway::start_on_database(&copy.url());
    world.connect().await;
    let refused = within("the refusal", pull(&world, From::Cursor(late), 1)).await.unwrap_err();
    let (common, from) = resume(&refused);
    let common: u64 = common.strip_prefix("0-").unwrap().parse().unwrap();
    assert!((40..=number - 20).contains(&common), "{common} of {number}");
    // What stands before the common position is told as it was, and the rest is journaled anew.
    for (number, record) in (0..).zip(&acknowledged) {
        let again = say(&world, number).await;
        assert_eq!(again.replayed, number < common, "{number} of {common}");
        assert_eq!(again.record == *record, number < common, "{number} of {common}");
    }
    goes_on(&world, from, common).await;
    goes_on(&world, resume(&pull(&world, From::Cursor(early), 1).await.unwrap_err()).1, 5).await;
    drop(other);
}
