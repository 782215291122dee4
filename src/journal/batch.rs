//! One batch: everything that waits is applied in order on one desk, numbered, recorded, signed and committed at once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use foldhash::HashMap;

use super::Error;
use super::enrol;
use super::entry::{self, Bound, Compared, Draft, Stamp};
use super::intake::Queued;
use super::known::Known;
use super::line::{Answer, CaptureLine, CommandAct, CommandLine, Line, PlaceLine};
use super::scribe::Scribe;
use crate::dossier::apply::{
    self, AcceptDossier, Act, Applied, CancelLeg, Capture, OrderLeg, Place, RegisterDossier, Said, Stopped,
    Written,
};
use crate::dossier::desk::Desk;
use crate::dossier::device::Heard;
use crate::dossier::directory::Directory;
use crate::dossier::leg::Placement;
use crate::dossier::names::{Micros, Position, SourceName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::seal::digest;
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
    /// With what the notes enter; until then the scribe's.
    pub(super) directory: Arc<Directory>,
    pub(super) now: Micros,
}

/// Applies and commits the lines, and says what to answer to each. After an error of any kind but `Unknown` nothing of
/// them is kept.
pub(super) async fn write(
    scribe: &mut Scribe,
    known: &mut Known,
    writer: &mut Writer,
    lines: &mut [Queued],
) -> Result<Decided, Error> {
    match attempt(scribe, known, writer, lines).await {
        Err(Error::Unknown(error)) => {
            tracing::warn!(
                error = %crate::telemetry::chain(&error),
                "nobody knows whether a batch was kept: it is run again, and the keys decide"
            );
            attempt(scribe, known, writer, lines).await
        }
        outcome => outcome,
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
            directory: Arc::clone(&scribe.directory),
            now,
            head,
        }
    }

    /// Takes the lines, or says which one cannot be applied.
    async fn take_all(
        &mut self,
        writer: &mut Writer,
        lines: &mut [Queued],
        set_aside: &[usize],
    ) -> Result<Result<Vec<Verdict>, usize>, Error> {
        let mut verdicts = Vec::with_capacity(lines.len());
        self.drafts.reserve(lines.len());
        self.by_key.reserve(lines.len());
        for (index, queued) in lines.iter_mut().enumerate() {
            let aside = set_aside.contains(&index);
            let key = self.keys.get_mut(index).and_then(Option::take);
            match self.take(writer, key, queued, aside).await {
                Ok(Some(verdict)) => verdicts.push(verdict),
                Ok(None) => return Ok(Err(index)),
                // What is stored of its leg or code cannot be read: that is no reason to fail the others.
                Err(error) if error.is_torn() && !aside => {
                    tracing::error!(error = %crate::telemetry::chain(&error), "what a line needs is torn");
                    return Ok(Err(index));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Ok(verdicts))
    }

    /// Takes one line. `None` when applying it panicked.
    async fn take(
        &mut self,
        writer: &mut Writer,
        key: Option<EventKey>,
        queued: &mut Queued,
        aside: bool,
    ) -> Result<Option<Verdict>, Error> {
        let content = queued.content;
        match (&mut queued.line, key) {
            (Line::Note(note), _) => self.take_note(writer, note).await.map(Some),
            (Line::Capture(line), Some(key)) => self.take_capture(writer, key, content, line, aside).await,
            (Line::Command(line), Some(key)) => self.take_command(writer, key, line, aside).await,
            (Line::Place(line), Some(key)) => self.take_place(writer, key, line, aside).await,
            (Line::Capture(_), None) => {
                Ok(Some(Verdict::Refused(Refusal::field(Reason::UnknownSource, "source", ""))))
            }
            (Line::Command(_) | Line::Place(_), None) => {
                Ok(Some(Verdict::Refused(Refusal::new(Reason::NotFound))))
            }
        }
    }

    async fn take_capture(
        &mut self,
        writer: &mut Writer,
        key: EventKey,
        event_digest: [u8; 32],
        line: &mut CaptureLine,
        aside: bool,
    ) -> Result<Option<Verdict>, Error> {
        if let Some(verdict) = self.seen(&key, event_digest, line.personal.as_ref())? {
            return Ok(Some(verdict));
        }
        let received_at = match line.send_time {
            // Imports run in parallel streams: each line is received when it says, whatever the others say.
            Some(sent) if self.scribe.clock.is_told() && line.said.source.is_system() => sent,
            _ => line.received_at,
        };
        // A clock that was set back a little in between makes nothing received after it was committed.
        let received_at = received_at.min(self.now);
        let mut heard = self.device(writer, key.source).await?;
        let (effective_at, skewed) = entry::effective(line, received_at, &mut heard);
        line.said.effective_at = effective_at;
        let said = &line.said;
        if !aside {
            match self.lay_codes(writer, &said.event).await {
                // Perhaps it is not needed: if it is, applying asks for it.
                Err(error) if error.is_torn() => {}
                laid => laid?,
            }
        }
        let act = Act::Capture(Capture { said: Cow::Borrowed(said), attested: line.attested, skewed });
        let written = match self.apply(writer, &act, aside).await? {
            Some(Ok(Applied::Written(written))) => *written,
            Some(Ok(Applied::Again(_)) | Err(_)) => {
                return Ok(Some(Verdict::Refused(Refusal::new(Reason::Internal))));
            }
            None if aside => apply::not_applied(said.party.clone(), self.next()),
            None => return Ok(None),
        };
        if let Some(seq) = said.event.device_seq {
            heard.hear(seq, received_at);
        }
        heard.last_received_at = heard.last_received_at.max(received_at);
        self.devices.insert(key.source, heard);
        let (personal, personal_digest) = entry::personal_row(line.personal.as_ref(), &*self.scribe.random);
        let bound = Bound {
            received_at,
            event_digest,
            request_digest: digest::NONE,
            personal_digest,
            repaired: line.repaired,
            attested: line.attested,
            placed_from: None,
        };
        let draft = self.draft(key, said, bound, written, line.event_bytes.clone());
        Ok(Some(self.push(Draft { personal, ..draft })))
    }

    async fn take_command(
        &mut self,
        writer: &mut Writer,
        key: EventKey,
        line: &CommandLine,
        aside: bool,
    ) -> Result<Option<Verdict>, Error> {
        if let Some(verdict) = self.seen(&key, line.request_digest, line.personal.as_ref())? {
            return Ok(Some(verdict));
        }
        let said = Said {
            source: SourceName::new(line.speaker.party.as_str()),
            client_event_id: line.request_id.clone(),
            party: line.speaker.party.clone(),
            principal: line.speaker.principal.clone(),
            supervisor: line.speaker.supervisor,
            effective_at: self.now,
            event: line.event.clone(),
        };
        let act = act_of(line, said.clone());
        let written = match self.apply(writer, &act, aside).await? {
            Some(Ok(Applied::Written(written))) => *written,
            Some(Ok(Applied::Again(first))) => return self.again(writer, first, line).await.map(Some),
            Some(Err(refusal)) => return Ok(Some(Verdict::Refused(refusal))),
            None if aside => return Ok(Some(Verdict::Refused(Refusal::new(Reason::Internal)))),
            None => return Ok(None),
        };
        let (personal, personal_digest) = entry::personal_row(line.personal.as_ref(), &*self.scribe.random);
        let bound = Bound {
            received_at: self.now,
            event_digest: digest::digest(&line.event_bytes),
            request_digest: line.request_digest,
            personal_digest,
            repaired: false,
            attested: false,
            placed_from: None,
        };
        let draft = self.draft(key, &said, bound, written, line.event_bytes.clone());
        Ok(Some(self.push(Draft { personal, ..draft })))
    }

    async fn take_place(
        &mut self,
        writer: &mut Writer,
        key: EventKey,
        line: &PlaceLine,
        aside: bool,
    ) -> Result<Option<Verdict>, Error> {
        let earlier = match (self.firsts.get(&key), self.by_key.get(&key)) {
            (Some(first), _) => Some(replayed(first)?),
            (None, Some(index)) => Some(Verdict::Draft(*index, true)),
            (None, None) => None,
        };
        if earlier.is_some() {
            if line.done {
                // The first time it may not have been the last placing.
                self.notes.push(Note::Placed { pos: line.from.pos });
            }
            return Ok(earlier);
        }
        let stored = writer.entry(line.from).await.map_err(Error::Load)?;
        let Some(stored) = stored else {
            return Ok(Some(Verdict::Refused(Refusal::new(Reason::NotFound))));
        };
        let original = Record::decode(&stored.record).map_err(Error::Record)?;
        let said = original.said();
        let attested = original.attested;
        let act = Act::Place(Place { said: said.clone(), from: line.from, leg: line.leg, attested });
        let written = match self.apply(writer, &act, aside).await? {
            Some(Ok(Applied::Written(written))) => *written,
            Some(Ok(Applied::Again(_))) => return Ok(Some(Verdict::Refused(Refusal::new(Reason::Internal)))),
            Some(Err(refusal)) => return Ok(Some(Verdict::Refused(refusal))),
            None if aside => return Ok(Some(Verdict::Refused(Refusal::new(Reason::Internal)))),
            None => return Ok(None),
        };
        let event_bytes = (self.scribe.encode_placed)(&original, line.leg);
        let bound = Bound {
            received_at: original.received_at,
            event_digest: digest::digest(&event_bytes),
            request_digest: digest::NONE,
            personal_digest: digest::NONE,
            repaired: original.repaired,
            attested: original.attested,
            placed_from: Some(line.from),
        };
        let draft = self.draft(key, &said, bound, written, event_bytes);
        Ok(Some(self.push(Draft { placed: line.done.then_some(line.from.pos), ..draft })))
    }

    async fn take_note(&mut self, writer: &mut Writer, note: &Note) -> Result<Verdict, Error> {
        if let Note::Pin { pos, target } = note {
            let kept = writer.pin(self.scribe.lane, *pos).await.map_err(Error::Load)?;
            let earlier = self.notes.iter().find_map(|other| match other {
                Note::Pin { pos: at, target } if at == pos => Some(*target),
                _ => None,
            });
            if let Some(pinned) = kept.or(earlier) {
                return Ok(Verdict::Noted(Some(pinned)));
            }
            self.notes.push(note.clone());
            return Ok(Verdict::Noted(Some(*target)));
        }
        match enrol::admit(&self.directory, note) {
            Ok(true) => {
                if enrol::changes_directory(note) {
                    note.enter(Arc::make_mut(&mut self.directory));
                }
                self.notes.push(note.clone());
                Ok(Verdict::Noted(None))
            }
            Ok(false) => Ok(Verdict::Noted(None)),
            Err(refusal) => Ok(Verdict::Refused(refusal)),
        }
    }

    /// The position the next line gets.
    fn next(&self) -> Position {
        Position { lane: self.scribe.lane, pos: self.head.pos + self.drafts.len() as u64 + 1 }
    }

    /// The answer to a key that was used before, in the lane or earlier in this batch.
    fn seen(
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

    /// The answer to a command that was carried out under another request id.
    async fn again(
        &mut self,
        writer: &mut Writer,
        first: Position,
        line: &CommandLine,
    ) -> Result<Verdict, Error> {
        let (bound, personal) = (line.request_digest, line.personal.as_ref());
        let ours = self.drafts.iter().enumerate().find(|(_, draft)| draft.position == first);
        let (compared, same) = match ours {
            Some((index, draft)) => (draft.compare(bound, personal), Verdict::Draft(index, true)),
            None => {
                let stored = writer.first_at(first.lane, first.pos).await.map_err(Error::Load)?;
                let Some(stored) = stored else {
                    return Ok(Verdict::Refused(Refusal::new(Reason::Internal)));
                };
                let record = Record::decode(&stored.record).map_err(Error::Record)?;
                let compared = entry::compare(&record, stored.personal.as_ref(), bound, personal);
                (compared, Verdict::Replayed(stored.record, Arc::new(record)))
            }
        };
        Ok(match compared {
            Compared::Same => same,
            other => Verdict::Refused(Refusal { reason: Reason::DossierExists, ..reused(other, first) }),
        })
    }

    /// Applies one act, laying on the desk whatever it asks for. `None` when it was set aside, panicked, or asks for ever
    /// for something that is named and not there.
    async fn apply(
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

    fn draft(
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
            record: Arc::new(entry::record(stamp, position, said, bound, written)),
        }
    }

    fn push(&mut self, draft: Draft) -> Verdict {
        let index = self.drafts.len();
        self.by_key.insert(draft.key.clone(), index);
        self.drafts.push(draft);
        Verdict::Draft(index, false)
    }
}

fn replayed(first: &First) -> Result<Verdict, Error> {
    let record = Record::decode(&first.record).map_err(Error::Record)?;
    Ok(Verdict::Replayed(first.record.clone(), Arc::new(record)))
}

fn reused(compared: Compared, first: Position) -> Refusal {
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

fn act_of(line: &CommandLine, said: Said) -> Act<'static> {
    match line.act.clone() {
        CommandAct::Order { agency, counter, carrier, kind, procedure, dossier } => {
            Act::Order(OrderLeg { said, agency, counter, carrier, kind, procedure, dossier })
        }
        CommandAct::Cancel { leg } => Act::Cancel(CancelLeg { said, leg }),
        CommandAct::Register { agency, counter, code, procedure, slip } => Act::Register(RegisterDossier {
            said,
            agency,
            counter,
            code,
            procedure,
            slip,
            request_digest: line.request_digest,
        }),
        CommandAct::Accept { target, code, procedure } => {
            Act::Accept(AcceptDossier { said, target, code, procedure })
        }
    }
}
