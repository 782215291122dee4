//! What writer and reader both read, on either's connection.

use rusqlite::{Connection, params};

use super::rows::{all, lane, one, place};
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

pub(super) fn head(connection: &Connection, of: Lane) -> Result<Head, Error> {
    let step = "read lanes";
    let head = one(connection, step, sql::HEAD_LANE, [lane(of)], |row| meaning::head(of, row))?;
    head.ok_or("no such lane").map_err(Error::failed(step))
}

pub(super) fn tags(connection: &Connection, of: Lane, key: &CodeKey) -> Result<Vec<Tag>, Error> {
    let params = params![lane(of), key.0.as_bytes()];
    all(connection, "read tags", sql::TAGS_OF_CODE, params, |row| meaning::tag(of, row))
}

pub(super) fn pin(connection: &Connection, of: Lane, pos: u64) -> Result<Option<Position>, Error> {
    one(connection, "read pins", sql::PIN, [lane(of), at(pos)], |row| {
        Ok(Position { lane: row.lane(0)?, pos: row.number(1)? })
    })
}

pub(super) fn leg(connection: &Connection, id: Position) -> Result<Option<Leg>, Error> {
    one(connection, "read legs", sql::LEG, [place(id)], |row| row.body(0))
}

pub(super) fn document(connection: &Connection, id: Position) -> Result<Option<Document>, Error> {
    one(connection, "read documents", sql::DOCUMENT, [place(id)], |row| row.body(0))
}

pub(super) fn dossier(connection: &Connection, id: Position) -> Result<Option<Dossier>, Error> {
    one(connection, "read dossiers", sql::DOSSIER, [place(id)], |row| row.body(0))
}

pub(super) fn entry(connection: &Connection, position: Position) -> Result<Option<Stored>, Error> {
    one(connection, "read entries", sql::ENTRY, [place(position)], |row| {
        let (record, event) = (row.bytes(0)?.into(), row.bytes(1)?.into());
        Ok(Stored { pos: position.pos, record, event, prev: row.number(2)? })
    })
}

pub(super) fn chain(connection: &Connection, leg: Position, last: u64) -> Result<Vec<Stored>, Error> {
    // Entries never change, so that a chain needs no transaction around its steps.
    chain::walk(leg.pos, last, |pos| entry(connection, Position { lane: leg.lane, pos }))
}

pub(super) fn log_head(connection: &Connection, of: Lane, party: i64) -> Result<u64, Error> {
    let last = one(connection, "read logs", sql::LOG_HEAD, [lane(of), party], |row| row.number(0))?;
    Ok(last.unwrap_or_default())
}

pub(super) fn consumer(
    connection: &Connection,
    of: Lane,
    party: i64,
    id: &str,
) -> Result<Option<Consumer>, Error> {
    let params = params![lane(of), party, id.as_bytes()];
    one(connection, "read consumers", sql::CONSUMER, params, |row| row.body(0))
}

pub(super) fn consumers(
    connection: &Connection,
    of: Lane,
    party: i64,
    after: &str,
    rows: usize,
) -> Result<Vec<Consumer>, Error> {
    let params = params![lane(of), party, after.as_bytes(), limit(rows)];
    all(connection, "read consumers", sql::CONSUMERS_AFTER, params, |row| row.body(0))
}

pub(super) fn device(connection: &Connection, of: Lane, source: i64) -> Result<Heard, Error> {
    let heard = one(connection, "read devices", sql::DEVICE, [lane(of), source], |row| row.body(0))?;
    Ok(heard.unwrap_or_default())
}
