//! The layout is held by golden files, by a decoder in another language, and by its own page.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::seal::digest::{NONE, digest, personal_digest};
use crate::seal::leaf::leaf_hash;

const GOLDEN: [&str; 3] = ["record-v1", "record-v1-minimal", "record-v2"];

fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}

fn at(pos: u64) -> Position {
    Position { lane: Lane(3), pos }
}

fn some(text: &str) -> Option<SmolStr> {
    Some(text.into())
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
        receptacle: Some(CodeText { kind: 2, text: "100916VN100000AUN000200010003".into(), agency: None }),
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
        particulars: Particulars::default(),
    }
}

/// The same with everything that only layout 2 holds.
fn richer() -> Record {
    let particulars = Particulars {
        manifest: Some(at(4650)),
        tally: vec![
            Tally { component: 1, originals: 1, certified_copies: 2, photocopies: 3 },
            Tally { component: 4, originals: 0, certified_copies: 0, photocopies: u32::MAX },
        ],
        relation: Relation(-4),
        money: vec![
            Money { kind: FeeKind::AgencyFee, vnd: 30_000 },
            Money { kind: FeeKind::Postage, vnd: -22_000 },
        ],
        terms: Terms {
            must_be_owner: true,
            dues: vec![Money { kind: FeeKind::AgencyFee, vnd: 60_000 }],
            take_back: 2,
        },
    };
    Record { particulars, ..rich() }
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
        particulars: Particulars::default(),
    }
}

#[test]
fn the_golden_records_keep_their_bytes() {
    for (name, record) in GOLDEN.iter().zip([rich(), minimal(), richer()]) {
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
    let document = include_str!("../../../docs/record.md");
    let golden = fs::read(data("record-v2.json")).unwrap();
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
    let document = include_str!("../../../docs/record.md");
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
    check!(EventType, LegKind, LegState, HolderKind, Placement, AnomalyKind, FeeKind);
    for (name, known) in
        [("Reason", Reason::KNOWN), ("Measure", Measure::KNOWN), ("Relation", Relation::KNOWN)]
    {
        let numbers: Vec<String> = known.iter().map(|(number, text)| format!("{number} {text}")).collect();
        let line = format!("**{name}**: {}", numbers.join(", "));
        assert!(document.lines().any(|l| l == line), "docs/record.md needs this line:\n{line}");
    }
}

#[test]
fn the_documented_leaf_is_that_of_the_minimal_record() {
    let document = include_str!("../../../docs/record.md");
    let bytes = minimal().encode().unwrap();
    let leaf = hex::encode(leaf_hash(&bytes));
    assert!(document.contains(&leaf), "docs/record.md should tell the minimal record's leaf: {leaf}");
}

#[test]
fn what_no_encoder_writes_is_refused_by_its_field() {
    let good = minimal().encode().unwrap();
    assert_eq!(Record::decode(&[]), Err(Error::Short("version")));
    assert_eq!(Record::decode(&[3]), Err(Error::Version(3)));
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
    for whole in [rich.clone(), richer().encode().unwrap()] {
        for length in 0..whole.len() {
            assert!(matches!(Record::decode(&whole[..length]), Err(Error::Short(_))), "{length} bytes");
        }
    }
    // Layout 2 with nothing in it would be a second spelling of layout 1.
    let nothing = [&[0][..], &[0, 0], &[0; 4], &[0, 0], &[0], &[0, 0], &[0; 4]].concat();
    let needless = [&[2], &rich[1..], &nothing].concat();
    assert_eq!(Record::decode(&needless), Err(Error::Needless));
    assert_eq!(Record::decode(&[&[2], &rich[1..]].concat()), Err(Error::Short("Particulars.manifest")));
}

#[test]
fn what_does_not_fit_is_refused_by_its_field() {
    let longest = "x".repeat(65_535);
    let fits = Record { principal: (&longest).into(), ..minimal() };
    assert_eq!(Record::decode(&fits.encode().unwrap()), Ok(fits));
    let too_long = Record { principal: (longest + "x").into(), ..minimal() };
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

    fn text(&mut self) -> SmolStr {
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

    fn money(&mut self) -> Money {
        Money { kind: self.of(FeeKind::ALL), vnd: self.long() as i64 }
    }

    fn particulars(&mut self) -> Particulars {
        Particulars {
            manifest: self.option(Draw::position),
            tally: self.list(|d| {
                let [component, originals, certified_copies, photocopies] =
                    std::array::from_fn(|_| d.long() as u32);
                Tally { component, originals, certified_copies, photocopies }
            }),
            relation: Relation(self.long() as i32),
            money: self.list(Draw::money),
            terms: Terms {
                must_be_owner: self.flag(),
                dues: self.list(Draw::money),
                take_back: self.long() as u32,
            },
        }
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
            particulars: self.option(Draw::particulars).unwrap_or_default(),
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
