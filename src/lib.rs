//! Trao: a custody ledger for paper dossiers between the public post and the agencies they go to.
//!
//! The modules in the order in which a scan passes them.

pub mod doors;
pub mod dossier;
pub mod limits;
pub mod seal;
pub mod store;
