//! The schema by numbered migrations. They only go forward, and one that was applied is never edited.

use rusqlite::{Connection, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::rows::{all, one, run};
use super::sql;
use crate::dossier::names::Micros;
use crate::store::Error;

/// Every migration in order; its number is its place, from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_ground.sql"),
    include_str!("../../../migrations/sqlite/0002_unplaced.sql"),
    include_str!("../../../migrations/sqlite/0003_fewer_pages.sql"),
];

/// Refuses a file whose schema is not exactly the one this release knows.
pub(super) fn check(connection: &Connection) -> Result<(), Error> {
    match applied(connection)? {
        number if number == MIGRATIONS.len() => Ok(()),
        number => Err(Error::Unfit(format!(
            "the store has schema {number}, this release has {}: migrate it first",
            MIGRATIONS.len()
        ))),
    }
}

/// Brings a file to the schema of this release, whole or not at all; how many migrations that took.
pub(super) fn migrate(connection: &mut Connection, now: Micros) -> Result<usize, Error> {
    let step = "migrate the store";
    let whole =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Error::failed(step))?;
    let done = applied(&whole)?;
    for (at, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        whole.execute_batch(migration).map_err(Error::failed(step))?;
        let number = i64::try_from(at + 1).map_err(Error::failed(step))?;
        run(&whole, step, sql::INSERT_MIGRATION, params![number, sha256(migration), now.0])?;
    }
    whole.commit().map_err(Error::failed(step))?;
    Ok(MIGRATIONS.len() - done)
}

/// How many of our migrations a file has, all of them unchanged.
fn applied(connection: &Connection) -> Result<usize, Error> {
    let step = "read schema rows";
    let ours = one(connection, step, sql::HAS_MIGRATIONS, [], |row| row.flag(0))?;
    if ours != Some(true) {
        return Err(Error::Unfit("the file is no store of Trao".into()));
    }
    let found =
        all(connection, step, sql::ALL_MIGRATIONS, [], |row| Ok((row.number::<usize>(0)?, row.bytes(1)?)))?;
    for (at, (number, digest)) in found.iter().enumerate() {
        let Some(known) = MIGRATIONS.get(at) else {
            return Err(Error::Unfit(format!(
                "the store has schema {}, made by a newer release; this one knows {}",
                found.len(),
                MIGRATIONS.len()
            )));
        };
        if *number != at + 1 || *digest != sha256(known) {
            return Err(Error::Unfit(format!("migration {number} is not the one the store was made with")));
        }
    }
    Ok(found.len())
}

fn sha256(migration: &str) -> Vec<u8> {
    Sha256::digest(migration).to_vec()
}

/// Makes a file ready for its first migration.
pub(super) fn begin(connection: &Connection) -> Result<(), Error> {
    run(connection, "make the store", sql::CREATE_MIGRATIONS, []).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        begin(&connection).unwrap();
        assert_eq!(migrate(&mut connection, Micros(7)).unwrap(), MIGRATIONS.len());
        connection
    }

    fn refusal(connection: &Connection) -> String {
        check(connection).unwrap_err().to_string()
    }

    #[test]
    fn migrating_again_does_nothing() {
        let mut connection = fresh();
        assert_eq!(migrate(&mut connection, Micros(8)).unwrap(), 0);
        check(&connection).unwrap();
    }

    #[test]
    fn a_file_of_another_kind_or_an_older_one_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        assert_eq!(refusal(&connection), "the file is no store of Trao");
        begin(&connection).unwrap();
        assert_eq!(
            refusal(&connection),
            format!("the store has schema 0, this release has {}: migrate it first", MIGRATIONS.len())
        );
    }

    #[test]
    fn a_newer_store_is_refused_by_name() {
        let mut connection = fresh();
        let (knows, newer) = (MIGRATIONS.len(), MIGRATIONS.len() + 1);
        connection
            .execute("INSERT INTO migration VALUES (?1, x'00', 9)", [i64::try_from(newer).unwrap()])
            .unwrap();
        let wanted = format!("the store has schema {newer}, made by a newer release; this one knows {knows}");
        assert_eq!(refusal(&connection), wanted);
        assert!(migrate(&mut connection, Micros(9)).is_err());
    }

    #[test]
    fn an_edited_migration_is_noticed() {
        let connection = fresh();
        connection.execute("UPDATE migration SET sha256 = x'00' WHERE number = 1", []).unwrap();
        assert_eq!(refusal(&connection), "migration 1 is not the one the store was made with");
    }
}
