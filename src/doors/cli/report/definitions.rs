//! What was counted and how, in a sentence each: they stand under every table, so that nobody compares what differs.

use crate::doors::cli::words::Words;

const fn words(vietnamese: &'static str, english: &'static str) -> Words {
    Words { vietnamese, english }
}

pub const PROCEDURES: &[Words] = &[
    words(
        "Thủ tục: đang có hiệu lực trong ngày, theo cấp của cơ quan giải quyết.",
        "Procedures: those in force on the day, by the level of the agency that decides.",
    ),
    words(
        "Qua bưu chính: được nộp hồ sơ hoặc được nhận kết quả qua dịch vụ bưu chính công ích.",
        "By post: dossiers may be sent by post, or results returned by it, or both.",
    ),
];

pub const POSTAL: &[Words] = &[
    words(
        "Tiếp nhận: hồ sơ có lượt nhận gửi đã bàn giao cho cơ quan trong các ngày này (theo lúc xảy ra, giờ Việt Nam); \
         mỗi hồ sơ một lần, không tính gửi bổ sung; lượt chưa có mã hồ sơ tính là một.",
        "Received: dossiers with an INBOUND leg handed over to the agency in these days (by occurrence, Vietnam's time); \
         each once, its parts together, supplements not counted; a leg without a dossier counts as one.",
    ),
    words(
        "Trả kết quả: hồ sơ có lượt trả kết quả phát thành công trong các ngày này và không bị hủy báo phát; mỗi hồ sơ \
         một lần; lượt chưa có mã hồ sơ tính là một.",
        "Returned: dossiers with an OUTBOUND leg delivered in these days and not revoked; each once; a leg without a \
         dossier counts as one.",
    ),
];

pub const BY_LEVEL: Words =
    words("Cấp: cấp của thủ tục hành chính ghi trên lượt chuyển.", "Level: that of the leg's procedure.");

pub const BY_OFFICE: Words = words(
    "Bưu cục: bưu cục ghi trong đăng ký; nếu không ghi, bưu cục quét đầu tiên (tiếp nhận) hoặc cuối cùng (trả kết quả).",
    "Office: the one that the order names; where none does, the first that scanned it (received) or the last (returned).",
);

pub const HOLDINGS: &[Words] = &[
    words(
        "Lượt đang mở: chưa kết thúc và chưa có lượt khác tiếp theo; mỗi lượt ở đúng một nơi giữ.",
        "Open legs: nothing has ended them and no later leg continues them; each is in exactly one pair of hands.",
    ),
    words(
        "Cộng theo nơi giữ và cộng theo loại lượt là hai phép cộng trên cùng các lượt ấy.",
        "The sums by holder and by kind are two sums over the same legs.",
    ),
];

pub const ON_TIME: &[Words] = &[
    words(
        "Bưu chính đến: từ nhận gửi đến bàn giao. Cơ quan: từ tiếp nhận đến có kết quả. Bưu chính trả: từ có kết quả đến \
         phát thành công. Tính những chặng kết thúc trong các ngày này, mỗi hồ sơ một lần.",
        "Post in: pick-up to handover. Agency: acceptance to result. Post out: result to delivery. Stretches that ended in \
         these days, each dossier once.",
    ),
    words(
        "Tỷ lệ đúng hạn: tử số là số kết thúc không quá hạn, mẫu số là số kết thúc có ghi hạn.",
        "In-time rate: numerator = those that ended by their due time; denominator = those that ended and had one.",
    ),
    words(
        "Quá hạn: đang chạy và đã qua hạn. Giờ là giờ trôi qua trọn vẹn, kể cả ngày nghỉ.",
        "Overdue: still running past the due time. Hours are whole elapsed hours, holidays included.",
    ),
];

pub const RECONCILIATION: &[Words] = &[words(
    "Ký nhận: bì thư cơ quan ký nhận trong ngày. Bàn giao: bì thư bưu chính báo đã giao trong ngày. Theo lúc xảy ra.",
    "Accepted: envelopes the agency signed for on the day. Offered: those the carrier says it handed over on the day. \
         By occurrence.",
)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_is_a_sentence_in_both_languages() {
        let all = [PROCEDURES, POSTAL, &[BY_LEVEL, BY_OFFICE], HOLDINGS, ON_TIME, RECONCILIATION].concat();
        for words in all {
            assert!(words.vietnamese.ends_with('.') && words.english.ends_with('.'), "{}", words.english);
            assert!(words.english.is_ascii() && words.vietnamese != words.english, "{}", words.english);
        }
    }
}
