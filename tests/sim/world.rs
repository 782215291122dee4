//! One world of one seed, in one thread: who there is, and what happens next. Each step polls one task or lets one thing
//! come; after each the store is looked at and everything that was seen is judged.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use trao::clock::Clock;
use trao::dossier::names::Position;
use trao::journal::Note;
use trao::metrics::Metrics;
use trao::seal::keyring::Key;
use trao::seal::record::{CodeText, Record};
use trao::store::{Admin, Commit, Committed, Reader, Writer, memory};

use super::clients::{Calls, Device, Looker, Office, Reader as LogReader, Shore};
use super::clock::{SetClock, Time};
use super::counts::Counts;
use super::executor::{Executor, at_once};
use super::gateway::{DATABASE, Gateway, Ground, LANE, SEED, State};
use super::judge::{Judge, Seen};
use super::log::{Log, short};
use super::message::{Ask, Client, Reply};
use super::network::{Coming, Network};
use super::plan::Plan;
use super::random::Random;
use super::watch::Watch;
use super::{hearsay, town};

/// More steps than any world needs to come to rest.
const STEPS: u64 = 300_000;
/// After so many steps nothing goes wrong any more, whatever is still unsaid.
const ROUGH_STEPS: u64 = 20_000;

/// The key that verifies every head.
pub fn public_key() -> [u8; 32] {
    static PUBLIC: OnceLock<[u8; 32]> = OnceLock::new();
    *PUBLIC.get_or_init(|| with_key(Path::new(env!("CARGO_TARGET_TMPDIR")), |_, key| key.public_key()))
}

/// Makes the file of the signing key in a folder of its own, and removes it.
pub fn with_key<T>(folder: &Path, act: impl FnOnce(&Path, Key) -> T) -> T {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = folder.join(format!("sim-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("seal.key");
    let key = Key::create(&path, &SEED).unwrap();
    let told = act(&path, key);
    std::fs::remove_dir_all(&folder).unwrap();
    told
}

/// A world.
pub struct World {
    pub plan: Plan,
    pub random: Random,
    pub time: Time,
    runtime: tokio::runtime::Runtime,
    pub tasks: Executor,
    pub ground: Ground,
    pub store: Reader,
    pub gateways: Vec<Gateway>,
    owners: u64,
    pub clients: Vec<Box<dyn Calls>>,
    pub network: Network,
    pub log: Log,
    pub counts: Counts,
    calls: u64,
    asked: BTreeMap<(Client, u64), Ask>,
    /// The number behind which each stream stands, and when its last part arrives.
    pub streams: BTreeMap<(Client, u64), (u64, u64)>,
    /// The last number of the log that was asked for, or for a command the last position, when the call came to the gateway.
    pub heads: BTreeMap<(Client, u64), u64>,
    /// The tasks that work for a call.
    working: BTreeMap<(Client, u64), Vec<u64>>,
    legs: Vec<Position>,
    pub judge: Judge,
    watch: Watch,
    /// Everything that was seen, where it is kept.
    pub history: Option<Vec<Seen>>,
    pub calm: bool,
}

impl World {
    /// The world of a seed, before anything happened. `key` is the file of the signing key.
    pub fn new(seed: u64, key: &Path, log: Log, keeps_history: bool) -> World {
        let mut random = Random::of(seed);
        let plan = Plan::of(&mut random);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let time = Time::default();
        let store = memory::Store::new(DATABASE, [2; 16]);
        let network = Network::new(random.fork(), plan.faults.clone());
        let ground = Ground {
            store: store.clone(),
            key: key.to_owned(),
            desk: Rc::new(RefCell::new(VecDeque::new())),
            metrics: Arc::new(Metrics::new(&[]).unwrap()),
        };
        let mut world = World {
            time,
            runtime: runtime.unwrap(),
            tasks: Executor::default(),
            store: Reader::Memory(store.reader()),
            gateways: Vec::new(),
            owners: 0,
            clients: Vec::new(),
            network,
            log,
            counts: Counts::default(),
            calls: 0,
            asked: BTreeMap::new(),
            streams: BTreeMap::new(),
            heads: BTreeMap::new(),
            working: BTreeMap::new(),
            legs: Vec::new(),
            judge: Judge::default(),
            watch: Watch::default(),
            history: keeps_history.then(Vec::new),
            calm: false,
            ground,
            plan,
            random,
        };
        world.log.say(format_args!("seed {seed}: {:?}", world.plan));
        world.settle(&store);
        world
    }

    /// Enters the directory, starts the gateways, and wakes everybody for the first time.
    fn settle(&mut self, store: &memory::Store) {
        let mut admin = Admin::Memory(store.admin());
        let public = public_key();
        at_once(admin.add_signing_key(1, &public)).unwrap();
        enter(store, town::directory(self.plan.devices));
        let plan = self.plan.clone();
        for gateway in 0..plan.gateways {
            let offset = self.random.around(60_000_000);
            self.gateways.push(Gateway::new(SetClock::off(&self.time, offset)));
            self.network.at(0, Coming::Start(gateway));
        }
        for number in 0..plan.devices {
            let random = self.random.fork();
            self.clients.push(Box::new(Device::new(number, plan.lines, plan.items, &self.time, random)));
        }
        for party in [town::OWNER, town::COUNTER] {
            let random = self.random.fork();
            self.clients.push(Box::new(Office::new(party, plan.commands, plan.items, random)));
        }
        for party in town::PARTIES {
            for _ in 0..plan.readers {
                self.clients.push(Box::new(LogReader::new(party, self.random.fork())));
            }
            self.clients.push(Box::new(Looker::new(party, plan.items, self.random.fork())));
        }
        for client in 0..self.clients.len() {
            let first = self.random.between(1, 500);
            self.network.at(first, Coming::Wake(client));
        }
    }

    /// Runs until everything is said and done and nothing moves any more.
    pub fn run(&mut self) -> Result<(), String> {
        let handle = self.runtime.handle().clone();
        let _within = handle.enter();
        let mut still_since = (0, 0);
        while self.log.step < STEPS {
            self.log.step += 1;
            if !self.calm {
                self.go_wrong();
                let said = self.clients.iter().all(|client| client.rests());
                if (said && self.random.chance(50)) || self.log.step > ROUGH_STEPS {
                    self.calm_down();
                    still_since.1 = self.log.now;
                }
            }
            self.step()?;
            self.observe()?;
            let version = self.watch.version();
            if version != still_since.0 {
                still_since = (version, self.log.now);
            }
            if self.calm && self.log.now > still_since.1 + 8_000 && self.is_at_rest() {
                return Ok(());
            }
        }
        Err(format!("after {STEPS} steps it has not come to rest"))
    }

    /// One step: a task is polled, or something comes.
    fn step(&mut self) -> Result<(), String> {
        let goes_on = |owner| {
            let of = |gateway: &&Gateway| gateway.owner == owner;
            let state = self.gateways.iter().find(of).map(|gateway| gateway.state);
            matches!(state, Some(State::Up | State::Draining))
        };
        let ready = self.tasks.ready(goes_on);
        let waits = !self.calm && self.random.below(self.plan.haste) == 0;
        match self.random.pick(&ready).copied().filter(|_| !waits) {
            Some(task) => self.poll(task),
            None => self.come(),
        }
    }

    fn poll(&mut self, task: u64) -> Result<(), String> {
        let Some((owner, name, ended)) = self.tasks.poll(task) else { return Ok(()) };
        let Some(number) = self.gateways.iter().position(|gateway| gateway.owner == owner) else {
            return Err(format!("task {task} belongs to nobody"));
        };
        let how = if ended { ", which ends" } else { "" };
        self.log.say(format_args!("gateway {number} goes on with its {name} {task}{how}"));
        if ended && name == "writer" {
            if self.gateways[number].state != State::Draining {
                return Err(format!("the writer of gateway {number} ended by itself"));
            }
            // What it decided is told before it goes; its callers may be gone already.
            self.stop(number);
        }
        self.send_answers()
    }

    /// Takes what gateways have answered to the judge and under way.
    fn send_answers(&mut self) -> Result<(), String> {
        loop {
            let next = self.ground.desk.borrow_mut().pop_front();
            let Some((client, call, reply)) = next else { return Ok(()) };
            // What was stored in this step is seen before what was answered in it.
            self.observe()?;
            let Some(ask) = self.asked.get(&(client, call)).cloned() else {
                return Err(format!("call {call} was answered and never made"));
            };
            for seen in hearsay::of(self, client, call, &ask, &reply)? {
                self.judged(seen)?;
            }
            self.log.say(format_args!("call {call} is answered {}", told(&reply)));
            let coming = Coming::Told { client, call, reply };
            match (&coming, self.streams.get(&(client, call)).copied()) {
                (Coming::Told { reply: Reply::Part(..), .. }, Some((seq, last))) => {
                    let arrives = self.network.send_after(self.log.now, last, coming);
                    self.streams.insert((client, call), (seq, arrives));
                }
                _ => self.network.send(self.log.now, client, coming),
            }
        }
    }

    /// Lets time pass until the next thing comes, and lets it come.
    fn come(&mut self) -> Result<(), String> {
        let Some(next) = self.network.next_at() else { return Err("nothing is to come".into()) };
        if next > self.log.now {
            let passes = Duration::from_millis(next - self.log.now);
            self.runtime.block_on(tokio::time::advance(passes));
            self.log.now = next;
            self.time.store(next, Ordering::Relaxed);
        }
        match self.network.take() {
            Some(Coming::Start(number)) => self.start(number),
            Some(Coming::GoOn(number)) if self.gateways[number].state == State::Paused => {
                self.gateways[number].state = State::Up;
                self.log.say(format_args!("gateway {number} goes on"));
            }
            Some(Coming::GoOn(_)) => {}
            Some(Coming::Look(number)) => {
                let gateway = &self.gateways[number];
                if gateway.state != State::Down && gateway.clock.is_suspect() {
                    self.stop(number);
                }
            }
            Some(Coming::Asked { gateway, client, call, ask }) => self.ask(gateway, client, call, ask),
            Some(Coming::HungUp { client, call }) => {
                for task in self.working.remove(&(client, call)).unwrap_or_default() {
                    if self.tasks.drop_task(task) {
                        self.counts.one("calls dropped");
                        self.log.say(format_args!("call {call} is dropped"));
                    }
                }
            }
            Some(Coming::Told { client, call, reply }) => {
                self.log.say(format_args!("client {client} hears of call {call}"));
                return self.with_client(client, |client, shore| client.hear(call, reply, shore));
            }
            Some(Coming::Wake(client)) => {
                return self.with_client(client, |client, shore| {
                    client.wake(shore);
                    Ok(())
                });
            }
            None => {}
        }
        Ok(())
    }

    fn ask(&mut self, number: usize, client: Client, call: u64, ask: Ask) {
        let head = match &ask {
            Ask::Pull { party, .. } | Ask::Follow { party, .. } => {
                Some(self.judge.log_of(party).len() as u64)
            }
            Ask::Command(_) => Some(self.judge.head()),
            _ => None,
        };
        if let Some(head) = head {
            self.heads.entry((client, call)).or_insert(head);
        }
        let gateway = &self.gateways[number];
        let taken = gateway.ask(&mut self.tasks, &self.ground.desk, client, call, ask);
        let how = if taken.is_some() { "takes" } else { "is not there for" };
        self.working.entry((client, call)).or_default().extend(taken);
        self.log.say(format_args!("gateway {number} {how} call {call}"));
    }

    fn with_client(
        &mut self,
        me: Client,
        act: impl FnOnce(&mut dyn Calls, &mut Shore<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut shore = Shore {
            me,
            now: self.log.now,
            calm: self.calm,
            gateways: self.gateways.len(),
            network: &mut self.network,
            log: &mut self.log,
            calls: &mut self.calls,
            asked: &mut self.asked,
            legs: &mut self.legs,
        };
        act(&mut *self.clients[me], &mut shore).map_err(|why| format!("client {me}: {why}"))
    }

    /// Starts a gateway that is down.
    fn start(&mut self, number: usize) {
        if self.gateways[number].state == State::Down {
            self.owners += 1;
            let random = self.random.fork();
            let gateway = &mut self.gateways[number];
            gateway.start(self.owners, &self.ground, &self.plan, random, &mut self.tasks);
            self.log.say(format_args!("gateway {number} starts"));
        }
    }

    /// Ends a gateway wherever it is, to start again soon.
    pub fn stop(&mut self, number: usize) {
        let gateway = &mut self.gateways[number];
        gateway.end();
        let dropped = self.tasks.kill(gateway.owner);
        self.log.say(format_args!("gateway {number} is no more; {dropped} tasks are dropped"));
        let again = if self.calm { 1 } else { self.random.between(1, 3_000) };
        self.network.at(self.log.now + again, Coming::Start(number));
    }

    /// Nothing goes wrong any more.
    fn calm_down(&mut self) {
        self.log.say(format_args!("from now on nothing goes wrong"));
        self.calm = true;
        self.network.calm();
        self.ground.store.fail_no_more();
        for number in 0..self.gateways.len() {
            if self.gateways[number].state == State::Paused {
                self.network.at(self.log.now, Coming::GoOn(number));
            }
            if self.gateways[number].clock.is_suspect() && self.gateways[number].state != State::Down {
                self.stop(number);
            }
        }
    }

    /// Looks at the store, and has what came judged.
    fn observe(&mut self) -> Result<(), String> {
        for seen in self.watch.look(&self.store)? {
            if let Seen::Stored(line) = &seen {
                self.log.say(format_args!("{} is stored: {}", line.pos, in_short(&line.record)));
            }
            self.judged(seen)?;
        }
        Ok(())
    }

    fn judged(&mut self, seen: Seen) -> Result<(), String> {
        let verdict = self.judge.see(&seen);
        if let Some(history) = &mut self.history {
            history.push(seen);
        }
        verdict
    }

    fn is_at_rest(&self) -> bool {
        let caught_up = |reader: &LogReader| reader.held().len() == self.judge.log_of(reader.party()).len();
        self.clients.iter().all(|client| client.rests() && client.as_reader().is_none_or(caught_up))
            && self.gateways.iter().all(|gateway| gateway.state == State::Up)
    }

    /// Waits for something beside the world's tasks.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// What happened, in numbers.
    pub fn counted(&self) -> Counts {
        let mut counts = self.counts.clone();
        counts.add(&self.network.counts);
        counts.many("steps", self.log.step);
        counts.many("lines", self.judge.said() as u64);
        counts
    }
}

/// Enters a directory in a store that nobody writes yet.
fn enter(store: &memory::Store, notes: Vec<Note>) {
    let mut writer = Writer::Memory(store.writer());
    let head = at_once(writer.begin(LANE)).unwrap();
    let commit = Commit {
        lane: LANE,
        head: trao::store::Head { version: head.version + 1, ..head },
        entries: Vec::new(),
        changes: Default::default(),
        concerns: Vec::new(),
        devices: Vec::new(),
        notes,
        seal: None,
    };
    assert!(matches!(at_once(writer.commit(&commit)), Ok(Committed::Done)));
}

/// A record in short, its bytes included, for the log.
fn in_short(bytes: &[u8]) -> String {
    let Ok(record) = Record::decode(bytes) else { return short(bytes) };
    let code = |code: &CodeText| code.text.to_string();
    let also: Vec<String> = record.also.iter().chain(&record.receptacle).map(code).collect();
    let leg = record.leg.map(|leg| leg.to_string());
    let corrects = record.corrects.or(record.placed_from).map(|of| of.pos);
    let anomalies: Vec<&str> = record.anomalies.iter().map(|anomaly| anomaly.kind.text()).collect();
    format!(
        "{} {} {} {also:?} on {leg:?} of {corrects:?}, effective {}, {anomalies:?} {}",
        record.kind.text(),
        record.source,
        record.code.as_ref().map(code).unwrap_or_default(),
        record.effective_at.since(super::clock::BEGINNING) / 1_000,
        short(bytes),
    )
}

/// An answer in short, its bytes included, for the log.
fn told(reply: &Reply) -> String {
    let of = |answer: &Result<trao::journal::Answer, trao::dossier::refusal::Refusal>| match answer {
        Ok(answer) => {
            let again = if answer.replayed { " again" } else { "" };
            format!("{}{again} {}", answer.position, short(&answer.record))
        }
        Err(refusal) => refusal.to_string(),
    };
    match reply {
        Reply::Facts(answers) => answers.iter().map(of).collect::<Vec<_>>().join(", "),
        Reply::Command(answer) => of(answer),
        Reply::Page(Ok(read)) => format!("{} events, caught up: {}", read.events.len(), read.caught_up),
        Reply::Page(Err(refusal)) => refusal.to_string(),
        Reply::Part(number, part) => match part {
            Some(Ok(read)) => format!("part {number}: {:?}", read.events.first().map(|(seq, _)| seq)),
            Some(Err(refusal)) => format!("part {number}: {refusal}"),
            None => format!("part {number}: the end"),
        },
        Reply::Seen(Ok(None)) => "nothing: the store was not reached".to_owned(),
        Reply::Seen(Ok(Some((pos, told)))) => format!("as of {pos}: {}", short(told.as_bytes())),
        Reply::Seen(Err(error)) => error.clone(),
    }
}
