//! A manifest and its lines.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::dossier::code::Code;
use crate::dossier::event::{EventType, Reason};
use crate::dossier::names::{Micros, PartyName, Position};
use crate::dossier::numbered::numbered;

numbered! {
    /// What is handed over, and between whom.
    ManifestKind {
        /// Bàn giao: from one party to another, at a counter; both sign.
        Handover = 1 "HANDOVER",
        /// BD13: a carrier's office gives a postman what he is to deliver.
        Run = 2 "RUN",
        /// BD10: one office of a carrier sends bags and envelopes to another.
        Transport = 3 "TRANSPORT",
    }
}

numbered! {
    /// How far it is.
    ManifestState {
        /// Đang lập: lines may be added.
        Draft = 1 "DRAFT",
        /// Chờ ký nhận: sealed by the giver; the receiver answers line by line.
        Offered = 2 "OFFERED",
        /// Đã ký: nothing more is answered.
        Closed = 3 "CLOSED",
        /// Đã rút: the giver took it back.
        Withdrawn = 4 "WITHDRAWN",
    }
}

numbered! {
    /// What was said of one line.
    LineState {
        /// Nobody has answered it yet.
        Pending = 1 "PENDING",
        /// Ký nhận.
        Accepted = 2 "ACCEPTED",
        /// Ký nhận có biên bản.
        AcceptedWithReservation = 3 "ACCEPTED_WITH_RESERVATION",
        /// Không nhận.
        NotAccepted = 4 "NOT_ACCEPTED",
        /// On the list and not there.
        Missing = 5 "MISSING",
        /// Taken with its bag or bundle unopened, by the intact seal.
        AcceptedBySeal = 6 "ACCEPTED_BY_SEAL",
        /// Mang về: the giver carried it back.
        CarriedBack = 7 "CARRIED_BACK",
    }
}

/// One side of a handover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The party.
    pub party: PartyName,
    /// The post office, six digits.
    pub office: Option<SmolStr>,
    /// The staff number of who takes it, of a run the postman's.
    pub person: Option<SmolStr>,
}

/// Who signed, and when it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The event.
    pub by: Position,
    /// The minute that counts: of a late entry that on the paper.
    pub at: Micros,
    /// The person of the key, or the key itself.
    pub principal: SmolStr,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestLine {
    /// The code that stands on the list.
    pub code: Option<Code>,
    /// The leg it means; unknown while nobody knows the code, or of a bag.
    pub leg: Option<Position>,
    /// What was said of it.
    pub state: LineState,
    /// The receiver added it.
    pub unlisted: bool,
    /// Why it was not accepted, or with what reservation.
    pub reason: Reason,
    /// The event that says so, and the minute that counts: liability passes with an acceptance.
    pub said: Option<(Position, Micros)>,
}

/// A manifest as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its id: the position of its birth.
    pub id: Position,
    /// What kind.
    pub kind: ManifestKind,
    /// Its number on paper; empty where it has none.
    pub number: SmolStr,
    /// Who gives.
    pub giver: Side,
    /// Who receives.
    pub receiver: Side,
    /// How far it is.
    pub state: ManifestState,
    /// When it was made.
    pub created_at: Micros,
    /// The giver's seal under it.
    pub offered: Option<Signed>,
    /// The last word: closed or withdrawn.
    pub ended: Option<Signed>,
    /// Its lines, in the order of the list.
    pub lines: Vec<ManifestLine>,
}

/// How many lines are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// All lines.
    pub lines: usize,
    /// Not answered yet.
    pub pending: usize,
    /// Taken: in order, with a reservation or by seal, listed or not.
    pub taken: usize,
    /// Of these with a reservation.
    pub with_reservation: usize,
    /// Of the taken those that the receiver added.
    pub unlisted: usize,
    /// Not accepted.
    pub not_accepted: usize,
    /// Not there.
    pub missing: usize,
    /// Carried back.
    pub carried_back: usize,
}

impl Manifest {
    /// Whether a party is a side of it.
    pub fn concerns(&self, party: &PartyName) -> bool {
        self.giver.party == *party || self.receiver.party == *party
    }

    /// The parties it concerns, each once.
    pub fn parties(&self) -> Vec<PartyName> {
        let mut parties = vec![self.giver.party.clone(), self.receiver.party.clone()];
        parties.sort();
        parties.dedup();
        parties
    }

    /// How many lines are in which state.
    pub fn sheet(&self) -> Sheet {
        let mut sheet = Sheet { lines: self.lines.len(), ..Sheet::default() };
        for line in &self.lines {
            let taken = line.state.is_taken();
            sheet.taken += usize::from(taken);
            sheet.unlisted += usize::from(taken && line.unlisted);
            match line.state {
                LineState::Pending => sheet.pending += 1,
                LineState::AcceptedWithReservation => sheet.with_reservation += 1,
                LineState::NotAccepted => sheet.not_accepted += 1,
                LineState::Missing => sheet.missing += 1,
                LineState::CarriedBack => sheet.carried_back += 1,
                LineState::Accepted | LineState::AcceptedBySeal => {}
            }
        }
        sheet
    }

    /// What the giver says of each line when it is offered.
    pub const fn given(&self) -> EventType {
        match self.kind {
            ManifestKind::Handover => EventType::Offered,
            ManifestKind::Run => EventType::OutForDelivery,
            ManifestKind::Transport => EventType::Dispatched,
        }
    }

    /// What the receiver says of each line that it takes; nothing of a run, which ends with its deliveries.
    pub fn taken(&self) -> Option<EventType> {
        match self.kind {
            ManifestKind::Handover if self.receiver.party.is_carrier() => Some(EventType::PickedUp),
            ManifestKind::Handover => Some(EventType::Accepted),
            ManifestKind::Transport => Some(EventType::Arrived),
            ManifestKind::Run => None,
        }
    }
}

impl LineState {
    /// Whether the receiver has it.
    pub const fn is_taken(self) -> bool {
        matches!(self, LineState::Accepted | LineState::AcceptedWithReservation | LineState::AcceptedBySeal)
    }
}
