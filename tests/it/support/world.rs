//! A province at work: a gateway with its directory entered, and the calls its people make.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use prost::Message;
use tonic::Status;
use tonic::transport::Channel;
use trao::doors::wire::v1;
use trao::seal::record::Record;
use v1::capture_service_client::CaptureServiceClient;
use v1::directory_service_client::DirectoryServiceClient;
use v1::dossier_service_client::DossierServiceClient;
use v1::feed_service_client::FeedServiceClient;
use v1::leg_service_client::LegServiceClient;

use super::gateway::{Gateway, Start};
use super::partner::{Partner, Province, capture, code, event};
use super::wait::eventually;

/// The department that decides.
pub const DEPARTMENT: &str = "agencies/H99.14";
/// Its sibling.
pub const SIBLING: &str = "agencies/H99.17";
/// The counter of all.
pub const CENTRE: &str = "agencies/H99.01";
/// The parent of all.
pub const PARENT: &str = "agencies/H99";
/// The carrier.
pub const CARRIER: &str = "carriers/p";
/// The second carrier.
pub const OTHER_CARRIER: &str = "carriers/q";
/// A procedure that may go by post.
pub const BY_POST: &str = "procedures/1.004194";
/// One that may not.
pub const NOT_BY_POST: &str = "procedures/1.004195";

/// A gateway, its province, and a connection.
pub struct World {
    /// The gateway.
    pub gateway: Gateway,
    /// Who calls.
    pub province: Province,
    channel: Channel,
    ids: AtomicU64,
}

impl World {
    /// A province on a new gateway.
    pub async fn start() -> World {
        World::start_with(Start::default()).await
    }

    /// A province on a new gateway, started so.
    pub async fn start_with(start: Start) -> World {
        World::on(Gateway::start_with(start)).await
    }

    /// A province on a gateway that has none.
    pub async fn on(gateway: Gateway) -> World {
        let province = Province::enter(&gateway).await;
        let channel = gateway.channel().await;
        World { gateway, province, channel, ids: AtomicU64::new(1) }
    }

    /// A province on a gateway that has none, whose agencies are in one lane and whose carriers in another.
    pub async fn in_two_lanes(mut gateway: Gateway) -> World {
        let province = Province::enter_in_two_lanes(&mut gateway).await;
        let channel = gateway.channel().await;
        World { gateway, province, channel, ids: AtomicU64::new(1) }
    }

    /// Connects again, after a restart.
    pub async fn connect(&mut self) {
        self.channel = self.gateway.channel().await;
    }

    /// Kills the gateway, starts it again and connects; gives what it logged.
    pub async fn kill_and_restart(&mut self) -> String {
        let log = self.gateway.kill();
        self.gateway.restart();
        self.connect().await;
        log
    }

    /// The connection.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// An id that no call of this world has used.
    pub fn fresh(&self, what: &str) -> String {
        format!("{what}-{}", self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Its capture service.
    pub fn captures(&self) -> CaptureServiceClient<Channel> {
        CaptureServiceClient::new(self.channel())
    }

    /// Its leg service.
    pub fn legs(&self) -> LegServiceClient<Channel> {
        LegServiceClient::new(self.channel())
    }

    /// Its dossier service.
    pub fn dossiers(&self) -> DossierServiceClient<Channel> {
        DossierServiceClient::new(self.channel())
    }

    /// Its feed service.
    pub fn feeds(&self) -> FeedServiceClient<Channel> {
        FeedServiceClient::new(self.channel())
    }

    /// Its directory service.
    pub fn directory(&self) -> DirectoryServiceClient<Channel> {
        DirectoryServiceClient::new(self.channel())
    }

    /// Sends one line.
    pub async fn capture(&self, who: &Partner, line: v1::Capture) -> Result<v1::Recorded, Status> {
        let request = who.ask(v1::CaptureEventRequest { line: Some(line) });
        Ok(self.captures().capture_event(request).await?.into_inner().recorded.unwrap())
    }

    /// Sends one event under a fresh id; it must be taken.
    pub async fn say(&self, who: &Partner, source: &str, event: &v1::Event) -> v1::Recorded {
        self.capture(who, capture(source, &self.fresh("say"), event)).await.unwrap()
    }

    /// A scan by the carrier's phone.
    pub async fn scan(&self, source: &str, kind: v1::EventType, value: &str) -> v1::Recorded {
        self.say(&self.province.post, source, &event(kind, value)).await
    }

    /// Sends lines as a batch.
    pub async fn batch(&self, who: &Partner, lines: Vec<Bytes>) -> Result<Vec<v1::LineResult>, Status> {
        let request = who.ask(v1::BatchCaptureEventsRequest { lines });
        Ok(self.captures().batch_capture_events(request).await?.into_inner().results)
    }

    /// An order of the department for its counter, by the carrier.
    pub fn order(&self, kind: v1::LegKind) -> v1::OrderLegRequest {
        v1::OrderLegRequest {
            request_id: self.fresh("order"),
            agency: DEPARTMENT.to_owned(),
            counter: CENTRE.to_owned(),
            carrier: CARRIER.to_owned(),
            kind: kind.into(),
            procedure: BY_POST.to_owned(),
            ..v1::OrderLegRequest::default()
        }
    }

    /// Orders a leg; it must be taken.
    pub async fn ordered(&self, who: &Partner, order: v1::OrderLegRequest) -> v1::Leg {
        self.legs().order_leg(who.ask(order)).await.unwrap().into_inner().leg.unwrap()
    }

    /// A registration by the department.
    pub fn registration(&self, dossier: &str) -> v1::RegisterDossierRequest {
        v1::RegisterDossierRequest {
            request_id: self.fresh("register"),
            agency: DEPARTMENT.to_owned(),
            code: code(dossier),
            procedure: BY_POST.to_owned(),
            ..v1::RegisterDossierRequest::default()
        }
    }

    /// Registers a dossier; it must be taken.
    pub async fn registered(&self, who: &Partner, request: v1::RegisterDossierRequest) -> v1::Dossier {
        self.dossiers().register_dossier(who.ask(request)).await.unwrap().into_inner().dossier.unwrap()
    }

    /// The leg of a name as somebody sees it.
    pub async fn leg(&self, who: &Partner, name: &str) -> v1::Leg {
        let request = v1::GetLegRequest { name: name.to_owned() };
        self.legs().get_leg(who.ask(request)).await.unwrap().into_inner().leg.unwrap()
    }

    /// A party's whole log.
    pub async fn log(&self, who: &Partner) -> Vec<v1::FeedEvent> {
        self.log_of(who, "").await
    }

    /// A party's whole log, read by another; it must be dense.
    pub async fn log_of(&self, who: &Partner, parent: &str) -> Vec<v1::FeedEvent> {
        let mut events = Vec::new();
        let mut start = None;
        loop {
            let request = v1::PullEventsRequest {
                parent: parent.to_owned(),
                start,
                page_size: 1_000,
                ..v1::PullEventsRequest::default()
            };
            let page = self.feeds().pull_events(who.ask(request)).await.unwrap().into_inner();
            for event in page.events {
                assert_eq!(event.seq, events.len() as u64 + 1, "the log is dense");
                events.push(event);
            }
            if page.caught_up {
                return events;
            }
            start = Some(v1::pull_events_request::Start::Cursor(page.next_cursor));
        }
    }

    /// A party's log once it has an event that satisfies; the events up to then.
    pub async fn log_with(
        &self,
        who: &Partner,
        what: &str,
        wanted: impl Fn(&v1::FeedEvent) -> bool,
    ) -> Vec<v1::FeedEvent> {
        eventually(what, || async {
            let log = self.log(who).await;
            log.iter().any(&wanted).then_some(log)
        })
        .await
    }

    /// Waits until the tie has placed everything that waited.
    pub async fn tied(&self) {
        let database = self.gateway.database();
        eventually("nothing waits any more", || async {
            let waiting: i64 =
                database.query_row("SELECT count(*) FROM waiting", [], |row| row.get(0)).unwrap();
            (waiting == 0).then_some(())
        })
        .await;
    }
}

/// A record read.
pub fn record(event: &v1::FeedEvent) -> Record {
    Record::decode(&event.record).unwrap()
}

/// The event of a feed's line, read.
pub fn event_of(line: &v1::FeedEvent) -> v1::Event {
    v1::Event::decode(line.event.clone()).unwrap()
}

/// The kinds of anomaly of an answer.
pub fn anomalies(recorded: &v1::Recorded) -> Vec<v1::AnomalyKind> {
    recorded.anomalies.iter().map(v1::Anomaly::kind).collect()
}
