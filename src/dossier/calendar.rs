//! Working time (giờ làm việc): Monday to Friday from 07:00 to 11:30 and from 13:30 to 17:00 in Vietnam, but for holidays and
//! for Saturdays that make up for them, as the yearly lists of the Ministry of Home Affairs say. By it an appointment to
//! return a result is counted (Decree 61/2018/NĐ-CP art. 16). The date that an agency gives always rules: what is counted
//! here warns and proposes.

use std::collections::BTreeMap;

use super::directory::Day;
use super::names::Micros;

/// A day that is not as its weekday says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarDay {
    /// Which.
    pub day: Day,
    /// Whether there is work: a Saturday that makes up, or a holiday.
    pub works: bool,
    /// What people call it.
    pub title: String,
}

const MINUTE: i64 = 60 * Micros::SECOND;
/// The shifts of a working day, from and to, since midnight.
const SHIFTS: [(i64, i64); 2] =
    [(7 * 60 * MINUTE, (11 * 60 + 30) * MINUTE), ((13 * 60 + 30) * MINUTE, 17 * 60 * MINUTE)];
/// Days on which work is looked for: no year's list is without any for so long.
const DAYS_AHEAD: i32 = 400;
/// Working days that are counted at most: about a year.
pub const WORKING_DAYS_MAX: u16 = 366;

/// The working calendar of the directory.
#[derive(Clone, Copy, Debug)]
pub struct Calendar<'a>(pub &'a BTreeMap<Day, CalendarDay>);

impl Calendar<'_> {
    /// Whether there is work on a day.
    pub fn works_on(self, day: Day) -> bool {
        // 1970-01-01 was a Thursday; Monday is 0.
        let weekday = (i64::from(day.0) + 3).rem_euclid(7);
        self.0.get(&day).map_or(weekday < 5, |known| known.works)
    }

    /// The next day of work from a day on, that day included; none where the list knows no work for more than a year.
    fn day_from(self, day: Day) -> Option<Day> {
        (0..DAYS_AHEAD).map(|ahead| Day(day.0.saturating_add(ahead))).find(|day| self.works_on(*day))
    }

    /// The first working instant at or after a time: what comes at noon is begun at 13:30, what comes after 17:00 on the
    /// next working day at 07:00. The end of a shift is no more of it.
    pub fn next_working(self, time: Micros) -> Option<Micros> {
        let today = Day::at(time);
        if self.works_on(today) {
            let since = time.since(today.begin());
            if let Some((from, _)) = SHIFTS.iter().find(|(_, to)| since < *to) {
                return Some(today.begin().plus(since.max(*from)));
            }
        }
        let day = self.day_from(today.next())?;
        Some(day.begin().plus(SHIFTS[0].0))
    }

    /// So many working days of eight hours later: at the same time of day, counted from the first working instant.
    pub fn add_working_days(self, time: Micros, days: u16) -> Option<Micros> {
        let begun = self.next_working(time)?;
        let mut day = Day::at(begun);
        let time_of_day = begun.since(day.begin());
        for _ in 0..days.min(WORKING_DAYS_MAX) {
            day = self.day_from(day.next())?;
        }
        Some(day.begin().plus(time_of_day))
    }

    /// Seconds of work between two times; none where the second is not later.
    pub fn working_seconds(self, from: Micros, to: Micros) -> i64 {
        let mut us = 0;
        let mut day = Day::at(from);
        // As many rounds as there are days between two times of 1970 to 2099.
        while day.begin() < to {
            if self.works_on(day) {
                for (begins, ends) in SHIFTS {
                    let begins = day.begin().plus(begins).max(from);
                    let ends = day.begin().plus(ends).min(to);
                    us += ends.since(begins).max(0);
                }
            }
            day = day.next();
        }
        us / Micros::SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A time in Vietnam.
    fn at(text: &str) -> Micros {
        let time: jiff::Timestamp = format!("{text}:00+07:00").parse().unwrap();
        Micros(time.as_microsecond())
    }

    fn days(list: &[(&str, bool)]) -> BTreeMap<Day, CalendarDay> {
        let entry = |(date, works): &(&str, bool)| {
            let day = Day::at(at(&format!("{date}T12:00")));
            (day, CalendarDay { day, works: *works, title: String::new() })
        };
        list.iter().map(entry).collect()
    }

    #[test]
    fn five_working_days_from_a_friday_end_at_the_same_hour_a_week_later() {
        let none = days(&[]);
        let due = Calendar(&none).add_working_days(at("2023-10-27T09:32"), 5);
        assert_eq!(due, Some(at("2023-11-03T09:32")), "of a slip that was printed");
        // From the first working instant: what comes on Saturday counts from Monday morning.
        for (received, days, due) in [
            ("2023-10-27T06:10", 1, "2023-10-30T07:00"),
            ("2023-10-27T12:00", 1, "2023-10-30T13:30"),
            ("2023-10-27T17:00", 1, "2023-10-31T07:00"),
            ("2023-10-28T10:00", 0, "2023-10-30T07:00"),
            ("2023-10-28T10:00", 3, "2023-11-02T07:00"),
        ] {
            assert_eq!(Calendar(&none).add_working_days(at(received), days), Some(at(due)), "{received}");
        }
    }

    #[test]
    fn holidays_are_passed_over_and_a_saturday_may_make_up() {
        // 2026-04-30 (Thursday) and 2026-05-01 are holidays; work is made up for on Saturday the 25th of April.
        let list = days(&[("2026-04-25", true), ("2026-04-30", false), ("2026-05-01", false)]);
        let calendar = Calendar(&list);
        assert_eq!(calendar.next_working(at("2026-04-25T08:00")), Some(at("2026-04-25T08:00")));
        assert_eq!(calendar.next_working(at("2026-04-29T17:30")), Some(at("2026-05-04T07:00")));
        assert_eq!(calendar.add_working_days(at("2026-04-24T09:00"), 2), Some(at("2026-04-27T09:00")));
        assert_eq!(calendar.add_working_days(at("2026-04-29T09:00"), 1), Some(at("2026-05-04T09:00")));
        assert_eq!(calendar.working_seconds(at("2026-04-29T16:00"), at("2026-05-04T08:00")), 2 * 3_600);
    }

    #[test]
    fn a_working_day_has_eight_hours_and_noon_none() {
        let none = days(&[]);
        let of = |from, to| Calendar(&none).working_seconds(at(from), at(to));
        assert_eq!(of("2023-10-27T00:00", "2023-10-28T00:00"), 8 * 3_600);
        assert_eq!(of("2023-10-27T11:30", "2023-10-27T13:30"), 0);
        assert_eq!(of("2023-10-27T11:00", "2023-10-27T14:00"), 3_600);
        assert_eq!(of("2023-10-27T14:00", "2023-10-27T11:00"), 0);
    }

    #[test]
    fn a_list_without_work_is_looked_through_and_no_further() {
        let first = Day::at(at("2026-01-01T12:00"));
        let none = (0..DAYS_AHEAD * 2)
            .map(|ahead| Day(first.0 + ahead))
            .map(|day| (day, CalendarDay { day, works: false, title: String::new() }));
        let list = none.collect();
        assert_eq!(Calendar(&list).next_working(at("2026-01-01T08:00")), None);
        assert_eq!(Calendar(&list).add_working_days(at("2026-01-01T08:00"), 3), None);
    }

    proptest! {
        #[test]
        fn what_is_counted_out_is_counted_back(
            minutes in 0_i64..2_000_000,
            days in 0_u16..40,
            off in proptest::collection::btree_map(0_i32..1_400, proptest::bool::ANY, 0..60),
        ) {
            let base = at("2023-01-02T00:00");
            let first = Day::at(base);
            let list = off.iter().map(|(ahead, works)| {
                let day = Day(first.0 + ahead);
                (day, CalendarDay { day, works: *works, title: String::new() })
            }).collect();
            let calendar = Calendar(&list);
            let time = base.plus(minutes * MINUTE);
            let begun = calendar.next_working(time).unwrap();
            prop_assert!(begun >= time);
            prop_assert_eq!(calendar.next_working(begun), Some(begun), "what works is its own next");
            prop_assert_eq!(calendar.working_seconds(time, begun), 0, "nothing is passed over");
            let due = calendar.add_working_days(time, days).unwrap();
            prop_assert_eq!(calendar.next_working(due), Some(due), "nothing is due when nobody works");
            prop_assert_eq!(calendar.working_seconds(time, due), i64::from(days) * 8 * 3_600);
        }
    }
}
