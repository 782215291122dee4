//! The books: what the gateway lists and logs after the days, added up.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};

use super::envelopes::BAG;
use super::ledger::{COLUMNS, Counted, LEGS, cell, with};
use super::logs::Line;
use crate::doors::wire::v1;
use crate::dossier::event::EventType;
use crate::dossier::invariants::{self, Told};
use crate::dossier::leg::Placement;
use crate::dossier::names::Position;
use v1::{HolderKind, LegKind, LegState};

/// The source whose outbox was relayed.
const OLD_PHONE: &str = "carriers/post99/devices/pda-3";

/// What was read.
pub(super) struct Books {
    /// The carrier's log.
    pub log: Vec<Line>,
    /// Every leg of the carrier.
    pub legs: Vec<v1::Leg>,
    /// Those that the gateway lists as open.
    pub open: Vec<v1::Leg>,
    /// Dossiers that their agencies list.
    pub coded: usize,
}

impl Books {
    /// Every figure.
    pub fn figures(&self) -> anyhow::Result<Counted> {
        let mut figures = Counted::default();
        for (kind, _) in LEGS {
            for (column, count) in self.row(*kind).into_iter().enumerate() {
                figures.add(cell(*kind, column), count);
            }
        }
        self.whereabouts(&mut figures)?;
        figures.add("open legs", self.open.len());
        figures.add("open legs with the post", held_by(&self.open, HolderKind::Post));
        figures.add("open legs with citizens", held_by(&self.open, HolderKind::Citizen));
        let results = |state| self.in_state(LegKind::Outbound, state);
        figures.add("results to try again", results(LegState::AttemptFailed));
        figures.add("results held", results(LegState::Held));
        figures.add("results undelivered", results(LegState::Undelivered));
        let reserved = |leg: &&v1::Leg| bears(leg, v1::AnomalyKind::Damaged);
        figures.add("envelopes with a reservation", self.legs.iter().filter(reserved).count());
        self.scans(&mut figures);
        Ok(figures)
    }

    /// At every position of the carrier's log each envelope is in one pair of hands, and in the end in those that the
    /// gateway lists. How many positions.
    pub fn conserved(&self) -> anyhow::Result<usize> {
        let told: Vec<Told> = self.log.iter().map(|line| line.record.told()).collect();
        let holders = invariants::outcomes_conserve(&told)
            .map_err(|why| anyhow::anyhow!("an envelope was in other hands: {why}"))?;
        ensure!(
            holders.len() == self.legs.len(),
            "{} legs are logged, {} listed",
            holders.len(),
            self.legs.len()
        );
        for leg in &self.legs {
            let listed = leg.holder.clone().unwrap_or_default();
            let logged = holders.get(&position(leg)?).context("a listed leg was never logged")?;
            let party = logged.party.as_ref().map(ToString::to_string).unwrap_or_default();
            ensure!(
                i32::from(logged.kind.number()) == listed.kind && party == listed.party,
                "{} is logged with {} and listed with {}",
                leg.name,
                logged.kind.text(),
                listed.kind().as_str_name()
            );
        }
        Ok(told.len())
    }

    fn row(&self, kind: LegKind) -> [usize; COLUMNS.len()] {
        let legs: BTreeSet<&str> = self.of(kind).map(|leg| leg.name.as_str()).collect();
        let logged = |wanted: &[EventType]| {
            let names = self.log.iter().filter(|line| wanted.contains(&line.record.meant()));
            let names: BTreeSet<String> =
                names.filter_map(|line| line.record.leg).map(|leg| format!("legs/{leg}")).collect();
            names.iter().filter(|name| legs.contains(name.as_str())).count()
        };
        let ended = [LegState::HandedOver, LegState::Delivered, LegState::Returned];
        [
            self.of(kind).filter(|leg| leg.order() == v1::OrderStatus::Active).count(),
            logged(&[EventType::PickedUp]),
            self.of(kind).filter(|leg| ended.contains(&leg.state())).count(),
            logged(&[EventType::PickupFailed, EventType::AttemptFailed]),
            self.open.iter().filter(|leg| leg.kind() == kind).count(),
        ]
    }

    /// Where every dossier is: one that has its code, and one that will get it yet.
    fn whereabouts(&self, figures: &mut Counted) -> anyhow::Result<()> {
        let files = self.files()?;
        figures.add("dossiers", files.len());
        figures.add("dossiers with a code", self.coded);
        for legs in files.values() {
            let Some(leg) = last_moved(legs) else { continue };
            let holder = leg.holder.clone().unwrap_or_default().kind();
            figures.add(with(holder), 1);
            let by_post = usize::from(holder == HolderKind::Post);
            let missing = usize::from(bears(leg, v1::AnomalyKind::Missing));
            figures.add("dossiers with the post, missing", by_post * missing);
            let to_recover = usize::from(leg.state() == LegState::ToRecover);
            figures.add("dossiers with the post, to recover", by_post * to_recover);
        }
        Ok(())
    }

    /// The legs of each file, oldest first: of one dossier, or under one slip.
    fn files<'a>(&'a self) -> anyhow::Result<BTreeMap<String, Vec<&'a v1::Leg>>> {
        let of_slip: BTreeMap<&str, &str> = self
            .legs
            .iter()
            .filter(|leg| !leg.slip.is_empty() && !leg.dossier.is_empty())
            .map(|leg| (leg.slip.as_str(), leg.dossier.as_str()))
            .collect();
        let mut files: BTreeMap<String, Vec<(Position, &'a v1::Leg)>> = BTreeMap::new();
        for leg in &self.legs {
            let by_slip = of_slip.get(leg.slip.as_str()).copied();
            let own = if leg.slip.is_empty() { &leg.name } else { &leg.slip };
            let linked = Some(leg.dossier.as_str()).filter(|dossier| !dossier.is_empty());
            let file = linked.or(by_slip).unwrap_or(own);
            files.entry(file.to_owned()).or_default().push((position(leg)?, leg));
        }
        for legs in files.values_mut() {
            legs.sort_by_key(|(position, _)| *position);
        }
        let legs = |file: Vec<(Position, &'a v1::Leg)>| file.into_iter().map(|(_, leg)| leg).collect();
        Ok(files.into_iter().map(|(name, file)| (name, legs(file))).collect())
    }

    fn scans(&self, figures: &mut Counted) {
        let records = || self.log.iter().map(|line| &line.record);
        let in_bag = |code: &&crate::seal::record::Record| {
            code.placed_from.is_some() && code.code.as_ref().is_some_and(|code| code.text == BAG)
        };
        figures.add("scans that waited and were placed by the bag", records().filter(in_bag).count());
        let old_phone = records().filter(|record| record.source.as_str() == OLD_PHONE);
        figures.add("scans of the old phone", old_phone.count());
        let corroborated = records().filter(|record| record.placement == Placement::Corroborates);
        figures.add("scans corroborated", corroborated.count());
    }

    fn of(&self, kind: LegKind) -> impl Iterator<Item = &v1::Leg> {
        self.legs.iter().filter(move |leg| leg.kind() == kind)
    }

    fn in_state(&self, kind: LegKind, state: LegState) -> usize {
        self.of(kind).filter(|leg| leg.state() == state).count()
    }
}

/// Whether something about a leg is still open.
pub(super) fn bears(leg: &v1::Leg, kind: v1::AnomalyKind) -> bool {
    leg.anomalies.iter().any(|anomaly| anomaly.kind() == kind)
}

fn held_by(legs: &[v1::Leg], kind: HolderKind) -> usize {
    legs.iter().filter(|leg| leg.holder.as_ref().is_some_and(|holder| holder.kind() == kind)).count()
}

fn position(leg: &v1::Leg) -> anyhow::Result<Position> {
    let name = leg.name.strip_prefix("legs/").and_then(|name| name.parse().ok());
    name.with_context(|| format!("{} is no leg's name", leg.name))
}

/// The leg that says where a file is: the newest whose envelope has moved, else the first.
fn last_moved<'a>(legs: &[&'a v1::Leg]) -> Option<&'a v1::Leg> {
    let waits = [LegState::Ordered, LegState::Assigned, LegState::PickupFailed, LegState::Cancelled];
    let moved = |leg: &&&v1::Leg| leg.continued_by.is_empty() && !waits.contains(&leg.state());
    legs.iter().rev().find(moved).or(legs.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(name: &str, dossier: &str, slip: &str, state: LegState, holder: HolderKind) -> v1::Leg {
        let holder = Some(v1::Holder { kind: holder.into(), ..v1::Holder::default() });
        let (name, dossier, slip) = (name.to_owned(), dossier.to_owned(), slip.to_owned());
        v1::Leg { name, dossier, slip, state: state.into(), holder, ..v1::Leg::default() }
    }

    fn counted(legs: Vec<v1::Leg>) -> Counted {
        let books = Books { log: Vec::new(), legs, open: Vec::new(), coded: 0 };
        books.figures().unwrap()
    }

    #[test]
    fn a_file_is_where_its_newest_envelope_is_that_has_moved() {
        let figures = counted(vec![
            leg("legs/0-9", "dossiers/0-1", "", LegState::Ordered, HolderKind::Citizen),
            leg("legs/0-2", "dossiers/0-1", "", LegState::HandedOver, HolderKind::Agency),
        ]);
        assert_eq!((figures.of("dossiers"), figures.of("dossiers with agencies")), (1, 1));
        let figures = counted(vec![
            leg("legs/0-10", "dossiers/0-1", "", LegState::PickedUp, HolderKind::Post),
            leg("legs/0-9", "dossiers/0-1", "", LegState::HandedOver, HolderKind::Agency),
        ]);
        assert_eq!((figures.of("dossiers"), figures.of("dossiers with the post")), (1, 1));
    }

    #[test]
    fn a_slip_holds_legs_together_and_what_bears_neither_is_a_file_of_its_own() {
        let figures = counted(vec![
            leg("legs/0-2", "dossiers/0-1", "000900", LegState::HandedOver, HolderKind::Agency),
            leg("legs/0-3", "", "000900", LegState::PickedUp, HolderKind::Post),
            leg("legs/0-4", "", "000901", LegState::PickupFailed, HolderKind::Citizen),
            leg("legs/0-5", "", "", LegState::AtOffice, HolderKind::Post),
        ]);
        assert_eq!(figures.of("dossiers"), 3);
        assert_eq!((figures.of("dossiers with the post"), figures.of("dossiers with citizens")), (2, 1));
    }
}
