//! The event log: what happened, step by step. Two runs of a seed must write the same bytes.

use std::fmt;

use sha2::{Digest, Sha256};

/// A log that is kept whole, or only digested.
pub struct Log {
    digest: Sha256,
    lines: Option<Vec<String>>,
    /// The step that is going on, and its time.
    pub step: u64,
    pub now: u64,
}

impl Log {
    /// An empty log.
    pub fn new(keeps: bool) -> Log {
        Log { digest: Sha256::new(), lines: keeps.then(Vec::new), step: 0, now: 0 }
    }

    /// Writes what happened.
    pub fn say(&mut self, what: fmt::Arguments<'_>) {
        let line = format!("{:>6} {:>8} ms  {what}", self.step, self.now);
        self.digest.update(line.as_bytes());
        self.digest.update(b"\n");
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    /// The digest of every line, and the lines where they were kept.
    pub fn end(self) -> (String, Vec<String>) {
        (hex::encode(self.digest.finalize()), self.lines.unwrap_or_default())
    }
}

/// The first digits of a digest, for the log.
pub fn short(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..4])
}
