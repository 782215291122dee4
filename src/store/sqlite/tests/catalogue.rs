//! The schema and every statement, held to the rules that lanes and speed hang on.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::dossier::names::Micros;
use crate::store::sqlite::{schema, sql};

/// Tables that are the same for all lanes.
const REFERENCE: &[&str] = &[
    "meta",
    "source",
    "party",
    "alias",
    "office",
    "procedure_version",
    "person",
    "appointment",
    "calendar_day",
    "api_key",
    "signing_key",
    "migration",
];

fn fresh() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::begin(&connection).unwrap();
    schema::migrate(&mut connection, Micros(0)).unwrap();
    connection
}

fn strings(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn tables(connection: &Connection) -> Vec<String> {
    strings(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'")
}

/// Every column, as `table.column`.
pub fn columns() -> Vec<String> {
    let connection = fresh();
    let of = |table: &String| {
        let columns = strings(&connection, &format!("SELECT name FROM pragma_table_xinfo('{table}')"));
        columns.into_iter().map(|column| format!("{table}.{column}")).collect::<Vec<_>>()
    };
    tables(&connection).iter().flat_map(of).collect()
}

/// How a statement would be run.
pub fn plan(sql: &str) -> Vec<String> {
    let connection = fresh();
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    for parameter in 1..=explained.parameter_count() {
        explained.raw_bind_parameter(parameter, 1).unwrap();
    }
    let mut rows = explained.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    steps
}

/// The statement without its head comment, and the comment.
fn split(text: &str) -> (String, String) {
    let (comment, statement): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("--"));
    (comment.join("\n"), statement.join("\n"))
}

#[test]
fn every_key_and_index_of_the_journal_starts_with_its_lane() {
    let connection = fresh();
    let journal = tables(&connection).into_iter().filter(|table| !REFERENCE.contains(&table.as_str()));
    let mut seen = 0;
    for table in journal {
        let indexes = strings(&connection, &format!("SELECT name FROM pragma_index_list('{table}')"));
        for index in &indexes {
            let first = format!("SELECT name FROM pragma_index_info('{index}') ORDER BY seqno LIMIT 1");
            assert_eq!(strings(&connection, &first), ["lane"], "{table}: {index}");
        }
        let key = format!("SELECT name FROM pragma_table_info('{table}') WHERE pk = 1");
        // `at` is lane and position in one number, the lane above.
        let key = strings(&connection, &key);
        assert!(key == ["lane"] || key == ["at"], "{table}: {key:?}");
        assert!(!indexes.is_empty() || key == ["at"] || table == "lane", "{table} has no key");
        seen += 1;
    }
    assert!(seen > 10);
}

#[test]
fn every_statement_stands_in_its_file_says_who_calls_it_and_prepares() {
    let connection = fresh();
    let mut named = BTreeSet::new();
    for (file, text) in [sql::COMMITTING, sql::READING, sql::REFERENCE].concat() {
        let (comment, _) = split(text);
        assert!(comment.starts_with("-- Called "), "{file}");
        connection.prepare(text).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(named.insert(format!("{file}.sql")), "{file} twice");
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/sqlite/sql");
    let files = std::fs::read_dir(folder).unwrap();
    let kept: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(named, kept);
}

#[test]
fn every_statement_of_the_journal_names_its_lane() {
    for (file, text) in [sql::COMMITTING, sql::READING].concat() {
        let (_, statement) = split(text);
        if matches!(file, "begin" | "begin_reading" | "commit" | "rollback") {
            continue;
        }
        let inserts = (statement.starts_with("INSERT INTO ")
            || statement.starts_with("INSERT OR REPLACE INTO "))
            && (statement.contains(" (lane, ") || statement.contains(" (at, "));
        let looks = statement.contains("lane = ?1") || statement.contains("at = ?1");
        assert!(inserts || looks, "{file}: {statement}");
    }
}

#[test]
fn no_statement_of_the_journal_reads_a_whole_table() {
    let connection = fresh();
    let tables = tables(&connection);
    for (file, text) in [sql::COMMITTING, sql::READING].concat() {
        if matches!(file, "begin" | "begin_reading" | "commit" | "rollback") {
            continue;
        }
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        for parameter in 1..=explained.parameter_count() {
            explained.raw_bind_parameter(parameter, 1).unwrap();
        }
        let mut rows = explained.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get("detail").unwrap();
            let scanned = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            // The lanes themselves are few, and what is looked for in each of them is found by its key.
            let whole =
                scanned.is_some_and(|name| name != "lane" && tables.iter().any(|table| table == name));
            assert!(!whole, "{file}: {step}");
            assert!(!step.contains("AUTOMATIC"), "{file}: {step}");
        }
    }
}

#[test]
fn what_waits_longest_is_found_in_an_index_of_its_own() {
    let connection = fresh();
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", sql::UNPLACED)).unwrap();
    let steps = explained.query_map([0, 1], |row| row.get("detail")).unwrap();
    let steps: Vec<String> = steps.map(Result::unwrap).collect();
    assert_eq!(steps, ["SEARCH waiting USING COVERING INDEX waiting_unplaced (lane=?)"]);
}
