//! Owns: what a leg's events, taken together, say about its state and its holder. The fold is total: any events in any
//! order give a state, exactly one holder, and the anomalies that explain what did not fit.
//! Never: refuses an event, looks at arrival order, knows a clock.

mod corrections;
mod fold;
mod particulars;
mod step;
mod transitions;

pub use fold::{Effect, Fold, Offer, OneSided, Said};
pub use step::{OrderKey, Step};

use super::event::EventType;
use super::leg::Birth;
use super::names::Position;
use super::particulars::Terms;

/// A leg as its events see it: what never changes after birth, and what continues what.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The leg's id: the position of its birth.
    pub id: Position,
    /// What was fixed at its birth.
    pub birth: &'a Birth,
    /// What its agency laid down for it, at its birth too.
    pub terms: &'a Terms,
    /// The leg this one continues.
    pub continues: Option<Position>,
    /// The birth of this leg was voided: the leg it continued holds the envelope again.
    pub annulled: bool,
}

/// What a whole fold found: the leg's state and what each event did.
#[derive(Clone, Debug)]
pub struct Folded {
    /// The state after all steps.
    pub fold: Fold,
    /// What each step did, in the order of the fold.
    pub effects: Vec<(Position, Effect)>,
}

impl Folded {
    /// What the event at a position did: the anomalies it shows that no other event has settled, and what says the
    /// same.
    pub fn effect_of(&self, position: Position) -> Effect {
        let own = self.effects.iter().find(|(at, _)| *at == position).map(|(_, effect)| effect.clone());
        let mut effect = self.fold.left_of(position, own.unwrap_or_default());
        // Two sources that say the same confirm each other, whichever of them sorts first.
        let confirmed_by = self.effects.iter().find(|(_, other)| other.corroborates == Some(position));
        if effect.corroborates.is_none()
            && let Some((at, _)) = confirmed_by
        {
            effect.corroborates = Some(*at);
        }
        effect
    }
}

/// Folds all events of a leg in the order of I12: by effective time, source, device number and id.
pub fn fold(ground: Ground<'_>, steps: &[Step]) -> Folded {
    let mut sorted: Vec<&Step> = steps.iter().filter(|step| !step.late && !unmakes(ground, step)).collect();
    sorted.sort_by(|a, b| a.order.cmp(&b.order).then(a.position.cmp(&b.position)));
    let slots = corrections::arrange(ground.id, &sorted);
    let nothing_counts = slots.iter().all(|slot| slot.counts.is_none());

    let mut fold = Fold::begin(ground);
    let mut effects = Vec::with_capacity(sorted.len());
    for slot in slots {
        fold.voided.extend(slot.voided());
        fold.astray |= slot.is_astray();
        if let Some(step) = slot.counts {
            effects.push((step.position, fold.push(ground, step)));
        }
        for (refused, kind) in slot.refused {
            effects.push((refused, fold.flag(refused, kind)));
        }
    }
    fold.close(&sorted, nothing_counts);
    Folded { fold, effects }
}

/// The void of a return leg's birth stands on the leg before; on the return leg it is `annulled`.
fn unmakes(ground: Ground<'_>, step: &Step) -> bool {
    step.other_leg == Some(ground.id) && !step.kind.sends_back()
}

/// Whether an event can be pushed on a fold as its newest, without folding the whole leg again.
pub fn is_newest(fold: &Fold, step: &Step) -> bool {
    let corrects = step.corrects.is_some() || step.kind == EventType::Voided;
    let awaited = fold.astray && step.placed_from.is_some();
    !corrects && !awaited && !fold.is_undone() && fold.last.as_ref().is_none_or(|last| *last < step.order)
}

#[cfg(test)]
mod tests;
