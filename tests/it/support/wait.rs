//! Waiting for what must come, by looking again until a deadline: never by sleeping and hoping.

use std::future::Future;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine; a test that reaches it has failed.
pub const DEADLINE: Duration = Duration::from_secs(20);
/// Between two looks.
const AGAIN: Duration = Duration::from_millis(10);

/// Looks until there is something, and gives it; fails at the deadline.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let until = Instant::now() + DEADLINE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < until, "in {DEADLINE:?} not seen: {what}");
        tokio::time::sleep(AGAIN).await;
    }
}

/// What must come at once, bounded so that a test that waits for nothing fails instead of hanging.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("in {DEADLINE:?} not ended: {what}"),
    }
}
