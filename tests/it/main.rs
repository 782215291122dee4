//! The integration tests: one binary, real gateways, real sockets, real files.

mod support;

mod batches;
mod crash;
mod durability;
mod layers;
mod refusals;
mod retries;
