//! What the lane's writer has at hand for every batch.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use super::Error;
use super::wake::Wakes;
use crate::clock::SharedClock;
use crate::dossier::apply::{Act, Applied, Stopped};
use crate::dossier::desk::Desk;
use crate::dossier::directory::Directory;
use crate::dossier::event::Event;
use crate::dossier::names::{Lane, PartyName, Position};
use crate::metrics;
use crate::random::SharedRandom;
use crate::seal::head::Sealer;
use crate::seal::record::Record;
use crate::store::Writer;

/// How a line is applied: `dossier::apply::apply`, or a test's.
pub type Apply = fn(&mut Desk, &Act<'_>, Position) -> Result<Applied, Stopped>;

/// What writing a batch uses.
#[derive(Debug)]
pub(super) struct Scribe {
    pub lane: Lane,
    pub database: [u8; 16],
    pub sealer: Sealer,
    pub clock: SharedClock,
    pub random: SharedRandom,
    pub apply: Apply,
    pub encode_placed: fn(&Record, Position) -> Bytes,
    pub encode_event: fn(&Event, &PartyName) -> Bytes,
    pub directory: Arc<Directory>,
    pub published: watch::Sender<Arc<Directory>>,
    pub wakes: Arc<Wakes>,
    pub metrics: metrics::Journal,
}

impl Scribe {
    /// Reads the directory again when another process has changed it.
    pub async fn refresh_directory(&mut self, writer: &mut Writer, version: i64) -> Result<(), Error> {
        if self.directory.version != version {
            let directory = writer.directory().await.map_err(Error::Load)?;
            self.publish(Arc::new(directory));
        }
        Ok(())
    }

    /// Goes on with a directory that was committed, and publishes it, unless a newer one of another process is out.
    pub fn publish(&mut self, directory: Arc<Directory>) {
        self.directory = Arc::clone(&directory);
        self.published.send_if_modified(|known| {
            let newer = directory.version > known.version;
            if newer {
                *known = directory;
            }
            newer
        });
    }
}
