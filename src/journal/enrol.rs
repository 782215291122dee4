//! Changes of the directory: whether they may be kept. They ride in a commit as notes.

use crate::dossier::directory::{Agency, Day, Directory, Party, Source};
use crate::dossier::names::PartyName;
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;
use crate::store::Note;

/// Whether a note changes the directory.
pub(super) fn changes_directory(note: &Note) -> bool {
    !matches!(
        note,
        Note::Pin { .. }
            | Note::Placed { .. }
            | Note::Follower { .. }
            | Note::Consumer { .. }
            | Note::NoConsumer { .. }
    )
}

/// Whether a directory note is new (`true`), already kept with the same content (`false`), or refused.
pub fn admit(directory: &Directory, note: &Note) -> Result<bool, Refusal> {
    match note {
        Note::Pin { .. }
        | Note::Placed { .. }
        | Note::Follower { .. }
        | Note::Consumer { .. }
        | Note::NoConsumer { .. } => Ok(true),
        Note::Agency(agency) => {
            if let Some(parent) = &agency.parent
                && directory.agency(parent).is_none()
            {
                return Err(Refusal::field(Reason::NotFound, "agency.parent", "no such agency"));
            }
            if directory.aliases.contains_key(agency.name.bare()) && directory.party(&agency.name).is_none() {
                return Err(exists("agency.code", "the code is an alias of another agency"));
            }
            same(directory.party(&agency.name), &Party::Agency(since(directory, agency)), "agency")
        }
        Note::Carrier(carrier) => {
            same(directory.party(&carrier.name), &Party::Carrier(carrier.clone()), "carrier")
        }
        Note::Alias(alias) => {
            if directory.agency(&alias.agency).is_none() {
                return Err(Refusal::field(Reason::NotFound, "agency", "no such agency"));
            }
            let known = directory.aliases.get(&alias.code).map(Vec::as_slice).unwrap_or_default();
            if known.contains(alias) {
                return Ok(false);
            }
            // The code may have been the first code of an agency that is no more.
            let own = directory.agency(&PartyName::new(&format!("agencies/{}", alias.code)));
            let days = known.iter().map(|other| (other.valid_from, other.valid_to));
            let mut days = days.chain(own.map(|agency| (agency.valid_from, agency.valid_to)));
            if days.any(|other| overlap(other, (alias.valid_from, alias.valid_to))) {
                return Err(exists("alias.code", "the code means another agency on some of these days"));
            }
            Ok(true)
        }
        Note::Office(office) => {
            if directory.carrier(&office.carrier).is_none() {
                return Err(Refusal::field(Reason::NotFound, "office.carrier", "no such carrier"));
            }
            let known = directory.offices.get(&(office.carrier.clone(), office.code.clone()));
            same(known, office, "office")
        }
        Note::Procedure(first) => match directory.procedures.get(&first.name) {
            None => Ok(true),
            Some(versions) if versions.contains(first) => Ok(false),
            Some(_) => Err(exists("procedure", "a resource of that name exists with other content")),
        },
        Note::ProcedureVersion(version) => {
            let versions = directory.procedures.get(&version.name).map(Vec::as_slice).unwrap_or_default();
            let known = versions.iter().find(|known| known.valid_from == version.valid_from);
            if known.is_none() && versions.len() >= limits::VERSIONS {
                let why = format!("a procedure has at most {} versions", limits::VERSIONS);
                return Err(Refusal::field(Reason::TextInvalid, "procedure", why));
            }
            same(known, version, "procedure")
        }
        Note::Source(source) => {
            if directory.party(&source.party).is_none() {
                return Err(Refusal::field(Reason::NotFound, "source.party", "no such party"));
            }
            let known = directory.source(&source.name);
            // That it is out of use by now is no other content.
            let retired = known.and_then(|known| known.retired.clone());
            same(known, &Source { retired, ..source.clone() }, "source")
        }
        Note::AgencyEnded(agency) => ended(directory, agency),
        Note::SourceRetired(source) => retired(directory, source),
        Note::Person { party, number } => {
            must_be_party(directory, party)?;
            Ok(directory.appointments(party, number).is_none())
        }
        Note::Appointment(appointment) => {
            must_be_party(directory, &appointment.party)?;
            let known = directory.appointments(&appointment.party, &appointment.person).unwrap_or_default();
            let same_one = known.iter().find(|known| known.is(appointment));
            if same_one.is_none() && known.len() >= limits::APPOINTMENTS {
                let why = format!("a person has at most {} appointments", limits::APPOINTMENTS);
                return Err(Refusal::field(Reason::TextInvalid, "appointment", why));
            }
            same(same_one, appointment, "appointment")
        }
        Note::AppointmentEnded(appointment) => {
            let known = directory.appointments(&appointment.party, &appointment.person).unwrap_or_default();
            let known = known.iter().find(|known| known.is(appointment));
            let known = known.ok_or_else(|| Refusal::field(Reason::NotFound, "name", ""))?;
            Ok(known.valid_to != appointment.valid_to)
        }
        Note::CalendarDay(day) => same(directory.calendar.get(&day.day), day, "calendar_day"),
    }
}

/// An agency as it is created, with what became of the one that is there: that it has ended by now is no other content.
fn since(directory: &Directory, agency: &Agency) -> Agency {
    match directory.agency(&agency.name) {
        Some(known) if known.ended.is_some() => Agency {
            valid_to: agency.valid_to.or(known.valid_to),
            ended: known.ended.clone(),
            ..agency.clone()
        },
        _ => agency.clone(),
    }
}

/// An agency ends once: with what is said of it again nothing changes, with anything else it is refused.
fn ended(directory: &Directory, agency: &Agency) -> Result<bool, Refusal> {
    let known = directory.agency(&agency.name).ok_or_else(|| Refusal::field(Reason::NotFound, "name", ""))?;
    if known == agency {
        return Ok(false);
    }
    if known.ended.is_some() {
        return Err(exists("name", "the agency was ended otherwise"));
    }
    if let Some(successor) = agency.ended.as_ref().and_then(|ended| ended.successor.as_ref()) {
        let first = agency.valid_to.map(Day::next);
        let takes_over =
            directory.agency(successor).is_some_and(|other| first.is_none_or(|day| other.is_on(day)));
        if !takes_over || directory.succeeds(&agency.name, successor) {
            let why = "an agency that is there on the day after, and does not go back to this one";
            return Err(Refusal::field(Reason::TextInvalid, "successor", why));
        }
    }
    Ok(true)
}

/// A source is retired once, and what takes its place is of the same party.
fn retired(directory: &Directory, source: &Source) -> Result<bool, Refusal> {
    let known = directory.source(&source.name).ok_or_else(|| Refusal::field(Reason::NotFound, "name", ""))?;
    if known == source {
        return Ok(false);
    }
    if known.retired.is_some() {
        return Err(exists("name", "the source was retired otherwise"));
    }
    if let Some(successor) = source.retired.as_ref().and_then(|retired| retired.successor.as_ref()) {
        let same_party = directory.source(successor).is_some_and(|other| other.party == source.party);
        if !same_party || directory.relays(&source.name, successor) {
            let why = "another source of the same party, which does not go back to this one";
            return Err(Refusal::field(Reason::TextInvalid, "successor", why));
        }
    }
    Ok(true)
}

fn must_be_party(directory: &Directory, party: &PartyName) -> Result<(), Refusal> {
    match directory.party(party) {
        Some(_) => Ok(()),
        None => Err(Refusal::field(Reason::NotFound, "parent", "no such party")),
    }
}

/// Whether two spans of days share one; an open end reaches for ever.
fn overlap(one: (Option<Day>, Option<Day>), other: (Option<Day>, Option<Day>)) -> bool {
    let ends_before = |(_, to): (Option<Day>, Option<Day>), (from, _): (Option<Day>, Option<Day>)| {
        to.is_some_and(|to| from.is_some_and(|from| to < from))
    };
    !ends_before(one, other) && !ends_before(other, one)
}

fn same<T: PartialEq>(known: Option<&T>, new: &T, field: &str) -> Result<bool, Refusal> {
    match known {
        None => Ok(true),
        Some(known) if known == new => Ok(false),
        Some(_) => Err(exists(field, "a resource of that name exists with other content")),
    }
}

fn exists(field: &str, detail: &str) -> Refusal {
    Refusal::field(Reason::ResourceExists, field, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::directory::{AgencyKind, Alias, Ended, Enrolment, Retired};
    use crate::dossier::names::{Lane, Micros, SourceName};

    fn agency(code: &str, valid_to: Option<Day>) -> Agency {
        let name = PartyName::new(&format!("agencies/{code}"));
        Agency {
            name,
            title: String::new(),
            parent: None,
            kind: AgencyKind::Both,
            valid_from: None,
            valid_to,
            level: None,
            ended: None,
        }
    }

    #[test]
    fn two_agencies_never_have_one_code_on_one_day() {
        let mut directory = Directory::default();
        for entered in [agency("H99", None), agency("H98", Some(Day(10))), agency("H97", None)] {
            let enrolment = Enrolment { id: 1, lane: Lane(0) };
            directory.parties.insert(entered.name.clone(), (enrolment, Party::Agency(entered)));
        }
        let alias = |code: &str, from, to| {
            Note::Alias(Alias {
                code: code.to_owned(),
                agency: PartyName::new("agencies/H99"),
                valid_from: from,
                valid_to: to,
            })
        };
        let refused =
            |note: Note| admit(&directory, &note).is_err_and(|r| r.reason == Reason::ResourceExists);
        // The code of an agency that is no more goes to its successor; not a day sooner, and not that of one that lives.
        assert_eq!(admit(&directory, &alias("H98", Some(Day(11)), None)), Ok(true));
        assert!(refused(alias("H98", Some(Day(10)), None)));
        assert!(refused(alias("H98", None, None)));
        assert!(refused(alias("H97", Some(Day(11)), None)));
        assert!(refused(alias("H99", None, None)));
        assert_eq!(admit(&directory, &alias("000.00.00.H99", None, None)), Ok(true));
    }

    fn entered(agencies: &[Agency]) -> Directory {
        let mut directory = Directory::default();
        for agency in agencies {
            let enrolment = Enrolment { id: 1, lane: Lane(0) };
            directory.parties.insert(agency.name.clone(), (enrolment, Party::Agency(agency.clone())));
        }
        directory
    }

    fn ending(code: &str, last: i32, successor: &str) -> Note {
        let successor = (!successor.is_empty()).then(|| PartyName::new(&format!("agencies/{successor}")));
        let ended = Some(Ended { decision: "1/NQ".into(), successor });
        Note::AgencyEnded(Agency { ended, ..agency(code, Some(Day(last))) })
    }

    #[test]
    fn an_agency_ends_once_and_its_successor_is_there_on_the_day_after() {
        let late = Agency { valid_from: Some(Day(12)), ..agency("H96", None) };
        let mut directory =
            entered(&[agency("H99", None), agency("H98", None), agency("H97", Some(Day(10))), late]);
        let reason =
            |directory: &Directory, note: &Note| admit(directory, note).map_err(|r| (r.reason, r.field));
        let unfit = Err((Reason::TextInvalid, "successor".to_owned()));
        for successor in ["H97", "H96", "H99", "X"] {
            assert_eq!(reason(&directory, &ending("H99", 10, successor)), unfit, "{successor}");
        }
        assert_eq!(reason(&directory, &ending("H99", 11, "H96")), Ok(true));
        let ended = ending("H99", 10, "H98");
        assert_eq!(reason(&directory, &ended), Ok(true));
        ended.enter(&mut directory);
        assert_eq!(reason(&directory, &ended), Ok(false), "the same again");
        assert_eq!(reason(&directory, &Note::Agency(agency("H99", None))), Ok(false), "as it was created");
        let otherwise = Err((Reason::ResourceExists, "name".to_owned()));
        assert_eq!(reason(&directory, &ending("H99", 11, "H98")), otherwise);
        assert_eq!(reason(&directory, &ending("H98", 20, "H99")), unfit, "in a circle");
        assert_eq!(reason(&directory, &ending("X", 20, "")), Err((Reason::NotFound, "name".to_owned())));
        // One whose last day was known from the start is ended by its decision.
        assert_eq!(reason(&directory, &ending("H97", 10, "")), Ok(true));
    }

    #[test]
    fn a_source_is_retired_once_and_its_successor_is_of_the_same_party() {
        let mut directory = entered(&[agency("H99", None), agency("H98", None)]);
        let source = |party: &str, id: &str, successor: Option<&str>| {
            let party = PartyName::new(&format!("agencies/{party}"));
            let name = |id: &str| SourceName::new(&format!("{party}/devices/{id}"));
            let retired = successor.map(|id| Retired { at: Micros(9), successor: Some(name(id)) });
            Source { name: name(id), party: party.clone(), agency: None, office: None, holder: None, retired }
        };
        for (party, id) in [("H99", "1"), ("H99", "2"), ("H98", "3")] {
            Note::Source(source(party, id, None)).enter(&mut directory);
        }
        let reason =
            |directory: &Directory, note: &Note| admit(directory, note).map_err(|r| (r.reason, r.field));
        let unfit = Err((Reason::TextInvalid, "successor".to_owned()));
        assert_eq!(reason(&directory, &Note::SourceRetired(source("H99", "1", Some("3")))), unfit);
        assert_eq!(reason(&directory, &Note::SourceRetired(source("H99", "1", Some("1")))), unfit);
        let retired = Note::SourceRetired(source("H99", "1", Some("2")));
        assert_eq!(reason(&directory, &retired), Ok(true));
        retired.enter(&mut directory);
        assert_eq!(reason(&directory, &retired), Ok(false));
        assert_eq!(
            reason(&directory, &Note::Source(source("H99", "1", None))),
            Ok(false),
            "as it was created"
        );
        let back = Note::SourceRetired(source("H99", "2", Some("1")));
        assert_eq!(reason(&directory, &back), unfit, "in a circle");
        let otherwise = Note::SourceRetired(Source {
            retired: Some(Retired { at: Micros(9), successor: None }),
            ..source("H99", "1", None)
        });
        assert_eq!(reason(&directory, &otherwise), Err((Reason::ResourceExists, "name".to_owned())));
    }
}
