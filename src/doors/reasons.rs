//! The one table of reasons: gRPC code, whether to try again, what the caller does next, and the sentences.
//! README prints it; a test holds the two together.

use tonic::Code;

use crate::dossier::refusal::Reason;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The reason.
    pub reason: Reason,
    /// The gRPC status code.
    pub code: Code,
    /// Whether the same call may succeed later.
    pub retry: bool,
    /// The sentence in English: what is wrong and what to do.
    pub english: &'static str,
    /// The same in Vietnamese.
    pub vietnamese: &'static str,
}

/// The row of a reason.
pub fn row(reason: Reason) -> Row {
    let (code, retry, english, vietnamese) = match reason {
        Reason::KeyMissing => (
            Code::Unauthenticated,
            false,
            "An API key is missing: send it as `authorization: Bearer trao_…`.",
            "Thiếu khóa API: hãy gửi dưới dạng `authorization: Bearer trao_…`.",
        ),
        Reason::KeyInvalid => (
            Code::Unauthenticated,
            false,
            "The API key is unknown, revoked or mistyped: ask whoever runs the gateway for a new one.",
            "Khóa API không đúng, đã bị thu hồi hoặc gõ sai: hãy xin khóa mới từ đơn vị vận hành.",
        ),
        Reason::RoleNotAllowed => (
            Code::PermissionDenied,
            false,
            "The key's role may not do this: use a key of the role that may.",
            "Vai trò của khóa không được làm việc này: hãy dùng khóa có vai trò phù hợp.",
        ),
        Reason::UnknownSource => (
            Code::PermissionDenied,
            false,
            "The source is not enrolled under your party, or your key is not bound to it: enrol it, or name another.",
            "Nguồn quét chưa được đăng ký cho đơn vị của bạn, hoặc khóa không gắn với nguồn này: hãy đăng ký nguồn.",
        ),
        Reason::NotFound => (
            Code::NotFound,
            false,
            "Nothing by that name concerns you: check the name or code.",
            "Không tìm thấy: hãy kiểm tra lại tên hoặc mã.",
        ),
        Reason::FieldRequired => (
            Code::InvalidArgument,
            false,
            "A required field is empty: fill it in and send again.",
            "Thiếu trường bắt buộc: hãy điền và gửi lại.",
        ),
        Reason::CheckDigit => (
            Code::InvalidArgument,
            false,
            "The check digit is wrong: scan again; if the label really reads so, type it twice and send it unverified.",
            "Sai số kiểm tra: hãy quét lại; nếu nhãn đúng như vậy, gõ tay hai lần và gửi ở dạng chưa xác minh.",
        ),
        Reason::CodeFormat => (
            Code::InvalidArgument,
            false,
            "The text is no code of that kind: scan another code on the envelope.",
            "Không phải mã hợp lệ: hãy quét mã khác trên bưu gửi.",
        ),
        Reason::CodeTooLong => (
            Code::InvalidArgument,
            false,
            "The code is longer than 64 characters: scan another code on the envelope.",
            "Mã dài quá 64 ký tự: hãy quét mã khác trên bưu gửi.",
        ),
        Reason::DateImpossible => (
            Code::InvalidArgument,
            false,
            "The code holds a date that does not exist: check the six digits after the agency's code.",
            "Mã chứa ngày không có thật: hãy kiểm tra sáu chữ số sau mã cơ quan.",
        ),
        Reason::TimeOutOfRange => (
            Code::InvalidArgument,
            false,
            "The time is missing, outside 1970-2099, or in the future where it must not be: correct it.",
            "Thời gian thiếu, ngoài khoảng 1970-2099, hoặc ở tương lai khi không được phép: hãy sửa lại.",
        ),
        Reason::EnumUnknown => (
            Code::InvalidArgument,
            false,
            "A number this gateway does not know where meaning depends on it: update the client or the gateway.",
            "Giá trị không có trong danh mục: hãy cập nhật phần mềm.",
        ),
        Reason::TextInvalid => (
            Code::InvalidArgument,
            false,
            "A text holds control characters, is too long, or is not what the field takes: correct it.",
            "Văn bản chứa ký tự điều khiển, quá dài hoặc không đúng dạng: hãy sửa lại.",
        ),
        Reason::DeviceSeqRange => (
            Code::InvalidArgument,
            false,
            "The device number must be between 1 and 9223372036854775807, or absent.",
            "Số thứ tự của thiết bị phải từ 1 đến 9223372036854775807, hoặc để trống.",
        ),
        Reason::BatchTooLarge => (
            Code::InvalidArgument,
            false,
            "A batch takes 500 lines at most: send the rest in another.",
            "Mỗi lô tối đa 500 dòng: hãy gửi phần còn lại ở lô khác.",
        ),
        Reason::PageSize => (
            Code::InvalidArgument,
            false,
            "The page size must be between 0 (the default, 100) and 1000.",
            "Kích thước trang phải từ 0 (mặc định 100) đến 1000.",
        ),
        Reason::CursorInvalid => (
            Code::InvalidArgument,
            false,
            "The cursor or page token is damaged or was made for another call: use the last one you were given.",
            "Vị trí đọc bị hỏng hoặc không thuộc lời gọi này: hãy dùng vị trí nhận được gần nhất.",
        ),
        Reason::CursorForeign => (
            Code::InvalidArgument,
            false,
            "The cursor belongs to another party's log: use your own.",
            "Vị trí đọc thuộc nhật ký của đơn vị khác: hãy dùng vị trí của mình.",
        ),
        Reason::CursorAhead => (
            Code::OutOfRange,
            false,
            "The cursor names an event that does not exist yet: the store may be an older copy; ask whoever runs it.",
            "Vị trí đọc vượt quá cuối nhật ký: có thể kho là bản sao cũ, hãy hỏi đơn vị vận hành.",
        ),
        Reason::EpochChanged => (
            Code::Aborted,
            false,
            "The journal was restored from a copy: go on from resume_cursor, and drop what you hold behind last_common_position; where none is given, compare what you hold and read from the beginning.",
            "Nhật ký đã được khôi phục từ bản sao: hãy đọc tiếp từ resume_cursor và bỏ những gì sau last_common_position; nếu không có, hãy đối chiếu rồi đọc lại từ đầu.",
        ),
        Reason::ConsumerMoved => (
            Code::Aborted,
            false,
            "The consumer is not where you saw it, another reader has set it: read it again, and go on from its cursor.",
            "Vị trí của bên đọc đã được nơi khác thay đổi: hãy đọc lại bên đọc này và tiếp tục từ vị trí của nó.",
        ),
        Reason::ConsumerLimit => (
            Code::FailedPrecondition,
            false,
            "The party has 64 consumers, as many as it may have: delete one that nobody reads by.",
            "Đơn vị đã có đủ 64 bên đọc: hãy xóa một bên đọc không còn dùng.",
        ),
        Reason::MessageMalformed => (
            Code::InvalidArgument,
            false,
            "The bytes are no message of this type: check the client against the published protos.",
            "Dữ liệu không đúng định dạng thông điệp: hãy kiểm tra phần mềm gửi.",
        ),
        Reason::MessageTooLarge => (
            Code::InvalidArgument,
            false,
            "The message is too large: 1 MiB a message, 4 KiB an event, 8 KiB a personal part; send it in parts.",
            "Thông điệp quá lớn: tối đa 1 MiB mỗi thông điệp, 4 KiB mỗi sự kiện, 8 KiB phần cá nhân; hãy chia nhỏ.",
        ),
        Reason::Overloaded => (
            Code::ResourceExhausted,
            true,
            "Too much is waiting: keep the line and send it again after the time given; nothing was lost.",
            "Hệ thống đang quá tải: hãy giữ lại và gửi lại sau thời gian đã cho; không mất dữ liệu.",
        ),
        Reason::EventKeyReused => (
            Code::AlreadyExists,
            false,
            "The same id was used for other content: what was stored first stands; send new content under a new id.",
            "Mã sự kiện đã dùng cho nội dung khác: nội dung lưu trước được giữ; hãy gửi nội dung mới với mã mới.",
        ),
        Reason::DossierExists => (
            Code::AlreadyExists,
            false,
            "The dossier is registered with other content: read it, and correct what differs.",
            "Hồ sơ đã được đăng ký với nội dung khác: hãy xem lại và sửa phần khác nhau.",
        ),
        Reason::ResourceExists => (
            Code::AlreadyExists,
            false,
            "Another resource of that name is there already: read it, and correct what differs or take another name.",
            "Đã có mục cùng tên với nội dung khác: hãy xem lại, sửa phần khác nhau hoặc đặt tên khác.",
        ),
        Reason::ProcedureNotEligible => (
            Code::FailedPrecondition,
            false,
            "The procedure may not go by post in that direction: the citizen must come to the counter.",
            "Thủ tục không thực hiện qua bưu chính ở chiều này: người dân cần đến Bộ phận Một cửa.",
        ),
        Reason::AmountInvalid => (
            Code::InvalidArgument,
            false,
            "The amount must be whole đồng, more than nothing and at most 1000000000000: correct it.",
            "Số tiền phải là số nguyên đồng, lớn hơn 0 và không quá 1.000.000.000.000: hãy sửa lại.",
        ),
        Reason::DossierState => (
            Code::FailedPrecondition,
            false,
            "The dossier's state does not allow the decision: look where it stands, and decide what it allows.",
            "Trạng thái hồ sơ không cho phép: hãy xem hồ sơ đang ở bước nào rồi quyết định lại.",
        ),
        Reason::ManifestState => (
            Code::FailedPrecondition,
            false,
            "The list, or this line of it, does not allow that now: read the list again and answer what is open.",
            "Bảng kê hoặc dòng này không cho phép nữa: hãy xem lại bảng kê và trả lời các dòng còn mở.",
        ),
        Reason::LegState => (
            Code::FailedPrecondition,
            false,
            "The leg is not in a state that allows this: look at where it is now.",
            "Lượt chuyển không ở trạng thái cho phép: hãy xem trạng thái hiện tại.",
        ),
        Reason::SamePrincipal => (
            Code::FailedPrecondition,
            false,
            "Giver and receiver must be two different people: the other side must sign with its own key.",
            "Bên giao và bên nhận phải là hai người khác nhau: bên kia cần ký bằng khóa của mình.",
        ),
        Reason::OffDuty => (
            Code::FailedPrecondition,
            false,
            "The person of your key has no appointment today: let whoever stands in do it with their own key, or have the appointment entered.",
            "Người của khóa này không có phân công hiệu lực hôm nay: hãy để người thay thế làm bằng khóa của mình, hoặc đề nghị cập nhật phân công.",
        ),
        Reason::StoreUnavailable => (
            Code::Unavailable,
            true,
            "The gateway cannot write or read just now: send the same again with the same id; it is kept once.",
            "Hệ thống tạm thời không ghi hoặc đọc được: hãy gửi lại với cùng mã; dữ liệu chỉ được ghi một lần.",
        ),
        Reason::CodeAmbiguous => (
            Code::FailedPrecondition,
            false,
            "More than one dossier or leg bears this code: name the one you mean.",
            "Có nhiều hồ sơ hoặc lượt chuyển mang mã này: hãy nêu tên cụ thể.",
        ),
        Reason::ClockSuspect => (
            Code::Unavailable,
            true,
            "The gateway's clock leapt and it stopped serving: whoever runs it must set the clock and restart it.",
            "Đồng hồ của hệ thống bị lệch nên đã ngừng phục vụ: đơn vị vận hành cần chỉnh giờ và khởi động lại.",
        ),
        Reason::Internal => (
            Code::Internal,
            false,
            "A fault of the gateway: tell whoever runs it the request id.",
            "Lỗi của hệ thống: hãy báo mã yêu cầu cho đơn vị vận hành.",
        ),
    };
    Row { reason, code, retry, english, vietnamese }
}

/// Every row, in the order in which reasons are declared.
pub fn table() -> Vec<Row> {
    Reason::ALL.iter().copied().map(row).collect()
}
