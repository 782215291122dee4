//! A captured fact: it is never refused. It goes on the leg it means, opens one, or waits.

use std::borrow::Cow;

use super::leg_step::{open_leg, put_on_leg};
use super::{Capture, Said, Written};
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::desk::{CodeKey, Desk, Missing};
use crate::dossier::directory::Day;
use crate::dossier::event::EventType;
use crate::dossier::leg::{Birth, LegKind, Placement};
use crate::dossier::names::{Lane, PartyName, Position};
use crate::dossier::resolve::{self, Meant};

pub(super) fn capture(
    desk: &mut Desk,
    capture: &Capture<'_>,
    position: Position,
) -> Result<Written, Missing> {
    let mut anomalies = shown_by_itself(capture);
    anomalies.extend(shown_by_who_says_it(desk, &capture.said));
    let said = canonical(desk, &capture.said, &mut anomalies);
    let mut step = said.step(position, None);
    step.attested = capture.attested;
    let mut kind = said.event.leg_kind.unwrap_or(LegKind::Inbound);
    let mut written = match find(desk, &said, position.lane)? {
        Found::Leg(leg) => {
            kind = desk.known_leg(leg)?.birth.kind;
            put_on_leg(desk, &said, leg, step)?
        }
        Found::Opens(birth) => {
            kind = birth.kind;
            open_leg(desk, &said, birth, None, step)
        }
        Found::Waits { codes, flag, candidates } => {
            anomalies.extend(flag);
            let mut written = Written::on_no_leg(said.party.clone(), Placement::Unplaced);
            written.waits_for = codes.iter().map(CodeKey::of).collect();
            written.waits_for.sort();
            written.waits_for.dedup();
            written.candidates = candidates;
            written
        }
    };
    anomalies.extend(procedure_anomaly(desk, &said, kind));
    written.flag(position, &anomalies);
    Ok(written)
}

/// Where a fact belongs.
pub(super) enum Found {
    Leg(Position),
    Opens(Birth),
    Waits { codes: Vec<Code>, flag: Option<AnomalyKind>, candidates: Vec<Position> },
}

/// Where a fact belongs, as a lane sees it.
pub(super) fn find(desk: &Desk, said: &Said, lane: Lane) -> Result<Found, Missing> {
    let event = &said.event;
    let mut codes: Vec<&Code> = event.code.iter().chain(&event.also).collect();
    let target = match event.corrects {
        Some(corrected) => desk.target(corrected)?.filter(|target| target.party == said.party),
        None => None,
    };
    // What corrects something that waits waits for that one's codes too: it is placed beside it, whatever code it names.
    let beside = target.into_iter().flat_map(|target| target.code.iter().chain(&target.also));
    let waits = |codes: &[&Code], flag, candidates| {
        let codes = codes.iter().copied().cloned().chain(beside.clone().cloned()).collect();
        Found::Waits { codes, flag, candidates }
    };
    if let Some(id) = event.leg {
        let leg = desk.leg(id)?;
        if leg.is_some_and(|leg| leg.birth.concerns(&said.party)) {
            return Ok(Found::Leg(id));
        }
        return Ok(waits(&codes, Some(AnomalyKind::UnknownCode), Vec::new()));
    }
    if let Some(target) = target {
        if let Some(leg) = target.leg {
            return Ok(Found::Leg(leg));
        }
        // What it names still waits, or is a bag's scan: it goes wherever that goes, by the same code.
        if codes.is_empty() {
            codes.extend(&target.code);
        }
    }
    let bag = event.code.as_ref().filter(|code| code.kind() == CodeKind::Receptacle);
    if let Some(bag) = bag {
        let inside = resolve::in_receptacle(desk, &said.party, bag, said.effective_at)?;
        return Ok(waits(&[bag], inside.is_empty().then_some(AnomalyKind::UnknownCode), Vec::new()));
    }
    match resolve::by_codes(desk, &said.party, &codes, said.effective_at)? {
        Meant::Leg(leg) => Ok(Found::Leg(leg)),
        Meant::Together(_) => Ok(waits(&codes, None, Vec::new())),
        Meant::Ambiguous(candidates) => Ok(waits(&codes, Some(AnomalyKind::Ambiguous), candidates)),
        Meant::Nothing => match opens(desk, said, lane) {
            Some(birth) => Ok(Found::Opens(birth)),
            None => Ok(waits(&codes, Some(AnomalyKind::UnknownCode), Vec::new())),
        },
    }
}

/// A carrier's pick-up that names an agency opens a leg at once, whether or not anybody ordered it: in the lane of that
/// agency, which is where its commands look for it. In any other it waits, and is placed there.
fn opens(desk: &Desk, said: &Said, lane: Lane) -> Option<Birth> {
    let event = &said.event;
    if event.kind != EventType::PickedUp || !said.party.is_carrier() || event.corrects.is_some() {
        return None;
    }
    let agency = event.agency.clone().filter(|agency| desk.directory.agency(agency).is_some())?;
    if desk.directory.lane_of(&agency) != lane {
        return None;
    }
    let counter = event.counter.clone().filter(|counter| desk.directory.agency(counter).is_some());
    Some(Birth {
        kind: event.leg_kind.unwrap_or(LegKind::Inbound),
        counter: counter.unwrap_or_else(|| agency.clone()),
        agency,
        carrier: Some(said.party.clone()),
        office: None,
        procedure: event
            .procedure
            .clone()
            .filter(|name| desk.directory.procedures.contains_key(name.as_str())),
    })
}

/// Anomalies that the fact shows whatever leg it is on.
fn shown_by_itself(capture: &Capture<'_>) -> Vec<AnomalyKind> {
    let event = &capture.said.event;
    let mut anomalies = Vec::new();
    if capture.skewed {
        anomalies.push(AnomalyKind::Skew);
    }
    if event.unverified {
        anomalies.push(AnomalyKind::Unverified);
    }
    if !event.reason.is_known() || !event.measure.is_known() || !event.particulars.relation.is_known() {
        anomalies.push(AnomalyKind::ReasonUnknown);
    }
    anomalies
}

/// What is wrong with the device and the person at the time of the fact.
fn shown_by_who_says_it(desk: &Desk, said: &Said) -> Vec<AnomalyKind> {
    let mut anomalies = Vec::new();
    let retired = desk.directory.source(&said.source).and_then(|source| source.retired.as_ref());
    // A retired source's scans are voided and corrected under its name, by its successor: that is no scan of its own.
    if retired.is_some_and(|retired| retired.at <= said.effective_at) && said.event.corrects.is_none() {
        anomalies.push(AnomalyKind::SourceRetired);
    }
    let person = said.event.actor.as_ref().unwrap_or(&said.principal);
    if desk.directory.off_duty(&said.party, person, Day::at(said.effective_at)).is_some() {
        anomalies.push(AnomalyKind::OffDuty);
    }
    anomalies
}

/// What is wrong with the procedure named, on a leg of a kind.
fn procedure_anomaly(desk: &Desk, said: &Said, kind: LegKind) -> Option<AnomalyKind> {
    let name = said.event.procedure.as_ref()?;
    if !desk.directory.procedures.contains_key(name.as_str()) {
        return Some(AnomalyKind::ProcedureUnknown);
    }
    let in_force = desk.directory.procedure_on(name, Day::at(said.effective_at));
    let begins = said.event.kind == EventType::PickedUp;
    (begins && !in_force.is_some_and(|version| version.may_go(kind))).then_some(AnomalyKind::NotEligible)
}

/// The same fact with agencies by the names they were first entered under: on an envelope stands what was valid that day.
pub(super) fn canonical<'a>(desk: &Desk, said: &'a Said, anomalies: &mut Vec<AnomalyKind>) -> Cow<'a, Said> {
    if said.event.agency.is_none() && said.event.counter.is_none() {
        return Cow::Borrowed(said);
    }
    let mut said = said.clone();
    let day = Day::at(said.effective_at);
    let mut unknown = false;
    let mut name = |name: &mut Option<PartyName>| {
        if let Some(given) = name {
            match desk.directory.canonical(given, day) {
                Some(known) => *name = Some(known.clone()),
                None => unknown = true,
            }
        }
    };
    name(&mut said.event.agency);
    name(&mut said.event.counter);
    if unknown {
        anomalies.push(AnomalyKind::AgencyUnknown);
    }
    Cow::Owned(said)
}
