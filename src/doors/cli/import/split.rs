//! A row's cells, unquoted.

use csv_core::{ReadRecordResult, ReaderBuilder, Terminator};

use crate::limits;

/// The cells of a row; `None` where there are more than any list has. What is no UTF-8 was told before.
pub fn cells(bytes: &[u8], delimiter: u8) -> Option<Vec<String>> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build();
    let mut row = bytes.to_vec();
    // The library passes over empty lines at the beginning: a row that is one has one empty cell.
    if row.is_empty() {
        return Some(vec![String::new()]);
    }
    row.push(b'\n');
    let mut text = vec![0; row.len()];
    let mut ends = vec![0; limits::ROW_CELLS];
    let (ended, _, _, count) = reader.read_record(&row, &mut text, &mut ends);
    if ended != ReadRecordResult::Record {
        return None;
    }
    let mut from = 0;
    let cell = |to: usize| {
        let cell = text.get(from..to).unwrap_or_default();
        from = to;
        String::from_utf8_lossy(cell).into_owned()
    };
    Some(ends.iter().take(count).copied().map(cell).collect())
}

#[cfg(test)]
mod tests {
    use super::super::records::Records;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_are_unquoted_and_empty_ones_kept() {
        let of = |text: &str| cells(text.as_bytes(), b';').unwrap();
        assert_eq!(of("a;\"b;\"\"c\"\"\nd\";;"), ["a", "b;\"c\"\nd", "", ""]);
        assert_eq!(of(""), [""]);
        assert_eq!(of("\"\""), [""]);
        assert_eq!(of(";"), ["", ""]);
        assert_eq!(of("5\" pipe;x"), ["5\" pipe", "x"]);
        assert!(cells(";".repeat(limits::ROW_CELLS).as_bytes(), b';').is_none());
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
            let mut read = Vec::new();
            while let Some(record) = records.next().unwrap() {
                prop_assert_eq!(record.broken, None);
                read.push(cells(&record.bytes, b',').unwrap());
            }
            prop_assert_eq!(read, rows);
        }
    }
}
