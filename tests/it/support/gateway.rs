//! A real `trao serve` in a folder of its own, on a port of its own; killed when the test is over.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tonic::transport::{Channel, Endpoint};
use trao::dossier::names::Lane;
use trao::store::{Place, postgres};

/// The binary under test.
pub fn trao() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trao"));
    // A test must not depend on who runs it.
    command.env_remove("TRAO_SERVER").env_remove("TRAO_TOKEN_FILE").env("LANG", "C.UTF-8");
    command
}

/// Lines of the gateway's log that a failing test shows: what was asked last is what went wrong.
const LOG_LINES: usize = 12;

/// A gateway and its folder.
pub struct Gateway {
    child: Option<Child>,
    address: String,
    folder: PathBuf,
    database_file: Option<PathBuf>,
    _temporary: Option<tempfile::TempDir>,
    log: Option<std::thread::JoinHandle<String>>,
}

/// How a gateway is started.
#[derive(Default)]
pub struct Start {
    /// Flags after `serve --data … --listen …`.
    pub flags: Vec<String>,
    /// Environment, e.g. of the interposer.
    pub environment: Vec<(String, String)>,
    /// Largest file it may write, in bytes.
    pub file_bytes_max: Option<u64>,
}

impl Gateway {
    /// A gateway on a new store.
    pub fn start() -> Gateway {
        Gateway::start_with(Start::default())
    }

    /// A gateway on a new store, started so.
    pub fn start_with(start: Start) -> Gateway {
        if std::env::var_os("TRAO_TEST_POSTGRES").is_some()
            && start.environment.is_empty()
            && start.file_bytes_max.is_none()
        {
            return Gateway::start_on_database_with(&crate::cluster::Cluster::shared().empty_schema(), start);
        }
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("data");
        let mut gateway = Gateway::start_on(&folder, start);
        gateway._temporary = Some(temporary);
        gateway
    }

    /// A gateway on a folder that outlives it.
    pub fn start_on(folder: &Path, start: Start) -> Gateway {
        Gateway::start_at(folder, None, start)
    }

    /// A gateway on a database, with a folder of its own.
    pub fn start_on_database(url: &str) -> Gateway {
        Gateway::start_on_database_with(url, Start::default())
    }

    /// A gateway on a database, started so.
    pub fn start_on_database_with(url: &str, start: Start) -> Gateway {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("database");
        fs::write(&file, url).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let mut gateway = Gateway::start_at(&temporary.path().join("gateway"), Some(file), start);
        gateway._temporary = Some(temporary);
        gateway
    }

    fn start_at(folder: &Path, database_file: Option<PathBuf>, start: Start) -> Gateway {
        let mut gateway = Gateway {
            child: None,
            address: String::new(),
            folder: folder.to_owned(),
            database_file,
            _temporary: None,
            log: None,
        };
        gateway.restart_with(start);
        gateway
    }

    /// Adds a lane to its store. A gateway that runs takes it up when it starts again.
    pub async fn add_lane(&self) -> Lane {
        let place = match &self.database_file {
            Some(file) => Place::Database(Box::new(postgres::Database::of_file(file).unwrap())),
            None => Place::Folder(self.folder.clone()),
        };
        place.admin().await.unwrap().add_lane().await.unwrap()
    }

    /// How commands on this machine name its store.
    pub fn store(&self) -> Vec<String> {
        let (flag, path) = match &self.database_file {
            Some(file) => ("--database-file", file),
            None => ("--data", &self.folder),
        };
        vec![flag.to_owned(), path.display().to_string()]
    }

    /// Starts again on the same folder, after a kill or a stop.
    pub fn restart(&mut self) {
        self.try_restart().unwrap_or_else(|log| panic!("it did not start; its log:\n{log}"));
    }

    /// Starts again on the same folder, so.
    pub fn restart_with(&mut self, start: Start) {
        self.try_start(start).unwrap_or_else(|log| panic!("it did not start; its log:\n{log}"));
    }

    /// Starts again on the same folder, if it can just now; otherwise gives what it logged.
    pub fn try_restart(&mut self) -> Result<(), String> {
        self.try_start(Start::default())
    }

    fn try_start(&mut self, start: Start) -> Result<(), String> {
        assert!(self.child.is_none(), "it still runs");
        let mut command = match start.file_bytes_max {
            Some(bytes) => {
                // Half a kibibyte is the unit of the shell's limit.
                let mut shell = Command::new("sh");
                let script = format!("ulimit -f {} && exec \"$0\" \"$@\"", bytes / 512);
                shell.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_trao"));
                shell
            }
            None => trao(),
        };
        command
            .arg("serve")
            .arg("--data")
            .arg(&self.folder)
            .args(["--listen", "127.0.0.1:0"])
            .args(
                self.database_file.iter().flat_map(|file| [OsStr::new("--database-file"), file.as_os_str()]),
            )
            .args(&start.flags);
        command.envs(start.environment).env("TRAO_LOG", "trao=debug,info");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        self.log = Some(std::thread::spawn(move || {
            let mut log = Vec::new();
            let _ended = stderr.read_to_end(&mut log);
            String::from_utf8_lossy(&log).into_owned()
        }));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.child = Some(child);
        match line.strip_prefix("listening ") {
            Some(address) => self.address = address.trim().to_owned(),
            None => return Err(self.kill()),
        }
        Ok(())
    }

    /// Sends it a signal, e.g. `-STOP`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Its exit code once it has ended; none where a signal ended it.
    #[allow(dead_code, reason = "the storm's")]
    pub fn ended(&mut self) -> Option<Option<i32>> {
        let Some(child) = &mut self.child else { return Some(None) };
        child.try_wait().unwrap().map(|status| status.code())
    }

    /// Kills it with SIGKILL and gives what it logged.
    pub fn kill(&mut self) -> String {
        if let Some(mut child) = self.child.take() {
            let _killed = child.kill();
            child.wait().unwrap();
        }
        self.log.take().map(|log| log.join().unwrap()).unwrap_or_default()
    }

    /// Ends it with SIGTERM; gives its exit code and what it logged.
    pub fn stop(&mut self) -> (Option<i32>, String) {
        let mut code = None;
        if let Some(mut child) = self.child.take() {
            let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
            assert!(kill.success());
            code = child.wait().unwrap().code();
        }
        (code, self.log.take().map(|log| log.join().unwrap()).unwrap_or_default())
    }

    /// `http://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// The store's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A connection.
    pub async fn channel(&self) -> Channel {
        Endpoint::from_shared(self.url()).unwrap().connect().await.unwrap()
    }

    /// A connection that is made at the first call, so that a test may kill the gateway under it.
    pub fn lazy_channel(&self) -> Channel {
        Endpoint::from_shared(self.url()).unwrap().connect_lazy()
    }

    /// The store as another process sees it, read only.
    pub fn database(&self) -> rusqlite::Connection {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        rusqlite::Connection::open_with_flags(self.folder.join("trao.db"), flags).unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let log = self.kill();
        if std::thread::panicking() {
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.len().saturating_sub(LOG_LINES);
            eprintln!("--- the end of the gateway's log ---\n{}", lines[last..].join("\n"));
        }
    }
}
