//! A lane's writer over every kind of store, batch by batch: what is queued together is one batch.

mod commits;
mod consumers;
mod directory;
mod keys;
mod remembering;
mod times;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use bytes::Bytes;
use tokio::sync::watch;

use super::*;
use crate::clock::{Clock, ReplayClock, SharedClock};
use crate::dossier::apply;
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::desk::Leg;
use crate::dossier::directory::{Agency, AgencyKind, Carrier, Source};
use crate::dossier::event::{Event, EventType};
use crate::dossier::leg::{LegKind, Placement};
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::metrics::Metrics;
use crate::random::SystemRandom;
use crate::seal::digest;
use crate::seal::head::{self, Sealer};
use crate::seal::keyring::Key;
use crate::seal::record::Record;
use crate::store::memory::{self, Fault};
use crate::store::{Admin, Reader, Writer, sqlite};

const LANE: Lane = Lane(0);
const NOW: Micros = Micros(1_800_000_000 * Micros::SECOND);
const DATABASE: [u8; 16] = [1; 16];
const SEED: [u8; 32] = [7; 32];
const AGENCY: &str = "agencies/H99.14";
const POST: &str = "carriers/vnpost";
const PDA: &str = "carriers/vnpost/devices/pda";
const PC: &str = "carriers/vnpost/systems/central";
const COUNTER: &str = "agencies/H99.14/devices/reader";
const A: &str = "EA990000015VN";
const B: &str = "EB990000024VN";

/// Writes each test once for every kind of store.
macro_rules! on_every_store {
    ($($name:ident,)*) => {
        mod memory {
            $(#[tokio::test] async fn $name() { super::$name(super::House::in_memory().await).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::House::on_disk().await).await; })*
        }
    };
}
use on_every_store;

/// A clock that is set by hand.
#[derive(Debug, Default)]
struct ByHand {
    now: AtomicI64,
    /// Leaps as soon as it is asked.
    leaps: AtomicBool,
    suspect: AtomicBool,
}

impl ByHand {
    fn set(&self, now: Micros) {
        self.now.store(now.0, Ordering::Relaxed);
    }
}

impl Clock for ByHand {
    fn now(&self) -> Micros {
        if self.leaps.load(Ordering::Relaxed) {
            self.suspect.store(true, Ordering::Relaxed);
            return Micros(self.now.load(Ordering::Relaxed) + 70 * 366 * Micros::DAY);
        }
        Micros(self.now.load(Ordering::Relaxed))
    }

    fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::Relaxed)
    }

    fn distrust(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }

    fn tell(&self, _: Micros) {}

    fn is_told(&self) -> bool {
        false
    }
}

enum Kept {
    Memory(memory::Store),
    Sqlite(sqlite::Lock, tempfile::TempDir),
}

/// A store, and what its writers are made of. Each batch has a writer of its own, as after a restart.
struct House {
    kept: Kept,
    reader: Reader,
    by_hand: Arc<ByHand>,
    clock: SharedClock,
    apply: Apply,
}

impl House {
    async fn in_memory() -> House {
        let store = memory::Store::new(DATABASE, [2; 16]);
        House::of(Reader::Memory(store.reader()), Kept::Memory(store)).await
    }

    async fn on_disk() -> House {
        let folder = tempfile::tempdir().unwrap();
        let lock = sqlite::lock(folder.path()).unwrap();
        sqlite::create(&lock, &DATABASE, &[2; 16], Micros(0)).unwrap();
        let reader = Reader::Sqlite(sqlite::open(&lock).unwrap().reader);
        House::of(reader, Kept::Sqlite(lock, folder)).await
    }

    async fn of(reader: Reader, kept: Kept) -> House {
        let by_hand = Arc::new(ByHand::default());
        by_hand.set(NOW);
        let house = House { kept, reader, clock: by_hand.clone(), by_hand, apply: apply::apply };
        house.enter().await;
        house
    }

    async fn enter(&self) {
        let agency = Agency {
            name: PartyName::new(AGENCY),
            title: String::new(),
            parent: None,
            kind: AgencyKind::Both,
            valid_from: None,
            valid_to: None,
            level: None,
            ended: None,
        };
        let source = |name: &str, party: &str| {
            let (name, party) = (SourceName::new(name), PartyName::new(party));
            Note::Source(Source { name, party, agency: None, office: None, holder: None, retired: None })
        };
        for note in [
            Note::Agency(agency),
            Note::Carrier(Carrier { name: PartyName::new(POST), title: String::new() }),
            source(PDA, POST),
            source(PC, POST),
            source(COUNTER, AGENCY),
        ] {
            self.one(Line::Note(LANE, Box::new(note))).await.unwrap();
        }
    }

    async fn service(&self) -> (Service, Handle) {
        let writer = match &self.kept {
            Kept::Memory(store) => Writer::Memory(store.writer()),
            Kept::Sqlite(lock, _) => Writer::Sqlite(sqlite::open(lock).unwrap().writer),
        };
        let folder = tempfile::tempdir().unwrap();
        let key = Key::create(&folder.path().join("seal.key"), &SEED).unwrap();
        let directory = Arc::new(self.reader.directory().await.unwrap());
        let options = Options {
            lane: LANE,
            database: DATABASE,
            sealer: Sealer::new(key, DATABASE),
            clock: Arc::clone(&self.clock),
            random: Arc::new(SystemRandom),
            apply: self.apply,
            encode_placed: |_, _| Bytes::from_static(b"placed"),
            encode_event: |event, _| Bytes::from(event.kind.text()),
            intake_lines: 4_096,
            batch_lines: crate::limits::BATCH_LINES,
            directory: watch::Sender::new(directory),
            wakes: Arc::new(Wakes::new([(Lane(0), self.head().await)])),
            metrics: Metrics::new(&[]).unwrap().journal,
        };
        Service::new(options, writer)
    }

    /// Journals lines as one batch.
    async fn batch(&self, lines: Vec<Line>) -> Vec<Result<Answer, Refusal>> {
        let (service, handle) = self.service().await;
        let pending: Vec<Pending> = lines.into_iter().map(|line| handle.queue(line).unwrap()).collect();
        handle.close();
        service.run().await;
        let mut answers = Vec::new();
        for pending in pending {
            answers.push(pending.await);
        }
        answers
    }

    /// Journals a line as a batch of its own.
    async fn one(&self, line: Line) -> Result<Answer, Refusal> {
        self.batch(vec![line]).await.remove(0)
    }

    fn memory(&self) -> &memory::Store {
        match &self.kept {
            Kept::Memory(store) => store,
            Kept::Sqlite(..) => panic!("not in memory"),
        }
    }

    fn admin(&self) -> Admin {
        match &self.kept {
            Kept::Memory(store) => Admin::Memory(store.admin()),
            Kept::Sqlite(_, folder) => Admin::Sqlite(sqlite::Admin::open(folder.path()).unwrap()),
        }
    }

    async fn head(&self) -> u64 {
        self.reader.head(LANE).await.unwrap().pos
    }

    async fn leg(&self, id: Position) -> Leg {
        self.reader.leg(id).await.unwrap().unwrap()
    }

    async fn record(&self, pos: u64) -> Record {
        record(&self.reader.entry(at(pos)).await.unwrap().unwrap().record)
    }

    /// Every record, and that each party's log lists exactly its records, densely and in order.
    async fn records(&self) -> Vec<Record> {
        let mut records = Vec::new();
        for pos in 1..=self.head().await {
            records.push(self.record(pos).await);
        }
        for (name, (enrolment, _)) in &self.reader.directory().await.unwrap().parties {
            let listed = self.reader.log_after(LANE, enrolment.id, 0, 10_000).await.unwrap();
            let seqs: Vec<u64> = listed.iter().map(|line| line.seq).collect();
            let expected: Vec<u64> = (1..=listed.len() as u64).collect();
            assert_eq!(seqs, expected, "{name}");
            let concerned = records.iter().filter(|record| record.parties.contains(name));
            let positions: Vec<u64> = listed.iter().map(|line| line.stored.pos).collect();
            assert_eq!(positions, concerned.map(|record| record.pos).collect::<Vec<_>>(), "{name}");
        }
        records
    }
}

fn at(pos: u64) -> Position {
    Position { lane: LANE, pos }
}

fn record(bytes: &[u8]) -> Record {
    Record::decode(bytes).unwrap()
}

fn event(kind: EventType, code: &str, minute: i64) -> Event {
    Event {
        code: (!code.is_empty()).then(|| Code::stored(CodeKind::Item, code.into(), None)),
        agency: (kind == EventType::PickedUp).then(|| PartyName::new(AGENCY)),
        ..Event::new(kind, NOW.plus((minute - 1_000) * 60 * Micros::SECOND))
    }
}

/// A line of a source; its event's bytes follow from the event.
fn scan(source: &str, id: &str, event: Event) -> CaptureLine {
    let party = source.split('/').take(2).collect::<Vec<_>>().join("/");
    let speaker = Speaker { party: PartyName::new(&party), principal: source.into(), supervisor: false };
    CaptureLine {
        event_bytes: Bytes::from(format!("{event:?}")),
        said: speaker.says(SourceName::new(source), id.into(), event),
        repaired: false,
        personal: None,
        attested: true,
        received_at: NOW,
        send_time: None,
    }
}

fn line(line: CaptureLine) -> Line {
    Line::Capture(Box::new(line))
}

fn with_personal(line: CaptureLine, text: Option<&'static str>) -> Line {
    let personal = text.map(|text| PersonalPart(Bytes::from_static(text.as_bytes())));
    Line::Capture(Box::new(CaptureLine { personal, ..line }))
}

fn dossier_code(number: u32) -> Code {
    Code::stored(CodeKind::Dossier, format!("H99.14-260923-{number:04}").into(), None)
}

fn command(
    method: &'static str,
    request_id: &str,
    digest: u8,
    kind: EventType,
    act: CommandAct,
) -> CommandLine {
    let resource = match &act {
        CommandAct::Register { code, .. } => code.text().to_owned(),
        CommandAct::Cancel { leg } => leg.to_string(),
        _ => AGENCY.to_owned(),
    };
    CommandLine {
        speaker: Speaker { party: PartyName::new(AGENCY), principal: "officer".into(), supervisor: false },
        method,
        resource,
        request_id: request_id.into(),
        request_digest: [digest; 32],
        event: event(kind, "", 0),
        event_bytes: Bytes::from(format!("{method} {digest}")),
        personal: None,
        act,
    }
}

fn register(request_id: &str, number: u32, digest: u8) -> CommandLine {
    let (agency, code) = (PartyName::new(AGENCY), dossier_code(number));
    let act = CommandAct::Register { agency, counter: None, code, procedure: None, slip: None };
    command("RegisterDossier", request_id, digest, EventType::Registered, act)
}

fn order(request_id: &str, kind: LegKind, dossier: Option<Position>) -> CommandLine {
    let (agency, carrier) = (PartyName::new(AGENCY), Some(PartyName::new(POST)));
    let counter = agency.clone();
    let act = CommandAct::Order { agency, counter, carrier, kind, procedure: None, dossier };
    command("OrderLeg", request_id, 9, EventType::Ordered, act)
}

fn cancel(request_id: &str, leg: Position) -> CommandLine {
    command("CancelLeg", request_id, 8, EventType::Cancelled, CommandAct::Cancel { leg })
}

fn does(command: CommandLine) -> Line {
    Line::Command(Box::new(command))
}
