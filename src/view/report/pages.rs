//! Everything of some parties, a page after the other: each leg and each dossier once, as of a moment.
//!
//! A leg is listed for each of its parties. Where several of them are asked for, it is taken where it is listed for the first
//! of them, so that nothing need be remembered.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use smol_str::SmolStr;

use super::postal::{Hit, month};
use super::{By, OnTime, Postal, Said, Side, level_of};
use crate::dossier::custody::Step;
use crate::dossier::desk::{Dossier, Leg};
use crate::dossier::directory::Directory;
use crate::dossier::names::{Lane, PartyName, Position};
use crate::limits;
use crate::view::{Error, Eyes, InLane, Moment, View, While};

/// Parties whose legs and dossiers are counted, with the short numbers by which they are listed.
#[derive(Clone, Debug)]
pub struct Scope(Vec<(PartyName, i64)>);

impl Scope {
    /// Of some parties.
    pub fn of(mut parties: Vec<(PartyName, i64)>) -> Scope {
        parties.sort();
        parties.dedup();
        Scope(parties)
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first of these parties that are asked for.
    fn first<'a>(&self, parties: impl Iterator<Item = &'a PartyName>) -> Option<&'a PartyName> {
        let asked = |party: &&PartyName| self.0.binary_search_by(|(asked, _)| asked.cmp(party)).is_ok();
        parties.filter(asked).min()
    }
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    party: usize,
    lane: usize,
    /// What is below this is still to be read; `None` before the first page of a party in a lane.
    below: Option<u64>,
    /// Rows read.
    pub read: u64,
}

impl Place {
    fn next_lane(&mut self) {
        (self.lane, self.below) = (self.lane + 1, None);
    }

    /// The beginning, for another reading by the same report.
    pub fn again(self) -> Place {
        Place { read: self.read, ..Place::default() }
    }

    /// How many parties were done with.
    pub fn parties(&self) -> usize {
        self.party
    }
}

/// What is listed.
#[derive(Clone, Copy)]
enum What {
    Legs,
    Dossiers,
}

/// Rows of a page, and where and for whom they are listed.
struct Listed<'a> {
    lane: Lane,
    party: &'a PartyName,
    at: InLane,
    ids: Vec<Position>,
}

impl View {
    /// The next page of legs; `None` at the end. It may be empty.
    pub async fn next_legs(
        &self,
        scope: &Scope,
        place: &mut Place,
        moment: &Moment,
    ) -> Result<Option<Vec<Leg>>, Error> {
        // CANCEL: only reads; the page is read again from the place before it.
        let Some(listed) = self.next_listed(What::Legs, scope, place, moment).await? else { return Ok(None) };
        let kept = self.reader.legs(listed.lane, &listed.ids).await.during("legs")?;
        let mut legs = Vec::with_capacity(kept.len());
        for leg in kept {
            let birth = &leg.birth;
            let parties = [&birth.agency, &birth.counter].into_iter().chain(&birth.carrier);
            if scope.first(parties) == Some(listed.party) {
                legs.push(self.known_at(leg, listed.at).await?);
            }
        }
        Ok(Some(legs))
    }

    /// Counts the next page of dossiers; whether there was one.
    pub async fn next_dossiers(
        &self,
        eyes: &dyn Eyes,
        scope: &Scope,
        place: &mut Place,
        moment: &Moment,
        report: &mut OnTime,
    ) -> Result<bool, Error> {
        // CANCEL: only reads; what was counted is dropped with the report.
        let listed = self.next_listed(What::Dossiers, scope, place, moment).await?;
        let Some(listed) = listed else { return Ok(false) };
        let dossiers = self.reader.dossiers(listed.lane, &listed.ids).await.during("dossiers")?;
        let ids: Vec<Position> = dossiers.iter().flat_map(|dossier| newest(&dossier.legs)).copied().collect();
        let mut legs = self.legs_of_page(&ids).await?;
        for dossier in dossiers {
            let mut own = Vec::new();
            for id in newest(&dossier.legs) {
                if let Some(at) = moment.knows(*id)
                    && let Some(leg) = legs.remove(id)
                    && leg.dossier.is_some_and(|(_, since)| since <= at.position)
                {
                    own.push(leg);
                }
            }
            if scope.first(parties_of(&dossier, &own)) == Some(listed.party) {
                let mut known = Vec::with_capacity(own.len());
                let seen = |leg: &Leg| eyes.sees(&leg.birth.parties());
                for leg in own.into_iter().filter(seen) {
                    let Some(at) = moment.of(leg.id.lane) else { continue };
                    known.push(self.known_at(leg, at).await?);
                }
                known.sort_by_key(|leg| leg.id);
                let own: Vec<PartyName> =
                    std::iter::once(&dossier.agency).chain(&dossier.counter).cloned().collect();
                report.take(&dossier, &known, eyes.sees(&own), listed.at.position);
            }
        }
        Ok(true)
    }

    /// Counts a page of legs.
    pub async fn count_postal(
        &self,
        directory: &Directory,
        by: By,
        legs: &[Leg],
        moment: &Moment,
        report: &mut Postal,
    ) -> Result<(), Error> {
        let hits: Vec<(&Leg, Hit)> = legs.iter().filter_map(|leg| Some((leg, report.hit(leg)?))).collect();
        // Only an office has to be looked up; as many at once as a database is read by.
        for some in hits.chunks(limits::DATABASE_READERS as usize) {
            let rows = some.iter().map(|(leg, hit)| self.row_of(directory, by, leg, *hit, moment));
            // CANCEL: only reads; what was counted is dropped with the report.
            for ((leg, hit), row) in some.iter().zip(join_all(rows).await) {
                report.count(leg, *hit, row?).map_err(|_| Error::TooMany)?;
            }
        }
        Ok(())
    }

    /// The row of a leg that counts.
    async fn row_of(
        &self,
        directory: &Directory,
        by: By,
        leg: &Leg,
        hit: Hit,
        moment: &Moment,
    ) -> Result<SmolStr, Error> {
        Ok(match by {
            By::Month => month(hit.at),
            By::Level => level_of(directory, leg),
            By::Agency => SmolStr::new(leg.birth.agency.as_str()),
            By::Office => self.office_of(leg, hit.side, moment).await?,
        })
    }

    /// What was said of a leg's handover by a moment.
    pub async fn said_of(&self, leg: &Leg, moment: &Moment) -> Result<Said, Error> {
        Ok(Said::of(leg, &self.steps(leg, moment).await?))
    }

    /// The office that the order names; where none does, the one that first or last scanned it: the envelope came from
    /// there or went there.
    async fn office_of(&self, leg: &Leg, side: Side, moment: &Moment) -> Result<SmolStr, Error> {
        let Some(carrier) = &leg.birth.carrier else { return Ok(SmolStr::default()) };
        let whole = |office: &str| SmolStr::new(format!("{carrier}/offices/{office}"));
        if let Some(office) = &leg.birth.office {
            return Ok(whole(office));
        }
        let mut steps = self.steps(leg, moment).await?;
        steps
            .retain(|step| step.party == *carrier && !step.late && !leg.fold.voided.contains(&step.position));
        steps.sort_by(|a, b| a.order.cmp(&b.order));
        let mut offices = steps.iter().filter_map(|step| step.office.as_deref());
        let office = match side {
            Side::Received => offices.next(),
            Side::Returned => offices.next_back(),
        };
        Ok(office.map(whole).unwrap_or_default())
    }

    async fn steps(&self, leg: &Leg, moment: &Moment) -> Result<Vec<Step>, Error> {
        let Some(at) = moment.of(leg.id.lane) else { return Ok(Vec::new()) };
        let mut steps = Vec::new();
        for stored in self.chain(leg).await?.events {
            if stored.pos <= at.position.pos {
                steps.push(stored.record().during("a record of a leg")?.step());
            }
        }
        Ok(steps)
    }

    async fn legs_of_page(&self, ids: &[Position]) -> Result<BTreeMap<Position, Leg>, Error> {
        let mut sorted = ids.to_vec();
        sorted.sort_unstable();
        let mut legs = BTreeMap::new();
        for of_lane in sorted.chunk_by(|a, b| a.lane == b.lane) {
            let Some(first) = of_lane.first() else { continue };
            let read = self.reader.legs(first.lane, of_lane).await.during("legs")?;
            legs.extend(read.into_iter().map(|leg| (leg.id, leg)));
        }
        Ok(legs)
    }

    /// The next rows listed for one of the parties in one of the lanes.
    async fn next_listed<'a>(
        &self,
        what: What,
        scope: &'a Scope,
        place: &mut Place,
        moment: &Moment,
    ) -> Result<Option<Listed<'a>>, Error> {
        let lanes: Vec<Lane> = moment.lanes().collect();
        while let Some((party, number)) = scope.0.get(place.party) {
            let Some(lane) = lanes.get(place.lane).copied() else {
                *place = Place { party: place.party + 1, lane: 0, below: None, ..*place };
                continue;
            };
            let Some(at) = moment.of(lane) else {
                place.next_lane();
                continue;
            };
            let below = place.below.unwrap_or(at.position.pos.saturating_add(1));
            let ids = match what {
                What::Legs => self.reader.legs_of(lane, *number, below, limits::REPORT_PAGE).await,
                What::Dossiers => self.reader.dossiers_of(lane, *number, below, limits::REPORT_PAGE).await,
            }
            .during("a party's listings")?;
            match ids.last().copied().filter(|_| ids.len() == limits::REPORT_PAGE) {
                Some(last) => place.below = Some(last.pos),
                None => place.next_lane(),
            }
            place.read += ids.len() as u64;
            if !ids.is_empty() {
                return Ok(Some(Listed { lane, party, at, ids }));
            }
        }
        Ok(None)
    }
}

/// The parties that a dossier is listed for: its agency, its counter, and those of its legs.
fn parties_of<'a>(dossier: &'a Dossier, legs: &'a [Leg]) -> impl Iterator<Item = &'a PartyName> {
    let own = std::iter::once(&dossier.agency).chain(&dossier.counter);
    let of_leg = |leg: &'a Leg| [&leg.birth.agency, &leg.birth.counter].into_iter().chain(&leg.birth.carrier);
    own.chain(legs.iter().flat_map(of_leg))
}

/// The newest legs of a dossier, as many as are told of it anywhere.
fn newest(legs: &[Position]) -> &[Position] {
    legs.get(legs.len().saturating_sub(limits::DOSSIER_LEGS)..).unwrap_or_default()
}
