//! A device: it scans, keeps an outbox, and sends each line with the same bytes until somebody acknowledges it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use trao::doors::wire::v1;
use v1::capture_service_client::CaptureServiceClient;
use v1::line_result::Result as Said;
use v1::sync_events_request::Message as Asked;
use v1::sync_events_response::Message as Told;

use crate::fleet::{Lines, PATIENCE, Trouble};
use crate::outside::{Outside, Phase};
use crate::support::partner::Partner;
use crate::support::seed::Seed;
use crate::town::{Hand, Scan, Task};
use crate::weather::Way;

/// Lines it sends at once.
const AT_ONCE: usize = 60;
/// Lines with which it stops scanning: it would be better to find the network first.
const OUTBOX: usize = 120;
/// Of acknowledged lines, one in so many is sent again: the clerk did not see the tick.
const AGAIN: u64 = 16;
/// Longest pause of the hand between two scans.
const PAUSE_MS: u64 = 2_400;

/// A line of the outbox.
#[derive(Clone)]
struct Line {
    sent: usize,
    capture: v1::Capture,
    then: Option<(Hand, Box<Task>)>,
    /// It was acknowledged before, and is sent again all the same.
    again: bool,
}

/// The device.
pub struct Device {
    outside: Arc<Outside>,
    lines: Lines,
    partner: Partner,
    source: String,
    hand: Hand,
    seed: Seed,
    outbox: VecDeque<Line>,
    given: u64,
}

impl Device {
    /// A device with an empty outbox.
    pub fn new(outside: &Arc<Outside>, partner: &Partner, source: &str, hand: Hand, seed: Seed) -> Device {
        Device {
            lines: Lines::new(outside),
            outside: Arc::clone(outside),
            partner: partner.clone(),
            source: source.to_owned(),
            hand,
            seed,
            outbox: VecDeque::new(),
            given: 0,
        }
    }

    /// Works through the storm and then until nothing is left to do; gives the source and the last number it gave out.
    pub async fn run(mut self, until: tokio::time::Instant) -> (String, u64) {
        while self.outside.phase() == Phase::Storm {
            let pause = Duration::from_millis(self.seed.below(PAUSE_MS));
            tokio::time::sleep(pause).await;
            for _ in 0..=self.seed.below(4) {
                if self.outbox.len() < OUTBOX
                    && let Some(task) = self.outside.town.take_or_make(self.hand)
                {
                    self.scan(task);
                }
            }
            // Sometimes there is no network, and the outbox grows.
            if self.seed.below(6) > 0 {
                self.send().await;
            }
        }
        while tokio::time::Instant::now() < until {
            while let Some(task) = self.outside.town.take(self.hand) {
                self.scan(task);
            }
            if self.outbox.is_empty() && self.outside.town.is_done() {
                break;
            }
            if self.outbox.is_empty() || !self.send().await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        (self.source, self.given)
    }

    fn scan(&mut self, task: Task) {
        let Task::Scan(scan) = task else { return };
        let Scan { mut event, personal, bag, then } = *scan;
        self.given += 1;
        event.device_seq = self.given;
        let id = format!("{}-{}", self.source.rsplit('/').next().unwrap_or_default(), self.given);
        let closes = event.r#type() == v1::EventType::Dispatched;
        let event: Bytes = event.encode_to_vec().into();
        let sent = self.outside.sends(&self.source, &id, Some(&event));
        if let Some(bag) = bag {
            let mut bags = self.outside.bags.lock().expect("a journal");
            let bag = bags.entry(bag).or_default();
            match closes {
                true => bag.scan = Some(sent),
                false => bag.contents.push(sent),
            }
        }
        let source = self.source.clone();
        let capture = v1::Capture { source, client_event_id: id, event, personal, ..v1::Capture::default() };
        self.outbox.push_back(Line { sent, capture, then, again: false });
    }

    /// Sends what is in the outbox through one of the gateways; whether all of that was acknowledged.
    async fn send(&mut self) -> bool {
        let gateway = self.seed.below(self.outside.fleet.places.len() as u64) as usize;
        let lines: Vec<Line> = self.outbox.iter().take(AT_ONCE).cloned().collect();
        if lines.is_empty() {
            return true;
        }
        let acknowledged = match self.seed.below(3) {
            0 => self.one_by_one(gateway, &lines).await,
            1 => self.at_once(gateway, &lines).await,
            _ => self.stream(gateway, &lines).await,
        };
        let is_in = |line: &Line| acknowledged.contains(&line.sent);
        let (mut index, count, all) = (0, lines.len(), lines.iter().all(is_in));
        self.outbox.retain(|line| {
            index += 1;
            index > count || !is_in(line)
        });
        for mut line in lines.into_iter().filter(is_in) {
            if let Some((hand, task)) = line.then.take() {
                self.outside.town.put(hand, *task);
            }
            if !std::mem::replace(&mut line.again, true) {
                self.outside.town.finished();
            }
            if self.seed.below(AGAIN) == 0 {
                self.outbox.push_back(line);
            }
        }
        all
    }

    async fn one_by_one(&mut self, gateway: usize, lines: &[Line]) -> Vec<usize> {
        let mut client = CaptureServiceClient::new(self.lines.to(gateway));
        let mut acknowledged = Vec::new();
        for line in lines {
            let request = v1::CaptureEventRequest { line: Some(line.capture.clone()) };
            let call = client.capture_event(self.partner.ask(request));
            match self.lines.ask(gateway, Way::Write, call).await {
                Ok(answer) => {
                    let recorded = answer.into_inner().recorded.unwrap_or_default();
                    acknowledged.extend(self.recorded(gateway, line, &recorded));
                }
                Err((trouble, status)) => {
                    self.surprise(trouble, &format!("{status:?}"));
                    break;
                }
            }
        }
        acknowledged
    }

    async fn at_once(&mut self, gateway: usize, lines: &[Line]) -> Vec<usize> {
        let mut client = CaptureServiceClient::new(self.lines.to(gateway));
        let encoded = lines.iter().map(|line| line.capture.encode_to_vec().into()).collect();
        let call =
            client.batch_capture_events(self.partner.ask(v1::BatchCaptureEventsRequest { lines: encoded }));
        match self.lines.ask(gateway, Way::Write, call).await {
            Ok(answer) => {
                let results = answer.into_inner().results;
                let results = lines.iter().zip(results);
                results.filter_map(|(line, result)| self.result(gateway, line, result)).collect()
            }
            Err((trouble, status)) => {
                self.surprise(trouble, &format!("{status:?}"));
                Vec::new()
            }
        }
    }

    async fn stream(&mut self, gateway: usize, lines: &[Line]) -> Vec<usize> {
        let mut client = CaptureServiceClient::new(self.lines.to(gateway));
        let hello = v1::Hello { source: self.source.clone(), last_device_seq: self.given };
        let encoded = lines.iter().map(|line| Asked::Line(line.capture.encode_to_vec().into()));
        let asked: Vec<v1::SyncEventsRequest> = std::iter::once(Asked::Hello(hello))
            .chain(encoded)
            .map(|message| v1::SyncEventsRequest { message: Some(message) })
            .collect();
        let call = client.sync_events(self.partner.ask(tokio_stream::iter(asked)));
        let mut told = match self.lines.ask(gateway, Way::Write, call).await {
            Ok(told) => told.into_inner(),
            Err((trouble, status)) => {
                self.surprise(trouble, &format!("{status:?}"));
                return Vec::new();
            }
        };
        let mut acknowledged = Vec::new();
        let mut answers = 0;
        while answers < lines.len() {
            let next = match tokio::time::timeout(PATIENCE, told.message()).await {
                Ok(Ok(Some(next))) => next,
                Ok(Ok(None)) => {
                    self.outside.tally.add("connections cut", 1);
                    break;
                }
                Ok(Err(status)) => {
                    self.surprise(self.lines.judge(&status), &format!("{status:?}"));
                    break;
                }
                Err(_) => {
                    self.outside.tally.add("unanswered", 1);
                    break;
                }
            };
            let Some(Told::Ack(ack)) = next.message else { continue };
            answers += 1;
            // A line may be there twice: sent again by the clerk.
            let line = lines.iter().find(|line| line.capture.client_event_id == ack.client_event_id);
            if let (Some(line), Some(result)) = (line, ack.result) {
                acknowledged.extend(self.result(gateway, line, result));
            }
        }
        acknowledged
    }

    fn result(&self, gateway: usize, line: &Line, result: v1::LineResult) -> Option<usize> {
        match result.result {
            Some(Said::Recorded(recorded)) => self.recorded(gateway, line, &recorded),
            Some(Said::Refusal(refusal)) if refusal.reason == "STORE_UNAVAILABLE" => {
                self.outside.tally.add("unavailable", 1);
                None
            }
            Some(Said::Refusal(refusal)) if refusal.reason == "OVERLOADED" => {
                self.outside.tally.add("overloaded", 1);
                None
            }
            other => {
                self.surprise(Trouble::Refused, &format!("{} {other:?}", line.capture.client_event_id));
                None
            }
        }
    }

    fn recorded(&self, gateway: usize, line: &Line, recorded: &v1::Recorded) -> Option<usize> {
        self.outside.fleet.weather.answered(gateway, Way::Write);
        self.outside.acknowledged(line.sent, gateway, recorded);
        Some(line.sent)
    }

    fn surprise(&self, trouble: Trouble, what: &str) {
        if trouble == Trouble::Refused {
            self.outside.is_surprised(format!("{} was told {what}", self.source));
        }
    }
}
