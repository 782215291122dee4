//! What is counted is what is told.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::dossier::event::EventType;
use crate::dossier::refusal::Reason;

#[test]
fn every_metric_of_the_table_is_in_the_text_under_its_kind_and_no_other() {
    let metrics = Metrics::new(&["/a/B".to_owned()]).unwrap();
    metrics.calls.ended("/a/B", 0, Duration::from_millis(1));
    let text = metrics.text(&Seen::default()).unwrap();
    let mut told: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let mut table: Vec<String> = ALL
        .iter()
        .map(|of| format!("{} {}", of.name, format!("{:?}", of.kind).to_ascii_lowercase()))
        .collect();
    told.sort_unstable();
    table.sort_unstable();
    assert_eq!(told, table);
}

#[test]
fn names_bear_their_unit_and_counters_their_total() {
    for of in ALL {
        assert!(of.name.starts_with("trao_"), "{}", of.name);
        assert_eq!(of.name.ends_with("_total"), of.kind == Kind::Counter, "{}", of.name);
        assert!(of.help.ends_with('.'), "{}", of.name);
    }
}

#[test]
fn each_reason_and_event_type_is_counted_under_its_own_name() {
    let metrics = Metrics::new(&[]).unwrap();
    for (times, reason) in Reason::ALL.iter().enumerate() {
        (0..times).for_each(|_| metrics.refusals.count(*reason));
    }
    for (times, kind) in EventType::ALL.iter().enumerate() {
        metrics.journal.committed(Duration::ZERO, std::iter::repeat_n(*kind, times));
    }
    let text = metrics.text(&Seen::default()).unwrap();
    for (times, reason) in Reason::ALL.iter().enumerate() {
        let line = format!("trao_refusals_total{{reason=\"{}\"}} {times}\n", reason.text());
        assert!(text.contains(&line), "{line}");
    }
    for (times, kind) in EventType::ALL.iter().enumerate() {
        let line = format!("trao_events_total{{type=\"{}\"}} {times}\n", kind.text());
        assert!(text.contains(&line), "{line}");
    }
}

#[test]
fn a_path_that_is_no_method_makes_no_label() {
    let metrics = Metrics::new(&["/trao.v1.A/B".to_owned(), "/trao.v1.A/A".to_owned()]).unwrap();
    for path in ["/trao.v1.A/B", "/trao.v1.A/B", "/trao.v1.A/C", "/nobody's", "other", ""] {
        metrics.calls.ended(path, 12, Duration::ZERO);
    }
    metrics.calls.ended("/trao.v1.A/A", 17, Duration::ZERO);
    let text = metrics.text(&Seen::default()).unwrap();
    let calls: Vec<&str> = text.lines().filter(|line| line.starts_with("trao_calls_total{")).collect();
    assert_eq!(
        calls,
        [
            "trao_calls_total{code=\"UNIMPLEMENTED\",method=\"other\"} 4",
            "trao_calls_total{code=\"UNIMPLEMENTED\",method=\"trao.v1.A/B\"} 2",
        ]
    );
    assert!(!text.contains("nobody"));
}

#[test]
fn what_could_not_be_read_is_no_number() {
    let metrics = Metrics::new(&[]).unwrap();
    let text = metrics.text(&Seen::default()).unwrap();
    assert!(text.contains("trao_wal_bytes NaN\n") && text.contains("trao_unplaced_events NaN\n"));
    assert!(text.contains("trao_feed_lag_events{class=\"carrier\"} NaN\n"));
    let seen = Seen { wal_bytes: Some(7), feeds: Some(BTreeMap::new()), ..Seen::default() };
    let text = metrics.text(&seen).unwrap();
    assert!(text.contains("trao_wal_bytes 7\n"));
    assert!(text.contains("trao_feed_lag_events{class=\"carrier\"} 0\n"));
}
