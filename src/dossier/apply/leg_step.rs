//! Putting one event on a leg: folding it in, opening legs, ending them, and saying what that did.

use std::sync::Arc;

use super::{Said, Written};
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::custody::{self, Effect, Fold, Step};
use crate::dossier::decision::{Decision, DecisionKind, DossierState};
use crate::dossier::desk::{CodeKey, Desk, Dossier, Leg, Missing, Tag, TagTarget, Tagged};
use crate::dossier::event::EventType;
use crate::dossier::leg::{Birth, Holder, HolderKind, LegState, Outcome, Placement};
use crate::dossier::names::{PartyName, Position};
use crate::limits;

/// Opens a leg with its first event.
pub(super) fn open_leg(
    desk: &mut Desk,
    said: &Said,
    birth: Birth,
    dossier: Option<Position>,
    step: Step,
) -> Written {
    let position = step.position;
    let terms = said.event.particulars.terms.clone();
    let mut leg = Leg::begin(position, birth, terms, None, step.order.effective_at);
    leg.dossier = dossier.map(|dossier| (dossier, position));
    leg.due_at = said.event.due_at;
    leg.ordered_by = step.kind.orders().then(|| said.party.clone());
    let before = leg.fold.holder.clone();
    let effect = leg.push(&step);

    let mut written = on_leg(&leg, said, before, &effect, position);
    written.birth = Some(leg.birth.clone());
    attach_codes(desk, &mut leg, said, step.placed_from.unwrap_or(position), position);
    desk.add_step(leg.id, &step, true);
    desk.put_leg(leg);
    written
}

/// Puts an event on a leg that exists.
pub(super) fn put_on_leg(desk: &mut Desk, said: &Said, id: Position, step: Step) -> Result<Written, Missing> {
    let leg = desk.known_leg(id)?;
    if step.kind == EventType::ReturnStarted
        && let Some((ended, anomalies)) = ended_by(desk, leg, &step)?
    {
        let leg = leg.clone();
        return start_return(desk, said, leg, ended, &anomalies, step);
    }
    if let Some(before) = unmade_by(desk, leg, &step)? {
        let leg = leg.clone();
        return unmake_return(desk, said, leg, before, step);
    }
    if leg.fold.events >= limits::LEG_EVENTS && !custody::is_newest(&leg.fold, &step) {
        let leg = leg.clone();
        return Ok(add_unfolded(desk, said, leg.into(), step));
    }
    let closed = if step.kind == EventType::DeliveryRevoked { closed_dossier(desk, leg)? } else { None };
    // From here on nothing is missing: the leg is taken off the desk, and put down again changed.
    let leg = desk.take_leg(id, &step)?;
    let (position, at) = (step.position, step.order.effective_at);
    let mut written = add(desk, said, leg, step)?;
    if let Some(mut dossier) = closed.filter(|_| taken_back(&written)) {
        dossier.decisions.push(Decision { by: position, at, kind: DecisionKind::Reopen });
        desk.put_dossier(dossier);
        written.flag(position, &[AnomalyKind::Reopened]);
    }
    Ok(written)
}

/// Whether the citizen had it before an event and has it no more after. That it says what somebody without the right to had
/// said before makes no difference.
fn taken_back(written: &Written) -> bool {
    written.outcome.as_ref().is_some_and(|outcome| {
        outcome.holder_before.kind == HolderKind::Citizen && outcome.holder_after.kind != HolderKind::Citizen
    })
}

/// The dossier of a leg, if its agency has closed it.
fn closed_dossier(desk: &Desk, leg: &Leg) -> Result<Option<Dossier>, Missing> {
    let Some((dossier, _)) = leg.dossier else { return Ok(None) };
    let dossier = desk.dossier(dossier)?;
    Ok(dossier.filter(|dossier| dossier.state() == DossierState::Closed).cloned())
}

/// Beyond `LEG_EVENTS` an event that is not the newest is kept, and the fold stays as it is.
fn add_unfolded(desk: &mut Desk, said: &Said, leg: Arc<Leg>, mut step: Step) -> Written {
    let before = leg.fold.holder.clone();
    step.late = true;
    let effect = Effect { anomalies: vec![AnomalyKind::Late], corroborates: None };
    finish(desk, said, leg, step, before, &effect)
}

fn add(desk: &mut Desk, said: &Said, mut kept: Arc<Leg>, step: Step) -> Result<Written, Missing> {
    let leg = Arc::make_mut(&mut kept);
    let before = leg.fold.holder.clone();
    let effect = if custody::is_newest(&leg.fold, &step) {
        let effect = leg.push(&step);
        leg.fold.left_of(step.position, effect)
    } else {
        let folded = desk.fold_with(leg, &step)?;
        let effect = folded.effect_of(step.position);
        leg.fold = folded.fold;
        effect
    };
    Ok(finish(desk, said, kept, step, before, &effect))
}

fn finish(
    desk: &mut Desk,
    said: &Said,
    mut kept: Arc<Leg>,
    step: Step,
    before: Holder,
    effect: &Effect,
) -> Written {
    let position = step.position;
    let leg = Arc::make_mut(&mut kept);
    let mut written = on_leg(leg, said, before, effect, position);
    written.prev = leg.last.pos;
    leg.last = position;
    if attaches(step.kind) && !effect.anomalies.iter().any(|kind| knows_nothing(*kind)) {
        attach_codes(desk, leg, said, step.placed_from.unwrap_or(position), position);
    }
    desk.add_step(leg.id, &step, false);
    desk.put_leg(kept);
    written
}

/// The fold of a leg that RETURN_STARTED ends, and what does not fit; `None` when it ends nothing: it repeats or
/// corrects what it may not, or the leg is over or already on its way back.
fn ended_by(desk: &Desk, leg: &Leg, step: &Step) -> Result<Option<(Fold, Vec<AnomalyKind>)>, Missing> {
    let by_carrier = leg.birth.carrier.as_ref() == Some(&step.party);
    let full = leg.fold.events >= limits::LEG_EVENTS;
    // On the way back the next office says RETURN_STARTED once more; only what failed there too goes back again.
    let again = leg.continues.is_some() && leg.fold.attempts == 0 && leg.fold.state != LegState::Held;
    if !by_carrier || full || !leg.stands() || leg.fold.state.is_end() || again {
        return Ok(None);
    }
    let as_any_other = desk.fold_with(leg, step)?.effect_of(step.position);
    let refused = |kind: &AnomalyKind| matches!(kind, AnomalyKind::DuplicateScan | AnomalyKind::VoidRefused);
    if as_any_other.corroborates.is_some() || as_any_other.anomalies.iter().any(refused) {
        return Ok(None);
    }
    let ends = Step { other_leg: Some(leg.id), ..step.clone() };
    let folded = desk.fold_with(leg, &ends)?;
    let anomalies = folded.effect_of(step.position).anomalies;
    Ok((!anomalies.contains(&AnomalyKind::OutOfOrder)).then_some((folded.fold, anomalies)))
}

/// RETURN_STARTED is one event on two legs: it ends the one and opens the other. The hands stay.
fn start_return(
    desk: &mut Desk,
    said: &Said,
    old: Leg,
    ended: Fold,
    anomalies: &[AnomalyKind],
    step: Step,
) -> Result<Written, Missing> {
    let dossier = match old.dossier {
        Some((dossier, _)) => desk.dossier(dossier)?.cloned(),
        None => None,
    };
    let birth = Birth { kind: old.birth.kind.return_kind(), office: None, ..old.birth.clone() };
    let written = continue_leg(desk, said, old, ended, birth, anomalies, step);
    if let Some(mut dossier) = dossier {
        dossier.legs.extend(written.leg);
        desk.put_dossier(dossier);
    }
    Ok(written)
}

/// The agency gives the papers of a leg that it holds back: one event on two legs, as RETURN_STARTED is.
pub(super) fn send_back(
    desk: &mut Desk,
    said: &Said,
    old: &Leg,
    birth: Birth,
    step: Step,
) -> Result<Written, Missing> {
    let ends = Step { other_leg: Some(old.id), ..step.clone() };
    let folded = desk.fold_with(old, &ends)?;
    let anomalies = folded.effect_of(step.position).anomalies;
    Ok(continue_leg(desk, said, old.clone(), folded.fold, birth, &anomalies, step))
}

/// Ends a leg, folded with the event that ends it, and opens the one that continues it.
fn continue_leg(
    desk: &mut Desk,
    said: &Said,
    mut old: Leg,
    ended: Fold,
    birth: Birth,
    anomalies: &[AnomalyKind],
    mut step: Step,
) -> Written {
    let position = step.position;
    step.other_leg = Some(old.id);
    let terms = said.event.particulars.terms.clone();
    let mut new = Leg::begin(position, birth, terms, Some(old.id), step.order.effective_at);
    new.dossier = old.dossier.map(|(dossier, _)| (dossier, position));
    new.ordered_by = step.kind.orders().then(|| said.party.clone());
    new.push(&step);

    let effect = Effect { anomalies: anomalies.to_vec(), corroborates: None };
    let mut written = on_leg(&new, said, old.fold.holder.clone(), &effect, position);
    written.birth = Some(new.birth.clone());
    written.other_leg = Some(old.id);
    written.prev = old.last.pos;
    for code in old.standing_codes() {
        attach(desk, &mut new, code, position, position);
    }
    desk.add_step(old.id, &step, false);
    desk.add_step(new.id, &step, true);
    old.fold = ended;
    old.continued_by = Some(new.id);
    old.last = position;
    desk.put_leg(old);
    desk.put_leg(new);
    written
}

/// The leg that holds the envelope again when the birth of a return leg is voided or corrected; `None` when it does
/// not count: another source says so, or the return has gone on, and then the other side may have answered it.
fn unmade_by(desk: &Desk, new: &Leg, step: &Step) -> Result<Option<Leg>, Missing> {
    let Some(old) = new.continues.filter(|_| step.corrects == Some(new.id)) else {
        return Ok(None);
    };
    let old = desk.known_leg(old)?;
    let same_source = new.fold.last.as_ref().is_some_and(|birth| birth.source == step.order.source);
    let untouched = new.fold.events <= 1 && new.annulled_at.is_none() && old.continued_by == Some(new.id);
    let full = old.fold.events >= limits::LEG_EVENTS;
    Ok((same_source && untouched && !full && step.kind != EventType::ReturnStarted).then(|| old.clone()))
}

/// Voids or corrects the birth of a return leg.
fn unmake_return(
    desk: &mut Desk,
    said: &Said,
    mut new: Leg,
    mut old: Leg,
    mut step: Step,
) -> Result<Written, Missing> {
    let position = step.position;
    step.other_leg = Some(new.id);
    let folded = desk.fold_with(&old, &step)?;
    let effect = folded.effect_of(position);
    let before = new.fold.holder.clone();
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

/// Anomalies of an event whose word about the envelope's codes is worth nothing.
fn knows_nothing(kind: AnomalyKind) -> bool {
    matches!(
        kind,
        AnomalyKind::NotHolder
            | AnomalyKind::NotReceiver
            | AnomalyKind::SamePrincipal
            | AnomalyKind::AfterEnd
            | AnomalyKind::VoidRefused
    )
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
    if leg.standing_codes().any(|standing| standing == code) {
        return;
    }
    leg.codes.push(Tagged { code: code.clone(), at });
    desk.put_tag(Tag { key: CodeKey::of(code), target: TagTarget::Leg(leg.id), by, at });
}
