//! People: who may act for a party, from when to when, and who stands in for them. They are known by staff numbers; no name
//! is needed or kept.

use std::collections::BTreeMap;
use std::fmt;

use super::directory::{Day, Directory, within};
use super::names::PartyName;
use super::numbered::numbered;

numbered! {
    /// What a person is appointed as.
    StaffRole {
        /// Giao dịch viên.
        Clerk = 1 "CLERK",
        /// Bưu tá.
        Postman = 2 "POSTMAN",
        /// Kiểm soát viên.
        Controller = 3 "CONTROLLER",
        /// Công chức một cửa.
        Officer = 4 "OFFICER",
        /// Người phụ trách.
        Supervisor = 5 "SUPERVISOR",
    }
}

/// One appointment of a person. The same person may have several, also at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// Whose person it is.
    pub party: PartyName,
    /// Staff number under the party.
    pub person: String,
    /// As what.
    pub role: StaffRole,
    /// Where: a post office of the carrier, or the agency at whose counter it is, or neither.
    pub place: Option<Place>,
    /// First day.
    pub valid_from: Option<Day>,
    /// Last day.
    pub valid_to: Option<Day>,
    /// The agency for which somebody employed by the post acts (Decree 61/2018/NĐ-CP art. 8).
    pub acts_for: Option<PartyName>,
    /// The number of the decision (quyết định); may be empty.
    pub decision: String,
    /// Staff number of who stands in: another person of the same party.
    pub substitute: Option<String>,
}

/// Where somebody works.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A post office: six digits.
    Office(String),
    /// The counter of an agency.
    Counter(PartyName),
}

impl Place {
    /// The six digits or the agency's whole name.
    pub fn as_str(&self) -> &str {
        match self {
            Place::Office(code) => code,
            Place::Counter(agency) => agency.as_str(),
        }
    }

    /// The place that `as_str` gave.
    pub fn of(text: &str) -> Place {
        let name = PartyName::new(text);
        if name.is_agency() { Place::Counter(name) } else { Place::Office(text.to_owned()) }
    }
}

/// People by party and staff number, each with the appointments by first day; one who has none was entered without.
pub type Persons = BTreeMap<PartyName, BTreeMap<String, Vec<Appointment>>>;

impl Appointment {
    /// Whether it holds on a day.
    pub fn is_on(&self, day: Day) -> bool {
        within(self.valid_from, self.valid_to, day)
    }

    /// Whether it is the same one, whatever became of it: of one role at one place one appointment begins on one day.
    pub fn is(&self, other: &Appointment) -> bool {
        let same = |one: &Appointment| (one.role, one.valid_from);
        let whose = self.party == other.party && self.person == other.person;
        whose && same(self) == same(other) && self.place == other.place
    }
}

/// Somebody who acts on a day on which no appointment holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffDuty {
    /// Staff number.
    pub person: String,
    /// The last day on which one held.
    pub last: Option<Day>,
    /// The first day on which one will hold.
    pub next: Option<Day>,
    /// Who stands in and is on duty: a staff number.
    pub substitute: Option<String>,
}

impl fmt::Display for OffDuty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OffDuty { person, last, next, substitute } = self;
        match (last, next) {
            (Some(last), _) => write!(f, "the last day of {person} was {last}")?,
            (None, Some(next)) => write!(f, "the first day of {person} is {next}")?,
            (None, None) => write!(f, "{person} has no day of duty")?,
        }
        match substitute {
            Some(substitute) => write!(f, "; {substitute} stands in"),
            None => f.write_str("; nobody who stands in is on duty"),
        }
    }
}

impl Directory {
    /// The appointments of a person, if one of that staff number is entered under the party.
    pub fn appointments(&self, party: &PartyName, number: &str) -> Option<&[Appointment]> {
        self.persons.get(party)?.get(number).map(Vec::as_slice)
    }

    /// Whether a person is off duty on a day. Of a number that nobody was entered under, and of somebody without any
    /// appointment, nothing is known: nobody is kept from work by a list that is not written yet.
    pub fn off_duty(&self, party: &PartyName, number: &str, day: Day) -> Option<OffDuty> {
        let appointments = self.appointments(party, number)?;
        if appointments.is_empty() || appointments.iter().any(|appointment| appointment.is_on(day)) {
            return None;
        }
        let last = appointments.iter().filter_map(|one| one.valid_to).filter(|last| *last < day).max();
        let next = appointments.iter().filter_map(|one| one.valid_from).filter(|first| *first > day).min();
        let on_duty = |number: &&str| {
            let theirs = self.appointments(party, number).unwrap_or_default();
            theirs.iter().any(|appointment| appointment.is_on(day))
        };
        // The newest appointment knows best who stands in.
        let substitutes = appointments.iter().rev().filter_map(|one| one.substitute.as_deref());
        let substitute = substitutes.into_iter().find(on_duty).map(str::to_owned);
        Some(OffDuty { person: number.to_owned(), last, next, substitute })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTY: &str = "carriers/p";

    fn appointment(
        person: &str,
        from: Option<i32>,
        to: Option<i32>,
        substitute: Option<&str>,
    ) -> Appointment {
        Appointment {
            party: PartyName::new(PARTY),
            person: person.to_owned(),
            role: StaffRole::Clerk,
            place: None,
            valid_from: from.map(Day),
            valid_to: to.map(Day),
            acts_for: None,
            decision: String::new(),
            substitute: substitute.map(str::to_owned),
        }
    }

    fn directory(appointments: &[Appointment]) -> Directory {
        let mut directory = Directory::default();
        for appointment in appointments {
            let of_party = directory.persons.entry(appointment.party.clone()).or_default();
            of_party.entry(appointment.person.clone()).or_default().push(appointment.clone());
        }
        directory
    }

    fn told(directory: &Directory, number: &str, day: i32) -> Option<String> {
        directory.off_duty(&PartyName::new(PARTY), number, Day(day)).map(|off| off.to_string())
    }

    #[test]
    fn somebody_is_on_duty_within_any_appointment_and_told_the_last_day_behind_all() {
        let directory = directory(&[
            appointment("7", Some(10), Some(20), Some("9")),
            appointment("7", Some(15), Some(30), None),
            appointment("8", Some(40), None, None),
            appointment("9", None, Some(31), None),
        ]);
        for on in [10, 20, 21, 30] {
            assert_eq!(told(&directory, "7", on), None, "{on}");
        }
        let last = |day| told(&directory, "7", day).unwrap();
        assert_eq!(last(31), "the last day of 7 was 1970-01-31; 9 stands in");
        assert_eq!(last(32), "the last day of 7 was 1970-01-31; nobody who stands in is on duty");
        assert_eq!(
            told(&directory, "8", 39).unwrap(),
            "the first day of 8 is 1970-02-10; nobody who stands in is on duty"
        );
        assert_eq!(told(&directory, "8", 40), None);
    }

    #[test]
    fn of_whom_nothing_is_entered_nothing_is_checked() {
        let mut directory = directory(&[appointment("7", Some(10), Some(20), None)]);
        directory.persons.entry(PartyName::new(PARTY)).or_default().insert("new".into(), Vec::new());
        for number in ["new", "8", "keys/7"] {
            assert_eq!(told(&directory, number, 99), None);
        }
        let elsewhere = PartyName::new("agencies/H99");
        assert_eq!(directory.off_duty(&elsewhere, "7", Day(99)), None, "another party's number");
    }
}
