//! CaptureService: scans, alone, in batches and in streams.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use super::lookup::unread;
use super::{Call, Gateway};
use crate::doors::refusal::to_line;
use crate::doors::wire::{from, into, time, v1};
use crate::dossier::code::{ClassKind, classify};
use crate::dossier::names::{Position, SourceName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::{Answer, CaptureLine, Line, Pending, PersonalPart};
use crate::limits;
use crate::view::When;
use v1::capture_service_server::CaptureService;

type SyncStream = Pin<Box<dyn Stream<Item = Result<v1::SyncEventsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl CaptureService for Gateway {
    async fn capture_event(
        &self,
        request: Request<v1::CaptureEventRequest>,
    ) -> Result<Response<v1::CaptureEventResponse>, Status> {
        let call = self.enter(&request).await?;
        let line = request.into_inner().line;
        let refused = |refusal: Refusal| call.refused(&refusal);
        let line = line.ok_or_else(|| Refusal::field(Reason::FieldRequired, "line", "")).map_err(refused)?;
        let recorded =
            self.capture(&call, line).await.map_err(|refusal| call.refused(&refusal.under("line")))?;
        Ok(Response::new(v1::CaptureEventResponse { recorded: Some(recorded) }))
    }

    async fn batch_capture_events(
        &self,
        request: Request<v1::BatchCaptureEventsRequest>,
    ) -> Result<Response<v1::BatchCaptureEventsResponse>, Status> {
        let call = self.enter(&request).await?;
        let lines = request.into_inner().lines;
        if lines.len() > limits::BATCH_LINES {
            let why = format!("{} lines", lines.len());
            return Err(call.refused(&Refusal::field(Reason::BatchTooLarge, "lines", why)));
        }
        // All lines are queued before the first is awaited, so that they share commits.
        // CANCEL: lines that are queued will be journaled; their keys answer a retry.
        let queued: Vec<_> = lines.iter().map(|line| self.queue_bytes(&call, line)).collect();
        let results = join_all(queued.into_iter().map(|queued| self.answered(&call, queued))).await;
        let results = results.into_iter().map(|result| line_result(result, &call.context)).collect();
        Ok(Response::new(v1::BatchCaptureEventsResponse { results }))
    }

    type SyncEventsStream = SyncStream;

    async fn sync_events(
        &self,
        request: Request<Streaming<v1::SyncEventsRequest>>,
    ) -> Result<Response<SyncStream>, Status> {
        let call = self.enter(&request).await?;
        let mut incoming = request.into_inner();
        // CANCEL: nothing was said yet.
        let first = tokio::select! {
            first = incoming.next() => first,
            () = self.shutdown.cancelled() => return Err(call.refused(&Refusal::store_unavailable())),
        };
        let first = first.transpose().map_err(|status| super::rewrite(&status, &call.context))?;
        let hello = match first.and_then(|message| message.message) {
            Some(v1::sync_events_request::Message::Hello(hello)) => hello,
            _ => {
                return Err(call.refused(&Refusal::field(
                    Reason::FieldRequired,
                    "hello",
                    "the first message",
                )));
            }
        };
        let welcome =
            self.welcome(&call, &hello).await.map_err(|refusal| call.refused(&refusal.under("hello")))?;
        // One place more than the window, for the welcome.
        let (outgoing, answers) = mpsc::channel(limits::SYNC_WINDOW as usize + 1);
        let drain = Drain { gateway: self.clone(), call, source: hello.source };
        let welcome = v1::sync_events_response::Message::Welcome(welcome);
        let _closed = outgoing.send(Ok(v1::SyncEventsResponse { message: Some(welcome) })).await;
        self.tasks.spawn(drain.run(incoming, outgoing));
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }

    async fn get_device_state(
        &self,
        request: Request<v1::GetDeviceStateRequest>,
    ) -> Result<Response<v1::GetDeviceStateResponse>, Status> {
        let call = self.enter(&request).await?;
        let source = request.into_inner().source;
        let heard = self.heard(&call, &source).await.map_err(|refusal| call.refused(&refusal))?;
        let known = heard.last_received_at.0 != 0;
        Ok(Response::new(v1::GetDeviceStateResponse {
            contiguous_device_seq: heard.contiguous,
            missing: heard
                .missing(0)
                .into_iter()
                .map(|(first, last)| v1::MissingRange { first, last })
                .collect(),
            last_device_seq: heard.last(),
            last_received_at: known.then(|| time::timestamp(heard.last_received_at)),
        }))
    }

    async fn classify_scan(
        &self,
        request: Request<v1::ClassifyScanRequest>,
    ) -> Result<Response<v1::ClassifyScanResponse>, Status> {
        let call = self.enter(&request).await?;
        let text = request.into_inner().text;
        if text.chars().count() > limits::TEXT_CHARS {
            let why = format!("at most {} characters", limits::TEXT_CHARS);
            return Err(call.refused(&Refusal::field(Reason::TextInvalid, "text", why)));
        }
        let classified = classify(&text);
        let kind = match classified.kind {
            Some(ClassKind::Item) => v1::CodeKind::Item,
            Some(ClassKind::Receptacle) => v1::CodeKind::Receptacle,
            Some(ClassKind::Dossier) => v1::CodeKind::Dossier,
            Some(ClassKind::Procedure) | None => v1::CodeKind::Unspecified,
        };
        Ok(Response::new(v1::ClassifyScanResponse {
            kind: kind.into(),
            code: classified.code.unwrap_or_default(),
            repaired: classified.repaired,
            reason: classified.reason.unwrap_or_default().to_owned(),
            procedure: classified.kind == Some(ClassKind::Procedure),
        }))
    }
}

impl Gateway {
    /// Journals one line.
    async fn capture(&self, call: &Call, capture: v1::Capture) -> Result<v1::Recorded, Refusal> {
        self.answered(call, self.queue(call, capture)).await
    }

    fn queue_bytes(&self, call: &Call, line: &Bytes) -> Result<Pending, Refusal> {
        self.queue(call, into::message(line, "")?)
    }

    /// Queues one line.
    fn queue(&self, call: &Call, capture: v1::Capture) -> Result<Pending, Refusal> {
        let speaker = call.caller.speaker()?;
        let parsed = into::capture(capture, &call.directory)?;
        if !call.caller.may_use(&call.directory, &parsed.source) {
            return Err(Refusal::field(Reason::UnknownSource, "source", ""));
        }
        let line = Line::Capture(Box::new(CaptureLine {
            said: speaker.says(parsed.source, parsed.client_event_id, parsed.event),
            repaired: parsed.repaired,
            event_bytes: parsed.event_bytes,
            personal: parsed.personal.map(PersonalPart),
            attested: parsed.attested,
            received_at: self.clock.now(),
            send_time: parsed.send_time,
        }));
        self.journal.queue(line)
    }

    /// The answer to a line that was queued, or why it was not.
    async fn answered(&self, call: &Call, queued: Result<Pending, Refusal>) -> Result<v1::Recorded, Refusal> {
        // CANCEL: dropping this future only forgets the answer; the journal decides on its own.
        self.told(call, queued?.await?).await
    }

    /// What is told of a line that was journaled.
    async fn told(&self, call: &Call, answer: Answer) -> Result<v1::Recorded, Refusal> {
        // Seldom any: what they need is not carried along by every line that waits.
        let hints = match answer.candidates.is_empty() && !answer.replayed {
            true => Vec::new(),
            false => Box::pin(self.hints(call, &answer)).await?,
        };
        from::recorded(&answer, hints)
    }

    /// What helps the caller now, beside the record that never changes.
    async fn hints(&self, call: &Call, answer: &Answer) -> Result<Vec<v1::Hint>, Refusal> {
        let mut hints = Vec::new();
        for leg in &answer.candidates {
            hints.extend(self.hint(call, *leg, v1::HintKind::Candidate).await?);
        }
        if answer.replayed
            && let Some(leg) = answer.content()?.leg
        {
            hints.extend(self.hint(call, leg, v1::HintKind::LegNow).await?);
        }
        Ok(hints)
    }

    /// Where a leg is now, as far as the caller sees it.
    async fn hint(
        &self,
        call: &Call,
        leg: Position,
        kind: v1::HintKind,
    ) -> Result<Option<v1::Hint>, Refusal> {
        let unread = |error| unread(&error, "");
        let Some(moment) = self.view.moment(When::Now, self.clock.now()).await.map_err(unread)? else {
            return Ok(None);
        };
        let leg = self.view.leg(call, leg, &moment).await.map_err(unread)?;
        Ok(leg.map(|leg| v1::Hint {
            kind: kind.into(),
            leg: format!("legs/{}", leg.id),
            state: leg.fold.state.number().into(),
            holder: Some(from::holder(&leg.fold.holder)),
        }))
    }

    /// The source's state, if it is the caller's.
    async fn heard(&self, call: &Call, source: &str) -> Result<crate::dossier::device::Heard, Refusal> {
        let name = SourceName::new(&into::required(source, "source")?);
        let speaker = call.caller.speaker()?;
        let enrolled = call.directory.sources.get(&name);
        let may_use = call.caller.may_use(&call.directory, &name);
        let own = enrolled.filter(|(_, source)| source.party == speaker.party && may_use);
        let (enrolment, _) = own.ok_or_else(|| Refusal::field(Reason::UnknownSource, "source", ""))?;
        self.view.heard(enrolment.lane, enrolment.id).await.map_err(|error| unread(&error, "source"))
    }

    async fn welcome(&self, call: &Call, hello: &v1::Hello) -> Result<v1::Welcome, Refusal> {
        let heard = self.heard(call, &hello.source).await?;
        let missing = heard.missing(hello.last_device_seq.min(i64::MAX as u64));
        Ok(v1::Welcome {
            window: limits::SYNC_WINDOW,
            contiguous_device_seq: heard.contiguous,
            missing: missing.into_iter().map(|(first, last)| v1::MissingRange { first, last }).collect(),
        })
    }
}

/// One device's stream: lines go in as they come, answers go out as they are known, at most a window of them open.
struct Drain {
    gateway: Gateway,
    call: Call,
    source: String,
}

impl Drain {
    async fn run(
        self,
        mut incoming: Streaming<v1::SyncEventsRequest>,
        outgoing: mpsc::Sender<Result<v1::SyncEventsResponse, Status>>,
    ) {
        let mut open = Unanswered::default();
        let revoked = self.gateway.clone().revoked(self.call.authorization.clone());
        let shutdown = self.gateway.shutdown.cancelled();
        tokio::pin!(revoked, shutdown);
        loop {
            let room = open.0.len() < limits::SYNC_WINDOW as usize;
            // CANCEL: whatever was queued is journaled; unanswered lines are sent again and answered from the store.
            tokio::select! {
                biased;
                // What was queued is answered when it is sent again, with another key.
                refusal = &mut revoked => {
                    take(&outgoing, Err(self.call.refused(&refusal))).await;
                    return;
                }
                Some((id, answer)) = open.next() => {
                    if !take(&outgoing, Ok(self.ack(id, answer).await)).await {
                        return;
                    }
                }
                message = incoming.next(), if room => match message {
                    Some(Ok(v1::SyncEventsRequest { message: Some(v1::sync_events_request::Message::Line(line)) })) => {
                        // Queued in the order in which they come: a pick-up before the scans that follow it.
                        open.0.push_back(self.queue(&line));
                    }
                    Some(Ok(_)) => {
                        let refusal = Refusal::field(Reason::FieldRequired, "line", "after the hello only lines follow");
                        take(&outgoing, Err(self.call.refused(&refusal))).await;
                        return;
                    }
                    Some(Err(status)) => {
                        take(&outgoing, Err(super::rewrite(&status, &self.call.context))).await;
                        return;
                    }
                    None => break,
                },
                () = &mut shutdown => break,
            }
        }
        while let Some((id, answer)) = open.next().await {
            if !take(&outgoing, Ok(self.ack(id, answer).await)).await {
                return;
            }
        }
    }

    /// Queues a line; its id, as far as it can be read.
    fn queue(&self, line: &Bytes) -> (String, Result<Pending, Refusal>) {
        let mut capture: v1::Capture = match into::message(line, "") {
            Ok(capture) => capture,
            Err(refusal) => return (String::new(), Err(refusal)),
        };
        if capture.source.is_empty() {
            capture.source.clone_from(&self.source);
        }
        let id = capture.client_event_id.clone();
        if capture.source == self.source {
            (id, self.gateway.queue(&self.call, capture))
        } else {
            let why = "a stream carries the lines of the source in its hello";
            (id, Err(Refusal::field(Reason::UnknownSource, "source", why)))
        }
    }

    /// What is said of a line once that is known.
    async fn ack(&self, client_event_id: String, answer: Result<Answer, Refusal>) -> v1::SyncEventsResponse {
        let result = match answer {
            Ok(answer) => self.gateway.told(&self.call, answer).await,
            Err(refusal) => Err(refusal),
        };
        let ack = v1::Ack {
            client_event_id,
            result: Some(line_result(result, &self.call.context)),
            window: limits::SYNC_WINDOW,
        };
        v1::SyncEventsResponse { message: Some(v1::sync_events_response::Message::Ack(ack)) }
    }
}

/// Lines of a stream without an answer, by their ids. They are answered in order: the journal takes them in order, many
/// at once, so that the first is never long behind the others.
#[derive(Default)]
struct Unanswered(VecDeque<(String, Result<Pending, Refusal>)>);

impl Unanswered {
    /// Takes the first, with its answer; `None` when there is none.
    async fn next(&mut self) -> Option<(String, Result<Answer, Refusal>)> {
        // CANCEL: nothing is taken before it is answered.
        let answer = match &mut self.0.front_mut()?.1 {
            Ok(pending) => pending.await,
            Err(refusal) => Err(refusal.clone()),
        };
        let (id, _answered) = self.0.pop_front()?;
        Some((id, answer))
    }
}

/// Has the device take a message; false when it is gone, or reads so slowly that it had better come back.
async fn take(
    outgoing: &mpsc::Sender<Result<v1::SyncEventsResponse, Status>>,
    message: Result<v1::SyncEventsResponse, Status>,
) -> bool {
    let longest = Duration::from_secs(limits::FOLLOW_TAKE_SECONDS);
    match outgoing.try_send(message) {
        Ok(()) => true,
        // CANCEL: the message is lost with the stream.
        Err(TrySendError::Full(message)) => {
            matches!(timeout(longest, outgoing.send(message)).await, Ok(Ok(())))
        }
        Err(TrySendError::Closed(_)) => false,
    }
}

fn line_result(
    result: Result<v1::Recorded, Refusal>,
    call: &crate::doors::refusal::CallContext,
) -> v1::LineResult {
    use v1::line_result::Result as Line;
    let result = match result {
        Ok(recorded) => Line::Recorded(recorded),
        Err(refusal) => Line::Refusal(to_line(&refusal, call)),
    };
    v1::LineResult { result: Some(result) }
}
