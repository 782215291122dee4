//! The numbers by which kinds are told apart in rows, the same in every kind of store.

/// Whose clock counts: the machine's.
pub(super) const SYSTEM: i64 = 1;
/// See `SYSTEM`: the greatest time told.
pub(super) const REPLAY: i64 = 2;
/// What a tag or a listing means: a leg.
pub(super) const LEG: i64 = 1;
/// See `LEG`: a dossier.
pub(super) const DOSSIER: i64 = 2;
/// A carrier, in place of `AgencyKind`'s numbers.
pub(super) const CARRIER: i64 = 0;
/// An alias that was always meant: it sorts before every day, and a key column cannot be empty.
pub(super) const ALWAYS: i64 = i64::MIN;
