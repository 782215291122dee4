//! The bytes of rows that are read and written whole: a version, then postcard. Shared by every kind of store, so that
//! one can be copied into another.

mod first;

use serde::{Serialize, de::DeserializeOwned};

use std::sync::Arc;

use super::Error;
use super::copy::Touched;
use crate::dossier::consumer::Consumer;
use crate::dossier::desk::{Dossier, Leg};
use crate::dossier::device::Heard;
use crate::dossier::document::Document;
use crate::dossier::names::SourceName;

/// What is kept as a body. One that changes its shape gets the next number; the old ones stay readable.
pub(super) trait Body: Serialize {
    /// The first byte.
    const VERSION: u8 = 1;
}

/// A body that is read back.
pub(super) trait Read: Body + DeserializeOwned {
    /// A body of an older version; `None` when there is none such, or it is not one.
    fn older(_version: u8, _rest: &[u8]) -> Option<Self> {
        None
    }
}

impl Body for Leg {
    const VERSION: u8 = 2;
}

impl Read for Leg {
    fn older(version: u8, rest: &[u8]) -> Option<Leg> {
        (version == 1).then(|| whole::<first::Leg>(rest)).flatten().map(Leg::from)
    }
}

impl Body for Dossier {
    const VERSION: u8 = 2;
}

impl Read for Dossier {
    fn older(version: u8, rest: &[u8]) -> Option<Dossier> {
        (version == 1).then(|| whole::<first::Dossier>(rest)).flatten().map(Dossier::from)
    }
}

impl<T: Body> Body for Arc<T> {
    const VERSION: u8 = T::VERSION;
}

impl<T: Body> Body for &T {
    const VERSION: u8 = T::VERSION;
}

/// Bodies of one version.
macro_rules! bodies {
    ($($body:ty),*) => {$(
        impl Body for $body {}
        impl Read for $body {}
    )*};
}

bodies!(Consumer, Document, Heard, Touched, Vec<(i64, u64)>, Vec<SourceName>, String);

/// The bytes of a body.
pub(super) fn encode<T: Body>(step: &'static str, body: &T) -> Result<Vec<u8>, Error> {
    Sheet::default().body(step, body).map(<[u8]>::to_vec)
}

/// Where bodies are written one after the other, each over the last: a commit has thousands.
pub(super) struct Sheet(Vec<u8>);

impl Default for Sheet {
    fn default() -> Sheet {
        // Twice what a leg takes.
        Sheet(vec![0; 1024])
    }
}

impl Sheet {
    /// The bytes of a body.
    pub(super) fn body<T: Body>(&mut self, step: &'static str, body: &T) -> Result<&[u8], Error> {
        self.0[0] = T::VERSION;
        loop {
            match postcard::to_slice(body, &mut self.0[1..]) {
                Ok(written) => {
                    let end = 1 + written.len();
                    return Ok(&self.0[..end]);
                }
                Err(postcard::Error::SerializeBufferFull) => self.0.resize(2 * self.0.len(), 0),
                Err(e) => return Err(Error::failed(step)(e)),
            }
        }
    }
}

/// Reads what `encode` wrote, in this release or an older one, and nothing else.
pub(super) fn decode<T: Read>(what: &'static str, bytes: &[u8]) -> Result<T, Error> {
    let body = bytes.split_first().and_then(|(version, rest)| match *version {
        version if version == T::VERSION => whole(rest),
        version => T::older(version, rest),
    });
    body.ok_or(Error::Corrupt { what })
}

fn whole<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((body, [])) => Some(body),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_holds_bodies_of_every_length_and_nothing_of_the_last() {
        let mut sheet = Sheet::default();
        for length in [0, 3, 1022, 1023, 1024, 70_000, 5, 1023] {
            let body = "x".repeat(length);
            let bytes = sheet.body("encode it", &body).unwrap();
            assert_eq!(decode::<String>("body", bytes).unwrap(), body);
            assert_eq!(bytes, encode("encode it", &body).unwrap());
        }
    }

    #[test]
    fn a_body_is_read_back_and_anything_else_is_refused() {
        let body = vec![(7_i64, 8_u64), (-1, 0)];
        let bytes = encode("encode it", &body).unwrap();
        assert_eq!(bytes[0], 1);
        assert_eq!(decode::<Vec<(i64, u64)>>("body", &bytes).unwrap(), body);
        let longer = [&bytes[..], &[0]].concat();
        let newer = [&[2], &bytes[1..]].concat();
        for bad in [&bytes[..bytes.len() - 1], &longer, &newer, &[]] {
            let error = decode::<Vec<(i64, u64)>>("body", bad).unwrap_err();
            assert_eq!(error.to_string(), "stored body cannot be read");
        }
    }
}
