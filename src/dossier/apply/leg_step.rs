//! Putting one event on a leg: folding it in, opening legs, ending them, and saying what that did.

use super::{Said, Written};
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::custody::{self, Effect, Fold, Folded, Ground, OrderKey, Step};
use crate::dossier::desk::{CodeKey, Desk, Leg, Missing, Tag, TagTarget, Tagged};
use crate::dossier::event::EventType;
use crate::dossier::leg::{Birth, Holder, Outcome, Placement};
use crate::dossier::names::{PartyName, Position};
use crate::limits;

/// The event at its position as the fold sees it. A PLACED event counts as the event it places.
pub(super) fn step_of(said: &Said, position: Position, placed_from: Option<Position>) -> Step {
    let event = &said.event;
    let what = match event.kind {
        EventType::Bagged => event.receptacle.as_ref().map(|bag| bag.text().to_owned()),
        EventType::Labelled | EventType::Relabelled => {
            event.also.first().map(|label| label.text().to_owned())
        }
        _ => None,
    };
    Step {
        position,
        order: OrderKey {
            effective_at: said.effective_at,
            source: said.source.clone(),
            device_seq: event.device_seq.unwrap_or(0),
            id: said.client_event_id.clone(),
        },
        placed_from,
        kind: event.kind,
        party: said.party.clone(),
        principal: said.principal.clone(),
        supervisor: said.supervisor,
        reason: event.reason,
        measure: event.measure,
        office: event.office.clone(),
        what,
        corrects: event.corrects,
        other_leg: None,
        late: false,
    }
}

/// Opens a leg with its first event.
pub(super) fn open_leg(
    desk: &mut Desk,
    said: &Said,
    birth: Birth,
    dossier: Option<Position>,
    step: Step,
) -> Result<Written, Missing> {
    let position = step.position;
    let begun = Fold::begin(Ground { id: position, birth: &birth, continues: None, annulled: false });
    let mut leg = Leg {
        id: position,
        birth,
        continues: None,
        continued_by: None,
        annulled_at: None,
        dossier: dossier.map(|dossier| (dossier, position)),
        codes: Vec::new(),
        due_at: said.event.due_at,
        ordered_by: (step.kind == EventType::Ordered).then(|| said.party.clone()),
        opened_at: step.order.effective_at,
        last: position,
        fold: begun,
    };
    let before = leg.fold.holder.clone();
    let ground = Ground { id: position, birth: &leg.birth, continues: None, annulled: false };
    let effect = leg.fold.push(ground, &step);

    let mut written = on_leg(&leg, said, before, &effect, position);
    written.birth = Some(leg.birth.clone());
    attach_codes(desk, &mut leg, said, step.placed_from.unwrap_or(position), position);
    desk.add_step(leg.id, &step, true);
    desk.put_leg(leg);
    Ok(written)
}

/// Puts an event on a leg that exists.
pub(super) fn put_on_leg(desk: &mut Desk, said: &Said, id: Position, step: Step) -> Result<Written, Missing> {
    let leg = desk.known_leg(id)?.clone();
    let corrected = step.corrects.filter(|corrected| *corrected == leg.id && leg.continues.is_some());
    if step.kind == EventType::ReturnStarted {
        start_return(desk, said, leg, step)
    } else if corrected.is_some() {
        unmake_return(desk, said, leg, step)
    } else {
        add(desk, said, leg, step)
    }
}

fn add(desk: &mut Desk, said: &Said, mut leg: Leg, mut step: Step) -> Result<Written, Missing> {
    let before = leg.fold.holder.clone();
    let position = step.position;
    let full = leg.fold.events >= limits::LEG_EVENTS && !custody::is_newest(&leg.fold, &step);
    let effect = if full {
        step.late = true;
        Effect { anomalies: vec![AnomalyKind::Late], corroborates: None }
    } else {
        let folded = desk.fold_with(&leg, &step)?;
        let effect = folded.effect_of(position);
        leg.fold = folded.fold;
        effect
    };
    let mut written = on_leg(&leg, said, before, &effect, position);
    written.prev = leg.last.pos;
    leg.last = position;
    if attaches(step.kind) && !effect.anomalies.contains(&AnomalyKind::NotHolder) {
        attach_codes(desk, &mut leg, said, step.placed_from.unwrap_or(position), position);
    }
    desk.add_step(leg.id, &step, false);
    desk.put_leg(leg);
    Ok(written)
}

/// RETURN_STARTED is one event on two legs: it ends the one and opens the other. The hands stay.
fn start_return(desk: &mut Desk, said: &Said, mut old: Leg, mut step: Step) -> Result<Written, Missing> {
    let position = step.position;
    let by_carrier = old.birth.carrier.as_ref() == Some(&step.party);
    let may_end = by_carrier && !old.fold.state.is_end() && old.annulled_at.is_none();
    if !may_end || old.fold.events >= limits::LEG_EVENTS || repeats(&old.fold, &step) {
        return add(desk, said, old, step);
    }
    step.other_leg = Some(old.id);
    let Folded { fold, effects } = desk.fold_with(&old, &step)?;
    let refused = effects
        .iter()
        .any(|(at, effect)| *at == position && effect.anomalies.contains(&AnomalyKind::VoidRefused));
    if refused {
        step.other_leg = None;
        return add(desk, said, old, step);
    }
    let anomalies = effects.into_iter().find(|(at, _)| *at == position).map(|(_, effect)| effect.anomalies);
    let before = old.fold.holder.clone();

    let mut birth = old.birth.clone();
    birth.kind = old.birth.kind.return_kind();
    birth.office = None;
    let begun = Fold::begin(Ground { id: position, birth: &birth, continues: Some(old.id), annulled: false });
    let mut new = Leg {
        id: position,
        continues: Some(old.id),
        continued_by: None,
        dossier: old.dossier.map(|(dossier, _)| (dossier, position)),
        codes: Vec::new(),
        due_at: None,
        ordered_by: None,
        opened_at: step.order.effective_at,
        last: position,
        fold: begun,
        birth,
        annulled_at: None,
    };
    let ground = Ground { id: new.id, birth: &new.birth, continues: new.continues, annulled: false };
    new.fold.push(ground, &step);

    let effect = Effect { anomalies: anomalies.unwrap_or_default(), corroborates: None };
    let mut written = on_leg(&new, said, before, &effect, position);
    written.birth = Some(new.birth.clone());
    written.other_leg = Some(old.id);
    written.prev = old.last.pos;
    for tagged in &old.codes {
        attach(desk, &mut new, &tagged.code, position, position);
    }
    if let Some((dossier, _)) = new.dossier
        && let Some(mut dossier) = desk.dossier(dossier)?.cloned()
    {
        dossier.legs.push(new.id);
        desk.put_dossier(dossier);
    }
    desk.add_step(old.id, &step, false);
    desk.add_step(new.id, &step, true);
    old.fold = fold;
    old.continued_by = Some(new.id);
    old.last = position;
    desk.put_leg(old);
    desk.put_leg(new);
    Ok(written)
}

/// Whether the same was already said of this leg, so that it opens nothing anew.
fn repeats(fold: &Fold, step: &Step) -> bool {
    fold.said.iter().any(|said| said.kind == step.kind && said.source == step.order.source)
}

/// A void or correction of the birth of a return leg: the leg before holds the envelope again, unless the return has
/// gone on or the void does not count.
fn unmake_return(desk: &mut Desk, said: &Said, new: Leg, mut step: Step) -> Result<Written, Missing> {
    let position = step.position;
    let Some(old) = new.continues else { return add(desk, said, new, step) };
    let old = desk.known_leg(old)?.clone();
    let untouched = new.fold.events <= 1 && new.annulled_at.is_none() && old.continued_by == Some(new.id);
    if !untouched {
        return add(desk, said, new, step);
    }
    step.other_leg = Some(new.id);
    let folded = desk.fold_with(&old, &step)?;
    let effect = folded.effect_of(position);
    if effect.anomalies.contains(&AnomalyKind::VoidRefused) {
        step.other_leg = None;
        return add(desk, said, new, step);
    }
    let before = new.fold.holder.clone();
    let (mut old, mut new) = (old, new);
    old.fold = folded.fold;
    old.continued_by = None;
    new.annulled_at = Some(position);
    new.fold.annul();
    let mut written = on_leg(&old, said, before, &effect, position);
    written.other_leg = Some(new.id);
    written.prev = old.last.pos;
    old.last = position;
    desk.add_step(old.id, &step, false);
    desk.put_leg(old);
    desk.put_leg(new);
    Ok(written)
}

fn on_leg(leg: &Leg, said: &Said, before: Holder, effect: &Effect, position: Position) -> Written {
    let placement = if effect.corroborates.is_some() { Placement::Corroborates } else { Placement::Placed };
    let mut written = Written::on_no_leg(said.party.clone(), placement);
    written.parties = with_party(leg.birth.parties(), &said.party);
    written.leg = Some(leg.id);
    written.dossier = leg.dossier.map(|(dossier, _)| dossier);
    written.outcome =
        Some(Outcome { state: leg.fold.state, holder_before: before, holder_after: leg.fold.holder.clone() });
    written.flag(position, &effect.anomalies);
    written
}

pub(super) fn with_party(mut parties: Vec<PartyName>, party: &PartyName) -> Vec<PartyName> {
    if !parties.contains(party) {
        parties.push(party.clone());
        parties.sort();
    }
    parties
}

/// Events that say which codes an envelope bears.
fn attaches(kind: EventType) -> bool {
    matches!(kind, EventType::PickedUp | EventType::Labelled | EventType::Relabelled | EventType::Bagged)
}

fn attach_codes(desk: &mut Desk, leg: &mut Leg, said: &Said, by: Position, at: Position) {
    let event = &said.event;
    let scanned = event.code.iter().filter(|code| code.kind() != CodeKind::Receptacle);
    for code in scanned.chain(&event.also).chain(&event.receptacle) {
        attach(desk, leg, code, by, at);
    }
}

fn attach(desk: &mut Desk, leg: &mut Leg, code: &Code, by: Position, at: Position) {
    if leg.codes.iter().any(|tagged| tagged.code == *code) {
        return;
    }
    leg.codes.push(Tagged { code: code.clone(), at });
    desk.put_tag(Tag { key: CodeKey::of(code), target: TagTarget::Leg(leg.id), by, at });
}
