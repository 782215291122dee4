//! Reports on the wire.

use smol_str::SmolStr;
use std::collections::BTreeMap;

use super::{directory, dossier, from, time, v1};
use crate::dossier::directory::Day;
use crate::dossier::names::Micros;
use crate::dossier::refusal::{Reason, Refusal};
use crate::view::Moment;
use crate::view::report::{
    self, By, ByPost, Days, Holdings, OnTime, Place, PostalRow, Reconciliation, Scope,
};

/// A day that must be given.
pub fn day(text: &str, field: &str) -> Result<Day, Refusal> {
    directory::day(text, field)?.ok_or_else(|| Refusal::field(Reason::FieldRequired, field, "YYYY-MM-DD"))
}

/// The days of a request, the first not after the last.
pub fn days(from: &str, to: &str) -> Result<Days, Refusal> {
    let days = Days { from: day(from, "from_date")?, to: day(to, "to_date")? };
    if days.to < days.from {
        return Err(Refusal::field(Reason::TextInvalid, "to_date", "before from_date"));
    }
    Ok(days)
}

/// What the counts are divided by.
pub fn by(number: i32) -> Result<By, Refusal> {
    if number == 0 {
        return Err(Refusal::field(Reason::FieldRequired, "by", "month, level, agency or office"));
    }
    By::from_number(number).ok_or_else(|| Refusal::field(Reason::EnumUnknown, "by", "no such division"))
}

/// As of when a report was counted; `None` before the first event.
pub fn known(moment: Option<&Moment>) -> v1::ReportKnown {
    let lanes = || moment.into_iter().flat_map(Moment::all);
    v1::ReportKnown {
        known_at: lanes().map(|lane| lane.known_at).max().map(time::timestamp),
        positions: lanes().map(|lane| from::position(lane.position)).collect(),
    }
}

/// How far a report has come.
pub fn progress(scope: &Scope, place: &Place) -> v1::ReportProgress {
    let small = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    v1::ReportProgress {
        looked_at: count(place.read),
        parties_done: small(place.parties()),
        parties: small(scope.len()),
    }
}

/// Procedures in force on a day.
pub fn procedures(day: Day, levels: BTreeMap<String, ByPost>) -> v1::CountProceduresResponse {
    let counts = levels.into_iter().map(|(level, counted)| v1::ProcedureCount {
        level,
        procedures: count(counted.all),
        by_post: count(counted.by_post),
    });
    v1::CountProceduresResponse { as_of_date: directory::day_text(Some(day)), counts: counts.collect() }
}

/// Received and returned.
pub fn postal(rows: BTreeMap<SmolStr, PostalRow>, moment: Option<&Moment>) -> v1::PostalReport {
    let sum = |of: fn(&PostalRow) -> u64| count(rows.values().map(of).sum());
    let total = v1::PostalCount {
        name: String::new(),
        received: sum(|row| row.received),
        returned: sum(|row| row.returned),
    };
    let counts = rows.iter().map(|(name, row)| v1::PostalCount {
        name: name.to_string(),
        received: count(row.received),
        returned: count(row.returned),
    });
    v1::PostalReport { counts: counts.collect(), total: Some(total), known: Some(known(moment)) }
}

/// Who holds what.
pub fn holdings(report: &Holdings, moment: Option<&Moment>) -> v1::HoldingsReport {
    let holders = report
        .holders
        .iter()
        .map(|(holder, legs)| v1::HoldingCount { holder: Some(from::holder(holder)), legs: count(*legs) });
    let kinds = report
        .kinds
        .iter()
        .map(|(kind, legs)| v1::KindCount { kind: kind.number().into(), legs: count(*legs) });
    v1::HoldingsReport {
        holders: holders.collect(),
        kinds: kinds.collect(),
        open_legs: count(report.open()),
        known: Some(known(moment)),
    }
}

/// Who took how long.
pub fn on_time(report: &OnTime, moment: Option<&Moment>) -> v1::OnTimeReport {
    let clocks = report.paces().map(|(clock, pace)| v1::ClockCount {
        clock: clock.number().into(),
        ended: count(pace.ended()),
        with_due: count(pace.with_due),
        in_time: count(pace.in_time),
        overdue: count(pace.overdue),
        median_hours: pace.hours_within(50),
        p90_hours: pace.hours_within(90),
    });
    v1::OnTimeReport { clocks: clocks.to_vec(), known: Some(known(moment)) }
}

/// A day between two parties.
pub fn reconciliation(report: &Reconciliation, moment: Option<&Moment>) -> v1::ReconciliationReport {
    v1::ReconciliationReport {
        accepted: count(report.accepted),
        offered: count(report.offered),
        both: count(report.both),
        differing: count(report.differing),
        differences: report.differences.iter().map(difference).collect(),
        known: Some(known(moment)),
    }
}

fn difference(found: &report::Difference) -> v1::Difference {
    let at = |at: Option<Micros>| at.map(time::timestamp);
    v1::Difference {
        leg: dossier::leg_name(found.leg),
        code: found.code.clone(),
        kind: found.differs.number().into(),
        accept_time: at(found.said.accepted),
        offer_time: at(found.said.offered),
    }
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::report::{Clock, Differs};

    #[test]
    fn days_and_divisions_are_refused_by_their_field() {
        assert_eq!(days("2016-12-16", "2020-09-30").map(|days| days.to.0 - days.from.0), Ok(1384));
        let field = |from: &str, to: &str| days(from, to).unwrap_err().field;
        assert_eq!(field("", "2020-09-30"), "from_date");
        assert_eq!(field("2020-09-30", "30/09/2020"), "to_date");
        assert_eq!(field("2020-09-30", "2020-09-29"), "to_date");
        assert_eq!(by(0).unwrap_err().reason, Reason::FieldRequired);
        assert_eq!(by(99).unwrap_err().reason, Reason::EnumUnknown);
    }

    #[test]
    fn the_numbers_here_are_the_numbers_on_the_wire() {
        for value in By::ALL {
            let wire = v1::ReportBy::try_from(i32::from(value.number())).unwrap();
            assert_eq!(wire.as_str_name(), format!("REPORT_BY_{}", value.text()));
        }
        for value in Clock::ALL {
            let wire = v1::ReportClock::try_from(i32::from(value.number())).unwrap();
            assert_eq!(wire.as_str_name(), format!("REPORT_CLOCK_{}", value.text()));
        }
        for value in Differs::ALL {
            let wire = v1::DifferenceKind::try_from(i32::from(value.number())).unwrap();
            assert_eq!(wire.as_str_name(), format!("DIFFERENCE_KIND_{}", value.text()));
        }
    }
}
