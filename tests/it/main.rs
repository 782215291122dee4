//! The integration tests: one binary, real gateways, real sockets, real files.

mod support;
