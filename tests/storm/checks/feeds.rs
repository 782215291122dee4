//! What consumers saw against the logs, and in which order.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::history::{Digest as Sha, History, Reader, Seen, Step};

/// n+1 is never seen before n was.
pub fn no_number_before_the_one_below_it(history: &History) -> Result<(), String> {
    for reader in &history.readers {
        let mut highest = 0;
        for Seen { seq, .. } in reader.seen() {
            if *seq > highest + 1 {
                return Err(format!("{} saw {seq} before {}", reader.name, highest + 1));
            }
            highest = highest.max(*seq);
        }
    }
    Ok(())
}

/// From wherever it goes on, a reader sees each later event once.
pub fn no_number_twice(history: &History) -> Result<(), String> {
    for reader in &history.readers {
        let mut before = 0;
        for step in &reader.steps {
            match step {
                Step::From { behind, .. } => before = *behind,
                Step::Saw(seen) if seen.seq <= before => {
                    return Err(format!("{} saw {} again after {before}", reader.name, seen.seq));
                }
                Step::Saw(seen) => before = seen.seq,
            }
        }
    }
    Ok(())
}

/// In the end every reader has all of its log.
pub fn no_number_is_missed(history: &History) -> Result<(), String> {
    for reader in &history.readers {
        let held = held(reader);
        let end = log(history, &reader.party).len() as u64;
        if let Some(missed) = (1..=end).find(|seq| !held.contains_key(seq)) {
            return Err(format!("{} never saw {missed} of {end}", reader.name));
        }
    }
    Ok(())
}

/// An event that a reader sees again, after it went on from before it, is the very same.
pub fn what_is_seen_again_is_the_same(history: &History) -> Result<(), String> {
    for reader in &history.readers {
        let mut first: BTreeMap<u64, &Seen> = BTreeMap::new();
        for seen in reader.seen() {
            if *first.entry(seen.seq).or_insert(seen) != seen {
                return Err(format!("{} saw another event at {}", reader.name, seen.seq));
            }
        }
    }
    Ok(())
}

/// Who begins again begins where it had committed, or tried to, and sees what comes next.
pub fn readers_go_on_where_they_were(history: &History) -> Result<(), String> {
    for reader in &history.readers {
        let mut due = None;
        for step in &reader.steps {
            match step {
                Step::From { behind, kept } if !kept.contains(behind) => {
                    return Err(format!("{} went on behind {behind}, not {kept:?}", reader.name));
                }
                Step::From { behind, .. } => due = Some(behind + 1),
                Step::Saw(seen) => match due.take() {
                    Some(due) if due != seen.seq => {
                        return Err(format!("{} saw {} where {due} comes next", reader.name, seen.seq));
                    }
                    _ => {}
                },
            }
        }
    }
    Ok(())
}

/// What was seen is what the log lists, and the record is the stored one.
pub fn readers_see_the_log(history: &History) -> Result<(), String> {
    for reader in &history.readers {
        let log = log(history, &reader.party);
        for seen in reader.seen() {
            let wrong = |why: &str| Err(format!("{} saw {} at {}: {why}", reader.name, seen.seq, seen.pos));
            let listed = seen.seq.checked_sub(1).and_then(|index| log.get(index as usize));
            if listed.map(|(pos, _)| *pos) != Some(seen.pos) {
                return wrong("the log lists another position");
            }
            if listed.map(|(_, record)| record) != Some(&seen.record) {
                return wrong("the record is another");
            }
        }
    }
    Ok(())
}

/// Along a log the times of commits never go back.
pub fn committed_at_never_decreases(history: &History) -> Result<(), String> {
    for reader in &history.readers {
        let held = held(reader);
        let mut events = held.values();
        let Some(mut before) = events.next() else { continue };
        for seen in events {
            if seen.committed_at < before.committed_at {
                return Err(format!("{}: {} is younger than {}", reader.name, before.seq, seen.seq));
            }
            before = seen;
        }
    }
    Ok(())
}

/// Each gateway's digests of a log cover it, and are those of what its reader holds.
pub fn digests_are_of_what_readers_hold(history: &History) -> Result<(), String> {
    for (index, reader) in history.readers.iter().enumerate() {
        let held = held(reader);
        for gateway in 0..history.gateways {
            let mut covered = 0;
            for told in history.digests.iter().filter(|told| (told.reader, told.gateway) == (index, gateway))
            {
                let mut digest = Sha256::new();
                held.range(told.first..=told.last).for_each(|(_, seen)| digest.update(seen.record));
                let due: Sha = digest.finalize().into();
                if told.first != covered + 1 || due != told.sha256 {
                    let (name, first, last) = (&reader.name, told.first, told.last);
                    return Err(format!("gateway {gateway} digests {first} to {last} otherwise than {name}"));
                }
                covered = told.last;
            }
            if covered != held.len() as u64 {
                return Err(format!("gateway {gateway} digests {covered} events of {}", reader.name));
            }
        }
    }
    Ok(())
}

/// What a reader holds.
fn held(reader: &Reader) -> BTreeMap<u64, &Seen> {
    reader.seen().map(|seen| (seen.seq, seen)).collect()
}

/// A party's log: positions, and digests of the records there.
fn log(history: &History, party: &str) -> Vec<(u64, Sha)> {
    let book = &history.book;
    let ids: Vec<i64> = book.parties.iter().filter(|(_, name)| *name == party).map(|(id, _)| *id).collect();
    let lines = book.log_lines.iter().filter(|line| ids.contains(&line.party));
    lines
        .map(|line| {
            let row = book.rows.get(line.pos as usize - 1);
            (line.pos, row.map_or([0; 32], |row| Sha256::digest(&row.bytes).into()))
        })
        .collect()
}
