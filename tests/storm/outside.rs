//! The outside's journals while the storm goes on: who sent what, what came back, and what must never come back.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use trao::doors::wire::v1;

use crate::fleet::Fleet;
use crate::history::{Ack, Bag, Sent};
use crate::tally::Tally;
use crate::town::Town;

/// What everybody is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It storms.
    Storm,
    /// It is over: devices say what they have to say.
    Drain,
    /// So do offices.
    Finish,
    /// Everything is said: readers read to the end.
    CatchUp,
    /// Whoever has not come to its end now never will.
    Over,
}

/// What all actors share.
pub struct Outside {
    /// The gateways.
    pub fleet: Fleet,
    /// What there is to do.
    pub town: Town,
    /// What everybody is doing.
    pub phase: watch::Sender<Phase>,
    /// What is counted.
    pub tally: Tally,
    /// What was sent.
    pub sent: Mutex<Vec<Sent>>,
    /// What came back.
    pub acks: Mutex<Vec<Ack>>,
    /// Bags by number.
    pub bags: Mutex<BTreeMap<u64, Bag>>,
    /// What must not come back.
    pub surprises: Mutex<Vec<String>>,
}

impl Outside {
    /// What everybody does now.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Notes what is about to be sent for the first time; its number.
    pub fn sends(&self, source: &str, id: &str, event: Option<&[u8]>) -> usize {
        let mut sent = self.sent.lock().expect("a journal");
        let event = event.map(|bytes| Sha256::digest(bytes).into());
        sent.push(Sent { source: source.to_owned(), id: id.to_owned(), event });
        sent.len() - 1
    }

    /// Notes an answer.
    pub fn acknowledged(&self, sent: usize, gateway: usize, recorded: &v1::Recorded) {
        let pos = recorded.position.map(|position| position.pos).unwrap_or_default();
        let record = Sha256::digest(&recorded.record).into();
        self.tally.add("replays", recorded.replayed.into());
        self.acks.lock().expect("a journal").push(Ack { sent, pos, record, gateway });
    }

    /// Notes what must not be.
    pub fn is_surprised(&self, what: String) {
        eprintln!("surprise: {what}");
        self.surprises.lock().expect("a journal").push(what);
    }
}
