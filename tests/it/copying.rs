//! A store moves from its folder to a database while it is served: everything acknowledged is there, whoever reads goes on
//! where they were, and whatever is killed or differs on the way, one store is served and nothing is lost.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use prost::Message;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use trao::doors::wire::v1;
use trao::dossier::names::{Lane, Position};
use trao::store::Place;
use v1::EventType as Type;
use v1::capture_service_client::CaptureServiceClient;
use v1::pull_events_request::Start as From;

use crate::cluster::Cluster;
use crate::support::codes;
use crate::support::gateway::{Gateway, Start, trao};
use crate::support::partner::{PDA, Partner, capture, code, event, reason};
use crate::support::seed::Seed;
use crate::support::wait::{eventually, within};
use crate::support::world::World;

/// A schema of one's own in the shared cluster, and the file that names it.
struct Database {
    url: String,
    file: PathBuf,
}

impl Database {
    fn new(folder: &Path) -> Database {
        let url = Cluster::shared().empty_schema();
        let file = folder.join(format!("database-{}", url.rsplit('=').next().unwrap()));
        fs::write(&file, &url).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        Database { url, file }
    }

    fn in_it(&self, sql: &str) -> String {
        format!("SET search_path = {}; {sql}", self.url.rsplit('=').next().unwrap())
    }

    fn sql(&self, sql: &str) -> String {
        Cluster::shared().sql(&self.in_it(sql))
    }

    fn has_a_store(&self) -> bool {
        let schema = self.url.rsplit('=').next().unwrap();
        !Cluster::shared().sql(&format!("SELECT to_regclass('{schema}.touched')")).is_empty()
            && self.sql("SELECT count(*) FROM meta") == "1"
    }

    /// Waits until a copy has begun in it.
    async fn begun(&self) {
        eventually("the copy's beginning", || async { self.has_a_store().then_some(()) }).await;
    }

    /// Holds locks until it is dropped.
    fn hold(&self, sql: &str) -> Held {
        let port = Cluster::shared().port().to_string();
        let mut psql = Cluster::shared().command("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &port]);
        psql.args(["-U", "trao", "-d", "postgres"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = psql.spawn().unwrap();
        let input = child.stdin.as_mut().unwrap();
        writeln!(input, "BEGIN; {}; SELECT 'held';", self.in_it(sql)).unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(said.into_iter().any(|line| line == "held"), "{sql}");
        Held(child)
    }

    /// Waits until the copier waits for what is held.
    async fn waited_for(&self, table: &str) {
        let schema = self.url.rsplit('=').next().unwrap();
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trao' AND wait_event_type = 'Lock'
             AND pid IN (SELECT pid FROM pg_locks JOIN pg_class ON pg_class.oid = relation
               WHERE relname = '{table}' AND relnamespace = '{schema}'::regnamespace)"
        );
        eventually("the copier waits", || async { (Cluster::shared().sql(&sql) != "0").then_some(()) }).await;
    }
}

/// A session of the database with locks.
struct Held(Child);

impl Drop for Held {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// The line of a number: the same whenever it is sent. Of ten, one has a personal part, and none is known before.
fn line(number: u64) -> v1::Capture {
    let occurred_at = Some(prost_types::Timestamp { seconds: 1_795_132_800, nanos: 0 });
    let said = v1::Event { occurred_at, ..event(Type::OfficeIn, &codes::item(number % 50)) };
    let mut line = capture(PDA, &format!("line-{number}"), &said);
    if number.is_multiple_of(10) {
        let personal = v1::Personal { name: format!("Người {number}"), ..Default::default() };
        line.personal = personal.encode_to_vec().into();
    }
    line
}

async fn say(world: &World, number: u64) -> v1::Recorded {
    world.capture(&world.province.post, line(number)).await.unwrap()
}

async fn pull(world: &World, from: From, page_size: i32) -> Result<v1::PullEventsResponse, Status> {
    let request = v1::PullEventsRequest { start: Some(from), page_size, ..Default::default() };
    world.feeds().pull_events(world.province.post.ask(request)).await.map(tonic::Response::into_inner)
}

/// Everything from a cursor on, by lane and number.
async fn rest(world: &World, who: &Partner, cursor: Bytes) -> Vec<v1::FeedEvent> {
    let (mut found, mut cursor) = (Vec::new(), cursor);
    loop {
        let request =
            v1::PullEventsRequest { start: Some(From::Cursor(cursor)), page_size: 100, ..Default::default() };
        let page = world.feeds().pull_events(who.ask(request)).await.unwrap().into_inner();
        found.extend(page.events);
        cursor = page.next_cursor;
        if page.caught_up {
            found.sort_by_key(|line| (line.lane, line.seq));
            return found;
        }
    }
}

fn copier(data: &Path, database: &Database) -> std::process::Command {
    let mut command = trao();
    command.args(["copy", "--json", "--data"]).arg(data).arg("--database-file").arg(&database.file);
    command
}

/// A copier that is killed with the test.
struct Copier(Child);

impl Copier {
    fn start(data: &Path, database: &Database) -> Copier {
        let mut command = copier(data, database);
        Copier(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Copies to the end.
async fn copied(data: &Path, database: &Database) -> serde_json::Value {
    let mut command = copier(data, database);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Copies, and must not come to the end.
async fn refused(data: &Path, database: &Database) -> String {
    let mut command = copier(data, database);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    said(&output)
}

/// Why no gateway serves it.
fn unserved(data: &Path, database: Option<&Database>) -> String {
    let mut command = trao();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    if let Some(database) = database {
        command.arg("--database-file").arg(&database.file);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    said(&output)
}

async fn health(channel: Channel) -> ServingStatus {
    let asked = HealthCheckRequest { service: String::new() };
    match HealthClient::new(channel).check(asked).await.unwrap().into_inner().status() {
        tonic_health::pb::health_check_response::ServingStatus::Serving => ServingStatus::Serving,
        _ => ServingStatus::NotServing,
    }
}

fn phase(data: &Path) -> i64 {
    let connection = rusqlite::Connection::open(data.join("trao.db")).unwrap();
    connection.query_row("SELECT phase FROM meta", [], |row| row.get(0)).unwrap()
}

/// Says line after line, each until it is acknowledged, until the store is moved or it is told to stop. The records.
async fn talker(channel: Channel, post: Partner, from: u64, stop: Arc<AtomicBool>) -> Vec<(u64, Bytes)> {
    let mut captures = CaptureServiceClient::new(channel);
    let mut acknowledged = Vec::new();
    let mut number = from;
    while !stop.load(Ordering::Relaxed) {
        let request = post.ask(v1::CaptureEventRequest { line: Some(line(number)) });
        match captures.capture_event(request).await {
            Ok(answer) => {
                acknowledged.push((number, answer.into_inner().recorded.unwrap().record));
                number += 1;
            }
            Err(status) if status.message().contains("moved to a database") => break,
            Err(status) => assert_eq!(
                (status.code(), reason(&status).as_str()),
                (Code::Unavailable, "STORE_UNAVAILABLE")
            ),
        }
    }
    acknowledged
}

async fn consumer(world: &World, cursor: Bytes) -> String {
    let request = v1::CreateConsumerRequest {
        consumer_id: "office".to_owned(),
        request_id: "create".to_owned(),
        start: Some(v1::create_consumer_request::Start::Cursor(cursor)),
        ..Default::default()
    };
    let made = world.feeds().create_consumer(world.province.post.ask(request)).await.unwrap();
    made.into_inner().consumer.unwrap().name
}

/// Two lanes, an epoch that ended, a personal part that is erased, events that wait, events that were placed, a bag, dossiers.
async fn lived_in(at: &dyn Fn(&str) -> PathBuf) -> (World, Vec<Bytes>) {
    let mut world = World::in_two_lanes(Gateway::start_on(&at("first"), Start::default())).await;
    for number in 0..20 {
        say(&world, number).await;
    }
    world.gateway.stop();
    let made = trao().args(["backup", "--data"]).arg(at("first")).arg(at("backup")).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let made = trao().arg("restore").arg(at("backup")).arg("--data").arg(at("data")).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    world.gateway = Gateway::start_on(&at("data"), Start::default());
    world.connect().await;
    let mut records = Vec::new();
    for number in 0..60 {
        records.push(say(&world, number).await.record);
    }
    let item = codes::item(5);
    let order = v1::OrderLegRequest { item: code(&item), ..world.order(v1::LegKind::Inbound) };
    let department = world.province.department.clone();
    world.ordered(&department, order).await;
    world.registered(&department, world.registration(&codes::dossier(7))).await;
    world.say(&world.province.post, PDA, &event(Type::OfficeIn, &codes::bag(3))).await;
    let mut admin = Place::Folder(at("data")).admin().await.unwrap();
    // The carriers are in the second lane.
    assert!(admin.erase_personal(Position { lane: Lane(1), pos: 1 }).await.unwrap());
    (world, records)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_moves_to_a_database_under_load_and_whoever_reads_or_retries_goes_on_there() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let (mut world, records) = lived_in(&at).await;
    let database = Database::new(temporary.path());
    let post = world.province.post.clone();
    let first = pull(&world, From::Cursor(Bytes::new()), 7).await.unwrap();
    let early = first.next_cursor;
    let name = consumer(&world, early.clone()).await;
    let department = world.province.department.clone();

    let (stop, old) = (Arc::new(AtomicBool::new(false)), world.channel());
    let talking = tokio::spawn(talker(old.clone(), post.clone(), 1_000, Arc::clone(&stop)));
    // What the tie, the administrator and the directory do meanwhile moves with it.
    let copying = tokio::spawn({
        let (data, database) =
            (at("data"), Database { url: database.url.clone(), file: database.file.clone() });
        async move { copied(&data, &database).await }
    });
    database.begun().await;
    let mut admin = Place::Folder(at("data")).admin().await.unwrap();
    let erased = admin.erase_personal(Position { lane: Lane(1), pos: 11 }).await;
    let told = copying.await.unwrap();
    eprintln!("{told}");
    let acknowledged = within("the talker's end", talking).await.unwrap();
    assert_eq!(told["positions"].as_array().unwrap().len(), 2);
    assert!(acknowledged.len() > 3, "{} lines", acknowledged.len());

    // The folder's gateway says so, is not healthy, and does not start again.
    eventually("the old gateway's health", || async {
        (health(old.clone()).await == ServingStatus::NotServing).then_some(())
    })
    .await;
    let away = pull(&world, From::Cursor(early.clone()), 1).await.unwrap_err();
    assert_eq!((away.code(), reason(&away).as_str()), (Code::Unavailable, "STORE_UNAVAILABLE"));
    assert!(away.message().contains("moved to a database"), "{}", away.message());
    world.gateway.kill();
    assert!(unserved(&at("data"), None).contains("was moved to a database"));
    let key =
        trao().args(["keys", "create", "--role", "admin", "--name", "x", "--data"]).arg(at("data")).output();
    assert!(said(&key.unwrap()).contains("was moved to a database"));
    let kept = trao().args(["backup", "--data"]).arg(at("data")).arg(at("late")).output().unwrap();
    assert!(said(&kept).contains("was moved to a database"));

    world.gateway = Gateway::start_on_database(&database.url);
    world.connect().await;
    for (number, record) in (0..).zip(records).chain(acknowledged.clone()) {
        if erased.as_ref().is_ok_and(|erased| *erased) && number == 10 {
            continue;
        }
        let again = say(&world, number).await;
        assert!(again.replayed && again.record == record, "line {number}");
    }
    let all = rest(&world, &post, Bytes::new()).await;
    let mut read = [first.events, rest(&world, &post, early.clone()).await].concat();
    read.sort_by_key(|line| (line.lane, line.seq));
    // What they hold is too much to print.
    assert!(read == all, "a cursor taken before goes on without a gap: {} of {}", read.len(), all.len());
    let by_consumer = pull(&world, From::Consumer(name), 2).await.unwrap();
    let by_cursor = pull(&world, From::Cursor(early), 2).await.unwrap();
    assert!(by_consumer.events == by_cursor.events && by_consumer.events.len() == 2, "a consumer goes on");
    assert!(!rest(&world, &department, Bytes::new()).await.is_empty());
    // What waited is placed there, and what is new follows what was.
    let anew = say(&world, 5_000).await;
    assert!(!anew.replayed && anew.position.unwrap().pos > acknowledged.len() as u64);
    let order = v1::OrderLegRequest { item: code(&codes::item(6)), ..world.order(v1::LegKind::Inbound) };
    let leg = world.ordered(&department, order).await.name;
    eventually("the placings", || async { (world.leg(&department, &leg).await.events > 1).then_some(()) })
        .await;

    // Said again it has nothing left to do.
    assert_eq!(copied(&at("data"), &database).await["moved_before"], true);
    let other = Database::new(temporary.path());
    assert!(refused(&at("data"), &other).await.contains("was moved to a database"));
    assert!(!other.has_a_store());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copier_that_is_killed_anywhere_stops_nobody_for_long_and_the_next_one_goes_on_and_ends_right() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let mut seed = Seed::take();
    let (mut world, records) = lived_in(&at).await;
    let database = Database::new(temporary.path());
    let post = world.province.post.clone();
    // It makes the tables, and can mark nothing.
    let writing = rusqlite::Connection::open(at("data").join("trao.db")).unwrap();
    writing.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut killed = Copier::start(&at("data"), &database);
    database.begun().await;
    killed.kill();
    drop(writing);
    assert!(unserved(&at("gateway"), Some(&database)).contains("`trao copy` goes on with it"));
    let keys = trao().args(["keys", "list", "--database-file"]).arg(&database.file).output().unwrap();
    assert!(said(&keys).contains("not finished"), "{}", said(&keys));

    let stop = Arc::new(AtomicBool::new(false));
    let talking = tokio::spawn(talker(world.channel(), post.clone(), 1_000, Arc::clone(&stop)));
    // Wherever rows are read or written, and in the moment in which writes are refused.
    let mut tables = ["entry", "event_key", "leg", "waiting", "consumer", "api_key"];
    let first = seed.below(tables.len() as u64) as usize;
    tables.rotate_left(first);
    for table in &tables[..3] {
        let held = database.hold(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"));
        let mut killed = Copier::start(&at("data"), &database);
        database.waited_for(table).await;
        killed.kill();
        drop(held);
        say(&world, 2_000 + seed.below(1_000_000)).await;
    }
    let held = database.hold("SELECT 1 FROM meta FOR UPDATE");
    let mut killed = Copier::start(&at("data"), &database);
    database.waited_for("meta").await;
    assert_eq!(phase(&at("data")), 2, "the last of it is being copied");
    let away = world.capture(&post, line(7_000)).await.unwrap_err();
    assert_eq!((away.code(), reason(&away).as_str()), (Code::Unavailable, "STORE_UNAVAILABLE"));
    assert!(away.message().contains("in a moment"), "{}", away.message());
    assert_eq!(pull(&world, From::Cursor(Bytes::new()), 1).await.unwrap().events.len(), 1, "reads go on");
    killed.kill();
    drop(held);
    let taken = eventually("writes", || async { world.capture(&post, line(7_000)).await.ok() }).await;
    assert_eq!(phase(&at("data")), 0, "the mark has lapsed");

    stop.store(true, Ordering::Relaxed);
    let acknowledged = within("the talker's end", talking).await.unwrap();
    copied(&at("data"), &database).await;
    // Killed behind the mark and before its last word: neither is served until it is said.
    database.sql("UPDATE meta SET phase = 4");
    assert!(unserved(&at("gateway"), Some(&database)).contains("not finished"));
    world.gateway.kill();
    assert!(unserved(&at("data"), None).contains("was moved"));
    assert_eq!(copied(&at("data"), &database).await["moved_before"], false);

    world.gateway = Gateway::start_on_database(&database.url);
    world.connect().await;
    let all = (0..).zip(records).chain(acknowledged).chain([(7_000, taken.record)]);
    for (number, record) in all {
        let again = say(&world, number).await;
        assert!(again.replayed && again.record == record, "line {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copier_that_stood_still_for_too_long_does_not_move_a_store_that_went_on_without_it() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let (mut world, records) = lived_in(&at).await;
    let database = Database::new(temporary.path());
    let writing = rusqlite::Connection::open(at("data").join("trao.db")).unwrap();
    writing.execute_batch("BEGIN IMMEDIATE").unwrap();
    let copying = tokio::spawn({
        let (data, database) =
            (at("data"), Database { url: database.url.clone(), file: database.file.clone() });
        async move { refused(&data, &database).await }
    });
    database.begun().await;
    let held = database.hold("SELECT 1 FROM meta FOR UPDATE");
    drop(writing);
    database.waited_for("meta").await;
    // As if it stood still for so long: its mark has lapsed, and somebody writes.
    let writing = rusqlite::Connection::open(at("data").join("trao.db")).unwrap();
    assert_eq!(writing.execute("UPDATE meta SET mark = 1 WHERE phase = 2", []).unwrap(), 1);
    drop(writing);
    let later = say(&world, 900).await.record;
    drop(held);
    let told = copying.await.unwrap();
    assert!(told.contains("stood still for too long"), "{told}");
    assert_eq!(phase(&at("data")), 0);
    assert!(unserved(&at("gateway"), Some(&database)).contains("not finished"));
    copied(&at("data"), &database).await;
    world.gateway = Gateway::start_on_database(&database.url);
    world.connect().await;
    for (number, record) in (0..).zip(records).chain([(900, later)]) {
        assert!(say(&world, number).await.record == record, "line {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_difference_is_named_the_folder_goes_on_being_served_and_nothing_is_moved() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let (world, _) = lived_in(&at).await;
    for (plant, wanted) in [
        (
            "UPDATE entry SET event = set_byte(event, 3, 1 - get_byte(event, 3) % 2) WHERE lane = 1 AND pos = 30",
            "entry (1, 30) has another event",
        ),
        (
            "UPDATE entry SET record = set_byte(record, 40, 1 - get_byte(record, 40) % 2) WHERE lane = 1 AND pos = 31",
            "entry (1, 31) has another record",
        ),
        ("DELETE FROM log_run WHERE lane = 1 AND seq = 12", "is missing"),
        ("DELETE FROM entry WHERE lane = 1 AND pos = 9", "entry (1, 9) is missing"),
        (
            "INSERT INTO log_run SELECT lane, party, 1000000, 1, 1, '' FROM log_run LIMIT 1",
            "1000000) is not in the folder's store",
        ),
        (
            "INSERT INTO entry SELECT 1, 1000000, source, prev, logs, record, event FROM entry LIMIT 1",
            "entry (1, 1000000) is not in the folder's store",
        ),
        (
            "UPDATE seal SET signature = set_byte(signature, 5, 1 - get_byte(signature, 5) % 2) WHERE lane = 1 AND size = 20",
            "seal (1, 20) has another signature",
        ),
    ] {
        let database = Database::new(temporary.path());
        // All lines are copied when it is killed.
        let writing = rusqlite::Connection::open(at("data").join("trao.db")).unwrap();
        writing.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut killed = Copier::start(&at("data"), &database);
        database.begun().await;
        let held = database.hold("LOCK TABLE leg IN ACCESS EXCLUSIVE MODE");
        drop(writing);
        database.waited_for("leg").await;
        killed.kill();
        drop(held);
        database.sql(plant);
        let told = refused(&at("data"), &database).await;
        assert!(told.contains(wanted) && told.contains("goes on being served"), "{plant}: {told}");
        assert_eq!(phase(&at("data")), 0);
        assert!(unserved(&at("gateway"), Some(&database)).contains("not finished"));
    }
    // Rows that may change are made like the folder's, whatever was done to them.
    let database = Database::new(temporary.path());
    let writing = rusqlite::Connection::open(at("data").join("trao.db")).unwrap();
    writing.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut killed = Copier::start(&at("data"), &database);
    database.begun().await;
    let held = database.hold("LOCK TABLE consumer IN ACCESS EXCLUSIVE MODE");
    drop(writing);
    database.waited_for("consumer").await;
    killed.kill();
    drop(held);
    database.sql("UPDATE leg SET body = '\\x00'; DELETE FROM event_key WHERE pos = 3; INSERT INTO waiting VALUES (1, 'x', 5)");
    say(&world, 400).await;
    copied(&at("data"), &database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_holds_anything_else_is_refused_and_left_as_it_is() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let mut gateway = Gateway::start_on(&at("data"), Start::default());
    let others = Database::new(temporary.path());
    others.sql("CREATE TABLE bills (number bigint)");
    assert!(refused(&at("data"), &others).await.contains("has tables that are not Trao's"));
    let store = Database::new(temporary.path());
    drop(Gateway::start_on_database(&store.url));
    assert!(refused(&at("data"), &store).await.contains("holds a store already"));
    // The unfinished copy of another store.
    let begun = Database::new(temporary.path());
    let mut other = Gateway::start_on(&at("other"), Start::default());
    other.stop();
    let writing = rusqlite::Connection::open(at("other").join("trao.db")).unwrap();
    writing.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut killed = Copier::start(&at("other"), &begun);
    begun.begun().await;
    killed.kill();
    drop(writing);
    assert!(refused(&at("data"), &begun).await.contains("unfinished copy of another store"));
    let restored = trao().args(["restore", "--database-file"]).arg(&begun.file).output().unwrap();
    assert!(said(&restored).contains("not finished"), "{}", said(&restored));
    // Nothing is left of trying: the folder is served, stops and starts.
    assert_eq!(phase(&at("data")), 0);
    gateway.stop();
    gateway.restart();
    let nothing = copier(&at("nothing"), &others).output().unwrap();
    assert!(said(&nothing).contains("holds no store"));
}
