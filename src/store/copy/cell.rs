//! The cells of rows of whichever table, and the keys that ranges of rows lie between.

use serde::{Deserialize, Serialize};

use super::tables::{Kind, Table};

/// What one column holds in one row. Their order is that of both engines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::store) enum Cell {
    /// Nothing.
    Null,
    /// A number, of a lane too.
    Int(i64),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A row, or its key.
pub(in crate::store) type Row = Vec<Cell>;

impl Cell {
    /// Bytes that are a text, a name or a body.
    pub(in crate::store) fn of(bytes: &[u8]) -> Cell {
        Cell::Bytes(bytes.to_vec())
    }

    /// The number, where it is one.
    pub(in crate::store) fn int(&self) -> Option<i64> {
        match self {
            Cell::Int(number) => Some(*number),
            Cell::Null | Cell::Bytes(_) => None,
        }
    }

    /// The bytes, where it is some.
    pub(in crate::store) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Cell::Bytes(bytes) => Some(bytes),
            Cell::Null | Cell::Int(_) => None,
        }
    }
}

impl Table {
    /// Below every key.
    pub(super) fn start(&self) -> Row {
        let least = |kind| match kind {
            Kind::Lane => Cell::Int(-1),
            Kind::Number => Cell::Int(i64::MIN),
            Kind::Bytes => Cell::Bytes(Vec::new()),
        };
        self.columns[..self.keys].iter().map(|column| least(column.kind)).collect()
    }

    /// Above every key: no lane has that number, and no name or code begins so.
    pub(super) fn end(&self) -> Row {
        let greatest = |kind| match kind {
            Kind::Lane => Cell::Int(i32::MAX.into()),
            Kind::Number => Cell::Int(i64::MAX),
            Kind::Bytes => Cell::Bytes(vec![0xff; 64]),
        };
        self.columns[..self.keys].iter().map(|column| greatest(column.kind)).collect()
    }

    /// The key of a row.
    pub(super) fn key<'r>(&self, row: &'r Row) -> &'r [Cell] {
        &row[..self.keys]
    }

    /// A row as a person finds it again: numbers as they are, bytes as text where they are one.
    pub(super) fn name_of(&self, key: &[Cell]) -> String {
        let word = |cell: &Cell| match cell {
            Cell::Null => "null".to_owned(),
            Cell::Int(number) => number.to_string(),
            // What is in a table of personal parts is never in its key.
            Cell::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
                _ => hex::encode(bytes),
            },
        };
        let words: Vec<String> = key.iter().map(word).collect();
        format!("{} ({})", self.name, words.join(", "))
    }
}
