//! Owns: a store's way from a file into a database, while a gateway serves it: copying, following what is written meanwhile,
//! proving the copy, and the moment at which one ends and the other begins.
//! Never: changes a row of the store it copies from, its marks and notes apart; lets two stores be served; marks a store as
//! moved before the copy is proved, or a copy as whole before the store is marked as moved.
//!
//! 1. Marked as copied from, the writer notes the keys of the rows it changes (`touched`).
//! 2. Lines are copied by position, everything else along its keys (`parts`, `state`).
//! 3. The copy is proved against the file, chunk by chunk, each as of one moment with what was noted until then (`proving`).
//! 4. The last of it is copied and proved while the writer is refused; the file is marked as moved, then the copy as whole.
//!
//! A copier that is killed leaves a mark that lapses, and a copy that the next one goes on with: lines where they ended,
//! other rows wherever they differ.

mod cell;
mod parts;
mod proving;
mod state;
mod tables;
#[cfg(test)]
mod tests;
mod touched;

pub(super) use cell::{Cell, Row};
pub(super) use tables::{Kind, Table};
pub(super) use touched::{Touched, placed};

use std::path::Path;
use std::time::{Duration, Instant};

use super::postgres::{Database, Filling, Found};
use super::sqlite::Copying;
use super::{Error, Head, Phase};
use crate::dossier::names::Micros;
use state::State;

/// For how long the writer notes what it changes without a word of the copier.
const COPYING_US: i64 = 120_000_000;
/// For how long the writer is refused without a word of the copier: longer than any one step of it takes.
const MOVING_US: i64 = 15_000_000;
/// How often a mark is said again.
const AGAIN: Duration = Duration::from_secs(2);
/// The last of the copy is begun when what was written meanwhile is copied and proved in so short a time...
const SHORT: Duration = Duration::from_millis(300);
/// ...or after so many times: a store that is written faster than it is copied does not catch up by itself.
const ROUNDS: usize = 30;

/// How far a copy is: what is done, how much of it, and how much there is.
pub type Progress<'p> = dyn FnMut(&'static str, u64, u64) + 'p;

/// A copy that is whole.
#[derive(Debug)]
pub struct Copied {
    /// The heads it stands at.
    pub heads: Vec<Head>,
    /// Rows that were compared, in all tables.
    pub rows: u64,
    /// How long writes were refused.
    pub held: Duration,
    /// It was whole before.
    pub before: bool,
}

/// Copies the store of a folder, which may be served, into a database that is empty or holds an unfinished copy of it. The
/// number is a random one that is not zero.
pub async fn copy(
    folder: &Path,
    database: &Database,
    number: i64,
    now: Micros,
    progress: &mut Progress<'_>,
) -> Result<Copied, Error> {
    let mut source = Copying::open(folder)?;
    let store = source.moment()?.meta()?.database;
    let moved_to = source.moved_to()?;
    // CANCEL: as a copier that is killed.
    let (mut target, found) = match moved_to {
        None => Filling::open(database, &store, Some(number), now).await?,
        Some(_) => Filling::open(database, &store, None, now).await?,
    };
    match (moved_to, found) {
        (None, Found::Begun(number)) => {
            source.begin(COPYING_US)?;
            let mut state = State::new(target, store);
            let copied = run(&mut source, &mut state, number, progress).await;
            if copied.is_err() {
                source.end()?;
            }
            copied
        }
        // What was left to do when the copier was killed.
        (Some(moved), Found::Begun(number)) if moved == number => {
            target.end(number).await?;
            source.end()?;
            Ok(Copied { heads: Vec::new(), rows: 0, held: Duration::ZERO, before: false })
        }
        (Some(moved), Found::Whole(number)) if moved == number => {
            source.end()?;
            Ok(Copied { heads: Vec::new(), rows: 0, held: Duration::ZERO, before: true })
        }
        (Some(_), _) => Err(Error::Moved),
        (None, Found::Whole(_)) => Err(Error::Unfit(
            "the database holds a store already: a copy is made into an empty database of its own".into(),
        )),
    }
}

/// The mark that is said again while something takes its time.
struct Marked<'s> {
    source: &'s mut Copying,
    phase: Phase,
    us: i64,
    said: Instant,
}

impl Marked<'_> {
    /// The file, after the mark was said again if it is time.
    fn source(&mut self) -> Result<&Copying, Error> {
        if self.said.elapsed() > AGAIN {
            self.source.go_on(self.phase, self.phase, self.us)?;
            self.said = Instant::now();
        }
        Ok(self.source)
    }
}

async fn run(
    source: &mut Copying,
    state: &mut State,
    number: i64,
    progress: &mut Progress<'_>,
) -> Result<Copied, Error> {
    let mut marked = Marked { source, phase: Phase::Copying, us: COPYING_US, said: Instant::now() };
    // CANCEL: as a copier that is killed.
    state.copy_lines(&mut marked, progress).await?;
    state.copy_tables(&mut marked, progress).await?;
    state.follow(&mut marked).await?;
    state.prove_lines(&mut marked, progress).await?;
    state.prove_tables(&mut marked, progress).await?;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        state.follow(&mut marked).await?;
        state.prove_lines(&mut marked, &mut |_, _, _| {}).await?;
        if began.elapsed() < SHORT {
            break;
        }
    }

    let held = Instant::now();
    marked.source.go_on(Phase::Copying, Phase::Moving, MOVING_US)?;
    (marked.phase, marked.us, marked.said) = (Phase::Moving, MOVING_US, Instant::now());
    state.follow(&mut marked).await?;
    state.prove_lines(&mut marked, &mut |_, _, _| {}).await?;
    let heads = state.finish(&mut marked).await?;
    marked.source.move_to(number)?;
    state.target.end(number).await?;
    let held = held.elapsed();
    marked.source.end()?;
    Ok(Copied { heads, rows: state.rows, held, before: false })
}
