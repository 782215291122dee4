//! A judge that cannot say no is worth nothing: into what was seen of a true world something false is planted, and each
//! must be found for what it is.

use std::sync::OnceLock;

use bytes::Bytes;
use trao::dossier::leg::Holder;
use trao::dossier::names::Position;
use trao::dossier::refusal::{Reason, Refusal};
use trao::seal::record::Record;

use super::{Acked, Answered, Given, Head, Judge, Line, Seen};
use crate::run;

/// The tests, as the runner calls them.
pub const TESTS: &[(&str, fn())] = &[
    ("a_true_history_is_found_to_be_true", a_true_history_is_found_to_be_true),
    ("a_lost_acknowledgement_is_found", a_lost_acknowledgement_is_found),
    ("an_event_that_stands_twice_is_found", an_event_that_stands_twice_is_found),
    ("a_placing_that_stands_twice_is_found", a_placing_that_stands_twice_is_found),
    ("a_skipped_number_is_found_in_the_journal_and_in_a_log", a_skipped_number_is_found),
    ("a_swapped_order_is_found_as_stored_and_as_read", a_swapped_order_is_found),
    ("a_second_holder_is_found_as_kept_and_as_told", a_second_holder_is_found),
    ("another_answer_to_a_retry_is_found", another_answer_to_a_retry_is_found),
    ("a_refusal_of_what_stands_is_found", a_refusal_of_what_stands_is_found),
    ("a_commit_before_the_last_is_found", a_commit_before_the_last_is_found),
    ("a_head_that_is_not_of_its_records_is_found", a_head_that_is_not_of_its_records_is_found),
    ("a_reader_that_is_sent_past_something_is_found", a_reader_that_is_sent_past_something_is_found),
    ("a_past_that_changes_is_found", a_past_that_changes_is_found),
];

/// Where to look first.
const SEED: u64 = 9;

type History = Vec<Seen>;

/// Of the first world from that seed on in which something was placed, and a leg went on and on.
fn history() -> History {
    static RICH: OnceLock<u64> = OnceLock::new();
    let of = |seed: u64| {
        let mut history = run::history(seed);
        let records: Vec<Record> = lines(&mut history).map(|line| record(line)).collect();
        let placed = records.iter().any(|record| record.placed_from.is_some());
        let goes_on = |record: &Record| {
            record.outcome.is_some() && record.leg.is_some_and(|leg| leg != record.position())
        };
        (placed && records.iter().filter(|record| goes_on(record)).count() > 3).then_some(history)
    };
    let seed = *RICH.get_or_init(|| (SEED..SEED + 100).find(|seed| of(*seed).is_some()).unwrap());
    of(seed).unwrap()
}

fn verdict(history: &History) -> Result<(), String> {
    let mut judge = Judge::default();
    history.iter().try_for_each(|seen| judge.see(seen))
}

/// The history is found wrong, and why is said in these words.
fn found(history: &History, why: &str) {
    let wrong = verdict(history).expect_err(why);
    assert!(wrong.contains(why), "found, but as: {wrong}");
}

fn lines(history: &mut History) -> impl Iterator<Item = &mut Line> {
    history.iter_mut().filter_map(|seen| match seen {
        Seen::Stored(line) => Some(&mut **line),
        _ => None,
    })
}

fn answers(history: &mut History) -> impl Iterator<Item = (&mut Answered, Acked)> {
    history.iter_mut().filter_map(|seen| match seen {
        Seen::Answered(answered) => {
            let acked = answered.answer.clone().ok()?;
            Some((&mut **answered, acked))
        }
        _ => None,
    })
}

fn reads(history: &mut History) -> impl Iterator<Item = &mut Given> {
    history.iter_mut().filter_map(|seen| match seen {
        Seen::Read(given) => Some(&mut **given),
        _ => None,
    })
}

fn heads(history: &mut History) -> impl Iterator<Item = &mut Head> {
    history.iter_mut().filter_map(|seen| match seen {
        Seen::Sealed(head) => Some(&mut **head),
        _ => None,
    })
}

fn record(line: &Line) -> Record {
    Record::decode(&line.record).unwrap()
}

fn change(line: &mut Line, change: impl FnOnce(&mut Record)) {
    let mut record = record(line);
    change(&mut record);
    line.record = Bytes::from(record.encode().unwrap());
}

/// The same line once more, as the next one.
fn again(history: &mut History, wanted: impl Fn(&Record) -> bool) {
    let all: Vec<Line> = lines(history).map(|line| line.clone()).collect();
    let mut line = all.iter().find(|line| wanted(&record(line))).unwrap().clone();
    let last = all.last().unwrap();
    let (pos, committed_at) = (last.pos + 1, record(last).committed_at);
    line.pos = pos;
    change(&mut line, |record| (record.pos, record.committed_at) = (pos, committed_at));
    for (party, seq) in &mut line.logs {
        let of = all.iter().flat_map(|line| &line.logs).filter(|(listed, _)| listed == party);
        *seq = of.map(|(_, seq)| *seq).max().unwrap_or(0) + 1;
    }
    history.push(Seen::Stored(Box::new(line)));
}

fn a_true_history_is_found_to_be_true() {
    assert_eq!(verdict(&history()), Ok(()));
}

fn a_lost_acknowledgement_is_found() {
    // The last batch that somebody was told of is not stored after all.
    let mut history = history();
    let last = answers(&mut history).map(|(_, acked)| acked.pos).max().unwrap();
    let at = |seen: &Seen| matches!(seen, Seen::Stored(line) if line.pos >= last);
    let gone = history.iter().position(at).unwrap();
    let mut index = 0;
    history.retain(|seen| {
        index += 1;
        index <= gone || matches!(seen, Seen::Answered(_))
    });
    found(&history, "was acknowledged at");
}

fn an_event_that_stands_twice_is_found() {
    let mut history = history();
    again(&mut history, |record| record.placed_from.is_none());
    found(&history, "and again at");
}

fn a_placing_that_stands_twice_is_found() {
    let mut history = history();
    again(&mut history, |record| record.placed_from.is_some());
    found(&history, "a second time");
}

fn a_skipped_number_is_found() {
    // One of two lines of a batch.
    let mut skipped = history();
    let at = skipped.windows(2).position(|two| matches!(two, [Seen::Stored(_), Seen::Stored(_)]));
    skipped.remove(at.unwrap());
    found(&skipped, "was skipped");

    let mut in_log = history();
    lines(&mut in_log).nth(7).unwrap().logs[0].1 += 1;
    found(&in_log, "has number");

    let mut unlisted = history();
    lines(&mut unlisted).nth(7).unwrap().logs.remove(0);
    found(&unlisted, "is not listed for");
}

fn a_swapped_order_is_found() {
    let mut stored = history();
    let at: Vec<usize> =
        (0..stored.len()).filter(|index| matches!(stored[*index], Seen::Stored(_))).collect();
    stored.swap(at[4], at[5]);
    found(&stored, "was skipped");

    let mut read = history();
    let given = reads(&mut read).find(|given| given.read.events.len() > 1).unwrap();
    given.read.events.swap(0, 1);
    found(&read, "was handed out after");

    // With numbers as they should be: other events stand under them.
    let mut renumbered = history();
    let events = reads(&mut renumbered).map(|given| &mut given.read.events);
    let events = events.max_by_key(|events| events.len()).unwrap();
    let last = events.len() - 1;
    (events[0].1, events[last].1) = (events[last].1.clone(), events[0].1.clone());
    found(&renumbered, "something else was handed out");
}

fn a_second_holder_is_found() {
    let mut kept = history();
    let legs = kept.iter_mut().filter_map(|seen| match seen {
        Seen::Legs(legs) => legs.first_mut(),
        _ => None,
    });
    let (leg, _) = legs.last().unwrap();
    leg.fold.holder = Holder::agency(leg.birth.agency.clone());
    leg.fold.holder.office = Some("100000".into());
    found(&kept, "otherwise than its records fold");

    // A leg that another continues has no envelope any more.
    let mut both = history();
    let legs = both.iter_mut().filter_map(|seen| match seen {
        Seen::Legs(legs) => legs.first_mut(),
        _ => None,
    });
    let (leg, _) = legs.last().unwrap();
    leg.continued_by = Some(leg.id);
    found(&both, "is held by");

    // A record that begins with other hands than the last left it in.
    let mut told = history();
    let goes_on = |line: &&mut Line| {
        let record = record(line);
        record.outcome.is_some() && record.leg.is_some_and(|leg| leg != record.position())
    };
    let line = lines(&mut told).filter(goes_on).last().unwrap();
    change(line, |record| record.outcome.as_mut().unwrap().holder_before.office = Some("1".into()));
    rechain(&mut told);
    found(&told, "begins with");
}

/// Makes the tree, and the chains of legs, those of lines that were changed: the hands alone must tell.
fn rechain(history: &mut History) {
    let records: Vec<(u64, Bytes)> = lines(history).map(|line| (line.pos, line.record.clone())).collect();
    let at = |pos: u64| records.iter().find(|(of, _)| *of == pos).map(|(_, record)| record.clone());
    history.retain(|seen| matches!(seen, Seen::Stored(_) | Seen::Legs(_)));
    for seen in history {
        if let Seen::Legs(legs) = seen {
            for bytes in legs.iter_mut().flat_map(|(_, chain)| chain) {
                *bytes = at(Record::decode(bytes).unwrap().pos).unwrap();
            }
        }
    }
}

fn another_answer_to_a_retry_is_found() {
    let mut other_bytes = history();
    let (answered, acked) = answers(&mut other_bytes).find(|(_, acked)| acked.replayed).unwrap();
    answered.answer = Ok(Acked { record: Bytes::from_static(b"other"), ..acked });
    found(&other_bytes, "was answered other bytes");

    let mut new_twice = history();
    for (answered, acked) in answers(&mut new_twice) {
        answered.answer = Ok(Acked { replayed: false, ..acked });
    }
    found(&new_twice, "was new twice");

    let mut other_place = history();
    let all: Vec<Acked> = answers(&mut other_place).map(|(_, acked)| acked).collect();
    let (answered, acked) = answers(&mut other_place).last().unwrap();
    answered.answer = all.into_iter().find(|other| other.pos != acked.pos).ok_or_else(refusal);
    found(&other_place, "and was answered");

    let mut other_content = history();
    answers(&mut other_content).last().unwrap().0.content = [9; 32];
    found(&other_content, "with other content");
}

fn refusal() -> Refusal {
    Refusal::new(Reason::Internal)
}

fn a_refusal_of_what_stands_is_found() {
    let mut refused = history();
    let (answered, _) = answers(&mut refused).find(|(answered, _)| answered.command_at.is_none()).unwrap();
    answered.answer = Err(refusal());
    found(&refused, "was refused");

    // Its own content is said to be another's.
    let mut reused = history();
    let (answered, acked) = answers(&mut reused).find(|(answered, _)| answered.command_at.is_none()).unwrap();
    let mut refusal = Refusal::new(Reason::EventKeyReused);
    refusal.first = Some(Position { lane: crate::gateway::LANE, pos: acked.pos });
    answered.answer = Err(refusal);
    found(&reused, "was refused as used");

    let mut command = history();
    let (answered, acked) =
        answers(&mut command).find(|(answered, _)| answered.command_at.is_some()).unwrap();
    let refused = Answered { answer: Err(self::refusal()), command_at: Some(acked.pos), ..answered.clone() };
    command.push(Seen::Answered(Box::new(refused)));
    found(&command, "and then refused");
}

fn a_commit_before_the_last_is_found() {
    let mut back = history();
    let line = lines(&mut back).nth(9).unwrap();
    change(line, |record| record.committed_at = record.committed_at.plus(-3_600_000_000_000));
    found(&back, "committed before");

    let mut early = history();
    let line = lines(&mut early).nth(9).unwrap();
    change(line, |record| record.received_at = record.committed_at.plus(1));
    found(&early, "received after its commit");
}

fn a_head_that_is_not_of_its_records_is_found() {
    let mut frontier = history();
    *heads(&mut frontier).last().unwrap().frontier.last_mut().unwrap() ^= 1;
    found(&frontier, "is not that of the records");

    let mut root = history();
    heads(&mut root).last().unwrap().seal.as_mut().unwrap().root[0] ^= 1;
    found(&root, "is not of the records up to");

    let mut signature = history();
    heads(&mut signature).last().unwrap().seal.as_mut().unwrap().signature[0] ^= 1;
    found(&signature, "does not verify");

    let mut record = history();
    change(lines(&mut record).nth(5).unwrap(), |record| record.repaired = true);
    found(&record, "is not that of the records");
}

fn a_reader_that_is_sent_past_something_is_found() {
    let mut gap = history();
    reads(&mut gap).find(|given| given.read.events.len() > 2).unwrap().read.events.remove(1);
    found(&gap, "was handed out after");

    let mut cursor = history();
    let given = reads(&mut cursor).find(|given| given.cursor.is_some()).unwrap();
    given.cursor = given.cursor.map(|seq| seq + 1);
    found(&cursor, "the cursor names");

    let mut caught_up = history();
    let given = reads(&mut caught_up).filter(|given| given.read.caught_up).last().unwrap();
    given.head += 1;
    found(&caught_up, "was told that nothing follows");
}

fn a_past_that_changes_is_found() {
    let mut changed = history();
    let Some(Seen::Looked { question, pos, told }) =
        changed.iter().rev().find(|seen| matches!(seen, Seen::Looked { .. })).cloned()
    else {
        panic!("nobody looked");
    };
    let told = format!("{told} and more");
    changed.push(Seen::Looked { question, pos, told });
    found(&changed, "and then");
}
