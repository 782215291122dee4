//! What is SQLite's alone: its catalogue, its statements and plans, its log, its files.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::{Connection, params_from_iter};

use super::sql;
use super::{Admin, Checkpointer, Store, backup, connection, create, lock, migrate, open};
use crate::dossier::names::{Lane, Micros, Position};
use crate::store::{Commit, Committed, Entry, EventKey, PersonalRow};

/// Tables that are the same for all lanes.
const REFERENCE: &[&str] =
    &["meta", "source", "party", "alias", "office", "procedure", "api_key", "signing_key", "migration"];

struct Folder {
    lock: super::Lock,
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Folder {
        let folder = tempfile::tempdir().unwrap();
        let lock = lock(folder.path()).unwrap();
        create(&lock, &[1; 16], &[2; 16], Micros(0)).unwrap();
        Folder { lock, folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn store(&self) -> Store {
        open(&self.lock).unwrap()
    }

    fn connection(&self) -> Connection {
        connection::reading(&self.path().join("trao.db")).unwrap()
    }
}

fn commit(store: &mut Store, lines: usize, fill: &[u8]) {
    let head = store.writer.begin(Lane(0)).unwrap();
    let first = head.pos + 1;
    let pos = head.pos + lines as u64;
    let entries = (first..=pos)
        .map(|pos| Entry {
            pos,
            key: EventKey { id: pos.to_be_bytes().to_vec(), source: 1 },
            record: fill.to_vec().into(),
            event: fill.to_vec().into(),
            prev: 0,
            logs: vec![(1, pos)],
            personal: Some(PersonalRow { salt: [7; 16], key_id: 0, body: fill.to_vec().into() }),
            waits_for: Vec::new(),
            placed: None,
        })
        .collect();
    let sealed_at = head.sealed_at.plus(1);
    let seal = crate::seal::head::Seal {
        size: pos,
        committed_at: sealed_at,
        root: [0; 32],
        key_id: 0,
        signature: [0; 64],
    };
    let commit = Commit {
        lane: Lane(0),
        head: crate::store::Head { pos, version: head.version + 1, sealed_at, ..head },
        entries,
        changes: Default::default(),
        concerns: Vec::new(),
        devices: Vec::new(),
        notes: Vec::new(),
        seal: Some(seal),
    };
    assert!(matches!(store.writer.commit(&commit).unwrap(), Committed::Done));
}

fn texts(connection: &Connection, sql: &str, with: &[&str]) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map(params_from_iter(with), |row| row.get(0)).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

#[test]
fn every_statement_prepares() {
    let folder = Folder::new();
    let connection = connection::writing(&folder.path().join("trao.db")).unwrap();
    for (name, text) in sql::COMMITTING.iter().chain(sql::READING).chain(sql::REFERENCE) {
        if let Err(error) = connection.prepare(text) {
            panic!("{name}.sql: {error}");
        }
    }
    let named: BTreeSet<String> = [sql::COMMITTING, sql::READING, sql::REFERENCE]
        .concat()
        .iter()
        .map(|(name, _)| format!("{name}.sql"))
        .collect();
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sqlite/sql");
    let found: BTreeSet<String> =
        fs::read_dir(files).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, named, "a file is a statement, and a statement is a file");
}

#[test]
fn every_key_of_the_journal_starts_with_lane() {
    let folder = Folder::new();
    let connection = folder.connection();
    let tables = texts(&connection, "SELECT name FROM sqlite_schema WHERE type = 'table'", &[]);
    let mut looked_at = 0;
    for table in
        tables.iter().filter(|table| !REFERENCE.contains(&table.as_str()) && !table.starts_with("sqlite_"))
    {
        let keys = texts(&connection, "SELECT name FROM pragma_table_info(?1) WHERE pk = 1", &[table]);
        assert_eq!(keys, ["lane"], "the key of {table}");
        for index in texts(&connection, "SELECT name FROM pragma_index_list(?1)", &[table]) {
            let first =
                texts(&connection, "SELECT name FROM pragma_index_info(?1) WHERE seqno = 0", &[&index]);
            assert_eq!(first, ["lane"], "index {index} of {table}");
        }
        looked_at += 1;
    }
    assert!(looked_at >= 13, "{looked_at} tables");
}

#[test]
fn every_hot_statement_names_the_lane_and_none_reads_a_whole_table() {
    let folder = Folder::new();
    let connection = folder.connection();
    let hot = sql::COMMITTING.iter().chain(sql::READING);
    for (name, text) in hot.filter(|(name, _)| !["begin", "commit", "rollback"].contains(name)) {
        let names_lane = text.contains("lane = ?") || text.contains("(lane");
        assert!(names_lane, "{name}.sql does not name the lane");
        let explained = format!("EXPLAIN QUERY PLAN {}", without_comments(text));
        let mut statement = connection.prepare(&explained).unwrap();
        let wanted = statement.parameter_count();
        let nothing = vec![rusqlite::types::Null; wanted];
        let plan: Vec<String> = statement
            .query_map(params_from_iter(nothing), |row| row.get(3))
            .unwrap()
            .map(|row| row.unwrap())
            .collect();
        let scans = plan.iter().filter(|line| line.starts_with("SCAN") && !line.contains("CONSTANT ROW"));
        // The union that the tie's work is merged from is itself small and bounded.
        let scans: Vec<&String> = scans.filter(|line| !line.contains("(subquery")).collect();
        assert!(scans.is_empty(), "{name}.sql reads a whole table: {plan:?}");
    }
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_log_stays_bounded_under_a_writer_and_readers_that_never_pause() {
    let folder = Folder::new();
    let mut store = folder.store();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let wal = folder.path().join("trao.db-wal");
    let mut longest = 0;
    let (end, ended) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let checkpointer = Checkpointer::open(folder.path()).unwrap();
        scope.spawn(move || checkpointer.run(&ended));
        for _ in 0..2 {
            let reader = store.reader.clone();
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let head = reader.head(Lane(0)).unwrap().pos;
                    reader.log_after(Lane(0), 1, head.saturating_sub(50), 100).unwrap();
                }
            });
        }
        // About 300 MB through a log that may keep 64.
        for _ in 0..1_200 {
            commit(&mut store, 64, &[5; 1_000]);
            longest = longest.max(fs::metadata(&wal).unwrap().len());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        drop(end);
    });
    let whole = fs::metadata(folder.path().join("trao.db")).unwrap().len();
    assert!(whole > 150 << 20, "only {whole} bytes were written");
    assert!(longest < 96 << 20, "the log grew to {longest} bytes");
}

#[test]
fn a_copy_made_while_writing_is_whole_private_and_marked() {
    let folder = Folder::new();
    fs::write(folder.path().join("seal.key"), [9; 32]).unwrap();
    let mut store = folder.store();
    commit(&mut store, 200, b"first");
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("copy");
    std::thread::scope(|scope| {
        let (from, to) = (folder.path(), target.as_path());
        let copying = scope.spawn(move || backup(from, to, &mut |_, _| {}));
        for _ in 0..50 {
            commit(&mut store, 20, b"meanwhile");
        }
        copying.join().unwrap().unwrap();
    });
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o700);
    for file in ["trao.db", "seal.key"] {
        assert_eq!(fs::metadata(target.join(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    let copied = lock(&target).unwrap();
    let copy = open(&copied).unwrap();
    assert!(copy.reader.identity().unwrap().copied);
    assert!(!store.reader.identity().unwrap().copied, "the original is not marked");
    let head = copy.reader.head(Lane(0)).unwrap();
    assert!((200..=1_200).contains(&head.pos), "{}", head.pos);
    assert_eq!(copy.reader.log_head(Lane(0), 1).unwrap(), head.pos, "entries and logs are of one moment");
    assert!(backup(folder.path(), &target, &mut |_, _| {}).is_err(), "a folder that is not empty is refused");
}

#[test]
fn erased_personal_bytes_are_in_no_file() {
    let folder = Folder::new();
    let mut store = folder.store();
    let canary = b"canary-7f3a9c-personal";
    commit(&mut store, 1, canary);
    commit(&mut store, 3, b"others");
    let mut admin = Admin::open(folder.path()).unwrap();
    let at = Position { lane: Lane(0), pos: 1 };
    assert!(store.reader.personal(at).unwrap().is_some());
    // The same bytes stand in record and event of this test's line; only the personal row is erased.
    let before = count(folder.path(), canary);
    assert!(admin.erase_personal(at).unwrap());
    assert!(store.reader.personal(at).unwrap().is_none());
    assert!(count(folder.path(), canary) < before);
    assert_eq!(count(folder.path(), canary), 2, "record and event");
    assert!(store.reader.personal(Position { lane: Lane(0), pos: 2 }).unwrap().is_some());
}

/// How often bytes stand in the store's file and in its log.
fn count(folder: &Path, canary: &[u8]) -> usize {
    let mut found = 0;
    for file in ["trao.db", "trao.db-wal"] {
        let bytes = fs::read(folder.join(file)).unwrap_or_default();
        found += bytes.windows(canary.len()).filter(|window| window == &canary).count();
    }
    found
}

#[test]
fn a_folder_is_served_once_and_its_files_are_its_owners() {
    let folder = Folder::new();
    let _store = folder.store();
    assert!(lock(folder.path()).is_err(), "a second server");
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.file_name());
    }
}

#[test]
fn what_a_crash_left_of_a_store_being_made_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let lock = lock(folder.path()).unwrap();
    fs::write(folder.path().join("trao.db.new"), b"half").unwrap();
    create(&lock, &[1; 16], &[2; 16], Micros(0)).unwrap();
    assert_eq!(migrate(&lock, Micros(0)).unwrap(), 0);
    assert_eq!(open(&lock).unwrap().reader.identity().unwrap().database, [1; 16]);
    assert!(create(&lock, &[3; 16], &[4; 16], Micros(0)).is_err(), "a store is never made over another");
}
