//! Scans on their way: one batch at a time, so that those of a source are journaled in the file's order.

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message;

use super::answers::{Answers, Became};
use super::call::{Call, retried};
use super::mirror::Mirror;
use super::row::Read;
use super::scans::{Reader, Scan};
use super::send::Rows;
use crate::doors::cli::Failure;
use crate::doors::cli::gateway::Gateway;
use crate::doors::cli::sync::wait_asked;
use crate::doors::wire::v1::line_result::Result as Decided;
use crate::doors::wire::{into, v1};
use crate::dossier::refusal::Refusal;
use crate::limits;

/// Bytes of a batch's lines: what frames them takes the rest of a message.
const BATCH_BYTES: usize = limits::MESSAGE_BYTES / 10 * 9;
/// A batch that is not full goes when no further row has come for so long: the input may be a pipe.
const LINGER: Duration = Duration::from_millis(20);
/// A gateway that puts a line off so often will not take it today.
const PUT_OFF_MAX: u32 = 20;
/// Sources of which a dry run remembers what the gateway says.
const SOURCES: usize = 10_000;

/// A line of a batch: to be sent, or answered already.
enum Line {
    Sent(Scan),
    Known(u64, Became),
}

/// Sends scans.
pub async fn scans(
    mut rows: Rows,
    gateway: &Gateway,
    mirror: &Mirror,
    dry_run: bool,
    answers: &mut Answers<'_>,
) -> Result<(), Failure> {
    let mut reader = Reader::default();
    let mut sources = Sources { gateway, known: BTreeMap::new() };
    let mut batch: Vec<Line> = Vec::with_capacity(limits::BATCH_LINES);
    let mut bytes = 0;
    loop {
        let next = match batch.is_empty() {
            true => Ok(rows.recv().await),
            false => tokio::time::timeout(LINGER, rows.recv()).await,
        };
        let read = match next {
            Err(_) => {
                send(std::mem::take(&mut batch), gateway, mirror, answers).await?;
                bytes = 0;
                continue;
            }
            Ok(None) => return send(batch, gateway, mirror, answers).await,
            Ok(Some(read)) => read,
        };
        let read = match read {
            Ok(read) => read,
            Err(failure) => {
                send(batch, gateway, mirror, answers).await?;
                return Err(failure);
            }
        };
        let line = match read {
            Read::Refused(line, refusal) => Line::Known(line, answers.refused_here(&refusal)),
            Read::Row(row) => match reader.read(&row) {
                Err(refusal) => Line::Known(row.line, answers.refused_here(&refusal)),
                Ok(scan) if dry_run => {
                    let became = match sources.check(&scan, mirror).await? {
                        Ok(()) => Became::Imported,
                        Err(Wrong::Here(refusal)) => answers.refused_here(&refusal),
                        Err(Wrong::Told(became)) => became,
                    };
                    Line::Known(scan.line, became)
                }
                Ok(scan) => Line::Sent(scan),
            },
        };
        if let Line::Sent(scan) = &line {
            let size = scan.sent(mirror.is_replay).encoded_len();
            if bytes + size > BATCH_BYTES {
                send(std::mem::take(&mut batch), gateway, mirror, answers).await?;
                bytes = 0;
            }
            bytes += size;
        }
        batch.push(line);
        if batch.len() == limits::BATCH_LINES {
            send(std::mem::take(&mut batch), gateway, mirror, answers).await?;
            bytes = 0;
        }
    }
}

/// Sends a batch and tells what became of its lines, in their order.
async fn send(
    batch: Vec<Line>,
    gateway: &Gateway,
    mirror: &Mirror,
    answers: &mut Answers<'_>,
) -> Result<(), Failure> {
    let mut became: Vec<(u64, Option<Became>)> = Vec::with_capacity(batch.len());
    let mut waiting: Vec<(usize, Scan)> = Vec::new();
    for (index, line) in batch.into_iter().enumerate() {
        match line {
            Line::Known(line, known) => became.push((line, Some(known))),
            Line::Sent(scan) => {
                became.push((scan.line, None));
                waiting.push((index, scan));
            }
        }
    }
    let mut put_off = 0;
    while !waiting.is_empty() {
        let results = decided(&waiting, gateway, mirror).await?;
        let mut again = Vec::new();
        let mut wait = Duration::ZERO;
        for ((index, scan), result) in waiting.into_iter().zip(results) {
            let decided = match result.result.ok_or(Failure::Incomplete("result of a line"))? {
                Decided::Recorded(recorded) if recorded.replayed => Became::Again,
                Decided::Recorded(_) => Became::Imported,
                Decided::Refusal(refusal) => match wait_asked(&refusal) {
                    Some(asked) if put_off < PUT_OFF_MAX => {
                        wait = wait.max(asked);
                        again.push((index, scan));
                        continue;
                    }
                    _ => answers.refused_line(&refusal),
                },
            };
            if let Some((_, became)) = became.get_mut(index) {
                *became = Some(decided);
            }
        }
        waiting = again;
        put_off += 1;
        if !waiting.is_empty() {
            tokio::time::sleep(wait).await;
        }
    }
    for (line, became) in became {
        let became = became.ok_or(Failure::Incomplete("result of a line"))?;
        answers.tell(line, &became)?;
    }
    answers.flush()
}

/// One batch's answers, one for each line.
async fn decided(
    waiting: &[(usize, Scan)],
    gateway: &Gateway,
    mirror: &Mirror,
) -> Result<Vec<v1::LineResult>, Failure> {
    let answer = retried(async || {
        let lines = waiting.iter().map(|(_, scan)| scan.sent(mirror.is_replay).encode_to_vec().into());
        let call = Call::new(gateway, v1::BatchCaptureEventsRequest { lines: lines.collect() });
        let answer = gateway.captures().batch_capture_events(call.request).await;
        answer.map_err(|status| gateway.failure(&status, &call.id))
    })
    .await?;
    let results = answer.into_inner().results;
    if results.len() == waiting.len() { Ok(results) } else { Err(Failure::Incomplete("result of a line")) }
}

/// What a dry run found wrong.
enum Wrong {
    Here(Refusal),
    Told(Became),
}

/// What the gateway says of sources, asked once for each.
struct Sources<'a> {
    gateway: &'a Gateway,
    known: BTreeMap<String, Option<Became>>,
}

impl Sources<'_> {
    /// Whether the gateway would take a scan, by its own rules and as it knows the source; nothing is written.
    async fn check(&mut self, scan: &Scan, mirror: &Mirror) -> Result<Result<(), Wrong>, Failure> {
        if let Err(refusal) = into::capture(scan.sent(mirror.is_replay), &mirror.directory) {
            return Ok(Err(Wrong::Here(refusal)));
        }
        if !self.known.contains_key(scan.source()) {
            if self.known.len() == SOURCES {
                self.known.clear();
            }
            let told = self.ask(scan.source()).await?;
            self.known.insert(scan.source().to_owned(), told);
        }
        match self.known.get(scan.source()) {
            Some(Some(became)) => Ok(Err(Wrong::Told(became.clone()))),
            _ => Ok(Ok(())),
        }
    }

    async fn ask(&self, source: &str) -> Result<Option<Became>, Failure> {
        let asked = retried(async || {
            let call = Call::new(self.gateway, v1::GetDeviceStateRequest { source: source.to_owned() });
            let answer = self.gateway.captures().get_device_state(call.request).await;
            answer.map_err(|status| self.gateway.failure(&status, &call.id))
        })
        .await;
        match asked {
            Ok(_) => Ok(None),
            Err(Failure::Refused(refused)) => {
                Ok(Some(Became::Refused(refused.reason, "source".to_owned(), refused.message)))
            }
            Err(failure) => Err(failure),
        }
    }
}
