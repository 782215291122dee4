//! The schema and every statement, held to the rules that lanes and speed hang on.

use std::collections::BTreeSet;

use super::Cluster;
use crate::dossier::names::Micros;
use crate::store::postgres::{Database, Founding, migrate, sql};

/// Tables that are the same for all lanes: reference tables, should lanes ever be spread over several databases.
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

/// Statements that begin or end something, and read nothing.
const FRAMES: &[&str] = &["begin", "commit", "rollback"];

struct Fresh {
    database: Database,
    schema: String,
}

impl Fresh {
    async fn new() -> Fresh {
        let url = Cluster::shared().empty_schema();
        let database = Database::of_url(&url).unwrap();
        let founding = Founding { database: [1; 16], epoch: [2; 16] };
        migrate(&database, founding, Micros(0)).await.unwrap();
        Fresh { database, schema: url.rsplit('=').next().unwrap().to_owned() }
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        let found = Cluster::shared().sql(&format!("SET search_path = {}; {sql}", self.schema));
        found.lines().map(str::to_owned).collect()
    }
}

/// What every batch asks for by key.
const SOUGHT: [&str; 5] = ["firsts_of_keys", "tags_of_codes", "legs", "devices", "entries"];

/// The statement without its head comment, and the comment.
fn split(text: &str) -> (String, String) {
    let (comment, statement): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("--"));
    (comment.join("\n"), statement.join("\n"))
}

fn every_statement() -> Vec<(&'static str, &'static str)> {
    [sql::COMMITTING, sql::READING, sql::REFERENCE].concat()
}

#[tokio::test]
async fn every_unique_index_of_the_journal_starts_with_its_lane_and_so_does_every_other() {
    let fresh = Fresh::new().await;
    let indexes = fresh.rows(
        "SELECT t.relname, i.relname, a.attname
         FROM pg_index x
         JOIN pg_class t ON t.oid = x.indrelid
         JOIN pg_class i ON i.oid = x.indexrelid
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
         WHERE t.relnamespace = current_schema()::regnamespace",
    );
    let mut seen = BTreeSet::new();
    for index in &indexes {
        let [table, name, first] = index.split('|').collect::<Vec<_>>().try_into().unwrap();
        if !REFERENCE.contains(&table) {
            assert_eq!(first, "lane", "{name}");
            seen.insert(table.to_owned());
        }
    }
    let tables = fresh.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()");
    let journal: BTreeSet<String> =
        tables.into_iter().filter(|table| !REFERENCE.contains(&table.as_str())).collect();
    assert!(journal.len() > 10);
    assert_eq!(seen, journal, "every table of the journal has a key");
}

#[tokio::test]
async fn every_table_has_the_columns_it_has_in_a_file() {
    let fresh = Fresh::new().await;
    let columns = "SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = current_schema() ORDER BY 1";
    let here: BTreeSet<String> = fresh.rows(columns).into_iter().collect();
    let there = crate::store::sqlite::columns();
    // A file's rows have their place, lane and position in one, as their own key.
    let there: BTreeSet<String> = there.into_iter().filter(|column| !column.ends_with(".at")).collect();
    assert_eq!(here, there);
}

#[tokio::test]
async fn every_statement_stands_in_its_file_says_who_calls_it_and_prepares() {
    use sqlx::{Executor, SqlSafeStr};
    let fresh = Fresh::new().await;
    let mut connection = fresh.database.writing().await.unwrap();
    let mut named = BTreeSet::new();
    for (file, text) in every_statement() {
        let (comment, _) = split(text);
        assert!(comment.starts_with("-- Called "), "{file}");
        connection.prepare(text.into_sql_str()).await.unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(named.insert(format!("{file}.sql")), "{file} twice");
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/postgres/sql");
    let files = std::fs::read_dir(folder).unwrap();
    let kept: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(named, kept);
}

#[test]
fn every_statement_of_the_journal_names_its_lane() {
    for (file, text) in [sql::COMMITTING, sql::READING].concat() {
        let (_, statement) = split(text);
        assert!(FRAMES.contains(&file) || statement.contains("lane = $1"), "{file}: {statement}");
    }
}

#[test]
fn lines_are_kept_as_batches_are() {
    let (_, batch) = split(include_str!("../sql/keep_batch.sql"));
    let (_, lines) = split(include_str!("../sql/keep_lines.sql"));
    let (begins, ends) = lines.split_once("\n)\nSELECT (SELECT").unwrap();
    assert!(batch.starts_with(begins) && batch.ends_with(ends), "{lines}");
}

/// The plan of a statement that was prepared in a session as ours are, whatever is bound.
fn plan(fresh: &Fresh, text: &str) -> Vec<String> {
    let (_, statement) = split(text);
    let parameters = (1..=60).rev().find(|number| statement.contains(&format!("${number}"))).unwrap_or(0);
    let nulls = vec!["NULL"; parameters].join(", ");
    let call = if parameters == 0 { String::new() } else { format!("({nulls})") };
    let settings: String = crate::store::postgres::settings()
        .map(|(name, value)| format!("SET {name} = '{value}';\n"))
        .collect();
    fresh.rows(&format!("{settings} PREPARE it AS {statement};\nEXPLAIN EXECUTE it{call}"))
}

#[tokio::test]
async fn no_statement_of_the_journal_reads_a_whole_table_empty_or_large() {
    let fresh = Fresh::new().await;
    let all: Vec<_> = [sql::COMMITTING, sql::READING]
        .concat()
        .into_iter()
        .filter(|(file, _)| !FRAMES.contains(file))
        .collect();
    let hold = |size: &str| {
        for (file, text) in &all {
            for step in plan(&fresh, text) {
                // The store's one row of itself is no table to be searched.
                let whole = step.contains("Seq Scan on ") && !step.contains(" on meta");
                assert!(!whole, "{file}, {size}: {step}");
                // Whatever is looked for is in the key: rows that are read and then compared are those of a whole lane.
                let compared = step.trim_start().starts_with("Join Filter")
                    && (SOUGHT.contains(file) || file.starts_with("keep"));
                assert!(!compared, "{file}, {size}: {step}");
                let sorted = step.trim_start().trim_start_matches("->").trim_start().starts_with("Sort ");
                let may_sort =
                    ["tags_of_codes", "tags_made_at", "tie_work"].contains(file) || file.starts_with("keep");
                assert!(!sorted || may_sort, "{file}, {size}: {step}");
            }
        }
    };
    hold("empty");
    fresh.rows(
        "INSERT INTO entry SELECT 0, n, n % 50, n - 1, '\\x01', '\\x02', '\\x03' FROM generate_series(1, 50000) n;
         INSERT INTO event_key SELECT 0, decode(md5(n::text), 'hex'), n % 50, n FROM generate_series(1, 50000) n;
         INSERT INTO log_run SELECT 0, n % 50, n, 1, n, '' FROM generate_series(1, 50000) n;
         INSERT INTO leg SELECT 0, n, '\\x01' FROM generate_series(1, 50000) n;
         INSERT INTO tag SELECT 0, decode(md5(n::text), 'hex'), n, 1, n, 0, n FROM generate_series(1, 50000) n;
         INSERT INTO waiting SELECT 0, decode(md5(n::text), 'hex'), n FROM generate_series(1, 50000) n;
         INSERT INTO seal SELECT 0, n, n, '', 1, '' FROM generate_series(1, 50000) n;
         INSERT INTO concern SELECT 0, n % 50, 1, n FROM generate_series(1, 50000) n;
         ANALYZE",
    );
    hold("large");
}
