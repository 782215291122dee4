//! Where a store is kept, for whoever opens it without serving it.

use std::path::PathBuf;

use super::{Admin, Error, Reader, postgres, sqlite};
use crate::dossier::names::Micros;

/// Where a store is kept.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a database.
    Database(Box<postgres::Database>),
}

impl Place {
    /// Makes a store where there is none; whether one was made.
    pub async fn make_if_none(
        &self,
        database: [u8; 16],
        epoch: [u8; 16],
        now: Micros,
    ) -> Result<bool, Error> {
        match self {
            Place::Folder(folder) if sqlite::exists(folder) => Ok(false),
            Place::Folder(folder) => {
                sqlite::create(&sqlite::lock(folder)?, &database, &epoch, now)?;
                Ok(true)
            }
            Place::Database(named) => {
                // CANCEL: what was not committed is undone.
                postgres::make_if_none(named, postgres::Founding { database, epoch }, now).await
            }
        }
    }

    /// A reader of the store that is there.
    pub async fn reader(&self) -> Result<Reader, Error> {
        match self {
            Place::Folder(folder) => sqlite::Reader::open(folder).map(Reader::Sqlite),
            Place::Database(named) => {
                // CANCEL: only reads.
                postgres::check(named).await?;
                Ok(Reader::Postgres(postgres::Reader::new(named)))
            }
        }
    }

    /// An administrator of the store that is there.
    pub async fn admin(&self) -> Result<Admin, Error> {
        match self {
            Place::Folder(folder) => sqlite::Admin::open(folder).map(Admin::Sqlite),
            Place::Database(named) => {
                // CANCEL: only reads.
                postgres::check(named).await?;
                Ok(Admin::Postgres(postgres::Admin::new(named)))
            }
        }
    }
}
