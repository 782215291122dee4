//! A part of a lane's lines: whole batches, with the entries, the runs of logs and the seals that they wrote.

use std::collections::BTreeMap;

use super::cell::{Cell, Row};
use super::tables::{ENTRY, LOG_RUN, PAGE, SEAL, Table};
use crate::dossier::names::{Lane, Position};
use crate::store::numbers::at;
use crate::store::postgres::Filling;
use crate::store::sqlite::Moment;
use crate::store::{Error, codec};

/// Lines behind a position and up to another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) lane: Lane,
    pub(super) after: u64,
    pub(super) upto: u64,
    pub(super) entries: Vec<Row>,
    pub(super) runs: Vec<Row>,
    pub(super) seals: Vec<Row>,
}

impl Part {
    /// Some lines of the file behind a position and up to a head; `None` where there are none.
    pub(super) fn read(
        moment: &Moment<'_>,
        lane: Lane,
        after: u64,
        head: u64,
    ) -> Result<Option<Part>, Error> {
        if after >= head {
            return Ok(None);
        }
        let ends = moment.batches(lane, after, PAGE)?;
        // The head may be of an earlier moment: it is the end of a batch all the same.
        let ends: Vec<u64> = ends.into_iter().take_while(|end| *end <= head).collect();
        let fits = |end: &&u64| **end - after <= PAGE as u64;
        let upto = ends.iter().take_while(fits).last().or(ends.first()).copied();
        let upto = upto.ok_or_else(|| {
            Error::Unfit(format!("position {} is in no sealed batch", Position { lane, pos: after + 1 }))
        })?;
        let (from, to) = (key(lane, after), key(lane, upto));
        let entries = pages(moment, ENTRY, from.clone(), &to)?;
        let mut runs = Vec::new();
        for (party, (first, last)) in logs(&entries)? {
            runs.extend(pages(moment, LOG_RUN, line(lane, party, first - 1), &line(lane, party, last))?);
        }
        let seals = pages(moment, SEAL, from, &to)?;
        Ok(Some(Part { lane, after, upto, entries, runs, seals }))
    }

    /// The same lines of the copy.
    pub(super) async fn copied(&self, target: &mut Filling) -> Result<Part, Error> {
        let (lane, after, upto) = (self.lane, self.after, self.upto);
        let (from, to) = (key(lane, after), key(lane, upto));
        // CANCEL: only reads.
        let entries = target.range(ENTRY, &from, &to).await?;
        let mut runs = Vec::new();
        for (party, (first, last)) in logs(&self.entries)? {
            runs.extend(
                target.range(LOG_RUN, &line(lane, party, first - 1), &line(lane, party, last)).await?,
            );
        }
        let seals = target.range(SEAL, &from, &to).await?;
        Ok(Part { lane, after, upto, entries, runs, seals })
    }

    /// Keeps the lines in the copy, whole, with how far it has come.
    pub(super) async fn write(&self, target: &mut Filling) -> Result<(), Error> {
        // CANCEL: what was not committed is undone.
        target.begin().await?;
        target.keep(ENTRY, &self.entries).await?;
        target.keep(LOG_RUN, &self.runs).await?;
        target.keep(SEAL, &self.seals).await?;
        target.progress(self.lane, self.upto).await?;
        target.commit().await
    }

    /// Rows in it.
    pub(super) fn rows(&self) -> u64 {
        (self.entries.len() + self.runs.len() + self.seals.len()) as u64
    }
}

/// The first and the last number that entries have in each log.
fn logs(entries: &[Row]) -> Result<BTreeMap<i64, (u64, u64)>, Error> {
    let mut logs: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for entry in entries {
        let listed = entry.get(4).and_then(Cell::bytes).ok_or(Error::Corrupt { what: "entries" })?;
        let listed: Vec<(i64, u64)> = codec::decode("entries", listed)?;
        for (party, seq) in listed {
            let known = logs.entry(party).or_insert((seq, seq));
            *known = (known.0.min(seq), known.1.max(seq));
        }
    }
    match logs.values().all(|(first, _)| *first > 0) {
        true => Ok(logs),
        false => Err(Error::Corrupt { what: "entries" }),
    }
}

fn pages(moment: &Moment<'_>, table: &Table, mut after: Row, upto: &[Cell]) -> Result<Vec<Row>, Error> {
    let mut found = Vec::new();
    loop {
        let page = moment.page(table, &after, upto)?;
        let whole = page.len() < PAGE;
        if let Some(last) = page.last() {
            after = table.key(last).to_vec();
        }
        found.extend(page);
        if whole {
            return Ok(found);
        }
    }
}

/// The key of what stands at a position.
pub(super) fn key(lane: Lane, pos: u64) -> Row {
    vec![Cell::Int(lane.0.into()), Cell::Int(at(pos))]
}

/// The key of a line of a log.
pub(super) fn line(lane: Lane, party: i64, seq: u64) -> Row {
    vec![Cell::Int(lane.0.into()), Cell::Int(party), Cell::Int(at(seq))]
}
