//! Who is told of a commit: the commit's own wake-up for everybody who waits for a party's log.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// The last committed position of the lane.
pub type Heads = watch::Receiver<u64>;

/// Wakes those who wait. A wake-up is a hint: whoever is woken reads the store.
#[derive(Debug)]
pub struct Wakes {
    head: watch::Sender<u64>,
    parties: Mutex<BTreeMap<i64, watch::Sender<u64>>>,
}

impl Wakes {
    /// Wakes for a lane whose last position is known.
    pub fn new(head: u64) -> Wakes {
        Wakes { head: watch::Sender::new(head), parties: Mutex::default() }
    }

    /// Follows the lane's head.
    pub fn head(&self) -> Heads {
        self.head.subscribe()
    }

    /// Follows a party's log, by its short number. The value is the log's last number as far as it was told.
    pub fn party(&self, party: i64) -> watch::Receiver<u64> {
        let mut parties = self.parties.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody listens to most entries that were ever made; they are dropped when the map is next touched.
        parties.retain(|_, sender| sender.receiver_count() > 0);
        parties.entry(party).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Tells of a commit: the new head, and the new last number of each log that grew.
    pub fn tell(&self, head: u64, logs: &BTreeMap<i64, u64>) {
        let parties = self.parties.lock().unwrap_or_else(PoisonError::into_inner);
        for (party, seq) in logs {
            if let Some(sender) = parties.get(party) {
                sender.send_replace(*seq);
            }
        }
        drop(parties);
        self.head.send_replace(head);
    }
}
