//! Owns: a PostgreSQL of one's own for tests, from the binaries that are installed: a private folder, a free port, an
//! unprivileged user when the tests run as root. It ends with the process that started it, however that ends.
//! Never: uses a server that was there already, turns off what durability hangs on, or skips where nothing is installed.

#![allow(dead_code, reason = "each of those who include it uses a part")]

pub mod proxy;

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, io};

/// A PostgreSQL cluster.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    user: Option<(u32, u32)>,
    /// Stops the server and removes the folder as soon as its input ends, as it does when this process dies.
    _keeper: Child,
}

/// Who may not run PostgreSQL, and as whom it then runs.
const SERVANTS: [&str; 2] = ["postgres", "nobody"];

impl Cluster {
    /// The cluster that all tests of a process share, each in a schema of its own.
    pub fn shared() -> &'static Cluster {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Cluster::start)
    }

    /// Starts one for oneself.
    pub fn start() -> Cluster {
        Cluster::start_with(&[])
    }

    /// Starts one with further settings.
    pub fn start_with(settings: &[(&str, &str)]) -> Cluster {
        let cluster = Cluster::prepare();
        let initdb =
            cluster.run("initdb", &["--auth=trust", "--username=trao", "--encoding=UTF8", "--locale=C"]);
        assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
        cluster.configure(settings);
        cluster.launch()
    }

    /// An empty folder with a keeper, ready for `initdb` or for a copy of another cluster.
    pub fn prepare() -> Cluster {
        let folder = tempfile::Builder::new().prefix("trao-pg-").tempdir().expect("a folder").keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("permissions");
        let user = rustix::process::geteuid().is_root().then(servant);
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid)).expect("the folder's owner");
        }
        let bin = binaries();
        let keeper = keeper(&bin, &folder, user);
        Cluster { folder, bin, port: 0, user, _keeper: keeper }
    }

    /// Writes the settings behind what is there.
    pub fn configure(&self, settings: &[(&str, &str)]) {
        let socket = self.folder.display().to_string();
        let own = [
            ("listen_addresses", "127.0.0.1"),
            ("unix_socket_directories", socket.as_str()),
            ("shared_buffers", "64MB"),
            ("max_connections", "200"),
            ("max_wal_size", "256MB"),
            ("log_min_messages", "fatal"),
        ];
        let lines: String =
            own.iter().chain(settings).map(|(name, value)| format!("{name} = '{value}'\n")).collect();
        let file = self.data().join("postgresql.auto.conf");
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(&file, before + &lines).expect("settings");
        if let Some((uid, gid)) = self.user {
            chown(&file, Some(uid), Some(gid)).expect("the settings' owner");
        }
    }

    /// Starts the server on a free port.
    pub fn launch(mut self) -> Cluster {
        for _ in 0..20 {
            self.port = free_port();
            if self.serve() {
                return self;
            }
        }
        panic!("PostgreSQL did not start; its log:\n{}", fs::read_to_string(self.log()).unwrap_or_default());
    }

    fn serve(&self) -> bool {
        let options = format!("-p {}", self.port);
        let log = self.log().display().to_string();
        self.run("pg_ctl", &["-w", "-t", "60", "-o", &options, "-l", &log, "start"]).status.success()
    }

    /// Ends the server as a power cut would, and starts it again on the same port.
    pub fn crash_and_restart(&self) {
        self.crash();
        assert!(self.serve(), "PostgreSQL did not start again");
    }

    /// Ends the server as a power cut would.
    pub fn crash(&self) {
        self.run("pg_ctl", &["-m", "immediate", "-w", "stop"]);
    }

    /// Starts it again after a crash.
    pub fn restart(&self) {
        assert!(self.serve(), "PostgreSQL did not start again");
    }

    /// Copies it, while it serves, into another that was prepared.
    pub fn back_up_into(&self, other: &Cluster) {
        let target = other.data().display().to_string();
        let port = self.port.to_string();
        let arguments =
            ["-h", "127.0.0.1", "-p", &port, "-U", "trao", "-D", &target, "-X", "stream", "-c", "fast"];
        let done = self.command("pg_basebackup").args(arguments).output().expect("pg_basebackup runs");
        assert!(done.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of its first database.
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same through another port.
    pub fn url_at(&self, port: u16) -> String {
        format!("postgres://trao@127.0.0.1:{port}/postgres?sslmode=disable")
    }

    /// The URL of an empty schema of its own in it.
    pub fn empty_schema(&self) -> String {
        static SCHEMAS: AtomicU64 = AtomicU64::new(0);
        let name = format!("s{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE SCHEMA {name}"));
        format!("{}&options=-c%20search_path={name}", self.url())
    }

    /// Runs SQL; what it prints, a row a line, cells parted by |.
    pub fn sql(&self, sql: &str) -> String {
        let done = self.psql(sql);
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text").trim_end().to_owned()
    }

    fn psql(&self, sql: &str) -> Output {
        let port = self.port.to_string();
        let arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &port];
        let mut psql = self.command("psql");
        psql.args(arguments).args(["-U", "trao", "-d", "postgres", "-c", sql]).output().expect("psql runs")
    }

    /// A program of the same release, run as the server is.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command
            .current_dir(&self.folder)
            .env("PGDATA", self.data())
            .env_remove("PGHOST")
            .env_remove("PGPORT");
        command.env("LC_ALL", "C").stdin(Stdio::null());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid).env("HOME", &self.folder);
        }
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(program);
        // The server inherits what it is given: pipes would stay open as long as it lives.
        if program == "pg_ctl" {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        command.args(arguments).output().unwrap_or_else(|e| panic!("{program}: {e}"))
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}

/// Waits for the end of its input, then stops the server and removes the folder.
fn keeper(bin: &Path, folder: &Path, user: Option<(u32, u32)>) -> Child {
    let script = r#"read _; "$0"/pg_ctl -D "$1/data" -m immediate -w stop >/dev/null 2>&1; rm -rf "$1""#;
    let mut keeper = Command::new("sh");
    keeper.args(["-c", script]).arg(bin).arg(folder).current_dir("/").process_group(0);
    keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some((uid, gid)) = user {
        keeper.uid(uid).gid(gid);
    }
    keeper.spawn().expect("sh runs")
}

/// Where PostgreSQL's programs are: of several releases the newest.
fn binaries() -> PathBuf {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = debian
        .filter_map(|release| Some((release.file_name().to_str()?.parse().ok()?, release.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    if let Some((_, newest)) = found.pop() {
        return newest;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|bin| bin.join("initdb").exists());
    on_path.expect("PostgreSQL is not installed: the tests need its package (Debian: postgresql)")
}

/// User and group of somebody who may run PostgreSQL.
fn servant() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut cells = line.split(':').skip(2).map(|cell| cell.parse::<u32>().ok());
        Some((cells.next()??, cells.next()??))
    };
    SERVANTS
        .iter()
        .find_map(|name| of(name))
        .expect("PostgreSQL does not run as root, and there is nobody else")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    listener
        .and_then(|listener: TcpListener| listener.local_addr())
        .map_err(io::Error::other)
        .expect("a port")
        .port()
}
