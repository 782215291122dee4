//! Running seeds: each in one thread, several beside each other.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::counts::Counts;
use super::judge::Seen;
use super::log::Log;
use super::world::{World, with_key};

/// How a seed ended.
pub struct Ended {
    /// What was wrong, if anything was.
    pub wrong: Option<String>,
    /// The digest of its event log.
    pub digest: String,
    /// Its event log, where it was kept.
    pub lines: Vec<String>,
    /// What happened.
    pub counts: Counts,
}

/// Runs a seed.
pub fn seed(seed: u64, keeps_log: bool) -> Ended {
    with_key(Path::new(env!("CARGO_TARGET_TMPDIR")), |key, _| {
        let mut world = World::new(seed, key, Log::new(keeps_log), false);
        let run = catch_unwind(AssertUnwindSafe(|| {
            world.run()?;
            world.judge_the_rest()
        }));
        let wrong = match run {
            Ok(Ok(())) => None,
            Ok(Err(wrong)) => Some(wrong),
            Err(panic) => Some(format!("panicked: {}", said(&*panic))),
        };
        let wrong = wrong.map(|wrong| format!("step {}: {wrong}", world.log.step));
        let counts = world.counted();
        let (digest, lines) = std::mem::replace(&mut world.log, Log::new(false)).end();
        Ended { wrong, digest, lines, counts }
    })
}

/// Everything that is seen of a seed.
pub fn history(seed: u64) -> Vec<Seen> {
    with_key(Path::new(env!("CARGO_TARGET_TMPDIR")), |key, _| {
        let mut world = World::new(seed, key, Log::new(false), true);
        world.run().unwrap();
        world.history.take().unwrap_or_default()
    })
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// How many seeds ended.
pub struct Summary {
    /// Seeds that ran.
    pub seeds: u64,
    /// Seeds whose log was compared with that of a second run.
    pub twice: u64,
    /// Seeds in which something was wrong, and what.
    pub wrong: Vec<(u64, String)>,
    /// What happened in all of them.
    pub counts: Counts,
    /// How long it took.
    pub took: Duration,
}

/// Everything that may go wrong, as it is counted.
pub const FAULTS: [&str; 15] = [
    "dropped",
    "delayed",
    "duplicated",
    "reordered",
    "calls dropped",
    "crashes",
    "drains",
    "pauses",
    "commits failed",
    "commits lost",
    "commits kept unknown",
    "cuts",
    "clock steps",
    "OVERLOADED",
    "CLOCK_SUSPECT",
];

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |what| self.counts.of(what);
        write!(
            f,
            "{} seeds ({} of them twice) in {:.0} s: {} wrong; {} steps, {} lines stored, {} acknowledged; ",
            self.seeds,
            self.twice,
            self.took.as_secs_f64(),
            self.wrong.len(),
            of("steps"),
            of("lines"),
            of("acknowledged") + of("answered again"),
        )?;
        let told = FAULTS.map(|fault| format!("{fault} {}", of(fault)));
        f.write_str(&told.join(", "))
    }
}

/// Runs seeds on so many threads, every tenth of them twice; says how far it is.
pub fn seeds(first: u64, count: u64, threads: usize, tells: bool) -> Summary {
    let began = Instant::now();
    let next = AtomicU64::new(0);
    let summary = Mutex::new(Summary {
        seeds: 0,
        twice: 0,
        wrong: Vec::new(),
        counts: Counts::default(),
        took: began.elapsed(),
    });
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let number = first + index;
                    let ended = seed(number, false);
                    let again = index.is_multiple_of(10).then(|| seed(number, false));
                    let mut summary = summary.lock().unwrap();
                    summary.seeds += 1;
                    summary.counts.add(&ended.counts);
                    if let Some(again) = again {
                        summary.twice += 1;
                        if again.digest != ended.digest {
                            summary.wrong.push((number, "two runs differ".to_owned()));
                        }
                    }
                    if let Some(wrong) = ended.wrong {
                        println!("seed {number}: {wrong}\n  again: make sim SEED={number}");
                        summary.wrong.push((number, wrong));
                    }
                    if tells && summary.seeds.is_multiple_of(50) {
                        println!("{} of {count} seeds, {} s", summary.seeds, began.elapsed().as_secs());
                    }
                }
            });
        }
    });
    let summary = summary.into_inner().unwrap();
    Summary { took: began.elapsed(), ..summary }
}
