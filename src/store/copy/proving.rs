//! Holding the copy to the file: every row, every record and seal, every log's digest.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::cell::{Cell, Row};
use super::parts::{Part, key, line};
use super::state::{State, end_of, heads};
use super::tables::{ENTRY, FEW, LOG_RUN, NOTED, PAGE, SEAL, Table};
use super::{Marked, Progress};
use crate::dossier::names::{Lane, Micros, Position};
use crate::seal::head::Seal;
use crate::store::log_run::Run;
use crate::store::proof::Proof;
use crate::store::{Error, Head, Stored};

/// Names the first row in which a copy differs from the file; both in the order of their keys.
pub(super) fn first_difference(table: &Table, wanted: &[Row], found: &[Row]) -> Result<(), Error> {
    let pairs = wanted.iter().zip(found);
    let same = pairs.take_while(|(wanted, found)| wanted == found).count();
    let (wanted, found) = (wanted.get(same), found.get(same));
    let of = |row: &Row| table.name_of(table.key(row));
    let why = match (wanted, found) {
        (None, None) => return Ok(()),
        (Some(wanted), Some(found)) if table.key(wanted) == table.key(found) => {
            let columns = table.columns.iter().zip(wanted.iter().zip(found));
            let column =
                columns.filter(|(_, (wanted, found))| wanted != found).map(|(column, _)| column.name).next();
            format!("{} has another {}", of(wanted), column.unwrap_or("length"))
        }
        (Some(wanted), Some(found)) if table.key(wanted) > table.key(found) => {
            format!("{} is not in the folder's store", of(found))
        }
        (Some(wanted), _) => format!("{} is missing", of(wanted)),
        (None, Some(found)) => format!("{} is not in the folder's store", of(found)),
    };
    Err(differs(&why))
}

fn differs(why: &str) -> Error {
    Error::Unfit(format!(
        "the copy differs from the folder's store, which goes on being served: {why}. Empty the database and copy again"
    ))
}

/// A lane as far as it is proved.
#[derive(Debug)]
pub(super) struct LaneProof {
    proof: Proof,
    /// The digests of its logs, of the file and of the copy.
    logs: [BTreeMap<i64, LogDigest>; 2],
}

/// The digest of a log up to a number: SHA-256 over the SHA-256 of each record, as `GetFeedDigest` tells it.
#[derive(Clone, Debug, Default)]
struct LogDigest {
    last: u64,
    sha256: Sha256,
}

impl LaneProof {
    fn new(database: [u8; 16], lane: Lane) -> LaneProof {
        let proof = Proof::new(database, lane, BTreeMap::new());
        LaneProof { proof, logs: Default::default() }
    }

    fn part(&mut self, file: &Part, copy: &Part) -> Result<(), Error> {
        first_difference(ENTRY, &file.entries, &copy.entries)?;
        first_difference(LOG_RUN, &file.runs, &copy.runs)?;
        first_difference(SEAL, &file.seals, &copy.seals)?;
        let mut entries = copy.entries.iter();
        for seal in &copy.seals {
            let seal = seal_of(seal)?;
            while self.proof.pos() < seal.size {
                let entry = entries.next().ok_or(Error::Corrupt { what: "entries" })?;
                self.proof.entry(&stored_of(entry)?)?;
            }
            self.proof.seal(&seal)?;
        }
        for (part, logs) in [file, copy].into_iter().zip(&mut self.logs) {
            digest_logs(part, logs)?;
        }
        Ok(())
    }

    fn same_logs(&self, lane: Lane) -> Result<(), Error> {
        let [file, copy] = &self.logs;
        let sum = |log: &LogDigest| (log.last, log.sha256.clone().finalize());
        let other = file.iter().find(|(party, log)| copy.get(party).map(sum) != Some(sum(log)));
        match other {
            None if file.len() == copy.len() => Ok(()),
            None => Err(differs(&format!("lane {lane} has a log too many"))),
            Some((party, _)) => {
                Err(differs(&format!("the log of party {party} in lane {lane} has another digest")))
            }
        }
    }
}

/// Goes on with the digests of logs along their own runs, not along what entries say of them.
fn digest_logs(part: &Part, logs: &mut BTreeMap<i64, LogDigest>) -> Result<(), Error> {
    let corrupt = || Error::Corrupt { what: "logs" };
    for row in &part.runs {
        let [_, party, seq, lines, pos, steps] = &row[..] else { return Err(corrupt()) };
        let number =
            |cell: &Cell| cell.int().and_then(|number| u64::try_from(number).ok()).ok_or_else(corrupt);
        let party = party.int().ok_or_else(corrupt)?;
        let run = Run::kept(number(seq)?, number(pos)?, steps.bytes().ok_or_else(corrupt)?);
        let log = logs.entry(party).or_default();
        let mut count = 0;
        for (seq, pos) in run.lines() {
            let at = pos.checked_sub(part.after + 1).and_then(|at| usize::try_from(at).ok());
            let record = at.and_then(|at| part.entries.get(at)?.get(5)?.bytes());
            match record.filter(|_| seq == log.last + 1) {
                Some(record) => log.sha256.update(Sha256::digest(record)),
                None => {
                    let lane = part.lane;
                    return Err(differs(&format!(
                        "the log of party {party} in lane {lane} breaks at its line {seq}"
                    )));
                }
            }
            log.last = seq;
            count += 1;
        }
        if count != number(lines)? {
            return Err(corrupt());
        }
    }
    Ok(())
}

fn stored_of(row: &Row) -> Result<Stored, Error> {
    let corrupt = || Error::Corrupt { what: "entries" };
    let [_, pos, _, _, _, record, event] = &row[..] else { return Err(corrupt()) };
    let bytes = |cell: &Cell| cell.bytes().map(<[u8]>::to_vec).ok_or_else(corrupt);
    let pos = pos.int().and_then(|pos| u64::try_from(pos).ok()).ok_or_else(corrupt)?;
    Ok(Stored { pos, record: bytes(record)?.into(), event: bytes(event)?.into(), prev: 0 })
}

fn seal_of(row: &Row) -> Result<Seal, Error> {
    let corrupt = || Error::Corrupt { what: "seals" };
    let [_, size, committed_at, root, key_id, signature] = &row[..] else { return Err(corrupt()) };
    Ok(Seal {
        size: size.int().and_then(|size| u64::try_from(size).ok()).ok_or_else(corrupt)?,
        committed_at: Micros(committed_at.int().ok_or_else(corrupt)?),
        root: root.bytes().and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt)?,
        key_id: key_id.int().and_then(|id| u32::try_from(id).ok()).ok_or_else(corrupt)?,
        signature: signature.bytes().and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt)?,
    })
}

impl State {
    /// Proves all lines that are copied, from where they were proved.
    pub(super) async fn prove_lines(
        &mut self,
        marked: &mut Marked<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<(), Error> {
        let lanes: Vec<Lane> = heads(&marked.source()?.moment()?)?.iter().map(|head| head.lane).collect();
        let all = lanes.iter().map(|lane| self.copied(*lane)).sum();
        // CANCEL: only reads.
        let keys = self.signing_keys().await?;
        let mut done = 0;
        for lane in lanes {
            let database = self.database;
            let mut proved = self.proofs.remove(&lane).unwrap_or_else(|| LaneProof::new(database, lane));
            proved.proof.know(keys.clone());
            loop {
                let upto = self.copied(lane);
                let file = Part::read(&marked.source()?.moment()?, lane, proved.proof.pos(), upto)?;
                let Some(file) = file else { break };
                let copy = file.copied(&mut self.target).await?;
                proved.part(&file, &copy)?;
                self.rows += file.rows();
                progress("checking", done + proved.proof.pos(), all);
            }
            done += proved.proof.pos();
            self.proofs.insert(lane, proved);
        }
        Ok(())
    }

    /// Proves every table that is copied along its keys. Each page is of one moment, with what was noted until then.
    pub(super) async fn prove_tables(
        &mut self,
        marked: &mut Marked<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<(), Error> {
        for (number, table) in NOTED.iter().enumerate() {
            let mut after = table.start();
            loop {
                progress("comparing", number as u64, NOTED.len() as u64);
                let moment = marked.source()?.moment()?;
                // CANCEL: as a copier that is killed.
                self.follow_notes(&moment).await?;
                let page = moment.page(table, &after, &table.end())?;
                let upto = end_of(table, &page);
                self.must_be_like(table, &after, &upto, &page).await?;
                if page.len() < PAGE {
                    break;
                }
                after = upto;
            }
        }
        Ok(())
    }

    /// The public keys by their ids, as the copy has them.
    async fn signing_keys(&mut self) -> Result<BTreeMap<u32, [u8; 32]>, Error> {
        let mut keys = BTreeMap::new();
        for table in FEW.iter().filter(|table| table.name == "signing_key") {
            for row in self.target.range(table, &table.start(), &table.end()).await? {
                let id = row.first().and_then(Cell::int).and_then(|id| u32::try_from(id).ok());
                let public_key = row.get(1).and_then(Cell::bytes).and_then(|bytes| bytes.try_into().ok());
                let (Some(id), Some(public_key)) = (id, public_key) else {
                    return Err(Error::Corrupt { what: "signing keys" });
                };
                keys.insert(id, public_key);
            }
        }
        Ok(keys)
    }

    /// The end of the proofs: the heads are those that records and seals lead to, and there is nothing beyond them.
    pub(super) async fn end_proofs(&mut self, heads: &[Head]) -> Result<(), Error> {
        for head in heads {
            let lane = head.lane;
            let proved = self.proofs.remove(&lane).unwrap_or_else(|| LaneProof::new(self.database, lane));
            proved.same_logs(lane)?;
            // CANCEL: only reads.
            for table in [ENTRY, SEAL] {
                let beyond = self.target.range(table, &key(lane, head.pos), &key(lane, u64::MAX)).await?;
                first_difference(table, &[], &beyond)?;
            }
            let mut last = line(lane, i64::MIN, 0);
            for (party, log) in &proved.logs[0] {
                let beyond = self.target.range(LOG_RUN, &last, &line(lane, *party, 0)).await?;
                first_difference(LOG_RUN, &[], &beyond)?;
                last = line(lane, *party, log.last);
            }
            let beyond = self.target.range(LOG_RUN, &last, &line(lane, i64::MAX, u64::MAX)).await?;
            first_difference(LOG_RUN, &[], &beyond)?;
            match proved.proof.pos() == head.pos {
                true => proved.proof.end(head)?,
                false => return Err(differs(&format!("{} is the head", Position { lane, pos: head.pos }))),
            }
        }
        Ok(())
    }
}
