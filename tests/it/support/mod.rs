//! What the integration tests stand on: a real gateway process, callers with real keys, and a hand on its disk and clock.

pub mod gateway;
pub mod interpose;
pub mod partner;
pub mod seed;
