//! What every store demands of a commit before it writes any of it. The journal's invariants are not repeated here, only
//! what would leave a store that cannot be read back.

use super::{Commit, Concern, Error};
use crate::dossier::desk::TagTarget;
use crate::dossier::document::Document;
use crate::dossier::names::{Lane, Position};

/// The head that a writer holds since `begin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// The lane.
    pub(super) lane: Lane,
    /// Its last position.
    pub(super) pos: u64,
    /// Its version.
    pub(super) version: u64,
}

/// Refuses a commit that does not follow from what is held.
pub(super) fn check(commit: &Commit, held: Option<Held>) -> Result<(), Error> {
    match misfit(commit, held) {
        None => Ok(()),
        Some(why) => Err(Error::Failed { step: "take the batch", source: why.into() }),
    }
}

fn misfit(commit: &Commit, held: Option<Held>) -> Option<&'static str> {
    let Some(held) = held else {
        return Some("the lane is not taken");
    };
    if commit.lane != held.lane || commit.head.lane != held.lane {
        return Some("another lane is taken");
    }
    if commit.head.version != held.version + 1 {
        return Some("the version is not the next one");
    }
    let dense = commit.entries.iter().zip(held.pos + 1..).all(|(entry, pos)| entry.pos == pos);
    if !dense || commit.head.pos != held.pos + commit.entries.len() as u64 {
        return Some("the positions are not dense");
    }
    if i64::try_from(commit.head.pos).is_err() {
        return Some("there are no positions left");
    }
    let sealed = commit.seal.as_ref().map(|seal| seal.size);
    let wanted = (!commit.entries.is_empty()).then_some(commit.head.pos);
    if sealed != wanted {
        return Some("the seal is not that of the last line");
    }
    if positions(commit).any(|position| position.lane != commit.lane) {
        return Some("something of another lane is in it");
    }
    None
}

/// Every position that names a row of the commit's lane.
fn positions(commit: &Commit) -> impl Iterator<Item = Position> {
    let legs = commit.changes.legs.iter().map(|leg| leg.id);
    let dossiers = commit.changes.dossiers.iter().map(|dossier| dossier.id);
    let tags = commit.changes.tags.iter().flat_map(|tag| {
        let (TagTarget::Leg(target) | TagTarget::Dossier(target)) = tag.target;
        [target, tag.at]
    });
    let concerns = commit.concerns.iter().map(|(_, concern)| match concern {
        Concern::Leg(id) | Concern::Dossier(id) | Concern::Document(id) => *id,
    });
    let documents = commit.changes.documents.iter().map(Document::id);
    legs.chain(dossiers).chain(documents).chain(tags).chain(concerns)
}
