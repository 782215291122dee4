//! Names, positions and times that cross stations.

use serde::{Deserialize, Serialize};

use std::fmt;
use std::str::FromStr;

use smol_str::SmolStr;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Micros(pub i64);

impl Micros {
    /// One second.
    pub const SECOND: i64 = 1_000_000;
    /// One day.
    pub const DAY: i64 = 86_400 * Micros::SECOND;

    /// This time moved by a number of microseconds, stopping at the ends of the range.
    pub fn plus(self, us: i64) -> Micros {
        Micros(self.0.saturating_add(us))
    }

    /// `self - earlier` in microseconds, stopping at the ends of the range.
    pub fn since(self, earlier: Micros) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A lane: one complete journal with one lock, one dense position and one Merkle tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lane(pub u16);

/// A place in the journal, written `{lane}-{pos}`. Positions count from 1. The ids of legs and dossiers are the
/// positions of their births.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The lane.
    pub lane: Lane,
    /// The dense number in it, from 1.
    pub pos: u64,
}

impl Position {
    /// Lane and position as one number, in the order of positions. The first lane's are its positions.
    pub fn number(self) -> u64 {
        (u64::from(self.lane.0) << 48) | (self.pos & ((1 << 48) - 1))
    }

    /// The position of a number.
    pub fn of_number(number: u64) -> Position {
        Position { lane: Lane((number >> 48) as u16), pos: number & ((1 << 48) - 1) }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.lane.0, self.pos)
    }
}

/// A text that is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    /// Reads `{lane}-{pos}`: decimal, no sign, no leading zero, so that one position has one spelling.
    fn from_str(text: &str) -> Result<Position, NotAPosition> {
        let (lane, pos) = text.split_once('-').ok_or(NotAPosition)?;
        for part in [lane, pos] {
            let plain = part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty();
            if !plain || (part.len() > 1 && part.starts_with('0')) {
                return Err(NotAPosition);
            }
        }
        let lane = lane.parse().map_err(|_| NotAPosition)?;
        let pos: u64 = pos.parse().map_err(|_| NotAPosition)?;
        if pos == 0 || pos > i64::MAX as u64 {
            return Err(NotAPosition);
        }
        Ok(Position { lane: Lane(lane), pos })
    }
}

/// The whole name of a party: `agencies/{code}` or `carriers/{id}`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartyName(SmolStr);

impl PartyName {
    /// Takes a whole name as it is; looking it up is the directory's matter.
    pub fn new(name: &str) -> PartyName {
        PartyName(SmolStr::new(name))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the first slash.
    pub fn bare(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(_, bare)| bare)
    }

    /// Whether it names an agency.
    pub fn is_agency(&self) -> bool {
        self.0.starts_with("agencies/")
    }

    /// Whether it names a carrier.
    pub fn is_carrier(&self) -> bool {
        self.0.starts_with("carriers/")
    }
}

impl fmt::Display for PartyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PartyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The whole name of a source: `…/devices/{id}` or `…/systems/{id}` under its party; for a command the party itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceName(SmolStr);

impl SourceName {
    /// Takes a whole name as it is; looking it up is the directory's matter.
    pub fn new(name: &str) -> SourceName {
        SourceName(SmolStr::new(name))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a system, whose lines may be of any age and carry their own time of receipt under replay.
    pub fn is_system(&self) -> bool {
        let mut parts = self.0.rsplit('/');
        parts.next();
        parts.next() == Some("systems")
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_has_one_spelling() {
        assert_eq!("0-4711".parse(), Ok(Position { lane: Lane(0), pos: 4711 }));
        for bad in [
            "",
            "0",
            "0-",
            "-1",
            "0-0",
            "00-1",
            "0-01",
            "+0-1",
            "0-+1",
            "0-9223372036854775808",
            "70000-1",
            "0-1 ",
        ] {
            assert_eq!(bad.parse::<Position>(), Err(NotAPosition), "{bad}");
        }
    }

    #[test]
    fn only_a_name_with_systems_before_its_id_is_a_system() {
        assert!(SourceName::new("carriers/p/systems/devices").is_system());
        assert!(!SourceName::new("carriers/p/devices/systems").is_system());
        assert!(!SourceName::new("agencies/systems").is_system());
    }
}
