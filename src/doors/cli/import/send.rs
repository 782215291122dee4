//! Rows on their way, a bounded number at once, answered in the file's order.

use std::collections::BTreeSet;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use tokio::sync::mpsc;

use super::answers::{Answers, Became};
use super::dossiers::Filing;
use super::entries::{Entry, judge};
use super::kind::Kind;
use super::mirror::Mirror;
use super::row::Read;
use crate::doors::cli::Failure;
use crate::doors::cli::gateway::Gateway;
use crate::journal::Note;
use crate::limits;

/// Rows as they are read.
pub type Rows = mpsc::Receiver<Result<Read, Failure>>;

/// What becomes of one row, sooner or later.
type Landing = Pin<Box<dyn Future<Output = Landed>>>;

struct Landed {
    line: u64,
    /// Whether it is new, or a call's failure.
    ended: Result<Became, Failure>,
    /// What it entered, and under which name.
    entered: Option<(String, Note)>,
}

/// Rows on their way.
struct Flight<'a, 'b> {
    flying: FuturesOrdered<Landing>,
    answers: &'a mut Answers<'b>,
}

impl Flight<'_, '_> {
    /// An answer that is known already, behind those still awaited.
    fn known(&mut self, line: u64, became: Became) {
        self.flying.push_back(Box::pin(ready(Landed { line, ended: Ok(became), entered: None })));
    }

    /// Waits for the first row on its way; what it entered. `None` when there is none.
    async fn land(&mut self) -> Result<Option<Landed>, Failure> {
        let Some(landed) = self.flying.next().await else { return Ok(None) };
        let became = match &landed.ended {
            Ok(became) => became.clone(),
            Err(Failure::Refused(refused)) => self.answers.refused_call(refused),
            Err(_) => return landed.ended.map(|_| None),
        };
        self.answers.tell(landed.line, &became)?;
        let entered = landed.entered.filter(|_| became == Became::Imported);
        Ok(Some(Landed { ended: Ok(became), entered, ..landed }))
    }

    fn is_full(&self) -> bool {
        self.flying.len() >= limits::ROWS_AT_ONCE
    }
}

/// Sends rows of the directory.
pub async fn entries(
    kind: Kind,
    mut rows: Rows,
    gateway: &Gateway,
    mirror: &mut Mirror,
    dry_run: bool,
    answers: &mut Answers<'_>,
) -> Result<(), Failure> {
    let mut flight = Flight { flying: FuturesOrdered::new(), answers };
    // Names on their way: what needs one of them waits until it is there.
    let mut names: BTreeSet<String> = BTreeSet::new();
    while let Some(read) = rows.recv().await {
        let (line, entry) = match read? {
            Read::Refused(line, refusal) => (line, Err(refusal)),
            Read::Row(row) => (row.line, Entry::of(kind, &row)),
        };
        let entry = match entry {
            Ok(entry) => entry,
            Err(refusal) => {
                let became = flight.answers.refused_here(&refusal);
                flight.known(line, became);
                continue;
            }
        };
        let (name, needs) = entry.names();
        let waits = names.contains(&name) || needs.iter().any(|need| names.contains(*need));
        while flight.is_full() || (waits && !names.is_empty()) {
            land(&mut flight, &mut names, mirror).await?;
        }
        if let Some(party) = entry.party() {
            mirror.read_sources(gateway, &party).await?;
        }
        let note = entry.note(&mirror.directory);
        match note.and_then(|note| judge(mirror, &note).map(|is_new| (note, is_new))) {
            Err(refusal) => {
                let became = flight.answers.refused_here(&refusal);
                flight.known(line, became);
            }
            Ok((_, false)) => flight.known(line, Became::Again),
            Ok((note, true)) if dry_run => {
                note.enter(&mut mirror.directory);
                flight.known(line, Became::Imported);
            }
            Ok((note, true)) => {
                names.insert(name.clone());
                let sent = Arc::new(entry).send(gateway.clone());
                flight.flying.push_back(Box::pin(async move {
                    let ended = sent.await.map(|()| Became::Imported);
                    Landed { line, ended, entered: Some((name, note)) }
                }));
            }
        }
    }
    while land(&mut flight, &mut names, mirror).await? {}
    Ok(())
}

/// Waits for the first row on its way and enters it in the mirror; false when there is none.
async fn land(
    flight: &mut Flight<'_, '_>,
    names: &mut BTreeSet<String>,
    mirror: &mut Mirror,
) -> Result<bool, Failure> {
    let Some(landed) = flight.land().await? else {
        names.clear();
        return Ok(false);
    };
    if let Some((name, note)) = landed.entered {
        names.remove(&name);
        note.enter(&mut mirror.directory);
    }
    Ok(true)
}

/// Registers dossiers and orders their legs.
pub async fn dossiers(
    mut rows: Rows,
    gateway: &Gateway,
    mirror: &Mirror,
    dry_run: bool,
    answers: &mut Answers<'_>,
) -> Result<(), Failure> {
    let mut flight = Flight { flying: FuturesOrdered::new(), answers };
    while let Some(read) = rows.recv().await {
        while flight.is_full() {
            flight.land().await?;
        }
        let (line, filing) = match read? {
            Read::Refused(line, refusal) => (line, Err(refusal)),
            Read::Row(row) => (row.line, Filing::of(&row)),
        };
        let checked = filing.and_then(|filing| match dry_run {
            true => filing.check(&mirror.directory).map(|()| filing),
            false => Ok(filing),
        });
        match checked {
            Err(refusal) => {
                let became = flight.answers.refused_here(&refusal);
                flight.known(line, became);
            }
            Ok(_) if dry_run => flight.known(line, Became::Imported),
            Ok(filing) => {
                let sent = Arc::new(filing).send(gateway.clone());
                flight.flying.push_back(Box::pin(async move {
                    let became = |is_new| if is_new { Became::Imported } else { Became::Again };
                    Landed { line, ended: sent.await.map(became), entered: None }
                }));
            }
        }
    }
    while flight.land().await?.is_some() {}
    Ok(())
}
