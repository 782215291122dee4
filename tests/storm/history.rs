//! What happened, as outsiders wrote it down: devices and systems what they sent and were answered, consumers what they
//! saw, and at the end the database's book. Everything that is judged is judged from this alone.

use crate::support::book::Book;

/// A SHA-256.
pub type Digest = [u8; 32];

/// A line or command, as whoever sent it knows it. Its index is its name in the history.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The source; of a command the party.
    pub source: String,
    /// The client event id or request id.
    pub id: String,
    /// Of the event's bytes; `None` for a command, whose event the gateway makes.
    pub event: Option<Digest>,
}

/// An answer that said "recorded".
#[derive(Clone, Debug)]
pub struct Ack {
    /// What was sent.
    pub sent: usize,
    /// Where it is said to stand.
    pub pos: u64,
    /// Of the record's bytes.
    pub record: Digest,
    /// Who answered.
    pub gateway: usize,
}

/// What a consumer saw of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number in the log.
    pub seq: u64,
    /// Where it stands.
    pub pos: u64,
    /// Of the record's bytes.
    pub record: Digest,
    /// When it was committed, in microseconds.
    pub committed_at: i64,
}

/// One step of a consumer.
#[derive(Clone, Debug)]
pub enum Step {
    /// It began, or began again, behind this number; what it had committed, or tried to, are the others.
    From {
        /// The number before the first that it then saw.
        behind: u64,
        /// Where it may go on.
        kept: Vec<u64>,
    },
    /// It saw an event.
    Saw(Seen),
}

/// Everything a consumer ever saw, in its order.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// Whose log it reads.
    pub party: String,
    /// Its steps.
    pub steps: Vec<Step>,
}

impl Reader {
    /// Every event in the order in which it was seen.
    pub fn seen(&self) -> impl Iterator<Item = &Seen> {
        self.steps.iter().filter_map(|step| match step {
            Step::Saw(seen) => Some(seen),
            Step::From { .. } => None,
        })
    }
}

/// A digest that a gateway gave.
#[derive(Clone, Debug)]
pub struct Digested {
    /// By which gateway.
    pub gateway: usize,
    /// Which consumer asked.
    pub reader: usize,
    /// The first number in it.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// The digest of the records' digests.
    pub sha256: Digest,
}

/// What a gateway has of a device, by its own word.
#[derive(Clone, Debug)]
pub struct DeviceTold {
    /// By which gateway.
    pub gateway: usize,
    /// The device.
    pub source: String,
    /// The last number the device gave out.
    pub given: u64,
    /// Up to where the gateway has all.
    pub contiguous: u64,
}

/// A bag that was closed and scanned.
#[derive(Clone, Debug, Default)]
pub struct Bag {
    /// The scan of the bag, once it is sent.
    pub scan: Option<usize>,
    /// The scans that put something into it.
    pub contents: Vec<usize>,
}

/// Something that waits in the database.
#[derive(Clone, Debug)]
pub struct Waits {
    /// The code's key.
    pub code: Vec<u8>,
    /// The event that waits.
    pub pos: u64,
}

/// The whole of it.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What was sent.
    pub sent: Vec<Sent>,
    /// What was acknowledged.
    pub acks: Vec<Ack>,
    /// What was seen.
    pub readers: Vec<Reader>,
    /// Digests, of each reader's log through each gateway.
    pub digests: Vec<Digested>,
    /// What each gateway has of each device.
    pub devices: Vec<DeviceTold>,
    /// Bags.
    pub bags: Vec<Bag>,
    /// What waits in the end.
    pub waiting: Vec<Waits>,
    /// What nobody may be told, and what must not happen to a gateway.
    pub surprises: Vec<String>,
    /// The database.
    pub book: Book,
    /// How many gateways there were.
    pub gateways: usize,
}
