//! People of the demonstration: each has a key, a device with a clock of its own, and says things at a time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use bytes::Bytes;
use prost::Message;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt;

use super::child::Child;
use crate::doors::wire::{time, v1};
use crate::dossier::names::Micros;
use v1::capture_service_client::CaptureServiceClient;

/// Every record that was ever acknowledged, by its position: what must be found again, byte for byte.
#[derive(Clone, Debug, Default)]
pub(super) struct Acknowledged(Arc<Mutex<BTreeMap<u64, Bytes>>>);

impl Acknowledged {
    /// Notes an answer.
    pub fn note(&self, recorded: Option<&v1::Recorded>) {
        let Some(recorded) = recorded else { return };
        let Some(position) = &recorded.position else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(position.pos, recorded.record.clone());
    }

    /// What was acknowledged so far.
    pub fn records(&self) -> BTreeMap<u64, Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Somebody with a key.
#[derive(Clone)]
pub(super) struct Hand {
    channel: Channel,
    bearer: MetadataValue<tonic::metadata::Ascii>,
    source: String,
    scans: u64,
    clock_ahead_us: i64,
    pub acknowledged: Acknowledged,
}

impl Hand {
    /// Whoever has the key of a name, with a device or without.
    pub async fn of(gateway: &Child, data: &Path, name: &str, source: &str) -> anyhow::Result<Hand> {
        let path = data.join("keys").join(name);
        let key = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let bearer = MetadataValue::try_from(format!("Bearer {}", key.trim())).context("use the key")?;
        Ok(Hand {
            channel: gateway.channel().await?,
            bearer,
            source: source.to_owned(),
            scans: 0,
            clock_ahead_us: 0,
            acknowledged: Acknowledged::default(),
        })
    }

    /// The same person with a device whose clock is ahead of everybody's.
    pub fn ahead_by(self, us: i64) -> Hand {
        Hand { clock_ahead_us: us, ..self }
    }

    /// The same person, whose answers are noted where everybody's are.
    pub fn noting(self, acknowledged: &Acknowledged) -> Hand {
        Hand { acknowledged: acknowledged.clone(), ..self }
    }

    /// The connection.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// The device.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The same person on a new connection.
    pub async fn reconnect(&mut self, gateway: &Child) -> anyhow::Result<()> {
        self.channel = gateway.channel().await?;
        Ok(())
    }

    /// A request of this person at a time.
    pub fn ask<T>(&self, message: T, now: Micros) -> anyhow::Result<Request<T>> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        let now = MetadataValue::try_from(time::to_rfc3339(now)).context("tell the time")?;
        request.metadata_mut().insert("trao-now", now);
        Ok(request)
    }

    /// A line as this person's device makes it: with an id of its own, once, at the time its clock shows.
    pub fn line(&mut self, event: v1::Event, occurred: Micros) -> v1::Capture {
        self.scans += 1;
        let shown = time::timestamp(occurred.plus(self.clock_ahead_us));
        let event = v1::Event { occurred_at: Some(shown), device_seq: self.scans, ..event };
        v1::Capture {
            source: self.source.clone(),
            client_event_id: format!("{}-{}", self.source.rsplit('/').next().unwrap_or_default(), self.scans),
            event: event.encode_to_vec().into(),
            ..v1::Capture::default()
        }
    }

    /// The line as this device sends it now.
    pub fn stamped(&self, line: v1::Capture, now: Micros) -> v1::Capture {
        v1::Capture { send_time: Some(time::timestamp(now.plus(self.clock_ahead_us))), ..line }
    }

    /// Scans something at a time, with the network there.
    pub async fn scan(&mut self, event: v1::Event, now: Micros) -> anyhow::Result<v1::Recorded> {
        let line = self.line(event, now);
        self.send(line, now).await?.map_err(|status| anyhow::anyhow!("refused: {}", status.message()))
    }

    /// Sends a line; a refusal is an answer too.
    pub async fn send(&self, line: v1::Capture, now: Micros) -> anyhow::Result<Result<v1::Recorded, Status>> {
        let request = self.ask(v1::CaptureEventRequest { line: Some(self.stamped(line, now)) }, now)?;
        match CaptureServiceClient::new(self.channel()).capture_event(request).await {
            Ok(answer) => {
                let recorded = answer.into_inner().recorded;
                self.acknowledged.note(recorded.as_ref());
                Ok(Ok(recorded.context("an answer without a record")?))
            }
            Err(status) => Ok(Err(status)),
        }
    }

    /// Scans a list in one call.
    pub async fn scan_all(
        &mut self,
        events: impl IntoIterator<Item = v1::Event>,
        now: Micros,
    ) -> anyhow::Result<Vec<v1::Recorded>> {
        let lines = events.into_iter().map(|event| self.line(event, now)).collect();
        self.send_all(lines, now).await
    }

    /// Sends a list in one call; nothing of it may be refused.
    pub async fn send_all(&self, lines: Vec<v1::Capture>, now: Micros) -> anyhow::Result<Vec<v1::Recorded>> {
        let sent = lines.len();
        let lines = lines.into_iter().map(|line| self.stamped(line, now).encode_to_vec().into()).collect();
        let request = self.ask(v1::BatchCaptureEventsRequest { lines }, now)?;
        let answer = CaptureServiceClient::new(self.channel()).batch_capture_events(request).await?;
        let mut recorded = Vec::with_capacity(sent);
        for line in answer.into_inner().results {
            recorded.push(self.taken(Some(line))?);
        }
        Ok(recorded)
    }

    /// What was recorded of one line of many.
    pub fn taken(&self, line: Option<v1::LineResult>) -> anyhow::Result<v1::Recorded> {
        match line.and_then(|line| line.result) {
            Some(v1::line_result::Result::Recorded(recorded)) => {
                self.acknowledged.note(Some(&recorded));
                Ok(recorded)
            }
            Some(v1::line_result::Result::Refusal(why)) => {
                bail!("a line was refused: {} {} {}", why.reason, why.field, why.message)
            }
            None => bail!("a line was not answered"),
        }
    }
}

/// Reason and field of a refusal.
pub(super) fn why(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map(|info| format!("{} {}", info.reason, info.metadata.get("field").cloned().unwrap_or_default()))
        .unwrap_or_default()
}
