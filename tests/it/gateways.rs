//! Several gateways on one database: whichever is asked, there is one truth; whichever ends, stops or is cut off, the others
//! go on, and clients only connect again.

use std::collections::BTreeSet;
use std::process::Stdio;

use bytes::Bytes;
use futures_util::future::join_all;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;
use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::capture_service_client::CaptureServiceClient;
use v1::feed_service_client::FeedServiceClient;
use v1::stream_events_response::Message;

use crate::cluster::Cluster;
use crate::cluster::proxy::{Cut, Proxy};
use crate::support::codes;
use crate::support::gateway::{Gateway, Start, trao};
use crate::support::interpose::{Field, Interposer};
use crate::support::partner::{PDA, Partner, Province, capture, code, event, reason};
use crate::support::seed::Seed;
use crate::support::wait::{eventually, within};
use crate::support::world::{self, World};

/// A province on the first of some gateways on a database.
async fn province(url: &str) -> World {
    World::on(Gateway::start_on_database(url)).await
}

async fn feed(gateway: &Gateway) -> FeedServiceClient<Channel> {
    FeedServiceClient::new(gateway.channel().await)
}

async fn captures(gateway: &Gateway) -> CaptureServiceClient<Channel> {
    CaptureServiceClient::new(gateway.channel().await)
}

/// The line of an id: the same whenever it is sent.
fn line(id: &str, code: &str) -> v1::Capture {
    let occurred_at = Some(prost_types::Timestamp { seconds: 1_795_132_800, nanos: 0 });
    let id = id.replace(' ', "-");
    capture(PDA, &id, &v1::Event { occurred_at, ..event(Type::OfficeIn, code) })
}

async fn say(gateway: &Gateway, who: &Partner, id: &str, code: &str) -> Result<v1::Recorded, tonic::Status> {
    let line = Some(line(id, code));
    let answer = captures(gateway).await.capture_event(who.ask(v1::CaptureEventRequest { line })).await?;
    Ok(answer.into_inner().recorded.unwrap())
}

async fn health(gateway: &Gateway) -> ServingStatus {
    let mut client = HealthClient::new(gateway.channel().await);
    client.check(HealthCheckRequest::default()).await.unwrap().into_inner().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_attempts_of_one_key_over_two_gateways_and_three_ways_are_one_event() {
    let url = Cluster::shared().empty_schema();
    let world = province(&url).await;
    let other = Gateway::start_on_database(&url);
    let post = &world.province.post;
    let line = line("one", &codes::item(1));
    let clients = [captures(&world.gateway).await, captures(&other).await];
    let attempts = (0..1_000).map(|number| {
        let (mut client, line) = (clients[number % 2].clone(), line.clone());
        async move {
            match number / 2 % 3 {
                0 => {
                    let request = v1::CaptureEventRequest { line: Some(line) };
                    client.capture_event(post.ask(request)).await.unwrap().into_inner().recorded.unwrap()
                }
                1 => {
                    let lines = vec![prost::Message::encode_to_vec(&line).into()];
                    let answer =
                        client.batch_capture_events(post.ask(v1::BatchCaptureEventsRequest { lines }));
                    recorded(answer.await.unwrap().into_inner().results.remove(0))
                }
                _ => by_stream(&mut client, post, &line).await,
            }
        }
    });
    let answers = within("a thousand attempts", join_all(attempts)).await;
    let records: BTreeSet<&Bytes> = answers.iter().map(|answer| &answer.record).collect();
    assert_eq!(records.len(), 1);
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1, "one of them wrote it");
    assert_eq!(world.log(post).await.len(), 1);
}

async fn by_stream(
    client: &mut CaptureServiceClient<Channel>,
    who: &Partner,
    line: &v1::Capture,
) -> v1::Recorded {
    use v1::sync_events_request::Message as Asked;
    use v1::sync_events_response::Message as Told;
    let hello = v1::Hello { source: PDA.to_owned(), ..v1::Hello::default() };
    let line = prost::Message::encode_to_vec(line).into();
    let asked = [Asked::Hello(hello), Asked::Line(line)];
    let asked = asked.map(|message| v1::SyncEventsRequest { message: Some(message) });
    let mut told = client.sync_events(who.ask(tokio_stream::iter(asked))).await.unwrap().into_inner();
    loop {
        if let Some(Told::Ack(ack)) = told.message().await.unwrap().unwrap().message {
            return recorded(ack.result.unwrap());
        }
    }
}

fn recorded(result: v1::LineResult) -> v1::Recorded {
    match result.result {
        Some(v1::line_result::Result::Recorded(recorded)) => recorded,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_gateway_records_another_tells_at_once_and_who_waits_there_is_woken() {
    let url = Cluster::shared().empty_schema();
    let world = province(&url).await;
    let other = Gateway::start_on_database(&url);
    let post = &world.province.post;
    let mut there = feed(&other).await;
    let request = v1::PullEventsRequest {
        wait: Some(prost_types::Duration { seconds: 30, nanos: 0 }),
        ..v1::PullEventsRequest::default()
    };
    let waits = tokio::spawn({
        let request = post.ask(request);
        async move { there.pull_events(request).await.unwrap().into_inner() }
    });
    let first = say(&world.gateway, post, "1", &codes::item(2)).await.unwrap();
    let page = within("the waiting pull", waits).await.unwrap();
    assert_eq!(page.events.iter().map(|line| &line.record).collect::<Vec<_>>(), [&first.record]);

    // A code that one made known, the other finds; and the tie places what waited for it, once.
    let order = v1::OrderLegRequest { item: code(&codes::item(2)), ..world.order(v1::LegKind::Inbound) };
    world.ordered(&world.province.department, order).await;
    let second = say(&other, post, "2", &codes::item(2)).await.unwrap();
    assert_eq!(second.placement(), v1::Placement::Placed);
    let placed = |line: &v1::FeedEvent| world::event_of(line).r#type() == Type::Placed;
    let log = world.log_with(post, "the placing", placed).await;
    assert_eq!(log.iter().filter(|line| placed(line)).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_every_hint_between_gateways_is_lost_a_follower_elsewhere_still_reads_all_of_it_once_and_in_order()
 {
    const SCANS: u64 = 40;
    let url = Cluster::shared().empty_schema();
    let schema = url.rsplit('=').next().unwrap();
    // A function of this name stands before the database's own, and tells nobody.
    Cluster::shared().sql(&format!(
        "CREATE SEQUENCE {schema}.lost;
         CREATE FUNCTION {schema}.pg_notify(text, text) RETURNS void LANGUAGE sql
         AS $$ SELECT nextval('{schema}.lost') $$"
    ));
    let deaf = format!("{url}%2Cpg_catalog");
    let world = province(&deaf).await;
    let other = Gateway::start_on_database(&deaf);
    let post = &world.province.post;
    let request = post.ask(v1::StreamEventsRequest::default());
    let mut follows = feed(&other).await.stream_events(request).await.unwrap().into_inner();
    let mut said = Vec::new();
    for number in 0..SCANS {
        let recorded =
            say(&world.gateway, post, &format!("scan {number}"), &codes::item(number)).await.unwrap();
        said.push(recorded.record);
    }
    let mut read = Vec::new();
    while read.len() < said.len() {
        let told = within("the rest of the feed", follows.message()).await.unwrap().unwrap();
        if let Some(Message::Event(line)) = told.message {
            assert_eq!(line.seq, read.len() as u64 + 1, "dense, in order, once");
            read.push(line.record);
        }
    }
    assert_eq!(read, said);
    let lost = Cluster::shared().sql(&format!("SELECT last_value FROM {schema}.lost WHERE is_called"));
    assert!(lost.parse::<u64>().is_ok_and(|lost| lost > 0), "hints were given, and lost: {lost:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_that_are_killed_or_stopped_hold_nobody_up_and_the_tie_goes_on_elsewhere() {
    let url = Cluster::shared().empty_schema();
    let mut world = province(&url).await;
    let other = Gateway::start_on_database(&url);
    let post = world.province.post.clone();
    // The first has the tie's lease, for it was there first. It stops in the midst of whatever it does.
    say(&other, &post, "waits", &codes::item(3)).await.unwrap();
    world.gateway.signal("-STOP");
    let through = |number: usize| format!("{number} while one is stopped");
    for number in 0..20 {
        say(&other, &post, &through(number), &codes::item(4)).await.unwrap();
    }
    let mut legs = v1::leg_service_client::LegServiceClient::new(other.channel().await);
    let order = v1::OrderLegRequest { item: code(&codes::item(3)), ..world.order(v1::LegKind::Inbound) };
    legs.order_leg(world.province.department.ask(order)).await.unwrap();
    let placed = |line: &v1::FeedEvent| world::event_of(line).r#type() == Type::Placed;
    let mut there = feed(&other).await;
    eventually("the other gateway takes the tie over", || {
        let (asked, mut there) = (post.ask(v1::PullEventsRequest::default()), there.clone());
        async move { there.pull_events(asked).await.unwrap().into_inner().events.iter().any(placed).then_some(()) }
    })
    .await;
    world.gateway.signal("-CONT");
    let again = say(&world.gateway, &post, &through(7), &codes::item(4)).await;
    // Its time stood still, and the first call may find connections that were ended meanwhile.
    assert!(again.is_ok_and(|again| again.replayed), "it goes on where the others are");
    world.gateway.kill();
    for number in 0..20 {
        say(&other, &post, &format!("{number} after the kill"), &codes::item(4)).await.unwrap();
    }
    world.gateway.restart();
    world.connect().await;
    let log = world.log(&post).await;
    assert_eq!(log.iter().filter(|line| placed(line)).count(), 1, "placed once, whoever had the lease");
    let request = v1::PullEventsRequest { page_size: 1_000, ..v1::PullEventsRequest::default() };
    let elsewhere = there.pull_events(post.ask(request)).await.unwrap().into_inner().events;
    assert_eq!(log, elsewhere);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tie_keeps_its_lease_while_its_work_takes_longer_than_a_silent_session_lives() {
    // The database ends a session that is silent for six seconds, and lets a commit wait for seven.
    const LONG: &str = "6.5";
    let cluster = Cluster::start();
    let world = province(&cluster.url()).await;
    let _other = Gateway::start_on_database(&cluster.url());
    let (post, item) = (&world.province.post, codes::item(8));
    say(&world.gateway, post, "waits", &item).await.unwrap();
    let holder = || cluster.sql("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted");
    let before =
        eventually("somebody holds the lease", || async { Some(holder()).filter(|pid| !pid.is_empty()) })
            .await;
    let order = v1::OrderLegRequest { item: code(&item), ..world.order(v1::LegKind::Inbound) };
    world.ordered(&world.province.department, order).await;
    let placed = |line: &v1::FeedEvent| world::event_of(line).r#type() == Type::Placed;
    // Whatever the tie writes now waits for the lane.
    cluster.sql(&format!("BEGIN; SELECT FROM lane FOR UPDATE; SELECT pg_sleep({LONG}); COMMIT"));
    let log = world.log_with(post, "the placing", placed).await;
    assert_eq!(log.iter().filter(|line| placed(line)).count(), 1);
    assert_eq!(holder(), before, "it held the lease all the time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_without_its_database_says_when_to_come_back_and_comes_back_by_itself() {
    let cluster = Cluster::start();
    let mut world = province(&cluster.url()).await;
    let post = world.province.post.clone();
    let first = say(&world.gateway, &post, "1", &codes::item(5)).await.unwrap();
    cluster.crash();
    let refused = say(&world.gateway, &post, "2", &codes::item(5)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "STORE_UNAVAILABLE"));
    assert!(refused.get_details_retry_info().is_some_and(|info| info.retry_delay.is_some()));
    let page = world.feeds().pull_events(post.ask(v1::PullEventsRequest::default())).await.unwrap_err();
    assert_eq!(reason(&page), "STORE_UNAVAILABLE");
    for told in [&refused, &page] {
        assert!(!told.message().contains("127.0.0.1") && !told.message().contains("postgres"), "{told}");
    }
    eventually("health", || async {
        (health(&world.gateway).await == ServingStatus::NotServing).then_some(())
    })
    .await;
    cluster.restart();
    eventually("it serves again", || async {
        (health(&world.gateway).await == ServingStatus::Serving).then_some(())
    })
    .await;
    let again = say(&world.gateway, &post, "1", &codes::item(5)).await.unwrap();
    assert_eq!((again.record, again.replayed), (first.record, true));
    say(&world.gateway, &post, "2", &codes::item(5)).await.unwrap();
    let (code, _) = world.gateway.stop();
    assert_eq!(code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_answered_right_and_one_that_never_came_is_made() {
    let cluster = Cluster::shared();
    let direct = cluster.empty_schema();
    let way = Proxy::to(cluster.port()).await;
    let through = direct.replace(&format!(":{}/", cluster.port()), &format!(":{}/", way.port()));
    let world = province(&direct).await;
    let post = &world.province.post;
    // Only captures go through this one: what is cut is its writer's.
    let cut_off = Gateway::start_on_database(&through);
    let mut kept = 0;
    for number in 0..40 {
        let cut = if number % 2 == 0 { Cut::Answer } else { Cut::Question };
        let id = format!("cut {number}");
        way.cut_at(cut);
        match say(&cut_off, post, &id, &codes::item(6)).await {
            Ok(recorded) => {
                let elsewhere = say(&world.gateway, post, &id, &codes::item(6)).await.unwrap();
                assert_eq!((elsewhere.record, elsewhere.replayed), (recorded.record, true));
                kept += 1;
            }
            Err(status) => {
                assert_eq!(reason(&status), "STORE_UNAVAILABLE");
                // Whatever became of it, a retry is answered once.
                say(&world.gateway, post, &id, &codes::item(6)).await.unwrap();
            }
        }
    }
    assert!(kept > 0, "some are run again without anybody noticing");
    assert_eq!(world.log(post).await.len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_that_end_in_the_midst_leave_no_transaction_open() {
    let cluster = Cluster::start();
    let world = province(&cluster.url()).await;
    let post = &world.province.post;
    let mut calls = Vec::new();
    for number in 0..1_000 {
        let (mut captures, mut feeds) = (world.captures(), world.feeds());
        let line = Some(line(&format!("cut-{number}"), &codes::item(8)));
        let capture = post.ask(v1::CaptureEventRequest { line });
        let pull = post.ask(v1::PullEventsRequest::default());
        calls.push(tokio::spawn(async move {
            match number % 2 {
                0 => drop(captures.capture_event(capture).await),
                _ => drop(feeds.pull_events(pull).await),
            }
        }));
    }
    let mut seed = Seed::take();
    for call in calls {
        if seed.below(4) == 0 {
            tokio::task::yield_now().await;
        }
        call.abort();
    }
    // A line that was queued is journaled, whoever waited for it is gone; a second later nothing is left open.
    let open = "SELECT count(*) FROM pg_stat_activity
        WHERE state LIKE 'idle in transaction%' AND now() - state_change > interval '1 second'";
    eventually("the intake is empty", || async {
        say(&world.gateway, post, "last", &codes::item(8)).await.ok()
    })
    .await;
    assert_eq!(cluster.sql(open), "0");
    let kept = world.log(post).await.len();
    assert!((1..=501).contains(&kept), "{kept}");
}

/// Starts a gateway that must not start; what it says.
fn refused(folder: &std::path::Path, file: &std::path::Path) -> String {
    let mut serve = trao();
    serve.arg("serve").arg("--data").arg(folder).arg("--database-file").arg(file);
    let output = serve.args(["--listen", "127.0.0.1:0"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines().filter(|line| line.starts_with("trao: ")).collect()
}

#[test]
fn a_database_that_cannot_be_served_is_refused_with_what_to_do() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    let temporary = tempfile::tempdir().unwrap();
    let (folder, file) = (temporary.path().join("gateway"), temporary.path().join("database"));
    let said = |url: &str, mode: u32| {
        fs::write(&file, url).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        refused(&folder, &file)
    };
    let cluster = Cluster::shared();
    assert!(said(&cluster.empty_schema(), 0o644).contains("chmod 600"));
    assert!(said("nonsense", 0o600).contains("holds no database URL"));
    let away = said("postgres://trao:hunter2@127.0.0.1:1/trao", 0o600);
    assert!(away.contains("connect to the database") && !away.contains("hunter2"), "{away}");
    let loose = Cluster::start_with(&[("fsync", "off")]);
    assert!(said(&loose.url(), 0o600).contains("fsync = off"));
    let theirs = cluster.empty_schema();
    cluster.sql(&format!("CREATE TABLE {}.theirs ()", theirs.rsplit('=').next().unwrap()));
    assert!(said(&theirs, 0o600).contains("give it a database of its own"));
    let made =
        trao().args(["keys", "create", "--role", "admin", "--name", "n", "--data"]).arg(&folder).output();
    assert!(made.unwrap().status.success());
    assert!(said(&cluster.empty_schema(), 0o600).contains("holds a store of its own"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_far_from_the_databases_is_refused_at_the_start_and_later_unless_somebody_has_looked() {
    let cluster = Cluster::start();
    let url = cluster.url();
    let temporary = tempfile::tempdir().unwrap();
    let hand = Interposer::new(temporary.path());
    let start = |flags: &[&str]| Start {
        flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        environment: hand.environment(),
        ..Start::default()
    };
    let mut gateway = Gateway::start_on_database_with(&url, start(&[]));
    let province = Province::enter(&gateway).await;
    say(&gateway, &province.post, "1", &codes::item(9)).await.unwrap();
    // Far less than a leap, and more than gateways may differ by.
    hand.set(Field::ClockOffset, 60);
    eventually("the clock is not believed", || async {
        let said = say(&gateway, &province.post, "2", &codes::item(9)).await;
        said.is_err_and(|status| reason(&status) == "CLOCK_SUSPECT").then_some(())
    })
    .await;
    assert_eq!(health(&gateway).await, ServingStatus::NotServing);
    gateway.kill();

    let mut serve = trao();
    serve.arg("serve").arg("--data").arg(gateway.folder()).args(gateway.store());
    serve.args(["--listen", "127.0.0.1:0"]).envs(hand.environment());
    let output = serve.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("more than 5 seconds from the database's"), "{said}");

    gateway.restart_with(start(&["--accept-clock"]));
    let looked = || {
        cluster.sql(
            "SELECT max(query_start) FROM pg_stat_activity
             WHERE query LIKE '%clock_timestamp%' AND pid <> pg_backend_pid()",
        )
    };
    for look in 0..3 {
        let last = looked();
        eventually("the clocks are looked at", || async { (looked() != last).then_some(()) }).await;
        say(&gateway, &province.post, &format!("accepted {look}"), &codes::item(9)).await.unwrap();
    }
    assert_eq!(health(&gateway).await, ServingStatus::Serving);
    hand.set(Field::ClockOffset, 120);
    eventually("a further step is not believed", || async {
        (health(&gateway).await == ServingStatus::NotServing).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_made_listed_and_revoked_in_a_database_while_it_is_served() {
    let url = Cluster::shared().empty_schema();
    let gateway = Gateway::start_on_database(&url);
    let province = Province::enter(&gateway).await;
    let listed = trao().args(["keys", "list", "--json"]).args(gateway.store()).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(listed.lines().count(), 8);
    let id = province.post.key.split('_').nth(1).unwrap();
    let revoked = trao().args(["keys", "revoke", id]).args(gateway.store()).status().unwrap();
    assert!(revoked.success());
    eventually("the key is seen revoked", || async {
        let said = say(&gateway, &province.post, "late", &codes::item(7)).await;
        said.is_err_and(|status| reason(&status) == "KEY_INVALID").then_some(())
    })
    .await;
}
