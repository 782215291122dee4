//! What the post and the agencies say happened: event types, reasons, measures and the event as understood.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::code::Code;
use super::leg::LegKind;
use super::names::{Micros, PartyName, Position};
use super::numbered::numbered;
use super::particulars::Particulars;

numbered! {
    /// The kinds of event (mốc hành trình). Numbers below 64 are captured by people and systems; from 64 on the
    /// gateway makes them.
    EventType {
        /// Phân công bưu tá.
        Assigned = 1 "ASSIGNED",
        /// Bưu tá không nhận.
        Declined = 2 "DECLINED",
        /// Thu gom không thành công.
        PickupFailed = 3 "PICKUP_FAILED",
        /// Nhận gửi.
        PickedUp = 4 "PICKED_UP",
        /// Nhập bưu cục.
        OfficeIn = 5 "OFFICE_IN",
        /// Đóng túi.
        Bagged = 6 "BAGGED",
        /// Đóng chuyến thư đi.
        Dispatched = 7 "DISPATCHED",
        /// Xác nhận đến.
        Arrived = 8 "ARRIVED",
        /// Lập bảng kê, đề nghị ký nhận.
        Offered = 9 "OFFERED",
        /// Ký nhận.
        Accepted = 10 "ACCEPTED",
        /// Không nhận.
        NotAccepted = 11 "NOT_ACCEPTED",
        /// Giao bưu tá đi phát.
        OutForDelivery = 12 "OUT_FOR_DELIVERY",
        /// Báo phát thành công.
        Delivered = 13 "DELIVERED",
        /// Báo phát không thành công.
        AttemptFailed = 14 "ATTEMPT_FAILED",
        /// Lưu tại bưu cục.
        Held = 15 "HELD",
        /// Phát tại bưu cục.
        Collected = 16 "COLLECTED",
        /// Chuyển hoàn.
        ReturnStarted = 17 "RETURN_STARTED",
        /// Gắn số hiệu.
        Labelled = 18 "LABELLED",
        /// Thay số hiệu.
        Relabelled = 19 "RELABELLED",
        /// Báo mất.
        Lost = 20 "LOST",
        /// Đã tìm thấy.
        Found = 21 "FOUND",
        /// Hư hỏng.
        Damaged = 22 "DAMAGED",
        /// Hủy thao tác quét nhầm.
        Voided = 23 "VOIDED",
        /// Hủy báo phát.
        DeliveryRevoked = 24 "DELIVERY_REVOKED",
        /// Thu phí, lệ phí.
        FeeCollected = 25 "FEE_COLLECTED",
        /// Đăng ký hồ sơ.
        Registered = 64 "REGISTERED",
        /// Đăng ký thu gom, or trả kết quả qua bưu chính.
        Ordered = 65 "ORDERED",
        /// Hủy đăng ký.
        Cancelled = 66 "CANCELLED",
        /// Tiếp nhận hồ sơ (Form 01).
        DossierAccepted = 67 "DOSSIER_ACCEPTED",
        /// An event that could not be placed when it came, now placed on its leg.
        Placed = 68 "PLACED",
        /// Yêu cầu bổ sung (Form 02).
        SupplementRequested = 69 "SUPPLEMENT_REQUESTED",
        /// Từ chối tiếp nhận (Form 03).
        DossierRefused = 70 "DOSSIER_REFUSED",
        /// Rút hồ sơ.
        DossierWithdrawn = 71 "DOSSIER_WITHDRAWN",
        /// Dừng giải quyết.
        DossierStopped = 72 "DOSSIER_STOPPED",
        /// Xin lỗi và hẹn lại ngày trả (Form 04).
        DueDateSet = 73 "DUE_DATE_SET",
        /// Đã có kết quả.
        ResultAnnounced = 74 "RESULT_ANNOUNCED",
        /// Đã trả kết quả.
        DossierClosed = 75 "DOSSIER_CLOSED",
        /// Liên thông: the dossier belongs to another agency's.
        DossierLinked = 76 "DOSSIER_LINKED",
        /// Miễn, giảm phí, lệ phí.
        FeeWaived = 77 "FEE_WAIVED",
        /// Lập bảng kê.
        ManifestCreated = 78 "MANIFEST_CREATED",
        /// Thêm vào bảng kê.
        ManifestLinesAdded = 79 "MANIFEST_LINES_ADDED",
        /// Chốt bảng kê, đề nghị ký nhận.
        ManifestOffered = 80 "MANIFEST_OFFERED",
        /// Rút bảng kê.
        ManifestWithdrawn = 81 "MANIFEST_WITHDRAWN",
        /// Ký biên bản bàn giao.
        ManifestClosed = 82 "MANIFEST_CLOSED",
        /// Mang về: the giver carried back what was offered and not taken.
        CarriedBack = 83 "CARRIED_BACK",
    }
}

impl EventType {
    /// Whether only the gateway makes events of this type.
    pub const fn made_by_gateway(self) -> bool {
        self.number() >= 64
    }

    /// Whether it asks for a journey when it opens a leg.
    pub const fn orders(self) -> bool {
        matches!(
            self,
            EventType::Ordered
                | EventType::SupplementRequested
                | EventType::DossierRefused
                | EventType::DossierWithdrawn
                | EventType::DossierStopped
                | EventType::ResultAnnounced
        )
    }

    /// Whether it may open a leg that continues another: the papers go back.
    pub const fn sends_back(self) -> bool {
        matches!(
            self,
            EventType::ReturnStarted
                | EventType::DossierRefused
                | EventType::DossierWithdrawn
                | EventType::DossierStopped
        )
    }
}

/// Why something did not go as planned: the first half of the UPU pair reason + measure. Unknown numbers are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reason(pub i32);

impl Reason {
    /// Nothing given.
    pub const NONE: Reason = Reason(0);
    /// The delivery was marked by mistake; the envelope never left the postman's hand.
    pub const NEVER_LEFT_HAND: Reason = Reason(30);
    /// The envelope was given to the wrong person.
    pub const WRONG_RECEIVER: Reason = Reason(31);
    /// It stands on the list and is not there.
    pub const MISSING: Reason = Reason(29);
    /// Every known reason: number and name as on the wire.
    pub const KNOWN: &'static [(i32, &'static str)] = &[
        (1, "WRONG_ADDRESS"),
        (2, "UNKNOWN_ADDRESSEE"),
        (3, "ABSENT"),
        (4, "MOVED"),
        (5, "REFUSED"),
        (6, "RESCHEDULED_BY_ADDRESSEE"),
        (7, "PREMISES_CLOSED"),
        (8, "FEE_NOT_PAID"),
        (9, "ID_NOT_VERIFIED"),
        (10, "UNREACHABLE_BY_PHONE"),
        (11, "DECEASED"),
        (12, "DAMAGED"),
        (13, "LOST"),
        (14, "FORCE_MAJEURE"),
        (15, "MISROUTED"),
        (16, "PROHIBITED"),
        (17, "CARRIER_CAPACITY"),
        (18, "VEHICLE"),
        (19, "WITHDRAWN_BY_SENDER"),
        (20, "UNCLAIMED"),
        (21, "OTHER"),
        (22, "INCOMPLETE_PAPERS"),
        (23, "NOT_ELIGIBLE"),
        (24, "WRONG_AGENCY"),
        (25, "COUNTER_CLOSED"),
        (26, "NO_RECEIVER_ON_DUTY"),
        (27, "SEAL_BROKEN"),
        (28, "COUNT_DIFFERS"),
        (29, "MISSING"),
        (30, "NEVER_LEFT_HAND"),
        (31, "WRONG_RECEIVER"),
        (32, "MIS_SCAN"),
        (33, "E_RESULT"),
    ];

    /// Whether this release knows the number; zero (nothing given) counts as known.
    pub fn is_known(self) -> bool {
        self.0 == 0 || Self::KNOWN.iter().any(|(number, _)| *number == self.0)
    }

    /// The reason of a name such as `INCOMPLETE_PAPERS` or `incomplete-papers`.
    pub fn from_text(text: &str) -> Option<Reason> {
        number_of(Self::KNOWN, text).map(Reason)
    }
}

/// What the carrier does about it: the second half of the UPU pair. Unknown numbers are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Measure(pub i32);

impl Measure {
    /// Nothing given.
    pub const NONE: Measure = Measure(0);
    /// Kept at the office until the addressee comes.
    pub const HOLD_FOR_PICKUP: Measure = Measure(3);
    /// Every known measure: number and name as on the wire.
    pub const KNOWN: &'static [(i32, &'static str)] = &[
        (1, "RETRY_SAME_DAY"),
        (2, "RETRY_ON"),
        (3, "HOLD_FOR_PICKUP"),
        (4, "FORWARD"),
        (5, "VERIFY_ADDRESS"),
        (6, "RETURN_TO_SENDER"),
        (7, "AWAIT_SENDER"),
    ];

    /// Whether this release knows the number; zero (nothing given) counts as known.
    pub fn is_known(self) -> bool {
        self.0 == 0 || Self::KNOWN.iter().any(|(number, _)| *number == self.0)
    }

    /// The measure of a name such as `HOLD_FOR_PICKUP` or `hold-for-pickup`.
    pub fn from_text(text: &str) -> Option<Measure> {
        number_of(Self::KNOWN, text).map(Measure)
    }
}

fn number_of(known: &[(i32, &str)], text: &str) -> Option<i32> {
    let wanted = text.trim().replace('-', "_").to_ascii_uppercase();
    known.iter().find(|(_, name)| *name == wanted).map(|(number, _)| *number)
}

/// An event as understood: every field parsed, nothing looked up. The bytes it came in are kept beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventType,
    /// The code that was scanned, as understood; `None` when the scan read as no code.
    pub code: Option<Code>,
    /// When, by the capturing device's clock.
    pub occurred_at: Micros,
    /// The device's running number of this event, from 1.
    pub device_seq: Option<u64>,
    /// The agency written on the envelope or meant by the command, canonical name.
    pub agency: Option<PartyName>,
    /// The counter that receives for it, canonical name.
    pub counter: Option<PartyName>,
    /// The post office where it happened, six digits; for an order the office that will deliver.
    pub office: Option<SmolStr>,
    /// Why.
    pub reason: Reason,
    /// What is done about it.
    pub measure: Measure,
    /// The event this one voids or replaces.
    pub corrects: Option<Position>,
    /// The leg named outright.
    pub leg: Option<Position>,
    /// Other codes of the same envelope.
    pub also: Vec<Code>,
    /// The bag it went into.
    pub receptacle: Option<Code>,
    /// The procedure, canonical name (`procedures/{code}`).
    pub procedure: Option<SmolStr>,
    /// What kind of leg a first scan opens.
    pub leg_kind: Option<LegKind>,
    /// Until when it is kept, or when it is tried again.
    pub until: Option<Micros>,
    /// The check digit is wrong and was typed twice on the device.
    pub unverified: bool,
    /// When the result is due.
    pub due_at: Option<Micros>,
    /// For PLACED: the type of the event that is placed.
    pub placed: Option<EventType>,
    /// The number of the signed paper that it was keyed from. It stands in the event alone.
    pub paper: Option<SmolStr>,
    /// Staff number of who did it, where the key's person did not: of a device that several people carry. It is not in the
    /// record, so what is read back has none.
    pub actor: Option<SmolStr>,
    /// Papers, money, who received, what was laid down.
    pub particulars: Particulars,
}

impl Event {
    /// An event that says nothing yet but what happened and when.
    pub fn new(kind: EventType, occurred_at: Micros) -> Event {
        Event {
            kind,
            code: None,
            occurred_at,
            device_seq: None,
            agency: None,
            counter: None,
            office: None,
            reason: Reason::NONE,
            measure: Measure::NONE,
            corrects: None,
            leg: None,
            also: Vec::new(),
            receptacle: None,
            procedure: None,
            leg_kind: None,
            until: None,
            unverified: false,
            due_at: None,
            placed: None,
            actor: None,
            paper: None,
            particulars: Particulars::default(),
        }
    }
}
