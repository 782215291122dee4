//! Owns: feeding a gateway from a spreadsheet's text: a file's rows become calls and scans, each is answered by its line.
//! Never: keeps more of a file in memory than the rows on their way, stops at a bad row, or counts one twice.
//!
//! A file is opened (`file`), its header read (`header`), split into rows (`records`, `split`, `row`, `cell`). A row becomes
//! an entry of the directory (`entries`), a dossier (`dossiers`), a result (`results`) or a scan (`scans`), is sent (`send`, `stream`, `call`)
//! and answered (`answers`).

mod answers;
mod call;
pub mod cell;
mod dossiers;
mod entries;
mod file;
mod header;
mod help;
mod ids;
mod kind;
mod mirror;
mod records;
mod results;
mod row;
mod scans;
mod send;
mod split;
mod stream;

use std::io::{BufRead, IsTerminal, stderr};
use std::path::PathBuf;
use std::thread;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc;

use super::gateway::{ClientArgs, Gateway};
use super::human::say;
use super::{Exit, Failure, Output};
use crate::doors::refusal::Language;
use answers::Answers;
pub use answers::Became;
use dossiers::Filing;
pub use kind::Kind;
use mirror::Mirror;
use results::Outcome;

/// Rows read ahead of the network.
const READ_AHEAD: usize = 64;

/// Which list, and from where.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = help::HELP)]
pub struct Args {
    /// What the rows are
    #[arg(value_enum, value_name = "KIND")]
    pub kind: Kind,
    /// The CSV file; - reads stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Say what would happen, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Imports the file.
pub async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let language = args.client.language();
    let mut opened = file::open(&args.file, language, bar)?;
    let header = header::read(args.kind, &mut *opened.input, language)?;
    let gateway = Gateway::connect(&args.client).await?;
    let mut mirror = Mirror::read(&gateway).await?;
    if matches!(args.kind, Kind::Offices | Kind::Devices | Kind::Persons) {
        mirror.read_offices(&gateway).await?;
    }
    if args.kind == Kind::Holidays {
        mirror.read_calendar(&gateway).await?;
    }
    let rows = row::Rows::new(opened.input, header, args.kind, language);
    let rows = read_ahead(rows);
    let mut answers = Answers::new(output, opened.bar, args.kind, args.client.json, language);
    let ended = match args.kind {
        Kind::Dossiers => send::filings::<Filing>(rows, &gateway, &mirror, args.dry_run, &mut answers).await,
        Kind::Results => send::filings::<Outcome>(rows, &gateway, &mirror, args.dry_run, &mut answers).await,
        Kind::Scans => stream::scans(rows, &gateway, &mirror, args.dry_run, &mut answers).await,
        kind => send::entries(kind, rows, &gateway, &mut mirror, args.dry_run, &mut answers).await,
    };
    answers.end()?;
    if args.dry_run {
        eprintln!("trao: {}", say(language, "chỉ thử: chưa ghi gì", "dry run: nothing was written"));
    }
    if ended.is_err() {
        eprintln!("trao: {}", cut_off(answers.last, language));
    }
    ended?;
    Ok(if answers.counts.refused == 0 { Exit::Done } else { Exit::Refused })
}

fn cut_off(last: u64, language: Language) -> String {
    match language {
        Language::Vietnamese => {
            format!(
                "các dòng sau dòng {last} chưa có trả lời; hãy gửi lại cả tệp, không dòng nào bị ghi hai lần"
            )
        }
        Language::English => {
            format!("the rows after line {last} have no answer; send the file again, no row counts twice")
        }
    }
}

/// A bar only when a person is looking.
fn bar(bytes: Option<u64>) -> ProgressBar {
    let target =
        if stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(bytes, target);
    let template = match bytes {
        Some(_) => "{bar:30} {bytes}/{total_bytes}  {msg}  {eta}",
        None => "{bytes}  {msg}  {elapsed}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// Reads rows on a thread of its own, a few ahead of the network. An input that fails ends with its error.
fn read_ahead(mut rows: row::Rows<Box<dyn BufRead + Send>>) -> send::Rows {
    let (to, read) = mpsc::channel(READ_AHEAD);
    thread::spawn(move || {
        while let Some(row) = rows.next().transpose() {
            let failed = row.is_err();
            if to.blocking_send(row).is_err() || failed {
                return;
            }
        }
    });
    read
}
