//! The bounded queue before the writer. Each source has a lane of its own in it and a fair share of it, so that a device
//! that drains a week's outbox neither fills it nor makes a counter wait.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, oneshot};

use super::line::{Answer, Line};
use crate::dossier::names::SourceName;
use crate::dossier::refusal::{Reason, Refusal};
use crate::store::KeyId;

/// A line and whoever waits for its answer. Nobody may: then the line is journaled all the same.
#[derive(Debug)]
pub(super) struct Queued {
    pub line: Line,
    /// The id it has in its key.
    pub key_id: Option<KeyId>,
    /// Digest of what a retry must repeat: the event, of a command the request.
    pub content: [u8; 32],
    pub answer: oneshot::Sender<Result<Answer, Refusal>>,
    /// Bytes it takes in a batch.
    pub bytes: usize,
    /// When it was queued.
    pub since: Instant,
}

impl Queued {
    fn changes_directory(&self) -> bool {
        matches!(&self.line, Line::Note(_, note) if super::enrol::changes_directory(note))
    }
}

/// When a full queue may have room again.
const RETRY_US: i64 = 250_000;

#[derive(Debug, Default)]
struct Queues {
    by_source: HashMap<SourceName, VecDeque<Queued>>,
    /// Sources with lines waiting, in the order in which they are served.
    turn: VecDeque<SourceName>,
    lines: usize,
    /// When the oldest line of the batch was queued that is being written.
    in_hand: Option<Instant>,
    closed: bool,
}

/// The queue.
#[derive(Debug)]
pub(super) struct Intake {
    queues: Mutex<Queues>,
    ready: Notify,
    lines_max: usize,
}

impl Intake {
    pub fn new(lines_max: usize) -> Intake {
        Intake { queues: Mutex::default(), ready: Notify::new(), lines_max }
    }

    /// Queues a line, or says that there is no room. A source may fill half of what is still free.
    pub fn push(&self, source: SourceName, queued: Queued) -> Result<(), Refusal> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if queues.closed {
            return Err(Refusal::store_unavailable());
        }
        let free = self.lines_max.saturating_sub(queues.lines);
        let own = queues.by_source.get(&source).map_or(0, VecDeque::len);
        if own >= free {
            return Err(Refusal::new(Reason::Overloaded).retry_after(RETRY_US));
        }
        queues.lines += 1;
        if own == 0 {
            queues.turn.push_back(source.clone());
        }
        queues.by_source.entry(source).or_default().push_back(queued);
        drop(queues);
        self.ready.notify_one();
        Ok(())
    }

    /// Takes what is waiting, one line of each source in turn, up to the bounds of a batch; waits when there is nothing.
    /// `None` when the queue is closed and empty.
    pub async fn take(&self, lines_max: usize, bytes_max: usize) -> Option<Vec<Queued>> {
        loop {
            // CANCEL: nothing was taken yet.
            let ready = self.ready.notified();
            {
                let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
                let batch = queues.drain(lines_max, bytes_max);
                queues.in_hand = batch.iter().map(|queued| queued.since).min();
                if !batch.is_empty() {
                    return Some(batch);
                }
                if queues.closed {
                    return None;
                }
            }
            ready.await;
        }
    }

    /// Takes no more lines; what is queued is still journaled.
    pub fn close(&self) {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.ready.notify_one();
    }

    /// Takes no more lines and forgets those that wait: there is no writer any more.
    pub fn abandon(&self) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.closed = true;
        queues.lines = 0;
        queues.turn.clear();
        let forgotten = std::mem::take(&mut queues.by_source);
        drop(queues);
        // Whoever waits for one of them is told now, outside the lock.
        drop(forgotten);
    }

    /// When the oldest line was queued that is not answered yet.
    pub fn oldest(&self) -> Option<Instant> {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let first = queues.by_source.values().filter_map(VecDeque::front).map(|queued| queued.since);
        first.chain(queues.in_hand).min()
    }

    /// Lines waiting.
    pub fn depth(&self) -> usize {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner).lines
    }
}

impl Queues {
    fn drain(&mut self, lines_max: usize, bytes_max: usize) -> Vec<Queued> {
        let mut batch: Vec<Queued> = Vec::new();
        let mut bytes = 0;
        while batch.len() < lines_max {
            let Some(source) = self.turn.pop_front() else { break };
            let Some(queue) = self.by_source.get_mut(&source) else { continue };
            let next = queue.front().map_or(0, |queued| queued.bytes);
            if !batch.is_empty() && bytes + next > bytes_max {
                self.turn.push_front(source);
                break;
            }
            let Some(queued) = queue.pop_front() else { continue };
            // What follows a change of the directory may depend on it: only further changes, of whoever made it, are in
            // the same batch. So the rows of a long list share commits.
            let changed = queued.changes_directory();
            let goes_on = changed && queue.front().is_some_and(Queued::changes_directory);
            match (queue.is_empty(), goes_on) {
                (true, _) => _ = self.by_source.remove(&source),
                (false, true) => self.turn.push_front(source),
                (false, false) => self.turn.push_back(source),
            }
            self.lines -= 1;
            bytes += queued.bytes;
            batch.push(queued);
            if changed && !goes_on {
                break;
            }
        }
        batch
    }
}
