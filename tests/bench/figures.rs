//! The figures: medians of rounds with their spread, printed and written.

use std::path::Path;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use serde_json::{Map, Value, json};

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Comparison {
    /// Durable unary scans against the sink's calls
    Unary,
    /// Durable scans of streams against the sink's unary calls
    Stream,
    /// Questions where an envelope is against an echo of the answer
    Status,
    /// How long scans take that come at a pace
    Paced,
    /// How long they take while the gateway is attacked
    Attacks,
    /// Against one transaction for every line
    Naive,
    /// A large store against an empty one
    Million,
    /// Durable unary scans on PostgreSQL against the sink's calls
    PgUnary,
    /// Durable scans of streams on PostgreSQL against the sink's unary calls
    PgStream,
    /// How soon a scan is read on another gateway of the same database
    PgFeed,
    /// Unary scans on PostgreSQL against what pgbench does of the same
    Pgbench,
    /// The same scans over two gateways of a database against one
    PgGateways,
}

impl Comparison {
    /// The figures that it must give.
    fn figures(self) -> &'static [&'static str] {
        match self {
            Comparison::Unary => &["capture_unary_vs_sink", "server_cpu_us_per_unary"],
            Comparison::Stream => &[
                "capture_stream_events_per_s",
                "capture_stream_vs_unary_sink",
                "capture_stream_scattered_events_per_s",
                "capture_stream_scattered_vs_unary_sink",
                "server_cpu_us_per_streamed_event",
            ],
            Comparison::Status => &["status_vs_echo"],
            Comparison::Paced => &["capture_unary_p99_ms_at_2000_per_s"],
            Comparison::Attacks => &["p99_under_attack_vs_calm"],
            Comparison::Naive => &["naive_factor"],
            Comparison::Million => {
                &["ratio_at_1M_events_vs_empty", "rss_mb_at_1M_events", "file_bytes_per_event"]
            }
            Comparison::PgUnary => &["pg_unary_vs_sink", "pg_log_bytes_per_unary"],
            Comparison::PgStream => {
                &["pg_stream_vs_unary_sink", "pg_log_bytes_per_streamed_event", "pg_table_bytes_per_event"]
            }
            Comparison::PgFeed => &["feed_lag_p99_ms_at_2000_per_s"],
            Comparison::Pgbench => &["pgbench_same_work_ratio", "pg_stream_vs_pgbench"],
            Comparison::PgGateways => &["pg_two_gateways_vs_one"],
        }
    }
}

/// Figures by name, each with its value of every round.
#[derive(Default)]
pub struct Figures(Vec<(&'static str, Vec<f64>)>);

impl Figures {
    /// Adds a round's value.
    pub fn add(&mut self, name: &'static str, value: f64) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => self.0.push((name, vec![value])),
        }
    }

    /// Fails when a figure of these comparisons is missing, none = of all, or is no number above nothing. What costs less
    /// than a tick of the clock may be nothing where little was done, and what is read before its answer comes lags by
    /// nothing.
    pub fn ensure_whole(&self, only: &[Comparison]) -> anyhow::Result<()> {
        let all = Comparison::value_variants();
        for comparison in if only.is_empty() { all } else { only } {
            for name in comparison.figures() {
                let found = self.0.iter().find(|(known, _)| known == name);
                let (_, values) = found.with_context(|| format!("{name} was not measured"))?;
                let may_be_nothing = name.contains("_cpu_us_") || name.contains("_lag_");
                let least = if may_be_nothing { 0.0 } else { f64::MIN_POSITIVE };
                let is_measured = values.iter().all(|value| value.is_finite() && *value >= least);
                ensure!(is_measured && !values.is_empty(), "{name}: {values:?}");
            }
        }
        Ok(())
    }

    /// Writes the summary: medians flat, the spread beside.
    pub fn write(&self, file: &Path, rounds: usize) -> anyhow::Result<()> {
        let mut summary = Map::new();
        let mut spread = Map::new();
        for (name, values) in &self.0 {
            let [least, median, most] = of(values).map(rounded);
            summary.insert((*name).to_owned(), json!(median));
            spread.insert((*name).to_owned(), json!({"min": least, "median": median, "max": most}));
        }
        summary.insert("spread".to_owned(), Value::Object(spread));
        summary.insert("rounds".to_owned(), json!(rounds));
        summary.insert("cores".to_owned(), json!(std::thread::available_parallelism()?.get()));
        summary.insert("commit".to_owned(), json!(commit()));
        let text = serde_json::to_string_pretty(&Value::Object(summary))?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, text + "\n").with_context(|| format!("write {}", file.display()))
    }

    /// The figures as a table.
    pub fn print(&self) {
        println!("\n{:<40} {:>12} {:>12} {:>12}", "", "min", "median", "max");
        for (name, values) in &self.0 {
            let [least, median, most] = of(values).map(rounded);
            println!("{name:<40} {least:>12} {median:>12} {most:>12}");
        }
    }
}

fn of(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let middle = sorted.len() / 2;
    let median =
        if sorted.len() % 2 == 1 { at(middle) } else { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 };
    [at(0), median, at(sorted.len().saturating_sub(1))]
}

/// Three digits that mean something; a rate needs no more.
fn rounded(value: f64) -> f64 {
    let scale = if value.abs() >= 100.0 { 1.0 } else { 1_000.0 };
    (value * scale).round() / scale
}

/// The commit that was measured, with a mark when the tree differs from it.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    git(&["describe", "--always", "--dirty", "--abbrev=12"]).unwrap_or_else(|| "unknown".to_owned())
}
