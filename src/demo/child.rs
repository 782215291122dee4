//! The gateway of the demonstration: a process of its own, so that it can be killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use tonic::transport::{Channel, Endpoint};

/// A running `trao serve`.
pub(super) struct Child {
    process: std::process::Child,
    address: String,
    data: PathBuf,
}

impl Child {
    /// Starts a gateway whose time is told.
    pub fn start(data: &Path) -> anyhow::Result<Child> {
        let binary = std::env::current_exe().context("find this program")?;
        let mut process = Command::new(binary)
            .args(["serve", "--clock", "replay", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("TRAO_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .context("start a gateway")?;
        let stdout = process.stdout.take().context("hear the gateway")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).context("hear the gateway")?;
        match line.strip_prefix("listening ") {
            Some(address) => Ok(Child { process, address: address.trim().to_owned(), data: data.to_owned() }),
            None => bail!("the gateway did not start"),
        }
    }

    /// Kills it (SIGKILL) and starts it again on the same folder.
    pub fn kill_and_restart(&mut self) -> anyhow::Result<()> {
        self.process.kill().context("kill the gateway")?;
        self.process.wait().context("wait for the killed gateway")?;
        let data = self.data.clone();
        *self = Child::start(&data)?;
        Ok(())
    }

    /// Ends it in good order (SIGTERM).
    pub fn stop(mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw);
        let pid = pid.context("name the gateway's process")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)
            .context("ask the gateway to end")?;
        let ended = self.process.wait().context("wait for the gateway")?;
        if ended.success() { Ok(()) } else { bail!("the gateway ended badly: {ended}") }
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A connection.
    pub async fn channel(&self) -> anyhow::Result<Channel> {
        let endpoint =
            Endpoint::from_shared(format!("http://{}", self.address)).context("name the gateway")?;
        endpoint.connect().await.context("reach the gateway")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Whatever went wrong, no process is left behind; after `stop` it has ended already.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}
