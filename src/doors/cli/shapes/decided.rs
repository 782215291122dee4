//! `trao decide`: what was decided, and where the dossier stands then.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::status::{Dossier, Leg};
use super::{Anomaly, event_type, is_named, position};
use crate::doors::wire::v1;
use crate::dossier::event::EventType;

/// `decide`: what was decided, and where the dossier stands now. `leg` is the one that it opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decided<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    request_id: &'a str,
    position: Option<String>,
    replayed: bool,
    leg: Option<String>,
    dossier: Option<Dossier>,
    legs: Vec<Leg>,
    anomalies: Vec<Anomaly>,
    record_sha256: String,
}

impl<'a> Decided<'a> {
    /// `after` is the dossier, or the leg still without one, as it is now.
    pub fn of(
        kind: EventType,
        request_id: &'a str,
        recorded: &v1::Recorded,
        after: &v1::Dossier,
    ) -> Decided<'a> {
        let opened = opened(recorded, after);
        Decided {
            kind: event_type(kind.number().into()),
            request_id,
            position: position(recorded.position.as_ref()),
            replayed: recorded.replayed,
            leg: opened.map(|leg| leg.name.clone()),
            dossier: is_named(after).then(|| Dossier::of(after)),
            legs: after.legs.iter().map(Leg::of).collect(),
            anomalies: Anomaly::all(&recorded.anomalies),
            record_sha256: hex::encode(Sha256::digest(&recorded.record)),
        }
    }
}

/// The leg that an event opened: it is named after the event's position.
pub fn opened<'a>(recorded: &v1::Recorded, after: &'a v1::Dossier) -> Option<&'a v1::Leg> {
    let name = format!("legs/{}", position(recorded.position.as_ref())?);
    after.legs.iter().find(|leg| leg.name == name)
}
