//! What is a state and no count: it is asked for at a scrape.

use std::collections::BTreeMap;
use std::time::Duration;

use prometheus::{Error, Gauge, GaugeVec, Registry};

use super::names::{
    Described, FEED_LAG_EVENTS, FEED_LAG_SECONDS, FEED_READERS, INTAKE_AGE, INTAKE_LINES, POSITION,
    UNPLACED_AGE, UNPLACED_EVENTS, WAL_BYTES,
};
use super::{entered, opts};

/// Whose log is read: classes of parties, so that no single one stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Carriers.
    Carrier,
    /// Agencies that own dossiers.
    Owner,
    /// Counters that receive for others.
    Counter,
    /// Agencies that do both.
    Both,
}

impl Class {
    const ALL: [Class; 4] = [Class::Carrier, Class::Owner, Class::Counter, Class::Both];

    /// As its label says it.
    const fn text(self) -> &'static str {
        match self {
            Class::Carrier => "carrier",
            Class::Owner => "owner",
            Class::Counter => "counter",
            Class::Both => "both",
        }
    }
}

/// How the readers of a class stand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lag {
    /// How many there are.
    pub readers: usize,
    /// How far the furthest is behind.
    pub events: u64,
    /// How long the longest has been behind.
    pub time: Duration,
}

/// What is asked for at a scrape; `None` where the store could not be read, which the text says as `NaN`.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Lines in the intake.
    pub intake_lines: usize,
    /// How long the oldest unanswered one has waited.
    pub intake_age: Duration,
    /// The last position.
    pub position: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: Option<u64>,
    /// How many events wait, as far as they are counted, and for how long the oldest has.
    pub unplaced: Option<(u64, Duration)>,
    /// The readers of feeds.
    pub feeds: Option<BTreeMap<Class, Lag>>,
}

/// States, set at a scrape.
#[derive(Debug)]
pub(super) struct States {
    intake_lines: Gauge,
    intake_age: Gauge,
    position: Gauge,
    wal_bytes: Gauge,
    unplaced_events: Gauge,
    unplaced_age: Gauge,
    feed_readers: GaugeVec,
    feed_lag_events: GaugeVec,
    feed_lag_seconds: GaugeVec,
}

impl States {
    pub(super) fn new(r: &Registry) -> Result<States, Error> {
        let gauge = |of: &Described| entered(r, Gauge::with_opts(opts(of))?);
        let by_class = |of: &Described| entered(r, GaugeVec::new(opts(of), of.labels)?);
        Ok(States {
            intake_lines: gauge(&INTAKE_LINES)?,
            intake_age: gauge(&INTAKE_AGE)?,
            position: gauge(&POSITION)?,
            wal_bytes: gauge(&WAL_BYTES)?,
            unplaced_events: gauge(&UNPLACED_EVENTS)?,
            unplaced_age: gauge(&UNPLACED_AGE)?,
            feed_readers: by_class(&FEED_READERS)?,
            feed_lag_events: by_class(&FEED_LAG_EVENTS)?,
            feed_lag_seconds: by_class(&FEED_LAG_SECONDS)?,
        })
    }

    pub(super) fn set(&self, seen: &Seen) {
        self.intake_lines.set(seen.intake_lines as f64);
        self.intake_age.set(seen.intake_age.as_secs_f64());
        self.position.set(seen.position as f64);
        self.wal_bytes.set(seen.wal_bytes.map_or(f64::NAN, |bytes| bytes as f64));
        self.unplaced_events.set(seen.unplaced.map_or(f64::NAN, |(events, _)| events as f64));
        self.unplaced_age.set(seen.unplaced.map_or(f64::NAN, |(_, age)| age.as_secs_f64()));
        for class in Class::ALL {
            let lag = seen.feeds.as_ref().map(|feeds| feeds.get(&class).copied().unwrap_or_default());
            let set = |of: &GaugeVec, value: Option<f64>| {
                of.with_label_values(&[class.text()]).set(value.unwrap_or(f64::NAN));
            };
            set(&self.feed_readers, lag.map(|lag| lag.readers as f64));
            set(&self.feed_lag_events, lag.map(|lag| lag.events as f64));
            set(&self.feed_lag_seconds, lag.map(|lag| lag.time.as_secs_f64()));
        }
    }
}
