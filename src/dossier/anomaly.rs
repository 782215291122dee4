//! Anomalies (sai lệch): what does not fit is journaled and flagged, never refused.

use serde::{Deserialize, Serialize};

use super::names::Position;
use super::numbered::numbered;

numbered! {
    /// What does not fit.
    AnomalyKind {
        /// The code resolves to nothing that concerns the scanning party.
        UnknownCode = 1 "UNKNOWN_CODE",
        /// The code resolves to more than one open leg.
        Ambiguous = 2 "AMBIGUOUS",
        /// One side of a handover has spoken, the other has not.
        OneSided = 3 "ONE_SIDED",
        /// Somebody accepted who is not the receiving party; hands did not change.
        NotReceiver = 4 "NOT_RECEIVER",
        /// Somebody acted who is not the holder or not the carrier; nothing changed.
        NotHolder = 5 "NOT_HOLDER",
        /// Both sides of a handover by one principal; nothing changed.
        SamePrincipal = 6 "SAME_PRINCIPAL",
        /// The same source said the same again under a new id.
        DuplicateScan = 7 "DUPLICATE_SCAN",
        /// The leg had already ended.
        AfterEnd = 8 "AFTER_END",
        /// The event does not follow from the state the leg was in.
        OutOfOrder = 9 "OUT_OF_ORDER",
        /// The carrier scanned what nobody has handed to it yet.
        PickupMissing = 10 "PICKUP_MISSING",
        /// Taken over although the order had been cancelled.
        PickedUpAfterCancel = 11 "PICKED_UP_AFTER_CANCEL",
        /// The receiver did not accept it.
        Disputed = 12 "DISPUTED",
        /// Damaged.
        Damaged = 13 "DAMAGED",
        /// The device's clock is off by more than two minutes.
        Skew = 14 "SKEW",
        /// The check digit is wrong and was typed twice.
        Unverified = 15 "UNVERIFIED",
        /// A reason or measure this release does not know.
        ReasonUnknown = 16 "REASON_UNKNOWN",
        /// A citizen gave or took without any attestation.
        NoProof = 17 "NO_PROOF",
        /// The procedure may not go by post.
        NotEligible = 18 "NOT_ELIGIBLE",
        /// The agency named is not in the directory.
        AgencyUnknown = 19 "AGENCY_UNKNOWN",
        /// A void or correction that does not count: another source, or the other side had answered.
        VoidRefused = 20 "VOID_REFUSED",
        /// Only a supervisor may revoke a delivery.
        NotSupervisor = 21 "NOT_SUPERVISOR",
        /// The leg already has so many events that this one, not the newest, was only recorded.
        Late = 22 "LATE",
        /// The event was journaled but could not be applied.
        NotApplied = 23 "NOT_APPLIED",
        /// Said to be delivered, on a leg that ends where an agency signs for it: it counts as an offer.
        WrongKind = 24 "WRONG_KIND",
        /// The procedure named is not in the directory.
        ProcedureUnknown = 25 "PROCEDURE_UNKNOWN",
        /// Captured by a source that was out of use by then.
        SourceRetired = 26 "SOURCE_RETIRED",
        /// Whoever did it is entered as a person, and had no appointment that day.
        OffDuty = 27 "OFF_DUTY",
        /// Somebody received what only the addressee, or somebody with written authority, may receive.
        ReceiverNotEntitled = 28 "RECEIVER_NOT_ENTITLED",
        /// Handed out although a fee that was due is not paid.
        FeeUnpaid = 29 "FEE_UNPAID",
        /// More was taken than was due.
        FeeOverpaid = 30 "FEE_OVERPAID",
        /// The receiver counted other papers than the giver.
        CountDiffers = 31 "COUNT_DIFFERS",
        /// Ký nhận có biên bản: accepted with a reservation, which somebody has to settle.
        WithReservation = 32 "WITH_RESERVATION",
        /// On the list and not there.
        Missing = 33 "MISSING",
        /// Accepted though it was not on the list.
        Unlisted = 34 "UNLISTED",
        /// Keyed after the fact from a signed paper, whose minute counts.
        LateEntry = 35 "LATE_ENTRY",
        /// A delivery was taken back after the agency had closed the dossier.
        Reopened = 36 "REOPENED",
    }
}

/// One anomaly and the event that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Anomaly {
    /// What does not fit.
    pub kind: AnomalyKind,
    /// The event that shows it.
    pub position: Position,
}
