//! A party's log as pages, with a wait for the first event where there is none yet.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::cursor::Cursor;
use super::places::Places;
use super::readers::Readers;
use crate::dossier::directory::{AgencyKind, Directory, Party};
use crate::dossier::names::{Lane, PartyName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::Wakes;
use crate::limits;
use crate::metrics::Class;
use crate::store::{Error, Listed, Reader};

/// How feeds are served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The lane whose logs are read.
    pub lane: Lane,
    /// How often a log is read again without a wake-up, as when another gateway wrote.
    pub poll: Duration,
    /// How many may wait or follow at once.
    pub places: usize,
    /// Events of one digest at most.
    pub digest_events: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            lane: Lane(0),
            poll: Duration::from_secs(1),
            places: limits::FOLLOWERS,
            digest_events: limits::DIGEST_EVENTS,
        }
    }
}

/// The log of a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The party.
    pub party: PartyName,
    /// Its short number.
    pub id: i64,
    /// The party's class, by which its readers are told of.
    pub class: Class,
}

impl Log {
    /// The log of a party of the directory.
    pub fn of(directory: &Directory, party: &PartyName) -> Result<Log, Refusal> {
        match directory.parties.get(party) {
            Some((enrolment, known)) => {
                Ok(Log { party: party.clone(), id: enrolment.id, class: class_of(known) })
            }
            None => Err(Refusal::field(Reason::NotFound, "parent", "")),
        }
    }
}

fn class_of(party: &Party) -> Class {
    match party {
        Party::Carrier(_) => Class::Carrier,
        Party::Agency(agency) => match agency.kind {
            AgencyKind::Owner => Class::Owner,
            AgencyKind::Counter => Class::Counter,
            AgencyKind::Both => Class::Both,
        },
    }
}

/// A page of a log.
#[derive(Clone, Debug)]
pub struct Page {
    /// In the order of the log.
    pub events: Vec<Listed>,
    /// Behind the last of them; of an empty page where it was asked for from.
    pub cursor: Cursor,
    /// There was nothing more when it was read.
    pub caught_up: bool,
}

/// Feeds of a store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feeds {
    pub(super) reader: Reader,
    pub(super) wakes: Arc<Wakes>,
    pub(super) options: Options,
    pub(super) places: Places,
    pub(super) readers: Readers,
    pub(super) shutdown: CancellationToken,
}

impl Feeds {
    /// Feeds of a store, woken by the journal. The token ends every wait and every stream.
    pub fn new(reader: Reader, wakes: Arc<Wakes>, options: Options, shutdown: CancellationToken) -> Feeds {
        let places = Places::new(options.places);
        Feeds { reader, wakes, options, places, readers: Readers::default(), shutdown }
    }

    /// The lane whose logs are read.
    pub fn lane(&self) -> Lane {
        self.options.lane
    }

    /// A page of a log from a cursor on, or from the beginning, waiting for its first event where there is none.
    ///
    /// Refused: a cursor that is damaged, foreign, of another epoch or ahead; `OVERLOADED` when too many wait.
    pub async fn pull(
        &self,
        log: &Log,
        start: Option<&[u8]>,
        page_size: usize,
        wait: Duration,
    ) -> Result<Page, Refusal> {
        // Listening begins before reading: what is committed in between wakes this pull.
        let mut grown = (!wait.is_zero()).then(|| self.wakes.party(log.id));
        let cursor = self.start(log, start).await?;
        let mut page = self.page(log, cursor, page_size).await?;
        let Some(grown) = grown.as_mut().filter(|_| page.events.is_empty()) else { return Ok(page) };
        let _place = self.places.take(log.id)?;
        let reading = self.readers.begin(log, page.cursor.seq(self.options.lane));
        reading.caught_up();
        let deadline = Instant::now() + wait;
        while page.events.is_empty() {
            let again = deadline.min(Instant::now() + self.options.poll);
            // CANCEL: nothing is held but the place, which is given back.
            tokio::select! {
                () = self.shutdown.cancelled() => return Ok(page),
                Ok(()) = grown.changed() => {}
                () = sleep_until(again) => {}
            }
            let is_last = Instant::now() >= deadline;
            page = self.page(log, page.cursor, page_size).await?;
            if is_last {
                break;
            }
        }
        Ok(page)
    }

    /// The cursor to read from.
    pub(super) async fn start(&self, log: &Log, start: Option<&[u8]>) -> Result<Cursor, Refusal> {
        let lane = self.options.lane;
        // CANCEL: only reads.
        let head = self.reader.head(lane).await.map_err(unreadable)?;
        let Some(bytes) = start else { return Ok(Cursor::beginning(log.party.clone(), head.epoch)) };
        let cursor = Cursor::of_any_epoch(bytes, &log.party)?;
        if cursor.epoch() != head.epoch {
            return Err(self.changed(log, &cursor, head.epoch).await);
        }
        let last = self.reader.log_head(lane, log.id).await.map_err(unreadable)?;
        for named in cursor.lanes() {
            cursor.must_not_pass(named, if named == lane { last } else { 0 })?;
        }
        Ok(cursor)
    }

    /// What is in the log behind a cursor.
    pub(super) async fn page(
        &self,
        log: &Log,
        mut cursor: Cursor,
        page_size: usize,
    ) -> Result<Page, Refusal> {
        let lane = self.options.lane;
        // CANCEL: only reads.
        let events = self.reader.log_after(lane, log.id, cursor.seq(lane), page_size).await;
        let events = events.map_err(unreadable)?;
        let caught_up = match events.last() {
            None => true,
            Some(last) => {
                cursor.advance(lane, last.seq);
                last.seq >= self.reader.log_head(lane, log.id).await.map_err(unreadable)?
            }
        };
        Ok(Page { events, cursor, caught_up })
    }
}

pub(super) fn unreadable(error: Error) -> Refusal {
    tracing::error!(error = %crate::telemetry::chain(&error), "a log could not be read");
    Refusal::store_unavailable()
}
