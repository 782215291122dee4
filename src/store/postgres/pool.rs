//! Connections that only read. Each read is one statement and may be asked again on another connection: a request that ends
//! in the midst of it leaves nothing open behind.

use std::time::Duration;

use sqlx::Connection;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgPoolOptions, PgRow, Postgres};

use super::database::Database;
use super::rows::{Asked, Rows, Trouble, fetch};
use crate::limits;
use crate::store::Error;

/// A connection that was idle for longer is asked for a sign of life before it is used.
const FRESH: Duration = Duration::from_secs(1);
/// How often a read is tried whose connection is lost in the midst: those that a restart of the database left behind.
const TRIES: usize = 3;

#[derive(Clone, Debug)]
pub(super) struct Pool(PgPool);

impl Pool {
    /// A pool whose first connection is made when it is needed.
    pub(super) fn new(database: &Database) -> Pool {
        let options = PgPoolOptions::new()
            .max_connections(limits::DATABASE_READERS)
            .acquire_timeout(Duration::from_secs(limits::DATABASE_WAIT_SECONDS))
            .max_lifetime(Duration::from_secs(limits::DATABASE_LIFETIME_SECONDS))
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    // CANCEL: as the caller's.
                    if meta.idle_for > FRESH { connection.ping().await.map(|()| true) } else { Ok(true) }
                })
            });
        Pool(options.connect_lazy_with(database.reading()))
    }

    async fn fetch(&self, step: &'static str, asked: Asked) -> Result<Result<Vec<PgRow>, Trouble>, Error> {
        // CANCEL: only reads. A database that gives no connection is not asked for one again at once.
        let mut connection: PoolConnection<Postgres> = self.0.acquire().await.map_err(Error::failed(step))?;
        let found = fetch(&mut connection, asked).await;
        if matches!(found, Err(Trouble::Lost(_))) {
            connection.close_on_drop();
        }
        Ok(found)
    }
}

impl Rows for &Pool {
    async fn rows(&mut self, step: &'static str, asked: Asked) -> Result<Vec<PgRow>, Error> {
        let mut tries = 1;
        loop {
            // CANCEL: only reads.
            match self.fetch(step, asked.clone()).await? {
                Err(Trouble::Lost(_)) if tries < TRIES => tries += 1,
                found => return found.map_err(|trouble| trouble.during(step)),
            }
        }
    }
}
