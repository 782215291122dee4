//! The file's side of a copy into a database: it is read like any reader reads it, and marked.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ToSql, TransactionBehavior, params_from_iter};

use super::folder::DATABASE;
use super::rows::{all, lane, one, run};
use super::{connection, phase, schema, sql};
use crate::dossier::names::Lane;
use crate::store::copy::{Cell, Row, Table, Touched};
use crate::store::meaning::phase_number;
use crate::store::numbers::{at, limit};
use crate::store::row::Row as _;
use crate::store::{Error, Phase};

/// Who copies the folder's store, for as long as it is open.
const LOCK: &str = "copy.lock";
const MODE: u32 = 0o600;
/// A row's own key: the lane above 48 bits of position.
const POS_BITS: u32 = 48;

/// A store that is copied from.
#[derive(Debug)]
pub(in crate::store) struct Copying {
    marks: Connection,
    reads: Connection,
    _held: File,
}

/// The row that says what the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Meta {
    pub(in crate::store) database: [u8; 16],
    pub(in crate::store) clock: Option<i64>,
    pub(in crate::store) copied: i64,
    pub(in crate::store) directory_version: i64,
    pub(in crate::store) next_source: i64,
}

impl Copying {
    /// Opens the store of a folder, unless somebody copies it already.
    pub(in crate::store) fn open(folder: &Path) -> Result<Copying, Error> {
        let step = "open the folder's copy.lock";
        let mut open = OpenOptions::new();
        open.write(true).create(true).truncate(false).mode(MODE);
        let held = open.open(folder.join(LOCK)).map_err(Error::failed(step))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Unfit("the folder is being copied already: let that end first".into()));
            }
            Err(TryLockError::Error(e)) => return Err(Error::failed(step)(e)),
        }
        let file = folder.join(DATABASE);
        let marks = connection::writing(&file)?;
        schema::check(&marks)?;
        Ok(Copying { marks, reads: connection::reading(&file)?, _held: held })
    }

    /// The number of the copy that the store was moved to, if it was.
    pub(in crate::store) fn moved_to(&self) -> Result<Option<i64>, Error> {
        let found =
            one(&self.marks, "read phase rows", sql::PHASE, [], |row| Ok((row.int(0)?, row.int(2)?)))?;
        let (phase, mark) = found.ok_or(Error::Corrupt { what: "phase" })?;
        Ok((phase == phase_number(Phase::Moved)).then_some(mark))
    }

    /// From now on the writer notes what it changes, for so many microseconds. What was noted before is forgotten.
    pub(in crate::store) fn begin(&mut self, us: i64) -> Result<(), Error> {
        self.mark("mark the store as copied from", |whole, found| match found {
            Phase::Moved => Err(Error::Moved),
            _ => {
                run(whole, "mark the store", sql::CLEAR_TOUCHED, [])?;
                run(whole, "mark the store", sql::SET_PHASE, [phase_number(Phase::Copying), us]).map(drop)
            }
        })
    }

    /// Says a mark again, or goes on to the next, for so many microseconds; refused if it lapsed and somebody wrote since.
    pub(in crate::store) fn go_on(&mut self, from: Phase, to: Phase, us: i64) -> Result<(), Error> {
        self.mark("mark the store", |whole, found| match found == from {
            true => run(whole, "mark the store", sql::SET_PHASE, [phase_number(to), us]).map(drop),
            false => Err(lapsed()),
        })
    }

    /// The store lives on in the copy of a number; refused if somebody wrote since it takes no writes.
    pub(in crate::store) fn move_to(&mut self, copy: i64) -> Result<(), Error> {
        self.mark("mark the store as moved", |whole, _| {
            match run(whole, "mark the store as moved", sql::SET_MOVED, [copy])? {
                1 => Ok(()),
                _ => Err(lapsed()),
            }
        })
    }

    /// The store is copied from no more. What was noted is forgotten.
    pub(in crate::store) fn end(&mut self) -> Result<(), Error> {
        self.mark("mark the store", |whole, found| {
            if found != Phase::Moved {
                run(whole, "mark the store", sql::SET_PHASE, [phase_number(Phase::Serving), 0])?;
            }
            run(whole, "mark the store", sql::CLEAR_TOUCHED, []).map(drop)
        })
    }

    fn mark(
        &mut self,
        step: &'static str,
        change: impl FnOnce(&Connection, Phase) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let begun = self.marks.transaction_with_behavior(TransactionBehavior::Immediate);
        let whole = begun.map_err(Error::failed(step))?;
        let (found, _) = phase::now(&whole)?;
        change(&whole, found)?;
        whole.commit().map_err(Error::failed(step))
    }

    /// Reads several things of one moment.
    pub(in crate::store) fn moment(&self) -> Result<Moment<'_>, Error> {
        run(&self.reads, "begin to read", sql::BEGIN_READING, [])?;
        Ok(Moment(&self.reads))
    }
}

fn lapsed() -> Error {
    Error::Unfit(
        "the copy stood still for too long, and the gateway went on without it: start it again, it goes on from where it was"
            .into(),
    )
}

/// The store as it was at one moment. To be dropped soon: its log grows as long as it is read.
pub(in crate::store) struct Moment<'c>(&'c Connection);

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        if let Err(error) = run(self.0, "end reading", sql::COMMIT, []) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a moment of the file could not be let go"
            );
        }
    }
}

impl Moment<'_> {
    pub(in crate::store) fn meta(&self) -> Result<Meta, Error> {
        let found = one(self.0, "read identity rows", sql::COPIED_META, [], |row| {
            Ok(Meta {
                database: row.array(0)?,
                clock: row.opt_int(1)?,
                copied: row.int(2)?,
                directory_version: row.int(3)?,
                next_source: row.int(4)?,
            })
        })?;
        found.ok_or(Error::Corrupt { what: "identity rows" })
    }

    /// Rows behind a key and up to another, in its order, at most a page of them.
    pub(in crate::store) fn page(
        &self,
        table: &Table,
        after: &[Cell],
        upto: &[Cell],
    ) -> Result<Vec<Row>, Error> {
        match table.placed {
            true => {
                let upto = [place(after)?, place(upto)?].map(Cell::Int);
                self.ask(table, table.file_page, &upto)
            }
            false => self.ask(table, table.file_page, &[after, upto].concat()),
        }
    }

    /// The row of a key.
    pub(in crate::store) fn row(&self, table: &Table, key: &[Cell]) -> Result<Option<Row>, Error> {
        let found = match table.placed {
            true => self.ask(table, table.file_row, &[Cell::Int(place(key)?)]),
            false => self.ask(table, table.file_row, key),
        };
        Ok(found?.pop())
    }

    fn ask(&self, table: &Table, sql: &'static str, bound: &[Cell]) -> Result<Vec<Row>, Error> {
        let step = "read rows to copy";
        let mut statement = self.0.prepare_cached(sql).map_err(Error::failed(step))?;
        let mut rows = statement.query(params_from_iter(bound)).map_err(Error::failed(step))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(Error::failed(step))? {
            let cell = |at| match row.get_ref(at).map_err(Error::failed(step))? {
                ValueRef::Null => Ok(Cell::Null),
                ValueRef::Integer(number) => Ok(Cell::Int(number)),
                ValueRef::Blob(bytes) => Ok(Cell::of(bytes)),
                ValueRef::Real(_) | ValueRef::Text(_) => Err(Error::Corrupt { what: table.name }),
            };
            found.push((0..table.columns.len()).map(cell).collect::<Result<Row, Error>>()?);
        }
        Ok(found)
    }

    /// The ends of the batches behind a position.
    pub(in crate::store) fn batches(&self, of: Lane, after: u64, rows: usize) -> Result<Vec<u64>, Error> {
        all(self.0, "read seals", sql::SEALS_AFTER, [lane(of), at(after), limit(rows)], |row| row.number(0))
    }

    /// What was noted behind a version, with the version of each.
    pub(in crate::store) fn touched(
        &self,
        of: Lane,
        after: i64,
        rows: usize,
    ) -> Result<Vec<(i64, Touched)>, Error> {
        all(self.0, "read what was noted", sql::TOUCHED_AFTER, [lane(of), after, limit(rows)], |row| {
            Ok((row.int(0)?, row.body(1)?))
        })
    }
}

/// The row's own key of lane and position; those beyond every lane are beyond every row.
fn place(key: &[Cell]) -> Result<i64, Error> {
    let number = |at: usize| key.get(at).and_then(Cell::int).ok_or(Error::Corrupt { what: "key" });
    let (lane, pos) = (number(0)?, number(1)?);
    Ok(match lane {
        ..0 => i64::MIN,
        0..0x8000 => lane << POS_BITS | pos.clamp(0, (1 << POS_BITS) - 1),
        _ => i64::MAX,
    })
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Cell::Null => ToSqlOutput::Owned(Value::Null),
            Cell::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Cell::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
