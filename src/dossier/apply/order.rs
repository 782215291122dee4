//! `OrderLeg`: an agency, or the carrier a citizen called, asks for a journey.

use smol_str::SmolStr;

use super::leg_step::open_leg;
use super::register::tag_dossier;
use super::{Applied, Said, Stopped};
use crate::dossier::decision::{self, Decision, DecisionKind};
use crate::dossier::desk::Desk;
use crate::dossier::directory::Day;
use crate::dossier::leg::{Birth, LegKind};
use crate::dossier::names::{PartyName, Position};
use crate::dossier::refusal::{Reason, Refusal};

/// An order, its names canonical and known to the directory.
#[derive(Clone, Debug)]
pub struct OrderLeg {
    /// Who orders; the event is ORDERED.
    pub said: Said,
    /// The owner.
    pub agency: PartyName,
    /// The counter.
    pub counter: PartyName,
    /// The carrier.
    pub carrier: Option<PartyName>,
    /// What kind of leg.
    pub kind: LegKind,
    /// The procedure.
    pub procedure: Option<SmolStr>,
    /// The dossier, where it exists.
    pub dossier: Option<Position>,
}

pub(super) fn order(desk: &mut Desk, order: &OrderLeg, position: Position) -> Result<Applied, Stopped> {
    if order.kind.is_return() {
        let why = "a return leg is opened by scanning RETURN_STARTED";
        return Err(Refusal::field(Reason::LegState, "kind", why).into());
    }
    if let Some(name) = &order.procedure {
        let day = Day::at(order.said.effective_at);
        if !desk.directory.procedures.contains_key(name.as_str()) {
            return Err(Refusal::field(Reason::NotFound, "procedure", "no such procedure").into());
        }
        let why = match desk.directory.procedure_on(name, day) {
            None => Some(format!("the procedure is not in force on {day}")),
            Some(version) if version.may_go(order.kind) => None,
            Some(_) => Some(format!("the procedure may not go by post as {}", order.kind.text())),
        };
        if let Some(why) = why {
            return Err(Refusal::field(Reason::ProcedureNotEligible, "procedure", why).into());
        }
    }
    let dossier = match order.dossier {
        Some(id) => {
            let found = desk.dossier(id)?.filter(|dossier| dossier.agency == order.agency).cloned();
            Some(found.ok_or_else(|| {
                Refusal::field(Reason::NotFound, "dossier", "no such dossier of the agency")
            })?)
        }
        None => None,
    };
    let announces =
        order.kind == LegKind::Outbound && dossier.as_ref().is_some_and(|dossier| dossier.result().is_none());
    if let Some(dossier) = dossier.as_ref().filter(|_| announces) {
        decision::may(&dossier.decisions, DecisionKind::AnnounceResult)
            .map_err(|why| Refusal::field(Reason::DossierState, "dossier", why))?;
    }
    let birth = Birth {
        kind: order.kind,
        agency: order.agency.clone(),
        counter: order.counter.clone(),
        carrier: order.carrier.clone(),
        office: order.said.event.office.clone(),
        procedure: order.procedure.clone().or_else(|| dossier.as_ref().and_then(|d| d.procedure.clone())),
    };
    let step = order.said.step(position, None);
    let effective_at = order.said.effective_at;
    let mut said = order.said.clone();
    // The dossier's own code means the dossier, not one of its legs.
    said.event.code = said.event.code.filter(|_| dossier.is_none());
    let written = open_leg(desk, &said, birth, order.dossier, step);
    if let Some(mut dossier) = dossier {
        dossier.legs.push(position);
        if announces {
            let kind = DecisionKind::AnnounceResult;
            dossier.decisions.push(Decision { by: position, at: effective_at, kind });
        }
        tag_dossier(desk, &dossier, position);
        desk.put_dossier(dossier);
    }
    Ok(Applied::Written(Box::new(written)))
}
