//! A row's cells, unquoted.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use crate::limits;

/// Splits rows. It is made once: the library's table of states costs more than a row.
#[derive(Debug)]
pub struct Splitter {
    reader: Reader,
    row: Vec<u8>,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Splitter {
    /// For rows with this byte between their cells.
    pub fn new(delimiter: u8) -> Splitter {
        let reader = ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build();
        Splitter { reader, row: Vec::new(), text: Vec::new(), ends: vec![0; limits::ROW_CELLS] }
    }

    /// The cells of a row; `None` where a quote is open at its end, or there are more cells than any list has. What is no
    /// UTF-8 was told before.
    pub fn cells(&mut self, bytes: &[u8]) -> Option<Vec<String>> {
        // The library passes over empty lines at the beginning: a row that is one has one empty cell.
        if bytes.is_empty() {
            return Some(vec![String::new()]);
        }
        self.row.clear();
        self.row.extend_from_slice(bytes);
        self.row.push(b'\n');
        self.text.resize(self.row.len(), 0);
        self.reader.reset();
        let (ended, _, _, count) = self.reader.read_record(&self.row, &mut self.text, &mut self.ends);
        if ended != ReadRecordResult::Record {
            return None;
        }
        let mut from = 0;
        let cell = |to: usize| {
            let cell = self.text.get(from..to).unwrap_or_default();
            from = to;
            String::from_utf8_lossy(cell).into_owned()
        };
        Some(self.ends.iter().take(count).copied().map(cell).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::Records;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_are_unquoted_and_empty_ones_kept() {
        let mut splitter = Splitter::new(b';');
        let mut of = |text: &str| splitter.cells(text.as_bytes()).unwrap();
        assert_eq!(of("a;\"b;\"\"c\"\"\nd\";;"), ["a", "b;\"c\"\nd", "", ""]);
        assert_eq!(of(""), [""]);
        assert_eq!(of("\"\""), [""]);
        assert_eq!(of(";"), ["", ""]);
        assert_eq!(of("5\" pipe;x"), ["5\" pipe", "x"]);
        assert!(splitter.cells(";".repeat(limits::ROW_CELLS).as_bytes()).is_none());
        assert!(splitter.cells(b"a;\"b").is_none());
        assert_eq!(splitter.cells(b"a;b").unwrap(), ["a", "b"], "nothing is left of the row before");
    }

    proptest! {
        /// Whatever a spreadsheet writes is read back, row by row, line breaks in cells included.
        #[test]
        fn what_is_written_as_csv_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("[a\u{1ea1}\",;\n\u{200b}= ']{0,6}", 2..5), 1..6),
        ) {
            let mut written = Vec::new();
            for row in &rows {
                let quoted: Vec<String> =
                    row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
                written.extend_from_slice(quoted.join(",").as_bytes());
                written.extend_from_slice(b"\r\n");
            }
            let mut records = Records::new(written.as_slice(), b',', 0);
            let mut splitter = Splitter::new(b',');
            let mut read = Vec::new();
            while let Some(record) = records.next().unwrap() {
                prop_assert_eq!(record.broken, None);
                read.push(splitter.cells(&record.bytes).unwrap());
            }
            prop_assert_eq!(read, rows);
        }
    }
}
