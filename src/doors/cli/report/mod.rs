//! Owns: `trao report`, which asks for a report and prints it: as a table with the definitions below it, as JSON, or as CSV
//! that a spreadsheet opens with its marks intact.
//! Never: counts anything itself.

mod asked;
mod definitions;
mod number;
mod shapes;
mod sheet;
mod sheets;

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tonic::Streaming;

use super::gateway::{CallId, ClientArgs, Gateway};
use super::human::say;
use super::status::{At, at};
use super::{Exit, Failure, Output};
use crate::doors::wire::{time, v1};
use asked::{By, HoldingsArgs, OnTimeArgs, PostalArgs, ProceduresArgs, ReconciliationArgs};
use sheet::Sheet;

/// Which report.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
What may be read is counted, and nothing else: a supervisor's reports are those of its party and all
below it, everybody else's those of their own. Days are Vietnam's, times those of occurrence. --at
counts as known then: what was committed later is left out.

A table ends with what was counted and how. --json prints one object; --csv what a spreadsheet opens
(UTF-8 with its mark; numbers in the language's own way, so --lang vi has ; between cells).

Examples:
  trao report procedures --as-of 2020-09-30
  trao report postal --from 2016-12-16 --to 2020-09-30 --by level --lang vi
  trao report postal --from 2020-09-01 --to 2020-09-30 --by agency --at 2020-10-01T00:00:00+07:00
  trao report holdings
  trao report on-time --from 2020-09-01 --to 2020-09-30 --json
  trao report reconciliation --day 2020-09-30 --agency H99.14 --carrier p --csv > day.csv

Exit code 0; 1 when the call was refused; 2 for a wrong command line; 3 when the gateway does not
answer.")]
pub struct Args {
    /// Which report.
    #[command(subcommand)]
    pub kind: Kind,
}

/// The reports.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Kind {
    /// Procedures in force on a day, and how many may go by post
    Procedures(ProceduresArgs),
    /// Dossiers received and results returned by post
    Postal(PostalArgs),
    /// Who holds how many open legs
    Holdings(HoldingsArgs),
    /// How long each side took, and how much of it was in time
    OnTime(OnTimeArgs),
    /// A day between an agency and a carrier
    Reconciliation(ReconciliationArgs),
}

/// How a report is printed, and where it is asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Printed {
    /// Print CSV for a spreadsheet instead of a table
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// As known when.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Known {
    /// As it was known at a time (RFC 3339) or at a position of the journal (0-4711)
    #[arg(long, value_parser = at, value_name = "TIME")]
    pub at: Option<At>,
}

impl Known {
    fn wire(self) -> Option<v1::ReportAt> {
        use v1::report_at::At as Wire;
        let at = match self.at? {
            At::Time(at) => Wire::ReadTime(time::timestamp(at)),
            At::Position(at) => Wire::ReadPosition(v1::Position { lane: at.lane.0.into(), pos: at.pos }),
        };
        Some(v1::ReportAt { at: Some(at) })
    }
}

impl Args {
    fn printed(&self) -> &Printed {
        match &self.kind {
            Kind::Procedures(args) => &args.printed,
            Kind::Postal(args) => &args.printed,
            Kind::Holdings(args) => &args.printed,
            Kind::OnTime(args) => &args.printed,
            Kind::Reconciliation(args) => &args.printed,
        }
    }

    /// Which gateway.
    pub fn client(&self) -> &ClientArgs {
        &self.printed().client
    }
}

/// Asks for the report and prints it.
pub async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let gateway = Gateway::connect(args.client()).await?;
    let language = args.client().language();
    let (sheet, json) = match &args.kind {
        Kind::Procedures(asked) => {
            let answer = asked.ask(&gateway).await?;
            let sheet = sheets::procedures(&answer, language);
            let json = shapes::procedures(&answer, &sheet.notes);
            (sheet, json)
        }
        Kind::Postal(asked) => {
            let answer = asked.ask(&gateway, language).await?;
            let sheet = sheets::postal(asked, &answer, language);
            let json = shapes::postal(asked, &answer, &sheet.notes);
            (sheet, json)
        }
        Kind::Holdings(asked) => {
            let answer = asked.ask(&gateway, language).await?;
            let sheet = sheets::holdings(&answer, language);
            let json = shapes::holdings(&answer, &sheet.notes);
            (sheet, json)
        }
        Kind::OnTime(asked) => {
            let answer = asked.ask(&gateway, language).await?;
            let sheet = sheets::on_time(asked, &answer, language);
            let json = shapes::on_time(asked, &answer, &sheet.notes);
            (sheet, json)
        }
        Kind::Reconciliation(asked) => {
            let answer = asked.ask(&gateway, language).await?;
            let sheet = sheets::reconciliation(asked, &answer, language);
            let json = shapes::reconciliation(asked, &answer, &sheet.notes);
            (sheet, json)
        }
    };
    print(&sheet, &json, args.printed(), output)?;
    output.flush()?;
    Ok(Exit::Done)
}

fn print(
    sheet: &Sheet,
    json: &serde_json::Value,
    printed: &Printed,
    output: &mut Output,
) -> Result<(), Failure> {
    let language = printed.client.language();
    let lines = match (printed.client.json, printed.csv) {
        (true, _) => return output.json(json),
        (false, true) => sheet.csv(language),
        (false, false) => sheet.table(language),
    };
    lines.iter().try_for_each(|line| output.line(line))
}

/// A message of a report's stream.
trait Told {
    /// The report itself.
    type Report;
    /// How far it has come, or the report.
    fn told(self) -> Option<Result<Self::Report, v1::ReportProgress>>;
}

macro_rules! told {
    ($($response:ident $module:ident $report:ident,)*) => {$(
        impl Told for v1::$response {
            type Report = v1::$report;
            fn told(self) -> Option<Result<v1::$report, v1::ReportProgress>> {
                match self.message? {
                    v1::$module::Message::Progress(progress) => Some(Err(progress)),
                    v1::$module::Message::Report(report) => Some(Ok(report)),
                }
            }
        }
    )*};
}
told! {
    CountPostalResponse count_postal_response PostalReport,
    CountHoldingsResponse count_holdings_response HoldingsReport,
    MeasureOnTimeResponse measure_on_time_response OnTimeReport,
    ReconcileDayResponse reconcile_day_response ReconciliationReport,
}

/// Waits for the report, and shows how far it has come where a person looks.
async fn last<T: Told>(
    gateway: &Gateway,
    id: &CallId,
    counting: &'static str,
    mut messages: Streaming<T>,
) -> Result<T::Report, Failure> {
    let bar = bar(counting);
    let mut report = None;
    while let Some(message) = messages.message().await.map_err(|status| gateway.failure(&status, id))? {
        match message.told() {
            Some(Ok(told)) => report = Some(told),
            Some(Err(progress)) => {
                bar.set_length(u64::try_from(progress.parties).unwrap_or_default());
                bar.set_position(u64::try_from(progress.parties_done).unwrap_or_default());
                bar.set_message(format!("{counting} {}", progress.looked_at));
            }
            None => {}
        }
    }
    bar.finish_and_clear();
    report.ok_or(Failure::Incomplete("report"))
}

fn counting(language: crate::doors::refusal::Language) -> &'static str {
    say(language, "đang đếm", "counting")
}

fn bar(message: &'static str) -> ProgressBar {
    let target =
        if stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(1), target).with_message(message);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar
}
