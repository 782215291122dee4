//! Owns: what codes, events, legs and handovers mean, and what a scan or command does to them.
//! Never: sees a clock, a socket, SQL or protobuf; the same arguments give the same answer for ever.

pub mod anomaly;
pub mod apply;
pub mod calendar;
pub mod code;
pub mod consumer;
pub mod custody;
pub mod decision;
pub mod desk;
pub mod device;
pub mod directory;
pub mod document;
pub mod event;
pub mod handover;
pub mod invariants;
pub mod leg;
pub mod money;
pub mod names;
pub(crate) mod numbered;
pub mod papers;
pub mod particulars;
pub mod person;
pub mod refusal;
pub mod resolve;
pub mod spans;
mod succession;
#[cfg(test)]
pub(crate) mod testing;
