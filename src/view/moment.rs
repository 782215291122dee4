//! As of when a look-up is answered.

use super::{Error, LANE, View, While};
use crate::dossier::names::{Micros, Position};

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

/// A position, and the journal's time there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Everything up to here is in the answer, nothing after.
    pub position: Position,
    /// When the batch that holds the position was committed.
    pub known_at: Micros,
    /// Whether nothing stood after it when it was read.
    pub is_head: bool,
}

impl View {
    /// The moment meant, `None` before the first event. `now` is the gateway's time: between the last commit and now the
    /// last commit is meant, later than now is [`Error::Ahead`].
    pub async fn moment(&self, when: When, now: Micros) -> Result<Option<Moment>, Error> {
        let last = self.reader.last_seal(LANE).await.during("the last seal")?;
        let head = last.as_ref().map_or(0, |seal| seal.size);
        let seal = match when {
            When::Now => last,
            When::Time(time) => {
                // A batch may be sealed a little ahead of a clock that was set back; its own time is no future.
                if time > last.as_ref().map_or(now, |seal| seal.committed_at.max(now)) {
                    return Err(Error::Ahead);
                }
                self.reader.seal_at(LANE, time).await.during("a seal by its time")?
            }
            When::Position(position) => {
                if position.lane != LANE || position.pos > head {
                    return Err(Error::Ahead);
                }
                if position.pos == 0 {
                    return Ok(None);
                }
                let seal =
                    self.reader.seal_covering(LANE, position.pos).await.during("a seal by its size")?;
                return Ok(seal.map(|seal| Moment {
                    position,
                    known_at: seal.committed_at,
                    is_head: position.pos == head,
                }));
            }
        };
        Ok(seal.filter(|seal| seal.size > 0).map(|seal| Moment {
            position: Position { lane: LANE, pos: seal.size },
            known_at: seal.committed_at,
            is_head: seal.size >= head,
        }))
    }
}
