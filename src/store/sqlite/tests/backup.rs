//! Copies of a store that is being written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::dossier::names::{Lane, Position};
use crate::store::conformance::Kept;
use crate::store::sqlite::{self, Reader, backup};

const LANE: Lane = Lane(0);

fn silent(_: u64, _: u64) {}

fn seal_key(kept: &Kept) {
    fs::write(kept.folder().join("seal.key"), [7; 32]).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_copy_is_the_store_at_one_moment_while_it_is_written() {
    let mut kept = Kept::sqlite();
    seal_key(&kept);
    for number in 0..40 {
        kept.keep(|batch| {
            let line = batch.line(&format!("before {number}"));
            line.event = vec![1; 200_000].into();
            line.logs = vec![(1, number + 1)];
        })
        .await;
    }
    let outer = tempfile::tempdir().unwrap();
    let target = outer.path().join("copy");
    let (folder, done) = (kept.folder().to_owned(), AtomicBool::new(false));
    let mut told = Vec::new();
    let head = std::thread::scope(|threads| {
        let writing = threads.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let mut number = 0;
            while !done.load(Ordering::Relaxed) {
                runtime.block_on(kept.keep(|batch| {
                    batch.line(&format!("while {number}")).logs = vec![(1, number + 41)];
                }));
                number += 1;
            }
            number
        });
        backup(&folder, &target, &mut |copied, all| told.push((copied, all))).unwrap();
        done.store(true, Ordering::Relaxed);
        writing.join().unwrap() + 40
    });
    assert!(told.len() > 1 && told.is_sorted() && told.last().is_some_and(|(copied, all)| copied == all));

    assert_eq!(names(&target), ["seal.key", "trao.db"]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&target), 0o700);
    assert_eq!((mode(&target.join("trao.db")), mode(&target.join("seal.key"))), (0o600, 0o600));
    assert_eq!(fs::read(target.join("seal.key")).unwrap(), [7; 32]);

    let copy = Reader::open(&target).unwrap();
    let pos = copy.head(LANE).unwrap().pos;
    assert!((40..=head).contains(&pos), "{pos} of {head}");
    assert_eq!(copy.last_seal(LANE).unwrap().unwrap().size, pos);
    assert_eq!(copy.log_head(LANE, 1).unwrap(), pos, "entries and logs are of one moment");
    for pos in 1..=pos {
        assert!(copy.entry(Position { lane: LANE, pos }).unwrap().is_some(), "{pos}");
    }
    assert!(copy.identity().unwrap().copied);
    assert!(!kept.reader.identity().await.unwrap().copied, "only the copy is marked");
}

#[tokio::test]
async fn a_copy_is_served_in_a_new_epoch() {
    let mut kept = Kept::sqlite();
    seal_key(&kept);
    kept.keep(|batch| _ = batch.line("a")).await;
    let outer = tempfile::tempdir().unwrap();
    backup(kept.folder(), &outer.path().join("copy"), &mut silent).unwrap();
    let lock = sqlite::lock(&outer.path().join("copy")).unwrap();
    let mut admin = sqlite::Admin::open(lock.folder()).unwrap();
    admin.begin_epoch(&[9; 16]).unwrap();
    let mut store = sqlite::open(&lock).unwrap();
    let head = store.writer.begin(LANE).unwrap();
    assert_eq!((head.epoch, head.pos), ([9; 16], 1));
    assert!(!store.reader.identity().unwrap().copied);
}

#[tokio::test]
async fn a_target_with_something_in_it_is_refused_and_an_empty_one_is_taken() {
    let kept = Kept::sqlite();
    seal_key(&kept);
    let outer = tempfile::tempdir().unwrap();
    let target = outer.path().join("copy");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("mine"), "").unwrap();
    let refused = backup(kept.folder(), &target, &mut silent).unwrap_err();
    assert_eq!(refused.to_string(), "the target of the copy is not empty");
    assert_eq!(names(&target), ["mine"]);
    fs::remove_file(target.join("mine")).unwrap();
    backup(kept.folder(), &target, &mut silent).unwrap();
    assert_eq!(names(&target), ["seal.key", "trao.db"]);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o7777, 0o700);
    fs::write(outer.path().join("file"), "").unwrap();
    assert!(backup(kept.folder(), &outer.path().join("file"), &mut silent).is_err());
}

#[tokio::test]
async fn nothing_is_left_of_a_copy_that_fails() {
    let kept = Kept::sqlite();
    let outer = tempfile::tempdir().unwrap();
    let failed = backup(kept.folder(), &outer.path().join("copy"), &mut silent).unwrap_err();
    assert_eq!(failed.to_string(), "store could not copy the seal key", "there is none");
    assert!(names(outer.path()).is_empty());
    assert!(backup(outer.path(), &outer.path().join("copy"), &mut silent).is_err(), "no store to copy");
    assert!(names(outer.path()).is_empty());
}
