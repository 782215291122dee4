//! Papers (thành phần hồ sơ) counted at a handover: originals and copies apart, as Circular 17/2017/TT-BTTTT, article 5,
//! wants them listed and tallied again by whoever receives.

use serde::{Deserialize, Serialize};

/// One line of a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tally {
    /// The component's number on the procedure's published list, from 1; 0 counts the whole envelope.
    pub component: u32,
    /// Originals (bản chính).
    pub originals: u32,
    /// Certified copies (bản sao chứng thực).
    pub certified_copies: u32,
    /// Photocopies (bản chụp).
    pub photocopies: u32,
}

impl Tally {
    fn papers(&self) -> [u64; 3] {
        [self.originals, self.certified_copies, self.photocopies].map(u64::from)
    }
}

/// Whether two counts of one envelope differ. Where both went by component each component must agree; who only counted the
/// whole envelope is compared by its totals. Who did not count says nothing.
pub fn differ(one: &[Tally], other: &[Tally]) -> bool {
    if one.is_empty() || other.is_empty() {
        return false;
    }
    let by_component = |count: &[Tally]| count.iter().all(|line| line.component != 0);
    if by_component(one) && by_component(other) {
        return components(one) != components(other);
    }
    total(one) != total(other)
}

/// Originals, certified copies and photocopies of a count.
pub fn total(count: &[Tally]) -> [u64; 3] {
    count.iter().fold([0; 3], |sum, line| {
        let papers = line.papers();
        std::array::from_fn(|at| sum[at] + papers[at])
    })
}

/// The components that there is something of, each once.
fn components(count: &[Tally]) -> Vec<(u32, [u64; 3])> {
    let mut numbers: Vec<u32> = count.iter().map(|line| line.component).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let of = |number| {
        let lines: Vec<Tally> = count.iter().filter(|line| line.component == number).copied().collect();
        (number, total(&lines))
    };
    numbers.into_iter().map(of).filter(|(_, papers)| *papers != [0; 3]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(component: u32, originals: u32, photocopies: u32) -> Tally {
        Tally { component, originals, photocopies, ..Tally::default() }
    }

    #[test]
    fn counts_are_compared_by_component_where_both_went_by_component_and_by_totals_otherwise() {
        let listed = [line(1, 1, 0), line(2, 0, 2)];
        assert!(!differ(&listed, &[line(2, 0, 2), line(1, 1, 0), line(3, 0, 0)]));
        assert!(differ(&listed, &[line(1, 0, 2), line(2, 1, 0)]), "the same totals of other components");
        assert!(!differ(&listed, &[line(0, 1, 2)]));
        assert!(differ(&listed, &[line(0, 1, 1)]));
        assert!(!differ(&listed, &[]), "who did not count says nothing");
        assert!(!differ(&[line(1, 1, 0), line(1, 0, 1)], &[line(1, 1, 1)]), "one component on two lines");
    }
}
