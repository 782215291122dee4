//! Looks at the store after every step: what came since the last look, as the judge wants to be told.

use std::collections::{BTreeMap, BTreeSet};

use trao::dossier::names::{PartyName, Position};
use trao::seal::record::Record;
use trao::store::Reader;

use super::executor::at_once;
use super::gateway::LANE;
use super::judge::{Head, Line, Seen};

/// How far the store was looked at.
#[derive(Default)]
pub struct Watch {
    pos: u64,
    version: u64,
    parties: BTreeMap<PartyName, i64>,
}

impl Watch {
    /// What came since the last look.
    pub fn look(&mut self, store: &Reader) -> Result<Vec<Seen>, String> {
        let failed = |error: trao::store::Error| format!("the store cannot be read: {error}");
        let head = at_once(store.head(LANE)).map_err(failed)?;
        if head.version == self.version {
            return Ok(Vec::new());
        }
        if self.parties.is_empty() {
            let directory = at_once(store.directory()).map_err(failed)?;
            self.parties = directory.parties.into_iter().map(|(name, (at, _))| (name, at.id)).collect();
        }
        let (mut seen, mut changed) = (Vec::new(), BTreeSet::new());
        for pos in self.pos + 1..=head.pos {
            let position = Position { lane: LANE, pos };
            let stored = at_once(store.entry(position)).map_err(failed)?;
            let stored = stored.ok_or_else(|| format!("position {pos} is not there"))?;
            let record = Record::decode(&stored.record).map_err(|error| error.to_string())?;
            changed.extend(record.leg.into_iter().chain(record.other_leg));
            let mut logs = Vec::new();
            for (party, id) in &self.parties {
                let seq = at_once(store.log_seq(LANE, *id, pos)).map_err(failed)?;
                logs.extend(seq.map(|seq| (party.clone(), seq)));
            }
            let personal = at_once(store.personal(position)).map_err(failed)?.map(|row| row.body);
            seen.push(Seen::Stored(Box::new(Line { pos, record: stored.record, personal, logs })));
        }
        let mut legs = Vec::new();
        for id in changed {
            let leg = at_once(store.leg(id)).map_err(failed)?;
            let leg = leg.ok_or_else(|| format!("leg {id} is named and not there"))?;
            let chain = at_once(store.chain(id, leg.last.pos)).map_err(failed)?;
            legs.push((leg, chain.into_iter().map(|stored| stored.record).collect()));
        }
        let seal = at_once(store.last_seal(LANE)).map_err(failed)?;
        let sealed = Head { pos: head.pos, epoch: head.epoch, frontier: head.frontier, seal };
        seen.push(Seen::Sealed(Box::new(sealed)));
        if head.pos > self.pos {
            seen.push(Seen::Legs(legs));
        }
        (self.pos, self.version) = (head.pos, head.version);
        Ok(seen)
    }

    /// Whether the last look is of this version.
    pub fn version(&self) -> u64 {
        self.version
    }
}
