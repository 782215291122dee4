//! Drains lines over one stream at a time, and begins another when it breaks.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use super::Told;
use super::heard::Heard;
use super::outbox::Lines;
use super::unanswered::Unanswered;
use crate::doors::cli::Failure;
use crate::doors::cli::gateway::{CallId, ClientArgs, Gateway};
use crate::doors::cli::output::note;
use crate::doors::cli::shapes::Synced;
use crate::doors::wire::v1::line_result::Result as Decided;
use crate::doors::wire::v1::sync_events_request::Message as Up;
use crate::doors::wire::v1::sync_events_response::Message as Down;
use crate::doors::wire::{time, v1};
use crate::dossier::names::Micros;
use crate::dossier::refusal::Reason;
use crate::limits;

/// Waits between attempts to reach a gateway that is being restarted; in all about ten seconds.
const AGAIN_AFTER_MS: &[u64] = &[100, 300, 1_000, 2_000, 3_000, 4_000];
/// A gateway that puts a line off so often will not take it today.
const PUT_OFF_MAX: u32 = 20;
/// No gateway asks to wait longer for one line.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// A gateway answers each line after one commit; after so long without any answer the stream is given up.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// What became of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New in the journal.
    pub recorded: u64,
    /// There before.
    pub replayed: u64,
    /// Refused, by the gateway or here.
    pub refused: u64,
}

/// Drains all lines, which begin to come once it is told what the gateway has heard: what became of them, and whether any
/// is left.
pub async fn run(
    client: &ClientArgs,
    source: &str,
    (lines, tell): (Lines, oneshot::Sender<Heard>),
    told: &mut Told<'_>,
) -> (Counts, Result<(), Failure>) {
    let mut drain = Drain {
        source: source.to_owned(),
        lines,
        tell: Some(tell),
        all_read: false,
        unreadable: None,
        unanswered: Unanswered::new(),
        counts: Counts::default(),
        told,
    };
    let ended = drain.run(client).await;
    if let (Err(_), Some((left, first))) = (&ended, drain.unanswered.left()) {
        note(&format!(
            "trao: {left} lines sent without an answer, the first of them line {first}; send the file again"
        ));
    }
    (drain.counts, ended)
}

struct Drain<'a, 't> {
    source: String,
    lines: Lines,
    /// Until the gateway was asked once.
    tell: Option<oneshot::Sender<Heard>>,
    all_read: bool,
    unreadable: Option<Failure>,
    unanswered: Unanswered,
    counts: Counts,
    told: &'a mut Told<'t>,
}

impl Drain<'_, '_> {
    async fn run(&mut self, client: &ClientArgs) -> Result<(), Failure> {
        let mut failed = 0;
        loop {
            let answered_before = self.counts;
            let ended = match Gateway::connect(client).await {
                Ok(gateway) => self.stream(&gateway, client).await,
                Err(failure) => Err(failure),
            };
            let Err(failure) = ended else { return self.unreadable.take().map_or(Ok(()), Err) };
            self.unanswered.lost();
            if self.counts != answered_before {
                failed = 0;
            }
            let wait = AGAIN_AFTER_MS.get(failed).filter(|_| is_passing(&failure));
            let Some(wait) = wait else { return Err(failure) };
            failed += 1;
            tracing::info!(
                attempt = failed,
                wait_ms = wait,
                "the stream broke; going on with what is unanswered"
            );
            tokio::time::sleep(Duration::from_millis(*wait)).await;
        }
    }

    /// One stream, from its hello until every line is answered.
    async fn stream(&mut self, gateway: &Gateway, client: &ClientArgs) -> Result<(), Failure> {
        self.ask_what_was_heard(gateway).await?;
        // As large as the largest window and the hello: sending into it never waits, so answers are always read.
        let (up, requests) = mpsc::channel(limits::SYNC_WINDOW as usize + 1);
        let broken = |why: &str| Failure::Unreachable { server: client.server.clone(), why: why.to_owned() };
        send(&up, Up::Hello(v1::Hello { source: self.source.clone(), last_device_seq: 0 }))
            .map_err(|()| broken("the stream could not be opened"))?;
        let (request, id) = gateway.request(ReceiverStream::new(requests));
        let opened = gateway.captures().sync_events(request).await;
        let mut down = opened.map_err(|status| gateway.failure(&status, &id))?.into_inner();
        match next(gateway, &id, &mut down).await? {
            Some(Down::Welcome(welcome)) => self.unanswered.set_window(welcome.window),
            _ => return Err(Failure::Incomplete("welcome")),
        }
        loop {
            while let Some(line) = self.unanswered.next_again(Instant::now()) {
                self.send(&up, line).map_err(|()| broken("the stream ended early"))?;
            }
            if self.all_read && self.unanswered.left().is_none() {
                return Ok(());
            }
            let wakes_at = self.unanswered.wakes_at();
            let silence = tokio::time::sleep(SILENCE_MAX);
            tokio::select! {
                answer = next(gateway, &id, &mut down) => match answer? {
                    Some(Down::Ack(ack)) => self.ack(ack)?,
                    Some(Down::Welcome(_)) => {}
                    None => return Err(broken("the stream ended early")),
                },
                line = self.lines.recv(), if !self.all_read && self.unanswered.takes_new() => match line {
                    None => self.all_read = true,
                    Some(Ok(Ok(line))) => self.send(&up, line).map_err(|()| broken("the stream ended early"))?,
                    Some(Ok(Err(synced))) => {
                        self.counts.refused += 1;
                        self.told.line(&synced)?;
                    }
                    // What was read before is still answered; that the file could not be read on is said at the end.
                    Some(Err(failure)) => self.unreadable = Some(failure),
                },
                () = sleep_until(wakes_at), if wakes_at.is_some() => {}
                () = silence, if self.unanswered.awaits_answer() => return Err(broken("no answer for a minute")),
            }
        }
    }

    /// Once: on a later stream of the same run every line that may be lacking is known to be unanswered.
    async fn ask_what_was_heard(&mut self, gateway: &Gateway) -> Result<(), Failure> {
        let Some(tell) = self.tell.take() else { return Ok(()) };
        let (request, id) = gateway.request(v1::GetDeviceStateRequest { source: self.source.clone() });
        match gateway.captures().get_device_state(request).await {
            Ok(state) => {
                // The reader waits for it; it can only be gone together with the lines.
                let _taken = tell.send(Heard::of(state.get_ref()));
                Ok(())
            }
            Err(status) => {
                self.tell = Some(tell);
                Err(gateway.failure(&status, &id))
            }
        }
    }

    /// Sends a line. It counts as unanswered from here on, whatever becomes of the stream.
    fn send(
        &mut self,
        up: &mpsc::Sender<v1::SyncEventsRequest>,
        line: super::line::Outgoing,
    ) -> Result<(), ()> {
        let now = time::timestamp(Micros(jiff::Timestamp::now().as_microsecond()));
        let bytes = line.sent_at(now);
        self.unanswered.sent(line);
        send(up, Up::Line(bytes))
    }

    fn ack(&mut self, ack: v1::Ack) -> Result<(), Failure> {
        self.unanswered.set_window(ack.window);
        let Some(line) = self.unanswered.answered(&ack.client_event_id) else {
            tracing::warn!("the gateway answered a line that was not sent");
            return Ok(());
        };
        let id = &line.capture.client_event_id;
        let synced = match ack.result.and_then(|result| result.result) {
            Some(Decided::Recorded(recorded)) => {
                let count =
                    if recorded.replayed { &mut self.counts.replayed } else { &mut self.counts.recorded };
                *count += 1;
                Synced::recorded(line.line, id, &recorded)
            }
            Some(Decided::Refusal(refusal)) => {
                if let Some(wait) = wait_asked(&refusal).filter(|_| line.put_off < PUT_OFF_MAX) {
                    self.unanswered.put_off(line, wait, Instant::now());
                    return Ok(());
                }
                self.counts.refused += 1;
                Synced::refusal(line.line, id, &refusal)
            }
            None => return Err(Failure::Incomplete("result of a line")),
        };
        self.told.line(&synced)
    }
}

/// How long to wait before a refused line goes again; `None` where that would not help.
pub fn wait_asked(refusal: &v1::Refusal) -> Option<Duration> {
    let passing = [Reason::Overloaded, Reason::StoreUnavailable, Reason::ClockSuspect];
    let asked = refusal.retry_after.as_ref()?;
    let wait = Duration::try_from(*asked).unwrap_or(WAIT_MAX);
    passing.iter().any(|reason| reason.text() == refusal.reason).then(|| wait.min(WAIT_MAX))
}

/// Whether another attempt may go better: no answer, or a gateway that says so itself.
fn is_passing(failure: &Failure) -> bool {
    match failure {
        Failure::Unreachable { .. } => true,
        Failure::Refused(refused) => refused.retry_after.is_some(),
        _ => false,
    }
}

fn send(up: &mpsc::Sender<v1::SyncEventsRequest>, message: Up) -> Result<(), ()> {
    up.try_send(v1::SyncEventsRequest { message: Some(message) }).map_err(drop)
}

async fn next(
    gateway: &Gateway,
    id: &CallId,
    down: &mut Streaming<v1::SyncEventsResponse>,
) -> Result<Option<Down>, Failure> {
    let message = down.message().await.map_err(|status| gateway.failure(&status, id))?;
    message.map(|message| message.message.ok_or(Failure::Incomplete("message"))).transpose()
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_again_only_where_that_may_help() {
        let refusal = |reason: &str, seconds: Option<i64>| v1::Refusal {
            reason: reason.into(),
            retry_after: seconds.map(|seconds| prost_types::Duration { seconds, nanos: 0 }),
            ..Default::default()
        };
        assert_eq!(wait_asked(&refusal("OVERLOADED", Some(2))), Some(Duration::from_secs(2)));
        assert_eq!(wait_asked(&refusal("OVERLOADED", Some(9_999))), Some(WAIT_MAX));
        assert_eq!(wait_asked(&refusal("OVERLOADED", Some(-1))), Some(WAIT_MAX));
        assert_eq!(wait_asked(&refusal("OVERLOADED", None)), None);
        assert_eq!(wait_asked(&refusal("CHECK_DIGIT", Some(2))), None);
    }
}
