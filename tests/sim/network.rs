//! What will happen, by when: messages on their way, and what clients and gateways have in mind. The network loses,
//! delays, duplicates and reorders; from one moment on it does none of it.

use std::collections::BTreeMap;

use super::counts::Counts;
use super::message::{Ask, Client, Reply};
use super::plan::Faults;
use super::random::Random;

/// Something that will happen.
#[derive(Clone, Debug)]
pub enum Coming {
    /// A call reaches a gateway.
    Asked { gateway: usize, client: Client, call: u64, ask: Ask },
    /// A gateway learns that nobody waits for an answer any more.
    HungUp { client: Client, call: u64 },
    /// An answer reaches who called.
    Told { client: Client, call: u64, reply: Reply },
    /// A client does what it has in mind.
    Wake(Client),
    /// A gateway starts.
    Start(usize),
    /// Somebody looks after a gateway whose clock is not believed.
    Look(usize),
    /// A gateway that stood still goes on.
    GoOn(usize),
}

/// What will happen.
pub struct Network {
    coming: BTreeMap<(u64, u64, u64), Coming>,
    /// When each was sent, by client: what overtakes is counted.
    sent: BTreeMap<(Client, u64), (u64, u64, u64)>,
    order: u64,
    random: Random,
    faults: Faults,
    pub counts: Counts,
    calm: bool,
}

impl Network {
    pub fn new(random: Random, faults: Faults) -> Network {
        let counts = Counts::default();
        let (coming, sent) = (BTreeMap::new(), BTreeMap::new());
        Network { coming, sent, order: 0, random, faults, counts, calm: false }
    }

    /// From now on nothing goes wrong.
    pub fn calm(&mut self) {
        self.calm = true;
    }

    /// Lets something happen at a time. What happens at the same time happens in an order of chance.
    pub fn at(&mut self, time: u64, coming: Coming) -> (u64, u64, u64) {
        self.order += 1;
        let key = (time, self.random.next(), self.order);
        self.coming.insert(key, coming);
        key
    }

    /// Sends a message, perhaps twice, perhaps in vain.
    pub fn send(&mut self, now: u64, client: Client, message: Coming) {
        if !self.calm && self.random.chance(self.faults.drop) {
            return self.counts.one("dropped");
        }
        // A stream is one connection; whoever asks for two has two.
        let is_stream = matches!(message, Coming::Asked { ask: Ask::Follow { .. }, .. });
        if !self.calm && !is_stream && self.random.chance(self.faults.duplicate) {
            self.counts.one("duplicated");
            self.put(now, client, message.clone());
        }
        self.put(now, client, message);
    }

    fn put(&mut self, now: u64, client: Client, message: Coming) {
        let late = !self.calm && self.random.chance(self.faults.delay);
        let way = if late { self.random.between(500, 15_000) } else { self.random.between(1, 40) };
        if late {
            self.counts.one("delayed");
        }
        let key = self.at(now + way, message);
        self.sent.insert((client, key.2), key);
    }

    /// Sends a part of a stream: parts arrive in order.
    pub fn send_after(&mut self, now: u64, last: u64, message: Coming) -> u64 {
        let time = (now + self.random.between(1, 40)).max(last + 1);
        self.at(time, message);
        time
    }

    /// When the next thing happens.
    pub fn next_at(&self) -> Option<u64> {
        self.coming.keys().next().map(|(time, ..)| *time)
    }

    /// The next thing, which has come.
    pub fn take(&mut self) -> Option<Coming> {
        let (key, coming) = self.coming.pop_first()?;
        if let Coming::Asked { client, .. } | Coming::Told { client, .. } = &coming {
            self.sent.remove(&(*client, key.2));
            let mut earlier = self.sent.range((*client, 0)..(*client, key.2));
            if earlier.next().is_some() {
                self.counts.one("reordered");
            }
        }
        Some(coming)
    }
}
