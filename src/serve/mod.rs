//! Owns: the composition root: opens the store, builds every station, wires their handles, serves, and drains.
//! Never: decides what a line means or what a caller may see; it only connects those who do.

mod looks;
mod opening;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use opening::{OpenLane, Opened};

use crate::access::Keys;
use crate::clock::{Clock, ReplayClock, SharedClock, SystemClock};
use crate::doors::grpc::{self, Gateway};
use crate::doors::scrape::Scrape;
use crate::doors::{accept, wire};
use crate::dossier::names::Micros;
use crate::journal::{self, Wakes};
use crate::limits;
use crate::metrics::Metrics;
use crate::random::{Random, SharedRandom, SystemRandom};
use crate::seal::head::Sealer;
use crate::seal::keyring::Key;
use crate::store::{Admin, ClockMode, Identity};
use crate::stream::{self, Feeds, Tie};
use crate::view::View;

/// How a gateway is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the store, or with a database that of the gateway: its seal key.
    pub data: PathBuf,
    /// The file with the URL of the database; `None` keeps the store in the folder.
    pub database_file: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where to serve the metrics; port 0 takes a free one, `None` serves none.
    pub admin: Option<SocketAddr>,
    /// Whose time it is; `None` keeps what the first `serve` fixed, the machine's where nothing was fixed.
    pub clock: Option<ClockMode>,
    /// Believe the machine's clock although it does not fit the last seal.
    pub accept_clock: bool,
    /// How often a waiting pull looks by itself; the commit's own wake-up comes sooner.
    pub poll: Duration,
    /// Lines one commit takes at most.
    pub batch_lines: usize,
}

impl Options {
    /// As `trao serve` serves a folder when nothing else is asked.
    pub fn new(data: PathBuf, listen: SocketAddr) -> Options {
        let poll = stream::Options::default().poll;
        let batch_lines = limits::COMMIT_LINES;
        Options {
            data,
            database_file: None,
            listen,
            admin: None,
            clock: None,
            accept_clock: false,
            poll,
            batch_lines,
        }
    }
}

/// A clock behind the last seal by more than this, or ahead of it by more than a year, is not believed at the start.
const BEHIND_US: i64 = 3_600 * Micros::SECOND;
const AHEAD_US: i64 = 366 * Micros::DAY;

/// Serves until SIGTERM or Ctrl-C, then drains.
pub fn run(options: Options) -> anyhow::Result<()> {
    runtime()?.block_on(serve(options))
}

/// The runtime on which calls are served.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A connection's turn is many calls' work: sockets are looked at more often than between single calls.
        .event_interval(8)
        .build()
        .context("start the runtime")
}

async fn serve(options: Options) -> anyhow::Result<()> {
    // A full disk must answer, not kill: writing past a file size limit raises SIGXFSZ, whose default ends the process.
    let _full_disk = signal(SignalKind::from_raw(25)).context("ignore SIGXFSZ")?;
    let random: SharedRandom = Arc::new(SystemRandom);
    let Opened { reader, lanes, mut admin, bell, fresh, mut keeper } =
        opening::open(&options, &*random).await?;

    let identity = reader.identity().await.context("read what the store is")?;
    let mode = settle_clock(&mut admin, &identity, options.clock).await?;
    if identity.copied {
        admin.begin_epoch(&bytes16(&*random)).await.context("begin a new epoch on the copy")?;
        tracing::info!(
            "this store is a copy: a new epoch has begun, and cursors of the original answer EPOCH_CHANGED"
        );
    }
    let key = seal_key(&options, fresh, &*random)?;
    let sealer = Sealer::new(key, identity.database);
    admin.add_signing_key(sealer.key_id(), &sealer.public_key()).await.context("enter the signing key")?;
    drop(admin);

    let mut heads = Vec::new();
    for open in &lanes {
        heads.push(reader.head(open.lane).await.context("read a lane's head")?);
    }
    // What somebody has looked at and accepted is no reason to stop later.
    let apart = opening::apart(&reader).await.context("read the database's clock")?;
    let accepted = if options.accept_clock { apart } else { 0 };
    let clock: SharedClock = match mode {
        ClockMode::Replay => {
            Arc::new(ReplayClock::told(heads.iter().map(|head| head.told).max().unwrap_or(Micros(0))))
        }
        ClockMode::System => {
            let seal =
                heads.iter().filter(|head| head.pos > 0).map(|head| wall().since(head.sealed_at)).min();
            let fits = seal.is_none_or(|since| (-BEHIND_US..=AHEAD_US).contains(&since));
            if !opening::is_near(apart, accepted) {
                bail!(
                    "the machine's clock is more than {} seconds from the database's: set the one that is wrong, or start once with --accept-clock",
                    limits::CLOCKS_APART_SECONDS
                );
            }
            let believed = fits || options.accept_clock;
            if !believed {
                tracing::error!(
                    "CLOCK_SUSPECT: the machine's clock does not fit the last seal; set it, or start once with --accept-clock"
                );
            }
            Arc::new(SystemClock::start(believed))
        }
    };

    let directory = Arc::new(reader.directory().await.context("read the directory")?);
    let (published, directory_seen) = watch::channel(directory);
    let heads = heads.iter().map(|head| (head.lane, head.pos));
    let wakes = Arc::new(if bell.is_some() { Wakes::among_others(heads) } else { Wakes::new(heads) });
    let methods = wire::methods().context("read the published descriptors")?;
    let metrics = Arc::new(Metrics::new(&methods).context("make the metrics")?);
    let journal_ended = CancellationToken::new();
    let (mut handles, mut followed, mut threads) = (Vec::new(), Vec::new(), Vec::new());
    for OpenLane { lane, writer, lease } in lanes {
        let (service, handle) = journal::Service::new(
            journal::Options {
                lane,
                database: identity.database,
                sealer: sealer.clone(),
                clock: Arc::clone(&clock),
                random: Arc::clone(&random),
                apply: crate::dossier::apply::apply,
                encode_placed: wire::from::encode_placed,
                encode_event: wire::command::encode_event,
                intake_lines: limits::INTAKE_LINES,
                batch_lines: options.batch_lines,
                directory: published.clone(),
                wakes: Arc::clone(&wakes),
                metrics: metrics.journal.clone(),
            },
            writer,
        );
        let ends = journal_ended.clone().drop_guard();
        threads.push(on_own_thread("journal", async move {
            let _ends = ends;
            service.run().await;
        })?);
        handles.push(handle);
        followed.push((lane, lease));
    }
    let handle = journal::Handle::of_lanes(handles).context("find the store's lanes")?;

    let shutdown = CancellationToken::new();
    let tasks = TaskTracker::new();
    for (lane, lease) in followed {
        tasks.spawn(Tie::new(reader.clone(), handle.clone(), lane, lease).run(shutdown.clone()));
    }
    tasks.spawn(looks::directory(reader.clone(), published, shutdown.clone()));
    if let Some((bell, ear)) = bell {
        tasks.spawn(stream::echo(Arc::clone(&wakes), bell, ear, shutdown.clone()));
    }
    let gateway = Gateway {
        keys: Keys::new(reader.clone(), Arc::clone(&clock)),
        journal: handle.clone(),
        clock: Arc::clone(&clock),
        view: View::new(reader.clone(), directory_seen.clone()),
        feeds: Feeds::new(
            reader.clone(),
            Arc::clone(&wakes),
            directory_seen,
            stream::Options { poll: options.poll, ..stream::Options::default() },
            shutdown.clone(),
        ),
        reports: grpc::Reports::default(),
        metrics: Arc::clone(&metrics),
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
    };
    let scrape = Scrape {
        metrics: Arc::clone(&metrics),
        journal: handle.clone(),
        feeds: gateway.feeds.clone(),
        view: gateway.view.clone(),
        clock: Arc::clone(&clock),
    };
    let (health, answer) = grpc::services(gateway).context("build the services")?;
    let mut stop = Stop::new()?;
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("listen on {}", options.listen))?;
    let address = listener.local_addr().context("read the listening address")?;
    let admin_file = options.data.join("admin.addr");
    match options.admin {
        Some(admin) => {
            let listener = listen_admin(admin, &admin_file).await?;
            tasks.spawn(scrape.serve(listener, shutdown.clone()));
        }
        None => forget_admin(&admin_file),
    }
    tasks.spawn(looks::health(reader, Arc::clone(&clock), accepted, health.clone(), shutdown.clone()));
    looks::set(&health, !clock.is_suspect()).await;
    say_listening(address)?;
    tracing::info!(%address, clock = if clock.is_told() { "replay" } else { "system" }, fresh, "serving");

    let stop_serving = CancellationToken::new();
    let drain = Duration::from_secs(limits::DRAIN_SECONDS);
    // Streams end first and the journal last; each has its part of the time.
    let accept = accept::Options { drain: drain * 7 / 10, ..accept::Options::default() };
    let seen = Arc::clone(&metrics);
    let serving = accept::serve(listener, answer, seen, stop_serving.clone(), accept);
    let accepting = tokio::spawn(serving.context("open the hall")?);
    let broken = tokio::select! {
        () = stop.wait() => false,
        () = journal_ended.cancelled() => true,
    };
    tracing::info!("draining");
    forget_admin(&admin_file);
    looks::set(&health, false).await;
    shutdown.cancel();
    stop_serving.cancel();
    let _ended = accepting.await;
    tasks.close();
    if tokio::time::timeout(drain / 10, tasks.wait()).await.is_err() {
        tracing::warn!("some tasks were cut at the end of the drain");
    }
    handle.close();
    // One after the other: of two connections that close at once neither is the last, which empties and removes the log.
    let joined = tokio::task::spawn_blocking(move || {
        let journal = threads.into_iter().all(|thread| thread.join().is_ok());
        (journal, keeper.end(), keeper)
    });
    match tokio::time::timeout(drain / 5, joined).await {
        Ok(Ok((true, true, _keeper))) => tracing::info!("drained"),
        _ => tracing::warn!("the journal did not end in time; what was acknowledged is kept"),
    }
    if broken {
        bail!(
            "the journal ended by itself; what was acknowledged is kept, and a new start goes on from there"
        );
    }
    Ok(())
}

/// One line on stdout, for whoever started the gateway and waits for it.
#[expect(clippy::print_stdout, reason = "the one line of output")]
fn say_listening(address: SocketAddr) -> anyhow::Result<()> {
    use std::io::Write;
    println!("listening {address}");
    std::io::stdout().flush().context("say where the gateway listens")
}

/// Opens the port of the metrics and says where it is: in the log, and in a file for whoever looks from this machine.
async fn listen_admin(asked: SocketAddr, file: &Path) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(asked).await.with_context(|| {
        format!("serve the metrics on {asked}: give another address with --admin, or --admin none")
    })?;
    let address = listener.local_addr().context("read the address of the metrics")?;
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "the metrics are served beyond this machine, to everybody who reaches the address");
    }
    // A full disk is no reason not to serve.
    if let Err(error) = fs::write(file, format!("{address}\n")) {
        tracing::warn!(%error, "could not write {}", file.display());
        forget_admin(file);
    }
    tracing::info!("metrics at http://{address}/metrics");
    Ok(listener)
}

/// Whoever reads the file must not take another program's port for this one's.
fn forget_admin(file: &Path) {
    if let Err(error) = fs::remove_file(file)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "could not remove {}", file.display());
    }
}

async fn settle_clock(
    admin: &mut Admin,
    identity: &Identity,
    asked: Option<ClockMode>,
) -> anyhow::Result<ClockMode> {
    match (identity.clock, asked) {
        (Some(fixed), None) => Ok(fixed),
        (Some(fixed), Some(asked)) if fixed == asked => Ok(fixed),
        (Some(fixed), Some(_)) => {
            let name = if fixed == ClockMode::Replay { "replay" } else { "system" };
            bail!(
                "this store was first served with --clock {name}; its times cannot change their meaning now"
            )
        }
        (None, asked) => {
            let mode = asked.unwrap_or(ClockMode::System);
            admin.set_clock(mode).await.context("fix the store's clock")?;
            Ok(mode)
        }
    }
}

/// The key that signs. Of several gateways on a database each has its own: receipts name the key, and its public half is in
/// the store.
fn seal_key(options: &Options, fresh: bool, random: &dyn Random) -> anyhow::Result<Key> {
    let path = options.data.join("seal.key");
    if path.exists() {
        return Key::load(&path).context("read seal.key");
    }
    if !fresh && options.database_file.is_none() {
        tracing::warn!(
            "seal.key is missing: a new key signs from now on; put the old one back with the next start if it is found"
        );
    }
    let mut seed = [0; 32];
    random.fill(&mut seed);
    Key::create(&path, &seed).context("make seal.key")
}

/// The writer blocks on the disk, or is busy with what a database answers: it has a thread of its own, so that calls do not wait behind it.
fn on_own_thread(
    name: &str,
    work: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<thread::JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start a thread's runtime")?;
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || runtime.block_on(work))
        .context("start a thread")
}

fn wall() -> Micros {
    SystemClock::start(true).now()
}

fn bytes16(random: &dyn Random) -> [u8; 16] {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    bytes
}

/// SIGTERM or Ctrl-C.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> anyhow::Result<Stop> {
        Ok(Stop {
            terminate: signal(SignalKind::terminate()).context("listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("listen for Ctrl-C")?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
