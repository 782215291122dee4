//! A party's log as pages, with a wait for the first event where there is none yet.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
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
    /// The lane of its consumers. Its events are in any.
    pub lane: Lane,
    /// The party's class, by which its readers are told of.
    pub class: Class,
}

impl Log {
    /// The log of a party of the directory.
    pub fn of(directory: &Directory, party: &PartyName) -> Result<Log, Refusal> {
        match directory.parties.get(party) {
            Some((enrolment, known)) => Ok(Log {
                party: party.clone(),
                id: enrolment.id,
                lane: enrolment.lane,
                class: class_of(known),
            }),
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
    pub(super) directory: watch::Receiver<Arc<Directory>>,
    pub(super) options: Options,
    pub(super) places: Places,
    pub(super) readers: Readers,
    pub(super) shutdown: CancellationToken,
}

impl Feeds {
    /// Feeds of a store, woken by the journal. The token ends every wait and every stream.
    pub fn new(
        reader: Reader,
        wakes: Arc<Wakes>,
        directory: watch::Receiver<Arc<Directory>>,
        options: Options,
        shutdown: CancellationToken,
    ) -> Feeds {
        let places = Places::new(options.places);
        Feeds { reader, wakes, directory, options, places, readers: Readers::default(), shutdown }
    }

    /// The lanes in which logs are read: all there are, as far as the directory was read.
    pub fn lanes(&self) -> Vec<Lane> {
        self.directory.borrow().lanes.clone()
    }

    /// How many events a log has in all lanes.
    pub(super) async fn length(&self, log: i64) -> Result<u64, Error> {
        let mut length = 0;
        for lane in self.lanes() {
            // CANCEL: only reads.
            length += self.reader.log_head(lane, log).await?;
        }
        Ok(length)
    }

    /// The epoch of the store, the same in all lanes.
    pub(super) async fn epoch(&self) -> Result<[u8; 16], Refusal> {
        // CANCEL: only reads.
        Ok(self.reader.head(Lane::default()).await.map_err(unreadable)?.epoch)
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
        let reading = self.readers.begin(log, page.cursor.read());
        reading.caught_up();
        let deadline = Instant::now() + wait;
        while page.events.is_empty() {
            let again = deadline.min(Instant::now() + self.options.poll);
            // CANCEL: nothing is held but the place, which is given back.
            tokio::select! {
                biased;
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
        // CANCEL: only reads.
        let epoch = self.epoch().await?;
        let Some(bytes) = start else { return Ok(Cursor::beginning(log.party.clone(), epoch)) };
        let cursor = Cursor::of_any_epoch(bytes, &log.party)?;
        if cursor.epoch() != epoch {
            return Err(self.changed(log, &cursor, epoch).await);
        }
        for lane in cursor.lanes() {
            let last = self.reader.log_head(lane, log.id).await.map_err(unreadable)?;
            cursor.must_not_pass(lane, last)?;
        }
        Ok(cursor)
    }

    /// What is in the log behind a cursor. A page has of every lane its share, so that a busy one hides no other; lanes are
    /// in no order to each other.
    pub(super) async fn page(
        &self,
        log: &Log,
        mut cursor: Cursor,
        page_size: usize,
    ) -> Result<Page, Refusal> {
        let lanes = self.lanes();
        let share = page_size.div_ceil(lanes.len().max(1));
        let (mut events, mut caught_up) = (Vec::new(), true);
        for lane in lanes {
            let wanted = share.min(page_size - events.len());
            // CANCEL: only reads.
            let found = self.reader.log_after(lane, log.id, cursor.seq(lane), wanted).await;
            let found = found.map_err(unreadable)?;
            caught_up &= match found.last() {
                None if wanted > 0 => true,
                // Nothing was looked for, or there may be more.
                None => cursor.seq(lane) >= self.reader.log_head(lane, log.id).await.map_err(unreadable)?,
                Some(last) => {
                    cursor.advance(lane, last.seq);
                    last.seq >= self.reader.log_head(lane, log.id).await.map_err(unreadable)?
                }
            };
            events.extend(found);
        }
        Ok(Page { events, cursor, caught_up })
    }
}

pub(super) fn unreadable(error: Error) -> Refusal {
    tracing::error!(error = %crate::telemetry::chain(&error), "a log could not be read");
    error.refusal()
}
