//! The directory: read whole, entered note by note.

use rusqlite::{Connection, params};

use super::rows::{all, lane, one, run};
use super::sql;
use crate::dossier::directory::{Day, Directory, Level, Source};
use crate::dossier::names::{Lane, PartyName, SourceName};
use crate::dossier::person::Place;
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
        persons: all(connection, READ, sql::ALL_PERSONS, [], |row| meaning::person(row))?,
        appointments: all(connection, READ, sql::ALL_APPOINTMENTS, [], |row| meaning::appointment(row))?,
        calendar: all(connection, READ, sql::ALL_CALENDAR_DAYS, [], |row| meaning::calendar_day(row))?,
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
        Note::Agency(agency) | Note::AgencyEnded(agency) => {
            let of = lane_for(connection, agency.parent.as_ref())?;
            let id = enter_source(connection, of, &itself(&agency.name))?;
            let parent = agency.parent.as_ref().map(|parent| parent.as_str().as_bytes());
            let (name, title) = (agency.name.as_str().as_bytes(), agency.title.as_bytes());
            let (from, to) = (agency.valid_from.map(|day| day.0), agency.valid_to.map(|day| day.0));
            let level = agency.level.map(Level::number);
            let ended = agency.ended.as_ref();
            let successor =
                ended.and_then(|ended| ended.successor.as_ref()).map(|name| name.as_str().as_bytes());
            let decision = ended.map(|ended| ended.decision.as_bytes());
            let kind = agency.kind.number();
            let params =
                params![id, name, lane(of), kind, title, parent, from, to, level, successor, decision];
            run(connection, WRITE, sql::UPSERT_PARTY, params)?;
        }
        Note::Carrier(carrier) => {
            let of = lane_for(connection, None)?;
            let id = enter_source(connection, of, &itself(&carrier.name))?;
            let (name, title) = (carrier.name.as_str().as_bytes(), carrier.title.as_bytes());
            let none = None::<i64>;
            let params = params![id, name, lane(of), CARRIER, title, none, none, none, none, none, none];
            run(connection, WRITE, sql::UPSERT_PARTY, params)?;
        }
        Note::Source(source) | Note::SourceRetired(source) => {
            let of = lane_for(connection, Some(&source.party))?;
            enter_source(connection, of, source)?;
        }
        Note::Alias(alias) => {
            let from = first_day(alias.valid_from);
            let (agency, to) = (alias.agency.as_str().as_bytes(), alias.valid_to.map(|day| day.0));
            run(connection, WRITE, sql::UPSERT_ALIAS, params![alias.code.as_bytes(), from, agency, to])?;
        }
        Note::Office(office) => {
            let (carrier, code) = (office.carrier.as_str().as_bytes(), office.code.as_bytes());
            let params = params![carrier, code, office.title.as_bytes(), office.province.as_bytes()];
            run(connection, WRITE, sql::UPSERT_OFFICE, params)?;
        }
        Note::Procedure(version) | Note::ProcedureVersion(version) => {
            let (name, title) = (version.name.as_bytes(), version.title.as_bytes());
            let (level, decision) = (version.level.as_bytes(), version.decision.as_bytes());
            let (from, to) = (first_day(version.valid_from), version.valid_to.map(|day| day.0));
            let (pickup, returned) = (version.pickup, version.returned);
            let (action, days) = (version.action.number(), version.working_days);
            let params = params![name, title, level, pickup, returned, from, to, action, decision, days];
            run(connection, WRITE, sql::UPSERT_PROCEDURE, params)?;
        }
        Note::Person { party, number } => enter_person(connection, party, number)?,
        Note::Appointment(one) | Note::AppointmentEnded(one) => {
            enter_person(connection, &one.party, &one.person)?;
            let (party, person) = (one.party.as_str().as_bytes(), one.person.as_bytes());
            let place = one.place.as_ref().map_or("", Place::as_str).as_bytes();
            let (from, to) = (first_day(one.valid_from), one.valid_to.map(|day| day.0));
            let acts_for = one.acts_for.as_ref().map(|agency| agency.as_str().as_bytes());
            let substitute = one.substitute.as_ref().map(|number| number.as_bytes());
            let (role, decision) = (one.role.number(), one.decision.as_bytes());
            let params = params![party, person, role, place, from, to, acts_for, decision, substitute];
            run(connection, WRITE, sql::UPSERT_APPOINTMENT, params)?;
        }
        Note::CalendarDay(day) => {
            let params = params![day.day.0, day.works, day.title.as_bytes()];
            run(connection, WRITE, sql::UPSERT_CALENDAR_DAY, params)?;
        }
    }
    Ok(true)
}

/// A first day in a key.
fn first_day(day: Option<Day>) -> i64 {
    day.map_or(ALWAYS, |day| day.0.into())
}

fn enter_person(connection: &Connection, party: &PartyName, number: &str) -> Result<(), Error> {
    let params = params![party.as_str().as_bytes(), number.as_bytes()];
    run(connection, WRITE, sql::INSERT_PERSON, params).map(drop)
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
    let retired_at = source.retired.as_ref().map(|retired| retired.at.0);
    let successor = source.retired.as_ref().and_then(|retired| retired.successor.as_ref());
    let successor = successor.map(|successor| successor.as_str().as_bytes());
    let params = params![id, name, lane(of), party, agency, office, holder, retired_at, successor];
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
