//! What the integration tests stand on: a real gateway process, callers with real keys, and a hand on its disk and clock.

pub mod book;
pub mod codes;
pub mod gateway;
pub mod hostile;
pub mod inside;
pub mod interpose;
pub mod ledger;
pub mod partner;
pub mod proxy;
pub mod python;
pub mod raw;
pub mod relay;
pub mod scrape;
pub mod seed;
pub mod shell;
pub mod wait;
pub mod world;
