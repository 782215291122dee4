//! What people and spreadsheets write into cells: numbers as text, yes and no, days and times.

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use unicode_normalization::UnicodeNormalization;

use crate::dossier::names::Micros;

/// Vietnam's time: that of a time without a zone.
const VIETNAM_S: i32 = 7 * 3_600;

/// A time and the zone it was given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time.
    pub time: Micros,
    /// Seconds ahead of UTC.
    pub zone_offset_s: i32,
}

/// What stands for the part of a day that was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// Its first second: something happened that day.
    Begins,
    /// Its last: something is due that day.
    Ends,
}

/// A code, number or name: without what spreadsheets put around it to keep leading zeros (`="009010"`, `'009010`).
pub fn code(cell: &str) -> String {
    let bare = unformula(cell);
    bare.strip_prefix('\'').map_or(bare, trimmed).to_owned()
}

/// A text for people on one line, its Vietnamese marks in one spelling (NFC). A mark before a number is a spreadsheet's.
pub fn text(cell: &str) -> String {
    let bare = unformula(cell);
    let number =
        |rest: &&str| rest.starts_with(|first: char| first.is_ascii_digit() || "+=-".contains(first));
    let bare = bare.strip_prefix('\'').filter(number).unwrap_or(bare);
    let lines: Vec<&str> = bare.lines().map(trimmed).filter(|line| !line.is_empty()).collect();
    lines.join(" ").nfc().collect()
}

fn unformula(cell: &str) -> &str {
    let bare = trimmed(cell);
    let inner = bare.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    inner.map_or(bare, trimmed)
}

/// Spaces of all kinds, and marks without width, are dropped at both ends.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|letter: char| {
        letter.is_whitespace() || matches!(letter, '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}')
    })
}

/// Yes or no as people write it; nothing is no.
pub fn flag(cell: &str) -> Option<bool> {
    match code(cell).nfc().collect::<String>().to_lowercase().as_str() {
        "1" | "true" | "có" | "co" | "x" | "yes" | "y" | "đúng" => Some(true),
        "" | "0" | "false" | "không" | "khong" | "no" | "n" | "sai" => Some(false),
        _ => None,
    }
}

/// Whole đồng, perhaps with a point, comma or space before every three digits; no other parts of a number.
pub fn dong(text: &str) -> Option<i64> {
    let mut groups = text.split(['.', ',', ' ', '\u{a0}']);
    let first = groups.next().filter(|first| !first.is_empty())?;
    let rest: Vec<&str> = groups.collect();
    let grouped = rest.is_empty() || (first.len() <= 3 && rest.iter().all(|group| group.len() == 3));
    let digits = first.to_owned() + &rest.concat();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if grouped && plain { digits.parse().ok() } else { None }
}

/// A day, `dd/mm/yyyy` or `yyyy-mm-dd`.
pub fn day(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split(['/', '-']).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let digits = |part: &str, most: usize| {
        let plain = !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<i16>().ok()).flatten()
    };
    let small = |part: &str| digits(part, 2).and_then(|number| i8::try_from(number).ok());
    let year = |part: &str| digits(part, 4).filter(|_| part.len() == 4);
    let (year, month, day) = match (text.contains('/'), text.contains('-')) {
        (true, false) => (year(third)?, small(second)?, small(first)?),
        (false, true) => (year(first)?, small(second)?, small(third)?),
        _ => return None,
    };
    Date::new(year, month, day).ok()
}

/// A time: a day as above, then perhaps hours, minutes, seconds, then perhaps a zone.
pub fn moment(text: &str, rest_of_day: Day) -> Option<Moment> {
    let text = text.trim();
    let cut = text.find(|letter: char| letter == 'T' || letter.is_whitespace()).unwrap_or(text.len());
    let (date, rest) = (text.get(..cut)?, text.get(cut..)?);
    let date = day(date)?;
    let rest = rest.trim_start_matches(|letter: char| letter == 'T' || letter.is_whitespace());
    let (clock, zone_offset_s) = zoned(rest)?;
    let time = match (clock, rest_of_day) {
        ("", Day::Begins) => Time::midnight(),
        ("", Day::Ends) => Time::constant(23, 59, 59, 0),
        (clock, _) => time_of_day(clock)?,
    };
    let offset = Offset::from_seconds(zone_offset_s).ok()?;
    let zoned = date.to_datetime(time).to_zoned(TimeZone::fixed(offset)).ok()?;
    Some(Moment { time: Micros(zoned.timestamp().as_microsecond()), zone_offset_s })
}

/// A time of day and the zone behind it.
fn zoned(text: &str) -> Option<(&str, i32)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock.trim_end(), 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text.trim_end(), VIETNAM_S)) };
    let (clock, zone) = (text.get(..at)?.trim_end(), text.get(at + 1..)?);
    let digits: String = zone.chars().filter(|letter| *letter != ':').collect();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = match digits.len() {
        2 if plain => (digits.parse::<i32>().ok()?, 0),
        4 if plain => (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse::<i32>().ok()?),
        _ => return None,
    };
    let ahead = hours * 3_600 + minutes * 60;
    let possible = hours <= 14 && minutes < 60;
    possible.then_some((clock, if text.get(at..)?.starts_with('-') { -ahead } else { ahead }))
}

/// `7:05`, `07:05:30` or `07:05:30.25`.
fn time_of_day(text: &str) -> Option<Time> {
    let hour = text.split(':').next()?;
    let padded = if hour.len() == 1 { format!("0{text}") } else { text.to_owned() };
    let shaped = padded.as_bytes().get(2) == Some(&b':') && padded.len() >= 5;
    let plain = padded.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte));
    if shaped && plain { padded.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doors::wire::time::to_rfc3339;

    #[test]
    fn what_spreadsheets_put_around_numbers_is_taken_away() {
        for written in
            ["009010", " 009010\u{a0}", "=\"009010\"", "'009010", "\u{200b}009010", "=\" 009010 \""]
        {
            assert_eq!(code(written), "009010", "{written:?}");
        }
        assert_eq!(text("  Bưu cục  An Hòa "), "Bưu cục  An Hòa");
        assert_eq!(text("Bu\u{31b}u cu\u{323}c"), "Bưu cục");
        assert_eq!(text("1 Lê Lợi,\r\n\n Huế"), "1 Lê Lợi, Huế");
        assert_eq!(text("'0912345678"), "0912345678");
        assert_eq!(text("'s-Gravenhage"), "'s-Gravenhage");
    }

    #[test]
    fn yes_and_no_are_read_as_people_write_them() {
        for yes in ["1", "TRUE", "Có", "co\u{301}", "x", "X"] {
            assert_eq!(flag(yes), Some(true), "{yes}");
        }
        for no in ["", "0", "False", "Không", "no", " "] {
            assert_eq!(flag(no), Some(false), "{no}");
        }
        assert_eq!(flag("2"), None);
        assert_eq!(flag("perhaps"), None);
    }

    #[test]
    fn amounts_are_whole_and_grouped_by_thousands_or_not_at_all() {
        for (written, vnd) in
            [("60000", 60_000), ("60.000", 60_000), ("1,234,567", 1_234_567), ("1 000", 1_000), ("0", 0)]
        {
            assert_eq!(dong(written), Some(vnd), "{written}");
        }
        for wrong in
            ["", "-1", "60.5", "60.0000", "1234.567", "60000đ", ".000", "1e3", "99999999999999999999"]
        {
            assert_eq!(dong(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_are_read_in_two_ways_and_no_third() {
        for written in ["20/11/2026", "2026-11-20"] {
            assert_eq!(day(written).unwrap().to_string(), "2026-11-20", "{written}");
        }
        assert_eq!(day("1/2/2026").unwrap().to_string(), "2026-02-01");
        for wrong in
            ["11/20/2026", "20/11/26", "20.11.2026", "2026/11/20", "31/02/2026", "", "20-11/2026", "45000"]
        {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_without_a_zone_are_vietnams() {
        let of = |written: &str| moment(written, Day::Begins).map(|moment| to_rfc3339(moment.time));
        let noon = Some("2026-11-20T05:00:30.000000Z".to_owned());
        for written in [
            "2026-11-20T12:00:30+07:00",
            "2026-11-20T05:00:30Z",
            "2026-11-20 12:00:30",
            "20/11/2026 12:00:30",
            "20/11/2026 05:00:30+00",
            "20/11/2026  12:00:30 +0700",
        ] {
            assert_eq!(of(written), noon, "{written}");
        }
        assert_eq!(of("20/11/2026 7:05"), Some("2026-11-20T00:05:00.000000Z".into()));
        assert_eq!(of("2026-11-20T12:00:30.25"), Some("2026-11-20T05:00:30.250000Z".into()));
        assert_eq!(of("20/11/2026"), Some("2026-11-19T17:00:00.000000Z".into()));
        let due = moment("20/11/2026", Day::Ends).unwrap();
        assert_eq!((to_rfc3339(due.time), due.zone_offset_s), ("2026-11-20T16:59:59.000000Z".into(), 25_200));
        for wrong in [
            "20/11/2026 25:00",
            "20/11/2026 7",
            "12:00",
            "20/11/2026 12:00 PM",
            "20/11/2026 12:00+99",
            "Ngày",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
