//! Signed heads (chốt sổ): one signature over the size, root and time of a lane, as a C2SP checkpoint, so that tools
//! for transparency logs verify it.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use sha2::{Digest, Sha256};

use super::keyring::Key;
use crate::dossier::names::{Lane, Micros};

/// C2SP's signature type of plain Ed25519.
const ED25519: u8 = 0x01;

/// A signed head of a lane. Which lane of which database, and in which epoch, the reader knows from the record at the
/// position that is its size, which was written with it; the signature binds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Leaves of the tree, which is the last position.
    pub size: u64,
    /// When the batch that ends there was committed.
    pub committed_at: Micros,
    /// The tree's root.
    pub root: [u8; 32],
    /// The first four bytes of the hash of key name and public key: which key signed.
    pub key_id: u32,
    /// The Ed25519 signature of the checkpoint's text.
    pub signature: [u8; 64],
}

/// Why a head does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The public key is no point of the curve.
    #[error("the public key is none of Ed25519")]
    PublicKey,
    /// The head names another key.
    #[error("the head is signed by key {found:08x}, not by {wanted:08x}")]
    OtherKey {
        /// The id of the key it is verified with.
        wanted: u32,
        /// The id it names.
        found: u32,
    },
    /// The signature is not one of this head in this lane and epoch.
    #[error("the signature does not verify")]
    Signature,
}

/// Signs the heads of one database. Its clones sign with the same key.
#[derive(Clone, Debug)]
pub struct Sealer {
    key: Arc<Key>,
    database: [u8; 16],
    key_id: u32,
}

impl Sealer {
    /// A signer for the lanes of a database.
    pub fn new(key: Key, database: [u8; 16]) -> Sealer {
        let key_id = key_id(&key_name(&database), &key.public_key());
        Sealer { key: Arc::new(key), database, key_id }
    }

    /// The public key, with which anybody verifies.
    pub fn public_key(&self) -> [u8; 32] {
        self.key.public_key()
    }

    /// The id under which the heads name the key.
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// Signs a head.
    pub fn seal(
        &self,
        lane: Lane,
        epoch: &[u8; 16],
        size: u64,
        root: [u8; 32],
        committed_at: Micros,
    ) -> Seal {
        let text = text(&self.database, lane, epoch, size, &root, committed_at);
        let signature = self.key.signing().sign(text.as_bytes()).to_bytes();
        Seal { size, committed_at, root, key_id: self.key_id, signature }
    }
}

/// Verifies a head of a lane and epoch. Strictly: keys and signatures that some verifiers take and others do not are
/// refused, so that two readers never differ.
pub fn verify(
    public_key: &[u8; 32],
    database: &[u8; 16],
    lane: Lane,
    epoch: &[u8; 16],
    seal: &Seal,
) -> Result<(), Error> {
    let key = VerifyingKey::from_bytes(public_key).map_err(|_| Error::PublicKey)?;
    let wanted = key_id(&key_name(database), public_key);
    if seal.key_id != wanted {
        return Err(Error::OtherKey { wanted, found: seal.key_id });
    }
    let text = text(database, lane, epoch, seal.size, &seal.root, seal.committed_at);
    key.verify_strict(text.as_bytes(), &Signature::from_bytes(&seal.signature)).map_err(|_| Error::Signature)
}

/// The head as a C2SP signed note: the text, an empty line, the signature's line.
pub fn note(database: &[u8; 16], lane: Lane, epoch: &[u8; 16], seal: &Seal) -> String {
    let text = text(database, lane, epoch, seal.size, &seal.root, seal.committed_at);
    let signature = STANDARD.encode([&seal.key_id.to_be_bytes()[..], &seal.signature].concat());
    format!("{text}\n— {} {signature}\n", key_name(database))
}

/// What is signed, up to and with its last newline.
fn text(
    database: &[u8; 16],
    lane: Lane,
    epoch: &[u8; 16],
    size: u64,
    root: &[u8; 32],
    committed_at: Micros,
) -> String {
    format!(
        "{}/{}/{}\n{size}\n{}\ncommitted_at {}\n",
        key_name(database),
        lane.0,
        hex::encode(epoch),
        STANDARD.encode(root),
        committed_at.0,
    )
}

/// One key signs all lanes of a database, so its name is the part of the origin that they share.
fn key_name(database: &[u8; 16]) -> String {
    format!("trao/{}", hex::encode(database))
}

fn key_id(name: &str, public_key: &[u8; 32]) -> u32 {
    let hash =
        Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(public_key).finalize();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: [u8; 16] = [0xd0; 16];
    const EPOCH: [u8; 16] = [0xe0; 16];
    /// The key pair of RFC 8032 §7.1, test 1.
    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    fn sealer() -> Sealer {
        let seed: [u8; 32] = hex::decode(SEED).unwrap().try_into().unwrap();
        let folder = tempfile::tempdir().unwrap();
        Sealer::new(Key::create(&folder.path().join("seal.key"), &seed).unwrap(), DATABASE)
    }

    fn sealed() -> ([u8; 32], Seal) {
        let sealer = sealer();
        let seal = sealer.seal(Lane(3), &EPOCH, 4711, [0x5a; 32], Micros(1_790_000_000_000_000));
        (sealer.public_key(), seal)
    }

    fn check(public_key: &[u8; 32], seal: &Seal) -> Result<(), Error> {
        verify(public_key, &DATABASE, Lane(3), &EPOCH, seal)
    }

    #[test]
    fn a_head_verifies_and_signing_it_again_gives_the_same_bytes() {
        let (public_key, seal) = sealed();
        assert_eq!(hex::encode(public_key), PUBLIC);
        assert_eq!(check(&public_key, &seal), Ok(()));
        assert_eq!(sealed().1, seal);
        assert_eq!(sealer().key_id(), seal.key_id);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_refused() {
        let (public_key, good) = sealed();
        let refused = |seal: &Seal, what: &str| assert!(check(&public_key, seal).is_err(), "{what}");
        for bit in 0..64 {
            refused(&Seal { size: good.size ^ (1 << bit), ..good.clone() }, &format!("size, bit {bit}"));
            let committed_at = Micros(good.committed_at.0 ^ (1 << bit));
            refused(&Seal { committed_at, ..good.clone() }, &format!("committed_at, bit {bit}"));
        }
        for bit in 0..32 {
            refused(
                &Seal { key_id: good.key_id ^ (1 << bit), ..good.clone() },
                &format!("key id, bit {bit}"),
            );
        }
        for bit in 0..256 {
            let mut seal = good.clone();
            seal.root[bit / 8] ^= 1 << (bit % 8);
            refused(&seal, &format!("root, bit {bit}"));
        }
        for bit in 0..512 {
            let mut seal = good.clone();
            seal.signature[bit / 8] ^= 1 << (bit % 8);
            refused(&seal, &format!("signature, bit {bit}"));
        }
        for bit in 0..256 {
            let mut other_key = public_key;
            other_key[bit / 8] ^= 1 << (bit % 8);
            assert!(check(&other_key, &good).is_err(), "public key, bit {bit}");
        }
    }

    #[test]
    fn another_database_lane_epoch_or_size_is_refused() {
        let (public_key, seal) = sealed();
        assert!(verify(&public_key, &[0xd1; 16], Lane(3), &EPOCH, &seal).is_err());
        assert_eq!(verify(&public_key, &DATABASE, Lane(4), &EPOCH, &seal), Err(Error::Signature));
        assert_eq!(verify(&public_key, &DATABASE, Lane(3), &[0xe1; 16], &seal), Err(Error::Signature));
        assert_eq!(check(&public_key, &Seal { size: 4712, ..seal }), Err(Error::Signature));
    }

    #[test]
    fn a_weak_public_key_is_refused_even_where_its_signature_would_pass() {
        // the neutral element as key and as R: a lax verifier takes this signature for any text
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        let key_id = key_id(&key_name(&DATABASE), &identity);
        let seal = Seal { key_id, signature, ..sealed().1 };
        let lax = VerifyingKey::from_bytes(&identity).unwrap();
        assert!(
            ed25519_dalek::Verifier::verify(&lax, b"anything", &Signature::from_bytes(&signature)).is_ok()
        );
        assert_eq!(check(&identity, &seal), Err(Error::Signature));
    }

    #[test]
    fn the_note_is_a_checkpoint_of_four_lines_and_a_signature() {
        let (_, seal) = sealed();
        let note = note(&DATABASE, Lane(3), &EPOCH, &seal);
        let (text, signature) = note.split_once("\n\n").unwrap();
        assert_eq!(
            text,
            "trao/d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0/3/e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0\n4711\n\
             WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\ncommitted_at 1790000000000000"
        );
        let encoded = signature
            .strip_prefix("— trao/d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0 ")
            .and_then(|rest| rest.strip_suffix('\n'))
            .unwrap();
        let bytes = STANDARD.decode(encoded).unwrap();
        assert_eq!(bytes[..4], seal.key_id.to_be_bytes());
        assert_eq!(bytes[4..], seal.signature);
    }

    #[test]
    fn the_documented_note_is_the_one_that_is_signed() {
        let (_, seal) = sealed();
        let document = include_str!("../../docs/record.md");
        let note = note(&DATABASE, Lane(3), &EPOCH, &seal);
        assert!(document.contains(&note), "docs/record.md should show this note:\n{note}");
        for part in [SEED, PUBLIC] {
            assert!(document.contains(part), "docs/record.md should tell the example's key: {part}");
        }
        let hash = format!("{:08x}", seal.key_id);
        assert!(document.contains(&hash), "docs/record.md should tell the example's key id: {hash}");
    }
}
