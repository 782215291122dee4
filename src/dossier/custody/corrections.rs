//! VOIDED and corrections: which events count, and in whose place.
//!
//! A correction takes the place of the event it names; a void leaves the place empty. Either counts only from the
//! source that captured the event, and only before the other side has answered it.

use super::step::Step;
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::event::EventType;
use crate::dossier::names::Position;

/// A place in the order of the fold.
pub(super) struct Slot<'a> {
    /// The event that counts in this place; `None` after a void.
    pub counts: Option<&'a Step>,
    /// Voids and corrections that stand here and do not count.
    pub refused: Vec<(Position, AnomalyKind)>,
    /// Every event that has stood here, so that a correction of a correction finds its place.
    names: Vec<Position>,
    /// The first event that stood here.
    original: &'a Step,
}

/// Lays out the places of a leg's events, sorted by their order.
pub(super) fn arrange<'a>(birth: Position, sorted: &[&'a Step]) -> Vec<Slot<'a>> {
    let mut slots: Vec<Slot<'a>> = Vec::with_capacity(sorted.len());
    for step in sorted.iter().copied() {
        if stands_for_itself(birth, step) {
            slots.push(Slot {
                counts: Some(step),
                refused: Vec::new(),
                names: names_of(step),
                original: step,
            });
        }
    }
    for step in sorted.iter().copied() {
        let Some(corrected) = step.corrects.filter(|_| !stands_for_itself(birth, step)) else { continue };
        let place = slots.iter().position(|slot| slot.names.contains(&corrected));
        let counts = place.and_then(|at| slots.get(at)).is_some_and(|slot| may_correct(slot, step, sorted));
        match place.and_then(|at| slots.get_mut(at)) {
            Some(slot) if counts => {
                slot.counts = if step.kind == EventType::Voided { None } else { Some(step) };
                slot.names.extend(names_of(step));
            }
            Some(slot) => slot.refused.push((step.position, AnomalyKind::VoidRefused)),
            None => slots.push(Slot {
                counts: None,
                refused: vec![(step.position, AnomalyKind::VoidRefused)],
                names: Vec::new(),
                original: step,
            }),
        }
    }
    slots
}

fn names_of(step: &Step) -> Vec<Position> {
    let mut names = vec![step.position];
    names.extend(step.placed_from);
    names
}

/// A birth is the first event of its leg even when it corrects an event of the leg before.
fn stands_for_itself(birth: Position, step: &Step) -> bool {
    step.position == birth || (step.kind != EventType::Voided && step.corrects.is_none())
}

fn may_correct(slot: &Slot<'_>, step: &Step, sorted: &[&Step]) -> bool {
    let same_source = step.order.source == slot.original.order.source;
    let answered = sorted.iter().any(|other| {
        let answers =
            matches!(other.kind, EventType::Accepted | EventType::NotAccepted | EventType::PickedUp);
        answers
            && other.party != slot.original.party
            && other.order > slot.original.order
            && other.order < step.order
    });
    // A return leg that has gone on cannot be unmade: its birth is void only when the void also ended that leg.
    let original = slot.original;
    let unmade = original.kind != EventType::ReturnStarted
        || original.other_leg.is_none()
        || step.other_leg == Some(original.position);
    slot.counts.is_some() && same_source && !answered && unmade
}
