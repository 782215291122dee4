//! The bound on how many wait or follow at once, or have a report counted, with a fair share for every party.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::dossier::names::Micros;
use crate::dossier::refusal::{Reason, Refusal};

/// When a place may be free again: pulls wait half a minute at most, and most of them less.
const RETRY_US: i64 = 2 * Micros::SECOND;

/// Who waits or follows now, by the party whose log it is.
#[derive(Debug, Default)]
struct Taken {
    by_party: BTreeMap<i64, usize>,
    all: usize,
}

/// Places to wait at. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Places {
    taken: Arc<Mutex<Taken>>,
    places_max: usize,
}

/// One place; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    taken: Arc<Mutex<Taken>>,
    party: i64,
}

impl Places {
    /// So many places, all free.
    pub fn new(places_max: usize) -> Places {
        Places { taken: Arc::default(), places_max }
    }

    /// Takes a place, or says that there is none. A party may take half of what is still free, so that one client that
    /// opens stream after stream leaves room for the others.
    pub fn take(&self, party: i64) -> Result<Place, Refusal> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.places_max.saturating_sub(taken.all);
        let own = taken.by_party.entry(party).or_insert(0);
        if *own >= free {
            if *own == 0 {
                taken.by_party.remove(&party);
            }
            return Err(Refusal::new(Reason::Overloaded).retry_after(RETRY_US));
        }
        *own += 1;
        taken.all += 1;
        Ok(Place { taken: Arc::clone(&self.taken), party })
    }
}

#[cfg(test)]
impl Places {
    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(own) = taken.by_party.get_mut(&self.party) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.by_party.remove(&self.party);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_party_cannot_take_every_place_and_what_is_left_is_free_again() {
        let places = Places::new(8);
        let greedy: Vec<Place> = std::iter::from_fn(|| places.take(1).ok()).collect();
        assert_eq!(greedy.len(), 4);
        let refusal = places.take(1).unwrap_err();
        assert_eq!(refusal.reason, Reason::Overloaded);
        assert!(refusal.retry_after_us.is_some());
        let other = places.take(2).unwrap();
        drop(greedy);
        drop(other);
        assert_eq!((places.taken(), places.taken.lock().unwrap().by_party.len()), (0, 0));
        assert_eq!(std::iter::from_fn(|| places.take(1).ok()).collect::<Vec<Place>>().len(), 4);
    }
}
