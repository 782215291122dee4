//! From a record to its leaf in the tree.

use sha2::{Digest, Sha256};

/// RFC 9162's leaf hash, SHA-256(0x00 || record). The prefix keeps a record from passing for an inner node.
pub fn leaf_hash(record: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0x00]).chain_update(record).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_leaf_is_the_known_one() {
        assert_eq!(
            hex::encode(leaf_hash(b"")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }
}
