//! What the gateway is compared with on PostgreSQL: pgbench, the database's own client in C, that does by itself what the
//! database has to do for a scan at the least.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::store::Database;

/// A journal whose lines have a place and a key, and a state for each envelope.
const TABLES: &str = "CREATE SCHEMA pgbench;
    CREATE TABLE pgbench.journal (pos bigserial PRIMARY KEY, key uuid NOT NULL UNIQUE, line bytea NOT NULL);
    CREATE TABLE pgbench.state (envelope bigint PRIMARY KEY, body bytea NOT NULL) WITH (fillfactor = 70)";

/// A scan: a line of the journal and the envelope's new state, in one transaction.
const SCAN: &str = r"\set envelope random(1, 25600)
BEGIN;
INSERT INTO pgbench.journal (key, line) VALUES (gen_random_uuid(), decode(repeat('2a', 420), 'hex'));
INSERT INTO pgbench.state (envelope, body) VALUES (:envelope, decode(repeat('2a', 100), 'hex'))
  ON CONFLICT (envelope) DO UPDATE SET body = excluded.body;
COMMIT;
";

/// Makes its tables.
pub fn prepare(database: &Database) {
    database.cluster.sql(TABLES);
}

/// So many clients scan; how many scans a second there were.
pub fn run(database: &Database, clients: usize, span: Duration) -> anyhow::Result<f64> {
    const LINES: &str = "SELECT count(*) FROM pgbench.journal";
    let before = database.number(LINES)?;
    let (clients, seconds) = (clients.to_string(), span.as_secs().max(1).to_string());
    let port = database.cluster.port().to_string();
    let mut pgbench = database.cluster.command("pgbench");
    pgbench.args(["-n", "-M", "prepared", "-j", "2", "-f", "-", "-c", &clients, "-T", &seconds]);
    pgbench.args(["-h", "127.0.0.1", "-p", &port, "-U", "trao", "postgres"]);
    let mut running = pgbench.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    running.stdin.take().context("its stdin")?.write_all(SCAN.as_bytes())?;
    let output = running.wait_with_output()?;
    ensure!(output.status.success(), "pgbench: {}", output.status);
    let told = String::from_utf8(output.stdout)?;
    let after = |name: &str| -> anyhow::Result<f64> {
        let number = told.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
        Ok(number.with_context(|| format!("pgbench tells no {name}"))?.parse()?)
    };
    let (count, rate) = (after("number of transactions actually processed: ")?, after("tps = ")?);
    let kept = database.number(LINES)? - before;
    ensure!(kept as f64 == count, "pgbench says that it did {count} scans, and {kept} are stored");
    println!("{:<26} {rate:>8.0}/s, {clients} clients", "pgbench");
    Ok(rate)
}
