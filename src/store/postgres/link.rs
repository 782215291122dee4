//! A connection of one's own, made again when it is lost. After any failure it is let go: the database then undoes what was
//! not committed, and nothing half done is ever gone on with.

use sqlx::postgres::{PgConnection, PgRow};

use super::database::Database;
use super::rows::{Asked, Rows, Trouble, execute, fetch};
use crate::store::Error;

#[derive(Debug)]
pub(super) struct Link {
    database: Database,
    connection: Option<PgConnection>,
}

impl Link {
    pub(super) fn new(database: Database) -> Link {
        Link { database, connection: None }
    }

    /// Whether there is a connection, alive or not.
    pub(super) fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// The connection, made where there is none.
    async fn open(&mut self) -> Result<&mut PgConnection, Error> {
        // CANCEL: nothing is begun.
        match &mut self.connection {
            Some(_) => {}
            none => *none = Some(self.database.writing().await?),
        }
        self.connection.as_mut().ok_or(Error::Corrupt { what: "connection" })
    }

    /// Runs a statement outside any transaction or within one that was begun; how many rows it changed.
    pub(super) async fn run(&mut self, step: &'static str, asked: Asked) -> Result<u64, Error> {
        // CANCEL: whoever drops this drops the connection with it.
        self.open().await?;
        self.go_on(asked).await.map_err(|trouble| trouble.during(step))
    }

    /// Runs several statements that take nothing.
    pub(super) async fn run_script(&mut self, step: &'static str, script: sqlx::RawSql) -> Result<(), Error> {
        // CANCEL: whoever drops this drops the connection with it.
        let connection = self.open().await?;
        script.execute(connection).await.map(drop).map_err(Error::failed(step))
    }

    /// As `run`, and telling whether it is certain that nothing is kept. Without a connection nothing can be.
    pub(super) async fn go_on(&mut self, asked: Asked) -> Result<u64, Trouble> {
        let Some(connection) = &mut self.connection else {
            return Err(Trouble::Refused(sqlx::Error::PoolClosed));
        };
        // CANCEL: whoever drops this drops the connection with it.
        let done = execute(connection, asked).await;
        self.keep_if(done)
    }

    /// The rows of a statement that changes something, and telling whether it is certain that nothing is kept.
    pub(super) async fn fetch(&mut self, asked: Asked) -> Result<Vec<PgRow>, Trouble> {
        let Some(connection) = &mut self.connection else {
            return Err(Trouble::Refused(sqlx::Error::PoolClosed));
        };
        // CANCEL: whoever drops this drops the connection with it.
        let found = fetch(connection, asked).await;
        self.keep_if(found)
    }

    fn keep_if<T>(&mut self, done: Result<T, Trouble>) -> Result<T, Trouble> {
        if done.is_err() {
            self.let_go();
        }
        done
    }

    /// Ends the connection: what was not committed is undone.
    pub(super) fn let_go(&mut self) {
        self.connection = None;
    }
}

impl Rows for Link {
    async fn rows(&mut self, step: &'static str, asked: Asked) -> Result<Vec<PgRow>, Error> {
        // CANCEL: whoever drops this drops the connection with it.
        self.open().await?;
        self.fetch(asked).await.map_err(|trouble| trouble.during(step))
    }
}
