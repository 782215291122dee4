//! From codes to the leg that is meant. Codes are reused and mis-assigned: a code means the leg whose time holds the
//! event's, among what concerns the scanning party.

use super::code::Code;
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
    by: Position,
}

/// The leg meant by any of the codes of one envelope at a time.
pub fn by_codes(desk: &Desk, party: &PartyName, codes: &[&Code], at: Micros) -> Result<Meant, Missing> {
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    for code in codes {
        for candidate in tagged(desk, party, code)? {
            if !candidates.iter().any(|known| known.leg.id == candidate.leg.id) {
                candidates.push(candidate);
            }
        }
    }
    Ok(choose(&candidates, at))
}

/// All legs that were put into a bag and may still be in it at a time.
pub fn in_receptacle(
    desk: &Desk,
    party: &PartyName,
    bag: &Code,
    at: Micros,
) -> Result<Vec<Position>, Missing> {
    let inside = tagged(desk, party, bag)?;
    let near = |leg: &Leg| may_mean(leg, at) && leg.annulled_at.is_none();
    Ok(inside.iter().filter(|candidate| near(candidate.leg)).map(|candidate| candidate.leg.id).collect())
}

fn tagged<'a>(desk: &'a Desk, party: &PartyName, code: &Code) -> Result<Vec<Candidate<'a>>, Missing> {
    let mut found = Vec::new();
    for tag in desk.tags(code)? {
        match tag.target {
            TagTarget::Leg(id) => {
                let leg = desk.known_leg(id)?;
                if leg.birth.concerns(party) {
                    found.push(Candidate { leg, by: tag.by });
                }
            }
            TagTarget::Dossier(id) => {
                let legs = desk.dossier(id)?.map(|dossier| dossier.legs.clone()).unwrap_or_default();
                for id in legs {
                    let leg = desk.known_leg(id)?;
                    if leg.birth.concerns(party) {
                        // Legs of one dossier are journeys of their own, never one envelope.
                        found.push(Candidate { leg, by: leg.id });
                    }
                }
            }
        }
    }
    Ok(found)
}

fn choose(candidates: &[Candidate<'_>], at: Micros) -> Meant {
    let living: Vec<&Candidate<'_>> = candidates.iter().filter(|c| c.leg.annulled_at.is_none()).collect();
    let holds: Vec<&Candidate<'_>> = living.iter().copied().filter(|c| holds(c.leg, at)).collect();
    let open: Vec<&Candidate<'_>> =
        holds.iter().copied().filter(|c| c.leg.fold.closed_at.is_none()).collect();
    if !open.is_empty() {
        return one_of(&open);
    }
    if !holds.is_empty() {
        return newest(&holds);
    }
    let near: Vec<&Candidate<'_>> = living.iter().copied().filter(|c| may_mean(c.leg, at)).collect();
    let near_open: Vec<&Candidate<'_>> =
        near.iter().copied().filter(|c| c.leg.fold.closed_at.is_none()).collect();
    if !near_open.is_empty() {
        return one_of(&near_open);
    }
    newest(&near)
}

fn one_of(candidates: &[&Candidate<'_>]) -> Meant {
    match candidates {
        [] => Meant::Nothing,
        [only] => Meant::Leg(only.leg.id),
        [first, rest @ ..] => {
            let legs = candidates.iter().map(|candidate| candidate.leg.id).collect();
            if rest.iter().all(|other| other.by == first.by) {
                Meant::Together(legs)
            } else {
                Meant::Ambiguous(legs)
            }
        }
    }
}

fn newest(candidates: &[&Candidate<'_>]) -> Meant {
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
