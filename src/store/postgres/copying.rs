//! The database's side of a copy out of a file: it is filled, compared, and served only when it is whole.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tokio::time::{Instant, sleep};

use super::database::Database;
use super::link::Link;
use super::rows::{Asked, Rows as _, ask, lane, one};
use super::{schema, sql};
use crate::dossier::names::{Lane, Micros};
use crate::store::copy::{Cell, Kind, Row, Table};
use crate::store::meaning::{phase, phase_number};
use crate::store::numbers::at;
use crate::store::row::Row as _;
use crate::store::sqlite::Meta;
use crate::store::{Error, Phase};

const STEP: &str = "write the copy";
/// How long the session of a copier that was killed is waited for: the database notices its end when it next looks.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(100);

/// What a database is to a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Found {
    /// A copy of this number that was begun.
    Begun(i64),
    /// The copy of this number, which is whole.
    Whole(i64),
}

/// A database that is copied into, on one session.
#[derive(Debug)]
pub(in crate::store) struct Filling {
    link: Link,
}

impl Filling {
    /// A database with a copy of the store of that id; one of nobody's begins one, if there is a number for it.
    pub(in crate::store) async fn open(
        named: &Database,
        store: &[u8; 16],
        number: Option<i64>,
        now: Micros,
    ) -> Result<(Filling, Found), Error> {
        let mut filling = Filling { link: Link::new(named.clone()) };
        // CANCEL: what was not committed is undone.
        filling.be_the_one().await?;
        let link = &mut filling.link;
        if schema::is_empty(link).await? {
            let number = number.ok_or(Error::Moved)?;
            link.run(STEP, ask!(sql::BEGIN)).await?;
            schema::make(link, now).await?;
            link.run(STEP, ask!(sql::BEGIN_COPY, &store[..], number)).await?;
            link.run(STEP, ask!(sql::COMMIT)).await?;
        } else {
            schema::is_of_this_release(link).await?;
        }
        let found = one(link, "read identity rows", ask!(sql::PHASE), |row| {
            Ok((row.known(0, |number| phase(number.into()))?, row.int(1)?, row.array::<16>(2)?))
        });
        let (phase, mark, database) = found.await?.ok_or(Error::Corrupt { what: "identity rows" })?;
        match (phase, mark) {
            (Phase::Filling, mark) if database == *store => Ok((filling, Found::Begun(mark))),
            (Phase::Filling, _) => Err(Error::Unfit(
                "the database holds the unfinished copy of another store: empty it, or name another one"
                    .into(),
            )),
            (_, mark) if mark != 0 && database == *store => Ok((filling, Found::Whole(mark))),
            _ => Err(Error::Unfit(
                "the database holds a store already: a copy is made into an empty database of its own".into(),
            )),
        }
    }

    /// Takes the right to copy into the database.
    async fn be_the_one(&mut self) -> Result<(), Error> {
        let since = Instant::now();
        self.link.run(STEP, ask!(sql::COPY_PLANS)).await?;
        loop {
            // CANCEL: the right ends with the session.
            let taken = one(&mut self.link, STEP, ask!(sql::COPY_SESSION), |row| row.flag(0)).await?;
            if taken == Some(true) {
                return Ok(());
            }
            if since.elapsed() > PATIENCE {
                return Err(Error::Unfit("somebody else copies into the database already".into()));
            }
            sleep(AGAIN).await;
        }
    }

    pub(in crate::store) async fn begin(&mut self) -> Result<(), Error> {
        // CANCEL: whoever drops this ends the session, and the database undoes what was begun.
        self.link.run(STEP, ask!(sql::BEGIN)).await.map(drop)
    }

    pub(in crate::store) async fn commit(&mut self) -> Result<(), Error> {
        self.link.run(STEP, ask!(sql::COMMIT)).await.map(drop)
    }

    /// Has a row for a lane, at its beginning where there was none.
    pub(in crate::store) async fn add_lane(&mut self, of: Lane) -> Result<(), Error> {
        self.link.run(STEP, ask!(sql::COPY_LANE, lane(of))).await.map(drop)
    }

    /// How far a lane's lines are copied.
    pub(in crate::store) async fn progress(&mut self, of: Lane, pos: u64) -> Result<(), Error> {
        self.link.run(STEP, ask!(sql::COPY_PROGRESS, lane(of), at(pos))).await.map(drop)
    }

    /// The rows behind a key and up to another, in its order.
    pub(in crate::store) async fn range(
        &mut self,
        table: &Table,
        after: &[Cell],
        upto: &[Cell],
    ) -> Result<Vec<Row>, Error> {
        // CANCEL: only reads.
        let found = self.link.rows("read the copy", between(table, after, upto)?).await?;
        found.iter().map(|row| cells(table, row)).collect()
    }

    /// The rows of keys, in their order.
    pub(in crate::store) async fn rows(&mut self, table: &Table, keys: &[Row]) -> Result<Vec<Row>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // CANCEL: only reads.
        let found = self.link.rows("read the copy", columns(table, table.keys, table.rows, keys)?).await?;
        let mut found = found.iter().map(|row| cells(table, row)).collect::<Result<Vec<Row>, Error>>()?;
        found.sort_unstable();
        Ok(found)
    }

    /// Keeps rows, each over the one of its key.
    pub(in crate::store) async fn keep(&mut self, table: &Table, rows: &[Row]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let asked = columns(table, table.columns.len(), table.keep, rows)?;
        self.link.run(STEP, asked).await.map(drop)
    }

    /// Removes the rows of keys and keeps others, all or nothing.
    pub(in crate::store) async fn change(
        &mut self,
        table: &Table,
        gone: &[Row],
        kept: &[Row],
    ) -> Result<(), Error> {
        // CANCEL: what was not committed is undone.
        self.begin().await?;
        self.remove(table, gone).await?;
        self.keep(table, kept).await?;
        self.commit().await
    }

    /// Removes the rows of keys.
    async fn remove(&mut self, table: &Table, keys: &[Row]) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        self.link.run(STEP, columns(table, table.keys, table.remove, keys)?).await.map(drop)
    }

    /// What the store is; the same as in the file it is copied from.
    pub(in crate::store) async fn keep_meta(&mut self, meta: &Meta) -> Result<(), Error> {
        let row = ask!(sql::COPY_META, meta.clock, meta.copied, meta.directory_version, meta.next_source);
        self.link.run(STEP, row).await.map(drop)
    }

    /// What the store is.
    pub(in crate::store) async fn meta(&mut self, database: [u8; 16]) -> Result<Meta, Error> {
        // CANCEL: only reads.
        let found = one(&mut self.link, "read identity rows", ask!(sql::COPIED_META), |row| {
            Ok(Meta {
                database,
                clock: row.opt_int(0)?,
                copied: row.int(1)?,
                directory_version: row.int(2)?,
                next_source: row.int(3)?,
            })
        });
        found.await?.ok_or(Error::Corrupt { what: "identity rows" })
    }

    /// The copy of a number is whole: it may be served.
    pub(in crate::store) async fn end(&mut self, number: i64) -> Result<(), Error> {
        match self.link.run("finish the copy", ask!(sql::END_COPY, number)).await? {
            1 => Ok(()),
            _ => Err(Error::Corrupt { what: "identity rows" }),
        }
    }
}

/// Refuses a store that is not whole yet.
pub(super) async fn must_be_whole(link: &mut Link) -> Result<(), Error> {
    // CANCEL: only reads.
    match one(link, "read identity rows", ask!(sql::PHASE), |row| row.int(0)).await? {
        Some(number) if number == phase_number(Phase::Filling) => Err(Error::Unfit(
            "the database holds a copy that is not finished: `trao copy` goes on with it where it was; until then serve the \
             folder that it is made from"
                .into(),
        )),
        _ => Ok(()),
    }
}

fn cells(table: &Table, row: &PgRow) -> Result<Row, Error> {
    let read = |at: usize, kind| -> Result<Cell, sqlx::Error> {
        Ok(match kind {
            Kind::Lane => {
                row.try_get::<Option<i32>, _>(at)?.map_or(Cell::Null, |lane| Cell::Int(lane.into()))
            }
            Kind::Number => row.try_get::<Option<i64>, _>(at)?.map_or(Cell::Null, Cell::Int),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map_or(Cell::Null, Cell::Bytes),
        })
    };
    let all = table.columns.iter().enumerate();
    all.map(|(at, column)| read(at, column.kind))
        .collect::<Result<Row, _>>()
        .map_err(Error::failed("read the copy"))
}

/// The question for the rows behind a key and up to another.
fn between(table: &Table, after: &[Cell], upto: &[Cell]) -> Result<Asked, Error> {
    let mut asked = Asked::of(table.range);
    for bound in [after, upto] {
        for (cell, column) in bound.iter().zip(table.columns) {
            asked = match (column.kind, cell) {
                (Kind::Lane, Cell::Int(number)) => asked.bind(small(table, *number)?),
                (Kind::Number, Cell::Int(number)) => asked.bind(*number),
                (Kind::Bytes, Cell::Bytes(bytes)) => asked.bind(bytes.clone()),
                _ => return Err(Error::Corrupt { what: table.name }),
            };
        }
    }
    Ok(asked)
}

/// A statement that takes the first columns of rows side by side.
fn columns(table: &Table, many: usize, sql: &'static str, rows: &[Row]) -> Result<Asked, Error> {
    let corrupt = || Error::Corrupt { what: table.name };
    let mut asked = Asked::of(sql);
    for (at, column) in table.columns[..many].iter().enumerate() {
        let cells = rows.iter().map(|row| row.get(at).unwrap_or(&Cell::Null));
        asked = match column.kind {
            Kind::Lane => {
                let lanes = cells.map(|cell| cell.int().map(|number| small(table, number)).transpose());
                asked.bind(lanes.collect::<Result<Vec<Option<i32>>, Error>>()?)
            }
            Kind::Number => asked.bind(cells.map(Cell::int).collect::<Vec<Option<i64>>>()),
            Kind::Bytes => asked.bind(cells.map(Cell::bytes).collect::<Vec<Option<&[u8]>>>()),
        };
    }
    match rows.iter().all(|row| row.len() >= many) {
        true => Ok(asked),
        false => Err(corrupt()),
    }
}

fn small(table: &Table, number: i64) -> Result<i32, Error> {
    i32::try_from(number).map_err(|_| Error::Corrupt { what: table.name })
}
