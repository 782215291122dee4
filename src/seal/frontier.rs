//! The Merkle tree of RFC 9162 as a compact range: only the roots of its full subtrees, which is all that
//! adding a leaf and hashing the head need. That is at most 27 hashes for a hundred million events.

use sha2::{Digest, Sha256};

/// The tree of a lane, as far as adding to it needs. Leaf `i` is the record at position `i + 1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    /// Leaves so far.
    size: u64,
    /// The roots of the full subtrees, the largest first: one for each bit set in `size`.
    roots: Vec<[u8; 32]>,
}

/// Bytes that are no frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Fewer bytes than the size takes.
    #[error("frontier has no size: {0} bytes")]
    NoSize(usize),
    /// More leaves than there are positions.
    #[error("frontier claims {0} leaves, more than there are positions")]
    Size(u64),
    /// Not one hash for each bit set in the size.
    #[error("frontier of {size} leaves has {found} bytes of hashes, not {wanted}")]
    Hashes {
        /// The leaves it claims.
        size: u64,
        /// The bytes of hashes it should have.
        wanted: usize,
        /// The bytes of hashes it has.
        found: usize,
    },
}

impl Frontier {
    /// The tree without leaves.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf by its hash (`leaf::leaf_hash`).
    pub fn push(&mut self, leaf: [u8; 32]) {
        let mut root = leaf;
        // adding one to the size carries over its trailing ones: each is a full subtree that the new one doubles
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                root = node_hash(&left, &root);
            }
        }
        self.roots.push(root);
        self.size += 1;
    }

    /// The Merkle tree hash of all leaves so far.
    pub fn root(&self) -> [u8; 32] {
        let mut from_the_right = self.roots.iter().rev();
        match from_the_right.next() {
            None => Sha256::digest(b"").into(),
            Some(smallest) => from_the_right.fold(*smallest, |right, left| node_hash(left, &right)),
        }
    }

    /// The bytes the store keeps: the size (8, big-endian), then the subtrees' roots, the largest first.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.roots.as_flattened());
        bytes
    }

    /// Reads what `encode` wrote.
    pub fn decode(bytes: &[u8]) -> Result<Frontier, Error> {
        let Some((size, hashes)) = bytes.split_first_chunk::<8>() else {
            return Err(Error::NoSize(bytes.len()));
        };
        let size = u64::from_be_bytes(*size);
        if size > i64::MAX as u64 {
            return Err(Error::Size(size));
        }
        let wanted = size.count_ones() as usize * 32;
        if hashes.len() != wanted {
            return Err(Error::Hashes { size, wanted, found: hashes.len() });
        }
        let (roots, _) = hashes.as_chunks::<32>();
        Ok(Frontier { size, roots: roots.to_vec() })
    }
}

/// RFC 9162's inner node, SHA-256(0x01 || left || right).
fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([0x01]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seal::leaf::leaf_hash;

    /// RFC 9162 §2.1.1 word for word: split at the largest power of two below the size.
    fn naive_root(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => Sha256::digest(b"").into(),
            [one] => *one,
            many => {
                let mut split = 1;
                while split * 2 < many.len() {
                    split *= 2;
                }
                node_hash(&naive_root(&many[..split]), &naive_root(&many[split..]))
            }
        }
    }

    #[test]
    fn roots_are_those_of_the_reference_vectors() {
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::new();
        assert_eq!(hex::encode(frontier.root()), roots[0]);
        for (leaf, root) in leaves.iter().zip(&roots[1..]) {
            frontier.push(leaf_hash(&hex::decode(leaf).unwrap()));
            assert_eq!(hex::encode(frontier.root()), *root, "{} leaves", frontier.size());
        }
    }

    #[test]
    fn every_prefix_of_a_tree_has_the_naive_root() {
        let mut frontier = Frontier::new();
        let mut leaves = Vec::new();
        for i in 0..130_u64 {
            assert_eq!(frontier.root(), naive_root(&leaves), "{i} leaves");
            leaves.push(leaf_hash(&i.to_be_bytes()));
            frontier.push(leaf_hash(&i.to_be_bytes()));
        }
    }

    #[test]
    fn malformed_bytes_are_refused() {
        let mut frontier = Frontier::new();
        for i in 0..5_u8 {
            frontier.push(leaf_hash(&[i]));
        }
        let good = frontier.encode();
        assert_eq!(Frontier::decode(&good), Ok(frontier));
        assert_eq!(Frontier::decode(&[]), Err(Error::NoSize(0)));
        assert_eq!(Frontier::decode(&good[..7]), Err(Error::NoSize(7)));
        assert_eq!(Frontier::decode(&good[..71]), Err(Error::Hashes { size: 5, wanted: 64, found: 63 }));
        assert_eq!(
            Frontier::decode(&[&good[..], &[0]].concat()),
            Err(Error::Hashes { size: 5, wanted: 64, found: 65 })
        );
        let mut other_size = good;
        other_size[7] = 7;
        assert_eq!(Frontier::decode(&other_size), Err(Error::Hashes { size: 7, wanted: 96, found: 64 }));
        assert_eq!(Frontier::decode(&[0xff; 8 + 64 * 32]), Err(Error::Size(u64::MAX)));
    }

    proptest! {
        #[test]
        fn a_frontier_kept_and_read_again_anywhere_grows_the_naive_tree(
            size in 0..700_usize,
            kept in 0..700_usize,
        ) {
            let leaves: Vec<[u8; 32]> = (0..size as u64).map(|i| leaf_hash(&i.to_le_bytes())).collect();
            let mut frontier = Frontier::new();
            for (i, leaf) in leaves.iter().enumerate() {
                if i == kept {
                    let read = Frontier::decode(&frontier.encode()).unwrap();
                    prop_assert_eq!(&read, &frontier);
                    frontier = read;
                }
                frontier.push(*leaf);
            }
            prop_assert_eq!(frontier.size(), size as u64);
            prop_assert_eq!(frontier.root(), naive_root(&leaves));
        }

        #[test]
        fn arbitrary_bytes_are_refused_or_kept_exactly(
            bytes in proptest::collection::vec(any::<u8>(), 0..90),
            small in any::<bool>(),
        ) {
            let mut bytes = bytes;
            if small && bytes.len() >= 8 {
                bytes[..7].fill(0);
            }
            if let Ok(frontier) = Frontier::decode(&bytes) {
                prop_assert_eq!(frontier.encode(), bytes);
            }
        }
    }
}
