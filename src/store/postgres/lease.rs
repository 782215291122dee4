//! A lease on a lane's followers: an advisory lock of a session that the database ends when it is silent for some seconds. So
//! a gateway that was stopped or cut off loses it without a word, and nothing is written to keep it.

use sha2::{Digest, Sha256};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::time::{Duration, Instant, timeout};

use super::database::Database;
use super::rows::{Cells, ask, fetch};
use super::sql;
use crate::dossier::names::Lane;
use crate::store::row::Row as _;
use crate::store::{Error, Holding};

/// When a silent session is ended.
const SILENCE: &[(&str, &str)] = &[("idle_session_timeout", "6s")];
/// How long it is believed without a sign from the database: far less than the silence that ends it.
const BELIEVED: Duration = Duration::from_secs(1);
/// How long a sign is waited for.
const SIGN: Duration = Duration::from_secs(3);
const STEP: &str = "hold the lease";

/// One gateway's part in a lease.
#[derive(Debug)]
pub struct Lease {
    database: Database,
    key: i64,
    session: Option<PgConnection>,
    /// Held, as far as is known since then.
    held: Option<Instant>,
}

impl Lease {
    /// A lease on what is followed in a lane of a store.
    pub fn new(database: &Database, store: &[u8; 16], lane: Lane) -> Lease {
        let digest =
            Sha256::new().chain_update(b"trao/lease").chain_update(store).chain_update(lane.0.to_be_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        let mut key = [0; 8];
        key.copy_from_slice(&digest[..8]);
        Lease { database: database.clone(), key: i64::from_be_bytes(key), session: None, held: None }
    }

    /// See `store::Lease`.
    pub async fn hold(&mut self) -> Result<Holding, Error> {
        let Some(since) = self.held else { return self.take().await };
        if since.elapsed() < BELIEVED {
            return Ok(Holding::Still);
        }
        let asked = Instant::now();
        // CANCEL: the session is asked again, or made anew.
        let lives = match &mut self.session {
            Some(session) => matches!(timeout(SIGN, session.ping()).await, Ok(Ok(()))),
            None => false,
        };
        if lives {
            self.held = Some(asked);
            return Ok(Holding::Still);
        }
        (self.held, self.session) = (None, None);
        self.take().await
    }

    async fn take(&mut self) -> Result<Holding, Error> {
        let asked = Instant::now();
        // CANCEL: a lock that was taken is kept by the session, and taking it again is as good.
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.database.connect(SILENCE).await?,
        };
        let rows = fetch(&mut session, ask!(sql::TAKE_LEASE, self.key)).await;
        let rows = rows.map_err(|trouble| trouble.during(STEP))?;
        let row = rows.first().ok_or(Error::Corrupt { what: "lease" })?;
        let taken = Cells::of(row, STEP).flag(0)?;
        self.session = Some(session);
        self.held = taken.then_some(asked);
        Ok(if taken { Holding::Anew } else { Holding::No })
    }
}
