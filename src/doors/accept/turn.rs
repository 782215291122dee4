//! What a connection may take in one turn: so many calls are worked for, and so many bytes are read. Whoever has more waits
//! until the others had theirs.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// Calls worked for in a turn: together well below a millisecond, and answered with one write.
pub const CALLS: usize = 16;
/// Bytes read in a turn: a batch takes many turns, as do the frames of whoever sends nothing but frames.
const BYTES: usize = 16 << 10;

/// What is left of a turn.
#[derive(Debug, Default)]
pub struct Turn {
    calls: AtomicUsize,
    bytes: AtomicUsize,
}

impl Turn {
    /// A new one begins.
    pub fn begin(&self) {
        self.calls.store(CALLS, Ordering::Relaxed);
        self.bytes.store(BYTES, Ordering::Relaxed);
    }

    /// Takes a call, if one is left; else the task is woken for its next turn.
    pub fn call(&self, cx: &Context<'_>) -> bool {
        let left = self.calls.load(Ordering::Relaxed).checked_sub(1);
        match left {
            Some(left) => self.calls.store(left, Ordering::Relaxed),
            None => cx.waker().wake_by_ref(),
        }
        left.is_some()
    }

    /// Whether no call is left.
    pub fn is_over(&self) -> bool {
        self.calls.load(Ordering::Relaxed) == 0
    }
}

/// A connection's receiving half, read in turns.
#[derive(Debug)]
pub struct InTurns<R> {
    receiving: R,
    turn: Arc<Turn>,
}

impl<R> InTurns<R> {
    /// As much as these turns allow.
    pub fn new(receiving: R, turn: &Arc<Turn>) -> InTurns<R> {
        InTurns { receiving, turn: Arc::clone(turn) }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for InTurns<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.turn.bytes.load(Ordering::Relaxed);
        if left == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.receiving).poll_read(cx, buffer))?;
        let read = buffer.filled().len() - before;
        self.turn.bytes.store(left.saturating_sub(read), Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn who_sends_without_an_end_is_read_a_little_in_each_turn() {
        let turn = Arc::new(Turn::default());
        let mut endless = InTurns::new(tokio::io::repeat(7), &turn);
        for _ in 0..3 {
            turn.begin();
            let read = poll_fn(|cx| {
                let (mut all, mut bytes) = (0, [0; 1 << 10]);
                loop {
                    let mut buffer = ReadBuf::new(&mut bytes);
                    match Pin::new(&mut endless).poll_read(cx, &mut buffer) {
                        Poll::Ready(read) => read.unwrap(),
                        Poll::Pending => return Poll::Ready(all),
                    }
                    all += buffer.filled().len();
                }
            });
            assert_eq!(read.await, BYTES);
        }
    }
}
