//! The tie: the one follower that places what had to wait, as new events at their original times. Late registration and
//! bags are the same to it.
//!
//! It looks after the commit and never locks: of two racing commits the later one's look sees the earlier. What it writes
//! has keys made of positions, so that it may be stopped anywhere and begin again: an event that means one leg is pinned
//! to it first, and every placing that was journaled before is answered as it was then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::desk_reader;
use crate::dossier::apply::Said;
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::desk::TagTarget;
use crate::dossier::directory::Day;
use crate::dossier::event::EventType;
use crate::dossier::names::{Lane, Position};
use crate::dossier::refusal::{Reason, Refusal};
use crate::dossier::resolve::{self, Meant};
use crate::journal::{self, Handle, Line, Note, PlaceLine};
use crate::limits;
use crate::store::{self, Holding, Lease, Reader};

/// The name of its cursor.
const NAME: &str = "tie";
/// Without a wake-up it looks again this often, as when another gateway wrote.
const POLL: Duration = Duration::from_secs(1);
/// After trouble it waits this long: the store may need a moment, and nobody waits for the tie by the second.
const BACKOFF: Duration = Duration::from_secs(1);
/// How often it holds the lease while it works: what is silent for some seconds loses it.
const HOLD: Duration = Duration::from_secs(2);

/// Why the tie could not go on; it begins again where it was.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store could not be read.
    #[error("read what waits")]
    Read(#[from] store::Error),
    /// A stored line could not be read.
    #[error("read a waiting event")]
    Line(#[from] journal::Error),
    /// What is stored contradicts itself.
    #[error("find the leg an event means: {0} is named and not there")]
    Torn(&'static str),
    /// The journal takes nothing just now.
    #[error("write a placing")]
    Refused(#[from] Refusal),
}

/// Where a waiting event belongs, in whichever lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nowhere yet, or nobody can tell: it goes on waiting.
    Nothing,
    /// On this leg; it is pinned first.
    Leg(Position),
    /// On each of these.
    Legs {
        /// The legs.
        legs: Vec<Position>,
        /// It waits no longer once it is on all of them. A bag's scan waits for what is found to be inside.
        done: bool,
    },
}

/// How far the tie has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// In the lane.
    pub pos: u64,
    /// As a restart will find it: behind `pos` only by positions that were looked at in vain.
    pub kept: u64,
}

/// The tie of a lane.
#[derive(Debug)]
pub struct Tie {
    reader: Reader,
    journal: Handle,
    lane: Lane,
    lease: Mutex<Lease>,
}

impl Tie {
    /// The tie of a lane, which works while it holds the lease.
    pub fn new(reader: Reader, journal: Handle, lane: Lane, lease: Lease) -> Tie {
        Tie { reader, journal, lane, lease: Mutex::new(lease) }
    }

    /// Places what can be placed, whenever something was committed, until the gateway ends.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut head = self.journal.wakes().head(self.lane);
        let mut troubled = false;
        let mut seen = None;
        loop {
            head.mark_unchanged();
            // CANCEL: stopped anywhere, the next start does the same again.
            let outcome = tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                outcome = self.follow(seen) => outcome,
            };
            match outcome {
                Ok(now) => {
                    seen = now;
                    troubled = false;
                }
                Err(error) if !troubled => {
                    tracing::warn!(error = %crate::telemetry::chain(&error), "the tie could not go on");
                    troubled = true;
                }
                Err(_) => {}
            }
            // CANCEL: nothing is held.
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                Ok(()) = head.changed(), if !troubled => {}
                () = sleep(if troubled { BACKOFF } else { POLL }) => {}
            }
        }
    }

    /// Catches up, as long as it holds the lease; `None` when it does not. Who takes the lease anew begins at the cursor:
    /// somebody else went on meanwhile.
    async fn follow(&self, seen: Option<Seen>) -> Result<Option<Seen>, Error> {
        // CANCEL: as for `run`.
        let mut seen = match self.hold().await? {
            Holding::No => return Ok(None),
            Holding::Anew => self.cursor().await?,
            Holding::Still => match seen {
                Some(seen) => seen,
                None => self.cursor().await?,
            },
        };
        let head = self.reader.head(self.lane).await?.pos;
        while seen.pos < head {
            // CANCEL: as for `run`. However long the work takes, nobody else begins it meanwhile.
            seen = tokio::select! {
                seen = self.work_behind(seen, head) => seen?,
                lost = self.hold_on() => return lost.map(|()| None),
            };
            if self.hold().await? != Holding::Still {
                return Ok(None);
            }
        }
        Ok(Some(seen))
    }

    async fn hold(&self) -> Result<Holding, Error> {
        // CANCEL: as the lease's.
        Ok(self.lease.lock().await.hold().await?)
    }

    /// Holds the lease until it is lost.
    async fn hold_on(&self) -> Result<(), Error> {
        loop {
            // CANCEL: as the lease's.
            sleep(HOLD).await;
            if self.hold().await? != Holding::Still {
                return Ok(());
            }
        }
    }

    async fn cursor(&self) -> Result<Seen, Error> {
        // CANCEL: only reads.
        let kept = self.reader.follower(self.lane, NAME).await?;
        Ok(Seen { pos: kept, kept })
    }

    /// Works through everything behind what it has seen, or behind its cursor; how far that is.
    #[cfg(test)]
    pub async fn catch_up(&self, seen: Option<Seen>) -> Result<Seen, Error> {
        // CANCEL: as for `run`.
        let mut seen = match seen {
            Some(seen) => seen,
            None => self.cursor().await?,
        };
        let head = self.reader.head(self.lane).await?.pos;
        while seen.pos < head {
            seen = self.work_behind(seen, head).await?;
        }
        Ok(seen)
    }

    /// Works through some positions behind what it has seen, and keeps how far it came when that was far or cost work.
    pub async fn work_behind(&self, seen: Seen, head: u64) -> Result<Seen, Error> {
        // CANCEL: how far it came is kept last; what was placed before is answered as it was then.
        let upto = head.min(seen.pos + limits::TIE_SPAN);
        let work = self.reader.tie_work(self.lane, seen.pos, upto, limits::TIE_POSITIONS).await?;
        for pos in &work {
            self.work_at(*pos).await?;
        }
        let full = work.len() == limits::TIE_POSITIONS;
        let pos = work.last().copied().filter(|_| full).unwrap_or(upto);
        if work.is_empty() && pos - seen.kept < limits::TIE_SPAN {
            return Ok(Seen { pos, ..seen });
        }
        self.journal.submit(Line::Note(self.lane, Box::new(Note::Follower { name: NAME, pos }))).await?;
        Ok(Seen { pos, kept: pos })
    }

    /// Tries what waits at a position, then what waits for the codes that became known there.
    async fn work_at(&self, pos: u64) -> Result<(), Error> {
        // CANCEL: as for `work_after`.
        if !self.reader.waits_for(self.lane, pos).await?.is_empty() {
            self.place(self.position(pos), None).await?;
        }
        let mut known = BTreeMap::new();
        for tag in self.reader.tags_made_at(self.lane, pos).await? {
            if tag.at == self.position(pos) {
                let legs: &mut BTreeSet<Position> = known.entry(tag.key).or_default();
                legs.extend(match tag.target {
                    TagTarget::Leg(leg) => Some(leg),
                    TagTarget::Dossier(_) => None,
                });
            }
        }
        for (key, legs) in known {
            // A bag's scans are on everything else in it already.
            let only = key.is_receptacle().then_some(&legs);
            for lane in &self.journal.directory().lanes {
                for pos in self.reader.waiting_on(*lane, &key).await? {
                    self.place(Position { lane: *lane, pos }, only).await?;
                }
            }
        }
        Ok(())
    }

    /// Places a waiting event where it belongs, if that is known; of what a bag holds only these legs where they are given.
    async fn place(&self, from: Position, only: Option<&BTreeSet<Position>>) -> Result<(), Error> {
        // CANCEL: as for `work_after`.
        match self.meaning(from, only).await? {
            Meaning::Nothing => Ok(()),
            Meaning::Leg(leg) if self.is_born_of(leg, from).await? => self.end_waiting(from).await,
            Meaning::Leg(leg) => {
                let leg = self.pin(from, leg).await?;
                self.put(from, &[leg], true).await
            }
            Meaning::Legs { legs, done } => {
                let mut others = Vec::with_capacity(legs.len());
                for leg in legs {
                    if !self.is_born_of(leg, from).await? {
                        others.push(leg);
                    }
                }
                if others.is_empty() && done {
                    return self.end_waiting(from).await;
                }
                self.put(from, &others, done).await
            }
        }
    }

    /// Whether a leg is the return that the very event began when it was put on the leg before: it stands on this one
    /// already, as its birth.
    async fn is_born_of(&self, leg: Position, from: Position) -> Result<bool, Error> {
        // CANCEL: only reads.
        let Some(birth) = self.reader.entry(leg).await? else { return Ok(false) };
        Ok(journal::step(&birth)?.placed_from == Some(from))
    }

    /// Keeps that an event waits no longer, though no placing said so.
    async fn end_waiting(&self, from: Position) -> Result<(), Error> {
        // CANCEL: said again by whoever looks next.
        self.journal.submit(Line::Note(from.lane, Box::new(Note::Placed { pos: from.pos }))).await?;
        Ok(())
    }

    /// Where a waiting event belongs, as far as is known now.
    pub async fn meaning(&self, from: Position, only: Option<&BTreeSet<Position>>) -> Result<Meaning, Error> {
        // CANCEL: only reads.
        if let Some(pinned) = self.reader.pin(from.lane, from.pos).await? {
            // Whatever became known since: it is on its way to this leg, and goes to one only.
            return Ok(Meaning::Leg(pinned));
        }
        let Some(stored) = self.reader.entry(from).await? else { return Ok(Meaning::Nothing) };
        let said = journal::said(&stored)?;
        if let Some(corrected) = said.event.corrects
            && let Some(target) = self.reader.entry(corrected).await?
        {
            let target = journal::said(&target)?;
            if target.party == said.party {
                return self.beside(corrected, &said, &target, only).await;
            }
        }
        if let Some(bag) = bag_of(&said) {
            let legs = desk_reader::resolve(&self.reader, self.journal.directory(), |desk| {
                resolve::in_receptacle(desk, &said.party, bag, said.effective_at)
            });
            return Ok(bag_holds(legs.await?, only));
        }
        let codes: Vec<&Code> = codes_of(&said).collect();
        let meant = desk_reader::resolve(&self.reader, self.journal.directory(), |desk| {
            resolve::by_codes(desk, &said.party, &codes, said.effective_at)
        });
        Ok(match meant.await? {
            Meant::Leg(leg) => Meaning::Leg(leg),
            Meant::Together(legs) => Meaning::Legs { legs, done: true },
            Meant::Nothing => self.opened_by(&said, from.lane).map_or(Meaning::Nothing, Meaning::Leg),
            Meant::Ambiguous(_) => Meaning::Nothing,
        })
    }

    /// The leg that a pick-up opens in the lane of the agency it names, where that is another than its own.
    fn opened_by(&self, said: &Said, captured_in: Lane) -> Option<Position> {
        let directory = self.journal.directory();
        let named = said.event.agency.as_ref().filter(|_| said.event.kind == EventType::PickedUp)?;
        let agency = directory.canonical(named, Day::at(said.effective_at))?;
        let lane = directory.lane_of(agency);
        (lane != captured_in && said.party.is_carrier()).then_some(Position { lane, pos: 0 })
    }

    /// A void or correction goes wherever the event was placed that it names; until then it waits.
    async fn beside(
        &self,
        corrected: Position,
        said: &Said,
        target: &Said,
        only: Option<&BTreeSet<Position>>,
    ) -> Result<Meaning, Error> {
        // CANCEL: only reads.
        let codes: BTreeSet<&Code> = codes_of(said).chain(codes_of(target)).collect();
        let mut legs = BTreeSet::new();
        for code in codes {
            legs.extend(desk_reader::tagged(&self.reader, &self.journal.directory().lanes, code).await?);
        }
        let mut found = Vec::new();
        for id in legs {
            if self.stands_on(corrected, id).await? {
                found.push(id);
            }
        }
        Ok(match (bag_of(target).or(bag_of(said)), found.as_slice()) {
            (Some(_), _) => bag_holds(found, only),
            (None, []) => Meaning::Nothing,
            (None, [leg]) => Meaning::Leg(*leg),
            (None, _) => Meaning::Legs { legs: found, done: true },
        })
    }

    /// Whether an event was put on a leg, when it came or later.
    async fn stands_on(&self, event: Position, id: Position) -> Result<bool, Error> {
        // CANCEL: only reads.
        let Some(leg) = self.reader.leg(id).await? else { return Ok(false) };
        for stored in self.reader.chain(id, leg.last.pos).await? {
            let step = journal::step(&stored)?;
            if step.position == event || step.placed_from == Some(event) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keeps that a waiting event will be placed on a leg, unless another was kept before; answers the one kept.
    pub async fn pin(&self, from: Position, leg: Position) -> Result<Position, Error> {
        let note = Note::Pin { pos: from.pos, target: leg };
        // CANCEL: the pin stands; whoever comes next is answered with it.
        let answer = self.journal.submit(Line::Note(from.lane, Box::new(note))).await?;
        Ok(answer.pinned.unwrap_or(leg))
    }

    /// Puts a waiting event on legs. Where it then waits no longer, the last placing says so, after all others stand.
    pub async fn put(&self, from: Position, legs: &[Position], done: bool) -> Result<(), Error> {
        let (first, last) = match legs.split_last() {
            Some((last, first)) if done => (first, Some(*last)),
            _ => (legs, None),
        };
        for legs in first.chunks(limits::TIE_LINES) {
            let mut pending = Vec::with_capacity(legs.len());
            for leg in legs {
                let line = || Line::Place(PlaceLine { from, leg: *leg, done: false });
                let queued = match self.journal.queue(line()) {
                    // Its share of a full intake may be smaller than a bag: what is queued is journaled first.
                    Err(refusal) if refusal.reason == Reason::Overloaded && !pending.is_empty() => {
                        settled(from, pending.drain(..)).await?;
                        self.journal.queue(line())?
                    }
                    queued => queued?,
                };
                pending.push((*leg, queued));
            }
            // CANCEL: the lines are queued and will be journaled; the same lines again are answered alike.
            settled(from, pending).await?;
        }
        if let Some(leg) = last {
            // A placing in another lane cannot say so in the lane of what waits.
            let done = leg.lane == from.lane;
            let line = PlaceLine { from, leg, done };
            // CANCEL: as above.
            lasting(from, leg, self.journal.submit(Line::Place(line)).await)?;
            if !done {
                self.end_waiting(from).await?;
            }
        }
        Ok(())
    }

    fn position(&self, pos: u64) -> Position {
        Position { lane: self.lane, pos }
    }
}

/// Waits for placings that are queued.
async fn settled(
    from: Position,
    queued: impl IntoIterator<Item = (Position, journal::Pending)>,
) -> Result<(), Refusal> {
    for (leg, answer) in queued {
        // CANCEL: as for whoever queued them.
        lasting(from, leg, answer.await)?;
    }
    Ok(())
}

/// What trying again cannot mend leaves the event waiting, and the tie goes on with others.
fn lasting(from: Position, leg: Position, answer: Result<journal::Answer, Refusal>) -> Result<(), Refusal> {
    match answer {
        Ok(_) => Ok(()),
        Err(refusal)
            if matches!(
                refusal.reason,
                Reason::StoreUnavailable | Reason::Overloaded | Reason::ClockSuspect
            ) =>
        {
            Err(refusal)
        }
        Err(refusal) => {
            tracing::warn!(%from, %leg, reason = refusal.reason.text(), "a waiting event could not be placed");
            Ok(())
        }
    }
}

fn codes_of(said: &Said) -> impl Iterator<Item = &Code> {
    said.event.code.iter().chain(&said.event.also)
}

fn bag_of(said: &Said) -> Option<&Code> {
    said.event.code.as_ref().filter(|code| code.kind() == CodeKind::Receptacle)
}

fn bag_holds(mut legs: Vec<Position>, only: Option<&BTreeSet<Position>>) -> Meaning {
    legs.retain(|leg| only.is_none_or(|only| only.contains(leg)));
    if legs.is_empty() { Meaning::Nothing } else { Meaning::Legs { legs, done: false } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(pos: u64) -> Position {
        Position { lane: Lane(0), pos }
    }

    #[test]
    fn a_bags_scan_goes_on_waiting_and_goes_only_on_what_was_just_found_inside() {
        let inside = vec![at(1), at(2), at(3)];
        assert_eq!(bag_holds(inside.clone(), None), Meaning::Legs { legs: inside.clone(), done: false });
        let only = BTreeSet::from([at(2), at(9)]);
        assert_eq!(bag_holds(inside, Some(&only)), Meaning::Legs { legs: vec![at(2)], done: false });
        assert_eq!(bag_holds(Vec::new(), None), Meaning::Nothing);
    }

    #[test]
    fn only_what_may_pass_stops_the_tie() {
        for reason in Reason::ALL {
            let stops = lasting(at(1), at(2), Err(Refusal::new(*reason))).is_err();
            let passes =
                matches!(reason, Reason::StoreUnavailable | Reason::Overloaded | Reason::ClockSuspect);
            assert_eq!(stops, passes, "{}", reason.text());
        }
    }
}
