//! Owns: a store in a PostgreSQL database, for any number of gateways: each writer on a connection of its own, readers on a
//! pool, an administrator from anywhere.
//! Never: opens a transaction for a reader, lets SQL text be made at run time, or binds bytes from outside as anything but
//! bytes or checked integers.

mod admin;
mod batch;
mod database;
mod directory;
mod link;
mod pool;
mod read;
mod reader;
mod rows;
mod schema;
mod sql;
#[cfg(test)]
pub(super) mod tests;
mod writer;

pub use admin::Admin;
pub use database::Database;
pub use reader::Reader;
pub use schema::{Founding, migrate};
pub use writer::Writer;

use super::Error;
use link::Link;

/// Refuses a database that is no store of this release, or that may lose what it acknowledges.
pub async fn check(database: &Database) -> Result<(), Error> {
    // CANCEL: only reads.
    schema::check(&mut Link::new(database.clone())).await
}

/// What every session is told.
#[cfg(test)]
fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    database::SETTINGS.iter().copied()
}
