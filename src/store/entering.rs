//! What a note enters in a directory that is held in memory: the same as a store that keeps it and is read again.

use super::{Note, itself};
use crate::dossier::directory::{Day, Directory, Enrolment, Party, Source};
use crate::dossier::names::{Lane, PartyName};
use crate::dossier::person::{Appointment, Place};

impl Note {
    /// Enters what the note says of the directory, and whether it says anything. The version is the commit's: it grows
    /// once for all notes of one.
    pub fn enter(&self, directory: &mut Directory) -> bool {
        match self {
            Note::Pin { .. }
            | Note::Placed { .. }
            | Note::Follower { .. }
            | Note::Consumer { .. }
            | Note::NoConsumer { .. } => return false,
            Note::Agency(agency) | Note::AgencyEnded(agency) => {
                let lane = directory.lane_for(agency.parent.as_ref());
                enter_party(directory, &agency.name, lane, Party::Agency(agency.clone()));
            }
            Note::Carrier(carrier) => {
                let lane = directory.lane_for(None);
                enter_party(directory, &carrier.name, lane, Party::Carrier(carrier.clone()));
            }
            Note::Source(source) | Note::SourceRetired(source) => {
                let lane = directory.lane_of(&source.party);
                enter_source(directory, lane, source.clone());
            }
            Note::Alias(alias) => {
                let meanings = directory.aliases.entry(alias.code.clone()).or_default();
                meanings.retain(|known| known.valid_from != alias.valid_from);
                meanings.push(alias.clone());
                meanings.sort_by_key(|meaning| meaning.valid_from);
            }
            Note::Office(office) => {
                let key = (office.carrier.clone(), office.code.clone());
                directory.offices.insert(key, office.clone());
            }
            Note::Procedure(procedure) | Note::ProcedureVersion(procedure) => {
                let versions = directory.procedures.entry(procedure.name.clone()).or_default();
                versions.retain(|known| known.valid_from != procedure.valid_from);
                versions.push(procedure.clone());
                versions.sort_by_key(|version| version.valid_from);
            }
            Note::Person { party, number } => {
                let persons = directory.persons.entry(party.clone()).or_default();
                persons.entry(number.clone()).or_default();
            }
            Note::Appointment(appointment) | Note::AppointmentEnded(appointment) => {
                let persons = directory.persons.entry(appointment.party.clone()).or_default();
                let appointments = persons.entry(appointment.person.clone()).or_default();
                appointments.retain(|known| !known.is(appointment));
                appointments.push(appointment.clone());
                appointments.sort_by(|one, other| in_order(one).cmp(&in_order(other)));
            }
            Note::CalendarDay(day) => {
                directory.calendar.insert(day.day, day.clone());
            }
        }
        true
    }
}

/// Appointments of a person by first day, as every store reads them back.
fn in_order(one: &Appointment) -> (Option<Day>, u8, &str) {
    (one.valid_from, one.role.number(), one.place.as_ref().map_or("", Place::as_str))
}

fn enter_party(directory: &mut Directory, name: &PartyName, lane: Lane, party: Party) {
    let enrolment = enter_source(directory, lane, itself(name));
    directory.parties.insert(name.clone(), (enrolment, party));
}

/// What is entered again keeps its number and lane.
fn enter_source(directory: &mut Directory, lane: Lane, source: Source) -> Enrolment {
    let known = directory.sources.get(&source.name).map(|(enrolment, _)| *enrolment);
    let enrolment = known.unwrap_or_else(|| {
        let id = directory.next_number;
        directory.next_number += 1;
        Enrolment { id, lane }
    });
    directory.sources.insert(source.name.clone(), (enrolment, source));
    enrolment
}
