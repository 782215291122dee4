//! `AcceptDossier` (tiếp nhận, Form 01): the agency takes the matter on. Its code may be born here; the leg that brought
//! the papers is linked. Nothing moves: the papers must already be in the agency's or its counter's hands.

use smol_str::SmolStr;

use super::leg_step::put_on_leg;
use super::register::{link, registered, tag_dossier};
use super::{Applied, Said, Stopped};
use crate::dossier::code::Code;
use crate::dossier::decision::{Decision, DecisionKind};
use crate::dossier::desk::{Desk, Dossier, Leg, Missing, TagTarget};
use crate::dossier::leg::{HolderKind, LegKind};
use crate::dossier::names::{PartyName, Position};
use crate::dossier::refusal::{Reason, Refusal};

/// Which leg brought it.
#[derive(Clone, Debug)]
pub enum AcceptTarget {
    /// The leg itself.
    Leg(Position),
    /// An item or slip on it.
    Code(Code),
}

/// An acceptance.
#[derive(Clone, Debug)]
pub struct AcceptDossier {
    /// Who accepts; the event is DOSSIER_ACCEPTED.
    pub said: Said,
    /// The leg, or a code on it.
    pub target: AcceptTarget,
    /// The dossier's code.
    pub code: Code,
    /// The procedure, where it is not known yet.
    pub procedure: Option<SmolStr>,
}

pub(super) fn accept(
    desk: &mut Desk,
    accept: &AcceptDossier,
    position: Position,
) -> Result<Applied, Stopped> {
    if let Some(name) = &accept.procedure
        && !desk.directory.procedures.contains_key(name.as_str())
    {
        return Err(Refusal::field(Reason::NotFound, "procedure", "no such procedure").into());
    }
    let leg = match target(desk, accept) {
        // What was accepted is answered as then, wherever the papers have gone since.
        Err(Stopped::Refused(refusal)) if refusal.reason == Reason::LegState => {
            let first = carried_out(desk, accept)?;
            return first.map(Applied::Again).ok_or(Stopped::Refused(refusal));
        }
        target => target?,
    };
    let known = registered(desk, owner(&leg), &accept.code)?;
    if let Some((linked, _)) = leg.dossier
        && known.as_ref().map(|dossier| dossier.id) != Some(linked)
    {
        let why = format!("the leg already belongs to dossiers/{linked}");
        return Err(Refusal::field(Reason::LegState, "code", why).into());
    }
    if let Some(dossier) = &known
        && let Some(first) = accepted_before(desk, &leg, dossier)?
    {
        return Ok(Applied::Again(first));
    }
    let effective_at = accept.said.effective_at;
    let mut dossier = known.unwrap_or_else(|| Dossier {
        id: position,
        agency: owner(&leg).clone(),
        counter: Some(leg.birth.counter.clone()).filter(|counter| counter != owner(&leg)),
        code: accept.code.clone(),
        procedure: accept.procedure.clone().or_else(|| leg.birth.procedure.clone()),
        slip: None,
        request_digest: [0; 32],
        registered_at: effective_at,
        decisions: Vec::new(),
        due: Vec::new(),
        legs: Vec::new(),
        parent: None,
    });
    let mut written = put_on_leg(desk, &accept.said, leg.id, accept.said.step(position, None))?;
    written.dossier = Some(dossier.id);
    dossier.decisions.push(Decision { by: position, at: effective_at, kind: DecisionKind::Accept });
    dossier.due.extend(accept.said.event.due_at.map(|due| (position, due)));
    let joins = !dossier.legs.contains(&leg.id);
    if joins {
        dossier.legs.push(leg.id);
    }
    link(desk, leg.id, dossier.id, position)?;
    if joins {
        tag_dossier(desk, &dossier, position);
    }
    desk.put_dossier(dossier);
    Ok(Applied::Written(Box::new(written)))
}

/// The acceptance under this code from a leg that is named and held no more.
fn carried_out(desk: &Desk, accept: &AcceptDossier) -> Result<Option<Position>, Missing> {
    for leg in named(desk, accept)? {
        if let Some(dossier) = registered(desk, owner(leg), &accept.code)?
            && let Some(first) = accepted_before(desk, leg, &dossier)?
        {
            return Ok(Some(first));
        }
    }
    Ok(None)
}

/// Where the dossier was already accepted from this leg: the leg was linked by its acceptance, or the dossier was first
/// accepted from it.
fn accepted_before(desk: &Desk, leg: &Leg, dossier: &Dossier) -> Result<Option<Position>, Missing> {
    let Some((_, linked_by)) = leg.dossier else { return Ok(None) };
    let Some(Decision { by: first, .. }) = dossier.accepted() else { return Ok(None) };
    if linked_by == first {
        return Ok(Some(first));
    }
    // A later leg of an accepted dossier, such as further papers, is linked by an acceptance of its own.
    if linked_by > first && linked_by != leg.id {
        return Ok(Some(linked_by));
    }
    let on_this_leg = desk.target(first)?.is_some_and(|target| target.leg == Some(leg.id));
    Ok(on_this_leg.then_some(first))
}

/// The legs that are named, of those that concern whoever accepts.
fn named<'a>(desk: &'a Desk, accept: &AcceptDossier) -> Result<Vec<&'a Leg>, Missing> {
    let party = &accept.said.party;
    let legs = match &accept.target {
        AcceptTarget::Leg(id) => desk.leg(*id)?.into_iter().collect(),
        AcceptTarget::Code(code) => tagged(desk, code)?,
    };
    let concerned = |leg: &&Leg| leg.birth.agency == *party || leg.birth.counter == *party;
    Ok(legs.into_iter().filter(|leg| concerned(leg) && leg.stands()).collect())
}

fn target(desk: &Desk, accept: &AcceptDossier) -> Result<Leg, Stopped> {
    let field = match &accept.target {
        AcceptTarget::Leg(_) => "leg",
        AcceptTarget::Code(_) => "item",
    };
    let mine = named(desk, accept)?;
    let mut held: Vec<&Leg> = mine.iter().copied().filter(|leg| is_held(leg)).collect();
    // Codes are reused: last year's leg under the same number has its dossier.
    if held.iter().any(|leg| leg.dossier.is_none()) {
        held.retain(|leg| leg.dossier.is_none());
    }
    match (held.as_slice(), mine.first()) {
        ([only], _) => Ok((*only).clone()),
        ([], None) => Err(Refusal::field(Reason::NotFound, field, "").into()),
        ([], Some(leg)) => {
            let why =
                format!("the agency or its counter must hold it first; it is {}", leg.fold.state.text());
            Err(Refusal::field(Reason::LegState, field, why).into())
        }
        (several, _) => {
            let names: Vec<String> = several.iter().map(|leg| format!("legs/{}", leg.id)).collect();
            Err(Refusal::field(Reason::CodeAmbiguous, field, names.join(", ")).into())
        }
    }
}

/// Whether the papers are where they can be accepted: with owner or counter; of a transfer with the one it goes to.
fn is_held(leg: &Leg) -> bool {
    let holder = &leg.fold.holder;
    holder.kind == HolderKind::Agency
        && (leg.birth.kind != LegKind::Transfer || holder.party.as_ref() == Some(&leg.birth.counter))
}

/// Whose dossier it becomes: the owner's; of a transfer the agency's that it goes to.
fn owner(leg: &Leg) -> &PartyName {
    if leg.birth.kind == LegKind::Transfer { &leg.birth.counter } else { &leg.birth.agency }
}

fn tagged<'a>(desk: &'a Desk, code: &Code) -> Result<Vec<&'a Leg>, Missing> {
    let mut legs: Vec<&Leg> = Vec::new();
    for tag in desk.tags(code)? {
        if let TagTarget::Leg(id) = tag.target {
            let leg = desk.known_leg(id)?;
            if leg.bears(tag) && !legs.iter().any(|known| known.id == id) {
                legs.push(leg);
            }
        }
    }
    Ok(legs)
}
