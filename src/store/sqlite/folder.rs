//! The folder of a store: its files, who may read them, and who serves it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::pool::Commits;
use crate::store::Error;

/// The store itself; SQLite keeps `trao.db-wal` and `trao.db-shm` beside it, with the same mode.
pub(super) const DATABASE: &str = "trao.db";
/// Its write-ahead log, while it is open.
pub(super) const LOG: &str = "trao.db-wal";
/// A store that is being made.
pub(super) const UNFINISHED: &str = "trao.db.new";
/// The seed that signs heads.
pub(super) const SEAL_KEY: &str = "seal.key";
const LOCK: &str = "lock";
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The right to serve a folder, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    folder: PathBuf,
    commits: Commits,
    _held: File,
}

impl Lock {
    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Commits of whoever writes under this lock: nobody else does.
    pub(super) fn commits(&self) -> Commits {
        self.commits.clone()
    }
}

/// Takes a folder, which is made if there is none. A folder that another process serves is refused.
pub fn lock(folder: &Path) -> Result<Lock, Error> {
    make(folder).map_err(Error::failed("make the folder"))?;
    let mut open = OpenOptions::new();
    open.write(true).create(true).truncate(false).mode(FILE_MODE);
    let held = open.open(folder.join(LOCK)).map_err(Error::failed("open the folder's lock"))?;
    match held.try_lock() {
        Ok(()) => Ok(Lock { folder: folder.to_owned(), commits: Commits::default(), _held: held }),
        Err(TryLockError::WouldBlock) => Err(Error::Unfit("another gateway serves this folder".into())),
        Err(TryLockError::Error(e)) => {
            Err(Error::Failed { step: "take the folder's lock", source: e.into() })
        }
    }
}

/// Makes a folder that only its owner may enter. One that is there keeps its mode: it is the operator's.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)
}

/// Makes an empty file that only its owner may read. SQLite gives the files beside it the same mode.
pub(super) fn make_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path)
}

/// Makes names in a folder durable.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}
