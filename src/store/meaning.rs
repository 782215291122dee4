//! What the rows of each table mean, in the order of the columns that every engine's statements ask for.

use std::collections::BTreeMap;

use super::numbers::{ALWAYS, CARRIER, LEG, REPLAY, SYSTEM};
use super::row::Row;
use super::{ClockMode, Error, Head, Identity, KeyRow, Phase};
use crate::dossier::desk::{CodeKey, Tag, TagTarget};
use crate::dossier::directory::{
    Agency, AgencyKind, Alias, Carrier, Day, Directory, Enrolment, Office, Party, Procedure, Source,
};
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};
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
    pub(super) procedures: Vec<Procedure>,
    pub(super) sources: Vec<(SourceName, (Enrolment, Source))>,
}

impl DirectoryRows {
    pub(super) fn directory(self) -> Directory {
        let (version, next_number) = self.known;
        let mut aliases: BTreeMap<String, Vec<Alias>> = BTreeMap::new();
        for alias in self.aliases {
            aliases.entry(alias.code.clone()).or_default().push(alias);
        }
        let offices = self.offices.into_iter();
        let procedures = self.procedures.into_iter();
        Directory {
            version,
            next_number,
            lanes: self.lanes,
            parties: self.parties.into_iter().collect(),
            aliases,
            offices: offices.map(|office| ((office.carrier.clone(), office.code.clone()), office)).collect(),
            procedures: procedures.map(|procedure| (procedure.name.clone(), procedure)).collect(),
            sources: self.sources.into_iter().collect(),
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
    };
    Ok((name, (Enrolment { id: row.int(0)?, lane: row.lane(2)? }, source)))
}

pub(super) fn alias(row: impl Row) -> Result<Alias, Error> {
    let valid_from = if row.int(1)? == ALWAYS { None } else { Some(Day(row.number(1)?)) };
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
        valid_from: row.opt_number(5)?.map(Day),
    })
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
