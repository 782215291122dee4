//! Words of the demonstration: times, codes, events. All numbers lie in ranges that no carrier gives out.

use anyhow::Context;
use prost::Message;

use super::cast::POST;
use crate::doors::wire::{time, v1};
use crate::dossier::names::Micros;

/// A moment of the week before the demonstration's Friday, 20 November 2026, as Vietnam's clocks show it: `Fri 07:05`;
/// or of the days after it, `Mon+ 23`.
pub(super) fn at(moment: &str) -> Micros {
    let (day, clock) = moment.split_once(' ').unwrap_or(("", moment));
    let date = match day {
        "Mon" => 16,
        "Tue" => 17,
        "Wed" => 18,
        "Thu" => 19,
        "Fri" => 20,
        "Mon+" => 23,
        "Fri+" => 27,
        _ => 1,
    };
    time::from_rfc3339(&format!("2026-11-{date}T{clock}:00+07:00")).unwrap_or_default()
}

/// Some minutes later.
pub(super) fn minutes(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(0) * 60 * Micros::SECOND
}

/// An item number: prefix, serial, check digit.
pub(super) fn item(prefix: &str, serial: usize) -> String {
    let digits = format!("{serial:08}");
    let weights = [8, 6, 4, 2, 3, 5, 9, 7];
    let sum: u32 = digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        check => check,
    };
    format!("{prefix}{digits}{check}VN")
}

/// A code, to be classified by the gateway.
pub(super) fn code(text: &str) -> v1::Code {
    v1::Code { value: text.to_owned(), ..v1::Code::default() }
}

/// A slip's number as a code.
pub(super) fn slip(number: &str) -> v1::Code {
    v1::Code { kind: v1::CodeKind::Slip.into(), value: number.to_owned(), ..v1::Code::default() }
}

/// The number of the n-th slip of the day's block, from 0.
pub(super) fn slip_number(nth: usize) -> String {
    format!("{:06}", 123 + nth)
}

/// A post office's whole name.
pub(super) fn office(digits: &str) -> String {
    format!("{POST}/offices/{digits}")
}

/// An event on a code; none where the code is empty.
pub(super) fn event(kind: v1::EventType, text: &str) -> v1::Event {
    v1::Event { r#type: kind.into(), code: (!text.is_empty()).then(|| code(text)), ..v1::Event::default() }
}

/// An event on a code at a post office.
pub(super) fn event_at(kind: v1::EventType, text: &str, digits: &str) -> v1::Event {
    v1::Event { office: office(digits), ..event(kind, text) }
}

/// The personal part of a delivery that the addressee signed for on the screen.
pub(super) fn signed() -> bytes::Bytes {
    let proof = bytes::Bytes::from_static(&[0x5e; 32]);
    v1::Personal { proof_sha256: proof, ..v1::Personal::default() }.encode_to_vec().into()
}

/// Whole hours of a span in microseconds.
pub(super) fn hours(us: i64) -> i64 {
    us / (3_600 * Micros::SECOND)
}

/// A time as Vietnam's clocks show it.
fn local(time: Option<prost_types::Timestamp>) -> anyhow::Result<jiff::Zoned> {
    let time = time.context("a time is missing")?;
    let time = jiff::Timestamp::from_second(time.seconds).context("read a time")?;
    Ok(time.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(7))))
}

/// `hh:mm`.
pub(super) fn clock(time: Option<prost_types::Timestamp>) -> anyhow::Result<String> {
    Ok(local(time)?.strftime("%H:%M").to_string())
}

/// `dd/mm`.
pub(super) fn date(time: Option<prost_types::Timestamp>) -> anyhow::Result<String> {
    Ok(local(time)?.strftime("%d/%m").to_string())
}
