//! Servers as processes of their own, what they cost, and how much memory they hold.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail, ensure};
use tonic::transport::{Channel, Endpoint};
use trao::serve;

use super::store::Store;

/// Connections of the one client.
const CONNECTIONS: usize = 4;

/// A server that was started, killed when it is dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// The store of a gateway.
    store: Option<Store>,
}

/// What a gateway says of its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journaled {
    /// Its last position.
    pub position: u64,
    /// Lines that were answered as journaled before.
    pub replays: u64,
}

impl Server {
    /// The gateway, as its users start it.
    pub fn gateway(store: &Store) -> anyhow::Result<Server> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trao"));
        store.served_by(command.args(["serve", "--listen", "127.0.0.1:0"]));
        Server::start(command, Some(store.clone()))
    }

    /// The gateway with one transaction for every line.
    pub fn naive(data: &Path) -> anyhow::Result<Server> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("naive").arg(data);
        Server::start(command, Some(Store::folder(data)))
    }

    /// A bare tonic server with these answers.
    pub fn sink(answers: &Path) -> anyhow::Result<Server> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("sink").arg(answers);
        Server::start(command, None)
    }

    fn start(mut command: Command, store: Option<Store>) -> anyhow::Result<Server> {
        // h2 warns of every odd frame of an attack.
        command.env("TRAO_LOG", "warn,h2=error").stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("start {command:?}"))?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("the server's stdout")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let Some(address) = line.trim().strip_prefix("listening ") else {
            bail!("{command:?} did not start")
        };
        Ok(Server { child, address: address.parse()?, store })
    }

    /// Connections to it.
    pub async fn connect(&self) -> anyhow::Result<Vec<Channel>> {
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS {
            let endpoint = Endpoint::from_shared(format!("http://{}", self.address))?;
            channels.push(endpoint.connect().await.context("connect")?);
        }
        Ok(channels)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it says of its journal, over the listener for who watches it. Where others write the journal too, its last
    /// position is what the store says.
    pub fn journaled(&self) -> anyhow::Result<Journaled> {
        let store = self.store.as_ref().context("a sink has no journal")?;
        let admin = std::fs::read_to_string(store.admin_file()).context("read admin.addr")?;
        let mut stream = TcpStream::connect(admin.trim())?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n")?;
        let mut metrics = String::new();
        stream.read_to_string(&mut metrics)?;
        let of = |name: &str| -> anyhow::Result<u64> {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            Ok(line.with_context(|| format!("the gateway tells no {name}"))?.parse::<f64>()? as u64)
        };
        let position = match store.position()? {
            Some(position) => position,
            None => of("trao_journal_position")?,
        };
        Ok(Journaled { position, replays: of("trao_replays_total")? })
    }

    /// CPU it has used, in microseconds.
    pub fn cpu_us(&self) -> anyhow::Result<f64> {
        cpu_us(&self.child.id().to_string())
    }

    /// Memory it holds, in MB.
    pub fn rss_mb(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024.0 / 1e6)
    }

    /// Ends it as an operator does, so that its store is whole and its log short.
    pub fn stop(mut self) -> anyhow::Result<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    /// Ends a gateway, and counts the events that it leaves.
    pub fn stop_and_count(mut self) -> anyhow::Result<u64> {
        let store = self.store.take().context("a sink keeps nothing")?;
        self.stop()?;
        store.events()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// CPU this process has used, in microseconds.
pub fn own_cpu_us() -> anyhow::Result<f64> {
    cpu_us("self")
}

fn cpu_us(process: &str) -> anyhow::Result<f64> {
    /// What a tick of /proc is on every Linux that Rust runs on.
    const TICK_US: f64 = 10_000.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is a name and may hold anything; the fields after it do not.
    let (_, fields) = stat.rsplit_once(')').context("/proc stat")?;
    let ticks = |index: usize| -> anyhow::Result<f64> {
        Ok(fields.split_whitespace().nth(index).context("/proc stat")?.parse()?)
    };
    Ok((ticks(11)? + ticks(12)?) * TICK_US)
}

/// Serves the gateway with one transaction for every line.
pub fn serve_naive(data: PathBuf) -> anyhow::Result<()> {
    trao::telemetry::start();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let admin = Some(listen);
    serve::run(serve::Options { batch_lines: 1, admin, ..serve::Options::new(data, listen) })
}
