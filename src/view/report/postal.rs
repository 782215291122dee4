//! Dossiers received and results returned by post. Pure.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};
use smol_str::{SmolStr, format_smolstr};

use super::Days;
use crate::dossier::desk::Leg;
use crate::dossier::directory::{Day, Directory};
use crate::dossier::leg::{LegKind, LegState};
use crate::dossier::names::{Micros, Position};
use crate::dossier::numbered::numbered;
use crate::limits;

numbered! {
    /// What the counts are divided by.
    By {
        /// The month in Vietnam, `2020-09`.
        Month = 1 "MONTH",
        /// The level of the leg's procedure.
        Level = 2 "LEVEL",
        /// The agency that decides, its whole name.
        Agency = 3 "AGENCY",
        /// The post office, its whole name.
        Office = 4 "OFFICE",
    }
}

/// Which way the papers went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// A dossier was handed over to the agency.
    Received,
    /// A result was delivered to the citizen.
    Returned,
}

/// One row: how many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostalRow {
    /// Dossiers received by post.
    pub received: u64,
    /// Results returned by post.
    pub returned: u64,
}

impl PostalRow {
    fn add(&mut self, side: Side) {
        match side {
            Side::Received => self.received += 1,
            Side::Returned => self.returned += 1,
        }
    }
}

/// A leg that counts, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which way.
    pub side: Side,
    /// When it was handed over or delivered, effective.
    pub at: Micros,
}

/// The counts so far.
#[derive(Debug)]
pub struct Postal {
    days: Days,
    /// The names of rows, and their numbers.
    numbers: BTreeMap<SmolStr, u32>,
    /// Legs without a dossier.
    rows: Vec<PostalRow>,
    /// The dossiers counted, each way once: by the first of its legs in these days, and the row of that.
    dossiers: HashMap<(u64, Side), (Micros, u32)>,
    dossiers_max: usize,
}

/// There are more dossiers in these days than are told apart at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Postal {
    /// Nothing counted yet.
    pub fn new(days: Days) -> Postal {
        Postal::of_at_most(days, limits::REPORT_DOSSIERS)
    }

    fn of_at_most(days: Days, dossiers_max: usize) -> Postal {
        Postal { days, numbers: BTreeMap::new(), rows: Vec::new(), dossiers: HashMap::new(), dossiers_max }
    }

    /// Whether a leg counts: INBOUND handed over, or OUTBOUND delivered and not revoked, on one of these days by
    /// occurrence. Supplements, transfers and returns never do, nor does a leg whose birth was voided.
    pub fn hit(&self, leg: &Leg) -> Option<Hit> {
        let fold = &leg.fold;
        let hit = match (leg.birth.kind, fold.state) {
            (LegKind::Inbound, LegState::HandedOver) => {
                Hit { side: Side::Received, at: fold.handed_over_at? }
            }
            (LegKind::Outbound, LegState::Delivered) => Hit { side: Side::Returned, at: fold.delivered_at? },
            _ => return None,
        };
        (leg.annulled_at.is_none() && self.days.hold(hit.at)).then_some(hit)
    }

    /// Counts a leg that does, in a row. Of a dossier the first leg counts, whichever comes first here.
    pub fn count(&mut self, leg: &Leg, hit: Hit, row: SmolStr) -> Result<(), TooMany> {
        let next = u32::try_from(self.rows.len()).map_err(|_| TooMany)?;
        let row = *self.numbers.entry(row).or_insert(next);
        if row == next {
            self.rows.push(PostalRow::default());
        }
        let Some((dossier, _)) = leg.dossier else {
            self.rows[row as usize].add(hit.side);
            return Ok(());
        };
        let first = self.dossiers.entry((Position::number(dossier), hit.side)).or_insert((hit.at, row));
        *first = (*first).min((hit.at, row));
        if self.dossiers.len() > self.dossiers_max { Err(TooMany) } else { Ok(()) }
    }

    /// The rows by their names, in order, those with nothing in them left out.
    pub fn rows(self) -> BTreeMap<SmolStr, PostalRow> {
        let mut rows = self.rows;
        for ((_, side), (_, row)) in self.dossiers {
            rows[row as usize].add(side);
        }
        let named = self.numbers.into_iter().map(|(name, row)| (name, rows[row as usize]));
        named.filter(|(_, row)| *row != PostalRow::default()).collect()
    }
}

/// The level that a leg counts under: that of its procedure; empty where it names none.
pub fn level_of(directory: &Directory, leg: &Leg) -> SmolStr {
    let opened = Day::at(leg.opened_at);
    let procedure = leg.birth.procedure.as_ref().and_then(|name| directory.procedure_by(name, opened));
    procedure.map(|procedure| SmolStr::new(&procedure.level)).unwrap_or_default()
}

/// The month of a time in Vietnam, `2020-09`.
pub(super) fn month(time: Micros) -> SmolStr {
    let since = jiff::Span::new().days(Day::at(time).0);
    match jiff::civil::Date::constant(1970, 1, 1).checked_add(since) {
        Ok(date) => format_smolstr!("{:04}-{:02}", date.year(), date.month()),
        Err(_) => SmolStr::default(),
    }
}

#[cfg(test)]
impl Postal {
    /// A report that tells apart no more than so many dossiers.
    pub(super) fn small(days: Days, dossiers_max: usize) -> Postal {
        Postal::of_at_most(days, dossiers_max)
    }
}
