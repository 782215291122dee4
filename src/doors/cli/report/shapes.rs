//! Each report as JSON: the counts as they came, what they mean beside them.

use serde_json::{Value, json};

use super::asked::{OnTimeArgs, PostalArgs, ReconciliationArgs};
use crate::doors::cli::shapes::{Holder, leg_kind, some, when};
use crate::doors::wire::v1;

fn known(known: Option<&v1::ReportKnown>) -> (Value, Value) {
    let positions = known.map(|known| known.positions.as_slice()).unwrap_or_default();
    let positions: Vec<String> = positions.iter().map(|at| format!("{}-{}", at.lane, at.pos)).collect();
    (json!(when(known.and_then(|known| known.known_at.as_ref()))), json!(positions))
}

fn bare(name: &'static str, prefix: &str) -> Option<&'static str> {
    let bare = name.trim_start_matches(prefix);
    (bare != "UNSPECIFIED").then_some(bare)
}

/// Procedures by level.
pub fn procedures(answer: &v1::CountProceduresResponse, definitions: &[String]) -> Value {
    let counts: Vec<Value> = answer
        .counts
        .iter()
        .map(
            |count| json!({ "level": count.level, "procedures": count.procedures, "by_post": count.by_post }),
        )
        .collect();
    let sum = |of: fn(&v1::ProcedureCount) -> i64| answer.counts.iter().map(of).sum::<i64>();
    json!({
        "report": "procedures",
        "as_of": answer.as_of_date,
        "counts": counts,
        "total": { "procedures": sum(|count| count.procedures), "by_post": sum(|count| count.by_post) },
        "definitions": definitions,
    })
}

/// Received and returned.
pub fn postal(asked: &PostalArgs, report: &v1::PostalReport, definitions: &[String]) -> Value {
    let (known_at, positions) = known(report.known.as_ref());
    let counts: Vec<Value> = report
        .counts
        .iter()
        .map(|count| json!({ "name": some(&count.name), "received": count.received, "returned": count.returned }))
        .collect();
    let total = report.total.clone().unwrap_or_default();
    json!({
        "report": "postal",
        "from": asked.days.from,
        "to": asked.days.to,
        "by": format!("{:?}", asked.by).to_ascii_uppercase(),
        "known_at": known_at,
        "positions": positions,
        "counts": counts,
        "total": { "received": total.received, "returned": total.returned },
        "definitions": definitions,
    })
}

/// Who holds what.
pub fn holdings(report: &v1::HoldingsReport, definitions: &[String]) -> Value {
    let (known_at, positions) = known(report.known.as_ref());
    let holders: Vec<Value> = report
        .holders
        .iter()
        .map(|count| json!({ "holder": count.holder.as_ref().map(Holder::of), "legs": count.legs }))
        .collect();
    let kinds: Vec<Value> = report
        .kinds
        .iter()
        .map(|count| json!({ "kind": leg_kind(count.kind), "legs": count.legs }))
        .collect();
    json!({
        "report": "holdings",
        "known_at": known_at,
        "positions": positions,
        "holders": holders,
        "kinds": kinds,
        "open_legs": report.open_legs,
        "definitions": definitions,
    })
}

/// Who took how long.
pub fn on_time(asked: &OnTimeArgs, report: &v1::OnTimeReport, definitions: &[String]) -> Value {
    let (known_at, positions) = known(report.known.as_ref());
    let clocks: Vec<Value> = report
        .clocks
        .iter()
        .map(|count| {
            let clock = v1::ReportClock::try_from(count.clock).unwrap_or_default();
            json!({
                "clock": bare(clock.as_str_name(), "REPORT_CLOCK_"),
                "ended": count.ended,
                "with_due": count.with_due,
                "in_time": count.in_time,
                "overdue": count.overdue,
                "median_hours": count.median_hours,
                "p90_hours": count.p90_hours,
            })
        })
        .collect();
    json!({
        "report": "on-time",
        "from": asked.days.from,
        "to": asked.days.to,
        "known_at": known_at,
        "positions": positions,
        "clocks": clocks,
        "definitions": definitions,
    })
}

/// A day between two parties.
pub fn reconciliation(
    asked: &ReconciliationArgs,
    report: &v1::ReconciliationReport,
    definitions: &[String],
) -> Value {
    let (known_at, positions) = known(report.known.as_ref());
    let differences: Vec<Value> = report
        .differences
        .iter()
        .map(|found| {
            let kind = v1::DifferenceKind::try_from(found.kind).unwrap_or_default();
            json!({
                "leg": found.leg,
                "code": some(&found.code),
                "kind": bare(kind.as_str_name(), "DIFFERENCE_KIND_"),
                "accept_time": when(found.accept_time.as_ref()),
                "offer_time": when(found.offer_time.as_ref()),
            })
        })
        .collect();
    json!({
        "report": "reconciliation",
        "day": asked.day,
        "agency": asked.agency,
        "carrier": asked.carrier,
        "known_at": known_at,
        "positions": positions,
        "accepted": report.accepted,
        "offered": report.offered,
        "both": report.both,
        "differing": report.differing,
        "differences": differences,
        "definitions": definitions,
    })
}
