//! An answer on its way out: each part of it is counted until it was sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use tonic::Status;
use tonic::body::Body;

use super::held::{Call, Held};

/// The answer's body.
#[derive(Debug)]
pub struct Leaving {
    body: Body,
    held: Arc<Held>,
    /// Its last part was given away.
    given: bool,
    /// Open until the body has ended; `None` for one that found no room.
    _call: Option<Call>,
}

impl Leaving {
    /// The answer of a call.
    pub fn new(body: Body, held: &Arc<Held>, call: Option<Call>) -> Leaving {
        Leaving { body, held: Arc::clone(held), given: false, _call: call }
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        // The next part is asked for when the peer had room for the one before.
        if std::mem::take(&mut self.given) {
            self.held.took();
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.given = matches!(&frame, Some(Ok(frame)) if frame.is_data());
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(|data| self.held.leave(data)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::super::held::House;
    use super::*;

    #[test]
    fn an_answer_counts_as_taken_when_its_next_part_is_asked_for() {
        let held = House::default().connection();
        let mut answer = Leaving::new(Body::new(axum::body::Body::from("answer")), &held, None);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let Poll::Ready(Some(Ok(part))) = Pin::new(&mut answer).poll_frame(&mut cx) else {
            panic!("no part")
        };
        assert!(held.owes(), "nobody took it yet");
        assert!(matches!(Pin::new(&mut answer).poll_frame(&mut cx), Poll::Ready(None)));
        assert!(!held.owes());
        drop(part);
        let refused = House::default().connection();
        let mut refusal = Leaving::new(Body::empty(), &refused, None);
        assert!(matches!(Pin::new(&mut refusal).poll_frame(&mut cx), Poll::Ready(None)));
        assert!(refused.owes(), "a refusal has no parts");
    }
}
