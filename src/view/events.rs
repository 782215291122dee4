//! The events of a dossier: those of the legs seen and its own, in the order of the journal, each once.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Error, Eyes, Group, Moment, Page, View, While};
use crate::dossier::desk::Leg;
use crate::dossier::names::Position;
use crate::limits;
use crate::store::Stored;

/// An event as it is told: its record and its bytes, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine {
    /// Where it stands.
    pub position: Position,
    /// Its number in the log of the party asked for; 0 where that does not list it.
    pub seq: u64,
    /// Its record.
    pub record: Bytes,
    /// Its event.
    pub event: Bytes,
}

impl View {
    /// The events of what belongs together after a position, oldest position first. `party` is the short number of the
    /// party whose numbers are told.
    ///
    /// Of a leg with more events than are walked back only the newest are listed.
    pub async fn events(
        &self,
        eyes: &dyn Eyes,
        group: Group,
        party: Option<i64>,
        after: u64,
        size: usize,
        moment: &Moment,
    ) -> Result<Page<EventLine>, Error> {
        let mut page = Page { items: Vec::new(), next: None };
        let Some(dossier) = self.open(eyes, group, moment).await? else { return Ok(page) };
        let lane = group.id().lane;
        let Some(at) = moment.of(lane) else { return Ok(page) };
        let wanted = Wanted { after, upto: at.position.pos, count: size + 1 };
        let mut events = BTreeMap::new();
        // What belongs together stands in one lane.
        for leg in dossier.legs.iter().filter(|leg| leg.id.lane == lane) {
            self.add_chain(&mut events, leg, wanted).await?;
        }
        if let Group::Dossier(id) = group {
            self.add_own(&mut events, eyes, id, wanted).await?;
        }
        let more = events.len() > size;
        let mut bytes = 0;
        let mut last = None;
        for (pos, stored) in events.into_iter().take(size) {
            bytes += stored.record.len() + stored.event.len();
            if !page.items.is_empty() && bytes > limits::MESSAGE_BYTES {
                page.next = last;
                return Ok(page);
            }
            let seq = match party {
                Some(party) => self.reader.log_seq(lane, party, pos).await.during("an event's number")?,
                None => None,
            };
            last = Some(pos);
            page.items.push(EventLine {
                position: Position { lane, pos },
                seq: seq.unwrap_or(0),
                record: stored.record,
                event: stored.event,
            });
        }
        page.next = last.filter(|_| more);
        Ok(page)
    }

    async fn add_chain(
        &self,
        events: &mut BTreeMap<u64, Stored>,
        leg: &Leg,
        wanted: Wanted,
    ) -> Result<(), Error> {
        if leg.last.pos > wanted.after {
            for stored in self.chain(leg).await?.events {
                wanted.keep(events, stored);
            }
        }
        Ok(())
    }

    /// The event that the dossier was born with, and what its agency said of it. These may stand on no leg, and then only
    /// who sees their parties sees them; everything else that is said of a dossier stands on its legs.
    async fn add_own(
        &self,
        events: &mut BTreeMap<u64, Stored>,
        eyes: &dyn Eyes,
        id: Position,
        wanted: Wanted,
    ) -> Result<(), Error> {
        let dossier = self.reader.dossier(id).await.during("a dossier")?;
        let mut said = vec![id];
        if let Some(dossier) = &dossier {
            said.extend(dossier.decisions.iter().map(|decision| decision.by));
            said.extend(dossier.parent.map(|(_, by)| by));
        }
        for at in said {
            if at.pos > wanted.after
                && at.pos <= wanted.upto
                && !events.contains_key(&at.pos)
                && let Some(stored) = self.reader.entry(at).await.during("an event of a dossier")?
                && eyes.sees(&stored.record().during("a record of a dossier")?.parties)
            {
                wanted.keep(events, stored);
            }
        }
        Ok(())
    }
}

/// Which events a page wants: the first so many between two positions.
#[derive(Clone, Copy)]
struct Wanted {
    after: u64,
    upto: u64,
    count: usize,
}

impl Wanted {
    fn keep(self, events: &mut BTreeMap<u64, Stored>, stored: Stored) {
        if stored.pos > self.after && stored.pos <= self.upto {
            events.insert(stored.pos, stored);
            if events.len() > self.count {
                events.pop_last();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_the_first_events_of_several_legs_each_once() {
        let wanted = Wanted { after: 2, upto: 9, count: 3 };
        let mut events = BTreeMap::new();
        for pos in [12, 9, 8, 5, 2, 1, 7, 5, 3] {
            let stored = Stored { pos, record: Bytes::new(), event: Bytes::new(), prev: 0 };
            wanted.keep(&mut events, stored);
        }
        assert_eq!(events.into_keys().collect::<Vec<_>>(), [3, 5, 7]);
    }
}
