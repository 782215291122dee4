//! The code of an administrative procedure (mã TTHC). It stands on the same papers as the dossier's and is scanned
//! by mistake, so it has to be known to be refused by name.

use super::{agency_code, mask};
use crate::limits;

/// Whether the text is the code of a procedure in the national database: `1.004194`, with the agency that publishes
/// it `1.011442.000.00.00.H38`, with the number of a service `2.000815.000.00.00.H55.02`.
pub fn is_code(text: &str) -> bool {
    if mask::fits(text, "9.999999") {
        return true;
    }
    let Some(agency) = text.get("9.999999.".len()..).filter(|_| mask::starts(text, "9.999999.")) else {
        return false;
    };
    let without_service = agency.rsplit_once('.').filter(|(_, service)| mask::fits(service, "99"));
    agency_code::is_old(agency) || without_service.is_some_and(|(agency, _)| agency_code::is_old(agency))
}

/// Whether the directory may keep a procedure under this code: provinces publish some under names of their own, such
/// as `TS_lop1.000.00.00.H22`. Only what a name `procedures/{code}` can hold: visible ASCII without a slash.
pub fn is_acceptable(text: &str) -> bool {
    (1..=limits::CODE_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_codes_are_read() {
        for text in [
            "1.004194",
            "1.011442.000.00.00.H38",
            "2.000622.000.00.00.H35",
            "3.000181.000.00.00.H22",
            "1.010708.000.00.00.H56",
            "2.000815.000.00.00.H55.02",
        ] {
            assert!(is_code(text) && is_acceptable(text), "{text}");
        }
    }

    #[test]
    fn a_provinces_own_name_is_kept_but_not_taken_for_a_published_code() {
        assert!(!is_code("TS_lop1.000.00.00.H22"));
        assert!(is_acceptable("TS_lop1.000.00.00.H22"));
    }

    #[test]
    fn what_is_nearly_a_code_is_none() {
        for text in [
            "",
            "1.00419",
            "1.0041944",
            "1.004194.",
            "1.004194.000.00.00",
            "1.004194.000.00.00.H56.2",
            "1.004194.H56.14",
            "A.004194",
            "1,004194",
        ] {
            assert!(!is_code(text), "{text}");
        }
        for text in ["", "a b", "a/b", "thủ-tục", &"1".repeat(65)] {
            assert!(!is_acceptable(text), "{text}");
        }
    }
}
