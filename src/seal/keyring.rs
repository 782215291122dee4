//! The file of the signing key: 32 bytes of Ed25519 seed that only the gateway's user may read.

use std::fmt;
use std::fs::{File, OpenOptions, remove_file};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use ed25519_dalek::SigningKey;

/// The modes a key may have: whoever else can read it can sign heads in the gateway's name.
const MODE: u32 = 0o600;

/// The key that signs heads. Its memory is wiped when it is dropped.
pub struct Key(SigningKey);

/// Why a key could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is a key already; it is never overwritten, for what it signed is verified with it for ever.
    #[error("there is a seal key already")]
    Exists,
    /// The file could not be made.
    #[error("could not create the seal key")]
    Create(#[source] io::Error),
    /// The seed could not be written or made durable.
    #[error("could not write the seal key")]
    Write(#[source] io::Error),
    /// The folder's entry could not be made durable.
    #[error("could not sync the folder of the seal key")]
    SyncFolder(#[source] io::Error),
    /// The file could not be opened.
    #[error("could not open the seal key")]
    Open(#[source] io::Error),
    /// The file's mode could not be read.
    #[error("could not read the mode of the seal key")]
    Mode(#[source] io::Error),
    /// Others may read or write it.
    #[error("the seal key has mode {0:04o}, wider than 0600")]
    TooWide(u32),
    /// The seed could not be read.
    #[error("could not read the seal key")]
    Read(#[source] io::Error),
    /// The file is no seed.
    #[error("the seal key is not 32 bytes long")]
    Length,
}

impl Key {
    /// Makes the file of a new key and returns once it is durable. The seed must be 32 fresh random bytes.
    pub fn create(path: &Path, seed: &[u8; 32]) -> Result<Key, Error> {
        let mut file = match OpenOptions::new().write(true).create_new(true).mode(MODE).open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(Error::Exists),
            Err(e) => return Err(Error::Create(e)),
        };
        if let Err(e) = file.write_all(seed).and_then(|()| file.sync_all()) {
            // half a key would stand in the way of the next attempt; the write's error is the one to tell
            let _ = remove_file(path);
            return Err(Error::Write(e));
        }
        sync_folder(path).map_err(Error::SyncFolder)?;
        Ok(Key(SigningKey::from_bytes(seed)))
    }

    /// Reads the key of a file, unless somebody else may read it too.
    pub fn load(path: &Path) -> Result<Key, Error> {
        let file = File::open(path).map_err(Error::Open)?;
        // of the open file, not of the path: what is checked is what is read
        let mode = file.metadata().map_err(Error::Mode)?.permissions().mode() & 0o7777;
        if mode & !MODE != 0 {
            return Err(Error::TooWide(mode));
        }
        // one byte more than a seed tells a longer file without reading all of it
        let mut seed = Vec::with_capacity(33);
        file.take(33).read_to_end(&mut seed).map_err(Error::Read)?;
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| Error::Length)?;
        Ok(Key(SigningKey::from_bytes(seed)))
    }

    /// The public key, with which anybody verifies.
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// For signing heads, which only `head` does.
    pub(super) fn signing(&self) -> &SigningKey {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A new file survives a power cut only when its folder's entry is on the disk too.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, metadata, read, set_permissions, write};

    use super::*;

    const SEED: [u8; 32] = [7; 32];

    #[test]
    fn a_key_is_made_for_its_owner_only_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let made = Key::create(&path, &SEED).unwrap();
        assert_eq!(metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(read(&path).unwrap(), SEED);
        assert_eq!(Key::load(&path).unwrap().public_key(), made.public_key());
    }

    #[test]
    fn a_second_create_leaves_the_first_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        Key::create(&path, &SEED).unwrap();
        assert!(matches!(Key::create(&path, &[8; 32]), Err(Error::Exists)));
        assert_eq!(read(&path).unwrap(), SEED);
        let nowhere = folder.path().join("no/such/folder/seal.key");
        assert!(matches!(Key::create(&nowhere, &SEED), Err(Error::Create(_))));
        assert!(matches!(Key::load(&nowhere), Err(Error::Open(_))));
    }

    #[test]
    fn a_key_that_others_may_touch_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        Key::create(&path, &SEED).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o700, 0o644, 0o666, 0o4600] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = Key::load(&path).unwrap_err();
            assert!(matches!(error, Error::TooWide(found) if found == mode), "{mode:o}: {error}");
        }
        set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(Key::load(&path).is_ok(), "narrower is fine");
    }

    #[test]
    fn a_file_that_is_no_seed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        Key::create(&path, &SEED).unwrap();
        for length in [0, 31, 33, 4096] {
            write(&path, vec![7; length]).unwrap();
            assert!(matches!(Key::load(&path), Err(Error::Length)), "{length}");
        }
    }

    #[test]
    fn a_key_is_not_told_by_debug() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::create(&folder.path().join("seal.key"), &SEED).unwrap();
        assert_eq!(format!("{key:?}"), "Key(…)");
    }
}
