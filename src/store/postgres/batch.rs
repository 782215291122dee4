//! The rows of a commit, each table's columns side by side, as `keep_batch` and `keep_lines` take them.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::{Asked, ask, lane};
use super::sql;
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::TagTarget;
use crate::store::codec;
use crate::store::log_run::{self, LIST};
use crate::store::numbers::{DOCUMENT, DOSSIER, LEG, at, kept};
use crate::store::{Commit, Concern, Error, Note};

#[derive(Debug, Default)]
pub(super) struct Columns<'c> {
    entries: Entries<'c>,
    runs: Runs,
    legs: Bodies,
    dossiers: Bodies,
    documents: Bodies,
    devices: Bodies,
    concerns: Concerns,
    tags: Tags<'c>,
    waiting: Waiting<'c>,
    personal: Personal<'c>,
    pins: Pins,
    followers: Followers<'c>,
    consumers: Consumers<'c>,
}

#[derive(Debug, Default)]
struct Entries<'c> {
    pos: Vec<i64>,
    source: Vec<i64>,
    prev: Vec<i64>,
    logs: Vec<Vec<u8>>,
    record: Vec<&'c [u8]>,
    event: Vec<&'c [u8]>,
    cid: Vec<&'c [u8]>,
}

#[derive(Debug, Default)]
struct Runs {
    party: Vec<i64>,
    seq: Vec<i64>,
    lines: Vec<i64>,
    pos: Vec<i64>,
    steps: Vec<Vec<u8>>,
}

/// Rows that are a number and a body. Of one number the last body counts.
#[derive(Debug, Default)]
struct Bodies {
    number: Vec<i64>,
    body: Vec<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Concerns {
    party: Vec<i64>,
    kind: Vec<i64>,
    id: Vec<i64>,
}

#[derive(Debug, Default)]
struct Tags<'c> {
    code: Vec<&'c [u8]>,
    at: Vec<i64>,
    kind: Vec<i64>,
    target: Vec<i64>,
    by_lane: Vec<i32>,
    by_pos: Vec<i64>,
}

#[derive(Debug, Default)]
struct Waiting<'c> {
    code: Vec<&'c [u8]>,
    pos: Vec<i64>,
    no_longer: Vec<i64>,
}

#[derive(Debug, Default)]
struct Personal<'c> {
    pos: Vec<i64>,
    key_id: Vec<i64>,
    salt: Vec<&'c [u8]>,
    body: Vec<&'c [u8]>,
}

#[derive(Debug, Default)]
struct Pins {
    pos: Vec<i64>,
    lane: Vec<i32>,
    target: Vec<i64>,
}

#[derive(Debug, Default)]
struct Followers<'c> {
    name: Vec<&'c [u8]>,
    pos: Vec<i64>,
}

#[derive(Debug, Default)]
struct Consumers<'c> {
    party: Vec<i64>,
    name: Vec<&'c [u8]>,
    body: Vec<Vec<u8>>,
    no_longer_of: Vec<i64>,
    /// Party and name in one: the party as eight bytes, the greatest first.
    no_longer: Vec<Vec<u8>>,
}

impl<'c> Columns<'c> {
    pub(super) fn of(commit: &'c Commit) -> Result<Columns<'c>, Error> {
        let mut rows = Columns::default();
        rows.add_entries(commit)?;
        rows.add_runs(commit)?;
        let legs = commit.changes.legs.iter().map(|leg| (leg.id.pos, leg));
        rows.legs = bodies("keep a leg", legs)?;
        let dossiers = commit.changes.dossiers.iter().map(|dossier| (dossier.id.pos, dossier));
        rows.dossiers = bodies("keep a dossier", dossiers)?;
        let documents = commit.changes.documents.iter().map(|document| (document.id().pos, document));
        rows.documents = bodies("keep a document", documents)?;
        rows.add_devices(commit)?;
        rows.add_concerns(commit)?;
        rows.add_tags(commit)?;
        rows.add_waiting(commit)?;
        rows.add_notes(commit)?;
        Ok(rows)
    }

    fn add_entries(&mut self, commit: &'c Commit) -> Result<(), Error> {
        let step = "keep an entry";
        for entry in &commit.entries {
            let pos = kept(step, entry.pos)?;
            self.entries.pos.push(pos);
            self.entries.source.push(entry.key.source);
            self.entries.prev.push(kept(step, entry.prev)?);
            self.entries.logs.push(codec::encode(step, &entry.logs)?);
            self.entries.record.push(&entry.record);
            self.entries.event.push(&entry.event);
            self.entries.cid.push(entry.key.id.as_bytes());
            if let Some(personal) = &entry.personal {
                self.personal.pos.push(pos);
                self.personal.key_id.push(personal.key_id);
                self.personal.salt.push(&personal.salt);
                self.personal.body.push(&personal.body);
            }
        }
        Ok(())
    }

    fn add_runs(&mut self, commit: &Commit) -> Result<(), Error> {
        for (party, run) in log_run::runs(commit)? {
            self.runs.party.push(party);
            self.runs.seq.push(kept(LIST, run.seq)?);
            self.runs.lines.push(kept(LIST, run.lines)?);
            self.runs.pos.push(at(run.pos));
            self.runs.steps.push(run.steps);
        }
        Ok(())
    }

    fn add_devices(&mut self, commit: &Commit) -> Result<(), Error> {
        let devices: BTreeMap<i64, _> =
            commit.devices.iter().map(|(source, heard)| (*source, heard)).collect();
        for (source, heard) in devices {
            self.devices.number.push(source);
            self.devices.body.push(codec::encode("keep a device", heard)?);
        }
        Ok(())
    }

    fn add_concerns(&mut self, commit: &Commit) -> Result<(), Error> {
        for (party, concern) in &commit.concerns {
            let (kind, id) = match concern {
                Concern::Leg(id) => (LEG, id),
                Concern::Dossier(id) => (DOSSIER, id),
                Concern::Document(id) => (DOCUMENT, id),
            };
            self.concerns.party.push(*party);
            self.concerns.kind.push(kind);
            self.concerns.id.push(kept("list what concerns a party", id.pos)?);
        }
        Ok(())
    }

    fn add_tags(&mut self, commit: &'c Commit) -> Result<(), Error> {
        let step = "keep a tag";
        for tag in &commit.changes.tags {
            let (kind, target) = match tag.target {
                TagTarget::Leg(id) => (LEG, id),
                TagTarget::Dossier(id) => (DOSSIER, id),
            };
            self.tags.code.push(tag.key.0.as_bytes());
            self.tags.at.push(kept(step, tag.at.pos)?);
            self.tags.kind.push(kind);
            self.tags.target.push(kept(step, target.pos)?);
            self.tags.by_lane.push(lane(tag.by.lane));
            self.tags.by_pos.push(kept(step, tag.by.pos)?);
        }
        Ok(())
    }

    /// What waits after the batch, and what waited before it and does no longer. The statement's parts do not see each
    /// other's rows, so what both began and ended to wait in this batch is in neither.
    fn add_waiting(&mut self, commit: &'c Commit) -> Result<(), Error> {
        let mut waits: BTreeSet<(i64, &'c [u8])> = BTreeSet::new();
        let mut no_longer: BTreeSet<i64> = BTreeSet::new();
        let mut end = |waits: &mut BTreeSet<(i64, &'c [u8])>, placed: u64| {
            waits.retain(|(pos, _)| *pos != at(placed));
            no_longer.insert(at(placed));
        };
        for entry in &commit.entries {
            waits.extend(entry.waits_for.iter().map(|code| (at(entry.pos), code.0.as_bytes())));
            if let Some(placed) = entry.placed {
                end(&mut waits, placed);
            }
        }
        for note in &commit.notes {
            if let Note::Placed { pos } = note {
                end(&mut waits, *pos);
            }
        }
        self.waiting.no_longer.extend(no_longer);
        for (pos, code) in waits {
            self.waiting.pos.push(pos);
            self.waiting.code.push(code);
        }
        Ok(())
    }

    fn add_notes(&mut self, commit: &'c Commit) -> Result<(), Error> {
        let step = "keep a note";
        let mut followers: BTreeMap<&str, i64> = BTreeMap::new();
        // As the last note on each leaves it.
        let mut consumers: BTreeMap<(i64, &'c str), Option<&Consumer>> = BTreeMap::new();
        for note in &commit.notes {
            match note {
                Note::Pin { pos, target } => {
                    self.pins.pos.push(kept(step, *pos)?);
                    self.pins.lane.push(lane(target.lane));
                    self.pins.target.push(kept(step, target.pos)?);
                }
                Note::Follower { name, pos } => _ = followers.insert(name, kept(step, *pos)?),
                Note::Consumer { party, consumer } => {
                    consumers.insert((*party, &consumer.id), Some(consumer));
                }
                Note::NoConsumer { party, id } => _ = consumers.insert((*party, id), None),
                _ => {}
            }
        }
        for ((party, id), kept) in consumers {
            match kept {
                Some(consumer) => {
                    self.consumers.party.push(party);
                    self.consumers.name.push(id.as_bytes());
                    self.consumers.body.push(codec::encode(step, consumer)?);
                }
                None => {
                    self.consumers.no_longer_of.push(party);
                    self.consumers.no_longer.push([&party.to_be_bytes(), id.as_bytes()].concat());
                }
            }
        }
        for (name, pos) in followers {
            self.followers.name.push(name.as_bytes());
            self.followers.pos.push(pos);
        }
        Ok(())
    }

    /// The statement that keeps them. In the order of its parameters.
    pub(super) fn asked(&self, commit: &Commit) -> Result<Asked, Error> {
        if self.has_lines_only() {
            return self.lines(commit, sql::KEEP_LINES);
        }
        let asked = self.lines(commit, sql::KEEP_BATCH)?;
        let asked = asked.bind(&self.dossiers.number).bind(&self.dossiers.body);
        let asked = asked.bind(&self.waiting.code).bind(&self.waiting.pos).bind(&self.waiting.no_longer);
        let personal = &self.personal;
        let asked =
            asked.bind(&personal.pos).bind(&personal.key_id).bind(&personal.salt).bind(&personal.body);
        let asked = asked.bind(&self.pins.pos).bind(&self.pins.lane).bind(&self.pins.target);
        let asked = asked.bind(&self.followers.name).bind(&self.followers.pos);
        let consumers = &self.consumers;
        let asked = asked.bind(&consumers.party).bind(&consumers.name).bind(&consumers.body);
        let asked = asked.bind(&consumers.no_longer_of).bind(&consumers.no_longer);
        Ok(asked.bind(&self.documents.number).bind(&self.documents.body))
    }

    /// Whether the batch has nothing but what every scan has.
    fn has_lines_only(&self) -> bool {
        let Columns { dossiers, documents, waiting, personal, pins, followers, consumers, .. } = self;
        let waits = !waiting.pos.is_empty() || !waiting.no_longer.is_empty();
        let consumes = !consumers.party.is_empty() || !consumers.no_longer_of.is_empty();
        let bodies = [dossiers.number.len(), documents.number.len()];
        let others = [personal.pos.len(), pins.pos.len(), followers.pos.len()];
        !waits && !consumes && bodies == [0; 2] && others == [0; 3]
    }

    /// A statement with what every scan has.
    fn lines(&self, commit: &Commit, sql: &'static str) -> Result<Asked, Error> {
        let head = &commit.head;
        let step = "keep the lane's head";
        let (of, version, pos) = (lane(commit.lane), kept(step, head.version)?, kept(step, head.pos)?);
        let (entries, runs, tags) = (&self.entries, &self.runs, &self.tags);
        let asked = ask!(sql, of, version, pos, head.sealed_at.0, head.frontier.clone(), head.told.0);
        let asked = asked
            .bind(&entries.pos)
            .bind(&entries.source)
            .bind(&entries.prev)
            .bind(&entries.logs)
            .bind(&entries.record)
            .bind(&entries.event)
            .bind(&entries.cid);
        let asked =
            asked.bind(&runs.party).bind(&runs.seq).bind(&runs.lines).bind(&runs.pos).bind(&runs.steps);
        let asked = asked.bind(&self.legs.number).bind(&self.legs.body);
        let asked = asked.bind(&self.concerns.party).bind(&self.concerns.kind).bind(&self.concerns.id);
        let asked = asked.bind(&tags.code).bind(&tags.at).bind(&tags.kind).bind(&tags.target);
        let asked = asked.bind(&tags.by_lane).bind(&tags.by_pos);
        let asked = asked.bind(&self.devices.number).bind(&self.devices.body);
        let seal = commit.seal.as_ref();
        let size = seal.map(|seal| kept("keep a seal", seal.size)).transpose()?;
        Ok(asked
            .bind(size.into_iter().collect::<Vec<i64>>())
            .bind(seal.iter().map(|seal| seal.committed_at.0).collect::<Vec<i64>>())
            .bind(seal.iter().map(|seal| seal.root.to_vec()).collect::<Vec<_>>())
            .bind(seal.iter().map(|seal| i64::from(seal.key_id)).collect::<Vec<i64>>())
            .bind(seal.iter().map(|seal| seal.signature.to_vec()).collect::<Vec<_>>()))
    }
}

fn bodies<T: codec::Body>(
    step: &'static str,
    things: impl Iterator<Item = (u64, T)>,
) -> Result<Bodies, Error> {
    let last: BTreeMap<u64, T> = things.collect();
    let mut bodies = Bodies::default();
    for (number, thing) in last {
        bodies.number.push(kept(step, number)?);
        bodies.body.push(codec::encode(step, &thing)?);
    }
    Ok(bodies)
}
