//! The database as it is named in a file, and how it is connected to.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::time::timeout;

use super::rows::{Cells, ask, fetch};
use super::sql;
use crate::limits;
use crate::store::row::Row as _;
use crate::store::{CONNECT, Error};

/// PostgreSQL 14 is the first that ends sessions which are idle outside a transaction, on which leases hang.
const OLDEST: i64 = 140_000;
/// Prepared statements of one connection: all there are.
const STATEMENTS: usize = 200;

/// What every session is told. Plans are made once and by no statistics: a table that was empty when a statement was first
/// planned, or that was never analysed, must not be read whole for ever after.
pub(super) const SETTINGS: &[(&str, &str)] = &[
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
    ("synchronous_commit", "on"),
    ("statement_timeout", "8s"),
    ("lock_timeout", "7s"),
    ("idle_in_transaction_session_timeout", "4s"),
    ("client_min_messages", "warning"),
    ("timezone", "UTC"),
];

/// A database to connect to.
#[derive(Clone, Debug)]
pub struct Database {
    options: Arc<PgConnectOptions>,
}

impl Database {
    /// The database whose URL stands in a file that only its owner may read: it holds a password.
    pub fn of_file(file: &Path) -> Result<Database, Error> {
        let name = file.display();
        let unfit = |why: String| Error::Unfit(why);
        let mode = fs::metadata(file)
            .map_err(|e| unfit(format!("{name} cannot be read: {e}")))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(unfit(format!(
                "{name} may be read by others than its owner, and holds a password: chmod 600 {name}"
            )));
        }
        let text = fs::read_to_string(file).map_err(|e| unfit(format!("{name} cannot be read: {e}")))?;
        Self::of_url(text.trim()).map_err(|_| {
            // The reason would show the URL.
            unfit(format!("{name} holds no database URL, as postgres://USER:PASSWORD@HOST:5432/DATABASE"))
        })
    }

    /// The database of a URL.
    pub fn of_url(url: &str) -> Result<Database, Error> {
        let known = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let options = known.then(|| PgConnectOptions::from_str(url).ok()).flatten();
        let options = options.ok_or_else(|| Error::Unfit("no PostgreSQL URL".into()))?;
        let options = options.application_name("trao").statement_cache_capacity(STATEMENTS);
        let options = options.options(SETTINGS.iter().copied()).disable_statement_logging();
        Ok(Database { options: Arc::new(options) })
    }

    /// Options for sessions that only read.
    pub(super) fn reading(&self) -> PgConnectOptions {
        PgConnectOptions::clone(&self.options).options([("default_transaction_read_only", "on")])
    }

    /// A connection for a session of one's own, with further settings.
    pub(super) async fn connect(
        &self,
        settings: &[(&'static str, &'static str)],
    ) -> Result<PgConnection, Error> {
        let options = PgConnectOptions::clone(&self.options).options(settings.iter().copied());
        let patience = Duration::from_secs(limits::DATABASE_CONNECT_SECONDS);
        let step = CONNECT;
        // CANCEL: nothing is begun.
        match timeout(patience, options.connect()).await {
            Ok(connected) => connected.map_err(Error::failed(step)),
            Err(_) => Err(Error::Failed { step, source: "it did not answer in time".into() }),
        }
    }

    /// A connection that may write, to a database that keeps what it acknowledges.
    pub(super) async fn writing(&self) -> Result<PgConnection, Error> {
        // CANCEL: nothing is begun.
        let mut connection = self.connect(&[]).await?;
        let step = "read settings";
        let rows =
            fetch(&mut connection, ask!(sql::SETTINGS)).await.map_err(|trouble| trouble.during(step))?;
        let row = rows.first().ok_or(Error::Corrupt { what: "settings" })?;
        let row = Cells::of(row, step);
        for (at, setting) in ["fsync", "full_page_writes", "synchronous_commit"].into_iter().enumerate() {
            if row.word(at)? == "off" {
                return Err(Error::Unfit(format!(
                    "the database has {setting} = off: it may lose what it acknowledged; set it to on"
                )));
            }
        }
        if row.int(3)? < OLDEST {
            return Err(Error::Unfit("the database is older than PostgreSQL 14: use 14 or newer".into()));
        }
        if row.flag(4)? {
            return Err(Error::Unfit(
                "the database is a standby and takes no writes: name the primary, or promote it".into(),
            ));
        }
        Ok(connection)
    }
}
