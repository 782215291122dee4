//! As of when a look-up is answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Error, View, While};
use crate::dossier::names::{Lane, Micros, Position};

/// As of when something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// As of the last commit.
    Now,
    /// What was known at a time.
    Time(Micros),
    /// What was known at a position.
    Position(Position),
}

/// How far each lane is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment(Arc<BTreeMap<Lane, InLane>>);

/// A position, and the journal's time there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InLane {
    /// Everything of the lane up to here is in the answer, nothing after.
    pub position: Position,
    /// When the batch that holds the position was committed.
    pub known_at: Micros,
    /// Whether nothing stood after it when it was read.
    pub is_head: bool,
}

impl Moment {
    /// How far a lane is looked at; `None` before its first event.
    pub fn of(&self, lane: Lane) -> Option<InLane> {
        self.0.get(&lane).copied()
    }

    /// Whether what stands at a position is known by then; the lane's part of the moment if so.
    pub fn knows(&self, position: Position) -> Option<InLane> {
        self.of(position.lane).filter(|moment| position <= moment.position)
    }

    /// How far each lane is looked at, in the order of the lanes.
    pub fn all(&self) -> impl Iterator<Item = InLane> {
        self.0.values().copied()
    }

    /// The lanes that are looked at.
    pub(super) fn lanes(&self) -> impl DoubleEndedIterator<Item = Lane> {
        self.0.keys().copied()
    }
}

impl View {
    /// The moment meant, `None` before the first event. `now` is the gateway's time: between the last commit and now the
    /// last commit is meant, later than now is [`Error::Ahead`]. A position says by its time how far other lanes are meant.
    pub async fn moment(&self, when: When, now: Micros) -> Result<Option<Moment>, Error> {
        let mut moments = BTreeMap::new();
        let mut asked = when;
        if let When::Position(position) = when {
            match self.at_position(position).await? {
                Some(moment) => {
                    asked = When::Time(moment.known_at);
                    moments.insert(position.lane, moment);
                }
                None => return Ok(None),
            }
        }
        let mut last_of_all = None;
        let mut heads = Vec::new();
        for lane in self.lanes() {
            let last = self.reader.last_seal(lane).await.during("the last seal")?;
            last_of_all = last_of_all.max(last.as_ref().map(|seal| seal.committed_at));
            heads.push((lane, last));
        }
        // A batch may be sealed a little ahead of a clock that was set back; its own time is no future.
        if let When::Time(time) = when
            && time > last_of_all.map_or(now, |last| last.max(now))
        {
            return Err(Error::Ahead);
        }
        for (lane, last) in heads {
            if moments.contains_key(&lane) {
                continue;
            }
            let head = last.as_ref().map_or(0, |seal| seal.size);
            let seal = match asked {
                When::Time(time) => self.reader.seal_at(lane, time).await.during("a seal by its time")?,
                When::Now | When::Position(_) => last,
            };
            if let Some(seal) = seal.filter(|seal| seal.size > 0) {
                moments.insert(lane, in_lane(Position { lane, pos: seal.size }, seal.committed_at, head));
            }
        }
        Ok((!moments.is_empty()).then(|| Moment(Arc::new(moments))))
    }

    async fn at_position(&self, position: Position) -> Result<Option<InLane>, Error> {
        let last = self.reader.last_seal(position.lane).await.during("the last seal")?;
        let head = last.map_or(0, |seal| seal.size);
        if position.pos > head {
            return Err(Error::Ahead);
        }
        if position.pos == 0 {
            return Ok(None);
        }
        let seal = self.reader.seal_covering(position.lane, position.pos).await;
        let seal = seal.during("a seal by its size")?;
        Ok(seal.map(|seal| in_lane(position, seal.committed_at, head)))
    }
}

fn in_lane(position: Position, known_at: Micros, head: u64) -> InLane {
    InLane { position, known_at, is_head: position.pos >= head }
}
