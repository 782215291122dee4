//! The end of the day: every log is read, the books are added up and told, and the ledger is asserted.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;

use super::books::Books;
use super::child::Child;
use super::hands::{Acknowledged, Hand};
use super::ledger::{self, Counted, LEGS, cell};
use super::logs::{self, Line};
use super::sights;
use super::telling::Telling;
use super::words::at;
use crate::doors::wire::v1::LegKind;

/// Whose logs are read, one reader for each party: a party's log must be dense from its first number to its bookmark.
const READERS: &[&str] = &[
    "clerk",
    "department",
    "commune",
    "commune-12",
    "commune-31",
    "centre",
    "neighbour",
    "ministry",
    "province",
];
/// Who lists dossiers as their own.
const OWNERS: &[&str] = &["department", "neighbour", "commune", "commune-12"];

/// What was seen while the days were lived; nothing when only their books are read again.
pub(super) type Lived = Option<(Counted, Acknowledged)>;

/// Reads everything back and asserts it. After the days every reader's bookmark is kept; later each goes on from there,
/// as a partner's software would: a log that lost its end is found out.
pub(super) async fn check(
    gateway: &Child,
    data: &Path,
    telling: &Telling,
    lived: Lived,
) -> anyhow::Result<()> {
    sights::tell(gateway, data, telling).await?;
    let mut journal: BTreeMap<u64, Line> = BTreeMap::new();
    let mut read = Counted::default();
    let mut carriers = Vec::new();
    for name in READERS {
        let hand = Hand::of(gateway, data, name, "").await?;
        let kept = data.join("bookmarks").join(name);
        let (lines, bookmark) = logs::read(&hand).await.with_context(|| format!("the log of {name}"))?;
        if lived.is_some() {
            logs::keep(&kept, &bookmark)?;
        } else {
            logs::go_on(&hand, &kept).await.with_context(|| format!("the log of {name}"))?;
        }
        if *name == "commune-31" {
            read.add("events of commune H99.60.31", lines.len());
        }
        if *name == "clerk" {
            carriers = lines.iter().map(|line| line.record.pos).collect();
        }
        journal.extend(lines.into_iter().map(|line| (line.record.pos, line)));
    }
    let positions = journal.keys().next_back().copied().unwrap_or_default();
    read.add("positions in nobody's log", usize::try_from(positions).unwrap_or(0).abs_diff(journal.len()));
    read.add("records twice", twice(journal.values()));
    let mut counted = lived;
    let mut acknowledged = None;
    if let Some((days, answers)) = &mut counted {
        let answers = answers.records();
        let lost = |(pos, record): &(&u64, &bytes::Bytes)| {
            journal.get(pos).is_none_or(|line| line.bytes != **record)
        };
        days.add("acknowledged records lost", answers.iter().filter(lost).count());
        acknowledged = Some((answers.len(), days.of("acknowledged records lost")));
    }

    let clerk = Hand::of(gateway, data, "clerk", "").await?;
    let now = at("Fri 18:00");
    let mut coded = 0;
    for name in OWNERS {
        coded += Hand::of(gateway, data, name, "").await?.dossiers(now).await?.len();
    }
    let log = carriers.iter().filter_map(|pos| journal.remove(pos)).collect();
    let books = Books { log, legs: clerk.legs(false, now).await?, open: clerk.legs(true, now).await?, coded };
    let figures = books.figures()?;
    let conserved = books.conserved()?;
    tables(&figures, telling);
    telling.plain([
        &format!("one pair of hands for every envelope at each of the carrier's {conserved} log positions"),
        &format!("mỗi bưu gửi luôn ở đúng một nơi giữ qua {conserved} vị trí nhật ký của bưu chính"),
    ]);
    if let Some((answers, lost)) = acknowledged {
        let twice = read.of("records twice");
        telling.plain([
            &format!("{answers} acknowledged, {positions} in the journal · {lost} lost · {twice} twice"),
            &format!("{answers} đã xác nhận, nhật ký có {positions} · mất {lost} · trùng {twice}"),
        ]);
    }
    let mut all = figures;
    for name in ["events of commune H99.60.31", "positions in nobody's log", "records twice"] {
        all.add(name, read.of(name));
    }
    let mut held = ledger::assert_books(&all)?;
    if let Some((days, _)) = &counted {
        held += ledger::assert_days(days)?;
    }
    telling
        .plain([&format!("ledger: all {held} figures as due"), &format!("đối chiếu: cả {held} số đều khớp")]);
    Ok(())
}

/// Facts that stand in the journal more than once.
fn twice<'a>(lines: impl Iterator<Item = &'a Line>) -> usize {
    let mut keys = BTreeSet::new();
    let facts = lines.filter(|line| line.record.placed_from.is_none());
    facts
        .filter(|line| !keys.insert((line.record.source.as_str(), line.record.client_event_id.as_str())))
        .count()
}

fn tables(figures: &Counted, telling: &Telling) {
    let head = |day: &str, [ordered, picked, handed, failed, open]: [&str; 5]| {
        format!("{day:<22}{ordered:>10}{picked:>11}{handed:>25}{failed:>12}{open:>8}")
    };
    telling.plain([
        &head("Day", ["ordered", "picked up", "handed over / delivered", "failed", "open"]),
        &head("Ngày", ["đăng ký", "nhận gửi", "bàn giao / phát", "không được", "mở"]),
    ]);
    for (kind, row) in LEGS {
        let [english, vietnamese] = kind_name(*kind);
        let cells: Vec<String> =
            (0..row.len()).map(|column| figures.of(&cell(*kind, column)).to_string()).collect();
        let line = |name: &str| {
            format!(
                "  {name:<20}{:>10}{:>11}{:>25}{:>12}{:>8}",
                cells[0], cells[1], cells[2], cells[3], cells[4]
            )
        };
        telling.plain([&line(english), &line(vietnamese)]);
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
