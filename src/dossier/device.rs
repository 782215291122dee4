//! What a device has been heard to say: its running numbers without gaps, and the gaps.

use serde::{Deserialize, Serialize};

use super::names::Micros;
use crate::limits;

/// The numbers heard from one device, as the contiguous run from 1 and the runs beyond it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// All of 1..=contiguous were heard.
    pub contiguous: u64,
    /// Runs beyond it, first and last, ascending, with gaps between.
    pub beyond: Vec<(u64, u64)>,
    /// When the last new line was received.
    pub last_received_at: Micros,
    /// How far the device's clock was behind the gateway's when last measured, in microseconds; 0 while it is right.
    pub offset_us: i64,
}

impl Heard {
    /// Runs kept beyond the contiguous one; when a device jumps about more than this, the smallest gaps are forgotten
    /// as heard, because a number is only a hint: the key decides what is kept.
    pub const RUNS_MAX: usize = 1_024;

    /// Notes a number.
    pub fn hear(&mut self, seq: u64, received_at: Micros) {
        self.last_received_at = self.last_received_at.max(received_at);
        if seq <= self.contiguous {
            return;
        }
        // As a rule it is the next one, and closes no gap.
        if seq == self.contiguous + 1 && self.beyond.first().is_none_or(|(first, _)| *first > seq + 1) {
            self.contiguous = seq;
            return;
        }
        let at = self.beyond.partition_point(|(_, last)| *last < seq);
        match self.beyond.get(at) {
            Some((first, _)) if *first <= seq => return,
            _ => self.beyond.insert(at, (seq, seq)),
        }
        self.join();
    }

    /// The greatest number heard.
    pub fn last(&self) -> u64 {
        self.beyond.last().map_or(self.contiguous, |(_, last)| *last)
    }

    /// The gaps below the greatest number heard, or below `expected` if that is greater; at most
    /// [`limits::MISSING_RANGES`] of them.
    pub fn missing(&self, expected: u64) -> Vec<(u64, u64)> {
        let mut gaps = Vec::new();
        let mut next = self.contiguous.saturating_add(1);
        for (first, last) in &self.beyond {
            gaps.push((next, first - 1));
            next = last.saturating_add(1);
        }
        if next <= expected {
            gaps.push((next, expected));
        }
        gaps.truncate(limits::MISSING_RANGES);
        gaps
    }

    fn join(&mut self) {
        let mut runs: Vec<(u64, u64)> = Vec::with_capacity(self.beyond.len());
        for (first, last) in self.beyond.drain(..) {
            if first == self.contiguous + 1 {
                self.contiguous = last;
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.1 + 1 == first => run.1 = last,
                _ => runs.push((first, last)),
            }
        }
        while runs.len() > Self::RUNS_MAX {
            let narrowest = (1..runs.len()).min_by_key(|at| runs[*at].0 - runs[*at - 1].1).unwrap_or(1);
            let (_, last) = runs.remove(narrowest);
            runs[narrowest - 1].1 = last;
        }
        self.beyond = runs;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heard(numbers: &[u64]) -> Heard {
        let mut heard = Heard::default();
        for number in numbers {
            heard.hear(*number, Micros(0));
        }
        heard
    }

    #[test]
    fn gaps_are_shown_and_never_waited_for() {
        let heard = heard(&[1, 2, 5, 9, 6]);
        assert_eq!(heard.contiguous, 2);
        assert_eq!(heard.missing(0), vec![(3, 4), (7, 8)]);
        assert_eq!(heard.missing(12), vec![(3, 4), (7, 8), (10, 12)]);
        assert_eq!(heard.last(), 9);
    }

    #[test]
    fn the_largest_number_of_the_wire_is_heard_without_overflow() {
        let heard = heard(&[i64::MAX as u64, 1]);
        assert_eq!(heard.missing(0), vec![(2, i64::MAX as u64 - 1)]);
    }

    proptest! {
        #[test]
        fn what_is_missing_is_exactly_what_was_not_heard(numbers in proptest::collection::vec(1u64..40, 0..60)) {
            let heard = heard(&numbers);
            let missing = heard.missing(40);
            for number in 1..=40 {
                let gap = missing.iter().any(|(first, last)| (*first..=*last).contains(&number));
                prop_assert_eq!(gap, !numbers.contains(&number), "{}", number);
            }
        }
    }
}
