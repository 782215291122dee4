//! Asking the database one thing and reading its rows.

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnection, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{Arguments, Encode, Row, Type, ValueRef};
use tokio::time::timeout;

use crate::dossier::names::{Lane, Position};
use crate::limits;
use crate::store::Error;
use crate::store::numbers::at;
use crate::store::row::{self, Row as _};

/// How long the database may take to answer one statement. Its own limit on statements is shorter, so that what passes
/// this one is a connection that is lost.
const ANSWER: Duration = Duration::from_secs(limits::DATABASE_ANSWER_SECONDS);

/// A statement with what is bound to it. It may be asked again.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    sql: &'static str,
    bound: PgArguments,
    /// Why something could not be bound.
    unbound: Option<String>,
}

impl Asked {
    pub(super) fn of(sql: &'static str) -> Asked {
        Asked { sql, bound: PgArguments::default(), unbound: None }
    }

    /// Binds the next parameter.
    pub(super) fn bind<'v, T: Encode<'v, Postgres> + Type<Postgres>>(mut self, value: T) -> Asked {
        if let Err(error) = self.bound.add(value) {
            self.unbound.get_or_insert_with(|| error.to_string());
        }
        self
    }

    fn query(self) -> Result<Query<'static, Postgres, PgArguments>, Trouble> {
        match self.unbound {
            None => Ok(sqlx::query_with(self.sql, self.bound)),
            Some(why) => Err(Trouble::Refused(sqlx::Error::Encode(why.into()))),
        }
    }
}

/// A statement with what is bound to it: `ask!(sql::LEG, lane, leg)`.
macro_rules! ask {
    ($sql:expr $(, $value:expr)* $(,)?) => { $crate::store::postgres::rows::Asked::of($sql)$(.bind($value))* };
}
pub(super) use ask;

/// Why a statement has no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The database said why, and nothing of the statement is kept.
    Refused(sqlx::Error),
    /// The connection is lost, or the database is about to be: nobody knows what became of the statement.
    Lost(Box<dyn std::error::Error + Send + Sync>),
}

impl Trouble {
    fn of(error: sqlx::Error) -> Trouble {
        match refused(&error) {
            true => Trouble::Refused(error),
            false => Trouble::Lost(Box::new(error)),
        }
    }

    /// As the store's error of a step.
    pub(super) fn during(self, step: &'static str) -> Error {
        let source = match self {
            Trouble::Refused(error) => Box::new(error),
            Trouble::Lost(source) => source,
        };
        Error::Failed { step, source }
    }

    /// The table whose rule was broken.
    pub(super) fn table(&self) -> Option<&str> {
        match self {
            Trouble::Refused(error) => error.as_database_error()?.table(),
            Trouble::Lost(_) => None,
        }
    }
}

/// Whether the database itself said that a statement failed, in a way that leaves nothing of it: its data, its rules, its
/// locks, its limits. An administrator's or a crash's word may come after the commit.
fn refused(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
    code.is_some_and(|code| {
        let class = code.get(..2).unwrap_or_default();
        matches!(class, "22" | "23" | "25" | "40" | "42" | "53" | "54" | "55") || code == "57014"
    })
}

async fn timed<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Trouble> {
    // CANCEL: as the caller's; sqlx finishes or closes a connection that was left in the midst of an answer.
    match timeout(ANSWER, answer).await {
        Ok(answered) => answered.map_err(Trouble::of),
        Err(_) => Err(Trouble::Lost("the database did not answer in time".into())),
    }
}

/// Runs a statement that changes rows; how many it changed.
pub(super) async fn execute(connection: &mut PgConnection, asked: Asked) -> Result<u64, Trouble> {
    // CANCEL: as the caller's.
    timed(asked.query()?.execute(connection)).await.map(|done| done.rows_affected())
}

/// All rows of a statement.
pub(super) async fn fetch(connection: &mut PgConnection, asked: Asked) -> Result<Vec<PgRow>, Trouble> {
    // CANCEL: as the caller's.
    timed(asked.query()?.fetch_all(connection)).await
}

/// Whoever can be asked: a writer's own connection, or a reader's pool. A question may be asked again on another
/// connection, and so it is made anew each time.
pub(super) trait Rows: Send {
    /// All rows of a statement that only reads.
    fn rows(
        &mut self,
        step: &'static str,
        asked: Asked,
    ) -> impl Future<Output = Result<Vec<PgRow>, Error>> + Send;
}

/// The first row of a statement.
pub(super) async fn one<T>(
    of: &mut impl Rows,
    step: &'static str,
    asked: Asked,
    read: impl FnOnce(Cells<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    // CANCEL: only reads.
    let rows = of.rows(step, asked).await?;
    rows.first().map(|row| read(Cells::of(row, step))).transpose()
}

/// All rows of a statement.
pub(super) async fn all<T>(
    of: &mut impl Rows,
    step: &'static str,
    asked: Asked,
    read: impl FnMut(Cells<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    // CANCEL: only reads.
    let rows = of.rows(step, asked).await?;
    rows.iter().map(|row| Cells::of(row, step)).map(read).collect()
}

/// The cells of a row.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    row: &'a PgRow,
    /// What is being read, for the error.
    what: &'static str,
}

impl<'a> Cells<'a> {
    pub(super) fn of(row: &'a PgRow, step: &'static str) -> Cells<'a> {
        // Of "read legs", the legs.
        Cells { row, what: step.strip_prefix("read ").unwrap_or(step) }
    }

    /// A word of the database's own.
    pub(super) fn word(self, at: usize) -> Result<String, Error> {
        self.row.try_get(at).map_err(|_| self.corrupt())
    }
}

impl row::Row for Cells<'_> {
    fn what(&self) -> &'static str {
        self.what
    }

    fn int(self, at: usize) -> Result<i64, Error> {
        self.row.try_get(at).map_err(|_| self.corrupt())
    }

    fn opt_int(self, at: usize) -> Result<Option<i64>, Error> {
        self.row.try_get(at).map_err(|_| self.corrupt())
    }

    fn lane(self, at: usize) -> Result<Lane, Error> {
        let lane: i32 = self.row.try_get(at).map_err(|_| self.corrupt())?;
        u16::try_from(lane).map(Lane).map_err(|_| self.corrupt())
    }

    fn blob(&self, at: usize) -> Result<&[u8], Error> {
        self.row.try_get(at).map_err(|_| self.corrupt())
    }

    fn is_null(self, at: usize) -> Result<bool, Error> {
        self.row.try_get_raw(at).map(|cell| cell.is_null()).map_err(|_| self.corrupt())
    }
}

/// A lane as it is bound.
pub(super) fn lane(lane: Lane) -> i32 {
    lane.0.into()
}

/// The numbers of positions, all of one lane.
pub(super) fn numbers(positions: &[Position]) -> Vec<i64> {
    positions.iter().map(|position| at(position.pos)).collect()
}
