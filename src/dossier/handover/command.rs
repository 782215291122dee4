//! What may be commanded of a manifest.

use smol_str::SmolStr;

use super::manifest::{ManifestKind, Side};
use crate::dossier::code::Code;
use crate::dossier::event::Reason;
use crate::dossier::names::Position;
use crate::dossier::papers::Tally;

/// How a line is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By a code on the envelope.
    Code(Code),
    /// By its leg.
    Leg(Position),
    /// By its number on the list, from 1.
    Line(u32),
}

/// A line and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Which.
    pub named: Named,
    /// Why not, or with what reservation.
    pub reason: Reason,
    /// The papers, counted again.
    pub tally: Vec<Tally>,
}

/// Which lines are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// These.
    These(Vec<Answered>),
    /// All that nobody has answered, except these.
    AllExcept(Vec<Named>),
}

/// What becomes of the lines that nobody has answered when the list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closes {
    /// There are none.
    Answered,
    /// Taken unopened, by the intact seal.
    BySeal,
    /// Carried back.
    CarriedBack,
}

/// A new manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creates {
    /// What kind.
    pub kind: ManifestKind,
    /// Its number on paper.
    pub number: SmolStr,
    /// Who gives.
    pub giver: Side,
    /// Who receives.
    pub receiver: Side,
    /// Its lines.
    pub lines: Vec<Named>,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Makes one.
    Create(Box<Creates>),
    /// Adds lines to a draft.
    Add(Vec<Named>),
    /// Seals and offers it.
    Offer,
    /// Takes it back before anything was answered.
    Withdraw,
    /// Accepts lines.
    Accept(Which),
    /// Does not accept lines.
    Reject(Vec<Answered>),
    /// Accepts what is not on the list.
    AddUnlisted(Vec<Answered>),
    /// Ends it.
    Close(Closes),
}
