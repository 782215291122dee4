//! One lane as maps.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use smol_str::SmolStr;

use super::{CodeKey, Lane, Micros, Position, Seal, Stored, Tag};
use super::{
    Commit, Concern, Dossier, Entry, Error, EventKey, First, Head, Heard, Leg, Listed, Note, PersonalRow,
};
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::TagTarget;
use crate::dossier::document::Document;
use crate::seal::frontier::Frontier;
use crate::store::page::Page;

/// Everything of one lane.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    pub(super) head: Head,
    pub(super) keys: BTreeMap<EventKey, u64>,
    pub(super) legs: BTreeMap<Position, Leg>,
    pub(super) dossiers: BTreeMap<Position, Dossier>,
    pub(super) documents: BTreeMap<Position, Document>,
    pub(super) devices: BTreeMap<i64, Heard>,
    pub(super) pins: BTreeMap<u64, Position>,
    pub(super) followers: BTreeMap<&'static str, u64>,
    consumers: BTreeMap<(i64, SmolStr), Consumer>,
    pub(super) personal: BTreeMap<u64, PersonalRow>,
    pub(super) seals: BTreeMap<u64, Seal>,
    /// Epochs that ended, and the last position of each.
    pub(super) ended: BTreeMap<[u8; 16], u64>,
    entries: BTreeMap<u64, Entry>,
    logs: BTreeMap<(i64, u64), u64>,
    concerns: BTreeSet<(i64, Concern)>,
    /// Ordered as they are read: by code, then by when they became known.
    tags: BTreeSet<(CodeKey, Position, TagTarget, Position)>,
    waiting: BTreeSet<(CodeKey, u64)>,
}

impl Journal {
    pub(super) fn new(lane: Lane, epoch: [u8; 16]) -> Journal {
        let frontier = Frontier::new().encode();
        Journal {
            head: Head {
                lane,
                epoch,
                pos: 0,
                version: 0,
                sealed_at: Micros(0),
                frontier,
                told: Micros(0),
                directory: 0,
            },
            keys: BTreeMap::new(),
            legs: BTreeMap::new(),
            dossiers: BTreeMap::new(),
            documents: BTreeMap::new(),
            devices: BTreeMap::new(),
            pins: BTreeMap::new(),
            followers: BTreeMap::new(),
            consumers: BTreeMap::new(),
            personal: BTreeMap::new(),
            seals: BTreeMap::new(),
            ended: BTreeMap::new(),
            entries: BTreeMap::new(),
            logs: BTreeMap::new(),
            concerns: BTreeSet::new(),
            tags: BTreeSet::new(),
            waiting: BTreeSet::new(),
        }
    }

    /// What a unique index would refuse: before anything changes.
    pub(super) fn refuse_repeats(&self, entries: &[Entry]) -> Result<(), Error> {
        let (mut keys, mut logs) = (BTreeSet::new(), BTreeSet::new());
        for entry in entries {
            if self.keys.contains_key(&entry.key) || !keys.insert(&entry.key) {
                return Err(Error::Failed { step: "keep a key", source: "it is kept already".into() });
            }
            for line in &entry.logs {
                if self.logs.contains_key(line) || !logs.insert(line) {
                    return Err(Error::Failed {
                        step: "list a line",
                        source: "its number is given already".into(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Keeps all of a commit that was checked.
    pub(super) fn keep(&mut self, commit: &Commit) {
        let Head { pos, version, sealed_at, frontier, told, .. } = commit.head.clone();
        self.head = Head { pos, version, sealed_at, frontier, told, ..self.head.clone() };
        for entry in &commit.entries {
            self.keep_entry(entry);
        }
        for leg in &commit.changes.legs {
            self.legs.insert(leg.id, Leg::clone(leg));
        }
        for dossier in &commit.changes.dossiers {
            self.dossiers.insert(dossier.id, dossier.clone());
        }
        for document in &commit.changes.documents {
            self.documents.insert(document.id(), document.clone());
        }
        for tag in &commit.changes.tags {
            self.tags.insert((tag.key.clone(), tag.at, tag.target, tag.by));
        }
        self.concerns.extend(&commit.concerns);
        self.devices.extend(commit.devices.iter().cloned());
        for note in &commit.notes {
            match note {
                Note::Pin { pos, target } => _ = self.pins.entry(*pos).or_insert(*target),
                Note::Follower { name, pos } => _ = self.followers.insert(name, *pos),
                Note::Consumer { party, consumer } => {
                    self.consumers.insert((*party, consumer.id.clone()), consumer.clone());
                }
                Note::NoConsumer { party, id } => _ = self.consumers.remove(&(*party, id.clone())),
                Note::Placed { pos } => self.waiting.retain(|(_, waits)| waits != pos),
                _ => {}
            }
        }
        self.seals.extend(commit.seal.iter().map(|seal| (seal.size, seal.clone())));
    }

    fn keep_entry(&mut self, entry: &Entry) {
        self.keys.insert(entry.key.clone(), entry.pos);
        self.logs.extend(entry.logs.iter().map(|line| (*line, entry.pos)));
        self.personal.extend(entry.personal.iter().map(|personal| (entry.pos, personal.clone())));
        self.waiting.extend(entry.waits_for.iter().map(|key| (key.clone(), entry.pos)));
        if let Some(placed) = entry.placed {
            self.waiting.retain(|(_, pos)| *pos != placed);
        }
        self.entries.insert(entry.pos, entry.clone());
    }

    #[cfg(test)]
    pub(super) fn tear(&mut self, pos: u64) {
        if let Some(entry) = self.entries.get_mut(&pos) {
            entry.record = bytes::Bytes::from_static(b"torn");
        }
    }

    pub(super) fn stored(&self, pos: u64) -> Option<Stored> {
        let entry = self.entries.get(&pos)?;
        let (record, event) = (entry.record.clone(), entry.event.clone());
        Some(Stored { pos, record, event, prev: entry.prev })
    }

    pub(super) fn first_at(&self, pos: u64) -> Option<First> {
        let record = self.entries.get(&pos)?.record.clone();
        let personal = self.personal.get(&pos).map(|personal| (personal.salt, personal.body.clone()));
        Some(First { pos, record, personal })
    }

    pub(super) fn log_head(&self, party: i64) -> u64 {
        self.logs.range((party, 0)..=(party, u64::MAX)).next_back().map_or(0, |((_, seq), _)| *seq)
    }

    pub(super) fn log_seq(&self, party: i64, pos: u64) -> Option<u64> {
        let logs = &self.entries.get(&pos)?.logs;
        logs.iter().find(|(listed, _)| *listed == party).map(|(_, seq)| *seq)
    }

    pub(super) fn log_after(&self, party: i64, seq: u64, limit: usize) -> Vec<Listed> {
        let mut page = Page::default();
        for ((_, at), pos) in
            self.logs.range((party, seq)..=(party, u64::MAX)).filter(|((_, at), _)| *at > seq).take(limit)
        {
            let Some(stored) = self.stored(*pos) else { break };
            if !page.take(Listed { lane: self.head.lane, seq: *at, stored }) {
                break;
            }
        }
        page.into_lines()
    }

    pub(super) fn concerns(&self, party: i64, [from, below]: [Concern; 2], limit: usize) -> Vec<Position> {
        let newest_first = self.concerns.range((party, from)..(party, below)).rev().take(limit);
        newest_first.map(|(_, Concern::Leg(id) | Concern::Dossier(id) | Concern::Document(id))| *id).collect()
    }

    pub(super) fn consumer(&self, party: i64, id: &str) -> Option<Consumer> {
        self.consumers.get(&(party, SmolStr::new(id))).cloned()
    }

    pub(super) fn consumers(&self, party: i64, after: &str, limit: usize) -> Vec<Consumer> {
        let behind = (Bound::Excluded((party, SmolStr::new(after))), Bound::Unbounded);
        let of_party = self.consumers.range(behind).take_while(|((of, _), _)| *of == party);
        of_party.map(|(_, consumer)| consumer.clone()).take(limit).collect()
    }

    pub(super) fn tags_of(&self, key: &CodeKey) -> Vec<Tag> {
        self.tags_where(|of| of == key)
    }

    pub(super) fn tags_made_at(&self, pos: u64) -> Vec<Tag> {
        let made: BTreeSet<&CodeKey> =
            self.tags.iter().filter(|(_, at, ..)| at.pos == pos).map(|(key, ..)| key).collect();
        self.tags_where(|key| made.contains(key))
    }

    fn tags_where(&self, wanted: impl Fn(&CodeKey) -> bool) -> Vec<Tag> {
        let tags = self.tags.iter().filter(|(key, ..)| wanted(key));
        tags.map(|(key, at, target, by)| Tag { key: key.clone(), target: *target, by: *by, at: *at })
            .collect()
    }

    /// The codes that something of this lane waits for.
    pub(super) fn awaited(&self) -> impl Iterator<Item = &CodeKey> {
        self.waiting.iter().map(|(key, _)| key)
    }

    /// `awaited` are the codes of all lanes.
    pub(super) fn tie_work(
        &self,
        awaited: &BTreeSet<&CodeKey>,
        after: u64,
        upto: u64,
        limit: usize,
    ) -> Vec<u64> {
        let waiting = self.waiting.iter().map(|(_, waits)| *waits);
        let made = self.tags.iter().filter(|(key, ..)| awaited.contains(key)).map(|(_, at, ..)| at.pos);
        let all: BTreeSet<u64> = waiting.chain(made).filter(|at| (after + 1..=upto).contains(at)).collect();
        all.into_iter().take(limit).collect()
    }

    pub(super) fn unplaced(&self, limit: usize) -> Vec<u64> {
        let waiting = self.waiting.iter().filter(|(key, _)| !key.is_receptacle()).map(|(_, pos)| *pos);
        waiting.collect::<BTreeSet<u64>>().into_iter().take(limit).collect()
    }

    pub(super) fn waits_for(&self, pos: u64) -> Vec<CodeKey> {
        self.waiting.iter().filter(|(_, waits)| *waits == pos).map(|(key, _)| key.clone()).collect()
    }

    pub(super) fn waiting_on(&self, key: &CodeKey) -> Vec<u64> {
        self.waiting.iter().filter(|(of, _)| of == key).map(|(_, pos)| *pos).collect()
    }
}
