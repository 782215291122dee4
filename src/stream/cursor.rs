//! Cursors (vị trí đọc): how far a party's log was read. Plain bytes without a secret: whoever shows one is checked
//! against the party whose log is asked for, and the checksum only tells damage.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::dossier::names::{Lane, PartyName};
use crate::dossier::refusal::{Reason, Refusal};

/// The first byte of a cursor.
const VERSION: u8 = 1;
/// Bytes of SHA-256 at the end.
const CHECK_BYTES: usize = 8;
/// The field a cursor is refused under.
pub(super) const FIELD: &str = "cursor";

/// How far a party's log was read in every lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    epoch: [u8; 16],
    party: PartyName,
    /// The last number read; a lane that is missing was not read at all.
    read: BTreeMap<Lane, u64>,
}

impl Cursor {
    /// The beginning of a party's log.
    pub fn beginning(party: PartyName, epoch: [u8; 16]) -> Cursor {
        Cursor { epoch, party, read: BTreeMap::new() }
    }

    /// The cursor of a party's log under an epoch. Who it belongs to is checked before anything is said about the log,
    /// and the epoch before the numbers: a log that was restored may be shorter than it was.
    ///
    /// `CURSOR_INVALID`, `CURSOR_FOREIGN` or `EPOCH_CHANGED`.
    pub fn of(bytes: &[u8], party: &PartyName, epoch: [u8; 16]) -> Result<Cursor, Refusal> {
        let cursor = Cursor::of_any_epoch(bytes, party)?;
        if cursor.epoch == epoch { Ok(cursor) } else { Err(cursor.epoch_changed()) }
    }

    /// The cursor of a party's log, whatever its epoch: its numbers mean nothing until that is known.
    pub(super) fn of_any_epoch(bytes: &[u8], party: &PartyName) -> Result<Cursor, Refusal> {
        let cursor = Cursor::decode(bytes).ok_or_else(|| refused(Reason::CursorInvalid))?;
        if cursor.party != *party {
            return Err(refused(Reason::CursorForeign));
        }
        Ok(cursor)
    }

    /// The epoch in which it was handed out.
    pub(super) fn epoch(&self) -> [u8; 16] {
        self.epoch
    }

    /// The refusal of a cursor of another epoch.
    pub(super) fn epoch_changed(&self) -> Refusal {
        refused(Reason::EpochChanged)
    }

    /// The last number read in a lane; 0 at the beginning.
    pub fn seq(&self, lane: Lane) -> u64 {
        self.read.get(&lane).copied().unwrap_or(0)
    }

    /// How much was read in all lanes.
    pub fn read(&self) -> u64 {
        self.read.values().sum()
    }

    /// The lanes of which something was read.
    pub fn lanes(&self) -> impl Iterator<Item = Lane> {
        self.read.keys().copied()
    }

    /// Goes on to a number of a lane.
    pub fn advance(&mut self, lane: Lane, seq: u64) {
        if seq > self.seq(lane) {
            self.read.insert(lane, seq);
        }
    }

    /// Refuses a cursor that names what does not exist yet.
    pub fn must_not_pass(&self, lane: Lane, head: u64) -> Result<(), Refusal> {
        if self.seq(lane) > head { Err(refused(Reason::CursorAhead)) } else { Ok(()) }
    }

    /// The cursor's bytes; one cursor has one spelling.
    pub fn encode(&self) -> Vec<u8> {
        let name = self.party.as_str().as_bytes();
        let mut bytes = vec![VERSION];
        bytes.extend(self.epoch);
        // A name is bounded far below 65,536 bytes where it enters the directory.
        bytes.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend(name);
        for (lane, seq) in &self.read {
            bytes.extend(lane.0.to_be_bytes());
            bytes.extend(seq.to_be_bytes());
        }
        let check = check(&bytes);
        bytes.extend(check);
        bytes
    }

    /// Reads what `encode` wrote, and nothing else.
    fn decode(bytes: &[u8]) -> Option<Cursor> {
        let (body, given) = bytes.split_last_chunk::<CHECK_BYTES>()?;
        if check(body) != *given {
            return None;
        }
        let (version, rest) = body.split_first()?;
        if *version != VERSION {
            return None;
        }
        let (epoch, rest) = rest.split_first_chunk::<16>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (name, mut rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let mut cursor = Cursor::beginning(PartyName::new(std::str::from_utf8(name).ok()?), *epoch);
        while !rest.is_empty() {
            let (lane, after) = rest.split_first_chunk::<2>()?;
            let (seq, after) = after.split_first_chunk::<8>()?;
            let (lane, seq) = (Lane(u16::from_be_bytes(*lane)), u64::from_be_bytes(*seq));
            let ascends = cursor.read.keys().next_back().is_none_or(|last| *last < lane);
            if seq == 0 || !ascends {
                return None;
            }
            cursor.read.insert(lane, seq);
            rest = after;
        }
        Some(cursor)
    }
}

fn refused(reason: Reason) -> Refusal {
    Refusal::field(reason, FIELD, "")
}

fn check(body: &[u8]) -> [u8; CHECK_BYTES] {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&digest[..CHECK_BYTES]);
    check
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursor(party: &str, read: &[(u16, u64)]) -> Cursor {
        let mut cursor = Cursor::beginning(PartyName::new(party), [7; 16]);
        for (lane, seq) in read {
            cursor.advance(Lane(*lane), *seq);
        }
        cursor
    }

    fn reason(bytes: &[u8], party: &str, epoch: [u8; 16]) -> Reason {
        let refusal = Cursor::of(bytes, &PartyName::new(party), epoch).unwrap_err();
        assert_eq!(refusal.field, FIELD);
        refusal.reason
    }

    #[test]
    fn a_lane_that_is_missing_was_not_read() {
        assert_eq!(cursor("agencies/H99", &[(3, 9)]).seq(Lane(0)), 0);
        assert_eq!(cursor("agencies/H99", &[(3, 9)]).seq(Lane(3)), 9);
    }

    #[test]
    fn a_cursor_never_goes_back() {
        let mut read = cursor("agencies/H99", &[(0, 9)]);
        read.advance(Lane(0), 4);
        assert_eq!(read.seq(Lane(0)), 9);
    }

    #[test]
    fn a_foreign_cursor_says_nothing_about_the_log_it_is_of() {
        let bytes = cursor("agencies/H99", &[(0, u64::MAX)]).encode();
        assert_eq!(reason(&bytes, "agencies/H98", [7; 16]), Reason::CursorForeign);
        assert_eq!(reason(&bytes, "agencies/H98", [8; 16]), Reason::CursorForeign);
        assert_eq!(reason(&bytes, "agencies/H99", [8; 16]), Reason::EpochChanged);
    }

    #[test]
    fn a_cursor_may_name_the_head_but_nothing_behind_it() {
        let read = cursor("agencies/H99", &[(0, 9)]);
        assert_eq!(read.must_not_pass(Lane(0), 9), Ok(()));
        assert_eq!(read.must_not_pass(Lane(0), 8).unwrap_err().reason, Reason::CursorAhead);
        assert_eq!(read.must_not_pass(Lane(1), 0), Ok(()));
    }

    #[test]
    fn an_unknown_version_is_refused_even_with_a_right_checksum() {
        let mut body = cursor("agencies/H99", &[(0, 9)]).encode();
        body.truncate(body.len() - CHECK_BYTES);
        body[0] = 2;
        let check = check(&body);
        body.extend(check);
        assert_eq!(reason(&body, "agencies/H99", [7; 16]), Reason::CursorInvalid);
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back_and_is_refused_with_any_bit_turned(
            name in "(agencies|carriers)/[A-Za-z0-9.]{1,40}",
            epoch in any::<[u8; 16]>(),
            read in proptest::collection::btree_map(any::<u16>(), 1u64.., 0..5),
        ) {
            let party = PartyName::new(&name);
            let mut cursor = Cursor::beginning(party.clone(), epoch);
            for (lane, seq) in read {
                cursor.advance(Lane(lane), seq);
            }
            let bytes = cursor.encode();
            prop_assert_eq!(Cursor::of(&bytes, &party, epoch), Ok(cursor));
            for bit in 0..bytes.len() * 8 {
                let mut damaged = bytes.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                let refusal = Cursor::of(&damaged, &party, epoch).unwrap_err();
                prop_assert_eq!(refusal.reason, Reason::CursorInvalid);
            }
            for length in 0..bytes.len() {
                prop_assert_eq!(Cursor::decode(&bytes[..length]), None);
            }
        }

        #[test]
        fn what_nobody_wrote_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Cursor::decode(&bytes), None);
        }

        #[test]
        fn whatever_decodes_encodes_to_the_same(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = vec![VERSION];
            bytes.extend(body);
            let check = check(&bytes);
            bytes.extend(check);
            if let Some(cursor) = Cursor::decode(&bytes) {
                prop_assert_eq!(cursor.encode(), bytes);
            }
        }
    }
}
