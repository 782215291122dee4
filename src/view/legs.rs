//! Legs: one, as of a moment, and those of a party.

use bytes::Bytes;

use super::{Error, Eyes, InLane, Moment, Page, View, While, as_of};
use crate::dossier::custody::Step;
use crate::dossier::desk::Leg;
use crate::dossier::leg::LegState;
use crate::dossier::names::Position;
use crate::limits;

/// Which legs of a party are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegFilter {
    /// Only those that have not ended.
    pub open_only: bool,
    /// Only those in this state.
    pub state: Option<LegState>,
}

impl LegFilter {
    fn takes(self, leg: &Leg) -> bool {
        (!self.open_only || !leg.fold.state.is_end())
            && self.state.is_none_or(|state| state == leg.fold.state)
    }
}

impl View {
    /// A leg as of a moment; `None` when it did not exist or is not seen.
    pub async fn leg(&self, eyes: &dyn Eyes, id: Position, moment: &Moment) -> Result<Option<Leg>, Error> {
        let Some(at) = moment.knows(id) else { return Ok(None) };
        let leg = self.kept_leg(id).await?;
        // Whom it concerns never changes, and is asked before anything that may fail or take long: what is not seen is
        // answered like what never was.
        match leg.filter(|leg| eyes.sees(&leg.birth.parties())) {
            Some(leg) => self.known_at(leg, at).await.map(Some),
            None => Ok(None),
        }
    }

    /// The personal part of a leg's order as received, unless there is none or it was erased. Whom it may be shown is
    /// the door's to judge.
    pub async fn order_personal(&self, leg: &Leg) -> Result<Option<Bytes>, Error> {
        let row = self.reader.personal(leg.id).await.during("an order's personal part")?;
        Ok(row.map(|row| row.body))
    }

    /// The legs listed for a party (its short number) below an id, newest first.
    pub async fn legs(
        &self,
        eyes: &dyn Eyes,
        party: i64,
        filter: LegFilter,
        below: u64,
        size: usize,
        moment: &Moment,
    ) -> Result<Page<Leg>, Error> {
        let mut page = Page { items: Vec::new(), next: None };
        let below = Position::of_number(below);
        let mut ids = Vec::new();
        for lane in moment.lanes().rev().filter(|lane| *lane <= below.lane) {
            let upto = if lane == below.lane { below.pos } else { u64::MAX };
            let wanted = limits::PAGE_ROWS - ids.len();
            ids.extend(self.reader.legs_of(lane, party, upto, wanted).await.during("a party's legs")?);
        }
        let looked_at_all = ids.len() < limits::PAGE_ROWS;
        let last = ids.last().copied();
        for id in ids {
            if let Some(leg) = self.leg(eyes, id, moment).await?
                && filter.takes(&leg)
            {
                page.items.push(leg);
                if page.items.len() >= size {
                    let done = looked_at_all && last == Some(id);
                    page.next = (!done).then_some(id.number());
                    return Ok(page);
                }
            }
        }
        page.next = last.filter(|_| !looked_at_all).map(|id| id.number());
        Ok(page)
    }

    /// A leg as it was known at a moment at which it existed.
    pub(super) async fn known_at(&self, leg: Leg, moment: InLane) -> Result<Leg, Error> {
        let at = moment.position;
        if as_of::is_current(&leg, at) {
            return Ok(as_of::trimmed(leg, at));
        }
        let chain = self.chain(&leg).await?;
        if !chain.whole {
            // It has gone on since the call began: it is told as it is by now, since it cannot be folded back.
            return if moment.is_head { Ok(leg) } else { Err(Error::TooLong) };
        }
        let mut steps: Vec<Step> = Vec::with_capacity(chain.events.len());
        for stored in &chain.events {
            if stored.pos <= at.pos {
                steps.push(stored.record().during("a record of a leg")?.step());
            }
        }
        Ok(as_of::folded(leg, steps, at))
    }
}
