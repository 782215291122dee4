//! A consumer of a party's log. It writes down everything it ever sees; now and then it is "killed" and goes on from what it
//! had committed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tonic::Status;
use trao::doors::wire::v1;
use v1::feed_service_client::FeedServiceClient;
use v1::pull_events_request::Start;
use v1::stream_events_response::Message as Told;

use crate::fleet::{Lines, Trouble};
use crate::history::{Reader as Journal, Seen, Step};
use crate::outside::{Outside, Phase};
use crate::support::partner::{Partner, reason};
use crate::support::seed::Seed;
use crate::weather::Way;

/// Pages and bookmarks after which it is killed once, on average.
const LIFE: u64 = 25;
/// A stream says at least every ten seconds that it lives.
const SILENCE: Duration = Duration::from_secs(12);

/// How it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pages, from a cursor that it keeps itself.
    Pulls,
    /// Pages, from where its consumer stands.
    Consumes,
    /// A stream, from a cursor that it keeps itself.
    Streams,
    /// A stream, from where its consumer stands.
    ConsumesStream,
}

impl Kind {
    fn is_named(self) -> bool {
        matches!(self, Kind::Consumes | Kind::ConsumesStream)
    }

    fn streams(self) -> bool {
        matches!(self, Kind::Streams | Kind::ConsumesStream)
    }
}

/// Numbers of the last events of logs, once there are no more to come.
pub type Ends = Mutex<BTreeMap<String, u64>>;

/// The consumer.
pub struct Reader {
    outside: Arc<Outside>,
    ends: Arc<Ends>,
    lines: Lines,
    partner: Partner,
    kind: Kind,
    seed: Seed,
    journal: Journal,
    /// Its place while it lives; without one it begins at what it committed.
    cursor: Option<Vec<u8>>,
    /// The number behind which the cursor stands.
    at: u64,
    /// The last event it saw, which a stream's cursor may lie behind.
    seen: u64,
    /// What it committed for certain, and what perhaps.
    kept: (u64, Vec<u8>),
    tried: Vec<u64>,
    etag: String,
    /// The next event tells where it goes on.
    resumes: bool,
    /// It has not been told yet that the storm is over.
    is_early: bool,
}

impl Reader {
    /// A consumer that has read nothing.
    pub fn new(
        outside: &Arc<Outside>,
        ends: &Arc<Ends>,
        (party, partner): (&str, &Partner),
        kind: Kind,
        number: usize,
        seed: Seed,
    ) -> Reader {
        let name = format!("{party}/consumers/storm-{number}");
        Reader {
            lines: Lines::new(outside),
            outside: Arc::clone(outside),
            ends: Arc::clone(ends),
            partner: partner.clone(),
            kind,
            seed,
            journal: Journal { name, party: party.to_owned(), steps: Vec::new() },
            cursor: None,
            at: 0,
            seen: 0,
            kept: (0, Vec::new()),
            tried: Vec::new(),
            etag: String::new(),
            resumes: true,
            is_early: true,
        }
    }

    /// Reads through the storm and then to the end of the log; gives what it saw.
    pub async fn run(mut self) -> Journal {
        while !self.is_done() && self.outside.phase() < Phase::Over {
            let gateway = self.seed.below(self.outside.fleet.places.len() as u64) as usize;
            let done = match self.prepare(gateway).await {
                Ok(()) if self.kind.streams() => self.stream(gateway).await,
                Ok(()) => self.pull(gateway).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(()) => {}
                Err((Trouble::Storm, _)) => tokio::time::sleep(Duration::from_millis(30)).await,
                // A commit that was given up came through after all: as for a reader that was killed.
                Err((Trouble::Refused, status)) if reason(&status) == "CONSUMER_MOVED" => self.dies(),
                Err((Trouble::Refused, status)) => {
                    self.outside.is_surprised(format!("{} was told {status:?}", self.journal.name));
                    return self.journal;
                }
            }
        }
        self.journal
    }

    fn is_done(&self) -> bool {
        let committed = !self.kind.is_named() || self.kept.0 == self.at;
        let end = || self.ends.lock().expect("ends").get(&self.journal.party).copied().unwrap_or_default();
        self.outside.phase() == Phase::CatchUp && committed && !self.resumes_later() && self.seen >= end()
    }

    /// It has begun again and seen nothing yet.
    fn resumes_later(&self) -> bool {
        self.resumes && self.seen > 0
    }

    /// Forgets everything but what it committed, and what it saw.
    fn dies(&mut self) {
        self.outside.tally.add("kills of readers", 1);
        (self.cursor, self.resumes, self.etag) = (None, true, String::new());
        if !self.kind.is_named() && !self.kept.1.is_empty() {
            self.cursor = Some(self.kept.1.clone());
        }
    }

    /// What has to be known before the first page.
    async fn prepare(&mut self, gateway: usize) -> Result<(), (Trouble, Status)> {
        if !self.kind.is_named() || !self.etag.is_empty() {
            return Ok(());
        }
        let mut client = FeedServiceClient::new(self.lines.to(gateway));
        let (parent, id) = self.journal.name.split_once("/consumers/").expect("a consumer's name");
        // The same request again is answered with the consumer as it stands.
        let request = v1::CreateConsumerRequest {
            parent: parent.to_owned(),
            consumer_id: id.to_owned(),
            request_id: "storm".to_owned(),
            start: None,
        };
        let call = client.create_consumer(self.partner.ask(request));
        let answer = self.lines.ask(gateway, Way::Write, call).await?.into_inner();
        self.etag = answer.consumer.unwrap_or_default().etag;
        Ok(())
    }

    async fn pull(&mut self, gateway: usize) -> Result<(), (Trouble, Status)> {
        let start = match &self.cursor {
            Some(cursor) => Some(Start::Cursor(cursor.clone().into())),
            None if self.kind.is_named() => Some(Start::Consumer(self.journal.name.clone())),
            None => None,
        };
        let request = v1::PullEventsRequest {
            parent: self.journal.party.clone(),
            start,
            page_size: [1, 10, 100, 1_000][self.seed.below(4) as usize],
            wait: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        };
        let mut client = FeedServiceClient::new(self.lines.to(gateway));
        let call = client.pull_events(self.partner.ask(request));
        let page = self.lines.ask(gateway, Way::Read, call).await?.into_inner();
        page.events.iter().for_each(|event| self.sees(event));
        if self.stands(&page.next_cursor) {
            self.lives_on(gateway).await?;
        }
        Ok(())
    }

    async fn stream(&mut self, gateway: usize) -> Result<(), (Trouble, Status)> {
        let by_name = self.kind.is_named() && self.cursor.is_none();
        let request = v1::StreamEventsRequest {
            parent: self.journal.party.clone(),
            cursor: self.cursor.clone().unwrap_or_default().into(),
            consumer: if by_name { self.journal.name.clone() } else { String::new() },
        };
        let mut client = FeedServiceClient::new(self.lines.to(gateway));
        let call = client.stream_events(self.partner.ask(request));
        let mut told = self.lines.ask(gateway, Way::Read, call).await?.into_inner();
        // What came after the last bookmark comes again; since it was killed there was none, and it is as if killed again.
        match self.cursor {
            None => self.resumes = true,
            Some(_) if !self.resumes && self.seen != self.at => self.goes_on_behind(self.at),
            Some(_) => {}
        }
        let mut phase = self.outside.phase.subscribe();
        let mut is_opening = true;
        loop {
            let next = tokio::select! {
                next = tokio::time::timeout(SILENCE, told.message()) => next,
                // Opened anew it is told at once where it stands.
                _ = phase.wait_for(|phase| *phase == Phase::CatchUp), if self.is_early => {
                    self.is_early = false;
                    return Ok(());
                }
            };
            let next = match next {
                Ok(Ok(Some(next))) => next,
                // It ends with the gateway.
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(status)) => return Err((self.lines.judge(&status), status)),
                Err(_) => {
                    if self.outside.fleet.weather.clear_for(gateway) > SILENCE {
                        self.outside.is_surprised(format!("{}: a stream hangs", self.journal.name));
                    }
                    return Err((Trouble::Storm, Status::deadline_exceeded("a silent stream")));
                }
            };
            let bookmark = match next.message {
                Some(Told::Event(event)) => {
                    self.sees(&event);
                    continue;
                }
                Some(Told::Bookmark(bookmark)) => bookmark,
                None => continue,
            };
            // The first one tells where the stream begins, and what comes behind it is still to come.
            if std::mem::take(&mut is_opening) && self.resumes_later() {
                continue;
            }
            let died = self.stands(&bookmark.cursor) && self.lives_on(gateway).await?;
            if died || self.is_done() {
                return Ok(());
            }
        }
    }

    /// Takes a cursor behind everything that it has seen; whether it knows where that is.
    fn stands(&mut self, cursor: &[u8]) -> bool {
        if self.resumes_later() {
            // Nothing came since it was killed: before the end of the storm something may still come.
            if self.outside.phase() != Phase::CatchUp {
                return false;
            }
            self.goes_on_behind(self.seen);
        }
        (self.cursor, self.at) = (Some(cursor.to_vec()), self.seen);
        true
    }

    /// Commits, or dies, or neither; whether it died.
    async fn lives_on(&mut self, gateway: usize) -> Result<bool, (Trouble, Status)> {
        let catches_up = self.outside.phase() == Phase::CatchUp;
        if self.seed.below(2) == 0 || catches_up {
            let mut committed = self.commit(gateway).await;
            // A commit whose answer is lost is repeated, through whichever gateway.
            while matches!(committed, Err((Trouble::Storm, _))) && self.seed.below(4) > 0 {
                let other = self.seed.below(self.outside.fleet.places.len() as u64) as usize;
                committed = self.commit(other).await;
            }
            committed?;
        }
        let dies = !catches_up && self.seed.below(LIFE) == 0;
        if dies {
            self.dies();
        }
        Ok(dies)
    }

    async fn commit(&mut self, gateway: usize) -> Result<(), (Trouble, Status)> {
        let Some(cursor) = self.cursor.clone().filter(|_| self.kept.0 != self.at) else { return Ok(()) };
        if self.kind.is_named() {
            self.tried.push(self.at);
            let request = v1::CommitCursorRequest {
                name: self.journal.name.clone(),
                cursor: cursor.clone().into(),
                etag: self.etag.clone(),
            };
            let mut client = FeedServiceClient::new(self.lines.to(gateway));
            let call = client.commit_cursor(self.partner.ask(request));
            let answer = self.lines.ask(gateway, Way::Write, call).await?.into_inner();
            self.etag = answer.consumer.unwrap_or_default().etag;
        }
        self.kept = (self.at, cursor);
        self.tried.clear();
        Ok(())
    }

    fn goes_on_behind(&mut self, behind: u64) {
        let kept = match self.resumes {
            true => self.tried.iter().copied().chain([self.kept.0]).collect(),
            false => vec![self.at],
        };
        self.journal.steps.push(Step::From { behind, kept });
        (self.resumes, self.seen) = (false, behind);
    }

    fn sees(&mut self, event: &v1::FeedEvent) {
        if self.resumes {
            self.goes_on_behind(event.seq.saturating_sub(1));
        }
        self.outside.tally.add("seen", 1);
        let committed = event.committed_at.unwrap_or_default();
        self.journal.steps.push(Step::Saw(Seen {
            seq: event.seq,
            pos: event.position.map(|position| position.pos).unwrap_or_default(),
            record: Sha256::digest(&event.record).into(),
            committed_at: committed.seconds * 1_000_000 + i64::from(committed.nanos) / 1_000,
        }));
        self.seen = event.seq;
    }
}
