//! The folder, its files and how they are opened.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::dossier::names::Micros;
use crate::store::conformance::Kept;
use crate::store::sqlite::{self, Reader, connection, folder};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn only_its_owner_may_read_a_store() {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("a/data");
    let lock = sqlite::lock(&data).unwrap();
    sqlite::create(&lock, &[1; 16], &[2; 16], Micros(0)).unwrap();
    let store = sqlite::open(&lock).unwrap();
    store.reader.identity().unwrap();
    assert_eq!(mode(&data), 0o700);
    let mut names: Vec<String> = Vec::new();
    for file in fs::read_dir(&data).unwrap() {
        let file = file.unwrap();
        assert_eq!(mode(&file.path()), 0o600, "{file:?}");
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["lock", "trao.db", "trao.db-shm", "trao.db-wal"]);
}

#[test]
fn a_folder_is_served_once() {
    let outer = tempfile::tempdir().unwrap();
    let first = sqlite::lock(outer.path()).unwrap();
    let refused = sqlite::lock(outer.path()).unwrap_err();
    assert_eq!(refused.to_string(), "another gateway serves this folder");
    drop(first);
    sqlite::lock(outer.path()).unwrap();
}

#[test]
fn what_a_crash_left_of_a_new_store_is_made_anew() {
    let outer = tempfile::tempdir().unwrap();
    let lock = sqlite::lock(outer.path()).unwrap();
    fs::write(outer.path().join("trao.db.new"), "half a store").unwrap();
    fs::write(outer.path().join("trao.db.new-journal"), "half a journal").unwrap();
    assert!(!sqlite::exists(outer.path()));
    sqlite::create(&lock, &[1; 16], &[2; 16], Micros(0)).unwrap();
    assert_eq!(sqlite::migrate(&lock, Micros(0)).unwrap(), 0, "it is whole");
    assert_eq!(sqlite::open(&lock).unwrap().reader.identity().unwrap().database, [1; 16]);
    assert!(!outer.path().join("trao.db.new").exists());
    assert!(sqlite::create(&lock, &[3; 16], &[2; 16], Micros(0)).is_err(), "there is one already");
    assert_eq!(sqlite::open(&lock).unwrap().reader.identity().unwrap().database, [1; 16]);
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let outer = tempfile::tempdir().unwrap();
    let lock = sqlite::lock(outer.path()).unwrap();
    assert!(sqlite::open(&lock).is_err(), "nothing there");
    assert!(!sqlite::exists(outer.path()));
    fs::write(outer.path().join("trao.db"), "something else entirely, and longer than a header".repeat(20))
        .unwrap();
    assert!(sqlite::open(&lock).is_err());
    fs::write(outer.path().join("trao.db"), "").unwrap();
    assert_eq!(sqlite::open(&lock).unwrap_err().to_string(), "the file is no store of Trao");
}

#[tokio::test]
async fn a_store_is_read_from_another_place_while_it_is_served_and_after() {
    let mut kept = Kept::sqlite();
    let elsewhere = Reader::open(kept.folder()).unwrap();
    kept.keep(|batch| _ = batch.line("a")).await;
    assert_eq!(elsewhere.head(crate::dossier::names::Lane(0)).unwrap().pos, 1);
    drop(elsewhere);
    let lock_and_folder = kept.closed();
    let after = Reader::open(lock_and_folder.1.path()).unwrap();
    assert_eq!(after.head(crate::dossier::names::Lane(0)).unwrap().pos, 1);
}

#[test]
fn writers_sync_every_commit_and_readers_never_write() {
    let outer = tempfile::tempdir().unwrap();
    let lock = sqlite::lock(outer.path()).unwrap();
    sqlite::create(&lock, &[1; 16], &[2; 16], Micros(0)).unwrap();
    let file = outer.path().join(folder::DATABASE);
    let writing = connection::writing(&file).unwrap();
    let reading = connection::reading(&file).unwrap();
    let number = |connection: &rusqlite::Connection, name: &str| -> i64 {
        connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
    };
    assert_eq!(number(&writing, "synchronous"), 2, "FULL");
    assert_eq!(number(&writing, "wal_autocheckpoint"), 0);
    assert_eq!(number(&writing, "secure_delete"), 1);
    assert_eq!(number(&writing, "temp_store"), 2, "MEMORY");
    assert_eq!(number(&reading, "query_only"), 1);
    assert!(reading.execute("DELETE FROM lane", []).is_err());
    connection::check_version().unwrap();
}
