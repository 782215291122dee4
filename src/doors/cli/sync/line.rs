//! One line of an outbox: a Capture in proto3 JSON, turned into the bytes that are sent, or refused here.

use prost::Message;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};

use crate::doors::cli::lines::Line;
use crate::doors::cli::names::is_no_code;
use crate::doors::cli::shapes::Synced;
use crate::doors::wire::{DESCRIPTOR, v1};
use crate::dossier::names::SourceName;
use crate::dossier::refusal::Reason;

/// A line that can be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// Its number in the file.
    pub line: u64,
    /// What is sent, but for its time of sending.
    pub capture: v1::Capture,
    /// How often the gateway has put it off.
    pub put_off: u32,
}

impl Outgoing {
    /// The number its device gave it; 0 without one.
    pub fn device_seq(&self) -> u64 {
        v1::Event::decode(self.capture.event.clone()).map_or(0, |event| event.device_seq)
    }

    /// The line's bytes as sent at a time. A system's own time of sending stands: it moves a replay's clock.
    pub fn sent_at(&self, now: prost_types::Timestamp) -> bytes::Bytes {
        let keep = SourceName::new(&self.capture.source).is_system() && self.capture.send_time.is_some();
        let send_time = if keep { self.capture.send_time } else { Some(now) };
        v1::Capture { send_time, ..self.capture.clone() }.encode_to_vec().into()
    }
}

/// A line of the file: to be sent, or answered already.
pub type Numbered = Result<Outgoing, Box<Synced>>;

/// Reads lines of one source's outbox.
pub struct Reader {
    /// As published, where event and personal part are messages and not bytes.
    descriptor: Option<MessageDescriptor>,
    source: String,
}

impl Reader {
    /// A reader of the outbox of a source.
    pub fn new(source: String) -> Reader {
        let published = DescriptorPool::decode(DESCRIPTOR).ok();
        Reader { descriptor: published.and_then(|pool| pool.get_message_by_name("trao.v1.Capture")), source }
    }

    /// Reads a line; `None` for an empty one.
    pub fn read(&self, line: &Line) -> Option<Numbered> {
        let bytes = without_mark(line);
        if bytes.iter().all(u8::is_ascii_whitespace) && !line.cut {
            return None;
        }
        Some(self.read_filled(line, bytes))
    }

    fn read_filled(&self, line: &Line, bytes: &[u8]) -> Numbered {
        let refused = |reason: Reason, field: &str, message: &str| {
            Box::new(Synced::refused(line.number, "", reason.text(), field, message))
        };
        if line.cut {
            return Err(refused(Reason::MessageTooLarge, "", "the line is longer than any event can be"));
        }
        let mut capture = self.parse(bytes).map_err(|why| {
            let torn = if line.ended { "" } else { "; the line has no end: the file was cut off" };
            refused(Reason::MessageMalformed, "", &format!("{why}{torn}"))
        })?;
        if capture.client_event_id.is_empty() {
            let why = "a line without an id of its own would be recorded again by every attempt";
            return Err(refused(Reason::FieldRequired, "client_event_id", why));
        }
        if capture.source.is_empty() {
            capture.source.clone_from(&self.source);
        }
        Ok(Outgoing { line: line.number, capture: without_unread(capture), put_off: 0 })
    }

    fn parse(&self, bytes: &[u8]) -> Result<v1::Capture, String> {
        let descriptor = self.descriptor.clone().ok_or("this program was built without its messages")?;
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let options = DeserializeOptions::new();
        let read = DynamicMessage::deserialize_with_options(descriptor, &mut json, &options);
        let message =
            read.and_then(|message| json.end().map(|()| message)).map_err(|error| explain(&error))?;
        v1::Capture::decode(message.encode_to_vec().as_slice()).map_err(|_| "no Capture".to_owned())
    }
}

/// Some Windows programs begin a file with a byte order mark, which is no part of its first line.
fn without_mark(line: &Line) -> &[u8] {
    match line.bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) if line.number == 1 => rest,
        _ => &line.bytes,
    }
}

/// The line with a scan that reads as no code in its personal part: it may be the QR of an identity card, and in the event
/// it would be refused for ever. Every attempt makes the same of it.
fn without_unread(capture: v1::Capture) -> v1::Capture {
    let event = v1::Event::decode(capture.event.clone());
    let personal = v1::Personal::decode(capture.personal.clone());
    let (Ok(mut event), Ok(mut personal)) = (event, personal) else { return capture };
    let unread = event.code.take_if(|code| !code.value.is_empty() && is_no_code(code, event.unverified));
    let Some(unread) = unread.filter(|_| personal.raw_scan.is_empty()) else { return capture };
    event.code = Some(v1::Code::default());
    personal.raw_scan = unread.value;
    v1::Capture { event: event.encode_to_vec().into(), personal: personal.encode_to_vec().into(), ..capture }
}

/// What is wrong with a line, without repeating any of its values: they may be personal.
fn explain(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let place = format!("no trao.v1.Capture in proto3 JSON, at column {}", error.column());
    match said.split(" at line ").next().filter(|what| what.starts_with("unrecognized field name ")) {
        Some(what) => format!("{place}: {what}"),
        None if error.is_data() => format!("{place}: a value is not of its field's type"),
        None => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "carriers/p/devices/pda-1";

    fn read(text: &str, ended: bool) -> Option<Numbered> {
        let line = Line { number: 7, bytes: text.as_bytes().to_vec(), length: 0, cut: false, ended };
        Reader::new(SOURCE.into()).read(&line)
    }

    fn refused(text: &str) -> String {
        let refused = read(text, false).unwrap().unwrap_err();
        serde_json::to_string(&refused).unwrap()
    }

    #[test]
    fn a_line_is_read_in_either_spelling_of_proto3_json() {
        let snake = r#"{"client_event_id":"a","event":{"type":"EVENT_TYPE_PICKED_UP","code":{"value":"RA990000010VN"},"occurred_at":"2026-11-20T07:05:00Z","device_seq":"17"},"personal":{"note":"x"}}"#;
        let camel = r#"{"clientEventId":"a","event":{"type":4,"code":{"value":"RA990000010VN"},"occurredAt":"2026-11-20T14:05:00+07:00","deviceSeq":17},"personal":{"note":"x"}}"#;
        let snake = read(snake, true).unwrap().unwrap();
        assert_eq!(read(camel, false).unwrap().unwrap(), snake);
        assert_eq!((snake.line, snake.capture.source.as_str()), (7, SOURCE));
        let event = v1::Event::decode(snake.capture.event).unwrap();
        assert_eq!(
            (event.r#type, event.device_seq, event.code.unwrap().value.as_str()),
            (4, 17, "RA990000010VN")
        );
        assert!(read("  ", true).is_none());
    }

    #[test]
    fn a_bad_line_is_answered_here_without_its_values() {
        assert_eq!(
            refused(r#"{"client_event_id":"a","eve"#),
            r#"{"line":7,"client_event_id":null,"status":"refused","position":null,"reason":"MESSAGE_MALFORMED","field":null,"message":"no trao.v1.Capture in proto3 JSON, at column 27; the line has no end: the file was cut off","placement":null,"anomalies":[]}"#
        );
        let unknown = refused(r#"{"client_event_id":"a","evnt":{}}"#);
        assert!(unknown.contains("unrecognized field name 'evnt'"), "{unknown}");
        let value = refused(r#"{"client_event_id":"a","event":{"type":"Nguyễn Thị A"}}"#);
        assert!(value.contains("MESSAGE_MALFORMED") && !value.contains("Nguyễn"), "{value}");
        let value = refused(r#"{"client_event_id":"a","send_time":"Nguyễn Thị A"}"#);
        assert!(value.contains("MESSAGE_MALFORMED") && !value.contains("Nguyễn"), "{value}");
        assert!(
            refused(r#"{"event":{}}"#).contains(r#""reason":"FIELD_REQUIRED","field":"client_event_id""#)
        );
        assert!(refused(r#"{"client_event_id":"a"} {}"#).contains("MESSAGE_MALFORMED"));
        let cut = Line { number: 1, bytes: b"{".to_vec(), length: 1, cut: true, ended: true };
        let cut = Reader::new(SOURCE.into()).read(&cut).unwrap().unwrap_err();
        assert_eq!(cut.reason.as_deref(), Some("MESSAGE_TOO_LARGE"));
    }

    #[test]
    fn a_mark_before_the_first_line_is_no_part_of_it() {
        let text = "\u{feff}{\"client_event_id\":\"a\"}";
        let read = |number| {
            let bytes = text.as_bytes().to_vec();
            let line = Line { number, bytes, length: 0, cut: false, ended: true };
            Reader::new(SOURCE.into()).read(&line).unwrap()
        };
        assert_eq!(read(1).unwrap().capture.client_event_id, "a");
        assert_eq!(read(2).unwrap_err().reason.as_deref(), Some("MESSAGE_MALFORMED"));
        let mark = Line { number: 1, bytes: b"\xef\xbb\xbf".to_vec(), length: 3, cut: false, ended: false };
        assert!(Reader::new(SOURCE.into()).read(&mark).is_none(), "an empty file");
    }

    #[test]
    fn what_reads_as_no_code_is_sent_in_the_personal_part() {
        let sent = |code: &str, personal: &str| {
            let line = format!(
                r#"{{"client_event_id":"a","event":{{"type":5,"code":{{"value":"{code}"}}}},"personal":{personal}}}"#
            );
            let capture = read(&line, true).unwrap().unwrap().capture;
            let event = v1::Event::decode(capture.event).unwrap();
            (event.code.unwrap().value, v1::Personal::decode(capture.personal).unwrap())
        };
        let raw = |raw: &str, note: &str| v1::Personal {
            raw_scan: raw.into(),
            note: note.into(),
            ..Default::default()
        };
        assert_eq!(sent("0123|N.V.A", r#"{"note":"x"}"#), (String::new(), raw("0123|N.V.A", "x")));
        // A code, and one with a fault that a person can mend, stand as they are; so does what the device put aside itself.
        for (code, personal) in [("RA990000010VN", "{}"), ("EB123456789VN", "{}")] {
            assert_eq!(sent(code, personal), (code.to_owned(), raw("", "")));
        }
        assert_eq!(sent("0123", r#"{"raw_scan":"y"}"#), ("0123".to_owned(), raw("y", "")));
    }

    #[test]
    fn only_a_systems_own_time_of_sending_stands() {
        let now = prost_types::Timestamp { seconds: 9, nanos: 0 };
        let sent = |source: &str, own: Option<i64>| {
            let send_time = own.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 });
            let capture = v1::Capture { source: source.into(), send_time, ..Default::default() };
            let bytes = Outgoing { line: 1, capture, put_off: 0 }.sent_at(now);
            v1::Capture::decode(bytes).unwrap().send_time.unwrap().seconds
        };
        assert_eq!(sent("carriers/p/devices/d", Some(5)), 9);
        assert_eq!(sent("carriers/p/systems/s", Some(5)), 5);
        assert_eq!(sent("carriers/p/systems/s", None), 9);
    }
}
