//! What only a store in a file must do.

mod backup;
mod catalogue;
mod erase;
mod folder;
mod log;
mod snapshot;

pub use catalogue::{columns, plan};

use crate::store::conformance::Kept;
use crate::store::{self, sqlite};

/// The reader of what is kept in a file.
fn of_file(kept: &Kept) -> sqlite::Reader {
    match &kept.reader {
        store::Reader::Sqlite(reader) => reader.clone(),
        store::Reader::Memory(_) | store::Reader::Postgres(_) => panic!("not a file"),
    }
}
