//! One who looks dossiers up, now and as of positions that were told before: what was known then does not change.

use std::collections::BTreeMap;

use trao::dossier::names::PartyName;
use trao::view::Key;

use super::{Calls, Shore};
use crate::message::{Ask, Reply};
use crate::random::Random;
use crate::town;

/// One who looks.
pub struct Looker {
    party: PartyName,
    random: Random,
    items: u64,
    /// What each call asked for.
    calls: BTreeMap<u64, Key>,
    /// What was told, by key and position.
    told: Vec<(Key, u64)>,
}

impl Looker {
    pub fn new(party: &str, items: u64, random: Random) -> Looker {
        Looker { party: town::party(party), random, items, calls: BTreeMap::new(), told: Vec::new() }
    }
}

impl Calls for Looker {
    fn wake(&mut self, shore: &mut Shore<'_>) {
        let random = &mut self.random;
        let again = random.chance(6_000);
        let (key, at) = match random.pick(&self.told) {
            Some((key, at)) if again => (key.clone(), Some(*at)),
            _ => {
                let key = match (random.below(3), random.pick(shore.legs)) {
                    (0, Some(leg)) => Key::Leg(*leg),
                    (1, _) => Key::Codes(vec![town::dossier_code(random.below(4))]),
                    _ => Key::Codes(vec![town::item(random.below(self.items))]),
                };
                (key, None)
            }
        };
        let what = format!("a look at {key:?} as of {at:?}");
        let ask = Ask::Look { party: self.party.clone(), key: key.clone(), at };
        let call = shore.call(random, &what, ask);
        self.calls.insert(call, key);
        let pause = random.between(300, 3_000);
        shore.wake_in(pause);
    }

    fn hear(&mut self, call: u64, reply: Reply, _: &mut Shore<'_>) -> Result<(), String> {
        let Some(key) = self.calls.remove(&call) else { return Ok(()) };
        if let Reply::Seen(Ok(Some((pos, _)))) = reply {
            self.told.push((key, pos));
        }
        Ok(())
    }

    fn rests(&self) -> bool {
        true
    }
}
