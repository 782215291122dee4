//! Owns: a store in a PostgreSQL database, for any number of gateways: each writer on a connection of its own, readers on a
//! pool, an administrator from anywhere.
//! Never: opens a transaction for a reader, lets SQL text be made at run time, or binds bytes from outside as anything but
//! bytes or checked integers.

mod admin;
mod batch;
mod bell;
mod copying;
mod database;
mod directory;
mod lease;
mod link;
mod pool;
mod read;
mod reader;
mod restored;
mod rows;
mod schema;
mod sql;
#[cfg(test)]
pub(super) mod tests;
mod writer;

pub use admin::Admin;
pub use bell::{Bell, Ear, Told, bell};
pub(super) use copying::{Filling, Found};
pub use database::Database;
pub use lease::Lease;
pub use reader::Reader;
pub use restored::restored;
pub use schema::{Founding, migrate};
pub use writer::Writer;

use super::Error;
use crate::dossier::names::Micros;
use link::Link;

/// Makes a store in a database where there is none; whether one was made. One that is there is left as it is.
pub async fn make_if_none(database: &Database, founding: Founding, now: Micros) -> Result<bool, Error> {
    // CANCEL: what was not committed is undone.
    if !schema::is_new(database).await? {
        return Ok(false);
    }
    schema::migrate(database, founding, now).await.map(|(_, made)| made)
}

/// Refuses a database that is no store of this release, or that may lose what it acknowledges.
pub async fn check(database: &Database) -> Result<(), Error> {
    // CANCEL: only reads.
    schema::check(&mut Link::new(database.clone())).await
}

/// What every session is told.
#[cfg(test)]
pub(super) fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    database::SETTINGS.iter().copied()
}
