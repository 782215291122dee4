//! Readers of the file: a few connections, used inline by whoever reads. A read takes microseconds, less than handing
//! it to another thread would.

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use rusqlite::{Connection, params};

use super::folder::{DATABASE, LOG, Lock};
use super::pool::{Commits, Pool, Snapshot};
use super::rows::{Cells, all, each, lane, one, place};
use super::{connection, directory, read, schema, sql};
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::{CodeKey, Dossier, Leg, Tag};
use crate::dossier::device::Heard;
use crate::dossier::directory::Directory;
use crate::dossier::document::Document;
use crate::dossier::names::{Lane, Micros, Position};
use crate::seal::head::Seal;
use crate::store::log_run::Run;
use crate::store::meaning;
use crate::store::numbers::{DOCUMENT, DOSSIER, LEG, at, limit};
use crate::store::page::Page;
use crate::store::row::Row as _;
use crate::store::{Error, Head, Identity, KeyRow, Listed, PersonalRow, Phase, Stored};

/// Reads a SQLite file.
#[derive(Clone, Debug)]
pub struct Reader {
    pool: Arc<Pool>,
    snapshot: Option<Arc<Snapshot>>,
}

#[expect(missing_docs, reason = "said once, at store::Reader")]
impl Reader {
    /// A reader of the store in a folder, also from another process than the one that serves it.
    pub fn open(folder: &Path) -> Result<Reader, Error> {
        Self::new(folder, None)
    }

    /// A reader beside the one writer, whose commits are counted.
    pub(super) fn beside(lock: &Lock) -> Result<Reader, Error> {
        Self::new(lock.folder(), Some(lock.commits()))
    }

    fn new(folder: &Path, commits: Option<Commits>) -> Result<Reader, Error> {
        let file = folder.join(DATABASE);
        let first = connection::reading(&file)?;
        schema::check(&first)?;
        Ok(Reader { pool: Arc::new(Pool::new(file, first, commits)), snapshot: None })
    }

    /// A reader of the file as it is now, whatever is committed meanwhile. Several reads then cost little more than one:
    /// the file is locked and looked at once. To be dropped soon, for the log grows as long as it is read.
    pub fn snapshot(&self) -> Result<Reader, Error> {
        Ok(Reader { pool: Arc::clone(&self.pool), snapshot: Some(Arc::new(self.pool.snapshot()?)) })
    }

    /// Where it reads.
    pub(super) fn look_ups(&self) -> Arc<Pool> {
        Arc::clone(&self.pool)
    }

    /// Ends what reading has left open.
    pub(super) fn end_old(&self) {
        self.pool.end_old();
    }

    fn on<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        if self.pool.is_moved() {
            return Err(Error::Moved);
        }
        match &self.snapshot {
            Some(snapshot) => snapshot.on(read),
            None => self.pool.on(read),
        }
    }

    pub fn identity(&self) -> Result<Identity, Error> {
        let identity = self.pool.on(identity)?;
        // What is written from then on is not in this file: nobody is told what it was like as if it still were.
        if identity.phase == Phase::Moved {
            self.pool.end_for_good();
        }
        Ok(identity)
    }

    pub fn head(&self, lane: Lane) -> Result<Head, Error> {
        self.on(|connection| read::head(connection, lane))
    }

    pub fn directory(&self) -> Result<Directory, Error> {
        self.on(|connection| {
            // Several statements, one version: they see the file as it was at the first.
            let whole = connection.unchecked_transaction().map_err(Error::failed("read directory rows"))?;
            directory::load(&whole)
        })
    }

    pub fn time(&self) -> Result<Option<Micros>, Error> {
        Ok(None)
    }

    pub fn directory_version(&self) -> Result<i64, Error> {
        let step = "read directory rows";
        let version =
            self.on(|connection| one(connection, step, sql::DIRECTORY_VERSION, [], |row| row.int(0)))?;
        version.ok_or(Error::Corrupt { what: "directory rows" })
    }

    pub fn log_after(&self, of: Lane, party: i64, seq: u64, lines: usize) -> Result<Vec<Listed>, Error> {
        self.on(|connection| {
            let mut page = Page::default();
            let mut wanted = lines;
            let params = [lane(of), party, at(seq.saturating_add(1))];
            each(connection, "read logs", sql::LOG_RUNS_FROM, params, |row| {
                let run = Run::kept(row.number(0)?, row.number(1)?, row.blob(2)?);
                for (number, pos) in run.lines().skip_while(|(number, _)| *number <= seq) {
                    let stored = read::entry(connection, Position { lane: of, pos })?;
                    let stored = stored.ok_or(Error::Corrupt { what: "logs" })?;
                    if wanted == 0 || !page.take(Listed { lane: of, seq: number, stored }) {
                        return Ok(false);
                    }
                    wanted -= 1;
                }
                Ok(wanted > 0)
            })?;
            Ok(page.into_lines())
        })
    }

    pub fn log_head(&self, lane: Lane, party: i64) -> Result<u64, Error> {
        self.on(|connection| read::log_head(connection, lane, party))
    }

    pub fn log_seq(&self, of: Lane, party: i64, pos: u64) -> Result<Option<u64>, Error> {
        let params = [place(Position { lane: of, pos })];
        let logs: Option<Vec<(i64, u64)>> = self
            .on(|connection| one(connection, "read logs", sql::LOGS_OF_ENTRY, params, |row| row.body(0)))?;
        Ok(logs.unwrap_or_default().iter().find(|(listed, _)| *listed == party).map(|(_, seq)| *seq))
    }

    pub fn entry(&self, position: Position) -> Result<Option<Stored>, Error> {
        self.on(|connection| read::entry(connection, position))
    }

    pub fn leg(&self, id: Position) -> Result<Option<Leg>, Error> {
        self.on(|connection| read::leg(connection, id))
    }

    pub fn document(&self, id: Position) -> Result<Option<Document>, Error> {
        self.on(|connection| read::document(connection, id))
    }

    pub fn dossier(&self, id: Position) -> Result<Option<Dossier>, Error> {
        self.on(|connection| read::dossier(connection, id))
    }

    pub fn legs(&self, _: Lane, ids: &[Position]) -> Result<Vec<Leg>, Error> {
        self.on(|connection| ids.iter().filter_map(|id| read::leg(connection, *id).transpose()).collect())
    }

    pub fn dossiers(&self, _: Lane, ids: &[Position]) -> Result<Vec<Dossier>, Error> {
        self.on(|connection| ids.iter().filter_map(|id| read::dossier(connection, *id).transpose()).collect())
    }

    pub fn tags(&self, lane: Lane, key: &CodeKey) -> Result<Vec<Tag>, Error> {
        self.on(|connection| read::tags(connection, lane, key))
    }

    pub fn chain(&self, leg: Position, last: u64) -> Result<Vec<Stored>, Error> {
        self.on(|connection| read::chain(connection, leg, last))
    }

    pub fn legs_of(&self, lane: Lane, party: i64, below: u64, limit: usize) -> Result<Vec<Position>, Error> {
        self.concerns(lane, party, LEG, below, limit)
    }

    pub fn documents_of(
        &self,
        lane: Lane,
        party: i64,
        below: u64,
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        self.concerns(lane, party, DOCUMENT, below, limit)
    }

    pub fn dossiers_of(
        &self,
        lane: Lane,
        party: i64,
        below: u64,
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        self.concerns(lane, party, DOSSIER, below, limit)
    }

    fn concerns(
        &self,
        of: Lane,
        party: i64,
        kind: i64,
        below: u64,
        rows: usize,
    ) -> Result<Vec<Position>, Error> {
        let params = [lane(of), party, kind, at(below), limit(rows)];
        let id = |row: Cells<'_>| Ok(Position { lane: of, pos: row.number(0)? });
        self.on(|connection| all(connection, "read listings", sql::CONCERNS_BELOW, params, id))
    }

    /// As it is by now, whatever the snapshot: what an administrator has erased is gone at once.
    pub fn personal(&self, position: Position) -> Result<Option<PersonalRow>, Error> {
        self.pool.on(|connection| {
            one(connection, "read personal parts", sql::PERSONAL, [place(position)], |row| {
                Ok(PersonalRow { salt: row.array(0)?, key_id: row.int(1)?, body: row.bytes(2)?.into() })
            })
        })
    }

    pub fn seal_covering(&self, of: Lane, pos: u64) -> Result<Option<Seal>, Error> {
        self.on(|connection| {
            one(connection, "read seals", sql::SEAL_COVERING, [lane(of), at(pos)], |row| meaning::seal(row))
        })
    }

    pub fn seal_at(&self, of: Lane, time: Micros) -> Result<Option<Seal>, Error> {
        self.on(|connection| {
            one(connection, "read seals", sql::SEAL_AT, [lane(of), time.0], |row| meaning::seal(row))
        })
    }

    pub fn last_seal(&self, of: Lane) -> Result<Option<Seal>, Error> {
        self.on(|connection| {
            one(connection, "read seals", sql::LAST_SEAL, [lane(of)], |row| meaning::seal(row))
        })
    }

    pub fn signing_key(&self, key_id: u32) -> Result<Option<[u8; 32]>, Error> {
        self.on(|connection| {
            one(connection, "read signing keys", sql::SIGNING_KEY, [key_id], |row| row.array(0))
        })
    }

    pub fn ended_epoch(&self, of: Lane, epoch: [u8; 16]) -> Result<Option<u64>, Error> {
        let params = params![lane(of), epoch];
        self.on(|connection| one(connection, "read epochs", sql::ENDED_EPOCH, params, |row| row.number(0)))
    }

    pub fn device(&self, lane: Lane, source: i64) -> Result<Heard, Error> {
        self.on(|connection| read::device(connection, lane, source))
    }

    pub fn key(&self, id: &str) -> Result<Option<KeyRow>, Error> {
        self.on(|connection| {
            one(connection, "read keys", sql::API_KEY, [id.as_bytes()], |row| meaning::key(row))
        })
    }

    pub fn keys(&self) -> Result<Vec<KeyRow>, Error> {
        self.on(|connection| all(connection, "read keys", sql::ALL_API_KEYS, [], |row| meaning::key(row)))
    }

    pub fn consumer(&self, lane: Lane, party: i64, id: &str) -> Result<Option<Consumer>, Error> {
        self.on(|connection| read::consumer(connection, lane, party, id))
    }

    pub fn consumers(
        &self,
        lane: Lane,
        party: i64,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Consumer>, Error> {
        self.on(|connection| read::consumers(connection, lane, party, after, limit))
    }

    pub fn follower(&self, of: Lane, name: &str) -> Result<u64, Error> {
        let params = params![lane(of), name.as_bytes()];
        let pos = self
            .on(|connection| one(connection, "read followers", sql::FOLLOWER, params, |row| row.number(0)))?;
        Ok(pos.unwrap_or_default())
    }

    pub fn tie_work(&self, of: Lane, after: u64, upto: u64, rows: usize) -> Result<Vec<u64>, Error> {
        let params = [lane(of), at(after), at(upto), limit(rows)];
        self.on(|connection| {
            all(connection, "read the tie's work", sql::TIE_WORK, params, |row| row.number(0))
        })
    }

    pub fn unplaced(&self, of: Lane, rows: usize) -> Result<Vec<u64>, Error> {
        let params = [lane(of), limit(rows)];
        self.on(|connection| all(connection, "read what waits", sql::UNPLACED, params, |row| row.number(0)))
    }

    pub fn log_bytes(&self) -> Result<u64, Error> {
        match fs::metadata(self.pool.file().with_file_name(LOG)) {
            Ok(log) => Ok(log.len()),
            // The last connection that closes removes it.
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(e) => Err(Error::failed("look at the log")(e)),
        }
    }

    pub fn waits_for(&self, of: Lane, pos: u64) -> Result<Vec<CodeKey>, Error> {
        let code = |row: Cells<'_>| row.text(0).map(|text| CodeKey(text.into()));
        let params = [lane(of), at(pos)];
        self.on(|connection| all(connection, "read what waits", sql::WAITS_FOR, params, code))
    }

    pub fn waiting_on(&self, of: Lane, key: &CodeKey) -> Result<Vec<u64>, Error> {
        let params = params![lane(of), key.0.as_bytes()];
        self.on(|connection| all(connection, "read what waits", sql::WAITING_ON, params, |row| row.number(0)))
    }

    pub fn pin(&self, of: Lane, pos: u64) -> Result<Option<Position>, Error> {
        self.on(|connection| read::pin(connection, of, pos))
    }

    pub fn tags_made_at(&self, of: Lane, pos: u64) -> Result<Vec<Tag>, Error> {
        let params = [lane(of), at(pos)];
        self.on(|connection| {
            all(connection, "read tags", sql::TAGS_MADE_AT, params, |row| meaning::tag(of, row))
        })
    }
}

pub(super) fn identity(connection: &Connection) -> Result<Identity, Error> {
    let found = one(connection, "read identity rows", sql::IDENTITY, [], |row| meaning::identity(row))?;
    found.ok_or(Error::Corrupt { what: "identity" })
}
