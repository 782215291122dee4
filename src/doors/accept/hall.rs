//! Where connections are worked for. Who takes its answers has a task of its own. Everybody else is in the hall: newcomers,
//! and who costs much and takes nothing. All of them together are one thread, to which the machine turns after the others.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use std::{io, thread};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::held::Held;

/// How much later than the others the hall's thread has its turn: a tenth of a core when they need all of it.
const NICE: i32 = 10;

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
    _open: DropGuard,
}

impl Hall {
    /// Opens it, on a thread of its own beside the runtime that this is called on, which goes on to bring what arrives.
    pub fn open() -> io::Result<Hall> {
        let (door, coming) = mpsc::unbounded_channel();
        let closed = CancellationToken::new();
        let (runtime, back, until) = (Handle::current(), door.clone(), closed.clone());
        thread::Builder::new().name("hall".to_owned()).spawn(move || {
            // Linux asks this of a thread, not of its process.
            if let Err(error) = rustix::process::nice(NICE) {
                tracing::warn!(%error, "newcomers are served like everybody else");
            }
            runtime.block_on(until.run_until_cancelled(receive(coming, back)));
        })?;
        Ok(Hall { door, _open: closed.drop_guard() })
    }

    /// Lets a newcomer in.
    pub fn enter(&self, guest: Guest) {
        let _closed = self.door.send(guest);
    }
}

/// Works for who is in the hall, and gives whoever takes its answers a task of its own.
async fn receive(mut coming: mpsc::UnboundedReceiver<Guest>, back: mpsc::UnboundedSender<Guest>) {
    let mut inside = FuturesUnordered::new();
    loop {
        // CANCEL: nothing is taken out.
        tokio::select! {
            Some(guest) = coming.recv() => inside.push(Stay { guest: Some(guest), while_owing: true }),
            Some(leaves) = inside.next() => if let Some(guest) = leaves {
                tokio::spawn(alone(guest, back.clone()));
            },
        }
    }
}

/// Works for a connection as long as it takes its answers.
async fn alone(guest: Guest, back: mpsc::UnboundedSender<Guest>) {
    // CANCEL: the connection is cut.
    if let Some(guest) = (Stay { guest: Some(guest), while_owing: false }).await {
        let _closed = back.send(guest);
    }
}

/// A connection where it is worked for: until it ends, or has to go elsewhere.
struct Stay {
    guest: Option<Guest>,
    while_owing: bool,
}

impl Future for Stay {
    type Output = Option<Guest>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Guest>> {
        let while_owing = self.while_owing;
        let Some(guest) = &mut self.guest else { return Poll::Ready(None) };
        let began = Instant::now();
        // A connection that panics ends alone.
        let worked = catch_unwind(AssertUnwindSafe(|| guest.work.as_mut().poll(cx)));
        if worked.unwrap_or(Poll::Ready(())).is_ready() {
            return Poll::Ready(None);
        }
        guest.held.worked(began.elapsed());
        if guest.held.owes() == while_owing { Poll::Pending } else { Poll::Ready(self.guest.take()) }
    }
}
