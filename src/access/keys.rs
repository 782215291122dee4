//! Looking keys up: a short memory in front of the store, because every call needs its key and keys seldom change.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::{ApiKey, Caller, KeyText};
use crate::clock::SharedClock;
use crate::dossier::names::Micros;
use crate::dossier::refusal::{Reason, Refusal};
use crate::store::Reader;

/// A key made or revoked by the command line is seen within this time.
const REMEMBERED: Duration = Duration::from_secs(1);
/// Keys remembered; beyond that the memory is emptied, so that guessing keys cannot fill it.
const REMEMBERED_MAX: usize = 10_000;

/// What was found under ids, and when; that there was no key is remembered too.
type Remembered = BTreeMap<String, (Instant, Option<Arc<ApiKey>>)>;

/// Reading a key.
type Inner = Pin<Box<dyn Future<Output = Result<Option<Arc<ApiKey>>, Refusal>> + Send>>;
/// The same for all calls that need it now. It ends with the last of them.
type Reading = Shared<Inner>;

/// The keys of a store.
#[derive(Clone, Debug)]
pub struct Keys {
    reader: Reader,
    clock: SharedClock,
    remembered: Arc<Mutex<Remembered>>,
    /// Keys that are being read: a thousand calls of one key ask a database for it once.
    reading: Arc<Mutex<BTreeMap<String, WeakShared<Inner>>>>,
}

impl Keys {
    /// The keys of a store.
    pub fn new(reader: Reader, clock: SharedClock) -> Keys {
        Keys { reader, clock, remembered: Arc::default(), reading: Arc::default() }
    }

    /// Who is calling, from the value of the `authorization` header.
    pub async fn authenticate(&self, authorization: Option<&str>) -> Result<Arc<Caller>, Refusal> {
        let given = authorization.ok_or_else(|| Refusal::new(Reason::KeyMissing))?;
        let scheme_ends = given.find(' ').ok_or_else(|| Refusal::new(Reason::KeyInvalid))?;
        let (scheme, text) = given.split_at(scheme_ends);
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::new(Reason::KeyInvalid));
        }
        let key = KeyText::parse(text.trim()).ok_or_else(|| Refusal::new(Reason::KeyInvalid))?;
        let stored = self.look_up(key.id()).await?;
        // Under replay the gateway's own time says nothing about when a key was revoked.
        let now = if self.clock.is_told() { Micros(i64::MAX) } else { self.clock.now() };
        stored.and_then(|stored| stored.caller(&key, now)).ok_or_else(|| Refusal::new(Reason::KeyInvalid))
    }

    async fn look_up(&self, id: &str) -> Result<Option<Arc<ApiKey>>, Refusal> {
        if let Some(known) = self.remembered(id) {
            return Ok(known);
        }
        // CANCEL: only reads; whoever else waits for the same key goes on.
        let key = self.read(id).await?;
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(id.to_owned(), (Instant::now(), key.clone()));
        Ok(key)
    }

    /// The reading of a key that is under way, or a new one.
    fn read(&self, id: &str) -> Reading {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody waits for any more are gone.
        reading.retain(|_, other| other.upgrade().is_some());
        if let Some(under_way) = reading.get(id).and_then(WeakShared::upgrade) {
            return under_way;
        }
        let (reader, asked) = (self.reader.clone(), id.to_owned());
        let read: Inner = Box::pin(async move {
            // CANCEL: only reads.
            let row = reader.key(&asked).await.map_err(|error| {
                tracing::error!(error = %crate::telemetry::chain(&error), "could not read a key");
                error.refusal()
            })?;
            Ok(row.map(ApiKey::stored).map(Arc::new))
        });
        let read = read.shared();
        if let Some(weak) = read.downgrade() {
            reading.insert(id.to_owned(), weak);
        }
        read
    }

    fn remembered(&self, id: &str) -> Option<Option<Arc<ApiKey>>> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, key) = remembered.get(id)?;
        (since.elapsed() < REMEMBERED).then(|| key.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;
    use crate::access::Role;
    use crate::clock::SystemClock;
    use crate::random::SystemRandom;
    use crate::store::{KeyRow, memory};

    #[tokio::test]
    async fn calls_of_one_key_at_once_read_it_once_and_those_that_end_hold_up_nobody() {
        let store = memory::Store::new([1; 16], [2; 16]);
        let text = KeyText::make(&SystemRandom);
        let row = KeyRow {
            id: text.id().to_owned(),
            secret_sha256: text.secret_sha256(),
            party: None,
            role: Role::Admin.spelling(),
            name: "n".into(),
            person: None,
            sources: Vec::new(),
            created_at: Micros(0),
            revoked_at: None,
        };
        store.admin().create_key(&row, &[]).await.unwrap();
        // A read of a distant store stands still on its way there, and on its way back.
        let reader = Reader::Memory(store.distant().reader());
        let keys = Keys::new(reader, Arc::new(SystemClock::start(true)));
        let bearer = format!("Bearer {}", text.reveal());
        let under_way = || {
            let reading = keys.reading.lock().unwrap();
            reading.values().filter_map(WeakShared::upgrade).count()
        };
        let mut calls: Vec<_> = (0..2).map(|_| Box::pin(keys.authenticate(Some(&bearer)))).collect();
        let mut cx = Context::from_waker(Waker::noop());
        for call in &mut calls {
            assert!(call.as_mut().poll(&mut cx).is_pending());
            assert_eq!(under_way(), 1);
        }
        // The first of them, which began it, is given up.
        drop(calls.remove(0));
        for call in calls {
            assert_eq!(call.await.unwrap().role, Role::Admin);
        }
        assert_eq!(under_way(), 0);
        let given_up = Box::pin(keys.read("another"));
        assert_eq!(under_way(), 1);
        drop(given_up);
        assert_eq!(under_way(), 0, "nothing is left of a read that nobody waits for");
    }
}
