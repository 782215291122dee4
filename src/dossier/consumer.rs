//! A named consumer of a party's log: a place kept for a reader, and what may be done to it. Who wants to move it says
//! from where; whoever comes second is told so, and nothing is moved twice.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::names::Micros;
use super::refusal::{Reason, Refusal};
use crate::limits;

/// A consumer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumer {
    /// Its name among its party's.
    pub id: SmolStr,
    /// The encoded cursor, whole: its epoch included.
    pub cursor: Vec<u8>,
    /// Another one whenever the cursor is set, and never one that was before.
    pub etag: SmolStr,
    /// When it was created.
    pub created_at: Micros,
    /// When the cursor was last set.
    pub updated_at: Micros,
    /// The request that created it; the same again is answered, not refused.
    pub request_id: SmolStr,
    /// What that request asked for.
    pub request_digest: [u8; 32],
}

/// What is to be done to a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsumerAct {
    /// Made, standing at a cursor.
    Create {
        /// The request's id.
        request_id: SmolStr,
        /// Digest of the request without its id.
        request_digest: [u8; 32],
        /// Where it begins.
        cursor: Vec<u8>,
    },
    /// Moved to a cursor, from where the etag says.
    Set {
        /// Where it is moved.
        cursor: Vec<u8>,
        /// What it must be at; `None` = wherever it is.
        etag: Option<SmolStr>,
    },
    /// Removed.
    Delete {
        /// What it must be at; `None` = wherever it is.
        etag: Option<SmolStr>,
    },
}

/// What follows from an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It is kept like this from now on.
    Keep(Consumer),
    /// It is so already.
    Same(Consumer),
    /// It is no more.
    Remove,
}

impl Consumer {
    /// The bytes an etag has; it is told in hexadecimal digits.
    pub const ETAG_BYTES: usize = 8;

    /// Whether a text may name a consumer.
    pub fn may_be_called(id: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=limits::CONSUMER_ID_CHARS).contains(&id.len()) && id.bytes().all(plain)
    }
}

/// Decides an act on what is kept. `count` = how many consumers the party has, `etag` = a new one, should it be needed.
pub fn decide(
    kept: Option<&Consumer>,
    id: &str,
    act: ConsumerAct,
    count: usize,
    etag: SmolStr,
    now: Micros,
) -> Result<Decided, Refusal> {
    match (act, kept) {
        (ConsumerAct::Create { request_id, request_digest, .. }, Some(kept)) => {
            let again = kept.request_id == request_id && kept.request_digest == request_digest;
            let why = "another request created a consumer of that name: read it, or take another name";
            if again { Ok(Decided::Same(kept.clone())) } else { Err(exists(why)) }
        }
        (ConsumerAct::Create { .. }, None) if count >= limits::CONSUMERS => {
            Err(Refusal::field(Reason::ConsumerLimit, "parent", ""))
        }
        (ConsumerAct::Create { request_id, request_digest, cursor }, None) => {
            let (created_at, updated_at) = (now, now);
            let id = SmolStr::new(id);
            Ok(Decided::Keep(Consumer {
                id,
                cursor,
                etag,
                created_at,
                updated_at,
                request_id,
                request_digest,
            }))
        }
        (ConsumerAct::Set { .. } | ConsumerAct::Delete { .. }, None) => {
            Err(Refusal::field(Reason::NotFound, "name", ""))
        }
        // Whoever lost the answer says the same again with the etag of before.
        (ConsumerAct::Set { cursor, .. }, Some(kept)) if kept.cursor == cursor => {
            Ok(Decided::Same(kept.clone()))
        }
        (ConsumerAct::Set { etag: wanted, .. } | ConsumerAct::Delete { etag: wanted }, Some(kept))
            if wanted.as_ref().is_some_and(|wanted| *wanted != kept.etag) =>
        {
            Err(Refusal::field(Reason::ConsumerMoved, "etag", ""))
        }
        (ConsumerAct::Set { cursor, .. }, Some(kept)) => {
            Ok(Decided::Keep(Consumer { cursor, etag, updated_at: now, ..kept.clone() }))
        }
        (ConsumerAct::Delete { .. }, Some(_)) => Ok(Decided::Remove),
    }
}

fn exists(why: &str) -> Refusal {
    Refusal::field(Reason::ResourceExists, "consumer_id", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_000);

    fn kept() -> Consumer {
        Consumer {
            id: "a".into(),
            cursor: vec![1],
            etag: "e1".into(),
            created_at: Micros(1),
            updated_at: Micros(2),
            request_id: "r".into(),
            request_digest: [1; 32],
        }
    }

    fn on(kept: Option<&Consumer>, act: ConsumerAct) -> Result<Decided, Reason> {
        decide(kept, "a", act, 0, "e2".into(), NOW).map_err(|refusal| refusal.reason)
    }

    fn set(cursor: u8, etag: Option<&str>) -> ConsumerAct {
        ConsumerAct::Set { cursor: vec![cursor], etag: etag.map(SmolStr::new) }
    }

    fn create(request_id: &str, digest: u8) -> ConsumerAct {
        ConsumerAct::Create { request_id: request_id.into(), request_digest: [digest; 32], cursor: vec![1] }
    }

    #[test]
    fn it_is_moved_by_whoever_knows_where_it_stands_and_by_nobody_else() {
        let moved = Consumer { cursor: vec![2], etag: "e2".into(), updated_at: NOW, ..kept() };
        assert_eq!(on(Some(&kept()), set(2, Some("e1"))), Ok(Decided::Keep(moved.clone())));
        assert_eq!(on(Some(&kept()), set(2, None)), Ok(Decided::Keep(moved.clone())));
        assert_eq!(on(Some(&moved), set(3, Some("e1"))), Err(Reason::ConsumerMoved));
        assert_eq!(on(None, set(3, Some("e1"))), Err(Reason::NotFound));
    }

    #[test]
    fn what_was_done_already_is_not_done_again() {
        let moved = Consumer { cursor: vec![2], etag: "e2".into(), ..kept() };
        assert_eq!(on(Some(&moved), set(2, Some("e1"))), Ok(Decided::Same(moved.clone())));
        assert_eq!(on(Some(&moved), create("r", 1)), Ok(Decided::Same(moved)));
    }

    #[test]
    fn a_name_that_is_taken_is_refused_to_every_other_request() {
        for other in [create("r", 2), create("other", 1)] {
            let refusal = decide(Some(&kept()), "a", other, 1, "e2".into(), NOW).unwrap_err();
            assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::ResourceExists, "consumer_id"));
        }
    }

    #[test]
    fn it_is_removed_once_and_only_as_it_was_seen() {
        let delete = |etag: Option<&str>| ConsumerAct::Delete { etag: etag.map(SmolStr::new) };
        assert_eq!(on(Some(&kept()), delete(Some("e0"))), Err(Reason::ConsumerMoved));
        assert_eq!(on(Some(&kept()), delete(Some("e1"))), Ok(Decided::Remove));
        assert_eq!(on(Some(&kept()), delete(None)), Ok(Decided::Remove));
        assert_eq!(on(None, delete(None)), Err(Reason::NotFound));
    }

    #[test]
    fn a_party_has_so_many_and_no_more() {
        let at = |count| decide(None, "a", create("r", 1), count, "e".into(), NOW);
        assert!(at(limits::CONSUMERS - 1).is_ok());
        assert_eq!(at(limits::CONSUMERS).unwrap_err().reason, Reason::ConsumerLimit);
    }

    #[test]
    fn a_name_is_lower_case_letters_digits_and_dashes() {
        let longest = "a".repeat(limits::CONSUMER_ID_CHARS);
        for good in ["a", "0", "-", "one-stop-2", &longest] {
            assert!(Consumer::may_be_called(good), "{good}");
        }
        let longer = format!("{longest}a");
        for bad in ["", "A", "a b", "a/b", "hồ-sơ", "a.b", "a_b", "a\n", &longer] {
            assert!(!Consumer::may_be_called(bad), "{bad}");
        }
    }
}
