//! Papers of two parties (chứng từ) that are kept whole beside the legs they are about.

use serde::{Deserialize, Serialize};

use super::handover::Manifest;
use super::names::{PartyName, Position};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Document {
    /// A manifest.
    Manifest(Manifest),
}

impl Document {
    /// Its id: the position of its birth.
    pub fn id(&self) -> Position {
        match self {
            Document::Manifest(manifest) => manifest.id,
        }
    }

    /// Whom it is listed for: its giver, and from the offer on its receiver too.
    pub fn parties(&self) -> Vec<PartyName> {
        match self {
            Document::Manifest(manifest) if manifest.offered.is_none() => vec![manifest.giver.party.clone()],
            Document::Manifest(manifest) => manifest.parties(),
        }
    }
}
