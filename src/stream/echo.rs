//! Wake-ups across gateways: commits of this one are told to the others, and theirs wake who waits here.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::journal::Wakes;
use crate::store::postgres::{Bell, Ear, Told};

/// What is committed within this time is told at once: a hint takes a lock of the whole database.
const TOGETHER: Duration = Duration::from_millis(10);
/// After trouble it waits this long; meanwhile everybody looks by themselves.
const BACKOFF: Duration = Duration::from_secs(1);

/// Tells and hears of commits until the gateway ends.
pub async fn echo(wakes: Arc<Wakes>, bell: Bell, ear: Ear, shutdown: CancellationToken) {
    // CANCEL: hints are lost, and nothing else.
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = tell(&wakes, bell) => {}
        () = hear(&wakes, ear) => {}
    }
}

async fn tell(wakes: &Wakes, mut bell: Bell) {
    loop {
        // CANCEL: see `echo`.
        for (lane, commit) in wakes.untold().await {
            if let Err(error) = bell.ring(lane, commit.head, &commit.logs).await {
                tracing::warn!(error = %crate::telemetry::chain(&error), "could not tell other gateways of a commit");
                sleep(BACKOFF).await;
            }
        }
        sleep(TOGETHER).await;
    }
}

async fn hear(wakes: &Wakes, mut ear: Ear) {
    let mut troubled = false;
    loop {
        // CANCEL: see `echo`.
        match ear.next().await {
            Ok(Told::Commit { lane, head, logs }) => {
                troubled = false;
                wakes.heard(lane, head, &logs);
            }
            Ok(Told::Perhaps) => wakes.perhaps(),
            Err(error) => {
                if !troubled {
                    tracing::warn!(error = %crate::telemetry::chain(&error), "could not hear of other gateways' commits");
                }
                troubled = true;
                sleep(BACKOFF).await;
            }
        }
    }
}
