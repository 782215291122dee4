//! Owns: feeding a gateway from a spreadsheet's text: a file's rows become calls and scans, each is answered by its line.
//! Never: keeps more of a file in memory than the rows on their way, stops at a bad row, or counts one twice.
//!
//! A file is opened (`file`), its header read (`header`), split into rows (`records`, `split`, `row`, `cell`). A row becomes
//! an entry of the directory (`entries`), a dossier (`dossiers`) or a scan (`scans`), is sent (`send`, `stream`, `call`)
//! and answered (`answers`).

mod answers;
mod call;
mod cell;
mod dossiers;
mod entries;
mod file;
mod header;
mod ids;
mod kind;
mod mirror;
mod records;
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
pub use kind::Kind;
use mirror::Mirror;

/// Rows read ahead of the network.
const READ_AHEAD: usize = 64;

/// Which list, and from where.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
The first line names the columns; they may stand in any order among others, with , or ; between
them. The text is UTF-8 (Excel: Save As, \"CSV UTF-8\"). Days are dd/mm/yyyy or yyyy-mm-dd; a time
may follow (20/11/2026 14:05), Vietnam's unless it has a zone. Yes is 1, true, có or x. Leading
zeros of codes stay, also where a spreadsheet wrote =\"009010\" or '009010.

Columns and an example of each KIND:
  carriers    id,name
              p,Bưu chính P
  agencies    code,name,parent,kind,valid_from,valid_to,alias_of
              H99.14,Sở Tư pháp,H99,both,01/07/2025,,
              000.00.14.H99,,,,,30/06/2025,H99.14
              (kind owner, counter or both; parents before children; the last row gives H99.14
              the code it went by before)
  procedures  code,name,level,pickup,return,valid_from
              1.004194,Cấp bản sao trích lục,commune,có,có,01/01/2025
  offices     id,name,carrier,province
              009010,Bưu cục An Hòa,p,59
  devices     id,kind,carrier,agency,office,holder
              pda-1,device,p,,009010,NV-0117
              (kind device or system; without a carrier it is the agency's own)
  dossiers    agency,procedure,dossier,slip,kind,carrier,counter,due,name,phone,address
              H99.14,1.004194,H99.14-261120-0001,,outbound,p,H99.01,27/11/2026,Trần Thị B,0912345678,\"1 Lê Lợi\"
              (a dossier's code registers it; a kind of leg orders that leg; the name dossiers/0-12
              orders for one that is registered)
  scans       source,id,type,code,occurred_at,office,agency,leg,also,reason,measure,receptacle,device_seq
              carriers/p/systems/central,,arrived,RA990000010VN,20/11/2026 14:05,009010,,,,,,,
              (other codes of the envelope in also, with | between them)

A row counts once however often its file is sent: an empty id follows from the row. What is there
with the same content is told `again`, other content is refused. A row that cannot be taken is
told with its line and column, and the others go in. The last line counts:
  imported 379  again 0  refused 0
--json prints for every row {\"line\",\"status\":\"imported|again|refused\",\"reason\",\"field\",\"message\"}.

--dry-run reads everything, asks the gateway for its directory, and writes nothing. What is in the
directory is told `again`; of dossiers and scans the journal is not asked.

carriers, agencies, procedures and offices take an administrator's key, devices also a
supervisor's; dossiers an agency's; scans one that may use their sources.

Examples:
  trao import offices offices.csv --token-file admin.key
  trao import scans bd10.csv --dry-run --token-file central.key
  zcat old.csv.gz | trao import scans - --token-file central.key --json | grep '\"refused\"'

Exit code 0 when every row is in; 1 when any was refused; 2 for a wrong command line, a file that is
no CSV or lacks a column; 3 when the gateway does not answer: send the file again later.")]
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
    if matches!(args.kind, Kind::Offices | Kind::Devices) {
        mirror.read_offices(&gateway).await?;
    }
    let rows = row::Rows::new(opened.input, header, args.kind, language);
    let rows = read_ahead(rows);
    let mut answers = Answers::new(output, opened.bar, args.kind, args.client.json, language);
    let ended = match args.kind {
        Kind::Dossiers => send::dossiers(rows, &gateway, &mirror, args.dry_run, &mut answers).await,
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
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}  {msg}  {eta}") {
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
