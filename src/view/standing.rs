//! How the store stands, for whoever runs the gateway: of no party in particular.

use std::time::Duration;

use super::{Error, LANE, View, While};
use crate::dossier::names::{Micros, Position};
use crate::limits;

impl View {
    /// How many events wait until their code is known, counted up to `UNPLACED_COUNTED`, and how long ago the oldest of
    /// them was received. Scans of bags wait for contents and are not counted.
    pub async fn unplaced(&self, now: Micros) -> Result<(u64, Duration), Error> {
        // CANCEL: only reads.
        let waiting = self.reader.unplaced(LANE, limits::UNPLACED_COUNTED).await.during("what waits")?;
        let Some(oldest) = waiting.first() else { return Ok((0, Duration::ZERO)) };
        let position = Position { lane: LANE, pos: *oldest };
        let stored = self.reader.entry(position).await.during("what waits longest")?;
        let received = match stored {
            Some(stored) => stored.record().during("what waits longest")?.received_at,
            None => now,
        };
        let age = Duration::from_micros(u64::try_from(now.since(received)).unwrap_or(0));
        Ok((waiting.len() as u64, age))
    }

    /// Bytes of the store's write-ahead log.
    pub async fn log_bytes(&self) -> Result<u64, Error> {
        self.reader.log_bytes().await.during("the size of the log")
    }
}
