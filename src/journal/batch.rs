//! One batch: everything that waits is applied in order on one desk, numbered, recorded, signed and committed at once.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use foldhash::HashMap;
use smol_str::SmolStr;

use super::Error;
use super::entry::{self, Bound, Compared, Draft, Stamp};
use super::intake::Queued;
use super::known::Known;
use super::line::{Answer, Line};
use super::scribe::Scribe;
use crate::dossier::apply::{Act, Applied, Said, Stopped, Written};
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::Desk;
use crate::dossier::device::Heard;
use crate::dossier::directory::Directory;
use crate::dossier::leg::Placement;
use crate::dossier::names::{Micros, Position};
use crate::dossier::refusal::{Reason, Refusal};
use crate::seal::record::Record;
use crate::store::{Entry, EventKey, First, Head, Note, Writer};

/// What is left of a batch that nobody needs any more. To let it go takes a while, and need not be the writer's.
#[derive(Debug, Default)]
pub(super) struct Spent {
    pub(super) _drafts: Vec<Draft>,
    pub(super) _entries: Vec<Entry>,
}

/// What is answered to each line, and what is left of their batch.
pub(super) type Decided = (Vec<Result<Answer, Refusal>>, Spent);

/// What will be answered to a line once the batch is committed.
pub(super) enum Verdict {
    /// As the draft of this index; `true` when an earlier attempt in the batch wrote it.
    Draft(usize, bool),
    /// As journaled before.
    Replayed(Bytes, Arc<Record>),
    /// Refused.
    Refused(Refusal),
    /// A note was kept.
    Noted(Option<Position>),
    /// A consumer is like this.
    Consumer(Box<Consumer>),
    /// What a command says of a list, where it says anything, and of its lines.
    Lines(Option<Box<Verdict>>, Vec<(u32, Verdict)>),
}

/// A batch in the making.
pub(super) struct Batch<'a> {
    pub(super) scribe: &'a Scribe,
    pub(super) known: &'a mut Known,
    pub(super) head: Head,
    pub(super) desk: Desk,
    pub(super) drafts: Vec<Draft>,
    /// The keys of the lines, as they were queued.
    pub(super) keys: Vec<Option<EventKey>>,
    pub(super) by_key: HashMap<EventKey, usize>,
    pub(super) firsts: BTreeMap<EventKey, First>,
    pub(super) devices: BTreeMap<i64, Heard>,
    pub(super) notes: Vec<Note>,
    /// Consumers as the batch leaves them, by party; `None` where it removes one.
    pub(super) consumers: BTreeMap<(i64, SmolStr), Option<Consumer>>,
    /// With what the notes enter; until then the scribe's.
    pub(super) directory: Arc<Directory>,
    pub(super) now: Micros,
}

/// How often a batch is run again before it is given up. A store that was overtaken once takes the lane for itself.
const RUNS: usize = 3;

/// Applies and commits the lines, and says what to answer to each. After an error of any kind but `Unknown` nothing of
/// them is kept.
pub(super) async fn write(
    scribe: &mut Scribe,
    known: &mut Known,
    writer: &mut Writer,
    lines: &mut [Queued],
) -> Result<Decided, Error> {
    let mut runs = 1;
    loop {
        match attempt(scribe, known, writer, lines).await {
            Err(Error::Unknown(error)) if runs < RUNS => {
                tracing::warn!(
                    error = %crate::telemetry::chain(&error),
                    "nobody knows whether a batch was kept: it is run again, and the keys decide"
                );
            }
            Err(Error::Overtaken) if runs < RUNS => {}
            outcome => return outcome,
        }
        runs += 1;
    }
}

async fn attempt(
    scribe: &mut Scribe,
    known: &mut Known,
    writer: &mut Writer,
    lines: &mut [Queued],
) -> Result<Decided, Error> {
    let head = writer.begin(scribe.lane).await.map_err(Error::TakeLane)?;
    match apply_and_commit(scribe, known, writer, lines, head).await {
        Ok(decided) => Ok(decided),
        Err(error) => {
            if let Err(rollback) = writer.rollback().await {
                tracing::warn!(error = %rollback, "could not roll back");
            }
            Err(error)
        }
    }
}

async fn apply_and_commit(
    scribe: &mut Scribe,
    known: &mut Known,
    writer: &mut Writer,
    lines: &mut [Queued],
    head: Head,
) -> Result<Decided, Error> {
    known.begin(&head);
    scribe.refresh_directory(writer, head.directory).await?;
    tell_times(scribe, lines);
    // Lines that cannot be applied: they are set aside and the batch is begun again without touching them.
    let mut set_aside: Vec<usize> = Vec::new();
    let (batch, verdicts) = loop {
        let mut batch = Batch::new(scribe, known, head.clone());
        // Asked after the batch has taken its time, so that no leap gets in between.
        if scribe.clock.is_suspect() {
            return Err(Error::ClockSuspect);
        }
        batch.load_firsts(writer, lines).await?;
        match batch.lay_lines(writer, lines).await {
            // Perhaps it is not needed: if it is, applying the line that needs it asks for it.
            Err(error) if error.is_torn() => {}
            laid => laid?,
        }
        match batch.take_all(writer, lines, &set_aside).await? {
            Ok(verdicts) => break (batch, verdicts),
            Err(index) => {
                tracing::error!(
                    index,
                    "a line could not be applied: it is journaled as NOT_APPLIED or refused"
                );
                set_aside.push(index);
            }
        }
    };
    let (decided, directory) = batch.commit(writer, verdicts).await?;
    if let Some(directory) = directory {
        // Before anybody is answered: whoever changed the directory finds it changed.
        scribe.publish(directory);
    }
    Ok(decided)
}

/// Under replay the lines of systems say what time it is; not those of sources that are not the speaker's.
fn tell_times(scribe: &Scribe, lines: &[Queued]) {
    if !scribe.clock.is_told() {
        return;
    }
    for queued in lines {
        if let Line::Capture(line) = &queued.line
            && line.said.source.is_system()
            && scribe.directory.source(&line.said.source).is_some_and(|known| known.party == line.said.party)
            && let Some(time) = line.send_time
        {
            scribe.clock.tell(time);
        }
    }
}

impl<'a> Batch<'a> {
    fn new(scribe: &'a Scribe, known: &'a mut Known, head: Head) -> Batch<'a> {
        let now = scribe.clock.now().max(head.sealed_at);
        let desk = known.desk(Arc::clone(&scribe.directory));
        Batch {
            scribe,
            known,
            desk,
            drafts: Vec::new(),
            keys: Vec::new(),
            by_key: HashMap::default(),
            firsts: BTreeMap::new(),
            devices: BTreeMap::new(),
            notes: Vec::new(),
            consumers: BTreeMap::new(),
            directory: Arc::clone(&scribe.directory),
            now,
            head,
        }
    }

    /// The position the next line gets.
    pub(super) fn next(&self) -> Position {
        Position { lane: self.scribe.lane, pos: self.head.pos + self.drafts.len() as u64 + 1 }
    }

    /// The answer to a key that was used before, in the lane or earlier in this batch.
    pub(super) fn seen(
        &self,
        key: &EventKey,
        bound: [u8; 32],
        personal: Option<&super::line::PersonalPart>,
    ) -> Result<Option<Verdict>, Error> {
        if let Some(index) = self.by_key.get(key)
            && let Some(draft) = self.drafts.get(*index)
        {
            return Ok(Some(match draft.compare(bound, personal) {
                Compared::Same => Verdict::Draft(*index, true),
                other => Verdict::Refused(reused(other, draft.position)),
            }));
        }
        let Some(first) = self.firsts.get(key) else { return Ok(None) };
        let record = Record::decode(&first.record).map_err(Error::Record)?;
        Ok(Some(match entry::compare(&record, first.personal.as_ref(), bound, personal) {
            Compared::Same => Verdict::Replayed(first.record.clone(), Arc::new(record)),
            other => Verdict::Refused(reused(other, record.position())),
        }))
    }

    /// Applies one act, laying on the desk whatever it asks for. `None` when it was set aside, panicked, or asks for ever
    /// for something that is named and not there.
    pub(super) async fn apply(
        &mut self,
        writer: &mut Writer,
        act: &Act<'_>,
        aside: bool,
    ) -> Result<Option<Result<Applied, Refusal>>, Error> {
        if aside {
            return Ok(None);
        }
        let position = self.next();
        loop {
            let desk = &mut self.desk;
            let apply = self.scribe.apply;
            match catch_unwind(AssertUnwindSafe(|| apply(desk, act, position))) {
                Ok(Ok(applied)) => return Ok(Some(Ok(applied))),
                Ok(Err(Stopped::Refused(refusal))) => return Ok(Some(Err(refusal))),
                Ok(Err(Stopped::Missing(missing))) if self.desk.has(&missing) => return Ok(None),
                Ok(Err(Stopped::Missing(missing))) => self.lay(writer, missing).await?,
                Err(_) => return Ok(None),
            }
        }
    }

    pub(super) fn draft(
        &self,
        key: EventKey,
        said: &Said,
        bound: Bound,
        mut written: Written,
        event_bytes: Bytes,
    ) -> Draft {
        let position = self.next();
        let stamp = Stamp { database: self.scribe.database, epoch: self.head.epoch, committed_at: self.now };
        let waits_for = std::mem::take(&mut written.waits_for);
        Draft {
            position,
            key,
            event_bytes,
            prev: written.prev,
            personal: None,
            waits_for: if written.placement == Placement::Unplaced { waits_for } else { Vec::new() },
            placed: None,
            candidates: std::mem::take(&mut written.candidates),
            refused: std::mem::take(&mut written.refused),
            record: Arc::new(entry::record(stamp, position, said, bound, written)),
        }
    }

    pub(super) fn push(&mut self, draft: Draft) -> Verdict {
        let index = self.drafts.len();
        self.by_key.insert(draft.key.clone(), index);
        self.drafts.push(draft);
        Verdict::Draft(index, false)
    }
}

pub(super) fn replayed(first: &First) -> Result<Verdict, Error> {
    let record = Record::decode(&first.record).map_err(Error::Record)?;
    Ok(Verdict::Replayed(first.record.clone(), Arc::new(record)))
}

pub(super) fn reused(compared: Compared, first: Position) -> Refusal {
    match compared {
        Compared::Same => Refusal::new(Reason::Internal),
        Compared::Other { field, first: first_digest, this } => {
            let mut refusal = Refusal::field(Reason::EventKeyReused, field, "");
            refusal.first_digest = Some(first_digest);
            refusal.this_digest = Some(this);
            refusal.first = Some(first);
            refusal
        }
    }
}
