//! The directory as it is entered, commit by commit.

use super::Note;
use crate::dossier::directory::{Directory, Enrolment};
use crate::dossier::names::Lane;
use crate::store::tie;

/// A directory with nothing in it but the tie.
pub(super) fn empty() -> Directory {
    let mut directory = Directory { next_number: 1, lanes: vec![Lane::default()], ..Directory::default() };
    let enrolment = Enrolment { id: 0, lane: Lane::default() };
    let tie = tie();
    directory.sources.insert(tie.name.clone(), (enrolment, tie));
    directory
}

/// Enters what the notes of one commit say of the directory.
pub(super) fn keep(directory: &mut Directory, notes: &[Note]) {
    let mut changed = false;
    for note in notes {
        changed |= note.enter(directory);
    }
    directory.version += i64::from(changed);
}
