//! Named consumers: where each stands, how much is behind it, and moving it through the journal.

use smol_str::SmolStr;

use super::cursor::{self, Cursor};
use super::feed::{Feeds, Log, unreadable};
use crate::dossier::consumer::{Consumer, ConsumerAct};
use crate::dossier::names::{Lane, Micros};
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::{ConsumerLine, Handle, Line};
use crate::store::Error;

/// The field of a consumer's name.
const NAME: &str = "name";

/// A place in a log, as a caller says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start<'a> {
    /// Behind what came before a cursor.
    Cursor(&'a [u8]),
    /// At the first event committed at or after a time.
    Time(Micros),
    /// At the first event.
    Beginning,
    /// Behind every event there is.
    End,
}

/// A consumer, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// As it is kept.
    pub consumer: Consumer,
    /// Events behind its cursor; `None` where the cursor is of another epoch.
    pub lag: Option<u64>,
}

/// What is to be created.
#[derive(Clone, Debug)]
pub struct Creation<'a> {
    /// The consumer's id.
    pub id: SmolStr,
    /// The request's id.
    pub request_id: SmolStr,
    /// Digest of the request without its id.
    pub request_digest: [u8; 32],
    /// Where it begins.
    pub start: Start<'a>,
}

/// Consumers of a store's logs. They are read from the store, and written by the journal alone.
#[derive(Debug)]
pub struct Consumers<'a> {
    feeds: &'a Feeds,
    journal: &'a Handle,
}

impl<'a> Consumers<'a> {
    /// Consumers of the feeds of a store, moved through its journal.
    pub fn new(feeds: &'a Feeds, journal: &'a Handle) -> Consumers<'a> {
        Consumers { feeds, journal }
    }

    /// One consumer.
    pub async fn get(&self, log: &Log, id: &str) -> Result<Standing, Refusal> {
        let consumer = self.feeds.consumer(log, id).await?;
        // CANCEL: only reads.
        self.standing(log, consumer).await
    }

    /// A log's consumers after an id, in the order of their ids.
    pub async fn list(&self, log: &Log, after: &str, limit: usize) -> Result<Vec<Standing>, Refusal> {
        // CANCEL: only reads.
        let page = self.feeds.reader.consumers(log.lane, log.id, after, limit).await.map_err(unreadable)?;
        let epoch = self.feeds.epoch().await?;
        let length = self.feeds.length(log.id).await.map_err(unreadable)?;
        let standing =
            |consumer: Consumer| Ok(Standing { lag: self.lag(log, &consumer, epoch, length)?, consumer });
        page.into_iter().map(standing).collect()
    }

    /// Creates a consumer, or answers the one that the same request created.
    pub async fn create(&self, log: &Log, creation: Creation<'_>, now: Micros) -> Result<Standing, Refusal> {
        let Creation { id, request_id, request_digest, start } = creation;
        let cursor = self.feeds.place(log, start, now).await?.encode();
        // CANCEL: what is queued is kept; the same request again is answered.
        self.act(log, id, ConsumerAct::Create { request_id, request_digest, cursor }).await
    }

    /// Moves a consumer wherever it is to stand.
    pub async fn seek(
        &self,
        log: &Log,
        id: SmolStr,
        to: Start<'_>,
        etag: Option<SmolStr>,
        now: Micros,
    ) -> Result<Standing, Refusal> {
        let cursor = self.feeds.place(log, to, now).await?.encode();
        // CANCEL: what is queued is kept; seeking the same place again is answered.
        self.act(log, id, ConsumerAct::Set { cursor, etag }).await
    }

    /// Moves a consumer on to how far its reader has come.
    ///
    /// Refused: cursors as for a pull; `CURSOR_INVALID` for one that lies before the one that is kept, `CONSUMER_MOVED`
    /// when that is not what the caller saw, `EPOCH_CHANGED` when it is of another epoch.
    pub async fn commit(
        &self,
        log: &Log,
        id: SmolStr,
        cursor: &[u8],
        etag: SmolStr,
    ) -> Result<Standing, Refusal> {
        let read = self.feeds.start(log, Some(cursor)).await?;
        let kept = self.feeds.consumer(log, &id).await?;
        let stands = self.feeds.start(log, Some(&kept.cursor)).await.map_err(named(NAME))?;
        // An etag belongs to one cursor for ever: what is compared here with the cursor of the caller's etag is right
        // whenever the batch finds that etag. With any other the batch refuses, whatever is compared.
        if kept.etag == etag && stands.lanes().any(|lane| read.seq(lane) < stands.seq(lane)) {
            let why = "it lies before the one that is kept: SeekConsumer goes back";
            return Err(Refusal::field(Reason::CursorInvalid, cursor::FIELD, why));
        }
        // CANCEL: what is queued is kept; committing the same cursor again is answered.
        self.act(log, id, ConsumerAct::Set { cursor: read.encode(), etag: Some(etag) }).await
    }

    /// Removes a consumer.
    pub async fn delete(&self, log: &Log, id: SmolStr, etag: Option<SmolStr>) -> Result<(), Refusal> {
        // CANCEL: what is queued is done.
        self.journal.submit(line(log, id, ConsumerAct::Delete { etag })).await.map(drop)
    }

    async fn act(&self, log: &Log, id: SmolStr, act: ConsumerAct) -> Result<Standing, Refusal> {
        // CANCEL: as whoever acts says.
        let answer = self.journal.submit(line(log, id, act)).await?;
        let consumer = answer.consumer.ok_or(Refusal::new(Reason::Internal))?;
        self.standing(log, *consumer).await
    }

    async fn standing(&self, log: &Log, consumer: Consumer) -> Result<Standing, Refusal> {
        // CANCEL: only reads.
        let epoch = self.feeds.epoch().await?;
        let length = self.feeds.length(log.id).await.map_err(unreadable)?;
        Ok(Standing { lag: self.lag(log, &consumer, epoch, length)?, consumer })
    }

    fn lag(
        &self,
        log: &Log,
        consumer: &Consumer,
        epoch: [u8; 16],
        length: u64,
    ) -> Result<Option<u64>, Refusal> {
        match Cursor::of(&consumer.cursor, &log.party, epoch) {
            Ok(cursor) => Ok(Some(length.saturating_sub(cursor.read()))),
            Err(refusal) if refusal.reason == Reason::EpochChanged => Ok(None),
            Err(_) => Err(unreadable(Error::Corrupt { what: "consumers" })),
        }
    }
}

fn line(log: &Log, id: SmolStr, act: ConsumerAct) -> Line {
    Line::Consumer(Box::new(ConsumerLine { party: log.party.clone(), id, act }))
}

/// The refusal of a cursor under the field that brought it in.
pub fn named(field: &'static str) -> impl Fn(Refusal) -> Refusal {
    move |refusal| match refusal.field == cursor::FIELD {
        true => Refusal { field: field.to_owned(), ..refusal },
        false => refusal,
    }
}

impl Feeds {
    /// A consumer as it is kept; `NOT_FOUND` where there is none.
    pub async fn consumer(&self, log: &Log, id: &str) -> Result<Consumer, Refusal> {
        // CANCEL: only reads.
        let kept = self.reader.consumer(log.lane, log.id, id).await.map_err(unreadable)?;
        kept.ok_or_else(|| Refusal::field(Reason::NotFound, NAME, ""))
    }

    /// The cursor of a place in a log.
    async fn place(&self, log: &Log, start: Start<'_>, now: Micros) -> Result<Cursor, Refusal> {
        // CANCEL: only reads.
        if let Start::Cursor(bytes) = start {
            return self.start(log, Some(bytes)).await;
        }
        let mut cursor = self.start(log, None).await?;
        for lane in self.lanes() {
            let seq = match start {
                Start::Cursor(_) | Start::Beginning => 0,
                Start::Time(time) if time > now => {
                    let why = "later than now: the end is where everything that comes is behind";
                    return Err(Refusal::field(Reason::TimeOutOfRange, "time", why));
                }
                Start::Time(time) => self.before(log, lane, time).await.map_err(unreadable)?,
                Start::End => self.reader.log_head(lane, log.id).await.map_err(unreadable)?,
            };
            cursor.advance(lane, seq);
        }
        Ok(cursor)
    }

    /// The number of the last event of a lane committed before a time. Times never decrease along a lane's log, so a few are
    /// looked at.
    async fn before(&self, log: &Log, lane: Lane, time: Micros) -> Result<u64, Error> {
        // Everything up to `before` is earlier, and nothing from `after` on.
        let mut before = 0;
        // CANCEL: only reads.
        let mut after = self.reader.log_head(lane, log.id).await? + 1;
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let listed = self.reader.log_after(lane, log.id, middle - 1, 1).await?;
            let listed = listed.first().ok_or(Error::Corrupt { what: "logs" })?;
            match listed.stored.record()?.committed_at < time {
                true => before = middle,
                false => after = middle,
            }
        }
        Ok(before)
    }
}
