//! Who reads now and how far behind each is: open streams and waiting pulls, told by class of party and never one by one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::feed::{Feeds, Log};
use crate::metrics::{Class, Lag};
use crate::store::Error;

/// Everybody who reads now. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Readers(Arc<Mutex<Standings>>);

#[derive(Debug, Default)]
struct Standings {
    next: u64,
    by_reader: BTreeMap<u64, Arc<Standing>>,
}

/// How one reader stands.
#[derive(Debug)]
struct Standing {
    log: i64,
    class: Class,
    /// How much of the log it was given.
    read: AtomicU64,
    /// Since when it has not been at the end of its log.
    behind: Mutex<Option<Instant>>,
}

/// A reader that is told of; no longer when this is dropped.
#[derive(Debug)]
pub(super) struct Reading {
    readers: Readers,
    id: u64,
    standing: Arc<Standing>,
}

impl Readers {
    /// Somebody begins to read a log of which it has read so much, behind until it says otherwise.
    pub fn begin(&self, log: &Log, read: u64) -> Reading {
        let behind = Mutex::new(Some(Instant::now()));
        let standing =
            Arc::new(Standing { log: log.id, class: log.class, read: AtomicU64::new(read), behind });
        let mut standings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = standings.next;
        standings.next += 1;
        standings.by_reader.insert(id, Arc::clone(&standing));
        Reading { readers: self.clone(), id, standing }
    }

    fn all(&self) -> Vec<Arc<Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_reader.values().cloned().collect()
    }
}

impl Reading {
    /// It was given so much of its log.
    pub fn given(&self, read: u64) {
        self.standing.read.store(read, Ordering::Relaxed);
    }

    /// It stands at the end of its log.
    pub fn caught_up(&self) {
        *self.standing.behind.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// There is more for it; it has been behind since the first time this was said.
    pub fn behind(&self) {
        let mut behind = self.standing.behind.lock().unwrap_or_else(PoisonError::into_inner);
        behind.get_or_insert_with(Instant::now);
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.readers.0.lock().unwrap_or_else(PoisonError::into_inner).by_reader.remove(&self.id);
    }
}

impl Feeds {
    /// How far those who read now are behind, by class. A class that nobody reads is absent.
    pub async fn lags(&self) -> Result<BTreeMap<Class, Lag>, Error> {
        let mut heads = BTreeMap::new();
        let mut lags: BTreeMap<Class, Lag> = BTreeMap::new();
        for standing in self.readers.all() {
            let head = match heads.get(&standing.log) {
                Some(head) => *head,
                // CANCEL: only reads.
                None => self.length(standing.log).await?,
            };
            heads.insert(standing.log, head);
            let lag = lags.entry(standing.class).or_default();
            lag.readers += 1;
            let events = u64::saturating_sub(head, standing.read.load(Ordering::Relaxed));
            let behind = *standing.behind.lock().unwrap_or_else(PoisonError::into_inner);
            if let (1.., Some(since)) = (events, behind) {
                lag.time = lag.time.max(since.elapsed());
            }
            lag.events = lag.events.max(events);
        }
        Ok(lags)
    }
}
