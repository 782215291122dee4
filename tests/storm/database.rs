//! The book of a PostgreSQL store, read beside the gateways on a connection of one's own.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Row as _};
use trao::dossier::names::Micros;
use trao::seal::head::Seal;

use crate::history::Waits;
use crate::support::book::{Book, Part, Row, run_of};

async fn all(database: &mut PgConnection, select: &'static str) -> Vec<PgRow> {
    sqlx::query(select).fetch_all(database).await.unwrap_or_else(|e| panic!("{select}: {e}"))
}

fn number(row: &PgRow, at: usize) -> u64 {
    row.get::<i64, _>(at) as u64
}

fn array<const N: usize>(row: &PgRow, at: usize) -> [u8; N] {
    row.get::<Vec<u8>, _>(at).try_into().unwrap_or_else(|_| panic!("{N} bytes"))
}

/// Everything that can be checked, and what waits.
pub async fn read(url: &str) -> (Book, Vec<Waits>) {
    let mut database = PgConnection::connect(url).await.expect("the database");
    // As of one moment.
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    sqlx::query(begin).execute(&mut database).await.expect("a moment");
    let db = &mut database;
    let book = Book {
        database: array(&all(db, "SELECT database FROM meta").await[0], 0),
        rows: all(db, "SELECT pos, record, event FROM entry WHERE lane = 0 ORDER BY pos")
            .await
            .iter()
            .map(|row| Row::of(number(row, 0), row.get(1), row.get(2)))
            .collect(),
        seals: all(
            db,
            "SELECT size, committed_at, root, key_id, signature FROM seal WHERE lane = 0 ORDER BY size",
        )
        .await
        .iter()
        .map(|row| Seal {
            size: number(row, 0),
            committed_at: Micros(row.get(1)),
            root: array(row, 2),
            key_id: number(row, 3) as u32,
            signature: array(row, 4),
        })
        .collect(),
        signing_keys: all(db, "SELECT key_id, public_key FROM signing_key")
            .await
            .iter()
            .map(|row| (number(row, 0) as u32, array(row, 1)))
            .collect(),
        frontier: all(db, "SELECT frontier FROM lane WHERE lane = 0").await[0].get(0),
        parties: all(db, "SELECT id, name FROM party")
            .await
            .iter()
            .map(|row| (row.get(0), String::from_utf8(row.get(1)).expect("a name")))
            .collect(),
        log_lines: all(
            db,
            "SELECT party, seq, lines, pos, steps FROM log_run WHERE lane = 0 ORDER BY party, seq",
        )
        .await
        .iter()
        .flat_map(|row| run_of(row.get(0), number(row, 1), number(row, 2), number(row, 3), row.get(4)))
        .collect(),
        personal: all(db, "SELECT pos, salt, body, erased FROM personal WHERE lane = 0")
            .await
            .iter()
            .map(|row| {
                let part = Part { salt: row.get(1), body: row.get(2), erased: row.get::<i64, _>(3) != 0 };
                (number(row, 0), part)
            })
            .collect(),
        keys: number(&all(db, "SELECT count(*) FROM event_key WHERE lane = 0").await[0], 0) as usize,
    };
    let waits = all(db, "SELECT code, pos FROM waiting WHERE lane = 0 ORDER BY pos").await;
    let waits = waits.iter().map(|row| Waits { code: row.get(0), pos: number(row, 1) }).collect();
    (book, waits)
}

/// How many lines the journal has, and how many of them wait for a code to become known.
pub async fn head(url: &str) -> (u64, u64) {
    let mut database = PgConnection::connect(url).await.expect("the database");
    let select = "SELECT (SELECT pos FROM lane WHERE lane = 0), \
                  (SELECT count(*) FROM waiting WHERE lane = 0 AND substr(code, 1, 1) <> '\\x32'::bytea)";
    let rows = all(&mut database, select).await;
    (number(&rows[0], 0), number(&rows[0], 1))
}
