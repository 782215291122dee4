//! Owns: looking up legs, dossiers and their events, now or as they were known then, as far as the caller's eyes reach.
//! Never: writes, knows protobuf, or tells what the caller may not see from what never was.
//!
//! Everything is answered as of one position of each lane: the last one committed when the call began, or the one asked for. A leg
//! that has gone on since is folded again from its chain up to there.

mod answer;
mod as_of;
mod chain;
mod children;
mod device;
mod events;
mod find;
mod legs;
mod lists;
mod manifests;
mod moment;
pub mod report;
mod standing;

pub use answer::{Child, Dossier};
pub use events::EventLine;
pub use find::{Found, Group, Key};
pub use legs::LegFilter;
pub use lists::Page;
pub use manifests::ManifestFilter;
pub use moment::{InLane, Moment, When};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::dossier::desk::Leg;
use crate::dossier::directory::Directory;
use crate::dossier::names::{Lane, PartyName, Position};
use crate::store::{self, Reader};

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
    /// A report would have to tell apart more dossiers than it may keep in mind.
    #[error("more than {} dossiers are counted", crate::limits::REPORT_DOSSIERS)]
    TooMany,
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
    directory: watch::Receiver<Arc<Directory>>,
    /// Legs read so far, where all reads are of one moment.
    legs: Option<Arc<Mutex<Legs>>>,
}

/// Legs as they are kept; `None` where there is none.
type Legs = BTreeMap<Position, Option<Leg>>;

impl View {
    /// A view of a store, whose lanes are those of the directory.
    pub fn new(reader: Reader, directory: watch::Receiver<Arc<Directory>>) -> View {
        View { reader, directory, legs: None }
    }

    fn lanes(&self) -> Vec<Lane> {
        self.directory.borrow().lanes.clone()
    }

    /// The view as of now, for one look-up of several reads: whatever is committed meanwhile is not in it. To be dropped
    /// with the answer.
    pub fn at_once(&self) -> Result<View, Error> {
        let reader = self.reader.snapshot().during("the store")?;
        Ok(View { reader, directory: self.directory.clone(), legs: Some(Arc::default()) })
    }

    /// A leg as it is kept; at once it is read once.
    async fn kept_leg(&self, id: Position) -> Result<Option<Leg>, Error> {
        let read = self.legs.as_ref().map(|legs| legs.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(leg) = read.and_then(|legs| legs.get(&id).cloned()) {
            return Ok(leg);
        }
        let leg = self.reader.leg(id).await.during("a leg")?;
        if let Some(legs) = &self.legs {
            legs.lock().unwrap_or_else(PoisonError::into_inner).insert(id, leg.clone());
        }
        Ok(leg)
    }
}
