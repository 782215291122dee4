//! The `trao` binary: parses the command line and calls the library.

use std::process::ExitCode;

use clap::Parser;
use trao::config::{Cli, Command};
use trao::doors::cli::{ClientArgs, Exit, Failure, Output, note, spoken_here};
use trao::doors::cli::{
    classify, consumers, decide, feed, history, import, people, report, scan, status, sync,
};
use trao::{admin, demo, serve, telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start();
    let mut output = Output::stdout();
    let exit = match cli.command {
        Command::Serve(options) => locally(serve::run(options.options())),
        Command::Demo(options) => locally(demo::run(&options.options())),
        Command::Migrate(options) => admin::end(admin::migrate(&options)),
        Command::Backup(options) => admin::end(admin::backup(&options)),
        Command::Restore(options) => admin::end(admin::restore(&options)),
        Command::Copy(options) => admin::end(admin::copy(&options, &mut output)),
        Command::Keys(options) => admin::end(admin::keys(&options, &mut output)),
        Command::Classify(args) => {
            let ended = classify::run(&args, std::io::stdin(), &mut output);
            ended.unwrap_or_else(|failure| failure.tell(&mut output, false, spoken_here()))
        }
        Command::Scan(args) => remotely(scan::run(&args, &mut output), &args.client),
        Command::Import(args) => remotely(import::run(&args, &mut output), &args.client),
        Command::Sync(args) => remotely(sync::run(&args, &mut output), &args.client),
        Command::Decide(args) => remotely(decide::run(&args, &mut output), args.client()),
        Command::Status(args) => remotely(status::run(&args, &mut output), &args.client),
        Command::History(args) => remotely(history::run(&args, &mut output), &args.client),
        Command::Feed(args) => remotely(feed::run(&args, &mut output), &args.client),
        Command::People(args) => remotely(people::run(&args, &mut output), &args.client),
        Command::Report(args) => remotely(report::run(&args, &mut output), args.client()),
        Command::Consumers(args) => remotely(consumers::run(&args, &mut output), args.client()),
    };
    ExitCode::from(exit.code())
}

/// Runs a client's command; what went wrong is told in the language and form asked for.
fn remotely(command: impl Future<Output = Result<Exit, Failure>>, client: &ClientArgs) -> Exit {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let ended = runtime.block_on(command);
            ended
                .unwrap_or_else(|failure| failure.tell(&mut Output::stdout(), client.json, client.language()))
        }
        Err(error) => locally(Err(error.into())),
    }
}

/// How a command on this machine ends: its error with everything under it.
fn locally(ended: anyhow::Result<()>) -> Exit {
    match ended {
        Ok(()) => Exit::Done,
        Err(error) => {
            note(&format!("trao: {error:#}"));
            Exit::Refused
        }
    }
}
