//! One writer, one reader and one administrator for every kind of store: each call goes to the kind that is there.

use std::collections::BTreeMap;

use super::{
    ClockMode, Commit, Committed, Error, EventKey, First, Head, Identity, KeyRow, Listed, PersonalRow,
    Stored, memory, postgres, sqlite,
};
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::{CodeKey, Dossier, Leg, Tag};
use crate::dossier::device::Heard;
use crate::dossier::directory::{Directory, Source};
use crate::dossier::document::Document;
use crate::dossier::names::{Lane, Micros, Position};
use crate::seal::head::Seal;

/// A lane's writer. Every method is called between `begin` and `commit`, except `begin` itself.
#[derive(Debug)]
pub enum Writer {
    /// In memory.
    Memory(memory::Writer),
    /// In a SQLite file.
    Sqlite(sqlite::Writer),
    /// In a PostgreSQL database.
    Postgres(postgres::Writer),
}

/// A reader: cheap to clone, used by many at once.
#[derive(Clone, Debug)]
pub enum Reader {
    /// In memory.
    Memory(memory::Reader),
    /// In a SQLite file.
    Sqlite(sqlite::Reader),
    /// In a PostgreSQL database.
    Postgres(postgres::Reader),
}

/// What an administrator changes beside the writer, also from another process while it writes.
#[derive(Debug)]
pub enum Admin {
    /// In memory.
    Memory(memory::Admin),
    /// In a SQLite file.
    Sqlite(sqlite::Admin),
    /// In a PostgreSQL database.
    Postgres(postgres::Admin),
}

/// Writes the same call for every kind of store. One in memory may be made to be far away, so its calls have a way to go.
macro_rules! forward {
    ($kind:ident, $($(#[$meta:meta])* fn $name:ident(&self $(, $arg:ident: $ty:ty)*) -> $ret:ty;)*) => {
        impl $kind {
            $(
                $(#[$meta])*
                pub async fn $name(&self $(, $arg: $ty)*) -> Result<$ret, Error> {
                    match self {
                        $kind::Memory(store) => {
                            store.way().await;
                            let told = store.$name($($arg),*).await;
                            store.way().await;
                            told
                        }
                        $kind::Sqlite(store) => store.$name($($arg),*),
                        $kind::Postgres(store) => store.$name($($arg),*).await,
                    }
                }
            )*
        }
    };
    ($kind:ident, $($(#[$meta:meta])* fn $name:ident(&mut self $(, $arg:ident: $ty:ty)*) -> $ret:ty;)*) => {
        impl $kind {
            $(
                $(#[$meta])*
                pub async fn $name(&mut self $(, $arg: $ty)*) -> Result<$ret, Error> {
                    match self {
                        $kind::Memory(store) => {
                            store.way().await;
                            let told = store.$name($($arg),*).await;
                            store.way().await;
                            told
                        }
                        $kind::Sqlite(store) => store.$name($($arg),*),
                        $kind::Postgres(store) => store.$name($($arg),*).await,
                    }
                }
            )*
        }
    };
}

forward! { Writer,
    /// Takes the lane until `commit` or `rollback`.
    fn begin(&mut self, lane: Lane) -> Head;
    /// The directory as this lane's commits see it.
    fn directory(&mut self) -> Directory;
    /// What was journaled under keys; absent keys are absent from the answer.
    fn firsts(&mut self, lane: Lane, keys: &[EventKey]) -> BTreeMap<EventKey, First>;
    /// What was journaled at a position, as a key's first.
    fn first_at(&mut self, lane: Lane, pos: u64) -> Option<First>;
    /// All tags of a code.
    fn tags(&mut self, lane: Lane, key: &CodeKey) -> Vec<Tag>;
    /// All tags of codes; a code without any is absent from the answer.
    fn tags_of(&mut self, lane: Lane, keys: &[CodeKey]) -> BTreeMap<CodeKey, Vec<Tag>>;
    /// A leg.
    fn leg(&mut self, id: Position) -> Option<Leg>;
    /// Legs; those that do not exist are absent from the answer.
    fn legs(&mut self, ids: &[Position]) -> BTreeMap<Position, Leg>;
    /// A dossier.
    fn dossier(&mut self, id: Position) -> Option<Dossier>;
    /// A document.
    fn document(&mut self, id: Position) -> Option<Document>;
    /// One entry.
    fn entry(&mut self, position: Position) -> Option<Stored>;
    /// The events of a leg's chain from `last` back to its birth, newest first.
    fn chain(&mut self, leg: Position, last: u64) -> Vec<Stored>;
    /// The last number of each party's log, by short number; 0 where it is empty.
    fn log_heads(&mut self, lane: Lane, parties: &[i64]) -> BTreeMap<i64, u64>;
    /// What was heard from a source.
    fn device(&mut self, lane: Lane, source: i64) -> Heard;
    /// What was heard from sources; one that was never heard is absent from the answer.
    fn devices(&mut self, lane: Lane, sources: &[i64]) -> BTreeMap<i64, Heard>;
    /// The leg a waiting event is pinned to.
    fn pin(&mut self, lane: Lane, pos: u64) -> Option<Position>;
    /// A consumer of a party's log.
    fn consumer(&mut self, lane: Lane, party: i64, id: &str) -> Option<Consumer>;
    /// Consumers of a party's log after an id, in the order of their ids.
    fn consumers(&mut self, lane: Lane, party: i64, after: &str, limit: usize) -> Vec<Consumer>;
    /// Writes a batch and lets the lane go. An `Err` means that nothing of it is kept.
    fn commit(&mut self, commit: &Commit) -> Committed;
    /// Lets the lane go; nothing is kept.
    fn rollback(&mut self) -> ();
}

impl Reader {
    /// A reader of the store as it is now, for a few reads that should agree; to be dropped soon. A database in which
    /// reads are ways there and back is read as it goes on, for nothing is begun there that a request could leave open:
    /// whoever reads must know what came later from what it finds, as look-ups as of a position do.
    pub fn snapshot(&self) -> Result<Reader, Error> {
        match self {
            Reader::Memory(store) => Ok(Reader::Memory(store.snapshot())),
            Reader::Sqlite(store) => store.snapshot().map(Reader::Sqlite),
            Reader::Postgres(store) => Ok(Reader::Postgres(store.clone())),
        }
    }
}

forward! { Reader,
    /// What the store is.
    fn identity(&self) -> Identity;
    /// A lane's head.
    fn head(&self, lane: Lane) -> Head;
    /// The directory.
    fn directory(&self) -> Directory;
    /// The directory's version alone.
    fn directory_version(&self) -> i64;
    /// The store's own clock; `None` where it is the machine's.
    fn time(&self) -> Option<Micros>;
    /// A party's log after a number, at most `limit` lines and about a megabyte, in order.
    fn log_after(&self, lane: Lane, party: i64, seq: u64, limit: usize) -> Vec<Listed>;
    /// The last number of a party's log.
    fn log_head(&self, lane: Lane, party: i64) -> u64;
    /// The number of an entry in a party's log, if it is listed there.
    fn log_seq(&self, lane: Lane, party: i64, pos: u64) -> Option<u64>;
    /// One entry.
    fn entry(&self, position: Position) -> Option<Stored>;
    /// A leg.
    fn leg(&self, id: Position) -> Option<Leg>;
    /// Legs of one lane; those that do not exist are absent from the answer.
    fn legs(&self, lane: Lane, ids: &[Position]) -> Vec<Leg>;
    /// A dossier.
    fn dossier(&self, id: Position) -> Option<Dossier>;
    /// A document.
    fn document(&self, id: Position) -> Option<Document>;
    /// Dossiers of one lane; those that do not exist are absent from the answer.
    fn dossiers(&self, lane: Lane, ids: &[Position]) -> Vec<Dossier>;
    /// All tags of a code.
    fn tags(&self, lane: Lane, key: &CodeKey) -> Vec<Tag>;
    /// The events of a leg's chain from `last` back to its birth, newest first.
    fn chain(&self, leg: Position, last: u64) -> Vec<Stored>;
    /// Legs listed for a party below an id, newest first.
    fn legs_of(&self, lane: Lane, party: i64, below: u64, limit: usize) -> Vec<Position>;
    /// Dossiers listed for a party below an id, newest first.
    fn dossiers_of(&self, lane: Lane, party: i64, below: u64, limit: usize) -> Vec<Position>;
    /// Documents listed for a party below an id, newest first.
    fn documents_of(&self, lane: Lane, party: i64, below: u64, limit: usize) -> Vec<Position>;
    /// A personal part, unless there is none or it was erased.
    fn personal(&self, position: Position) -> Option<PersonalRow>;
    /// The first seal that covers a position: the smallest size not below it.
    fn seal_covering(&self, lane: Lane, pos: u64) -> Option<Seal>;
    /// The last seal committed at or before a time.
    fn seal_at(&self, lane: Lane, time: Micros) -> Option<Seal>;
    /// The last seal.
    fn last_seal(&self, lane: Lane) -> Option<Seal>;
    /// The public key of a signing key's id.
    fn signing_key(&self, key_id: u32) -> Option<[u8; 32]>;
    /// The last position that the history of an epoch that ended has in common with the lane's own; `None` of an epoch that
    /// is not known to have ended here. Along a history heads only grow, so what a later restoring kept of it includes what
    /// the first one kept, and one position tells for all of them.
    fn ended_epoch(&self, lane: Lane, epoch: [u8; 16]) -> Option<u64>;
    /// What was heard from a source.
    fn device(&self, lane: Lane, source: i64) -> Heard;
    /// An API key.
    fn key(&self, id: &str) -> Option<KeyRow>;
    /// All API keys.
    fn keys(&self) -> Vec<KeyRow>;
    /// A consumer of a party's log.
    fn consumer(&self, lane: Lane, party: i64, id: &str) -> Option<Consumer>;
    /// Consumers of a party's log after an id, in the order of their ids.
    fn consumers(&self, lane: Lane, party: i64, after: &str, limit: usize) -> Vec<Consumer>;
    /// How far a follower has come.
    fn follower(&self, lane: Lane, name: &str) -> u64;
    /// Positions after one and up to another whose events wait, or made a code known that something waits for, ascending.
    fn tie_work(&self, lane: Lane, after: u64, upto: u64, limit: usize) -> Vec<u64>;
    /// The leg a waiting event is pinned to.
    fn pin(&self, lane: Lane, pos: u64) -> Option<Position>;
    /// The codes an event waits for.
    fn waits_for(&self, lane: Lane, pos: u64) -> Vec<CodeKey>;
    /// The events that wait for a code, ascending.
    fn waiting_on(&self, lane: Lane, key: &CodeKey) -> Vec<u64>;
    /// Events that wait for a code, ascending; not scans of bags, which wait for contents.
    fn unplaced(&self, lane: Lane, limit: usize) -> Vec<u64>;
    /// Bytes of the write-ahead log on disk; 0 where there is none.
    fn log_bytes(&self) -> u64;
    /// The codes that an event attached, with all their tags.
    fn tags_made_at(&self, lane: Lane, pos: u64) -> Vec<Tag>;
}

forward! { Admin,
    /// Keeps a key; enrols those of its sources that are new. A source of another party is refused.
    fn create_key(&mut self, key: &KeyRow, enrol: &[Source]) -> ();
    /// Revokes a key from a time on, unless it is revoked already. Whether there is such a key.
    fn revoke_key(&mut self, id: &str, at: Micros) -> bool;
    /// Fixes whose time it is. Another choice than the first is refused.
    fn set_clock(&mut self, mode: ClockMode) -> ();
    /// Keeps the public key of a signing key. Another one under the same id is refused.
    fn add_signing_key(&mut self, key_id: u32, public_key: &[u8; 32]) -> ();
    /// Begins a new epoch in every lane and keeps how far the one that ends went: the store is a copy no more.
    fn begin_epoch(&mut self, epoch: &[u8; 16]) -> ();
    /// Adds an empty lane, the newest: roots that are enrolled from now on go there.
    fn add_lane(&mut self) -> Lane;
    /// Erases a personal part for good. Whether there was one.
    fn erase_personal(&mut self, position: Position) -> bool;
}
