//! One page of a log: bounded in bytes as well as in lines.

use super::Listed;
use crate::limits;

/// A page that is being filled.
#[derive(Debug, Default)]
pub(super) struct Page {
    lines: Vec<Listed>,
    bytes: usize,
}

impl Page {
    /// Takes the next line, unless the page is full. The first line always fits: a page is never empty while there is
    /// more to read.
    pub(super) fn take(&mut self, line: Listed) -> bool {
        self.bytes += line.stored.record.len() + line.stored.event.len();
        if self.bytes > limits::MESSAGE_BYTES && !self.lines.is_empty() {
            return false;
        }
        self.lines.push(line);
        true
    }

    /// The lines taken.
    pub(super) fn into_lines(self) -> Vec<Listed> {
        self.lines
    }
}
