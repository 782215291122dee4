//! The outbox as it is read: once in order, or, where the gateway has heard of some of it, what it lacks before the rest.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::thread;

use indicatif::ProgressBar;
use tokio::sync::{mpsc, oneshot};

use super::heard::Heard;
use super::line::{Numbered, Reader};
use crate::doors::cli::{Failure, lines};

/// An event of 4 KiB and a personal part of 8 KiB, written as JSON with every character escaped.
const LINE_BYTES: usize = 256 << 10;
/// Lines read ahead of the network.
const READ_AHEAD: usize = 32;

/// Where the lines are.
#[derive(Debug)]
pub enum Outbox {
    /// A file, which can be read twice.
    File(File),
    /// A pipe, which cannot.
    Pipe(File),
    /// Standard input.
    Stdin,
}

impl Outbox {
    /// Opens an outbox; `-` is standard input. With its size, where it has one.
    pub fn open(path: &Path) -> Result<(Outbox, Option<u64>), Failure> {
        if path == Path::new("-") {
            return Ok((Outbox::Stdin, None));
        }
        let usage = |error| Failure::Usage(format!("{}: {error}", path.display()));
        let file = File::open(path).map_err(usage)?;
        let metadata = file.metadata().map_err(usage)?;
        if metadata.is_dir() {
            return Err(Failure::Usage(format!("{}: is a folder", path.display())));
        }
        if metadata.is_file() {
            return Ok((Outbox::File(file), Some(metadata.len()).filter(|bytes| *bytes > 0)));
        }
        Ok((Outbox::Pipe(file), None))
    }
}

/// Lines as they are read; an input that fails ends with its error.
pub type Lines = mpsc::Receiver<Result<Numbered, Failure>>;

/// Reads and parses lines on a thread of its own, a few ahead of the network, once it is told what the gateway has heard.
pub fn read_ahead(outbox: Outbox, source: String, bar: ProgressBar) -> (Lines, oneshot::Sender<Heard>) {
    let (to, lines) = mpsc::channel(READ_AHEAD);
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        // Nobody tells it when the gateway was never reached.
        let Ok(heard) = told.blocking_recv() else { return };
        let passage = Passage { reader: Reader::new(source), to, bar };
        // That the input failed was told, and that nobody takes the lines needs no telling.
        let _ended = match outbox {
            Outbox::Stdin => passage.all(io::stdin(), &Heard::default()).map(drop),
            Outbox::Pipe(pipe) => passage.all(pipe, &Heard::default()).map(drop),
            Outbox::File(file) => passage.unheard_first(file, &heard),
        };
    });
    (lines, tell)
}

struct Passage {
    reader: Reader,
    to: mpsc::Sender<Result<Numbered, Failure>>,
    bar: ProgressBar,
}

/// What the first reading passed over.
struct Passed {
    /// The lines that were heard of, if any: they go last.
    heard: bool,
    /// The first line that the second reading leaves alone: one that was cut off, or came while the first was under way.
    ends: u64,
}

impl Passage {
    /// What the gateway lacks goes first: over a bad link that is what matters. The rest is only confirmed, which costs it a
    /// look-up each.
    fn unheard_first(&self, mut file: File, heard: &Heard) -> Option<()> {
        let passed = self.all(&file, heard)?;
        if !passed.heard {
            return Some(());
        }
        if let Err(error) = file.seek(SeekFrom::Start(0)) {
            return self.failed(error);
        }
        let mut input = BufReader::new(file);
        let mut number = 0;
        while number + 1 < passed.ends {
            let Some(line) = self.next(&mut input, number)? else { break };
            number = line.number;
            match self.reader.read(&line) {
                Some(Ok(outgoing)) if heard.has(outgoing.device_seq()) => self.pass(Ok(outgoing), &line)?,
                _ => {}
            }
        }
        Some(())
    }

    /// All that was not heard of, in order. `None` when nobody takes it, or it cannot be read on.
    fn all(&self, input: impl Read, heard: &Heard) -> Option<Passed> {
        let mut input = BufReader::new(input);
        let mut passed = Passed { heard: false, ends: 1 };
        while let Some(line) = self.next(&mut input, passed.ends - 1)? {
            let read = self.reader.read(&line);
            let torn = !line.ended && matches!(read, Some(Err(_)));
            passed.ends += u64::from(!torn);
            match read {
                None => self.bar.inc(line.length),
                Some(Ok(outgoing)) if heard.has(outgoing.device_seq()) => passed.heard = true,
                Some(numbered) => self.pass(numbered, &line)?,
            }
            if torn {
                break;
            }
        }
        Some(passed)
    }

    fn next(&self, input: &mut impl io::BufRead, number: u64) -> Option<Option<lines::Line>> {
        match lines::next(input, number, LINE_BYTES) {
            Ok(line) => Some(line),
            Err(error) => self.failed(error),
        }
    }

    fn pass(&self, numbered: Numbered, line: &lines::Line) -> Option<()> {
        self.to.blocking_send(Ok(numbered)).ok()?;
        self.bar.inc(line.length);
        Some(())
    }

    fn failed<T>(&self, error: io::Error) -> Option<T> {
        let _taken = self.to.blocking_send(Err(Failure::Input(error)));
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The lines' numbers in the order in which they come, and whether each can be sent.
    fn read(text: &[u8], contiguous: u64) -> Vec<(u64, bool)> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let bar = ProgressBar::hidden();
        let (mut lines, tell) = read_ahead(Outbox::File(file), "carriers/p/devices/d".into(), bar.clone());
        let state = crate::doors::wire::v1::GetDeviceStateResponse {
            contiguous_device_seq: contiguous,
            last_device_seq: contiguous,
            ..Default::default()
        };
        tell.send(Heard::of(&state)).unwrap();
        let mut seen = Vec::new();
        while let Some(line) = lines.blocking_recv() {
            seen.push(match line.unwrap() {
                Ok(outgoing) => (outgoing.line, true),
                Err(synced) => (synced.line, false),
            });
        }
        assert_eq!(bar.position(), text.len() as u64, "every byte counts once");
        seen
    }

    fn line(seq: u64) -> String {
        format!("{{\"client_event_id\":\"e-{seq}\",\"event\":{{\"device_seq\":\"{seq}\"}}}}\n")
    }

    #[test]
    fn what_the_gateway_lacks_comes_first_and_every_line_comes_once() {
        let text = format!("{}{}not json\n\n{}{}{}", line(1), line(2), line(0), line(3), "{\"client_ev");
        assert_eq!(
            read(text.as_bytes(), 0),
            [(1, true), (2, true), (3, false), (5, true), (6, true), (7, false)]
        );
        assert_eq!(
            read(text.as_bytes(), 2),
            [(3, false), (5, true), (6, true), (7, false), (1, true), (2, true)]
        );
        // The last line needs no end, and a file all of which was heard is confirmed in order.
        let whole = format!("{}{}", line(1), line(2).trim_end());
        assert_eq!(read(whole.as_bytes(), 2), [(1, true), (2, true)]);
        assert_eq!(read(b"", 2), []);
    }
}
