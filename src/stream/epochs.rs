//! What the reader of an epoch that ended is told: how far its history is the one that went on, and from where to read.

use super::cursor::Cursor;
use super::feed::{Feeds, Log, unreadable};
use crate::dossier::names::{Lane, Position};
use crate::dossier::refusal::{Refusal, Resume};
use crate::store::Error;

impl Feeds {
    /// The refusal of a cursor of another epoch than the one that is.
    pub(super) async fn changed(&self, log: &Log, cursor: &Cursor, epoch: [u8; 16]) -> Refusal {
        // CANCEL: only reads.
        match self.resume(log, cursor, epoch).await {
            Ok(resume) => Refusal { resume, ..cursor.epoch_changed() },
            Err(error) => unreadable(error),
        }
    }

    /// Where to go on from; `None` where the cursor's epoch is not known to have ended here.
    async fn resume(
        &self,
        log: &Log,
        cursor: &Cursor,
        epoch: [u8; 16],
    ) -> Result<Option<Box<Resume>>, Error> {
        let mut from = Cursor::beginning(log.party.clone(), epoch);
        let mut common = Vec::new();
        for lane in self.lanes() {
            // CANCEL: only reads. A lane that was added since has nothing in common with what was.
            if let Some(pos) = self.reader.ended_epoch(lane, cursor.epoch()).await? {
                from.advance(lane, self.upto(log, lane, cursor.seq(lane), pos).await?);
                common.push(Position { lane, pos });
            }
        }
        if common.is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new(Resume { common, cursor: from.encode() })))
    }

    /// The number of a log's last event up to a position, at most the number that was read. Positions grow along a log, so
    /// a few are looked at.
    async fn upto(&self, log: &Log, lane: Lane, read: u64, pos: u64) -> Result<u64, Error> {
        // Everything up to `within` stands at or before the position, and nothing from `beyond` on.
        let mut within = 0;
        // CANCEL: only reads.
        let mut beyond = self.reader.log_head(lane, log.id).await?.min(read) + 1;
        while beyond - within > 1 {
            let middle = within + (beyond - within) / 2;
            let listed = self.reader.log_after(lane, log.id, middle - 1, 1).await?;
            let listed = listed.first().ok_or(Error::Corrupt { what: "logs" })?;
            match listed.stored.pos <= pos {
                true => within = middle,
                false => beyond = middle,
            }
        }
        Ok(within)
    }
}
