//! Owns: the record's layout, leaf hashes, the Merkle frontier, signed heads and the key that signs them.
//! Never: sees a clock, randomness, SQL or a file other than the key's; changes a byte of a record once written.
//!
//! `docs/record.md` says the same for a stranger who verifies with other tools.

/// What a record binds without holding it.
pub mod digest;
/// The Merkle tree of a lane, as far as adding to it needs.
pub mod frontier;
/// Signed heads.
pub mod head;
/// The file of the signing key.
pub mod keyring;
/// From a record to its leaf.
pub mod leaf;
mod reading;
/// The bytes that answer every retry and that the tree is made of.
pub mod record;
