//! From codes to the leg that is meant. Codes are reused and mis-assigned: a code means the leg whose time holds the
//! event's, among what concerns the scanning party.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Code, CodeKind};
use super::desk::{Desk, Leg, Missing, TagTarget};
use super::names::{Micros, PartyName, Position};
use crate::limits;

/// Which leg is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// None that concerns the party.
    Nothing,
    /// This one.
    Leg(Position),
    /// Several of one envelope, or all in one bag.
    Together(Vec<Position>),
    /// Several that have nothing to do with each other.
    Ambiguous(Vec<Position>),
}

/// A leg that a code is attached to, and the event that attached it.
struct Candidate<'a> {
    leg: &'a Leg,
    code: &'a Code,
    by: Position,
}

/// The leg meant by any of the codes of one envelope at a time.
pub fn by_codes(desk: &Desk, party: &PartyName, codes: &[&Code], at: Micros) -> Result<Meant, Missing> {
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    for code in codes {
        candidates.extend(tagged(desk, party, code)?);
    }
    Ok(choose(candidates, at))
}

/// All legs that were put into a bag and may still be in it at a time.
pub fn in_receptacle(
    desk: &Desk,
    party: &PartyName,
    bag: &Code,
    at: Micros,
) -> Result<Vec<Position>, Missing> {
    let inside = tagged(desk, party, bag)?;
    let travels = |leg: &Leg| may_mean(leg, at) && leg.fold.closed_at.is_none_or(|closed| at <= closed);
    Ok(inside
        .iter()
        .filter(|found| found.leg.stands() && travels(found.leg))
        .map(|found| found.leg.id)
        .collect())
}

fn tagged<'a>(desk: &'a Desk, party: &PartyName, code: &'a Code) -> Result<Vec<Candidate<'a>>, Missing> {
    let mut found = Vec::new();
    let mut dossiers = BTreeSet::new();
    for tag in desk.tags(code)? {
        match tag.target {
            // Tagged anew with every leg that came to it.
            TagTarget::Dossier(id) if !dossiers.insert(id) => {}
            TagTarget::Leg(id) => {
                let leg = desk.known_leg(id)?;
                if leg.bears(tag) {
                    found.push(Candidate { leg, code, by: tag.by });
                }
            }
            TagTarget::Dossier(id) => {
                // Legs of one dossier are journeys of their own, never one envelope.
                for id in desk.dossier(id)?.map(|dossier| dossier.legs.as_slice()).unwrap_or_default() {
                    found.push(Candidate { leg: desk.known_leg(*id)?, code, by: *id });
                }
            }
        }
    }
    found.retain(|candidate| candidate.leg.birth.concerns(party));
    Ok(found)
}

fn choose(mut candidates: Vec<Candidate<'_>>, at: Micros) -> Meant {
    let open = |leg: &Leg| leg.fold.closed_at.is_none();
    candidates.retain(|c| c.leg.stands() && may_mean(c.leg, at));
    if candidates.iter().any(|c| holds(c.leg, at)) {
        candidates.retain(|c| holds(c.leg, at));
    }
    if candidates.iter().any(|c| open(c.leg)) {
        candidates.retain(|c| open(c.leg));
        return together(&candidates);
    }
    newest(&candidates)
}

/// What open legs the codes of one envelope mean, taken together.
///
/// A code is sure when it means one leg, or several that one event put under it. A code that means strangers is settled
/// by one that is sure. Papers in one envelope may be of several legs; but numbers of the envelope itself that mean
/// different legs, or a leg that none of its papers means, contradict.
fn together(candidates: &[Candidate<'_>]) -> Meant {
    if let [only] = candidates {
        return Meant::Leg(only.leg.id);
    }
    let mut sets: BTreeMap<&Code, Vec<&Candidate<'_>>> = BTreeMap::new();
    for candidate in candidates {
        sets.entry(candidate.code).or_default().push(candidate);
    }
    let legs = |set: &[&Candidate<'_>]| set.iter().map(|c| c.leg.id).collect::<BTreeSet<Position>>();
    let is_sure = |set: &[&Candidate<'_>]| {
        legs(set).len() == 1 || set.iter().all(|c| set.first().is_some_and(|first| first.by == c.by))
    };
    let (mut envelope, mut papers, mut open) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut contradict = false;
    for (code, set) in &sets {
        let ids = legs(set);
        match code.kind() {
            _ if !is_sure(set) => open.push(ids),
            CodeKind::Item | CodeKind::Receptacle => {
                contradict |= !envelope.is_empty() && envelope.is_disjoint(&ids);
                envelope.extend(ids);
            }
            CodeKind::Dossier | CodeKind::Slip => papers.extend(ids),
        }
    }
    contradict |= !envelope.is_empty() && !papers.is_empty() && envelope.is_disjoint(&papers);
    let sure: BTreeSet<Position> = envelope.union(&papers).copied().collect();
    if contradict || open.iter().any(|set| set.is_disjoint(&sure)) {
        return Meant::Ambiguous(
            candidates.iter().map(|c| c.leg.id).collect::<BTreeSet<_>>().into_iter().collect(),
        );
    }
    let mut sure = sure.into_iter();
    match (sure.next(), sure.next()) {
        (None, _) => Meant::Nothing,
        (Some(only), None) => Meant::Leg(only),
        (Some(first), Some(second)) => Meant::Together([first, second].into_iter().chain(sure).collect()),
    }
}

fn newest(candidates: &[Candidate<'_>]) -> Meant {
    let newest = candidates.iter().max_by_key(|candidate| (candidate.leg.opened_at, candidate.leg.id));
    newest.map_or(Meant::Nothing, |candidate| Meant::Leg(candidate.leg.id))
}

/// Whether the leg was open at a time.
fn holds(leg: &Leg, at: Micros) -> bool {
    leg.opened_at <= at && leg.fold.closed_at.is_none_or(|closed| at <= closed)
}

/// Whether a scan at a time may still be meant for the leg: orders are keyed late, and scans come after the end.
fn may_mean(leg: &Leg, at: Micros) -> bool {
    let from = leg.opened_at.plus(-limits::CODE_DAYS_BEFORE * Micros::DAY);
    let to = leg.fold.closed_at.map(|closed| closed.plus(limits::CODE_DAYS_AFTER * Micros::DAY));
    from <= at && to.is_none_or(|to| at <= to)
}
