//! Keeping the write-ahead log short while it is written without a pause.
//!
//! A checkpoint copies pages from the log into the file. It stalls whoever runs it, so most of it runs beside the
//! writer, on the checkpointer's own connection, a few megabytes at a time. That alone never ends: the log begins anew
//! only when a writer finds *all* of it copied and nobody reading it, and while batches follow each other there is
//! always a last one that is not copied yet. So when the log is long the checkpointer follows the writer closely, and as
//! soon as nearly all of it is copied, the writer copies the last few pages itself between two batches, when nothing can
//! be added and without waiting for anybody. Readers that come after that read the file, not the log, and the next batch
//! begins the log anew.
//!
//! Readers that were there before keep it from that. When there are always some, or when the disk is slower than the
//! batches, the log grows to `FRAMES_HARD`: from there on batches wait, for the checkpointer to finish and for readers
//! to end, which take a moment each. A reader that stays, such as a backup, holds the log until it ends; it is waited
//! for less and less often.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::Reader;
use super::connection::{self, BUSY};
use super::folder::DATABASE;
use super::pool::Pool;
use crate::store::Error;

/// Frames (pages of 4 KiB) that are worth a step of the checkpointer: 16 MiB.
const FRAMES_STEP: i64 = 4_096;
/// Frames from which on the log is to begin anew: 48 MiB, so that pages changed by many batches are copied once for all of
/// them.
const FRAMES_LONG: i64 = 12_288;
/// Frames that the writer copies itself between two batches: 2 MiB, a few milliseconds. Of a long log the checkpointer
/// copies what is more than that.
const FRAMES_TAIL: i64 = 512;
/// Frames that the log may reach before batches wait: 64 MiB.
const FRAMES_HARD: i64 = 16_384;
/// How long the readers of a log that long are waited for: only a backup takes longer, on the busiest machine.
const READERS: Duration = Duration::from_secs(4);
/// How often, and how far apart, a running checkpoint is waited for: a second in all, and again at the next batch.
const TURNS: usize = 200;
/// See `TURNS`.
const TURN: Duration = Duration::from_millis(5);
/// Between two looks at the log.
const PAUSE: Duration = Duration::from_millis(20);
/// Between two looks at a long log that grows: a batch's time.
const CLOSELY: Duration = Duration::from_millis(1);
/// How long after its last growth a long log is looked at closely: some batches' time.
const GROWING: Duration = Duration::from_millis(50);

/// The log: frames in it, and how many of them are copied; negative when somebody else is at it.
#[derive(Clone, Copy, Debug)]
struct Log {
    /// Something was in the way.
    busy: bool,
    frames: i64,
    copied: i64,
}

impl Log {
    fn left(self) -> i64 {
        self.frames - self.copied
    }

    fn is_elsewhere(self) -> bool {
        self.frames < 0
    }
}

/// Looks at the log and copies nothing.
fn look(connection: &Connection) -> rusqlite::Result<Log> {
    run(connection, "PRAGMA wal_checkpoint(NOOP)")
}

/// Copies what no reader keeps, without waiting for anybody.
fn copy(connection: &Connection) -> rusqlite::Result<Log> {
    run(connection, "PRAGMA wal_checkpoint(PASSIVE)")
}

fn run(connection: &Connection, pragma: &str) -> rusqlite::Result<Log> {
    let mut statement = connection.prepare_cached(pragma)?;
    statement.query_row([], |row| Ok(Log { busy: row.get(0)?, frames: row.get(1)?, copied: row.get(2)? }))
}

/// Copies everything and cuts the log's file to nothing, waiting for writer and readers to let it go.
pub(super) fn empty(connection: &Connection) -> Result<(), Error> {
    let step = "empty the log";
    match insist(connection, "PRAGMA wal_checkpoint(TRUNCATE)").map_err(Error::failed(step))? {
        log if log.busy => Err(Error::Failed { step, source: "it is in use".into() }),
        _ => Ok(()),
    }
}

/// Copies the log beside the writer.
#[derive(Debug)]
pub struct Checkpointer {
    /// Readers of this process: the log waits for what they leave open. They go before the connection, for the last one
    /// to close removes the log, and a reader cannot.
    reader: Reader,
    connection: Connection,
    /// Frames at the last step: those that a reader keeps are not tried again until there are more.
    tried: i64,
    /// Frames at the last look, and when there were last more or fewer than before.
    seen: i64,
    changed: Instant,
}

impl Checkpointer {
    /// A checkpointer of the store in a folder, and of its readers.
    pub fn open(folder: &Path, reader: Reader) -> Result<Checkpointer, Error> {
        let connection = connection::writing(&folder.join(DATABASE))?;
        Ok(Checkpointer { reader, connection, tried: 0, seen: 0, changed: Instant::now() })
    }

    /// Runs on a thread of its own until the sender is dropped.
    pub fn run(mut self, stop: &Receiver<()>) {
        let mut pause = PAUSE;
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(pause) {
            self.reader.end_old();
            pause = self.step();
        }
    }

    /// Copies what there is, if it is worth it, and says when to look again.
    pub fn step(&mut self) -> Duration {
        self.try_step().unwrap_or_else(|e| {
            tracing::warn!(error = &e as &dyn std::error::Error, "the log could not be checkpointed");
            PAUSE
        })
    }

    fn try_step(&mut self) -> rusqlite::Result<Duration> {
        let log = look(&self.connection)?;
        if log.frames != self.seen {
            (self.seen, self.changed) = (log.frames, Instant::now());
        }
        let long = log.frames >= FRAMES_LONG;
        // The log has begun anew.
        self.tried = self.tried.min(log.frames);
        let worth = if long { FRAMES_TAIL } else { FRAMES_STEP };
        if log.left() >= worth && log.frames - self.tried >= worth {
            copy(&self.connection)?;
            self.tried = log.frames;
        }
        Ok(if long && self.changed.elapsed() < GROWING { CLOSELY } else { PAUSE })
    }
}

/// The writer's part.
#[derive(Debug, Default)]
pub(super) struct Restart {
    /// Frames below which trying is not worth it: a reader or the checkpointer had the log.
    not_before: i64,
    /// Frames below which readers are not waited for: one of them stayed.
    no_wait_before: i64,
}

impl Restart {
    /// Called when nothing is being written: copies the end of a long log, so that the next batch begins it anew. The
    /// snapshots that look-ups of this process go on in hold the log, so they end here.
    pub(super) fn between_batches(&mut self, connection: &Connection, look_ups: &Pool) {
        if let Err(e) = self.try_between_batches(connection, look_ups) {
            tracing::warn!(error = &e as &dyn std::error::Error, "the log could not be checkpointed");
        }
    }

    fn try_between_batches(&mut self, connection: &Connection, look_ups: &Pool) -> rusqlite::Result<()> {
        let log = look(connection)?;
        let hard = log.frames >= FRAMES_HARD;
        if log.frames < FRAMES_LONG {
            *self = Restart::default();
        } else if hard && log.frames >= self.no_wait_before {
            look_ups.renew();
            connection.busy_timeout(READERS)?;
            let waited = wait(connection);
            connection.busy_timeout(BUSY)?;
            let after = waited?;
            if after.busy && !after.is_elsewhere() {
                self.no_wait_before = log.frames + log.frames / 4;
            }
        } else if log.left() > 0 && (hard || log.left() <= FRAMES_TAIL) && log.frames >= self.not_before {
            look_ups.renew();
            let after = copy(connection)?;
            // Whoever began to read meanwhile reads the log; from now on there is nothing in it that is not in the file.
            look_ups.renew();
            if after.is_elsewhere() || after.left() > 0 {
                self.not_before = log.frames + FRAMES_TAIL;
            }
        }
        Ok(())
    }
}

/// Copies everything and waits until nobody reads the log; the next write then begins it anew.
fn wait(connection: &Connection) -> rusqlite::Result<Log> {
    insist(connection, "PRAGMA wal_checkpoint(RESTART)")
}

/// Runs a checkpoint, after the one that somebody else may be at.
fn insist(connection: &Connection, pragma: &str) -> rusqlite::Result<Log> {
    let mut turns = 0;
    loop {
        let log = run(connection, pragma)?;
        turns += 1;
        if !log.is_elsewhere() || turns == TURNS {
            return Ok(log);
        }
        // Readers are waited for by SQLite, another checkpoint is not.
        std::thread::sleep(TURN);
    }
}
