//! A connection is one task: the calls on it are worked for in its own turns, a few in each, so that who has many calls
//! waits for the others as often as who has one.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, StreamExt};
use hyper::rt::Executor;

use super::turn::Turn;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Calls that have begun and have had no turn yet.
#[derive(Clone, Default)]
pub struct Begun(Arc<Mutex<Vec<Work>>>);

impl Begun {
    fn take(&self) -> Vec<Work> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Begun {
    fn execute(&self, call: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(call));
    }
}

/// A connection together with its calls. Its end is the connection's, and that of the calls that are left.
pub struct Turns<C> {
    connection: C,
    begun: Begun,
    calls: FuturesUnordered<Call>,
    turn: Arc<Turn>,
}

impl<C> Turns<C> {
    /// A connection that begins its calls there, and reads in these turns.
    pub fn new(connection: C, begun: Begun, turn: Arc<Turn>) -> Turns<C> {
        Turns { connection, begun, calls: FuturesUnordered::new(), turn }
    }
}

impl<C: Unpin> Turns<C> {
    /// The connection without its calls.
    pub fn connection(&mut self) -> Pin<&mut C> {
        Pin::new(&mut self.connection)
    }
}

impl<C: Future + Unpin> Future for Turns<C> {
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C::Output> {
        let this = self.get_mut();
        this.turn.begin();
        loop {
            // Calls come first, so that the connection sends their answers in the same turn.
            while let Poll::Ready(Some(())) = this.calls.poll_next_unpin(cx) {}
            if let Poll::Ready(ended) = Pin::new(&mut this.connection).poll(cx) {
                return Poll::Ready(ended);
            }
            let begun = this.begun.take();
            if begun.is_empty() {
                return Poll::Pending;
            }
            this.calls.extend(begun.into_iter().map(|work| Call { work, turn: Arc::clone(&this.turn) }));
            if this.turn.is_over() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

/// A call, worked for as long as its connection's turn lasts.
struct Call {
    work: Work,
    turn: Arc<Turn>,
}

impl Future for Call {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.turn.call(cx) {
            return Poll::Pending;
        }
        // A call that panics ends alone: what is left of it tells its peer.
        catch_unwind(AssertUnwindSafe(|| self.work.as_mut().poll(cx))).unwrap_or(Poll::Ready(()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::super::turn::CALLS;
    use super::*;

    /// A connection that never ends, with calls.
    fn with(calls: impl IntoIterator<Item = Work>) -> Turns<std::future::Pending<()>> {
        let begun = Begun::default();
        begun.0.lock().unwrap().extend(calls);
        Turns::new(pending(), begun, Arc::default())
    }

    #[test]
    fn a_thousand_ready_calls_keep_others_waiting_for_a_few_of_them_at_a_time() {
        let done = Arc::new(AtomicUsize::new(0));
        let mut many = with((0..1_000).map(|_| {
            let done = Arc::clone(&done);
            Box::pin(async move {
                done.fetch_add(1, Ordering::Relaxed);
            }) as Work
        }));
        for turn in 1..=1_000_usize.div_ceil(CALLS) {
            let woken = Arc::new(Woken::default());
            let waker = Arc::clone(&woken).into();
            assert!(Pin::new(&mut many).poll(&mut Context::from_waker(&waker)).is_pending());
            let so_far = done.load(Ordering::Relaxed);
            assert_eq!(so_far, 1_000.min(turn * CALLS), "turn {turn}");
            assert!(
                so_far == 1_000 || woken.0.load(Ordering::Relaxed),
                "it is not forgotten after turn {turn}"
            );
        }
    }

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl std::task::Wake for Woken {
        fn wake(self: Arc<Woken>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_call_that_another_begins_has_its_turn_at_once() {
        let (begun, done) = (Begun::default(), Arc::new(AtomicUsize::new(0)));
        let (next, seen) = (begun.clone(), Arc::clone(&done));
        begun.execute(async move {
            next.execute(async move { seen.store(1, Ordering::Relaxed) });
        });
        let mut turns = Turns::new(pending::<()>(), begun, Arc::default());
        assert!(turns.poll_unpin_once().is_pending());
        assert_eq!(done.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_call_that_panics_ends_alone() {
        let done = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&done);
        let panics = Box::pin(poll_fn(|_| -> Poll<()> { panic!("a fault of ours") })) as Work;
        let goes_on = Box::pin(async move { seen.store(1, Ordering::Relaxed) }) as Work;
        let mut turns = with([panics, goes_on]);
        assert!(turns.poll_unpin_once().is_pending());
        assert_eq!(done.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn the_end_of_a_connection_is_the_end_of_its_calls() {
        let held = Arc::new(());
        let holds = Arc::clone(&held);
        let begun = Begun::default();
        begun.execute(async move {
            pending::<()>().await;
            drop(holds);
        });
        let mut polls = 0;
        let ends = poll_fn(move |_| {
            polls += 1;
            if polls > 1 { Poll::Ready(7) } else { Poll::Pending }
        });
        assert_eq!(Turns::new(ends, begun, Arc::default()).await, 7);
        assert_eq!(Arc::strong_count(&held), 1);
        assert_eq!(Turns::new(ready(8), Begun::default(), Arc::default()).await, 8);
    }

    impl<C: Future + Unpin> Turns<C> {
        fn poll_unpin_once(&mut self) -> Poll<C::Output> {
            Pin::new(self).poll(&mut Context::from_waker(std::task::Waker::noop()))
        }
    }
}
