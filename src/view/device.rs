//! What has been heard from a device.

use super::{Error, View, While};
use crate::dossier::device::Heard;
use crate::dossier::names::Lane;

impl View {
    /// What has been heard from a source, by its lane and short number. Whose it is, is the door's to judge.
    pub async fn heard(&self, lane: Lane, source: i64) -> Result<Heard, Error> {
        self.reader.device(lane, source).await.during("a device's state")
    }
}
