//! Page tokens: where the next page of a list begins. Plain, with a version and a checksum, and bound to the call, the
//! caller's party and the filters, so that a token is not carried over to where it means something else.

use sha2::{Digest, Sha256};

use crate::dossier::refusal::{Reason, Refusal};

const VERSION: u8 = 1;
const BOUND_BYTES: usize = 8;
const CHECK_BYTES: usize = 4;

/// What a token is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding([u8; BOUND_BYTES]);

impl Binding {
    /// A binding to a call: its method, parties, filters.
    pub fn of(parts: &[&str]) -> Binding {
        let mut hash = Sha256::new();
        for part in parts {
            // With its length before it, no part can pretend to be two.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut bound = [0; BOUND_BYTES];
        bound.copy_from_slice(&hash.finalize()[..BOUND_BYTES]);
        Binding(bound)
    }

    /// The token of a page that begins beside a number; empty at the end.
    pub fn token(self, next: Option<u64>) -> String {
        next.map_or_else(String::new, |next| self.seal(&next.to_be_bytes()))
    }

    /// Where a token says that the page begins; `None` for the first page.
    pub fn read(self, token: &str) -> Result<Option<u64>, Refusal> {
        let Some(place) = self.open(token)? else { return Ok(None) };
        let next = u64::from_be_bytes(place.try_into().map_err(|_| Binding::invalid())?);
        // No list goes beyond the store's numbers.
        if i64::try_from(next).is_ok() { Ok(Some(next)) } else { Err(Binding::invalid()) }
    }

    /// A token that holds a place in the list.
    pub(super) fn seal(self, place: &[u8]) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.0);
        bytes.extend(place);
        bytes.extend(check(&bytes));
        hex::encode(bytes)
    }

    /// The place that a token holds; `None` for the first page.
    pub(super) fn open(self, token: &str) -> Result<Option<Vec<u8>>, Refusal> {
        if token.is_empty() {
            return Ok(None);
        }
        let bytes = hex::decode(token).map_err(|_| Binding::invalid())?;
        let (body, sum) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or_else(Binding::invalid)?;
        let place = body.strip_prefix(&[VERSION]).and_then(|rest| rest.strip_prefix(&self.0));
        // One token has one spelling.
        match place {
            Some(place) if *sum == check(body) && token == hex::encode(&bytes) => Ok(Some(place.to_vec())),
            _ => Err(Binding::invalid()),
        }
    }

    pub(super) fn invalid() -> Refusal {
        Refusal::field(Reason::CursorInvalid, "page_token", "")
    }
}

fn check(body: &[u8]) -> [u8; CHECK_BYTES] {
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&Sha256::digest(body)[..CHECK_BYTES]);
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_under_its_own_binding_only() {
        let ours = Binding::of(&["ListLegs", "agencies/A", ""]);
        let token = ours.token(Some(4711));
        assert_eq!(ours.read(&token), Ok(Some(4711)));
        assert_eq!((ours.token(None), ours.read("")), (String::new(), Ok(None)));
        for other in [
            ["ListDossiers", "agencies/A", ""],
            ["ListLegs", "agencies/B", ""],
            ["ListLegs", "agencies/A", "open"],
            ["ListLegs", "agencies/", "A"],
        ] {
            let refusal = Binding::of(&other).read(&token).unwrap_err();
            assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::CursorInvalid, "page_token"));
        }
    }

    #[test]
    fn a_changed_token_is_refused() {
        let ours = Binding::of(&["ListLegs"]);
        let token = ours.token(Some(u64::from(u32::MAX)));
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(ours.read(&changed).is_err(), "{at}");
            assert!(ours.read(&token[..at]).is_err() || at == 0, "{at}");
        }
        assert!(ours.read(&format!("{token}00")).is_err());
        assert!(ours.read(&token.to_uppercase()).is_err());
        assert!(ours.read("không").is_err());
        assert!(ours.read(&ours.token(Some(u64::MAX))).is_err());
    }
}
