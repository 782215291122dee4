//! Each report as a sheet.

use super::asked::{OnTimeArgs, PostalArgs, ReconciliationArgs};
use super::sheet::{Cell, Sheet};
use super::{By, definitions, number};
use crate::doors::cli::human::{self, say};
use crate::doors::cli::words::Words;
use crate::doors::refusal::Language;
use crate::doors::wire::v1;

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn head(language: Language, names: &[(&'static str, &'static str)]) -> Vec<String> {
    names.iter().map(|(vietnamese, english)| say(language, vietnamese, english).to_owned()).collect()
}

fn told(words: &[Words], language: Language) -> Vec<String> {
    words.iter().map(|words| words.in_language(language).to_owned()).collect()
}

/// The last line of every report over legs.
fn known(known: Option<&v1::ReportKnown>, language: Language) -> String {
    let known_at = known.and_then(|known| known.known_at.as_ref());
    format!("{} {}.", say(language, "Số liệu tính đến", "As known at"), human::when(known_at))
}

fn unknown(name: &str, language: Language) -> String {
    if name.is_empty() { say(language, "(không rõ)", "(unknown)").to_owned() } else { name.to_owned() }
}

fn level(name: &str, language: Language) -> String {
    let said = match name {
        "central" => say(language, "trung ương", "central"),
        "province" => say(language, "tỉnh", "province"),
        "district" => say(language, "huyện", "district"),
        "commune" => say(language, "xã", "commune"),
        other => return unknown(other, language),
    };
    said.to_owned()
}

/// From the highest level down; others after them.
fn rank(name: &str) -> usize {
    ["central", "province", "district", "commune"].iter().position(|known| *known == name).unwrap_or(9)
}

/// Procedures by level.
pub fn procedures(answer: &v1::CountProceduresResponse, language: Language) -> Sheet {
    let mut counts: Vec<&v1::ProcedureCount> = answer.counts.iter().collect();
    counts.sort_by_key(|count| rank(&count.level));
    let row = |name: String, all: i64, by_post: i64| {
        vec![
            text(name),
            Cell::Count(all),
            Cell::Count(by_post),
            Cell::Share(by_post, all),
            Cell::Count(all - by_post),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = counts
        .iter()
        .map(|count| row(level(&count.level, language), count.procedures, count.by_post))
        .collect();
    let sum = |of: fn(&v1::ProcedureCount) -> i64| answer.counts.iter().map(of).sum();
    let total = say(language, "Tổng", "Total").to_owned();
    rows.push(row(total, sum(|count| count.procedures), sum(|count| count.by_post)));
    Sheet {
        title: format!(
            "{} {}",
            say(language, "Thủ tục hành chính có hiệu lực ngày", "Procedures in force on"),
            answer.as_of_date
        ),
        head: head(
            language,
            &[
                ("Cấp", "Level"),
                ("Thủ tục", "Procedures"),
                ("Qua bưu chính", "By post"),
                ("Tỷ lệ", "Share"),
                ("Không qua bưu chính", "Not by post"),
            ],
        ),
        rows,
        summed: true,
        notes: told(definitions::PROCEDURES, language),
    }
}

/// Received and returned.
pub fn postal(asked: &PostalArgs, report: &v1::PostalReport, language: Language) -> Sheet {
    let mut counts: Vec<&v1::PostalCount> = report.counts.iter().collect();
    if asked.by == By::Level {
        counts.sort_by_key(|count| rank(&count.name));
    }
    let named = |name: &str| match asked.by {
        By::Level => level(name, language),
        By::Month | By::Agency | By::Office => unknown(name, language),
    };
    let row = |name: String, count: &v1::PostalCount| {
        vec![
            text(name),
            Cell::Count(count.received),
            Cell::Count(count.returned),
            Cell::Ratio(count.returned, count.received),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = counts.iter().map(|count| row(named(&count.name), count)).collect();
    let total = report.total.clone().unwrap_or_default();
    rows.push(row(say(language, "Tổng", "Total").to_owned(), &total));
    let mut notes = told(definitions::POSTAL, language);
    match asked.by {
        By::Level => notes.push(definitions::BY_LEVEL.in_language(language).to_owned()),
        By::Office => notes.push(definitions::BY_OFFICE.in_language(language).to_owned()),
        By::Month | By::Agency => {}
    }
    notes.push(known(report.known.as_ref(), language));
    let by = match asked.by {
        By::Month => ("Tháng", "Month"),
        By::Level => ("Cấp", "Level"),
        By::Agency => ("Cơ quan giải quyết", "Agency"),
        By::Office => ("Bưu cục", "Office"),
    };
    Sheet {
        title: format!(
            "{} {} – {}",
            say(language, "Tiếp nhận và trả kết quả qua bưu chính", "Received and returned by post"),
            asked.days.from,
            asked.days.to
        ),
        head: head(
            language,
            &[
                by,
                ("Tiếp nhận", "Received"),
                ("Trả kết quả", "Returned"),
                ("Trả : nhận", "Returned : received"),
            ],
        ),
        rows,
        summed: true,
        notes,
    }
}

/// Who holds what.
pub fn holdings(report: &v1::HoldingsReport, language: Language) -> Sheet {
    let total = || say(language, "Tổng", "Total").to_owned();
    let mut rows: Vec<Vec<Cell>> = report
        .holders
        .iter()
        .map(|count| vec![text(human::holder(count.holder.as_ref(), language)), Cell::Count(count.legs)])
        .collect();
    rows.push(vec![text(total()), Cell::Count(report.open_legs)]);
    let kinds: Vec<String> = report
        .kinds
        .iter()
        .map(|count| {
            let kind = human::leg_kind(count.kind, language);
            format!("{kind} {}", number::count(count.legs, language))
        })
        .collect();
    let mut notes = told(definitions::HOLDINGS, language);
    if !kinds.is_empty() {
        notes.insert(0, format!("{} {}.", say(language, "Theo loại lượt:", "By kind:"), kinds.join(" · ")));
    }
    notes.push(known(report.known.as_ref(), language));
    Sheet {
        title: say(language, "Hồ sơ đang trên đường, theo nơi đang giữ", "On the way, by who holds it")
            .to_owned(),
        head: head(language, &[("Đang ở", "Held by"), ("Lượt chuyển", "Legs")]),
        rows,
        summed: true,
        notes,
    }
}

/// Who took how long.
pub fn on_time(asked: &OnTimeArgs, report: &v1::OnTimeReport, language: Language) -> Sheet {
    let clock = |number: i32| match v1::ReportClock::try_from(number) {
        Ok(v1::ReportClock::PostIn) => say(language, "Bưu chính đến", "Post in").to_owned(),
        Ok(v1::ReportClock::Agency) => say(language, "Cơ quan giải quyết", "Agency").to_owned(),
        Ok(v1::ReportClock::PostOut) => say(language, "Bưu chính trả", "Post out").to_owned(),
        Ok(v1::ReportClock::Unspecified) | Err(_) => number.to_string(),
    };
    let row = |count: &v1::ClockCount| {
        vec![
            text(clock(count.clock)),
            Cell::Count(count.ended),
            Cell::Hours(count.median_hours),
            Cell::Hours(count.p90_hours),
            Cell::Count(count.in_time),
            Cell::Count(count.with_due),
            Cell::Share(count.in_time, count.with_due),
            Cell::Count(count.overdue),
        ]
    };
    let mut notes = told(definitions::ON_TIME, language);
    notes.push(known(report.known.as_ref(), language));
    Sheet {
        title: format!(
            "{} {} – {}",
            say(language, "Thời gian, tính theo bên đang giữ", "In time, by whose clock"),
            asked.days.from,
            asked.days.to
        ),
        head: head(
            language,
            &[
                ("Bên", "Clock"),
                ("Kết thúc", "Ended"),
                ("Trung vị (giờ)", "Median (h)"),
                ("90 % trong (giờ)", "90% within (h)"),
                ("Đúng hạn", "In time"),
                ("Có hạn", "With due"),
                ("Tỷ lệ", "Rate"),
                ("Quá hạn", "Overdue"),
            ],
        ),
        rows: report.clocks.iter().map(row).collect(),
        summed: false,
        notes,
    }
}

/// A day between two parties.
pub fn reconciliation(
    asked: &ReconciliationArgs,
    report: &v1::ReconciliationReport,
    language: Language,
) -> Sheet {
    let kind = |number: i32| match v1::DifferenceKind::try_from(number) {
        Ok(v1::DifferenceKind::AgencyOnly) => {
            say(language, "Chỉ cơ quan ký nhận (một phía)", "Only the agency says so (ONE_SIDED)").to_owned()
        }
        Ok(v1::DifferenceKind::CarrierOnly) => {
            say(language, "Chỉ bưu chính báo đã giao", "Only the carrier says so").to_owned()
        }
        Ok(v1::DifferenceKind::OtherDay) => {
            say(language, "Hai bên ghi khác ngày", "Of another day").to_owned()
        }
        Ok(v1::DifferenceKind::NotAccepted) => say(language, "Không nhận", "Not accepted").to_owned(),
        Ok(v1::DifferenceKind::Unspecified) | Err(_) => number.to_string(),
    };
    let row = |found: &v1::Difference| {
        vec![
            text(if found.code.is_empty() { &found.leg } else { &found.code }),
            text(kind(found.kind)),
            text(human::when(found.accept_time.as_ref())),
            text(human::when(found.offer_time.as_ref())),
        ]
    };
    let sums = [
        ("Cơ quan ký nhận", "accepted by the agency", report.accepted),
        ("bưu chính báo đã giao", "offered by the carrier", report.offered),
        ("khớp", "both", report.both),
        ("sai lệch", "differing", report.differing),
    ];
    let sums = sums.map(|(vietnamese, english, count)| {
        format!("{} {}", say(language, vietnamese, english), number::count(count, language))
    });
    let mut notes = vec![format!("{}.", sums.join(" · "))];
    let shown = i64::try_from(report.differences.len()).unwrap_or(i64::MAX);
    if shown < report.differing {
        notes.push(format!(
            "{} {}.",
            say(language, "Chỉ liệt kê số sai lệch mới nhất:", "Listed are only the newest:"),
            number::count(shown, language)
        ));
    }
    notes.extend(told(definitions::RECONCILIATION, language));
    notes.push(known(report.known.as_ref(), language));
    Sheet {
        title: format!(
            "{} {}: {} ↔ {}",
            say(language, "Đối soát ngày", "Reconciliation of"),
            asked.day,
            asked.agency,
            asked.carrier
        ),
        head: head(
            language,
            &[
                ("Số hiệu", "Code"),
                ("Sai lệch", "Difference"),
                ("Cơ quan ký nhận", "Agency signed"),
                ("Bưu chính báo giao", "Carrier offered"),
            ],
        ),
        rows: report.differences.iter().map(row).collect(),
        summed: false,
        notes,
    }
}
