//! Every metric by its name. README tells the same, and a test compares them.

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
        $(pub(super) const $constant: Described =
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
