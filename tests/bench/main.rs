//! `make bench`: how fast the real `trao serve` is, in ratios to bare tonic servers taken in the same minutes.
//!
//! One client drives the gateway, and beside it a *sink*, which takes the same requests and gives the same answers and
//! keeps nothing. They take turns, in alternating order, so that what the machine does meanwhile falls on both. Medians
//! of the rounds go into `target/bench/summary.json`. Nothing here asserts a speed.

mod figures;
mod load;
mod process;
mod rounds;
mod sink;
mod town;
mod walker;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is run, and for how long.
#[derive(Debug, Parser)]
struct Args {
    /// Rounds of every comparison
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of every measurement
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Events in the store that is compared with an empty one
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Only these comparisons: unary, stream, status, paced, million, naive
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where stores are made and the summary is written
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// cargo passes it; it changes nothing
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// The servers beside the gateway; the bench starts them itself.
#[derive(Debug, Subcommand)]
enum Part {
    /// A bare tonic server that answers what it was told to
    Sink {
        /// Holds the answers
        answers: PathBuf,
    },
    /// The gateway with one transaction for every line
    Naive {
        /// The folder of its store
        data: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    match args.part {
        Some(Part::Sink { answers }) => sink::serve(&answers),
        Some(Part::Naive { data }) => process::serve_naive(data),
        None => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(rounds::run(&rounds::Plan {
                rounds: args.rounds,
                span: Duration::from_secs(args.seconds),
                events: args.events,
                only: args.only,
                out: args.out,
            }))
        }
    }
}
