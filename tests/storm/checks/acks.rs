//! What was acknowledged against what is kept.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::history::{Ack, DeviceTold, History};

/// Every acknowledged line stands where it was said to stand, with the bytes that were told, and is what was sent.
pub fn acknowledged_is_stored(history: &History) -> Result<(), String> {
    for ack in &history.acks {
        let sent = &history.sent[ack.sent];
        let what = || format!("{} {}, acknowledged at {}", sent.source, sent.id, ack.pos);
        let row = ack.pos.checked_sub(1).and_then(|index| history.book.rows.get(index as usize));
        let row = row.ok_or_else(|| format!("{} is gone", what()))?;
        if <[u8; 32]>::from(Sha256::digest(&row.bytes)) != ack.record {
            return Err(format!("{} is stored with other bytes", what()));
        }
        let Some(event) = sent.event else { continue };
        let (source, id) = (row.record.source.as_str(), row.record.client_event_id.as_str());
        if (source, id) != (sent.source.as_str(), sent.id.as_str()) || row.record.event_digest != event {
            return Err(format!("{} is another event", what()));
        }
    }
    Ok(())
}

fn of_each(history: &History) -> BTreeMap<usize, Vec<&Ack>> {
    let mut of_each: BTreeMap<usize, Vec<&Ack>> = BTreeMap::new();
    for ack in &history.acks {
        of_each.entry(ack.sent).or_default().push(ack);
    }
    of_each
}

/// Whoever answered and how often: the same record.
pub fn a_retry_gets_the_same_bytes(history: &History) -> Result<(), String> {
    for (sent, acks) in of_each(history) {
        let others = acks.iter().find(|ack| ack.record != acks[0].record);
        if let Some(other) = others {
            let (sent, first) = (&history.sent[sent], acks[0].gateway);
            return Err(format!("{} of gateway {first} differs from gateway {}'s", sent.id, other.gateway));
        }
    }
    Ok(())
}

/// Each line has one position, which is no other line's.
pub fn one_key_is_one_position(history: &History) -> Result<(), String> {
    let mut taken = BTreeMap::new();
    for ack in &history.acks {
        let sent = &history.sent[ack.sent];
        let key = (&sent.source, &sent.id);
        let first: &mut ((&String, &String), u64) = taken.entry(ack.pos).or_insert((key, ack.pos));
        if first.0 != key {
            return Err(format!("{:?} and {key:?} stand both at {}", first.0, ack.pos));
        }
    }
    for (sent, acks) in of_each(history) {
        if acks.iter().any(|ack| ack.pos != acks[0].pos) {
            let at: BTreeSet<u64> = acks.iter().map(|ack| ack.pos).collect();
            return Err(format!("{} stands at {at:?}", history.sent[sent].id));
        }
    }
    Ok(())
}

/// Everything that was sent was acknowledged in the end.
pub fn outboxes_are_empty(history: &History) -> Result<(), String> {
    let acknowledged = of_each(history);
    let left: Vec<usize> = (0..history.sent.len()).filter(|sent| !acknowledged.contains_key(sent)).collect();
    match left.first() {
        None => Ok(()),
        Some(first) => {
            Err(format!("{} lines were never acknowledged, {:?} first", left.len(), history.sent[*first]))
        }
    }
}

/// Every fact that is kept was sent, and every command.
pub fn nothing_is_stored_that_nobody_sent(history: &History) -> Result<(), String> {
    let sent: BTreeSet<(&str, &str)> =
        history.sent.iter().map(|sent| (sent.source.as_str(), sent.id.as_str())).collect();
    let acknowledged: BTreeSet<u64> = history.acks.iter().map(|ack| ack.pos).collect();
    for row in &history.book.rows {
        let record = &row.record;
        let known = match row.is_fact() {
            true => sent.contains(&(record.source.as_str(), record.client_event_id.as_str())),
            // Of a command the record has no request id; its position was told.
            false => record.placed_from.is_some() || acknowledged.contains(&row.pos),
        };
        if !known {
            return Err(format!("nobody sent {} at {}", record.client_event_id, row.pos));
        }
    }
    Ok(())
}

/// Each gateway has every number that each device gave out.
pub fn devices_have_no_gaps(history: &History) -> Result<(), String> {
    match history.devices.iter().find(|told| told.contiguous != told.given) {
        Some(DeviceTold { gateway, source, given, contiguous }) => {
            Err(format!("gateway {gateway} has {contiguous} of the {given} of {source}"))
        }
        None => Ok(()),
    }
}
