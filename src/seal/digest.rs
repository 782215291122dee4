//! Digests of what a record binds without holding it.

use sha2::{Digest, Sha256};

/// Stands where there is nothing to bind: a fact's request, or the personal part of a line without one.
pub const NONE: [u8; 32] = [0; 32];

/// SHA-256 of bytes as received: an event's, or those of a command's request.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The digest of a personal part. The salt is erased with the part, so that nobody can try names against the digest
/// afterwards.
pub fn personal_digest(salt: &[u8; 16], body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(body).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_plain_sha_256_with_the_salt_in_front() {
        assert_eq!(
            hex::encode(digest(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(personal_digest(b"0123456789abcdef", b"body"), digest(b"0123456789abcdefbody"));
    }
}
