//! The bytes of rows that are read and written whole: a version, then postcard. Shared by every kind of store, so that
//! one can be copied into another.

use serde::{Serialize, de::DeserializeOwned};

use super::Error;

/// The first byte of a body. A body that changes its shape gets the next number; the old one stays readable.
const VERSION: u8 = 1;

/// The bytes of a body.
pub(super) fn encode<T: Serialize>(step: &'static str, body: &T) -> Result<Vec<u8>, Error> {
    // What a leg takes: growing on the way costs more than the bytes.
    let mut bytes = Vec::with_capacity(512);
    bytes.push(VERSION);
    postcard::to_extend(body, bytes).map_err(Error::failed(step))
}

/// Reads what `encode` wrote, and nothing else.
pub(super) fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, Error> {
    let Some((&VERSION, rest)) = bytes.split_first() else {
        return Err(Error::Corrupt { what });
    };
    match postcard::take_from_bytes(rest) {
        Ok((body, [])) => Ok(body),
        _ => Err(Error::Corrupt { what }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_back_and_anything_else_is_refused() {
        let body = (7_u64, "Hồ sơ".to_owned(), Some(-1_i64));
        let bytes = encode("encode it", &body).unwrap();
        assert_eq!(bytes[0], VERSION);
        assert_eq!(decode::<(u64, String, Option<i64>)>("body", &bytes).unwrap(), body);
        let longer = [&bytes[..], &[0]].concat();
        let newer = [&[VERSION + 1], &bytes[1..]].concat();
        for bad in [&bytes[..bytes.len() - 1], &longer, &newer, &[]] {
            let error = decode::<(u64, String, Option<i64>)>("body", bad).unwrap_err();
            assert_eq!(error.to_string(), "stored body cannot be read");
        }
    }
}
