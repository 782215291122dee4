//! Three lanes that commit at once, each with a tie that is killed wherever it stands: what waited is tied to one leg.

use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::*;
use crate::store::Admin;

const INTERLEAVINGS: u64 = 10_000;
const LANES: [Lane; 3] = [Lane(0), Lane(1), Lane(2)];

/// SplitMix64: the same choices from the same number, everywhere.
struct Choices(u64);

impl Choices {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Woken>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    /// The tie of this lane, or something that is not killed.
    tie_of: Option<Lane>,
    woken: Arc<Woken>,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

impl Task {
    fn of(future: impl Future<Output = ()> + 'static) -> Task {
        Task { tie_of: None, woken: Arc::new(Woken(AtomicBool::new(true))), future: Box::pin(future) }
    }
}

/// Whatever is to happen at once, polled in the order that is chosen.
struct Happening {
    choices: Choices,
    tasks: Vec<Task>,
}

impl Happening {
    /// Polls one task that was woken. Which tie it was, if it was one that goes on; `None` when everything waits.
    fn step(&mut self) -> Option<Option<Lane>> {
        let is_woken = |(at, task): (usize, &Task)| task.woken.0.load(Ordering::Relaxed).then_some(at);
        let woken: Vec<usize> = self.tasks.iter().enumerate().filter_map(is_woken).collect();
        if woken.is_empty() {
            return None;
        }
        let at = woken[self.choices.below(woken.len())];
        let task = &mut self.tasks[at];
        task.woken.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&task.woken));
        if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.tasks.swap_remove(at);
            return Some(None);
        }
        Some(task.tie_of)
    }

    /// Runs one thing to its end, and everything else as it comes.
    fn finish<T: 'static>(&mut self, future: impl Future<Output = T> + 'static) -> T {
        let ended = Rc::new(RefCell::new(None));
        let told = Rc::clone(&ended);
        self.tasks.push(Task::of(async move { *told.borrow_mut() = Some(future.await) }));
        while ended.borrow().is_none() {
            self.step().expect("everything waits, and nothing ends");
        }
        ended.borrow_mut().take().unwrap()
    }

    fn kill_tie(&mut self, lane: Lane) {
        self.tasks.retain(|task| task.tie_of != Some(lane));
    }
}

/// What a store that is near answers at once.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(told) => told,
        Poll::Pending => panic!("it waits"),
    }
}

/// A journal of three lanes: an agency in each, the post in one of them.
struct Town {
    happening: Happening,
    near: Reader,
    distant: Reader,
    journal: Handle,
}

/// What is the same in every interleaving.
type Shared = (Sealer, Metrics);

fn agency_of(lane: Lane) -> PartyName {
    PartyName::new(&format!("agencies/H{}.1", 90 + lane.0))
}

impl Town {
    fn open(choices: Choices, (sealer, metrics): &Shared, posts_lane: Lane) -> Town {
        let store = memory::Store::new([1; 16], [2; 16]);
        let near = Reader::Memory(store.reader());
        let directory: Arc<Directory> = Arc::new(at_once(near.directory()).unwrap());
        let wakes = Arc::new(Wakes::new(LANES.map(|lane| (lane, 0))));
        let published = watch::Sender::new(directory);
        let mut happening = Happening { choices, tasks: Vec::new() };
        let handles = LANES.map(|lane| {
            let (sealer, counts) = (sealer.clone(), metrics.journal.clone());
            let options = options(lane, sealer, published.clone(), &wakes, counts);
            let options = journal::Options { intake_lines: 64, batch_lines: 8, ..options };
            let writer = Writer::Memory(store.distant().writer());
            let (service, handle, telling) = journal::Service::apart(options, writer);
            happening.tasks.push(Task::of(service.run()));
            happening.tasks.push(Task::of(telling));
            handle
        });
        let journal = Handle::of_lanes(handles).unwrap();
        let distant = Reader::Memory(store.distant().reader());
        let mut town = Town { happening, near, distant, journal };
        town.enter(Admin::Memory(store.admin()), posts_lane);
        town
    }

    /// Whoever is entered belongs to the newest lane there is then.
    fn enter(&mut self, mut admin: Admin, posts_lane: Lane) {
        for lane in LANES {
            if lane != LANES[0] {
                assert_eq!(at_once(admin.add_lane()).unwrap(), lane);
            }
            self.note(Note::Agency(Agency {
                name: agency_of(lane),
                title: String::new(),
                parent: None,
                kind: AgencyKind::Both,
                valid_from: None,
                valid_to: None,
                level: None,
                ended: None,
            }));
            if lane == posts_lane {
                let name = SourceName::new("carriers/vnpost/devices/pda");
                self.note(Note::Carrier(Carrier { name: post(), title: String::new() }));
                self.note(Note::Source(Source {
                    name,
                    party: post(),
                    agency: None,
                    office: None,
                    holder: None,
                    retired: None,
                }));
            }
            assert_eq!(self.journal.directory().lane_of(&agency_of(lane)), lane);
        }
        assert_eq!(self.journal.directory().lane_of(&post()), posts_lane);
    }

    fn note(&mut self, note: Note) {
        let journal = self.journal.clone();
        let noted = async move { journal.submit(Line::Note(LANES[0], Box::new(note))).await };
        self.happening.finish(noted).unwrap();
    }

    fn submit(&mut self, line: Line, told: &Rc<RefCell<Vec<Answer>>>) {
        let (journal, told) = (self.journal.clone(), Rc::clone(told));
        self.happening.tasks.push(Task::of(async move {
            let answer = journal.submit(line).await.unwrap();
            told.borrow_mut().push(answer);
        }));
    }

    fn tie(&self, lane: Lane) -> Tie {
        Tie::new(self.distant.clone(), self.journal.clone(), lane, Lease::Alone)
    }

    /// The tie of a lane, which looks again and again.
    fn begin_tie(&mut self, lane: Lane) {
        let tie = self.tie(lane);
        let looks = async move {
            let mut seen = None;
            loop {
                seen = Some(tie.catch_up(seen).await.unwrap());
                tokio::task::yield_now().await;
            }
        };
        self.happening.tasks.push(Task { tie_of: Some(lane), ..Task::of(looks) });
    }

    /// All legs that an event was put on, by its own record or by a placing's, as often as it was.
    fn legs_of(&self, event: Position) -> Vec<Position> {
        let mut legs = Vec::new();
        for lane in LANES {
            for pos in 1..=at_once(self.near.head(lane)).unwrap().pos {
                let position = Position { lane, pos };
                let record = record(&at_once(self.near.entry(position)).unwrap().unwrap().record);
                if record.placed_from == Some(event) || position == event {
                    legs.extend(record.leg);
                }
            }
        }
        legs
    }

    fn pin(&self, event: Position) -> Option<Position> {
        at_once(self.near.pin(event.lane, event.pos)).unwrap()
    }

    fn waits(&self, event: Position) -> bool {
        !at_once(self.near.waits_for(event.lane, event.pos)).unwrap().is_empty()
    }

    /// Every tie looks until none of them finds anything to do.
    fn settle(&mut self) {
        LANES.into_iter().for_each(|lane| self.happening.kill_tie(lane));
        let heads = |town: &Town| LANES.map(|lane| at_once(town.near.head(lane)).unwrap().pos);
        loop {
            let before = heads(self);
            for lane in LANES {
                let tie = self.tie(lane);
                self.happening.finish(async move { tie.catch_up(None).await }).unwrap();
            }
            if heads(self) == before {
                return;
            }
        }
    }
}

fn scan() -> Line {
    scanned("carriers/vnpost/devices/pda", post(), "scan", event(EventType::OfficeIn, item(A), 20))
}

fn order(agency: PartyName, code: Option<Code>) -> Line {
    let act = CommandAct::Order {
        agency: agency.clone(),
        counter: agency.clone(),
        carrier: Some(post()),
        kind: LegKind::Inbound,
        procedure: None,
        dossier: None,
    };
    Line::Command(Box::new(CommandLine {
        resource: agency.to_string(),
        speaker: Speaker { party: agency, principal: "officer".into(), supervisor: false },
        method: "OrderLeg",
        request_id: "order".into(),
        request_digest: [1; 32],
        event: event(EventType::Ordered, code, 0),
        event_bytes: Bytes::from_static(b"event"),
        personal: None,
        act,
    }))
}

/// How an interleaving came out.
#[derive(Debug, Default)]
struct Seen {
    placed_across_lanes: u32,
    found_at_once: u32,
    waits: u32,
    killed_after_the_pin: u32,
}

/// The scan in one lane, and in each of the three a leg: of the scanned item in some, of another in the others.
fn interleave(seed: u64, shared: &Shared, seen: &mut Seen) {
    let mut choices = Choices(seed);
    let posts_lane = LANES[choices.below(3)];
    let known_in = match choices.below(8) {
        0 => 3,
        1 => 2,
        _ => 1,
    };
    let first = choices.below(3);
    let mut town = Town::open(choices, shared, posts_lane);
    let told = Rc::default();
    for (nth, code) in [A, B, C].into_iter().enumerate() {
        let code = if nth < known_in { A } else { code };
        town.submit(order(agency_of(LANES[(first + nth) % 3]), item(code)), &told);
    }
    town.submit(scan(), &told);
    LANES.into_iter().for_each(|lane| town.begin_tie(lane));
    // In every store of this test the scan is the first event that the post says.
    let is_scan = |answer: &&Answer| record(&answer.record).kind == EventType::OfficeIn;
    let scanned =
        |told: &RefCell<Vec<Answer>>| told.borrow().iter().find(is_scan).map(|answer| answer.position);
    // Some of it after all are answered, for the ties come last.
    let mut after = 200;
    while after > 0 {
        after -= i32::from(told.borrow().len() == 4);
        let Some(Some(lane)) = town.happening.step() else { continue };
        if town.happening.choices.below(24) == 0 {
            town.happening.kill_tie(lane);
            town.begin_tie(lane);
            if let Some(scan) = scanned(&told)
                && town.pin(scan).is_some()
                && town.legs_of(scan).is_empty()
            {
                seen.killed_after_the_pin += 1;
            }
        }
    }
    town.settle();

    let scan = scanned(&told).unwrap();
    let legs = town.legs_of(scan);
    match legs.as_slice() {
        [leg] => {
            assert!(!town.waits(scan), "it is tied and waits");
            let leg = at_once(town.near.leg(*leg)).unwrap().unwrap();
            assert_eq!(leg.codes.iter().map(|tagged| &tagged.code).collect::<Vec<_>>(), [&item(A).unwrap()]);
            seen.placed_across_lanes += u32::from(leg.id.lane != scan.lane);
            seen.found_at_once += u32::from(leg.id.lane == scan.lane);
        }
        // Nobody can tell which of several is meant, unless only one was known when it was looked for.
        [] => {
            assert!(known_in > 1, "it is not tied");
            assert!(town.waits(scan) && town.pin(scan).is_none(), "it is lost");
            seen.waits += 1;
        }
        _ => panic!("it is tied to {legs:?}"),
    }
}

#[test]
fn a_scan_and_its_code_that_become_known_at_once_in_three_lanes_are_tied_to_one_leg_however_they_interleave()
{
    let folder = tempfile::tempdir().unwrap();
    let key = Key::create(&folder.path().join("seal.key"), &[7; 32]).unwrap();
    let shared = (Sealer::new(key, [1; 16]), Metrics::new(&[]).unwrap());
    let mut seen = Seen::default();
    for seed in 0..INTERLEAVINGS {
        let interleaved = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            interleave(seed, &shared, &mut seen);
        }));
        if let Err(why) = interleaved {
            eprintln!("interleaving {seed}");
            std::panic::resume_unwind(why);
        }
    }
    let Seen { placed_across_lanes, found_at_once, waits, killed_after_the_pin } = seen;
    assert!(
        [placed_across_lanes, found_at_once, waits, killed_after_the_pin]
            .into_iter()
            .all(|count| count > 100),
        "hardly tried: {seen:?}"
    );
}
