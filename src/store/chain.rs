//! Walking a leg's events from its newest back to its birth.

use super::{Error, Stored};

/// A chain that does not lead to its birth.
const BROKEN: Error = Error::Corrupt { what: "chain of a leg" };

/// The entries from `last` back to `birth`, newest first; none when nothing stands at `last`. What the birth itself
/// follows belongs to another leg.
pub(super) fn walk(
    birth: u64,
    last: u64,
    mut read: impl FnMut(u64) -> Result<Option<Stored>, Error>,
) -> Result<Vec<Stored>, Error> {
    let mut chain = Vec::new();
    let mut at = last;
    loop {
        let found = if at < birth { None } else { read(at)? };
        let Some(stored) = found else {
            return if chain.is_empty() { Ok(chain) } else { Err(BROKEN) };
        };
        let prev = stored.prev;
        chain.push(stored);
        if at == birth {
            return Ok(chain);
        }
        if prev >= at {
            return Err(BROKEN);
        }
        at = prev;
    }
}
