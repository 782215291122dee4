//! Opening the store: a file in the folder, or a database that others serve too.

use std::thread;

use anyhow::{Context, bail};

use super::{Options, bytes16, wall};
use crate::dossier::names::{Lane, Micros};
use crate::limits;
use crate::random::Random;
use crate::store::{self, Admin, Lease, Phase, Reader, Writer, postgres, sqlite};

/// A store that is open, and what serves it.
pub(super) struct Opened {
    pub(super) reader: Reader,
    pub(super) lanes: Vec<OpenLane>,
    pub(super) admin: Admin,
    /// Hints to and from other gateways, where there may be any.
    pub(super) bell: Option<(postgres::Bell, postgres::Ear)>,
    /// Nobody has served it before.
    pub(super) fresh: bool,
    pub(super) keeper: Keeper,
}

/// A lane of it.
pub(super) struct OpenLane {
    pub(super) lane: Lane,
    pub(super) writer: Writer,
    /// Who follows it.
    pub(super) lease: Lease,
}

/// What is held as long as the store is served, and ends after its last use.
pub(super) struct Keeper {
    _lock: sqlite::Lock,
    checkpoints: Option<(std::sync::mpsc::Sender<()>, thread::JoinHandle<()>)>,
}

impl Keeper {
    /// Ends what runs beside the store. Called where blocking is allowed.
    pub(super) fn end(&mut self) -> bool {
        let Some((stop, running)) = self.checkpoints.take() else { return true };
        let _stopped = stop.send(());
        running.join().is_ok()
    }
}

/// Opens the store that is asked for; makes it where there is none, migrates an older one.
pub(super) async fn open(options: &Options, random: &dyn Random) -> anyhow::Result<Opened> {
    let lock = sqlite::lock(&options.data).context("take the folder")?;
    match &options.database_file {
        None => open_file(options, random, lock),
        // CANCEL: the start is given up.
        Some(_) => open_database(options, random, lock).await,
    }
}

fn open_file(options: &Options, random: &dyn Random, lock: sqlite::Lock) -> anyhow::Result<Opened> {
    let fresh = !sqlite::exists(&options.data);
    if fresh {
        sqlite::create(&lock, &bytes16(random), &bytes16(random), wall()).context("make a new store")?;
    }
    sqlite::migrate(&lock, wall()).context("migrate the store")?;
    let opened = sqlite::open(&lock).context("open the store")?;
    if opened.reader.identity().context("read what the store is")?.phase == Phase::Moved {
        return Err(store::Error::Moved.into());
    }
    let checkpointer = sqlite::Checkpointer::open(&options.data, opened.reader.clone())
        .context("open the store for checkpoints")?;
    let directory = opened.reader.directory().context("read the directory")?;
    let mut lanes = Vec::new();
    let mut first = Some(opened.writer);
    for lane in directory.lanes {
        let writer = match first.take() {
            Some(first) => first,
            None => sqlite::writer(&lock, &opened.reader).context("open the store for a lane")?,
        };
        lanes.push(OpenLane { lane, writer: Writer::Sqlite(writer), lease: Lease::Alone });
    }
    let admin = sqlite::Admin::open(&options.data).context("open the store for its keeper")?;
    let (stop, stopped) = std::sync::mpsc::channel();
    let running = thread::Builder::new()
        .name("checkpoint".to_owned())
        .spawn(move || checkpointer.run(&stopped))
        .context("start checkpoints")?;
    Ok(Opened {
        reader: Reader::Sqlite(opened.reader),
        lanes,
        admin: Admin::Sqlite(admin),
        bell: None,
        fresh,
        keeper: Keeper { _lock: lock, checkpoints: Some((stop, running)) },
    })
}

async fn open_database(options: &Options, random: &dyn Random, lock: sqlite::Lock) -> anyhow::Result<Opened> {
    let Some(file) = &options.database_file else { bail!("no database is named") };
    if sqlite::exists(&options.data) {
        bail!(
            "{} holds a store of its own; with --database-file give --data a folder for this gateway's seal.key",
            options.data.display()
        );
    }
    let database = postgres::Database::of_file(file).context("read --database-file")?;
    let founding = postgres::Founding { database: bytes16(random), epoch: bytes16(random) };
    // CANCEL: the start is given up.
    let (_, fresh) = postgres::migrate(&database, founding, wall()).await.context("open the database")?;
    let reader = Reader::Postgres(postgres::Reader::new(&database));
    let identity = reader.identity().await.context("read what the store is")?;
    let directory = reader.directory().await.context("read the directory")?;
    let open = |lane: Lane| OpenLane {
        lane,
        writer: Writer::Postgres(postgres::Writer::new(&database)),
        lease: Lease::Shared(Box::new(postgres::Lease::new(&database, &identity.database, lane))),
    };
    let lanes = directory.lanes.into_iter().map(open).collect();
    let mut gateway = [0; 8];
    random.fill(&mut gateway);
    Ok(Opened {
        lanes,
        bell: Some(postgres::bell(&database, &identity.database, u64::from_be_bytes(gateway))),
        admin: Admin::Postgres(postgres::Admin::new(&database)),
        reader,
        fresh,
        keeper: Keeper { _lock: lock, checkpoints: None },
    })
}

/// How far the machine's clock is from the store's own, at least; zero where the store has none. The way there and back
/// takes its time, and what may be owed to it is left out.
pub(super) async fn apart(reader: &Reader) -> Result<i64, store::Error> {
    let before = wall();
    // CANCEL: only reads.
    let Some(theirs) = reader.time().await? else { return Ok(0) };
    let after = wall();
    let outside =
        |from: Micros, to: Micros| if theirs < from { from.since(theirs) } else { theirs.since(to).max(0) };
    Ok(outside(before, after))
}

/// Whether a clock so far from the store's may be gone on with, where somebody has looked and accepted so much.
pub(super) fn is_near(apart: i64, accepted: i64) -> bool {
    apart.saturating_sub(accepted) <= limits::CLOCKS_APART_SECONDS * Micros::SECOND
}
