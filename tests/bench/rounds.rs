//! The comparisons, one after the other; within each, server and sink take turns.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use tonic::transport::Channel;
use trao::doors::wire::v1;
use v1::capture_service_client::CaptureServiceClient;
use v1::dossier_service_client::DossierServiceClient;

use super::figures::Figures;
use super::load::{self, Done, Until};
use super::process::{self, Server};
use super::sink::Answers;
use super::town::Town;
use super::walker::Walker;

/// Unary calls open at once.
const IN_FLIGHT: usize = 256;
/// Envelopes on their way of each device that calls, and of each that streams: fifty thousand in all.
const OPEN_OF_CALLER: usize = 100;
const OPEN_OF_STREAM: usize = 3_000;
/// Outboxes drained at once: with their windows half of what the intake takes.
const STREAMS: usize = 8;
const OPEN: u64 = (IN_FLIGHT * OPEN_OF_CALLER + STREAMS * OPEN_OF_STREAM) as u64;
/// Scans a second of the paced comparison: a country's busiest minute.
const PACE: u64 = 2_000;

/// What is run.
pub struct Plan {
    /// Rounds of each comparison.
    pub rounds: usize,
    /// How long each measurement lasts.
    pub span: Duration,
    /// Events of the large store.
    pub events: u64,
    /// Names of comparisons; none = all.
    pub only: Vec<String>,
    /// Where stores and summary go.
    pub out: PathBuf,
}

impl Plan {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// Runs the plan and writes the summary.
pub async fn run(plan: &Plan) -> anyhow::Result<()> {
    let stores = plan.out.join("stores");
    if stores.exists() {
        std::fs::remove_dir_all(&stores)?;
    }
    std::fs::create_dir_all(&stores)?;
    let template = stores.join("template");
    let town = Town::build(&template, IN_FLIGHT + STREAMS).await?;
    let mut figures = Figures::default();

    let mut bench = Bench::start(plan, &town, &stores).await?;
    bench.unary(&mut figures).await?;
    bench.stream(&mut figures).await?;
    bench.status(&mut figures).await?;
    bench.paced(&mut figures).await?;
    bench.naive(&mut figures).await?;
    bench.million(&mut figures).await?;
    drop(bench);

    figures.print();
    let summary = plan.out.join("summary.json");
    figures.write(&summary, plan.rounds)?;
    println!("\n{}", summary.display());
    std::fs::remove_dir_all(&stores).context("remove the stores")
}

/// A gateway with envelopes on their way, and the sink that gives its answers.
struct Bench<'a> {
    plan: &'a Plan,
    town: &'a Town,
    stores: &'a Path,
    gateway: Side,
    sink: Side,
    callers: Vec<Walker>,
    streamers: Vec<Walker>,
}

/// A server and the client's connections to it.
struct Side {
    server: Server,
    channels: Vec<Channel>,
}

impl Side {
    async fn of(server: Server) -> anyhow::Result<Side> {
        let channels = server.connect().await?;
        Ok(Side { server, channels })
    }
}

impl<'a> Bench<'a> {
    async fn start(plan: &'a Plan, town: &'a Town, stores: &'a Path) -> anyhow::Result<Bench<'a>> {
        let main = stores.join("main");
        copy(&stores.join("template"), &main)?;
        let gateway = Side::of(Server::gateway(&main)?).await?;
        let (mut callers, streamers) = opened(&gateway, town).await?;
        let answers = stores.join("answers");
        learn(&gateway, town, &mut callers).await?.write(&answers)?;
        let sink = Side::of(Server::sink(&answers)?).await?;
        Ok(Bench { plan, town, stores, gateway, sink, callers, streamers })
    }

    /// Durable unary scans against the sink's.
    async fn unary(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        if !self.plan.wants("unary") {
            return Ok(());
        }
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round) {
                let side = if turn == 0 { &self.gateway } else { &self.sink };
                let callers = std::mem::take(&mut self.callers);
                let cost = Cost::begin(&side.server)?;
                let (done, callers) = if turn == 0 {
                    load::unary(&side.channels, self.town, callers, self.plan.span).await?
                } else {
                    // What the sink forgets was never scanned: its walkers are others.
                    let (done, _) =
                        load::unary(&side.channels, self.town, walkers(self.town).0, self.plan.span).await?;
                    (done, callers)
                };
                self.callers = callers;
                let cost = cost.end(&side.server, &done)?;
                cost.say(["unary, gateway", "unary, sink"][turn], &done);
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

    /// Durable scans of streams against the sink's unary calls.
    async fn stream(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        if !self.plan.wants("stream") {
            return Ok(());
        }
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round) {
                let side = if turn == 0 { &self.gateway } else { &self.sink };
                let cost = Cost::begin(&side.server)?;
                let done = if turn == 0 {
                    let streamers = std::mem::take(&mut self.streamers);
                    let until = Until::Span(self.plan.span);
                    let (done, streamers) =
                        load::streams(&side.channels, self.town, streamers, until, false).await?;
                    self.streamers = streamers;
                    done
                } else {
                    load::unary(&side.channels, self.town, walkers(self.town).0, self.plan.span).await?.0
                };
                let cost = cost.end(&side.server, &done)?;
                cost.say(["streams, gateway", "unary, sink"][turn], &done);
                rates[turn] = done.rate();
                if turn == 0 {
                    figures.add("server_cpu_us_per_streamed_event", cost.server);
                    figures.add("client_cpu_us_per_streamed_event", cost.client);
                }
            }
            figures.add("capture_stream_events_per_s", rates[0]);
            figures.add("capture_stream_vs_unary_sink", rates[0] / rates[1]);
        }
        Ok(())
    }

    /// Questions where an envelope is against an echo of the answer.
    async fn status(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        if !self.plan.wants("status") {
            return Ok(());
        }
        let items: Vec<String> = self.streamers.iter().flat_map(Walker::items).collect();
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round) {
                let side = if turn == 0 { &self.gateway } else { &self.sink };
                let cost = Cost::begin(&side.server)?;
                let done = load::status(&side.channels, self.town, &items, IN_FLIGHT, self.plan.span).await?;
                let cost = cost.end(&side.server, &done)?;
                cost.say(["status, gateway", "status, echo"][turn], &done);
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
        if !self.plan.wants("paced") {
            return Ok(());
        }
        for _ in 0..self.plan.rounds {
            let callers = std::mem::take(&mut self.callers);
            let (took, callers) =
                load::paced(&self.gateway.channels, self.town, callers, PACE, self.plan.span).await?;
            self.callers = callers;
            let [half, most] = [0.5, 0.99].map(|share| load::percentile(&took, share) / 1_000.0);
            println!("{:<24} {} scans, p50 {half:.2} ms, p99 {most:.2} ms", "unary, 2000/s", took.len());
            figures.add("capture_unary_p50_ms_at_2000_per_s", half);
            figures.add("capture_unary_p99_ms_at_2000_per_s", most);
        }
        Ok(())
    }

    /// The same gateway, one transaction for every line.
    async fn naive(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        if !self.plan.wants("naive") {
            return Ok(());
        }
        let data = self.stores.join("naive");
        copy(&self.stores.join("template"), &data)?;
        let naive = Side::of(Server::naive(&data)?).await?;
        let mut of_naive = walkers(self.town).0;
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round) {
                let side = if turn == 0 { &self.gateway } else { &naive };
                let walkers = if turn == 0 { &mut self.callers } else { &mut of_naive };
                let (done, back) =
                    load::unary(&side.channels, self.town, std::mem::take(walkers), self.plan.span).await?;
                *walkers = back;
                rates[turn] = done.rate();
            }
            println!("{:<24} {:>9.0}/s", "unary, naive", rates[1]);
            figures.add("naive_factor", rates[0] / rates[1]);
        }
        Ok(())
    }

    /// A store with a million events against an empty one.
    async fn million(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        if !self.plan.wants("million") {
            return Ok(());
        }
        let data = self.stores.join("million");
        copy(&self.stores.join("template"), &data)?;
        let large = Side::of(Server::gateway(&data)?).await?;
        let (mut callers, streamers) = opened(&large, self.town).await?;
        let each = self.plan.events.saturating_sub(3 * OPEN) / STREAMS as u64;
        let (filled, _) =
            load::streams(&large.channels, self.town, streamers, Until::Events(each), false).await?;
        println!("{:<24} {:>9.0}/s, {} events", "filling", filled.rate(), filled.count);
        figures.add("rss_mb_at_1M_events", large.server.rss_mb()?);
        for round in 0..self.plan.rounds {
            let mut rates = [0.0; 2];
            for turn in turns(round) {
                let done = if turn == 0 {
                    let (done, back) =
                        load::unary(&large.channels, self.town, std::mem::take(&mut callers), self.plan.span)
                            .await?;
                    callers = back;
                    done
                } else {
                    let data = self.stores.join(format!("empty-{round}"));
                    copy(&self.stores.join("template"), &data)?;
                    let empty = Side::of(Server::gateway(&data)?).await?;
                    load::unary(&empty.channels, self.town, walkers(self.town).0, self.plan.span).await?.0
                };
                rates[turn] = done.rate();
            }
            println!("{:<24} {:>9.0}/s, empty {:.0}/s", "unary, large store", rates[0], rates[1]);
            figures.add("ratio_at_1M_events_vs_empty", rates[0] / rates[1]);
        }
        figures.add("rss_mb_at_1M_events", large.server.rss_mb()?);
        Ok(())
    }
}

/// Who begins alternates.
fn turns(round: usize) -> [usize; 2] {
    if round % 2 == 0 { [0, 1] } else { [1, 0] }
}

/// Walkers that have scanned nothing yet: those that call and those that stream.
fn walkers(town: &Town) -> (Vec<Walker>, Vec<Walker>) {
    let callers = (0..IN_FLIGHT).map(|number| Walker::new(town, number, OPEN_OF_CALLER));
    let streamers = (IN_FLIGHT..IN_FLIGHT + STREAMS).map(|number| Walker::new(town, number, OPEN_OF_STREAM));
    (callers.collect(), streamers.collect())
}

/// Walkers whose envelopes are on their way in a store, three events each.
async fn opened(side: &Side, town: &Town) -> anyhow::Result<(Vec<Walker>, Vec<Walker>)> {
    let (callers, streamers) = walkers(town);
    let mut ready = Vec::new();
    let mut waiting = callers.into_iter();
    loop {
        let some: Vec<Walker> = waiting.by_ref().take(STREAMS).collect();
        if some.is_empty() {
            break;
        }
        let until = Until::Events(3 * OPEN_OF_CALLER as u64);
        ready.extend(load::streams(&side.channels, town, some, until, true).await?.1);
    }
    let until = Until::Events(3 * OPEN_OF_STREAM as u64);
    let (done, streamers) = load::streams(&side.channels, town, streamers, until, true).await?;
    println!("{:<24} {:>9.0}/s, {OPEN} envelopes", "opening", done.rate());
    Ok((ready, streamers))
}

/// What the gateway answers to a scan and to a question.
async fn learn(gateway: &Side, town: &Town, callers: &mut [Walker]) -> anyhow::Result<Answers> {
    let channel = gateway.channels.first().context("a connection")?;
    let walker = callers.first_mut().context("a walker")?;
    let request = v1::CaptureEventRequest { line: Some(walker.next_scan()) };
    let captured = CaptureServiceClient::new(channel.clone()).capture_event(town.ask(request)).await?;
    let item = walker.items().next().context("an envelope on its way")?;
    let dossier =
        DossierServiceClient::new(channel.clone()).get_dossier(town.ask(load::where_is(&item))).await?;
    Ok(Answers { captured: captured.into_inner(), dossier: dossier.into_inner() })
}

/// What a stretch of work costs both sides.
struct Cost {
    server: f64,
    client: f64,
}

impl Cost {
    fn begin(server: &Server) -> anyhow::Result<Cost> {
        Ok(Cost { server: server.cpu_us()?, client: process::own_cpu_us()? })
    }

    /// For each of what was done.
    fn end(self, server: &Server, done: &Done) -> anyhow::Result<Cost> {
        ensure!(done.count > 0, "nothing was done");
        let each = |now: f64, then: f64| (now - then) / done.count as f64;
        Ok(Cost {
            server: each(server.cpu_us()?, self.server),
            client: each(process::own_cpu_us()?, self.client),
        })
    }

    fn say(&self, what: &str, done: &Done) {
        println!(
            "{what:<24} {:>9.0}/s, server {:>5.1} µs, client {:>5.1} µs CPU each",
            done.rate(),
            self.server,
            self.client
        );
    }
}

/// A store whose gateway has ended, under another name.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir(to)?;
    for file in ["trao.db", "seal.key"] {
        std::fs::copy(from.join(file), to.join(file)).with_context(|| format!("copy {file}"))?;
    }
    Ok(())
}
