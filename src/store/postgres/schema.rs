//! The schema by numbered migrations. They only go forward, and one that was applied is never edited.

use sha2::{Digest, Sha256};
use sqlx::raw_sql;

use super::database::Database;
use super::directory;
use super::link::Link;
use super::rows::{all, ask, lane, one};
use super::{copying, sql};
use crate::dossier::names::{Lane, Micros};
use crate::seal::frontier::Frontier;
use crate::store::row::Row as _;
use crate::store::{Error, tie};

/// Every migration in order, with its number. A number means the same tables in every kind of store; this kind came to be
/// at the first of these.
const MIGRATIONS: &[(i64, &str)] = &[
    (5, include_str!("../../../migrations/postgres/0005_ground.sql")),
    (6, include_str!("../../../migrations/postgres/0006_copies.sql")),
    (7, include_str!("../../../migrations/postgres/0007_directory_in_time.sql")),
    (8, include_str!("../../../migrations/postgres/0008_documents.sql")),
];

/// What a database is made with, where there is no store in it yet.
#[derive(Clone, Copy, Debug)]
pub struct Founding {
    /// The store's id.
    pub database: [u8; 16],
    /// The epoch of its first lane.
    pub epoch: [u8; 16],
}

fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |(number, _)| *number)
}

/// Refuses a database whose schema is not exactly the one this release knows, or whose store is not whole.
pub(super) async fn check(link: &mut Link) -> Result<(), Error> {
    // CANCEL: only reads.
    is_of_this_release(link).await?;
    copying::must_be_whole(link).await
}

/// Refuses a database whose schema is not exactly the one this release knows.
pub(super) async fn is_of_this_release(link: &mut Link) -> Result<(), Error> {
    match applied(link).await? {
        done if done == MIGRATIONS.len() => Ok(()),
        done => {
            let has =
                done.checked_sub(1).and_then(|last| MIGRATIONS.get(last)).map_or(0, |(number, _)| *number);
            let needs = newest();
            Err(Error::Unfit(format!(
                "the database has schema {has}, this release has {needs}: migrate it first"
            )))
        }
    }
}

/// Whether there is nothing in a database yet. One that others use is refused.
pub(super) async fn is_new(database: &Database) -> Result<bool, Error> {
    // CANCEL: only reads.
    is_empty(&mut Link::new(database.clone())).await
}

/// Brings a database to the schema of this release, whole or not at all, and makes a store in it where there is none. How
/// many migrations that took, and whether the store is new.
pub async fn migrate(database: &Database, founding: Founding, now: Micros) -> Result<(usize, bool), Error> {
    let step = "migrate the database";
    let mut link = Link::new(database.clone());
    // CANCEL: what was not committed is undone.
    link.run(step, ask!(sql::BEGIN)).await?;
    all(&mut link, step, ask!(sql::LOCK_SCHEMA), |_| Ok(())).await?;
    let made = is_empty(&mut link).await?;
    let done = match made {
        true => {
            make(&mut link, now).await?;
            0
        }
        false => {
            let done = applied(&mut link).await?;
            apply(&mut link, done, now).await?;
            copying::must_be_whole(&mut link).await?;
            done
        }
    };
    if made {
        let first = (lane(Lane::default()), Frontier::new().encode());
        link.run(step, ask!(sql::INSERT_META, &founding.database[..])).await?;
        link.run(step, ask!(sql::INSERT_LANE, first.0, &founding.epoch[..], first.1)).await?;
        directory::enter_source_as(&mut link, 0, Lane::default(), &tie()).await?;
    }
    link.run(step, ask!(sql::COMMIT)).await?;
    Ok((MIGRATIONS.len() - done, made))
}

/// Makes the tables of a database that has none, within a transaction that was begun.
pub(super) async fn make(link: &mut Link, now: Micros) -> Result<(), Error> {
    // CANCEL: what was not committed is undone.
    link.run("migrate the database", ask!(sql::CREATE_MIGRATIONS)).await?;
    apply(link, 0, now).await
}

async fn apply(link: &mut Link, done: usize, now: Micros) -> Result<(), Error> {
    let step = "migrate the database";
    for (number, migration) in &MIGRATIONS[done..] {
        link.run_script(step, raw_sql(*migration)).await?;
        let digest = Sha256::digest(migration).to_vec();
        link.run(step, ask!(sql::INSERT_MIGRATION, *number, digest, now.0)).await?;
    }
    Ok(())
}

/// Whether nobody has used the database yet. One that others use is refused.
pub(super) async fn is_empty(link: &mut Link) -> Result<bool, Error> {
    let found =
        one(link, "read schema rows", ask!(sql::TABLES), |row| Ok((row.int(0)?, row.int(1)?))).await?;
    match found {
        Some((0, 0)) => Ok(true),
        Some((0, _)) => Err(Error::Unfit(
            "the database has tables that are not Trao's: give it a database of its own".into(),
        )),
        _ => Ok(false),
    }
}

/// How many of our migrations a database has, all of them unchanged.
async fn applied(link: &mut Link) -> Result<usize, Error> {
    let step = "read schema rows";
    // CANCEL: only reads.
    let ours = one(link, step, ask!(sql::TABLES), |row| row.int(0)).await?;
    if ours != Some(1) {
        return Err(Error::Unfit("the database holds no store of Trao".into()));
    }
    let found = all(link, step, ask!(sql::ALL_MIGRATIONS), |row| Ok((row.int(0)?, row.bytes(1)?))).await?;
    for (at, (number, digest)) in found.iter().enumerate() {
        let Some((known, text)) = MIGRATIONS.get(at) else {
            return Err(Error::Unfit(format!(
                "the database has schema {number}, made by a newer release; this one knows {}",
                newest()
            )));
        };
        if number != known || *digest != Sha256::digest(text).to_vec() {
            return Err(Error::Unfit(format!(
                "migration {number} is not the one the database was made with"
            )));
        }
    }
    Ok(found.len())
}
