//! The `trao` binary: parses the command line and calls the library.

use std::process::ExitCode;

use clap::Parser;
use trao::config::{Cli, Command};
use trao::doors::cli::{ClientArgs, Exit, Failure, Output};
use trao::doors::cli::{classify, feed, history, scan, status, sync};
use trao::{admin, demo, serve, telemetry};

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start();
    let exit = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => run(cli.command, &runtime),
        Err(error) => locally(Err::<(), _>(error)),
    };
    ExitCode::from(exit.code())
}

fn run(command: Command, runtime: &tokio::runtime::Runtime) -> Exit {
    let mut output = Output::stdout();
    match command {
        Command::Serve(options) => locally(runtime.block_on(serve::run(options))),
        Command::Demo(options) => locally(runtime.block_on(demo::run(options))),
        Command::Migrate(options) => admin::end(admin::migrate(&options)),
        Command::Backup(options) => admin::end(admin::backup(&options)),
        Command::Keys(options) => admin::end(admin::keys(&options, &mut output)),
        Command::Classify(args) => match classify::run(&args, std::io::stdin(), &mut output) {
            Ok(exit) => exit,
            Err(failure) => failure.tell(&mut output, false, Default::default()),
        },
        Command::Scan(args) => {
            let ended = runtime.block_on(scan::run(&args, &mut output));
            remotely(ended, &args.client, &mut output)
        }
        Command::Sync(args) => {
            let ended = runtime.block_on(sync::run(&args, &mut output));
            remotely(ended, &args.client, &mut output)
        }
        Command::Status(args) => {
            let ended = runtime.block_on(status::run(&args, &mut output));
            remotely(ended, &args.client, &mut output)
        }
        Command::History(args) => {
            let ended = runtime.block_on(history::run(&args, &mut output));
            remotely(ended, &args.client, &mut output)
        }
        Command::Feed(args) => {
            let ended = runtime.block_on(feed::run(&args, &mut output));
            remotely(ended, &args.client, &mut output)
        }
    }
}

/// How a client's command ends; what went wrong is told in the language and form asked for.
fn remotely(ended: Result<Exit, Failure>, client: &ClientArgs, output: &mut Output) -> Exit {
    ended.unwrap_or_else(|failure| failure.tell(output, client.json, client.language()))
}

/// How a command that runs the gateway ends: its error with everything under it.
fn locally<E: Into<anyhow::Error>>(ended: Result<(), E>) -> Exit {
    match ended {
        Ok(()) => Exit::Done,
        Err(error) => {
            eprintln!("trao: {:#}", error.into());
            Exit::Refused
        }
    }
}
