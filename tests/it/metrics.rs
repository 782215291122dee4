//! What a scraper is told, held against the journal as another process reads it and against what callers were answered.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use prost::Message;
use tonic::transport::Endpoint;
use trao::doors::wire::{self, v1};
use trao::dossier::event::EventType;
use trao::dossier::refusal::Reason;
use trao::limits;
use trao::seal::record::Record;
use v1::EventType as Type;
use v1::feed_service_client::FeedServiceClient;
use v1::line_result::Result as Line;

use crate::support::codes;
use crate::support::gateway::{Gateway, Start, trao};
use crate::support::interpose::{Field, Interposer};
use crate::support::partner::{PC, PDA, Partner, SYSTEM, capture, code, event, reason};
use crate::support::raw;
use crate::support::scrape::{Scraped, admin_address, http, scrape};
use crate::support::wait::{DEADLINE, eventually, within};
use crate::support::world::{DEPARTMENT, World};

const GET: &str = "GET /metrics HTTP/1.1\r\nhost: gateway\r\n\r\n";

/// A scrape that does not hold a thread of the test's calls.
async fn scraped(world: &World) -> Scraped {
    let folder = world.gateway.folder().to_owned();
    tokio::task::spawn_blocking(move || scrape(&folder)).await.unwrap()
}

/// What callers were answered.
#[derive(Default)]
struct Answered {
    replays: u32,
    refusals: BTreeMap<String, u32>,
}

impl Answered {
    fn take(&mut self, answer: Result<v1::Recorded, String>) {
        match answer {
            Ok(recorded) => self.replays += u32::from(recorded.replayed),
            Err(reason) => *self.refusals.entry(reason).or_default() += 1,
        }
    }
}

/// A scan that reads as no code: it is kept, and nothing waits for it or is placed.
fn codeless(id: &str) -> v1::Capture {
    capture(PDA, id, &event(Type::OfficeIn, ""))
}

/// Calls of every kind by one of many: taken, sent again, refused alone and as lines.
async fn work(world: &World, writer: u64, rounds: u64, answered: &Mutex<Answered>) {
    let p = &world.province;
    let tell = |answer| answered.lock().unwrap().take(answer);
    let send = async |who: &Partner, line: v1::Capture| {
        tell(world.capture(who, line).await.map_err(|status| reason(&status)));
    };
    for round in 0..rounds {
        let item = codes::item(1_000 * writer + round);
        let picked = v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &item) };
        let first = capture(PDA, &world.fresh("metrics"), &picked);
        send(&p.post, first.clone()).await;
        send(&p.post, first.clone()).await;
        let other = event(Type::Held, &item).encode_to_vec().into();
        send(&p.post, v1::Capture { event: other, ..first.clone() }).await;
        send(&p.post, capture(PC, &world.fresh("metrics"), &event(Type::OfficeIn, "RA990000011VN"))).await;
        // Not its source: the journal's own refusal would be the same, the door's comes first.
        send(&p.centre, first.clone()).await;
        send(&Partner::stranger("trao_none"), first.clone()).await;
        let order = v1::OrderLegRequest { item: code(&item), ..world.order(v1::LegKind::Outbound) };
        let order = world.legs().order_leg(p.department.ask(order)).await;
        tell(order.map(|answer| answer.into_inner().recorded.unwrap()).map_err(|status| reason(&status)));
        let lines: Vec<Bytes> = vec![
            codeless(&world.fresh("metrics")).encode_to_vec().into(),
            first.encode_to_vec().into(),
            capture(PC, &world.fresh("metrics"), &event(Type::OfficeIn, "?")).encode_to_vec().into(),
            Bytes::from_static(b"\xff\xff"),
        ];
        for result in world.batch(&p.post, lines).await.unwrap() {
            tell(match result.result.unwrap() {
                Line::Recorded(recorded) => Ok(recorded),
                Line::Refusal(refusal) => Err(refusal.reason),
            });
        }
    }
}

/// The events of the store by type, as another process reads them.
fn journaled(gateway: &Gateway) -> BTreeMap<String, f64> {
    let database = gateway.database();
    let mut statement = database.prepare("SELECT record FROM entry").unwrap();
    let records = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let mut by_type: BTreeMap<String, f64> =
        EventType::ALL.iter().map(|kind| (kind.text().to_owned(), 0.0)).collect();
    for record in records {
        let record = Record::decode(&record.unwrap()).unwrap();
        *by_type.get_mut(record.kind.text()).unwrap() += 1.0;
    }
    by_type
}

/// The lane's last position and how many commits it has seen.
fn head(gateway: &Gateway) -> (f64, f64) {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    gateway.database().query_row("SELECT pos, version FROM lane WHERE lane = 0", [], read).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_the_counters_only_grow_and_in_the_end_are_the_journals() {
    let world = World::start().await;
    let before = scraped(&world).await;
    let (answered, done) = (Mutex::new(Answered::default()), AtomicBool::new(false));
    let load = async {
        join_all((1..=4).map(|writer| work(&world, writer, 12, &answered))).await;
        done.store(true, Ordering::Relaxed);
    };
    let watch = async {
        let (mut last, mut scrapes) = (scraped(&world).await, 0);
        while !done.load(Ordering::Relaxed) {
            let next = scraped(&world).await;
            let now = next.growing();
            for (series, value) in last.growing() {
                assert!(now.get(series).is_some_and(|now| *now >= value), "{series:?} fell from {value}");
            }
            (last, scrapes) = (next, scrapes + 1);
        }
        scrapes
    };
    let ((), scrapes) = within("the load", async { tokio::join!(load, watch) }).await;
    assert!(scrapes >= 3, "{scrapes} scrapes");
    world.tied().await;

    // The tie keeps how far it came a moment after it has placed everything.
    let after = eventually("the journal's own numbers", || async {
        let first = head(&world.gateway);
        let after = scraped(&world).await;
        let same = after.plain("trao_commit_seconds_count") == first.1;
        (same && head(&world.gateway) == first).then_some(after)
    })
    .await;
    let (position, _) = head(&world.gateway);
    assert_eq!(after.plain("trao_journal_position"), position);
    assert_eq!(after.by("trao_events_total", "type"), journaled(&world.gateway));
    assert_eq!(after.by("trao_events_total", "type").values().sum::<f64>(), position);
    let seals: f64 =
        world.gateway.database().query_row("SELECT count(*) FROM seal", [], |row| row.get(0)).unwrap();
    assert!(after.plain("trao_commit_seconds_count") >= seals && seals > 0.0);
    assert!(after.plain("trao_batch_lines_sum") >= position);
    assert_eq!(after.plain("trao_batches_failed_total"), 0.0);

    let answered = answered.into_inner().unwrap();
    let replays = after.plain("trao_replays_total") - before.plain("trao_replays_total");
    assert_eq!((replays, answered.replays), (f64::from(answered.replays), 4 * 12 * 2));
    let refused = |scraped: &Scraped| scraped.by("trao_refusals_total", "reason");
    let (was, now) = (refused(&before), refused(&after));
    for reason in Reason::ALL {
        let due = f64::from(answered.refusals.get(reason.text()).copied().unwrap_or_default());
        assert_eq!(now[reason.text()] - was[reason.text()], due, "{}", reason.text());
    }
    let kinds: BTreeSet<&str> = answered.refusals.keys().map(String::as_str).collect();
    let wanted = ["CHECK_DIGIT", "EVENT_KEY_REUSED", "KEY_INVALID", "UNKNOWN_SOURCE"];
    assert!(wanted.iter().all(|wanted| kinds.contains(wanted)) && kinds.len() >= 6, "{kinds:?}");

    let calls = |code: &str, method: &str| {
        let labels = [("code", code), ("method", method)];
        after.value("trao_calls_total", &labels) - before.value("trao_calls_total", &labels)
    };
    assert_eq!(calls("OK", "trao.v1.CaptureService/BatchCaptureEvents"), 48.0);
    assert_eq!(calls("OK", "trao.v1.CaptureService/CaptureEvent"), 96.0);
    assert_eq!(calls("UNAUTHENTICATED", "trao.v1.CaptureService/CaptureEvent"), 48.0);
    assert_eq!(calls("ALREADY_EXISTS", "trao.v1.CaptureService/CaptureEvent"), 48.0);
    let timed = [("method", "trao.v1.CaptureService/CaptureEvent")];
    let by_code = after.by("trao_calls_total", "method")["trao.v1.CaptureService/CaptureEvent"];
    assert_eq!(after.value("trao_call_seconds_count", &timed), by_code);

    assert_eq!((after.plain("trao_intake_lines"), after.plain("trao_intake_age_seconds")), (0.0, 0.0));
    let wal = std::fs::metadata(world.gateway.folder().join("trao.db-wal")).unwrap().len();
    assert!(after.plain("trao_wal_bytes") > 0.0 && after.plain("trao_wal_bytes") <= wal as f64);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_counted_by_their_lines_and_commits_by_their_seals() {
    let world = World::start().await;
    world.tied().await;
    // Nothing of a scan that reads as no code is work for the tie: what is written from here on is written by this test.
    let before = eventually("the tie is done", || async {
        let before = scraped(&world).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        (before.plain("trao_batch_lines_sum") == scraped(&world).await.plain("trao_batch_lines_sum"))
            .then_some(before)
    })
    .await;
    let seals = || -> f64 {
        world.gateway.database().query_row("SELECT count(*) FROM seal", [], |row| row.get(0)).unwrap()
    };
    let sealed = seals();
    for size in [1, 7, 130, 500] {
        let lines = (0..size).map(|_| codeless(&world.fresh("lines")).encode_to_vec().into()).collect();
        world.batch(&world.province.post, lines).await.unwrap();
    }
    let after = scraped(&world).await;
    let grown = |name: &str| after.plain(name) - before.plain(name);
    assert_eq!(grown("trao_batch_lines_sum"), 638.0);
    assert_eq!(grown("trao_commit_seconds_count"), seals() - sealed);
    assert_eq!(grown("trao_batch_lines_count"), seals() - sealed);
    assert!(grown("trao_commit_seconds_sum") > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_or_fails_shows_in_depth_age_and_failed_batches() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Interposer::new(folder.path());
    let start = Start { environment: disk.environment(), ..Start::default() };
    let world = World::on(Gateway::start_on(&folder.path().join("data"), start)).await;
    let quiet = scraped(&world).await;
    disk.set(Field::HoldSync, 1);
    let begun = disk.get(Field::SyncsBegun);
    let send = |id: &'static str| {
        let (mut captures, line) = (world.captures(), codeless(id));
        let request = world.province.post.ask(v1::CaptureEventRequest { line: Some(line) });
        tokio::spawn(async move { captures.capture_event(request).await })
    };
    let mut sent = vec![send("held-0")];
    eventually("the disk is asked", || async { (disk.get(Field::SyncsBegun) > begun).then_some(()) }).await;
    // The line that is being written is no longer queued, and still the oldest that waits.
    let held = scraped(&world).await;
    assert_eq!(held.plain("trao_intake_lines"), 0.0);
    assert!(held.plain("trao_intake_age_seconds") > 0.0);
    sent.extend(["held-1", "held-2", "held-3"].map(send));
    let full = eventually("three lines wait", || async {
        let full = scraped(&world).await;
        (full.plain("trao_intake_lines") == 3.0).then_some(full)
    })
    .await;
    assert!(full.plain("trao_intake_age_seconds") > held.plain("trao_intake_age_seconds"));
    disk.set(Field::HoldSync, 0);
    for answer in sent {
        within("the answer", answer).await.unwrap().unwrap();
    }
    let empty = eventually("nothing waits", || async {
        let empty = scraped(&world).await;
        (empty.plain("trao_intake_age_seconds") == 0.0).then_some(empty)
    })
    .await;
    assert_eq!(empty.plain("trao_intake_lines"), 0.0);

    disk.set(Field::ReadOnly, 1);
    let refused = within("the refusal", send("failed")).await.unwrap().unwrap_err();
    assert_eq!(reason(&refused), "STORE_UNAVAILABLE");
    let failed = scraped(&world).await;
    disk.set(Field::ReadOnly, 0);
    assert_eq!(failed.plain("trao_batches_failed_total") - quiet.plain("trao_batches_failed_total"), 1.0);
    assert_eq!(failed.value("trao_refusals_total", &[("reason", "STORE_UNAVAILABLE")]), 1.0);
    assert_eq!(failed.by("trao_events_total", "type"), journaled(&world.gateway));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_take_shows_in_the_lag_of_its_class_and_a_waiting_one_has_none() {
    let world = World::start().await;
    let p = &world.province;
    for _ in 0..4 {
        let lines =
            (0..limits::BATCH_LINES).map(|_| codeless(&world.fresh("lag")).encode_to_vec().into()).collect();
        world.batch(&p.post, lines).await.unwrap();
    }
    let none = scraped(&world).await;
    for name in ["trao_feed_readers", "trao_feed_lag_events", "trao_feed_lag_seconds"] {
        let classes = ["both", "carrier", "counter", "owner"].map(|class| (class.to_owned(), 0.0));
        assert_eq!(none.by(name, "class"), BTreeMap::from(classes), "{name}");
    }
    // It opens its stream and takes nothing: a small window keeps the rest at the gateway.
    let endpoint = Endpoint::from_shared(world.gateway.url()).unwrap();
    let endpoint = endpoint.initial_stream_window_size(65_535).initial_connection_window_size(65_535);
    let mut slow = FeedServiceClient::new(endpoint.connect().await.unwrap());
    let request = p.post.ask(v1::StreamEventsRequest::default());
    let stream = slow.stream_events(request).await.unwrap().into_inner();
    let log = p.post.ask(v1::PullEventsRequest { page_size: 1, ..Default::default() });
    assert!(!world.feeds().pull_events(log).await.unwrap().into_inner().caught_up);
    let wait = prost_types::Duration { seconds: 30, nanos: 0 };
    let request = v1::PullEventsRequest { wait: Some(wait), ..Default::default() };
    let (mut feeds, request) = (world.feeds(), p.department.ask(request));
    let waiting = tokio::spawn(async move { feeds.pull_events(request).await });

    let of = |scraped: &Scraped, name: &str, class: &str| scraped.value(name, &[("class", class)]);
    let stuck = eventually("the reader is stuck", || async {
        let first = scraped(&world).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let second = scraped(&world).await;
        let behind = of(&first, "trao_feed_lag_events", "carrier");
        let waits = of(&second, "trao_feed_readers", "both") == 1.0;
        (waits && behind > 0.0 && behind == of(&second, "trao_feed_lag_events", "carrier"))
            .then_some([first, second])
    })
    .await;
    let [first, second] = &stuck;
    assert!(of(second, "trao_feed_lag_events", "carrier") < 2_000.0);
    assert_eq!(of(second, "trao_feed_readers", "carrier"), 1.0);
    let time = |scraped: &Scraped| of(scraped, "trao_feed_lag_seconds", "carrier");
    assert!(time(second) > time(first) && time(first) > 0.0);
    assert_eq!(of(second, "trao_feed_lag_events", "both"), 0.0);
    assert_eq!(of(second, "trao_feed_lag_seconds", "both"), 0.0);

    drop((stream, slow));
    waiting.abort();
    eventually("nobody reads", || async {
        let left = scraped(&world).await;
        (left.by("trao_feed_readers", "class").values().sum::<f64>() == 0.0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_code_is_counted_and_has_an_age_and_a_bag_does_not() {
    let world = World::start().await;
    let item = codes::item(77);
    world.scan(SYSTEM, Type::OfficeIn, "594080593740AEL20058001010001").await;
    let bag = scraped(&world).await;
    assert_eq!((bag.plain("trao_unplaced_events"), bag.plain("trao_unplaced_age_seconds")), (0.0, 0.0));
    let waiting: i64 =
        world.gateway.database().query_row("SELECT count(*) FROM waiting", [], |row| row.get(0)).unwrap();
    assert_eq!(waiting, 1, "the bag's scan does wait");
    world.scan(SYSTEM, Type::OfficeIn, &item).await;
    world.scan(SYSTEM, Type::Dispatched, &item).await;
    let first = scraped(&world).await;
    assert_eq!(first.plain("trao_unplaced_events"), 2.0);
    let second = scraped(&world).await;
    assert!(second.plain("trao_unplaced_age_seconds") > first.plain("trao_unplaced_age_seconds"));
    assert!(first.plain("trao_unplaced_age_seconds") > 0.0);
    let order = v1::OrderLegRequest { item: code(&item), ..world.order(v1::LegKind::Inbound) };
    world.ordered(&world.province.department, order).await;
    let placed = eventually("they are placed", || async {
        let placed = scraped(&world).await;
        (placed.plain("trao_unplaced_events") == 0.0).then_some(placed)
    })
    .await;
    assert_eq!(placed.plain("trao_unplaced_age_seconds"), 0.0);
    assert_eq!(placed.value("trao_events_total", &[("type", "PLACED")]), 2.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_connections_are_counted_until_they_close() {
    let world = World::start().await;
    let before = eventually("only the world's", || async {
        let before = scraped(&world).await;
        (before.plain("trao_connections") == 1.0).then_some(before)
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(world.gateway.channel().await);
    }
    let all = eventually("all are open", || async {
        let all = scraped(&world).await;
        (all.plain("trao_connections") == 6.0).then_some(all)
    })
    .await;
    let accepted = "trao_connections_accepted_total";
    assert_eq!(all.plain(accepted) - before.plain(accepted), 5.0);
    drop(open);
    eventually("they are closed", || async {
        (scraped(&world).await.plain("trao_connections") == 1.0).then_some(())
    })
    .await;
    assert_eq!(all.plain("trao_connections_at_cap_total"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_names_a_code_a_party_or_a_person_and_every_label_is_of_a_known_few() {
    let world = World::start().await;
    work(&world, 9, 3, &Mutex::default()).await;
    let p = &world.province;
    let person =
        v1::Personal { name: "Nguyễn Kanari".into(), phone: "84915555000".into(), ..Default::default() };
    let mistaken = [
        v1::Capture { personal: person.encode_to_vec().into(), ..codeless("kanari-1") },
        capture(PDA, "kanari-2", &event(Type::OfficeIn, "Nguyễn Kanari")),
        capture("carriers/p/devices/kanari", "kanari-3", &event(Type::OfficeIn, &codes::item(5))),
        capture(
            PDA,
            "kanari-4",
            &v1::Event { actor: "kanari".into(), ..event(Type::OfficeIn, &codes::item(5)) },
        ),
    ];
    for line in mistaken {
        let _told = world.capture(&p.post, line).await;
    }
    let path = "/trao.v1.CaptureService/Kanari";
    let channel = world.gateway.channel().await;
    let unknown = raw::unary(channel, path, p.post.ask(Bytes::from_static(b"kanari"))).await;
    assert_eq!(unknown.unwrap_err().code(), tonic::Code::Unimplemented);
    let stream = world.feeds().stream_events(p.department.ask(v1::StreamEventsRequest::default())).await;

    let text = scraped(&world).await;
    drop(stream);
    let lower = text.text.to_lowercase();
    for word in
        ["kanari", "nguy", "h99", "carriers/", "agencies/", "pda-1", "vn\"", "84915", "test", "trao_none"]
    {
        assert!(!lower.contains(word), "{word}");
    }
    let mut known: BTreeSet<String> =
        ["other", "carrier", "owner", "counter", "both"].map(str::to_owned).into();
    known.extend(EventType::ALL.iter().map(|kind| kind.text().to_owned()));
    known.extend(Reason::ALL.iter().map(|reason| reason.text().to_owned()));
    known.extend(wire::methods().unwrap().iter().map(|path| path[1..].to_owned()));
    let (mut codes, mut labels) = (BTreeSet::new(), 0);
    for (_, named) in text.values.keys() {
        for (label, value) in named {
            match label.as_str() {
                "le" => assert!(value == "+Inf" || value.parse::<f64>().is_ok(), "{value}"),
                "code" => drop(codes.insert(value.clone())),
                _ => assert!(known.contains(value), "{label} {value}"),
            }
            labels += 1;
        }
    }
    assert!(labels > 100, "{labels}");
    let grpc =
        (0..17).map(|code| format!("{:?}", tonic::Code::from(code)).to_uppercase()).collect::<BTreeSet<_>>();
    assert!(codes.iter().all(|code| grpc.contains(&code.replace('_', ""))), "{codes:?}");
    assert_eq!(text.value("trao_calls_total", &[("code", "UNIMPLEMENTED"), ("method", "other")]), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_listener_answers_a_scrape_and_nothing_else() {
    let gateway = Gateway::start();
    let address = admin_address(gateway.folder());
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let (status, head, body) = http(&address, "HEAD /metrics HTTP/1.1\r\nhost: gateway\r\n\r\n");
    assert_eq!((status.as_str(), body.as_str()), ("HTTP/1.1 200 OK", ""));
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    for path in ["/", "/metrics/", "/metricsx", "/../metrics", "/debug"] {
        let (status, ..) = http(&address, &format!("GET {path} HTTP/1.1\r\nhost: gateway\r\n\r\n"));
        assert_eq!(status, "HTTP/1.1 404 Not Found", "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request = format!("{method} /metrics HTTP/1.1\r\nhost: gateway\r\ncontent-length: 0\r\n\r\n");
        let (status, head, _) = http(&address, &request);
        assert_eq!(status, "HTTP/1.1 405 Method Not Allowed", "{method}");
        assert!(head.contains("allow: get, head"), "{head}");
    }
    // One request a connection: the second is not answered.
    let (_, _, body) = http(&address, &[GET, GET].concat());
    assert_eq!(body.matches("HTTP/1.1").count(), 0);
    let huge = format!("GET /metrics HTTP/1.1\r\nhost: gateway\r\nx: {}\r\n\r\n", "x".repeat(12 << 10));
    assert!(huge.len() < limits::SCRAPE_HEAD_BYTES);
    assert_eq!(http(&address, &huge).0, "HTTP/1.1 200 OK");
    let garbage = http(&address, "kanari kanari kanari\r\n\r\n").0;
    assert_eq!(garbage, "HTTP/1.1 400 Bad Request");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_idle_connections_to_it_do_not_touch_the_gateway_and_each_is_ended() {
    let world = World::start().await;
    let address = admin_address(world.gateway.folder());
    let idle: Vec<TcpStream> =
        (0..limits::SCRAPE_CONNECTIONS * 4).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let mut endless = TcpStream::connect(&address).unwrap();
    let _sent = endless.write_all("x".repeat(1 << 20).as_bytes());
    for round in 0..20 {
        let line = capture(PDA, &format!("calm-{round}"), &event(Type::OfficeIn, ""));
        within("a capture", world.capture(&world.province.post, line)).await.unwrap();
    }
    // The first are ended by the gateway, without a word from them.
    let mut first = idle[0].try_clone().unwrap();
    first.set_read_timeout(Some(DEADLINE)).unwrap();
    let ended = tokio::task::spawn_blocking(move || first.read(&mut [0; 64])).await.unwrap();
    assert!(matches!(ended, Ok(0)), "{ended:?}");
    drop((idle, endless));
    let after = within("a scrape", scraped(&world)).await;
    assert_eq!(after.value("trao_events_total", &[("type", "OFFICE_IN")]), 20.0);
}

/// A `serve` that must not start: its exit code and what it says.
fn refused(flags: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = trao();
    command.arg("serve").arg("--data").arg(folder.path()).args(["--listen", "127.0.0.1:0"]).args(flags);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.stdout.is_empty(), "it said that it listens");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn its_address_is_the_operators_to_choose_and_a_wrong_one_is_named() {
    let flags = |flags: &[&str]| Start {
        flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        ..Start::default()
    };
    let mut none = Gateway::start_with(flags(&["--admin", "none"]));
    assert!(!none.folder().join("admin.addr").exists());
    let (code, log) = none.stop();
    assert!(code == Some(0) && !log.contains("/metrics"), "{log}");

    // By default two gateways on one machine do not meet.
    let (mut one, other) = (Gateway::start(), Gateway::start());
    let taken = admin_address(other.folder());
    assert_ne!(admin_address(one.folder()), taken);
    let (code, log) = one.stop();
    assert!(code == Some(0) && log.contains("metrics at http://127.0.0.1:"), "{log}");
    assert!(!log.contains("beyond this machine"), "{log}");
    assert!(!one.folder().join("admin.addr").exists(), "nobody may take another program's port for it");

    let (code, said) = refused(&["--admin", &taken]);
    assert!(code == Some(1) && said.contains("--admin") && said.contains(&taken), "{code:?} {said}");
    let (code, said) = refused(&["--admin", "everywhere"]);
    assert!(code == Some(2) && said.contains("127.0.0.1:9464") && said.contains("none"), "{code:?} {said}");

    let mut wide = Gateway::start_with(flags(&["--admin", "0.0.0.0:0"]));
    assert!(admin_address(wide.folder()).starts_with("0.0.0.0:"));
    assert!(wide.stop().1.contains("beyond this machine"));
}
