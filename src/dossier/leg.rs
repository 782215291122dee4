//! Legs (lượt chuyển): their kinds, states and holders.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::names::PartyName;
use super::numbered::numbered;

numbered! {
    /// The kinds of leg.
    LegKind {
        /// Nhận gửi hồ sơ: citizen to agency.
        Inbound = 1 "INBOUND",
        /// Gửi bổ sung hồ sơ: further papers, citizen to agency.
        Supplement = 2 "SUPPLEMENT",
        /// Chuyển trả kết quả: agency to citizen.
        Outbound = 3 "OUTBOUND",
        /// Luân chuyển hồ sơ liên thông: agency to agency.
        Transfer = 4 "TRANSFER",
        /// Trả lại hồ sơ cho người nộp.
        ReturnToCitizen = 5 "RETURN_TO_CITIZEN",
        /// Chuyển hoàn kết quả.
        ReturnToAgency = 6 "RETURN_TO_AGENCY",
    }
}

impl LegKind {
    /// Whether the leg ends in an agency's hands.
    pub const fn ends_at_agency(self) -> bool {
        matches!(self, LegKind::Inbound | LegKind::Supplement | LegKind::Transfer | LegKind::ReturnToAgency)
    }

    /// Whether an earlier leg is continued by legs of this kind.
    pub const fn is_return(self) -> bool {
        matches!(self, LegKind::ReturnToCitizen | LegKind::ReturnToAgency)
    }

    /// Whether the leg begins in the citizen's hands when it is ordered or first picked up.
    pub const fn begins_at_citizen(self) -> bool {
        matches!(self, LegKind::Inbound | LegKind::Supplement)
    }

    /// The kind of the return leg that continues a leg of this kind.
    pub const fn return_kind(self) -> LegKind {
        match self {
            LegKind::Outbound | LegKind::Transfer => LegKind::ReturnToAgency,
            _ => LegKind::ReturnToCitizen,
        }
    }
}

numbered! {
    /// The states of a leg. DAMAGED and DISPUTED are anomalies, not states.
    LegState {
        /// Đã đăng ký, chờ thu gom.
        Ordered = 1 "ORDERED",
        /// Đã phân công bưu tá.
        Assigned = 2 "ASSIGNED",
        /// Thu gom không thành công.
        PickupFailed = 3 "PICKUP_FAILED",
        /// Đã nhận gửi.
        PickedUp = 4 "PICKED_UP",
        /// Đang ở bưu cục.
        AtOffice = 5 "AT_OFFICE",
        /// Đang vận chuyển.
        InTransit = 6 "IN_TRANSIT",
        /// Đã đến bưu cục phát.
        AtDestOffice = 7 "AT_DEST_OFFICE",
        /// Chờ ký nhận.
        Offered = 8 "OFFERED",
        /// Đã bàn giao.
        HandedOver = 9 "HANDED_OVER",
        /// Đang đi phát.
        OutForDelivery = 10 "OUT_FOR_DELIVERY",
        /// Phát không thành công.
        AttemptFailed = 11 "ATTEMPT_FAILED",
        /// Lưu tại bưu cục, chờ khách đến nhận.
        Held = 12 "HELD",
        /// Phát thành công.
        Delivered = 13 "DELIVERED",
        /// Đang chuyển hoàn.
        Returning = 14 "RETURNING",
        /// Đã chuyển hoàn.
        Returned = 15 "RETURNED",
        /// Đã hủy.
        Cancelled = 16 "CANCELLED",
        /// Mất.
        Lost = 17 "LOST",
        /// Không phát được; a return leg continues it.
        Undelivered = 18 "UNDELIVERED",
        /// Đang thu hồi.
        ToRecover = 19 "TO_RECOVER",
    }
}

impl LegState {
    /// Whether nothing more is expected on the leg.
    pub const fn is_end(self) -> bool {
        matches!(
            self,
            LegState::HandedOver
                | LegState::Delivered
                | LegState::Returned
                | LegState::Cancelled
                | LegState::Lost
                | LegState::Undelivered
        )
    }

    /// Whether the carrier has not taken it over yet.
    pub const fn before_pickup(self) -> bool {
        matches!(self, LegState::Ordered | LegState::Assigned | LegState::PickupFailed | LegState::Cancelled)
    }
}

numbered! {
    /// Who has it.
    HolderKind {
        /// The citizen.
        Citizen = 1 "CITIZEN",
        /// The carrier.
        Post = 2 "POST",
        /// An agency.
        Agency = 3 "AGENCY",
        /// Nobody: a later leg continues this one, or its birth was voided.
        None = 4 "NONE",
    }
}

/// Who has a leg's envelope now (đơn vị đang giữ).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Holder {
    /// Citizen, post, agency, or nobody.
    pub kind: HolderKind,
    /// The carrier or agency; `None` for a citizen or nobody.
    pub party: Option<PartyName>,
    /// The post office it was last seen at, six digits; only with the post.
    pub office: Option<SmolStr>,
}

impl Holder {
    /// The citizen.
    pub const CITIZEN: Holder = Holder { kind: HolderKind::Citizen, party: None, office: None };
    /// Nobody.
    pub const NONE: Holder = Holder { kind: HolderKind::None, party: None, office: None };

    /// The carrier, with the office where it was last seen.
    pub fn post(carrier: PartyName, office: Option<SmolStr>) -> Holder {
        Holder { kind: HolderKind::Post, party: Some(carrier), office }
    }

    /// An agency.
    pub fn agency(agency: PartyName) -> Holder {
        Holder { kind: HolderKind::Agency, party: Some(agency), office: None }
    }

    /// The same hands, whatever the office.
    pub fn same_hands(&self, other: &Holder) -> bool {
        self.kind == other.kind && self.party == other.party
    }
}

/// What an event did: the leg's state and holder as known just before and just after the event's own position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The state after.
    pub state: LegState,
    /// The holder before.
    pub holder_before: Holder,
    /// The holder after.
    pub holder_after: Holder,
}

numbered! {
    /// The other axis: what was ordered, whatever the hands did.
    OrderStatus {
        /// Nobody ordered it: a first scan opened the leg.
        None = 1 "NONE",
        /// Ordered.
        Active = 2 "ACTIVE",
        /// The order was cancelled.
        Cancelled = 3 "CANCELLED",
    }
}

numbered! {
    /// How an event was placed.
    Placement {
        /// On its leg.
        Placed = 1 "PLACED",
        /// On no leg yet; the tie places it when it can.
        Unplaced = 2 "UNPLACED",
        /// On its leg, which it confirms without changing anything.
        Corroborates = 3 "CORROBORATES",
        /// It concerns no leg.
        NoLeg = 4 "NO_LEG",
    }
}

/// What is fixed when a leg is born and never changes after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    /// The kind of leg.
    pub kind: LegKind,
    /// The agency that owns the matter; of a transfer the agency that gives.
    pub agency: PartyName,
    /// The counter that receives for it; of a transfer the agency that receives.
    pub counter: PartyName,
    /// The carrier; a transfer between agencies may go without.
    pub carrier: Option<PartyName>,
    /// The office that will deliver, where the order names it.
    pub office: Option<SmolStr>,
    /// The procedure.
    pub procedure: Option<SmolStr>,
}

impl Birth {
    /// Whether the leg concerns a party: it owns it, receives it at its counter, or carries it.
    pub fn concerns(&self, party: &PartyName) -> bool {
        self.agency == *party || self.counter == *party || self.carrier.as_ref() == Some(party)
    }

    /// The parties it concerns, each once, in a fixed order.
    pub fn parties(&self) -> Vec<PartyName> {
        let mut parties = vec![self.agency.clone(), self.counter.clone()];
        parties.extend(self.carrier.clone());
        parties.sort();
        parties.dedup();
        parties
    }
}
