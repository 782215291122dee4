//! What people call things, in Vietnamese and English: the terms of the law and of the post.

use crate::doors::refusal::Language;
use crate::doors::wire::v1::DossierState;
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::event::EventType;
use crate::dossier::leg::{HolderKind, LegKind, LegState, OrderStatus, Placement};
use crate::dossier::money::FeeKind;
use crate::dossier::person::StaffRole;

/// One thing's name in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Vietnamese.
    pub vietnamese: &'static str,
    /// English.
    pub english: &'static str,
}

impl Words {
    /// The name in a language.
    pub const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::Vietnamese => self.vietnamese,
            Language::English => self.english,
        }
    }
}

const fn words(vietnamese: &'static str, english: &'static str) -> Words {
    Words { vietnamese, english }
}

/// A kind of leg.
pub const fn leg_kind(kind: LegKind) -> Words {
    match kind {
        LegKind::Inbound => words("Nhận gửi hồ sơ", "Dossier to the agency"),
        LegKind::Supplement => words("Gửi bổ sung hồ sơ", "Further papers to the agency"),
        LegKind::Outbound => words("Chuyển trả kết quả", "Result to the citizen"),
        LegKind::Transfer => words("Luân chuyển hồ sơ liên thông", "Transfer between agencies"),
        LegKind::ReturnToCitizen => words("Trả lại hồ sơ cho người nộp", "Papers back to the citizen"),
        LegKind::ReturnToAgency => words("Chuyển hoàn kết quả", "Result back to the agency"),
    }
}

/// What a person is appointed as.
pub const fn staff_role(role: StaffRole) -> Words {
    match role {
        StaffRole::Clerk => words("Giao dịch viên", "Clerk"),
        StaffRole::Postman => words("Bưu tá", "Postman"),
        StaffRole::Controller => words("Kiểm soát viên", "Controller"),
        StaffRole::Officer => words("Công chức một cửa", "Officer"),
        StaffRole::Supervisor => words("Người phụ trách", "Supervisor"),
    }
}

/// The role of a word in either language.
pub fn staff_role_of(text: &str) -> Option<StaffRole> {
    let wanted = text.trim().to_lowercase();
    let named = |role: &&StaffRole| staff_role(**role).vietnamese.to_lowercase() == wanted;
    StaffRole::from_text(text).or_else(|| StaffRole::ALL.iter().find(named).copied())
}

/// A state of a leg.
pub const fn leg_state(state: LegState) -> Words {
    match state {
        LegState::Ordered => words("Đã đăng ký, chờ thu gom", "Ordered, waiting for pickup"),
        LegState::Assigned => words("Đã phân công bưu tá", "Postman assigned"),
        LegState::PickupFailed => words("Thu gom không thành công", "Pickup failed"),
        LegState::PickedUp => words("Đã nhận gửi", "Picked up"),
        LegState::AtOffice => words("Đang ở bưu cục", "At a post office"),
        LegState::InTransit => words("Đang vận chuyển", "In transit"),
        LegState::AtDestOffice => words("Đã đến bưu cục phát", "At the delivering office"),
        LegState::Offered => words("Chờ ký nhận", "Offered, waiting for acceptance"),
        LegState::HandedOver => words("Đã bàn giao", "Handed over"),
        LegState::OutForDelivery => words("Đang đi phát", "Out for delivery"),
        LegState::AttemptFailed => words("Phát không thành công", "Delivery attempt failed"),
        LegState::Held => words("Lưu tại bưu cục, chờ khách đến nhận", "Held at the office for collection"),
        LegState::Delivered => words("Phát thành công", "Delivered"),
        LegState::Returning => words("Đang chuyển hoàn", "On its way back"),
        LegState::Returned => words("Đã chuyển hoàn", "Returned"),
        LegState::Cancelled => words("Đã hủy", "Cancelled"),
        LegState::Lost => words("Mất", "Lost"),
        LegState::Undelivered => words("Không phát được", "Could not be delivered"),
        LegState::ToRecover => words("Đang thu hồi", "Being recovered"),
    }
}

/// A kind of event.
pub const fn event_type(kind: EventType) -> Words {
    match kind {
        EventType::Assigned => words("Phân công bưu tá", "Postman assigned"),
        EventType::Declined => words("Bưu tá không nhận", "Postman declined"),
        EventType::PickupFailed => words("Thu gom không thành công", "Pickup failed"),
        EventType::PickedUp => words("Nhận gửi", "Picked up"),
        EventType::OfficeIn => words("Nhập bưu cục", "Entered a post office"),
        EventType::Bagged => words("Đóng túi", "Put into a bag"),
        EventType::Dispatched => words("Đóng chuyến thư đi", "Dispatched"),
        EventType::Arrived => words("Xác nhận đến", "Arrived"),
        EventType::Offered => words("Lập bảng kê, đề nghị ký nhận", "Offered for acceptance"),
        EventType::Accepted => words("Ký nhận", "Accepted"),
        EventType::NotAccepted => words("Không nhận", "Not accepted"),
        EventType::OutForDelivery => words("Giao bưu tá đi phát", "Out for delivery"),
        EventType::Delivered => words("Báo phát thành công", "Delivered"),
        EventType::AttemptFailed => words("Báo phát không thành công", "Delivery attempt failed"),
        EventType::Held => words("Lưu tại bưu cục", "Held for collection"),
        EventType::Collected => words("Phát tại bưu cục", "Collected at the office"),
        EventType::ReturnStarted => words("Chuyển hoàn", "Return started"),
        EventType::Labelled => words("Gắn số hiệu", "Item number attached"),
        EventType::Relabelled => words("Thay số hiệu", "Item number replaced"),
        EventType::Lost => words("Báo mất", "Declared lost"),
        EventType::Found => words("Đã tìm thấy", "Found"),
        EventType::Damaged => words("Hư hỏng", "Damaged"),
        EventType::Voided => words("Hủy thao tác quét nhầm", "Wrong scan taken back"),
        EventType::DeliveryRevoked => words("Hủy báo phát", "Delivery revoked"),
        EventType::FeeCollected => words("Thu phí, lệ phí", "Fee collected"),
        EventType::Registered => words("Đăng ký hồ sơ", "Dossier registered"),
        EventType::Ordered => words("Đăng ký chuyển phát qua bưu chính", "Ordered"),
        EventType::Cancelled => words("Hủy đăng ký", "Order cancelled"),
        EventType::DossierAccepted => words("Tiếp nhận hồ sơ", "Dossier accepted"),
        EventType::Placed => words("Ghép vào hành trình", "Placed on its leg"),
        EventType::SupplementRequested => words("Yêu cầu bổ sung", "Further papers wanted"),
        EventType::DossierRefused => words("Từ chối tiếp nhận", "Dossier refused"),
        EventType::DossierWithdrawn => words("Rút hồ sơ", "Dossier withdrawn"),
        EventType::DossierStopped => words("Dừng giải quyết", "Dossier stopped"),
        EventType::DueDateSet => words("Xin lỗi và hẹn lại ngày trả", "New due date"),
        EventType::ResultAnnounced => words("Đã có kết quả", "Result announced"),
        EventType::DossierClosed => words("Đã trả kết quả", "Dossier closed"),
        EventType::DossierLinked => words("Liên thông hồ sơ", "Dossier linked"),
        EventType::FeeWaived => words("Miễn, giảm phí, lệ phí", "Fee waived"),
        EventType::ManifestCreated => words("Lập bảng kê", "List made"),
        EventType::ManifestLinesAdded => words("Thêm vào bảng kê", "Lines added to a list"),
        EventType::ManifestOffered => words("Chốt bảng kê, đề nghị ký nhận", "List offered"),
        EventType::ManifestWithdrawn => words("Rút bảng kê", "List withdrawn"),
        EventType::ManifestClosed => words("Ký biên bản bàn giao", "List closed"),
        EventType::CarriedBack => words("Mang về", "Carried back"),
    }
}

/// Who holds.
pub const fn holder(kind: HolderKind) -> Words {
    match kind {
        HolderKind::Citizen => words("Người dân", "The citizen"),
        HolderKind::Post => words("Bưu chính", "The post"),
        HolderKind::Agency => words("Cơ quan", "The agency"),
        HolderKind::None => {
            words("Không ai (đã có lượt chuyển tiếp theo)", "Nobody (a later leg continues it)")
        }
    }
}

/// What was ordered.
pub const fn order(order: OrderStatus) -> Words {
    match order {
        OrderStatus::None => words("Không có đăng ký", "Not ordered"),
        OrderStatus::Active => words("Đã đăng ký", "Ordered"),
        OrderStatus::Cancelled => words("Đăng ký đã hủy", "Order cancelled"),
    }
}

/// How an event was placed.
pub const fn placement(placement: Placement) -> Words {
    match placement {
        Placement::Placed => words("Đã ghi vào hành trình", "Recorded on its leg"),
        Placement::Unplaced => words(
            "Đã ghi, chưa ghép được vào hành trình nào; hệ thống sẽ tự ghép khi biết mã",
            "Recorded, on no leg yet; it is placed by itself once the code is known",
        ),
        Placement::Corroborates => words("Trùng khớp với mốc đã có", "Confirms what another source said"),
        Placement::NoLeg => words("Đã ghi, không thuộc lượt chuyển nào", "Recorded; it concerns no leg"),
    }
}

/// What an agency has said of a dossier.
pub const fn dossier_state(state: DossierState) -> Words {
    match state {
        DossierState::Unspecified => words("Chưa rõ", "Not known"),
        DossierState::Registered => words("Đã đăng ký", "Registered"),
        DossierState::Accepted => words("Đã tiếp nhận", "Accepted"),
        DossierState::ResultReady => words("Đã có kết quả", "Result ready"),
        DossierState::SupplementRequested => words("Chờ bổ sung giấy tờ", "Waiting for papers"),
        DossierState::Refused => words("Không được tiếp nhận", "Refused"),
        DossierState::Withdrawn => words("Đã rút hồ sơ", "Withdrawn"),
        DossierState::Stopped => words("Dừng giải quyết", "Stopped"),
        DossierState::Closed => words("Đã trả kết quả", "Closed"),
    }
}

/// What money is for.
pub const fn fee_kind(kind: FeeKind) -> Words {
    match kind {
        FeeKind::AgencyFee => words("phí, lệ phí", "agency fee"),
        FeeKind::Postage => words("cước", "postage"),
        FeeKind::Collection => words("cước thu hộ", "charge for collecting"),
    }
}

/// What does not fit.
pub const fn anomaly(kind: AnomalyKind) -> Words {
    match kind {
        AnomalyKind::UnknownCode => words("Chưa biết mã này", "Code not known"),
        AnomalyKind::Ambiguous => words("Mã ứng với nhiều lượt chuyển", "The code means more than one leg"),
        AnomalyKind::OneSided => words("Mới có một bên xác nhận", "Only one side has spoken"),
        AnomalyKind::NotReceiver => words("Không phải bên nhận", "Not the receiver"),
        AnomalyKind::NotHolder => words("Không phải đơn vị đang giữ", "Not the holder"),
        AnomalyKind::SamePrincipal => words("Một người ký cả hai bên", "One person on both sides"),
        AnomalyKind::DuplicateScan => words("Quét trùng", "Scanned twice"),
        AnomalyKind::AfterEnd => words("Lượt chuyển đã kết thúc", "The leg had ended"),
        AnomalyKind::OutOfOrder => words("Không đúng trình tự", "Out of order"),
        AnomalyKind::PickupMissing => words("Thiếu mốc nhận gửi", "The pickup is missing"),
        AnomalyKind::PickedUpAfterCancel => {
            words("Nhận gửi sau khi đã hủy", "Picked up after the order was cancelled")
        }
        AnomalyKind::Disputed => words("Bên nhận không nhận, đang xác minh", "Not accepted, being clarified"),
        AnomalyKind::Damaged => words("Hư hỏng", "Damaged"),
        AnomalyKind::Skew => words("Đồng hồ thiết bị sai", "The device's clock is off"),
        AnomalyKind::Unverified => words("Mã gõ tay, sai số kiểm tra", "Typed code with a wrong check digit"),
        AnomalyKind::ReasonUnknown => {
            words("Lý do hoặc cách xử lý không có trong danh mục", "Reason or measure not known")
        }
        AnomalyKind::NoProof => words("Thiếu xác nhận của người dân", "No attestation by the citizen"),
        AnomalyKind::NotEligible => {
            words("Thủ tục không thực hiện qua bưu chính", "The procedure may not go by post")
        }
        AnomalyKind::AgencyUnknown => {
            words("Cơ quan không có trong danh mục", "The agency is not in the directory")
        }
        AnomalyKind::VoidRefused => {
            words("Không hủy hoặc sửa được nữa", "Too late or not yours to take back")
        }
        AnomalyKind::NotSupervisor => words("Cần khóa của người giám sát", "Needs a supervisor"),
        AnomalyKind::Late => words("Lượt chuyển có quá nhiều mốc", "Too many events on the leg"),
        AnomalyKind::NotApplied => words("Đã ghi, chưa áp dụng", "Recorded, not applied"),
        AnomalyKind::WrongKind => words("Không hợp với chiều chuyển", "Does not fit this kind of leg"),
        AnomalyKind::ProcedureUnknown => {
            words("Thủ tục không có trong danh mục", "The procedure is not in the directory")
        }
        AnomalyKind::SourceRetired => {
            words("Quét bằng thiết bị đã ngừng dùng", "Scanned with a source that was out of use")
        }
        AnomalyKind::OffDuty => {
            words("Người thực hiện không có phân công hiệu lực", "Whoever did it had no appointment that day")
        }
        AnomalyKind::ReceiverNotEntitled => {
            words("Người nhận không đúng thẩm quyền", "The receiver was not entitled")
        }
        AnomalyKind::FeeUnpaid => words("Chưa thu phí, lệ phí", "A fee that was due is not paid"),
        AnomalyKind::FeeOverpaid => words("Thu quá số phải thu", "More was taken than was due"),
        AnomalyKind::CountDiffers => words("Số giấy tờ không khớp", "The count of papers differs"),
        AnomalyKind::WithReservation => words("Ký nhận có biên bản", "Accepted with a reservation"),
        AnomalyKind::Missing => words("Thất lạc, đang tra tìm", "Missing, being looked for"),
        AnomalyKind::Unlisted => words("Nhận ngoài bảng kê", "Not on the list"),
        AnomalyKind::LateEntry => words("Nhập sau theo biên bản giấy", "Keyed later from a signed paper"),
        AnomalyKind::Reopened => {
            words("Hủy báo phát sau khi đã trả kết quả", "Delivery revoked after the dossier was closed")
        }
    }
}

/// What to do next about it, in one sentence.
pub const fn what_next(kind: AnomalyKind) -> Words {
    match kind {
        AnomalyKind::UnknownCode => words(
            "Hãy đối chiếu mã trên nhãn; nếu đúng thì không cần làm gì, mốc sẽ được ghép khi có đăng ký.",
            "Compare with the label; if it is right, do nothing: it is placed once the code is registered.",
        ),
        AnomalyKind::Ambiguous => {
            words("Hãy quét lại và nêu lượt chuyển bằng --leg.", "Scan again and name the leg with --leg.")
        }
        AnomalyKind::OneSided => {
            words("Hãy chờ hoặc nhắc bên kia xác nhận.", "Wait for the other side, or remind it.")
        }
        AnomalyKind::NotReceiver => words(
            "Không đổi đơn vị giữ: bên nhận phải ký nhận bằng thiết bị của mình.",
            "Hands did not change: the receiver must accept with a device of its own.",
        ),
        AnomalyKind::NotHolder => words(
            "Không thay đổi gì: hãy xem hồ sơ đang ở đâu rồi để đơn vị đang giữ ghi.",
            "Nothing changed: look where it is and let the holder record it.",
        ),
        AnomalyKind::SamePrincipal => words(
            "Không thay đổi gì: người thứ hai phải ký bằng khóa của mình.",
            "Nothing changed: a second person must sign with a key of their own.",
        ),
        AnomalyKind::DuplicateScan => words("Không cần làm gì.", "Nothing to do."),
        AnomalyKind::AfterEnd => words(
            "Hãy kiểm tra bưu gửi đang ở tay ai; nếu quét nhầm thì hủy mốc này.",
            "Check who really has the envelope; if this was a wrong scan, void it.",
        ),
        AnomalyKind::OutOfOrder => words(
            "Hãy kiểm tra mốc còn thiếu; mốc đến muộn sẽ tự khớp.",
            "Check which scan is missing; one that comes late falls into place by itself.",
        ),
        AnomalyKind::PickupMissing => words(
            "Hãy gửi mốc nhận gửi còn trong máy của bưu tá.",
            "Send the pickup that is still on the postman's device.",
        ),
        AnomalyKind::PickedUpAfterCancel => words(
            "Hãy hỏi cơ quan: trả lại người nộp hoặc đăng ký lại.",
            "Ask the agency: bring it back, or have it ordered again.",
        ),
        AnomalyKind::Disputed => words(
            "Hai bên hãy kiểm tra bưu gửi và lập biên bản sự vụ.",
            "Both sides check the envelope and write down what they find.",
        ),
        AnomalyKind::Damaged => words(
            "Hãy lập biên bản tình trạng bưu gửi trước khi chuyển tiếp.",
            "Write down its condition before it goes on.",
        ),
        AnomalyKind::Skew => {
            words("Hãy chỉnh giờ và ngày của thiết bị.", "Set the device's time and date right.")
        }
        AnomalyKind::Unverified => {
            words("Hãy quét hoặc đọc lại nhãn trước khi ký.", "Scan or read the label again before signing.")
        }
        AnomalyKind::ReasonUnknown => words(
            "Hãy cập nhật danh mục hoặc phần mềm.",
            "Bring the list of reasons or the software up to date.",
        ),
        AnomalyKind::NoProof => {
            words("Hãy bổ sung phiếu, chữ ký hoặc ảnh.", "Add the slip, a signature or a photo.")
        }
        AnomalyKind::NotEligible => {
            words("Hãy báo người dân đến Bộ phận Một cửa.", "Tell the citizen to come to the counter.")
        }
        AnomalyKind::AgencyUnknown => words(
            "Hãy kiểm tra mã cơ quan hoặc bổ sung vào danh mục.",
            "Check the agency's code, or have it entered in the directory.",
        ),
        AnomalyKind::VoidRefused => words(
            "Không thay đổi gì: hãy thỏa thuận với bên kia hoặc báo người giám sát.",
            "Nothing changed: settle it with the other side, or ask the supervisor.",
        ),
        AnomalyKind::NotSupervisor => words(
            "Không thay đổi gì: hãy nhờ người giám sát thực hiện.",
            "Nothing changed: ask a supervisor to do it.",
        ),
        AnomalyKind::Late => words(
            "Hãy báo đơn vị vận hành: có thể một thiết bị đang gửi lặp.",
            "Tell whoever runs the gateway: a device may be repeating itself.",
        ),
        AnomalyKind::NotApplied => words(
            "Hãy báo đơn vị vận hành vị trí của mốc này.",
            "Tell whoever runs the gateway the position of this event.",
        ),
        AnomalyKind::WrongKind => words(
            "Không đổi đơn vị giữ: hãy kiểm tra đúng lượt chuyển và đúng thao tác.",
            "Hands did not change: check that this is the right leg and the right kind of scan.",
        ),
        AnomalyKind::ProcedureUnknown => words(
            "Hãy kiểm tra mã thủ tục hoặc bổ sung vào danh mục.",
            "Check the procedure's code, or have it entered in the directory.",
        ),
        AnomalyKind::SourceRetired => words(
            "Hãy kiểm tra thiết bị đang ở đâu; nếu vẫn dùng thì đăng ký lại dưới tên mới.",
            "Find out who has the device; if it is in use again, enrol it under a new name.",
        ),
        AnomalyKind::OffDuty => words(
            "Hãy kiểm tra ai đã làm; nếu đúng người, đề nghị cập nhật phân công.",
            "Check who it was; if it is right, have the appointment entered.",
        ),
        AnomalyKind::ReceiverNotEntitled => words(
            "Hãy xác minh với người có tên trên kết quả; nếu trao nhầm thì hủy báo phát và thu hồi.",
            "Ask the addressee; if it was given to the wrong person, revoke the delivery and get it back.",
        ),
        AnomalyKind::FeeUnpaid => words(
            "Hãy thu và ghi lại khoản còn thiếu, hoặc đề nghị cơ quan miễn, giảm.",
            "Collect and record what is missing, or have the agency waive it.",
        ),
        AnomalyKind::FeeOverpaid => {
            words("Hãy trả lại người dân số tiền thu thừa.", "Pay the citizen back what was taken too much.")
        }
        AnomalyKind::CountDiffers => words(
            "Hai bên hãy kiểm đếm lại theo danh mục giấy tờ và ghi biên bản.",
            "Both sides count the papers again by the list, and write down what they find.",
        ),
        AnomalyKind::WithReservation => words(
            "Hãy giải quyết nội dung ghi trong biên bản rồi đóng sai lệch này.",
            "Settle what the reservation says, then resolve this.",
        ),
        AnomalyKind::Missing => words(
            "Bên giao hãy tra tìm; quét bưu gửi ở bất cứ đâu là đóng sai lệch này.",
            "The giver looks for it; a scan of it anywhere settles this.",
        ),
        AnomalyKind::Unlisted => words(
            "Bên giao hãy xác nhận, hoặc nhận lại nếu bưu gửi thuộc nơi khác.",
            "The giver confirms it, or takes it back if it belongs elsewhere.",
        ),
        AnomalyKind::LateEntry => {
            words("Hãy lưu biên bản giấy có chữ ký hai bên.", "Keep the paper that both sides signed.")
        }
        AnomalyKind::Reopened => words(
            "Hồ sơ được mở lại: hãy báo người dân và chờ phát lại.",
            "The dossier is open again: tell the citizen, and wait until it is delivered.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_name_in_both_languages() {
        let mut all: Vec<(String, Words)> = Vec::new();
        macro_rules! named {
            ($($kind:ident $words:ident)*) => {$(
                all.extend($kind::ALL.iter().map(|value| (format!("{value:?}"), $words(*value))));
            )*};
        }
        named!(LegKind leg_kind LegState leg_state EventType event_type HolderKind holder OrderStatus order);
        named!(Placement placement AnomalyKind anomaly AnomalyKind what_next);
        all.extend((0..9).map(|number| {
            let state = DossierState::try_from(number).unwrap();
            (format!("{state:?}"), dossier_state(state))
        }));
        for (value, words) in all {
            assert!(!words.vietnamese.is_empty() && !words.english.is_empty(), "{value}");
            assert_ne!(words.vietnamese, words.english, "{value}");
            assert!(words.english.is_ascii(), "{value}");
        }
        assert!(DossierState::try_from(9).is_err(), "a new state needs words");
    }

    #[test]
    fn what_to_do_next_is_a_sentence() {
        for kind in AnomalyKind::ALL {
            let next = what_next(*kind);
            assert!(next.vietnamese.ends_with('.') && next.english.ends_with('.'), "{kind:?}");
        }
    }
}
