//! The key of a line: who says it, and the id they gave it. With it alone the first attempt is found, for ever.

use foldhash::HashMap;

use super::intake::Queued;
use super::line::{CaptureLine, CommandLine, Line};
use crate::dossier::directory::Directory;
use crate::dossier::names::{PartyName, Position, SourceName};
use crate::seal::digest;
use crate::store::{EventKey, KeyId};

/// The source under whose name the tie's placings are keyed.
const TIE: i64 = 0;

/// The id that a line has in its key; `None` for notes. It is told by the line alone, so whoever queues it makes it.
pub(super) fn key_id(line: &Line) -> Option<KeyId> {
    match line {
        Line::Capture(line) => Some(capture_key_id(&line.said.client_event_id)),
        Line::Command(line) => Some(command_key_id(line)),
        Line::Place(line) => Some(place_key_id(line.from, line.leg)),
        Line::Note(..) | Line::Consumer(_) => None,
    }
}

/// The sources of a batch's lines, each looked up once.
pub(super) struct Sources<'a> {
    directory: &'a Directory,
    captures: HashMap<&'a SourceName, Option<(&'a PartyName, i64)>>,
}

impl<'a> Sources<'a> {
    pub(super) fn of(directory: &'a Directory) -> Sources<'a> {
        Sources { directory, captures: HashMap::default() }
    }

    /// The key of a line; `None` for notes and for sources that are not the speaker's.
    pub(super) fn key(&mut self, queued: &'a Queued) -> Option<EventKey> {
        let id = queued.key_id.clone()?;
        let source = match &queued.line {
            Line::Capture(line) => self.capturing(line),
            Line::Command(line) => self.commanding(line),
            Line::Place(_) => Some(TIE),
            Line::Note(..) | Line::Consumer(_) => None,
        };
        source.map(|source| EventKey { id, source })
    }

    /// The source of a capture, if it is enrolled under the speaker's party.
    fn capturing(&mut self, line: &'a CaptureLine) -> Option<i64> {
        let directory = self.directory;
        let look = || {
            let (enrolment, source) = directory.sources.get(&line.said.source)?;
            directory.party(&source.party)?;
            Some((&source.party, enrolment.id))
        };
        let known = *self.captures.entry(&line.said.source).or_insert_with(look);
        known.filter(|(party, _)| **party == line.said.party).map(|(_, id)| id)
    }

    fn commanding(&self, line: &CommandLine) -> Option<i64> {
        let party = SourceName::new(line.speaker.party.as_str());
        self.directory.sources.get(&party).map(|(enrolment, _)| enrolment.id)
    }
}

/// The stored form of a client's id. A UUIDv7 is kept as its sixteen bytes, which ascend with time; any other text with
/// a zero byte before it, so that no text can ever look like a UUID.
fn capture_key_id(client_event_id: &str) -> KeyId {
    let uuid = uuid::Uuid::try_parse(client_event_id).ok();
    let mut spelled = [0; uuid::fmt::Hyphenated::LENGTH];
    let usual = |uuid: &uuid::Uuid| {
        uuid.get_version_num() == 7 && uuid.hyphenated().encode_lower(&mut spelled) == client_event_id
    };
    match uuid.filter(usual) {
        Some(uuid) => KeyId::Uuid(uuid.into_bytes()),
        None => KeyId::Spelled([&[0], client_event_id.as_bytes()].concat().into()),
    }
}

/// The stored form of a command's id: method, resource and request id, hashed because a resource may be long.
fn command_key_id(line: &CommandLine) -> KeyId {
    let text = format!("{}\n{}\n{}", line.method, line.resource, line.request_id);
    KeyId::Spelled([&[1], &digest::digest(text.as_bytes())[..]].concat().into())
}

/// The stored form of the id of one line of a command.
pub(super) fn line_key_id(line: &CommandLine, part: &str) -> KeyId {
    let text = format!("{}\n{} {part}\n{}", line.method, line.resource, line.request_id);
    KeyId::Spelled([&[1], &digest::digest(text.as_bytes())[..]].concat().into())
}

/// The stored form of a placing's id: the same event on the same leg is one placing, however often it is tried.
fn place_key_id(from: Position, leg: Position) -> KeyId {
    KeyId::Spelled(format!("\u{2}{from}:{leg}").into_bytes().into())
}
