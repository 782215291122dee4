//! A party's log as a stream: events as they are committed, and bookmarks from which a reader goes on.

use std::convert::Infallible;
use std::future::Future;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::cursor::Cursor;
use super::feed::{Feeds, Log, Page};
use super::places::Place;
use super::readers::Reading;
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;
use crate::store::Listed;

const BOOKMARK_EVERY: Duration = Duration::from_secs(limits::BOOKMARK_SECONDS);
const SLOW_AFTER: Duration = Duration::from_secs(limits::FOLLOW_TAKE_SECONDS);
/// How long the last bookmark waits for a reader at shutdown, which itself has ten seconds.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);

/// What a follower sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The next event of the log.
    Event(Box<Listed>),
    /// Where the stream stands.
    Bookmark {
        /// Behind every event sent so far.
        cursor: Cursor,
        /// There was nothing more when the log was last read.
        caught_up: bool,
    },
}

/// The sending end of a stream: whoever opened it runs it beside the answer.
#[derive(Debug)]
pub struct Follower {
    feeds: Feeds,
    log: Log,
    cursor: Cursor,
    sender: mpsc::Sender<Sent>,
    end: oneshot::Sender<Refusal>,
    grown: watch::Receiver<u64>,
    /// Read when the stream was opened: who opens many and takes nothing waits for it, and nobody else does.
    first: Option<Page>,
    reading: Reading,
    _place: Place,
}

/// The taking end of a stream.
#[derive(Debug)]
pub struct Following {
    receiver: mpsc::Receiver<Sent>,
    end: Option<oneshot::Receiver<Refusal>>,
}

/// Why a stream ends.
enum Stop {
    /// Nobody takes any more.
    Gone,
    /// The gateway ends.
    Shutdown,
    /// Something is wrong; the reader goes on later from its last bookmark.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

impl Feeds {
    /// Opens a stream of a log from a cursor on, or from the beginning. Refused like a pull.
    pub async fn follow(&self, log: Log, start: Option<&[u8]>) -> Result<(Follower, Following), Refusal> {
        let place = self.places.take(log.id)?;
        let grown = self.wakes.party(log.id);
        // CANCEL: only reads; the place is given back.
        let cursor = self.start(&log, start).await?;
        let first = Some(self.page(&log, cursor.clone(), limits::FOLLOW_PAGE).await?);
        let (sender, receiver) = mpsc::channel(limits::FOLLOW_BUFFER);
        let (end, ended) = oneshot::channel();
        let reading = self.readers.begin(&log, cursor.seq(self.lane()));
        let follower =
            Follower { feeds: self.clone(), log, cursor, sender, end, grown, first, reading, _place: place };
        Ok((follower, Following { receiver, end: Some(ended) }))
    }
}

impl Follower {
    /// Sends until nobody takes any more, until the gateway ends, or until `revoked` says that the reader may not go on.
    pub async fn run(mut self, revoked: impl Future<Output = Refusal>) {
        // CANCEL: what was not sent is sent to whoever comes back with the last bookmark.
        let Err(stop) = tokio::select! {
            biased;
            refusal = revoked => Err(Stop::Refused(refusal)),
            stop = self.send_all() => stop,
        };
        match stop {
            Stop::Gone => {}
            Stop::Shutdown => {
                let last = Sent::Bookmark { cursor: self.cursor.clone(), caught_up: false };
                let _late = timeout(LAST_BOOKMARK, self.sender.send(last)).await;
            }
            Stop::Refused(refusal) => {
                let _gone = self.end.send(refusal);
            }
        }
    }

    /// Sends what there is, says so, waits until there may be more, and again.
    async fn send_all(&mut self) -> Result<Infallible, Stop> {
        let mut due = Instant::now() + BOOKMARK_EVERY;
        let mut told = false;
        loop {
            let page = match self.first.take() {
                Some(first) => first,
                None => {
                    self.grown.mark_unchanged();
                    // CANCEL: only reads.
                    self.feeds.page(&self.log, self.cursor.clone(), limits::FOLLOW_PAGE).await?
                }
            };
            told &= page.events.is_empty();
            if !page.events.is_empty() {
                self.reading.behind();
            }
            let lane = self.feeds.lane();
            for listed in page.events {
                let seq = listed.seq;
                self.send(Sent::Event(Box::new(listed))).await?;
                self.cursor.advance(lane, seq);
                self.reading.given(seq);
                if Instant::now() >= due {
                    self.bookmark(false).await?;
                    due = Instant::now() + BOOKMARK_EVERY;
                }
            }
            if (page.caught_up && !told) || Instant::now() >= due {
                self.bookmark(page.caught_up).await?;
                due = Instant::now() + BOOKMARK_EVERY;
                told = page.caught_up;
            }
            if page.caught_up {
                self.reading.caught_up();
                self.wait(due).await?;
            }
        }
    }

    async fn wait(&mut self, due: Instant) -> Result<(), Stop> {
        let again = due.min(Instant::now() + self.feeds.options.poll);
        // CANCEL: nothing is held.
        tokio::select! {
            biased;
            () = self.feeds.shutdown.cancelled() => Err(Stop::Shutdown),
            () = self.sender.closed() => Err(Stop::Gone),
            Ok(()) = self.grown.changed() => Ok(()),
            () = sleep_until(again) => Ok(()),
        }
    }

    async fn bookmark(&self, caught_up: bool) -> Result<(), Stop> {
        self.send(Sent::Bookmark { cursor: self.cursor.clone(), caught_up }).await
    }

    async fn send(&self, sent: Sent) -> Result<(), Stop> {
        // CANCEL: what was not sent is behind the last bookmark.
        tokio::select! {
            biased;
            () = self.feeds.shutdown.cancelled() => Err(Stop::Shutdown),
            room = timeout(SLOW_AFTER, self.sender.reserve()) => match room {
                Ok(Ok(room)) => {
                    room.send(sent);
                    Ok(())
                }
                Ok(Err(_)) => Err(Stop::Gone),
                Err(_) => Err(Stop::Refused(Refusal::new(Reason::Overloaded))),
            },
        }
    }
}

impl Following {
    /// The next thing sent; `None` at the end, after the refusal if the stream ended with one. What was sent before the
    /// end is taken first.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Sent, Refusal>>> {
        if let Some(sent) = ready!(self.receiver.poll_recv(cx)) {
            return Poll::Ready(Some(Ok(sent)));
        }
        let refusal = self.end.take().and_then(|mut end| end.try_recv().ok());
        Poll::Ready(refusal.map(Err))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::names::PartyName;

    fn mark(seq: u64) -> Sent {
        let mut cursor = Cursor::beginning(PartyName::new("agencies/H99"), [0; 16]);
        cursor.advance(crate::dossier::names::Lane(0), seq);
        Sent::Bookmark { cursor, caught_up: true }
    }

    fn drain(following: &mut Following) -> Vec<Option<Result<Sent, Refusal>>> {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut taken = Vec::new();
        while let Poll::Ready(next) = following.poll_next(&mut cx) {
            let ended = next.is_none();
            taken.push(next);
            if ended {
                break;
            }
        }
        taken
    }

    #[test]
    fn what_was_sent_is_taken_before_the_refusal_that_ends_the_stream() {
        let (sender, receiver) = mpsc::channel(4);
        let (end, ended) = oneshot::channel();
        let mut following = Following { receiver, end: Some(ended) };
        sender.try_send(mark(1)).unwrap();
        assert_eq!(drain(&mut following), [Some(Ok(mark(1)))]);
        sender.try_send(mark(2)).unwrap();
        end.send(Refusal::new(Reason::Overloaded)).unwrap();
        drop(sender);
        let refused = Some(Err(Refusal::new(Reason::Overloaded)));
        assert_eq!(drain(&mut following), [Some(Ok(mark(2))), refused, None]);
    }

    #[test]
    fn a_stream_that_ends_well_just_ends() {
        let (sender, receiver) = mpsc::channel(4);
        let (end, ended) = oneshot::channel();
        let mut following = Following { receiver, end: Some(ended) };
        sender.try_send(mark(1)).unwrap();
        drop((sender, end));
        assert_eq!(drain(&mut following), [Some(Ok(mark(1))), None]);
    }
}
