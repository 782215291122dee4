//! `RegisterDossier`: an agency says that a dossier exists. A leg that came before it under the same slip or code is
//! linked to it.

use smol_str::SmolStr;

use super::leg_step::put_on_leg;
use super::{Applied, Said, Stopped, Written};
use crate::dossier::code::Code;
use crate::dossier::desk::{CodeKey, Desk, Dossier, Missing, Tag, TagTarget};
use crate::dossier::leg::Placement;
use crate::dossier::names::{PartyName, Position};
use crate::dossier::refusal::{Reason, Refusal};

/// A registration, its names canonical and known to the directory.
#[derive(Clone, Debug)]
pub struct RegisterDossier {
    /// Who registers; the event is REGISTERED.
    pub said: Said,
    /// The owner.
    pub agency: PartyName,
    /// The counter, where it is another agency.
    pub counter: Option<PartyName>,
    /// The dossier's code.
    pub code: Code,
    /// The procedure.
    pub procedure: Option<SmolStr>,
    /// The carrier's slip.
    pub slip: Option<Code>,
    /// Digest of the request without its id and its personal part.
    pub request_digest: [u8; 32],
}

pub(super) fn register(
    desk: &mut Desk,
    register: &RegisterDossier,
    position: Position,
) -> Result<Applied, Stopped> {
    if let Some(name) = &register.procedure
        && !desk.directory.procedures.contains_key(name.as_str())
    {
        return Err(Refusal::field(Reason::NotFound, "procedure", "no such procedure").into());
    }
    if let Some(known) = registered(desk, &register.agency, &register.code)? {
        if known.request_digest == register.request_digest {
            return Ok(Applied::Again(known.id));
        }
        let mut refusal =
            Refusal::field(Reason::DossierExists, "code", "the code is registered with other content");
        // A dossier born at its acceptance has no request to compare with.
        refusal.first_digest = Some(known.request_digest).filter(|digest| *digest != [0; 32]);
        refusal.this_digest = Some(register.request_digest);
        refusal.first = Some(known.id);
        return Err(refusal.into());
    }
    let waiting = unlinked_leg(desk, &register.agency, register.slip.as_ref(), &register.code)?;
    let mut written = match waiting {
        Some(leg) => put_on_leg(desk, &register.said, leg, register.said.step(position, None))?,
        None => Written::on_no_leg(register.agency.clone(), Placement::NoLeg),
    };
    for party in [Some(&register.agency), register.counter.as_ref()].into_iter().flatten() {
        written.parties = super::leg_step::with_party(written.parties, party);
    }
    if let Some(id) = waiting {
        link(desk, id, position, position)?;
    }
    written.dossier = Some(position);
    let dossier = Dossier {
        id: position,
        agency: register.agency.clone(),
        counter: register.counter.clone(),
        code: register.code.clone(),
        procedure: register.procedure.clone(),
        slip: register.slip.clone(),
        request_digest: register.request_digest,
        registered_at: register.said.effective_at,
        decisions: Vec::new(),
        due: register.said.event.due_at.map(|due| (position, due)).into_iter().collect(),
        legs: waiting.into_iter().collect(),
        parent: None,
    };
    tag_dossier(desk, &dossier, position);
    desk.put_dossier(dossier);
    Ok(Applied::Written(Box::new(written)))
}

/// The dossier an agency has under a code.
pub(super) fn registered(desk: &Desk, agency: &PartyName, code: &Code) -> Result<Option<Dossier>, Missing> {
    for tag in desk.tags(code)? {
        if let TagTarget::Dossier(id) = tag.target
            && let Some(dossier) = desk.dossier(id)?
            && dossier.agency == *agency
        {
            return Ok(Some(dossier.clone()));
        }
    }
    Ok(None)
}

/// The code of a dossier, and its slip, mean the dossier from now on. Said anew when a leg comes to it later: what was
/// scanned under them before may mean that leg, and is looked at again.
pub(super) fn tag_dossier(desk: &mut Desk, dossier: &Dossier, at: Position) {
    for code in std::iter::once(&dossier.code).chain(&dossier.slip) {
        let target = TagTarget::Dossier(dossier.id);
        desk.put_tag(Tag { key: CodeKey::of(code), target, by: at, at });
    }
}

/// Links a leg to a dossier.
pub(super) fn link(desk: &mut Desk, leg: Position, dossier: Position, by: Position) -> Result<(), Missing> {
    let mut leg = desk.known_leg(leg)?.clone();
    if leg.dossier.is_none() {
        leg.dossier = Some((dossier, by));
        desk.put_leg(leg);
    }
    Ok(())
}

/// The one leg of the agency that bears the slip or the code and has no dossier yet. Several are for the agency to name.
pub(super) fn unlinked_leg(
    desk: &Desk,
    agency: &PartyName,
    slip: Option<&Code>,
    code: &Code,
) -> Result<Option<Position>, Missing> {
    let mut found = Vec::new();
    for code in slip.into_iter().chain([code]) {
        for tag in desk.tags(code)? {
            if let TagTarget::Leg(id) = tag.target {
                let leg = desk.known_leg(id)?;
                let free = leg.dossier.is_none() && leg.continued_by.is_none() && leg.stands();
                if free && leg.bears(tag) && leg.birth.agency == *agency && !found.contains(&id) {
                    found.push(id);
                }
            }
        }
    }
    Ok(match found.as_slice() {
        [only] => Some(*only),
        _ => None,
    })
}
