//! The integration tests: one binary, real gateways, real sockets, real files.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must say where")]

mod crash;
mod durability;
mod layers;
mod support;
