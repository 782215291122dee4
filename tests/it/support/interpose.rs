//! The test's side of support/interpose.c.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A hand on the gateway's disk and clock.
pub struct Interposer {
    control: File,
    path: PathBuf,
}

/// The fields of the shared page, in their order.
#[derive(Clone, Copy)]
#[repr(u64)]
pub enum Field {
    /// A sync of the write-ahead log waits.
    HoldSync = 0,
    /// A sync of the write-ahead log fails.
    FailSync = 1,
    /// Writes to files fail.
    ReadOnly = 2,
    /// Seconds added to the wall clock.
    ClockOffset = 3,
    /// Syncs done.
    Syncs = 4,
    /// Syncs begun.
    SyncsBegun = 5,
}

impl Interposer {
    /// A fresh page in a folder.
    pub fn new(folder: &Path) -> Interposer {
        let path = folder.join("control");
        let control = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
        control.set_len(4096).unwrap();
        Interposer { control, path }
    }

    /// What the gateway is started with.
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![
            ("LD_PRELOAD".to_owned(), library().to_str().unwrap().to_owned()),
            ("TRAO_TEST_CONTROL".to_owned(), self.path.to_str().unwrap().to_owned()),
        ]
    }

    /// Sets a field.
    pub fn set(&self, field: Field, value: i64) {
        self.control.write_all_at(&value.to_ne_bytes(), field as u64 * 8).unwrap();
    }

    /// Reads a field.
    pub fn get(&self, field: Field) -> i64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, field as u64 * 8).unwrap();
        i64::from_ne_bytes(bytes)
    }
}

/// The library, compiled once for all tests of a run.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/interpose.c");
        let library =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("interpose-{}.so", std::process::id()));
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
        assert!(cc.status().unwrap().success(), "cc could not compile the interposer");
        library
    })
}
