//! What is copied, and what of the file it stands for.

use std::collections::{BTreeMap, BTreeSet};

use super::cell::{Cell, Row};
use super::parts::Part;
use super::proving::{LaneProof, first_difference};
use super::tables::{DIRECTORY, FEW, LANE, NOTED, PAGE, Table};
use super::{Marked, Progress};
use crate::dossier::names::{Lane, Micros};
use crate::store::postgres::Filling;
use crate::store::sqlite::Moment;
use crate::store::{Error, Head};

/// Commits whose notes are taken at once.
const NOTES: usize = 256;

/// A copy in the making.
#[derive(Debug)]
pub(super) struct State {
    pub(super) target: Filling,
    pub(super) database: [u8; 16],
    /// How far each lane's lines are copied.
    copied: BTreeMap<Lane, u64>,
    /// The version of each lane up to which what was noted is copied.
    followed: BTreeMap<Lane, i64>,
    /// The version of the directory that is copied.
    directory: Option<i64>,
    pub(super) proofs: BTreeMap<Lane, LaneProof>,
    /// Rows compared.
    pub(super) rows: u64,
}

impl State {
    pub(super) fn new(target: Filling, database: [u8; 16]) -> State {
        State {
            target,
            database,
            copied: BTreeMap::new(),
            followed: BTreeMap::new(),
            directory: None,
            proofs: BTreeMap::new(),
            rows: 0,
        }
    }

    /// How far a lane's lines are copied.
    pub(super) fn copied(&self, lane: Lane) -> u64 {
        self.copied.get(&lane).copied().unwrap_or_default()
    }

    /// Copies all lines that there are, of each lane from where it was.
    pub(super) async fn copy_lines(
        &mut self,
        marked: &mut Marked<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<(), Error> {
        // CANCEL: as a copier that is killed.
        let heads = heads(&marked.source()?.moment()?)?;
        self.find_lanes(&heads).await?;
        let all: u64 = heads.iter().map(|head| head.pos).sum();
        for head in &heads {
            loop {
                let after = self.copied(head.lane);
                let part = Part::read(&marked.source()?.moment()?, head.lane, after, head.pos)?;
                let Some(part) = part else { break };
                part.write(&mut self.target).await?;
                self.copied.insert(head.lane, part.upto);
                progress("copying", self.copied.values().sum(), all);
            }
        }
        Ok(())
    }

    /// Finds how far the lanes are that are not known yet.
    async fn find_lanes(&mut self, heads: &[Head]) -> Result<(), Error> {
        if heads.iter().all(|head| self.copied.contains_key(&head.lane)) {
            return Ok(());
        }
        for head in heads {
            self.target.add_lane(head.lane).await?;
        }
        for row in self.target.range(LANE, &LANE.start(), &LANE.end()).await? {
            let head = head_of(&row)?;
            self.copied.entry(head.lane).or_insert(head.pos);
        }
        Ok(())
    }

    /// Makes every other table like the file's, wherever it differs.
    pub(super) async fn copy_tables(
        &mut self,
        marked: &mut Marked<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<(), Error> {
        for (number, table) in NOTED.iter().enumerate() {
            let mut after = table.start();
            loop {
                progress("rows", number as u64, NOTED.len() as u64);
                let page = marked.source()?.moment()?.page(table, &after, &table.end())?;
                let upto = end_of(table, &page);
                self.make_like(table, &after, &upto, &page).await?;
                if page.len() < PAGE {
                    break;
                }
                after = upto;
            }
        }
        Ok(())
    }

    /// Makes a range of the copy like the file's.
    async fn make_like(
        &mut self,
        table: &Table,
        after: &[Cell],
        upto: &[Cell],
        wanted: &[Row],
    ) -> Result<(), Error> {
        // CANCEL: what was not committed is undone.
        let found = self.target.range(table, after, upto).await?;
        if found == wanted {
            return Ok(());
        }
        let keys: BTreeSet<&[Cell]> = wanted.iter().map(|row| table.key(row)).collect();
        let found = found.iter().map(|row| table.key(row)).filter(|key| !keys.contains(key));
        let gone: Vec<Row> = found.map(<[Cell]>::to_vec).collect();
        self.target.change(table, &gone, wanted).await
    }

    /// Copies what was written since: lines, and rows that were noted or are few.
    pub(super) async fn follow(&mut self, marked: &mut Marked<'_>) -> Result<(), Error> {
        // CANCEL: as a copier that is killed.
        self.copy_lines(marked, &mut |_, _, _| {}).await?;
        while self.follow_some(&marked.source()?.moment()?).await? {}
        self.copy_few(&marked.source()?.moment()?).await
    }

    /// Copies everything that was noted until a moment.
    pub(super) async fn follow_notes(&mut self, moment: &Moment<'_>) -> Result<(), Error> {
        while self.follow_some(moment).await? {}
        Ok(())
    }

    /// Copies some of what was noted, as it is at a moment; whether there may be more.
    async fn follow_some(&mut self, moment: &Moment<'_>) -> Result<bool, Error> {
        let mut more = false;
        let mut touched: BTreeSet<(u8, Row)> = BTreeSet::new();
        let mut followed = self.followed.clone();
        for head in heads(moment)? {
            let after = followed.get(&head.lane).copied().unwrap_or(-1);
            let notes = moment.touched(head.lane, after, NOTES)?;
            more |= notes.len() == NOTES;
            for (version, note) in notes {
                touched.extend(note.0);
                followed.insert(head.lane, version);
            }
        }
        for (number, table) in (0..).zip(NOTED) {
            let keys: Vec<Row> =
                touched.iter().filter(|(of, _)| *of == number).map(|(_, key)| key.clone()).collect();
            for keys in keys.chunks(PAGE) {
                self.copy_rows(moment, table, keys).await?;
            }
        }
        self.followed = followed;
        Ok(more)
    }

    /// Makes the rows of keys like the file's, and looks that they are.
    async fn copy_rows(&mut self, moment: &Moment<'_>, table: &Table, keys: &[Row]) -> Result<(), Error> {
        let mut wanted = Vec::new();
        let mut gone = Vec::new();
        for key in keys {
            match moment.row(table, key)? {
                Some(row) => wanted.push(row),
                None => gone.push(key.clone()),
            }
        }
        wanted.sort_unstable();
        // CANCEL: what was not committed is undone.
        self.target.change(table, &gone, &wanted).await?;
        let found = self.target.rows(table, keys).await?;
        self.rows += wanted.len() as u64;
        first_difference(table, &wanted, &found)
    }

    /// Makes the tables of few rows like the file's at a moment, and looks that they are.
    async fn copy_few(&mut self, moment: &Moment<'_>) -> Result<(), Error> {
        let version = moment.meta()?.directory_version;
        let directory = if self.directory == Some(version) { &[] } else { DIRECTORY };
        for table in directory.iter().chain(FEW) {
            self.copy_whole(moment, table).await?;
        }
        self.directory = Some(version);
        Ok(())
    }

    async fn copy_whole(&mut self, moment: &Moment<'_>, table: &Table) -> Result<(), Error> {
        let mut after = table.start();
        loop {
            let page = moment.page(table, &after, &table.end())?;
            let upto = end_of(table, &page);
            self.make_like(table, &after, &upto, &page).await?;
            self.must_be_like(table, &after, &upto, &page).await?;
            if page.len() < PAGE {
                return Ok(());
            }
            after = upto;
        }
    }

    /// Refuses a range of the copy that differs from the file's.
    pub(super) async fn must_be_like(
        &mut self,
        table: &Table,
        after: &[Cell],
        upto: &[Cell],
        wanted: &[Row],
    ) -> Result<(), Error> {
        // CANCEL: only reads.
        let found = self.target.range(table, after, upto).await?;
        self.rows += wanted.len() as u64;
        first_difference(table, wanted, &found)
    }

    /// Copies what is left when nobody writes: the rows of the lanes and of the store itself. The heads that were proved.
    pub(super) async fn finish(&mut self, marked: &mut Marked<'_>) -> Result<Vec<Head>, Error> {
        let moment = marked.source()?.moment()?;
        // CANCEL: as a copier that is killed.
        self.follow_notes(&moment).await?;
        self.copy_whole(&moment, LANE).await?;
        let meta = moment.meta()?;
        self.target.keep_meta(&meta).await?;
        if self.target.meta(self.database).await? != meta {
            return Err(Error::Unfit("the copy says something else of itself than the file (meta)".into()));
        }
        let heads = heads(&moment)?;
        self.end_proofs(&heads).await?;
        Ok(heads)
    }
}

/// Where a page of a table's rows ends: behind its last row if there are more, else with the table.
pub(super) fn end_of(table: &Table, page: &[Row]) -> Row {
    match page.last().filter(|_| page.len() == PAGE) {
        Some(last) => table.key(last).to_vec(),
        None => table.end(),
    }
}

/// The heads of the file's lanes.
pub(super) fn heads(moment: &Moment<'_>) -> Result<Vec<Head>, Error> {
    moment.page(LANE, &LANE.start(), &LANE.end())?.iter().map(head_of).collect()
}

fn head_of(row: &Row) -> Result<Head, Error> {
    let corrupt = || Error::Corrupt { what: "lanes" };
    let [lane, epoch, pos, version, sealed_at, frontier, told] = &row[..] else { return Err(corrupt()) };
    let number = |cell: &Cell| cell.int().ok_or_else(corrupt);
    let unsigned = |cell: &Cell| u64::try_from(number(cell)?).map_err(|_| corrupt());
    Ok(Head {
        lane: Lane(u16::try_from(number(lane)?).map_err(|_| corrupt())?),
        epoch: epoch.bytes().and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt)?,
        pos: unsigned(pos)?,
        version: unsigned(version)?,
        sealed_at: Micros(number(sealed_at)?),
        frontier: frontier.bytes().ok_or_else(corrupt)?.to_vec(),
        told: Micros(number(told)?),
        directory: 0,
    })
}
