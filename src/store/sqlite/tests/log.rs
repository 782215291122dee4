//! The write-ahead log stays short, whoever reads and however steadily it is written.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::of_file;
use crate::store::conformance::{Batch, Kept};
use crate::store::sqlite::{Checkpointer, Reader, connection};

/// What the log may reach: where batches begin to wait, a quarter more for readers that a busy machine keeps from ending
/// in time, and a few batches. Each test writes about twice as much.
const LOG_BYTES_MAX: u64 = 88 << 20;

/// About 300 KB of log.
fn fill(batch: &mut Batch) {
    for _ in 0..60 {
        let seq = batch.0.head.pos + 1;
        let line = batch.line(&format!("{seq}"));
        line.logs = vec![(1, seq)];
        line.event = vec![1; 4_000].into();
    }
}

fn log_bytes(folder: &Path) -> u64 {
    std::fs::metadata(folder.join("trao.db-wal")).map_or(0, |file| file.len())
}

/// Writes without a pause, and the longest the log was.
async fn write(kept: &mut Kept, batches: usize) -> u64 {
    let mut longest = 0;
    for _ in 0..batches {
        kept.keep(fill).await;
        longest = longest.max(log_bytes(kept.folder()));
    }
    longest
}

#[tokio::test]
async fn the_log_stays_short_under_constant_writing_and_reading() {
    let mut kept = Kept::sqlite();
    let checkpointer = Checkpointer::open(kept.folder(), Reader::open(kept.folder()).unwrap()).unwrap();
    let (stop, stopped) = mpsc::channel();
    let (folder, done) = (kept.folder().to_owned(), AtomicBool::new(false));
    let (longest, read) = std::thread::scope(|threads| {
        threads.spawn(move || checkpointer.run(&stopped));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                threads.spawn(|| {
                    let reader = Reader::open(&folder).unwrap();
                    let (lane, mut seq) = (crate::dossier::names::Lane(0), 0);
                    while !done.load(Ordering::Relaxed) {
                        let page = reader.log_after(lane, 1, seq, 100).unwrap();
                        seq = page.last().map_or(0, |line| line.seq);
                    }
                    seq
                })
            })
            .collect();
        let written = threads.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(write(&mut kept, 600))
        });
        let longest = written.join().unwrap();
        done.store(true, Ordering::Relaxed);
        drop(stop);
        (longest, readers.into_iter().map(|reader| reader.join().unwrap()).max())
    });
    assert!(longest < LOG_BYTES_MAX, "{longest} bytes");
    assert!(read.is_some());
}

#[tokio::test]
async fn look_ups_that_follow_each_other_do_not_keep_the_log_from_beginning_anew() {
    // Where a log is long, what the writer copies itself, and a batch.
    const BEGUN_ANEW_BY: u64 = 54 << 20;
    let mut kept = Kept::sqlite();
    let reader = of_file(&kept);
    let mut checkpointer = Checkpointer::open(kept.folder(), reader.clone()).unwrap();
    let mut longest = 0;
    for _ in 0..360 {
        // Its snapshot is young and of the last commit: the next look-up would go on in it.
        reader.snapshot().unwrap().head(crate::dossier::names::Lane(0)).unwrap();
        longest = longest.max(write(&mut kept, 1).await);
        checkpointer.step();
    }
    assert!(longest < BEGUN_ANEW_BY, "{longest} bytes");
}

#[tokio::test]
async fn a_reader_that_stays_holds_the_log_only_until_it_ends() {
    let mut kept = Kept::sqlite();
    kept.keep(fill).await;
    let staying = connection::reading(&kept.folder().join("trao.db")).unwrap();
    let moment = staying.unchecked_transaction().unwrap();
    let pos = |connection: &rusqlite::Connection| -> i64 {
        connection.query_row("SELECT pos FROM lane WHERE lane = 0", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(pos(&moment), 60);
    let held = write(&mut kept, 330).await;
    assert!(held > LOG_BYTES_MAX, "{held} bytes: nothing could be begun anew");
    assert_eq!(pos(&moment), 60, "its moment stays");
    drop(moment);
    write(&mut kept, 6).await;
    assert!(log_bytes(kept.folder()) <= 64 << 20, "cut to what is left of it");
    let mut checkpointer = Checkpointer::open(kept.folder(), Reader::open(kept.folder()).unwrap()).unwrap();
    checkpointer.step();
    assert_eq!(kept.reader.head(crate::dossier::names::Lane(0)).await.unwrap().pos, 60 * 337);
}
