//! What every kind of store must do, run over each of them.

mod consumers;
mod directory;
mod journal;
mod keys;
mod lanes;
pub(super) mod random;

use super::postgres::tests::Cluster;
use super::postgres::{Database, Founding};
use super::{
    Admin, Commit, Committed, Concern, Entry, EventKey, Head, KeyId, Reader, Writer, memory, postgres, sqlite,
};
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::decision::{Decision, DecisionKind};
use crate::dossier::desk::{Changes, CodeKey, Dossier, Leg, Tag, TagTarget};
use crate::dossier::document::Document;
use crate::dossier::handover::{Manifest, ManifestKind, ManifestState, Side};
use crate::dossier::leg::{Birth, LegKind};
use crate::dossier::names::{Lane, Micros, PartyName, Position};
use crate::dossier::particulars::Terms;
use crate::seal::head::Seal;

const LANE: Lane = Lane(0);
const DATABASE: [u8; 16] = [0xd0; 16];
const EPOCH: [u8; 16] = [0xe0; 16];

/// Writes each test once for every kind of store.
macro_rules! on_every_store {
    ($($name:ident,)*) => {
        mod memory {
            $(#[tokio::test] async fn $name() { super::$name(super::Kept::memory()).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Kept::sqlite()).await; })*
        }
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::Kept::postgres().await).await; })*
        }
    };
}
use on_every_store;

/// A store under test.
pub(super) struct Kept {
    pub(super) writer: Writer,
    pub(super) reader: Reader,
    pub(super) admin: Admin,
    folder: Option<(sqlite::Lock, tempfile::TempDir)>,
}

impl Kept {
    pub(super) fn memory() -> Kept {
        let store = memory::Store::new(DATABASE, EPOCH);
        Kept {
            writer: Writer::Memory(store.writer()),
            reader: Reader::Memory(store.reader()),
            admin: Admin::Memory(store.admin()),
            folder: None,
        }
    }

    pub(super) fn sqlite() -> Kept {
        let folder = tempfile::tempdir().unwrap();
        let lock = sqlite::lock(folder.path()).unwrap();
        sqlite::create(&lock, &DATABASE, &EPOCH, Micros(0)).unwrap();
        Kept::open(lock, folder)
    }

    pub(super) async fn postgres() -> Kept {
        let database = Database::of_url(&Cluster::shared().empty_schema()).unwrap();
        let founding = Founding { database: DATABASE, epoch: EPOCH };
        assert!(postgres::migrate(&database, founding, Micros(0)).await.unwrap().1);
        Kept {
            writer: Writer::Postgres(postgres::Writer::new(&database)),
            reader: Reader::Postgres(postgres::Reader::new(&database)),
            admin: Admin::Postgres(postgres::Admin::new(&database)),
            folder: None,
        }
    }

    fn open(lock: sqlite::Lock, folder: tempfile::TempDir) -> Kept {
        let store = sqlite::open(&lock).unwrap();
        Kept {
            writer: Writer::Sqlite(store.writer),
            reader: Reader::Sqlite(store.reader),
            admin: Admin::Sqlite(sqlite::Admin::open(folder.path()).unwrap()),
            folder: Some((lock, folder)),
        }
    }

    /// The store in a file after its process ended.
    pub(super) fn closed(self) -> (sqlite::Lock, tempfile::TempDir) {
        self.folder.unwrap()
    }

    /// The store in a file after its process ended and another began.
    pub(super) fn reopened(self) -> Kept {
        let (lock, folder) = self.closed();
        Kept::open(lock, folder)
    }

    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().unwrap().1.path()
    }

    /// Commits one batch.
    pub(super) async fn commit(&mut self, fill: impl FnOnce(&mut Batch)) -> Result<Committed, super::Error> {
        let mut batch = Batch::on(self.writer.begin(LANE).await.unwrap());
        fill(&mut batch);
        self.writer.commit(&batch.done()).await
    }

    /// Commits one batch, which must be kept.
    pub(super) async fn keep(&mut self, fill: impl FnOnce(&mut Batch)) {
        assert!(matches!(self.commit(fill).await, Ok(Committed::Done)));
    }
}

/// A commit being put together.
pub(super) struct Batch(pub(super) Commit);

/// An id as any text spells it.
fn spelled(id: &str) -> KeyId {
    KeyId::Spelled(id.as_bytes().into())
}

impl Batch {
    pub(super) fn on(head: Head) -> Batch {
        let lane = head.lane;
        let head = Head { version: head.version + 1, sealed_at: head.sealed_at.plus(10), ..head };
        Batch(Commit {
            lane,
            head,
            entries: Vec::new(),
            changes: Changes::default(),
            concerns: Vec::new(),
            devices: Vec::new(),
            notes: Vec::new(),
            seal: None,
        })
    }

    /// Adds a line, listed in no log yet.
    pub(super) fn line(&mut self, id: &str) -> &mut Entry {
        self.0.head.pos += 1;
        let pos = self.0.head.pos;
        self.0.entries.push(Entry {
            pos,
            key: EventKey { id: spelled(id), source: 7 },
            record: format!("record of {id}").into(),
            event: format!("event of {id}").into(),
            prev: 0,
            logs: Vec::new(),
            personal: None,
            waits_for: Vec::new(),
            placed: None,
        });
        self.0.entries.last_mut().unwrap()
    }

    pub(super) fn done(mut self) -> Commit {
        let size = self.0.head.pos;
        let committed_at = self.0.head.sealed_at;
        if !self.0.entries.is_empty() && self.0.seal.is_none() {
            self.0.seal = Some(Seal { size, committed_at, root: [1; 32], key_id: 9, signature: [2; 64] });
            self.0.head.frontier = size.to_be_bytes().to_vec();
        }
        self.0
    }
}

fn at(pos: u64) -> Position {
    Position { lane: LANE, pos }
}

fn party(name: &str) -> PartyName {
    PartyName::new(name)
}

fn item(number: u8) -> Code {
    Code::read(Some(CodeKind::Slip), &format!("S{number}"), None, false).unwrap().code
}

fn key(number: u8) -> CodeKey {
    CodeKey::of(&item(number))
}

fn tag(number: u8, target: TagTarget, made: u64) -> Tag {
    Tag { key: key(number), target, by: at(made), at: at(made) }
}

fn leg(pos: u64) -> Leg {
    let birth = Birth {
        kind: LegKind::Inbound,
        agency: party("agencies/H56.14"),
        counter: party("agencies/H56"),
        carrier: Some(party("carriers/vnpost")),
        office: None,
        procedure: None,
    };
    Leg::begin(at(pos), birth, Terms::default(), None, Micros(5))
}

fn document(pos: u64) -> Document {
    let side = |name| Side { party: party(name), office: None, person: None };
    Document::Manifest(Manifest {
        id: at(pos),
        kind: ManifestKind::Handover,
        number: "7".into(),
        giver: side("carriers/vnpost"),
        receiver: side("agencies/H56"),
        state: ManifestState::Draft,
        created_at: Micros(5),
        offered: None,
        ended: None,
        lines: Vec::new(),
    })
}

fn dossier(pos: u64) -> Dossier {
    Dossier {
        id: at(pos),
        agency: party("agencies/H56.14"),
        counter: None,
        code: item(1),
        procedure: Some("procedures/1.004199".into()),
        slip: None,
        request_digest: [3; 32],
        registered_at: Micros(6),
        decisions: vec![Decision { by: at(pos), at: Micros(7), kind: DecisionKind::Accept }],
        due: vec![(at(pos), Micros(8))],
        legs: vec![at(pos)],
        parent: None,
    }
}
