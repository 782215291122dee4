//! API keys: `trao_<id>_<secret><checksum>`. The secret is shown once and kept as its SHA-256: it has 160 random bits, so
//! nothing slower is needed. The checksum tells a mistyped key from an unknown one without a look-up.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use smol_str::{SmolStr, format_smolstr};
use subtle::ConstantTimeEq;

use super::{Caller, Role};
use crate::dossier::names::Micros;
use crate::random::Random;
use crate::store::KeyRow;

/// Letters and digits that are not mistaken for each other when read aloud.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const ID_CHARS: usize = 10;
const SECRET_CHARS: usize = 32;
const CHECK_CHARS: usize = 4;

/// A key as its holder has it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText {
    id: String,
    secret: String,
}

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyText({})", self.id)
    }
}

impl KeyText {
    /// A new key.
    pub fn make(random: &dyn Random) -> KeyText {
        KeyText { id: text_of(random, ID_CHARS), secret: text_of(random, SECRET_CHARS) }
    }

    /// Reads a key; `None` when it is mistyped or no key of ours.
    pub fn parse(text: &str) -> Option<KeyText> {
        let (id, rest) = text.strip_prefix("trao_")?.split_once('_')?;
        let shape = id.len() == ID_CHARS && rest.len() == SECRET_CHARS + CHECK_CHARS && rest.is_ascii();
        // One look at each letter, since every call brings a key: what the alphabet lacks has another checksum, too.
        if !shape || !text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'9' | b'_')) {
            return None;
        }
        let (secret, check) = rest.split_at(SECRET_CHARS);
        let key = KeyText { id: id.to_owned(), secret: secret.to_owned() };
        (key.check() == check).then_some(key)
    }

    /// The part that is not secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The whole key, to be shown once.
    pub fn reveal(&self) -> String {
        format!("trao_{}_{}{}", self.id, self.secret, self.check())
    }

    /// What is kept of it.
    pub fn secret_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.secret.as_bytes()).into()
    }

    fn check(&self) -> String {
        let digest =
            Sha256::new().chain_update(&self.id).chain_update("_").chain_update(&self.secret).finalize();
        digest.iter().take(CHECK_CHARS).map(|byte| letter(*byte)).collect()
    }
}

fn text_of(random: &dyn Random, chars: usize) -> String {
    let mut bytes = vec![0; chars];
    random.fill(&mut bytes);
    bytes.into_iter().map(letter).collect()
}

/// Thirty-two letters divide 256 evenly: every letter is as likely as any other.
fn letter(byte: u8) -> char {
    char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])
}

/// A key as it is kept, and what it entitles to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    row: KeyRow,
    /// Made once: every call asks for it. `None` where the role is none of this release.
    caller: Option<Arc<Caller>>,
}

impl ApiKey {
    /// A key that was found in the store.
    pub fn stored(row: KeyRow) -> ApiKey {
        let caller = Role::from_text(&row.role).map(|role| Caller {
            key_id: row.id.clone(),
            party: row.party.clone(),
            role,
            principal: row.person.as_ref().map_or_else(|| format_smolstr!("keys/{}", row.id), SmolStr::new),
            sources: row.sources.clone(),
        });
        ApiKey { row, caller: caller.map(Arc::new) }
    }

    /// The caller, if the secret is right and the key was not revoked.
    pub fn caller(&self, text: &KeyText, now: Micros) -> Option<Arc<Caller>> {
        let right: bool = self.row.secret_sha256.ct_eq(&text.secret_sha256()).into();
        let revoked = self.row.revoked_at.is_some_and(|at| at <= now);
        self.caller.clone().filter(|_| right && !revoked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn a_key_reads_back_and_a_mistyped_one_does_not() {
        let key = KeyText::make(&SystemRandom);
        let text = key.reveal();
        assert_eq!(KeyText::parse(&text), Some(key));
        for at in 0..text.len() {
            let mut typo = text.clone().into_bytes();
            typo[at] = if typo[at] == b'a' { b'b' } else { b'a' };
            let typo = String::from_utf8(typo).unwrap();
            let read = KeyText::parse(&typo);
            // Four letters of checksum let one typo in a million through; then the secret's hash refuses it.
            assert!(read.is_none() || typo != text, "{at}");
        }
        assert_eq!(KeyText::parse(&text[..text.len() - 1]), None);
    }

    #[test]
    fn debug_output_never_shows_the_secret() {
        let key = KeyText::make(&SystemRandom);
        assert!(!format!("{key:?}").contains(&key.secret));
    }
}
