//! The bytes of rows that are read and written whole: a version, then postcard. Shared by every kind of store, so that
//! one can be copied into another.

use serde::{Serialize, de::DeserializeOwned};

use super::Error;

/// The first byte of a body. A body that changes its shape gets the next number; the old one stays readable.
const VERSION: u8 = 1;

/// The bytes of a body.
pub(super) fn encode<T: Serialize>(step: &'static str, body: &T) -> Result<Vec<u8>, Error> {
    Sheet::default().body(step, body).map(<[u8]>::to_vec)
}

/// Where bodies are written one after the other, each over the last: a commit has thousands.
pub(super) struct Sheet(Vec<u8>);

impl Default for Sheet {
    fn default() -> Sheet {
        // Twice what a leg takes.
        let mut sheet = vec![0; 1024];
        sheet[0] = VERSION;
        Sheet(sheet)
    }
}

impl Sheet {
    /// The bytes of a body.
    pub(super) fn body<T: Serialize>(&mut self, step: &'static str, body: &T) -> Result<&[u8], Error> {
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
