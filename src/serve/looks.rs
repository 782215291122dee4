//! What is looked at now and then: the directory that other processes change, the clocks, and whether the store answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::opening::{apart, is_near};
use crate::clock::SharedClock;
use crate::doors::grpc;
use crate::dossier::directory::Directory;
use crate::store::{Error, Phase, Reader};

/// How often.
const EVERY: Duration = Duration::from_secs(1);

/// Reads the directory whenever another process has changed it.
pub(super) async fn directory(
    reader: Reader,
    published: watch::Sender<Arc<Directory>>,
    shutdown: CancellationToken,
) {
    while shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        // CANCEL: only reads.
        if let Err(error) = refresh(&reader, &published).await {
            tracing::warn!(error = %crate::telemetry::chain(&error), "could not read the directory");
        }
    }
}

async fn refresh(reader: &Reader, published: &watch::Sender<Arc<Directory>>) -> Result<(), Error> {
    // CANCEL: only reads.
    if reader.directory_version().await? == published.borrow().version {
        return Ok(());
    }
    let directory = reader.directory().await?;
    published.send_if_modified(|known| {
        let newer = directory.version > known.version;
        if newer {
            *known = Arc::new(directory);
        }
        newer
    });
    Ok(())
}

/// Tells by its health whether the gateway serves: not while its clock is not believed, nor while its store does not answer.
/// It stays up, and serves again by itself when the store is back. So far from the store's clock, in microseconds, the
/// gateway's may be as was `accepted` at its start.
pub(super) async fn health(
    reader: Reader,
    clock: SharedClock,
    accepted: i64,
    health: HealthReporter,
    shutdown: CancellationToken,
) {
    let mut serving = !clock.is_suspect();
    while shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        // CANCEL: only reads.
        if is_moved(&reader).await {
            tracing::error!("{}: end this gateway", Error::Moved);
            set(&health, false).await;
            return;
        }
        let answers = match apart(&reader).await {
            Ok(apart) => {
                if !clock.is_told() && !is_near(apart, accepted) {
                    clock.distrust();
                }
                true
            }
            Err(_) => false,
        };
        let now = answers && !clock.is_suspect();
        if serving == now {
            continue;
        }
        serving = now;
        match (answers, serving) {
            (false, _) => tracing::error!("the store does not answer: calls are told to come back"),
            (true, false) => tracing::error!(
                "CLOCK_SUSPECT: the machine's clock leapt or is far from the database's; set it and restart, or restart with --accept-clock"
            ),
            (true, true) => tracing::info!("the store answers again"),
        }
        set(&health, serving).await;
    }
}

/// Whether the store lives on elsewhere, and never here again.
async fn is_moved(reader: &Reader) -> bool {
    // Only a file's does, and to ask it is as good as nothing.
    let of_file = matches!(reader, Reader::Sqlite(_));
    // CANCEL: only reads.
    of_file && reader.identity().await.is_ok_and(|identity| identity.phase == Phase::Moved)
}

/// Sets the health of every service.
pub(super) async fn set(health: &HealthReporter, serving: bool) {
    let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
    for service in grpc::SERVICES.iter().chain(&[""]) {
        health.set_service_status(*service, status).await;
    }
}
