//! The first line: which delimiter, and which column stands where.

use std::io::BufRead;

use super::kind::Kind;
use super::records::Records;
use super::split::Splitter;
use crate::doors::cli::Failure;
use crate::doors::cli::human::say;
use crate::doors::refusal::Language;

/// What the first line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `,` or `;`.
    pub delimiter: u8,
    /// All names as they stand there, trimmed, in small letters.
    pub names: Vec<String>,
    /// For each column of the kind, in its order, where it stands; one that may be left out may stand nowhere.
    pub places: Vec<Option<usize>>,
    /// The line it stands on.
    pub line: u64,
}

/// Reads the first line.
pub fn read(kind: Kind, input: &mut dyn BufRead, language: Language) -> Result<Header, Failure> {
    let mut lines = Records::new(input, b',', 0);
    let mut told = None;
    loop {
        let record = lines.next().map_err(Failure::Input)?;
        let record = record.filter(|record| record.broken.is_none());
        let wrong = || {
            let why = say(
                language,
                "dòng đầu phải là tên cột, cách nhau bằng , hoặc ;, và kết thúc bằng xuống dòng",
                "the first line must be the columns' names, with , or ; between them and a line end",
            );
            Failure::Usage(format!("{why}: {}", kind.columns().join(",")))
        };
        let record = record.ok_or_else(wrong)?;
        let text = String::from_utf8_lossy(&record.bytes).into_owned();
        // Excel writes and reads such a line before the header.
        if let Some(delimiter) = text.trim().strip_prefix("sep=").filter(|_| record.line == 1) {
            told = delimiter.bytes().next().filter(|byte| b",;".contains(byte));
            continue;
        }
        let known = |delimiter: &u8| found(kind, &names(&record.bytes, *delimiter));
        let delimiter = told.or_else(|| [b',', b';'].into_iter().max_by_key(known));
        let delimiter = delimiter.unwrap_or(b',');
        let names = names(&record.bytes, delimiter);
        let places = places(kind, &names, language)?;
        return Ok(Header { delimiter, names, places, line: record.line });
    }
}

fn names(bytes: &[u8], delimiter: u8) -> Vec<String> {
    let cells = Splitter::new(delimiter).cells(bytes).unwrap_or_default();
    cells.iter().map(|cell| cell.trim().to_ascii_lowercase()).collect()
}

/// How many of the kind's columns a reading of the header has.
fn found(kind: Kind, names: &[String]) -> usize {
    kind.columns().iter().filter(|column| names.iter().any(|name| name == *column)).count()
}

fn places(kind: Kind, names: &[String], language: Language) -> Result<Vec<Option<usize>>, Failure> {
    let at = |column: &str| names.iter().position(|name| name == column);
    let missing: Vec<&str> = kind.columns().iter().copied().filter(|column| at(column).is_none()).collect();
    if !missing.is_empty() {
        let (lacks, takes) = match language {
            Language::Vietnamese => ("thiếu cột", "cần các cột"),
            Language::English => ("the header has no column", "takes the columns"),
        };
        return Err(Failure::Usage(format!(
            "{lacks} {}; {} {takes} {}",
            missing.join(", "),
            kind.word(),
            kind.columns().join(",")
        )));
    }
    for column in kind.all() {
        if names.iter().filter(|name| *name == column).count() > 1 {
            let twice = say(language, "cột có hai lần", "the header has twice the column");
            return Err(Failure::Usage(format!("{twice} {column}")));
        }
    }
    Ok(kind.all().map(at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, text: &str) -> Result<Header, String> {
        read(kind, &mut text.as_bytes(), Language::English).map_err(|failure| failure.to_string())
    }

    #[test]
    fn columns_may_stand_in_any_order_among_others_under_either_delimiter() {
        let header = of(Kind::Carriers, "Ghi chú;Name ;ID\nx;y;z\n").unwrap();
        assert_eq!((header.delimiter, header.places), (b';', vec![Some(2), Some(1)]));
        let header = of(Kind::Carriers, "\"id\",\"a;b\",name\r\n").unwrap();
        assert_eq!((header.delimiter, header.places, header.line), (b',', vec![Some(0), Some(2)], 1));
        let header =
            of(Kind::Agencies, "level,code,name,parent,kind,valid_from,valid_to,alias_of\n").unwrap();
        assert_eq!(header.places.last(), Some(&Some(0)), "a column that may be left out");
        let header = of(Kind::Agencies, "code,name,parent,kind,valid_from,valid_to,alias_of\n").unwrap();
        assert_eq!(header.places.last(), Some(&None));
        let header = of(Kind::Carriers, "sep=;\nid;name\n").unwrap();
        assert_eq!((header.delimiter, header.line), (b';', 2));
    }

    #[test]
    fn a_header_that_lacks_a_column_is_told_which() {
        let wrong = of(Kind::Offices, "id,name,province\n").unwrap_err();
        assert_eq!(
            wrong,
            "the header has no column carrier; offices takes the columns id,name,carrier,province"
        );
        assert_eq!(of(Kind::Carriers, "id,name,id\n").unwrap_err(), "the header has twice the column id");
        let long = "x".repeat(crate::limits::ROW_BYTES + 1);
        for no_header in ["", "id,\"name\n", &long] {
            assert!(of(Kind::Carriers, no_header).unwrap_err().starts_with("the first line must be"));
        }
    }
}
