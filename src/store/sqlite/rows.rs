//! Running one statement and reading its rows.

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, Params, Row};

use crate::dossier::names::{Lane, Position};
use crate::store::Error;
use crate::store::numbers::at;
use crate::store::row;

/// Runs a statement that changes rows; how many it changed.
pub(super) fn run(
    connection: &Connection,
    step: &'static str,
    sql: &'static str,
    params: impl Params,
) -> Result<usize, Error> {
    connection.prepare_cached(sql).and_then(|mut run| run.execute(params)).map_err(Error::failed(step))
}

/// A statement that is run for many rows, looked up once.
pub(super) struct Many<'c> {
    step: &'static str,
    statement: CachedStatement<'c>,
}

impl<'c> Many<'c> {
    pub(super) fn of(
        connection: &'c Connection,
        step: &'static str,
        sql: &'static str,
    ) -> Result<Self, Error> {
        let statement = connection.prepare_cached(sql).map_err(Error::failed(step))?;
        Ok(Many { step, statement })
    }

    /// Changes rows.
    pub(super) fn run(&mut self, params: impl Params) -> Result<(), Error> {
        self.statement.execute(params).map(drop).map_err(Error::failed(self.step))
    }

    /// Reads the first row.
    pub(super) fn one<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(Cells<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut rows = self.statement.query(params).map_err(Error::failed(self.step))?;
        match rows.next().map_err(Error::failed(self.step))? {
            Some(row) => read(Cells { row, what: noun(self.step) }).map(Some),
            None => Ok(None),
        }
    }
}

/// The first row of a statement.
pub(super) fn one<T>(
    connection: &Connection,
    step: &'static str,
    sql: &'static str,
    params: impl Params,
    read: impl FnOnce(Cells<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    Many::of(connection, step, sql)?.one(params, read)
}

/// All rows of a statement.
pub(super) fn all<T>(
    connection: &Connection,
    step: &'static str,
    sql: &'static str,
    params: impl Params,
    mut read: impl FnMut(Cells<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    each(connection, step, sql, params, |cells| {
        found.push(read(cells)?);
        Ok(true)
    })?;
    Ok(found)
}

/// The rows of a statement, until the reader has enough.
pub(super) fn each(
    connection: &Connection,
    step: &'static str,
    sql: &'static str,
    params: impl Params,
    mut read: impl FnMut(Cells<'_>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(sql).map_err(Error::failed(step))?;
    let mut rows = statement.query(params).map_err(Error::failed(step))?;
    while let Some(row) = rows.next().map_err(Error::failed(step))? {
        if !read(Cells { row, what: noun(step) })? {
            break;
        }
    }
    Ok(())
}

/// The cells of a row.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    row: &'a Row<'a>,
    /// What is being read, for the error.
    what: &'static str,
}

impl row::Row for Cells<'_> {
    fn what(&self) -> &'static str {
        self.what
    }

    fn int(self, at: usize) -> Result<i64, Error> {
        self.row.get(at).map_err(|_| self.corrupt())
    }

    fn opt_int(self, at: usize) -> Result<Option<i64>, Error> {
        self.row.get(at).map_err(|_| self.corrupt())
    }

    fn lane(self, at: usize) -> Result<Lane, Error> {
        self.number(at).map(Lane)
    }

    fn blob(&self, at: usize) -> Result<&[u8], Error> {
        let cell = self.row.get_ref(at).map_err(|_| self.corrupt())?;
        cell.as_blob().map_err(|_| self.corrupt())
    }

    fn is_null(self, at: usize) -> Result<bool, Error> {
        self.row.get_ref(at).map(|cell| cell == ValueRef::Null).map_err(|_| self.corrupt())
    }
}

/// Of "read legs", the legs.
fn noun(step: &'static str) -> &'static str {
    step.strip_prefix("read ").unwrap_or(step)
}

/// A lane as it is bound.
pub(super) fn lane(lane: Lane) -> i64 {
    lane.0.into()
}

/// Bits of a row's own key that hold the position; the lane stands above them.
const POS_BITS: u32 = 48;

/// The row's own key of what stands at a position, where it is looked for. What cannot be kept is at none.
pub(super) fn place(position: Position) -> i64 {
    kept_place("", position).unwrap_or(-1)
}

/// The row's own key of what is kept at a position.
pub(super) fn kept_place(step: &'static str, position: Position) -> Result<i64, Error> {
    let fits = i64::from(position.lane.0) < 1 << (63 - POS_BITS) && position.pos < 1 << POS_BITS;
    match fits {
        true => Ok(lane(position.lane) << POS_BITS | at(position.pos)),
        false => Err(Error::Failed { step, source: "there are no positions left".into() }),
    }
}
