//! One row by its columns.

use std::sync::Arc;

use jiff::civil::Date;

use super::cell::{self, Day, Moment};
use super::header::Header;
use super::kind::Kind;
use super::records::{Broken, Record, Records};
use super::split::Splitter;
use crate::doors::cli::Failure;
use crate::doors::cli::human::say;
use crate::doors::refusal::Language;
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;

/// One row of a list.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: u64,
    kind: Kind,
    language: Language,
    header: Arc<Header>,
    cells: Vec<String>,
}

/// A row, or why there is none on that line.
#[derive(Clone, Debug)]
pub enum Read {
    /// A row.
    Row(Row),
    /// It cannot be read.
    Refused(u64, Refusal),
}

impl Row {
    fn cell(&self, column: &str) -> &str {
        let index = self.kind.all().position(|known| known == column);
        let place = index.and_then(|index| *self.header.places.get(index)?);
        place.and_then(|place| self.cells.get(place)).map_or("", String::as_str)
    }

    /// A code, number or name under a column; empty where there is none.
    pub fn code(&self, column: &str) -> String {
        cell::code(self.cell(column))
    }

    /// A text for people.
    pub fn text(&self, column: &str) -> String {
        cell::text(self.cell(column))
    }

    /// Yes or no.
    pub fn flag(&self, column: &str) -> Result<bool, Refusal> {
        let why = || {
            self.say("có hoặc không: 1/0, có/không, true/false, x", "yes or no: 1/0, có/không, true/false, x")
        };
        cell::flag(self.cell(column)).ok_or_else(|| Refusal::field(Reason::TextInvalid, column, why()))
    }

    /// An amount of money in đồng; nothing where none is given, and zero is none.
    pub fn dong(&self, column: &str) -> Result<Option<i64>, Refusal> {
        let text = self.code(column);
        let why = || self.say("số tiền bằng đồng: 60000 hoặc 60.000", "an amount in đồng: 60000 or 60.000");
        let vnd = if text.is_empty() { Some(0) } else { cell::dong(&text) };
        let vnd = vnd.ok_or_else(|| Refusal::field(Reason::TextInvalid, column, why()))?;
        Ok((vnd != 0).then_some(vnd))
    }

    /// A number of things; none where nothing is given.
    pub fn count(&self, column: &str) -> Result<u32, Refusal> {
        let text = self.code(column);
        let why = || self.say("một số: 0, 1, 2 …", "a number: 0, 1, 2 …");
        let count = if text.is_empty() { Some(0) } else { text.parse().ok() };
        count.ok_or_else(|| Refusal::field(Reason::TextInvalid, column, why()))
    }

    /// A day, as the gateway writes it; empty where there is none.
    pub fn day(&self, column: &str) -> Result<String, Refusal> {
        let text = self.code(column);
        let why = || {
            self.say(
                "ngày có thật, dd/mm/yyyy hoặc yyyy-mm-dd",
                "a day that exists, dd/mm/yyyy or yyyy-mm-dd",
            )
        };
        let read = |text: &str| cell::day(text).as_ref().map(Date::to_string);
        if text.is_empty() {
            return Ok(text);
        }
        read(&text).ok_or_else(|| Refusal::field(Reason::TextInvalid, column, why()))
    }

    /// A time, if one is given.
    pub fn moment(&self, column: &str, rest_of_day: Day) -> Result<Option<Moment>, Refusal> {
        let text = self.code(column);
        if text.is_empty() {
            return Ok(None);
        }
        let why = || {
            self.say(
                "dd/mm/yyyy hoặc yyyy-mm-dd, rồi giờ:phút nếu có, múi giờ nếu khác +07:00",
                "dd/mm/yyyy or yyyy-mm-dd, then hours:minutes if known, and a zone unless +07:00",
            )
        };
        let moment = cell::moment(&text, rest_of_day);
        moment.map(Some).ok_or_else(|| Refusal::field(Reason::TextInvalid, column, why()))
    }

    /// A phrase in the language asked for.
    pub fn say(&self, vietnamese: &'static str, english: &'static str) -> &'static str {
        say(self.language, vietnamese, english)
    }

    /// A refusal of what stands under a column.
    pub fn refused(
        &self,
        reason: Reason,
        column: &str,
        vietnamese: &'static str,
        english: &'static str,
    ) -> Refusal {
        Refusal::field(reason, column, self.say(vietnamese, english))
    }
}

/// Reads rows one after the other.
pub struct Rows<I> {
    records: Records<I>,
    splitter: Splitter,
    header: Arc<Header>,
    kind: Kind,
    language: Language,
}

impl<I: std::io::BufRead> Rows<I> {
    /// The rows behind a header.
    pub fn new(input: I, header: Header, kind: Kind, language: Language) -> Rows<I> {
        let records = Records::new(input, header.delimiter, header.line);
        let splitter = Splitter::new(header.delimiter);
        Rows { records, splitter, header: Arc::new(header), kind, language }
    }

    /// The next row; `None` at the end. Rows of empty cells are passed over: spreadsheets end with them.
    pub fn next(&mut self) -> Result<Option<Read>, Failure> {
        loop {
            let Some(record) = self.records.next().map_err(Failure::Input)? else { return Ok(None) };
            let columns = self.header.names.len();
            let fits = |cells: Option<Vec<String>>| cells.is_some_and(|cells| cells.len() == columns);
            let record = match record.lines {
                0 | 1 => record,
                _ if fits(self.splitter.cells(&record.bytes)) => record,
                _ => self.records.split(record),
            };
            let line = record.line;
            match self.cells(&record) {
                Ok(cells) if cells.iter().all(|cell| cell::code(cell).is_empty()) => {}
                Ok(cells) => {
                    let (kind, language, header) = (self.kind, self.language, Arc::clone(&self.header));
                    return Ok(Some(Read::Row(Row { line, kind, language, header, cells })));
                }
                Err(refusal) => return Ok(Some(Read::Refused(line, refusal))),
            }
        }
    }

    fn cells(&mut self, record: &Record) -> Result<Vec<String>, Refusal> {
        match record.broken {
            Some(Broken::TooLong) => {
                let most = limits::ROW_BYTES / 1_024;
                let why = match self.language {
                    Language::Vietnamese => format!("dòng dài hơn {most} KiB"),
                    Language::English => format!("the line is longer than {most} KiB"),
                };
                return Err(Refusal::field(Reason::MessageTooLarge, "", why));
            }
            Some(Broken::Quote { line, column, cell }) => {
                let why = match self.language {
                    Language::Vietnamese => format!(
                        "dấu \" mở ở dòng {line}, cột {column} không được đóng ở cuối ô; dấu \" trong ô phải viết \"\""
                    ),
                    Language::English => format!(
                        "the quote that begins at line {line}, column {column} is not closed at the end of its cell; inside a cell write \"\" for \""
                    ),
                };
                return Err(Refusal::field(Reason::MessageMalformed, self.name(cell), why));
            }
            None => {}
        }
        if let Err(error) = std::str::from_utf8(&record.bytes) {
            return Err(self.no_utf8(record, error.valid_up_to()));
        }
        let columns = self.header.names.len();
        let cells = self.splitter.cells(&record.bytes);
        let count = cells.as_ref().map_or(limits::ROW_CELLS, Vec::len);
        let cells = cells.unwrap_or_default();
        // Spreadsheets leave out delimiters behind the last full cell. A last line without an end may have lost more.
        let torn = count < columns && !record.ended;
        let beyond = cells.get(columns..).is_some_and(|more| more.iter().any(|cell| !cell.trim().is_empty()));
        if torn || beyond || cells.is_empty() {
            let why = match (self.language, torn) {
                (Language::Vietnamese, true) => format!("{count} ô, dòng đầu có {columns}: tệp bị cắt ở đây"),
                (Language::English, true) => {
                    format!("{count} cells where the header has {columns}: the file was cut off here")
                }
                (Language::Vietnamese, false) => {
                    format!("{count} ô, dòng đầu có {columns}: ô chứa dấu phân cách phải đặt trong \"…\"")
                }
                (Language::English, false) => format!(
                    "{count} cells where the header has {columns}: a cell that holds the delimiter needs quotes"
                ),
            };
            return Err(Refusal::field(Reason::MessageMalformed, "", why));
        }
        Ok(cells)
    }

    /// The first byte that is no UTF-8, by its place; the text around it is not repeated.
    fn no_utf8(&mut self, record: &Record, valid: usize) -> Refusal {
        let (before, rest) = record.bytes.split_at(valid);
        let byte = rest.first().copied().unwrap_or_default();
        let column =
            String::from_utf8_lossy(before).chars().rev().take_while(|letter| *letter != '\n').count() + 1;
        let line = record.line + before.iter().filter(|byte| **byte == b'\n').count() as u64;
        // What stands before it may end within a quoted cell.
        let within = |splitter: &mut Splitter| splitter.cells(&[before, b"\""].concat());
        let cells = self.splitter.cells(before).or_else(|| within(&mut self.splitter));
        let cell = cells.map_or(0, |cells| cells.len().saturating_sub(1));
        let why = match self.language {
            Language::Vietnamese => format!(
                "dòng {line}, cột {column}: byte 0x{byte:02X} không phải UTF-8, có lẽ là Windows-1258 hay TCVN3; hãy lưu lại thành \"CSV UTF-8\""
            ),
            Language::English => format!(
                "line {line}, column {column}: byte 0x{byte:02X} is no UTF-8, perhaps Windows-1258 or Latin-1; save the file as \"CSV UTF-8\""
            ),
        };
        Refusal::field(Reason::TextInvalid, self.name(cell), why)
    }

    /// The column of a cell.
    fn name(&self, cell: usize) -> &str {
        self.header.names.get(cell).map_or("", String::as_str)
    }
}

#[cfg(test)]
pub mod tests {
    use super::super::header;
    use super::*;

    /// All rows of a text, header included.
    pub fn rows(kind: Kind, text: &[u8]) -> Vec<Read> {
        let mut input = text;
        let header = header::read(kind, &mut input, Language::English).unwrap();
        let mut rows = Rows::new(input, header, kind, Language::English);
        std::iter::from_fn(|| rows.next().unwrap()).collect()
    }

    /// The one row of a text.
    pub fn row(kind: Kind, text: &str) -> Row {
        match rows(kind, text.as_bytes()).remove(0) {
            Read::Row(row) => row,
            Read::Refused(line, refusal) => panic!("{line} {refusal}"),
        }
    }

    fn told(text: &[u8]) -> Vec<(u64, String)> {
        let told = |read| match read {
            Read::Row(row) => (row.line, format!("{}/{}", row.code("id"), row.text("name"))),
            Read::Refused(line, refusal) => {
                (line, format!("{} {} {}", refusal.reason.text(), refusal.field, refusal.detail))
            }
        };
        rows(Kind::Carriers, text).into_iter().map(told).collect()
    }

    #[test]
    fn empty_rows_are_passed_over_and_lines_counted() {
        let rows = told(b"name,id\n\n,\nPost p,p\n \n\"Post\nq\",q\n");
        assert_eq!(rows, [(4, "p/Post p".to_owned()), (6, "q/Post q".to_owned())]);
    }

    #[test]
    fn a_bad_line_is_told_by_line_and_column_and_the_others_go_through() {
        let rows = told("id,name\na,B\u{1b0}u\nb,B\u{1b0}u".as_bytes());
        assert_eq!(rows, [(2, "a/Bưu".to_owned()), (3, "b/Bưu".to_owned())]);
        let latin = told(b"id,name\na,\"\xc6\xb0 \xf0\"\nb,Post\n");
        assert!(
            latin[0].1.starts_with("TEXT_INVALID name line 2, column 6: byte 0xF0 is no UTF-8"),
            "{latin:?}"
        );
        assert_eq!(latin[1], (3, "b/Post".to_owned()));
        let quote = told(b"id,name\na,\"Post\nb,Post\n");
        assert!(
            quote[0].1.starts_with("MESSAGE_MALFORMED name the quote that begins at line 2, column 3"),
            "{quote:?}"
        );
        assert_eq!(quote[1], (3, "b/Post".to_owned()));
        let more = told(b"id,name\na,Post, and more\nb,Post,,\nc\nd");
        assert!(
            more[0].1.starts_with("MESSAGE_MALFORMED  3 cells where the header has 2: a cell"),
            "{more:?}"
        );
        assert_eq!(more[1..3], [(3, "b/Post".to_owned()), (4, "c/".to_owned())]);
        assert!(more[3].1.contains("the file was cut off here"), "{more:?}");
    }

    #[test]
    fn a_stray_quote_that_meets_another_costs_its_own_line_only() {
        let rows = told(b"id,name,note\na,\"Post,x\nb,Post,\"y\"\nc,\"Post\nd,Post\"\ne,Post,\n");
        assert!(rows[0].1.contains("begins at line 2, column 3"), "{rows:?}");
        assert_eq!(rows[1], (3, "b/Post".to_owned()));
        // Two lines that would be a row of too few cells.
        assert!(rows[2].1.contains("begins at line 4, column 3"), "{rows:?}");
        assert_eq!(rows[3..], [(5, "d/Post\"".to_owned()), (6, "e/Post".to_owned())]);
    }
}
