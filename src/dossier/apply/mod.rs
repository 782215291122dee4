//! What a fact or a command does: it is put on its leg, the leg is folded, and what there is to write is answered.
//! Facts are never refused here; commands may be. Nothing is changed on the desk before it is certain that it will be:
//! an answer of [`Missing`] can be begun again after the missing thing was laid.

mod accept;
mod announce;
mod cancel;
mod capture;
mod decide;
mod leg_step;
mod manifest;
mod order;
mod place;
mod register;

pub use accept::{AcceptDossier, AcceptTarget};
pub use announce::{AnnounceResult, Announced};
pub use cancel::CancelLeg;
pub use decide::{Carriage, Closing, Decide, Ruling, Subject};
pub use manifest::{ManifestAct, ManifestLineAct, may as may_command, seen as manifest_seen};
pub use order::OrderLeg;
pub use place::Place;
pub use register::RegisterDossier;

use std::borrow::Cow;

use smol_str::SmolStr;

use super::anomaly::{Anomaly, AnomalyKind};
use super::code::Code;
use super::custody::{OrderKey, Step};
use super::desk::{CodeKey, Desk, Missing};
use super::directory::Day;
use super::event::{Event, EventType};
use super::leg::{Birth, Outcome, Placement};
use super::money;
use super::names::{Micros, PartyName, Position, SourceName};
use super::refusal::{Reason, Refusal};

/// Who says it, and when the gateway had it: what facts and commands have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The capturing source; for a command the caller's party.
    pub source: SourceName,
    /// The client's id of it.
    pub client_event_id: SmolStr,
    /// The party of the source, or the caller's.
    pub party: PartyName,
    /// The person of the key, or the key itself.
    pub principal: SmolStr,
    /// Whether a supervisor's key says it.
    pub supervisor: bool,
    /// When it happened, corrected.
    pub effective_at: Micros,
    /// What happened, as understood.
    pub event: Event,
}

impl Said {
    /// The event at its position as the fold sees it. A PLACED event counts as the event it places.
    pub fn step(&self, position: Position, placed_from: Option<Position>) -> Step {
        let event = &self.event;
        let code = |code: &Code| code.text().into();
        let what = match event.kind {
            EventType::Bagged => event.receptacle.as_ref().map(code),
            EventType::Labelled | EventType::Relabelled => event.also.first().map(code),
            // Another amount is another payment, not the same said twice.
            EventType::FeeCollected => Some(money::text(&event.particulars.money)),
            _ => None,
        };
        Step {
            position,
            order: OrderKey {
                effective_at: self.effective_at,
                source: self.source.clone(),
                device_seq: event.device_seq.unwrap_or(0),
                id: self.client_event_id.clone(),
            },
            placed_from,
            kind: event.kind,
            party: self.party.clone(),
            principal: self.principal.clone(),
            supervisor: self.supervisor,
            reason: event.reason,
            measure: event.measure,
            office: event.office.clone(),
            what,
            corrects: event.corrects,
            other_leg: None,
            attested: false,
            particulars: event.particulars.clone(),
            late: false,
        }
    }
}

/// What applying takes.
#[derive(Clone, Debug)]
pub enum Act<'a> {
    /// A captured fact.
    Capture(Capture<'a>),
    /// `OrderLeg`.
    Order(OrderLeg),
    /// `CancelLeg`.
    Cancel(CancelLeg),
    /// `RegisterDossier`.
    Register(RegisterDossier),
    /// `AcceptDossier`.
    Accept(AcceptDossier),
    /// `AnnounceResult`.
    Announce(AnnounceResult),
    /// Any other decision of an agency.
    Decide(Decide),
    /// What a command says of a manifest.
    Manifest(ManifestAct),
    /// What a command says of one line of a manifest.
    ManifestLine(Box<ManifestLineAct>),
    /// The tie places what could not be placed when it came.
    Place(Place),
}

impl Act<'_> {
    /// Who commands it; nobody captures or places by command.
    fn commanded(&self) -> Option<&Said> {
        match self {
            Act::Capture(_) | Act::Place(_) => None,
            Act::Order(order) => Some(&order.said),
            Act::Cancel(cancel) => Some(&cancel.said),
            Act::Register(register) => Some(&register.said),
            Act::Accept(accept) => Some(&accept.said),
            Act::Announce(announce) => Some(&announce.said),
            Act::Decide(decide) => Some(&decide.said),
            Act::Manifest(act) => Some(&act.said),
            Act::ManifestLine(act) => Some(&act.said),
        }
    }
}

/// A captured fact.
#[derive(Clone, Debug)]
pub struct Capture<'a> {
    /// Who said it.
    pub said: Cow<'a, Said>,
    /// A citizen's side, where there is one, is attested.
    pub attested: bool,
    /// The device's clock is off by more than is worth nothing.
    pub skewed: bool,
}

/// What there is to write about one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Whose logs list it.
    pub parties: Vec<PartyName>,
    /// How it was placed.
    pub placement: Placement,
    /// The leg it stands on.
    pub leg: Option<Position>,
    /// The leg it ends or annuls besides.
    pub other_leg: Option<Position>,
    /// The dossier it is about.
    pub dossier: Option<Position>,
    /// What it opened its leg as.
    pub birth: Option<Birth>,
    /// What it did.
    pub outcome: Option<Outcome>,
    /// What does not fit.
    pub anomalies: Vec<Anomaly>,
    /// The event before it on its leg's chain; 0 = none.
    pub prev: u64,
    /// The codes it waits for.
    pub waits_for: Vec<CodeKey>,
    /// Legs that an ambiguous code may mean; a hint for the caller.
    pub candidates: Vec<Position>,
    /// Lines of a list, by their place in the request, that could not be put on it; for the caller too.
    pub refused: Vec<(u32, Refusal)>,
}

impl Written {
    /// A line that stands on no leg, listed for one party.
    fn on_no_leg(party: PartyName, placement: Placement) -> Written {
        Written {
            parties: vec![party],
            placement,
            leg: None,
            other_leg: None,
            dossier: None,
            birth: None,
            outcome: None,
            anomalies: Vec::new(),
            prev: 0,
            waits_for: Vec::new(),
            candidates: Vec::new(),
            refused: Vec::new(),
        }
    }

    fn flag(&mut self, position: Position, kinds: &[AnomalyKind]) {
        for kind in kinds {
            let anomaly = Anomaly { kind: *kind, position };
            if !self.anomalies.contains(&anomaly) {
                self.anomalies.push(anomaly);
            }
        }
    }
}

/// How applying one line ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Write this at the position that was given.
    Written(Box<Written>),
    /// A command that was carried out before under another id: answer as then, write nothing.
    Again(Position),
}

/// Why applying one line did not end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Something must be laid on the desk first.
    Missing(Missing),
    /// A command that is refused.
    Refused(Refusal),
}

impl From<Missing> for Stopped {
    fn from(missing: Missing) -> Stopped {
        Stopped::Missing(missing)
    }
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Stopped {
        Stopped::Refused(refusal)
    }
}

/// Applies one line at the position it will have if it is written.
pub fn apply(desk: &mut Desk, act: &Act<'_>, position: Position) -> Result<Applied, Stopped> {
    if let Some(said) = act.commanded() {
        must_be_on_duty(desk, said)?;
    }
    match act {
        Act::Capture(fact) => Ok(Applied::Written(Box::new(capture::capture(desk, fact, position)?))),
        Act::Order(order) => order::order(desk, order, position),
        Act::Cancel(cancel) => cancel::cancel(desk, cancel, position),
        Act::Register(register) => register::register(desk, register, position),
        Act::Accept(accept) => accept::accept(desk, accept, position),
        Act::Announce(announce) => announce::announce(desk, announce, position),
        Act::Decide(decide) => decide::decide(desk, decide, position),
        Act::Manifest(act) => manifest::manifest(desk, act, position),
        Act::ManifestLine(act) => manifest::line(desk, act, position),
        Act::Place(place) => place::place(desk, place, position),
    }
}

/// Refuses a command of somebody who is entered as a person and has no appointment that day; who stands in is named.
fn must_be_on_duty(desk: &Desk, said: &Said) -> Result<(), Refusal> {
    let day = Day::at(said.effective_at);
    match desk.directory.off_duty(&said.party, &said.principal, day) {
        None => Ok(()),
        Some(off) => Err(Refusal::field(Reason::OffDuty, "", off.to_string())),
    }
}

/// A fact that could not be applied at all: journaled and flagged, so that it is not lost.
pub fn not_applied(party: PartyName, position: Position) -> Written {
    let mut written = Written::on_no_leg(party, Placement::Unplaced);
    written.flag(position, &[AnomalyKind::NotApplied]);
    written
}

#[cfg(test)]
mod tests;
