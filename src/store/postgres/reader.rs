//! Readers of the database: single statements on a pool.

use super::database::Database;
use super::pool::Pool;
use super::rows::{Cells, all, ask, lane, numbers, one};
use super::{directory, read, sql};
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
use crate::store::{Error, Head, Identity, KeyRow, Listed, PersonalRow, Stored};

/// Entries of a page that are read at once: a page is bounded in bytes too, and most are far shorter than the longest.
const TOGETHER: usize = 256;

/// Reads a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct Reader {
    pool: Pool,
}

#[expect(missing_docs, reason = "said once, at store::Reader")]
impl Reader {
    /// A reader of a database. It is connected to when something is read.
    pub fn new(database: &Database) -> Reader {
        Reader { pool: Pool::new(database) }
    }

    pub async fn identity(&self) -> Result<Identity, Error> {
        // CANCEL: only reads.
        let found =
            one(&mut &self.pool, "read identity rows", ask!(sql::IDENTITY), |row| meaning::identity(row))
                .await?;
        found.ok_or(Error::Corrupt { what: "identity" })
    }

    pub async fn head(&self, lane: Lane) -> Result<Head, Error> {
        read::head(&mut &self.pool, lane, sql::HEAD_LANE).await
    }

    pub async fn directory(&self) -> Result<Directory, Error> {
        directory::load(&mut &self.pool).await
    }

    pub async fn time(&self) -> Result<Option<Micros>, Error> {
        // CANCEL: only reads.
        one(&mut &self.pool, "read the time", ask!(sql::DATABASE_TIME), |row| row.int(0).map(Micros)).await
    }

    pub async fn directory_version(&self) -> Result<i64, Error> {
        directory::version(&mut &self.pool).await.map(|(version, _)| version)
    }

    pub async fn log_after(
        &self,
        of: Lane,
        party: i64,
        seq: u64,
        lines: usize,
    ) -> Result<Vec<Listed>, Error> {
        let asked = ask!(sql::LOG_RUNS_FROM, lane(of), party, at(seq.saturating_add(1)), limit(lines));
        let run = |row: Cells<'_>| {
            let run = Run::kept(row.number(0)?, row.number(1)?, row.blob(2)?);
            Ok(run.lines().skip_while(|(number, _)| *number <= seq).collect::<Vec<(u64, u64)>>())
        };
        // CANCEL: only reads. Runs and entries never change, so that they need not be read at one moment.
        let runs = all(&mut &self.pool, "read logs", asked, run).await?;
        let listed: Vec<(u64, u64)> = runs.into_iter().flatten().take(lines).collect();
        let mut page = Page::default();
        for part in listed.chunks(TOGETHER) {
            let positions: Vec<u64> = part.iter().map(|(_, pos)| *pos).collect();
            let mut entries = read::entries(&mut &self.pool, of, &positions).await?;
            for (number, pos) in part {
                let stored = entries.remove(pos).ok_or(Error::Corrupt { what: "logs" })?;
                if !page.take(Listed { lane: of, seq: *number, stored }) {
                    return Ok(page.into_lines());
                }
            }
        }
        Ok(page.into_lines())
    }

    pub async fn log_head(&self, lane: Lane, party: i64) -> Result<u64, Error> {
        // CANCEL: only reads.
        let heads = read::log_heads(&mut &self.pool, lane, &[party]).await?;
        Ok(heads.get(&party).copied().unwrap_or_default())
    }

    pub async fn log_seq(&self, of: Lane, party: i64, pos: u64) -> Result<Option<u64>, Error> {
        let asked = ask!(sql::LOGS_OF_ENTRY, lane(of), at(pos));
        // CANCEL: only reads.
        let logs: Option<Vec<(i64, u64)>> =
            one(&mut &self.pool, "read logs", asked, |row| row.body(0)).await?;
        Ok(logs.unwrap_or_default().iter().find(|(listed, _)| *listed == party).map(|(_, seq)| *seq))
    }

    pub async fn entry(&self, position: Position) -> Result<Option<Stored>, Error> {
        read::entry(&mut &self.pool, position).await
    }

    pub async fn leg(&self, id: Position) -> Result<Option<Leg>, Error> {
        read::leg(&mut &self.pool, id).await
    }

    pub async fn document(&self, id: Position) -> Result<Option<Document>, Error> {
        read::document(&mut &self.pool, id).await
    }

    pub async fn dossier(&self, id: Position) -> Result<Option<Dossier>, Error> {
        read::dossier(&mut &self.pool, id).await
    }

    pub async fn legs(&self, of: Lane, ids: &[Position]) -> Result<Vec<Leg>, Error> {
        // CANCEL: only reads.
        Ok(read::legs(&mut &self.pool, of, ids).await?.into_values().collect())
    }

    pub async fn dossiers(&self, of: Lane, ids: &[Position]) -> Result<Vec<Dossier>, Error> {
        let ids = numbers(ids);
        let asked = ask!(sql::DOSSIERS, lane(of), &ids);
        // CANCEL: only reads.
        all(&mut &self.pool, "read dossiers", asked, |row| row.body(0)).await
    }

    pub async fn tags(&self, lane: Lane, key: &CodeKey) -> Result<Vec<Tag>, Error> {
        // CANCEL: only reads.
        let mut tags = read::tags(&mut &self.pool, lane, std::slice::from_ref(key)).await?;
        Ok(tags.remove(key).unwrap_or_default())
    }

    pub async fn chain(&self, leg: Position, last: u64) -> Result<Vec<Stored>, Error> {
        read::chain(&mut &self.pool, leg, last).await
    }

    pub async fn legs_of(
        &self,
        lane: Lane,
        party: i64,
        below: u64,
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        self.concerns(lane, party, LEG, below, limit).await
    }

    pub async fn documents_of(
        &self,
        lane: Lane,
        party: i64,
        below: u64,
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        self.concerns(lane, party, DOCUMENT, below, limit).await
    }

    pub async fn dossiers_of(
        &self,
        lane: Lane,
        party: i64,
        below: u64,
        limit: usize,
    ) -> Result<Vec<Position>, Error> {
        self.concerns(lane, party, DOSSIER, below, limit).await
    }

    async fn concerns(
        &self,
        of: Lane,
        party: i64,
        kind: i64,
        below: u64,
        rows: usize,
    ) -> Result<Vec<Position>, Error> {
        let asked = ask!(sql::CONCERNS_BELOW, lane(of), party, kind, at(below), limit(rows));
        let id = |row: Cells<'_>| Ok(Position { lane: of, pos: row.number(0)? });
        // CANCEL: only reads.
        all(&mut &self.pool, "read listings", asked, id).await
    }

    pub async fn personal(&self, position: Position) -> Result<Option<PersonalRow>, Error> {
        let asked = ask!(sql::PERSONAL, lane(position.lane), at(position.pos));
        // CANCEL: only reads.
        one(&mut &self.pool, "read personal parts", asked, |row| {
            Ok(PersonalRow { salt: row.array(0)?, key_id: row.int(1)?, body: row.bytes(2)?.into() })
        })
        .await
    }

    pub async fn seal_covering(&self, of: Lane, pos: u64) -> Result<Option<Seal>, Error> {
        // CANCEL: only reads.
        one(&mut &self.pool, "read seals", ask!(sql::SEAL_COVERING, lane(of), at(pos)), |row| {
            meaning::seal(row)
        })
        .await
    }

    pub async fn seal_at(&self, of: Lane, time: Micros) -> Result<Option<Seal>, Error> {
        // CANCEL: only reads.
        one(&mut &self.pool, "read seals", ask!(sql::SEAL_AT, lane(of), time.0), |row| meaning::seal(row))
            .await
    }

    pub async fn last_seal(&self, of: Lane) -> Result<Option<Seal>, Error> {
        // CANCEL: only reads.
        one(&mut &self.pool, "read seals", ask!(sql::LAST_SEAL, lane(of)), |row| meaning::seal(row)).await
    }

    pub async fn signing_key(&self, key_id: u32) -> Result<Option<[u8; 32]>, Error> {
        let asked = ask!(sql::SIGNING_KEY, i64::from(key_id));
        // CANCEL: only reads.
        one(&mut &self.pool, "read signing keys", asked, |row| row.array(0)).await
    }

    pub async fn ended_epoch(&self, of: Lane, epoch: [u8; 16]) -> Result<Option<u64>, Error> {
        let asked = ask!(sql::ENDED_EPOCH, lane(of), &epoch[..]);
        // CANCEL: only reads.
        one(&mut &self.pool, "read epochs", asked, |row| row.number(0)).await
    }

    pub async fn device(&self, lane: Lane, source: i64) -> Result<Heard, Error> {
        // CANCEL: only reads.
        let mut heard = read::devices(&mut &self.pool, lane, &[source]).await?;
        Ok(heard.remove(&source).unwrap_or_default())
    }

    pub async fn key(&self, id: &str) -> Result<Option<KeyRow>, Error> {
        // CANCEL: only reads.
        one(&mut &self.pool, "read keys", ask!(sql::API_KEY, id.as_bytes()), |row| meaning::key(row)).await
    }

    pub async fn keys(&self) -> Result<Vec<KeyRow>, Error> {
        // CANCEL: only reads.
        all(&mut &self.pool, "read keys", ask!(sql::ALL_API_KEYS), |row| meaning::key(row)).await
    }

    pub async fn follower(&self, of: Lane, name: &str) -> Result<u64, Error> {
        let asked = ask!(sql::FOLLOWER, lane(of), name.as_bytes());
        // CANCEL: only reads.
        let pos = one(&mut &self.pool, "read followers", asked, |row| row.number(0)).await?;
        Ok(pos.unwrap_or_default())
    }

    pub async fn tie_work(&self, of: Lane, after: u64, upto: u64, rows: usize) -> Result<Vec<u64>, Error> {
        let asked = ask!(sql::TIE_WORK, lane(of), at(after), at(upto), limit(rows));
        // CANCEL: only reads.
        all(&mut &self.pool, "read the tie's work", asked, |row| row.number(0)).await
    }

    pub async fn unplaced(&self, of: Lane, rows: usize) -> Result<Vec<u64>, Error> {
        let asked = ask!(sql::UNPLACED, lane(of), limit(rows));
        // CANCEL: only reads.
        all(&mut &self.pool, "read what waits", asked, |row| row.number(0)).await
    }

    pub async fn log_bytes(&self) -> Result<u64, Error> {
        Ok(0)
    }

    pub async fn waits_for(&self, of: Lane, pos: u64) -> Result<Vec<CodeKey>, Error> {
        let asked = ask!(sql::WAITS_FOR, lane(of), at(pos));
        let code = |row: Cells<'_>| row.text(0).map(|text| CodeKey(text.into()));
        // CANCEL: only reads.
        all(&mut &self.pool, "read what waits", asked, code).await
    }

    pub async fn waiting_on(&self, of: Lane, key: &CodeKey) -> Result<Vec<u64>, Error> {
        let asked = ask!(sql::WAITING_ON, lane(of), key.0.as_bytes());
        // CANCEL: only reads.
        all(&mut &self.pool, "read what waits", asked, |row| row.number(0)).await
    }

    pub async fn consumer(&self, lane: Lane, party: i64, id: &str) -> Result<Option<Consumer>, Error> {
        read::consumer(&mut &self.pool, lane, party, id).await
    }

    pub async fn consumers(
        &self,
        lane: Lane,
        party: i64,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Consumer>, Error> {
        read::consumers(&mut &self.pool, lane, party, after, limit).await
    }

    pub async fn pin(&self, lane: Lane, pos: u64) -> Result<Option<Position>, Error> {
        read::pin(&mut &self.pool, lane, pos).await
    }

    pub async fn tags_made_at(&self, of: Lane, pos: u64) -> Result<Vec<Tag>, Error> {
        let asked = ask!(sql::TAGS_MADE_AT, lane(of), at(pos));
        // CANCEL: only reads.
        all(&mut &self.pool, "read tags", asked, |row| meaning::tag(of, row)).await
    }
}
