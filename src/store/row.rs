//! The cells of a row, whichever engine keeps it. What is stored is never trusted to be what it should be.

use super::{Error, codec};
use crate::dossier::names::{Lane, PartyName};

/// A row that is read cell by cell.
pub(super) trait Row: Copy {
    /// What is being read, for the error.
    fn what(&self) -> &'static str;
    fn int(self, at: usize) -> Result<i64, Error>;
    fn opt_int(self, at: usize) -> Result<Option<i64>, Error>;
    fn lane(self, at: usize) -> Result<Lane, Error>;
    fn blob(&self, at: usize) -> Result<&[u8], Error>;
    fn is_null(self, at: usize) -> Result<bool, Error>;

    fn corrupt(self) -> Error {
        Error::Corrupt { what: self.what() }
    }

    fn flag(self, at: usize) -> Result<bool, Error> {
        self.int(at).map(|flag| flag != 0)
    }

    /// A number that fits another type of number.
    fn number<N: TryFrom<i64>>(self, at: usize) -> Result<N, Error> {
        N::try_from(self.int(at)?).map_err(|_| self.corrupt())
    }

    fn opt_number<N: TryFrom<i64>>(self, at: usize) -> Result<Option<N>, Error> {
        self.opt_int(at)?.map(N::try_from).transpose().map_err(|_| self.corrupt())
    }

    fn bytes(self, at: usize) -> Result<Vec<u8>, Error> {
        self.blob(at).map(<[u8]>::to_vec)
    }

    fn array<const N: usize>(self, at: usize) -> Result<[u8; N], Error> {
        self.blob(at)?.try_into().map_err(|_| self.corrupt())
    }

    fn text(self, at: usize) -> Result<String, Error> {
        String::from_utf8(self.bytes(at)?).map_err(|_| self.corrupt())
    }

    fn opt_text(self, at: usize) -> Result<Option<String>, Error> {
        if self.is_null(at)? { Ok(None) } else { self.text(at).map(Some) }
    }

    fn party(self, at: usize) -> Result<PartyName, Error> {
        self.text(at).map(|name| PartyName::new(&name))
    }

    fn opt_party(self, at: usize) -> Result<Option<PartyName>, Error> {
        Ok(self.opt_text(at)?.map(|name| PartyName::new(&name)))
    }

    fn body<T: codec::Read>(self, at: usize) -> Result<T, Error> {
        codec::decode(self.what(), self.blob(at)?)
    }

    /// The value of a number in a list of numbered things.
    fn known<T>(self, at: usize, from_number: impl FnOnce(i32) -> Option<T>) -> Result<T, Error> {
        from_number(self.number(at)?).ok_or_else(|| self.corrupt())
    }
}
