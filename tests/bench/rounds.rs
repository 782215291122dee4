//! The comparisons, one after the other; within each, the servers take turns.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use trao::doors::wire::v1;
use v1::capture_service_client::CaptureServiceClient;
use v1::dossier_service_client::DossierServiceClient;

use super::attacks::{self, Attacker};
use super::figures::{Comparison, Figures};
use super::load::{self, Until};
use super::on_postgres;
use super::process::Server;
use super::side::Side;
use super::sink::Answers;
use super::store::{Store, copy};
use super::town::Town;
use super::walker::{Order, Walker, crew};

/// What is run.
pub struct Plan {
    /// Rounds of each comparison.
    pub rounds: usize,
    /// How long each measurement lasts.
    pub span: Duration,
    /// Events of the large store.
    pub events: u64,
    /// Which comparisons; none = all.
    pub only: Vec<Comparison>,
    /// Which attacks, in every round; none = all, in turn.
    pub attacks: Vec<String>,
    /// Where the stores go while they are needed.
    pub stores: PathBuf,
    /// How many scan what.
    pub size: Size,
}

/// How many scan what.
pub struct Size {
    /// Unary calls open at once, each of a device of its own.
    pub hands: usize,
    /// Outboxes drained at once.
    pub streams: usize,
    /// Envelopes on a tray of who calls.
    pub tray: usize,
    /// Envelopes on a tray of who streams.
    pub tray_of_stream: usize,
    /// Envelopes on a tray where a large store is compared with an empty one: few, as the empty one must hold them.
    pub tray_of_compared: usize,
    /// Envelopes on their way of each outbox that is scanned at random.
    pub scattered: usize,
    /// Scans a second of those that come at a pace: a country's busiest minute.
    pub pace: u64,
    /// Clients of pgbench, in turn.
    pub pgbench_clients: &'static [usize],
}

impl Size {
    /// What is measured: 256 calls in flight, and outboxes whose windows are half of what the intake takes.
    pub const WHOLE: Size = Size {
        hands: 256,
        streams: 8,
        tray: 100,
        tray_of_stream: 500,
        tray_of_compared: 20,
        scattered: 3_000,
        pace: 2_000,
        pgbench_clients: &[8, 16, 32],
    };
    /// What shows that everything works.
    pub const SMALL: Size = Size {
        hands: 8,
        streams: 2,
        tray: 4,
        tray_of_stream: 6,
        tray_of_compared: 2,
        scattered: 8,
        pace: 100,
        pgbench_clients: &[2],
    };
}

impl Plan {
    /// Whether it has this comparison.
    pub fn wants(&self, comparison: Comparison) -> bool {
        self.only.is_empty() || self.only.contains(&comparison)
    }
}

/// Runs the plan.
pub async fn run(plan: &Plan) -> anyhow::Result<Figures> {
    if plan.stores.exists() {
        std::fs::remove_dir_all(&plan.stores)?;
    }
    std::fs::create_dir_all(&plan.stores)?;
    let template = plan.stores.join("template");
    let town = Town::build(&Store::folder(&template), plan.size.hands + 2 * plan.size.streams).await?;
    let mut figures = Figures::default();
    let mut bench = Bench::start(plan, &town).await?;
    if plan.wants(Comparison::Unary) {
        bench.unary(&mut figures).await?;
    }
    if plan.wants(Comparison::Stream) {
        bench.stream(&mut figures).await?;
    }
    if plan.wants(Comparison::Status) {
        bench.status(&mut figures).await?;
    }
    if plan.wants(Comparison::Paced) {
        bench.paced(&mut figures).await?;
    }
    if plan.wants(Comparison::Attacks) {
        bench.attacks(&mut figures).await?;
    }
    if plan.wants(Comparison::Naive) {
        bench.naive(&mut figures).await?;
    }
    if plan.wants(Comparison::Million) {
        bench.million(&mut figures).await?;
    }
    on_postgres::run(plan, &mut bench.sink, &mut figures).await?;
    bench.gateway.finish()?;
    std::fs::remove_dir_all(&plan.stores).context("remove the stores")?;
    Ok(figures)
}

/// A gateway with envelopes on their way, and the sink that gives its answers.
struct Bench<'a> {
    plan: &'a Plan,
    town: &'a Town,
    gateway: Side,
    sink: Side,
    streamers: Vec<Walker>,
    scattered: Vec<Walker>,
}

impl<'a> Bench<'a> {
    async fn start(plan: &'a Plan, town: &'a Town) -> anyhow::Result<Bench<'a>> {
        let size = &plan.size;
        let callers = || crew(town, 0, size.hands, Order::Trays(size.tray));
        let mut gateway = fresh(plan, "main", town, callers()).await?;
        let streamers = crew(town, size.hands, size.streams, Order::Trays(size.tray_of_stream));
        let streamers = gateway.opened(town, streamers).await?;
        let first = size.hands + size.streams;
        let scattered = crew(town, first, size.streams, Order::Scattered(size.scattered));
        let scattered = gateway.opened(town, scattered).await?;
        let answers = plan.stores.join("answers");
        learn(&mut gateway, town).await?.write(&answers)?;
        let sink = Side::sink(Server::sink(&answers)?, callers()).await?;
        Ok(Bench { plan, town, gateway, sink, streamers, scattered })
    }

    /// Durable unary scans against the sink's.
    async fn unary(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round, 2) {
                let (side, what) = match turn {
                    0 => (&mut self.gateway, "unary, gateway"),
                    _ => (&mut self.sink, "unary, sink"),
                };
                let (done, cost) = side.unary(what, self.town, self.plan.span).await?;
                rates[turn] = done.rate();
                if turn == 0 {
                    figures.add("server_cpu_us_per_unary", cost.server);
                    figures.add("client_cpu_us_per_unary", cost.client);
                } else {
                    figures.add("sink_cpu_us_per_unary", cost.server);
                }
            }
            figures.add("capture_unary_per_s", rates[0]);
            figures.add("sink_unary_per_s", rates[1]);
            figures.add("capture_unary_vs_sink", rates[0] / rates[1]);
        }
        Ok(())
    }

    /// Durable scans of streams, tray by tray and scattered, against the sink's unary calls.
    async fn stream(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        let until = Until::Span(self.plan.span);
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 3];
            for turn in turns(round, 3) {
                let (walkers, what) = match turn {
                    0 => (&mut self.streamers, "streams, gateway"),
                    1 => (&mut self.scattered, "streams, scattered"),
                    _ => {
                        let (done, _) = self.sink.unary("unary, sink", self.town, self.plan.span).await?;
                        rates[turn] = done.rate();
                        continue;
                    }
                };
                let (done, cost) = self.gateway.streams(self.town, walkers, until).await?;
                cost.say(what, &done);
                rates[turn] = done.rate();
                if turn == 0 {
                    figures.add("server_cpu_us_per_streamed_event", cost.server);
                    figures.add("client_cpu_us_per_streamed_event", cost.client);
                } else {
                    figures.add("server_cpu_us_per_scattered_event", cost.server);
                }
            }
            figures.add("capture_stream_events_per_s", rates[0]);
            figures.add("capture_stream_vs_unary_sink", rates[0] / rates[2]);
            figures.add("capture_stream_scattered_events_per_s", rates[1]);
            figures.add("capture_stream_scattered_vs_unary_sink", rates[1] / rates[2]);
        }
        Ok(())
    }

    /// Questions where an envelope is against an echo of the answer.
    async fn status(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        let walkers = self.streamers.iter().chain(&self.scattered).chain(&self.gateway.callers);
        let items: Vec<String> = walkers.flat_map(Walker::items).collect();
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round, 2) {
                let (side, what) = match turn {
                    0 => (&self.gateway, "status, gateway"),
                    _ => (&self.sink, "status, echo"),
                };
                let hands = self.plan.size.hands;
                let (done, cost) = side.status(what, self.town, &items, hands, self.plan.span).await?;
                rates[turn] = done.rate();
                if turn == 0 {
                    figures.add("server_cpu_us_per_status", cost.server);
                }
            }
            figures.add("status_per_s", rates[0]);
            figures.add("status_vs_echo", rates[0] / rates[1]);
        }
        Ok(())
    }

    /// How long scans take that come at a pace.
    async fn paced(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        for _ in 0..self.plan.rounds {
            let answered = self.gateway.paced(self.town, self.plan.size.pace, self.plan.span).await?;
            let took = load::took(&answered);
            let [half, most] = [0.5, 0.99].map(|share| load::percentile(&took, share) / 1_000.0);
            println!("{:<26} {} scans, p50 {half:.2} ms, p99 {most:.2} ms", "unary, at a pace", took.len());
            figures.add("capture_unary_p50_ms_at_2000_per_s", half);
            figures.add("capture_unary_p99_ms_at_2000_per_s", most);
        }
        Ok(())
    }

    /// How long the same scans take while the gateway is attacked: every attack has its calm beside it.
    async fn attacks(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        let Plan { rounds, span, ref size, .. } = *self.plan;
        for round in 0..rounds {
            let (mut calm, mut attacked) = (Vec::new(), Vec::new());
            for (name, counts) in attacks::of_round(round, rounds, &self.plan.attacks) {
                let span = if counts { span } else { span / 3 };
                let (mut p99, mut busy) = ([0.0; 2], [0.0; 2]);
                for turn in turns(round, 2) {
                    let attacker = match turn {
                        0 => None,
                        _ => Some(Attacker::begin(name, self.gateway.server.address(), self.town, span)?),
                    };
                    let cpu = self.gateway.server.cpu_us()?;
                    let took = load::took(&self.gateway.paced(self.town, size.pace, span).await?);
                    busy[turn] = (self.gateway.server.cpu_us()? - cpu) / span.as_micros() as f64;
                    if let Some(attacker) = attacker {
                        attacker.end()?;
                    }
                    p99[turn] = load::percentile(&took, 0.99) / 1_000.0;
                    // Attacks that not every round has are told, and do not make rounds differ.
                    if counts {
                        if turn == 0 { &mut calm } else { &mut attacked }.extend(took);
                    }
                }
                let [calm, attacked] = p99;
                println!(
                    "{name:<42} p99 {attacked:>6.2} ms, calm {calm:>6.2} ms; cores busy {:.2}, calm {:.2}",
                    busy[1], busy[0]
                );
            }
            let [calm, attacked] = [calm, attacked].map(|mut took| {
                took.sort_unstable();
                load::percentile(&took, 0.99)
            });
            figures.add("p99_under_attack_vs_calm", attacked / calm);
        }
        Ok(())
    }

    /// The same gateway, one transaction for every line.
    async fn naive(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        let data = self.plan.stores.join("naive");
        copy(&self.plan.stores.join("template"), &data)?;
        let callers = crew(self.town, 0, self.plan.size.hands, Order::Trays(self.plan.size.tray_of_compared));
        let mut naive = Side::gateway(Server::naive(&data)?, self.town, callers).await?;
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round, 2) {
                let (side, what) = match turn {
                    0 => (&mut self.gateway, "unary, gateway"),
                    _ => (&mut naive, "unary, one each commit"),
                };
                rates[turn] = side.unary(what, self.town, self.plan.span).await?.0.rate();
            }
            figures.add("naive_factor", rates[0] / rates[1]);
        }
        naive.finish()
    }

    /// A store with a million events against one that holds nothing but the envelopes on their way.
    async fn million(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        let Plan { rounds, span, events, ref size, .. } = *self.plan;
        let callers = || crew(self.town, 0, size.hands, Order::Trays(size.tray_of_compared));
        let mut large = fresh(self.plan, "million", self.town, callers()).await?;
        let mut fillers = crew(self.town, size.hands, size.streams, Order::Trays(size.tray_of_stream));
        let missing = events.saturating_sub(large.server.journaled()?.position);
        let each = Until::Events(missing.div_ceil(size.streams as u64));
        let (filled, cost) = large.streams(self.town, &mut fillers, each).await?;
        cost.say("filling", &filled);
        figures.add("rss_mb_at_1M_events", large.server.rss_mb()?);
        for round in 0..rounds {
            let name = format!("empty-{round}");
            let mut empty = fresh(self.plan, &name, self.town, callers()).await?;
            let mut rates = [0.0; 2];
            for turn in turns(round, 2) {
                let (side, what) = match turn {
                    0 => (&mut large, "unary, large store"),
                    _ => (&mut empty, "unary, empty store"),
                };
                rates[turn] = side.unary(what, self.town, span).await?.0.rate();
            }
            figures.add("ratio_at_1M_events_vs_empty", rates[0] / rates[1]);
            empty.finish()?;
        }
        figures.add("rss_mb_at_1M_events", large.server.rss_mb()?);
        let stored = large.server.journaled()?.position;
        large.finish()?;
        let file = self.plan.stores.join("million").join("trao.db");
        figures.add("file_bytes_per_event", std::fs::metadata(file)?.len() as f64 / stored as f64);
        Ok(())
    }
}

/// The turns of a round; who begins alternates.
pub fn turns(round: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |turn| if round.is_multiple_of(2) { turn } else { count - 1 - turn })
}

/// A gateway on a store of its own, with the envelopes of its callers on their way.
async fn fresh(plan: &Plan, name: &str, town: &Town, callers: Vec<Walker>) -> anyhow::Result<Side> {
    let data = plan.stores.join(name);
    copy(&plan.stores.join("template"), &data)?;
    Side::gateway(Server::gateway(&Store::folder(&data))?, town, callers).await
}

/// What the gateway answers to a scan and to a question.
async fn learn(gateway: &mut Side, town: &Town) -> anyhow::Result<Answers> {
    let channel = gateway.channels.first().context("a connection")?.clone();
    // One that is in the middle of its way.
    let middle = gateway.callers.len() / 2;
    let walker = gateway.callers.get_mut(middle).context("a walker")?;
    let request = v1::CaptureEventRequest { line: Some(walker.next_scan()) };
    let item = walker.items().next().context("an envelope on its way")?;
    let captured = CaptureServiceClient::new(channel.clone()).capture_event(town.ask(request)).await?;
    gateway.acknowledged_one();
    let dossier = DossierServiceClient::new(channel).get_dossier(town.ask(load::where_is(&item))).await?;
    Ok(Answers { captured: captured.into_inner(), dossier: dossier.into_inner() })
}
