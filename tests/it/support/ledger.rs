//! The book of a SQLite store: its file, opened read-only beside the gateway, and everything that can be checked from it
//! alone.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row as Cells};
use trao::dossier::names::Micros;
use trao::seal::digest;
use trao::seal::head::Seal;

pub use super::book::Row;
use super::book::{Book, Part, run_of};

/// The journal's rows, ascending.
pub fn rows(database: &Connection) -> Vec<Row> {
    all(database, "SELECT pos, record, event FROM entry WHERE lane = 0 ORDER BY pos", |row| {
        Ok(Row::of(row.get::<_, i64>(0)? as u64, row.get(1)?, row.get(2)?))
    })
}

/// The seals, ascending.
pub fn seals(database: &Connection) -> Vec<Seal> {
    let select = "SELECT size, committed_at, root, key_id, signature FROM seal WHERE lane = 0 ORDER BY size";
    all(database, select, |row| {
        Ok(Seal {
            size: row.get::<_, i64>(0)? as u64,
            committed_at: Micros(row.get(1)?),
            root: row.get(2)?,
            key_id: u32::try_from(row.get::<_, i64>(3)?).unwrap(),
            signature: row.get(4)?,
        })
    })
}

fn all<T>(database: &Connection, select: &str, row: impl FnMut(&Cells<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let mut statement = database.prepare(select).unwrap();
    let rows = statement.query_map([], row).unwrap();
    rows.map(Result::unwrap).collect()
}

fn one<T: rusqlite::types::FromSql>(database: &Connection, select: &str) -> T {
    database.query_row(select, [], |row| row.get(0)).unwrap()
}

fn book(database: &Connection) -> Book {
    let key = |row: &Cells<'_>| Ok((u32::try_from(row.get::<_, i64>(0)?).unwrap(), row.get(1)?));
    let party = |row: &Cells<'_>| Ok((row.get(0)?, String::from_utf8(row.get(1)?).unwrap()));
    let part = |row: &Cells<'_>| {
        let erased = row.get::<_, i64>(3)? != 0;
        Ok((row.get::<_, i64>(0)? as u64, Part { salt: row.get(1)?, body: row.get(2)?, erased }))
    };
    let run = |row: &Cells<'_>| {
        let number = |at: usize| row.get::<_, i64>(at).map(|number| number as u64);
        let steps: Vec<u8> = row.get(4)?;
        Ok(run_of(row.get(0)?, number(1)?, number(2)?, number(3)?, &steps))
    };
    let runs = "SELECT party, seq, lines, pos, steps FROM log_run WHERE lane = 0 ORDER BY party, seq";
    Book {
        database: one(database, "SELECT database FROM meta"),
        rows: rows(database),
        seals: seals(database),
        signing_keys: all(database, "SELECT key_id, public_key FROM signing_key", key).into_iter().collect(),
        frontier: one(database, "SELECT frontier FROM lane WHERE lane = 0"),
        parties: all(database, "SELECT id, name FROM party", party).into_iter().collect(),
        log_lines: all(database, runs, run).concat(),
        personal: all(database, "SELECT pos, salt, body, erased FROM personal WHERE lane = 0", part)
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        keys: one::<i64>(database, "SELECT count(*) FROM event_key WHERE lane = 0") as usize,
    }
}

/// What the checks went over.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Journaled lines.
    pub entries: usize,
    /// Signed heads.
    pub seals: usize,
    /// Lines of all logs.
    pub listed: usize,
    /// Personal parts that are there and match.
    pub personal: usize,
    /// Lines whose personal part is gone.
    pub erased: usize,
}

/// Checks everything that a store's rows say of each other, and gives how much there was of it.
pub fn check(database: &Connection) -> Checked {
    // As of one moment, whatever the gateway commits meanwhile.
    let _moment = database.is_autocommit().then(|| database.unchecked_transaction().unwrap());
    let book = book(database);
    book.is_sound().unwrap_or_else(|why| panic!("{why}"));
    let had = book.rows.iter().filter(|row| row.record.personal_digest != digest::NONE).count();
    let personal = book.personal.values().filter(|part| !part.erased).count();
    Checked {
        entries: book.rows.len(),
        seals: book.seals.len(),
        listed: book.log_lines.len(),
        personal,
        erased: had - personal,
    }
}
