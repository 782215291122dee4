//! The directory: read whole, entered note by note.

use super::link::Link;
use super::rows::{Rows, all, ask, lane, one};
use super::sql;
use crate::dossier::directory::{Day, Directory, Source};
use crate::dossier::names::{Lane, PartyName, SourceName};
use crate::dossier::person::Place;
use crate::store::meaning;
use crate::store::meaning::DirectoryRows;
use crate::store::numbers::{ALWAYS, CARRIER};
use crate::store::row::Row as _;
use crate::store::{Error, Note, itself};

const READ: &str = "read directory rows";
const WRITE: &str = "write the directory";

/// Its version, and the next short number.
pub(super) async fn version(from: &mut impl Rows) -> Result<(i64, i64), Error> {
    // CANCEL: only reads.
    let known = one(from, READ, ask!(sql::DIRECTORY_VERSION), |row| Ok((row.int(0)?, row.int(1)?))).await?;
    known.ok_or(Error::Corrupt { what: "directory rows" })
}

/// Reads all of it, of one version: should it change in between, it is read again.
pub(super) async fn load(from: &mut impl Rows) -> Result<Directory, Error> {
    loop {
        // CANCEL: only reads.
        let before = version(from).await?;
        let directory = load_once(from, before).await?;
        if version(from).await? == before {
            return Ok(directory);
        }
    }
}

async fn load_once(from: &mut impl Rows, known: (i64, i64)) -> Result<Directory, Error> {
    // CANCEL: only reads.
    let rows = DirectoryRows {
        known,
        lanes: all(from, READ, ask!(sql::ALL_LANES), |row| row.lane(0)).await?,
        parties: all(from, READ, ask!(sql::ALL_PARTIES), |row| meaning::party(row)).await?,
        aliases: all(from, READ, ask!(sql::ALL_ALIASES), |row| meaning::alias(row)).await?,
        offices: all(from, READ, ask!(sql::ALL_OFFICES), |row| meaning::office(row)).await?,
        procedures: all(from, READ, ask!(sql::ALL_PROCEDURES), |row| meaning::procedure(row)).await?,
        sources: all(from, READ, ask!(sql::ALL_SOURCES), |row| meaning::source(row)).await?,
        persons: all(from, READ, ask!(sql::ALL_PERSONS), |row| meaning::person(row)).await?,
        appointments: all(from, READ, ask!(sql::ALL_APPOINTMENTS), |row| meaning::appointment(row)).await?,
        calendar: all(from, READ, ask!(sql::ALL_CALENDAR_DAYS), |row| meaning::calendar_day(row)).await?,
    };
    Ok(rows.directory())
}

/// Whether a note says something of the directory.
pub(super) fn is_of_it(note: &Note) -> bool {
    !matches!(
        note,
        Note::Pin { .. }
            | Note::Placed { .. }
            | Note::Follower { .. }
            | Note::Consumer { .. }
            | Note::NoConsumer { .. }
    )
}

/// Enters what notes say of the directory, within a transaction. False when somebody else has changed it since the version
/// that was read, where one is named: nothing is entered then.
pub(super) async fn keep(link: &mut Link, notes: &[Note], read: Option<i64>) -> Result<bool, Error> {
    if !notes.iter().any(is_of_it) {
        return Ok(true);
    }
    // Before anything else: its row is held from here on, and short numbers are given by one at a time.
    if link.run(WRITE, ask!(sql::BUMP_DIRECTORY, read)).await? == 0 {
        return Ok(false);
    }
    for note in notes {
        enter(link, note).await?;
    }
    Ok(true)
}

async fn enter(link: &mut Link, note: &Note) -> Result<(), Error> {
    match note {
        Note::Pin { .. }
        | Note::Placed { .. }
        | Note::Follower { .. }
        | Note::Consumer { .. }
        | Note::NoConsumer { .. } => {}
        Note::Agency(agency) | Note::AgencyEnded(agency) => {
            let of = lane_for(link, agency.parent.as_ref()).await?;
            let id = enter_source(link, of, &itself(&agency.name)).await?;
            let parent = agency.parent.as_ref().map(|parent| parent.as_str().as_bytes());
            let (name, title) = (agency.name.as_str().as_bytes(), agency.title.as_bytes());
            let (from, to) = (day(agency.valid_from), day(agency.valid_to));
            let kind = i64::from(agency.kind.number());
            let level = agency.level.map(|level| i64::from(level.number()));
            let ended = agency.ended.as_ref();
            let successor =
                ended.and_then(|ended| ended.successor.as_ref()).map(|name| name.as_str().as_bytes());
            let decision = ended.map(|ended| ended.decision.as_bytes());
            let of = lane(of);
            let asked = ask!(
                sql::UPSERT_PARTY,
                id,
                name,
                of,
                kind,
                title,
                parent,
                from,
                to,
                level,
                successor,
                decision
            );
            link.run(WRITE, asked).await?;
        }
        Note::Carrier(carrier) => {
            let of = lane_for(link, None).await?;
            let id = enter_source(link, of, &itself(&carrier.name)).await?;
            let (name, title) = (carrier.name.as_str().as_bytes(), carrier.title.as_bytes());
            let (no_parent, no_day) = (None::<&[u8]>, None::<i64>);
            let (no_level, no_successor, no_decision) = (None::<i64>, None::<&[u8]>, None::<&[u8]>);
            let of = lane(of);
            let asked = ask!(
                sql::UPSERT_PARTY,
                id,
                name,
                of,
                CARRIER,
                title,
                no_parent,
                no_day,
                no_day,
                no_level,
                no_successor,
                no_decision
            );
            link.run(WRITE, asked).await?;
        }
        Note::Source(source) | Note::SourceRetired(source) => {
            let of = lane_for(link, Some(&source.party)).await?;
            enter_source(link, of, source).await?;
        }
        Note::Alias(alias) => {
            let from = first_day(alias.valid_from);
            let (agency, to) = (alias.agency.as_str().as_bytes(), day(alias.valid_to));
            link.run(WRITE, ask!(sql::UPSERT_ALIAS, alias.code.as_bytes(), from, agency, to)).await?;
        }
        Note::Office(office) => {
            let (carrier, code) = (office.carrier.as_str().as_bytes(), office.code.as_bytes());
            let (title, province) = (office.title.as_bytes(), office.province.as_bytes());
            link.run(WRITE, ask!(sql::UPSERT_OFFICE, carrier, code, title, province)).await?;
        }
        Note::Procedure(version) | Note::ProcedureVersion(version) => {
            let (name, title) = (version.name.as_bytes(), version.title.as_bytes());
            let (level, decision) = (version.level.as_bytes(), version.decision.as_bytes());
            let (from, to) = (first_day(version.valid_from), day(version.valid_to));
            let (pickup, returned) = (i64::from(version.pickup), i64::from(version.returned));
            let (action, days) = (i64::from(version.action.number()), version.working_days.map(i64::from));
            let asked = ask!(
                sql::UPSERT_PROCEDURE,
                name,
                title,
                level,
                pickup,
                returned,
                from,
                to,
                action,
                decision,
                days
            );
            link.run(WRITE, asked).await?;
        }
        Note::Person { party, number } => enter_person(link, party, number).await?,
        Note::Appointment(one) | Note::AppointmentEnded(one) => {
            enter_person(link, &one.party, &one.person).await?;
            let (party, person) = (one.party.as_str().as_bytes(), one.person.as_bytes());
            let place = one.place.as_ref().map_or("", Place::as_str).as_bytes();
            let (from, to) = (first_day(one.valid_from), day(one.valid_to));
            let acts_for = one.acts_for.as_ref().map(|agency| agency.as_str().as_bytes());
            let substitute = one.substitute.as_ref().map(|number| number.as_bytes());
            let (role, decision) = (i64::from(one.role.number()), one.decision.as_bytes());
            let asked = ask!(
                sql::UPSERT_APPOINTMENT,
                party,
                person,
                role,
                place,
                from,
                to,
                acts_for,
                decision,
                substitute
            );
            link.run(WRITE, asked).await?;
        }
        Note::CalendarDay(known) => {
            let (number, works) = (i64::from(known.day.0), i64::from(known.works));
            let asked = ask!(sql::UPSERT_CALENDAR_DAY, number, works, known.title.as_bytes());
            link.run(WRITE, asked).await?;
        }
    }
    Ok(())
}

fn day(day: Option<Day>) -> Option<i64> {
    day.map(|day| day.0.into())
}

/// A first day in a key.
fn first_day(day: Option<Day>) -> i64 {
    day.map_or(ALWAYS, |day| day.0.into())
}

async fn enter_person(link: &mut Link, party: &PartyName, number: &str) -> Result<(), Error> {
    let asked = ask!(sql::INSERT_PERSON, party.as_str().as_bytes(), number.as_bytes());
    link.run(WRITE, asked).await.map(drop)
}

/// Enters a source; its short number.
async fn enter_source(link: &mut Link, of: Lane, source: &Source) -> Result<i64, Error> {
    let id = match named(link, &source.name).await? {
        Some((id, _)) => id,
        None => number(link).await?,
    };
    enter_source_as(link, id, of, source).await?;
    Ok(id)
}

/// The lane of what is new under a party, or under nobody.
async fn lane_for(link: &mut Link, under: Option<&PartyName>) -> Result<Lane, Error> {
    let under = under.map(|party| party.as_str().as_bytes());
    let lane = one(link, READ, ask!(sql::LANE_FOR, under), |row| row.lane(0)).await?;
    lane.ok_or(Error::Corrupt { what: "directory rows" })
}

/// Enters a source under a number; one that is there keeps its lane.
pub(super) async fn enter_source_as(
    link: &mut Link,
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
    let of = lane(of);
    let asked = ask!(sql::UPSERT_SOURCE, id, name, of, party, agency, office, holder, retired_at, successor);
    link.run(WRITE, asked).await.map(drop)
}

/// The number and party of a source.
pub(super) async fn named(
    from: &mut impl Rows,
    name: &SourceName,
) -> Result<Option<(i64, PartyName)>, Error> {
    let asked = ask!(sql::SOURCE_NAMED, name.as_str().as_bytes());
    // CANCEL: only reads.
    one(from, READ, asked, |row| Ok((row.int(0)?, row.party(1)?))).await
}

async fn number(link: &mut Link) -> Result<i64, Error> {
    let taken = one(link, WRITE, ask!(sql::TAKE_SOURCE_NUMBER), |row| row.int(0)).await?;
    taken.ok_or(Error::Corrupt { what: "directory rows" })
}
