//! What a note enters in a directory that is held in memory: the same as a store that keeps it and is read again.

use super::{Note, itself};
use crate::dossier::directory::{Directory, Enrolment, Party, Source};
use crate::dossier::names::{Lane, PartyName};

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
            Note::Agency(agency) => {
                let lane = directory.lane_for(agency.parent.as_ref());
                enter_party(directory, &agency.name, lane, Party::Agency(agency.clone()));
            }
            Note::Carrier(carrier) => {
                let lane = directory.lane_for(None);
                enter_party(directory, &carrier.name, lane, Party::Carrier(carrier.clone()));
            }
            Note::Source(source) => {
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
            Note::Procedure(procedure) => {
                directory.procedures.insert(procedure.name.clone(), procedure.clone());
            }
        }
        true
    }
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
