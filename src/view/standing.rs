//! How the store stands, for whoever runs the gateway: of no party in particular.

use std::time::Duration;

use super::{Error, View, While};
use crate::dossier::names::{Micros, Position};
use crate::limits;

impl View {
    /// How many events wait until their code is known, counted up to `UNPLACED_COUNTED`, and how long ago the oldest of
    /// them was received. Scans of bags wait for contents and are not counted.
    pub async fn unplaced(&self, now: Micros) -> Result<(u64, Duration), Error> {
        // CANCEL: only reads.
        let (mut count, mut oldest) = (0, now);
        for lane in self.lanes() {
            let waiting = self.reader.unplaced(lane, limits::UNPLACED_COUNTED).await.during("what waits")?;
            count += waiting.len() as u64;
            let Some(pos) = waiting.first() else { continue };
            let stored =
                self.reader.entry(Position { lane, pos: *pos }).await.during("what waits longest")?;
            if let Some(stored) = stored {
                oldest = oldest.min(stored.record().during("what waits longest")?.received_at);
            }
        }
        Ok((count, Duration::from_micros(u64::try_from(now.since(oldest)).unwrap_or(0))))
    }

    /// Bytes of the store's write-ahead log.
    pub async fn log_bytes(&self) -> Result<u64, Error> {
        self.reader.log_bytes().await.during("the size of the log")
    }
}
