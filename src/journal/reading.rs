//! A stored line as the domain reads it, for those who follow the journal.

use super::Error;
use crate::dossier::apply::Said;
use crate::dossier::custody::Step;
use crate::seal::record::Record;
use crate::store::Stored;

/// What was said. Of a placing, what is placed.
pub fn said(stored: &Stored) -> Result<Said, Error> {
    Ok(Record::decode(&stored.record).map_err(Error::Record)?.said())
}

/// The line as a step of its leg's fold.
pub fn step(stored: &Stored) -> Result<Step, Error> {
    Ok(Record::decode(&stored.record).map_err(Error::Record)?.step())
}
