//! The events of a leg, read with a bound.

use super::{Error, View, While};
use crate::dossier::desk::Leg;
use crate::dossier::names::Position;
use crate::limits;
use crate::store::Stored;

/// A leg's events, newest first.
pub(super) struct Chain {
    /// The events.
    pub events: Vec<Stored>,
    /// Whether they reach back to the leg's birth.
    pub whole: bool,
}

impl View {
    /// The events of a leg. Below `LEG_EVENTS` every event is in the fold, which counts them, so that the chain is
    /// known to be short and is read at once; a longer one is walked back event by event, up to a bound.
    pub(super) async fn chain(&self, leg: &Leg) -> Result<Chain, Error> {
        if leg.fold.events < limits::LEG_EVENTS {
            let events = self.reader.chain(leg.id, leg.last.pos).await.during("a leg's events")?;
            return Ok(Chain { events, whole: true });
        }
        let mut events = Vec::new();
        let mut at = leg.last;
        while events.len() < limits::LEG_EVENTS_BACK {
            let Some(stored) = self.reader.entry(at).await.during("an event of a leg")? else { break };
            let prev = stored.prev;
            let whole = stored.pos == leg.id.pos;
            events.push(stored);
            if whole {
                return Ok(Chain { events, whole });
            }
            at = Position { lane: at.lane, pos: prev };
        }
        Ok(Chain { events, whole: false })
    }
}
