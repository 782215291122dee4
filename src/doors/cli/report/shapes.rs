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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::doors::cli::report::{Args, Kind};

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        args: Args,
    }

    fn typed(line: &str) -> Kind {
        Typed::try_parse_from(line.split(' ')).unwrap().args.kind
    }

    fn known() -> Option<v1::ReportKnown> {
        let known_at = Some(prost_types::Timestamp { seconds: 1_601_485_199, nanos: 0 });
        Some(v1::ReportKnown { known_at, positions: vec![v1::Position { lane: 0, pos: 4711 }] })
    }

    fn said() -> Vec<String> {
        vec!["What counts.".to_owned()]
    }

    const KNOWN: &str = r#""known_at":"2020-09-30T16:59:59.000000Z","positions":["0-4711"]"#;
    const END: &str = r#""definitions":["What counts."]}"#;

    #[test]
    fn procedures_have_one_shape() {
        let counts = vec![v1::ProcedureCount { level: "province".into(), procedures: 1_577, by_post: 1_506 }];
        let answer = v1::CountProceduresResponse { as_of_date: "2020-09-30".into(), counts };
        let expected = [
            r#"{"report":"procedures","as_of":"2020-09-30","#,
            r#""counts":[{"level":"province","procedures":1577,"by_post":1506}],"#,
            r#""total":{"procedures":1577,"by_post":1506},"#,
            END,
        ];
        assert_eq!(procedures(&answer, &said()).to_string(), expected.concat());
    }

    #[test]
    fn received_and_returned_have_one_shape() {
        let Kind::Postal(asked) = typed("report postal --from 2020-09-01 --to 2020-09-30 --by office") else {
            panic!()
        };
        let count = v1::PostalCount { name: String::new(), received: 2, returned: 3 };
        let report = v1::PostalReport { counts: vec![count.clone()], total: Some(count), known: known() };
        let expected = [
            r#"{"report":"postal","from":"2020-09-01","to":"2020-09-30","by":"OFFICE","#,
            KNOWN,
            r#","counts":[{"name":null,"received":2,"returned":3}],"total":{"received":2,"returned":3},"#,
            END,
        ];
        assert_eq!(postal(&asked, &report, &said()).to_string(), expected.concat());
    }

    #[test]
    fn holdings_have_one_shape() {
        let holder = v1::Holder {
            kind: v1::HolderKind::Post.into(),
            party: "carriers/p".into(),
            office: "carriers/p/offices/991230".into(),
        };
        let report = v1::HoldingsReport {
            holders: vec![v1::HoldingCount { holder: Some(holder), legs: 7 }],
            kinds: vec![v1::KindCount { kind: v1::LegKind::Inbound.into(), legs: 7 }],
            open_legs: 7,
            known: None,
        };
        let expected = [
            r#"{"report":"holdings","known_at":null,"positions":[],"holders":[{"holder":"#,
            r#"{"kind":"POST","party":"carriers/p","office":"carriers/p/offices/991230"},"legs":7}],"#,
            r#""kinds":[{"kind":"INBOUND","legs":7}],"open_legs":7,"#,
            END,
        ];
        assert_eq!(holdings(&report, &said()).to_string(), expected.concat());
    }

    #[test]
    fn clocks_have_one_shape() {
        let Kind::OnTime(asked) = typed("report on-time --from 2020-09-01 --to 2020-09-30") else { panic!() };
        let count = v1::ClockCount {
            clock: v1::ReportClock::PostOut.into(),
            ended: 3,
            with_due: 2,
            in_time: 1,
            overdue: 4,
            median_hours: Some(20),
            p90_hours: None,
        };
        let report = v1::OnTimeReport { clocks: vec![count], known: known() };
        let expected = [
            r#"{"report":"on-time","from":"2020-09-01","to":"2020-09-30","#,
            KNOWN,
            r#","clocks":[{"clock":"POST_OUT","ended":3,"with_due":2,"in_time":1,"overdue":4,"#,
            r#""median_hours":20,"p90_hours":null}],"#,
            END,
        ];
        assert_eq!(on_time(&asked, &report, &said()).to_string(), expected.concat());
    }

    #[test]
    fn a_reconciled_day_has_one_shape() {
        let typed = typed("report reconciliation --day 2020-09-30 --agency H99.14 --carrier p");
        let Kind::Reconciliation(asked) = typed else { panic!() };
        let found = v1::Difference {
            leg: "legs/0-12".into(),
            code: "RA990000010VN".into(),
            kind: v1::DifferenceKind::AgencyOnly.into(),
            accept_time: Some(prost_types::Timestamp { seconds: 1_601_485_199, nanos: 0 }),
            offer_time: None,
        };
        let report = v1::ReconciliationReport {
            accepted: 3,
            offered: 2,
            both: 2,
            differing: 1,
            differences: vec![found],
            known: known(),
        };
        let expected = [
            r#"{"report":"reconciliation","day":"2020-09-30","agency":"H99.14","carrier":"p","#,
            KNOWN,
            r#","accepted":3,"offered":2,"both":2,"differing":1,"differences":[{"leg":"legs/0-12","#,
            r#""code":"RA990000010VN","kind":"AGENCY_ONLY","accept_time":"2020-09-30T16:59:59.000000Z","#,
            r#""offer_time":null}],"#,
            END,
        ];
        assert_eq!(reconciliation(&asked, &report, &said()).to_string(), expected.concat());
    }
}
