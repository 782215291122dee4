//! Snapshots in which the next look-up goes on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use super::of_file;
use crate::dossier::names::{Lane, Position};
use crate::store::PersonalRow;
use crate::store::conformance::Kept;
use crate::store::sqlite::Checkpointer;

const LANE: Lane = Lane(0);

#[tokio::test]
async fn what_was_committed_before_a_snapshot_was_asked_for_is_in_it() {
    const COMMITS: u64 = 400;
    let mut kept = Kept::sqlite();
    let reader = of_file(&kept);
    let committed = AtomicU64::new(0);
    let looked: Vec<u64> = std::thread::scope(|threads| {
        let looking: Vec<_> = (0..2)
            .map(|_| {
                threads.spawn(|| {
                    let (mut looked, mut before) = (0, 0);
                    while before < COMMITS {
                        before = committed.load(Ordering::Acquire);
                        let pos = reader.snapshot().unwrap().head(LANE).unwrap().pos;
                        assert!(pos >= before, "{pos} where {before} was committed");
                        looked += 1;
                    }
                    looked
                })
            })
            .collect();
        threads.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            for number in 1..=COMMITS {
                runtime.block_on(kept.keep(|batch| _ = batch.line(&format!("{number}"))));
                committed.store(number, Ordering::Release);
            }
        });
        looking.into_iter().map(|looking| looking.join().unwrap()).collect()
    });
    assert!(looked.iter().all(|looked| *looked > 1), "{looked:?}");
}

#[tokio::test]
async fn what_was_erased_is_in_no_snapshot_that_was_begun_before() {
    let mut kept = Kept::sqlite();
    let row = PersonalRow { salt: [1; 16], key_id: 0, body: b"a name".as_slice().into() };
    kept.keep(|batch| batch.line("a").personal = Some(row)).await;
    let (reader, position) = (of_file(&kept), Position { lane: LANE, pos: 1 });
    let snapshot = reader.snapshot().unwrap();
    assert!(snapshot.personal(position).unwrap().is_some());
    assert!(kept.admin.erase_personal(position).await.unwrap());
    assert_eq!(snapshot.personal(position).unwrap(), None);
}

#[tokio::test]
async fn a_snapshot_that_nobody_reads_any_more_keeps_nobody_from_the_log() {
    let mut kept = Kept::sqlite();
    let row = PersonalRow { salt: [1; 16], key_id: 0, body: b"a name".as_slice().into() };
    kept.keep(|batch| batch.line("a").personal = Some(row)).await;
    let reader = of_file(&kept);
    assert_eq!(reader.snapshot().unwrap().head(LANE).unwrap().pos, 1);
    let checkpointer = Checkpointer::open(kept.folder(), reader).unwrap();
    let (stop, stopped) = mpsc::channel();
    let running = std::thread::spawn(move || checkpointer.run(&stopped));
    // Erasing empties the log, which waits for whoever reads it, but not for ever.
    assert!(kept.admin.erase_personal(Position { lane: LANE, pos: 1 }).await.unwrap());
    drop(stop);
    running.join().unwrap();
}
