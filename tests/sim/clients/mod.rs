//! Owns: those who call: devices with outboxes, agencies' systems, readers of logs, and people who look things up. Each
//! does one thing when it wakes and hears answers when they come; none knows whether a call was lost.
//! Never: judges an answer beyond what it needs itself; that is the judge's.

mod device;
mod looker;
mod office;
mod reader;

use std::collections::BTreeMap;

use trao::dossier::names::Position;

use super::clock::Time;
use super::log::Log;
use super::message::{Ask, Client, Reply};
use super::network::{Coming, Network};
use super::random::Random;

pub use device::Device;
pub use looker::Looker;
pub use office::Office;
pub use reader::Reader;

/// What a client sees of the world when it does something.
pub struct Shore<'a> {
    /// Who it is.
    pub me: Client,
    /// The milliseconds since the beginning.
    pub now: u64,
    /// Nothing goes wrong any more, and nobody begins anything.
    pub calm: bool,
    /// How many gateways there are.
    pub gateways: usize,
    pub network: &'a mut Network,
    pub log: &'a mut Log,
    /// Calls made so far.
    pub calls: &'a mut u64,
    /// What was asked, by whom.
    pub asked: &'a mut BTreeMap<(Client, u64), Ask>,
    /// Legs that somebody has heard of: people tell each other.
    pub legs: &'a mut Vec<Position>,
}

impl Shore<'_> {
    /// Calls any gateway.
    pub fn call(&mut self, random: &mut Random, what: &str, ask: Ask) -> u64 {
        let gateway = random.below(self.gateways as u64) as usize;
        *self.calls += 1;
        let call = *self.calls;
        self.log.say(format_args!("client {} asks gateway {gateway}, call {call}: {what}", self.me));
        self.asked.insert((self.me, call), ask.clone());
        self.network.send(self.now, self.me, Coming::Asked { gateway, client: self.me, call, ask });
        call
    }

    /// Waits for a call no longer: whoever answers it is told soon.
    pub fn hang_up(&mut self, call: u64) {
        let client = self.me;
        self.log.say(format_args!("client {client} hangs up on call {call}"));
        self.network.at(self.now + 20, Coming::HungUp { client, call });
    }

    /// Wakes again after a while.
    pub fn wake_in(&mut self, ms: u64) {
        let me = self.me;
        self.network.at(self.now + ms, Coming::Wake(me));
    }
}

/// One who calls.
pub trait Calls {
    /// Does what it has in mind.
    fn wake(&mut self, shore: &mut Shore<'_>);

    /// Hears an answer, perhaps one it does not wait for any more.
    fn hear(&mut self, call: u64, reply: Reply, shore: &mut Shore<'_>) -> Result<(), String>;

    /// Whether it has nothing more in mind.
    fn rests(&self) -> bool;

    /// The clock it shows, where faults may set it.
    fn clock(&self) -> Option<&super::clock::SetClock> {
        None
    }

    /// What it holds of a log, where it reads one.
    fn as_reader(&self) -> Option<&Reader> {
        None
    }

    /// What it has sent, where it is a device.
    fn as_device(&self) -> Option<&Device> {
        None
    }
}

/// The clock of a client, off by some.
fn clock(time: &Time, random: &mut Random) -> super::clock::SetClock {
    let offset = if random.chance(7_000) { random.around(30_000_000) } else { random.around(86_400_000_000) };
    super::clock::SetClock::off(time, offset)
}
