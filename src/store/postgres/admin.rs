//! What an administrator changes beside the writers, from any machine while they write. Each call is one transaction.

use super::database::Database;
use super::link::Link;
use super::rows::{ask, lane, one};
use super::{directory, sql};
use crate::dossier::directory::Source;
use crate::dossier::names::{Lane, Micros, Position};
use crate::seal::frontier::Frontier;
use crate::store::numbers::{REPLAY, SYSTEM, at};
use crate::store::row::Row as _;
use crate::store::{ClockMode, Error, KeyRow, Note, OTHER_CLOCK, OTHER_SIGNING_KEY, codec};

/// Administers a PostgreSQL database.
#[derive(Debug)]
pub struct Admin {
    link: Link,
}

#[expect(missing_docs, reason = "said once, at store::Admin")]
impl Admin {
    /// An administrator of a database. It is connected to when something is changed.
    pub fn new(database: &Database) -> Admin {
        Admin { link: Link::new(database.clone()) }
    }

    pub async fn create_key(&mut self, key: &KeyRow, enrol: &[Source]) -> Result<(), Error> {
        self.begin("keep the key").await?;
        let done = self.write_key(key, enrol).await;
        self.end("keep the key", done).await
    }

    async fn write_key(&mut self, key: &KeyRow, enrol: &[Source]) -> Result<(), Error> {
        let mut new = Vec::new();
        for source in enrol {
            match directory::named(&mut self.link, &source.name).await? {
                None => new.push(Note::Source(source.clone())),
                Some((_, party)) if party == source.party => {}
                Some(_) => {
                    return Err(Error::Unfit(format!("{} is enrolled under another party", source.name)));
                }
            }
        }
        directory::keep(&mut self.link, &new, None).await?;
        let step = "keep the key";
        let party = key.party.as_ref().map(|party| party.as_str().as_bytes());
        let person = key.person.as_ref().map(|person| person.as_bytes());
        let sources = codec::encode(step, &key.sources)?;
        let (id, role, name) = (key.id.as_bytes(), key.role.as_bytes(), key.name.as_bytes());
        let (created_at, revoked_at) = (key.created_at.0, key.revoked_at.map(|at| at.0));
        let secret = &key.secret_sha256[..];
        let asked =
            ask!(sql::INSERT_API_KEY, id, secret, party, role, name, person, sources, created_at, revoked_at);
        self.link.run(step, asked).await.map(drop)
    }

    pub async fn revoke_key(&mut self, id: &str, at: Micros) -> Result<bool, Error> {
        let keys = self.link.run("revoke the key", ask!(sql::REVOKE_API_KEY, id.as_bytes(), at.0)).await?;
        Ok(keys > 0)
    }

    pub async fn set_clock(&mut self, mode: ClockMode) -> Result<(), Error> {
        let mode = match mode {
            ClockMode::System => SYSTEM,
            ClockMode::Replay => REPLAY,
        };
        match self.link.run("fix the clock", ask!(sql::SET_CLOCK, mode)).await? {
            1 => Ok(()),
            _ => Err(Error::Unfit(OTHER_CLOCK.into())),
        }
    }

    pub async fn add_signing_key(&mut self, key_id: u32, public_key: &[u8; 32]) -> Result<(), Error> {
        let step = "keep the signing key";
        let id = i64::from(key_id);
        self.link.run(step, ask!(sql::INSERT_SIGNING_KEY, id, &public_key[..])).await?;
        let kept = one(&mut self.link, step, ask!(sql::SIGNING_KEY, id), |row| row.array::<32>(0)).await?;
        match kept == Some(*public_key) {
            true => Ok(()),
            false => Err(Error::Unfit(OTHER_SIGNING_KEY.into())),
        }
    }

    pub async fn begin_epoch(&mut self, epoch: &[u8; 16]) -> Result<(), Error> {
        let step = "begin an epoch";
        self.begin(step).await?;
        let done = async {
            self.link.run(step, ask!(sql::END_EPOCH)).await?;
            self.link.run(step, ask!(sql::SET_EPOCH, &epoch[..])).await?;
            self.link.run(step, ask!(sql::SET_COPIED, 0_i64)).await.map(drop)
        };
        let done = done.await;
        self.end(step, done).await
    }

    pub async fn add_lane(&mut self) -> Result<Lane, Error> {
        let step = "add a lane";
        self.begin(step).await?;
        let done = async {
            let empty = Frontier::new().encode();
            let added = one(&mut self.link, step, ask!(sql::ADD_LANE, empty), |row| row.lane(0)).await?;
            self.link.run(step, ask!(sql::BUMP_DIRECTORY, None::<i64>)).await?;
            added.ok_or(Error::Corrupt { what: "lanes" })
        };
        let done = done.await;
        let (done, added) = done.map_or_else(|error| (Err(error), None), |lane| (Ok(()), Some(lane)));
        self.end(step, done).await?;
        added.ok_or(Error::Corrupt { what: "lanes" })
    }

    pub async fn erase_personal(&mut self, position: Position) -> Result<bool, Error> {
        let asked = ask!(sql::ERASE_PERSONAL, lane(position.lane), at(position.pos));
        Ok(self.link.run("erase a personal part", asked).await? > 0)
    }

    async fn begin(&mut self, step: &'static str) -> Result<(), Error> {
        self.link.run(step, ask!(sql::BEGIN)).await.map(drop)
    }

    /// Commits what was done, or undoes it.
    async fn end(&mut self, step: &'static str, done: Result<(), Error>) -> Result<(), Error> {
        match done {
            Ok(()) => self.link.run(step, ask!(sql::COMMIT)).await.map(drop),
            Err(error) => {
                self.link.let_go();
                Err(error)
            }
        }
    }
}
