//! Who is told of a commit: the commit's own wake-up for everybody who waits for a party's log.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::dossier::names::Lane;

/// The last committed position of a lane, as far as it was told.
pub type Heads = watch::Receiver<u64>;

/// Wakes those who wait. A wake-up is a hint: whoever is woken reads the store.
#[derive(Debug)]
pub struct Wakes {
    heads: Mutex<BTreeMap<Lane, watch::Sender<u64>>>,
    /// By a party's short number; the value counts what was told.
    parties: Mutex<BTreeMap<i64, watch::Sender<u64>>>,
    /// What was committed here and other gateways are not told of yet; `None` where there are none.
    untold: Option<(Mutex<BTreeMap<Lane, Untold>>, Notify)>,
}

/// Commits of a lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// The last position.
    pub head: u64,
    /// The last number of each log that grew.
    pub logs: BTreeMap<i64, u64>,
}

impl Wakes {
    /// Wakes for lanes whose last positions are known, of the only gateway there is.
    pub fn new(heads: impl IntoIterator<Item = (Lane, u64)>) -> Wakes {
        let heads = heads.into_iter().map(|(lane, head)| (lane, watch::Sender::new(head))).collect();
        Wakes { heads: Mutex::new(heads), parties: Mutex::default(), untold: None }
    }

    /// Wakes of one gateway among others, which are to be told.
    pub fn among_others(heads: impl IntoIterator<Item = (Lane, u64)>) -> Wakes {
        Wakes { untold: Some(Default::default()), ..Wakes::new(heads) }
    }

    /// Follows a lane's head.
    pub fn head(&self, lane: Lane) -> Heads {
        locked(&self.heads).entry(lane).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Follows a party's log, by its short number, in all lanes.
    pub fn party(&self, party: i64) -> watch::Receiver<u64> {
        let mut parties = locked(&self.parties);
        // Nobody listens to most entries that were ever made; they are dropped when the map is next touched.
        parties.retain(|_, sender| sender.receiver_count() > 0);
        parties.entry(party).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Tells of a commit of this gateway: the lane's new head, and the new last number of each log that grew.
    pub fn tell(&self, lane: Lane, head: u64, logs: &BTreeMap<i64, u64>) {
        self.heard(lane, head, logs);
        if let Some((untold, more)) = &self.untold {
            let mut untold = locked(untold);
            let of_lane = untold.entry(lane).or_default();
            of_lane.head = head;
            of_lane.logs.extend(logs);
            more.notify_one();
        }
    }

    /// Tells of a commit, of whichever gateway. Hints come in any order.
    pub fn heard(&self, lane: Lane, head: u64, logs: &BTreeMap<i64, u64>) {
        let parties = locked(&self.parties);
        for party in logs.keys() {
            if let Some(sender) = parties.get(party) {
                sender.send_modify(|told| *told += 1);
            }
        }
        drop(parties);
        if let Some(sender) = locked(&self.heads).get(&lane) {
            sender.send_if_modified(|known| {
                let newer = head > *known;
                *known = head.max(*known);
                newer
            });
        }
    }

    /// Perhaps something was committed somewhere: everybody looks.
    pub fn perhaps(&self) {
        for sender in locked(&self.parties).values() {
            sender.send_modify(|told| *told += 1);
        }
        for sender in locked(&self.heads).values() {
            sender.send_modify(|_| {});
        }
    }

    /// Waits for commits of this gateway, and takes what other gateways are to be told of them.
    pub async fn untold(&self) -> BTreeMap<Lane, Untold> {
        let Some((untold, more)) = &self.untold else { return std::future::pending().await };
        loop {
            let taken = std::mem::take(&mut *locked(untold));
            if !taken.is_empty() {
                return taken;
            }
            // CANCEL: nothing is taken yet.
            more.notified().await;
        }
    }
}

fn locked<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANE: Lane = Lane(0);

    #[tokio::test]
    async fn what_was_committed_here_is_told_to_others_once_and_together() {
        let wakes = Wakes::among_others([(LANE, 4)]);
        wakes.tell(LANE, 5, &BTreeMap::from([(1, 2)]));
        wakes.tell(LANE, 6, &BTreeMap::from([(1, 3), (2, 1)]));
        wakes.heard(LANE, 9, &BTreeMap::from([(3, 1)]));
        let told = wakes.untold().await;
        let logs = BTreeMap::from([(1, 3), (2, 1)]);
        assert_eq!(told, BTreeMap::from([(LANE, Untold { head: 6, logs })]), "not what was heard");
        let again =
            tokio::select! { biased; _ = wakes.untold() => true, () = std::future::ready(()) => false };
        assert!(!again);
    }

    #[test]
    fn a_head_never_goes_back_and_a_party_is_woken_by_every_hint() {
        let wakes = Wakes::new([(LANE, 4)]);
        let (mut head, mut party) = (wakes.head(LANE), wakes.party(7));
        wakes.heard(LANE, 9, &BTreeMap::from([(7, 3)]));
        wakes.heard(LANE, 8, &BTreeMap::from([(7, 2)]));
        assert_eq!(*head.borrow_and_update(), 9);
        assert!(party.has_changed().unwrap());
        party.mark_unchanged();
        wakes.heard(LANE, 9, &BTreeMap::from([(8, 1)]));
        assert!(!party.has_changed().unwrap(), "it concerns another");
        wakes.perhaps();
        assert!(party.has_changed().unwrap() && head.has_changed().unwrap());
    }
}
