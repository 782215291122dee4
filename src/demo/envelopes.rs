//! Which envelopes there are: numbers, slips, and to whom each goes.

use super::cast::{CENTRE, COMMUNE, DEPARTMENT, NEIGHBOUR};
use super::directory::{BIRTH, RECORD};
use super::words::{item, slip_number};

/// The bag of the morning, from office 991230 to the sorting office 990100.
pub(super) const BAG: &str = "991230990100AUM60012001110184";
/// The envelope at the door.
pub(super) const AT_THE_DOOR: &str = "RA990000010VN";
/// An envelope as a keyboard that writes Vietnamese spoils its number, and as it is.
pub(super) const TELEX: [&str; 2] = ["Ê990002055VN", "EE990002055VN"];
/// A number whose check digit is wrong.
pub(super) const WRONG_DIGIT: &str = "EB123456789VN";

/// Results of department H99.14.
const RESULTS: usize = 300;
/// Envelopes for the centre that were handed in at the offices 991230 and 993450; one more comes by Telex.
const CENTRE_ENVELOPES: usize = 120;
/// Of those for the centre, the first so many belong to H99.14, the others to H99.17.
const OF_DEPARTMENT: usize = 70;

/// One pick-up that was ordered.
#[derive(Clone, Debug)]
pub(super) struct PickUp {
    /// The label that is stuck on at the door; `None` where nothing is taken.
    pub item: Option<String>,
    /// The carrier's slip.
    pub slip: String,
    /// The agency that decides.
    pub agency: &'static str,
    /// The counter that receives for it.
    pub counter: &'static str,
    /// What is asked for.
    pub procedure: &'static str,
}

/// The four pick-ups for the commune: the second citizen's papers are not complete.
pub(super) fn for_the_commune() -> Vec<PickUp> {
    let items =
        [Some(AT_THE_DOOR.to_owned()), None, Some(item("RA", 99_000_201)), Some(item("RA", 99_000_202))];
    let pick_up =
        |(nth, item)| PickUp { item, slip: slip_number(nth), agency: COMMUNE, counter: "", procedure: BIRTH };
    items.into_iter().enumerate().map(pick_up).collect()
}

/// The pick-ups for the departments behind the centre; the last is the one of the Telex scan.
pub(super) fn for_the_centre() -> Vec<PickUp> {
    let items = (0..CENTRE_ENVELOPES).map(|nth| item("RA", 99_000_002 + nth)).chain([TELEX[1].to_owned()]);
    let pick_up = |(nth, item)| PickUp {
        item: Some(item),
        slip: slip_number(4 + nth),
        agency: if nth < OF_DEPARTMENT { DEPARTMENT } else { NEIGHBOUR },
        counter: CENTRE,
        procedure: RECORD,
    };
    items.enumerate().map(pick_up).collect()
}

/// The labels of the results; EA990003016VN is the first.
pub(super) fn results() -> Vec<String> {
    (0..RESULTS).map(|nth| item("EA", 99_000_301 + nth)).collect()
}

/// What a postman does with his part of the results.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// Given to whoever they are for.
    pub delivered: Vec<String>,
    /// Given to a neighbour.
    pub neighbour: Vec<String>,
    /// Nobody at home: tried again on Monday.
    pub again: Vec<String>,
    /// Kept at the office.
    pub held: Vec<String>,
    /// Moved away: going back.
    pub back: Vec<String>,
}

impl Run {
    /// Everything the postman takes along.
    pub fn all(&self) -> Vec<String> {
        [&self.delivered, &self.neighbour, &self.again, &self.held, &self.back]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

/// The runs of postmen 1, 2 and 3.
pub(super) fn runs() -> [Run; 3] {
    let mut left = results().into_iter();
    let mut take = |count: usize| left.by_ref().take(count).collect::<Vec<_>>();
    let mut run = |delivered, neighbour, again, held, back| Run {
        delivered: take(delivered),
        neighbour: take(neighbour),
        again: take(again),
        held: take(held),
        back: take(back),
    };
    [run(100, 0, 5, 3, 2), run(98, 2, 4, 3, 3), run(80, 0, 0, 0, 0)]
}
