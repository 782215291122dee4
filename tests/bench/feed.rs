//! How long after its answer a scan reaches whoever reads the log on another gateway.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::time::timeout;
use tonic::Streaming;
use tonic::transport::Channel;
use trao::doors::wire::v1;
use v1::feed_service_client::FeedServiceClient;

use super::load::Answered;
use super::town::Town;

/// How long the reader waits for what does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A reader of the carrier's log.
pub struct Reader {
    events: Streaming<v1::StreamEventsResponse>,
}

impl Reader {
    /// Reads what comes from now on. Readers have different names.
    pub async fn start(channel: &Channel, town: &Town, name: &str) -> anyhow::Result<Reader> {
        use v1::create_consumer_request::Start;
        let mut feeds = FeedServiceClient::new(channel.clone());
        // Of a log's places only consumers are told the end.
        let request = v1::CreateConsumerRequest {
            consumer_id: name.to_owned(),
            request_id: name.to_owned(),
            start: Some(Start::End(())),
            ..v1::CreateConsumerRequest::default()
        };
        let consumer = feeds.create_consumer(town.ask(request)).await?.into_inner().consumer;
        let cursor = consumer.context("a consumer")?.cursor;
        let request = v1::StreamEventsRequest { cursor, ..v1::StreamEventsRequest::default() };
        Ok(Reader { events: feeds.stream_events(town.ask(request)).await?.into_inner() })
    }

    /// Reads so many events: where each stands in the journal, and when it came.
    pub async fn read(mut self, count: u64) -> anyhow::Result<Vec<(u64, Instant)>> {
        let mut read = Vec::new();
        while (read.len() as u64) < count {
            let next = timeout(PATIENCE, self.events.message()).await;
            let told = next.with_context(|| format!("{} events of {count} came", read.len()))??;
            let message = told.context("the feed ended")?.message;
            if let Some(v1::stream_events_response::Message::Event(event)) = message {
                read.push((event.position.context("an event without its position")?.pos, Instant::now()));
            }
        }
        Ok(read)
    }
}

/// How long after its answer each scan was read, in microseconds, in order. Those are read that were answered, each once,
/// in the order of the journal.
pub fn lags(answered: &[Answered], read: &[(u64, Instant)]) -> anyhow::Result<Vec<u64>> {
    ensure!(read.is_sorted_by(|one, next| one.0 < next.0), "the feed goes back");
    let mut known: HashMap<u64, Instant> = answered.iter().map(|scan| (scan.pos, scan.at)).collect();
    let mut lags = Vec::new();
    for (pos, at) in read {
        let answered = known.remove(pos).with_context(|| format!("{pos} was read and never answered"))?;
        lags.push(at.saturating_duration_since(answered).as_micros() as u64);
    }
    ensure!(known.is_empty(), "{} scans were answered and never read", known.len());
    lags.sort_unstable();
    Ok(lags)
}
