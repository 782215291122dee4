//! Answers as people read them: short lines in their language, times in Vietnam's.

use jiff::tz::{Offset, TimeZone};

use super::words;
use crate::doors::refusal::Language;
use crate::doors::wire::{time, v1};
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::leg::HolderKind;

/// Vietnam's time, whatever the machine's zone: the people who compare notes are there.
const VIETNAM: Offset = Offset::constant(7);

/// Picks a phrase.
pub const fn say(language: Language, vietnamese: &'static str, english: &'static str) -> &'static str {
    match language {
        Language::Vietnamese => vietnamese,
        Language::English => english,
    }
}

/// A time as `20/11/2026 14:05`; a dash where there is none.
pub fn when(timestamp: Option<&prost_types::Timestamp>) -> String {
    let time = timestamp.and_then(|timestamp| time::within(timestamp, "").ok());
    let time = time.and_then(|time| jiff::Timestamp::from_microsecond(time.0).ok());
    match time {
        Some(time) => time.to_zoned(TimeZone::fixed(VIETNAM)).strftime("%d/%m/%Y %H:%M").to_string(),
        None => "–".to_owned(),
    }
}

/// An enum's number in words, or the number where this release knows none.
macro_rules! named {
    ($($name:ident $kind:ty, $words:path;)*) => {$(
        pub fn $name(number: i32, language: Language) -> String {
            match <$kind>::from_number(number) {
                Some(value) => $words(value).in_language(language).to_owned(),
                None if number == 0 => "–".to_owned(),
                None => number.to_string(),
            }
        }
    )*};
}
named! {
    event_type crate::dossier::event::EventType, words::event_type;
    fee_kind crate::dossier::money::FeeKind, words::fee_kind;
    leg_kind crate::dossier::leg::LegKind, words::leg_kind;
    leg_state crate::dossier::leg::LegState, words::leg_state;
    placement crate::dossier::leg::Placement, words::placement;
}

/// Who has it: `Bưu chính carriers/p, bưu cục 991230`.
pub fn holder(holder: Option<&v1::Holder>, language: Language) -> String {
    let Some(holder) = holder else { return "–".to_owned() };
    let mut text = match HolderKind::from_number(holder.kind) {
        Some(kind) => words::holder(kind).in_language(language).to_owned(),
        None => "–".to_owned(),
    };
    if !holder.party.is_empty() {
        text.push_str(&format!(" {}", holder.party));
    }
    if let Some((_, office)) = holder.office.rsplit_once('/') {
        text.push_str(&format!(", {} {office}", say(language, "bưu cục", "office")));
    }
    text
}

/// Each anomaly with what to do next; one of the same kind once.
pub fn anomalies(anomalies: &[v1::Anomaly], language: Language) -> Vec<String> {
    let mut kinds: Vec<i32> = anomalies.iter().map(|anomaly| anomaly.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let line = |number: i32| match AnomalyKind::from_number(number) {
        Some(kind) => format!(
            "! {}. {}",
            words::anomaly(kind).in_language(language),
            words::what_next(kind).in_language(language)
        ),
        None => format!("! {} {number}", say(language, "Sai lệch số", "Anomaly number")),
    };
    kinds.into_iter().map(line).collect()
}

/// What an agency has said of a dossier.
pub fn dossier_state(number: i32, language: Language) -> String {
    let state = v1::DossierState::try_from(number).unwrap_or_default();
    words::dossier_state(state).in_language(language).to_owned()
}

/// Amounts, each with what it is for and never in one sum: `phí, lệ phí 60.000 đ · cước 26.000 đ`.
pub fn money(amounts: &[v1::Money], language: Language) -> String {
    let one = |amount: &v1::Money| format!("{} {}", fee_kind(amount.kind, language), dong(amount.vnd));
    amounts.iter().map(one).collect::<Vec<_>>().join(" · ")
}

/// Whole đồng with a point after every third digit, as they are written in Vietnam.
fn dong(vnd: i64) -> String {
    let digits = vnd.unsigned_abs().to_string();
    let mut text = if vnd < 0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    format!("{text} đ")
}

/// A duration in days, hours and minutes.
pub fn span(seconds: Option<i64>, language: Language) -> String {
    let Some(seconds) = seconds else { return "–".to_owned() };
    let minutes = seconds / 60;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    match language {
        Language::Vietnamese => format!("{days} ngày {hours} giờ {minutes} phút"),
        Language::English => format!("{days} d {hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_holders_read_as_people_write_them() {
        let noon = prost_types::Timestamp { seconds: 1_795_158_300, nanos: 0 };
        assert_eq!(when(Some(&noon)), "20/11/2026 14:05");
        assert_eq!(when(None), "–");
        let post = v1::Holder {
            kind: v1::HolderKind::Post.into(),
            party: "carriers/p".into(),
            office: "carriers/p/offices/991230".into(),
        };
        assert_eq!(holder(Some(&post), Language::Vietnamese), "Bưu chính carriers/p, bưu cục 991230");
        assert_eq!(holder(Some(&post), Language::English), "The post carriers/p, office 991230");
        assert_eq!(span(Some(93_784), Language::English), "1 d 2 h 3 min");
    }

    #[test]
    fn money_is_written_by_kind_and_in_thousands() {
        let amounts =
            [(1, 60_000), (2, 1_234_567), (3, -500), (9, 7)].map(|(kind, vnd)| v1::Money { kind, vnd });
        assert_eq!(
            money(&amounts, Language::Vietnamese),
            "phí, lệ phí 60.000 đ · cước 1.234.567 đ · cước thu hộ -500 đ · 9 7 đ"
        );
        assert_eq!(money(&amounts[..1], Language::English), "agency fee 60.000 đ");
    }

    #[test]
    fn an_anomaly_is_told_once_with_what_to_do() {
        let one = v1::Anomaly { kind: 7, position: "0-1".into() };
        let later = v1::Anomaly { kind: 99, position: "0-2".into() };
        let told = anomalies(&[one.clone(), later, one], Language::Vietnamese);
        assert_eq!(told, ["! Quét trùng. Không cần làm gì.", "! Sai lệch số 99"]);
    }
}
