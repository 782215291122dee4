//! The list of tables is that of the database, and what is made of it can be asked.

use std::collections::BTreeSet;

use super::cell::Cell;
use super::tables::{self, NOTED, OWN, all};
use crate::dossier::names::Micros;
use crate::store::postgres::tests::Cluster;
use crate::store::postgres::{Database, Founding, migrate};
use crate::store::sqlite;

/// An empty store in a database: its URL and its schema.
async fn founded() -> (Database, String) {
    let url = Cluster::shared().empty_schema();
    let database = Database::of_url(&url).unwrap();
    migrate(&database, Founding { database: [1; 16], epoch: [2; 16] }, Micros(0)).await.unwrap();
    (database, url.rsplit('=').next().unwrap().to_owned())
}

#[tokio::test]
async fn every_table_and_column_of_a_database_is_copied_under_its_key() {
    let (_, schema) = founded().await;
    let lines =
        |sql: &str| -> BTreeSet<String> { Cluster::shared().sql(sql).lines().map(str::to_owned).collect() };
    let columns = format!(
        "SELECT table_name || '.' || column_name || ' ' || data_type FROM information_schema.columns
         WHERE table_schema = '{schema}'"
    );
    let kept: BTreeSet<String> = lines(&columns)
        .into_iter()
        .filter(|column| !OWN.contains(&column.split('.').next().unwrap()))
        .collect();
    let word = |kind| match kind {
        tables::Kind::Lane => "integer",
        tables::Kind::Number => "bigint",
        tables::Kind::Bytes => "bytea",
    };
    let copied: BTreeSet<String> = all()
        .iter()
        .flat_map(|table| {
            table.columns.iter().map(|column| format!("{}.{} {}", table.name, column.name, word(column.kind)))
        })
        .collect();
    assert_eq!(copied, kept);
    let keys = lines(&format!(
        "SELECT c.relname || ' ' || string_agg(a.attname, ' ' ORDER BY array_position(x.indkey::int[], a.attnum::int))
         FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (x.indkey)
         WHERE x.indisprimary AND c.relnamespace = '{schema}'::regnamespace GROUP BY c.relname"
    ));
    for table in all() {
        let names: Vec<&str> = table.columns[..table.keys].iter().map(|column| column.name).collect();
        let key = format!("{} {}", table.name, names.join(" "));
        assert!(keys.contains(&key), "{key} is none of {keys:?}");
    }
}

#[tokio::test]
async fn what_is_made_of_the_list_prepares_in_both_engines_and_reads_no_whole_table() {
    let (_, schema) = founded().await;
    for table in all() {
        for sql in [table.range, table.rows, table.keep, table.remove] {
            let count = (1..=20).rev().find(|number| sql.contains(&format!("${number}"))).unwrap();
            let nulls = vec!["NULL"; count].join(", ");
            let settings: String = crate::store::postgres::settings()
                .map(|(name, value)| format!("SET {name} = '{value}';\n"))
                .collect();
            let plan = Cluster::shared().sql(&format!(
                "SET search_path = {schema}; {settings} PREPARE it AS {sql}; EXPLAIN EXECUTE it({nulls})"
            ));
            assert!(!plan.contains("Seq Scan"), "{sql}: {plan}");
            assert!(!plan.contains("Sort"), "{sql}: {plan}");
        }
        for sql in [table.file_page, table.file_row] {
            let steps = sqlite::plan(sql);
            assert!(steps.iter().all(|step| step.starts_with("SEARCH ")), "{sql}: {steps:?}");
        }
        assert!(table.file_page.ends_with(&format!(" LIMIT {}", tables::PAGE)));
    }
}

#[test]
fn what_is_noted_of_a_table_says_which_one() {
    for (number, name) in [
        (tables::EVENT_KEY, "event_key"),
        (tables::PERSONAL, "personal"),
        (tables::LEG, "leg"),
        (tables::DOSSIER, "dossier"),
        (tables::CONCERN, "concern"),
        (tables::TAG, "tag"),
        (tables::WAITING, "waiting"),
        (tables::PIN, "pin"),
        (tables::DEVICE, "device"),
        (tables::FOLLOWER, "follower"),
        (tables::CONSUMER, "consumer"),
    ] {
        assert_eq!(NOTED[usize::from(number)].name, name);
    }
    assert_eq!(NOTED.len(), 11);
}

#[test]
fn cells_are_in_the_order_of_both_engines() {
    let cells =
        [Cell::Null, Cell::Int(i64::MIN), Cell::Int(3), Cell::of(b""), Cell::of(&[1, 0]), Cell::of(&[1, 1])];
    assert!(cells.is_sorted());
}
