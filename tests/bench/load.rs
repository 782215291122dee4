//! The one client: calls one after the other in many hands, calls at a pace, and streams.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use prost::Message;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status};
use trao::doors::wire::v1;
use v1::capture_service_client::CaptureServiceClient;
use v1::dossier_service_client::DossierServiceClient;

use super::town::Town;
use super::walker::Walker;

/// What was done in a time.
pub struct Done {
    /// Calls or events answered.
    pub count: u64,
    /// From the first question to the last answer.
    pub took: Duration,
}

impl Done {
    /// How many a second.
    pub fn rate(&self) -> f64 {
        self.count as f64 / self.took.as_secs_f64()
    }
}

/// What is asked: its answers show it.
#[derive(Clone, Copy)]
pub enum Asked {
    /// A gateway: every answer has a place of its own in the journal.
    Gateway,
    /// A sink: every answer is the one that it was given.
    Sink,
}

/// Every walker scans, waits for its answer, and scans again.
pub async fn unary(
    channels: &[Channel],
    asked: Asked,
    town: &Town,
    walkers: Vec<Walker>,
    span: Duration,
) -> anyhow::Result<(Done, Vec<Walker>)> {
    let began = Instant::now();
    let mut hands = JoinSet::new();
    for (index, mut walker) in walkers.into_iter().enumerate() {
        let (town, channel) = (town.clone(), channels[index % channels.len()].clone());
        hands.spawn(async move {
            let mut captures = CaptureServiceClient::new(channel);
            let mut count = 0;
            let mut last = None;
            while began.elapsed() < span {
                let request = v1::CaptureEventRequest { line: Some(walker.next_scan()) };
                let answer = captures.capture_event(town.ask(request)).await?.into_inner();
                let recorded = answer.recorded.context("an empty answer")?;
                ensure!(!recorded.replayed, "a scan was sent twice");
                let pos = recorded.position.context("an answer without its position")?.pos;
                let as_asked = match (asked, last) {
                    (_, None) => true,
                    (Asked::Gateway, Some(last)) => pos > last,
                    (Asked::Sink, Some(last)) => pos == last,
                };
                ensure!(as_asked, "{pos} is answered after {last:?}: this is not the server that was meant");
                last = Some(pos);
                count += 1;
            }
            anyhow::Ok((count, walker))
        });
    }
    let mut done = Done { count: 0, took: Duration::ZERO };
    let mut walkers = Vec::new();
    while let Some(ended) = hands.join_next().await {
        let (count, walker) = ended??;
        done.count += count;
        walkers.push(walker);
    }
    done.took = began.elapsed();
    Ok((done, walkers))
}

/// As many hands ask where an envelope is, again and again.
pub async fn status(
    channels: &[Channel],
    asked: Asked,
    town: &Town,
    items: &[String],
    hands: usize,
    span: Duration,
) -> anyhow::Result<Done> {
    let began = Instant::now();
    let items: Arc<[String]> = items.into();
    let mut asking = JoinSet::new();
    for hand in 0..hands {
        let (town, channel, items) =
            (town.clone(), channels[hand % channels.len()].clone(), Arc::clone(&items));
        asking.spawn(async move {
            let mut dossiers = DossierServiceClient::new(channel);
            let mut count = 0;
            while began.elapsed() < span {
                // A prime step: neighbours in time are strangers in the store.
                let item = &items[(hand + count * 7_919) % items.len()];
                let answer = dossiers.get_dossier(town.ask(where_is(item))).await?.into_inner();
                let dossier = answer.dossier.context("an empty answer")?;
                let is_it = dossier.legs.iter().any(|leg| leg.items.contains(item));
                ensure!(is_it || matches!(asked, Asked::Sink), "the answer is of another envelope");
                count += 1;
            }
            anyhow::Ok(count as u64)
        });
    }
    let mut count = 0;
    while let Some(ended) = asking.join_next().await {
        count += ended??;
    }
    Ok(Done { count, took: began.elapsed() })
}

/// The question where an envelope is.
pub fn where_is(item: &str) -> v1::GetDossierRequest {
    let code = v1::Code { kind: v1::CodeKind::Item.into(), value: item.to_owned(), agency: String::new() };
    v1::GetDossierRequest {
        key: Some(v1::get_dossier_request::Key::Code(code)),
        ..v1::GetDossierRequest::default()
    }
}

/// When streams end.
#[derive(Clone, Copy)]
pub enum Until {
    /// After a time.
    Span(Duration),
    /// After so many events of each.
    Events(u64),
    /// When each is where it begins.
    Opened,
}

/// Every walker drains an outbox without an end over one stream, as many lines unanswered as the gateway allows.
pub async fn streams(
    channels: &[Channel],
    town: &Town,
    walkers: Vec<Walker>,
    until: Until,
) -> anyhow::Result<(Done, Vec<Walker>)> {
    let began = Instant::now();
    let mut devices = JoinSet::new();
    for (index, walker) in walkers.into_iter().enumerate() {
        let (town, channel) = (town.clone(), channels[index % channels.len()].clone());
        devices.spawn(stream(channel, town, walker, until));
    }
    let mut done = Done { count: 0, took: Duration::ZERO };
    let mut walkers = Vec::new();
    while let Some(ended) = devices.join_next().await {
        let (count, walker) = ended??;
        done.count += count;
        walkers.push(walker);
    }
    done.took = began.elapsed();
    Ok((done, walkers))
}

async fn stream(
    channel: Channel,
    town: Town,
    mut walker: Walker,
    until: Until,
) -> anyhow::Result<(u64, Walker)> {
    use v1::sync_events_request::Message as Said;
    let (lines, outgoing) = mpsc::channel(64);
    let hello = v1::Hello { source: walker.device().to_owned(), last_device_seq: 0 };
    lines.send(v1::SyncEventsRequest { message: Some(Said::Hello(hello)) }).await?;
    let mut captures = CaptureServiceClient::new(channel);
    let call = captures.sync_events(town.ask(ReceiverStream::new(outgoing)));
    let mut answers = call.await?.into_inner();
    let welcome = answers.message().await?.and_then(|message| message.message);
    let Some(v1::sync_events_response::Message::Welcome(welcome)) = welcome else {
        anyhow::bail!("no welcome")
    };
    let window = Arc::new(Semaphore::new(welcome.window as usize));
    let began = Instant::now();
    let places = Arc::clone(&window);
    let sending = tokio::spawn(async move {
        let mut sent = 0;
        loop {
            places.acquire().await?.forget();
            let line = match until {
                Until::Span(span) => (began.elapsed() < span).then(|| walker.next_scan()),
                Until::Events(events) => (sent < events).then(|| walker.next_scan()),
                Until::Opened => walker.opening(),
            };
            let Some(line) = line else { return anyhow::Ok(walker) };
            let line = Said::Line(line.encode_to_vec().into());
            lines.send(v1::SyncEventsRequest { message: Some(line) }).await?;
            sent += 1;
        }
    });
    let mut count = 0;
    while let Some(message) = answers.message().await? {
        let Some(v1::sync_events_response::Message::Ack(ack)) = message.message else { continue };
        match ack.result.and_then(|result| result.result) {
            Some(v1::line_result::Result::Recorded(recorded)) => {
                ensure!(!recorded.replayed, "a scan was sent twice");
                count += 1;
            }
            other => anyhow::bail!("a line was not taken: {other:?}"),
        }
        window.add_permits(1);
    }
    Ok((count, sending.await??))
}

/// A scan that was answered.
pub struct Answered {
    /// From the moment it was due, in microseconds.
    pub took: u64,
    /// Where it stands in the journal.
    pub pos: u64,
    /// When.
    pub at: Instant,
}

/// How long each took, in order.
pub fn took(answered: &[Answered]) -> Vec<u64> {
    let mut took: Vec<u64> = answered.iter().map(|scan| scan.took).collect();
    took.sort_unstable();
    took
}

/// Scans come at a pace, whether or not earlier ones are answered.
pub async fn paced(
    channels: &[Channel],
    town: &Town,
    walkers: Vec<Walker>,
    per_second: u64,
    span: Duration,
) -> anyhow::Result<(Vec<Answered>, Vec<Walker>)> {
    let hands = walkers.len();
    // A walker scans one envelope after the other: with none at rest a scan waits, and its wait counts.
    let (rest, mut resting) = mpsc::channel(hands);
    for walker in walkers {
        rest.send(walker).await?;
    }
    let mut calls: JoinSet<Result<Option<Answered>, Status>> = JoinSet::new();
    let began = Instant::now();
    let total = (per_second as f64 * span.as_secs_f64()) as u64;
    let refused = Arc::new(AtomicU64::new(0));
    for number in 0..total {
        let due = began + Duration::from_micros(number * 1_000_000 / per_second);
        tokio::time::sleep_until(due.into()).await;
        let mut walker = resting.recv().await.context("walkers come back")?;
        let (rest, town, refused) = (rest.clone(), town.clone(), Arc::clone(&refused));
        let mut captures = CaptureServiceClient::new(channels[number as usize % channels.len()].clone());
        calls.spawn(async move {
            let request = v1::CaptureEventRequest { line: Some(walker.next_scan()) };
            let answered = captures.capture_event(town.ask(request)).await;
            let (took, at) = (due.elapsed().as_micros() as u64, Instant::now());
            let _back = rest.send(walker).await;
            match answered {
                Err(status) if status.code() == Code::ResourceExhausted => {
                    refused.fetch_add(1, Ordering::Relaxed);
                    Ok(None)
                }
                answered => {
                    let position = answered?.into_inner().recorded.and_then(|recorded| recorded.position);
                    Ok(position.map(|position| Answered { took, pos: position.pos, at }))
                }
            }
        });
    }
    let mut answers = Vec::with_capacity(total as usize);
    while let Some(ended) = calls.join_next().await {
        answers.extend(ended??);
    }
    ensure!(refused.load(Ordering::Relaxed) == 0, "{refused:?} scans of {total} were refused");
    ensure!(answers.len() as u64 == total, "an empty answer, or one without its position");
    let mut walkers = Vec::new();
    while walkers.len() < hands {
        walkers.push(resting.recv().await.context("walkers come back")?);
    }
    Ok((answers, walkers))
}

/// The value below which this share lies, of values in order.
pub fn percentile(sorted: &[u64], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default() as f64
}
