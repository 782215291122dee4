//! What writer and reader both read, on either's connection.

use std::collections::BTreeMap;

use super::rows::{Cells, Rows, all, ask, lane, numbers, one};
use super::sql;
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::{CodeKey, Dossier, Leg, Tag};
use crate::dossier::device::Heard;
use crate::dossier::document::Document;
use crate::dossier::names::{Lane, Position};
use crate::store::meaning;
use crate::store::numbers::{at, limit};
use crate::store::row::Row as _;
use crate::store::{Error, Head, Stored, chain};

pub(super) async fn head(from: &mut impl Rows, of: Lane, sql: &'static str) -> Result<Head, Error> {
    let step = "read lanes";
    // CANCEL: only reads.
    let head = one(from, step, ask!(sql, lane(of)), |row| meaning::head(of, row)).await?;
    head.ok_or("no such lane").map_err(Error::failed(step))
}

pub(super) async fn tags(
    from: &mut impl Rows,
    of: Lane,
    keys: &[CodeKey],
) -> Result<BTreeMap<CodeKey, Vec<Tag>>, Error> {
    let codes: Vec<&[u8]> = keys.iter().map(|key| key.0.as_bytes()).collect();
    let asked = ask!(sql::TAGS_OF_CODES, lane(of), &codes);
    let mut tags: BTreeMap<CodeKey, Vec<Tag>> = BTreeMap::new();
    // CANCEL: only reads.
    for tag in all(from, "read tags", asked, |row| meaning::tag(of, row)).await? {
        tags.entry(tag.key.clone()).or_default().push(tag);
    }
    Ok(tags)
}

/// Legs of one lane.
pub(super) async fn legs(
    from: &mut impl Rows,
    of: Lane,
    ids: &[Position],
) -> Result<BTreeMap<Position, Leg>, Error> {
    let ids = numbers(ids);
    let asked = ask!(sql::LEGS, lane(of), &ids);
    let leg = |row: Cells<'_>| Ok((Position { lane: of, pos: row.number(0)? }, row.body(1)?));
    // CANCEL: only reads.
    Ok(all(from, "read legs", asked, leg).await?.into_iter().collect())
}

pub(super) async fn leg(from: &mut impl Rows, id: Position) -> Result<Option<Leg>, Error> {
    // CANCEL: only reads.
    Ok(legs(from, id.lane, &[id]).await?.remove(&id))
}

pub(super) async fn document(from: &mut impl Rows, id: Position) -> Result<Option<Document>, Error> {
    let asked = ask!(sql::DOCUMENT, lane(id.lane), at(id.pos));
    // CANCEL: only reads.
    one(from, "read documents", asked, |row| row.body(0)).await
}

pub(super) async fn dossier(from: &mut impl Rows, id: Position) -> Result<Option<Dossier>, Error> {
    let asked = ask!(sql::DOSSIER, lane(id.lane), at(id.pos));
    // CANCEL: only reads.
    one(from, "read dossiers", asked, |row| row.body(0)).await
}

fn stored(row: Cells<'_>) -> Result<Stored, Error> {
    let (record, event) = (row.bytes(1)?.into(), row.bytes(2)?.into());
    Ok(Stored { pos: row.number(0)?, record, event, prev: row.number(3)? })
}

/// Entries of one lane, by position.
pub(super) async fn entries(
    from: &mut impl Rows,
    of: Lane,
    positions: &[u64],
) -> Result<BTreeMap<u64, Stored>, Error> {
    let positions: Vec<i64> = positions.iter().map(|pos| at(*pos)).collect();
    let asked = ask!(sql::ENTRIES, lane(of), &positions);
    // CANCEL: only reads.
    let found = all(from, "read entries", asked, stored).await?;
    Ok(found.into_iter().map(|stored| (stored.pos, stored)).collect())
}

pub(super) async fn entry(from: &mut impl Rows, position: Position) -> Result<Option<Stored>, Error> {
    // CANCEL: only reads.
    Ok(entries(from, position.lane, &[position.pos]).await?.remove(&position.pos))
}

pub(super) async fn chain(from: &mut impl Rows, leg: Position, last: u64) -> Result<Vec<Stored>, Error> {
    let asked = ask!(sql::CHAIN, lane(leg.lane), at(last), at(leg.pos));
    // CANCEL: only reads.
    let found = all(from, "read entries", asked, stored).await?;
    let mut found: BTreeMap<u64, Stored> = found.into_iter().map(|stored| (stored.pos, stored)).collect();
    chain::walk(leg.pos, last, |pos| Ok(found.remove(&pos)))
}

pub(super) async fn log_heads(
    from: &mut impl Rows,
    of: Lane,
    parties: &[i64],
) -> Result<BTreeMap<i64, u64>, Error> {
    let asked = ask!(sql::LOG_HEADS, lane(of), parties);
    let head = |row: Cells<'_>| Ok((row.int(0)?, row.opt_number(1)?.unwrap_or_default()));
    // CANCEL: only reads.
    Ok(all(from, "read logs", asked, head).await?.into_iter().collect())
}

pub(super) async fn devices(
    from: &mut impl Rows,
    of: Lane,
    sources: &[i64],
) -> Result<BTreeMap<i64, Heard>, Error> {
    let asked = ask!(sql::DEVICES, lane(of), sources);
    // CANCEL: only reads.
    let found = all(from, "read devices", asked, |row| Ok((row.int(0)?, row.body(1)?))).await?;
    Ok(found.into_iter().collect())
}

pub(super) async fn consumer(
    from: &mut impl Rows,
    of: Lane,
    party: i64,
    id: &str,
) -> Result<Option<Consumer>, Error> {
    let asked = ask!(sql::CONSUMER, lane(of), party, id.as_bytes());
    // CANCEL: only reads.
    one(from, "read consumers", asked, |row| row.body(0)).await
}

pub(super) async fn consumers(
    from: &mut impl Rows,
    of: Lane,
    party: i64,
    after: &str,
    rows: usize,
) -> Result<Vec<Consumer>, Error> {
    let asked = ask!(sql::CONSUMERS_AFTER, lane(of), party, after.as_bytes(), limit(rows));
    // CANCEL: only reads.
    all(from, "read consumers", asked, |row| row.body(0)).await
}

pub(super) async fn pin(from: &mut impl Rows, of: Lane, pos: u64) -> Result<Option<Position>, Error> {
    let asked = ask!(sql::PIN, lane(of), at(pos));
    // CANCEL: only reads.
    one(from, "read pins", asked, |row| Ok(Position { lane: row.lane(0)?, pos: row.number(1)? })).await
}
