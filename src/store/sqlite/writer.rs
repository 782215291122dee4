//! The one writer of the file: it takes the lane, is read through, and keeps a batch whole or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, ffi, params};

use super::checkpoint::Restart;
use super::pool::{Commits, Pool};
use super::rows::{Many, each, kept_place, lane, one, place, run};
use super::{directory, phase, read, sql};
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::{Changes, CodeKey, Dossier, Leg, Tag, TagTarget};
use crate::dossier::device::Heard;
use crate::dossier::directory::Directory;
use crate::dossier::document::Document;
use crate::dossier::names::{Lane, Position};
use crate::store::check::{Held, check};
use crate::store::codec::{self, Sheet};
use crate::store::copy::{Touched, placed};
use crate::store::log_run::{self, LIST, not_next};
use crate::store::numbers::{DOCUMENT, DOSSIER, LEG, at, kept};
use crate::store::row::Row as _;
use crate::store::{Commit, Committed, Concern, Entry, Error, EventKey, First, Head, Note, Stored};

/// Writes to a SQLite file, on one connection for ever.
#[derive(Debug)]
pub struct Writer {
    /// Where look-ups of this process read. It goes before the connection, for the last one to close removes the log, and
    /// a reader cannot.
    look_ups: Arc<Pool>,
    connection: Connection,
    held: Option<Held>,
    /// Somebody copies the store: what is changed is noted.
    noting: bool,
    restart: Restart,
    commits: Commits,
}

#[expect(missing_docs, reason = "said once, at store::Writer")]
impl Writer {
    pub(super) fn new(connection: Connection, commits: Commits, look_ups: Arc<Pool>) -> Writer {
        Writer { look_ups, connection, held: None, noting: false, restart: Restart::default(), commits }
    }

    pub fn begin(&mut self, lane: Lane) -> Result<Head, Error> {
        if self.held.is_some() {
            return Err(Error::Failed { step: "take the lane", source: "it is taken".into() });
        }
        // Should an earlier batch have failed to roll back, it does so now.
        self.undo();
        self.restart.between_batches(&self.connection, &self.look_ups);
        run(&self.connection, "take the lane", sql::BEGIN, [])?;
        let entered = phase::enter(&self.connection);
        match entered.and_then(|noting| Ok((noting, read::head(&self.connection, lane)?))) {
            Ok((noting, head)) => {
                self.noting = noting;
                self.held = Some(Held { lane, pos: head.pos, version: head.version });
                Ok(head)
            }
            Err(e) => {
                self.undo();
                if matches!(e, Error::Moved) {
                    self.look_ups.end_for_good();
                }
                Err(e)
            }
        }
    }

    pub fn directory(&mut self) -> Result<Directory, Error> {
        directory::load(&self.connection)
    }

    pub fn firsts(&mut self, lane: Lane, keys: &[EventKey]) -> Result<BTreeMap<EventKey, First>, Error> {
        let mut firsts = BTreeMap::new();
        let mut look = Many::of(&self.connection, "read entries", sql::FIRST_OF_KEY)?;
        for key in keys {
            if let Some(first) =
                look.one(params![super::rows::lane(lane), key.id.as_bytes(), key.source], first)?
            {
                firsts.insert(key.clone(), first);
            }
        }
        Ok(firsts)
    }

    pub fn first_at(&mut self, of: Lane, pos: u64) -> Result<Option<First>, Error> {
        one(&self.connection, "read entries", sql::FIRST_AT, [place(Position { lane: of, pos })], first)
    }

    pub fn tags(&mut self, lane: Lane, key: &CodeKey) -> Result<Vec<Tag>, Error> {
        read::tags(&self.connection, lane, key)
    }

    pub fn leg(&mut self, id: Position) -> Result<Option<Leg>, Error> {
        read::leg(&self.connection, id)
    }

    pub fn tags_of(&mut self, lane: Lane, keys: &[CodeKey]) -> Result<BTreeMap<CodeKey, Vec<Tag>>, Error> {
        let mut found = BTreeMap::new();
        for key in keys {
            let tags = read::tags(&self.connection, lane, key)?;
            if !tags.is_empty() {
                found.insert(key.clone(), tags);
            }
        }
        Ok(found)
    }

    pub fn legs(&mut self, ids: &[Position]) -> Result<BTreeMap<Position, Leg>, Error> {
        let mut found = BTreeMap::new();
        for id in ids {
            found.extend(read::leg(&self.connection, *id)?.map(|leg| (*id, leg)));
        }
        Ok(found)
    }

    pub fn devices(&mut self, of: Lane, sources: &[i64]) -> Result<BTreeMap<i64, Heard>, Error> {
        let mut found = BTreeMap::new();
        let mut look = Many::of(&self.connection, "read devices", sql::DEVICE)?;
        for source in sources {
            found.extend(look.one([lane(of), *source], |row| row.body(0))?.map(|heard| (*source, heard)));
        }
        Ok(found)
    }

    pub fn document(&mut self, id: Position) -> Result<Option<Document>, Error> {
        read::document(&self.connection, id)
    }

    pub fn dossier(&mut self, id: Position) -> Result<Option<Dossier>, Error> {
        read::dossier(&self.connection, id)
    }

    pub fn entry(&mut self, position: Position) -> Result<Option<Stored>, Error> {
        read::entry(&self.connection, position)
    }

    pub fn chain(&mut self, leg: Position, last: u64) -> Result<Vec<Stored>, Error> {
        read::chain(&self.connection, leg, last)
    }

    pub fn log_heads(&mut self, lane: Lane, parties: &[i64]) -> Result<BTreeMap<i64, u64>, Error> {
        let head = |party: &i64| Ok((*party, read::log_head(&self.connection, lane, *party)?));
        parties.iter().map(head).collect()
    }

    pub fn device(&mut self, lane: Lane, source: i64) -> Result<Heard, Error> {
        read::device(&self.connection, lane, source)
    }

    pub fn pin(&mut self, of: Lane, pos: u64) -> Result<Option<Position>, Error> {
        read::pin(&self.connection, of, pos)
    }

    pub fn consumer(&mut self, lane: Lane, party: i64, id: &str) -> Result<Option<Consumer>, Error> {
        read::consumer(&self.connection, lane, party, id)
    }

    pub fn consumers(
        &mut self,
        lane: Lane,
        party: i64,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Consumer>, Error> {
        read::consumers(&self.connection, lane, party, after, limit)
    }

    pub fn commit(&mut self, commit: &Commit) -> Result<Committed, Error> {
        let held = self.held.take();
        let written = check(commit, held).and_then(|()| self.note(commit));
        if let Err(e) = written.and_then(|()| write(&self.connection, commit)) {
            self.undo();
            return Err(e);
        }
        let done = self.connection.prepare_cached(sql::COMMIT).and_then(|mut commit| commit.execute([]));
        self.commits.tried();
        match done {
            Ok(_) => Ok(Committed::Done),
            Err(e) => self.failed_to_commit(e),
        }
    }

    /// Notes what a commit is about to change, where somebody copies the store.
    fn note(&self, commit: &Commit) -> Result<(), Error> {
        if !self.noting {
            return Ok(());
        }
        let mut touched = Touched::of(commit);
        for pos in placed(commit) {
            each(&self.connection, "read what waits", sql::WAITS_FOR, [lane(commit.lane), at(pos)], |row| {
                touched.add_waiting(commit.lane, row.blob(0)?, pos);
                Ok(true)
            })?;
        }
        phase::note(&self.connection, commit.lane, commit.head.version, &touched)
    }

    pub fn rollback(&mut self) -> Result<(), Error> {
        self.held = None;
        self.undo();
        Ok(())
    }

    /// SQLite undoes a COMMIT that failed on the disk, but what it had written may come to light when the file is next
    /// opened after a crash, if the failure came after the log's last frame. A frame that could not be written at all
    /// leaves no such doubt.
    fn failed_to_commit(&mut self, error: rusqlite::Error) -> Result<Committed, Error> {
        let open = !self.connection.is_autocommit();
        let incomplete = error.sqlite_error().is_some_and(|error| {
            error.code == ffi::ErrorCode::DiskFull || error.extended_code == ffi::SQLITE_IOERR_WRITE
        });
        let error = Error::failed("commit the batch")(error);
        if open || incomplete {
            self.undo();
            return Err(error);
        }
        Ok(Committed::Unknown(error))
    }

    /// Lets the file go. SQLite may have rolled back by itself, as it does on a full disk.
    fn undo(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(e) = run(&self.connection, "roll back", sql::ROLLBACK, [])
        {
            tracing::error!(error = &e as &dyn std::error::Error, "a batch could not be rolled back");
        }
    }
}

fn first(row: super::rows::Cells<'_>) -> Result<First, Error> {
    let personal = match row.is_null(3)? {
        true => None,
        false => Some((row.array(2)?, row.bytes(3)?.into())),
    };
    Ok(First { pos: row.number(0)?, record: row.bytes(1)?.into(), personal })
}

fn write(connection: &Connection, commit: &Commit) -> Result<(), Error> {
    write_entries(connection, commit)?;
    write_logs(connection, commit)?;
    write_changes(connection, commit.lane, &commit.changes)?;
    let step = "list what concerns a party";
    let mut insert = Many::of(connection, step, sql::INSERT_CONCERN)?;
    for (party, concern) in &commit.concerns {
        let (kind, id) = match concern {
            Concern::Leg(id) => (LEG, id),
            Concern::Dossier(id) => (DOSSIER, id),
            Concern::Document(id) => (DOCUMENT, id),
        };
        insert.run([lane(commit.lane), *party, kind, kept(step, id.pos)?])?;
    }
    for (source, heard) in &commit.devices {
        let step = "keep a device";
        let params = params![lane(commit.lane), source, codec::encode(step, heard)?];
        run(connection, step, sql::UPSERT_DEVICE, params)?;
    }
    write_notes(connection, commit)?;
    write_head(connection, commit)
}

fn write_entries(connection: &Connection, commit: &Commit) -> Result<(), Error> {
    let step = "keep an entry";
    let lane = lane(commit.lane);
    let (mut insert, mut sheet) = (Many::of(connection, step, sql::INSERT_ENTRY)?, Sheet::default());
    for entry in &commit.entries {
        let place = kept_place(step, Position { lane: commit.lane, pos: entry.pos })?;
        let logs = sheet.body(step, &entry.logs)?;
        let prev = kept(step, entry.prev)?;
        insert.run(params![place, entry.key.source, prev, logs, &entry.record[..], &entry.event[..]])?;
    }
    // In the order of the tree, so that neighbours are written together.
    let mut keys: Vec<(&EventKey, u64)> =
        commit.entries.iter().map(|entry| (&entry.key, entry.pos)).collect();
    keys.sort_unstable();
    let mut insert = Many::of(connection, "keep a key", sql::INSERT_EVENT_KEY)?;
    for (key, pos) in keys {
        insert.run(params![lane, key.id.as_bytes(), key.source, at(pos)])?;
    }
    commit.entries.iter().try_for_each(|entry| write_beside(connection, commit.lane, entry))
}

/// What few entries have.
fn write_beside(connection: &Connection, of: Lane, entry: &Entry) -> Result<(), Error> {
    let pos = at(entry.pos);
    if let Some(personal) = &entry.personal {
        let step = "keep a personal part";
        let place = kept_place(step, Position { lane: of, pos: entry.pos })?;
        let row = params![place, personal.key_id, personal.salt, &personal.body[..]];
        run(connection, step, sql::INSERT_PERSONAL, row)?;
    }
    for code in &entry.waits_for {
        run(connection, "keep what waits", sql::INSERT_WAITING, params![lane(of), code.0.as_bytes(), pos])?;
    }
    if let Some(placed) = entry.placed {
        run(connection, "keep what waits no longer", sql::DELETE_WAITING, [lane(of), at(placed)])?;
    }
    Ok(())
}

fn write_logs(connection: &Connection, commit: &Commit) -> Result<(), Error> {
    for (party, new) in log_run::runs(commit)? {
        let (seq, lines) = (kept(LIST, new.seq)?, kept(LIST, new.lines)?);
        let row = params![lane(commit.lane), party, seq, lines, at(new.pos), new.steps];
        if run(connection, LIST, sql::INSERT_LOG_RUN, row)? != 1 {
            return Err(not_next());
        }
    }
    Ok(())
}

fn write_changes(connection: &Connection, of: Lane, changes: &Changes) -> Result<(), Error> {
    let lane = lane(of);
    let step = "keep a leg";
    let (mut upsert, mut sheet) = (Many::of(connection, step, sql::UPSERT_LEG)?, Sheet::default());
    for leg in &changes.legs {
        upsert.run(params![kept_place(step, leg.id)?, sheet.body(step, leg)?])?;
    }
    for dossier in &changes.dossiers {
        let step = "keep a dossier";
        let row = params![kept_place(step, dossier.id)?, codec::encode(step, dossier)?];
        run(connection, step, sql::UPSERT_DOSSIER, row)?;
    }
    for document in &changes.documents {
        let step = "keep a document";
        let row = params![kept_place(step, document.id())?, codec::encode(step, document)?];
        run(connection, step, sql::UPSERT_DOCUMENT, row)?;
    }
    let step = "keep a tag";
    let mut insert = Many::of(connection, step, sql::INSERT_TAG)?;
    for tag in &changes.tags {
        let (kind, target) = match tag.target {
            TagTarget::Leg(id) => (LEG, id),
            TagTarget::Dossier(id) => (DOSSIER, id),
        };
        let (at, target) = (kept(step, tag.at.pos)?, kept(step, target.pos)?);
        let (by_lane, by_pos) = (super::rows::lane(tag.by.lane), kept(step, tag.by.pos)?);
        let row = params![lane, tag.key.0.as_bytes(), at, kind, target, by_lane, by_pos];
        insert.run(row)?;
    }
    Ok(())
}

fn write_notes(connection: &Connection, commit: &Commit) -> Result<(), Error> {
    let step = "keep a note";
    for note in &commit.notes {
        match note {
            Note::Pin { pos, target } => {
                let target_lane = lane(target.lane);
                let row = [lane(commit.lane), kept(step, *pos)?, target_lane, kept(step, target.pos)?];
                run(connection, step, sql::INSERT_PIN, row)?;
            }
            Note::Follower { name, pos } => {
                let row = params![lane(commit.lane), name.as_bytes(), kept(step, *pos)?];
                run(connection, step, sql::UPSERT_FOLLOWER, row)?;
            }
            Note::Consumer { party, consumer } => {
                let (id, body) = (consumer.id.as_bytes(), codec::encode(step, consumer)?);
                run(connection, step, sql::UPSERT_CONSUMER, params![lane(commit.lane), party, id, body])?;
            }
            Note::NoConsumer { party, id } => {
                let row = params![lane(commit.lane), party, id.as_bytes()];
                run(connection, step, sql::DELETE_CONSUMER, row)?;
            }
            Note::Placed { pos } => {
                run(connection, step, sql::DELETE_WAITING, [lane(commit.lane), kept(step, *pos)?])?;
            }
            _ => {}
        }
    }
    directory::keep(connection, &commit.notes)
}

fn write_head(connection: &Connection, commit: &Commit) -> Result<(), Error> {
    if let Some(seal) = &commit.seal {
        let step = "keep a seal";
        let (lane, size) = (lane(commit.lane), kept(step, seal.size)?);
        let row = params![lane, size, seal.committed_at.0, seal.root, seal.key_id, seal.signature];
        run(connection, step, sql::INSERT_SEAL, row)?;
    }
    let step = "keep the lane's head";
    let head = &commit.head;
    let (lane, pos, version) = (lane(commit.lane), kept(step, head.pos)?, kept(step, head.version)?);
    let row = params![lane, pos, version, head.sealed_at.0, head.frontier, head.told.0];
    match run(connection, step, sql::UPDATE_LANE, row)? {
        1 => Ok(()),
        _ => Err(Error::Failed { step, source: "somebody else wrote the lane".into() }),
    }
}
