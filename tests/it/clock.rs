//! A gateway does not believe a clock that leaps: it stops serving before anything is sealed with a wrong time.

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;
use trao::doors::wire::{time, v1};
use v1::capture_service_client::CaptureServiceClient;
use v1::feed_service_client::FeedServiceClient;

use crate::support::gateway::{Gateway, Start};
use crate::support::interpose::{Field, Interposer};
use crate::support::partner::{PDA, Partner, Province, SYSTEM, capture, event, reason};

const HOUR: i64 = 3_600;
const YEAR: i64 = 366 * 24 * HOUR;

struct Watched {
    gateway: Gateway,
    province: Province,
    clock: Interposer,
    _folder: tempfile::TempDir,
}

async fn gateway_with_a_hand_on_its_clock() -> Watched {
    let folder = tempfile::tempdir().unwrap();
    let clock = Interposer::new(folder.path());
    let start = Start { environment: clock.environment(), ..Start::default() };
    let gateway = Gateway::start_on(&folder.path().join("data"), start);
    let province = Province::enter(&gateway).await;
    Watched { gateway, province, clock, _folder: folder }
}

impl Watched {
    fn restart(&mut self, flags: &[&str]) {
        self.gateway.stop();
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        self.gateway.restart_with(Start { flags, environment: self.clock.environment(), ..Start::default() });
    }

    async fn scan(&self, id: &str) -> Result<v1::Recorded, tonic::Status> {
        let line = capture(PDA, id, &event(v1::EventType::OfficeIn, "RA990000010VN"));
        let request = self.province.post.ask(v1::CaptureEventRequest { line: Some(line) });
        let mut client = CaptureServiceClient::new(self.gateway.channel().await);
        Ok(client.capture_event(request).await?.into_inner().recorded.unwrap())
    }

    async fn must_be_suspect(&self, id: &str) {
        let status = self.scan(id).await.expect_err("it serves with a clock that leapt");
        assert_eq!((status.code(), reason(&status)), (Code::Unavailable, "CLOCK_SUSPECT".to_owned()));
        assert!(status.get_details_retry_info().is_some());
    }

    /// Follows the gateway's health until it is as wanted.
    async fn wait_for_health(&self, wanted: ServingStatus) {
        let mut health = HealthClient::new(self.gateway.channel().await);
        let mut told =
            health.watch(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
        let followed = async {
            while let Some(answer) = told.message().await.unwrap() {
                if answer.status == i32::from(wanted) {
                    return;
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), followed).await.expect("its health changes");
    }

    async fn committed_at(&self) -> Vec<prost_types::Timestamp> {
        let mut feed = FeedServiceClient::new(self.gateway.channel().await);
        let page = feed.pull_events(self.province.post.ask(v1::PullEventsRequest::default())).await.unwrap();
        page.into_inner().events.into_iter().map(|event| event.committed_at.unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_leaps_while_serving_stops_it_before_anything_is_sealed() {
    for leap in [2 * HOUR, -2 * HOUR, 73 * YEAR] {
        let watched = gateway_with_a_hand_on_its_clock().await;
        watched.scan("before").await.unwrap();
        watched.clock.set(Field::ClockOffset, leap);
        watched.must_be_suspect("leapt").await;
        watched.wait_for_health(ServingStatus::NotServing).await;
        // The clock is put right: what leapt once is believed again, and nothing was sealed meanwhile.
        watched.clock.set(Field::ClockOffset, 0);
        watched.wait_for_health(ServingStatus::Serving).await;
        watched.scan("after").await.unwrap();
        let times = watched.committed_at().await;
        assert_eq!(times.len(), 2, "nothing was journaled while the clock was wrong");
        assert!(times[1].seconds - times[0].seconds < 60, "no time of the leap was kept: {times:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_hour_is_no_leap() {
    let watched = gateway_with_a_hand_on_its_clock().await;
    watched.clock.set(Field::ClockOffset, HOUR / 2);
    watched.scan("slewed").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_far_from_the_last_seal_waits_for_accept_clock() {
    for offset in [-2 * HOUR, 2 * YEAR] {
        let mut watched = gateway_with_a_hand_on_its_clock().await;
        watched.scan("before").await.unwrap();
        watched.clock.set(Field::ClockOffset, offset);
        watched.restart(&[]);
        watched.must_be_suspect("suspect").await;
        watched.wait_for_health(ServingStatus::NotServing).await;
        watched.restart(&["--accept-clock"]);
        watched.scan("accepted").await.unwrap();
        let times = watched.committed_at().await;
        assert!(times[1].seconds >= times[0].seconds, "times of a lane never decrease: {times:?}");
        if offset > 0 {
            assert!(times[1].seconds - times[0].seconds > YEAR, "the accepted clock counts: {times:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_within_the_bounds_serves_at_once() {
    let mut watched = gateway_with_a_hand_on_its_clock().await;
    watched.scan("before").await.unwrap();
    watched.clock.set(Field::ClockOffset, -HOUR / 2);
    watched.restart(&[]);
    watched.scan("after").await.unwrap();
    let times = watched.committed_at().await;
    assert!(times[1].seconds >= times[0].seconds, "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn under_replay_time_is_told_by_systems_and_by_calls_and_never_by_devices() {
    let mut gateway =
        Gateway::start_with(Start { flags: vec!["--clock".into(), "replay".into()], ..Start::default() });
    let province = Province::enter(&gateway).await;
    let (told, later) = ("2019-05-04T03:00:00.000000Z", "2019-05-04T09:30:00.000000Z");

    let by_system = scan_at(&gateway, &province.post, SYSTEM, "s-1", told, Some(told)).await;
    assert_eq!(by_system, (told.to_owned(), told.to_owned()), "received and committed when the system says");
    let by_device = scan_at(&gateway, &province.post, PDA, "d-1", told, Some(later)).await;
    assert_eq!(by_device, (told.to_owned(), told.to_owned()), "a device's clock moves nothing");
    let earlier = "2019-05-01T00:00:00.000000Z";
    let parallel = scan_at(&gateway, &province.post, SYSTEM, "s-2", earlier, Some(earlier)).await;
    assert_eq!(parallel, (earlier.to_owned(), told.to_owned()), "each line is received at its own time");

    let mut request = province.post.ask(v1::PullEventsRequest::default());
    request.metadata_mut().insert("trao-now", later.parse().unwrap());
    FeedServiceClient::new(gateway.channel().await).pull_events(request).await.unwrap();
    let after_call = scan_at(&gateway, &province.post, PDA, "d-2", told, None).await;
    assert_eq!(after_call, (later.to_owned(), later.to_owned()), "any call may tell the time");

    gateway.stop();
    gateway.restart();
    let after_restart = scan_at(&gateway, &province.post, PDA, "d-3", told, None).await;
    assert_eq!(after_restart, (later.to_owned(), later.to_owned()), "the time told is kept with the head");

    gateway.stop();
    let other = crate::support::gateway::trao()
        .args(["serve", "--clock", "system", "--listen", "127.0.0.1:0", "--data"])
        .arg(gateway.folder())
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(1), "the clock is fixed by the first serve");
    assert!(other.stdout.is_empty(), "it does not listen");
    gateway.restart();
}

/// Scans something and gives when it was received and committed.
async fn scan_at(
    gateway: &Gateway,
    post: &Partner,
    source: &str,
    id: &str,
    occurred: &str,
    sent: Option<&str>,
) -> (String, String) {
    let stamp = |text: &str| time::timestamp(time::from_rfc3339(text).unwrap());
    let event =
        v1::Event { occurred_at: Some(stamp(occurred)), ..event(v1::EventType::OfficeIn, "RA990000010VN") };
    let line = v1::Capture { send_time: sent.map(stamp), ..capture(source, id, &event) };
    let request = post.ask(v1::CaptureEventRequest { line: Some(line) });
    let answer = CaptureServiceClient::new(gateway.channel().await).capture_event(request).await.unwrap();
    let record = answer.into_inner().recorded.unwrap().record;
    let record = trao::seal::record::Record::decode(&record).unwrap();
    (time::to_rfc3339(record.received_at), time::to_rfc3339(record.committed_at))
}
