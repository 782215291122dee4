//! The working calendar on the wire.

use super::directory::{day, day_text};
use super::{into, time, v1};
use crate::dossier::calendar::{Calendar, CalendarDay, WORKING_DAYS_MAX};
use crate::dossier::names::Micros;
use crate::dossier::refusal::{Reason, Refusal};

/// A day to create.
pub fn calendar_day(sent: &v1::CalendarDay) -> Result<CalendarDay, Refusal> {
    let known = day(&sent.day, "day")?.ok_or_else(|| Refusal::field(Reason::FieldRequired, "day", ""))?;
    into::free_text(&sent.title, "title")?;
    Ok(CalendarDay { day: known, works: sent.works, title: sent.title.clone() })
}

/// A day.
pub fn shown_calendar_day(known: &CalendarDay) -> v1::CalendarDay {
    v1::CalendarDay { day: day_text(Some(known.day)), works: known.works, title: known.title.clone() }
}

/// What is counted from a time.
pub fn due_time(
    request: &v1::ComputeDueTimeRequest,
    calendar: Calendar<'_>,
) -> Result<v1::ComputeDueTimeResponse, Refusal> {
    let received_at = request.received_at.as_ref();
    let received_at = received_at.ok_or_else(|| Refusal::field(Reason::FieldRequired, "received_at", ""))?;
    let received_at = time::within(received_at, "received_at")?;
    let days = working_days(request.working_days)?;
    let no_work = || Refusal::field(Reason::NotFound, "received_at", "no day of work for more than a year");
    let shown = |time: Option<Micros>| time.map(time::timestamp).ok_or_else(no_work);
    Ok(v1::ComputeDueTimeResponse {
        starts_at: Some(shown(calendar.next_working(received_at))?),
        due_at: Some(shown(calendar.add_working_days(received_at, days))?),
    })
}

/// A number of working days.
pub fn working_days(days: i32) -> Result<u16, Refusal> {
    let days = u16::try_from(days).ok().filter(|days| *days <= WORKING_DAYS_MAX);
    let why = || format!("0 to {WORKING_DAYS_MAX}");
    days.ok_or_else(|| Refusal::field(Reason::TextInvalid, "working_days", why()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_day_is_shown_as_it_was_sent() {
        let sent = v1::CalendarDay { day: "2026-09-02".into(), works: false, title: "Quốc khánh".into() };
        assert_eq!(shown_calendar_day(&calendar_day(&sent).unwrap()), sent);
        for (wrong, field) in [
            (v1::CalendarDay { day: String::new(), ..sent.clone() }, "day"),
            (v1::CalendarDay { day: "02/09/2026".into(), ..sent.clone() }, "day"),
            (v1::CalendarDay { title: "a\0".into(), ..sent }, "title"),
        ] {
            assert_eq!(calendar_day(&wrong).unwrap_err().field, field);
        }
    }

    #[test]
    fn a_due_time_is_counted_and_what_cannot_be_is_named() {
        let none = BTreeMap::new();
        let at = |text: &str| time::from_rfc3339(text).map(time::timestamp);
        let request =
            v1::ComputeDueTimeRequest { received_at: at("2023-10-27T12:10:00+07:00"), working_days: 5 };
        let due = due_time(&request, Calendar(&none)).unwrap();
        assert_eq!(due.starts_at, at("2023-10-27T13:30:00+07:00"));
        assert_eq!(due.due_at, at("2023-11-03T13:30:00+07:00"));
        for (wrong, field) in [
            (v1::ComputeDueTimeRequest { received_at: None, ..request }, "received_at"),
            (v1::ComputeDueTimeRequest { working_days: -1, ..request }, "working_days"),
            (v1::ComputeDueTimeRequest { working_days: 367, ..request }, "working_days"),
        ] {
            assert_eq!(due_time(&wrong, Calendar(&none)).unwrap_err().field, field);
        }
    }
}
