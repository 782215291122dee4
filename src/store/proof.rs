//! What stands proved of a lane: its records, in order, and every signed head held to them.

use std::collections::BTreeMap;

use super::{Error, Head, Stored};
use crate::dossier::names::{Lane, Position};
use crate::seal::digest::digest;
use crate::seal::frontier::Frontier;
use crate::seal::head::{self, Seal};
use crate::seal::leaf::leaf_hash;
use crate::seal::record::Record;

/// A walk along a lane that has found no difference so far.
#[derive(Debug)]
pub(super) struct Proof {
    database: [u8; 16],
    lane: Lane,
    /// The public keys by their ids.
    keys: BTreeMap<u32, [u8; 32]>,
    frontier: Frontier,
    /// Of the last record.
    epoch: [u8; 16],
    /// The size of the last seal.
    sealed: u64,
}

impl Proof {
    /// At the beginning of a lane.
    pub(super) fn new(database: [u8; 16], lane: Lane, keys: BTreeMap<u32, [u8; 32]>) -> Proof {
        Proof { database, lane, keys, frontier: Frontier::new(), epoch: [0; 16], sealed: 0 }
    }

    /// The public keys by their ids, as they are from now on.
    pub(super) fn know(&mut self, keys: BTreeMap<u32, [u8; 32]>) {
        self.keys = keys;
    }

    /// The last position.
    pub(super) fn pos(&self) -> u64 {
        self.frontier.size()
    }

    /// The next entry: its record must be that of its place, and bind its event.
    pub(super) fn entry(&mut self, stored: &Stored) -> Result<(), Error> {
        let pos = self.pos() + 1;
        if stored.pos != pos {
            return Err(self.differs(pos, "is missing"));
        }
        let record = Record::decode(&stored.record)
            .map_err(|_| self.differs(pos, "has a record that cannot be read"))?;
        if record.position() != (Position { lane: self.lane, pos }) || record.database != self.database {
            return Err(self.differs(pos, "has the record of another place"));
        }
        if record.event_digest != digest(&stored.event) {
            return Err(self.differs(pos, "has another event than its record says"));
        }
        self.frontier.push(leaf_hash(&stored.record));
        self.epoch = record.epoch;
        Ok(())
    }

    /// A signed head, behind the entries that it covers.
    pub(super) fn seal(&mut self, seal: &Seal) -> Result<(), Error> {
        let pos = self.pos();
        if seal.size != pos || seal.root != self.frontier.root() {
            return Err(self.differs(seal.size, "is sealed with other records"));
        }
        let known = self
            .keys
            .get(&seal.key_id)
            .ok_or_else(|| self.differs(pos, "is sealed by no key of the store"))?;
        if head::verify(known, &self.database, self.lane, &self.epoch, seal).is_err() {
            return Err(self.differs(pos, "has a seal whose signature does not verify"));
        }
        self.sealed = seal.size;
        Ok(())
    }

    /// The end of the lane.
    pub(super) fn end(self, head: &Head) -> Result<(), Error> {
        match self.sealed == head.pos && self.frontier.encode() == head.frontier {
            true => Ok(()),
            false => Err(self.differs(head.pos, "is the head, and the seals do not lead to it")),
        }
    }

    fn differs(&self, pos: u64, why: &str) -> Error {
        Error::Unfit(format!("position {} {why}", Position { lane: self.lane, pos }))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::dossier::names::Micros;
    use crate::seal::head::Sealer;
    use crate::seal::keyring::Key;

    const LANE: Lane = Lane(3);

    struct Written {
        keys: BTreeMap<u32, [u8; 32]>,
        entries: Vec<Stored>,
        seals: Vec<Seal>,
        head: Head,
    }

    /// Four entries in two batches, of two epochs.
    fn written() -> Written {
        let folder = tempfile::tempdir().unwrap();
        let sealer = Sealer::new(Key::create(&folder.path().join("seal.key"), &[7; 32]).unwrap(), [1; 16]);
        let sample = include_bytes!("../../tests/data/record-v1.bin");
        let sample = Record::decode(sample).unwrap();
        let (mut entries, mut seals, mut frontier) = (Vec::new(), Vec::new(), Frontier::new());
        for pos in 1..=4 {
            let event = Bytes::from(vec![pos as u8; 3]);
            let epoch = [if pos < 3 { 8 } else { 9 }; 16];
            let (lane, event_digest) = (LANE, digest(&event));
            let record = Record { database: [1; 16], lane, pos, epoch, event_digest, ..sample.clone() };
            let record = Bytes::from(record.encode().unwrap());
            frontier.push(leaf_hash(&record));
            entries.push(Stored { pos, record, event, prev: 0 });
            if pos % 2 == 0 {
                seals.push(sealer.seal(LANE, &epoch, pos, frontier.root(), Micros(5)));
            }
        }
        let head = Head {
            lane: LANE,
            epoch: [9; 16],
            pos: 4,
            version: 2,
            sealed_at: Micros(5),
            frontier: frontier.encode(),
            told: Micros(0),
            directory: 0,
        };
        Written { keys: BTreeMap::from([(sealer.key_id(), sealer.public_key())]), entries, seals, head }
    }

    fn walk(written: &Written) -> Result<(), String> {
        let mut proof = Proof::new([1; 16], LANE, written.keys.clone());
        let mut entries = written.entries.iter();
        let mut all = || {
            for seal in &written.seals {
                while proof.pos() < seal.size {
                    match entries.next() {
                        Some(stored) => proof.entry(stored)?,
                        None => break,
                    }
                }
                proof.seal(seal)?;
            }
            Ok(())
        };
        all().and_then(|()| proof.end(&written.head)).map_err(|error: Error| error.to_string())
    }

    #[test]
    fn records_and_seals_that_belong_together_are_proved_over_epochs() {
        assert_eq!(walk(&written()), Ok(()));
    }

    #[test]
    fn whatever_differs_is_named_by_its_position() {
        let said = |plant: fn(&mut Written)| {
            let mut written = written();
            plant(&mut written);
            walk(&written).unwrap_err()
        };
        for (plant, wanted) in [
            ((|w| _ = w.entries.remove(1)) as fn(&mut Written), "position 3-2 is missing"),
            (|w| w.entries.truncate(3), "position 3-4 is sealed with other records"),
            (
                |w| w.entries[2].event = Bytes::from_static(b"x"),
                "position 3-3 has another event than its record says",
            ),
            (
                |w| w.entries[2].record = w.entries[0].record.clone(),
                "position 3-3 has the record of another place",
            ),
            (
                |w| w.entries[0].record = Bytes::from_static(b"x"),
                "position 3-1 has a record that cannot be read",
            ),
            (|w| w.seals[0].root[0] ^= 1, "position 3-2 is sealed with other records"),
            (|w| w.seals[1].signature[9] ^= 1, "position 3-4 has a seal whose signature does not verify"),
            (
                |w| w.seals[1].committed_at = Micros(6),
                "position 3-4 has a seal whose signature does not verify",
            ),
            (|w| w.keys.clear(), "position 3-2 is sealed by no key of the store"),
            (|w| _ = w.seals.pop(), "position 3-4 is the head, and the seals do not lead to it"),
            (|w| w.head.pos = 5, "position 3-5 is the head, and the seals do not lead to it"),
            (|w| w.head.frontier[20] ^= 1, "position 3-4 is the head, and the seals do not lead to it"),
        ] {
            assert_eq!(said(plant), wanted);
        }
    }
}
