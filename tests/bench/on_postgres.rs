//! The comparisons on PostgreSQL: a gateway on a database of its own, in a cluster of its own on the same cores.

use std::sync::Arc;

use anyhow::Context;

use super::feed;
use super::figures::{Comparison, Figures};
use super::load::{self, Until};
use super::pgbench;
use super::process::Server;
use super::rounds::{Plan, turns};
use super::side::Side;
use super::store::{Database, Store};
use super::town::Town;
use super::walker::{Order, Walker, crew};

/// The comparisons that need it.
const OURS: [Comparison; 5] = [
    Comparison::PgUnary,
    Comparison::PgStream,
    Comparison::PgFeed,
    Comparison::Pgbench,
    Comparison::PgGateways,
];

/// A gateway on a database, with envelopes on their way.
struct OnPostgres<'a> {
    plan: &'a Plan,
    town: Town,
    database: Arc<Database>,
    gateway: Side,
    streamers: Vec<Walker>,
}

/// Runs what the plan has of it.
pub async fn run(plan: &Plan, sink: &mut Side, figures: &mut Figures) -> anyhow::Result<()> {
    if !OURS.into_iter().any(|comparison| plan.wants(comparison)) {
        return Ok(());
    }
    let mut bench = OnPostgres::start(plan).await?;
    if plan.wants(Comparison::PgUnary) {
        bench.unary(sink, figures).await?;
    }
    if plan.wants(Comparison::PgStream) {
        bench.stream(sink, figures).await?;
    }
    if plan.wants(Comparison::Pgbench) {
        bench.pgbench(figures).await?;
    }
    if plan.wants(Comparison::PgFeed) {
        bench.feed(figures).await?;
    }
    if plan.wants(Comparison::PgGateways) {
        bench.gateways(figures).await?;
    }
    bench.gateway.finish()
}

impl<'a> OnPostgres<'a> {
    async fn start(plan: &'a Plan) -> anyhow::Result<OnPostgres<'a>> {
        let size = &plan.size;
        let database = Arc::new(Database::start(&plan.stores)?);
        let store = Store::database(&plan.stores.join("gateway"), &database);
        let town = Town::build(&store, size.hands + size.streams).await?;
        let callers = crew(&town, 0, size.hands, Order::Trays(size.tray));
        let mut gateway = Side::gateway(Server::gateway(&store)?, &town, callers).await?;
        let streamers = crew(&town, size.hands, size.streams, Order::Trays(size.tray_of_stream));
        let streamers = gateway.opened(&town, streamers).await?;
        Ok(OnPostgres { plan, town, database, gateway, streamers })
    }

    /// Durable unary scans against the sink's.
    async fn unary(&mut self, sink: &mut Side, figures: &mut Figures) -> anyhow::Result<()> {
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round, 2) {
                let (side, what) = match turn {
                    0 => (&mut self.gateway, "unary, PostgreSQL"),
                    _ => (&mut *sink, "unary, sink"),
                };
                let before = self.database.log_bytes()?;
                let (done, cost) = side.unary(what, &self.town, self.plan.span).await?;
                rates[turn] = done.rate();
                if turn == 0 {
                    figures.add("pg_server_cpu_us_per_unary", cost.server);
                    let logged = self.database.log_bytes()? - before;
                    figures.add("pg_log_bytes_per_unary", logged as f64 / done.count as f64);
                }
            }
            figures.add("pg_unary_per_s", rates[0]);
            figures.add("pg_unary_vs_sink", rates[0] / rates[1]);
        }
        Ok(())
    }

    /// Durable scans of streams against the sink's unary calls.
    async fn stream(&mut self, sink: &mut Side, figures: &mut Figures) -> anyhow::Result<()> {
        let until = Until::Span(self.plan.span);
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round, 2) {
                if turn == 1 {
                    rates[1] = sink.unary("unary, sink", &self.town, self.plan.span).await?.0.rate();
                    continue;
                }
                let before = self.database.log_bytes()?;
                let (done, cost) = self.gateway.streams(&self.town, &mut self.streamers, until).await?;
                cost.say("streams, PostgreSQL", &done);
                let logged = self.database.log_bytes()? - before;
                figures.add("pg_log_bytes_per_streamed_event", logged as f64 / done.count as f64);
                rates[0] = done.rate();
                figures.add("pg_server_cpu_us_per_streamed_event", cost.server);
            }
            figures.add("pg_stream_events_per_s", rates[0]);
            figures.add("pg_stream_vs_unary_sink", rates[0] / rates[1]);
        }
        let events = self.gateway.server.journaled()?.position;
        figures.add("pg_table_bytes_per_event", self.database.table_bytes()? as f64 / events as f64);
        Ok(())
    }

    /// Unary scans, and those of streams, against what pgbench does of the same in the same database, with the number of
    /// clients that suits it best.
    async fn pgbench(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        let Plan { rounds, span, ref size, .. } = *self.plan;
        pgbench::prepare(&self.database);
        for round in 0..rounds {
            let (mut calls, mut streams, mut best) = (0.0, 0.0, f64::MIN_POSITIVE);
            for turn in turns(round, 2 + size.pgbench_clients.len()) {
                match turn {
                    0 => calls = self.gateway.unary("unary, PostgreSQL", &self.town, span).await?.0.rate(),
                    1 => {
                        let (town, walkers) = (&self.town, &mut self.streamers);
                        let (done, cost) = self.gateway.streams(town, walkers, Until::Span(span)).await?;
                        cost.say("streams, PostgreSQL", &done);
                        streams = done.rate();
                    }
                    _ => best = pgbench::run(&self.database, size.pgbench_clients[turn - 2], span)?.max(best),
                }
            }
            figures.add("pgbench_per_s", best);
            figures.add("pgbench_same_work_ratio", calls / best);
            figures.add("pg_stream_vs_pgbench", streams / best);
        }
        Ok(())
    }

    /// How long after its answer a scan that comes at a pace is read on another gateway.
    async fn feed(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        let other = self.another("reader")?;
        let channel = other.connect().await?.pop().context("a connection")?;
        let Plan { rounds, span, ref size, .. } = *self.plan;
        for round in 0..rounds {
            let reader = feed::Reader::start(&channel, &self.town, &format!("reader-{round}")).await?;
            let due = (size.pace as f64 * span.as_secs_f64()) as u64;
            let reading = tokio::spawn(reader.read(due));
            let answered = self.gateway.paced(&self.town, size.pace, span).await?;
            let lags = feed::lags(&answered, &reading.await??)?;
            let [half, most] = [0.5, 0.99].map(|share| load::percentile(&lags, share) / 1_000.0);
            println!("{:<26} {due} scans, p50 {half:.2} ms, p99 {most:.2} ms", "read elsewhere");
            figures.add("feed_lag_p50_ms_at_2000_per_s", half);
            figures.add("feed_lag_p99_ms_at_2000_per_s", most);
        }
        other.stop()
    }

    /// The same scans spread over two gateways of the database, against one.
    async fn gateways(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        let other = self.another("other")?;
        let one = self.gateway.channels.clone();
        let two: Vec<_> = one.iter().cloned().zip(other.connect().await?).flat_map(|(a, b)| [a, b]).collect();
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round, 2) {
                let (channels, what) = [(&one, "unary, one gateway"), (&two, "unary, two gateways")][turn];
                self.gateway.channels.clone_from(channels);
                rates[turn] = self.gateway.unary(what, &self.town, self.plan.span).await?.0.rate();
            }
            figures.add("pg_two_gateways_vs_one", rates[1] / rates[0]);
        }
        self.gateway.channels = one;
        anyhow::ensure!(other.journaled()?.replays == 0, "a scan was answered as journaled before");
        other.stop()
    }

    /// Another gateway of the same database.
    fn another(&self, folder: &str) -> anyhow::Result<Server> {
        Server::gateway(&Store::database(&self.plan.stores.join(folder), &self.database))
    }
}
