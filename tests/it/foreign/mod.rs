//! Owns: clients in another language, which know of a gateway what it says of itself.
//! Never: generated stubs or .proto files on their side.

mod environment;
mod examples;
mod health;
mod interop;
mod listing;
mod readme;
mod test_service;
mod walk;
