//! Connections to the file, each set up for its use. Settings that durability or erasure hang on are read back.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::store::Error;

/// SQLite before it may corrupt a file when two connections write and checkpoint at once.
const OLDEST: i32 = 3_051_003;
/// How long another process's write or checkpoint is waited for; both take milliseconds.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// More statements than there are, so that none is ever prepared twice.
const STATEMENTS: usize = 128;
/// The writer's pages in KiB: the right edges of all tables and the hot part of the tree of keys. Just below 4,096 pages:
/// after a batch that split a page SQLite looks through the whole hash table of its cache, which doubles there.
const WRITER_CACHE_KIB: i64 = 15 << 10;
/// A reader's pages in KiB: inner pages; the rest comes from the operating system's cache in a microsecond. Not from a
/// memory map: there an I/O error is no error but the end of the process.
const READER_CACHE_KIB: i64 = 8 << 10;
/// What is left of the write-ahead log file when it begins anew, in bytes.
const LOG_LEFT: i64 = 64 << 20;

/// Refuses a SQLite that is too old.
pub(super) fn check_version() -> Result<(), Error> {
    match rusqlite::version_number() {
        OLDEST.. => Ok(()),
        _ => {
            Err(Error::Unfit(format!("SQLite {} is too old; 3.51.3 or later is needed", rusqlite::version())))
        }
    }
}

/// A connection that writes.
pub(super) fn writing(file: &Path) -> Result<Connection, Error> {
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    set_for_writing(&connection).map_err(Error::failed("set up the store"))?;
    must_be(&connection, "journal_mode", "wal")?;
    must_be(&connection, "synchronous", "2")?;
    must_be(&connection, "secure_delete", "1")?;
    must_be(&connection, "wal_autocheckpoint", "0")?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn reading(file: &Path) -> Result<Connection, Error> {
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let set = |name, value: &dyn rusqlite::ToSql| {
        connection.pragma_update(None, name, value).map_err(Error::failed("set up a reader"))
    };
    set("query_only", &true)?;
    set("cache_size", &-READER_CACHE_KIB)?;
    Ok(connection)
}

fn open(file: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    check_version()?;
    // A connection is used by one thread at a time, so it needs no mutex of its own.
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(Error::failed("open the store"))?;
    let set = || {
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // What is sorted may be personal: it stays out of temporary files.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "trusted_schema", false)?;
        // Else SQLite plans a statement anew whenever a value changes that a partial index might be judged by; none here is.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // No keys are declared foreign: one commit writes a row together with what it names.
        connection.pragma_update(None, "foreign_keys", false)
    };
    set().map_err(Error::failed("set up the store"))?;
    Ok(connection)
}

fn set_for_writing(connection: &Connection) -> rusqlite::Result<()> {
    let ignore = |_: &rusqlite::Row<'_>| Ok(());
    connection.pragma_update_and_check(None, "journal_mode", "WAL", ignore)?;
    // Acknowledged means durable: the log is synced at every commit.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is erased is overwritten, not only forgotten.
    connection.pragma_update_and_check(None, "secure_delete", "ON", ignore)?;
    // Checkpoints stall whoever runs them; see `checkpoint`.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, ignore)?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_LEFT, ignore)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)
}

fn must_be(connection: &Connection, setting: &'static str, wanted: &str) -> Result<(), Error> {
    let read = |row: &rusqlite::Row<'_>| match row.get_ref(0)? {
        rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
        text => Ok(String::from_utf8_lossy(text.as_bytes()?).into_owned()),
    };
    let found =
        connection.pragma_query_value(None, setting, read).map_err(Error::failed("set up the store"))?;
    match found == wanted {
        true => Ok(()),
        false => Err(Error::Unfit(format!("SQLite keeps {setting} at {found} where {wanted} is needed"))),
    }
}
