//! The key of a line: who says it, and the id they gave it. With it alone the first attempt is found, for ever.

use super::batch::Batch;
use super::line::{CaptureLine, CommandLine, Line, PlaceLine};
use crate::dossier::names::{Position, SourceName};
use crate::seal::digest;
use crate::store::EventKey;

/// The source under whose name the tie's placings are keyed.
const TIE: i64 = 0;

impl Batch<'_> {
    /// The key of a line; `None` for notes and for sources that are not the speaker's.
    pub(super) fn key_of(&self, line: &Line) -> Option<EventKey> {
        match line {
            Line::Capture(line) => self.capture_key(line),
            Line::Command(line) => self.command_key(line),
            Line::Place(line) => Some(place_key(line)),
            Line::Note(_) => None,
        }
    }

    /// The key of a line whose source is enrolled under the speaker's party.
    pub(super) fn capture_key(&self, line: &CaptureLine) -> Option<EventKey> {
        let (enrolment, source) = self.scribe.directory.sources.get(&line.source)?;
        let own = source.party == line.speaker.party && self.scribe.directory.party(&source.party).is_some();
        own.then(|| EventKey { id: key_id(&line.client_event_id), source: enrolment.id })
    }

    pub(super) fn command_key(&self, line: &CommandLine) -> Option<EventKey> {
        let party = SourceName::new(line.speaker.party.as_str());
        let (enrolment, _) = self.scribe.directory.sources.get(&party)?;
        Some(EventKey { id: command_key_id(line), source: enrolment.id })
    }
}

/// The key of a placing: the same event on the same leg is one placing, however often it is tried.
pub(super) fn place_key(line: &PlaceLine) -> EventKey {
    EventKey { id: place_key_id(line.from, line.leg), source: TIE }
}

/// The stored form of a client's id. A UUIDv7 is kept as its sixteen bytes, which ascend with time; any other text with
/// a zero byte before it, so that no text can ever look like a UUID.
fn key_id(client_event_id: &str) -> Vec<u8> {
    let uuid = uuid::Uuid::try_parse(client_event_id).ok();
    let mut spelled = [0; uuid::fmt::Hyphenated::LENGTH];
    let usual = |uuid: &uuid::Uuid| {
        uuid.get_version_num() == 7 && uuid.hyphenated().encode_lower(&mut spelled) == client_event_id
    };
    match uuid.filter(usual) {
        Some(uuid) => uuid.as_bytes().to_vec(),
        None => {
            let mut id = vec![0];
            id.extend(client_event_id.as_bytes());
            id
        }
    }
}

/// The stored form of a command's id: method, resource and request id, hashed because a resource may be long.
fn command_key_id(line: &CommandLine) -> Vec<u8> {
    let text = format!("{}\n{}\n{}", line.method, line.resource, line.request_id);
    let mut id = vec![1];
    id.extend(digest::digest(text.as_bytes()));
    id
}

/// The stored form of a placing's id.
fn place_key_id(from: Position, leg: Position) -> Vec<u8> {
    format!("\u{2}{from}:{leg}").into_bytes()
}
