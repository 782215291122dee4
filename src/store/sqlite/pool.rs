//! Connections that read: a few are kept open, and for a moment the snapshot they were in as well.
//!
//! To begin a snapshot and to end it costs as much as the few rows that a look-up reads. So a snapshot is not ended with
//! the look-up it was begun for: the next one goes on in it, as long as nothing was committed since and it is young. What
//! was acknowledged before a look-up came is therefore always in what it reads. What is not acknowledged yet may be seen by
//! one reader a few microseconds before another.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::rows::run;
use super::{connection, sql};
use crate::store::Error;

/// Connections kept open while nobody reads: as many as there are threads that read at once on a usual machine. More
/// are opened when needed and closed after.
const IDLE: usize = 8;
/// How long look-ups go on in one snapshot. The log cannot begin anew meanwhile, and what an administrator changes in
/// another process is not seen; both wait for far longer things.
const YOUNG: Duration = Duration::from_millis(10);

/// How many commits the one who serves the folder has tried. It grows before any of them is acknowledged, and besides
/// whenever no look-up is to go on in an earlier snapshot.
#[derive(Clone, Debug, Default)]
pub(super) struct Commits(Arc<AtomicU64>);

impl Commits {
    /// Called when a commit has ended, however.
    pub(super) fn tried(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    fn so_far(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

#[derive(Debug)]
pub(super) struct Pool {
    file: PathBuf,
    /// `None` where somebody else commits: no snapshot is known to be the latest then.
    commits: Option<Commits>,
    idle: Mutex<Vec<Idle>>,
    /// The store was seen to live on elsewhere.
    moved: AtomicBool,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    snapshot: Option<Begun>,
}

/// When a snapshot was begun.
#[derive(Clone, Copy, Debug)]
struct Begun {
    /// Commits that are in it, and perhaps later ones.
    after: u64,
    at: Instant,
}

impl Pool {
    pub(super) fn new(file: PathBuf, first: Connection, commits: Option<Commits>) -> Pool {
        Pool {
            file,
            commits,
            idle: Mutex::new(vec![Idle { connection: first, snapshot: None }]),
            moved: AtomicBool::new(false),
        }
    }

    /// Whether the store was seen to live on elsewhere.
    pub(super) fn is_moved(&self) -> bool {
        self.moved.load(Ordering::Relaxed)
    }

    /// The store lives on elsewhere.
    pub(super) fn end_for_good(&self) {
        self.moved.store(true, Ordering::Relaxed);
    }

    pub(super) fn file(&self) -> &PathBuf {
        &self.file
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pop(&self) -> Option<Idle> {
        self.idle().pop()
    }

    fn push(&self, connection: Connection, snapshot: Option<Begun>) {
        let mut idle = self.idle();
        if idle.len() < IDLE {
            idle.push(Idle { connection, snapshot });
        }
    }

    /// Reads on an idle connection, or on a new one, what is there by now. A connection that failed is not used again.
    pub(super) fn on<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let connection = self.outside()?;
        let found = read(&connection)?;
        self.push(connection, None);
        Ok(found)
    }

    /// A connection outside any snapshot.
    fn outside(&self) -> Result<Connection, Error> {
        self.pop().and_then(Idle::ended).map_or_else(|| connection::reading(&self.file), Ok)
    }

    /// What is there by now, for several reads.
    pub(super) fn snapshot(self: &Arc<Pool>) -> Result<Snapshot, Error> {
        let after = self.commits.as_ref().map(Commits::so_far);
        let (connection, begun) = match self.pop() {
            Some(Idle { connection, snapshot: Some(begun) }) if self.goes_on(begun) => (connection, begun),
            other => {
                let connection =
                    other.and_then(Idle::ended).map_or_else(|| connection::reading(&self.file), Ok)?;
                run(&connection, "begin to read", sql::BEGIN_READING, [])?;
                (connection, Begun { after: after.unwrap_or_default(), at: Instant::now() })
            }
        };
        Ok(Snapshot { connection: Mutex::new(Some(connection)), begun, pool: Arc::clone(self) })
    }

    /// Ends the snapshots in which no look-up goes on any more. Called now and then, so that none outlives its use by much.
    pub(super) fn end_old(&self) {
        self.end(|begun| !self.goes_on(begun));
    }

    /// Ends every snapshot that nobody reads, and has the others end with their look-up.
    pub(super) fn renew(&self) {
        if let Some(commits) = &self.commits {
            commits.tried();
            self.end(|_| true);
        }
    }

    /// Whether the next look-up may go on in a snapshot.
    fn goes_on(&self, begun: Begun) -> bool {
        let latest = self.commits.as_ref().is_some_and(|commits| commits.so_far() == begun.after);
        latest && begun.at.elapsed() < YOUNG
    }

    fn end(&self, which: impl Fn(Begun) -> bool) {
        let ending: Vec<Idle> =
            self.idle().extract_if(.., |idle| idle.snapshot.is_some_and(&which)).collect();
        for connection in ending.into_iter().filter_map(Idle::ended) {
            self.push(connection, None);
        }
    }
}

impl Idle {
    /// The connection, in no snapshot. One that cannot end its own is closed, and that ends it.
    fn ended(self) -> Option<Connection> {
        match self.snapshot {
            Some(_) => {
                run(&self.connection, "end reading", sql::COMMIT, []).is_ok().then_some(self.connection)
            }
            None => Some(self.connection),
        }
    }
}

/// A connection inside a transaction that only reads.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// `None` once a read of it failed.
    connection: Mutex<Option<Connection>>,
    begun: Begun,
    pool: Arc<Pool>,
}

impl Snapshot {
    pub(super) fn on<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let mut held = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = held.take().ok_or("an earlier read failed").map_err(Error::failed("read"))?;
        let found = read(&connection)?;
        *held = Some(connection);
        Ok(found)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let held = self.connection.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(connection) = held else { return };
        if self.pool.goes_on(self.begun) {
            self.pool.push(connection, Some(self.begun));
        } else if let Some(connection) = (Idle { connection, snapshot: Some(self.begun) }).ended() {
            self.pool.push(connection, None);
        }
    }
}
