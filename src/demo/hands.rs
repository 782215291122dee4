//! People of the demonstration: each has a key, a device, and says things at a time.

use std::fs;
use std::path::Path;

use anyhow::Context;
use prost::Message;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt;

use super::child::Child;
use crate::doors::wire::{time, v1};
use crate::dossier::names::Micros;
use v1::capture_service_client::CaptureServiceClient;

/// The demonstration's day.
const DAY: &str = "2026-11-20";

/// A time of the day, `hh:mm`, as Vietnam's clocks show it; `days` before or after.
pub(super) fn at(clock: &str, days: i64) -> Micros {
    let text = format!("{DAY}T{clock}:00+07:00");
    time::from_rfc3339(&text).unwrap_or_default().plus(days * Micros::DAY)
}

/// Somebody with a key.
#[derive(Clone)]
pub(super) struct Hand {
    channel: Channel,
    bearer: MetadataValue<tonic::metadata::Ascii>,
    source: String,
    scans: u64,
}

impl Hand {
    /// Whoever has the key of a name, with a device.
    pub async fn of(gateway: &Child, data: &Path, name: &str, source: &str) -> anyhow::Result<Hand> {
        let path = data.join("keys").join(name);
        let key = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let bearer = MetadataValue::try_from(format!("Bearer {}", key.trim())).context("use the key")?;
        Ok(Hand { channel: gateway.channel().await?, bearer, source: source.to_owned(), scans: 0 })
    }

    /// The connection.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
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

    /// A line as this person's device makes it: with an id of its own, once.
    pub fn line(&mut self, event: v1::Event, occurred: Micros) -> v1::Capture {
        self.scans += 1;
        let event =
            v1::Event { occurred_at: Some(time::timestamp(occurred)), device_seq: self.scans, ..event };
        v1::Capture {
            source: self.source.clone(),
            client_event_id: format!("{}-{}", self.source.rsplit('/').next().unwrap_or_default(), self.scans),
            event: event.encode_to_vec().into(),
            ..v1::Capture::default()
        }
    }

    /// Scans something at a time, with the network there.
    pub async fn scan(&mut self, event: v1::Event, now: Micros) -> anyhow::Result<v1::Recorded> {
        let line = self.line(event, now);
        self.send(line, now).await?.map_err(|status| anyhow::anyhow!("refused: {}", status.message()))
    }

    /// Sends a line; a refusal is an answer too.
    pub async fn send(&self, line: v1::Capture, now: Micros) -> anyhow::Result<Result<v1::Recorded, Status>> {
        let line = v1::Capture { send_time: Some(time::timestamp(now)), ..line };
        let request = self.ask(v1::CaptureEventRequest { line: Some(line) }, now)?;
        match CaptureServiceClient::new(self.channel()).capture_event(request).await {
            Ok(answer) => Ok(Ok(answer.into_inner().recorded.context("an answer without a record")?)),
            Err(status) => Ok(Err(status)),
        }
    }
}

/// An event on a code.
pub(super) fn event(kind: v1::EventType, code: &str) -> v1::Event {
    let code = (!code.is_empty()).then(|| v1::Code { value: code.to_owned(), ..v1::Code::default() });
    v1::Event { r#type: kind.into(), code, ..v1::Event::default() }
}

/// A slip's number as a code.
pub(super) fn slip(number: &str) -> v1::Code {
    v1::Code { kind: v1::CodeKind::Slip.into(), value: number.to_owned(), ..v1::Code::default() }
}

/// Reason and field of a refusal.
pub(super) fn why(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map(|info| format!("{} {}", info.reason, info.metadata.get("field").cloned().unwrap_or_default()))
        .unwrap_or_default()
}
