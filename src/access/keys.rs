//! Looking keys up: a short memory in front of the store, because every call needs its key and keys seldom change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

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

/// The keys of a store.
#[derive(Clone, Debug)]
pub struct Keys {
    reader: Reader,
    clock: SharedClock,
    remembered: Arc<Mutex<Remembered>>,
}

impl Keys {
    /// The keys of a store.
    pub fn new(reader: Reader, clock: SharedClock) -> Keys {
        Keys { reader, clock, remembered: Arc::default() }
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
        let row = self.reader.key(id).await.map_err(|error| {
            tracing::error!(error = %crate::telemetry::chain(&error), "could not read a key");
            Refusal::store_unavailable()
        })?;
        let key = row.map(ApiKey::stored).map(Arc::new);
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(id.to_owned(), (Instant::now(), key.clone()));
        Ok(key)
    }

    fn remembered(&self, id: &str) -> Option<Option<Arc<ApiKey>>> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, key) = remembered.get(id)?;
        (since.elapsed() < REMEMBERED).then(|| key.clone())
    }
}
