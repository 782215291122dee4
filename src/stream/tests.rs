//! Following a journal in memory: what waited is placed once, and what was committed is read once.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

mod epochs;
mod interleavings;

use super::*;
use crate::clock::ReplayClock;
use crate::dossier::apply;
use crate::dossier::apply::AcceptTarget;
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::directory::{Agency, AgencyKind, Carrier, Source};
use crate::dossier::event::{Event, EventType, Measure, Reason as Why};
use crate::dossier::leg::{LegKind, Placement};
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};
use crate::dossier::refusal::Reason;
use crate::journal::{
    self, Answer, CaptureLine, CommandAct, CommandLine, Handle, Line, Note, Speaker, Wakes,
};
use crate::metrics::Metrics;
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
    Event {
        kind,
        code,
        occurred_at: NOW.plus((minute - 1_000) * 60 * Micros::SECOND),
        device_seq: None,
        agency: None,
        counter: None,
        office: None,
        reason: Why::NONE,
        measure: Measure::NONE,
        corrects: None,
        leg: None,
        also: Vec::new(),
        receptacle: None,
        procedure: None,
        leg_kind: None,
        until: None,
        unverified: false,
        due_at: None,
        placed: None,
    }
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
        let options = journal::Options {
            lane: LANE,
            database: [1; 16],
            sealer: Sealer::new(key, [1; 16]),
            clock: Arc::new(ReplayClock::told(NOW)),
            random: Arc::new(SystemRandom),
            apply: apply::apply,
            encode_placed: |_, _| Bytes::from_static(b"placed"),
            intake_lines,
            batch_lines: crate::limits::BATCH_LINES,
            directory: published,
            wakes: Arc::clone(&wakes),
            metrics: Metrics::new(&[]).unwrap().journal,
        };
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
        };
        let device = SourceName::new("carriers/vnpost/devices/pda");
        let source = Source { name: device, party: post(), agency: None, office: None, holder: None };
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
        let speaker = Speaker { party: post(), principal: "BT0099".into(), supervisor: false };
        let line = CaptureLine {
            said: speaker.says(SourceName::new("carriers/vnpost/devices/pda"), id.into(), event),
            repaired: false,
            event_bytes: Bytes::from_static(b"event"),
            personal: None,
            attested: true,
            received_at: NOW,
            send_time: None,
        };
        self.journal.submit(Line::Capture(Box::new(line))).await.unwrap()
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
        let speaker = Speaker { party: agency(), principal: "officer".into(), supervisor: false };
        let accepted = event(EventType::Accepted, item(text), minute);
        let id = format!("accepted-{minute}").into();
        let line = CaptureLine {
            said: speaker.says(SourceName::new("agencies/H99.14/devices/reader"), id, accepted),
            repaired: false,
            event_bytes: Bytes::from_static(b"event"),
            personal: None,
            attested: true,
            received_at: NOW,
            send_time: None,
        };
        self.journal.submit(Line::Capture(Box::new(line))).await.unwrap();
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

#[tokio::test]
async fn a_scan_that_came_before_its_leg_is_placed_at_its_own_time_and_once() {
    let house = House::open().await;
    let early = house.scan(EventType::OfficeIn, item(A), 20).await;
    assert_eq!(record(&early.record).placement, Placement::Unplaced);
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, []);
    let leg = house.pick_up(A, 10).await;
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(early.position.pos, leg)]);
    assert!(!house.waits(early.position.pos).await);
    let placed = Position { lane: LANE, pos: house.head().await };
    let placed = record(&house.reader.entry(placed).await.unwrap().unwrap().record);
    assert_eq!(placed.effective_at, record(&early.record).effective_at);
    assert_eq!(placed.parties, [agency(), post()]);

    // From any older cursor the same again writes nothing.
    let head = house.head().await;
    let seen = house.tie().work_behind(Seen::default(), head).await.unwrap();
    assert_eq!((seen.pos, house.head().await), (head, head));
}

#[tokio::test]
async fn a_tie_killed_between_pin_and_put_places_on_the_pinned_leg_only() {
    let house = House::open().await;
    let early = house.scan(EventType::OfficeIn, item(A), 20).await.position;
    let leg = house.pick_up(A, 10).await;
    let tie = house.tie();
    let meaning = tie.meaning(early, None).await.unwrap();
    assert_eq!(meaning, Meaning::Leg(leg));
    assert_eq!(tie.pin(early, leg).await.unwrap(), leg);
    drop(tie);
    // Meanwhile the code was given to another leg, so that nobody could tell any more which is meant.
    let named = event(EventType::PickedUp, item(B), 11);
    let other = house.capture(Event { agency: Some(agency()), also: item(A).into_iter().collect(), ..named });
    let other = record(&other.await.record).leg.unwrap();
    let tie = house.tie();
    assert_eq!(tie.pin(early, other).await.unwrap(), leg, "the first pin stands");
    tie.catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(early.pos, leg)]);
    assert!(!house.waits(early.pos).await);
}

#[tokio::test]
async fn one_scan_of_a_bag_counts_for_each_in_it_and_for_what_is_found_inside_later() {
    let house = House::open().await;
    let mut legs = Vec::new();
    for (n, text) in [A, B].into_iter().enumerate() {
        legs.push(house.pick_up(text, 10 + n as i64).await);
        house.put_into_bag(text, 20 + n as i64).await;
    }
    let scan = house.scan(EventType::Dispatched, bag(), 30).await.position;
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(scan.pos, legs[0]), (scan.pos, legs[1])]);
    assert!(house.waits(scan.pos).await);

    let late = house.pick_up(C, 12).await;
    house.put_into_bag(C, 22).await;
    house.tie().catch_up(None).await.unwrap();
    legs.push(late);
    let everywhere: Vec<_> = legs.iter().map(|leg| (scan.pos, *leg)).collect();
    assert_eq!(house.placed().await, everywhere);

    // A void of the bag's scan goes wherever the scan went.
    let voided = event(EventType::Voided, None, 31);
    let void = house.capture(Event { corrects: Some(scan), ..voided }).await.position;
    house.tie().catch_up(None).await.unwrap();
    let voids: Vec<_> = legs.iter().map(|leg| (void.pos, *leg)).collect();
    assert_eq!(house.placed().await, [everywhere, voids].concat());
}

#[tokio::test]
async fn a_scan_by_a_dossiers_code_is_placed_when_a_leg_comes_to_the_dossier() {
    let dossier_code =
        |number: u32| Code::stored(CodeKind::Dossier, format!("H99.14-260923-{number:04}").into(), None);
    // Ordered for it.
    let house = House::open().await;
    let code = dossier_code(1);
    let dossier = house.register(&code).await;
    let early = house.scan(EventType::OfficeIn, Some(code.clone()), 20).await.position;
    house.tie().catch_up(None).await.unwrap();
    assert!(house.waits(early.pos).await);
    let (counter, carrier) = (agency(), Some(post()));
    let kind = LegKind::Outbound;
    let act = CommandAct::Order {
        agency: agency(),
        counter,
        carrier,
        kind,
        procedure: None,
        dossier: Some(dossier),
    };
    let leg = house.command("OrderLeg", EventType::Ordered, act).await.leg.unwrap();
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(early.pos, leg)]);
    assert!(!house.waits(early.pos).await);

    // Linked to it when the agency accepts what it holds.
    let house = House::open().await;
    let code = dossier_code(2);
    house.register(&code).await;
    let early = house.scan(EventType::OfficeIn, Some(code.clone()), 20).await.position;
    let leg = house.pick_up(A, 10).await;
    house.accepted_by_agency(A, 30).await;
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, []);
    let act = CommandAct::Accept { target: AcceptTarget::Leg(leg), code, procedure: None };
    assert_eq!(house.command("AcceptDossier", EventType::DossierAccepted, act).await.leg, Some(leg));
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(early.pos, leg)]);
}

#[tokio::test]
async fn a_void_waits_for_the_scan_it_names() {
    let house = House::open().await;
    let scan = house.scan(EventType::OfficeIn, item(A), 20).await.position;
    let voided = event(EventType::Voided, item(A), 21);
    let void = house.capture(Event { corrects: Some(scan), ..voided }).await.position;
    let leg = house.pick_up(A, 10).await;
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(scan.pos, leg), (void.pos, leg)]);
    assert!(!house.waits(scan.pos).await && !house.waits(void.pos).await);
}

#[tokio::test]
async fn a_correction_waits_for_the_codes_of_what_it_corrects_though_it_names_another() {
    let house = House::open().await;
    let scan = house.scan(EventType::OfficeIn, item(A), 20).await.position;
    let held = event(EventType::Held, item(B), 21);
    let correction = house.capture(Event { corrects: Some(scan), ..held }).await.position;
    let bag_scan = house.scan(EventType::Dispatched, bag(), 22).await.position;
    let voided = event(EventType::Voided, item(C), 23);
    let void = house.capture(Event { corrects: Some(bag_scan), ..voided }).await.position;
    // It has looked at them in vain: only what becomes known makes it look again.
    house.tie().catch_up(None).await.unwrap();
    let leg = house.pick_up(A, 10).await;
    house.put_into_bag(A, 15).await;
    house.tie().catch_up(None).await.unwrap();
    let placed = [scan, correction, bag_scan, void].map(|from| (from.pos, leg));
    assert_eq!(house.placed().await, placed);
}

#[tokio::test]
async fn a_bag_is_placed_though_the_intake_has_no_room_for_all_that_is_in_it() {
    let house = House::with_intake(4).await;
    let mut legs = Vec::new();
    for (n, text) in [A, B, C].into_iter().enumerate() {
        legs.push(house.pick_up(text, 10 + n as i64).await);
        house.put_into_bag(text, 20 + n as i64).await;
    }
    let scan = house.scan(EventType::Dispatched, bag(), 30).await.position;
    house.tie().catch_up(None).await.unwrap();
    let everywhere: Vec<_> = legs.iter().map(|leg| (scan.pos, *leg)).collect();
    assert_eq!(house.placed().await, everywhere);
}

#[tokio::test]
async fn a_bag_that_came_back_is_put_on_no_return_that_its_own_scan_began() {
    let house = House::open().await;
    for (n, text) in [A, B].into_iter().enumerate() {
        house.pick_up(text, 10 + n as i64).await;
        house.put_into_bag(text, 20 + n as i64).await;
    }
    let came_back = house.scan(EventType::ReturnStarted, bag(), 30).await.position;
    for _ in 0..3 {
        house.tie().catch_up(None).await.unwrap();
    }
    let placed = house.placed().await;
    let from: Vec<u64> = placed.iter().map(|(from, _)| *from).collect();
    assert_eq!(from, [came_back.pos; 2], "each is the birth of a return: {placed:?}");
}

#[tokio::test]
async fn pages_hold_every_event_once_and_an_empty_one_gives_back_its_cursor() {
    let house = House::open().await;
    for (n, text) in [A, B, C].into_iter().enumerate() {
        house.pick_up(text, n as i64).await;
    }
    let (mut seqs, mut start) = (Vec::new(), None);
    loop {
        let page = house.feeds.pull(&house.log(), start.as_deref(), 2, Duration::ZERO).await.unwrap();
        seqs.extend(page.events.iter().map(|listed| listed.seq));
        start = Some(page.cursor.encode());
        if page.caught_up {
            break;
        }
    }
    assert_eq!(seqs, [1, 2, 3]);
    let page = house.feeds.pull(&house.log(), start.as_deref(), 2, Duration::ZERO).await.unwrap();
    assert!(page.events.is_empty() && page.caught_up);
    assert_eq!(Some(page.cursor.encode()), start);

    let mut ahead = page.cursor.clone();
    ahead.advance(LANE, 4);
    let other_lane = {
        let mut cursor = page.cursor.clone();
        cursor.advance(Lane(1), 1);
        cursor
    };
    let other_epoch = cursor::Cursor::beginning(post(), [9; 16]);
    for (cursor, reason) in [
        (ahead, Reason::CursorAhead),
        (other_lane, Reason::CursorAhead),
        (other_epoch, Reason::EpochChanged),
        (cursor::Cursor::beginning(agency(), [2; 16]), Reason::CursorForeign),
    ] {
        let pulled = house.feeds.pull(&house.log(), Some(&cursor.encode()), 2, Duration::ZERO).await;
        assert_eq!(pulled.unwrap_err().reason, reason);
        let followed = house.feeds.follow(house.log(), Some(&cursor.encode())).await;
        assert_eq!(followed.unwrap_err().reason, reason);
    }
}

#[tokio::test]
async fn a_waiting_pull_is_answered_by_the_commits_own_wake_up_or_by_the_end() {
    let house = House::open().await;
    let pull = |start: Option<Vec<u8>>| {
        let (feeds, log) = (house.feeds.clone(), house.log());
        tokio::spawn(async move { feeds.pull(&log, start.as_deref(), 10, NEVER).await })
    };
    let waiting = pull(None);
    while house.feeds.places.taken() == 0 {
        tokio::task::yield_now().await;
    }
    house.pick_up(A, 1).await;
    let page = waiting.await.unwrap().unwrap();
    assert_eq!((page.events.len(), page.caught_up), (1, true));

    let waiting = pull(Some(page.cursor.encode()));
    while house.feeds.places.taken() == 0 {
        tokio::task::yield_now().await;
    }
    house.shutdown.cancel();
    let empty = waiting.await.unwrap().unwrap();
    assert_eq!((empty.events.len(), empty.cursor), (0, page.cursor));
    assert_eq!(house.feeds.places.taken(), 0);
}

#[tokio::test]
async fn a_stream_sends_what_is_committed_and_bookmarks_to_go_on_from() {
    let house = House::open().await;
    house.pick_up(A, 1).await;
    let (follower, mut following) = house.feeds.follow(house.log(), None).await.unwrap();
    let running = tokio::spawn(follower.run(std::future::pending()));
    let mut next = async || poll_fn(|cx| following.poll_next(cx)).await.map(Result::unwrap);
    let seq = |sent: Option<Sent>| match sent {
        Some(Sent::Event(listed)) => listed.seq,
        other => panic!("{other:?}"),
    };
    assert_eq!(seq(next().await), 1);
    let Some(Sent::Bookmark { cursor, caught_up: true }) = next().await else { panic!() };
    house.pick_up(B, 2).await;
    assert_eq!(seq(next().await), 2);
    assert!(matches!(next().await, Some(Sent::Bookmark { caught_up: true, .. })));
    house.shutdown.cancel();
    let Some(Sent::Bookmark { cursor: last, .. }) = next().await else { panic!() };
    assert_eq!(next().await, None);
    running.await.unwrap();

    let page = house.feeds.pull(&house.log(), Some(&cursor.encode()), 10, Duration::ZERO).await.unwrap();
    assert_eq!(page.events.iter().map(|listed| listed.seq).collect::<Vec<_>>(), [2]);
    assert_eq!(page.cursor, last);
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_may_not_go_on() {
    let house = House::open().await;
    let (follower, mut following) = house.feeds.follow(house.log(), None).await.unwrap();
    let revoked = crate::dossier::refusal::Refusal::new(Reason::KeyInvalid);
    follower.run(std::future::ready(revoked.clone())).await;
    let mut last = None;
    while let Some(sent) = poll_fn(|cx| following.poll_next(cx)).await {
        last = Some(sent);
    }
    assert_eq!(last, Some(Err(revoked)));
    assert_eq!(house.feeds.places.taken(), 0);
}

#[tokio::test]
async fn a_digest_of_many_events_is_told_in_parts_that_go_on_from_each_other() {
    let house = House::open().await;
    for number in 0..5 {
        house.scan(EventType::OfficeIn, item("EA990000015VN"), number).await;
    }
    let feeds =
        Feeds { options: Options { digest_events: 2, ..house.feeds.options.clone() }, ..house.feeds.clone() };
    let log = house.log();
    let (mut parts, mut from) = (Vec::new(), None);
    loop {
        let part = feeds.digest(&log, from.as_deref(), None).await.unwrap();
        parts.extend(part.stretches.iter().map(|stretch| (stretch.first, stretch.last)));
        from = Some(part.cursor.encode());
        if part.complete {
            break;
        }
    }
    assert_eq!(parts, [(1, 2), (3, 4), (5, 5)]);
}
