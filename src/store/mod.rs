//! Owns: keeping what the journal hands over, and reading it back. The only place that knows SQL.
//! Never: decides anything. It does not number, judge, hash or sign; it keeps one [`Commit`] whole or not at all.
//!
//! One writer per lane at a time: `Writer::begin` takes the lane, `Writer::commit` or `Writer::rollback` lets it go.
//! Readers see only what was committed.

mod chain;
mod check;
mod codec;
#[cfg(test)]
mod conformance;
pub mod copy;
mod engines;
mod entering;
mod lease;
mod log_run;
mod meaning;
pub mod memory;
mod numbers;
mod page;
mod place;
pub mod postgres;
mod proof;
mod row;
pub mod sqlite;

pub use engines::{Admin, Reader, Writer};
pub use lease::{Holding, Lease};
pub use place::Place;

use bytes::Bytes;
use smol_str::SmolStr;

use crate::dossier::calendar::CalendarDay;
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::{Changes, CodeKey};
use crate::dossier::device::Heard;
use crate::dossier::directory::{Agency, Alias, Carrier, Office, Procedure, Source};
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};
use crate::dossier::person::Appointment;
use crate::dossier::refusal::Refusal;
use crate::seal::head::Seal;
use crate::seal::record::Record;

/// The other choice of clock than the one fixed.
const OTHER_CLOCK: &str = "the store's clock was fixed by its first serve; it cannot be changed";
/// Two public keys under one id.
const OTHER_SIGNING_KEY: &str = "another signing key is kept under the same id";

/// The source of events that place others. It has the short number 0 in every store and belongs to no party.
fn tie() -> Source {
    let (name, party) = (SourceName::new("trao/tie"), PartyName::new("trao"));
    Source { name, party, agency: None, office: None, holder: None, retired: None }
}

/// A party as the source of its own commands.
fn itself(party: &PartyName) -> Source {
    let name = SourceName::new(party.as_str());
    Source { name, party: party.clone(), agency: None, office: None, holder: None, retired: None }
}

/// What went wrong while keeping or reading. The source says why; it is logged and never shown to a caller.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store refused or failed a step; nothing of it is kept.
    #[error("store could not {step}")]
    Failed {
        /// What was being done.
        step: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is stored cannot be read as what it should be.
    #[error("stored {what} cannot be read")]
    Corrupt {
        /// What it should be.
        what: &'static str,
    },
    /// The store is not as this release needs it.
    #[error("{0}")]
    Unfit(String),
    /// The last of the store is being copied into a database; it takes no writes meanwhile.
    #[error("the store takes no writes for a moment: the last of it is being copied into a database")]
    Moving,
    /// The store lives on in a database.
    #[error(
        "the store of this folder was moved to a database by `trao copy`: serve it with --database-file and \
         another --data; nothing is lost, and the folder is not served any more"
    )]
    Moved,
}

impl Error {
    /// The error of a step, for `map_err`.
    fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        step: &'static str,
    ) -> impl FnOnce(E) -> Error {
        move |source| Error::Failed { step, source: source.into() }
    }
}

impl Error {
    /// What whoever asked is told: to come back. Why is told only where it is nobody's secret.
    pub fn refusal(&self) -> Refusal {
        let refusal = Refusal::store_unavailable();
        match self {
            Error::Moving => Refusal { detail: MOVING.to_owned(), ..refusal },
            Error::Moved => Refusal { detail: MOVED.to_owned(), ..refusal }.retry_after(MOVED_AGAIN_US),
            Error::Failed { .. } | Error::Corrupt { .. } | Error::Unfit(_) => refusal,
        }
    }
}

const MOVING: &str =
    "the last of the store is being copied into a database; writes are taken again in a moment";
const MOVED: &str = "the store was moved to a database, and nothing of it is lost: gateways on the database serve it, this one does not";
/// Until somebody has started a gateway on the database, or told callers where it is.
const MOVED_AGAIN_US: i64 = 10 * Micros::SECOND;

/// What is being done when a database does not answer at all.
const CONNECT: &str = "connect to the database";

impl Error {
    /// Whether the store could not be reached: nothing is wrong with what was asked.
    pub fn is_away(&self) -> bool {
        matches!(self, Error::Failed { step: CONNECT, .. })
    }
}

/// What a store is, fixed when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Random, for ever.
    pub database: [u8; 16],
    /// `None` until the first `serve` fixes it.
    pub clock: Option<ClockMode>,
    /// A copy begins a new epoch at its first `serve`.
    pub copied: bool,
    /// Whether it is served, or on its way from one kind of store to another.
    pub phase: Phase,
}

/// Where a store is on its way from one kind of store to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is going on.
    Serving,
    /// It is copied from, and notes what is changed meanwhile.
    Copying,
    /// The last of it is copied: it takes no writes for a moment.
    Moving,
    /// It lives on elsewhere, and here no more.
    Moved,
    /// It is the copy, and not whole yet.
    Filling,
}

/// Whose time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMode {
    /// The machine's.
    System,
    /// The greatest time told so far.
    Replay,
}

/// A lane's head, read when it is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The lane.
    pub lane: Lane,
    /// Random; a restore begins a new one.
    pub epoch: [u8; 16],
    /// The last position; 0 when empty.
    pub pos: u64,
    /// Grows with every commit, notes included.
    pub version: u64,
    /// The time of the last batch.
    pub sealed_at: Micros,
    /// The Merkle frontier at `pos`, encoded.
    pub frontier: Vec<u8>,
    /// Under replay, the greatest time told so far.
    pub told: Micros,
    /// The directory's version. The store counts it; what a commit says here is not looked at.
    pub directory: i64,
}

/// The id of a line as it is kept in its key. Two ids are one if their bytes are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyId {
    /// The sixteen bytes of a UUID, as nearly all are.
    Uuid([u8; 16]),
    /// Any other bytes.
    Spelled(Box<[u8]>),
}

impl KeyId {
    /// The bytes that are kept.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            KeyId::Uuid(bytes) => bytes,
            KeyId::Spelled(bytes) => bytes,
        }
    }
}

/// The key of a line: who captured it and the id it was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey {
    /// The client's id first: UUIDv7 ids then append at one edge of the index.
    pub id: KeyId,
    /// Short number of the source.
    pub source: i64,
}

/// What was journaled under a key: enough to answer again or to tell other content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    /// Where it stands.
    pub pos: u64,
    /// Its record.
    pub record: Bytes,
    /// The salt and body of its personal part, unless there is none or it was erased.
    pub personal: Option<([u8; 16], Bytes)>,
}

/// A personal part as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalRow {
    /// Made by the gateway; without it the digest in the record says nothing.
    pub salt: [u8; 16],
    /// Which key it is encrypted under; 0 = none.
    pub key_id: i64,
    /// The bytes as received.
    pub body: Bytes,
}

/// One journaled line as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its position in the lane.
    pub pos: u64,
    /// Its key.
    pub key: EventKey,
    /// Its record.
    pub record: Bytes,
    /// Its event as received, or as the gateway encoded it.
    pub event: Bytes,
    /// The event before it on its leg's chain; 0 = none. The chain of a leg begins at the position that is its id.
    pub prev: u64,
    /// The logs that list it: party's short number and seq.
    pub logs: Vec<(i64, u64)>,
    /// Its personal part.
    pub personal: Option<PersonalRow>,
    /// The codes it waits for.
    pub waits_for: Vec<CodeKey>,
    /// The waiting event that this one places and that waits no longer.
    pub placed: Option<u64>,
}

/// A change that is no event: it takes no position and rides in a commit. What is entered in the directory under a
/// name that is there already replaces it and keeps its short number and lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Which leg a waiting event will be placed on; kept only if none is kept yet.
    Pin {
        /// The waiting event.
        pos: u64,
        /// The leg.
        target: Position,
    },
    /// A waiting event that was placed by then, though its last placing did not say so.
    Placed {
        /// The waiting event.
        pos: u64,
    },
    /// How far a follower has come.
    Follower {
        /// Its name.
        name: &'static str,
        /// The last position it has done with.
        pos: u64,
    },
    /// A consumer of a party's log as it is from now on.
    Consumer {
        /// The party's short number.
        party: i64,
        /// The consumer.
        consumer: Consumer,
    },
    /// A consumer that is no more.
    NoConsumer {
        /// The party's short number.
        party: i64,
        /// Its id.
        id: SmolStr,
    },
    /// A new agency.
    Agency(Agency),
    /// An agency as it is once it has ended.
    AgencyEnded(Agency),
    /// A new dated alias.
    Alias(Alias),
    /// A new carrier.
    Carrier(Carrier),
    /// A new office.
    Office(Office),
    /// A new procedure: its first version.
    Procedure(Procedure),
    /// A version of a procedure, new or old.
    ProcedureVersion(Procedure),
    /// A new source.
    Source(Source),
    /// A source as it is once it is out of use.
    SourceRetired(Source),
    /// A new person.
    Person {
        /// Whose.
        party: PartyName,
        /// Staff number.
        number: String,
    },
    /// A new appointment, of a person who is entered with it where need be.
    Appointment(Appointment),
    /// An appointment as it is with another last day.
    AppointmentEnded(Appointment),
    /// A day that is not as its weekday says.
    CalendarDay(CalendarDay),
}

/// What is listed for a party: a leg, a dossier or a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// A leg.
    Leg(Position),
    /// A dossier.
    Dossier(Position),
    /// A document.
    Document(Position),
}

/// Everything one batch writes, all or nothing.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The lane.
    pub lane: Lane,
    /// Its new head; `pos` is the last entry's, `version` one more than at `begin`.
    pub head: Head,
    /// The lines, in order of position.
    pub entries: Vec<Entry>,
    /// Legs, dossiers, documents and tags, new or changed.
    pub changes: Changes,
    /// New listings: party's short number and what is listed; may repeat what is kept.
    pub concerns: Vec<(i64, Concern)>,
    /// Device numbers heard, by the source's short number.
    pub devices: Vec<(i64, Heard)>,
    /// Notes.
    pub notes: Vec<Note>,
    /// The signed head; `None` when the batch has notes only.
    pub seal: Option<Seal>,
}

/// How a commit ended.
#[derive(Debug)]
pub enum Committed {
    /// It is durable.
    Done,
    /// Nothing of it is kept, for somebody else wrote the lane since it was begun: the batch is run again.
    Overtaken,
    /// Nobody knows: the keys decide when the batch is run again.
    Unknown(Error),
}

/// A line of a party's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The lane of the log.
    pub lane: Lane,
    /// The dense number in the log.
    pub seq: u64,
    /// The entry.
    pub stored: Stored,
}

/// A journaled line as it is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its position.
    pub pos: u64,
    /// Its record.
    pub record: Bytes,
    /// Its event.
    pub event: Bytes,
    /// The event before it on its leg's chain; 0 = none.
    pub prev: u64,
}

impl Stored {
    /// The record, read.
    pub fn record(&self) -> Result<Record, Error> {
        Record::decode(&self.record).map_err(|_| Error::Corrupt { what: "record" })
    }
}

/// An API key as kept: never the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The part of the key that is not secret.
    pub id: String,
    /// SHA-256 of the secret.
    pub secret_sha256: [u8; 32],
    /// The party; `None` only for an administrator.
    pub party: Option<PartyName>,
    /// Role, as the command line spells it.
    pub role: String,
    /// What it is called.
    pub name: String,
    /// Staff number of the person who holds it.
    pub person: Option<String>,
    /// The sources it is bound to; empty = every source of the party.
    pub sources: Vec<SourceName>,
    /// When it was made.
    pub created_at: Micros,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
}
