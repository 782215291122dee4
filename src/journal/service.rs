//! The lane's writer as a service, and the handle by which lines reach it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use super::Error;
use super::batch::{self, Spent};
use super::intake::{Intake, Queued};
use super::key;
use super::known::Known;
use super::line::{Answer, Line};
use super::route;
use super::scribe::{Apply, Scribe};
use super::wake::Wakes;
use crate::clock::SharedClock;
use crate::dossier::directory::Directory;
use crate::dossier::event::Event;
use crate::dossier::names::{Lane, PartyName, Position, SourceName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;
use crate::metrics;
use crate::random::SharedRandom;
use crate::seal::digest;
use crate::seal::head::Sealer;
use crate::seal::record::Record;
use crate::store::Writer;

/// What the journal needs of the others.
#[derive(Debug)]
pub struct Options {
    /// The lane.
    pub lane: Lane,
    /// The database's id.
    pub database: [u8; 16],
    /// Signs the heads.
    pub sealer: Sealer,
    /// What time it is.
    pub clock: SharedClock,
    /// Salts.
    pub random: SharedRandom,
    /// Applies a line.
    pub apply: Apply,
    /// Encodes the event of a placing: only the doors know the wire.
    pub encode_placed: fn(&Record, Position) -> Bytes,
    /// How an event that the gateway makes of one line of a manifest is encoded, said by a party.
    pub encode_event: fn(&Event, &PartyName) -> Bytes,
    /// Lines that may wait.
    pub intake_lines: usize,
    /// Lines one batch takes at most.
    pub batch_lines: usize,
    /// The directory as of the start, published again whenever it changes.
    pub directory: watch::Sender<Arc<Directory>>,
    /// Who is told of commits.
    pub wakes: Arc<Wakes>,
    /// What it counts.
    pub metrics: metrics::Journal,
}

/// The writer of a lane.
#[derive(Debug)]
pub struct Service {
    scribe: Scribe,
    known: Known,
    writer: Writer,
    intake: Arc<Intake>,
    batch_lines: usize,
    decided: mpsc::Sender<Decided>,
}

/// A batch of which it is certain what became of it.
#[derive(Debug)]
struct Decided {
    lines: Vec<Queued>,
    answers: Vec<Result<Answer, Refusal>>,
    spent: Spent,
}

/// Batches that may be untold while the writer goes on.
const UNTOLD_BATCHES: usize = 4;

/// Tells everybody who waits, beside the writer, which meanwhile makes the next batch.
async fn tell(mut decided: mpsc::Receiver<Decided>, metrics: metrics::Journal) {
    while let Some(Decided { lines, answers, spent }) = decided.recv().await {
        for (queued, answer) in lines.into_iter().zip(answers) {
            if matches!(&answer, Ok(answer) if answer.replayed) && is_said(&queued.line) {
                metrics.replayed();
            }
            // Whoever waited may be gone: the line stands all the same, and its retry is answered from the store.
            let _gone = queued.answer.send(answer);
        }
        drop(spent);
    }
}

/// Hands lines to the journal. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    /// Of each lane that is written here.
    intakes: Arc<BTreeMap<Lane, Arc<Intake>>>,
    wakes: Arc<Wakes>,
    directory: watch::Receiver<Arc<Directory>>,
}

impl Service {
    /// A writer for a lane of a store, and its handle. Answers are told on the runtime in which this is called.
    pub fn new(options: Options, writer: Writer) -> (Service, Handle) {
        let (service, handle, telling) = Service::apart(options, writer);
        tokio::spawn(telling);
        (service, handle)
    }

    /// As [`Service::new`]; whoever calls this runs the telling of answers beside the writer.
    pub fn apart(
        options: Options,
        writer: Writer,
    ) -> (Service, Handle, impl Future<Output = ()> + Send + use<>) {
        let intake = Arc::new(Intake::new(options.intake_lines));
        let handle = Handle {
            intakes: Arc::new(BTreeMap::from([(options.lane, Arc::clone(&intake))])),
            wakes: Arc::clone(&options.wakes),
            directory: options.directory.subscribe(),
        };
        let directory = options.directory.borrow().clone();
        let scribe = Scribe {
            lane: options.lane,
            database: options.database,
            sealer: options.sealer,
            clock: options.clock,
            random: options.random,
            apply: options.apply,
            encode_placed: options.encode_placed,
            encode_event: options.encode_event,
            directory,
            published: options.directory,
            wakes: options.wakes,
            metrics: options.metrics,
        };
        let (decided, untold) = mpsc::channel(UNTOLD_BATCHES);
        let telling = tell(untold, scribe.metrics.clone());
        let (known, batch_lines) = (Known::default(), options.batch_lines);
        (Service { scribe, known, writer, intake, batch_lines, decided }, handle, telling)
    }

    /// Writes batch after batch until the handle closes the intake and everything queued is journaled.
    pub async fn run(mut self) {
        // CANCEL: dropped between batches nothing is lost; a batch in the making is rolled back by the store.
        while let Some(lines) = self.intake.take(self.batch_lines, limits::MESSAGE_BYTES).await {
            self.write(lines).await;
        }
    }

    async fn write(&mut self, mut lines: Vec<Queued>) {
        self.scribe.metrics.batch(lines.len());
        let (answers, spent) = match batch::write(
            &mut self.scribe,
            &mut self.known,
            &mut self.writer,
            &mut lines,
        )
        .await
        {
            Ok(decided) => decided,
            Err(error) => {
                self.scribe.metrics.batch_failed();
                tracing::error!(error = %crate::telemetry::chain(&error), lines = lines.len(), "a batch was not committed");
                let refusal = match error {
                    Error::ClockSuspect => Refusal::new(Reason::ClockSuspect),
                    Error::TakeLane(error) => error.refusal(),
                    _ => Refusal::store_unavailable(),
                };
                (vec![Err(refusal); lines.len()], Spent::default())
            }
        };
        // There is somebody to tell them as long as there is a runtime; without one nobody waits.
        let _told = self.decided.send(Decided { lines, answers, spent }).await;
    }
}

impl Drop for Service {
    /// However the writer ends, a panic included, nobody is left waiting for it.
    fn drop(&mut self) {
        self.intake.abandon();
    }
}

impl Handle {
    /// Queues a line and waits for its answer. Dropping the future forgets the answer, not the line.
    pub async fn submit(&self, line: Line) -> Result<Answer, Refusal> {
        // CANCEL: the line is queued and will be journaled; its key answers a retry.
        self.queue(line)?.await
    }

    /// Queues a line. Lines queued one after the other under one source are journaled in that order.
    pub fn queue(&self, line: Line) -> Result<Pending, Refusal> {
        let (answer, answered) = oneshot::channel();
        let source = source_of(&line);
        // What the line alone tells is worked out here: the writer is one thread for everybody.
        let (key_id, content, bytes) = (key::key_id(&line), content_of(&line), bytes_of(&line));
        self.intake_of(&line)?
            .push(source, Queued { line, key_id, content, answer, bytes, since: Instant::now() })?;
        Ok(Pending(answered))
    }

    /// Where a line is queued. A lane that was added since this gateway began is written by those that began later.
    fn intake_of(&self, line: &Line) -> Result<&Arc<Intake>, Refusal> {
        let directory = self.directory.borrow();
        let lane = route::lane_of(line, &directory);
        match self.intakes.get(&lane) {
            Some(intake) => Ok(intake),
            None if directory.lanes.contains(&lane) => {
                tracing::error!(%lane, "a lane was added since this gateway began: restart it");
                Err(Refusal::store_unavailable())
            }
            // There is no such lane, and so nothing in it: any other says so.
            None => self.intakes.values().next().ok_or_else(Refusal::store_unavailable),
        }
    }

    /// One handle for the lanes of several, of one store.
    pub fn of_lanes(handles: impl IntoIterator<Item = Handle>) -> Option<Handle> {
        let mut handles = handles.into_iter();
        let first = handles.next()?;
        let mut intakes = (*first.intakes).clone();
        intakes.extend(handles.flat_map(|handle| (*handle.intakes).clone()));
        Some(Handle { intakes: Arc::new(intakes), ..first })
    }

    /// The directory as last published.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.borrow().clone()
    }

    /// Who is told of commits.
    pub fn wakes(&self) -> &Arc<Wakes> {
        &self.wakes
    }

    /// Lines waiting.
    pub fn depth(&self) -> usize {
        self.intakes.values().map(|intake| intake.depth()).sum()
    }

    /// How long the oldest line has waited that is not answered yet, queued or in the batch being written.
    pub fn age(&self) -> Duration {
        let oldest = self.intakes.values().filter_map(|intake| intake.oldest()).min();
        oldest.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Takes no more lines; what is queued is journaled, then the service ends.
    pub fn close(&self) {
        self.intakes.values().for_each(|intake| intake.close());
    }
}

/// The answer to a queued line, still to come. Dropping it forgets the answer, not the line.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Result<Answer, Refusal>>);

impl Future for Pending {
    type Output = Result<Answer, Refusal>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Answer, Refusal>> {
        let answered = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(answered.unwrap_or_else(|_| Err(Refusal::store_unavailable())))
    }
}

/// Whether somebody outside said it: the tie says a placing again whenever it is not sure.
fn is_said(line: &Line) -> bool {
    matches!(line, Line::Capture(_) | Line::Command(_))
}

/// Whose share of the intake a line takes.
fn source_of(line: &Line) -> SourceName {
    match line {
        Line::Capture(line) => line.said.source.clone(),
        Line::Command(line) => SourceName::new(line.speaker.party.as_str()),
        Line::Consumer(line) => SourceName::new(line.party.as_str()),
        Line::Place(_) | Line::Note(..) => SourceName::new("trao/gateway"),
    }
}

/// Digest of what a retry of the line must repeat.
fn content_of(line: &Line) -> [u8; 32] {
    match line {
        Line::Capture(line) => digest::digest(&line.event_bytes),
        Line::Command(line) => line.request_digest,
        Line::Place(_) | Line::Note(..) | Line::Consumer(_) => digest::NONE,
    }
}

fn bytes_of(line: &Line) -> usize {
    // What a line costs besides its own bytes: its key, record and log rows.
    const ROWS: usize = 600;
    match line {
        Line::Capture(line) => {
            ROWS + line.event_bytes.len() + line.personal.as_ref().map_or(0, |part| part.0.len())
        }
        Line::Command(line) => {
            ROWS + line.event_bytes.len() + line.personal.as_ref().map_or(0, |part| part.0.len())
        }
        Line::Place(_) | Line::Note(..) | Line::Consumer(_) => ROWS,
    }
}
