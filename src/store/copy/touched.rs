//! What a commit changes, as the keys of its rows: noted by the writer while the store is copied from, so that the copier
//! need not look through everything again.

use serde::{Deserialize, Serialize};

use super::cell::{Cell, Row};
use super::tables;
use crate::dossier::desk::TagTarget;
use crate::dossier::names::{Lane, Position};
use crate::store::numbers::{DOCUMENT, DOSSIER, LEG, at};
use crate::store::{Commit, Concern, Note};

/// Keys of rows, each with its table's number in [`tables::NOTED`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Touched(pub(in crate::store) Vec<(u8, Row)>);

impl Touched {
    /// What a commit writes. What waits no longer is not in it: the codes it waited for are known to the store alone.
    pub(in crate::store) fn of(commit: &Commit) -> Touched {
        let mut touched = Touched::default();
        let lane = commit.lane;
        for entry in &commit.entries {
            let key = [Cell::of(entry.key.id.as_bytes()), Cell::Int(entry.key.source)];
            touched.add(tables::EVENT_KEY, lane, key);
            if entry.personal.is_some() {
                touched.add(tables::PERSONAL, lane, [Cell::Int(at(entry.pos))]);
            }
            for code in &entry.waits_for {
                touched.add_waiting(lane, code.0.as_bytes(), entry.pos);
            }
        }
        for leg in &commit.changes.legs {
            touched.add(tables::LEG, lane, [Cell::Int(at(leg.id.pos))]);
        }
        for dossier in &commit.changes.dossiers {
            touched.add(tables::DOSSIER, lane, [Cell::Int(at(dossier.id.pos))]);
        }
        for document in &commit.changes.documents {
            touched.add(tables::DOCUMENT, lane, [Cell::Int(at(document.id().pos))]);
        }
        touched.add_tags(commit);
        for (party, concern) in &commit.concerns {
            let (kind, id) = match concern {
                Concern::Leg(id) => (LEG, id),
                Concern::Dossier(id) => (DOSSIER, id),
                Concern::Document(id) => (DOCUMENT, id),
            };
            touched.add(tables::CONCERN, lane, [*party, kind, at(id.pos)].map(Cell::Int));
        }
        for (source, _) in &commit.devices {
            touched.add(tables::DEVICE, lane, [Cell::Int(*source)]);
        }
        touched.add_notes(commit);
        touched
    }

    /// A code that is waited for, or was.
    pub(in crate::store) fn add_waiting(&mut self, lane: Lane, code: &[u8], pos: u64) {
        self.add(tables::WAITING, lane, [Cell::of(code), Cell::Int(at(pos))]);
    }

    /// A personal part that was erased.
    pub(in crate::store) fn add_personal(&mut self, position: Position) {
        self.add(tables::PERSONAL, position.lane, [Cell::Int(at(position.pos))]);
    }

    fn add_tags(&mut self, commit: &Commit) {
        for tag in &commit.changes.tags {
            let (kind, target) = match tag.target {
                TagTarget::Leg(id) => (LEG, id),
                TagTarget::Dossier(id) => (DOSSIER, id),
            };
            let numbers =
                [at(tag.at.pos), kind, at(target.pos), tag.by.lane.0.into(), at(tag.by.pos)].map(Cell::Int);
            self.add(tables::TAG, commit.lane, [Cell::of(tag.key.0.as_bytes())].into_iter().chain(numbers));
        }
    }

    fn add_notes(&mut self, commit: &Commit) {
        let lane = commit.lane;
        for note in &commit.notes {
            match note {
                Note::Pin { pos, .. } => self.add(tables::PIN, lane, [Cell::Int(at(*pos))]),
                Note::Follower { name, .. } => {
                    self.add(tables::FOLLOWER, lane, [Cell::of(name.as_bytes())]);
                }
                Note::Consumer { party, consumer } => {
                    let key = [Cell::Int(*party), Cell::of(consumer.id.as_bytes())];
                    self.add(tables::CONSUMER, lane, key);
                }
                Note::NoConsumer { party, id } => {
                    self.add(tables::CONSUMER, lane, [Cell::Int(*party), Cell::of(id.as_bytes())]);
                }
                // The directory is compared whole, and what waits no longer is told by the store.
                Note::Placed { .. }
                | Note::Agency(_)
                | Note::AgencyEnded(_)
                | Note::Alias(_)
                | Note::Carrier(_)
                | Note::Office(_)
                | Note::Procedure(_)
                | Note::ProcedureVersion(_)
                | Note::Source(_)
                | Note::SourceRetired(_)
                | Note::Person { .. }
                | Note::Appointment(_)
                | Note::AppointmentEnded(_)
                | Note::CalendarDay(_) => {}
            }
        }
    }

    fn add(&mut self, table: u8, lane: Lane, key: impl IntoIterator<Item = Cell>) {
        let key = [Cell::Int(lane.0.into())].into_iter().chain(key).collect();
        self.0.push((table, key));
    }
}

/// The waiting events that a commit says wait no longer.
pub(in crate::store) fn placed(commit: &Commit) -> impl Iterator<Item = u64> {
    let by_entries = commit.entries.iter().filter_map(|entry| entry.placed);
    let by_notes = commit.notes.iter().filter_map(|note| match note {
        Note::Placed { pos } => Some(*pos),
        _ => None,
    });
    by_entries.chain(by_notes)
}
