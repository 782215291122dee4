//! A copy of a store, made while it is served: the store as it was at one moment, and the key that signs for it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::folder::{self, DATABASE, SEAL_KEY};
use super::rows::{one, run};
use super::{connection, phase, schema, sql};
use crate::store::{Error, Phase};

/// Pages copied between two reports of progress: 4 MiB.
const PAGES: std::ffi::c_int = 1_024;

/// Copies the store and the seal key of a folder into a new one, marked so that its first serve begins a new epoch.
/// `progress` is told pages done and pages in all. Whatever fails, nothing is left of the copy.
///
/// The copy is of the moment it begins. Until it ends, the served store's log cannot begin anew and grows.
pub fn backup(folder: &Path, target: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Error> {
    must_be_empty(target, "the target of the copy")?;
    let source = connection::reading(&folder.join(DATABASE))?;
    schema::check(&source)?;
    if phase::now(&source)?.0 == Phase::Moved {
        return Err(Error::Moved);
    }
    let unfinished = Unfinished::make(target)?;
    copy_database(&source, &unfinished.0.join(DATABASE), progress)?;
    let step = "copy the seal key";
    copy_file(&folder.join(SEAL_KEY), &unfinished.0.join(SEAL_KEY)).map_err(Error::failed(step))?;
    unfinished.finish(target).map_err(Error::failed("finish the copy"))
}

/// Refuses a folder with something in it.
pub(super) fn must_be_empty(folder: &Path, what: &str) -> Result<(), Error> {
    match fs::read_dir(folder).is_ok_and(|mut within| within.next().is_some()) {
        true => Err(Error::Unfit(format!("{what} is not empty"))),
        false => Ok(()),
    }
}

fn copy_database(source: &Connection, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Error> {
    let step = "copy the store";
    folder::make_file(to).map_err(Error::failed(step))?;
    let mut copy =
        Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(Error::failed(step))?;
    // While this transaction lasts, the backup sees one moment and is not begun again by each batch.
    let moment = source.unchecked_transaction().map_err(Error::failed(step))?;
    one(&moment, step, sql::IDENTITY, [], |_| Ok(()))?;
    {
        let backup = Backup::new(&moment, &mut copy).map_err(Error::failed(step))?;
        loop {
            let stepped = backup.step(PAGES).map_err(Error::failed(step))?;
            let pages = backup.progress();
            let all = u64::try_from(pages.pagecount).unwrap_or_default();
            progress(all.saturating_sub(u64::try_from(pages.remaining).unwrap_or_default()), all);
            match stepped {
                StepResult::Done => break,
                StepResult::More => {}
                _ => return Err(Error::Failed { step, source: "it is in use".into() }),
            }
        }
    }
    drop(moment);
    run(&copy, step, sql::SET_COPIED, [true])?;
    // Closing the last connection empties the copy's log into it.
    copy.close().map_err(|(_, e)| e).map_err(Error::failed(step))?;
    File::open(to).and_then(|file| file.sync_all()).map_err(Error::failed(step))
}

pub(super) fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut copy = folder::make_file(to)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync_all()
}

/// The folder in which a copy is made. It gets its name when it is whole and is removed when it is not.
pub(super) struct Unfinished(PathBuf);

impl Unfinished {
    pub(super) fn make(target: &Path) -> Result<Unfinished, Error> {
        let step = "make the folder of the copy";
        let name = target.file_name().ok_or("it has no name").map_err(Error::failed(step))?;
        let mut partial = name.to_owned();
        partial.push(".partial");
        let path = target.with_file_name(partial);
        if path.exists() {
            let why = "a copy that was cut short, or is being made, stands beside the target as *.partial";
            return Err(Error::Unfit(why.into()));
        }
        folder::make(&path).map_err(Error::failed(step))?;
        Ok(Unfinished(path))
    }

    /// Where it is made.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// A rename replaces an empty folder and refuses any other.
    pub(super) fn finish(mut self, target: &Path) -> io::Result<()> {
        folder::sync(&self.0)?;
        fs::rename(&self.0, target)?;
        self.0 = PathBuf::new();
        folder::sync(target.parent().unwrap_or(target))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty()
            && let Err(e) = fs::remove_dir_all(&self.0)
        {
            tracing::warn!(error = &e as &dyn std::error::Error, "an unfinished copy could not be removed");
        }
    }
}
