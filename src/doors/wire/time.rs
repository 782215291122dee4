//! Times on the wire: google.protobuf.Timestamp and RFC 3339, microseconds inside.

use prost_types::Timestamp;

use crate::dossier::names::Micros;
use crate::dossier::refusal::{Reason, Refusal};

/// Metadata of the directory service's answers on a gateway whose clock is told: `replay`.
pub const CLOCK: &str = "trao-clock";

/// 1970-01-01T00:00:00Z.
const EARLIEST: i64 = 0;
/// 2099-12-31T23:59:59.999999Z.
const LATEST: i64 = 4_102_444_800 * Micros::SECOND - 1;

/// A timestamp within 1970-2099; the field is named when it is not.
pub fn within(timestamp: &Timestamp, field: &str) -> Result<Micros, Refusal> {
    let refused = || Refusal::field(Reason::TimeOutOfRange, field, "");
    if !(0..1_000_000_000).contains(&timestamp.nanos) {
        return Err(refused());
    }
    let us = timestamp.seconds.checked_mul(Micros::SECOND).ok_or_else(refused)?;
    let us = us.checked_add(i64::from(timestamp.nanos) / 1_000).ok_or_else(refused)?;
    if (EARLIEST..=LATEST).contains(&us) { Ok(Micros(us)) } else { Err(refused()) }
}

/// The same, where the field may be absent.
pub fn within_if_given(timestamp: Option<&Timestamp>, field: &str) -> Result<Option<Micros>, Refusal> {
    timestamp.map(|timestamp| within(timestamp, field)).transpose()
}

/// A time as a timestamp.
pub fn timestamp(time: Micros) -> Timestamp {
    Timestamp {
        seconds: time.0.div_euclid(Micros::SECOND),
        nanos: i32::try_from(time.0.rem_euclid(Micros::SECOND) * 1_000).unwrap_or(0),
    }
}

/// Reads RFC 3339; `None` when it is none, or outside 1970-2099.
pub fn from_rfc3339(text: &str) -> Option<Micros> {
    let time: jiff::Timestamp = text.trim().parse().ok()?;
    let us = time.as_microsecond();
    (EARLIEST..=LATEST).contains(&us).then_some(Micros(us))
}

/// Writes RFC 3339 in UTC with microseconds, e.g. `2026-11-20T07:05:00.000000Z`.
pub fn to_rfc3339(time: Micros) -> String {
    match jiff::Timestamp::from_microsecond(time.0) {
        Ok(time) => format!("{time:.6}"),
        Err(_) => "out of range".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_microseconds_and_read_back() {
        let time = from_rfc3339("2026-11-20T14:05:00+07:00").unwrap();
        assert_eq!(to_rfc3339(time), "2026-11-20T07:05:00.000000Z");
        assert_eq!(from_rfc3339(&to_rfc3339(time)), Some(time));
        assert_eq!(within(&timestamp(time), "t"), Ok(time));
    }

    #[test]
    fn times_outside_1970_to_2099_are_refused_by_field() {
        for seconds in [-1, 4_102_444_800, 253_402_300_799, i64::MAX, i64::MIN] {
            let refusal = within(&Timestamp { seconds, nanos: 0 }, "occurred_at").unwrap_err();
            assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::TimeOutOfRange, "occurred_at"));
        }
        assert!(within(&Timestamp { seconds: 1, nanos: -1 }, "t").is_err());
        assert_eq!(from_rfc3339("2100-01-01T00:00:00Z"), None);
    }
}
