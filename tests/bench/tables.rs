//! The tables of figures in README.md and docs/performance.md, written from a summary.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;

/// A figure that is told: its name, what it says, what it must be at least or at most, and how it is written.
struct Told {
    name: &'static str,
    says: &'static str,
    must: &'static str,
    unit: &'static str,
    /// README names it too.
    is_main: bool,
}

const fn told(name: &'static str, says: &'static str, must: &'static str, unit: &'static str) -> Told {
    Told { name, says, must, unit, is_main: false }
}

const fn main(name: &'static str, says: &'static str, must: &'static str, unit: &'static str) -> Told {
    Told { is_main: true, ..told(name, says, must, unit) }
}

const TOLD: &[Told] = &[
    main("capture_unary_per_s", "scans a second, one a call, 256 calls in flight", "", ""),
    main("capture_unary_vs_sink", "the same against the sink", "≥ 0.30", ""),
    main("capture_stream_events_per_s", "scans a second of outboxes drained over 8 streams", "", ""),
    main("capture_stream_vs_unary_sink", "the same against the sink's calls", "≥ 1.2", ""),
    told(
        "capture_stream_scattered_events_per_s",
        "the same, every scan of an envelope drawn at random",
        "",
        "",
    ),
    told("capture_stream_scattered_vs_unary_sink", "the same against the sink's calls", "", ""),
    told("status_per_s", "answers a second to where an envelope is", "", ""),
    main("status_vs_echo", "where an envelope is, against an echo of the answer", "≥ 0.60", ""),
    told("capture_unary_p50_ms_at_2000_per_s", "half of all scans, 2,000 a second, take at most", "", " ms"),
    main(
        "capture_unary_p99_ms_at_2000_per_s",
        "99 of 100 scans, 2,000 a second, take at most",
        "≤ 50 ms",
        " ms",
    ),
    main(
        "p99_under_attack_vs_calm",
        "these 99 of 100 while the gateway is attacked, against calm",
        "≤ 2",
        "",
    ),
    main(
        "ratio_at_1M_events_vs_empty",
        "scans with a million events stored, against an empty store",
        "≥ 0.9",
        "",
    ),
    told("naive_factor", "against one transaction for every scan", "", ""),
    told("pg_unary_per_s", "scans a second on PostgreSQL, one a call, 256 calls in flight", "", ""),
    main("pg_unary_vs_sink", "scans on PostgreSQL, one a call, against the sink", "≥ 0.25", ""),
    told("pg_stream_events_per_s", "scans a second on PostgreSQL of outboxes drained over 8 streams", "", ""),
    main(
        "pg_stream_vs_unary_sink",
        "scans on PostgreSQL of outboxes drained over 8 streams, against the sink's calls",
        "",
        "",
    ),
    told(
        "pgbench_per_s",
        "what pgbench does of the same in a second, with the clients that suit it best",
        "",
        "",
    ),
    main(
        "pgbench_same_work_ratio",
        "scans on PostgreSQL, one a call, against what pgbench does of the same",
        "",
        "",
    ),
    main(
        "pg_stream_vs_pgbench",
        "scans on PostgreSQL of outboxes drained over 8 streams, against what pgbench does of the same",
        "≥ 5",
        "",
    ),
    told(
        "feed_lag_p50_ms_at_2000_per_s",
        "half of all scans, 2,000 a second, are read on another gateway of the database after their answer within",
        "",
        " ms",
    ),
    main(
        "feed_lag_p99_ms_at_2000_per_s",
        "99 of 100 scans, 2,000 a second, are read on another gateway of the database after their answer within",
        "≤ 100 ms",
        " ms",
    ),
    told("pg_two_gateways_vs_one", "scans over two gateways of a database, against one", "", ""),
    told("pg_server_cpu_us_per_unary", "CPU of the gateway on PostgreSQL for a scan, one a call", "", " µs"),
    told(
        "pg_server_cpu_us_per_streamed_event",
        "CPU of the gateway on PostgreSQL for a scan of a stream",
        "",
        " µs",
    ),
    told("server_cpu_us_per_unary", "CPU of the gateway for a scan, one a call", "", " µs"),
    told("server_cpu_us_per_streamed_event", "CPU of the gateway for a scan of a stream", "", " µs"),
    told("server_cpu_us_per_scattered_event", "the same, drawn at random", "", " µs"),
    told("server_cpu_us_per_status", "CPU of the gateway for an answer", "", " µs"),
    told("sink_cpu_us_per_unary", "CPU of the sink for a call", "", " µs"),
    told("client_cpu_us_per_unary", "CPU of the client for a scan, one a call", "", " µs"),
    told("client_cpu_us_per_streamed_event", "CPU of the client for a scan of a stream", "", " µs"),
    told("file_bytes_per_event", "bytes of the file for an event, of a million events", "", " B"),
    told("pg_table_bytes_per_event", "bytes of the database's tables and indexes for an event", "", " B"),
    told("pg_log_bytes_per_unary", "bytes of the database's log for a scan, one a call", "", " B"),
    told("pg_log_bytes_per_streamed_event", "bytes of the database's log for a scan of a stream", "", " B"),
    main("rss_mb_at_1M_events", "memory of the gateway with a million events stored", "", " MB"),
];

/// Writes both tables anew. Fails when the summary lacks a figure that is told: it is not of a full run.
pub fn write(summary: &Path, project: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(summary)
        .with_context(|| format!("read {}: make bench writes it", summary.display()))?;
    let summary: Value = serde_json::from_str(&text)?;
    replace(&project.join("README.md"), "speed", &readme(&summary)?)?;
    replace(&project.join("docs/performance.md"), "figures", &whole(&summary)?)
}

fn readme(summary: &Value) -> anyhow::Result<String> {
    let mut table = String::from("\n| Figure | | Command |\n|---|---|---|\n");
    for told in TOLD.iter().filter(|told| told.is_main) {
        let value = number(summary, told.name)?;
        table.push_str(&format!("| {} | {value}{} | `make bench` |\n", told.says, told.unit));
    }
    Ok(table)
}

fn whole(summary: &Value) -> anyhow::Result<String> {
    let of = |key: &str| summary.get(key).map(ToString::to_string).with_context(|| format!("no {key}"));
    let (rounds, cores, commit) = (of("rounds")?, of("cores")?, of("commit")?.replace('"', ""));
    let mut table =
        format!("\nMedians of {rounds} rounds on {cores} cores, commit `{commit}`, by `make bench`.\n\n");
    table.push_str("| Figure | What it says | Median | Least to most | Must |\n|---|---|---|---|---|\n");
    for Told { name, says, must, unit, .. } in TOLD {
        let value = number(summary, name)?;
        let spread = summary.get("spread").and_then(|spread| spread.get(name)).context("no spread")?;
        let [least, most] = [number(spread, "min")?, number(spread, "max")?];
        table.push_str(&format!("| `{name}` | {says} | {value}{unit} | {least} to {most} | {must} |\n"));
    }
    Ok(table)
}

/// A number as people read it.
fn number(of: &Value, name: &str) -> anyhow::Result<String> {
    let value = of.get(name).and_then(Value::as_f64);
    let value = value.with_context(|| format!("{name} is missing: only a full run is written down"))?;
    if value < 100.0 {
        return Ok(format!("{value:.2}"));
    }
    let whole = value.round() as u64;
    Ok(if whole < 1_000 { whole.to_string() } else { format!("{},{:03}", whole / 1_000, whole % 1_000) })
}

fn replace(file: &Path, mark: &str, table: &str) -> anyhow::Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let (from, to) = (format!("<!-- {mark} -->"), format!("<!-- /{mark} -->"));
    let parts = text
        .split_once(from.as_str())
        .and_then(|(before, rest)| Some((before, rest.split_once(to.as_str())?)));
    let (before, (_, after)) = parts.with_context(|| format!("{} has no marks {from}", file.display()))?;
    ensure!(!after.contains(from.as_str()), "{} has the marks {from} twice", file.display());
    fs::write(file, format!("{before}{from}{table}{to}{after}"))
        .with_context(|| format!("write {}", file.display()))
}
