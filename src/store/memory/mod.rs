//! Owns: a store in memory, the oracle: plain maps that say what every other store must answer.
//! Never: survives its process.

mod directory;
mod journal;
mod reader;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::check::{Held, check};
use super::{
    ClockMode, Commit, Committed, Concern, Entry, Error, EventKey, First, Head, Identity, KeyRow, Listed,
    Note, PersonalRow, Phase, Stored, chain,
};
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::{CodeKey, Dossier, Leg, Tag};
use crate::dossier::device::Heard;
use crate::dossier::directory::{Directory, Source};
use crate::dossier::document::Document;
use crate::dossier::names::{Lane, Micros, Position};
use crate::seal::head::Seal;
use journal::Journal;
pub use reader::Reader;

/// A store in memory. Its clones are the same store.
#[derive(Clone, Debug)]
pub struct Store {
    state: Arc<Mutex<State>>,
    /// Who commits; like a SQLite file, a store in memory has one writer for all its lanes. The others wait their turn,
    /// as for the lock of a row.
    turn: Arc<Semaphore>,
    distant: bool,
}

#[derive(Clone, Debug)]
struct State {
    identity: Identity,
    lanes: BTreeMap<Lane, Journal>,
    directory: Directory,
    keys: BTreeMap<String, KeyRow>,
    signing_keys: BTreeMap<u32, [u8; 32]>,
    /// How the next commits end.
    faults: VecDeque<Fault>,
    /// How many calls from afar do not arrive.
    cut: usize,
}

/// How a commit may end badly: for tests of those who commit, and for the simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and nothing is kept.
    Failed,
    /// Somebody else wrote the lane meanwhile; nothing is kept.
    Overtaken,
    /// Nobody knows; nothing is kept.
    Lost,
    /// Nobody knows; all is kept.
    Kept,
}

impl Store {
    /// A new store with one lane.
    pub fn new(database: [u8; 16], epoch: [u8; 16]) -> Store {
        let lane = Lane::default();
        Store::of(State {
            identity: Identity { database, clock: None, copied: false, phase: Phase::Serving },
            lanes: BTreeMap::from([(lane, Journal::new(lane, epoch))]),
            directory: directory::empty(),
            keys: BTreeMap::new(),
            signing_keys: BTreeMap::new(),
            faults: VecDeque::new(),
            cut: 0,
        })
    }

    fn of(state: State) -> Store {
        Store { state: Arc::new(Mutex::new(state)), turn: Arc::new(Semaphore::new(1)), distant: false }
    }

    /// The same store as from another machine: every call of its writers, readers and administrators is put off once on
    /// its way there and once on its way back. Whoever polls them decides what happens in between, and where they are
    /// dropped.
    pub fn distant(&self) -> Store {
        Store { distant: true, ..self.clone() }
    }

    /// A call's way to the store or back.
    async fn way(&self) {
        if self.distant {
            // CANCEL: on the way there nothing has happened; on the way back it has, and nobody is told.
            tokio::task::yield_now().await;
        }
    }

    /// Makes the next commits end badly, one after the other, whoever commits.
    pub fn fail(&self, faults: &[Fault]) {
        self.state().faults.extend(faults);
    }

    /// Lets so many of the next calls of distant stores fail, of those that take the lane or read what most need.
    pub fn cut(&self, calls: usize) {
        self.state().cut += calls;
    }

    /// Whether something is still to end badly.
    pub fn is_failing(&self) -> bool {
        let state = self.state();
        state.cut > 0 || !state.faults.is_empty()
    }

    /// Lets everything end well from now on.
    pub fn fail_no_more(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.cut = 0;
    }

    /// Whether a call arrives.
    fn reach(&self) -> Result<(), Error> {
        let mut state = self.state();
        if self.distant && state.cut > 0 {
            state.cut -= 1;
            return Err(Error::Failed { step: "be reached", source: "it was made to fail".into() });
        }
        Ok(())
    }

    /// Spoils what is kept of an entry.
    #[cfg(test)]
    pub fn tear(&self, position: Position) {
        if let Some(journal) = self.state().lanes.get_mut(&position.lane) {
            journal.tear(position.pos);
        }
    }

    /// A writer. There may be several; one at a time takes a lane.
    pub fn writer(&self) -> Writer {
        Writer { store: self.clone(), held: None }
    }

    /// A reader.
    pub fn reader(&self) -> Reader {
        Reader(self.clone())
    }

    /// An administrator.
    pub fn admin(&self) -> Admin {
        Admin(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the maps whole: a commit is checked before the first of them changes.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads of a lane that does not exist find nothing.
    fn read<T: Default>(&self, lane: Lane, read: impl FnOnce(&Journal) -> T) -> T {
        self.state().lanes.get(&lane).map(read).unwrap_or_default()
    }

    fn chain(&self, leg: Position, last: u64) -> Result<Vec<Stored>, Error> {
        chain::walk(leg.pos, last, |pos| Ok(self.read(leg.lane, |journal| journal.stored(pos))))
    }
}

impl State {
    fn head(&self, lane: Lane) -> Result<Head, Error> {
        let journal = self.lanes.get(&lane).ok_or("no such lane").map_err(Error::failed("read the lane"))?;
        Ok(Head { directory: self.directory.version, ..journal.head.clone() })
    }
}

/// Writes to a store in memory.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    /// What is held of the lane, and the turn, which is given back when this is dropped.
    held: Option<(Held, OwnedSemaphorePermit)>,
}

#[expect(missing_docs, reason = "said once, at store::Writer")]
impl Writer {
    pub async fn begin(&mut self, lane: Lane) -> Result<Head, Error> {
        if self.held.is_some() {
            return Err(Error::Failed { step: "take the lane", source: "it is taken".into() });
        }
        self.store.reach()?;
        // CANCEL: whoever does not wait any more has no turn.
        let turn = Arc::clone(&self.store.turn).acquire_owned().await;
        let turn = turn.map_err(Error::failed("take the lane"))?;
        let head = self.store.state().head(lane)?;
        self.held = Some((Held { lane, pos: head.pos, version: head.version }, turn));
        Ok(head)
    }

    pub async fn directory(&mut self) -> Result<Directory, Error> {
        self.store.reader().directory().await
    }

    pub async fn firsts(
        &mut self,
        lane: Lane,
        keys: &[EventKey],
    ) -> Result<BTreeMap<EventKey, First>, Error> {
        self.store.reach()?;
        Ok(self.store.read(lane, |journal| {
            let found = |key: &EventKey| Some((key.clone(), journal.first_at(*journal.keys.get(key)?)?));
            keys.iter().filter_map(found).collect()
        }))
    }

    pub async fn first_at(&mut self, lane: Lane, pos: u64) -> Result<Option<First>, Error> {
        Ok(self.store.read(lane, |journal| journal.first_at(pos)))
    }

    pub async fn tags(&mut self, lane: Lane, key: &CodeKey) -> Result<Vec<Tag>, Error> {
        self.store.reader().tags(lane, key).await
    }

    pub async fn leg(&mut self, id: Position) -> Result<Option<Leg>, Error> {
        self.store.reader().leg(id).await
    }

    pub async fn tags_of(
        &mut self,
        lane: Lane,
        keys: &[CodeKey],
    ) -> Result<BTreeMap<CodeKey, Vec<Tag>>, Error> {
        let mut found = BTreeMap::new();
        for key in keys {
            found.insert(key.clone(), self.tags(lane, key).await?);
        }
        found.retain(|_, tags| !tags.is_empty());
        Ok(found)
    }

    pub async fn legs(&mut self, ids: &[Position]) -> Result<BTreeMap<Position, Leg>, Error> {
        let mut found = BTreeMap::new();
        for id in ids {
            found.extend(self.leg(*id).await?.map(|leg| (*id, leg)));
        }
        Ok(found)
    }

    pub async fn devices(&mut self, lane: Lane, sources: &[i64]) -> Result<BTreeMap<i64, Heard>, Error> {
        let heard = |journal: &Journal| {
            let of = |source: &i64| Some((*source, journal.devices.get(source)?.clone()));
            sources.iter().filter_map(of).collect()
        };
        Ok(self.store.read(lane, heard))
    }

    pub async fn dossier(&mut self, id: Position) -> Result<Option<Dossier>, Error> {
        self.store.reader().dossier(id).await
    }

    pub async fn document(&mut self, id: Position) -> Result<Option<Document>, Error> {
        self.store.reader().document(id).await
    }

    pub async fn entry(&mut self, position: Position) -> Result<Option<Stored>, Error> {
        self.store.reader().entry(position).await
    }

    pub async fn chain(&mut self, leg: Position, last: u64) -> Result<Vec<Stored>, Error> {
        self.store.chain(leg, last)
    }

    pub async fn log_heads(&mut self, lane: Lane, parties: &[i64]) -> Result<BTreeMap<i64, u64>, Error> {
        self.store.reach()?;
        Ok(parties
            .iter()
            .map(|party| (*party, self.store.read(lane, |journal| journal.log_head(*party))))
            .collect())
    }

    pub async fn device(&mut self, lane: Lane, source: i64) -> Result<Heard, Error> {
        self.store.reader().device(lane, source).await
    }

    pub async fn pin(&mut self, lane: Lane, pos: u64) -> Result<Option<Position>, Error> {
        Ok(self.store.read(lane, |journal| journal.pins.get(&pos).copied()))
    }

    pub async fn consumer(&mut self, lane: Lane, party: i64, id: &str) -> Result<Option<Consumer>, Error> {
        self.store.reader().consumer(lane, party, id).await
    }

    pub async fn consumers(
        &mut self,
        lane: Lane,
        party: i64,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Consumer>, Error> {
        self.store.reader().consumers(lane, party, after, limit).await
    }

    pub async fn commit(&mut self, commit: &Commit) -> Result<Committed, Error> {
        // The turn is over however this ends, but not before.
        let (held, _turn) = self.held.take().unzip();
        check(commit, held)?;
        let state = &mut *self.store.state();
        let Some(journal) = state.lanes.get_mut(&commit.lane) else {
            return Err(Error::Failed { step: "read the lane", source: "no such lane".into() });
        };
        journal.refuse_repeats(&commit.entries)?;
        let fault = state.faults.pop_front();
        let unknown = |why: &'static str| Error::Failed { step: "commit the batch", source: why.into() };
        match fault {
            Some(Fault::Failed) => return Err(unknown("it was made to fail")),
            Some(Fault::Overtaken) => return Ok(Committed::Overtaken),
            Some(Fault::Lost) => return Ok(Committed::Unknown(unknown("it was lost"))),
            Some(Fault::Kept) | None => {}
        }
        journal.keep(commit);
        directory::keep(&mut state.directory, &commit.notes);
        if fault.is_some() {
            return Ok(Committed::Unknown(unknown("its answer was lost")));
        }
        Ok(Committed::Done)
    }

    pub async fn rollback(&mut self) -> Result<(), Error> {
        self.held = None;
        Ok(())
    }

    pub(super) async fn way(&self) {
        self.store.way().await;
    }
}

/// Administers a store in memory.
#[derive(Clone, Debug)]
pub struct Admin(Store);

#[expect(missing_docs, reason = "said once, at store::Admin")]
impl Admin {
    pub(super) async fn way(&self) {
        self.0.way().await;
    }

    pub async fn create_key(&mut self, key: &KeyRow, enrol: &[Source]) -> Result<(), Error> {
        let mut state = self.0.state();
        if state.keys.contains_key(&key.id) {
            return Err(Error::Failed { step: "keep the key", source: "its id is kept already".into() });
        }
        let known = &state.directory.sources;
        let (mut new, mut foreign) = (Vec::new(), None);
        for source in enrol {
            match known.get(&source.name) {
                None => new.push(Note::Source(source.clone())),
                Some((_, kept)) if kept.party == source.party => {}
                Some(_) => foreign = foreign.or(Some(&source.name)),
            }
        }
        if let Some(name) = foreign {
            return Err(Error::Unfit(format!("{name} is enrolled under another party")));
        }
        directory::keep(&mut state.directory, &new);
        state.keys.insert(key.id.clone(), key.clone());
        Ok(())
    }

    pub async fn revoke_key(&mut self, id: &str, at: Micros) -> Result<bool, Error> {
        Ok(self.0.state().keys.get_mut(id).map(|key| key.revoked_at.get_or_insert(at)).is_some())
    }

    pub async fn set_clock(&mut self, mode: ClockMode) -> Result<(), Error> {
        match *self.0.state().identity.clock.get_or_insert(mode) {
            kept if kept == mode => Ok(()),
            _ => Err(Error::Unfit(super::OTHER_CLOCK.into())),
        }
    }

    pub async fn add_signing_key(&mut self, key_id: u32, public_key: &[u8; 32]) -> Result<(), Error> {
        match self.0.state().signing_keys.entry(key_id).or_insert(*public_key) {
            kept if kept == public_key => Ok(()),
            _ => Err(Error::Unfit(super::OTHER_SIGNING_KEY.into())),
        }
    }

    pub async fn begin_epoch(&mut self, epoch: &[u8; 16]) -> Result<(), Error> {
        let mut state = self.0.state();
        if self.0.turn.available_permits() == 0 {
            return Err(Error::Failed { step: "begin an epoch", source: "a lane is taken".into() });
        }
        state.identity.copied = false;
        for journal in state.lanes.values_mut() {
            let ended = std::mem::replace(&mut journal.head.epoch, *epoch);
            journal.ended.insert(ended, journal.head.pos);
            journal.head.version += 1;
        }
        Ok(())
    }

    pub async fn add_lane(&mut self) -> Result<Lane, Error> {
        let mut state = self.0.state();
        let state = &mut *state;
        let last = state.lanes.last_key_value().ok_or(Error::Corrupt { what: "lanes" })?;
        let (lane, epoch) = (Lane(last.0.0 + 1), last.1.head.epoch);
        state.lanes.insert(lane, Journal::new(lane, epoch));
        state.directory.lanes.push(lane);
        state.directory.version += 1;
        Ok(lane)
    }

    pub async fn erase_personal(&mut self, position: Position) -> Result<bool, Error> {
        let mut state = self.0.state();
        let journal = state.lanes.get_mut(&position.lane);
        Ok(journal.is_some_and(|journal| journal.personal.remove(&position.pos).is_some()))
    }
}
