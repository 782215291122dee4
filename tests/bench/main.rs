//! `make bench`: how fast the real `trao serve` is, in ratios to bare tonic servers taken in the same minutes.
//!
//! One client drives the gateway, and beside it a *sink*, which takes the same requests and gives the same answers and
//! keeps nothing. They take turns, in alternating order, so that what the machine does meanwhile falls on both. Medians
//! of the rounds go into `target/bench/summary.json`. Nothing here asserts a speed; that what was measured happened is
//! asserted after every measurement. docs/performance.md says how to read the figures.
//!
//! Without `--bench`, as `cargo test` runs it, everything is run once, for moments, and only the asserting counts.

mod attacks;
// The tests' cluster: one that does not start ends the bench.
#[allow(clippy::expect_used)]
#[path = "../cluster/mod.rs"]
mod cluster;
mod feed;
mod figures;
// The tests' attackers: a fault of theirs ends the attack, and so the bench.
#[allow(clippy::unwrap_used)]
#[path = "../it/support/hostile.rs"]
mod hostile;
mod load;
mod on_postgres;
mod pgbench;
mod process;
mod rounds;
mod side;
mod sink;
mod store;
mod tables;
mod town;
mod walker;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};
use figures::Comparison;
use rounds::{Plan, Size};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How fast a gateway is.
///
/// Without options everything is measured, in at most fourteen minutes on two cores, and only the summary of such a run
/// counts: with --only it has the figures of what was run and no others.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench gateway --")]
struct Args {
    /// Rounds of every comparison
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds of every measurement
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Events in the store that is compared with an empty one
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Only these comparisons
    #[arg(long, value_delimiter = ',')]
    only: Vec<Comparison>,
    /// Only these attacks, in every round, and their figure is of them alone
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(attacks::names()))]
    attack: Vec<String>,
    /// Measure nothing: write the last summary's figures into README.md and docs/performance.md
    #[arg(long)]
    write_docs: bool,
    /// cargo passes it
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What runs beside the gateway; the bench starts it itself.
#[derive(Debug, Subcommand)]
enum Part {
    /// A bare tonic server that answers what it was told to
    #[command(hide = true)]
    Sink {
        /// Holds the answers
        answers: PathBuf,
    },
    /// The gateway with one transaction for every line
    #[command(hide = true)]
    Naive {
        /// The folder of its store
        data: PathBuf,
    },
    /// An attack, with a key from stdin
    #[command(hide = true)]
    Attack {
        /// Which
        name: String,
        /// On whom
        address: SocketAddr,
        /// For how long, in milliseconds
        span: u64,
    },
}

fn main() -> anyhow::Result<()> {
    if let Some(filters) = as_a_test() {
        return try_out(&filters);
    }
    let args = Args::parse();
    match args.part {
        Some(Part::Sink { answers }) => sink::serve(&answers),
        Some(Part::Naive { data }) => process::serve_naive(data),
        Some(Part::Attack { name, address, span }) => {
            attacks::attack(&name, address, Duration::from_millis(span))
        }
        None if args.write_docs => {
            tables::write(&folder().join("summary.json"), Path::new(env!("CARGO_MANIFEST_DIR")))
        }
        None => measure(&args),
    }
}

/// `bench/` in cargo's folder for what it makes, wherever that is.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench")
}

fn measure(args: &Args) -> anyhow::Result<()> {
    let plan = Plan {
        rounds: args.rounds.into(),
        span: Duration::from_secs(args.seconds),
        events: args.events,
        only: if args.attack.is_empty() { args.only.clone() } else { vec![Comparison::Attacks] },
        attacks: args.attack.clone(),
        stores: folder().join("stores"),
        size: Size::WHOLE,
    };
    let figures = run(&plan)?;
    figures.print();
    let summary = folder().join("summary.json");
    figures.write(&summary, plan.rounds)?;
    println!("\n{}", summary.display());
    // Where everybody looks for it, also when cargo makes its things elsewhere.
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/summary.json");
    if usual != summary {
        figures.write(&usual, plan.rounds)?;
        println!("{}", usual.display());
    }
    Ok(())
}

fn run(plan: &Plan) -> anyhow::Result<figures::Figures> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let figures = runtime.block_on(rounds::run(plan))?;
    figures.ensure_whole(&plan.only)?;
    Ok(figures)
}

/// What `cargo test` asks for by name, when it is `cargo test` that runs this: `cargo bench` says so.
fn as_a_test() -> Option<Vec<String>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_ours =
        |argument: &str| matches!(argument, "--bench" | "--help" | "-h" | "sink" | "naive" | "attack");
    let asked = arguments.iter().all(|argument| !is_ours(argument));
    asked.then(|| arguments.into_iter().filter(|argument| !argument.starts_with('-')).collect())
}

/// Everything once, for moments.
fn try_out(filters: &[String]) -> anyhow::Result<()> {
    const NAME: &str = "bench::every_figure_is_measured";
    if !filters.is_empty() && !filters.iter().any(|filter| NAME.contains(filter.as_str())) {
        return Ok(());
    }
    run(&Plan {
        rounds: 1,
        span: Duration::from_millis(200),
        events: 500,
        only: Vec::new(),
        attacks: Vec::new(),
        stores: Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{}", std::process::id())),
        size: Size::SMALL,
    })?;
    println!("test {NAME} ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored");
    Ok(())
}
