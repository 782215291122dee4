//! Whose time it is: a gateway whose clock leaps stops serving instead of freezing its journal's time; a replay believes
//! what it is told.

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;
use trao::doors::wire::v1;
use v1::EventType as Type;

use crate::support::codes;
use crate::support::gateway::{Gateway, Start};
use crate::support::interpose::{Field, Interposer};
use crate::support::ledger;
use crate::support::partner::{PC, PDA, Partner, Province, SYSTEM, capture, event, minute, reason};
use crate::support::wait::eventually;
use crate::support::world::{World, record};

const HOUR: i64 = 3_600;
const YEAR: i64 = 366 * 24 * HOUR;

struct Watched {
    world: World,
    hand: Interposer,
    folder: tempfile::TempDir,
}

impl Watched {
    async fn start() -> Watched {
        let folder = tempfile::tempdir().unwrap();
        let hand = Interposer::new(folder.path());
        let start = Start { environment: hand.environment(), ..Start::default() };
        let world = World::on(Gateway::start_on(&folder.path().join("data"), start)).await;
        Watched { world, hand, folder }
    }

    async fn restart(&mut self, flags: &[&str]) {
        self.world.gateway.kill();
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let environment = self.hand.environment();
        self.world.gateway.restart_with(Start { flags, environment, file_bytes_max: None });
        self.world.connect().await;
        assert!(self.folder.path().exists());
    }
}

async fn scan(world: &World, id: &str) -> Result<v1::Recorded, tonic::Status> {
    let line = capture(PDA, id, &event(Type::OfficeIn, &codes::item(80)));
    world.capture(&world.province.post, line).await
}

async fn health(world: &World, service: &str) -> ServingStatus {
    let request = HealthCheckRequest { service: service.to_owned() };
    HealthClient::new(world.channel()).check(request).await.unwrap().into_inner().status()
}

async fn must_be_suspect(world: &World, what: &str) {
    let status = scan(world, &world.fresh("suspect")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "CLOCK_SUSPECT"), "{what}");
    assert!(status.get_details_retry_info().is_some(), "{what}");
    // Reading is refused too: now is not known.
    let request = v1::PullEventsRequest::default();
    let status = world.feeds().pull_events(world.province.post.ask(request)).await.unwrap_err();
    assert_eq!(reason(&status), "CLOCK_SUSPECT", "{what}");
    eventually("NOT_SERVING", || async {
        (health(world, "").await == ServingStatus::NotServing
            && health(world, "trao.v1.CaptureService").await == ServingStatus::NotServing)
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_gateway_whose_clock_leaps_stops_serving_until_somebody_believes_it() {
    let to_2099 = 72 * YEAR;
    for (what, leap) in [("two hours ahead", 2 * HOUR), ("to 2099", to_2099), ("two hours back", -2 * HOUR)] {
        let mut watched = Watched::start().await;
        let before = scan(&watched.world, "before").await.unwrap();
        assert_eq!(health(&watched.world, "").await, ServingStatus::Serving);
        watched.hand.set(Field::ClockOffset, leap);
        must_be_suspect(&watched.world, what).await;
        let journaled = ledger::rows(&watched.world.gateway.database());
        assert_eq!(journaled.len(), 1, "{what}: nothing was journaled under that time");

        // The clock is set right: that alone is no reason to believe it.
        watched.hand.set(Field::ClockOffset, 0);
        must_be_suspect(&watched.world, what).await;
        assert_eq!(health(&watched.world, "").await, ServingStatus::NotServing, "{what}");
        assert_eq!(
            ledger::rows(&watched.world.gateway.database()).len(),
            1,
            "{what}: still nothing journaled"
        );

        watched.restart(&["--accept-clock"]).await;
        let after = scan(&watched.world, "after").await.unwrap();
        assert_eq!(after.position.unwrap().pos, before.position.unwrap().pos + 1, "{what}");
        let rows = ledger::rows(&watched.world.gateway.database());
        assert!(rows[1].record.committed_at > rows[0].record.committed_at, "{what}: not frozen");
        assert!(rows[1].record.committed_at.since(rows[0].record.committed_at) < HOUR * 1_000_000, "{what}");
        watched.restart(&[]).await;
        scan(&watched.world, "restarted").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_step_is_no_leap() {
    let watched = Watched::start().await;
    scan(&watched.world, "before").await.unwrap();
    for offset in [1_800, -1_800, 0] {
        watched.hand.set(Field::ClockOffset, offset);
        scan(&watched.world, &format!("at {offset}").replace(' ', "-")).await.unwrap();
    }
    // Time never goes back in the journal, whatever the clock did.
    let checked = ledger::check(&watched.world.gateway.database());
    assert_eq!(checked.entries, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_started_with_a_clock_that_does_not_fit_the_last_seal_asks_to_be_told() {
    let mut watched = Watched::start().await;
    scan(&watched.world, "before").await.unwrap();
    for (what, offset) in [("two hours back", -2 * HOUR), ("two years ahead", 2 * YEAR)] {
        watched.hand.set(Field::ClockOffset, offset);
        watched.restart(&[]).await;
        must_be_suspect(&watched.world, what).await;
        watched.hand.set(Field::ClockOffset, 0);
        watched.restart(&[]).await;
        scan(&watched.world, &watched.world.fresh("right")).await.unwrap();
    }
    // Within an hour and a year nobody needs to be asked.
    watched.hand.set(Field::ClockOffset, -1_800);
    watched.restart(&[]).await;
    scan(&watched.world, "half-an-hour-back").await.unwrap();

    // Somebody believes the clock: the journal goes on and its time is not frozen.
    watched.hand.set(Field::ClockOffset, -2 * HOUR);
    watched.restart(&["--accept-clock"]).await;
    scan(&watched.world, "accepted-1").await.unwrap();
    watched.hand.set(Field::ClockOffset, 2 * YEAR);
    watched.restart(&["--accept-clock"]).await;
    let first = scan(&watched.world, "accepted-2").await.unwrap();
    let second = scan(&watched.world, "accepted-3").await.unwrap();
    let committed =
        |recorded: &v1::Recorded| trao::seal::record::Record::decode(&recorded.record).unwrap().committed_at;
    assert!(committed(&second) > committed(&first), "time goes on");
    watched.restart(&[]).await;
    scan(&watched.world, "accepted-4").await.unwrap();
    ledger::check(&watched.world.gateway.database());
}

/// Tells a replaying gateway a line of a source.
async fn replayed(world: &World, who: &Partner, source: &str, id: &str, sent: i64, at: i64) -> v1::Recorded {
    let event = v1::Event { occurred_at: Some(minute(at)), ..event(Type::OfficeIn, &codes::item(81)) };
    let line = v1::Capture { send_time: Some(minute(sent)), ..capture(source, id, &event) };
    world.capture(who, line).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_lives_in_the_time_it_is_told_by_systems_and_by_calls_never_by_devices() {
    let start = || Start { flags: vec!["--clock".into(), "replay".into()], ..Start::default() };
    let mut world = World::start_with(start()).await;
    let post = world.province.post.clone();
    let of = |recorded: &v1::Recorded| trao::seal::record::Record::decode(&recorded.record).unwrap();
    let us = |at: i64| minute(at).seconds * 1_000_000;

    // Before anything was told it is 1970, and a device's clock changes nothing.
    let first = of(&replayed(&world, &post, PDA, "device-1", 500, 490).await);
    assert_eq!((first.committed_at.0, first.received_at.0), (0, 0));

    // A system's line is received when it says, and time has come that far.
    let system = of(&replayed(&world, &post, SYSTEM, "system-1", 100, 95).await);
    assert_eq!(
        (system.received_at.0, system.effective_at.0, system.committed_at.0),
        (us(100), us(95), us(100))
    );
    // A parallel stream's earlier line is received at its own time; the journal's time stays.
    let earlier = of(&replayed(&world, &post, SYSTEM, "system-2", 60, 55).await);
    assert_eq!(
        (earlier.received_at.0, earlier.effective_at.0, earlier.committed_at.0),
        (us(60), us(55), us(100))
    );
    // A device's clock of another day does not move it; its skew is measured against it.
    let device = replayed(&world, &post, PDA, "device-2", 900, 890).await;
    assert!(device.anomalies.iter().any(|a| a.kind() == v1::AnomalyKind::Skew), "{device:?}");
    assert_eq!((of(&device).committed_at.0, of(&device).effective_at.0), (us(100), us(90)));

    // Any call may tell the time.
    let request = post.ask_at(v1::PullEventsRequest::default(), &minute(200));
    world.feeds().pull_events(request).await.unwrap();
    let now = of(&replayed(&world, &post, PDA, "device-3", 199, 198).await);
    assert_eq!((now.received_at.0, now.committed_at.0), (us(200), us(200)));
    let mut bad = post.ask(v1::PullEventsRequest::default());
    bad.metadata_mut().insert("trao-now", "yesterday".parse().unwrap());
    let status = world.feeds().pull_events(bad).await.unwrap_err();
    assert_eq!(
        (reason(&status).as_str(), crate::support::partner::field(&status)),
        ("TIME_OUT_OF_RANGE", "trao-now".into())
    );

    // It is kept with the head, and a bare serve keeps the mode.
    world.kill_and_restart().await;
    let after = of(&replayed(&world, &post, PDA, "device-4", 200, 199).await);
    assert_eq!(after.committed_at.0, us(200));
    let times: Vec<i64> = world.log(&post).await.iter().map(|line| record(line).committed_at.0).collect();
    assert!(times.is_sorted());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_serve_fixes_whose_time_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut gateway = Gateway::start_on(
        &data,
        Start { flags: vec!["--clock".into(), "replay".into()], ..Start::default() },
    );
    Province::enter(&gateway).await;
    gateway.stop();
    let other = crate::support::gateway::trao()
        .arg("serve")
        .arg("--data")
        .arg(&data)
        .args(["--listen", "127.0.0.1:0", "--clock", "system"])
        .output()
        .unwrap();
    assert!(!other.status.success());
    let said = String::from_utf8_lossy(&other.stderr);
    assert!(said.contains("replay"), "{said}");
    assert!(other.stdout.is_empty(), "it did not listen");
    gateway.restart();
}

#[tokio::test(flavor = "multi_thread")]
async fn under_replay_a_devices_skew_is_measured_against_the_time_told() {
    let start = Start { flags: vec!["--clock".into(), "replay".into()], ..Start::default() };
    let world = World::start_with(start).await;
    let post = &world.province.post;
    let send = async |source: &str, sent: i64, occurred: i64| {
        let event = v1::Event {
            occurred_at: Some(minute(occurred)),
            ..event(v1::EventType::OfficeIn, "RA990000010VN")
        };
        let line =
            v1::Capture { send_time: Some(minute(sent)), ..capture(source, &world.fresh("skew"), &event) };
        let recorded = world.capture(post, line).await.unwrap();
        (recorded.anomalies, trao::seal::record::Record::decode(&recorded.record).unwrap())
    };
    let us = |at: i64| minute(at).seconds * 1_000_000;
    send(SYSTEM, 100, 95).await;
    // A phone whose clock is 800 minutes ahead says that it scanned ten minutes ago: so it did.
    let (anomalies, record) = send(PDA, 900, 890).await;
    assert!(anomalies.iter().any(|anomaly| anomaly.kind() == v1::AnomalyKind::Skew), "{anomalies:?}");
    assert_eq!(
        (record.committed_at.0, record.effective_at.0, record.occurred_at.0),
        (us(100), us(90), us(890))
    );
    // One whose clock is right is not corrected.
    let (anomalies, record) = send(PC, 100, 99).await;
    assert!(!anomalies.iter().any(|anomaly| anomaly.kind() == v1::AnomalyKind::Skew), "{anomalies:?}");
    assert_eq!(record.effective_at.0, us(99));
}
