//! The directory as another process changes it: keys and sources are enrolled by the command line while a gateway serves.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::dossier::directory::Directory;
use crate::store::{Error, Reader};

/// Publishes the directory when it was changed elsewhere. What this gateway changes is published by its own journal.
#[derive(Debug)]
pub struct DirectoryWatch {
    reader: Reader,
    published: watch::Sender<Arc<Directory>>,
    every: Duration,
}

impl DirectoryWatch {
    /// A watch that looks at the version at an interval; only a new version is read whole.
    pub fn new(reader: Reader, published: watch::Sender<Arc<Directory>>, every: Duration) -> DirectoryWatch {
        DirectoryWatch { reader, published, every }
    }

    /// Looks again and again until the gateway ends.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut troubled = false;
        loop {
            // CANCEL: nothing is held.
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(self.every) => {}
            }
            match self.look().await {
                Ok(()) => troubled = false,
                Err(error) if !troubled => {
                    tracing::warn!(error = %crate::telemetry::chain(&error), "the directory could not be read");
                    troubled = true;
                }
                Err(_) => {}
            }
        }
    }

    /// Publishes the directory if what is published is older than what is kept.
    pub async fn look(&self) -> Result<(), Error> {
        // CANCEL: only reads; publishing is one step.
        if self.reader.directory_version().await? == self.published.borrow().version {
            return Ok(());
        }
        let read = Arc::new(self.reader.directory().await?);
        // The journal may have published a newer one meanwhile.
        self.published.send_if_modified(|published| {
            let newer = read.version > published.version;
            if newer {
                *published = read;
            }
            newer
        });
        Ok(())
    }
}
