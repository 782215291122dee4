//! The lines that one batch adds to a log, as one row: the first number and position, and the steps from each position
//! to the next, in seven-bit groups, the low one first, all but its last with the high bit set (LEB128).

use std::collections::BTreeMap;

use super::{Commit, Error};

/// A run of consecutive numbers of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Run<'a> {
    /// Its first number.
    seq: u64,
    /// The position of that.
    pos: u64,
    steps: &'a [u8],
}

impl<'a> Run<'a> {
    /// A run as it is kept.
    pub(in crate::store) fn kept(seq: u64, pos: u64, steps: &'a [u8]) -> Run<'a> {
        Run { seq, pos, steps }
    }

    /// Numbers and their positions, in order.
    pub(in crate::store) fn lines(&self) -> impl Iterator<Item = (u64, u64)> + 'a {
        let mut pos = self.pos;
        let mut steps = self.steps.iter();
        let later = std::iter::from_fn(move || {
            let mut step = 0_u64;
            let mut shift = 0;
            loop {
                let group = *steps.next()?;
                step |= u64::from(group & 0x7f).checked_shl(shift).unwrap_or_default();
                shift += 7;
                if group & 0x80 == 0 {
                    break;
                }
            }
            pos = pos.saturating_add(step);
            Some(pos)
        });
        (self.seq..).zip(std::iter::once(self.pos).chain(later))
    }
}

/// A run that is being written.
#[derive(Clone, Debug)]
pub(in crate::store) struct NewRun {
    pub(in crate::store) seq: u64,
    pub(in crate::store) lines: u64,
    pub(in crate::store) pos: u64,
    pub(in crate::store) steps: Vec<u8>,
    last: u64,
}

impl NewRun {
    /// A run of one line.
    pub(in crate::store) fn begin(seq: u64, pos: u64) -> NewRun {
        NewRun { seq, lines: 1, pos, steps: Vec::new(), last: pos }
    }

    /// Adds the next line; false when its number is not the next one.
    pub(in crate::store) fn push(&mut self, seq: u64, pos: u64) -> bool {
        let Some(mut step) = pos.checked_sub(self.last) else { return false };
        if seq != self.seq + self.lines {
            return false;
        }
        self.last = pos;
        self.lines += 1;
        while step > 0x7f {
            self.steps.push((step & 0x7f) as u8 | 0x80);
            step >>= 7;
        }
        self.steps.push(step as u8);
        true
    }
}

/// The runs that a batch adds, by log. Refused where the numbers of a log do not follow from each other.
pub(in crate::store) fn runs(commit: &Commit) -> Result<BTreeMap<i64, NewRun>, Error> {
    let mut runs: BTreeMap<i64, NewRun> = BTreeMap::new();
    for entry in &commit.entries {
        for (party, seq) in &entry.logs {
            let goes_on = match runs.get_mut(party) {
                Some(run) => run.push(*seq, entry.pos),
                None => runs.insert(*party, NewRun::begin(*seq, entry.pos)).is_none(),
            };
            if !goes_on {
                return Err(not_next());
            }
        }
    }
    Ok(runs)
}

/// A log would not go on where it ends.
pub(in crate::store) fn not_next() -> Error {
    Error::Failed { step: LIST, source: "its number is not the log's next one".into() }
}

/// What is being done when a log is added to.
pub(in crate::store) const LIST: &str = "list a line";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_run_is_read_back_as_it_was_written(
            seq in 1_u64..1 << 40, first in 1_u64..1 << 40, steps in prop::collection::vec(0_u64..1 << 40, 0..50),
        ) {
            let mut run = NewRun::begin(seq, first);
            let mut lines = vec![(seq, first)];
            for (number, step) in (seq + 1..).zip(steps) {
                let pos = lines[lines.len() - 1].1 + step;
                prop_assert!(run.push(number, pos));
                lines.push((number, pos));
            }
            prop_assert_eq!(run.lines, lines.len() as u64);
            let kept = Run::kept(run.seq, run.pos, &run.steps);
            prop_assert_eq!(kept.lines().collect::<Vec<_>>(), lines);
        }

        #[test]
        fn damaged_steps_are_read_without_an_end_or_a_panic(steps in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(Run::kept(1, u64::MAX - 1, &steps).lines().count() <= steps.len() + 1);
        }
    }

    #[test]
    fn a_number_that_is_not_the_next_is_not_taken() {
        let mut run = NewRun::begin(5, 9);
        assert!(!run.push(7, 10));
        assert!(!run.push(6, 8), "positions grow");
        assert!(run.push(6, 10));
    }
}
