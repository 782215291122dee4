//! Reading a store in memory.

use super::Store;
use super::journal::Journal;
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::{CodeKey, Dossier, Leg, Tag};
use crate::dossier::device::Heard;
use crate::dossier::directory::Directory;
use crate::dossier::document::Document;
use crate::dossier::names::{Lane, Micros, Position};
use crate::seal::head::Seal;
use crate::store::{Concern, Error, Head, Identity, KeyRow, Listed, PersonalRow, Stored};

/// Reads a store in memory.
#[derive(Clone, Debug)]
pub struct Reader(pub(super) Store);

#[expect(missing_docs, reason = "said once, at store::Reader")]
impl Reader {
    pub fn snapshot(&self) -> Reader {
        let now = self.0.state().clone();
        Reader(Store { distant: self.0.distant, ..Store::of(now) })
    }

    pub(in crate::store) async fn way(&self) {
        self.0.way().await;
    }

    pub async fn identity(&self) -> Result<Identity, Error> {
        Ok(self.0.state().identity.clone())
    }

    pub async fn head(&self, lane: Lane) -> Result<Head, Error> {
        self.0.reach()?;
        self.0.state().head(lane)
    }

    pub async fn directory(&self) -> Result<Directory, Error> {
        Ok(self.0.state().directory.clone())
    }

    pub async fn time(&self) -> Result<Option<Micros>, Error> {
        Ok(None)
    }

    pub async fn directory_version(&self) -> Result<i64, Error> {
        Ok(self.0.state().directory.version)
    }

    pub async fn log_after(
        &self,
        lane: Lane,
        party: i64,
        seq: u64,
        limit: usize,
    ) -> Result<Vec<Listed>, Error> {
        self.0.reach()?;
        Ok(self.0.read(lane, |journal| journal.log_after(party, seq, limit)))
    }

    pub async fn log_head(&self, lane: Lane, party: i64) -> Result<u64, Error> {
        Ok(self.0.read(lane, |journal| journal.log_head(party)))
    }

    pub async fn log_seq(&self, lane: Lane, party: i64, pos: u64) -> Result<Option<u64>, Error> {
        Ok(self.0.read(lane, |journal| journal.log_seq(party, pos)))
    }

    pub async fn entry(&self, position: Position) -> Result<Option<Stored>, Error> {
        self.0.reach()?;
        Ok(self.0.read(position.lane, |journal| journal.stored(position.pos)))
    }

    pub async fn leg(&self, id: Position) -> Result<Option<Leg>, Error> {
        self.0.reach()?;
        Ok(self.0.read(id.lane, |journal| journal.legs.get(&id).cloned()))
    }

    pub async fn dossier(&self, id: Position) -> Result<Option<Dossier>, Error> {
        Ok(self.0.read(id.lane, |journal| journal.dossiers.get(&id).cloned()))
    }

    pub async fn document(&self, id: Position) -> Result<Option<Document>, Error> {
        Ok(self.0.read(id.lane, |journal| journal.documents.get(&id).cloned()))
    }

    pub async fn legs(&self, lane: Lane, ids: &[Position]) -> Result<Vec<Leg>, Error> {
        self.0.reach()?;
        let found = |journal: &Journal| ids.iter().filter_map(|id| journal.legs.get(id).cloned()).collect();
        Ok(self.0.read(lane, found))
    }

    pub async fn dossiers(&self, lane: Lane, ids: &[Position]) -> Result<Vec<Dossier>, Error> {
        let found =
            |journal: &Journal| ids.iter().filter_map(|id| journal.dossiers.get(id).cloned()).collect();
        Ok(self.0.read(lane, found))
    }

    pub async fn tags(&self, lane: Lane, key: &CodeKey) -> Result<Vec<Tag>, Error> {
        self.0.reach()?;
        Ok(self.0.read(lane, |journal| journal.tags_of(key)))
    }

    pub async fn chain(&self, leg: Position, last: u64) -> Result<Vec<Stored>, Error> {
        self.0.chain(leg, last)
    }

    pub async fn legs_of(
        &self,
        lane: Lane,
        party: i64,
        below: u64,
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        let ends = [0, below].map(|pos| Concern::Leg(Position { lane, pos }));
        Ok(self.0.read(lane, |journal| journal.concerns(party, ends, limit)))
    }

    pub async fn dossiers_of(
        &self,
        lane: Lane,
        party: i64,
        below: u64,
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        let ends = [0, below].map(|pos| Concern::Dossier(Position { lane, pos }));
        Ok(self.0.read(lane, |journal| journal.concerns(party, ends, limit)))
    }

    pub async fn documents_of(
        &self,
        lane: Lane,
        party: i64,
        below: u64,
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        let ends = [0, below].map(|pos| Concern::Document(Position { lane, pos }));
        Ok(self.0.read(lane, |journal| journal.concerns(party, ends, limit)))
    }

    pub async fn personal(&self, position: Position) -> Result<Option<PersonalRow>, Error> {
        Ok(self.0.read(position.lane, |journal| journal.personal.get(&position.pos).cloned()))
    }

    pub async fn seal_covering(&self, lane: Lane, pos: u64) -> Result<Option<Seal>, Error> {
        Ok(self.0.read(lane, |journal| journal.seals.range(pos..).next().map(|(_, seal)| seal.clone())))
    }

    pub async fn seal_at(&self, lane: Lane, time: Micros) -> Result<Option<Seal>, Error> {
        let before = |seal: &&Seal| seal.committed_at <= time;
        Ok(self.0.read(lane, |journal| journal.seals.values().rfind(before).cloned()))
    }

    pub async fn last_seal(&self, lane: Lane) -> Result<Option<Seal>, Error> {
        Ok(self.0.read(lane, |journal| journal.seals.values().next_back().cloned()))
    }

    pub async fn signing_key(&self, key_id: u32) -> Result<Option<[u8; 32]>, Error> {
        Ok(self.0.state().signing_keys.get(&key_id).copied())
    }

    pub async fn ended_epoch(&self, lane: Lane, epoch: [u8; 16]) -> Result<Option<u64>, Error> {
        Ok(self.0.read(lane, |journal| journal.ended.get(&epoch).copied()))
    }

    pub async fn device(&self, lane: Lane, source: i64) -> Result<Heard, Error> {
        Ok(self.0.read(lane, |journal| journal.devices.get(&source).cloned().unwrap_or_default()))
    }

    pub async fn key(&self, id: &str) -> Result<Option<KeyRow>, Error> {
        Ok(self.0.state().keys.get(id).cloned())
    }

    pub async fn keys(&self) -> Result<Vec<KeyRow>, Error> {
        let mut keys: Vec<KeyRow> = self.0.state().keys.values().cloned().collect();
        keys.sort_by_key(|key| key.created_at);
        Ok(keys)
    }

    pub async fn consumer(&self, lane: Lane, party: i64, id: &str) -> Result<Option<Consumer>, Error> {
        Ok(self.0.read(lane, |journal| journal.consumer(party, id)))
    }

    pub async fn consumers(
        &self,
        lane: Lane,
        party: i64,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Consumer>, Error> {
        Ok(self.0.read(lane, |journal| journal.consumers(party, after, limit)))
    }

    pub async fn follower(&self, lane: Lane, name: &str) -> Result<u64, Error> {
        Ok(self.0.read(lane, |journal| journal.followers.get(name).copied().unwrap_or_default()))
    }

    pub async fn tie_work(&self, lane: Lane, after: u64, upto: u64, limit: usize) -> Result<Vec<u64>, Error> {
        let state = self.0.state();
        let awaited = state.lanes.values().flat_map(Journal::awaited).collect();
        let work = state.lanes.get(&lane).map(|journal| journal.tie_work(&awaited, after, upto, limit));
        Ok(work.unwrap_or_default())
    }

    pub async fn waits_for(&self, lane: Lane, pos: u64) -> Result<Vec<CodeKey>, Error> {
        Ok(self.0.read(lane, |journal| journal.waits_for(pos)))
    }

    pub async fn waiting_on(&self, lane: Lane, key: &CodeKey) -> Result<Vec<u64>, Error> {
        Ok(self.0.read(lane, |journal| journal.waiting_on(key)))
    }

    pub async fn unplaced(&self, lane: Lane, limit: usize) -> Result<Vec<u64>, Error> {
        Ok(self.0.read(lane, |journal| journal.unplaced(limit)))
    }

    pub async fn log_bytes(&self) -> Result<u64, Error> {
        Ok(0)
    }

    pub async fn pin(&self, lane: Lane, pos: u64) -> Result<Option<Position>, Error> {
        Ok(self.0.read(lane, |journal| journal.pins.get(&pos).copied()))
    }

    pub async fn tags_made_at(&self, lane: Lane, pos: u64) -> Result<Vec<Tag>, Error> {
        Ok(self.0.read(lane, |journal| journal.tags_made_at(pos)))
    }
}
