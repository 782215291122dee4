//! People on the wire: staff numbers and appointments, parsed or the wrong field named, and shown.

use super::directory::{day_text, days, known_agency, office_name, party_office};
use super::{into, v1};
use crate::dossier::directory::{Day, Directory};
use crate::dossier::names::PartyName;
use crate::dossier::person::{Appointment, Place, StaffRole};
use crate::dossier::refusal::{Reason, Refusal};

/// What stands between the party's name and the staff number.
const PERSONS: &str = "/persons/";
/// What stands between the person's name and the appointment's own part.
const APPOINTMENTS: &str = "/appointments/";

/// The staff number of a person to create under a party.
pub fn person(sent: &v1::Person, party: &PartyName) -> Result<String, Refusal> {
    let number = number(&sent.id, "id")?;
    let name = person_name(party, &number);
    let as_sent = format!("{}{PERSONS}{number}", sent.party);
    if !sent.name.is_empty() && sent.name != name && sent.name != as_sent {
        return Err(Refusal::field(Reason::TextInvalid, "name", format!("leave it empty, or {name}")));
    }
    if !sent.appointments.is_empty() {
        return Err(Refusal::field(Reason::TextInvalid, "appointments", "given by CreateAppointment"));
    }
    Ok(number)
}

/// A staff number as a part of a name.
pub fn number(text: &str, field: &str) -> Result<String, Refusal> {
    let number = into::visible_id(text, field)?;
    if number.contains('/') {
        return Err(Refusal::field(Reason::TextInvalid, field, "a staff number without a slash"));
    }
    Ok(number.into())
}

/// The party and the staff number of a person's whole name.
pub fn person_key(name: &str) -> Option<(PartyName, &str)> {
    let (party, number) = name.split_once(PERSONS)?;
    self::number(number, "").ok()?;
    Some((PartyName::new(party), number))
}

/// The person's whole name in an appointment's, and the appointment's own part of it.
pub fn appointment_key(name: &str) -> Option<(&str, &str)> {
    name.split_once(APPOINTMENTS)
}

/// A person's whole name.
pub fn person_name(party: &PartyName, number: &str) -> String {
    format!("{party}{PERSONS}{number}")
}

/// An appointment to create for a person.
pub fn appointment(
    sent: &v1::Appointment,
    party: PartyName,
    person: &str,
    directory: &Directory,
    today: Day,
) -> Result<Appointment, Refusal> {
    let person = number(person, "parent")?;
    if !sent.name.is_empty() {
        return Err(Refusal::field(
            Reason::TextInvalid,
            "name",
            "leave it empty: it follows from the others",
        ));
    }
    let role = role(sent.role, "role")?;
    let role = role.ok_or_else(|| Refusal::field(Reason::FieldRequired, "role", ""))?;
    if !sent.office.is_empty() && !sent.agency.is_empty() {
        let why = "a post office or the counter of an agency, not both";
        return Err(Refusal::field(Reason::TextInvalid, "agency", why));
    }
    let agency = |name: &str, field| match name {
        "" => Ok(None),
        name => known_agency(name, field, directory, today).map(Some),
    };
    let office = party_office(&sent.office, &party, directory)?.map(Place::Office);
    let place = office.or(agency(&sent.agency, "agency")?.map(Place::Counter));
    let (valid_from, valid_to) = days(&sent.valid_from, &sent.valid_to)?;
    let acts_for = agency(&sent.acts_for, "acts_for")?;
    into::free_text(&sent.decision, "decision")?;
    let substitute = match sent.substitute.as_str() {
        "" => None,
        other if other == person => {
            return Err(Refusal::field(Reason::TextInvalid, "substitute", "another person"));
        }
        other => Some(number(other, "substitute")?),
    };
    let decision = sent.decision.clone();
    Ok(Appointment { party, person, role, place, valid_from, valid_to, acts_for, decision, substitute })
}

/// A role; absent when unspecified.
pub fn role(number: i32, field: &str) -> Result<Option<StaffRole>, Refusal> {
    match number {
        0 => Ok(None),
        number => StaffRole::from_number(number)
            .map(Some)
            .ok_or_else(|| Refusal::field(Reason::EnumUnknown, field, "no such role")),
    }
}

/// A person with appointments.
pub fn shown_person<'a>(
    party: &PartyName,
    number: &str,
    appointments: impl IntoIterator<Item = &'a Appointment>,
) -> v1::Person {
    v1::Person {
        name: person_name(party, number),
        party: party.as_str().to_owned(),
        id: number.to_owned(),
        appointments: appointments.into_iter().map(shown_appointment).collect(),
    }
}

/// An appointment.
pub fn shown_appointment(appointment: &Appointment) -> v1::Appointment {
    let (office, agency) = match &appointment.place {
        None => (String::new(), String::new()),
        Some(Place::Office(code)) => (office_name(&appointment.party, code), String::new()),
        Some(Place::Counter(agency)) => (String::new(), agency.as_str().to_owned()),
    };
    v1::Appointment {
        name: appointment_name(appointment),
        role: appointment.role.number().into(),
        office,
        agency,
        acts_for: appointment.acts_for.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        valid_from: day_text(appointment.valid_from),
        valid_to: day_text(appointment.valid_to),
        decision: appointment.decision.clone(),
        substitute: appointment.substitute.clone().unwrap_or_default(),
    }
}

fn appointment_name(appointment: &Appointment) -> String {
    let person = person_name(&appointment.party, &appointment.person);
    format!("{person}{APPOINTMENTS}{}", appointment_id(appointment))
}

/// An appointment's own part of its name: of one role at one place one begins on a day.
pub fn appointment_id(appointment: &Appointment) -> String {
    let role = appointment.role.text().to_ascii_lowercase();
    let from = appointment.valid_from.map_or_else(|| "always".to_owned(), |day| day.to_string());
    let place = match &appointment.place {
        None => String::new(),
        Some(Place::Office(code)) => format!("-{code}"),
        Some(Place::Counter(agency)) => format!("-{}", agency.bare()),
    };
    format!("{role}-{from}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::directory::{Agency, AgencyKind, Carrier, Enrolment, Office, Party};
    use crate::dossier::names::Lane;

    const TODAY: Day = Day(20_000);

    fn post() -> PartyName {
        PartyName::new("carriers/p")
    }

    fn directory() -> Directory {
        let mut directory = Directory::default();
        let enrolment = Enrolment { id: 1, lane: Lane(0) };
        let carrier = Carrier { name: post(), title: String::new() };
        directory.parties.insert(post(), (enrolment, Party::Carrier(carrier)));
        let commune = Agency {
            name: PartyName::new("agencies/H99.31"),
            title: String::new(),
            parent: None,
            kind: AgencyKind::Both,
            valid_from: None,
            valid_to: None,
            level: None,
            ended: None,
        };
        directory.parties.insert(commune.name.clone(), (enrolment, Party::Agency(commune)));
        let office =
            Office { carrier: post(), code: "991230".into(), title: String::new(), province: String::new() };
        directory.offices.insert((post(), office.code.clone()), office);
        directory
    }

    fn clerk() -> v1::Appointment {
        v1::Appointment {
            role: v1::StaffRole::Clerk.into(),
            office: "carriers/p/offices/991230".into(),
            acts_for: "agencies/H99.31".into(),
            valid_from: "2024-01-01".into(),
            valid_to: "2025-06-30".into(),
            decision: "12/QĐ-BĐT".into(),
            substitute: "NV-2".into(),
            ..v1::Appointment::default()
        }
    }

    fn parse(sent: &v1::Appointment) -> Result<Appointment, Refusal> {
        appointment(sent, post(), "NV-1", &directory(), TODAY)
    }

    #[test]
    fn an_appointment_is_shown_as_it_was_sent_under_a_name_of_its_own() {
        let name = "carriers/p/persons/NV-1/appointments/clerk-2024-01-01-991230";
        let shown = shown_appointment(&parse(&clerk()).unwrap());
        assert_eq!(shown, v1::Appointment { name: name.into(), ..clerk() });
        assert_eq!(appointment_key(name), Some(("carriers/p/persons/NV-1", "clerk-2024-01-01-991230")));
        let counter = v1::Appointment {
            office: String::new(),
            agency: "agencies/H99.31".into(),
            valid_from: String::new(),
            ..clerk()
        };
        let shown = shown_appointment(&parse(&counter).unwrap());
        assert!(shown.name.ends_with("/appointments/clerk-always-H99.31"), "{}", shown.name);
        assert_eq!(shown, v1::Appointment { name: shown.name.clone(), ..counter });
    }

    #[test]
    fn every_wrong_field_of_an_appointment_is_named() {
        let table = [
            (v1::Appointment { role: 0, ..clerk() }, Reason::FieldRequired, "role"),
            (v1::Appointment { role: 9, ..clerk() }, Reason::EnumUnknown, "role"),
            (v1::Appointment { name: "x".into(), ..clerk() }, Reason::TextInvalid, "name"),
            (v1::Appointment { office: "991231".into(), ..clerk() }, Reason::NotFound, "office"),
            (v1::Appointment { agency: "agencies/H99.31".into(), ..clerk() }, Reason::TextInvalid, "agency"),
            (
                v1::Appointment { office: String::new(), agency: "agencies/X".into(), ..clerk() },
                Reason::NotFound,
                "agency",
            ),
            (v1::Appointment { acts_for: "agencies/X".into(), ..clerk() }, Reason::NotFound, "acts_for"),
            (v1::Appointment { valid_to: "2023-12-31".into(), ..clerk() }, Reason::TextInvalid, "valid_to"),
            (
                v1::Appointment { valid_from: "01/01/2024".into(), ..clerk() },
                Reason::TextInvalid,
                "valid_from",
            ),
            (v1::Appointment { decision: "a\0".into(), ..clerk() }, Reason::TextInvalid, "decision"),
            (v1::Appointment { substitute: "NV-1".into(), ..clerk() }, Reason::TextInvalid, "substitute"),
            (v1::Appointment { substitute: "Lê Văn".into(), ..clerk() }, Reason::TextInvalid, "substitute"),
        ];
        for (sent, reason, field) in table {
            let refusal = parse(&sent).unwrap_err();
            assert_eq!((refusal.reason, refusal.field.as_str()), (reason, field), "{sent:?}");
        }
    }

    #[test]
    fn a_person_is_a_staff_number_and_never_a_name() {
        let sent =
            |id: &str| v1::Person { party: "carriers/p".into(), id: id.into(), ..v1::Person::default() };
        assert_eq!(person(&sent("NV-1"), &post()), Ok("NV-1".to_owned()));
        for id in ["", "a/b", "Lê Văn Cam", "two words", &"9".repeat(65)] {
            assert_eq!(person(&sent(id), &post()).unwrap_err().field, "id", "{id}");
        }
        let named = v1::Person { name: "carriers/p/persons/NV-2".into(), ..sent("NV-1") };
        assert_eq!(person(&named, &post()).unwrap_err().field, "name");
        assert_eq!(person_key("carriers/p/persons/NV-1"), Some((post(), "NV-1")));
        assert_eq!(person_key("carriers/p/persons/a/b"), None);
    }
}
