//! What people ask for: a name or a code whose kind they need not know.

use super::{Failure, names};
use crate::doors::wire::v1;
use crate::dossier::code::CodeKind;
use crate::dossier::names::Position;

/// One way to look something up.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// By its name.
    Name(String),
    /// By a code.
    Code(v1::Code),
}

/// What a text may mean, the likeliest first. A number that reads as no code may still be a slip's.
pub fn keys(text: &str, agency: &str) -> Vec<Key> {
    let text = text.trim();
    if text.starts_with("dossiers/") || text.starts_with("legs/") {
        return vec![Key::Name(text.to_owned())];
    }
    if text.parse::<Position>().is_ok() {
        return vec![Key::Name(format!("dossiers/{text}")), Key::Name(format!("legs/{text}"))];
    }
    let code = names::code(text, agency);
    if code.kind != 0 {
        return vec![Key::Code(code)];
    }
    let mut keys = vec![Key::Code(code.clone())];
    if !agency.is_empty() {
        keys.push(Key::Code(names::code(&format!("dossier:{text}"), agency)));
    }
    keys.push(Key::Code(v1::Code { kind: CodeKind::Slip.number().into(), ..code }));
    keys
}

/// Whether a refusal leaves it open that the text means something else.
pub fn means_something_else(failure: &Failure) -> bool {
    matches!(failure.reason(), "NOT_FOUND" | "CODE_FORMAT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_tried_as_given_and_then_as_a_slip() {
        let kinds = |text: &str, agency: &str| -> Vec<i32> {
            let kind = |key: Key| match key {
                Key::Name(_) => -1,
                Key::Code(code) => code.kind,
            };
            keys(text, agency).into_iter().map(kind).collect()
        };
        assert_eq!(kinds("EE990002055VN", ""), [0, 4]);
        assert_eq!(kinds("000123", ""), [0, 4]);
        assert_eq!(kinds("0001/2026", "H99.14"), [0, 3, 4]);
        assert_eq!(kinds("slip:000123", ""), [4]);
        assert_eq!(kinds("legs/0-12", ""), [-1]);
        assert_eq!(keys(" 0-12 ", ""), [Key::Name("dossiers/0-12".into()), Key::Name("legs/0-12".into())]);
    }
}
