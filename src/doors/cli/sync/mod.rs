//! Owns: draining a device's outbox file: every line of it ends recorded, refused with a reason, or named as unanswered.
//! Never: skips a line on a guess that the gateway has it, or keeps more of the file in memory than the window.

mod drain;
mod heard;
mod line;
mod outbox;
mod unanswered;

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::gateway::ClientArgs;
use super::human::say;
use super::{Exit, Failure, Output};
pub(super) use drain::wait_asked;
use outbox::Outbox;

/// Whose outbox.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
A line is a trao.v1.Capture in proto3 JSON, e.g.
  {\"client_event_id\":\"0190…\",\"event\":{\"type\":\"EVENT_TYPE_PICKED_UP\",
   \"code\":{\"value\":\"RA990000010VN\"},\"occurred_at\":\"2026-11-20T07:05:00Z\",\"device_seq\":\"17\"}}
(on one line; an empty source means --source). Its client_event_id makes it count once, so the
file may be sent again whenever an answer is missing, by any machine whose key may use the source.
What the gateway has not heard of goes first, the rest is confirmed after it. A code that reads as
no code at all is sent in personal.raw_scan, apart from the event. Each line is answered on stdout,
in the order in which the gateway decided:
  {\"line\",\"client_event_id\",\"status\":\"recorded|replayed|refused\",\"position\",\"reason\",
   \"field\",\"message\",\"placement\",\"anomalies\"}

Examples:
  trao sync outbox.jsonl --source carriers/p/devices/pda-1
  zcat old.jsonl.gz | trao sync - --source carriers/p/systems/central

Exit code 0 when every line is in the journal; 1 when any line was refused; 2 for a wrong command
line; 3 when the gateway does not answer: send the file again later.")]
pub struct Args {
    /// The outbox, one JSON object a line; - reads stdin
    #[arg(value_name = "FILE.jsonl")]
    pub file: PathBuf,
    /// The device or system whose outbox it is, e.g. carriers/p/devices/pda-1
    #[arg(long, value_name = "SOURCE")]
    pub source: String,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Drains the file.
pub async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let (outbox, bytes) = Outbox::open(&args.file)?;
    let bar = bar(bytes);
    let (lines, tell) = outbox::read_ahead(outbox, args.source.clone(), bar.clone());
    let mut told = Told { output, bar: bar.clone(), closed: false };
    let (counts, ended) = drain::run(&args.client, &args.source, (lines, tell), &mut told).await;
    bar.finish_and_clear();
    let language = args.client.language();
    output.note(&format!(
        "{} {}  {} {}  {} {}",
        say(language, "đã ghi", "recorded"),
        counts.recorded,
        say(language, "đã có", "again"),
        counts.replayed,
        say(language, "bị từ chối", "refused"),
        counts.refused,
    ));
    ended?;
    Ok(if counts.refused == 0 { Exit::Done } else { Exit::Refused })
}

/// Answers as they come. A reader that went away does not stop the outbox from being drained.
struct Told<'a> {
    output: &'a mut Output,
    bar: ProgressBar,
    closed: bool,
}

impl Told<'_> {
    fn line(&mut self, synced: &super::shapes::Synced) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let (output, bar) = (&mut *self.output, &self.bar);
        match bar.suspend(|| output.json(synced).and_then(|()| output.flush())) {
            Err(Failure::Closed) => {
                self.closed = true;
                Ok(())
            }
            told => told,
        }
    }
}

/// A bar only when a person is looking.
fn bar(bytes: Option<u64>) -> ProgressBar {
    let target =
        if stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(bytes, target);
    let template = match bytes {
        Some(_) => "{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}",
        None => "{spinner} {bytes} {binary_bytes_per_sec} {elapsed}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
