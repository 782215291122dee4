//! The book: a store's rows as an outsider reads them, from whatever engine, and what must hold between them. Each rule is a
//! function that names what breaks it.

use std::collections::BTreeMap;

use trao::dossier::invariants::outcomes_conserve;
use trao::dossier::names::{Lane, Micros};
use trao::seal::digest;
use trao::seal::frontier::Frontier;
use trao::seal::head::{Seal, verify};
use trao::seal::leaf::leaf_hash;
use trao::seal::record::Record;

/// One row of the journal.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its position.
    pub pos: u64,
    /// The record, read.
    pub record: Record,
    /// The record's bytes.
    pub bytes: Vec<u8>,
    /// The event's bytes.
    pub event: Vec<u8>,
}

impl Row {
    /// A row as it is stored; its record must be one.
    pub fn of(pos: u64, bytes: Vec<u8>, event: Vec<u8>) -> Row {
        let record = Record::decode(&bytes).unwrap_or_else(|e| panic!("the record at {pos}: {e}"));
        Row { pos, record, bytes, event }
    }

    /// It is what somebody outside captured: no command and no placing.
    pub fn is_fact(&self) -> bool {
        self.record.placed_from.is_none() && self.record.request_digest == digest::NONE
    }
}

/// A line of a party's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The party's short number.
    pub party: i64,
    /// Its number in the log.
    pub seq: u64,
    /// The position it lists.
    pub pos: u64,
}

/// The row of a personal part.
#[derive(Clone, Debug)]
pub struct Part {
    /// What its digest is salted with.
    pub salt: Vec<u8>,
    /// Its bytes.
    pub body: Vec<u8>,
    /// Whether it was erased.
    pub erased: bool,
}

/// Everything of a lane that can be checked from outside.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// Which database it is.
    pub database: [u8; 16],
    /// The journal, ascending.
    pub rows: Vec<Row>,
    /// The seals, ascending.
    pub seals: Vec<Seal>,
    /// Whose signatures count.
    pub signing_keys: BTreeMap<u32, [u8; 32]>,
    /// The tree as the lane keeps it.
    pub frontier: Vec<u8>,
    /// Parties by short number.
    pub parties: BTreeMap<i64, String>,
    /// Every line of every log, by party and number.
    pub log_lines: Vec<LogLine>,
    /// Personal parts by position.
    pub personal: BTreeMap<u64, Part>,
    /// Rows of keys.
    pub keys: usize,
}

type Checked = Result<(), String>;

fn must(holds: bool, why: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(why()) }
}

impl Book {
    /// Positions are dense, a record stands where it says and has one spelling.
    pub fn positions_are_dense(&self) -> Checked {
        for (index, row) in self.rows.iter().enumerate() {
            let pos = index as u64 + 1;
            must(row.pos == pos, || format!("position {pos} is followed by {}", row.pos))?;
            let stands = (row.record.lane, row.record.pos) == (Lane(0), pos);
            must(stands, || format!("the record at {pos} says that it stands at {}", row.record.pos))?;
            let spelled = row.record.encode().is_ok_and(|bytes| bytes == row.bytes);
            must(spelled, || format!("the record at {pos} has another spelling"))?;
        }
        Ok(())
    }

    /// Commits have times that never decrease, and nothing took effect after it was received.
    pub fn times_never_go_back(&self) -> Checked {
        let mut committed_at = Micros(0);
        for Row { pos, record, .. } in &self.rows {
            must(record.committed_at >= committed_at, || format!("committed_at went back at {pos}"))?;
            committed_at = record.committed_at;
            must(record.effective_at <= record.received_at, || format!("effective after received at {pos}"))?;
        }
        Ok(())
    }

    /// Every seal is of the records before it, every record is under a seal, and the lane's tree is the records'.
    pub fn every_seal_is_of_the_records_before_it(&self) -> Checked {
        let mut frontier = Frontier::new();
        let mut at = 0;
        for seal in &self.seals {
            let size = seal.size;
            let batch = self.rows.get(at..size as usize).filter(|batch| !batch.is_empty());
            let batch = batch.ok_or_else(|| format!("the seal of {size} follows that of {at}"))?;
            for row in batch {
                frontier.push(leaf_hash(&row.bytes));
                let times = row.record.committed_at == seal.committed_at;
                must(times, || format!("the batch at {} has two times", row.pos))?;
                let here = row.record.database == self.database;
                must(here, || format!("the record at {} is of another database", row.pos))?;
            }
            at = size as usize;
            must(frontier.root() == seal.root, || format!("the root at {size} is another"))?;
            let key = self.signing_keys.get(&seal.key_id);
            let key = key.ok_or_else(|| format!("nobody knows who signed {size}"))?;
            let epoch = self.rows[at - 1].record.epoch;
            verify(key, &self.database, Lane(0), &epoch, seal)
                .map_err(|e| format!("the seal of {size}: {e}"))?;
        }
        must(at == self.rows.len(), || format!("records after {at} are under no seal"))?;
        let kept = Frontier::decode(&self.frontier).map_err(|e| format!("the lane's frontier: {e}"))?;
        must(kept == frontier, || "the lane's frontier is not the records'".to_owned())
    }

    /// Every log is dense and lists what concerns its party, in the order of the journal.
    pub fn logs_list_what_concerns_their_party(&self) -> Checked {
        let mut listed: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
        for line in &self.log_lines {
            let log = listed.entry(line.party).or_default();
            log.push(line.pos);
            let (seq, due) = (line.seq, log.len());
            must(seq == due as u64, || {
                format!("the log of {:?} has {seq} where {due} is due", self.parties.get(&line.party))
            })?;
        }
        let mut concerned: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for row in &self.rows {
            must(!row.record.parties.is_empty(), || format!("{} concerns nobody", row.pos))?;
            for party in &row.record.parties {
                concerned.entry(party.as_str()).or_default().push(row.pos);
            }
        }
        for (id, name) in &self.parties {
            let (log, wanted) = (listed.remove(id), concerned.remove(name.as_str()));
            must(log == wanted, || format!("the log of {name} does not list what concerns it"))?;
        }
        must(listed.is_empty() && concerned.is_empty(), || "a log is of nobody".to_owned())
    }

    /// What is kept beside a record is what the record binds.
    pub fn every_digest_is_of_what_is_kept(&self) -> Checked {
        for Row { pos, record, event, .. } in &self.rows {
            let same = digest::digest(event) == record.event_digest;
            must(same, || format!("the event at {pos} is not the one that was recorded"))?;
            let Some(Part { salt, body, erased }) = self.personal.get(pos) else { continue };
            let bound = record.personal_digest;
            if *erased {
                must(salt.iter().chain(body).all(|byte| *byte == 0), || {
                    format!("{pos}: erased means zeros")
                })?;
                must(bound != digest::NONE, || format!("{pos} never had a personal part"))?;
                continue;
            }
            let salt: [u8; 16] = salt.as_slice().try_into().map_err(|_| format!("{pos} has another salt"))?;
            must(salt != [0; 16], || format!("{pos} is not salted"))?;
            let same = digest::personal_digest(&salt, body) == bound;
            must(same, || format!("the personal part at {pos} is another"))?;
        }
        Ok(())
    }

    /// Every line has one key, and no fact stands twice.
    pub fn every_key_stands_once(&self) -> Checked {
        let (keys, lines) = (self.keys, self.rows.len());
        must(keys == lines, || format!("{keys} keys for {lines} lines"))?;
        let mut seen = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.is_fact()) {
            let key = (row.record.source.as_str(), row.record.client_event_id.as_str());
            if let Some(first) = seen.insert(key, row.pos) {
                return Err(format!("{key:?} stands at {first} and at {}", row.pos));
            }
        }
        Ok(())
    }

    /// At every position every leg is in exactly one pair of hands.
    pub fn custody_is_conserved(&self) -> Checked {
        let told: Vec<_> = self.rows.iter().map(|row| row.record.told()).collect();
        outcomes_conserve(&told).map(drop)
    }

    /// All of it; gives what breaks the first rule that is broken.
    pub fn is_sound(&self) -> Checked {
        self.positions_are_dense()?;
        self.times_never_go_back()?;
        self.every_seal_is_of_the_records_before_it()?;
        self.logs_list_what_concerns_their_party()?;
        self.every_digest_is_of_what_is_kept()?;
        self.every_key_stands_once()?;
        self.custody_is_conserved()
    }
}

/// The lines of one stored run of a log: the steps from each position to the next are written in groups of seven bits, the
/// low one first.
pub fn run_of(party: i64, seq: u64, lines: u64, pos: u64, steps: &[u8]) -> Vec<LogLine> {
    let mut run = vec![LogLine { party, seq, pos }];
    let mut pos = pos;
    for step in steps.split_inclusive(|group| group & 0x80 == 0) {
        pos += step.iter().rev().fold(0, |step, group| step << 7 | u64::from(group & 0x7f));
        run.push(LogLine { party, seq: seq + run.len() as u64, pos });
    }
    assert_eq!(run.len() as u64, lines, "a run says how many lines it has");
    run
}
