//! What an agency decides of a dossier that it has (domain: bổ sung, từ chối, rút, dừng, hẹn lại, trả, liên thông). A decision
//! may be refused; one that is journaled may open a leg, and then it is that leg's birth.

use smol_str::SmolStr;

use super::leg_step::{open_leg, put_on_leg, send_back, with_party};
use super::register::{link, tag_dossier, unlinked_leg};
use super::{Applied, Said, Stopped, Written};
use crate::dossier::decision::{self, Decision, DecisionKind};
use crate::dossier::desk::{CodeKey, Desk, Dossier, Leg, Missing, Tag, TagTarget};
use crate::dossier::event::Event;
use crate::dossier::leg::{Birth, HolderKind, LegKind, LegState, Placement};
use crate::dossier::names::{Micros, PartyName, Position};
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;

/// A decision on a dossier that is registered or accepted.
#[derive(Clone, Debug)]
pub struct Decide {
    /// Who decides.
    pub said: Said,
    /// On what.
    pub subject: Subject,
    /// What.
    pub ruling: Ruling,
}

/// What is decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A dossier.
    Dossier(Position),
    /// A leg whose papers never got a dossier: they can only be refused.
    Leg(Position),
}

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Bổ sung: further papers are wanted; where a carrier is named it fetches them.
    RequestSupplement(Option<Carriage>),
    /// Từ chối tiếp nhận; where a carrier is named it takes the papers home.
    Refuse(Option<Carriage>),
    /// Rút hồ sơ; the same.
    Withdraw(Option<Carriage>),
    /// Dừng giải quyết; the same.
    Stop(Option<Carriage>),
    /// Hẹn lại ngày trả; the date is the event's.
    SetDueDate,
    /// Đã trả kết quả.
    Close(Closing),
    /// Liên thông: the dossier belongs to another.
    Link {
        /// That dossier, in whatever lane.
        parent: Position,
        /// Whose it is.
        agency: PartyName,
    },
}

/// Who carries, and which office brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carriage {
    /// The carrier.
    pub carrier: PartyName,
    /// The office that delivers, six digits.
    pub office: Option<SmolStr>,
}

/// How the result came to the citizen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Brought by post.
    ByPost,
    /// Fetched at the counter.
    Collected,
}

impl Ruling {
    /// Who carries what it sends on its way.
    pub fn carriage(&self) -> Option<&Carriage> {
        match self {
            Ruling::RequestSupplement(post)
            | Ruling::Refuse(post)
            | Ruling::Withdraw(post)
            | Ruling::Stop(post) => post.as_ref(),
            Ruling::SetDueDate | Ruling::Close(_) | Ruling::Link { .. } => None,
        }
    }

    /// What it is in the dossier's history; a link is none.
    fn kind(&self) -> Option<DecisionKind> {
        Some(match self {
            Ruling::RequestSupplement(_) => DecisionKind::RequestSupplement,
            Ruling::Refuse(_) => DecisionKind::Refuse,
            Ruling::Withdraw(_) => DecisionKind::Withdraw,
            Ruling::Stop(_) => DecisionKind::Stop,
            Ruling::SetDueDate => DecisionKind::SetDueDate,
            Ruling::Close(_) => DecisionKind::Close,
            Ruling::Link { .. } => return None,
        })
    }
}

pub(super) fn decide(desk: &mut Desk, decide: &Decide, position: Position) -> Result<Applied, Stopped> {
    let dossier = match decide.subject {
        Subject::Dossier(id) => own_dossier(desk, &decide.said, id)?,
        Subject::Leg(id) => return refuse_leg(desk, decide, id, position),
    };
    if let Some(kind) = decide.ruling.kind() {
        // The agency above may have given the result straight to the citizen, and then nobody announces it here.
        let given_above = matches!(decide.ruling, Ruling::Close(_))
            && dossier.state().is_undecided()
            && child_delivered(desk, dossier.id)?;
        if !given_above {
            allowed(&dossier, kind)?;
        }
    }
    if let Some(due) = decide.said.event.due_at {
        in_future(due, decide.said.effective_at)?;
    }
    let mut dossier = dossier;
    let written = match &decide.ruling {
        Ruling::RequestSupplement(Some(carriage)) => {
            let birth = birth(LegKind::Supplement, &dossier, carriage);
            let said = Said { event: without_code(decide), ..decide.said.clone() };
            open_leg(desk, &said, birth, Some(dossier.id), said.step(position, None))
        }
        Ruling::Refuse(Some(carriage)) | Ruling::Withdraw(Some(carriage)) | Ruling::Stop(Some(carriage)) => {
            let birth = birth(LegKind::ReturnToCitizen, &dossier, carriage);
            match brought(desk, &dossier)? {
                Some(leg) => {
                    let mut written = give_back(desk, &decide.said, &leg, birth, position)?;
                    for id in [leg.id, position] {
                        link(desk, id, dossier.id, position)?;
                    }
                    if !dossier.legs.contains(&leg.id) {
                        dossier.legs.push(leg.id);
                    }
                    written.dossier = Some(dossier.id);
                    written
                }
                None => {
                    let said = Said { event: without_code(decide), ..decide.said.clone() };
                    open_leg(desk, &said, birth, Some(dossier.id), said.step(position, None))
                }
            }
        }
        Ruling::Close(closing) => {
            closable(desk, &dossier, *closing)?;
            on_dossier(&dossier)
        }
        Ruling::Link { parent, .. } => {
            linkable(&dossier, *parent)?;
            on_dossier(&dossier)
        }
        _ => on_dossier(&dossier),
    };
    Ok(Applied::Written(Box::new(keep(desk, decide, dossier, written, position))))
}

/// A dossier of the speaker's own: of its agency, or of the counter that receives for it.
pub(super) fn own_dossier(desk: &Desk, said: &Said, id: Position) -> Result<Dossier, Stopped> {
    let own =
        |dossier: &&Dossier| dossier.agency == said.party || dossier.counter.as_ref() == Some(&said.party);
    let found = desk.dossier(id)?.filter(own).cloned();
    found.ok_or_else(|| Refusal::field(Reason::NotFound, "dossier", "").into())
}

/// Refuses what may not be said of a dossier now.
pub(super) fn allowed(dossier: &Dossier, kind: DecisionKind) -> Result<(), Refusal> {
    decision::may(&dossier.decisions, kind).map_err(|why| {
        let why = format!("{why}; it is {}", dossier.state().text());
        Refusal::field(Reason::DossierState, "dossier", why)
    })
}

fn in_future(due: Micros, now: Micros) -> Result<(), Refusal> {
    if due > now {
        return Ok(());
    }
    Err(Refusal::field(Reason::TimeOutOfRange, "due_at", "the date is past: give one that is to come"))
}

fn birth(kind: LegKind, dossier: &Dossier, carriage: &Carriage) -> Birth {
    Birth {
        kind,
        agency: dossier.agency.clone(),
        counter: dossier.counter.clone().unwrap_or_else(|| dossier.agency.clone()),
        carrier: Some(carriage.carrier.clone()),
        office: carriage.office.clone(),
        procedure: dossier.procedure.clone(),
    }
}

/// The dossier's own code means the dossier, not one of its legs.
fn without_code(decide: &Decide) -> Event {
    Event { code: None, ..decide.said.event.clone() }
}

/// The leg that brought a dossier's papers, if the agency still has them from it. Papers that came to the counter have none;
/// nothing is sent home while more are on their way.
fn brought(desk: &Desk, dossier: &Dossier) -> Result<Option<Leg>, Stopped> {
    let waiting = unlinked_leg(desk, &dossier.agency, dossier.slip.as_ref(), &dossier.code)?;
    let mut brought = None;
    for id in dossier.legs.iter().chain(&waiting) {
        let leg = desk.known_leg(*id)?;
        match (leg.birth.kind, leg.fold.holder.kind) {
            (LegKind::Inbound | LegKind::Supplement, HolderKind::Post) => {
                let why = format!("legs/{id} is still on its way to the agency");
                return Err(Refusal::field(Reason::LegState, "dossier", why).into());
            }
            (LegKind::Inbound, HolderKind::Agency) if leg.stands() => {
                brought = brought.or_else(|| Some(leg.clone()));
            }
            _ => {}
        }
    }
    Ok(brought)
}

/// Opens the leg that takes the papers home, which continues the one that brought them. Whoever has them gives them.
fn give_back(
    desk: &mut Desk,
    said: &Said,
    leg: &Leg,
    mut birth: Birth,
    position: Position,
) -> Result<Written, Stopped> {
    birth.counter = leg.fold.holder.party.clone().unwrap_or(birth.counter);
    let event = Event { code: None, ..said.event.clone() };
    let said = Said { event, ..said.clone() };
    Ok(send_back(desk, &said, leg, birth, said.step(position, None))?)
}

/// Refuses papers that were handed over and got no dossier.
fn refuse_leg(
    desk: &mut Desk,
    decide: &Decide,
    id: Position,
    position: Position,
) -> Result<Applied, Stopped> {
    let said = &decide.said;
    let own = |leg: &&Leg| leg.birth.agency == said.party || leg.birth.counter == said.party;
    let leg = desk.leg(id)?.filter(own).filter(|leg| leg.stands()).cloned();
    let leg = leg.ok_or_else(|| Refusal::field(Reason::NotFound, "leg", ""))?;
    if let Some((dossier, _)) = leg.dossier {
        let why = format!("it belongs to dossiers/{dossier}: decide on that");
        return Err(Refusal::field(Reason::LegState, "leg", why).into());
    }
    let held = leg.fold.holder.kind == HolderKind::Agency && leg.birth.kind == LegKind::Inbound;
    let Ruling::Refuse(post) = &decide.ruling else {
        return Err(Refusal::field(Reason::FieldRequired, "dossier", "").into());
    };
    if !held {
        let why =
            format!("only papers that were handed over can be refused; it is {}", leg.fold.state.text());
        return Err(Refusal::field(Reason::LegState, "leg", why).into());
    }
    let written = match post {
        Some(carriage) => {
            let birth = Birth {
                kind: LegKind::ReturnToCitizen,
                carrier: Some(carriage.carrier.clone()),
                office: carriage.office.clone(),
                ..leg.birth.clone()
            };
            give_back(desk, said, &leg, birth, position)?
        }
        None => put_on_leg(desk, said, id, said.step(position, None))?,
    };
    Ok(Applied::Written(Box::new(written)))
}

/// Closing says that the citizen has the result: by post it must have been delivered, at the counter it must not be on its
/// way.
fn closable(desk: &Desk, dossier: &Dossier, closing: Closing) -> Result<(), Stopped> {
    let mut delivered = false;
    for id in &dossier.legs {
        let leg = desk.known_leg(*id)?;
        let result = matches!(leg.birth.kind, LegKind::Outbound | LegKind::ReturnToAgency);
        if result && leg.fold.holder.kind == HolderKind::Post {
            let why = format!("the carrier has legs/{id}, it is {}", leg.fold.state.text());
            return Err(Refusal::field(Reason::LegState, "dossier", why).into());
        }
        delivered |= leg.birth.kind == LegKind::Outbound && leg.fold.state == LegState::Delivered;
    }
    delivered |= child_delivered(desk, dossier.id)?;
    match closing {
        Closing::ByPost if !delivered => {
            let why = "no result of it was delivered by post";
            Err(Refusal::field(Reason::LegState, "dossier", why).into())
        }
        Closing::ByPost | Closing::Collected => Ok(()),
    }
}

/// Whether the result of a dossier that belongs to this one, or to that again, was delivered.
fn child_delivered(desk: &Desk, parent: Position) -> Result<bool, Missing> {
    let mut above = vec![parent];
    let mut looked_at = 0;
    while let Some(parent) = above.pop() {
        for tag in desk.tags_at(&CodeKey::child_of(parent))? {
            let TagTarget::Dossier(child) = tag.target else { continue };
            let Some(child) = desk.dossier(child)? else { continue };
            for id in &child.legs {
                let leg: &Leg = desk.known_leg(*id)?;
                if leg.birth.kind == LegKind::Outbound && leg.fold.state == LegState::Delivered {
                    return Ok(true);
                }
            }
            looked_at += 1;
            if looked_at >= limits::CHILD_DOSSIERS {
                return Ok(false);
            }
            above.push(child.id);
        }
    }
    Ok(false)
}

fn linkable(dossier: &Dossier, parent: Position) -> Result<(), Refusal> {
    if parent == dossier.id {
        return Err(Refusal::field(Reason::DossierState, "parent", "a dossier does not belong to itself"));
    }
    match dossier.parent {
        Some((known, _)) if known != parent => {
            let why = format!("it belongs to dossiers/{known} already");
            Err(Refusal::field(Reason::DossierState, "parent", why))
        }
        _ => Ok(()),
    }
}

/// An event of a dossier that stands on no leg.
pub(super) fn on_dossier(dossier: &Dossier) -> Written {
    let mut written = Written::on_no_leg(dossier.agency.clone(), Placement::NoLeg);
    written.dossier = Some(dossier.id);
    written
}

/// Puts the decided dossier down, and completes what there is to write.
fn keep(
    desk: &mut Desk,
    decide: &Decide,
    mut dossier: Dossier,
    mut written: Written,
    position: Position,
) -> Written {
    let said = &decide.said;
    if let Some(kind) = decide.ruling.kind() {
        dossier.decisions.push(Decision { by: position, at: said.effective_at, kind });
    }
    if decide.ruling == Ruling::SetDueDate {
        dossier.due.extend(said.event.due_at.map(|due| (position, due)));
    }
    if let Ruling::Link { parent, agency } = &decide.ruling {
        dossier.parent = Some((*parent, position));
        written.parties = with_party(written.parties, agency);
        let (key, target) = (CodeKey::child_of(*parent), TagTarget::Dossier(dossier.id));
        desk.put_tag(Tag { key, target, by: position, at: position });
    }
    join_leg(desk, &mut dossier, &written, position);
    for party in std::iter::once(&dossier.agency).chain(&dossier.counter) {
        written.parties = with_party(written.parties, party);
    }
    desk.put_dossier(dossier);
    written
}

/// The leg that an event of a dossier opened belongs to it.
pub(super) fn join_leg(desk: &mut Desk, dossier: &mut Dossier, written: &Written, position: Position) {
    if written.birth.is_some() {
        dossier.legs.push(position);
        tag_dossier(desk, dossier, position);
    }
}
