//! Owns: a store in one SQLite file, for one machine: write-ahead log, synced at every commit, one writer, many readers,
//! an administrator in any process.
//! Never: lets SQL text be made at run time, or bytes from outside be bound as anything but bytes or checked integers.

mod admin;
mod backup;
mod checkpoint;
mod connection;
mod copying;
mod directory;
mod folder;
mod phase;
mod pool;
mod read;
mod reader;
mod restore;
mod rows;
mod schema;
mod sql;
#[cfg(test)]
mod tests;
mod writer;

pub use admin::Admin;
pub use backup::backup;
pub use checkpoint::Checkpointer;
pub(super) use copying::{Copying, Meta, Moment};
pub use folder::{Lock, lock};
pub use reader::Reader;
pub use restore::restore;
pub use writer::Writer;

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};

use self::rows::{lane, run};
use super::{Error, tie};
use crate::dossier::names::{Lane, Micros};
use crate::seal::frontier::Frontier;
use folder::{DATABASE, UNFINISHED};

/// A store that is open: its writer and a reader.
#[derive(Debug)]
pub struct Store {
    /// The one writer.
    pub writer: Writer,
    /// A reader.
    pub reader: Reader,
}

/// Whether a folder has a store.
pub fn exists(folder: &Path) -> bool {
    folder.join(DATABASE).exists()
}

/// Makes a new store in a folder that has none. It has its name only when it is whole: what a crash left of an earlier
/// attempt is made anew.
pub fn create(lock: &Lock, database: &[u8; 16], epoch: &[u8; 16], now: Micros) -> Result<(), Error> {
    let step = "make the store";
    if exists(lock.folder()) {
        return Err(Error::Failed { step, source: "there is one already".into() });
    }
    connection::check_version()?;
    let unfinished = lock.folder().join(UNFINISHED);
    for leftover in ["", "-journal", "-wal", "-shm"] {
        let name = format!("{UNFINISHED}{leftover}");
        folder::remove(&lock.folder().join(name)).map_err(Error::failed(step))?;
    }
    let file = folder::make_file(&unfinished).map_err(Error::failed(step))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let mut connection = Connection::open_with_flags(&unfinished, flags).map_err(Error::failed(step))?;
    schema::begin(&connection)?;
    schema::migrate(&mut connection, now)?;
    run(&connection, step, sql::INSERT_META, [database])?;
    let first = params![lane(Lane::default()), epoch, Frontier::new().encode()];
    run(&connection, step, sql::INSERT_LANE, first)?;
    directory::enter_source_as(&connection, 0, Lane::default(), &tie())?;
    connection.close().map_err(|(_, e)| e).map_err(Error::failed(step))?;
    file.sync_all().map_err(Error::failed(step))?;
    fs::rename(&unfinished, lock.folder().join(DATABASE)).map_err(Error::failed(step))?;
    folder::sync(lock.folder()).map_err(Error::failed(step))
}

/// Brings the store of a folder to this release's schema; how many migrations that took.
pub fn migrate(lock: &Lock, now: Micros) -> Result<usize, Error> {
    let mut connection = connection::writing(&lock.folder().join(DATABASE))?;
    schema::migrate(&mut connection, now)
}

/// One more writer of an open store: each lane has its own.
pub fn writer(lock: &Lock, reader: &Reader) -> Result<Writer, Error> {
    let connection = connection::writing(&lock.folder().join(DATABASE))?;
    Ok(Writer::new(connection, lock.commits(), reader.look_ups()))
}

/// Opens the store of a folder.
pub fn open(lock: &Lock) -> Result<Store, Error> {
    let connection = connection::writing(&lock.folder().join(DATABASE))?;
    schema::check(&connection)?;
    let reader = Reader::beside(lock)?;
    Ok(Store { writer: Writer::new(connection, lock.commits(), reader.look_ups()), reader })
}

/// Every column of a new file's tables, as `table.column`.
#[cfg(test)]
pub(super) fn columns() -> Vec<String> {
    tests::columns()
}

/// How a statement would be run on a new file.
#[cfg(test)]
pub(super) fn plan(sql: &str) -> Vec<String> {
    tests::plan(sql)
}
