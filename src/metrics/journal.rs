//! What the journal counts.

use std::time::Duration;

use prometheus::{Error, Histogram, IntCounter, IntCounterVec, Registry};

use super::names::{BATCH_LINES, BATCHES_FAILED, COMMIT_SECONDS, EVENTS, REPLAYS};
use super::{buckets_of, counter, entered, opts};
use crate::dossier::event::EventType;

/// From a batch of one to a full one.
const LINES: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0];
/// From a sync that costs nothing to a disk that hangs.
const COMMIT: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// What the journal counts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    batch_lines: Histogram,
    batches_failed: IntCounter,
    commit_seconds: Histogram,
    /// By the event type's number.
    events: Vec<Option<IntCounter>>,
    replays: IntCounter,
}

impl Journal {
    pub(super) fn new(r: &Registry) -> Result<Journal, Error> {
        let by_type = entered(r, IntCounterVec::new(opts(&EVENTS), EVENTS.labels)?)?;
        let mut events = vec![None; usize::from(u8::MAX) + 1];
        for kind in EventType::ALL {
            events[usize::from(kind.number())] = Some(by_type.get_metric_with_label_values(&[kind.text()])?);
        }
        let histogram = |of, buckets| entered(r, Histogram::with_opts(buckets_of(of, buckets))?);
        Ok(Journal {
            batch_lines: histogram(&BATCH_LINES, LINES)?,
            batches_failed: counter(r, &BATCHES_FAILED)?,
            commit_seconds: histogram(&COMMIT_SECONDS, COMMIT)?,
            events,
            replays: counter(r, &REPLAYS)?,
        })
    }

    /// A batch was taken.
    pub fn batch(&self, lines: usize) {
        self.batch_lines.observe(lines as f64);
    }

    /// A batch was given up.
    pub fn batch_failed(&self) {
        self.batches_failed.inc();
    }

    /// A batch was committed. One that was kept though nobody knew it at first is run again, and counts as replays.
    pub fn committed(&self, took: Duration, events: impl Iterator<Item = EventType>) {
        self.commit_seconds.observe(took.as_secs_f64());
        for kind in events {
            if let Some(Some(counter)) = self.events.get(usize::from(kind.number())) {
                counter.inc();
            }
        }
    }

    /// A line was answered as journaled before.
    pub fn replayed(&self) {
        self.replays.inc();
    }
}
