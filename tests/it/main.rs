//! The integration tests: one binary, real gateways, real sockets, real files.

mod crash;
mod durability;
mod layers;
mod support;
