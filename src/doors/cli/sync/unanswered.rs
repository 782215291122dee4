//! The lines that were sent and are not answered: the only part of the file that is kept.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::line::Outgoing;
use crate::limits;

/// What is on its way, and what has to go again.
#[derive(Debug)]
pub struct Unanswered {
    /// By id; two lines of a file may bear the same one, and are answered in the order in which they were sent.
    sent: BTreeMap<String, VecDeque<Outgoing>>,
    on_the_way: usize,
    /// To be sent again before anything new, not before the time.
    again: VecDeque<Outgoing>,
    again_at: Option<Instant>,
    window: usize,
}

impl Unanswered {
    /// Nothing yet.
    pub fn new() -> Unanswered {
        Unanswered { sent: BTreeMap::new(), on_the_way: 0, again: VecDeque::new(), again_at: None, window: 1 }
    }

    /// How many lines may be on their way; at least one, or nothing would ever be answered.
    pub fn set_window(&mut self, window: u32) {
        self.window = window.clamp(1, limits::SYNC_WINDOW) as usize;
    }

    /// Whether a line may be taken from the file: what was put off goes first.
    pub fn takes_new(&self) -> bool {
        self.on_the_way < self.window && self.again.is_empty()
    }

    /// The next line that has to go again, if it is time.
    pub fn next_again(&mut self, now: Instant) -> Option<Outgoing> {
        if self.on_the_way >= self.window || self.again_at.is_some_and(|at| now < at) {
            return None;
        }
        self.again_at = None;
        self.again.pop_front()
    }

    /// When the next line that was put off may go.
    pub fn wakes_at(&self) -> Option<Instant> {
        self.again_at.filter(|_| !self.again.is_empty())
    }

    /// A line is on its way.
    pub fn sent(&mut self, line: Outgoing) {
        self.on_the_way += 1;
        self.sent.entry(line.capture.client_event_id.clone()).or_default().push_back(line);
    }

    /// An id was answered: the line it belongs to.
    pub fn answered(&mut self, id: &str) -> Option<Outgoing> {
        let same = self.sent.get_mut(id)?;
        let line = same.pop_front();
        if same.is_empty() {
            self.sent.remove(id);
        }
        self.on_the_way -= usize::from(line.is_some());
        line
    }

    /// The gateway has too much waiting: the line goes again after a while, and nothing new before it.
    pub fn put_off(&mut self, mut line: Outgoing, wait: Duration, now: Instant) {
        line.put_off += 1;
        self.again.push_back(line);
        let at = now + wait;
        self.again_at = Some(self.again_at.map_or(at, |other| other.max(at)));
    }

    /// The connection broke: everything on its way goes again, in the file's order.
    pub fn lost(&mut self) {
        let mut lines: Vec<Outgoing> = std::mem::take(&mut self.sent).into_values().flatten().collect();
        lines.extend(self.again.drain(..));
        lines.sort_by_key(|line| line.line);
        self.again = lines.into();
        self.again_at = None;
        self.on_the_way = 0;
    }

    /// Whether an answer is awaited.
    pub fn awaits_answer(&self) -> bool {
        self.on_the_way > 0
    }

    /// How many lines are without an answer, and the first of them.
    pub fn left(&self) -> Option<(usize, u64)> {
        let sent = self.sent.values().flatten();
        let first = sent.chain(&self.again).map(|line| line.line).min()?;
        Some((self.on_the_way + self.again.len(), first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doors::wire::v1;

    fn line(number: u64, id: &str) -> Outgoing {
        let capture = v1::Capture { client_event_id: id.into(), ..Default::default() };
        Outgoing { line: number, capture, put_off: 0 }
    }

    #[test]
    fn no_more_lines_are_on_their_way_than_the_window_takes() {
        let mut unanswered = Unanswered::new();
        unanswered.set_window(2);
        for (number, id) in [(1, "a"), (2, "b")] {
            assert!(unanswered.takes_new());
            unanswered.sent(line(number, id));
        }
        assert!(!unanswered.takes_new());
        assert_eq!(unanswered.answered("a").unwrap().line, 1);
        assert!(unanswered.takes_new());
        assert!(unanswered.answered("a").is_none() && unanswered.answered("").is_none());
        unanswered.set_window(0);
        assert_eq!(unanswered.left(), Some((1, 2)));
        assert!(unanswered.answered("b").is_some() && unanswered.takes_new());
        assert_eq!(unanswered.left(), None);
    }

    #[test]
    fn lines_of_one_id_are_answered_in_order() {
        let mut unanswered = Unanswered::new();
        unanswered.set_window(9);
        unanswered.sent(line(1, "a"));
        unanswered.sent(line(2, "a"));
        assert_eq!(unanswered.answered("a").unwrap().line, 1);
        assert_eq!(unanswered.answered("a").unwrap().line, 2);
    }

    #[test]
    fn what_was_put_off_goes_before_anything_new_and_not_too_early() {
        let mut unanswered = Unanswered::new();
        unanswered.set_window(9);
        let now = Instant::now();
        unanswered.sent(line(1, "a"));
        let first = unanswered.answered("a").unwrap();
        unanswered.put_off(first, Duration::from_secs(1), now);
        assert!(!unanswered.takes_new());
        assert_eq!(unanswered.next_again(now), None);
        assert_eq!(unanswered.wakes_at(), Some(now + Duration::from_secs(1)));
        let again = unanswered.next_again(now + Duration::from_secs(1)).unwrap();
        assert_eq!((again.line, again.put_off), (1, 1));
        assert!(unanswered.takes_new());
    }

    #[test]
    fn a_broken_connection_loses_no_line() {
        let mut unanswered = Unanswered::new();
        unanswered.set_window(9);
        let now = Instant::now();
        for (number, id) in [(1, "c"), (2, "b"), (3, "a")] {
            unanswered.sent(line(number, id));
        }
        let second = unanswered.answered("b").unwrap();
        unanswered.put_off(second, Duration::from_secs(9), now);
        unanswered.lost();
        assert_eq!(unanswered.left(), Some((3, 1)));
        let again: Vec<u64> =
            std::iter::from_fn(|| unanswered.next_again(now)).map(|line| line.line).collect();
        assert_eq!(again, [1, 2, 3]);
    }
}
