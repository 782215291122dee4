//! Following a journal in memory: what waited is placed once, and what was committed is read once.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

mod epochs;
mod interleavings;
mod placing;
mod reading;

use super::*;
use crate::clock::ReplayClock;
use crate::dossier::apply;
use crate::dossier::apply::AcceptTarget;
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::directory::{Agency, AgencyKind, Carrier, Directory, Source};
use crate::dossier::event::{Event, EventType};
use crate::dossier::leg::{LegKind, Placement};
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};
use crate::dossier::refusal::Reason;
use crate::journal::{
    self, Answer, CaptureLine, CommandAct, CommandLine, Handle, Line, Note, Speaker, Wakes,
};
use crate::metrics::{self, Metrics};
use crate::random::SystemRandom;
use crate::seal::head::Sealer;
use crate::seal::keyring::Key;
use crate::seal::record::Record;
use crate::store::{Lease, Reader, Writer, memory};

const LANE: Lane = Lane(0);
const NOW: Micros = Micros(1_800_000_000 * Micros::SECOND);
/// Longer than any test: what is seen was seen by a wake-up.
const NEVER: Duration = Duration::from_secs(86_400);

struct House {
    store: memory::Store,
    reader: Reader,
    journal: Handle,
    feeds: Feeds,
    shutdown: CancellationToken,
}

fn agency() -> PartyName {
    PartyName::new("agencies/H99.14")
}

fn post() -> PartyName {
    PartyName::new("carriers/vnpost")
}

fn item(text: &str) -> Option<Code> {
    Some(Code::stored(CodeKind::Item, text.into(), None))
}

fn bag() -> Option<Code> {
    Some(Code::stored(CodeKind::Receptacle, "VNHANAVNSGNAACN50001001100123".into(), None))
}

fn event(kind: EventType, code: Option<Code>, minute: i64) -> Event {
    Event { code, ..Event::new(kind, NOW.plus((minute - 1_000) * 60 * Micros::SECOND)) }
}

/// A journal's options, as all tests have them.
fn options(
    lane: Lane,
    sealer: Sealer,
    directory: watch::Sender<Arc<Directory>>,
    wakes: &Arc<Wakes>,
    metrics: metrics::Journal,
) -> journal::Options {
    journal::Options {
        lane,
        database: [1; 16],
        sealer,
        clock: Arc::new(ReplayClock::told(NOW)),
        random: Arc::new(SystemRandom),
        apply: apply::apply,
        encode_placed: |_, _| Bytes::from_static(b"placed"),
        encode_event: |event, _| Bytes::from(event.kind.text()),
        intake_lines: 4_096,
        batch_lines: crate::limits::BATCH_LINES,
        directory,
        wakes: Arc::clone(wakes),
        metrics,
    }
}

/// What a source of a party saw.
fn scanned(source: &str, party: PartyName, id: &str, event: Event) -> Line {
    let speaker = Speaker { party, principal: "BT0099".into(), supervisor: false };
    Line::Capture(Box::new(CaptureLine {
        said: speaker.says(SourceName::new(source), id.into(), event),
        repaired: false,
        event_bytes: Bytes::from_static(b"event"),
        personal: None,
        attested: true,
        received_at: NOW,
        send_time: None,
    }))
}

impl House {
    async fn open() -> House {
        House::with_intake(4_096).await
    }

    /// A house whose intake has room for so many lines.
    async fn with_intake(intake_lines: usize) -> House {
        let store = memory::Store::new([1; 16], [2; 16]);
        let reader = Reader::Memory(store.reader());
        let folder = tempfile::tempdir().unwrap();
        let key = Key::create(&folder.path().join("seal.key"), &[7; 32]).unwrap();
        let directory = Arc::new(reader.directory().await.unwrap());
        let wakes = Arc::new(Wakes::new([(LANE, 0)]));
        let (published, seen) = watch::channel(directory);
        let sealer = Sealer::new(key, [1; 16]);
        let options = options(LANE, sealer, published, &wakes, Metrics::new(&[]).unwrap().journal);
        let options = journal::Options { intake_lines, ..options };
        let (service, journal) = journal::Service::new(options, Writer::Memory(store.writer()));
        tokio::spawn(service.run());
        let shutdown = CancellationToken::new();
        let options = Options { poll: NEVER, ..Options::default() };
        let feeds = Feeds::new(reader.clone(), wakes, seen, options, shutdown.clone());
        let house = House { store, reader, journal, feeds, shutdown };
        house.enter().await;
        house
    }

    async fn enter(&self) {
        let agency = Agency {
            name: agency(),
            title: String::new(),
            parent: None,
            kind: AgencyKind::Both,
            valid_from: None,
            valid_to: None,
            level: None,
            ended: None,
        };
        let device = SourceName::new("carriers/vnpost/devices/pda");
        let source =
            Source { name: device, party: post(), agency: None, office: None, holder: None, retired: None };
        let reader = SourceName::new("agencies/H99.14/devices/reader");
        let reader = Source { name: reader, party: self::agency(), ..source.clone() };
        for note in [
            Note::Agency(agency),
            Note::Carrier(Carrier { name: post(), title: String::new() }),
            Note::Source(source.clone()),
            Note::Source(reader),
        ] {
            self.journal.submit(Line::Note(LANE, Box::new(note))).await.unwrap();
        }
        // What was answered is published.
        assert_eq!(self.journal.directory().source(&source.name), Some(&source));
    }

    async fn capture(&self, event: Event) -> Answer {
        let id = format!("{:?}-{}-{:?}", event.kind, event.occurred_at.0, event.code);
        self.journal.submit(scanned("carriers/vnpost/devices/pda", post(), &id, event)).await.unwrap()
    }

    async fn scan(&self, kind: EventType, code: Option<Code>, minute: i64) -> Answer {
        self.capture(event(kind, code, minute)).await
    }

    /// A pick-up that opens a leg.
    async fn pick_up(&self, text: &str, minute: i64) -> Position {
        let picked_up = event(EventType::PickedUp, item(text), minute);
        let answer = self.capture(Event { agency: Some(agency()), ..picked_up }).await;
        let leg = record(&answer.record).leg.unwrap();
        assert_eq!(leg, answer.position, "opens a leg");
        leg
    }

    /// The agency signs for an item.
    async fn accepted_by_agency(&self, text: &str, minute: i64) {
        let accepted = event(EventType::Accepted, item(text), minute);
        let line =
            scanned("agencies/H99.14/devices/reader", agency(), &format!("accepted-{minute}"), accepted);
        self.journal.submit(line).await.unwrap();
    }

    async fn put_into_bag(&self, text: &str, minute: i64) {
        let bagged = event(EventType::Bagged, item(text), minute);
        self.capture(Event { receptacle: bag(), ..bagged }).await;
    }

    /// A command of the agency.
    async fn command(&self, method: &'static str, kind: EventType, act: CommandAct) -> Record {
        let answer = self.journal.submit(Line::Command(Box::new(CommandLine {
            speaker: Speaker { party: agency(), principal: "officer".into(), supervisor: false },
            method,
            resource: agency().to_string(),
            request_id: format!("{method}-{}", self.head().await).into(),
            request_digest: [1; 32],
            event: event(kind, None, 0),
            event_bytes: Bytes::from_static(b"event"),
            personal: None,
            act,
        })));
        record(&answer.await.unwrap().record)
    }

    async fn register(&self, code: &Code) -> Position {
        let (agency, code) = (agency(), code.clone());
        let act = CommandAct::Register { agency, counter: None, code, procedure: None, slip: None };
        self.command("RegisterDossier", EventType::Registered, act).await.position()
    }

    fn tie(&self) -> Tie {
        Tie::new(self.reader.clone(), self.journal.clone(), LANE, Lease::Alone)
    }

    async fn head(&self) -> u64 {
        self.reader.head(LANE).await.unwrap().pos
    }

    /// Everything that was placed, and from where.
    async fn placed(&self) -> Vec<(u64, Position)> {
        let mut placed = Vec::new();
        for pos in 1..=self.head().await {
            let stored = self.reader.entry(Position { lane: LANE, pos }).await.unwrap().unwrap();
            let record = record(&stored.record);
            if let Some(from) = record.placed_from {
                placed.push((from.pos, record.leg.unwrap()));
            }
        }
        placed
    }

    async fn waits(&self, pos: u64) -> bool {
        !self.reader.waits_for(LANE, pos).await.unwrap().is_empty()
    }

    fn log(&self) -> Log {
        Log::of(&self.journal.directory(), &post()).unwrap()
    }
}

fn record(bytes: &[u8]) -> Record {
    Record::decode(bytes).unwrap()
}

const A: &str = "EA990000015VN";
const B: &str = "EB990000024VN";
const C: &str = "EC990000033VN";
