//! The record: the bytes that answer every retry of a line for ever, and that the tree is made of.
//!
//! Layout 1 can never change: what it cannot hold needs a layout 2 beside it. Decoding takes exactly what encoding
//! writes, so that one record has one spelling.

use crate::dossier::anomaly::{Anomaly, AnomalyKind};
use crate::dossier::event::{EventType, Measure, Reason};
use crate::dossier::leg::{Birth, Holder, HolderKind, LegKind, LegState, Outcome, Placement};
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};

/// The first byte of a record.
const VERSION: u8 = 1;

/// What was journaled of one line, and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The database, made once with it.
    pub database: [u8; 16],
    /// The lane's epoch; a restore begins a new one.
    pub epoch: [u8; 16],
    /// The lane.
    pub lane: Lane,
    /// The dense number in it, from 1; the leaf's index is one less.
    pub pos: u64,

    /// The time of the batch; never decreasing in a lane.
    pub committed_at: Micros,
    /// When the gateway first had the line.
    pub received_at: Micros,
    /// When it happened, as far as the source is believed: the fold's order.
    pub effective_at: Micros,
    /// When it happened, by the capturing device's clock.
    pub occurred_at: Micros,

    /// What happened.
    pub kind: EventType,
    /// For PLACED: the type of the event that is placed.
    pub placed: Option<EventType>,

    /// Who captured it; of PLACED, who captured what is placed.
    pub source: SourceName,
    /// The source's own id of it; with the source it is the fact's key. Of PLACED, that of the fact placed.
    pub client_event_id: String,
    /// The device's running number.
    pub device_seq: Option<u64>,
    /// The party the source is enrolled under.
    pub party: PartyName,
    /// The person of the key, or the key itself where none is named.
    pub principal: String,
    /// Whether the key was a supervisor's.
    pub supervisor: bool,

    /// `digest` of the event's bytes as received.
    pub event_digest: [u8; 32],
    /// `personal_digest` of the personal part; zeros without one.
    pub personal_digest: [u8; 32],
    /// `digest` of a command's request; zeros for a fact.
    pub request_digest: [u8; 32],

    /// Why.
    pub reason: Reason,
    /// What is done about it.
    pub measure: Measure,
    /// The agency written on the envelope or meant by the command.
    pub agency: Option<PartyName>,
    /// The post office where it happened.
    pub office: Option<String>,
    /// The code, as understood.
    pub code: Option<CodeText>,
    /// The other codes of the same envelope, as understood.
    pub also: Vec<CodeText>,
    /// BAGGED: the bag it went into.
    pub receptacle: Option<CodeText>,
    /// Whether the code was understood only after repair.
    pub repaired: bool,
    /// Whether the code's check digit is wrong and was typed twice.
    pub unverified: bool,
    /// Whether a citizen's side was attested.
    pub attested: bool,
    /// The event this one voids or replaces; of PLACED, what the event placed voids or replaces.
    pub corrects: Option<Position>,
    /// Of PLACED: where the event that is placed stands.
    pub placed_from: Option<Position>,

    /// Whose logs list it.
    pub parties: Vec<PartyName>,
    /// How it was placed.
    pub placement: Placement,
    /// The leg it is on.
    pub leg: Option<Position>,
    /// The leg it ends or annuls besides its own.
    pub other_leg: Option<Position>,
    /// The dossier of its leg, or the one it registers.
    pub dossier: Option<Position>,
    /// What it opened the leg as, when it did.
    pub birth: Option<Birth>,
    /// What it did to the leg.
    pub outcome: Option<Outcome>,
    /// What did not fit.
    pub anomalies: Vec<Anomaly>,
}

/// A code as understood, in the record's own plain form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeText {
    /// The number of the wire's CodeKind. Kept as it is: a kind added later must not make a record unreadable.
    pub kind: u8,
    /// The code's one spelling.
    pub text: String,
    /// The agency it is a code of, for an opaque dossier code.
    pub agency: Option<PartyName>,
}

/// Why a record could not be encoded or decoded. Fields are named as in `docs/record.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Encoding: more bytes or items than the layout can count.
    #[error("{0} is longer than the record can hold")]
    TooLong(&'static str),
    /// Decoding: the first byte names a layout this release does not know.
    #[error("record of unknown version {0}")]
    Version(u8),
    /// Decoding: the bytes end too early.
    #[error("record ends within {0}")]
    Short(&'static str),
    /// Decoding: bytes after the last field.
    #[error("record has {0} bytes after its end")]
    Trailing(usize),
    /// Decoding: a flag that is neither 0 nor 1.
    #[error("{field} has the flag {flag}, neither 0 nor 1")]
    Flag {
        /// The field.
        field: &'static str,
        /// The byte.
        flag: u8,
    },
    /// Decoding: a number this release does not know.
    #[error("{field} has the unknown number {number}")]
    Number {
        /// The field.
        field: &'static str,
        /// The number.
        number: u8,
    },
    /// Decoding: a text that is not UTF-8.
    #[error("{0} is not utf-8")]
    Text(&'static str),
}

impl Record {
    /// The record's bytes. They are stored once and never made again.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut writer = Writer { bytes: vec![VERSION], field: "version", too_long: None };
        self.put(&mut writer);
        match writer.too_long {
            Some(field) => Err(Error::TooLong(field)),
            None => Ok(writer.bytes),
        }
    }

    /// Reads what `encode` wrote, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Record, Error> {
        let mut reader = Reader { rest: bytes, field: "version" };
        let [version] = reader.take()?;
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let record = Record::take(&mut reader)?;
        match reader.rest.len() {
            0 => Ok(record),
            trailing => Err(Error::Trailing(trailing)),
        }
    }
}

struct Writer {
    bytes: Vec<u8>,
    /// The field being written, for the error.
    field: &'static str,
    /// The first field that did not fit.
    too_long: Option<&'static str>,
}

impl Writer {
    fn put_count(&mut self, count: usize) {
        match u16::try_from(count) {
            Ok(count) => self.bytes.extend(count.to_be_bytes()),
            Err(_) => self.too_long = self.too_long.or(Some(self.field)),
        }
    }

    fn put_text(&mut self, text: &str) {
        self.put_count(text.len());
        self.bytes.extend(text.as_bytes());
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    /// The field being read, for the error.
    field: &'static str,
}

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Error::Short(self.field))?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn take_count(&mut self) -> Result<usize, Error> {
        self.take().map(u16::from_be_bytes).map(usize::from)
    }

    fn take_text(&mut self) -> Result<&'a str, Error> {
        let length = self.take_count()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Error::Short(self.field))?;
        self.rest = rest;
        str::from_utf8(bytes).map_err(|_| Error::Text(self.field))
    }
}

/// A type that has a place in the layout.
trait Field: Sized {
    fn put(&self, out: &mut Writer);
    fn take(input: &mut Reader<'_>) -> Result<Self, Error>;
}

/// Writes and reads a struct's fields in the order given: encoding and decoding cannot drift apart.
macro_rules! layout {
    ($name:ident { $($field:ident,)* }) => {
        impl Field for $name {
            fn put(&self, out: &mut Writer) {
                $(
                    out.field = concat!(stringify!($name), ".", stringify!($field));
                    self.$field.put(out);
                )*
            }

            fn take(input: &mut Reader<'_>) -> Result<$name, Error> {
                $(
                    input.field = concat!(stringify!($name), ".", stringify!($field));
                    let $field = Field::take(input)?;
                )*
                Ok($name { $($field,)* })
            }
        }
    };
}

// Permanent. These orders, not those of the structs, are layout 1.
layout! {
    Record {
        database, epoch, lane, pos,
        committed_at, received_at, effective_at, occurred_at,
        kind, placed,
        source, client_event_id, device_seq, party, principal, supervisor,
        event_digest, personal_digest, request_digest,
        reason, measure, agency, office, code, also, receptacle, repaired, unverified, attested, corrects, placed_from,
        parties, placement, leg, other_leg, dossier, birth, outcome, anomalies,
    }
}
layout! { CodeText { kind, text, agency, } }
layout! { Birth { kind, agency, counter, carrier, office, procedure, } }
layout! { Outcome { state, holder_before, holder_after, } }
layout! { Holder { kind, party, office, } }
layout! { Anomaly { kind, position, } }
layout! { Position { lane, pos, } }

/// Integers, and newtypes of one, big-endian.
macro_rules! integer {
    ($($name:ty: $put:expr, $take:expr;)*) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Writer) {
                out.bytes.extend($put(self).to_be_bytes());
            }

            fn take(input: &mut Reader<'_>) -> Result<$name, Error> {
                input.take().map($take)
            }
        }
    )*};
}

integer! {
    u8: |v: &u8| *v, u8::from_be_bytes;
    u64: |v: &u64| *v, u64::from_be_bytes;
    Lane: |v: &Lane| v.0, |b| Lane(u16::from_be_bytes(b));
    Micros: |v: &Micros| v.0, |b| Micros(i64::from_be_bytes(b));
    Reason: |v: &Reason| v.0, |b| Reason(i32::from_be_bytes(b));
    Measure: |v: &Measure| v.0, |b| Measure(i32::from_be_bytes(b));
}

/// Numbered enums, one byte each.
macro_rules! number {
    ($($name:ty),*) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Writer) {
                out.bytes.push(self.number());
            }

            fn take(input: &mut Reader<'_>) -> Result<$name, Error> {
                let [number] = input.take()?;
                <$name>::from_number(number.into()).ok_or(Error::Number { field: input.field, number })
            }
        }
    )*};
}

number!(EventType, LegKind, LegState, HolderKind, Placement, AnomalyKind);

/// Texts: how many bytes (2), then UTF-8.
macro_rules! text {
    ($($name:ty: $take:expr;)*) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Writer) {
                out.put_text(self.as_str());
            }

            fn take(input: &mut Reader<'_>) -> Result<$name, Error> {
                input.take_text().map($take)
            }
        }
    )*};
}

text! {
    String: String::from;
    PartyName: PartyName::new;
    SourceName: SourceName::new;
}

impl<const N: usize> Field for [u8; N] {
    fn put(&self, out: &mut Writer) {
        out.bytes.extend(self);
    }

    fn take(input: &mut Reader<'_>) -> Result<[u8; N], Error> {
        input.take()
    }
}

impl Field for bool {
    fn put(&self, out: &mut Writer) {
        out.bytes.push(u8::from(*self));
    }

    fn take(input: &mut Reader<'_>) -> Result<bool, Error> {
        match input.take()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [flag] => Err(Error::Flag { field: input.field, flag }),
        }
    }
}

/// An option: a flag, then the value if there is one.
impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut Writer) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Option<T>, Error> {
        if bool::take(input)? { T::take(input).map(Some) } else { Ok(None) }
    }
}

/// A list: how many (2), then each.
impl<T: Field> Field for Vec<T> {
    fn put(&self, out: &mut Writer) {
        out.put_count(self.len());
        for value in self {
            value.put(out);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Vec<T>, Error> {
        let count = input.take_count()?;
        // collected one by one, so that a false count reserves nothing
        (0..count).map(|_| T::take(input)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;
    use std::path::PathBuf;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::seal::digest::{NONE, digest, personal_digest};
    use crate::seal::leaf::leaf_hash;

    const GOLDEN: [&str; 2] = ["record-v1", "record-v1-minimal"];

    fn data(file: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
    }

    fn at(pos: u64) -> Position {
        Position { lane: Lane(3), pos }
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_string())
    }

    /// A record in which every field holds something.
    fn rich() -> Record {
        let (agency, counter) = (PartyName::new("agencies/H56.14"), PartyName::new("agencies/H56.01"));
        let carrier = PartyName::new("carriers/vnpost");
        Record {
            database: *b"\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf",
            epoch: *b"\xe0\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef",
            lane: Lane(3),
            pos: 4711,
            committed_at: Micros(1_790_000_000_000_003),
            received_at: Micros(1_790_000_000_000_002),
            effective_at: Micros(1_789_999_000_000_001),
            occurred_at: Micros(1_789_998_999_000_000),
            kind: EventType::Placed,
            placed: Some(EventType::PickedUp),
            source: SourceName::new("carriers/vnpost/devices/pda-17"),
            client_event_id: "019a2b3c-0000-7000-8000-0000000000ff".into(),
            device_seq: Some(i64::MAX as u64),
            party: carrier.clone(),
            principal: "nhân viên 0417".into(),
            supervisor: true,
            event_digest: digest(b"event"),
            personal_digest: personal_digest(b"0123456789abcdef", b"personal"),
            request_digest: digest(b"request"),
            reason: Reason(22),
            measure: Measure(-2),
            agency: Some(agency.clone()),
            office: some("440000"),
            code: Some(CodeText { kind: 3, text: "Hồ sơ 17/2026".into(), agency: Some(agency.clone()) }),
            also: vec![
                CodeText { kind: 1, text: "EE990002055VN".into(), agency: None },
                CodeText { kind: 4, text: "000123".into(), agency: None },
            ],
            receptacle: Some(CodeText {
                kind: 2,
                text: "100916VN100000AUN000200010003".into(),
                agency: None,
            }),
            repaired: true,
            unverified: true,
            attested: true,
            corrects: Some(at(4700)),
            placed_from: Some(Position { lane: Lane(0), pos: 12 }),
            parties: vec![agency.clone(), counter.clone(), carrier.clone()],
            placement: Placement::Placed,
            leg: Some(at(4711)),
            other_leg: Some(at(4600)),
            dossier: Some(at(4500)),
            birth: Some(Birth {
                kind: LegKind::Inbound,
                agency,
                counter,
                carrier: Some(carrier.clone()),
                office: some("440001"),
                procedure: some("procedures/1.000123"),
            }),
            outcome: Some(Outcome {
                state: LegState::PickedUp,
                holder_before: Holder::CITIZEN,
                holder_after: Holder::post(carrier, some("440000")),
            }),
            anomalies: vec![
                Anomaly { kind: AnomalyKind::Skew, position: at(4711) },
                Anomaly { kind: AnomalyKind::OneSided, position: at(4700) },
            ],
        }
    }

    /// A scan that read as no code: all that can be missing is missing.
    fn minimal() -> Record {
        Record {
            database: [0xd0; 16],
            epoch: [0xe0; 16],
            lane: Lane(0),
            pos: 1,
            committed_at: Micros(3),
            received_at: Micros(2),
            effective_at: Micros(1),
            occurred_at: Micros(0),
            kind: EventType::OfficeIn,
            placed: None,
            source: SourceName::new("s"),
            client_event_id: "c".into(),
            device_seq: None,
            party: PartyName::new("p"),
            principal: "k".into(),
            supervisor: false,
            event_digest: digest(b"event"),
            personal_digest: NONE,
            request_digest: NONE,
            reason: Reason::NONE,
            measure: Measure::NONE,
            agency: None,
            office: None,
            code: None,
            also: vec![],
            receptacle: None,
            repaired: false,
            unverified: false,
            attested: false,
            corrects: None,
            placed_from: None,
            parties: vec![],
            placement: Placement::Unplaced,
            leg: None,
            other_leg: None,
            dossier: None,
            birth: None,
            outcome: None,
            anomalies: vec![],
        }
    }

    #[test]
    fn the_golden_records_keep_their_bytes() {
        for (name, record) in GOLDEN.iter().zip([rich(), minimal()]) {
            let bytes = fs::read(data(&format!("{name}.bin"))).unwrap();
            let encoded = record.encode().unwrap();
            assert_eq!(hex::encode(&encoded), hex::encode(&bytes), "{name}");
            assert_eq!(Record::decode(&bytes), Ok(record), "{name}");
        }
    }

    #[test]
    fn another_language_reads_the_golden_records_by_the_document() {
        for name in GOLDEN {
            let run = Command::new("python3")
                .arg(data("decode_record.py"))
                .arg(data(&format!("{name}.bin")))
                .output()
                .expect("this test needs python3 on the PATH: it shows that a stranger can read a record");
            assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
            let found: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
            let wanted: serde_json::Value =
                serde_json::from_slice(&fs::read(data(&format!("{name}.json"))).unwrap()).unwrap();
            assert_eq!(found, wanted, "{name}");
        }
    }

    #[test]
    fn the_document_lists_every_field_in_the_layout_s_order() {
        let document = include_str!("../../docs/record.md");
        let golden = fs::read(data("record-v1.json")).unwrap();
        let golden: serde_json::Value = serde_json::from_slice(&golden).unwrap();
        let fields: Vec<&str> = golden.as_object().unwrap().keys().map(String::as_str).collect();
        let (_, after) = document.split_once("| Field | Type | Meaning |").unwrap();
        let (section, _) = after.split_once("\n### ").unwrap();
        let documented: Vec<&str> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `").and_then(|rest| rest.split_once('`')).map(|(f, _)| f))
            .collect();
        assert_eq!(documented, fields);
    }

    #[test]
    fn the_document_tells_every_number() {
        let document = include_str!("../../docs/record.md");
        macro_rules! check {
            ($($name:ident),*) => {$(
                let mut line = format!("**{}**:", stringify!($name));
                for value in $name::ALL {
                    write!(line, " {} {},", value.number(), value.text()).unwrap();
                }
                let line = line.trim_end_matches(',');
                assert!(document.lines().any(|l| l == line), "docs/record.md needs this line:\n{line}");
            )*};
        }
        check!(EventType, LegKind, LegState, HolderKind, Placement, AnomalyKind);
        for (name, known) in [("Reason", Reason::KNOWN), ("Measure", Measure::KNOWN)] {
            let numbers: Vec<String> =
                known.iter().map(|(number, text)| format!("{number} {text}")).collect();
            let line = format!("**{name}**: {}", numbers.join(", "));
            assert!(document.lines().any(|l| l == line), "docs/record.md needs this line:\n{line}");
        }
    }

    #[test]
    fn the_documented_leaf_is_that_of_the_minimal_record() {
        let document = include_str!("../../docs/record.md");
        let bytes = minimal().encode().unwrap();
        let leaf = hex::encode(leaf_hash(&bytes));
        assert!(document.contains(&leaf), "docs/record.md should tell the minimal record's leaf: {leaf}");
    }

    #[test]
    fn what_no_encoder_writes_is_refused_by_its_field() {
        let good = minimal().encode().unwrap();
        assert_eq!(Record::decode(&[]), Err(Error::Short("version")));
        assert_eq!(Record::decode(&[2]), Err(Error::Version(2)));
        assert_eq!(Record::decode(&good[..10]), Err(Error::Short("Record.database")));
        assert_eq!(Record::decode(&[&good[..], &[0, 0]].concat()), Err(Error::Trailing(2)));

        // after version, database, epoch, lane, pos and four times: the kind, whether it places, the source
        let kind = 1 + 16 + 16 + 2 + 8 + 4 * 8;
        let with = |offset: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[offset] = byte;
            Record::decode(&bytes)
        };
        assert_eq!(with(kind, 99), Err(Error::Number { field: "Record.kind", number: 99 }));
        assert_eq!(with(kind + 1, 2), Err(Error::Flag { field: "Record.placed", flag: 2 }));
        assert_eq!(with(kind + 4, 0xff), Err(Error::Text("Record.source")));
        assert_eq!(with(kind + 2, 0xff), Err(Error::Short("Record.source")));

        let rich = rich().encode().unwrap();
        let mut last_anomaly = rich.clone();
        last_anomaly[rich.len() - 11] = 0;
        assert_eq!(Record::decode(&last_anomaly), Err(Error::Number { field: "Anomaly.kind", number: 0 }));
        for length in 0..rich.len() {
            assert!(matches!(Record::decode(&rich[..length]), Err(Error::Short(_))), "{length} bytes");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_by_its_field() {
        let longest = "x".repeat(65_535);
        let fits = Record { principal: longest.clone(), ..minimal() };
        assert_eq!(Record::decode(&fits.encode().unwrap()), Ok(fits));
        let too_long = Record { principal: longest + "x", ..minimal() };
        assert_eq!(too_long.encode(), Err(Error::TooLong("Record.principal")));
        let anomaly = Anomaly { kind: AnomalyKind::Skew, position: at(1) };
        let too_many = Record { anomalies: vec![anomaly; 65_536], ..minimal() };
        assert_eq!(too_many.encode(), Err(Error::TooLong("Record.anomalies")));
    }

    /// Draws values from random bytes; zeros once they are used up.
    struct Draw<'a>(&'a [u8]);

    impl Draw<'_> {
        fn byte(&mut self) -> u8 {
            match self.0.split_first() {
                Some((byte, rest)) => {
                    self.0 = rest;
                    *byte
                }
                None => 0,
            }
        }

        fn long(&mut self) -> u64 {
            u64::from_be_bytes(self.fixed())
        }

        fn fixed<const N: usize>(&mut self) -> [u8; N] {
            std::array::from_fn(|_| self.byte())
        }

        fn flag(&mut self) -> bool {
            self.byte() % 2 == 1
        }

        fn of<T: Copy>(&mut self, all: &[T]) -> T {
            all[usize::from(self.byte()) % all.len()]
        }

        fn text(&mut self) -> String {
            let length = self.byte() % 5;
            (0..length).map(|_| self.of(&['a', '0', '/', 'ư', 'ờ', '\0', '𝄞'])).collect()
        }

        fn party(&mut self) -> PartyName {
            PartyName::new(&self.text())
        }

        fn position(&mut self) -> Position {
            Position { lane: Lane(u16::from_be_bytes(self.fixed())), pos: self.long() }
        }

        fn holder(&mut self) -> Holder {
            Holder {
                kind: self.of(HolderKind::ALL),
                party: self.option(Draw::party),
                office: self.option(Draw::text),
            }
        }

        fn code(&mut self) -> CodeText {
            CodeText { kind: self.byte(), text: self.text(), agency: self.option(Draw::party) }
        }

        fn option<T>(&mut self, value: fn(&mut Self) -> T) -> Option<T> {
            self.flag().then(|| value(self))
        }

        fn list<T>(&mut self, value: fn(&mut Self) -> T) -> Vec<T> {
            (0..self.byte() % 4).map(|_| value(self)).collect()
        }

        fn micros(&mut self) -> Micros {
            Micros(self.long() as i64)
        }

        fn record(&mut self) -> Record {
            Record {
                database: self.fixed(),
                epoch: self.fixed(),
                lane: self.position().lane,
                pos: self.long(),
                committed_at: self.micros(),
                received_at: self.micros(),
                effective_at: self.micros(),
                occurred_at: self.micros(),
                kind: self.of(EventType::ALL),
                placed: self.option(|d| d.of(EventType::ALL)),
                source: SourceName::new(&self.text()),
                client_event_id: self.text(),
                device_seq: self.option(Draw::long),
                party: self.party(),
                principal: self.text(),
                supervisor: self.flag(),
                event_digest: self.fixed(),
                personal_digest: self.fixed(),
                request_digest: self.fixed(),
                reason: Reason(self.long() as i32),
                measure: Measure(self.long() as i32),
                agency: self.option(Draw::party),
                office: self.option(Draw::text),
                code: self.option(Draw::code),
                also: self.list(Draw::code),
                receptacle: self.option(Draw::code),
                repaired: self.flag(),
                unverified: self.flag(),
                attested: self.flag(),
                corrects: self.option(Draw::position),
                placed_from: self.option(Draw::position),
                parties: self.list(Draw::party),
                placement: self.of(Placement::ALL),
                leg: self.option(Draw::position),
                other_leg: self.option(Draw::position),
                dossier: self.option(Draw::position),
                birth: self.option(|d| Birth {
                    kind: d.of(LegKind::ALL),
                    agency: d.party(),
                    counter: d.party(),
                    carrier: d.option(Draw::party),
                    office: d.option(Draw::text),
                    procedure: d.option(Draw::text),
                }),
                outcome: self.option(|d| Outcome {
                    state: d.of(LegState::ALL),
                    holder_before: d.holder(),
                    holder_after: d.holder(),
                }),
                anomalies: self.list(|d| Anomaly { kind: d.of(AnomalyKind::ALL), position: d.position() }),
            }
        }
    }

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
            let record = Draw(&bytes).record();
            prop_assert_eq!(Record::decode(&record.encode().unwrap()), Ok(record));
        }

        #[test]
        fn any_bytes_are_refused_or_the_only_spelling_of_a_record(
            bytes in proptest::collection::vec(any::<u8>(), 0..700),
            random in any::<bool>(),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..5_u8, any::<u8>()), 0..4),
        ) {
            // random bytes hardly ever decode, so half the cases are a record with a few bytes changed
            let mut bytes = if random { bytes } else { Draw(&bytes).record().encode().unwrap() };
            for (index, change, byte) in changes {
                let i = index.index(bytes.len() + 1);
                match change {
                    0 => bytes.insert(i, byte),
                    1 => bytes.truncate(i),
                    2 if i < bytes.len() => drop(bytes.remove(i)),
                    3 if i < bytes.len() => bytes[i] = byte,
                    // the other value of a flag
                    4 if i < bytes.len() => bytes[i] ^= 1,
                    _ => {}
                }
            }
            if let Ok(record) = Record::decode(&bytes) {
                prop_assert_eq!(record.encode(), Ok(bytes));
            }
        }
    }
}
