//! Rows on their way, a bounded number at once, answered in the file's order.

use std::collections::BTreeSet;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use tokio::sync::mpsc;

use super::answers::{Answers, Became};
use super::entries::{Entry, judge};
use super::kind::Kind;
use super::mirror::Mirror;
use super::row::{Read, Row};
use crate::doors::cli::Failure;
use crate::doors::cli::gateway::Gateway;
use crate::dossier::directory::Directory;
use crate::dossier::refusal::Refusal;
use crate::journal::Note;
use crate::limits;

/// Rows as they are read.
pub type Rows = mpsc::Receiver<Result<Read, Failure>>;

/// A row that is a command or two of an agency, sent under request ids that follow from it.
pub trait Filed: Sized + 'static {
    /// Reads a row.
    fn of(row: &Row) -> Result<Self, Refusal>;

    /// Whether the gateway would take it, by its own rules, as far as the directory decides.
    fn check(&self, directory: &Directory) -> Result<(), Refusal>;

    /// Sends it; whether any of it is new.
    fn send(self: Arc<Self>, gateway: Gateway) -> impl Future<Output = Result<bool, Failure>> + 'static;
}

/// What becomes of one row, sooner or later.
type Landing = Pin<Box<dyn Future<Output = Landed>>>;

struct Landed {
    line: u64,
    /// What became of it, or a call's failure.
    ended: Result<Became, Failure>,
    /// The name it was to be entered under, and what it then is.
    entry: Option<(String, Note)>,
}

/// What happened next.
enum Next {
    /// A row was read.
    Row(Read),
    /// The first row on its way was answered: the name it had, and what it entered.
    Landed(Option<(String, Option<Note>)>),
    /// All were read and answered.
    Done,
}

/// Rows on their way.
struct Flight<'a, 'b> {
    rows: Rows,
    all_read: bool,
    unreadable: Option<Failure>,
    flying: FuturesOrdered<Landing>,
    answers: &'a mut Answers<'b>,
}

impl<'a, 'b> Flight<'a, 'b> {
    fn new(rows: Rows, answers: &'a mut Answers<'b>) -> Flight<'a, 'b> {
        Flight { rows, all_read: false, unreadable: None, flying: FuturesOrdered::new(), answers }
    }

    /// An answer that is known already, behind those still awaited.
    fn known(&mut self, line: u64, became: Became) {
        self.flying.push_back(Box::pin(ready(Landed { line, ended: Ok(became), entry: None })));
    }

    /// A refusal made here.
    fn refused(&mut self, line: u64, refusal: &Refusal) {
        let became = self.answers.refused_here(refusal);
        self.known(line, became);
    }

    /// Waits for an answer or, if it may be taken and there is room, a row.
    async fn next(&mut self, takes_rows: bool) -> Result<Next, Failure> {
        loop {
            let room = takes_rows && !self.all_read && self.flying.len() < limits::ROWS_AT_ONCE;
            // CANCEL: neither loses what it has not given.
            tokio::select! {
                biased;
                Some(landed) = self.flying.next(), if !self.flying.is_empty() => return self.land(landed),
                row = self.rows.recv(), if room => match row {
                    Some(Ok(row)) => return Ok(Next::Row(row)),
                    // What was read before is still answered.
                    Some(Err(failure)) => (self.all_read, self.unreadable) = (true, Some(failure)),
                    None => self.all_read = true,
                },
                else => return self.unreadable.take().map_or(Ok(Next::Done), Err),
            }
        }
    }

    fn land(&mut self, landed: Landed) -> Result<Next, Failure> {
        let became = match landed.ended {
            Ok(became) => became,
            Err(Failure::Refused(refused)) => self.answers.refused_call(&refused),
            Err(failure) => return Err(failure),
        };
        self.answers.tell(landed.line, &became)?;
        if self.flying.is_empty() {
            // Whoever pipes one row at a time gets its answer before the next.
            self.answers.flush()?;
        }
        let is_new = became == Became::Imported;
        Ok(Next::Landed(landed.entry.map(|(name, note)| (name, is_new.then_some(note)))))
    }
}

/// Sends rows of the directory.
pub async fn entries(
    kind: Kind,
    rows: Rows,
    gateway: &Gateway,
    mirror: &mut Mirror,
    dry_run: bool,
    answers: &mut Answers<'_>,
) -> Result<(), Failure> {
    let mut flight = Flight::new(rows, answers);
    // Names on their way: a row that needs one of them waits, and all behind it.
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut waiting: Option<(u64, Entry)> = None;
    loop {
        match flight.next(waiting.is_none()).await? {
            Next::Done => return Ok(()),
            Next::Landed(None) => {}
            Next::Landed(Some((name, note))) => {
                names.remove(&name);
                note.map(|note| note.enter(&mut mirror.directory));
            }
            Next::Row(Read::Refused(line, refusal)) => flight.refused(line, &refusal),
            Next::Row(Read::Row(row)) => match Entry::of(kind, &row) {
                Ok(entry) => waiting = Some((row.line, entry)),
                Err(refusal) => flight.refused(row.line, &refusal),
            },
        }
        let ready = waiting.take_if(|(_, entry)| {
            let (name, needs) = entry.names();
            !names.contains(&name) && !needs.iter().any(|need| names.contains(*need))
        });
        let Some((line, entry)) = ready else { continue };
        mirror.read_beside(gateway, &entry).await?;
        let note = entry.note(&mirror.directory);
        match note.and_then(|note| judge(mirror, &note).map(|is_new| (note, is_new))) {
            Err(refusal) => flight.refused(line, &refusal),
            Ok((_, false)) => flight.known(line, Became::Again),
            Ok((note, true)) if dry_run => {
                note.enter(&mut mirror.directory);
                flight.known(line, Became::Imported);
            }
            Ok((note, true)) => {
                let (name, _) = entry.names();
                names.insert(name.clone());
                let sent = Arc::new(entry).send(gateway.clone());
                flight.flying.push_back(Box::pin(async move {
                    let ended = sent.await.map(|()| Became::Imported);
                    Landed { line, ended, entry: Some((name, note)) }
                }));
            }
        }
    }
}

/// Sends commands of agencies.
pub async fn filings<F: Filed>(
    rows: Rows,
    gateway: &Gateway,
    mirror: &Mirror,
    dry_run: bool,
    answers: &mut Answers<'_>,
) -> Result<(), Failure> {
    let mut flight = Flight::new(rows, answers);
    loop {
        let (line, filing) = match flight.next(true).await? {
            Next::Done => return Ok(()),
            Next::Landed(_) => continue,
            Next::Row(Read::Refused(line, refusal)) => (line, Err(refusal)),
            Next::Row(Read::Row(row)) => (row.line, F::of(&row)),
        };
        let checked = filing.and_then(|filing| match dry_run {
            true => filing.check(&mirror.directory).map(|()| filing),
            false => Ok(filing),
        });
        match checked {
            Err(refusal) => flight.refused(line, &refusal),
            Ok(_) if dry_run => flight.known(line, Became::Imported),
            Ok(filing) => {
                let sent = Arc::new(filing).send(gateway.clone());
                flight.flying.push_back(Box::pin(async move {
                    let became = |is_new| if is_new { Became::Imported } else { Became::Again };
                    Landed { line, ended: sent.await.map(became), entry: None }
                }));
            }
        }
    }
}
