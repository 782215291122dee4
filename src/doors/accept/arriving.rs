//! A call's messages on their way in: each must be complete in time, and what is not complete takes a bounded room. What
//! reads messages would else wait for their ends for ever, and keep a megabyte of each, before it is known who calls.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tonic::{Code, Status};

use super::held::Held;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// A message's length stands in front of it, after one byte that says whether it is compressed.
const PREFIX: usize = 5;

/// The body of a call's request.
#[derive(Debug)]
pub struct Arriving<B> {
    body: B,
    held: Arc<Held>,
    answered: Arc<AtomicBool>,
    longest: Duration,
    /// Runs while something is waited for.
    late: Option<Pin<Box<Sleep>>>,
    message: Message,
    /// Bytes of the message that is not complete.
    bytes: usize,
}

impl<B> Arriving<B> {
    /// The request of a call; `answered` says that its answer has begun: from then on a stream may pause between messages.
    pub fn new(body: B, held: &Arc<Held>, answered: Arc<AtomicBool>, longest: Duration) -> Arriving<B> {
        let (held, message) = (Arc::clone(held), Message::default());
        Arriving { body, held, answered, longest, late: None, message, bytes: 0 }
    }

    /// Counts what came; false if there is no room for it.
    fn count(&mut self, data: &[u8]) -> bool {
        let incomplete = self.message.read(data);
        let room = match incomplete {
            Some(in_this) => {
                // Of the messages before it nothing is left.
                if in_this < data.len() {
                    self.let_go();
                }
                self.bytes += in_this;
                self.held.arrive(in_this)
            }
            None => {
                self.let_go();
                true
            }
        };
        // With every message the time begins anew, but not with every byte.
        if incomplete.is_none_or(|in_this| in_this < data.len()) {
            self.late = None;
        }
        room
    }

    fn let_go(&mut self) {
        self.held.arrived(std::mem::take(&mut self.bytes));
    }

    fn may_pause(&self) -> bool {
        self.answered.load(Ordering::Relaxed) && !self.message.begun()
    }
}

impl<B> Drop for Arriving<B> {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl<B: Body<Data = Bytes, Error: Into<Error>> + Unpin> Body for Arriving<B> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let room = frame.data_ref().is_none_or(|data| this.count(data));
                let full = || Err(Status::new(Code::ResourceExhausted, "").into());
                Poll::Ready(Some(if room { Ok(frame) } else { full() }))
            }
            Poll::Ready(ended) => Poll::Ready(ended.map(|frame| frame.map_err(Into::into))),
            Poll::Pending if this.may_pause() => Poll::Pending,
            Poll::Pending => {
                let longest = this.longest;
                let late = this.late.get_or_insert_with(|| Box::pin(sleep(longest)));
                if late.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                Poll::Ready(Some(Err(Status::new(Code::DeadlineExceeded, "").into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Where in a message the bytes are.
#[derive(Debug, Default)]
struct Message {
    prefix: [u8; PREFIX],
    /// Bytes of the prefix that were read.
    read: usize,
    /// Bytes after the prefix that are still to come.
    left: usize,
}

impl Message {
    /// Whether a message has begun and has not ended.
    const fn begun(&self) -> bool {
        self.read > 0
    }

    /// Reads on. How many of the bytes belong to a message that is not complete; `None` where none is begun.
    fn read(&mut self, mut data: &[u8]) -> Option<usize> {
        let mut in_this = 0;
        while let Some((first, rest)) = data.split_first() {
            let taken = if let Some(byte) = self.prefix.get_mut(self.read) {
                *byte = *first;
                self.read += 1;
                data = rest;
                if self.read == PREFIX {
                    let [_, length @ ..] = self.prefix;
                    self.left = u32::from_be_bytes(length) as usize;
                }
                1
            } else {
                let taken = self.left.min(data.len());
                data = data.get(taken..).unwrap_or_default();
                self.left -= taken;
                taken
            };
            in_this += taken;
            if self.read == PREFIX && self.left == 0 {
                (self.read, in_this) = (0, 0);
            }
        }
        self.begun().then_some(in_this)
    }
}

#[cfg(test)]
mod tests {
    use super::super::held::House;
    use super::*;

    #[test]
    fn a_message_is_complete_with_its_last_byte_however_it_comes() {
        let mut whole = Message::default();
        assert_eq!(whole.read(&[0, 0, 0, 0, 2, 7, 7]), None);
        assert_eq!(whole.read(&[0, 0, 0, 0, 0]), None, "an empty one");
        assert_eq!(whole.read(&[0, 0, 0, 0, 1, 7, 0, 0, 0]), Some(3), "one, and a part of the next");
        assert_eq!(whole.read(&[]), Some(0));
        assert_eq!(whole.read(&[0, 9, 7]), Some(3));
        assert!(whole.begun() && whole.read(&[0; 8]).is_none());
        let mut bytes = Message::default();
        for (at, byte) in [0, 0, 0, 1, 0].into_iter().chain([7; 256]).enumerate() {
            assert_eq!(bytes.read(&[byte]), (at < 260).then_some(1), "byte {at}");
        }
    }

    /// Gives parts, then waits for ever.
    #[derive(Debug)]
    struct Parts(Vec<Bytes>);

    impl Body for Parts {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            let next = if self.0.is_empty() { None } else { Some(self.0.remove(0)) };
            next.map_or(Poll::Pending, |data| Poll::Ready(Some(Ok(Frame::data(data)))))
        }
    }

    /// What the next frame is: its length, or the code of the refusal; `None` while it is waited for.
    async fn next(body: &mut Arriving<Parts>) -> Option<Result<usize, Code>> {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
        let frame = tokio::time::timeout(Duration::from_millis(500), frame).await.ok()?.unwrap();
        Some(match frame {
            Ok(frame) => Ok(frame.data_ref().unwrap().len()),
            Err(error) => Err(error.downcast_ref::<Status>().unwrap().code()),
        })
    }

    fn arriving(parts: &[&'static [u8]], answered: bool, longest: Duration) -> Arriving<Parts> {
        let held = House::default().connection();
        let parts = Parts(parts.iter().map(|part| Bytes::from_static(part)).collect());
        Arriving::new(parts, &held, Arc::new(AtomicBool::new(answered)), longest)
    }

    #[tokio::test]
    async fn only_between_messages_of_a_stream_that_is_answered_may_a_caller_pause() {
        let (soon, late) = (Duration::from_millis(20), Some(Err(Code::DeadlineExceeded)));
        for (parts, answered, then) in [
            (&[][..], false, late),
            (&[], true, None),
            (&[&[0, 0, 0, 0, 0][..]], true, None),
            // A single message is complete, but the call is not.
            (&[&[0, 0, 0, 0, 0]], false, late),
            (&[&[0, 0, 0, 0, 0], &[0]], true, late),
            (&[&[0, 0, 0, 0, 1]], true, late),
        ] {
            let mut body = arriving(parts, answered, soon);
            for part in parts {
                assert_eq!(next(&mut body).await, Some(Ok(part.len())));
            }
            assert_eq!(next(&mut body).await, then, "{parts:?} {answered}");
        }
    }

    #[tokio::test]
    async fn what_is_not_complete_takes_a_bounded_room_and_leaves_it() {
        let held = House::default().connection();
        let part = Bytes::from(vec![0xff; 1 << 20]);
        let parts = || Parts(vec![part.clone(); crate::limits::ARRIVING_BYTES / part.len()]);
        let new = || Arriving::new(parts(), &held, Arc::default(), Duration::from_secs(9));
        let (mut first, mut second) = (new(), new());
        for _ in 0..crate::limits::ARRIVING_BYTES / part.len() {
            assert_eq!(next(&mut first).await, Some(Ok(part.len())));
        }
        assert_eq!(next(&mut second).await, Some(Err(Code::ResourceExhausted)));
        drop((first, second));
        let mut third = new();
        assert_eq!(next(&mut third).await, Some(Ok(part.len())), "all of it was let go");
    }
}
