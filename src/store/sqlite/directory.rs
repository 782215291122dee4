//! The directory: read whole, entered note by note.

use rusqlite::{Connection, params};

use super::rows::{all, lane, one, run};
use super::sql;
use crate::dossier::directory::{Directory, Source};
use crate::dossier::names::{Lane, PartyName, SourceName};
use crate::store::meaning;
use crate::store::meaning::DirectoryRows;
use crate::store::numbers::{ALWAYS, CARRIER};
use crate::store::row::Row as _;
use crate::store::{Error, Note, itself};

const READ: &str = "read directory rows";
const WRITE: &str = "write the directory";

/// Reads all of it. The caller holds a transaction, so that it is of one version.
pub(super) fn load(connection: &Connection) -> Result<Directory, Error> {
    let known = one(connection, READ, sql::DIRECTORY_VERSION, [], |row| Ok((row.int(0)?, row.int(1)?)))?;
    let rows = DirectoryRows {
        known: known.ok_or(Error::Corrupt { what: "directory rows" })?,
        lanes: all(connection, READ, sql::ALL_LANES, [], |row| row.lane(0))?,
        parties: all(connection, READ, sql::ALL_PARTIES, [], |row| meaning::party(row))?,
        aliases: all(connection, READ, sql::ALL_ALIASES, [], |row| meaning::alias(row))?,
        offices: all(connection, READ, sql::ALL_OFFICES, [], |row| meaning::office(row))?,
        procedures: all(connection, READ, sql::ALL_PROCEDURES, [], |row| meaning::procedure(row))?,
        sources: all(connection, READ, sql::ALL_SOURCES, [], |row| meaning::source(row))?,
    };
    Ok(rows.directory())
}

/// Enters what the notes of one commit say of the directory.
pub(super) fn keep(connection: &Connection, notes: &[Note]) -> Result<(), Error> {
    let mut changed = false;
    for note in notes {
        changed |= enter(connection, note)?;
    }
    if changed {
        run(connection, WRITE, sql::BUMP_DIRECTORY, [])?;
    }
    Ok(())
}

fn enter(connection: &Connection, note: &Note) -> Result<bool, Error> {
    match note {
        Note::Pin { .. }
        | Note::Placed { .. }
        | Note::Follower { .. }
        | Note::Consumer { .. }
        | Note::NoConsumer { .. } => return Ok(false),
        Note::Agency(agency) => {
            let of = lane_for(connection, agency.parent.as_ref())?;
            let id = enter_source(connection, of, &itself(&agency.name))?;
            let parent = agency.parent.as_ref().map(|parent| parent.as_str().as_bytes());
            let (name, title) = (agency.name.as_str().as_bytes(), agency.title.as_bytes());
            let (from, to) = (agency.valid_from.map(|day| day.0), agency.valid_to.map(|day| day.0));
            let params = params![id, name, lane(of), agency.kind.number(), title, parent, from, to];
            run(connection, WRITE, sql::UPSERT_PARTY, params)?;
        }
        Note::Carrier(carrier) => {
            let of = lane_for(connection, None)?;
            let id = enter_source(connection, of, &itself(&carrier.name))?;
            let (name, title) = (carrier.name.as_str().as_bytes(), carrier.title.as_bytes());
            let none = None::<i64>;
            let params = params![id, name, lane(of), CARRIER, title, none, none, none];
            run(connection, WRITE, sql::UPSERT_PARTY, params)?;
        }
        Note::Source(source) => {
            let of = lane_for(connection, Some(&source.party))?;
            enter_source(connection, of, source)?;
        }
        Note::Alias(alias) => {
            let from = alias.valid_from.map_or(ALWAYS, |day| day.0.into());
            let (agency, to) = (alias.agency.as_str().as_bytes(), alias.valid_to.map(|day| day.0));
            run(connection, WRITE, sql::UPSERT_ALIAS, params![alias.code.as_bytes(), from, agency, to])?;
        }
        Note::Office(office) => {
            let (carrier, code) = (office.carrier.as_str().as_bytes(), office.code.as_bytes());
            let params = params![carrier, code, office.title.as_bytes(), office.province.as_bytes()];
            run(connection, WRITE, sql::UPSERT_OFFICE, params)?;
        }
        Note::Procedure(procedure) => {
            let (name, title) = (procedure.name.as_bytes(), procedure.title.as_bytes());
            let (level, from) = (procedure.level.as_bytes(), procedure.valid_from.map(|day| day.0));
            let params = params![name, title, level, procedure.pickup, procedure.returned, from];
            run(connection, WRITE, sql::UPSERT_PROCEDURE, params)?;
        }
    }
    Ok(true)
}

/// Enters a source; its short number.
fn enter_source(connection: &Connection, of: Lane, source: &Source) -> Result<i64, Error> {
    let id = match named(connection, &source.name)? {
        Some((id, _)) => id,
        None => number(connection)?,
    };
    enter_source_as(connection, id, of, source)?;
    Ok(id)
}

/// The lane of what is new under a party, or under nobody.
fn lane_for(connection: &Connection, under: Option<&PartyName>) -> Result<Lane, Error> {
    let under = under.map(|party| party.as_str().as_bytes());
    one(connection, READ, sql::LANE_FOR, [under], |row| row.lane(0))?
        .ok_or(Error::Corrupt { what: "directory rows" })
}

/// Enters a source under a number; one that is there keeps its lane.
pub(super) fn enter_source_as(
    connection: &Connection,
    id: i64,
    of: Lane,
    source: &Source,
) -> Result<(), Error> {
    let (name, party) = (source.name.as_str().as_bytes(), source.party.as_str().as_bytes());
    let agency = source.agency.as_ref().map(|agency| agency.as_str().as_bytes());
    let office = source.office.as_ref().map(|office| office.as_bytes());
    let holder = source.holder.as_ref().map(|holder| holder.as_bytes());
    let params = params![id, name, lane(of), party, agency, office, holder];
    run(connection, WRITE, sql::UPSERT_SOURCE, params).map(drop)
}

/// The number and party of a source.
pub(super) fn named(connection: &Connection, name: &SourceName) -> Result<Option<(i64, PartyName)>, Error> {
    let params = [name.as_str().as_bytes()];
    one(connection, READ, sql::SOURCE_NAMED, params, |row| Ok((row.int(0)?, row.party(1)?)))
}

fn number(connection: &Connection) -> Result<i64, Error> {
    one(connection, WRITE, sql::TAKE_SOURCE_NUMBER, [], |row| row.int(0))?
        .ok_or(Error::Corrupt { what: "directory rows" })
}
