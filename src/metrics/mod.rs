//! Owns: every metric, by name (`names`), and the counters that are handed to where something is counted.
//! Never: has a code, a party, a person or an address for a label; labels have a few known values each.
//!
//! Counting costs an atomic addition: each counter was looked up when the gateway started. What is a state and no count
//! is asked for at the scrape (`states`). The text format is Prometheus' own, by its field's library.

mod calls;
mod connections;
mod journal;
mod names;
mod refusals;
mod states;
#[cfg(test)]
mod tests;

use prometheus::core::Collector;
use prometheus::{Error, HistogramOpts, IntCounter, Opts, Registry, TextEncoder};

pub use calls::Calls;
pub use connections::{Connections, Open};
pub use journal::Journal;
pub use names::{ALL, Described, Kind};
pub use refusals::Refusals;
use states::States;
pub use states::{Class, Lag, Seen};

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
            connections: Connections::new(r)?,
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
