//! Owns: manifests (bảng kê, once signed biên bản bàn giao): the list that two sides hand over together, line by line, and
//! what a command on it means for each of its envelopes.
//! Never: moves an envelope itself; every line is an event on its own leg, and is judged there like any other.

mod command;
mod manifest;
mod plan;

pub use command::{Answered, Closes, Command, Creates, Named, Which};
pub use manifest::{LineState, Manifest, ManifestKind, ManifestLine, ManifestState, Sheet, Side, Signed};
pub(crate) use plan::lists;
pub use plan::{LineAct, Plan, Planned, plan};
