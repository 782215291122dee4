//! The directory: read whole, entered note by note.

use super::link::Link;
use super::rows::{Rows, all, ask, lane, one};
use super::sql;
use crate::dossier::directory::{Day, Directory, Source};
use crate::dossier::names::{Lane, PartyName, SourceName};
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
        Note::Agency(agency) => {
            let of = lane_for(link, agency.parent.as_ref()).await?;
            let id = enter_source(link, of, &itself(&agency.name)).await?;
            let parent = agency.parent.as_ref().map(|parent| parent.as_str().as_bytes());
            let (name, title) = (agency.name.as_str().as_bytes(), agency.title.as_bytes());
            let (from, to) = (day(agency.valid_from), day(agency.valid_to));
            let kind = i64::from(agency.kind.number());
            link.run(WRITE, ask!(sql::UPSERT_PARTY, id, name, lane(of), kind, title, parent, from, to))
                .await?;
        }
        Note::Carrier(carrier) => {
            let of = lane_for(link, None).await?;
            let id = enter_source(link, of, &itself(&carrier.name)).await?;
            let (name, title) = (carrier.name.as_str().as_bytes(), carrier.title.as_bytes());
            let (no_parent, no_day) = (None::<&[u8]>, None::<i64>);
            let asked =
                ask!(sql::UPSERT_PARTY, id, name, lane(of), CARRIER, title, no_parent, no_day, no_day);
            link.run(WRITE, asked).await?;
        }
        Note::Source(source) => {
            let of = lane_for(link, Some(&source.party)).await?;
            enter_source(link, of, source).await?;
        }
        Note::Alias(alias) => {
            let from = alias.valid_from.map_or(ALWAYS, |day| day.0.into());
            let (agency, to) = (alias.agency.as_str().as_bytes(), day(alias.valid_to));
            link.run(WRITE, ask!(sql::UPSERT_ALIAS, alias.code.as_bytes(), from, agency, to)).await?;
        }
        Note::Office(office) => {
            let (carrier, code) = (office.carrier.as_str().as_bytes(), office.code.as_bytes());
            let (title, province) = (office.title.as_bytes(), office.province.as_bytes());
            link.run(WRITE, ask!(sql::UPSERT_OFFICE, carrier, code, title, province)).await?;
        }
        Note::Procedure(procedure) => {
            let (name, title) = (procedure.name.as_bytes(), procedure.title.as_bytes());
            let (level, from) = (procedure.level.as_bytes(), day(procedure.valid_from));
            let (pickup, returned) = (i64::from(procedure.pickup), i64::from(procedure.returned));
            link.run(WRITE, ask!(sql::UPSERT_PROCEDURE, name, title, level, pickup, returned, from)).await?;
        }
    }
    Ok(())
}

fn day(day: Option<Day>) -> Option<i64> {
    day.map(|day| day.0.into())
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
    link.run(WRITE, ask!(sql::UPSERT_SOURCE, id, name, lane(of), party, agency, office, holder))
        .await
        .map(drop)
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
