//! The right to be the one who follows a lane: of several gateways one has it at a time.

use super::{Error, postgres};

/// The right to follow. Whoever stops, or is cut off, loses it within seconds, and another takes it. It spares work; that
/// nothing is done twice hangs on keys, not on it.
#[derive(Debug)]
pub enum Lease {
    /// There is nobody else.
    Alone,
    /// One of several gateways on a database.
    Shared(Box<postgres::Lease>),
}

impl Lease {
    /// Whether it is held, after trying to take it where it was not. To be asked every few seconds.
    pub async fn hold(&mut self) -> Result<Holding, Error> {
        match self {
            Lease::Alone => Ok(Holding::Still),
            // CANCEL: at worst it is held and asked for again.
            Lease::Shared(lease) => lease.hold().await,
        }
    }
}

/// Whether a lease is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// As before.
    Still,
    /// Since now: somebody else may have had it meanwhile.
    Anew,
    /// Somebody else has it.
    No,
}
