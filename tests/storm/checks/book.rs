//! What the tie had to do, and what nobody may be told.

use std::collections::{BTreeMap, BTreeSet};

use trao::dossier::names::Position;

use crate::history::History;

/// With what a bag's key begins: its scans wait for whatever else may be in it.
const BAG: u8 = b'2';

/// By now every code that anybody scanned is known: only bags wait.
pub fn nothing_waits_that_could_be_placed(history: &History) -> Result<(), String> {
    match history.waiting.iter().find(|waits| waits.code.first() != Some(&BAG)) {
        None => Ok(()),
        Some(waits) => Err(format!("{} waits for {:?}", waits.pos, String::from_utf8_lossy(&waits.code))),
    }
}

/// On which legs each event was placed that had to wait.
fn placings(history: &History) -> BTreeMap<u64, Vec<Option<Position>>> {
    let mut placings: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    for row in &history.book.rows {
        if let Some(from) = row.record.placed_from {
            placings.entry(from.pos).or_default().push(row.record.leg);
        }
    }
    placings
}

/// Whatever is placed later is placed once on each leg, and only a bag's scan on more than one.
pub fn each_waiting_event_is_placed_once(history: &History) -> Result<(), String> {
    let bags: BTreeSet<u64> = history.waiting.iter().map(|waits| waits.pos).collect();
    for (from, legs) in placings(history) {
        let different: BTreeSet<_> = legs.iter().collect();
        if different.len() < legs.len() || (legs.len() > 1 && !bags.contains(&from)) {
            return Err(format!("{from} is placed on {legs:?}"));
        }
    }
    Ok(())
}

/// A scan of a bag is on the leg of everything that was put into it before.
pub fn a_bags_scan_is_on_its_contents(history: &History) -> Result<(), String> {
    let places: BTreeMap<usize, u64> = history.acks.iter().map(|ack| (ack.sent, ack.pos)).collect();
    let placings = placings(history);
    let legs_of = |pos: &u64| {
        let at_once = history.book.rows.get(*pos as usize - 1).and_then(|row| row.record.leg);
        let later = placings.get(pos).into_iter().flatten().flatten().copied();
        at_once.into_iter().chain(later).collect::<BTreeSet<Position>>()
    };
    for bag in &history.bags {
        let Some(scan) = bag.scan.and_then(|scan| places.get(&scan)) else { continue };
        let on = legs_of(scan);
        for put in bag.contents.iter().filter_map(|put| places.get(put)) {
            let legs = legs_of(put);
            if legs.is_empty() || !legs.is_subset(&on) {
                return Err(format!("the bag scanned at {scan} is on {on:?}; {put} put in {legs:?}"));
            }
        }
    }
    Ok(())
}

/// Nobody was told what is no answer to a storm, and no gateway ended by itself.
pub fn nobody_is_surprised(history: &History) -> Result<(), String> {
    match history.surprises.split_first() {
        None => Ok(()),
        Some((first, rest)) => Err(format!("{first} ({} more)", rest.len())),
    }
}
