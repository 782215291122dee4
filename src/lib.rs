//! Trao: a custody ledger for paper dossiers between the public post and the agencies they go to.
//!
//! The modules in the order in which a scan passes them, then the plumbing.

pub mod access;
pub mod doors;
pub mod dossier;
pub mod journal;
pub mod seal;
pub mod store;
pub mod stream;
pub mod view;

pub mod admin;
pub mod clock;
pub mod config;
pub mod demo;
pub mod limits;
pub mod metrics;
pub mod random;
pub mod serve;
pub mod telemetry;
