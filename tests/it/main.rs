//! The integration tests: one binary, real gateways, real sockets, real files.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must say where")]

#[path = "../cluster/mod.rs"]
mod cluster;
mod support;

mod adversary;
mod as_of;
mod batches;
mod bursts;
mod canaries;
mod clock;
mod consumers;
mod copying;
mod crash;
mod decisions;
mod demo;
mod durability;
mod faults;
mod feeds;
mod foreign;
mod gateways;
mod handover;
mod hands;
mod hostile;
mod import;
mod in_time;
mod isolation;
mod lanes;
mod layers;
mod metrics;
mod outbox;
mod overload;
mod readme;
mod reflection;
mod refusals;
mod reports;
mod restore;
mod retries;
mod seals;
mod strangers;
mod sync;
mod tie;
mod upgrade;
mod wakes;
mod walk;
