//! Owns: what a leg's events, taken together, say about its state and its holder. The fold is total: any events in any
//! order give a state, exactly one holder, and the anomalies that explain what did not fit.
//! Never: refuses an event, looks at arrival order, knows a clock.

mod corrections;
mod fold;
mod step;
mod transitions;

pub use fold::{Effect, Fold, Offer, Said};
pub use step::{OrderKey, Step};

use super::event::EventType;
use super::leg::Birth;
use super::names::Position;

/// A leg as its events see it: what never changes after birth, and what continues what.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The leg's id: the position of its birth.
    pub id: Position,
    /// What was fixed at its birth.
    pub birth: &'a Birth,
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
    /// What the event at a position did.
    pub fn effect_of(&self, position: Position) -> Effect {
        let own = self.effects.iter().find(|(at, _)| *at == position).map(|(_, effect)| effect.clone());
        let mut effect = own.unwrap_or_default();
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
    let mut sorted: Vec<&Step> = steps.iter().filter(|step| !step.late).collect();
    sorted.sort_by(|a, b| a.order.cmp(&b.order).then(a.position.cmp(&b.position)));
    let slots = corrections::arrange(ground.id, &sorted);

    let mut fold = Fold::begin(ground);
    let mut effects = Vec::with_capacity(sorted.len());
    for slot in slots {
        let effect = match slot.counts {
            Some(step) => fold.push(ground, step),
            None => Effect::default(),
        };
        if let Some(step) = slot.counts {
            effects.push((step.position, effect));
        }
        for (refused, kind) in slot.refused {
            let effect = fold.flag(refused, kind);
            effects.push((refused, effect));
        }
    }
    fold.close(&sorted);
    if ground.annulled {
        fold.annul();
    }
    Folded { fold, effects }
}

/// Whether an event can be pushed on a fold as its newest, without folding the whole leg again.
pub fn is_newest(fold: &Fold, step: &Step) -> bool {
    let corrects = step.corrects.is_some() || step.kind == EventType::Voided;
    let emptied = fold.events > 0 && fold.said.is_empty();
    !corrects && !emptied && fold.last.as_ref().is_none_or(|last| *last < step.order)
}
