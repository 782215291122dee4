//! What must hold when everything was said and nothing moves any more.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use trao::dossier::desk::TagTarget;
use trao::dossier::names::Position;
use trao::store::Reader;
use trao::stream::{Feeds, Log, Meaning, Tie};

use super::executor::at_once;
use super::gateway::LANE;
use super::world::World;

impl World {
    /// Nothing was lost, nothing was made up, everybody holds what is theirs.
    pub fn judge_the_rest(&self) -> Result<(), String> {
        self.stored_lines_are_as_they_were()?;
        self.outboxes_are_stored()?;
        self.readers_hold_their_logs()?;
        self.everything_placeable_is_placed()
    }

    fn stored_lines_are_as_they_were(&self) -> Result<(), String> {
        let head = at_once(self.store.head(LANE)).map_err(|error| error.to_string())?;
        for pos in 1..=head.pos {
            let stored =
                at_once(self.store.entry(Position { lane: LANE, pos })).map_err(|e| e.to_string())?;
            if stored.as_ref().map(|stored| &stored.record) != self.judge.record_at(pos) {
                return Err(format!("what stands at {pos} has changed"));
            }
        }
        Ok(())
    }

    /// Every fact that a device captured stands in the journal, and nothing else of its source.
    fn outboxes_are_stored(&self) -> Result<(), String> {
        let directory = at_once(self.store.directory()).map_err(|error| error.to_string())?;
        for device in self.clients.iter().filter_map(|client| client.as_device()) {
            let mut facts = 0;
            for fact in device.facts() {
                facts += 1;
                let key = (fact.source.to_string(), fact.id.clone());
                if self.judge.position_of(&key).is_none() {
                    return Err(format!("{key:?} was captured and is not stored"));
                }
            }
            let (enrolment, _) = directory.sources.get(device.source()).ok_or("a source is gone")?;
            let heard = at_once(self.store.device(LANE, enrolment.id)).map_err(|error| error.to_string())?;
            if heard.contiguous != facts || !heard.beyond.is_empty() {
                return Err(format!("{} sent {facts} numbers, heard are {heard:?}", device.source()));
            }
        }
        Ok(())
    }

    fn readers_hold_their_logs(&self) -> Result<(), String> {
        let directory = at_once(self.store.directory()).map_err(|error| error.to_string())?;
        let Reader::Memory(reader) = &self.store else { return Ok(()) };
        let wakes = std::sync::Arc::new(trao::journal::Wakes::new([]));
        let seen = tokio::sync::watch::channel(std::sync::Arc::new(directory.clone())).1;
        let feeds = Feeds::new(
            Reader::Memory(reader.clone()),
            wakes,
            seen,
            trao::stream::Options::default(),
            Default::default(),
        );
        for reader in self.clients.iter().filter_map(|client| client.as_reader()) {
            let party = reader.party();
            let positions = self.judge.log_of(party);
            let log: Vec<_> = positions.iter().filter_map(|pos| self.judge.record_at(*pos)).collect();
            if reader.held().iter().collect::<Vec<_>>() != log {
                return Err(format!("a reader of {party} does not hold its log"));
            }
            let of = Log::of(&directory, party).map_err(|refusal| refusal.to_string())?;
            let listed = at_once(self.store.log_after(LANE, of.id, 0, 100_000)).map_err(|e| e.to_string())?;
            if listed.iter().map(|listed| listed.stored.pos).ne(positions.iter().copied()) {
                return Err(format!("the log of {party} is not as it was listed"));
            }
            // As the gateway tells it, from the beginning and from wherever it ever was.
            for (cursor, behind) in reader.cursors() {
                let told = self.digest(&feeds, &of, Some(cursor))?;
                if told != digest(reader.held().get(*behind..).unwrap_or_default()) {
                    return Err(format!("{party} behind {behind} is digested otherwise than it was read"));
                }
            }
            if self.digest(&feeds, &of, None)? != Some(reader.digest()).filter(|_| !log.is_empty()) {
                return Err(format!("{party} is digested otherwise than it was read"));
            }
        }
        Ok(())
    }

    fn digest(&self, feeds: &Feeds, log: &Log, from: Option<&[u8]>) -> Result<Option<[u8; 32]>, String> {
        let told = self.block_on(feeds.digest(log, from, None)).map_err(|refusal| refusal.to_string())?;
        if !told.complete {
            return Err("a digest of a short log is not complete".into());
        }
        Ok(told.stretches.first().map(|stretch| stretch.sha256))
    }

    /// Whether what an event means was unclear for a while for another reason than that its code was unknown: the code was
    /// given to several legs, or a leg under it was at its end or partly voided. When that changes nobody is told, and
    /// the event waits for a command.
    fn was_unclear(&self, pos: u64) -> Result<bool, String> {
        let mut legs = BTreeSet::new();
        for key in at_once(self.store.waits_for(LANE, pos)).map_err(|error| error.to_string())? {
            for tag in at_once(self.store.tags(LANE, &key)).map_err(|error| error.to_string())? {
                match tag.target {
                    _ if key.is_receptacle() => {}
                    TagTarget::Leg(leg) => _ = legs.insert(leg),
                    TagTarget::Dossier(dossier) => {
                        let dossier =
                            at_once(self.store.dossier(dossier)).map_err(|error| error.to_string())?;
                        legs.extend(dossier.into_iter().flat_map(|dossier| dossier.legs));
                    }
                }
            }
        }
        Ok(legs.len() > 1 || legs.iter().any(|leg| self.judge.has_wavered(*leg)))
    }

    /// What still waits means nothing that anybody could know, or is a bag's scan that is on everything in the bag.
    fn everything_placeable_is_placed(&self) -> Result<(), String> {
        let Some(handle) = self.gateways.first().and_then(|gateway| gateway.handle()) else {
            return Err("no gateway serves".into());
        };
        let tie = Tie::new(self.store.clone(), handle, LANE, trao::store::Lease::Alone);
        let head = at_once(self.store.head(LANE)).map_err(|error| error.to_string())?;
        let mut waiting = BTreeSet::new();
        for pos in 1..=head.pos {
            if !at_once(self.store.waits_for(LANE, pos)).map_err(|error| error.to_string())?.is_empty() {
                waiting.insert(pos);
            }
        }
        for pos in waiting {
            let from = Position { lane: LANE, pos };
            if self.was_unclear(pos)? {
                continue;
            }
            match at_once(tie.meaning(from, None)).map_err(|error| error.to_string())? {
                Meaning::Nothing => {}
                Meaning::Leg(leg) => return Err(format!("{pos} waits and means leg {leg}")),
                Meaning::Legs { done: true, legs } => return Err(format!("{pos} waits and means {legs:?}")),
                Meaning::Legs { legs, .. } => {
                    // What is in the bag again because an end or a void was undone: nobody is told of that.
                    let missed =
                        |leg: &&Position| !self.judge.is_placed(pos, **leg) && !self.judge.has_wavered(**leg);
                    if let Some(leg) = legs.iter().find(missed) {
                        return Err(format!("{pos} is about a bag that holds leg {leg} and is not on it"));
                    }
                }
            }
        }
        Ok(())
    }
}

fn digest(records: &[bytes::Bytes]) -> Option<[u8; 32]> {
    let mut digest = Sha256::new();
    for record in records {
        digest.update(Sha256::digest(record));
    }
    (!records.is_empty()).then(|| digest.finalize().into())
}
