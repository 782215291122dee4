//! Who holds how many open legs. Pure.

use std::collections::BTreeMap;

use crate::dossier::desk::Leg;
use crate::dossier::leg::{Holder, LegKind};

/// The counts so far. Holders and kinds are two sums over the same legs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Open legs by who has the envelope, a carrier's by office.
    pub holders: BTreeMap<Holder, u64>,
    /// Open legs by their kind.
    pub kinds: BTreeMap<LegKind, u64>,
}

impl Holdings {
    /// Counts a leg, if it is open: nothing that ends it was said, and no later leg continues it.
    pub fn take(&mut self, leg: &Leg) {
        if !leg.fold.state.is_end() {
            *self.holders.entry(leg.fold.holder.clone()).or_default() += 1;
            *self.kinds.entry(leg.birth.kind).or_default() += 1;
        }
    }

    /// The open legs.
    pub fn open(&self) -> u64 {
        self.kinds.values().sum()
    }
}
