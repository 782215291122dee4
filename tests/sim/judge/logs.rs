//! Logs are dense, in the order of commits, and list exactly what concerns their party; whatever is handed out behind a
//! number is what follows it, without gaps.

use std::collections::BTreeMap;

use trao::dossier::names::PartyName;
use trao::seal::record::Record;

use super::keys::Keys;
use super::{Given, Line};

/// The positions of each log, in order.
#[derive(Default)]
pub struct Logs(BTreeMap<PartyName, Vec<u64>>);

impl Logs {
    /// The positions a party's log lists.
    pub fn of(&self, party: &PartyName) -> &[u64] {
        self.0.get(party).map(Vec::as_slice).unwrap_or_default()
    }

    /// A line is stored behind all others.
    pub fn stored(&mut self, line: &Line, record: &Record) -> Result<(), String> {
        let listed: Vec<&PartyName> = line.logs.iter().map(|(party, _)| party).collect();
        for party in &record.parties {
            if !listed.contains(&party) {
                return Err(format!("{} is not listed for {party}", line.pos));
            }
        }
        for (party, seq) in &line.logs {
            if !record.parties.contains(party) {
                return Err(format!("{} is listed for {party}, whom it does not concern", line.pos));
            }
            let log = self.0.entry(party.clone()).or_default();
            if *seq != log.len() as u64 + 1 {
                return Err(format!(
                    "{} has number {seq} in the log of {party}, after {}",
                    line.pos,
                    log.len()
                ));
            }
            log.push(line.pos);
        }
        Ok(())
    }

    /// A part of a log was handed out.
    pub fn given(&self, given: &Given, keys: &Keys) -> Result<(), String> {
        let (party, log) = (&given.party, self.of(&given.party));
        let mut last = given.after;
        for (seq, record) in &given.read.events {
            if *seq != last + 1 {
                return Err(format!("{seq} of {party} was handed out after {last}"));
            }
            let pos = usize::try_from(last).ok().and_then(|index| log.get(index));
            if pos.and_then(|pos| keys.record_at(*pos)) != Some(record) {
                return Err(format!("as {seq} of {party} something else was handed out than stands there"));
            }
            last = *seq;
        }
        if given.cursor.is_some_and(|cursor| cursor != last) {
            return Err(format!("behind {last} of {party} the cursor names {:?}", given.cursor));
        }
        if given.read.caught_up && last < given.head {
            return Err(format!("{party} was told that nothing follows {last}, but {} did", given.head));
        }
        Ok(())
    }
}
