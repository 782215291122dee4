//! Changes of the directory: whether they may be kept. They ride in a commit as notes.

use crate::dossier::directory::{Day, Directory, Party};
use crate::dossier::names::PartyName;
use crate::dossier::refusal::{Reason, Refusal};
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
            same(directory.party(&agency.name), &Party::Agency(agency.clone()), "agency")
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
        Note::Procedure(procedure) => same(directory.procedures.get(&procedure.name), procedure, "procedure"),
        Note::Source(source) => {
            if directory.party(&source.party).is_none() {
                return Err(Refusal::field(Reason::NotFound, "source.party", "no such party"));
            }
            same(directory.source(&source.name), source, "source")
        }
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
    use crate::dossier::directory::{Agency, AgencyKind, Alias, Enrolment};
    use crate::dossier::names::Lane;

    fn agency(code: &str, valid_to: Option<Day>) -> Agency {
        let name = PartyName::new(&format!("agencies/{code}"));
        Agency {
            name,
            title: String::new(),
            parent: None,
            kind: AgencyKind::Both,
            valid_from: None,
            valid_to,
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
}
