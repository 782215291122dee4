//! Where a row begins and ends: usually a line, several where a quoted cell holds line breaks. A quote that is never closed
//! would swallow the rest of the file; here it costs the line on which its row begins.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use crate::doors::cli::lines::{self, Line};
use crate::limits;

/// One row's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its bytes, without the end of its last line.
    pub bytes: Vec<u8>,
    /// How many lines it takes.
    pub lines: usize,
    /// It ends in a line end.
    pub ended: bool,
    /// What keeps it from being read.
    pub broken: Option<Broken>,
}

/// Why a row cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It is longer than any row; the rest of its line was passed over.
    TooLong,
    /// A quote begins there and is not closed as quotes are: at the end of a cell.
    Quote {
        /// The line of the quote.
        line: u64,
        /// Its column, in characters from 1.
        column: usize,
        /// In which cell of the row it stands, from 0.
        cell: usize,
    },
}

/// Splits an input into rows, none of which takes more than a bounded room.
pub struct Records<I> {
    input: I,
    delimiter: u8,
    number: u64,
    /// Lines that were read for a row which turned out broken: they are rows of their own.
    again: VecDeque<Line>,
}

/// Where a row's text stands between two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    CellBegin,
    Plain,
    Quoted { line: u64, column: usize, cell: usize },
    Closed { line: u64, column: usize, cell: usize },
}

impl<I: BufRead> Records<I> {
    /// Rows of an input from after line `number` on.
    pub fn new(input: I, delimiter: u8, number: u64) -> Records<I> {
        Records { input, delimiter, number, again: VecDeque::new() }
    }

    /// The next row; `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<Record>> {
        let Some(first) = self.line()? else { return Ok(None) };
        if first.cut {
            return Ok(Some(alone(first, Broken::TooLong)));
        }
        let (mut at, mut cell) = (At::CellBegin, 0);
        let mut lines = vec![first];
        let mut bytes = 0;
        loop {
            let Some(last) = lines.last() else { return Ok(None) };
            bytes += last.bytes.len() + 1;
            let walked = if bytes > limits::ROW_BYTES { Err(at) } else { self.walk(last, at, &mut cell) };
            match walked {
                Ok(At::Quoted { .. }) => {}
                Ok(_) => return Ok(Some(joined(lines))),
                Err(stopped) => return Ok(self.give_up(lines, stopped)),
            }
            at = walked.unwrap_or(at);
            match self.line()? {
                Some(line) if line.cut => {
                    lines.push(line);
                    return Ok(self.give_up(lines, at));
                }
                Some(line) => lines.push(line),
                None => return Ok(self.give_up(lines, at)),
            }
        }
    }

    /// A row of several lines whose cells do not fit: its quote was no row's. All lines but the first are read again.
    pub fn split(&mut self, record: Record) -> Record {
        let mut at = At::CellBegin;
        let mut cell = 0;
        let mut lines: Vec<Line> = Vec::new();
        let parts: Vec<&[u8]> = record.bytes.split(|byte| *byte == b'\n').collect();
        for (index, part) in parts.iter().enumerate() {
            let ended = index + 1 < parts.len() || record.ended;
            let number = record.line + index as u64;
            let length = part.len() as u64 + u64::from(ended);
            lines.push(Line { number, bytes: part.to_vec(), length, cut: false, ended });
        }
        if let Some(first) = lines.first() {
            at = self.walk(first, at, &mut cell).unwrap_or_else(|stopped| stopped);
        }
        self.give_up(lines, at).unwrap_or(record)
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.again.pop_front() {
            return Ok(Some(line));
        }
        let line = lines::next(&mut self.input, self.number, limits::ROW_BYTES)?;
        self.number = line.as_ref().map_or(self.number, |line| line.number);
        Ok(line)
    }

    /// The first line alone is broken; those after it are read again.
    fn give_up(&mut self, lines: Vec<Line>, at: At) -> Option<Record> {
        let mut lines = lines.into_iter();
        let first = lines.next()?;
        for line in lines.rev() {
            self.again.push_front(line);
        }
        Some(match at {
            At::Quoted { line, column, cell } | At::Closed { line, column, cell } => {
                alone(first, Broken::Quote { line, column, cell })
            }
            At::CellBegin | At::Plain => alone(first, Broken::TooLong),
        })
    }

    /// Walks a line from a state to the next; an error where a quote ends and its cell does not.
    fn walk(&self, line: &Line, mut at: At, cell: &mut usize) -> Result<At, At> {
        for (index, byte) in line.bytes.iter().enumerate() {
            at = match (at, *byte) {
                (At::CellBegin, b'"') => {
                    let before = line.bytes.get(..index).unwrap_or_default();
                    let column = String::from_utf8_lossy(before).chars().count() + 1;
                    At::Quoted { line: line.number, column, cell: *cell }
                }
                (At::Quoted { line, column, cell }, b'"') => At::Closed { line, column, cell },
                (At::Quoted { .. }, _) => at,
                (At::Closed { line, column, cell }, b'"') => At::Quoted { line, column, cell },
                (_, byte) if byte == self.delimiter => {
                    *cell += 1;
                    At::CellBegin
                }
                (At::Closed { .. }, b' ') => at,
                (At::Closed { .. }, _) => return Err(at),
                (At::CellBegin | At::Plain, _) => At::Plain,
            };
        }
        Ok(at)
    }
}

fn joined(lines: Vec<Line>) -> Record {
    let count = lines.len();
    let line = lines.first().map_or(0, |line| line.number);
    let ended = lines.last().is_some_and(|line| line.ended);
    let texts: Vec<Vec<u8>> = lines.into_iter().map(|line| line.bytes).collect();
    Record { line, bytes: texts.join(&b'\n'), lines: count, ended, broken: None }
}

fn alone(line: Line, broken: Broken) -> Record {
    Record { line: line.number, bytes: line.bytes, lines: 1, ended: line.ended, broken: Some(broken) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> Vec<Record> {
        let mut records = Records::new(input, b',', 0);
        std::iter::from_fn(|| records.next().unwrap()).collect()
    }

    fn told(input: &str) -> Vec<(u64, String, Option<Broken>)> {
        let told = |record: Record| (record.line, String::from_utf8(record.bytes).unwrap(), record.broken);
        all(input.as_bytes()).into_iter().map(told).collect()
    }

    fn quote(line: u64, column: usize, cell: usize) -> Option<Broken> {
        Some(Broken::Quote { line, column, cell })
    }

    #[test]
    fn a_row_may_take_several_lines_and_keeps_the_number_of_its_first() {
        let rows = told("a,\"b\r\nc \"\"x\"\"\",d\r\ne,5\" pipe,f\n\n\"\",\"g\" ,h");
        let expected = [
            (1, "a,\"b\nc \"\"x\"\"\",d".to_owned(), None),
            (3, "e,5\" pipe,f".to_owned(), None),
            (4, String::new(), None),
            (5, "\"\",\"g\" ,h".to_owned(), None),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_own_line_only() {
        let rows = told("a,Hà,\"b\nc,d,e\nf,\"g\",h\n");
        assert_eq!(rows[0], (1, "a,Hà,\"b".to_owned(), quote(1, 6, 2)));
        assert_eq!(rows[1], (2, "c,d,e".to_owned(), None));
        assert_eq!(rows[2], (3, "f,\"g\",h".to_owned(), None));
        assert_eq!(rows.len(), 3);
        // With text behind its end it is broken on the spot.
        assert_eq!(
            told("a,\"b\"c,d\ne\n"),
            [(1, "a,\"b\"c,d".to_owned(), quote(1, 3, 1)), (2, "e".to_owned(), None)]
        );
        // At the end of the file, and in a second cell that goes on over lines.
        assert_eq!(told("a,\"b")[0].2, quote(1, 3, 1));
        assert_eq!(told("\"a\nb\",\"c\nd\n")[0].2, quote(2, 4, 1));
    }

    #[test]
    fn a_row_that_is_too_long_is_one_row_and_the_next_is_whole() {
        let long = "x".repeat(limits::ROW_BYTES + 1);
        let input = format!("a\n{long}\nb\n\"{}\nc\n", "y\n".repeat(limits::ROW_BYTES / 2));
        let rows = all(input.as_bytes());
        assert_eq!((rows[1].line, rows[1].broken), (2, Some(Broken::TooLong)));
        assert!(rows[1].bytes.len() <= limits::ROW_BYTES);
        assert_eq!((rows[2].line, rows[2].bytes.as_slice(), rows[2].broken), (3, &b"b"[..], None));
        assert_eq!(rows[3].broken, quote(4, 1, 0));
        assert_eq!(rows.last().unwrap().bytes, b"c");
        assert_eq!(rows.last().unwrap().line as usize, rows.len());
    }

    #[test]
    fn a_row_of_several_lines_that_does_not_fit_is_split_again() {
        let mut records = Records::new(&b"a,\"b\nc\"\nd\n"[..], b',', 0);
        let both = records.next().unwrap().unwrap();
        assert_eq!((both.lines, both.broken), (2, None));
        let first = records.split(both);
        assert_eq!((first.line, first.bytes.as_slice(), first.broken), (1, &b"a,\"b"[..], quote(1, 3, 1)));
        let rest: Vec<u64> =
            std::iter::from_fn(|| records.next().unwrap()).map(|record| record.line).collect();
        assert_eq!(rest, [2, 3]);
    }
}
