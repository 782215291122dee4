//! The list of tables is that of the database, and what is made of it can be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use proptest::prelude::*;

use super::cell::Cell;
use super::state::State;
use super::tables::{self, NOTED, OWN, all};
use super::{COPYING_US, MOVING_US, Marked};
use crate::dossier::names::{Lane, Micros, Position};
use crate::store::conformance::Kept;
use crate::store::conformance::random::{Op, fill};
use crate::store::postgres::tests::Cluster;
use crate::store::postgres::{Database, Filling, Founding, migrate};
use crate::store::sqlite::Copying;
use crate::store::{Error, Phase, sqlite};

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
                .chain([("enable_sort", "off"), ("enable_incremental_sort", "off")])
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
        (tables::DOCUMENT, "document"),
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
    assert_eq!(NOTED.len(), 12);
}

#[test]
fn cells_are_in_the_order_of_both_engines() {
    let cells =
        [Cell::Null, Cell::Int(i64::MIN), Cell::Int(3), Cell::of(b""), Cell::of(&[1, 0]), Cell::of(&[1, 1])];
    assert!(cells.is_sorted());
}

const STORE: [u8; 16] = [0xd0; 16];

fn silent(_: &'static str, _: u64, _: u64) {}

/// Writes batches, and erases something behind each; what was erased or not does not matter.
async fn write(kept: &mut Kept, batches: &[(Vec<Op>, u8)], seqs: &mut BTreeMap<i64, u64>) {
    for (ops, erased) in batches {
        let mut after = seqs.clone();
        if kept.commit(|batch| fill(batch, ops, &mut after)).await.is_ok() {
            *seqs = after;
        }
        let position = Position { lane: Lane(0), pos: u64::from(*erased) };
        kept.admin.erase_personal(position).await.unwrap();
    }
}

async fn follow_all(parts: [Vec<(Vec<Op>, u8)>; 3]) -> Result<(), TestCaseError> {
    let url = Cluster::shared().empty_schema();
    let (mut kept, mut seqs) = (Kept::sqlite(), BTreeMap::new());
    write(&mut kept, &parts[0], &mut seqs).await;
    let mut source = Copying::open(kept.folder()).unwrap();
    source.begin(COPYING_US).unwrap();
    let database = Database::of_url(&url).unwrap();
    let (target, _) = Filling::open(&database, &STORE, Some(7), Micros(0)).await.unwrap();
    let mut state = State::new(target, STORE);
    let (phase, us, said) = (Phase::Copying, COPYING_US, Instant::now());
    let mut marked = Marked { source: &mut source, phase, us, said };
    state.copy_lines(&mut marked, &mut silent).await.unwrap();
    write(&mut kept, &parts[1], &mut seqs).await;
    state.copy_tables(&mut marked, &mut silent).await.unwrap();
    write(&mut kept, &parts[2], &mut seqs).await;
    state.follow(&mut marked).await.unwrap();
    // Everything is looked through here: what was changed and not noted would differ.
    let proved = state.prove_tables(&mut marked, &mut silent).await;
    prop_assert!(proved.is_ok(), "{proved:?}");
    let moment = marked.source().unwrap().moment().unwrap();
    for table in [tables::ENTRY, tables::LOG_RUN, tables::SEAL] {
        let (start, end) = (table.start(), table.end());
        let page = moment.page(table, &start, &end).unwrap();
        prop_assert_eq!(state.target.range(table, &start, &end).await.unwrap(), page);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_written_while_a_store_is_copied_is_noted_and_copied(
        parts in proptest::array::uniform3(proptest::collection::vec(
            (proptest::collection::vec((0_u8..24, any::<u8>(), any::<u8>()), 0..12), 0_u8..48),
            0..5,
        ))
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(follow_all(parts))?;
    }
}

/// Writes a line, if a writer is let in.
async fn let_in(kept: &mut Kept, id: &str) -> Result<(), Error> {
    kept.commit(|batch| _ = batch.line(id)).await.map(drop)
}

#[tokio::test]
async fn a_store_takes_no_writes_while_it_moves_and_none_ever_again_once_it_has() {
    let mut kept = Kept::sqlite();
    let mut source = Copying::open(kept.folder()).unwrap();
    assert!(matches!(Copying::open(kept.folder()), Err(Error::Unfit(why)) if why.contains("copied already")));
    source.begin(COPYING_US).unwrap();
    kept.keep(|batch| _ = batch.line("noted")).await;
    assert_eq!(source.moment().unwrap().touched(Lane(0), -1, 9).unwrap().len(), 1);
    source.go_on(Phase::Copying, Phase::Moving, MOVING_US).unwrap();
    assert!(matches!(kept.writer.begin(Lane(0)).await, Err(Error::Moving)));
    assert!(matches!(kept.admin.revoke_key("x", Micros(0)).await, Err(Error::Moving)));
    assert_eq!(kept.reader.head(Lane(0)).await.unwrap().pos, 1, "it is read");
    source.move_to(5).unwrap();
    assert_eq!(source.moved_to().unwrap(), Some(5));
    source.end().unwrap();
    assert!(matches!(source.begin(COPYING_US), Err(Error::Moved)));
    assert!(matches!(kept.writer.begin(Lane(0)).await, Err(Error::Moved)));
    assert!(matches!(kept.admin.revoke_key("x", Micros(0)).await, Err(Error::Moved)));
    assert!(
        matches!(kept.reader.head(Lane(0)).await, Err(Error::Moved)),
        "it is not read as if it still were the store"
    );
    assert_eq!(kept.reader.identity().await.unwrap().phase, Phase::Moved);
}

#[tokio::test]
async fn a_mark_that_lapsed_is_ended_by_whoever_writes_next_and_by_nobody_else() {
    for phase in [Phase::Copying, Phase::Moving] {
        let mut kept = Kept::sqlite();
        let mut source = Copying::open(kept.folder()).unwrap();
        source.begin(COPYING_US).unwrap();
        source.go_on(Phase::Copying, phase, -1).unwrap();
        // Nobody wrote: it is the copier's still.
        source.go_on(phase, phase, -1).unwrap();
        let_in(&mut kept, "first").await.unwrap();
        assert_eq!(kept.reader.identity().await.unwrap().phase, Phase::Serving);
        assert!(matches!(source.go_on(phase, Phase::Moving, MOVING_US), Err(Error::Unfit(_))));
        assert!(matches!(source.move_to(5), Err(Error::Unfit(_))));
        let_in(&mut kept, "second").await.unwrap();
    }
}
