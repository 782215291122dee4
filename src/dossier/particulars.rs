//! What an event says beside the code, the place and the reason: papers, money, who received, what was laid down. Most
//! scans say none of it.

use serde::{Deserialize, Serialize};

use super::money::Money;
use super::names::Position;
use super::papers::Tally;

/// What the receiver of an envelope is to its addressee. Unknown numbers are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Relation(pub i32);

impl Relation {
    /// Nothing given.
    pub const NONE: Relation = Relation(0);
    /// The addressee.
    pub const ADDRESSEE: Relation = Relation(1);
    /// Somebody with the addressee's written authority (giấy ủy quyền).
    pub const AUTHORISED: Relation = Relation(2);
    /// Somebody who lives next door.
    pub const NEIGHBOUR: Relation = Relation(4);
    /// Every known relation: number and name as on the wire.
    pub const KNOWN: &'static [(i32, &'static str)] = &[
        (1, "ADDRESSEE"),
        (2, "AUTHORISED"),
        (3, "FAMILY"),
        (4, "NEIGHBOUR"),
        (5, "GUARD"),
        (6, "CLERICAL"),
        (7, "COLLEAGUE"),
        (8, "OTHER"),
    ];

    /// Whether this release knows the number; zero (nothing given) counts as known.
    pub fn is_known(self) -> bool {
        self.0 == 0 || Self::KNOWN.iter().any(|(number, _)| *number == self.0)
    }

    /// Whether it may receive what only the addressee may.
    pub fn is_entitled(self) -> bool {
        matches!(self, Relation::ADDRESSEE | Relation::AUTHORISED)
    }
}

/// What an agency lays down for the handing out of a result. Fixed when its leg is born.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Only the addressee, or somebody with written authority, may receive it.
    pub must_be_owner: bool,
    /// What is to be collected.
    pub dues: Vec<Money>,
    /// Originals that the citizen gives back in exchange.
    pub take_back: u32,
}

/// What an event says besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// The list it was handed over with.
    pub manifest: Option<Position>,
    /// The papers counted.
    pub tally: Vec<Tally>,
    /// What the receiver is to the addressee.
    pub relation: Relation,
    /// Money taken, waived or paid back with it.
    pub money: Vec<Money>,
    /// What its agency lays down for the leg that it opens.
    pub terms: Terms,
}
