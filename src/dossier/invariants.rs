//! What must always hold of custody, as functions over what is kept and over what the records tell. They judge; they
//! are used by tests.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::Leg;
use super::leg::{Holder, HolderKind, Outcome};
use super::names::{PartyName, Position};

/// What one record tells about hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Where the record stands.
    pub position: Position,
    /// The leg it is on.
    pub leg: Option<Position>,
    /// The leg it ends or annuls besides.
    pub other_leg: Option<Position>,
    /// What it did.
    pub outcome: Option<Outcome>,
}

/// How many envelopes each has: citizens together, carriers and agencies by name.
pub type Holdings = BTreeMap<(HolderKind, Option<PartyName>), usize>;

/// I5 of what is kept: every leg that no later leg continues and that was not annulled has exactly one holder, every
/// other leg none; legs name each other both ways. Answers with what each party holds.
pub fn custody_is_conserved<'a>(legs: impl IntoIterator<Item = &'a Leg>) -> Result<Holdings, String> {
    let legs: BTreeMap<Position, &Leg> = legs.into_iter().map(|leg| (leg.id, leg)).collect();
    let mut holdings = Holdings::new();
    for leg in legs.values() {
        let holder = &leg.fold.holder;
        let living = leg.continued_by.is_none() && leg.annulled_at.is_none();
        let sound = match holder.kind {
            HolderKind::None => !living && *holder == Holder::NONE,
            HolderKind::Citizen => living && *holder == Holder::CITIZEN,
            HolderKind::Post => living && holder.party == leg.birth.carrier,
            HolderKind::Agency => {
                let party = holder.party.as_ref();
                living && (party == Some(&leg.birth.agency) || party == Some(&leg.birth.counter))
            }
        };
        if !sound {
            return Err(format!("leg {}, living {living}, is held by {holder:?}", leg.id));
        }
        if living {
            *holdings.entry((holder.kind, holder.party.clone())).or_default() += 1;
        }
        let next = leg.continued_by.and_then(|id| legs.get(&id));
        if leg.continued_by.is_some() && next.is_none_or(|next| next.continues != Some(leg.id)) {
            return Err(format!("leg {} is continued by a leg that does not continue it", leg.id));
        }
        let before = leg.continues.and_then(|id| legs.get(&id));
        let back = before.is_some_and(|before| before.continued_by == Some(leg.id));
        if leg.continues.is_some() && leg.annulled_at.is_none() && !back {
            return Err(format!("leg {} continues a leg that does not know it", leg.id));
        }
    }
    Ok(holdings)
}

/// I5 of the records alone: replays what each tells, in the order of their positions, and answers with each leg's
/// holder. At every position each leg that is not ended by another has one holder, and no record starts from hands
/// that the records before it did not lead to.
pub fn outcomes_conserve<'a>(
    told: impl IntoIterator<Item = &'a Told>,
) -> Result<BTreeMap<Position, Holder>, String> {
    let mut holders: BTreeMap<Position, Holder> = BTreeMap::new();
    let mut ended: BTreeSet<Position> = BTreeSet::new();
    for record in told {
        let (Some(leg), Some(outcome)) = (record.leg, &record.outcome) else { continue };
        // What ends one leg and begins or revives another takes the envelope over from the leg it ends.
        let from = record.other_leg.unwrap_or(leg);
        let known = holders.get(&from);
        if known.is_some_and(|holder| *holder != outcome.holder_before) {
            return Err(format!(
                "{} begins with {:?}, not {known:?}",
                record.position, outcome.holder_before
            ));
        }
        if known.is_none() && leg != record.position {
            return Err(format!("{} is on a leg that no record opened", record.position));
        }
        if let Some(other) = record.other_leg {
            holders.insert(other, Holder::NONE);
            ended.insert(other);
            ended.remove(&leg);
        }
        holders.insert(leg, outcome.holder_after.clone());
        // What it did not touch is as it was after the record before.
        for id in record.other_leg.into_iter().chain([leg]) {
            let holder = holders.get(&id);
            if (holder == Some(&Holder::NONE)) != ended.contains(&id) {
                return Err(format!("after {} leg {id} is held by {holder:?}", record.position));
            }
        }
    }
    Ok(holders)
}

/// What is kept and what the records tell are the same hands.
pub fn holders_agree<'a>(
    legs: impl IntoIterator<Item = &'a Leg>,
    told: &BTreeMap<Position, Holder>,
) -> Result<(), String> {
    let kept: BTreeMap<Position, Holder> =
        legs.into_iter().map(|leg| (leg.id, leg.fold.holder.clone())).collect();
    if kept == *told { Ok(()) } else { Err(format!("kept {kept:?}, told {told:?}")) }
}
