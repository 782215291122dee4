//! Owns: reports: what a party's legs and dossiers come to, counted as of a moment. Reading them a page after the other
//! (`pages`), and what counts (one file to each report), which is pure and takes one leg or dossier at a time.
//! Never: keeps what it has counted, but for the numbers of dossiers that must not be counted twice.

mod holdings;
mod on_time;
mod pages;
mod postal;
mod procedures;
mod reconciliation;

pub use holdings::Holdings;
pub use on_time::{Clock, OnTime, Pace};
pub use pages::{Place, Scope};
pub use postal::{By, Postal, PostalRow, Side, level_of};
pub use procedures::{ByPost, procedures};
pub use reconciliation::{Difference, Differs, Reconciliation, Said};

use crate::dossier::directory::Day;
use crate::dossier::names::Micros;

/// Days in Vietnam, the first and the last of them included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Day,
    /// The last.
    pub to: Day,
}

impl Days {
    /// Whether a time falls on one of them.
    pub fn hold(self, time: Micros) -> bool {
        (self.from..=self.to).contains(&Day::at(time))
    }
}

#[cfg(test)]
mod tests;
