//! What a connection holds of the gateway: calls, messages on their way in, answers on their way out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::room::{Bounds, Room};
use crate::limits;

/// What all connections hold.
#[derive(Debug, Default)]
pub struct House {
    calls: Arc<AtomicUsize>,
    arriving: Arc<AtomicUsize>,
    leaving: Arc<AtomicUsize>,
}

impl House {
    /// A new connection.
    pub fn connection(&self) -> Arc<Held> {
        let calls = Bounds {
            own: limits::STREAMS_PER_CONNECTION as usize,
            all: limits::CALLS,
            fair: limits::CALLS_FAIR,
        };
        let bytes = |own| Bounds {
            own,
            all: limits::BYTES_OF_ALL_CONNECTIONS,
            fair: limits::BYTES_OF_ANY_CONNECTION,
        };
        Arc::new(Held {
            calls: Room::new(&self.calls, calls),
            begun: AtomicU64::new(0),
            arriving: Room::new(&self.arriving, bytes(limits::ARRIVING_BYTES)),
            leaving: Room::new(&self.leaving, bytes(limits::LEAVING_BYTES)),
            untaken: [AtomicUsize::new(0), AtomicUsize::new(0)],
            turn: AtomicUsize::new(0),
            taken: Notify::new(),
            owed_us: AtomicU64::new(limits::UNTAKEN_WORK_US),
            cut: CancellationToken::new(),
        })
    }
}

/// What one connection holds.
#[derive(Debug)]
pub struct Held {
    calls: Room,
    begun: AtomicU64,
    arriving: Room,
    leaving: Room,
    /// Frames that were not taken, of this turn and of the one before.
    untaken: [AtomicUsize; 2],
    turn: AtomicUsize,
    taken: Notify,
    /// Work since its peer last took an answer, in microseconds; a newcomer's is all that there may be.
    owed_us: AtomicU64,
    /// Its peer leaves too much lying.
    pub cut: CancellationToken,
}

impl Held {
    /// A call begins, if there is room.
    pub fn call(self: &Arc<Held>) -> Option<Call> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let room = self.calls.hold(1);
        let call = Call { held: Arc::clone(self), answered: Arc::default() };
        room.then_some(call)
    }

    /// How many calls there were, if none is open and no answer waits to be taken.
    pub fn quiet(&self) -> Option<u64> {
        (self.calls.own() == 0 && self.leaving.own() == 0).then(|| self.begun.load(Ordering::Relaxed))
    }

    /// Bytes of a message that is not complete; false if there are too many.
    pub fn arrive(&self, bytes: usize) -> bool {
        self.arriving.hold(bytes)
    }

    /// The message is complete, or will never be.
    pub fn arrived(&self, bytes: usize) {
        self.arriving.let_go(bytes);
    }

    /// A part of an answer, counted until it was sent. Too many of them end the connection.
    pub fn leave(self: &Arc<Held>, data: Bytes) -> Bytes {
        if !self.leaving.hold(data.len()) {
            self.cut.cancel();
        }
        let turn = self.turn.load(Ordering::Relaxed) % 2;
        if let Some(untaken) = self.untaken.get(turn) {
            untaken.fetch_add(1, Ordering::SeqCst);
        }
        Bytes::from_owner(Untaken { data, held: Arc::clone(self), turn })
    }

    /// Waits until few enough parts of answers wait: who does not take its answers is given no more work's worth of them.
    pub async fn few_untaken(&self) {
        loop {
            // Made before looking, so that no wake-up is missed.
            let taken = self.taken.notified();
            if self.untaken() <= limits::UNTAKEN_PARTS {
                return;
            }
            // CANCEL: nothing is held.
            taken.await;
        }
    }

    /// So much time was worked for it.
    pub fn worked(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let owed = self.owed_us.load(Ordering::Relaxed).saturating_add(took);
        self.owed_us.store(owed, Ordering::Relaxed);
    }

    /// Its peer took a part of an answer, or lets the next one follow.
    pub fn took(&self) {
        self.owed_us.store(0, Ordering::Relaxed);
    }

    /// Whether too much was worked for it for nothing.
    pub fn owes(&self) -> bool {
        self.owed_us.load(Ordering::Relaxed) >= limits::UNTAKEN_WORK_US
    }

    fn untaken(&self) -> usize {
        self.untaken.iter().map(|untaken| untaken.load(Ordering::SeqCst)).sum()
    }

    /// Whether something waits since before the last time this was asked; asked once in each turn.
    pub fn waits_too_long(&self) -> bool {
        let before = (self.turn.load(Ordering::Relaxed) + 1) % 2;
        let waits = self.untaken.get(before).is_some_and(|untaken| untaken.load(Ordering::Relaxed) > 0);
        if !waits {
            self.turn.store(before, Ordering::Relaxed);
        }
        waits
    }
}

/// A call, from its headers to the end of its answer.
#[derive(Debug)]
pub struct Call {
    held: Arc<Held>,
    answered: Arc<AtomicBool>,
}

impl Call {
    /// Whether its answer has begun.
    pub fn answered(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.answered)
    }

    /// Its answer begins.
    pub fn answer(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.held.calls.let_go(1);
    }
}

/// A part of an answer until its last byte was handed to the socket.
struct Untaken {
    data: Bytes,
    held: Arc<Held>,
    turn: usize,
}

impl AsRef<[u8]> for Untaken {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Drop for Untaken {
    fn drop(&mut self) {
        self.held.leaving.let_go(self.data.len());
        if let Some(untaken) = self.held.untaken.get(self.turn) {
            untaken.fetch_sub(1, Ordering::SeqCst);
        }
        if self.held.untaken() == limits::UNTAKEN_PARTS {
            self.held.taken.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_wait_for_a_whole_turn_and_no_longer() {
        let held = House::default().connection();
        assert!(!held.waits_too_long());
        let answer = held.leave(Bytes::from_static(b"answer"));
        assert_eq!((&answer[..], held.quiet()), (&b"answer"[..], None));
        assert!(!held.waits_too_long(), "its turn is just over");
        let half = answer.slice(3..);
        drop(answer);
        assert!(held.waits_too_long(), "half of it still waits");
        drop(half);
        assert!(!held.waits_too_long() && held.quiet() == Some(0));
    }

    #[tokio::test]
    async fn who_leaves_many_parts_lying_waits_until_they_are_taken() {
        let held = House::default().connection();
        let mut parts: Vec<Bytes> =
            (0..=limits::UNTAKEN_PARTS).map(|_| held.leave(Bytes::from_static(b"x"))).collect();
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, held.few_untaken()).await.is_err());
        let waiting = tokio::spawn({
            let held = Arc::clone(&held);
            async move { held.few_untaken().await }
        });
        tokio::task::yield_now().await;
        parts.pop();
        waiting.await.unwrap();
    }

    #[test]
    fn who_takes_answers_owes_nothing_until_much_more_was_worked_for_it() {
        let held = House::default().connection();
        assert!(held.owes(), "a newcomer");
        held.took();
        let all = Duration::from_micros(limits::UNTAKEN_WORK_US);
        held.worked(all - Duration::from_micros(1));
        assert!(!held.owes());
        held.worked(Duration::from_micros(1));
        assert!(held.owes());
        held.took();
        assert!(!held.owes());
    }

    #[test]
    fn a_connection_with_a_call_is_not_quiet() {
        let held = House::default().connection();
        let call = held.call();
        assert!(call.is_some() && held.quiet().is_none());
        drop(call);
        assert_eq!(held.quiet(), Some(1));
    }

    #[test]
    fn too_many_bytes_of_answers_cut_a_connection() {
        let held = House::default().connection();
        let part = Bytes::from(vec![0; limits::LEAVING_BYTES]);
        let first = held.leave(part);
        assert!(!held.cut.is_cancelled());
        let second = held.leave(Bytes::from_static(b"x"));
        assert!(held.cut.is_cancelled());
        drop((first, second));
        assert_eq!(held.leaving.own(), 0);
    }
}
