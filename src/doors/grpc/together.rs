//! Running the lines of a batch together, so that they reach the journal in their order and share a commit.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Runs all futures and answers in their order. They are first polled in that order.
pub(super) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<(Pin<Box<F>>, Option<F::Output>)> =
        futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    // CANCEL: dropping this drops the waiting only; what was handed to the journal stands.
    poll_fn(|context| {
        let mut waiting = false;
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(done) => *output = Some(done),
                Poll::Pending => waiting = true,
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[tokio::test]
    async fn answers_come_in_order_whichever_is_done_first() {
        let begun = Mutex::new(Vec::new());
        let line = |index: u64| {
            let begun = &begun;
            async move {
                begun.lock().unwrap().push(index);
                for _ in 0..(3 - index) {
                    tokio::task::yield_now().await;
                }
                index
            }
        };
        assert_eq!(all((0..3).map(line)).await, [0, 1, 2]);
        assert_eq!(*begun.lock().unwrap(), [0, 1, 2]);
        assert!(all(Vec::<std::future::Ready<()>>::new()).await.is_empty());
    }
}
