//! The end of a batch: numbers, records, leaves and the signed head, handed to the store as one commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use foldhash::HashMap;

use super::Error;
use super::batch::{Batch, Decided, Spent, Verdict};
use super::enrol;
use super::entry::Draft;
use super::line::{Answer, LineAnswer};
use super::scribe::Scribe;
use crate::dossier::desk::Changes;
use crate::dossier::directory::Directory;
use crate::dossier::names::{Lane, PartyName, Position};
use crate::dossier::refusal::{Reason, Refusal};
use crate::seal::frontier::Frontier;
use crate::seal::leaf::leaf_hash;
use crate::store::{Commit, Committed, Concern, Entry, Head, Writer};

impl Batch<'_> {
    /// Commits the batch and answers its lines; with the directory, where the batch changed it.
    pub(super) async fn commit(
        mut self,
        writer: &mut Writer,
        verdicts: Vec<Verdict>,
    ) -> Result<(Decided, Option<Arc<Directory>>), Error> {
        let scribe = self.scribe;
        if self.drafts.is_empty() && self.notes.is_empty() {
            writer.rollback().await.map_err(Error::Load)?;
            let answers = answers(&self.drafts, &[], verdicts, self.head.pos, scribe);
            return Ok(((answers, Spent::default()), None));
        }
        // Of one line after the other: as many as its record has parties.
        let logs = self.logs()?;
        let mut heads = self.log_heads(writer, &logs).await?;
        let mut frontier = Frontier::decode(&self.head.frontier).map_err(|_| Error::Frontier)?;
        if frontier.size() != self.head.pos {
            return Err(Error::Frontier);
        }
        let mut entries = Vec::with_capacity(self.drafts.len());
        let mut of_lines = logs.iter();
        for draft in &mut self.drafts {
            let record = draft.record.encode().map_err(Error::Record)?;
            frontier.push(leaf_hash(&record));
            let parties = draft.record.parties.len();
            let mut logs = Vec::with_capacity(parties);
            for log in of_lines.by_ref().take(parties) {
                let seq = heads.entry(*log).or_insert(0);
                *seq += 1;
                logs.push((*log, *seq));
            }
            entries.push(Entry {
                pos: draft.position.pos,
                key: draft.key.clone(),
                record: Bytes::from(record),
                event: draft.event_bytes.clone(),
                prev: draft.prev,
                logs,
                personal: draft.personal.take(),
                waits_for: std::mem::take(&mut draft.waits_for),
                placed: draft.placed,
            });
        }
        let before = self.head.pos;
        let pos = before + entries.len() as u64;
        let seal = (!entries.is_empty())
            .then(|| scribe.sealer.seal(scribe.lane, &self.head.epoch, pos, frontier.root(), self.now));
        let mut directory = self.notes.iter().any(enrol::changes_directory).then_some(self.directory);
        if let Some(directory) = &mut directory {
            // As the store counts it: once for each commit.
            Arc::make_mut(directory).version = self.head.directory + 1;
        }
        let changes = self.desk.take_changes();
        let head = Head {
            pos,
            version: self.head.version + 1,
            sealed_at: if entries.is_empty() { self.head.sealed_at } else { self.now },
            frontier: frontier.encode(),
            told: if scribe.clock.is_told() {
                self.head.told.max(scribe.clock.now())
            } else {
                self.head.told
            },
            ..self.head
        };
        let mut commit = Commit {
            lane: scribe.lane,
            head,
            concerns: concerns(scribe, &changes, before)?,
            changes,
            devices: self.devices.into_iter().collect(),
            notes: self.notes,
            entries,
            seal,
        };
        let began = Instant::now();
        match writer.commit(&commit).await.map_err(Error::Commit)? {
            Committed::Done => {}
            Committed::Overtaken => return Err(Error::Overtaken),
            Committed::Unknown(error) => return Err(Error::Unknown(error)),
        }
        scribe.metrics.committed(began.elapsed(), self.drafts.iter().map(|draft| draft.record.kind));
        scribe.wakes.tell(scribe.lane, pos, &heads);
        let answers = answers(&self.drafts, &commit.entries, verdicts, pos, scribe);
        let spent = Spent { _drafts: self.drafts, _entries: std::mem::take(&mut commit.entries) };
        self.known.committed(commit, &heads, self.desk);
        Ok(((answers, spent), directory))
    }

    /// The logs that list the lines, line after line.
    fn logs(&self) -> Result<Vec<i64>, Error> {
        let mut known: HashMap<&PartyName, i64> = HashMap::default();
        let mut of = |party| -> Result<i64, Error> {
            match known.get(party) {
                Some(log) => Ok(*log),
                None => Ok(*known.entry(party).or_insert(log_of(self.scribe, party)?)),
            }
        };
        self.drafts.iter().flat_map(|draft| &draft.record.parties).map(&mut of).collect()
    }

    async fn log_heads(&mut self, writer: &mut Writer, logs: &[i64]) -> Result<BTreeMap<i64, u64>, Error> {
        let ids: BTreeSet<i64> = logs.iter().copied().collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let (mut heads, unknown) = self.known.logs(&ids);
        if !unknown.is_empty() {
            heads.extend(writer.log_heads(self.scribe.lane, &unknown).await.map_err(Error::Load)?);
        }
        Ok(heads)
    }
}

/// The short number of a party's log. Who is in the directory stays there, and nobody else is let into a line: a party
/// without a log would miss the line in silence.
fn log_of(scribe: &Scribe, party: &PartyName) -> Result<i64, Error> {
    let known = scribe.directory.parties.get(party).map(|(enrolment, _)| enrolment.id);
    known.ok_or_else(|| Error::NoLog(party.clone()))
}

/// For whom legs and dossiers are listed from now on: what was listed before this batch stays listed.
fn concerns(scribe: &Scribe, changes: &Changes, before: u64) -> Result<Vec<(i64, Concern)>, Error> {
    let mut concerns = Vec::new();
    for leg in &changes.legs {
        let new = leg.id.pos > before;
        let linked = leg.dossier.filter(|(_, by)| by.pos > before).map(|(dossier, _)| dossier);
        if !new && linked.is_none() {
            continue;
        }
        for party in &leg.birth.parties() {
            let id = log_of(scribe, party)?;
            concerns.extend(new.then_some((id, Concern::Leg(leg.id))));
            concerns.extend(linked.map(|dossier| (id, Concern::Dossier(dossier))));
        }
    }
    for dossier in &changes.dossiers {
        for party in std::iter::once(&dossier.agency).chain(&dossier.counter) {
            concerns.push((log_of(scribe, party)?, Concern::Dossier(dossier.id)));
        }
    }
    for document in &changes.documents {
        for party in &document.parties() {
            concerns.push((log_of(scribe, party)?, Concern::Document(document.id())));
        }
    }
    concerns.sort();
    concerns.dedup();
    Ok(concerns)
}

fn answers(
    drafts: &[Draft],
    entries: &[Entry],
    verdicts: Vec<Verdict>,
    head: u64,
    scribe: &Scribe,
) -> Vec<Result<Answer, Refusal>> {
    let told = Told { drafts, entries, lane: scribe.lane, head };
    verdicts.into_iter().map(|verdict| told.answer(verdict)).collect()
}

/// What answers are made of.
struct Told<'a> {
    drafts: &'a [Draft],
    entries: &'a [Entry],
    lane: Lane,
    head: u64,
}

impl Told<'_> {
    fn answer(&self, verdict: Verdict) -> Result<Answer, Refusal> {
        match verdict {
            Verdict::Draft(index, replayed) => match (self.drafts.get(index), self.entries.get(index)) {
                (Some(draft), Some(entry)) => {
                    let refused = draft.refused.iter().cloned();
                    let lines = refused.map(|(number, refusal)| LineAnswer { number, result: Err(refusal) });
                    Ok(Answer {
                        position: draft.position,
                        record: entry.record.clone(),
                        content: Some(Arc::clone(&draft.record)),
                        replayed,
                        candidates: draft.candidates.clone(),
                        lines: lines.collect(),
                        ..self.noted()
                    })
                }
                _ => Err(Refusal::new(Reason::Internal)),
            },
            Verdict::Replayed(bytes, record) => Ok(Answer {
                position: record.position(),
                record: bytes,
                content: Some(record),
                replayed: true,
                ..self.noted()
            }),
            Verdict::Refused(refusal) => Err(refusal),
            Verdict::Noted(pinned) => Ok(Answer { pinned, ..self.noted() }),
            Verdict::Consumer(consumer) => Ok(Answer { consumer: Some(consumer), ..self.noted() }),
            Verdict::Lines(list, lines) => {
                let mut answer = match list {
                    Some(list) => self.answer(*list)?,
                    None => self.noted(),
                };
                for (number, verdict) in lines {
                    answer.lines.push(LineAnswer { number, result: self.answer(verdict) });
                }
                Ok(answer)
            }
        }
    }

    /// The answer to a note: nothing of it stands in the journal but the lane's head.
    fn noted(&self) -> Answer {
        Answer {
            position: Position { lane: self.lane, pos: self.head },
            record: Bytes::new(),
            content: None,
            replayed: false,
            candidates: Vec::new(),
            pinned: None,
            consumer: None,
            lines: Vec::new(),
        }
    }
}
