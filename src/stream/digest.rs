//! What a reader of a party's log must hold, as digests: equal ones, equal events.

use sha2::{Digest, Sha256};
use tokio::task::yield_now;

use super::consumers::named;
use super::cursor::Cursor;
use super::feed::{Feeds, Log, unreadable};
use crate::dossier::names::Lane;
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;
use crate::store::Error;

/// The field in which a part of a log begins, and the one in which it ends.
const FROM: &str = "from_cursor";
const TO: &str = "to_cursor";

/// Consecutive events of a log in one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The lane.
    pub lane: Lane,
    /// The number of the first.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
    /// SHA-256 over the SHA-256 of each record, in order.
    pub sha256: [u8; 32],
}

/// Part of a log.
#[derive(Clone, Debug)]
pub struct Digested {
    /// What is in it, of each lane with any.
    pub stretches: Vec<Stretch>,
    /// How far it goes.
    pub cursor: Cursor,
    /// That is as far as was asked for.
    pub complete: bool,
}

impl Feeds {
    /// The digests of a log after one cursor and up to another, at most [`limits::DIGEST_EVENTS`] events at once.
    ///
    /// Refused: cursors as for a pull, and an end before the beginning.
    pub async fn digest(
        &self,
        log: &Log,
        from: Option<&[u8]>,
        to: Option<&[u8]>,
    ) -> Result<Digested, Refusal> {
        // CANCEL: only reads.
        let mut cursor = self.start(log, from).await.map_err(named(FROM))?;
        let to = match to {
            Some(_) => Some(self.start(log, to).await.map_err(named(TO))?),
            None => None,
        };
        let mut ends = Vec::new();
        for lane in self.lanes() {
            let end = match &to {
                Some(to) => to.seq(lane),
                None => self.reader.log_head(lane, log.id).await.map_err(unreadable)?,
            };
            if end < cursor.seq(lane) {
                return Err(Refusal::field(Reason::CursorInvalid, TO, "it lies before from_cursor"));
            }
            ends.push((lane, end));
        }
        let (mut stretches, mut left, mut complete) = (Vec::new(), self.options.digest_events, true);
        for (lane, end) in ends {
            let before = cursor.seq(lane);
            let upto = end.min(before.saturating_add(left));
            if let Some(stretch) = self.stretch(log, lane, before, upto).await.map_err(unreadable)? {
                cursor.advance(lane, stretch.last);
                left -= stretch.last - before;
                stretches.push(stretch);
            }
            complete &= cursor.seq(lane) >= end;
        }
        Ok(Digested { stretches, cursor, complete })
    }

    /// The digest of a log in one lane after a number and up to another.
    async fn stretch(&self, log: &Log, lane: Lane, before: u64, upto: u64) -> Result<Option<Stretch>, Error> {
        let mut digest = Sha256::new();
        let mut last = before;
        while last < upto {
            let wanted = (upto - last).min(limits::FOLLOW_PAGE as u64) as usize;
            // CANCEL: only reads.
            let page = self.reader.log_after(lane, log.id, last, wanted).await?;
            for listed in &page {
                digest.update(Sha256::digest(&listed.stored.record));
            }
            last = page.last().ok_or(Error::Corrupt { what: "logs" })?.seq;
            // Others have their turn between two pages.
            yield_now().await;
        }
        let stretch = || Stretch { lane, first: before + 1, last, sha256: digest.finalize().into() };
        Ok((last > before).then(stretch))
    }
}
