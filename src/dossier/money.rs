//! Money (phí, lệ phí, cước): whole đồng, each kind for itself. What belongs to an agency and what belongs to the post are
//! never in one sum.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::numbered::numbered;

numbered! {
    /// What money is for. It decides whose it is.
    FeeKind {
        /// Phí, lệ phí: the agency's, collected for it at the door and remitted (Decision 45/2016/QĐ-TTg, article 11).
        AgencyFee = 1 "AGENCY_FEE",
        /// Cước: the carrier's own.
        Postage = 2 "POSTAGE",
        /// Cước thu hộ: what the carrier takes for collecting the agency's fee.
        Collection = 3 "COLLECTION",
    }
}

/// An amount of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Money {
    /// What it is for.
    pub kind: FeeKind,
    /// Whole đồng. Less than nothing where it is paid back.
    pub vnd: i64,
}

/// Amounts as one text: the same for the same amounts.
pub fn text(amounts: &[Money]) -> SmolStr {
    let each: Vec<String> =
        amounts.iter().map(|amount| format!("{}:{}", amount.kind.number(), amount.vnd)).collect();
    each.join(" ").into()
}

/// Sums, one for each kind that there is something of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums(Vec<Money>);

impl Sums {
    /// The sums of amounts.
    pub fn of(amounts: &[Money]) -> Sums {
        let mut sums = Sums::default();
        sums.add(amounts);
        sums
    }

    /// Adds amounts. Sums stop at the ends of the range, which no money reaches.
    pub fn add(&mut self, amounts: &[Money]) {
        for amount in amounts {
            match self.0.iter_mut().find(|sum| sum.kind == amount.kind) {
                Some(sum) => sum.vnd = sum.vnd.saturating_add(amount.vnd),
                None => self.0.push(*amount),
            }
        }
        self.0.retain(|sum| sum.vnd != 0);
        self.0.sort();
    }

    /// The sum of a kind.
    pub fn get(&self, kind: FeeKind) -> i64 {
        self.0.iter().find(|sum| sum.kind == kind).map_or(0, |sum| sum.vnd)
    }

    /// The sums that are not zero, by kind.
    pub fn iter(&self) -> impl Iterator<Item = Money> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fee(vnd: i64) -> Money {
        Money { kind: FeeKind::AgencyFee, vnd }
    }

    fn postage(vnd: i64) -> Money {
        Money { kind: FeeKind::Postage, vnd }
    }

    #[test]
    fn what_is_the_agencys_and_what_is_the_posts_are_summed_apart() {
        let mut sums = Sums::of(&[postage(22_000), fee(30_000), postage(3_000)]);
        assert_eq!(sums.iter().collect::<Vec<_>>(), [fee(30_000), postage(25_000)]);
        sums.add(&[fee(-30_000)]);
        assert_eq!((sums.get(FeeKind::AgencyFee), sums.get(FeeKind::Postage)), (0, 25_000));
        assert_eq!(sums, Sums::of(&[postage(25_000)]), "what was paid back leaves nothing behind");
    }
}
