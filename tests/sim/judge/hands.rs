//! Every envelope is in exactly one pair of hands: as kept, as the records tell, and as a leg's records fold.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use trao::dossier::custody;
use trao::dossier::desk::Leg;
use trao::dossier::invariants::{self, Told};
use trao::dossier::names::Position;
use trao::seal::record::Record;

use super::decode;

/// Legs as kept, and what the records told.
#[derive(Default)]
pub struct Hands {
    told: Vec<Told>,
    legs: BTreeMap<Position, Leg>,
    /// Legs that were at their end at some time, or of which something was voided: what they mean came and went.
    wavering: BTreeSet<Position>,
}

impl Hands {
    /// Whether a leg was ever at its end, or something of it voided.
    pub fn has_wavered(&self, leg: Position) -> bool {
        self.wavering.contains(&leg)
    }

    /// A line is stored behind all others.
    pub fn stored(&mut self, record: &Record) {
        self.told.push(record.told());
    }

    /// The legs that a batch changed, as they are kept after it.
    pub fn kept(&mut self, legs: &[(Leg, Vec<Bytes>)]) -> Result<(), String> {
        for (leg, chain) in legs {
            let mut steps = Vec::with_capacity(chain.len());
            for record in chain {
                steps.push(decode(record)?.step());
            }
            if custody::fold(leg.ground(), &steps).fold != leg.fold {
                return Err(format!("leg {} is kept otherwise than its records fold", leg.id));
            }
            if leg.fold.closed_at.is_some() || !leg.stands() || !leg.fold.voided.is_empty() {
                self.wavering.insert(leg.id);
            }
            self.legs.insert(leg.id, leg.clone());
        }
        let holdings = invariants::custody_is_conserved(self.legs.values())?;
        let living = self.legs.values().filter(|leg| leg.continued_by.is_none() && leg.annulled_at.is_none());
        let (held, living) = (holdings.values().sum::<usize>(), living.count());
        if held != living {
            return Err(format!("{held} envelopes are held, of {living}"));
        }
        let told = invariants::outcomes_conserve(&self.told)?;
        invariants::holders_agree(self.legs.values(), &told)
    }
}
