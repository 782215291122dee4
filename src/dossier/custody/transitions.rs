//! What each type of event does to state and holder. Hands win over papers: what somebody who may take it says to have
//! taken has moved, whatever was ordered, offered or expected; what does not fit is flagged.

use super::Ground;
use super::fold::{Fold, Offer, OneSided};
use super::step::Step;
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::event::{EventType, Measure, Reason};
use crate::dossier::leg::{Holder, HolderKind, LegKind, LegState, OrderStatus};
use crate::dossier::names::PartyName;

/// Applies one event and answers with the anomalies it shows.
pub(super) fn apply(fold: &mut Fold, ground: Ground<'_>, step: &Step) -> Vec<AnomalyKind> {
    let by_carrier = ground.birth.carrier.as_ref() == Some(&step.party);
    match step.kind {
        EventType::Ordered | EventType::SupplementRequested | EventType::ResultAnnounced => ordered(fold),
        EventType::DossierRefused | EventType::DossierWithdrawn | EventType::DossierStopped => {
            sent_back(fold, ground, step)
        }
        EventType::Cancelled => cancelled(fold),
        EventType::Accepted if !by_carrier => accepted(fold, ground, step),
        EventType::NotAccepted => not_accepted(fold, ground, step, by_carrier),
        EventType::CarriedBack => carried_back(fold, ground, step, by_carrier),
        EventType::Offered => offered(fold, ground, step, by_carrier),
        EventType::PickedUp if !by_carrier => vec![AnomalyKind::NotReceiver],
        EventType::Lost => lost(fold, step),
        EventType::Found => found(fold, ground, step, by_carrier),
        EventType::Damaged => vec![AnomalyKind::Damaged],
        EventType::Labelled
        | EventType::Relabelled
        | EventType::Registered
        | EventType::DossierAccepted
        | EventType::DueDateSet
        | EventType::DossierClosed
        | EventType::DossierLinked
        | EventType::FeeWaived
        | EventType::ManifestCreated
        | EventType::ManifestLinesAdded
        | EventType::ManifestOffered
        | EventType::ManifestWithdrawn
        | EventType::ManifestClosed
        | EventType::Placed
        | EventType::Voided => Vec::new(),
        _ if !by_carrier => vec![AnomalyKind::NotHolder],
        EventType::Assigned => before_pickup(fold, LegState::Assigned),
        EventType::Declined => before_pickup(fold, LegState::Ordered),
        EventType::PickupFailed => before_pickup(fold, LegState::PickupFailed),
        EventType::PickedUp | EventType::Accepted => picked_up(fold, ground, step),
        EventType::OfficeIn | EventType::Bagged => carried(fold, ground, step, LegState::AtOffice),
        EventType::Dispatched => carried(fold, ground, step, LegState::InTransit),
        EventType::Arrived => carried(fold, ground, step, arrival(ground, step)),
        EventType::OutForDelivery => carried(fold, ground, step, LegState::OutForDelivery),
        EventType::Held => carried(fold, ground, step, LegState::Held),
        EventType::AttemptFailed => attempt_failed(fold, ground, step),
        EventType::Delivered | EventType::Collected => delivered(fold, ground, step),
        EventType::ReturnStarted => return_started(fold, ground, step),
        EventType::DeliveryRevoked => delivery_revoked(fold, ground, step),
        EventType::FeeCollected => Vec::new(),
    }
}

fn ordered(fold: &mut Fold) -> Vec<AnomalyKind> {
    if fold.order == OrderStatus::None {
        fold.order = OrderStatus::Active;
    }
    Vec::new()
}

/// The agency gives the papers back: the same event ends its hold on the leg that brought them, and opens the leg that
/// carries them home, in its hands until the carrier comes.
fn sent_back(fold: &mut Fold, ground: Ground<'_>, step: &Step) -> Vec<AnomalyKind> {
    if step.other_leg == Some(ground.id) {
        fold.holder = Holder::NONE;
        return Vec::new();
    }
    // Scans with an earlier clock may have moved it on already.
    if step.position == ground.id && fold.state == LegState::Returning {
        fold.state = LegState::Ordered;
        fold.holder = Holder::agency(ground.birth.counter.clone());
    }
    ordered(fold)
}

fn cancelled(fold: &mut Fold) -> Vec<AnomalyKind> {
    fold.order = OrderStatus::Cancelled;
    if fold.holder.kind != HolderKind::Post && !fold.state.is_end() {
        fold.state = LegState::Cancelled;
        fold.offer = None;
    } else if let Some(position) = fold.taken {
        fold.note(position, &[AnomalyKind::PickedUpAfterCancel]);
    }
    Vec::new()
}

fn before_pickup(fold: &mut Fold, state: LegState) -> Vec<AnomalyKind> {
    if !fold.state.before_pickup() || fold.state == LegState::Cancelled {
        return vec![AnomalyKind::OutOfOrder];
    }
    fold.state = state;
    Vec::new()
}

/// The carrier takes it over from the citizen or from an agency.
fn picked_up(fold: &mut Fold, ground: Ground<'_>, step: &Step) -> Vec<AnomalyKind> {
    let mut anomalies = unattested(ground.birth.kind.begins_at_citizen(), step);
    if fold.holder.kind == HolderKind::Post {
        if fold.picked_up.is_some() || ground.continues.is_some() {
            return vec![AnomalyKind::OutOfOrder];
        }
        // The carrier's later scans came first in time and had moved it; this is the pick-up they lacked.
        fold.settle(AnomalyKind::PickupMissing);
        fold.picked_up = Some(step.position);
        fold.picked_up_at = Some(step.order.effective_at);
        return anomalies;
    }
    if fold.state.is_end() && fold.state != LegState::Cancelled && fold.state != LegState::Lost {
        return vec![AnomalyKind::AfterEnd];
    }
    if fold.offer.as_ref().is_some_and(|offer| offer.principal == step.principal) {
        return vec![AnomalyKind::SamePrincipal];
    }
    if fold.order == OrderStatus::Cancelled {
        anomalies.push(AnomalyKind::PickedUpAfterCancel);
    }
    if fold.holder.kind == HolderKind::Agency && fold.offer.is_none() {
        anomalies.push(one_sided(fold, step, HolderKind::Post));
    }
    fold.taken.get_or_insert(step.position);
    fold.state = LegState::PickedUp;
    fold.offer = None;
    fold.holder = Holder::post(step.party.clone(), step.office.clone());
    fold.picked_up = Some(step.position);
    fold.picked_up_at = Some(step.order.effective_at);
    anomalies
}

/// A citizen's side of which nothing is shown.
fn unattested(citizen: bool, step: &Step) -> Vec<AnomalyKind> {
    if citizen && !step.attested { vec![AnomalyKind::NoProof] } else { Vec::new() }
}

/// The receiver speaks first; the giver's word is still to come.
fn one_sided(fold: &mut Fold, step: &Step, receiver: HolderKind) -> AnomalyKind {
    fold.one_sided.push(OneSided { position: step.position, principal: step.principal.clone(), receiver });
    AnomalyKind::OneSided
}

/// The carrier scans it somewhere on the way.
fn carried(fold: &mut Fold, ground: Ground<'_>, step: &Step, state: LegState) -> Vec<AnomalyKind> {
    let mut anomalies = Vec::new();
    if fold.state == LegState::ToRecover {
        return vec![AnomalyKind::OutOfOrder];
    }
    if fold.holder.kind == HolderKind::Post {
        if fold.state == LegState::Lost {
            anomalies.push(AnomalyKind::OutOfOrder);
        }
    } else if fold.state.is_end() && fold.state != LegState::Cancelled {
        return vec![AnomalyKind::AfterEnd];
    } else {
        anomalies.push(AnomalyKind::PickupMissing);
        if fold.order == OrderStatus::Cancelled {
            anomalies.push(AnomalyKind::PickedUpAfterCancel);
        }
        fold.taken.get_or_insert(step.position);
    }
    fold.state = state;
    fold.offer = None;
    hold_by_post(fold, ground, step);
    anomalies
}

fn hold_by_post(fold: &mut Fold, ground: Ground<'_>, step: &Step) {
    let known = if fold.holder.kind == HolderKind::Post { fold.holder.office.clone() } else { None };
    let carrier = ground.birth.carrier.clone().unwrap_or_else(|| step.party.clone());
    fold.holder = Holder::post(carrier, step.office.clone().or(known));
}

fn arrival(ground: Ground<'_>, step: &Step) -> LegState {
    if step.office.is_some() && step.office == ground.birth.office {
        LegState::AtDestOffice
    } else {
        LegState::AtOffice
    }
}

fn attempt_failed(fold: &mut Fold, ground: Ground<'_>, step: &Step) -> Vec<AnomalyKind> {
    let held = step.measure == Measure::HOLD_FOR_PICKUP;
    let in_hand = fold.state != LegState::ToRecover;
    let anomalies = carried(fold, ground, step, if held { LegState::Held } else { LegState::AttemptFailed });
    if in_hand && !anomalies.contains(&AnomalyKind::AfterEnd) {
        fold.attempts += 1;
    }
    anomalies
}

/// The giver says: here it is. Moves nothing; completes an acceptance that came before.
fn offered(fold: &mut Fold, ground: Ground<'_>, step: &Step, by_carrier: bool) -> Vec<AnomalyKind> {
    let may_give = match fold.holder.kind {
        HolderKind::Post => by_carrier,
        HolderKind::Agency => gives_as_agency(ground, &step.party),
        HolderKind::Citizen | HolderKind::None => false,
    };
    if may_give && !fold.state.is_end() && fold.state != LegState::ToRecover {
        let before = fold.offer.as_ref().map_or(fold.state, |offer| offer.before);
        fold.offer = Some(Offer { party: step.party.clone(), principal: step.principal.clone(), before });
        fold.state = LegState::Offered;
        if fold.holder.kind == HolderKind::Post {
            hold_by_post(fold, ground, step);
        }
        return Vec::new();
    }
    // The receiver has already spoken: is this the giver's word that was still missing?
    let by_agency = gives_as_agency(ground, &step.party);
    let taken_by = |receiver| fold.one_sided.iter().position(|handover| handover.receiver == receiver);
    let open = if by_carrier {
        taken_by(HolderKind::Agency)
    } else if by_agency {
        let directly = || taken_by(HolderKind::Agency).filter(|_| ground.birth.kind == LegKind::Transfer);
        taken_by(HolderKind::Post).or_else(directly)
    } else {
        None
    };
    if let Some(at) = open {
        if fold.one_sided[at].principal == step.principal {
            return vec![AnomalyKind::SamePrincipal];
        }
        let handover = fold.one_sided.remove(at);
        fold.settle_at(AnomalyKind::OneSided, handover.position);
        return Vec::new();
    }
    vec![match fold.holder.kind {
        HolderKind::Citizen | HolderKind::None => AnomalyKind::NotHolder,
        _ if !by_carrier && !by_agency => AnomalyKind::NotHolder,
        _ if may_give && fold.state.is_end() => AnomalyKind::AfterEnd,
        _ => AnomalyKind::OutOfOrder,
    }]
}

/// Whether an agency may speak for the giving side: owner and counter are one side, but of a transfer only the owner
/// gives.
fn gives_as_agency(ground: Ground<'_>, party: &PartyName) -> bool {
    let birth = ground.birth;
    *party == birth.agency || (birth.kind != LegKind::Transfer && *party == birth.counter)
}

/// An agency signs for it.
fn accepted(fold: &mut Fold, ground: Ground<'_>, step: &Step) -> Vec<AnomalyKind> {
    let mut anomalies = Vec::new();
    if !may_receive(ground, &step.party) {
        return vec![AnomalyKind::NotReceiver];
    }
    if matches!(
        fold.state,
        LegState::HandedOver | LegState::Returned | LegState::Delivered | LegState::Undelivered
    ) {
        return vec![AnomalyKind::AfterEnd];
    }
    match &fold.offer {
        Some(offer) if offer.principal == step.principal => return vec![AnomalyKind::SamePrincipal],
        Some(_) => {}
        None => anomalies.push(one_sided(fold, step, HolderKind::Agency)),
    }
    if fold.order == OrderStatus::Cancelled && fold.taken.is_none() {
        anomalies.push(AnomalyKind::PickedUpAfterCancel);
    }
    if step.reason != Reason::NONE {
        anomalies.push(AnomalyKind::WithReservation);
    }
    fold.taken.get_or_insert(step.position);
    fold.state =
        if ground.birth.kind == LegKind::ReturnToAgency { LegState::Returned } else { LegState::HandedOver };
    fold.offer = None;
    fold.holder = Holder::agency(step.party.clone());
    fold.handed_over_at = Some(step.order.effective_at);
    anomalies
}

/// Whether an agency is the receiving party of a leg: owner or counter, of a transfer the counter it goes to.
fn may_receive(ground: Ground<'_>, party: &PartyName) -> bool {
    let birth = ground.birth;
    match birth.kind {
        LegKind::Transfer => *party == birth.counter,
        kind if kind.ends_at_agency() => *party == birth.counter || *party == birth.agency,
        _ => false,
    }
}

fn not_accepted(fold: &mut Fold, ground: Ground<'_>, step: &Step, by_carrier: bool) -> Vec<AnomalyKind> {
    let receives = match fold.holder.kind {
        HolderKind::Post => may_receive(ground, &step.party),
        HolderKind::Agency => by_carrier || may_receive(ground, &step.party),
        HolderKind::Citizen => by_carrier,
        HolderKind::None => false,
    };
    if !receives {
        return vec![AnomalyKind::NotReceiver];
    }
    if fold.state.is_end() {
        return vec![AnomalyKind::AfterEnd];
    }
    if let Some(offer) = fold.offer.take() {
        fold.state = offer.before;
    }
    // Of what is not there nobody says what is wrong with it: the giver looks for it until somebody scans it.
    vec![if step.reason == Reason::MISSING { AnomalyKind::Missing } else { AnomalyKind::Disputed }]
}

/// Nobody signed for it: the offer is over, and it is where it was before. What was on a run is back at its office.
fn carried_back(fold: &mut Fold, ground: Ground<'_>, step: &Step, by_carrier: bool) -> Vec<AnomalyKind> {
    if !by_carrier && !ground.birth.concerns(&step.party) {
        return vec![AnomalyKind::NotHolder];
    }
    if let Some(offer) = fold.offer.take() {
        fold.state = offer.before;
    } else if fold.state == LegState::OutForDelivery && by_carrier {
        fold.state = LegState::AtOffice;
        hold_by_post(fold, ground, step);
    }
    Vec::new()
}

/// The citizen has it, says the carrier.
fn delivered(fold: &mut Fold, ground: Ground<'_>, step: &Step) -> Vec<AnomalyKind> {
    if ground.birth.kind.ends_at_agency() {
        // An agency signs for itself: the carrier's word is an offer.
        let mut anomalies = offered(fold, ground, step, true);
        anomalies.push(AnomalyKind::WrongKind);
        return anomalies;
    }
    if matches!(fold.state, LegState::Delivered | LegState::Returned | LegState::Undelivered) {
        return vec![AnomalyKind::AfterEnd];
    }
    if fold.state == LegState::ToRecover {
        return vec![AnomalyKind::OutOfOrder];
    }
    let mut anomalies = unattested(true, step);
    if fold.holder.kind != HolderKind::Post {
        anomalies.push(AnomalyKind::PickupMissing);
        if fold.order == OrderStatus::Cancelled {
            anomalies.push(AnomalyKind::PickedUpAfterCancel);
        }
        fold.taken.get_or_insert(step.position);
    }
    fold.state =
        if ground.birth.kind == LegKind::ReturnToCitizen { LegState::Returned } else { LegState::Delivered };
    fold.offer = None;
    fold.holder = Holder::CITIZEN;
    fold.delivered_at = Some(step.order.effective_at);
    anomalies
}

/// The same event stands on two legs: it opens the return leg, and ends the leg that goes back.
fn return_started(fold: &mut Fold, ground: Ground<'_>, step: &Step) -> Vec<AnomalyKind> {
    if step.position == ground.id {
        // The leg began in this state; scans with an earlier clock may have moved it on already.
        if fold.state == LegState::Returning {
            hold_by_post(fold, ground, step);
        }
        return Vec::new();
    }
    let ended = fold.state.is_end();
    if step.other_leg != Some(ground.id) {
        return vec![if ended { AnomalyKind::AfterEnd } else { AnomalyKind::OutOfOrder }];
    }
    let mut anomalies = Vec::new();
    if ended || matches!(fold.state, LegState::Returning | LegState::ToRecover) {
        anomalies.push(AnomalyKind::OutOfOrder);
    } else if fold.holder.kind != HolderKind::Post {
        anomalies.push(AnomalyKind::PickupMissing);
    }
    fold.state = LegState::Undelivered;
    fold.offer = None;
    fold.holder = Holder::NONE;
    anomalies
}

fn lost(fold: &mut Fold, step: &Step) -> Vec<AnomalyKind> {
    if fold.holder.party.as_ref() != Some(&step.party) {
        return vec![AnomalyKind::NotHolder];
    }
    if fold.state.is_end() {
        return vec![AnomalyKind::AfterEnd];
    }
    fold.before_lost = Some(if fold.state == LegState::ToRecover { LegState::AtOffice } else { fold.state });
    fold.state = LegState::Lost;
    fold.offer = None;
    Vec::new()
}

fn found(fold: &mut Fold, ground: Ground<'_>, step: &Step, by_carrier: bool) -> Vec<AnomalyKind> {
    if !by_carrier && fold.holder.party.as_ref() != Some(&step.party) {
        return vec![AnomalyKind::NotHolder];
    }
    match fold.state {
        LegState::Lost => fold.state = fold.before_lost.take().unwrap_or(LegState::AtOffice),
        LegState::ToRecover => fold.state = LegState::AtOffice,
        _ => return Vec::new(),
    }
    if fold.holder.kind == HolderKind::Post {
        hold_by_post(fold, ground, step);
    }
    Vec::new()
}

/// Hủy báo phát: a supervisor takes a delivery back.
fn delivery_revoked(fold: &mut Fold, ground: Ground<'_>, step: &Step) -> Vec<AnomalyKind> {
    if !step.supervisor {
        return vec![AnomalyKind::NotSupervisor];
    }
    let delivered = matches!(fold.state, LegState::Delivered | LegState::Returned)
        && fold.holder.kind == HolderKind::Citizen;
    if !delivered {
        return vec![AnomalyKind::OutOfOrder];
    }
    let carrier = ground.birth.carrier.clone().unwrap_or_else(|| step.party.clone());
    match step.reason {
        Reason::NEVER_LEFT_HAND => {
            fold.state = LegState::OutForDelivery;
            fold.holder = Holder::post(carrier, step.office.clone());
        }
        Reason::WRONG_RECEIVER => {
            fold.state = LegState::ToRecover;
            fold.holder = Holder::post(carrier, None);
        }
        _ => return vec![AnomalyKind::ReasonUnknown],
    }
    fold.delivered_at = None;
    Vec::new()
}
