//! What the rows of each table mean, in the order of the columns that every engine's statements ask for.

use std::collections::BTreeMap;

use super::numbers::{ALWAYS, CARRIER, LEG, REPLAY, SYSTEM};
use super::row::Row;
use super::{ClockMode, Error, Head, Identity, KeyRow, Phase};
use crate::dossier::calendar::CalendarDay;
use crate::dossier::desk::{CodeKey, Tag, TagTarget};
use crate::dossier::directory::{
    Agency, AgencyKind, Alias, Carrier, Day, Directory, Ended, Enrolment, Level, Office, Party, Procedure,
    ProcedureAction, Retired, Source,
};
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};
use crate::dossier::person::{Appointment, Persons, Place, StaffRole};
use crate::seal::head::Seal;

/// The rows of the directory's tables.
pub(super) struct DirectoryRows {
    /// Its version, and the next short number.
    pub(super) known: (i64, i64),
    pub(super) lanes: Vec<Lane>,
    pub(super) parties: Vec<(PartyName, (Enrolment, Party))>,
    /// In the order of code and day.
    pub(super) aliases: Vec<Alias>,
    pub(super) offices: Vec<Office>,
    /// In the order of name and day.
    pub(super) procedures: Vec<Procedure>,
    pub(super) sources: Vec<(SourceName, (Enrolment, Source))>,
    pub(super) persons: Vec<(PartyName, String)>,
    /// In the order of person, day, role and place.
    pub(super) appointments: Vec<Appointment>,
    pub(super) calendar: Vec<CalendarDay>,
}

impl DirectoryRows {
    pub(super) fn directory(self) -> Directory {
        let (version, next_number) = self.known;
        let mut aliases: BTreeMap<String, Vec<Alias>> = BTreeMap::new();
        for alias in self.aliases {
            aliases.entry(alias.code.clone()).or_default().push(alias);
        }
        let offices = self.offices.into_iter();
        let mut procedures: BTreeMap<String, Vec<Procedure>> = BTreeMap::new();
        for version in self.procedures {
            procedures.entry(version.name.clone()).or_default().push(version);
        }
        let mut persons = Persons::new();
        for (party, number) in self.persons {
            persons.entry(party).or_default().insert(number, Vec::new());
        }
        for appointment in self.appointments {
            let of_party = persons.entry(appointment.party.clone()).or_default();
            of_party.entry(appointment.person.clone()).or_default().push(appointment);
        }
        Directory {
            version,
            next_number,
            lanes: self.lanes,
            parties: self.parties.into_iter().collect(),
            aliases,
            offices: offices.map(|office| ((office.carrier.clone(), office.code.clone()), office)).collect(),
            procedures,
            sources: self.sources.into_iter().collect(),
            persons,
            calendar: self.calendar.into_iter().map(|day| (day.day, day)).collect(),
        }
    }
}

pub(super) fn party(row: impl Row) -> Result<(PartyName, (Enrolment, Party)), Error> {
    let enrolment = Enrolment { id: row.int(0)?, lane: row.lane(2)? };
    let (name, title) = (row.party(1)?, row.text(4)?);
    let party = match row.int(3)? {
        CARRIER => Party::Carrier(Carrier { name: name.clone(), title }),
        _ => Party::Agency(Agency {
            name: name.clone(),
            title,
            parent: row.opt_party(5)?,
            kind: row.known(3, AgencyKind::from_number)?,
            valid_from: row.opt_number(6)?.map(Day),
            valid_to: row.opt_number(7)?.map(Day),
            level: if row.is_null(8)? { None } else { Some(row.known(8, Level::from_number)?) },
            ended: match row.opt_text(10)? {
                Some(decision) => Some(Ended { decision, successor: row.opt_party(9)? }),
                None => None,
            },
        }),
    };
    Ok((name, (enrolment, party)))
}

pub(super) fn source(row: impl Row) -> Result<(SourceName, (Enrolment, Source)), Error> {
    let name = SourceName::new(&row.text(1)?);
    let source = Source {
        name: name.clone(),
        party: row.party(3)?,
        agency: row.opt_party(4)?,
        office: row.opt_text(5)?,
        holder: row.opt_text(6)?,
        retired: match row.opt_int(7)?.map(Micros) {
            Some(at) => Some(Retired { at, successor: row.opt_text(8)?.map(|name| SourceName::new(&name)) }),
            None => None,
        },
    };
    Ok((name, (Enrolment { id: row.int(0)?, lane: row.lane(2)? }, source)))
}

pub(super) fn alias(row: impl Row) -> Result<Alias, Error> {
    let valid_from = first_day(row, 1)?;
    let valid_to = row.opt_number(3)?.map(Day);
    Ok(Alias { code: row.text(0)?, agency: row.party(2)?, valid_from, valid_to })
}

pub(super) fn office(row: impl Row) -> Result<Office, Error> {
    Ok(Office { carrier: row.party(0)?, code: row.text(1)?, title: row.text(2)?, province: row.text(3)? })
}

pub(super) fn procedure(row: impl Row) -> Result<Procedure, Error> {
    Ok(Procedure {
        name: row.text(0)?,
        title: row.text(1)?,
        level: row.text(2)?,
        pickup: row.flag(3)?,
        returned: row.flag(4)?,
        valid_from: first_day(row, 5)?,
        valid_to: row.opt_number(6)?.map(Day),
        action: row.known(7, ProcedureAction::from_number)?,
        decision: row.text(8)?,
        working_days: row.opt_number(9)?,
    })
}

pub(super) fn person(row: impl Row) -> Result<(PartyName, String), Error> {
    Ok((row.party(0)?, row.text(1)?))
}

pub(super) fn appointment(row: impl Row) -> Result<Appointment, Error> {
    let place = row.text(3)?;
    Ok(Appointment {
        party: row.party(0)?,
        person: row.text(1)?,
        role: row.known(2, StaffRole::from_number)?,
        place: (!place.is_empty()).then(|| Place::of(&place)),
        valid_from: first_day(row, 4)?,
        valid_to: row.opt_number(5)?.map(Day),
        acts_for: row.opt_party(6)?,
        decision: row.text(7)?,
        substitute: row.opt_text(8)?,
    })
}

pub(super) fn calendar_day(row: impl Row) -> Result<CalendarDay, Error> {
    Ok(CalendarDay { day: Day(row.number(0)?), works: row.flag(1)?, title: row.text(2)? })
}

/// A first day in a key.
fn first_day(row: impl Row, at: usize) -> Result<Option<Day>, Error> {
    if row.int(at)? == ALWAYS { Ok(None) } else { Ok(Some(Day(row.number(at)?))) }
}

pub(super) fn seal(row: impl Row) -> Result<Seal, Error> {
    Ok(Seal {
        size: row.number(0)?,
        committed_at: Micros(row.int(1)?),
        root: row.array(2)?,
        key_id: row.number(3)?,
        signature: row.array(4)?,
    })
}

pub(super) fn key(row: impl Row) -> Result<KeyRow, Error> {
    let sources: Vec<SourceName> = row.body(6)?;
    Ok(KeyRow {
        id: row.text(0)?,
        secret_sha256: row.array(1)?,
        party: row.opt_party(2)?,
        role: row.text(3)?,
        name: row.text(4)?,
        person: row.opt_text(5)?,
        sources,
        created_at: Micros(row.int(7)?),
        revoked_at: row.opt_int(8)?.map(Micros),
    })
}

pub(super) fn tag(of: Lane, row: impl Row) -> Result<Tag, Error> {
    let target = Position { lane: of, pos: row.number(3)? };
    Ok(Tag {
        key: CodeKey(row.text(0)?.into()),
        target: if row.int(2)? == LEG { TagTarget::Leg(target) } else { TagTarget::Dossier(target) },
        by: Position { lane: row.lane(4)?, pos: row.number(5)? },
        at: Position { lane: of, pos: row.number(1)? },
    })
}

pub(super) fn identity(row: impl Row) -> Result<Identity, Error> {
    let mode = |number| match i64::from(number) {
        SYSTEM => Some(ClockMode::System),
        REPLAY => Some(ClockMode::Replay),
        _ => None,
    };
    let clock = if row.is_null(1)? { None } else { Some(row.known(1, mode)?) };
    let phase = row.known(3, |number| phase(number.into()))?;
    Ok(Identity { database: row.array(0)?, clock, copied: row.flag(2)?, phase })
}

pub(super) fn phase(number: i64) -> Option<Phase> {
    [Phase::Serving, Phase::Copying, Phase::Moving, Phase::Moved, Phase::Filling]
        .into_iter()
        .find(|phase| phase_number(*phase) == number)
}

pub(super) fn phase_number(phase: Phase) -> i64 {
    match phase {
        Phase::Serving => 0,
        Phase::Copying => 1,
        Phase::Moving => 2,
        Phase::Moved => 3,
        Phase::Filling => 4,
    }
}

pub(super) fn head(of: Lane, row: impl Row) -> Result<Head, Error> {
    Ok(Head {
        lane: of,
        epoch: row.array(0)?,
        pos: row.number(1)?,
        version: row.number(2)?,
        sealed_at: Micros(row.int(3)?),
        frontier: row.bytes(4)?,
        told: Micros(row.int(5)?),
        directory: row.int(6)?,
    })
}
