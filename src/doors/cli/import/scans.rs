//! Rows of scans: each is one fact, with an id that follows from the row where it has none.

use std::collections::VecDeque;

use prost::Message;

use super::cell::{Day, Moment};
use super::ids;
use super::row::Row;
use crate::doors::cli::{names, words};
use crate::doors::wire::{time, v1};
use crate::dossier::event::{EventType, Measure, Reason as Why};
use crate::dossier::names::{Micros, SourceName};
use crate::dossier::refusal::{Reason, Refusal};

/// Rows whose codes could not be read and whose ids are remembered: those of one second stand close together.
const UNREAD: usize = 1_024;

/// A scan to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// The line it stands on.
    pub line: u64,
    capture: v1::Capture,
    occurred_at: Micros,
}

impl Scan {
    /// The capture as sent now. On a gateway whose clock is told, the line of a system is sent when it happened.
    pub fn sent(&self, is_replay: bool) -> v1::Capture {
        let told = is_replay && SourceName::new(&self.capture.source).is_system();
        let now = Micros(jiff::Timestamp::now().as_microsecond());
        let send_time = Some(time::timestamp(if told { self.occurred_at } else { now }));
        v1::Capture { send_time, ..self.capture.clone() }
    }

    /// Who captured it.
    pub fn source(&self) -> &str {
        &self.capture.source
    }
}

/// Reads rows of scans one after the other.
#[derive(Debug, Default)]
pub struct Reader {
    /// Ids given to scans that read as no code.
    unread: VecDeque<uuid::Uuid>,
}

impl Reader {
    /// Reads a row.
    pub fn read(&mut self, row: &Row) -> Result<Scan, Refusal> {
        let source = row.code("source");
        let required = |column: &str| Refusal::field(Reason::FieldRequired, column, String::new());
        if source.is_empty() {
            return Err(required("source"));
        }
        let kind = event_type(row)?;
        let Moment { time: occurred_at, zone_offset_s } =
            row.moment("occurred_at", Day::Begins)?.ok_or_else(|| required("occurred_at"))?;
        let (text, agency, office) = (row.code("code"), row.code("agency"), row.code("office"));
        let code = names::code(&text, &agency);
        let no_code = names::is_no_code(&code, false);
        let receptacle = row.code("receptacle");
        let leg = names::whole("legs/", &row.code("leg"));
        let device_seq = device_seq(row)?;
        let event = v1::Event {
            r#type: kind.number().into(),
            code: Some(if no_code { v1::Code::default() } else { code }),
            occurred_at: Some(time::timestamp(occurred_at)),
            zone_offset_s,
            device_seq,
            agency: names::whole("agencies/", &agency),
            office: names::office(&office, &source).map_err(|_| {
                let vi = "nguồn không phải của bưu chính: ghi carriers/ID/offices/SỐ";
                row.refused(
                    Reason::TextInvalid,
                    "office",
                    vi,
                    "the source is no carrier's: give carriers/ID/offices/CODE",
                )
            })?,
            reason: reason(row)?.0,
            measure: measure(row)?.0,
            leg: leg.clone(),
            also: also(&row.code("also")).map(|other| names::code(other, &agency)).collect(),
            receptacle: (!receptacle.is_empty()).then(|| names::code(&receptacle, "")),
            ..v1::Event::default()
        };
        let client_event_id = match row.code("id") {
            id if !id.is_empty() => id,
            _ => {
                let (at, seq) = (occurred_at.0.to_string(), device_seq.to_string());
                // A text that is no code may be personal: nothing that follows from it stands in the journal.
                let shown = if no_code { "" } else { &text };
                let key = ["scans", &source, kind.text(), shown, &at, &office, &leg, &receptacle, &seq];
                if no_code { self.unread_id(&key) } else { ids::of(&key) }.to_string()
            }
        };
        let personal =
            v1::Personal { raw_scan: if no_code { text } else { String::new() }, ..v1::Personal::default() };
        let capture = v1::Capture {
            source,
            client_event_id,
            event: event.encode_to_vec().into(),
            personal: personal.encode_to_vec().into(),
            send_time: None,
        };
        Ok(Scan { line: row.line, capture, occurred_at })
    }

    /// Scans without a code, alike in all else, are told apart by their order in the file.
    fn unread_id(&mut self, key: &[&str]) -> uuid::Uuid {
        let first = ids::of(key);
        let earlier = self.unread.iter().filter(|id| **id == first).count();
        self.unread.push_back(first);
        if self.unread.len() > UNREAD {
            self.unread.pop_front();
        }
        if earlier == 0 { first } else { ids::of(&[&first.to_string(), &earlier.to_string()]) }
    }
}

fn event_type(row: &Row) -> Result<EventType, Refusal> {
    let text = row.text("type");
    let spelt =
        |kind: &&EventType| words::event_type(**kind).vietnamese.to_lowercase() == text.to_lowercase();
    let known = EventType::from_text(&text).or_else(|| EventType::ALL.iter().find(spelt).copied());
    known.filter(|kind| !kind.made_by_gateway()).ok_or_else(|| match text.is_empty() {
        true => Refusal::field(Reason::FieldRequired, "type", ""),
        false => row.refused(
            Reason::EnumUnknown,
            "type",
            "không có loại quét này; `trao scan --help` liệt kê",
            "no type of scan; `trao scan --help` lists them",
        ),
    })
}

/// Why: by its name or number. A number that only the gateway may know is passed on.
fn reason(row: &Row) -> Result<Why, Refusal> {
    let text = row.code("reason");
    let known = Why::from_text(&text).or_else(|| text.parse().ok().map(Why));
    let known = known.or(text.is_empty().then_some(Why::NONE));
    let (vi, en) =
        ("không có lý do này; `trao scan --help` liệt kê", "no such reason; `trao scan --help` lists them");
    known.ok_or_else(|| row.refused(Reason::EnumUnknown, "reason", vi, en))
}

fn measure(row: &Row) -> Result<Measure, Refusal> {
    let text = row.code("measure");
    let known = Measure::from_text(&text).or_else(|| text.parse().ok().map(Measure));
    let known = known.or(text.is_empty().then_some(Measure::NONE));
    let (vi, en) = (
        "không có biện pháp này; `trao scan --help` liệt kê",
        "no such measure; `trao scan --help` lists them",
    );
    known.ok_or_else(|| row.refused(Reason::EnumUnknown, "measure", vi, en))
}

fn device_seq(row: &Row) -> Result<u64, Refusal> {
    let text = row.code("device_seq");
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| row.refused(Reason::DeviceSeqRange, "device_seq", "một số", "a number"))
}

/// Several codes in one cell, with | between them, or spaces.
fn also(cell: &str) -> impl Iterator<Item = &str> {
    let bar = cell.contains('|');
    let parts = cell.split(move |letter: char| if bar { letter == '|' } else { letter.is_whitespace() });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::kind::Kind;
    use super::super::row::tests::row;
    use super::*;

    const HEADER: &str =
        "source,id,type,code,occurred_at,office,agency,leg,also,reason,measure,receptacle,device_seq\n";
    const PDA: &str = "carriers/p/devices/pda-1";

    fn read(reader: &mut Reader, text: &str) -> Result<(v1::Capture, v1::Event), Refusal> {
        let scan = reader.read(&row(Kind::Scans, &format!("{HEADER}{text}\n")))?;
        let event = v1::Event::decode(scan.capture.event.clone()).unwrap();
        Ok((scan.capture, event))
    }

    #[test]
    fn a_row_is_one_fact_whose_id_follows_from_it() {
        let line = format!(
            "{PDA},,Arrived,RA990000010VN,20/11/2026 14:05,=\"009010\",,0-12,slip:000123 RA990000023VN,absent,2,,7"
        );
        let (capture, event) = read(&mut Reader::default(), &line).unwrap();
        assert_eq!(event.office, "carriers/p/offices/009010");
        assert_eq!((event.reason, event.measure, event.device_seq), (3, 2, 7));
        assert_eq!((event.leg.as_str(), event.also.len(), event.also[0].kind), ("legs/0-12", 2, 4));
        assert_eq!((event.zone_offset_s, event.occurred_at.unwrap().seconds), (25_200, 1_795_158_300));
        assert_eq!(read(&mut Reader::default(), &line).unwrap().0, capture);
        for other in
            [line.replace("010VN", "037VN"), line.replace("14:05", "14:06"), line.replace(",7", ",8")]
        {
            assert_ne!(
                read(&mut Reader::default(), &other).unwrap().0.client_event_id,
                capture.client_event_id
            );
        }
        let own = line.replacen(",,", ",my-id,", 1);
        assert_eq!(read(&mut Reader::default(), &own).unwrap().0.client_event_id, "my-id");
    }

    #[test]
    fn what_reads_as_no_code_is_personal_and_leaves_no_trace_in_its_id() {
        let line = |text: &str| format!("{PDA},,arrived,{text},20/11/2026,,,,,,,,");
        let mut reader = Reader::default();
        let (first, event) = read(&mut reader, &line("001099012345|N.V.A")).unwrap();
        assert_eq!(event.code, Some(v1::Code::default()));
        assert_eq!(v1::Personal::decode(first.personal.clone()).unwrap().raw_scan, "001099012345|N.V.A");
        let (second, _) = read(&mut reader, &line("hello")).unwrap();
        assert_ne!(first.client_event_id, second.client_event_id);
        // Read again in the same order they have the same ids, and other texts have no others.
        let mut again = Reader::default();
        assert_eq!(read(&mut again, &line("another text")).unwrap().0.client_event_id, first.client_event_id);
        assert_eq!(read(&mut again, &line("hello")).unwrap().0, second);
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_column() {
        for (wrong, reason, column) in [
            (",,arrived,X,20/11/2026,,,,,,,,", Reason::FieldRequired, "source"),
            ("s,,,X,20/11/2026,,,,,,,,", Reason::FieldRequired, "type"),
            ("s,,placed,X,20/11/2026,,,,,,,,", Reason::EnumUnknown, "type"),
            ("s,,arrived,X,,,,,,,,,", Reason::FieldRequired, "occurred_at"),
            ("s,,arrived,X,yesterday,,,,,,,,", Reason::TextInvalid, "occurred_at"),
            ("agencies/H99/devices/d,,arrived,X,20/11/2026,009010,,,,,,,", Reason::TextInvalid, "office"),
            ("s,,arrived,X,20/11/2026,,,,,tired,,,", Reason::EnumUnknown, "reason"),
            ("s,,arrived,X,20/11/2026,,,,,,sleep,,", Reason::EnumUnknown, "measure"),
            ("s,,arrived,X,20/11/2026,,,,,,,,many", Reason::DeviceSeqRange, "device_seq"),
        ] {
            let refusal = read(&mut Reader::default(), wrong).unwrap_err();
            assert_eq!((refusal.reason, refusal.field.as_str()), (reason, column), "{wrong}");
        }
    }

    #[test]
    fn under_replay_a_systems_line_is_sent_when_it_happened() {
        let seconds = |source: &str, is_replay: bool| {
            let text = format!("{HEADER}{source},,arrived,RA990000010VN,20/11/2020 07:00,,,,,,,,\n");
            let scan = Reader::default().read(&row(Kind::Scans, &text)).unwrap();
            scan.sent(is_replay).send_time.unwrap().seconds
        };
        let happened = 1_605_830_400;
        assert_eq!(seconds("carriers/p/systems/s", true), happened);
        assert!(seconds("carriers/p/systems/s", false) > happened);
        assert!(seconds("carriers/p/devices/d", true) > happened);
    }
}
