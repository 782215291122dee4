//! What is said between those who call and the gateways.

use std::rc::Rc;

use bytes::Bytes;
use trao::dossier::names::PartyName;
use trao::dossier::refusal::Refusal;
use trao::journal::Answer;
use trao::view::Key;

use super::town::{Order, Sending};

/// Who calls: its index in the world.
pub type Client = usize;

/// A call.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Facts, answered together.
    Facts(Vec<Sending>),
    /// A command.
    Command(Rc<Order>),
    /// A page of a log.
    Pull {
        /// Whose log.
        party: PartyName,
        /// From where.
        cursor: Option<Vec<u8>>,
        /// Lines at most.
        size: usize,
        /// How long to wait for the first.
        wait_ms: u64,
    },
    /// A stream of a log.
    Follow {
        /// Whose log.
        party: PartyName,
        /// From where.
        cursor: Option<Vec<u8>>,
    },
    /// A look at a dossier.
    Look {
        /// Whose eyes.
        party: PartyName,
        /// What is looked for.
        key: Key,
        /// As of which position; now without one.
        at: Option<u64>,
    },
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// To each fact.
    Facts(Vec<Result<Answer, Refusal>>),
    /// To a command.
    Command(Result<Answer, Refusal>),
    /// A page.
    Page(Result<Read, Refusal>),
    /// The next part of a stream, by its number; the last is `None`.
    Part(u64, Option<Result<Read, Refusal>>),
    /// What was seen: as of which position, and what, as text; nothing when the store was not reached.
    Seen(Result<Option<(u64, String)>, String>),
}

/// What was read of a log.
#[derive(Clone, Debug)]
pub struct Read {
    /// Number and record of each event.
    pub events: Vec<(u64, Bytes)>,
    /// The cursor behind them, where there is one.
    pub cursor: Option<Vec<u8>>,
    /// There was nothing more.
    pub caught_up: bool,
}
