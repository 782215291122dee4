//! Drives a gateway through the history, over real streams: whatever is not answered is sent again, also after the gateway
//! was killed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail, ensure};
use futures_util::future::try_join_all;
use prost::Message;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::Channel;
use trao::doors::wire::v1;
use v1::capture_service_client::CaptureServiceClient;
use v1::dossier_service_client::DossierServiceClient;
use v1::leg_service_client::LegServiceClient;

use super::enter::Callers;
use super::history::Month;
use super::journey::Line;
use super::progress::Progress;
use super::support::gateway::{Gateway, Start};
use super::support::partner::Partner;

/// Streams that are open at once.
const STREAMS: usize = 12;
/// Orders on their way at once.
const ORDERS: usize = 64;
/// Registrations of one call.
const BATCH: usize = 500;
/// One line in so many is sent a second time although it was answered.
const AGAIN: u64 = 61;
/// Acknowledged lines after which the gateway is killed in a month in which it is.
const KILLED_AFTER: u64 = 200;

/// What was answered.
#[derive(Debug, Default)]
pub struct Told {
    /// Lines journaled.
    pub recorded: AtomicU64,
    /// Lines answered as journaled before.
    pub replayed: AtomicU64,
    /// Lines that found no leg, by their ids.
    pub unplaced: Mutex<Vec<String>>,
}

/// A gateway that is driven.
pub struct Drive {
    pub gateway: Gateway,
    callers: Arc<Callers>,
    told: Arc<Told>,
    progress: Progress,
    /// The names of dossiers by their numbers, as far as something is still ordered for them.
    dossiers: BTreeMap<u64, String>,
    /// How far each phone has counted.
    counted: BTreeMap<String, u64>,
    /// How often the gateway was killed.
    pub killed: u64,
}

/// How the clock's mode is given to the gateway when it starts.
pub fn replaying() -> Start {
    Start { flags: vec!["--clock".to_owned(), "replay".to_owned()], ..Start::default() }
}

impl Drive {
    pub fn of(gateway: Gateway, callers: Callers, progress: Progress) -> Drive {
        Drive {
            gateway,
            callers: Arc::new(callers),
            told: Arc::default(),
            progress,
            dossiers: BTreeMap::new(),
            counted: BTreeMap::new(),
            killed: 0,
        }
    }

    /// What was answered.
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// Lives a month; `killed` has the gateway killed in its midst.
    pub async fn live(&mut self, name: &str, month: Month, killed: bool) -> anyhow::Result<()> {
        self.progress.month(name);
        self.tell(month.begins).await?;
        self.order(&month).await.context("order")?;
        self.say(month.carrier, killed).await.context("the carrier's lines")?;
        self.say(month.supervisors, false).await.context("the supervisors' lines")?;
        self.say(month.agencies, false).await.context("the agencies' lines")?;
        // Phones come back to the network when it is the end of the month.
        self.tell(month.ends - 1).await?;
        let phones = month.phones.into_iter().map(|line| self.counted(line)).collect();
        self.say(phones, false).await.context("the phones' lines")?;
        self.register(&month.registrations).await.context("register")?;
        Ok(())
    }

    /// Ends the bar.
    pub fn done(self) -> (Gateway, Arc<Callers>) {
        self.progress.done();
        (self.gateway, self.callers)
    }

    /// Tells the gateway what time it is.
    async fn tell(&self, second: i64) -> anyhow::Result<()> {
        let at = prost_types::Timestamp { seconds: second, nanos: 0 };
        let request = v1::GetLegRequest { name: "legs/0-1".to_owned() };
        let mut legs = LegServiceClient::new(self.gateway.channel().await);
        match legs.get_leg(self.callers.province.ask_at(request, &at)).await {
            Ok(_) => Ok(()),
            Err(status) if status.code() == tonic::Code::NotFound => Ok(()),
            Err(status) => Err(status.into()),
        }
    }

    fn counted(&mut self, line: Line) -> Line {
        let counted = self.counted.entry(line.source.clone()).or_default();
        *counted += 1;
        Line { device_seq: *counted, ..line }
    }

    async fn order(&mut self, month: &Month) -> anyhow::Result<()> {
        let channel = self.gateway.channel().await;
        let places = Semaphore::new(ORDERS);
        try_join_all(month.orders.iter().map(|order| {
            let (mut legs, places) = (LegServiceClient::new(channel.clone()), &places);
            let dossier = self.dossiers.get(&order.dossier).cloned();
            let province = &self.callers.province;
            async move {
                let _place = places.acquire().await?;
                let dossier =
                    dossier.with_context(|| format!("dossier {} is not registered", order.dossier))?;
                let request = v1::OrderLegRequest { dossier, ..order.request.clone() };
                legs.order_leg(province.ask(request)).await?;
                anyhow::Ok(())
            }
        }))
        .await?;
        self.progress.add(month.orders.len() as u64);
        // Later months order nothing for these.
        self.dossiers.clear();
        Ok(())
    }

    async fn register(&mut self, registrations: &[(u64, v1::RegisterDossierRequest)]) -> anyhow::Result<()> {
        use v1::register_dossier_result::Result as Became;
        let mut dossiers =
            DossierServiceClient::new(self.gateway.channel().await).max_decoding_message_size(16 << 20);
        for some in registrations.chunks(BATCH) {
            let requests = some.iter().map(|(_, request)| request.encode_to_vec().into()).collect();
            let asked = self.callers.province.ask(v1::BatchRegisterDossiersRequest { requests });
            let results = dossiers.batch_register_dossiers(asked).await?.into_inner().results;
            ensure!(results.len() == some.len(), "{} answers of {}", results.len(), some.len());
            for ((number, _), result) in some.iter().zip(results) {
                match result.result {
                    Some(Became::Registered(registered)) => {
                        let name = registered.dossier.context("a dossier without its name")?.name;
                        self.dossiers.insert(*number, name);
                    }
                    other => bail!("dossier {number} was not registered: {other:?}"),
                }
            }
            self.progress.add(some.len() as u64);
        }
        Ok(())
    }

    /// Sends lines, each source's over a stream of its own, until each is answered.
    async fn say(&mut self, lines: Vec<Line>, killed: bool) -> anyhow::Result<()> {
        let mut outboxes: BTreeMap<String, VecDeque<Line>> = BTreeMap::new();
        for line in lines {
            outboxes.entry(line.source.clone()).or_default().push_back(line);
        }
        let mut to_kill = killed;
        while !outboxes.is_empty() {
            let killed_after = to_kill.then_some(KILLED_AFTER);
            let cut = self.drain(&mut outboxes, killed_after).await?;
            if cut || to_kill {
                ensure!(to_kill, "a stream broke, and nobody had killed the gateway");
                (to_kill, self.killed) = (false, self.killed + 1);
                self.gateway.restart_with(replaying());
            }
        }
        Ok(())
    }

    /// Drains outboxes until they are empty or a stream breaks; whether one did. What was not answered is in them again.
    async fn drain(
        &mut self,
        outboxes: &mut BTreeMap<String, VecDeque<Line>>,
        killed_after: Option<u64>,
    ) -> anyhow::Result<bool> {
        let channels = try_join_all((0..4).map(|_| {
            let endpoint = tonic::transport::Endpoint::from_shared(self.gateway.url());
            async move { anyhow::Ok(endpoint?.connect().await?) }
        }))
        .await?;
        let acked = Arc::new(AtomicU64::new(0));
        let places = Arc::new(Semaphore::new(STREAMS));
        let mut streams = JoinSet::new();
        for (index, (source, outbox)) in std::mem::take(outboxes).into_iter().enumerate() {
            let partner = self.callers.of(&source)?.clone();
            let stream = Stream {
                channel: channels[index % channels.len()].clone(),
                partner,
                told: Arc::clone(&self.told),
                progress: self.progress.clone(),
                acked: Arc::clone(&acked),
            };
            let places = Arc::clone(&places);
            streams.spawn(async move {
                let _place = places.acquire_owned().await?;
                let mut left = outbox;
                let cut = stream.run(&source, &mut left).await?;
                anyhow::Ok((source, left, cut))
            });
        }
        let mut cut = false;
        let mut kill = killed_after;
        while !streams.is_empty() {
            // CANCEL: a stream that was not joined yet is joined the next time.
            tokio::select! {
                biased;
                () = reached(&acked, kill.unwrap_or(u64::MAX)), if kill.is_some() => {
                    self.gateway.kill();
                    kill = None;
                }
                Some(ended) = streams.join_next() => {
                    let (source, left, broken) = ended??;
                    cut |= broken;
                    if !left.is_empty() {
                        outboxes.insert(source, left);
                    }
                }
            }
        }
        if kill.is_some() {
            self.gateway.kill();
        }
        Ok(cut)
    }
}

/// Waits until so many lines were acknowledged.
async fn reached(acked: &AtomicU64, wanted: u64) {
    while acked.load(Ordering::Relaxed) < wanted {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// One source's stream.
struct Stream {
    channel: Channel,
    partner: Partner,
    told: Arc<Told>,
    progress: Progress,
    acked: Arc<AtomicU64>,
}

impl Stream {
    /// Sends an outbox; whether the stream broke. What was answered is out of it.
    async fn run(&self, source: &str, outbox: &mut VecDeque<Line>) -> anyhow::Result<bool> {
        use v1::sync_events_request::Message as Said;
        use v1::sync_events_response::Message as Heard;
        let (sender, outgoing) = mpsc::channel(64);
        let last_device_seq = outbox.back().map_or(0, |line| line.device_seq);
        let hello = v1::Hello { source: source.to_owned(), last_device_seq };
        sender.send(v1::SyncEventsRequest { message: Some(Said::Hello(hello)) }).await?;
        let mut captures = CaptureServiceClient::new(self.channel.clone());
        let Ok(call) = captures.sync_events(self.partner.ask(ReceiverStream::new(outgoing))).await else {
            return Ok(true);
        };
        let mut answers = call.into_inner();
        let window = match answers.message().await {
            Ok(Some(v1::SyncEventsResponse { message: Some(Heard::Welcome(welcome)) })) => welcome.window,
            Ok(other) => bail!("no welcome: {other:?}"),
            Err(_) => return Ok(true),
        };
        // One line in so many twice: an answer that was lost on the way looks the same to the gateway.
        let twice = |line: &Line| {
            line.id.bytes().fold(0, |sum: u64, byte| sum * 31 % 999_983 + u64::from(byte)) % AGAIN == 0
        };
        let lines: Vec<Line> = outbox
            .iter()
            .flat_map(|line| std::iter::repeat_n(line.clone(), 1 + usize::from(twice(line))))
            .collect();
        let expected: Vec<bool> =
            outbox.iter().flat_map(|line| [Some(false), twice(line).then_some(true)]).flatten().collect();
        let window = Arc::new(Semaphore::new(window as usize));
        let places = Arc::clone(&window);
        let sending = tokio::spawn(async move {
            for line in lines {
                let Ok(place) = places.acquire().await else { return };
                place.forget();
                let line = Said::Line(capture(&line).encode_to_vec().into());
                // Nobody takes it when the stream broke; the other half sees that.
                if sender.send(v1::SyncEventsRequest { message: Some(line) }).await.is_err() {
                    return;
                }
            }
        });
        let mut cut = false;
        for again in expected {
            match answers.message().await {
                Ok(Some(v1::SyncEventsResponse { message: Some(Heard::Ack(ack)) })) => {
                    window.add_permits(1);
                    self.acknowledged(&ack)?;
                    if !again {
                        let line = outbox.front().context("an answer to nothing")?;
                        ensure!(line.id == ack.client_event_id, "{} for {}", ack.client_event_id, line.id);
                        outbox.pop_front();
                    }
                }
                Ok(other) => bail!("the stream ended early: {other:?}"),
                Err(status) => {
                    broken(&status)?;
                    cut = true;
                    break;
                }
            }
        }
        sending.abort();
        Ok(cut)
    }

    fn acknowledged(&self, ack: &v1::Ack) -> anyhow::Result<()> {
        let recorded = match ack.result.as_ref().and_then(|result| result.result.as_ref()) {
            Some(v1::line_result::Result::Recorded(recorded)) => recorded,
            other => bail!("{} was not taken: {other:?}", ack.client_event_id),
        };
        let count = if recorded.replayed { &self.told.replayed } else { &self.told.recorded };
        count.fetch_add(1, Ordering::Relaxed);
        if !recorded.replayed && recorded.placement() == v1::Placement::Unplaced {
            self.told.unplaced.lock().unwrap().push(ack.client_event_id.clone());
        }
        self.acked.fetch_add(1, Ordering::Relaxed);
        self.progress.add(1);
        Ok(())
    }
}

/// What a killed gateway's streams end with; anything that the gateway itself says is wrong.
fn broken(status: &Status) -> anyhow::Result<()> {
    ensure!(status.details().is_empty(), "{status}");
    Ok(())
}

fn capture(line: &Line) -> v1::Capture {
    let event = v1::Event { device_seq: line.device_seq, ..line.event.clone() };
    v1::Capture {
        source: line.source.clone(),
        client_event_id: line.id.clone(),
        event: event.encode_to_vec().into(),
        send_time: Some(prost_types::Timestamp { seconds: line.sent, nanos: 0 }),
        ..v1::Capture::default()
    }
}
