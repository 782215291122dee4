//! Where connections are worked for. Who takes its answers has a task of its own. Everybody else is in the hall: newcomers,
//! and who costs much and takes nothing. All of them together are one thread, to which the machine turns after the others.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::{io, thread};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::held::Held;

/// How much later than the others the hall's thread has its turn: a tenth of a core when they need all of it.
const NICE: i32 = 10;

/// For so long at most the hall's thread works in a row; then it rests as long, so that whoever else wakes up waits no longer
/// for a core, and all who are in the hall take half a core at most.
const AT_ONCE: Duration = Duration::from_micros(250);

/// A connection on its way.
pub struct Guest {
    /// Until either side ends it.
    work: Pin<Box<dyn Future<Output = ()> + Send>>,
    held: Arc<Held>,
}

impl Guest {
    /// A new connection.
    pub fn new(work: impl Future<Output = ()> + Send + 'static, held: Arc<Held>) -> Guest {
        Guest { work: Box::pin(work), held }
    }
}

/// The way into the hall. It is closed when this is dropped, and who is in it is cut.
pub struct Hall {
    door: mpsc::UnboundedSender<Guest>,
    open: DropGuard,
    thread: thread::JoinHandle<()>,
}

impl Hall {
    /// Opens it, on a thread of its own beside the runtime that this is called on, which goes on to bring what arrives.
    pub fn open() -> io::Result<Hall> {
        let (door, coming) = mpsc::unbounded_channel();
        let closed = CancellationToken::new();
        let (runtime, back, until) = (Handle::current(), door.clone(), closed.clone());
        let thread = thread::Builder::new().name("hall".to_owned()).spawn(move || {
            // Linux asks this of a thread, not of its process.
            if let Err(error) = rustix::process::nice(NICE) {
                tracing::warn!(%error, "newcomers are served like everybody else");
            }
            let worked = Worked::default();
            let mut work = pin!(receive(coming, back, worked.clone()));
            runtime.block_on(until.run_until_cancelled(poll_fn(|cx| {
                let polled: Poll<Infallible> = work.as_mut().poll(cx);
                worked.rest();
                polled
            })));
        })?;
        Ok(Hall { door, open: closed.drop_guard(), thread })
    }

    /// Closes it, and waits until nothing is left in it that holds the store open.
    pub async fn close(self) {
        drop(self.open);
        let thread = self.thread;
        let _ended = tokio::task::spawn_blocking(move || thread.join()).await;
    }

    /// Lets a newcomer in.
    pub fn enter(&self, guest: Guest) {
        let _closed = self.door.send(guest);
    }
}

/// Works for who is in the hall, and gives whoever takes its answers a task of its own.
async fn receive(
    mut coming: mpsc::UnboundedReceiver<Guest>,
    back: mpsc::UnboundedSender<Guest>,
    worked: Worked,
) -> Infallible {
    let mut inside = FuturesUnordered::new();
    loop {
        // CANCEL: nothing is taken out.
        tokio::select! {
            Some(guest) = coming.recv() => inside.push(Stay { guest: Some(guest), hall: Some(worked.clone()) }),
            Some(leaves) = inside.next() => if let Some(guest) = leaves {
                tokio::spawn(alone(guest, back.clone()));
            },
        }
    }
}

/// Works for a connection as long as it takes its answers.
async fn alone(guest: Guest, back: mpsc::UnboundedSender<Guest>) {
    // CANCEL: the connection is cut.
    if let Some(guest) = (Stay { guest: Some(guest), hall: None }).await {
        let _closed = back.send(guest);
    }
}

/// Nanoseconds that the hall's thread has worked since it rested.
#[derive(Clone, Default)]
struct Worked(Arc<AtomicU64>);

impl Worked {
    fn add(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(took, Ordering::Relaxed);
    }

    fn is_enough(&self) -> bool {
        u128::from(self.0.load(Ordering::Relaxed)) >= AT_ONCE.as_nanos()
    }

    /// Rests, if it has worked enough: the thread does nothing else.
    fn rest(&self) {
        if self.is_enough() {
            thread::sleep(Duration::from_nanos(self.0.swap(0, Ordering::Relaxed)));
        }
    }
}

/// A connection where it is worked for: until it ends, or has to go elsewhere.
struct Stay {
    guest: Option<Guest>,
    /// In the hall: what is worked there.
    hall: Option<Worked>,
}

impl Future for Stay {
    type Output = Option<Guest>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Guest>> {
        let Stay { guest: Some(guest), hall } = &mut *self else { return Poll::Ready(None) };
        if hall.as_ref().is_some_and(Worked::is_enough) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let began = Instant::now();
        // A connection that panics ends alone.
        let worked = catch_unwind(AssertUnwindSafe(|| guest.work.as_mut().poll(cx)));
        let took = began.elapsed();
        guest.held.worked(took);
        if let Some(hall) = hall {
            hall.add(took);
        }
        if worked.unwrap_or(Poll::Ready(())).is_ready() {
            return Poll::Ready(None);
        }
        if guest.held.owes() == hall.is_some() { Poll::Pending } else { Poll::Ready(self.guest.take()) }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
    use tokio::time::timeout;

    use super::super::held::House;
    use super::*;
    use crate::limits;

    /// Whether a turn was in the hall.
    fn is_in_the_hall() -> bool {
        thread::current().name() == Some("hall")
    }

    async fn next<T>(from: &mut UnboundedReceiver<T>) -> Option<T> {
        timeout(Duration::from_secs(10), from.recv()).await.unwrap()
    }

    /// A connection that tells of each of its turns where it was, and has one whenever it is asked to.
    fn guest() -> (Guest, Arc<Held>, UnboundedSender<()>, UnboundedReceiver<bool>) {
        let (ask, mut asked) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::unbounded_channel();
        let held = House::default().connection();
        let work = poll_fn(move |cx| {
            while let Poll::Ready(Some(())) = asked.poll_recv(cx) {}
            tell.send(is_in_the_hall()).map_or(Poll::Ready(()), |()| Poll::Pending)
        });
        (Guest::new(work, Arc::clone(&held)), held, ask, told)
    }

    /// Asks for turns until one is there.
    async fn moves(to_the_hall: bool, ask: &UnboundedSender<()>, told: &mut UnboundedReceiver<bool>) {
        for _ in 0..100 {
            ask.send(()).unwrap();
            if next(told).await == Some(to_the_hall) {
                return;
            }
        }
        panic!("it stays where it was");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_takes_an_answer_leaves_the_hall_and_who_takes_no_more_comes_back() {
        let hall = Hall::open().unwrap();
        let (newcomer, held, ask, mut told) = guest();
        hall.enter(newcomer);
        for _ in 0..3 {
            ask.send(()).unwrap();
            assert_eq!(next(&mut told).await, Some(true));
        }
        held.took();
        moves(false, &ask, &mut told).await;
        held.worked(Duration::from_micros(limits::UNTAKEN_WORK_US));
        moves(true, &ask, &mut told).await;
        held.took();
        moves(false, &ask, &mut told).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_that_panics_ends_alone() {
        let hall = Hall::open().unwrap();
        let held = House::default().connection();
        hall.enter(Guest::new(poll_fn(|_| -> Poll<()> { panic!("a fault of ours") }), held));
        let (newcomer, _held, _ask, mut told) = guest();
        hall.enter(newcomer);
        assert_eq!(next(&mut told).await, Some(true));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_is_in_the_hall_when_it_closes_is_cut() {
        let hall = Hall::open().unwrap();
        let (newcomer, _held, _ask, mut told) = guest();
        hall.enter(newcomer);
        assert_eq!(next(&mut told).await, Some(true));
        hall.close().await;
        while let Ok(turn) = told.try_recv() {
            assert!(turn);
        }
        assert!(told.is_closed(), "nothing of it is left");
    }

    #[test]
    fn all_newcomers_together_work_for_a_moment_and_then_rest() {
        let worked = Worked::default();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut newcomers: Vec<_> = (0..3)
            .map(|_| {
                let (newcomer, _held, _ask, told) = guest();
                (Stay { guest: Some(newcomer), hall: Some(worked.clone()) }, told)
            })
            .collect();
        let mut turns = |worked: &Worked| {
            let mut had = 0;
            for (newcomer, told) in &mut newcomers {
                assert!(Pin::new(newcomer).poll(&mut cx).is_pending());
                had += usize::from(told.try_recv().is_ok());
            }
            (had, worked.is_enough())
        };
        worked.add(AT_ONCE);
        assert_eq!(turns(&worked), (0, true), "the moment is over for every one of them");
        worked.rest();
        assert!(turns(&worked).0 > 0, "after a rest there is another");
    }
}
