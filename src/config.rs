//! The command line as a whole: every command of `trao`. What only a client needs stands with its command in
//! `doors::cli`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::access::Role;
use crate::doors::cli::{
    classify, consumers, decide, feed, history, import, language, people, report, scan, spoken_here, status,
    sync,
};
use crate::doors::refusal::Language;
use crate::store::ClockMode;
use crate::{demo, serve};

/// `trao` and what it is asked to do.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "trao",
    version,
    about = "A custody ledger for paper dossiers between the public post and the agencies they go to",
    after_long_help = "\
On this machine:  serve, migrate, keys, backup, restore, demo, classify
As a client:      import, scan, sync, decide, status, history, feed, people, report (gRPC; see
                  --server and --token-file)

First steps:
  trao demo                      a day of a province's post, told in about 60 lines
  trao serve --data ./trao-demo  and, in another terminal,
  trao status RA990000010VN --token-file ./trao-demo/keys/commune

A store of your own:
  trao keys create --data ./trao-data --role admin --name setup
  trao serve --data ./trao-data

Environment:
  TRAO_SERVER      where clients find the gateway, like --server
  TRAO_TOKEN_FILE  the file with a client's API key, like --token-file
  TRAO_LOG         what is logged to stderr, e.g. info or trao=debug
  LANG             vi… makes sentences Vietnamese

A secret is never an argument or an environment value. stdout is data; stderr is logs, progress.

Exit codes:
  0 done    1 refused, not found, or any line refused    2 wrong command line    3 no answer"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Run the gateway on a folder
    Serve(ServeOptions),
    /// Bring the store of a folder to this release's tables, and do nothing else
    Migrate(MigrateOptions),
    /// Make, list and revoke API keys
    Keys(KeysOptions),
    /// Copy the store and its seal key, also while it is being served
    Backup(BackupOptions),
    /// Make a store of a backup, or say that a database was restored from its own
    Restore(RestoreOptions),
    /// Copy a folder's store into a PostgreSQL database, also while it is being served, and move to it
    Copy(CopyOptions),
    /// Play a day of a province's post through a gateway of its own, and check its books
    Demo(DemoOptions),
    /// Tell what scanned texts are, without a gateway
    Classify(classify::Args),
    /// Feed the gateway from a spreadsheet: the directory, dossiers, scans
    Import(import::Args),
    /// Record one fact
    Scan(scan::Args),
    /// Drain a device's outbox: a file of facts
    Sync(sync::Args),
    /// Say what becomes of a dossier: accept, ask for papers, refuse, announce its result, close
    Decide(decide::Args),
    /// Say who has a dossier now, and how it came there
    Status(status::Args),
    /// List everything recorded of a dossier
    History(history::Args),
    /// Read your party's log, from any bookmark on
    Feed(feed::Args),
    /// Show and move the places that readers keep in your party's log
    Consumers(consumers::Args),
    /// List who may act for a party, as what and until when
    People(people::Args),
    /// Count what your party may read: received and returned, on their way, in time
    Report(report::Args),
}

/// `trao serve`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Makes a new store in a folder without one and migrates an older one, opens its port, and prints one line on stdout:
  listening 127.0.0.1:50051
Files in the folder: trao.db, seal.key (0600: back it up with the store), lock, admin.addr. Ctrl-C
and SIGTERM drain and end it.

Metrics for Prometheus are at http://ADDRESS/metrics, by default on a free port of this machine
alone: the log says where, and so does the file admin.addr. They name no party and no person. A
scraper needs a port that stays: --admin 127.0.0.1:9464.

With --database-file any number of gateways serve one PostgreSQL database (14 or newer), each with a
folder of its own. The file holds one line, postgres://USER:PASSWORD@HOST:5432/DATABASE, and only its
owner may read it; ?sslmode=verify-full&sslrootcert=FILE secures the way there. A gateway that cannot
reach its database stays up, answers STORE_UNAVAILABLE, and serves again when it is back.

Examples:
  trao serve --data ./trao-data
  trao serve --data ./trao-data --listen 0.0.0.0:50051 --admin 127.0.0.1:9464
  trao serve --data ./replay --listen 127.0.0.1:0 --clock replay
  trao serve --data ./gateway-1 --database-file ./database --listen 0.0.0.0:50051

Exit code 0 after a drain; 1 when the folder cannot be served: its disk does not sync, another
gateway has it or one of its ports, its clock is the other one, or the machine's clock is not believed.")]
pub struct ServeOptions {
    /// The folder of the store; with --database-file that of this gateway, for its seal key
    #[arg(long, default_value = "./trao-data", value_name = "DIR")]
    pub data: PathBuf,
    /// Keep the store in the PostgreSQL database whose URL stands in this file (chmod 600)
    #[arg(long, value_name = "FILE")]
    pub database_file: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:50051", value_name = "HOST:PORT")]
    pub listen: SocketAddr,
    /// Address and port of the metrics; port 0 takes any free one, `none` serves none
    #[arg(long, default_value = "127.0.0.1:0", value_name = "HOST:PORT|none", value_parser = admin)]
    pub admin: AdminAddress,
    /// Whose time it is; fixed by the first serve [default: system, or as fixed]
    #[arg(long, value_enum)]
    pub clock: Option<ClockOption>,
    /// Serve although the machine's clock is far from the last seal: somebody looked, and it is right
    #[arg(long)]
    pub accept_clock: bool,
}

impl ServeOptions {
    /// As the gateway takes them.
    pub fn options(self) -> serve::Options {
        let clock = self.clock.map(|clock| match clock {
            ClockOption::System => ClockMode::System,
            ClockOption::Replay => ClockMode::Replay,
        });
        let accept_clock = self.accept_clock;
        serve::Options {
            admin: self.admin.0,
            clock,
            accept_clock,
            database_file: self.database_file,
            ..serve::Options::new(self.data, self.listen)
        }
    }
}

/// Where the metrics are served, if they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminAddress(pub Option<SocketAddr>);

/// Whose time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockOption {
    /// The machine's
    System,
    /// The greatest time told so far; for demos and replays of history only
    Replay,
}

/// `trao migrate`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
With --data it takes the folder's lock, so end `trao serve` first. Of a database end every gateway
first. serve migrates by itself, too. Make a backup before.

Exit code 0, also when there was nothing to do; 1 when it could not be done, and nothing was
changed.")]
pub struct MigrateOptions {
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Which store a command on this machine is about.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct StoreOptions {
    /// The folder of the store
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The file with the URL of the store's PostgreSQL database
    #[arg(long, value_name = "FILE")]
    pub database_file: Option<PathBuf>,
}

/// `trao backup`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
The copy is of one moment and holds trao.db and seal.key: keep it as safe as the original. `trao
restore` makes a store of it, in a new epoch, so that readers of the original's feeds are told
(EPOCH_CHANGED) instead of missing events in silence. A database has backups of its own.

Example:
  trao backup --data ./trao-data /backup/trao-$(date +%F)

Exit code 0; 1 when it could not be copied, and nothing is left of the copy.")]
pub struct BackupOptions {
    /// The folder of the store
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The folder to make
    #[arg(value_name = "TARGET")]
    pub target: PathBuf,
}

/// `trao restore`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Of a folder: copies what `trao backup` made into a new folder, migrates it where it is of an older
release, and proves it whole: the file's integrity, every record, every signed head. Nobody has it
before. The folder's seal.key is the one of the backup.

Of a database: PostgreSQL makes and restores its own backups (pg_basebackup, a snapshot, a standby
that was promoted). Afterwards, before any gateway is started on it, this command says so. It
refuses while gateways are connected: end them before the restored database is started.

Either way a new epoch begins at once. What was acknowledged after the backup is gone: devices that
still have it send it again, under the same ids, and it is journaled anew. Readers of the feeds are
refused EPOCH_CHANGED with the last position that both histories have in common and a cursor from
which they go on without missing an event or getting one twice.

Examples:
  trao restore /backup/trao-2026-11-20 --data ./trao-data && trao serve --data ./trao-data
  trao restore --database-file ./database

Exit code 0; 1 when refused or not whole, and nothing was changed; 2 for a wrong command line; 3
when the database does not answer.")]
pub struct RestoreOptions {
    /// The folder that `trao backup` made
    #[arg(
        value_name = "BACKUP",
        required_unless_present = "database_file",
        conflicts_with = "database_file"
    )]
    pub backup: Option<PathBuf>,
    /// The new store.
    #[command(flatten)]
    pub store: StoreOptions,
}

/// `trao copy`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Moves a store from its folder to a PostgreSQL database (14 or newer) that is empty: everything, with
the same positions, cursors, consumers, keys, records and seals. The gateway of the folder goes on
while it is copied and proved. At the end it refuses writes (STORE_UNAVAILABLE, to be sent again) for
the moment in which the last of them is copied and proved; then the folder's store is marked as moved.

From then on the old gateway is not healthy, refuses calls, and does not start again. Start gateways
on the database, each with a folder of its own for its seal.key: a new one signs with a new key, or
copy the old folder's seal.key there first. Devices that send again are answered as before.

Whatever is cut off or fails, the folder goes on being served, and the same command goes on with the
copy where it was. Until a copy is whole no gateway serves it. A database that holds anything else is
refused. The folder stays as it is and can be kept as long as one likes.

Example:
  trao copy --data ./trao-data --database-file ./database
  trao serve --data ./gateway-1 --database-file ./database

Exit code 0 when the store has moved; 1 when refused or when the copy differs, with the first row in
which it does; 2 for a wrong command line; 3 when the database does not answer.")]
pub struct CopyOptions {
    /// The folder of the store
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The file with the URL of the empty database (chmod 600)
    #[arg(long, value_name = "FILE")]
    pub database_file: PathBuf,
    /// Print {"positions","rows","held_ms","moved_before"}
    #[arg(long)]
    pub json: bool,
}

/// `trao demo`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Starts a gateway on a new folder, sends it a day of an invented province's post through real
gRPC, kills and restarts it on the way, shows what each person sees, and compares the books. The
folder stays, with keys in it, to be looked into.

Exit code 0 when the books are right; 1 when they are not, with the figures that differ.")]
pub struct DemoOptions {
    /// The folder to make; one of an earlier demo is made anew
    #[arg(long, default_value = "./trao-demo", value_name = "DIR")]
    pub data: PathBuf,
    /// Only read what an earlier demo left, and compare its books
    #[arg(long)]
    pub check: bool,
    /// The language it speaks [default: Vietnamese where LANG says so, else English]
    #[arg(long, value_parser = language, value_name = "vi|en")]
    pub lang: Option<Language>,
}

impl DemoOptions {
    /// As the demo takes them.
    pub fn options(self) -> demo::Options {
        let language = self.lang.unwrap_or_else(spoken_here);
        demo::Options { data: self.data, check: self.check, language }
    }
}

/// `trao keys`.
#[derive(Clone, Debug, Args)]
pub struct KeysOptions {
    /// What to do with keys.
    #[command(subcommand)]
    pub command: KeysCommand,
}

/// The commands on keys. They act on the store, also while it is served; a gateway sees it within two seconds.
#[derive(Clone, Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key and show it once
    Create(CreateKeyOptions),
    /// List keys, without their secrets
    List(ListKeysOptions),
    /// Revoke a key
    Revoke(RevokeKeyOptions),
}

/// `trao keys create`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
post-… roles are a carrier's, agency-… roles an agency's; a supervisor is either's and reads
what is below it; an admin keeps the directory, belongs to no party and sees no dossier. The
party must be in the directory.

Examples:
  trao keys create --data ./trao-data --role admin --name setup
  trao keys create --data ./trao-data --party carriers/p --role post-operator --name pda-1 \\
      --source carriers/p/devices/pda-1 --json | jq -r .key > keys/pda-1
  trao keys create --data ./trao-data --party H99.01 --role agency-officer --name counter --person o-117

The key is shown once and cannot be shown again. Keep it in a file that only its holder can read
(chmod 600).

Exit code 0; 1 when the party or a source does not allow it; 2 for a wrong command line.")]
pub struct CreateKeyOptions {
    /// Which store; a new one is made where there is none.
    #[command(flatten)]
    pub store: StoreOptions,
    /// The party it acts for: carriers/ID, agencies/CODE, or the bare id or code
    #[arg(long, value_name = "PARTY")]
    pub party: Option<String>,
    /// What it is for: post-operator, post-system, agency-officer, agency-system, supervisor or admin
    #[arg(long, value_parser = role)]
    pub role: Role,
    /// What it is called in lists
    #[arg(long)]
    pub name: String,
    /// Staff number of the one person who uses it; both sides of a handover need two different ones, and a command behind
    /// its person's last day is refused (`trao people`)
    #[arg(long, value_name = "ID")]
    pub person: Option<String>,
    /// A device or system it is bound to, whole name, enrolled where new; may be repeated [default: all of the party]
    #[arg(long, value_name = "SOURCE")]
    pub source: Vec<String>,
    /// Print {"key","id","party","role","name"}
    #[arg(long)]
    pub json: bool,
}

/// `trao keys list`.
#[derive(Clone, Debug, Args)]
pub struct ListKeysOptions {
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
    /// Print one object a line
    #[arg(long)]
    pub json: bool,
}

/// `trao keys revoke`.
#[derive(Clone, Debug, Args)]
pub struct RevokeKeyOptions {
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
    /// The key's id, as `trao keys list` shows it; never the key itself
    #[arg(value_name = "ID")]
    pub id: String,
    /// Print {"id","revoked_at"}
    #[arg(long)]
    pub json: bool,
}

fn admin(text: &str) -> Result<AdminAddress, String> {
    if text == "none" {
        return Ok(AdminAddress(None));
    }
    let address = text.parse().map_err(|_| "an address and port, as 127.0.0.1:9464, or none".to_owned())?;
    Ok(AdminAddress(Some(address)))
}

fn role(text: &str) -> Result<Role, String> {
    let known = Role::ALL.iter().find(|role| role.spelling() == text);
    known.copied().ok_or_else(|| {
        let all: Vec<String> = Role::ALL.iter().map(|role| role.spelling()).collect();
        format!("one of {}", all.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_the_flags_that_were_promised() {
        for line in [
            "trao serve",
            "trao serve --data d --listen 127.0.0.1:0 --clock replay --accept-clock",
            "trao migrate --data d",
            "trao migrate --database-file f",
            "trao serve --data d --database-file f",
            "trao keys list --database-file f --json",
            "trao backup --data d target",
            "trao restore backup --data d",
            "trao restore --database-file f",
            "trao demo",
            "trao demo --data d --check --lang vi",
            "trao keys create --data d --party carriers/p --role post-operator --name n --person 1 --source s --json",
            "trao keys create --data d --role admin --name n",
            "trao keys list --data d --json",
            "trao keys revoke --data d abc",
            "trao classify",
            "trao classify a b",
            "trao scan X --type picked-up --source carriers/p/devices/d --leg 0-1 --also slip:1 --also a --agency b \
             --office 991230 --receptacle c --reason absent --measure retry-on --actor 7 --corrects 0-9 --unverified \
             --at 2026-11-20T07:05:00Z --id 1 --server http://x:1 --token-file f --json --lang vi",
            "trao import scans f.csv --dry-run --json --lang vi --server http://x:1 --token-file f",
            "trao import carriers -",
            "trao sync f.jsonl --source s --json --lang en",
            "trao status X --at 2026-11-20T07:05:00Z --json",
            "trao history X --json",
            "trao feed --cursor AQID --limit 5 --follow",
        ] {
            read(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn a_wrong_line_ends_with_two() {
        for line in [
            "trao nothing",
            "trao import people f.csv",
            "trao import scans",
            "trao backup --data d",
            "trao restore --data d",
            "trao restore backup",
            "trao restore backup --database-file f",
            "trao serve --clock sundial",
            "trao migrate",
            "trao keys list --data d --database-file f",
            "trao keys create --data d --role king --name n",
            "trao status X --at yesterday",
            "trao status X --lang fr",
            "trao feed --limit 0",
        ] {
            assert_eq!(read(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
