//! Every metric, by name, and the counters that are handed to where something is counted.
//!
//! Counting costs an atomic addition: each counter was looked up when the gateway started. What is a state and no count
//! is asked for at the scrape ([`Seen`]). Labels have a few known values each; no code, no party, no person and no
//! address is ever one. The text format is Prometheus' own, by its field's library.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    Error, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    Opts, Registry, TextEncoder,
};

use crate::dossier::event::EventType;
use crate::dossier::refusal::Reason;

/// What kind of thing a metric is, as the exposition format names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows while the gateway runs.
    Counter,
    /// As it is now.
    Gauge,
    /// Counts by size, with their sum.
    Histogram,
}

/// A metric: its name, with its unit in it, its labels, and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The name.
    pub name: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident: $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(const $constant: Described =
            Described { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };)*
        /// Every metric.
        pub const ALL: &[Described] = &[$($constant),*];
    };
}

metrics! {
    INTAKE_LINES: Gauge "trao_intake_lines" []
        "Lines that wait for the writer.";
    INTAKE_AGE: Gauge "trao_intake_age_seconds" []
        "Seconds that the oldest line has waited which is not answered yet: queued, or in the batch being written.";
    BATCH_LINES: Histogram "trao_batch_lines" []
        "Lines of each batch that the writer took, the gateway's own placings and notes included.";
    BATCHES_FAILED: Counter "trao_batches_failed_total" []
        "Batches that were not committed; their lines were answered STORE_UNAVAILABLE or CLOCK_SUSPECT.";
    COMMIT_SECONDS: Histogram "trao_commit_seconds" []
        "Seconds of each commit that was kept, the disk's sync included.";
    EVENTS: Counter "trao_events_total" ["type"]
        "Events journaled since the start, by event type.";
    REPLAYS: Counter "trao_replays_total" []
        "Captures and commands answered as journaled before: retries, and devices that send twice.";
    POSITION: Gauge "trao_journal_position" []
        "The last position of the journal.";
    WAL_BYTES: Gauge "trao_wal_bytes" []
        "Bytes of the store's write-ahead log on disk; cut to 64 MiB whenever the log begins anew.";
    UNPLACED_EVENTS: Gauge "trao_unplaced_events" []
        "Events that wait until their code is known, counted up to 10,000; scans of bags, which wait for contents, are not.";
    UNPLACED_AGE: Gauge "trao_unplaced_age_seconds" []
        "Seconds since the oldest of these was received; 0 when none waits.";
    FEED_READERS: Gauge "trao_feed_readers" ["class"]
        "Streams that are open and pulls that wait, by the class of the party whose log they read.";
    FEED_LAG_EVENTS: Gauge "trao_feed_lag_events" ["class"]
        "Events between the end of its log and the reader of the class that is furthest behind.";
    FEED_LAG_SECONDS: Gauge "trao_feed_lag_seconds" ["class"]
        "Seconds since the reader of the class that is behind longest last stood at the end of its log, or began.";
    REFUSALS: Counter "trao_refusals_total" ["reason"]
        "Refusals answered, of whole calls and of lines in batches and streams.";
    CONNECTIONS: Gauge "trao_connections" []
        "Connections open.";
    CONNECTIONS_ACCEPTED: Counter "trao_connections_accepted_total" []
        "Connections accepted.";
    CONNECTIONS_AT_CAP: Counter "trao_connections_at_cap_total" []
        "Times that every place was taken, so that new connections had to wait.";
    CALLS: Counter "trao_calls_total" ["method", "code"]
        "Calls answered, by method and gRPC code; a stream when it opens, `other` is health, reflection and what is no method.";
    CALL_SECONDS: Histogram "trao_call_seconds" ["method"]
        "Seconds until a call was answered; of a stream until it was opened.";
}

/// From a batch of one to a full one.
const LINES: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0];
/// From a sync that costs nothing to a disk that hangs.
const COMMIT: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];
/// From a look-up to a pull that waits as long as it may.
const CALL: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Where a method that is none of ours is counted.
const OTHER: &str = "other";
/// The gRPC codes by their number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

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

/// All metrics of a gateway.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// What the journal counts.
    pub journal: Journal,
    /// What refusals are counted by.
    pub refusals: Refusals,
    /// What the accept loop counts.
    pub connections: Connections,
    /// What every call is counted by.
    pub calls: Calls,
    states: States,
}

impl Metrics {
    /// Metrics that stand at zero. `methods` are the paths of the calls that are counted by name.
    ///
    /// Fails where two metrics bear one name, or one a name that is none: a fault of the table above.
    pub fn new(methods: &[String]) -> Result<Metrics, Error> {
        let registry = Registry::new();
        let r = &registry;
        Ok(Metrics {
            journal: Journal::new(r)?,
            refusals: Refusals::new(r)?,
            connections: Connections {
                open: entered(r, IntGauge::with_opts(opts(&CONNECTIONS))?)?,
                accepted: counter(r, &CONNECTIONS_ACCEPTED)?,
                at_cap: counter(r, &CONNECTIONS_AT_CAP)?,
            },
            calls: Calls::new(r, methods)?,
            states: States::new(r)?,
            registry,
        })
    }

    /// Everything in the text format, with what was just seen.
    pub fn text(&self, seen: &Seen) -> Result<String, Error> {
        self.states.set(seen);
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

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
    fn new(r: &Registry) -> Result<Journal, Error> {
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

/// What refusals are counted by. Cheap to clone; the default counts nothing, for whoever answers no call.
#[derive(Clone, Debug, Default)]
pub struct Refusals(Arc<[IntCounter]>);

impl Refusals {
    fn new(r: &Registry) -> Result<Refusals, Error> {
        let by_reason = entered(r, IntCounterVec::new(opts(&REFUSALS), REFUSALS.labels)?)?;
        let all = Reason::ALL.iter().map(|reason| by_reason.get_metric_with_label_values(&[reason.text()]));
        Ok(Refusals(all.collect::<Result<_, _>>()?))
    }

    /// A refusal is answered.
    pub fn count(&self, reason: Reason) {
        // The reasons stand in `ALL` in the order of their declaration.
        if let Some(counter) = self.0.get(reason as usize) {
            counter.inc();
        }
    }
}

/// What the accept loop counts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connections {
    open: IntGauge,
    accepted: IntCounter,
    at_cap: IntCounter,
}

impl Connections {
    /// A connection was accepted; it is open until this is dropped.
    pub fn opened(&self) -> Open {
        self.accepted.inc();
        self.open.inc();
        Open(self.open.clone())
    }

    /// Every place is taken.
    pub fn at_cap(&self) {
        self.at_cap.inc();
    }
}

/// A connection that is counted as open.
#[derive(Debug)]
pub struct Open(IntGauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What every call is counted by. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Calls(Arc<Methods>);

struct Methods {
    by_code: IntCounterVec,
    seconds: HistogramVec,
    /// In the order of their paths; the last is for all others.
    methods: Vec<Method>,
}

/// A method. What was never called is not in the text: most methods never end with most codes.
struct Method {
    path: String,
    by_code: [OnceLock<Option<IntCounter>>; CODES.len()],
    seconds: OnceLock<Option<Histogram>>,
}

impl Calls {
    fn new(r: &Registry, paths: &[String]) -> Result<Calls, Error> {
        let mut paths = paths.to_vec();
        paths.sort_unstable();
        paths.push(OTHER.to_owned());
        let method = |path| Method { path, by_code: Default::default(), seconds: OnceLock::new() };
        Ok(Calls(Arc::new(Methods {
            by_code: entered(r, IntCounterVec::new(opts(&CALLS), CALLS.labels)?)?,
            seconds: entered(r, HistogramVec::new(buckets_of(&CALL_SECONDS, CALL), CALL_SECONDS.labels)?)?,
            methods: paths.into_iter().map(method).collect(),
        })))
    }

    /// A call to a path ended with the code of a number.
    pub fn ended(&self, path: &str, code: i32, took: Duration) {
        let Methods { by_code, seconds, methods } = &*self.0;
        let Some((other, ours)) = methods.split_last() else { return };
        let found = ours.binary_search_by(|method| method.path.as_str().cmp(path));
        let method = found.ok().and_then(|at| ours.get(at)).unwrap_or(other);
        let label = method.path.trim_start_matches('/');
        let number = usize::try_from(code).unwrap_or(usize::MAX);
        if let (Some(cell), Some(code)) = (method.by_code.get(number), CODES.get(number)) {
            let counter = || by_code.get_metric_with_label_values(&[label, code]).ok();
            if let Some(counter) = cell.get_or_init(counter) {
                counter.inc();
            }
        }
        let histogram = || seconds.get_metric_with_label_values(&[label]).ok();
        if let Some(histogram) = method.seconds.get_or_init(histogram) {
            histogram.observe(took.as_secs_f64());
        }
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.methods.iter().map(|method| &method.path)).finish()
    }
}

/// States, set at a scrape.
#[derive(Debug)]
struct States {
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
    fn new(r: &Registry) -> Result<States, Error> {
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

    fn set(&self, seen: &Seen) {
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

fn opts(of: &Described) -> Opts {
    Opts::new(of.name, of.help)
}

fn buckets_of(of: &Described, buckets: &[f64]) -> HistogramOpts {
    HistogramOpts::new(of.name, of.help).buckets(buckets.to_vec())
}

fn counter(r: &Registry, of: &Described) -> Result<IntCounter, Error> {
    entered(r, IntCounter::with_opts(opts(of))?)
}

fn entered<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C, Error> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_the_table_is_in_the_text_under_its_kind_and_no_other() {
        let metrics = Metrics::new(&["/a/B".to_owned()]).unwrap();
        metrics.calls.ended("/a/B", 0, Duration::from_millis(1));
        let text = metrics.text(&Seen::default()).unwrap();
        let mut told: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        let mut table: Vec<String> = ALL
            .iter()
            .map(|of| format!("{} {}", of.name, format!("{:?}", of.kind).to_ascii_lowercase()))
            .collect();
        told.sort_unstable();
        table.sort_unstable();
        assert_eq!(told, table);
    }

    #[test]
    fn names_bear_their_unit_and_counters_their_total() {
        for of in ALL {
            assert!(of.name.starts_with("trao_"), "{}", of.name);
            assert_eq!(of.name.ends_with("_total"), of.kind == Kind::Counter, "{}", of.name);
            assert!(of.help.ends_with('.'), "{}", of.name);
        }
    }

    #[test]
    fn each_reason_and_event_type_is_counted_under_its_own_name() {
        let metrics = Metrics::new(&[]).unwrap();
        for (times, reason) in Reason::ALL.iter().enumerate() {
            (0..times).for_each(|_| metrics.refusals.count(*reason));
        }
        for (times, kind) in EventType::ALL.iter().enumerate() {
            metrics.journal.committed(Duration::ZERO, std::iter::repeat_n(*kind, times));
        }
        let text = metrics.text(&Seen::default()).unwrap();
        for (times, reason) in Reason::ALL.iter().enumerate() {
            let line = format!("trao_refusals_total{{reason=\"{}\"}} {times}\n", reason.text());
            assert!(text.contains(&line), "{line}");
        }
        for (times, kind) in EventType::ALL.iter().enumerate() {
            let line = format!("trao_events_total{{type=\"{}\"}} {times}\n", kind.text());
            assert!(text.contains(&line), "{line}");
        }
    }

    #[test]
    fn a_path_that_is_no_method_makes_no_label() {
        let metrics = Metrics::new(&["/trao.v1.A/B".to_owned(), "/trao.v1.A/A".to_owned()]).unwrap();
        for path in ["/trao.v1.A/B", "/trao.v1.A/B", "/trao.v1.A/C", "/nobody's", "other", ""] {
            metrics.calls.ended(path, 12, Duration::ZERO);
        }
        metrics.calls.ended("/trao.v1.A/A", 17, Duration::ZERO);
        let text = metrics.text(&Seen::default()).unwrap();
        let calls: Vec<&str> = text.lines().filter(|line| line.starts_with("trao_calls_total{")).collect();
        assert_eq!(
            calls,
            [
                "trao_calls_total{code=\"UNIMPLEMENTED\",method=\"other\"} 4",
                "trao_calls_total{code=\"UNIMPLEMENTED\",method=\"trao.v1.A/B\"} 2",
            ]
        );
        assert!(!text.contains("nobody"));
    }

    #[test]
    fn what_could_not_be_read_is_no_number() {
        let metrics = Metrics::new(&[]).unwrap();
        let text = metrics.text(&Seen::default()).unwrap();
        assert!(text.contains("trao_wal_bytes NaN\n") && text.contains("trao_unplaced_events NaN\n"));
        assert!(text.contains("trao_feed_lag_events{class=\"carrier\"} NaN\n"));
        let seen = Seen { wal_bytes: Some(7), feeds: Some(BTreeMap::new()), ..Seen::default() };
        let text = metrics.text(&seen).unwrap();
        assert!(text.contains("trao_wal_bytes 7\n"));
        assert!(text.contains("trao_feed_lag_events{class=\"carrier\"} 0\n"));
    }
}
