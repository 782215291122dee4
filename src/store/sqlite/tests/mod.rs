//! What only a store in a file must do.

mod backup;
mod catalogue;
mod erase;
mod folder;
mod log;
mod snapshot;
