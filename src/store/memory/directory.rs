//! The directory as it is entered, note by note.

use super::Note;
use crate::dossier::directory::{Directory, Enrolment, Party, Source};
use crate::dossier::names::{Lane, PartyName};
use crate::store::{itself, tie};

/// The directory and the next short number.
#[derive(Debug)]
pub(super) struct Entered {
    pub(super) directory: Directory,
    next_source: i64,
}

impl Entered {
    /// A directory with nothing in it but the tie.
    pub(super) fn new() -> Entered {
        let mut directory = Directory::default();
        let enrolment = Enrolment { id: 0, lane: Lane::default() };
        let tie = tie();
        directory.sources.insert(tie.name.clone(), (enrolment, tie));
        Entered { directory, next_source: 1 }
    }

    /// Enters what the notes of one commit say of the directory.
    pub(super) fn keep(&mut self, notes: &[Note]) {
        let mut changed = false;
        for note in notes {
            changed |= self.enter(note);
        }
        self.directory.version += i64::from(changed);
    }

    fn enter(&mut self, note: &Note) -> bool {
        match note {
            Note::Pin { .. } | Note::Placed { .. } | Note::Follower { .. } => return false,
            Note::Agency(agency) => self.enter_party(&agency.name, Party::Agency(agency.clone())),
            Note::Carrier(carrier) => self.enter_party(&carrier.name, Party::Carrier(carrier.clone())),
            Note::Source(source) => _ = self.enter_source(source),
            Note::Alias(alias) => {
                let meanings = self.directory.aliases.entry(alias.code.clone()).or_default();
                meanings.retain(|known| known.valid_from != alias.valid_from);
                meanings.push(alias.clone());
                meanings.sort_by_key(|meaning| meaning.valid_from);
            }
            Note::Office(office) => {
                let key = (office.carrier.clone(), office.code.clone());
                self.directory.offices.insert(key, office.clone());
            }
            Note::Procedure(procedure) => {
                self.directory.procedures.insert(procedure.name.clone(), procedure.clone());
            }
        }
        true
    }

    fn enter_party(&mut self, name: &PartyName, party: Party) {
        let enrolment = self.enter_source(&itself(name));
        self.directory.parties.insert(name.clone(), (enrolment, party));
    }

    fn enter_source(&mut self, source: &Source) -> Enrolment {
        let known = self.directory.sources.get(&source.name).map(|(enrolment, _)| *enrolment);
        let enrolment = known.unwrap_or_else(|| {
            let id = self.next_source;
            self.next_source += 1;
            Enrolment { id, lane: Lane::default() }
        });
        self.directory.sources.insert(source.name.clone(), (enrolment, source.clone()));
        enrolment
    }
}
