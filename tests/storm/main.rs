//! Owns: the storm: gateways on one database, devices, offices and consumers, and a killer that breaks whatever it can; at
//! the end a judgement over what they wrote down.
//! Never: looks into a gateway, waits for luck, or lets a rule pass that a planted fault does not break.
//!
//! `cargo test` runs a short one; `make storm MINUTES=30` a long one, whose last line says its counts. docs/storm.md says
//! how to read it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must say where")]

mod checks;
#[path = "../cluster/mod.rs"]
mod cluster;
mod database;
mod device;
mod fleet;
mod history;
mod killer;
mod office;
mod outside;
mod planted;
mod reader;
mod small;
mod storm;
#[allow(dead_code, reason = "the other tests use more of it")]
mod support;
mod tally;
mod town;
mod weather;

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Duration;

use storm::{Outcome, Plan};
use support::seed::Seed;

/// As long as `cargo test` can spare.
const SHORT: Plan = Plan { seed: 0, span: Duration::from_secs(30), pause: Duration::from_millis(900) };
/// Between two faults of a long one: some are felt alone, and enough gets done.
const PAUSE: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--storm") {
        let minutes = std::env::var("MINUTES").ok().filter(|text| !text.is_empty());
        let plan = match minutes {
            None => SHORT,
            Some(minutes) => {
                let minutes: f64 = minutes.parse().expect("MINUTES is a number");
                Plan { span: Duration::from_secs_f64(minutes * 60.0), pause: PAUSE, ..SHORT }
            }
        };
        let (line, whole) = run(plan);
        println!("{line}");
        return if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    as_a_test(&arguments)
}

/// A storm, its last line, and whether every rule held.
fn run(plan: Plan) -> (String, bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let Outcome { history, line } = runtime.block_on(storm::rage(Plan { seed: Seed::number(), ..plan }));
    let broken = checks::broken(&history);
    for (name, why) in &broken {
        eprintln!("BROKEN {name}: {why}");
    }
    if !broken.is_empty() {
        eprintln!("the gateways' logs: {}", fleet::logs().display());
    }
    let verdict = match broken.len() {
        0 => format!("all {} rules hold", checks::RULES.len()),
        some => format!("{some} of {} rules are broken", checks::RULES.len()),
    };
    if broken.is_empty() {
        let _kept = std::fs::remove_dir_all(fleet::logs());
        planted::every_planted_fault_is_found(&history);
    }
    (format!("{line}; {verdict}"), broken.is_empty())
}

type Test = (&'static str, fn());

const TESTS: [Test; 2] = [
    ("storm::every_planted_fault_is_found_by_the_rule_that_is_there_for_it", || {
        planted::every_planted_fault_is_found(&small::small());
    }),
    ("storm::whatever_breaks_nothing_is_lost_doubled_or_out_of_order", || {
        let (line, whole) = run(SHORT);
        println!("{line}");
        assert!(whole, "rules are broken: see above");
    }),
];

/// What `cargo test` asks for by name.
fn as_a_test(arguments: &[String]) -> ExitCode {
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let asked = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(*filter));
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in TESTS.into_iter().filter(|(name, _)| asked(name)) {
        let ok = catch_unwind(test).is_ok();
        println!("test {name} ... {}", if ok { "ok" } else { "FAILED" });
        *(if ok { &mut passed } else { &mut failed }) += 1;
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
