//! Why something did not go as planned, in words.

use super::words::Words;
use crate::doors::refusal::Language;

/// Each reason's number, in Vietnamese and English.
const REASONS: &[(i32, &str, &str)] = &[
    (1, "Sai hoặc thiếu địa chỉ", "wrong or incomplete address"),
    (2, "Không có người nhận tại địa chỉ", "addressee not known there"),
    (3, "Người nhận đi vắng", "addressee absent"),
    (4, "Người nhận đã chuyển đi", "addressee moved"),
    (5, "Người nhận từ chối nhận", "addressee refused it"),
    (6, "Người nhận hẹn lại", "addressee asked for another date"),
    (7, "Cơ quan, nhà đóng cửa", "premises closed"),
    (8, "Chưa nộp phí, lệ phí", "fee not paid"),
    (9, "Không xác minh được người nhận", "receiver not identified"),
    (10, "Không liên lạc được qua điện thoại", "no answer by telephone"),
    (11, "Người nhận đã mất", "addressee deceased"),
    (12, "Hư hỏng", "damaged"),
    (13, "Mất", "lost"),
    (14, "Bất khả kháng", "force majeure"),
    (15, "Lạc hướng", "misrouted"),
    (16, "Vật phẩm cấm gửi", "may not go by post"),
    (17, "Bưu chính quá tải", "no capacity"),
    (18, "Hỏng phương tiện", "vehicle failed"),
    (19, "Người gửi rút lại", "withdrawn by the sender"),
    (20, "Quá hạn không đến nhận", "unclaimed"),
    (21, "Lý do khác", "other"),
    (22, "Thiếu thành phần hồ sơ", "papers missing"),
    (23, "Thủ tục không thực hiện qua bưu chính", "procedure may not go by post"),
    (24, "Không đúng cơ quan giải quyết", "another agency's matter"),
    (25, "Quầy đóng cửa", "counter closed"),
    (26, "Không có người nhận bàn giao", "nobody on duty to receive"),
    (27, "Mất niêm phong", "seal broken"),
    (28, "Số giấy tờ không khớp", "count of papers differs"),
    (29, "Thất lạc", "missing"),
    (30, "Báo phát nhầm, chưa rời tay bưu tá", "never left the postman's hand"),
    (31, "Phát nhầm người", "given to the wrong person"),
    (32, "Quét nhầm", "wrong scan"),
    (33, "Đã trả kết quả điện tử", "issued electronically"),
];

/// A reason in words; the number of one that this release does not know, `None` where nothing was given.
pub fn reason(number: i32, language: Language) -> Option<String> {
    let known = REASONS.iter().find(|(known, ..)| *known == number);
    let words = known.map(|(_, vietnamese, english)| Words { vietnamese, english });
    words
        .map(|words| words.in_language(language).to_owned())
        .or_else(|| (number != 0).then(|| number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::event::Reason;

    #[test]
    fn every_reason_has_words() {
        let numbers: Vec<i32> = REASONS.iter().map(|(number, ..)| *number).collect();
        assert_eq!(numbers, Reason::KNOWN.iter().map(|(number, _)| *number).collect::<Vec<_>>());
        assert_eq!(reason(22, Language::Vietnamese).as_deref(), Some("Thiếu thành phần hồ sơ"));
        assert_eq!(reason(99, Language::English).as_deref(), Some("99"));
        assert_eq!(reason(0, Language::English), None);
    }
}
