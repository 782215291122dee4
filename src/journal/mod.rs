//! Owns: turning lines into durable, numbered, signed events, many per fsync.
//! Never: sees protobuf or SQL, answers before COMMIT, runs inside a request's future, decides what an event means.
//!
//! A line is queued (`intake`), taken with others into a batch (`batch`), applied on a desk (`take`), recorded (`entry`),
//! and committed with one signed head (`commit`). Only then are its waiters answered and the followers woken (`wake`).

mod batch;
mod commit;
mod consume;
mod enrol;
mod entry;
mod handover;
mod intake;
mod key;
mod known;
mod line;
mod load;
mod reading;
mod route;
mod scribe;
mod service;
mod take;
#[cfg(test)]
mod tests;
mod wake;

pub use enrol::admit;
pub use line::{
    Answer, CaptureLine, CommandAct, CommandLine, ConsumerLine, Line, LineAnswer, PersonalPart, PlaceLine,
    Speaker,
};
pub use reading::{said, step};
pub use scribe::Apply;
pub use service::{Handle, Options, Pending, Service};
pub use wake::{Heads, Untold, Wakes};

pub use crate::store::Note;

/// Why a batch was not committed. It is logged once, where the batch is given up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lane could not be taken.
    #[error("take the lane")]
    TakeLane(#[source] crate::store::Error),
    /// Something the batch touches could not be loaded.
    #[error("load what the batch touches")]
    Load(#[source] crate::store::Error),
    /// What is stored of the lane's tree cannot be read.
    #[error("read the tree's frontier")]
    Frontier,
    /// A stored record cannot be read.
    #[error("read a stored record")]
    Record(#[source] crate::seal::record::Error),
    /// The batch could not be committed.
    #[error("commit the batch")]
    Commit(#[source] crate::store::Error),
    /// Nobody knows whether the batch was committed.
    #[error("learn whether the batch was committed")]
    Unknown(#[source] crate::store::Error),
    /// Somebody else wrote the lane meanwhile, again and again.
    #[error("commit before somebody else writes the lane")]
    Overtaken,
    /// A line concerns a party that has no log.
    #[error("list a line for {0}, which is not in the directory")]
    NoLog(crate::dossier::names::PartyName),
    /// The gateway's clock leapt.
    #[error("the gateway's clock leapt; restart with --accept-clock when it is right")]
    ClockSuspect,
}

impl Error {
    /// Whether something stored is torn, so that trying again would find the same.
    fn is_torn(&self) -> bool {
        matches!(self, Error::Record(_) | Error::Load(crate::store::Error::Corrupt { .. }))
    }
}
