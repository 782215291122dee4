//! What an event says besides hands: papers counted, money taken, who received. It never moves anything; what does not fit is
//! flagged.

use super::Ground;
use super::fold::Fold;
use super::step::Step;
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::event::{EventType, Reason};
use crate::dossier::leg::{HolderKind, LegState};
use crate::dossier::money::Money;
use crate::dossier::papers;

/// Takes the particulars of an event whose hands were judged, and answers with the anomalies that they show.
pub(super) fn apply(
    fold: &mut Fold,
    ground: Ground<'_>,
    step: &Step,
    judged: &[AnomalyKind],
) -> Vec<AnomalyKind> {
    if judged.iter().any(|kind| says_nothing(*kind)) {
        return Vec::new();
    }
    if is_seen(step) {
        fold.settle(AnomalyKind::Missing);
    }
    let mut anomalies = Vec::new();
    anomalies.extend(count(fold, step));
    take_money(fold, step);
    if handed_out(fold, step) && ground.terms.must_be_owner && !step.particulars.relation.is_entitled() {
        anomalies.push(AnomalyKind::ReceiverNotEntitled);
    }
    anomalies.extend(fees(fold, ground, step));
    anomalies
}

/// Anomalies of an event whose other words are worth nothing either.
fn says_nothing(kind: AnomalyKind) -> bool {
    matches!(
        kind,
        AnomalyKind::NotHolder
            | AnomalyKind::NotReceiver
            | AnomalyKind::NotSupervisor
            | AnomalyKind::SamePrincipal
            | AnomalyKind::AfterEnd
            | AnomalyKind::VoidRefused
    )
}

/// Whether somebody had the envelope before their eyes: what was missing is found.
fn is_seen(step: &Step) -> bool {
    match step.kind {
        EventType::PickedUp
        | EventType::OfficeIn
        | EventType::Bagged
        | EventType::Dispatched
        | EventType::Arrived
        | EventType::Offered
        | EventType::Accepted
        | EventType::OutForDelivery
        | EventType::Delivered
        | EventType::AttemptFailed
        | EventType::Held
        | EventType::Collected
        | EventType::ReturnStarted
        | EventType::Labelled
        | EventType::Relabelled
        | EventType::Found
        | EventType::Damaged => true,
        EventType::NotAccepted => step.reason != Reason::MISSING,
        _ => false,
    }
}

/// The first count is what the others are compared with.
fn count(fold: &mut Fold, step: &Step) -> Option<AnomalyKind> {
    let counted = &step.particulars.tally;
    if fold.counted.is_empty() {
        fold.counted.clone_from(counted);
        return None;
    }
    papers::differ(&fold.counted, counted).then_some(AnomalyKind::CountDiffers)
}

fn take_money(fold: &mut Fold, step: &Step) {
    let money = &step.particulars.money;
    match step.kind {
        EventType::FeeWaived => fold.waived.add(money),
        _ => fold.paid.add(money),
    }
    // It was never given out: what was wrong with giving it out was not so.
    if step.kind == EventType::DeliveryRevoked && step.reason == Reason::NEVER_LEFT_HAND {
        fold.settle(AnomalyKind::ReceiverNotEntitled);
        fold.settle(AnomalyKind::FeeUnpaid);
    }
}

/// Whether the event gave the envelope to the citizen.
fn handed_out(fold: &Fold, step: &Step) -> bool {
    matches!(step.kind, EventType::Delivered | EventType::Collected)
        && matches!(fold.state, LegState::Delivered | LegState::Returned)
        && fold.holder.kind == HolderKind::Citizen
}

/// What is due, against what was paid and waived. A fact is never refused for money: the phone asks for it, the journal
/// tells that it was not asked for.
fn fees(fold: &mut Fold, ground: Ground<'_>, step: &Step) -> Option<AnomalyKind> {
    let owed = |due: &Money| due.vnd - fold.paid.get(due.kind) - fold.waived.get(due.kind);
    let owing = ground.terms.dues.iter().map(owed);
    let (unpaid, overpaid) =
        owing.fold((false, false), |(unpaid, overpaid), owed| (unpaid || owed > 0, overpaid || owed < 0));
    if !unpaid {
        fold.settle(AnomalyKind::FeeUnpaid);
    }
    if !overpaid {
        fold.settle(AnomalyKind::FeeOverpaid);
    }
    if unpaid && handed_out(fold, step) {
        return Some(AnomalyKind::FeeUnpaid);
    }
    (overpaid && !step.particulars.money.is_empty()).then_some(AnomalyKind::FeeOverpaid)
}
