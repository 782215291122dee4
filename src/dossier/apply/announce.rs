//! `AnnounceResult` (có kết quả): the agency has decided. By far the commonest dossier never came by post: it is registered,
//! its result announced and ordered to the citizen in one event.

use smol_str::SmolStr;

use super::decide::{Carriage, allowed, join_leg, on_dossier, own_dossier};
use super::leg_step::{open_leg, with_party};
use super::register::{registered, tag_dossier};
use super::{Applied, Said, Stopped};
use crate::dossier::code::Code;
use crate::dossier::decision::{Decision, DecisionKind};
use crate::dossier::desk::{Desk, Dossier};
use crate::dossier::directory::Day;
use crate::dossier::event::Event;
use crate::dossier::leg::{Birth, LegKind};
use crate::dossier::names::{PartyName, Position};
use crate::dossier::refusal::{Reason, Refusal};

/// An announcement, its names canonical and known to the directory.
#[derive(Clone, Debug)]
pub struct AnnounceResult {
    /// Who announces; the event is RESULT_ANNOUNCED.
    pub said: Said,
    /// Of which dossier.
    pub target: Announced,
    /// Who brings it; `None` where the citizen fetches it.
    pub post: Option<Carriage>,
}

/// The dossier whose result is announced.
#[derive(Clone, Debug)]
pub enum Announced {
    /// One that is known.
    Dossier(Position),
    /// The one of a code; registered here where it is not known.
    Code {
        /// The owner.
        agency: PartyName,
        /// The counter, where it is another agency.
        counter: Option<PartyName>,
        /// The code.
        code: Code,
        /// The procedure, of one that is registered here.
        procedure: Option<SmolStr>,
    },
}

pub(super) fn announce(
    desk: &mut Desk,
    announce: &AnnounceResult,
    position: Position,
) -> Result<Applied, Stopped> {
    let said = &announce.said;
    let (mut dossier, born) = target(desk, announce, position)?;
    if let Some(name) = &dossier.procedure {
        if !desk.directory.procedures.contains_key(name.as_str()) {
            return Err(Refusal::field(Reason::NotFound, "procedure", "no such procedure").into());
        }
        // What was decided under a procedure that was abolished since is brought all the same.
        let today = desk.directory.procedure_on(name, Day::at(said.effective_at));
        if announce.post.is_some() && today.is_some_and(|version| !version.may_go(LegKind::Outbound)) {
            let why = "the result of this procedure may not go by post";
            return Err(Refusal::field(Reason::ProcedureNotEligible, "procedure", why).into());
        }
    }
    allowed(&dossier, DecisionKind::AnnounceResult)?;
    let mut written = match &announce.post {
        Some(carriage) => {
            let birth = Birth {
                kind: LegKind::Outbound,
                agency: dossier.agency.clone(),
                counter: dossier.counter.clone().unwrap_or_else(|| dossier.agency.clone()),
                carrier: Some(carriage.carrier.clone()),
                office: carriage.office.clone(),
                procedure: dossier.procedure.clone(),
            };
            // The dossier's own code means the dossier, not one of its legs.
            let said = Said { event: Event { code: None, ..said.event.clone() }, ..said.clone() };
            open_leg(desk, &said, birth, Some(dossier.id), said.step(position, None))
        }
        None => on_dossier(&dossier),
    };
    let kind = DecisionKind::AnnounceResult;
    dossier.decisions.push(Decision { by: position, at: said.effective_at, kind });
    written.dossier = Some(dossier.id);
    if born && written.birth.is_none() {
        tag_dossier(desk, &dossier, position);
    }
    join_leg(desk, &mut dossier, &written, position);
    for party in std::iter::once(&dossier.agency).chain(&dossier.counter) {
        written.parties = with_party(written.parties, party);
    }
    desk.put_dossier(dossier);
    Ok(Applied::Written(Box::new(written)))
}

/// The dossier meant, and whether it is born here.
fn target(desk: &Desk, announce: &AnnounceResult, position: Position) -> Result<(Dossier, bool), Stopped> {
    let said = &announce.said;
    match &announce.target {
        Announced::Dossier(id) => Ok((own_dossier(desk, said, *id)?, false)),
        Announced::Code { agency, counter, code, procedure } => {
            if let Some(known) = registered(desk, agency, code)? {
                return Ok((known, false));
            }
            let dossier = Dossier {
                id: position,
                agency: agency.clone(),
                counter: counter.clone(),
                code: code.clone(),
                procedure: procedure.clone(),
                slip: None,
                request_digest: [0; 32],
                registered_at: said.effective_at,
                decisions: Vec::new(),
                due: Vec::new(),
                legs: Vec::new(),
                parent: None,
            };
            Ok((dossier, true))
        }
    }
}
