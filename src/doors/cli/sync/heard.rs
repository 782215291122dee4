//! Which lines the gateway has most likely heard already, by the numbers that the device gave them. A hint and no more: a
//! device that was set back counts from one again, and only the answer to its own id says that a line is kept.

use crate::doors::wire::v1;
use crate::limits;

/// What the gateway has heard of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    contiguous: u64,
    last: u64,
    /// Ascending. As many as may be told means that there may be more.
    missing: Vec<(u64, u64)>,
}

impl Heard {
    /// As the gateway tells it.
    pub fn of(state: &v1::GetDeviceStateResponse) -> Heard {
        Heard {
            contiguous: state.contiguous_device_seq,
            last: state.last_device_seq,
            missing: state.missing.iter().map(|range| (range.first, range.last)).collect(),
        }
    }

    /// Whether a line of this number was heard; 0 is no number.
    pub fn has(&self, device_seq: u64) -> bool {
        if device_seq == 0 || device_seq > self.last {
            return false;
        }
        let told_to = match self.missing.last() {
            Some((_, last)) if self.missing.len() >= limits::MISSING_RANGES => *last,
            _ => self.last,
        };
        let missing = self.missing.iter().any(|(first, last)| (*first..=*last).contains(&device_seq));
        device_seq <= self.contiguous || (device_seq <= told_to && !missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_certainly_heard_counts_as_unheard() {
        let heard = Heard { contiguous: 2, last: 9, missing: vec![(3, 4), (7, 8)] };
        let has: Vec<u64> = (0..12).filter(|seq| heard.has(*seq)).collect();
        assert_eq!(has, [1, 2, 5, 6, 9]);
        assert!(!Heard::default().has(0) && !Heard::default().has(1));
        // With as many gaps as can be told, what follows the last of them is not known.
        let missing: Vec<(u64, u64)> = (1..=limits::MISSING_RANGES as u64).map(|n| (2 * n, 2 * n)).collect();
        let heard = Heard { contiguous: 1, last: 1_000, missing };
        assert!(heard.has(3) && heard.has(127) && !heard.has(128) && !heard.has(129) && !heard.has(1_000));
    }
}
