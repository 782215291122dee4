//! Faults planted into a sound history: each must be found by the rule that is there for it.

use trao::dossier::leg::HolderKind;
use trao::seal::record::Record;

use crate::checks;
use crate::history::{History, Seen, Step};

/// A fault: the rule that finds it, what it is, and how it is planted.
type Fault = (&'static str, &'static str, fn(&mut History));

const FAULTS: &[Fault] = &[
    ("acknowledged is stored", "a lost acknowledged line", |history| {
        let last = history.acks.iter().map(|ack| ack.pos).max().unwrap();
        history.book.rows.truncate(last as usize - 1);
    }),
    ("acknowledged is stored", "a stored line that is another", |history| {
        let fact = fact(history);
        history.sent[fact].id.push('x');
    }),
    ("a retry gets the same bytes", "other record bytes", |history| {
        let mut other = history.acks[0].clone();
        other.record[0] ^= 1;
        history.acks.push(other);
    }),
    ("one key is one position", "a retry that was written again", |history| {
        let mut other = history.acks[0].clone();
        other.pos += 1;
        history.acks.push(other);
    }),
    ("outboxes are empty", "a line that nobody acknowledged", |history| {
        let sent = history.acks[0].sent;
        history.acks.retain(|ack| ack.sent != sent);
    }),
    ("nothing is stored that nobody sent", "a line that somebody made up", |history| {
        let fact = fact(history);
        history.sent[fact].source.push('x');
    }),
    ("devices have no gaps", "a gap", |history| history.devices[0].contiguous -= 1),
    ("no number twice", "a doubled event", |history| {
        let (at, seen) = seen(history, 1);
        history.readers[0].steps.insert(at, Step::Saw(seen));
    }),
    ("no number is missed", "a skipped number", |history| {
        let (_, gone) = seen(history, 1);
        let saw = |step: &Step| matches!(step, Step::Saw(seen) if seen.seq == gone.seq);
        history.readers[0].steps.retain(|step| !saw(step));
    }),
    ("no number before the one below it", "a skipped number", |history| {
        let (at, _) = seen(history, 1);
        history.readers[0].steps.remove(at);
    }),
    ("no number before the one below it", "a swapped order", |history| {
        let ((one, _), (other, _)) = (seen(history, 1), seen(history, 2));
        history.readers[0].steps.swap(one, other);
    }),
    ("what is seen again is the same", "another event at a number", |history| {
        let (at, mut other) = seen(history, 1);
        other.record[0] ^= 1;
        history.readers[0].steps.insert(at, Step::Saw(other));
    }),
    ("readers go on where they were", "a consumer that went on too far", |history| {
        let (at, _) = seen(history, 2);
        history.readers[0].steps.insert(at, Step::From { behind: 2, kept: vec![1] });
    }),
    ("readers go on where they were", "a consumer that was sent too far", |history| {
        let (at, _) = seen(history, 3);
        history.readers[0].steps.insert(at, Step::From { behind: 1, kept: vec![1] });
    }),
    ("readers see the log", "an event that the log does not list", |history| {
        let (at, mut other) = seen(history, 1);
        other.pos += 1;
        history.readers[0].steps[at] = Step::Saw(other);
    }),
    ("committed_at never decreases", "a commit that was made before the one before", |history| {
        let (at, mut other) = seen(history, 2);
        other.committed_at -= 3_600_000_000;
        history.readers[0].steps[at] = Step::Saw(other);
    }),
    ("digests are of what readers hold", "a wrong digest", |history| history.digests[0].sha256[0] ^= 1),
    ("digests are of what readers hold", "a digest that ends too early", |history| {
        history.digests.remove(0);
    }),
    ("positions are dense", "a position that is missing", |history| {
        history.book.rows.remove(1);
    }),
    ("times never go back", "a batch that is older than the one before", |history| {
        history.book.rows.last_mut().unwrap().record.committed_at.0 -= 3_600_000_000;
    }),
    ("seals are of the records before them", "a changed byte", |history| {
        *history.book.rows[1].bytes.last_mut().unwrap() ^= 1;
    }),
    ("seals are of the records before them", "a signature of another head", |history| {
        history.book.seals[1].signature = history.book.seals[0].signature;
    }),
    ("logs list what concerns their party", "a skipped number", |history| history.book.log_lines[1].seq += 1),
    ("logs list what concerns their party", "a log with a stranger's line", |history| {
        history.book.log_lines.last_mut().unwrap().pos -= 1;
    }),
    ("digests are of what is kept", "an event that is another", |history| history.book.rows[0].event.push(0)),
    ("every key stands once", "a doubled fact", |history| {
        let (again, keys) = (history.book.rows[fact_row(history)].clone(), history.book.keys);
        history.book.rows.push(again);
        history.book.keys = keys + 1;
    }),
    ("custody is conserved", "a second holder", |history| {
        // Whoever takes it next takes it from somebody who never had it.
        let row = history.book.rows.iter_mut().rev().find(|row| moves_hands(&row.record)).unwrap();
        row.record.outcome.as_mut().unwrap().holder_before.kind = HolderKind::Citizen;
    }),
    ("custody is conserved", "an envelope in nobody's hands", |history| {
        let row = history.book.rows.iter_mut().rev().find(|row| moves_hands(&row.record)).unwrap();
        row.record.outcome.as_mut().unwrap().holder_after = trao::dossier::leg::Holder::NONE;
    }),
    ("nothing waits that could be placed", "something that waits", |history| {
        history.waiting.push(crate::history::Waits { code: b"1RA000000015VN".to_vec(), pos: 1 });
    }),
    ("each waiting event is placed once", "an event that was placed twice", |history| {
        let placing = history.book.rows.iter().find(|row| row.record.placed_from.is_some()).unwrap().clone();
        history.book.rows.push(placing);
    }),
    ("a bag's scan is on its contents", "something in a bag that was passed over", |history| {
        let closed = history.bags.iter().position(|bag| bag.scan.is_some()).unwrap();
        let elsewhere = (0..history.acks.len()).rev().find(|ack| {
            let row = &history.book.rows[history.acks[*ack].pos as usize - 1];
            row.is_fact() && row.record.leg.is_some() && row.record.receptacle.is_none()
        });
        let elsewhere = history.acks[elsewhere.unwrap()].sent;
        history.bags[closed].contents.push(elsewhere);
    }),
    ("nobody is surprised", "an answer that no storm explains", |history| {
        history.surprises.push("INTERNAL".to_owned());
    }),
];

/// The same faults in whatever history, which must be sound.
pub fn every_planted_fault_is_found(history: &History) {
    assert_eq!(checks::broken(history), [], "a sound history breaks no rule");
    for (name, _) in checks::RULES {
        assert!(FAULTS.iter().any(|(found_by, ..)| found_by == name), "no fault is planted for: {name}");
    }
    for (name, what, plant) in FAULTS {
        let mut planted = history.clone();
        plant(&mut planted);
        assert!(checks::rule(name)(&planted).is_err(), "{name}: nobody finds {what}");
    }
}

fn moves_hands(record: &Record) -> bool {
    let outcome = record.outcome.as_ref();
    outcome.is_some_and(|outcome| outcome.holder_before.kind == HolderKind::Post && record.birth.is_none())
}

/// A fact that was sent and acknowledged.
fn fact(history: &History) -> usize {
    history.sent.iter().position(|sent| sent.event.is_some()).unwrap()
}

fn fact_row(history: &History) -> usize {
    history.book.rows.iter().position(|row| row.is_fact()).unwrap()
}

/// Where the first reader first saw a number, and what it saw.
fn seen(history: &History, seq: u64) -> (usize, Seen) {
    let steps = history.readers[0].steps.iter().enumerate();
    let mut saw = steps.filter_map(|(at, step)| match step {
        Step::Saw(seen) if seen.seq == seq => Some((at, seen.clone())),
        _ => None,
    });
    saw.next().unwrap()
}
