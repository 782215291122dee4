//! The decisions as they are typed.

use super::help;
use crate::doors::cli::gateway::ClientArgs;
use crate::doors::cli::import::cell::{self, Day};
use crate::doors::cli::scan::reason;
use crate::doors::wire::time;
use crate::dossier::event::Reason;
use crate::limits;

/// What is decided.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = help::ALL)]
pub struct Args {
    /// What is decided.
    #[command(subcommand)]
    pub command: Command,
}

/// The decisions.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Tiếp nhận (Mẫu 01): take papers that you hold into your books, under a dossier's code
    Accept(Accept),
    /// Yêu cầu bổ sung (Mẫu 02): ask for further papers; your clock stands still until they come
    Supplement(Supplement),
    /// Từ chối tiếp nhận (Mẫu 03): refuse what was not accepted
    Refuse(GiveBack),
    /// Rút hồ sơ: the citizen withdraws it
    Withdraw(GiveBack),
    /// Dừng giải quyết: end the work on what was accepted
    Stop(GiveBack),
    /// Hẹn lại ngày trả (Mẫu 04): move the date, once
    Due(Due),
    /// Đã có kết quả: announce the result, and order its way to the citizen
    Announce(Announce),
    /// Đã trả kết quả: the citizen has it
    Close(Close),
    /// Liên thông: say to which other dossier this one belongs
    Link(Link),
}

impl Args {
    /// Which gateway.
    pub fn client(&self) -> &ClientArgs {
        &self.command.ours().client
    }
}

impl Command {
    /// What all have in common.
    pub fn ours(&self) -> &Ours {
        match self {
            Command::Accept(args) => &args.ours,
            Command::Supplement(args) => &args.ours,
            Command::Refuse(args) | Command::Withdraw(args) | Command::Stop(args) => &args.ours,
            Command::Due(args) => &args.ours,
            Command::Announce(args) => &args.ours,
            Command::Close(args) => &args.ours,
            Command::Link(args) => &args.ours,
        }
    }
}

/// What all decisions have in common.
#[derive(Clone, Debug, clap::Args)]
pub struct Ours {
    /// The agency an opaque dossier code belongs to (H99.14)
    #[arg(long, default_value = "", value_name = "AGENCY", hide_default_value = true)]
    pub agency: String,
    /// The decision's id, 1 to 64 visible ASCII characters: give the same to repeat it [default: a new UUIDv7]
    #[arg(long)]
    pub id: Option<String>,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Which dossier.
#[derive(Clone, Debug, clap::Args)]
pub struct Which {
    /// Its code or name (dossiers/0-17), or an item or slip (slip:000123) of it
    #[arg(value_name = "DOSSIER")]
    pub dossier: String,
}

/// Who carries.
#[derive(Clone, Debug, clap::Args)]
pub struct Way {
    /// The carrier that takes it (p); without one it is fetched at, or brought to, the counter
    #[arg(long, default_value = "", value_name = "CARRIER", hide_default_value = true)]
    pub carrier: String,
    /// The carrier's office that delivers (991230)
    #[arg(long, default_value = "", value_name = "OFFICE", hide_default_value = true, requires = "carrier")]
    pub office: String,
}

/// `trao decide accept`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = help::ACCEPT)]
pub struct Accept {
    /// What you hold: the item, the slip (slip:000123) or the leg (legs/0-12)
    #[arg(value_name = "ENVELOPE")]
    pub envelope: String,
    /// The dossier's code; one that is not registered is born here
    #[arg(value_name = "CODE")]
    pub code: String,
    /// When the result is due: dd/mm/yyyy, perhaps with hours, or RFC 3339; a day ends at 23:59:59 of Vietnam
    #[arg(long, value_parser = due, value_name = "TIME")]
    pub due: Option<prost_types::Timestamp>,
    /// What it asks for (1.004194), where the leg or the registration does not say
    #[arg(long, default_value = "", value_name = "PROCEDURE", hide_default_value = true)]
    pub procedure: String,
    #[command(flatten)]
    pub ours: Ours,
}

/// `trao decide supplement`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = help::SUPPLEMENT)]
pub struct Supplement {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub way: Way,
    /// Until when the papers are wanted
    #[arg(long, value_parser = due, value_name = "TIME")]
    pub due: Option<prost_types::Timestamp>,
    /// Why, e.g. incomplete-papers, or its number
    #[arg(long, value_parser = reason)]
    pub reason: Option<Reason>,
    #[command(flatten)]
    pub ours: Ours,
}

/// `trao decide refuse`, `withdraw` and `stop`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = help::GIVE_BACK)]
pub struct GiveBack {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub way: Way,
    /// Why, e.g. incomplete-papers or withdrawn-by-sender, or its number
    #[arg(long, value_parser = reason)]
    pub reason: Option<Reason>,
    #[command(flatten)]
    pub ours: Ours,
}

/// `trao decide due`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = help::DUE)]
pub struct Due {
    #[command(flatten)]
    pub which: Which,
    /// When the result is due now
    #[arg(long, value_parser = due, value_name = "TIME")]
    pub due: prost_types::Timestamp,
    /// Why, or its number
    #[arg(long, value_parser = reason)]
    pub reason: Option<Reason>,
    #[command(flatten)]
    pub ours: Ours,
}

/// `trao decide announce`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = help::ANNOUNCE)]
pub struct Announce {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub way: Way,
    /// Of a dossier that is registered with its result: what it asks for (1.004194)
    #[arg(long, default_value = "", hide_default_value = true, requires = "agency")]
    pub procedure: String,
    /// Of one that is registered with its result: the counter that hands it out (H99.01)
    #[arg(long, default_value = "", hide_default_value = true, requires = "agency")]
    pub counter: String,
    /// The item number on the envelope, where it is known already
    #[arg(long, value_name = "CODE", requires = "carrier")]
    pub item: Option<String>,
    /// By when it is to be delivered
    #[arg(long, value_parser = due, value_name = "TIME")]
    pub due: Option<prost_types::Timestamp>,
    /// Only the addressee, or somebody with written authority, may receive it
    #[arg(long)]
    pub must_be_owner: bool,
    /// Phí, lệ phí to be collected for the agency, in đồng
    #[arg(long, value_parser = vnd(), value_name = "N")]
    pub fee: Option<i64>,
    /// Cước to be collected for the carrier, in đồng
    #[arg(long, value_parser = vnd(), value_name = "N")]
    pub postage: Option<i64>,
    /// How many originals the citizen gives back in exchange
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "N")]
    pub take_back: u32,
    #[command(flatten)]
    pub ours: Ours,
}

/// `trao decide close`.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("closing").required(true), after_long_help = help::CLOSE)]
pub struct Close {
    #[command(flatten)]
    pub which: Which,
    /// The carrier delivered it, or that of a dossier that belongs to this one
    #[arg(long, group = "closing")]
    pub by_post: bool,
    /// The citizen fetched it at the counter
    #[arg(long, group = "closing")]
    pub collected: bool,
    #[command(flatten)]
    pub ours: Ours,
}

/// `trao decide link`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = help::LINK)]
pub struct Link {
    #[command(flatten)]
    pub which: Which,
    /// The dossier that it belongs to: its code or name, or an item or slip of it
    #[arg(long, value_name = "DOSSIER")]
    pub parent: String,
    #[command(flatten)]
    pub ours: Ours,
}

fn vnd() -> clap::builder::RangedI64ValueParser<i64> {
    clap::value_parser!(i64).range(1..=limits::VND_MAX)
}

/// A day, which ends at its last second in Vietnam, or a time.
fn due(text: &str) -> Result<prost_types::Timestamp, String> {
    let read = cell::moment(text, Day::Ends).map(|moment| moment.time);
    let read = read.filter(|time| time::within(&time::timestamp(*time), "due").is_ok());
    read.map(time::timestamp)
        .ok_or_else(|| "27/11/2026, 27/11/2026 17:00 or 2026-11-27T17:00:00+07:00, 1970 to 2099".to_owned())
}
