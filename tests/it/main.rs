//! The integration tests: one binary, real gateways, real sockets, real files.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must say where")]

mod support;

mod as_of;
mod batches;
mod canaries;
mod crash;
mod durability;
mod hands;
mod layers;
mod reflection;
mod refusals;
mod retries;
mod walk;
