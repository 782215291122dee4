//! What the lane's writer knows from its last batches: legs on their way, tags of their codes, devices, ends of logs.
//!
//! It is true exactly as long as nobody else writes the lane, and every write of the lane moves its head or version. So
//! it is kept while the head found is the head left, and forgotten whole otherwise. What is known is what is stored;
//! nothing is written later than the commit that changed it.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::HashMap;

use crate::dossier::desk::Desk;
use crate::dossier::device::Heard;
use crate::dossier::directory::Directory;
use crate::limits;
use crate::store::{Commit, Head};

/// What is known of a lane.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The position and version of which it is known.
    head: Option<(u64, u64)>,
    /// As the last batch left it; each batch takes it, and gives it back once it is durable.
    desk: Desk,
    devices: Recent<i64, Heard>,
    logs: BTreeMap<i64, u64>,
}

impl Known {
    /// The lane was taken with this head: what was known of another is forgotten.
    pub fn begin(&mut self, head: &Head) {
        if self.head != Some((head.pos, head.version)) {
            *self = Known { head: Some((head.pos, head.version)), ..Known::default() };
        }
    }

    /// The desk for a batch, with the legs and tags that are known. A batch that fails takes them with it.
    pub fn desk(&mut self, directory: Arc<Directory>) -> Desk {
        let last = std::mem::take(&mut self.desk);
        // All at once and seldom: what is still needed is read again.
        if last.laid() > 2 * limits::KNOWN_LEGS { Desk::new(directory) } else { last.next(directory) }
    }

    /// What was heard from a source.
    pub fn device(&mut self, source: i64) -> Option<Heard> {
        self.devices.get(&source).cloned()
    }

    /// A source is as it was read.
    pub fn heard(&mut self, source: i64, heard: Heard) {
        self.devices.put(source, heard);
    }

    /// The last numbers of logs, as far as they are known, and the logs of which none is.
    pub fn logs(&self, parties: &[i64]) -> (BTreeMap<i64, u64>, Vec<i64>) {
        let known = parties.iter().filter_map(|party| Some((*party, *self.logs.get(party)?)));
        let unknown = parties.iter().copied().filter(|party| !self.logs.contains_key(party));
        (known.collect(), unknown.collect())
    }

    /// A batch is durable.
    pub fn committed(&mut self, commit: Commit, logs: &BTreeMap<i64, u64>, desk: Desk) {
        self.head = Some((commit.head.pos, commit.head.version));
        self.desk = desk;
        for (source, heard) in commit.devices {
            self.devices.put(source, heard);
        }
        self.logs.extend(logs);
    }
}

/// The last things that were asked for or put, bounded: two generations, of which the older is dropped when the younger
/// is full.
#[derive(Debug)]
struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Recent<K, V> {
        Recent { young: HashMap::default(), old: HashMap::default() }
    }
}

impl<K: Eq + Hash + Clone, V> Recent<K, V> {
    fn put(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= limits::KNOWN_LEGS {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    fn get(&mut self, key: &K) -> Option<&mut V> {
        if let Some((key, value)) = self.old.remove_entry(key) {
            self.put(key, value);
        }
        self.young.get_mut(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_lately_stays_and_the_rest_goes_in_time() {
        let mut recent = Recent::default();
        let bound = limits::KNOWN_LEGS as u64;
        for number in 0..bound {
            recent.put(number, number);
        }
        recent.put(bound, bound);
        assert_eq!(recent.get(&0).copied(), Some(0), "the older generation is still there");
        for number in bound + 1..2 * bound {
            recent.put(number, number);
        }
        assert_eq!(recent.get(&0).copied(), Some(0), "asked for since");
        assert_eq!(recent.get(&1), None);
        assert!(recent.young.len() + recent.old.len() <= 2 * limits::KNOWN_LEGS);
    }
}
