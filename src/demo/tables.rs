//! The table of the day's legs, and where the dossiers are.

use super::ledger::{Counted, LEGS, cell};
use super::telling::Telling;
use crate::doors::wire::v1::LegKind;

/// Tells them.
pub(super) fn tell(figures: &Counted, telling: &Telling) {
    telling.plain([
        &row("Day", ["ordered", "picked up", "handed over / delivered", "failed", "open"].map(str::to_owned)),
        &row("Ngày", ["đăng ký", "nhận gửi", "bàn giao / phát", "không được", "mở"].map(str::to_owned)),
    ]);
    for (kind, _) in LEGS {
        let [english, vietnamese] = kind_name(*kind);
        let cells = [0, 1, 2, 3, 4].map(|column| figures.of(&cell(*kind, column)).to_string());
        telling
            .plain([&row(&format!("  {english}"), cells.clone()), &row(&format!("  {vietnamese}"), cells)]);
    }
    let of = |name| figures.of(name);
    let (all, coded) = (of("dossiers"), of("dossiers with a code"));
    let (agencies, citizens, post) =
        (of("dossiers with agencies"), of("dossiers with citizens"), of("dossiers with the post"));
    let (missing, recover) =
        (of("dossiers with the post, missing"), of("dossiers with the post, to recover"));
    let in_hand = post.saturating_sub(missing + recover);
    let (open, by_post, by_citizens) =
        (of("open legs"), of("open legs with the post"), of("open legs with citizens"));
    telling.plain([
        &format!(
            "Dossiers {all} = {agencies} with agencies + {citizens} with citizens + {post} with the post"
        ),
        &format!("Hồ sơ {all} = {agencies} ở cơ quan + {citizens} ở người dân + {post} ở bưu chính"),
    ]);
    telling.plain([
        &format!("  the post's: {in_hand} in hand, {missing} missing, {recover} to recover; {coded} of {all} have a code"),
        &format!("  bưu chính: {in_hand} đang giữ, {missing} thất lạc, {recover} đang thu hồi; {coded}/{all} đã có mã"),
    ]);
    telling.plain([
        &format!("Open legs {open} = {by_post} post + {by_citizens} citizens"),
        &format!("Lượt chuyển đang mở {open} = {by_post} bưu chính + {by_citizens} người dân"),
    ]);
}

fn row(name: &str, [ordered, picked, handed, failed, open]: [String; 5]) -> String {
    format!("{name:<22}{ordered:>10}{picked:>11}{handed:>25}{failed:>12}{open:>8}")
}

fn kind_name(kind: LegKind) -> [&'static str; 2] {
    match kind {
        LegKind::Inbound => ["inbound", "nhận gửi hồ sơ"],
        LegKind::Supplement => ["further papers", "gửi bổ sung"],
        LegKind::Outbound => ["results", "chuyển trả kết quả"],
        LegKind::Transfer => ["interlinked hops", "liên thông"],
        LegKind::ReturnToCitizen => ["back to citizens", "trả lại hồ sơ"],
        LegKind::ReturnToAgency => ["on the way back", "chuyển hoàn"],
        LegKind::Unspecified => ["", ""],
    }
}
