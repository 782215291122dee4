//! Owns: the partner's side of the command line: it speaks gRPC like any other client, reads and prints for people and
//! programs. `classify` alone asks nobody.
//! Never: opens a store, or knows more than what the published messages say.
//!
//! Standard output is data, standard error is progress and what went wrong. Each command ends in an [`Exit`] or a
//! [`Failure`], which has one.

pub mod classify;
pub mod consumers;
pub mod decide;
mod events;
mod failure;
pub mod feed;
mod gateway;
pub mod history;
mod human;
pub mod import;
mod lines;
mod names;
mod output;
pub mod people;
mod query;
pub mod report;
pub mod scan;
mod shapes;
mod standing;
pub mod status;
pub mod sync;
mod why;
pub mod words;

pub use failure::{Failure, Refused};
pub use gateway::{ClientArgs, language, spoken_here};
pub use output::{Output, note};

/// How a command ended: what a script may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Refused, not found, or any line refused.
    Refused,
    /// The command line itself is wrong.
    Usage,
    /// The gateway did not answer.
    Unreachable,
}

impl Exit {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::Unreachable => 3,
        }
    }
}
