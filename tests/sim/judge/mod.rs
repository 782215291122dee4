//! Owns: what must hold of a history, whatever went wrong in it: an outside model that is told what is stored and what
//! was answered, and says at once what cannot be.
//! Never: asks the store, or a gateway, what would be right.

mod hands;
mod keys;
mod logs;
pub mod planted;
mod sights;
mod tree;

use bytes::Bytes;
use trao::dossier::desk::Leg;
use trao::dossier::names::PartyName;
use trao::dossier::refusal::Refusal;
use trao::seal::head::Seal;
use trao::seal::record::Record;

use super::message::Read;
pub use keys::Key;

/// Something that was seen.
#[derive(Clone, Debug)]
pub enum Seen {
    /// A line is stored, as the next.
    Stored(Box<Line>),
    /// A batch is stored: its head.
    Sealed(Box<Head>),
    /// Legs as they are kept after a batch, with the records of their chains.
    Legs(Vec<(Leg, Vec<Bytes>)>),
    /// A line or command was answered.
    Answered(Box<Answered>),
    /// A part of a log was handed out.
    Read(Box<Given>),
    /// A look-up was answered as of a position.
    Looked {
        /// Whose eyes, and what was looked for.
        question: String,
        /// As of which position.
        pos: u64,
        /// What was told.
        told: String,
    },
}

/// A stored line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it is stored.
    pub pos: u64,
    /// Its record.
    pub record: Bytes,
    /// Its personal part.
    pub personal: Option<Bytes>,
    /// The logs that list it.
    pub logs: Vec<(PartyName, u64)>,
}

/// The head of a stored batch.
#[derive(Clone, Debug)]
pub struct Head {
    /// The last position.
    pub pos: u64,
    /// The lane's epoch.
    pub epoch: [u8; 16],
    /// The tree's frontier, encoded.
    pub frontier: Vec<u8>,
    /// The signed head; the last one.
    pub seal: Option<Seal>,
}

/// An answered line or command.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Who said it, and under which id.
    pub key: Key,
    /// The digest of what a retry must repeat.
    pub content: [u8; 32],
    /// Its personal part.
    pub personal: Option<Bytes>,
    /// For a command, which may be refused for what it is: the last position when it came to a gateway.
    pub command_at: Option<u64>,
    /// The answer.
    pub answer: Result<Acked, Refusal>,
}

/// What was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acked {
    /// Where it stands.
    pub pos: u64,
    /// Its record.
    pub record: Bytes,
    /// An earlier attempt had been journaled.
    pub replayed: bool,
}

/// A part of a log.
#[derive(Clone, Debug)]
pub struct Given {
    /// Whose log.
    pub party: PartyName,
    /// Behind which number.
    pub after: u64,
    /// What was handed out.
    pub read: Read,
    /// The number that the cursor names, where there is a cursor.
    pub cursor: Option<u64>,
    /// The log's last number when it was asked for.
    pub head: u64,
}

/// The model.
#[derive(Default)]
pub struct Judge {
    keys: keys::Keys,
    logs: logs::Logs,
    tree: tree::Tree,
    hands: hands::Hands,
    sights: sights::Sights,
}

impl Judge {
    /// Takes what was seen, or says what is wrong with it.
    pub fn see(&mut self, seen: &Seen) -> Result<(), String> {
        match seen {
            Seen::Stored(line) => {
                let record = decode(&line.record)?;
                self.keys.stored(line, &record)?;
                self.logs.stored(line, &record)?;
                self.tree.stored(line);
                self.hands.stored(&record);
                Ok(())
            }
            Seen::Sealed(head) => self.tree.sealed(head),
            Seen::Legs(legs) => self.hands.kept(legs),
            Seen::Answered(answered) => self.keys.answered(answered),
            Seen::Read(given) => self.logs.given(given, &self.keys),
            Seen::Looked { question, pos, told } => self.sights.looked(question, *pos, told),
        }
    }

    /// The record that must stand at a position.
    pub fn record_at(&self, pos: u64) -> Option<&Bytes> {
        self.keys.record_at(pos)
    }

    /// Where a fact or command stands.
    pub fn position_of(&self, key: &Key) -> Option<u64> {
        self.keys.position_of(key)
    }

    /// The last position.
    pub fn head(&self) -> u64 {
        self.keys.head()
    }

    /// The positions that a party's log lists, in order.
    pub fn log_of(&self, party: &PartyName) -> &[u64] {
        self.logs.of(party)
    }

    /// Whether a waiting event was placed on a leg.
    pub fn is_placed(&self, from: u64, leg: trao::dossier::names::Position) -> bool {
        self.keys.is_placed(from, leg)
    }

    /// Whether a leg was ever at its end, or something of it voided.
    pub fn has_wavered(&self, leg: trao::dossier::names::Position) -> bool {
        self.hands.has_wavered(leg)
    }

    /// Lines that are stored and no placings.
    pub fn said(&self) -> usize {
        self.keys.said()
    }
}

fn decode(record: &[u8]) -> Result<Record, String> {
    Record::decode(record).map_err(|error| format!("a stored record cannot be read: {error}"))
}
