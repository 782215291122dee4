//! `make sim`: several gateways on one store, with everybody who calls them, in one thread and a time of its own, under
//! faults that a seed chooses. After every step everything that is stored and was answered is judged. A seed that fails
//! fails again in the same way: `make sim SEED=n` prints what happened in it, step by step.
//!
//! Owns: the world around the journal, its faults, and the judge of what must hold in it.
//! Never: looks at a real clock, a socket, a thread or an unseeded choice within a seed.
//!
//! Without arguments of its own, as `cargo test` runs it, it runs its tests, and a fixed batch of seeds among them.
//! docs/simulation.md says what is simulated and what is not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must say where")]

mod clients;
mod clock;
mod counts;
mod executor;
mod faults;
mod gateway;
mod hearsay;
mod judge;
mod log;
mod message;
mod network;
mod plan;
mod random;
mod rest;
mod run;
mod tests;
mod town;
mod watch;
mod world;

use std::process::ExitCode;

use clap::Parser;

/// Runs seeds and says what happened.
#[derive(Debug, Parser)]
#[command(name = "make sim")]
struct Args {
    /// How many seeds
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Only this one, and print its event log
    #[arg(long)]
    seed: Option<u64>,
    /// Seeds beside each other, each in one thread
    #[arg(long, default_value_t = threads())]
    threads: usize,
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(2)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ours = ["--seeds", "--first", "--seed", "--threads", "--help"];
    let is_ours = |argument: &String| ours.iter().any(|name| argument.starts_with(name));
    if !arguments.iter().any(is_ours) {
        return tests::run(&arguments);
    }
    let args = Args::parse();
    match args.seed {
        Some(seed) => tell(seed),
        None => many(&args),
    }
}

/// One seed, step by step.
fn tell(seed: u64) -> ExitCode {
    // What the gateways themselves log comes in between, on the other output.
    tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().init();
    let ended = run::seed(seed, true);
    for line in &ended.lines {
        println!("{line}");
    }
    println!("seed {seed}: {}\nits log is {}", ended.counts, ended.digest);
    match ended.wrong {
        None => ExitCode::SUCCESS,
        Some(wrong) => {
            println!("WRONG at {wrong}");
            ExitCode::FAILURE
        }
    }
}

/// Many seeds, and one line of summary.
fn many(args: &Args) -> ExitCode {
    let summary = run::seeds(args.first, args.seeds, args.threads, true);
    println!("{summary}");
    if summary.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
