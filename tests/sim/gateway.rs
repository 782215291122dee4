//! One gateway: the journal's writer, the tie, feeds and look-ups over the shared store, as `serve` wires them, without
//! sockets and threads.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use trao::clock::Clock;
use trao::dossier::apply;
use trao::dossier::names::{Lane, PartyName, Position};
use trao::dossier::refusal::Refusal;
use trao::journal::{self, Handle, Service, Wakes};
use trao::metrics::Metrics;
use trao::seal::head::Sealer;
use trao::seal::keyring::Key;
use trao::store::{self, Lease, Reader, Writer, memory};
use trao::stream::{self, Feeds, Log, Sent, Tie};
use trao::view::{self, Eyes, View, When};

use super::clock::SetClock;
use super::executor::{Executor, Owner, at_once};
use super::message::{Ask, Client, Read, Reply};
use super::plan::Plan;
use super::random::{Random, Salts};

/// The lane.
pub const LANE: Lane = Lane(0);
/// The database.
pub const DATABASE: [u8; 16] = [1; 16];
/// The seed of the signing key.
pub const SEED: [u8; 32] = [7; 32];

/// Answers that gateways gave and that are not under way yet.
pub type Desk = Rc<RefCell<VecDeque<(Client, u64, Reply)>>>;

/// How a gateway is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It serves.
    Up,
    /// It ends in order.
    Draining,
    /// It stands still.
    Paused,
    /// There is none until it starts again.
    Down,
}

/// One gateway.
pub struct Gateway {
    /// Its tasks since the last start.
    pub owner: Owner,
    /// How it is.
    pub state: State,
    /// Its clock.
    pub clock: Arc<SetClock>,
    serves: Option<Serves>,
}

/// What answers calls.
#[derive(Clone)]
struct Serves {
    handle: Handle,
    feeds: Feeds,
    view: View,
    clock: Arc<SetClock>,
    shutdown: CancellationToken,
}

/// What every start needs.
pub struct Ground {
    /// The store at hand.
    pub store: memory::Store,
    /// The file of the signing key.
    pub key: std::path::PathBuf,
    /// Where answers are put.
    pub desk: Desk,
    /// What is counted, by all gateways together: registering names takes longer than a small world.
    pub metrics: Arc<Metrics>,
}

impl Gateway {
    /// A gateway that has not started.
    pub fn new(clock: SetClock) -> Gateway {
        Gateway { owner: 0, state: State::Down, clock: Arc::new(clock), serves: None }
    }

    /// Starts on what is stored, as `serve` does.
    pub fn start(
        &mut self,
        owner: Owner,
        ground: &Ground,
        plan: &Plan,
        random: Random,
        tasks: &mut Executor,
    ) {
        let near = Reader::Memory(ground.store.reader());
        let distant = ground.store.distant();
        let reader = Reader::Memory(distant.reader());
        let head = at_once(near.head(LANE)).unwrap();
        let wakes = Arc::new(Wakes::new([(LANE, head.pos)]));
        self.clock = Arc::new(self.clock.anew());
        let directory = Arc::new(at_once(near.directory()).unwrap());
        let (published, seen) = watch::channel(directory);
        let options = journal::Options {
            lane: LANE,
            database: DATABASE,
            sealer: Sealer::new(Key::load(&ground.key).unwrap(), DATABASE),
            clock: self.clock.clone(),
            random: Arc::new(Salts::of(random)),
            apply: apply::apply,
            encode_placed: |record, leg| Bytes::from(format!("placed {} on {leg}", record.pos)),
            encode_event: |event, party| Bytes::from(format!("{} by {party}", event.kind.text())),
            intake_lines: plan.intake_lines,
            batch_lines: plan.batch_lines,
            directory: published,
            wakes: Arc::clone(&wakes),
            metrics: ground.metrics.journal.clone(),
        };
        let (service, handle, telling) = Service::apart(options, Writer::Memory(distant.writer()));
        let shutdown = CancellationToken::new();
        let feeds =
            Feeds::new(reader.clone(), wakes, seen.clone(), stream::Options::default(), shutdown.clone());
        tasks.spawn(owner, "writer", service.run());
        tasks.spawn(owner, "teller", telling);
        tasks.spawn(
            owner,
            "tie",
            Tie::new(reader.clone(), handle.clone(), LANE, Lease::Alone).run(shutdown.clone()),
        );
        let clock = Arc::clone(&self.clock);
        let view = View::new(reader, seen);
        self.serves = Some(Serves { handle, feeds, view, clock, shutdown });
        (self.owner, self.state) = (owner, State::Up);
    }

    /// Hands lines to its journal, while it serves.
    pub fn handle(&self) -> Option<Handle> {
        self.serves.as_ref().map(|serves| serves.handle.clone())
    }

    /// Takes no more lines and ends when what is queued is journaled.
    pub fn drain(&mut self) {
        if let Some(serves) = self.serves.take() {
            serves.shutdown.cancel();
            serves.handle.close();
        }
        self.state = State::Draining;
    }

    /// Is no more; its tasks are dropped by whoever polls them.
    pub fn end(&mut self) {
        self.serves = None;
        self.state = State::Down;
    }

    /// Takes a call, if it serves; the task that works for it.
    pub fn ask(&self, tasks: &mut Executor, desk: &Desk, client: Client, call: u64, ask: Ask) -> Option<u64> {
        let serves = self.serves.clone()?;
        let desk = Rc::clone(desk);
        let owner = self.owner;
        Some(match ask {
            Ask::Follow { party, cursor } => {
                tasks.spawn(owner, "stream", serves.follow(desk, client, call, party, cursor))
            }
            ask => tasks.spawn(owner, "call", async move {
                let reply = serves.answer(ask).await;
                desk.borrow_mut().push_back((client, call, reply));
            }),
        })
    }
}

/// Everything that concerns one party.
struct EyesOf(PartyName);

impl Eyes for EyesOf {
    fn sees(&self, parties: &[PartyName]) -> bool {
        parties.contains(&self.0)
    }
}

impl Serves {
    async fn answer(self, ask: Ask) -> Reply {
        match ask {
            Ask::Facts(facts) => {
                let queued: Vec<_> = facts
                    .iter()
                    .map(|sent| self.handle.queue(sent.fact.line(self.clock.now(), sent.send_time)))
                    .collect();
                let mut answers = Vec::new();
                for pending in queued {
                    answers.push(match pending {
                        Ok(pending) => pending.await,
                        Err(refusal) => Err(refusal),
                    });
                }
                Reply::Facts(answers)
            }
            Ask::Command(order) => Reply::Command(self.handle.submit(order.line()).await),
            Ask::Pull { party, cursor, size, wait_ms } => {
                let wait = Duration::from_millis(wait_ms);
                Reply::Page(self.page(&party, cursor.as_deref(), size, wait).await)
            }
            Ask::Look { party, key, at } => Reply::Seen(match self.look(EyesOf(party), &key, at).await {
                Ok(seen) => Ok(Some(seen)),
                Err(view::Error::Read { source: store::Error::Failed { .. }, .. }) => Ok(None),
                Err(error) => Err(error.to_string()),
            }),
            Ask::Follow { .. } => Reply::Part(0, None),
        }
    }

    async fn page(
        &self,
        party: &PartyName,
        cursor: Option<&[u8]>,
        size: usize,
        wait: Duration,
    ) -> Result<Read, Refusal> {
        let log = Log::of(&self.handle.directory(), party)?;
        let page = self.feeds.pull(&log, cursor, size, wait).await?;
        Ok(Read {
            events: page.events.into_iter().map(|listed| (listed.seq, listed.stored.record)).collect(),
            cursor: Some(page.cursor.encode()),
            caught_up: page.caught_up,
        })
    }

    /// What is answered about a key, as of a position or now.
    async fn look(
        &self,
        eyes: EyesOf,
        key: &view::Key,
        at: Option<u64>,
    ) -> Result<(u64, String), view::Error> {
        let view = self.view.at_once()?;
        let when = at.map_or(When::Now, |pos| When::Position(Position { lane: LANE, pos }));
        let Some(moment) = view.moment(when, self.clock.now()).await? else {
            return Ok((0, String::new()));
        };
        let found = view.dossier(&eyes, key, &moment).await?;
        let known = moment.of(LANE).map_or(0, |known| known.position.pos);
        Ok((known, format!("{found:?}")))
    }

    /// Sends a log part by part, until the stream ends.
    async fn follow(self, desk: Desk, client: Client, call: u64, party: PartyName, cursor: Option<Vec<u8>>) {
        let mut number = 0;
        let mut tell = |part| {
            desk.borrow_mut().push_back((client, call, Reply::Part(number, part)));
            number += 1;
        };
        let opened = match Log::of(&self.handle.directory(), &party) {
            Ok(log) => self.feeds.follow(log, cursor.as_deref()).await,
            Err(refusal) => Err(refusal),
        };
        let (follower, mut following) = match opened {
            Ok(opened) => opened,
            Err(refusal) => return tell(Some(Err(refusal))),
        };
        let mut running = std::pin::pin!(follower.run(std::future::pending()));
        let mut runs = true;
        loop {
            let next = poll_fn(|cx| {
                if runs && running.as_mut().poll(cx).is_ready() {
                    runs = false;
                }
                following.poll_next(cx)
            });
            match next.await {
                Some(sent) => tell(Some(sent.map(read))),
                None => return tell(None),
            }
        }
    }
}

fn read(sent: Sent) -> Read {
    match sent {
        Sent::Event(listed) => {
            Read { events: vec![(listed.seq, listed.stored.record)], cursor: None, caught_up: false }
        }
        Sent::Bookmark { cursor, caught_up } => {
            Read { events: Vec::new(), cursor: Some(cursor.encode()), caught_up }
        }
    }
}
