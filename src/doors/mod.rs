//! Owns: the ways in and out. The only place that knows protobuf, HTTP and terminals.
//! Never: decides what a scan means, or sees SQL.

pub mod accept;
pub mod cli;
pub mod grpc;
pub mod reasons;
pub mod refusal;
pub mod scrape;
pub mod wire;
