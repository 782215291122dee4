//! What an administrator changes, also from another process while the file is served. Each call is one transaction that
//! waits its turn.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::folder::DATABASE;
use super::rows::{lane, one, place, run};
use super::{checkpoint, connection, directory, phase, schema, sql};
use crate::dossier::directory::Source;
use crate::dossier::names::{Lane, Micros, Position};
use crate::seal::frontier::Frontier;
use crate::store::copy::Touched;
use crate::store::numbers::{REPLAY, SYSTEM};
use crate::store::row::Row as _;
use crate::store::{ClockMode, Error, KeyRow, Note, OTHER_CLOCK, OTHER_SIGNING_KEY, codec};

/// Administers a SQLite file.
#[derive(Debug)]
pub struct Admin {
    connection: Connection,
}

#[expect(missing_docs, reason = "said once, at store::Admin")]
impl Admin {
    /// An administrator of the store in a folder.
    pub fn open(folder: &Path) -> Result<Admin, Error> {
        let connection = connection::writing(&folder.join(DATABASE))?;
        schema::check(&connection)?;
        Ok(Admin { connection })
    }

    pub fn create_key(&mut self, key: &KeyRow, enrol: &[Source]) -> Result<(), Error> {
        self.whole("keep the key", |whole| {
            let mut new = Vec::new();
            for source in enrol {
                match directory::named(whole, &source.name)? {
                    None => new.push(Note::Source(source.clone())),
                    Some((_, party)) if party == source.party => {}
                    Some(_) => {
                        return Err(Error::Unfit(format!("{} is enrolled under another party", source.name)));
                    }
                }
            }
            directory::keep(whole, &new)?;
            write_key(whole, key)
        })
    }

    pub fn revoke_key(&mut self, id: &str, at: Micros) -> Result<bool, Error> {
        let step = "revoke the key";
        self.whole(step, |whole| run(whole, step, sql::REVOKE_API_KEY, params![id.as_bytes(), at.0]))
            .map(|keys| keys > 0)
    }

    pub fn set_clock(&mut self, mode: ClockMode) -> Result<(), Error> {
        let mode = match mode {
            ClockMode::System => SYSTEM,
            ClockMode::Replay => REPLAY,
        };
        let step = "fix the clock";
        match self.whole(step, |whole| run(whole, step, sql::SET_CLOCK, [mode]))? {
            1 => Ok(()),
            _ => Err(Error::Unfit(OTHER_CLOCK.into())),
        }
    }

    pub fn add_signing_key(&mut self, key_id: u32, public_key: &[u8; 32]) -> Result<(), Error> {
        let step = "keep the signing key";
        // A gateway that starts again says what is known, and is let in even where nothing can be written just now.
        let known = one(&self.connection, step, sql::SIGNING_KEY, [key_id], |row| row.array::<32>(0))?;
        if known == Some(*public_key) {
            return Ok(());
        }
        self.whole(step, |whole| {
            match one(whole, step, sql::SIGNING_KEY, [key_id], |row| row.array::<32>(0))? {
                None => run(whole, step, sql::INSERT_SIGNING_KEY, params![key_id, public_key]).map(drop),
                Some(kept) if kept == *public_key => Ok(()),
                Some(_) => Err(Error::Unfit(OTHER_SIGNING_KEY.into())),
            }
        })
    }

    pub fn begin_epoch(&mut self, epoch: &[u8; 16]) -> Result<(), Error> {
        let step = "begin an epoch";
        self.whole(step, |whole| {
            run(whole, step, sql::END_EPOCH, [])?;
            run(whole, step, sql::SET_EPOCH, [epoch])?;
            run(whole, step, sql::SET_COPIED, [false]).map(drop)
        })
    }

    pub fn add_lane(&mut self) -> Result<Lane, Error> {
        let step = "add a lane";
        self.whole(step, |whole| {
            let empty = Frontier::new().encode();
            let added = one(whole, step, sql::ADD_LANE, [empty], |row| row.lane(0))?;
            run(whole, step, sql::BUMP_DIRECTORY, [])?;
            added.ok_or(Error::Corrupt { what: "lanes" })
        })
    }

    pub fn erase_personal(&mut self, position: Position) -> Result<bool, Error> {
        let step = "erase a personal part";
        let erased = self.whole(step, |whole| {
            let erased = run(whole, step, sql::ERASE_PERSONAL, [place(position)])?;
            if erased > 0 && phase::enter(whole)? {
                let left = one(whole, step, sql::BUMP_LANE, [lane(position.lane)], |row| row.number(0))?;
                let mut touched = Touched::default();
                touched.add_personal(position);
                phase::note(whole, position.lane, left.ok_or(Error::Corrupt { what: "lanes" })?, &touched)?;
            }
            Ok(erased)
        })?;
        // The log still holds the page as it was; also when an earlier call was cut short before this.
        checkpoint::empty(&self.connection)?;
        Ok(erased > 0)
    }

    /// Ends it, for whoever must know that it did.
    pub(super) fn close(self) -> Result<(), Error> {
        self.connection.close().map_err(|(_, e)| e).map_err(Error::failed("close the store"))
    }

    /// Runs a change whole or not at all.
    fn whole<T>(
        &mut self,
        step: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let whole = begun.map_err(Error::failed(step))?;
        phase::enter(&whole)?;
        let changed = change(&whole)?;
        whole.commit().map_err(Error::failed(step))?;
        Ok(changed)
    }
}

fn write_key(connection: &Connection, key: &KeyRow) -> Result<(), Error> {
    let step = "keep the key";
    let party = key.party.as_ref().map(|party| party.as_str().as_bytes());
    let person = key.person.as_ref().map(|person| person.as_bytes());
    let sources = codec::encode(step, &key.sources)?;
    let (id, role, name) = (key.id.as_bytes(), key.role.as_bytes(), key.name.as_bytes());
    let (created_at, revoked_at) = (key.created_at.0, key.revoked_at.map(|at| at.0));
    let row = params![id, key.secret_sha256, party, role, name, person, sources, created_at, revoked_at];
    run(connection, step, sql::INSERT_API_KEY, row).map(drop)
}
