//! Owns: looking up legs, dossiers and their events, now or as they were known then, as far as the caller's eyes reach.
//! Never: writes, knows protobuf, or tells what the caller may not see from what never was.
//!
//! Everything is answered as of one position: the last one committed when the call began, or the one asked for. A leg
//! that has gone on since is folded again from its chain up to there.

mod answer;
mod as_of;
mod chain;
mod device;
mod events;
mod find;
mod legs;
mod lists;
mod moment;
mod standing;

pub use answer::{Dossier, DossierState};
pub use events::EventLine;
pub use find::{Found, Group, Key};
pub use legs::LegFilter;
pub use lists::Page;
pub use moment::{Moment, When};

use crate::dossier::names::{Lane, PartyName};
use crate::store::{self, Reader};

/// The one lane of this release.
const LANE: Lane = Lane(0);

/// Why a look-up has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store could not be read.
    #[error("read {step}")]
    Read {
        /// What was being read.
        step: &'static str,
        /// Why.
        #[source]
        source: store::Error,
    },
    /// The time or position asked for has not come yet.
    #[error("nothing is known of that time yet")]
    Ahead,
    /// The leg has gone on by more events since then than are walked back.
    #[error("the leg has more events than are walked back")]
    TooLong,
}

/// Adds to a store's error what was being read.
trait While<T> {
    fn during(self, step: &'static str) -> Result<T, Error>;
}

impl<T> While<T> for Result<T, store::Error> {
    fn during(self, step: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Read { step, source })
    }
}

/// Whose eyes look: what concerns at least one of these parties is seen, nothing else.
pub trait Eyes: Send + Sync {
    /// Whether what concerns these parties is seen.
    fn sees(&self, parties: &[PartyName]) -> bool;
}

/// Looks things up. Cheap to clone.
#[derive(Clone, Debug)]
pub struct View {
    reader: Reader,
}

impl View {
    /// A view of a store.
    pub fn new(reader: Reader) -> View {
        View { reader }
    }
}
