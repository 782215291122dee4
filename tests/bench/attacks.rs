//! Attackers beside the paced callers: a process of its own for each attack, the attacks being those of the tests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::time::Instant;

use super::hostile::{ATTACKS, Target};
use super::town::{self, Town};

/// Attacks of every round; of the others each round takes its share.
pub const ALWAYS: [&str; 3] =
    ["garbage_for_frames", "ten_thousand_streams_on_one_connection", "answers_never_taken"];

/// The attacks of a round, and of each whether its calls count: those of every round, which do, and this round's share of
/// the others; or those that were asked for, all of which do.
pub fn of_round(round: usize, rounds: usize, asked: &[String]) -> Vec<(&str, bool)> {
    if !asked.is_empty() {
        return asked.iter().map(|name| (name.as_str(), true)).collect();
    }
    let others = ATTACKS.iter().map(|attack| attack.name).filter(|name| !ALWAYS.contains(name));
    let share =
        others.enumerate().filter(|(index, _)| index % rounds == round).map(|(_, name)| (name, false));
    ALWAYS.into_iter().map(|name| (name, true)).chain(share).collect()
}

/// Every attack's name.
pub fn names() -> impl Iterator<Item = &'static str> {
    ATTACKS.iter().map(|attack| attack.name)
}

/// An attack that goes on.
pub struct Attacker {
    name: String,
    child: Child,
}

impl Attacker {
    /// Begins an attack of so long. Attackers live elsewhere: they have what nobody else needs of this machine, so that only
    /// what they do to the gateway counts. The lowest nice value would not do: a loop that does nothing, and does it at
    /// that, delays the 99th of 100 calls several times over.
    pub fn begin(name: &str, address: SocketAddr, town: &Town, span: Duration) -> anyhow::Result<Attacker> {
        let mut command = Command::new("chrt");
        command.args(["--idle", "0"]).arg(std::env::current_exe()?);
        command.args(["attack", name, &address.to_string(), &span.as_millis().to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        child.stdin.take().context("its stdin")?.write_all(town.key().as_bytes())?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().context("its stdout")?).read_line(&mut line)?;
        ensure!(line == "attacking\n", "{name} did not begin");
        Ok(Attacker { name: name.to_owned(), child })
    }

    /// Waits for its end. It was one: it connected, and was cut off where it had to be.
    pub fn end(mut self) -> anyhow::Result<()> {
        let status = self.child.wait()?;
        ensure!(status.success(), "{}: {status}", self.name);
        Ok(())
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Attacks; the key comes on stdin.
pub fn attack(name: &str, address: SocketAddr, span: Duration) -> anyhow::Result<()> {
    let attack = ATTACKS.iter().find(|attack| attack.name == name).context("no such attack")?;
    let mut key = String::new();
    std::io::stdin().read_to_string(&mut key)?;
    let target = Target { address, key, source: town::device(0) };
    println!("attacking");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // A short one of the lowest priority may not have come as far as its cut.
    const AGAIN: usize = 20;
    for _ in 0..AGAIN {
        let until = Instant::now() + span;
        let tally = runtime.block_on(async { (attack.run)(target.clone(), until).await });
        if tally.connections > 0 && (tally.cut > 0 || !attack.is_cut) {
            return Ok(());
        }
    }
    anyhow::bail!("{name}: it was not cut, {AGAIN} times over")
}
