//! Numbers in rows, the same in every kind of store: those by which kinds are told apart, and how ours are kept.

use super::Error;

/// Whose clock counts: the machine's.
pub(super) const SYSTEM: i64 = 1;
/// See `SYSTEM`: the greatest time told.
pub(super) const REPLAY: i64 = 2;
/// What a tag or a listing means: a leg.
pub(super) const LEG: i64 = 1;
/// See `LEG`: a dossier.
pub(super) const DOSSIER: i64 = 2;
/// Of a listing: a document.
pub(super) const DOCUMENT: i64 = 3;
/// A carrier, in place of `AgencyKind`'s numbers.
pub(super) const CARRIER: i64 = 0;
/// What always was, as an alias without a first day: it sorts before every day, and a key column cannot be empty.
pub(super) const ALWAYS: i64 = i64::MIN;

/// A position or number that is looked for. None beyond the greatest integer is ever kept.
pub(super) fn at(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A position or number that is kept.
pub(super) fn kept(step: &'static str, number: u64) -> Result<i64, Error> {
    i64::try_from(number).map_err(Error::failed(step))
}

/// How many rows are asked for.
pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
