//! `trao restore`: a store made of a backup, or a database that was restored from its own, in a new epoch.

use std::path::Path;

use super::bar::Bar;
use super::{Error, now, place, random_ids, wait};
use crate::config::RestoreOptions;
use crate::doors::cli::note;
use crate::doors::wire::time;
use crate::dossier::names::Position;
use crate::store::{Head, Place, postgres, sqlite};

/// Makes a store of a backup, or says that a database was restored.
pub fn restore(options: &RestoreOptions) -> Result<(), Error> {
    let (_, epoch) = random_ids();
    match (place(&options.store)?, &options.backup) {
        (Place::Folder(data), Some(backup)) => restore_folder(backup, &data, &epoch),
        (Place::Database(database), None) => restored_database(&database, &epoch),
        (Place::Folder(_), None) => {
            Err(Error::Usage("name the BACKUP that --data is to be made of".to_owned()))
        }
        (Place::Database(_), Some(_)) => Err(Error::Usage(
            "a database is restored from its own backup by PostgreSQL's means; leave BACKUP out".to_owned(),
        )),
    }
}

fn restore_folder(backup: &Path, data: &Path, epoch: &[u8; 16]) -> Result<(), Error> {
    let mut bar = Bar::new();
    let mut progress = |what, done, all| bar.show(what, done, all);
    let restored = sqlite::restore(backup, data, epoch, now(), &mut progress);
    drop(bar);
    tell(&restored.map_err(Error::store("restore the backup"))?);
    note(&format!("next: trao serve --data {}", data.display()));
    Ok(())
}

fn restored_database(database: &postgres::Database, epoch: &[u8; 16]) -> Result<(), Error> {
    let restored = wait(postgres::restored(database, epoch))?;
    tell(&restored.map_err(Error::store("begin the restored database's epoch"))?);
    note("next: start the gateways");
    Ok(())
}

fn tell(heads: &[Head]) {
    for head in heads {
        let position = Position { lane: head.lane, pos: head.pos };
        note(&format!("restored up to position {position}, {}", time::to_rfc3339(head.sealed_at)));
    }
    note(
        "a new epoch has begun: readers are told EPOCH_CHANGED and where to go on, devices send again what was lost",
    );
}
