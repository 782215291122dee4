//! The schema by numbered migrations. They only go forward, and one that was applied is never edited.

use rusqlite::{Connection, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::rows::{all, one, run};
use super::sql;
use crate::dossier::names::Micros;
use crate::store::Error;
use crate::store::row::Row as _;

/// Every migration in order; its number is its place, from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_ground.sql"),
    include_str!("../../../migrations/sqlite/0002_unplaced.sql"),
    include_str!("../../../migrations/sqlite/0003_fewer_pages.sql"),
    include_str!("../../../migrations/sqlite/0004_consumers.sql"),
    include_str!("../../../migrations/sqlite/0005_epochs.sql"),
    include_str!("../../../migrations/sqlite/0006_copies.sql"),
    include_str!("../../../migrations/sqlite/0007_directory_in_time.sql"),
    include_str!("../../../migrations/sqlite/0008_documents.sql"),
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
    use rusqlite::types::Value;

    use super::*;
    use crate::store::log_run::Run;

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

    /// A file as a release with so many migrations left it.
    fn left_at(migrations: usize) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        begin(&connection).unwrap();
        for (at, migration) in MIGRATIONS.iter().enumerate().take(migrations) {
            connection.execute_batch(migration).unwrap();
            let number = i64::try_from(at + 1).unwrap();
            connection.execute(sql::INSERT_MIGRATION, params![number, sha256(migration), 1]).unwrap();
        }
        connection
    }

    /// Rows as they stand.
    fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Value>> {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows =
            statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn what_an_older_store_holds_is_found_unchanged_where_it_was() {
        let mut connection = left_at(2);
        let places = [(0_i64, 1_i64), (0, 2), (0, (1 << 40) + 5), (1, 1), (32_767, (1 << 48) - 1)];
        for (number, (lane, pos)) in (1_u8..).zip(places) {
            let bytes = |kind: u8, length: usize| vec![kind ^ number; length];
            let values = params![lane, pos, number, pos - 1, bytes(1, 3), bytes(2, 5_000), bytes(3, 200)];
            connection.execute("INSERT INTO entry VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", values).unwrap();
            let values = params![lane, pos, number % 2, number, bytes(4, 16), bytes(5, 0)];
            connection.execute("INSERT INTO personal VALUES (?1, ?2, ?3, ?4, ?5, ?6)", values).unwrap();
            let values = params![lane, pos, bytes(6, 300)];
            connection.execute("INSERT INTO leg VALUES (?1, ?2, ?3)", values).unwrap();
            let values = params![lane, pos, bytes(7, 900)];
            connection.execute("INSERT INTO dossier VALUES (?1, ?2, ?3)", values).unwrap();
            for party in [3, 900] {
                let values = params![lane, party, number, pos];
                connection.execute("INSERT INTO log VALUES (?1, ?2, ?3, ?4)", values).unwrap();
            }
        }
        let kept = [
            "SELECT lane, pos, source, prev, logs, record, event FROM entry ORDER BY lane, pos",
            "SELECT lane, pos, erased, key_id, salt, body FROM personal ORDER BY lane, pos",
            "SELECT lane, leg, body FROM leg ORDER BY lane, leg",
            "SELECT lane, dossier, body FROM dossier ORDER BY lane, dossier",
        ];
        let before = kept.map(|sql| rows(&connection, sql));
        let lines = rows(&connection, "SELECT lane, party, seq, pos FROM log ORDER BY lane, party, seq");

        assert_eq!(migrate(&mut connection, Micros(9)).unwrap(), MIGRATIONS.len() - 2);

        for (sql, before) in kept.iter().zip(before) {
            assert_eq!(before.len(), places.len());
            assert_eq!(rows(&connection, sql), before, "{sql}");
        }
        let mut found = Vec::new();
        let all = "SELECT lane, party, seq, pos, steps, lines FROM log_run ORDER BY lane, party, seq";
        let mut statement = connection.prepare(all).unwrap();
        let mut runs = statement.query([]).unwrap();
        while let Some(row) = runs.next().unwrap() {
            let [lane, party, seq, pos, count]: [i64; 5] = [0, 1, 2, 3, 5].map(|at| row.get(at).unwrap());
            let steps: Vec<u8> = row.get(4).unwrap();
            let run = Run::kept(seq.try_into().unwrap(), pos.try_into().unwrap(), &steps);
            assert_eq!(run.lines().count(), usize::try_from(count).unwrap());
            for (seq, pos) in run.lines() {
                let line = [lane, party, seq.try_into().unwrap(), pos.try_into().unwrap()];
                found.push(line.map(Value::Integer).to_vec());
            }
        }
        assert_eq!(found, lines);
        // Where the statements of today look for it.
        for (lane, pos) in places {
            let record: Vec<u8> = connection
                .query_row("SELECT record FROM entry WHERE at = ?1", [(lane << 48) | pos], |row| row.get(0))
                .unwrap();
            assert_eq!(record.len(), 5_000, "{lane}-{pos}");
        }
        let old = "SELECT name FROM sqlite_schema WHERE name LIKE 'placed_%' OR name = 'log'";
        assert_eq!(rows(&connection, old), Vec::<Vec<Value>>::new());
    }

    #[test]
    fn a_procedure_of_an_older_store_is_its_own_first_version() {
        let mut connection = left_at(6);
        let old = "INSERT INTO procedure VALUES (?1, x'02', x'03', 1, 0, ?2)";
        connection.execute(old, params![[1_u8], 20_000]).unwrap();
        connection.execute(old, params![[2_u8], None::<i64>]).unwrap();
        assert_eq!(migrate(&mut connection, Micros(9)).unwrap(), MIGRATIONS.len() - 6);
        let all = "SELECT name, valid_from, valid_to, action, length(decision), pickup, returned, days
                   FROM procedure_version ORDER BY name";
        let row = |name: u8, from: i64| {
            let numbers = [1, 0, 1, 0].map(Value::Integer);
            let begins = [Value::Blob(vec![name]), Value::Integer(from), Value::Null];
            begins.into_iter().chain(numbers).chain([Value::Null]).collect::<Vec<_>>()
        };
        assert_eq!(rows(&connection, all), [row(1, 20_000), row(2, i64::MIN)]);
    }
}
