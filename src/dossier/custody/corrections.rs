//! VOIDED and corrections: which events count, and in whose place.
//!
//! A correction takes the place of the event it names; a void leaves the place empty. Either counts only from the
//! source that captured the event, and only before the other side has answered it. What opens or unmakes a return leg
//! was decided once, on two legs; no later event may decide otherwise on one of them.

use std::collections::BTreeMap;

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
    /// Every event that has counted here.
    names: Vec<Position>,
    /// The first event that stood here.
    original: &'a Step,
}

impl<'a> Slot<'a> {
    fn of(step: &'a Step) -> Slot<'a> {
        Slot { counts: Some(step), refused: Vec::new(), names: names_of(step).collect(), original: step }
    }

    fn take(&mut self, step: &'a Step) {
        self.counts = (step.kind != EventType::Voided).then_some(step);
        self.names.extend(names_of(step));
    }

    /// A correction of something that is not on the leg stands in a place of its own.
    fn astray(step: &'a Step) -> Slot<'a> {
        let refused = vec![(step.position, AnomalyKind::VoidRefused)];
        Slot { counts: None, refused, names: Vec::new(), original: step }
    }
}

impl Slot<'_> {
    /// The events that stood here, when none counts any more. What a corrected event said of the envelope's codes
    /// still holds: a correction need not say it again.
    pub(super) fn voided(&self) -> &[Position] {
        if self.counts.is_none() { &self.names } else { &[] }
    }

    /// Whether it was made for a correction of something that is not on the leg.
    pub(super) fn is_astray(&self) -> bool {
        self.names.is_empty()
    }
}

/// Lays out the places of a leg's events, sorted by their order.
pub(super) fn arrange<'a>(birth: Position, sorted: &[&'a Step]) -> Vec<Slot<'a>> {
    let (standing, corrections): (Vec<&'a Step>, Vec<&'a Step>) =
        sorted.iter().partition(|step| stands_for_itself(birth, step));
    let mut slots: Vec<Slot<'a>> = standing.into_iter().map(Slot::of).collect();
    let roots = Roots::of(&slots, &corrections);

    let mut decided: Vec<(Position, usize, &Step)> = Vec::new();
    let mut open: Vec<(usize, usize, &Step)> = Vec::new();
    for step in corrections {
        match roots.find(step) {
            Some((slot, _)) if step.other_leg.is_some() => decided.push((step.position, slot, step)),
            Some((slot, depth)) => open.push((depth, slot, step)),
            None => slots.push(Slot::astray(step)),
        }
    }
    // What was decided came to count in the order in which it came.
    decided.sort_by_key(|(position, ..)| *position);
    for (_, at, step) in decided {
        slots[at].take(step);
    }
    // What corrects an event goes before what corrects its correction, then the order of the fold, in which they are.
    open.sort_by_key(|(depth, ..)| *depth);
    for (_, at, step) in open {
        if may_correct(&slots[at], step, sorted) {
            slots[at].take(step);
        } else {
            slots[at].refused.push((step.position, AnomalyKind::VoidRefused));
        }
    }
    slots.sort_by(|a, b| {
        (&a.original.order, a.original.position).cmp(&(&b.original.order, b.original.position))
    });
    slots
}

/// Finds the place of a correction, which may name another correction of the same place.
struct Roots<'a> {
    slots: BTreeMap<Position, usize>,
    corrections: BTreeMap<Position, &'a Step>,
}

impl<'a> Roots<'a> {
    fn of(slots: &[Slot<'a>], corrections: &[&'a Step]) -> Roots<'a> {
        let slots = slots.iter().enumerate();
        Roots {
            slots: slots.flat_map(|(at, slot)| names_of(slot.original).map(move |name| (name, at))).collect(),
            corrections: corrections
                .iter()
                .flat_map(|step| names_of(step).map(|name| (name, *step)))
                .collect(),
        }
    }

    /// The slot, and how many corrections away it is.
    fn find(&self, step: &Step) -> Option<(usize, usize)> {
        let mut by = step;
        // Bounded, because a position can be guessed before there is anything at it.
        for depth in 1..=self.corrections.len() {
            let name = by.corrects.filter(|name| *name < by.position)?;
            if let Some(slot) = self.slots.get(&name) {
                return Some((*slot, depth));
            }
            by = self.corrections.get(&name)?;
        }
        None
    }
}

/// The positions by which an event can be named.
fn names_of(step: &Step) -> impl Iterator<Item = Position> {
    std::iter::once(step.position).chain(step.placed_from)
}

/// A birth is an event of its own on its leg even when it corrects an event of the leg before.
fn stands_for_itself(birth: Position, step: &Step) -> bool {
    step.position == birth || (step.kind != EventType::Voided && step.corrects.is_none())
}

fn may_correct(slot: &Slot<'_>, step: &Step, sorted: &[&Step]) -> bool {
    let Some(counts) = slot.counts else { return false };
    let same_source = step.order.source == slot.original.order.source;
    let answered = sorted.iter().any(|other| {
        let answers =
            matches!(other.kind, EventType::Accepted | EventType::NotAccepted | EventType::PickedUp);
        answers
            && other.party != slot.original.party
            && other.order > slot.original.order
            && other.order < step.order
    });
    let opens_return = counts.kind == EventType::ReturnStarted && counts.other_leg.is_some();
    same_source && !answered && !opens_return
}
