//! Names and codes as people type them, made whole.

use super::Failure;
use crate::doors::wire::v1;
use crate::dossier::code::{Code, CodeKind, Unreadable, agency_code};
use crate::dossier::names::PartyName;

/// A name under a collection: `H99.01` becomes `agencies/H99.01`, a whole name stays.
pub fn whole(collection: &str, text: &str) -> String {
    if text.is_empty() || text.starts_with(collection) {
        text.to_owned()
    } else {
        format!("{collection}{text}")
    }
}

/// A party: an agency by its code, a carrier by its id; a whole name stays.
pub fn party(text: &str) -> String {
    if text.contains('/') || text.is_empty() {
        text.to_owned()
    } else if agency_code::is_code(text) {
        format!("agencies/{text}")
    } else {
        format!("carriers/{text}")
    }
}

/// A post office: six digits are one of the carrier whose source scans.
pub fn office(text: &str, source: &str) -> Result<String, Failure> {
    if text.is_empty() || text.contains('/') {
        return Ok(text.to_owned());
    }
    let mut parts = source.split('/');
    match (parts.next(), parts.next()) {
        (Some("carriers"), Some(carrier)) => Ok(format!("carriers/{carrier}/offices/{text}")),
        _ => Err(Failure::Usage(format!(
            "--office {text}: the source is no carrier's, so give carriers/ID/offices/{text}"
        ))),
    }
}

/// A code with what it is in front, where its form does not say: `slip:000123`, `dossier:0001/2026`. `agency` is the
/// agency an opaque dossier code belongs to.
pub fn code(text: &str, agency: &str) -> v1::Code {
    let (kind, value) = match text.split_once(':').map(|(kind, value)| (kind_of(kind), value)) {
        Some((Some(kind), value)) => (Some(kind), value),
        _ => (None, text),
    };
    let opaque = kind == Some(CodeKind::Dossier) && Code::read(kind, value, None, false).is_err();
    v1::Code {
        kind: kind.map_or(0, |kind| i32::from(kind.number())),
        value: value.to_owned(),
        agency: if opaque { whole("agencies/", agency) } else { String::new() },
    }
}

/// A dossier's code whatever its form.
pub fn dossier_code(text: &str, agency: &str) -> v1::Code {
    if text.starts_with("dossier:") { code(text, agency) } else { code(&format!("dossier:{text}"), agency) }
}

fn kind_of(word: &str) -> Option<CodeKind> {
    match word.to_ascii_lowercase().as_str() {
        "item" => Some(CodeKind::Item),
        "bag" | "receptacle" => Some(CodeKind::Receptacle),
        "dossier" => Some(CodeKind::Dossier),
        "slip" => Some(CodeKind::Slip),
        _ => None,
    }
}

/// Whether a scan reads as no code at all. It may be the QR of an identity card, so its text must not stand in the
/// event. A code with a fault that the person can mend (check digit, date) is left to the gateway to refuse.
pub fn is_no_code(code: &v1::Code, unverified: bool) -> bool {
    let agency = (!code.agency.is_empty()).then(|| PartyName::new(&code.agency));
    match Code::read(CodeKind::from_number(code.kind), &code.value, agency.as_ref(), unverified) {
        Ok(_) | Err(Unreadable::CheckDigit { .. } | Unreadable::DateImpossible) => false,
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_codes_become_whole_names() {
        assert_eq!(whole("agencies/", "H99.01"), "agencies/H99.01");
        assert_eq!(whole("agencies/", "agencies/H99.01"), "agencies/H99.01");
        assert_eq!(whole("legs/", "0-12"), "legs/0-12");
        assert_eq!(whole("legs/", ""), "");
        for (text, name) in [("p", "carriers/p"), ("H99.31", "agencies/H99.31"), ("carriers/p", "carriers/p")]
        {
            assert_eq!(party(text), name);
        }
        assert_eq!(office("991230", "carriers/p/devices/d").unwrap(), "carriers/p/offices/991230");
        assert_eq!(
            office("carriers/q/offices/991230", "agencies/H99/devices/d").unwrap(),
            "carriers/q/offices/991230"
        );
        assert!(matches!(office("991230", "agencies/H99/devices/d"), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_code_may_say_what_it_is() {
        let read = |text| {
            let code = code(text, "H99.14");
            (code.kind, code.value, code.agency)
        };
        assert_eq!(read("EE990002055VN"), (0, "EE990002055VN".into(), String::new()));
        assert_eq!(read("slip:000123"), (4, "000123".into(), String::new()));
        assert_eq!(read("dossier:0001/2026"), (3, "0001/2026".into(), "agencies/H99.14".into()));
        assert_eq!(read("dossier:H99.14-261120-0001"), (3, "H99.14-261120-0001".into(), String::new()));
        assert_eq!(read("https://x.vn/?mahs=1").0, 0);
    }

    #[test]
    fn only_what_reads_as_no_code_leaves_the_event() {
        for (text, no_code) in [
            ("EE990002055VN", false),
            ("EB123456789VN", false),
            ("H99.14-261320-0001", false),
            ("slip:000123", false),
            ("hello", true),
            ("001099012345|012345678|N. V. A|01012000|Nam|x|01012021|and so on, longer than any code", true),
            ("1.004194", true),
            ("", true),
        ] {
            assert_eq!(is_no_code(&code(text, ""), false), no_code, "{text}");
        }
    }
}
