//! The integration tests: one binary, real gateways, real sockets, real files.

mod support;

mod as_of;
mod batches;
mod crash;
mod durability;
mod feeds;
mod hands;
mod isolation;
mod layers;
mod refusals;
mod retries;
mod sync;
mod walk;
