//! What `cargo test` runs of it: that the judge finds what is planted, that a seed is one history, and many seeds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use super::judge::planted;
use super::{run, threads};

/// Seeds of a plain `cargo test`.
const SEEDS: u64 = 200;

const TESTS: &[(&str, fn())] = &[
    ("a_seed_run_twice_writes_the_same_log", a_seed_run_twice_writes_the_same_log),
    ("two_seeds_are_two_histories", two_seeds_are_two_histories),
    ("two_hundred_seeds_hold_and_meet_every_fault", two_hundred_seeds_hold_and_meet_every_fault),
];

/// Runs the tests that are asked for by part of their name, or all.
pub fn run(arguments: &[String]) -> ExitCode {
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in planted::TESTS.iter().chain(TESTS) {
        let name = format!("sim::{name}");
        if !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter.as_str())) {
            continue;
        }
        let holds = catch_unwind(AssertUnwindSafe(test)).is_ok();
        println!("test {name} ... {}", if holds { "ok" } else { "FAILED" });
        if holds { passed += 1 } else { failed += 1 }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn a_seed_run_twice_writes_the_same_log() {
    for seed in 1..=5 {
        let (one, two) = (run::seed(seed, true), run::seed(seed, true));
        let differ = one.lines.iter().zip(&two.lines).find(|(one, two)| one != two);
        assert_eq!(differ, None, "seed {seed}");
        assert_eq!((one.lines.len(), one.digest), (two.lines.len(), two.digest), "seed {seed}");
    }
}

fn two_seeds_are_two_histories() {
    assert_ne!(run::seed(1, false).digest, run::seed(2, false).digest);
}

fn two_hundred_seeds_hold_and_meet_every_fault() {
    let summary = run::seeds(1, SEEDS, threads(), false);
    println!("{summary}");
    assert!(summary.wrong.is_empty(), "{:?}", summary.wrong);
    for fault in run::FAULTS {
        assert!(summary.counts.of(fault) > 0, "{fault} never happened");
    }
}
