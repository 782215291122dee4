//! A writer of a lane, on a connection of its own for as long as it lasts.
//!
//! As long as nobody else writes the lane, it is not held while a batch is made: what was read is true if the lane's version
//! is still the one that was read, and `keep_batch` writes only then. Where another gateway writes it too, its row is held
//! from the beginning of a batch to its commit, so that each has its turn; should a gateway stop in between, the database
//! ends its session after some seconds.

use std::collections::BTreeMap;

use super::batch::Columns;
use super::database::Database;
use super::link::Link;
use super::rows::{Cells, Trouble, all, ask, lane, one};
use super::{directory, read, sql};
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::{CodeKey, Dossier, Leg, Tag};
use crate::dossier::device::Heard;
use crate::dossier::directory::Directory;
use crate::dossier::document::Document;
use crate::dossier::names::{Lane, Position};
use crate::store::check::{Held, check};
use crate::store::log_run;
use crate::store::numbers::at;
use crate::store::row::Row as _;
use crate::store::{Commit, Committed, Error, EventKey, First, Head, Stored};

/// Writes to a PostgreSQL database.
#[derive(Debug)]
pub struct Writer {
    link: Link,
    held: Option<Held>,
    /// The lane's row is held in a transaction.
    locked: bool,
    /// The head this writer left.
    left: Option<Held>,
    /// Nobody else has written since.
    alone: bool,
}

#[expect(missing_docs, reason = "said once, at store::Writer")]
impl Writer {
    /// A writer. It is connected when it first takes a lane.
    pub fn new(database: &Database) -> Writer {
        Writer { link: Link::new(database.clone()), held: None, locked: false, left: None, alone: false }
    }

    pub async fn begin(&mut self, lane: Lane) -> Result<Head, Error> {
        if self.held.is_some() {
            return Err(Error::Failed { step: "take the lane", source: "it is taken".into() });
        }
        // CANCEL: whoever drops this drops the writer, and the database undoes what was begun.
        let (had, mut head) = (self.link.is_open(), self.take(lane).await);
        if head.is_err() {
            self.forget();
            // The connection may have been lost long ago, and nothing hung on it.
            if had {
                head = self.take(lane).await;
                if head.is_err() {
                    self.forget();
                }
            }
        }
        let head = head?;
        let held = Held { lane, pos: head.pos, version: head.version };
        self.alone = self.left == Some(held);
        self.held = Some(held);
        Ok(head)
    }

    async fn take(&mut self, lane: Lane) -> Result<Head, Error> {
        if self.alone {
            let head = read::head(&mut self.link, lane, sql::HEAD_LANE).await?;
            if self.left == Some(Held { lane, pos: head.pos, version: head.version }) {
                return Ok(head);
            }
        }
        self.lock(lane).await
    }

    async fn lock(&mut self, lane: Lane) -> Result<Head, Error> {
        self.link.run("take the lane", ask!(sql::BEGIN)).await?;
        self.locked = true;
        read::head(&mut self.link, lane, sql::TAKE_LANE).await
    }

    pub async fn directory(&mut self) -> Result<Directory, Error> {
        directory::load(&mut self.link).await
    }

    pub async fn firsts(&mut self, of: Lane, keys: &[EventKey]) -> Result<BTreeMap<EventKey, First>, Error> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<&[u8]> = keys.iter().map(|key| key.id.as_bytes()).collect();
        let sources: Vec<i64> = keys.iter().map(|key| key.source).collect();
        let asked = ask!(sql::FIRSTS_OF_KEYS, lane(of), &ids, &sources);
        let found = |row: Cells<'_>| Ok(((row.bytes(0)?, row.int(1)?), first(row, 2)?));
        // CANCEL: only reads.
        let found = all(&mut self.link, "read entries", asked, found).await?;
        let mut found: BTreeMap<(Vec<u8>, i64), First> = found.into_iter().collect();
        let mut firsts = BTreeMap::new();
        for key in keys {
            if let Some(first) = found.remove(&(key.id.as_bytes().to_vec(), key.source)) {
                firsts.insert(key.clone(), first);
            }
        }
        Ok(firsts)
    }

    pub async fn first_at(&mut self, of: Lane, pos: u64) -> Result<Option<First>, Error> {
        let asked = ask!(sql::FIRST_AT, lane(of), at(pos));
        // CANCEL: only reads.
        one(&mut self.link, "read entries", asked, |row| first(row, 0)).await
    }

    pub async fn tags(&mut self, lane: Lane, key: &CodeKey) -> Result<Vec<Tag>, Error> {
        let mut tags = read::tags(&mut self.link, lane, std::slice::from_ref(key)).await?;
        Ok(tags.remove(key).unwrap_or_default())
    }

    pub async fn tags_of(
        &mut self,
        lane: Lane,
        keys: &[CodeKey],
    ) -> Result<BTreeMap<CodeKey, Vec<Tag>>, Error> {
        read::tags(&mut self.link, lane, keys).await
    }

    pub async fn leg(&mut self, id: Position) -> Result<Option<Leg>, Error> {
        read::leg(&mut self.link, id).await
    }

    pub async fn legs(&mut self, ids: &[Position]) -> Result<BTreeMap<Position, Leg>, Error> {
        let mut by_lane: BTreeMap<Lane, Vec<Position>> = BTreeMap::new();
        for id in ids {
            by_lane.entry(id.lane).or_default().push(*id);
        }
        let mut legs = BTreeMap::new();
        for (lane, ids) in by_lane {
            legs.append(&mut read::legs(&mut self.link, lane, &ids).await?);
        }
        Ok(legs)
    }

    pub async fn document(&mut self, id: Position) -> Result<Option<Document>, Error> {
        read::document(&mut self.link, id).await
    }

    pub async fn dossier(&mut self, id: Position) -> Result<Option<Dossier>, Error> {
        read::dossier(&mut self.link, id).await
    }

    pub async fn entry(&mut self, position: Position) -> Result<Option<Stored>, Error> {
        read::entry(&mut self.link, position).await
    }

    pub async fn chain(&mut self, leg: Position, last: u64) -> Result<Vec<Stored>, Error> {
        read::chain(&mut self.link, leg, last).await
    }

    pub async fn log_heads(&mut self, lane: Lane, parties: &[i64]) -> Result<BTreeMap<i64, u64>, Error> {
        read::log_heads(&mut self.link, lane, parties).await
    }

    pub async fn device(&mut self, lane: Lane, source: i64) -> Result<Heard, Error> {
        let mut heard = read::devices(&mut self.link, lane, &[source]).await?;
        Ok(heard.remove(&source).unwrap_or_default())
    }

    pub async fn devices(&mut self, lane: Lane, sources: &[i64]) -> Result<BTreeMap<i64, Heard>, Error> {
        read::devices(&mut self.link, lane, sources).await
    }

    pub async fn consumer(&mut self, lane: Lane, party: i64, id: &str) -> Result<Option<Consumer>, Error> {
        read::consumer(&mut self.link, lane, party, id).await
    }

    pub async fn consumers(
        &mut self,
        lane: Lane,
        party: i64,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Consumer>, Error> {
        read::consumers(&mut self.link, lane, party, after, limit).await
    }

    pub async fn pin(&mut self, lane: Lane, pos: u64) -> Result<Option<Position>, Error> {
        read::pin(&mut self.link, lane, pos).await
    }

    pub async fn commit(&mut self, commit: &Commit) -> Result<Committed, Error> {
        let held = self.held.take();
        if let Err(error) = check(commit, held) {
            self.undo().await;
            return Err(error);
        }
        // CANCEL: whoever drops this drops the writer; the keys tell whether the batch was kept.
        let done = match self.write(commit).await {
            Ok(None) => self.finish().await,
            Ok(Some(ended)) => Ok(ended),
            Err(error) => Err(error),
        };
        self.settle(commit, &done).await;
        done
    }

    /// Writes and commits, with something that happens just before the COMMIT of a lane that is held.
    #[cfg(test)]
    pub(super) async fn commit_but(
        &mut self,
        commit: &Commit,
        happens: impl FnOnce(),
    ) -> Result<Committed, Error> {
        self.held = None;
        assert!(matches!(self.write(commit).await, Ok(None)) && self.locked);
        happens();
        let done = self.finish().await;
        self.settle(commit, &done).await;
        done
    }

    async fn settle(&mut self, commit: &Commit, done: &Result<Committed, Error>) {
        match done {
            Ok(Committed::Done) => {
                let head = &commit.head;
                self.left = Some(Held { lane: commit.lane, pos: head.pos, version: head.version });
            }
            Ok(Committed::Overtaken) => {
                self.alone = false;
                self.undo().await;
            }
            Ok(Committed::Unknown(_)) | Err(_) => self.forget(),
        }
    }

    /// Writes the batch. `None` when all of it is written, and committed too unless the lane is held.
    async fn write(&mut self, commit: &Commit) -> Result<Option<Committed>, Error> {
        let columns = Columns::of(commit)?;
        let enters = commit.notes.iter().any(directory::is_of_it);
        // What is entered in the directory takes statements of its own.
        if enters && !self.locked {
            self.link.run("begin to keep", ask!(sql::BEGIN)).await?;
            self.locked = true;
        }
        let kept = match self.link.fetch(columns.asked(commit)?).await {
            Ok(kept) => kept,
            Err(trouble) => return self.failed(trouble),
        };
        let told = kept.first().map(|row| Cells::of(row, "keep the batch"));
        let told = told.ok_or(Error::Corrupt { what: "answer" })?;
        // Where somebody else wrote the lane, its logs go on somewhere else too.
        if told.int(1)? > 0 && told.flag(2)? {
            return Err(log_run::not_next());
        }
        if told.int(0)? == 0 {
            return Ok(Some(Committed::Overtaken));
        }
        match directory::keep(&mut self.link, &commit.notes, Some(commit.head.directory)).await? {
            true => Ok(None),
            false => Ok(Some(Committed::Overtaken)),
        }
    }

    /// Commits what was written while the lane was held.
    async fn finish(&mut self) -> Result<Committed, Error> {
        if self.locked
            && let Err(trouble) = self.link.go_on(ask!(sql::COMMIT)).await
        {
            return match trouble {
                Trouble::Refused(_) => Err(trouble.during("commit the batch")),
                Trouble::Lost(_) => Ok(Committed::Unknown(trouble.during("commit the batch"))),
            };
        }
        self.locked = false;
        Ok(Committed::Done)
    }

    /// What a batch that was not kept for certain means: outside a transaction the statement is its own commit.
    fn failed(&self, trouble: Trouble) -> Result<Option<Committed>, Error> {
        match (&trouble, self.locked) {
            (Trouble::Lost(_), false) => Ok(Some(Committed::Unknown(trouble.during("commit the batch")))),
            _ => {
                let step = step_of(trouble.table());
                Err(trouble.during(step))
            }
        }
    }

    pub async fn rollback(&mut self) -> Result<(), Error> {
        self.held = None;
        // CANCEL: whoever drops this drops the writer, and the database undoes what was begun.
        self.undo().await;
        Ok(())
    }

    /// Lets the lane go. The next batch waits for its turn, unless nobody else was seen.
    async fn undo(&mut self) {
        if self.locked && self.link.go_on(ask!(sql::ROLLBACK)).await.is_err() {
            self.forget();
        }
        self.locked = false;
    }

    /// After a failure nothing is taken as known, and what was begun ends with its connection.
    fn forget(&mut self) {
        self.link.let_go();
        (self.locked, self.alone, self.left) = (false, false, None);
    }
}

fn first(row: Cells<'_>, from: usize) -> Result<First, Error> {
    let personal = match row.is_null(from + 3)? {
        true => None,
        false => Some((row.array(from + 2)?, row.bytes(from + 3)?.into())),
    };
    Ok(First { pos: row.number(from)?, record: row.bytes(from + 1)?.into(), personal })
}

/// What was being kept when a table's rule was broken.
fn step_of(table: Option<&str>) -> &'static str {
    match table {
        Some("entry") => "keep an entry",
        Some("event_key") => "keep a key",
        Some("log_run") => "list a line",
        Some("seal") => "keep a seal",
        Some("personal") => "keep a personal part",
        _ => "keep the batch",
    }
}
