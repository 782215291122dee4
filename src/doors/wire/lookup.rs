//! What a look-up is by: a name, or a code that may be meant in several ways.

use super::{into, v1};
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::directory::{Day, Directory};
use crate::dossier::names::PartyName;
use crate::dossier::refusal::{Reason, Refusal};
use crate::view::Key;

/// The codes that a text may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meanings {
    /// The codes, at least one.
    pub codes: Vec<Code>,
    /// What to say when nothing is found: what is wrong with the text as a label, if something is.
    pub otherwise: Refusal,
}

/// A name as a key: `dossiers/{lane}-{pos}` or `legs/{lane}-{pos}`.
pub fn named(name: &str) -> Result<Key, Refusal> {
    if let Some(leg) = into::position(name, "legs/", "name").ok().flatten() {
        return Ok(Key::Leg(leg));
    }
    let dossier = into::position(name, "dossiers/", "name")?;
    dossier.map(Key::Dossier).ok_or_else(|| Refusal::field(Reason::FieldRequired, "name", ""))
}

/// The codes that a text may mean. A slip has no form: a text of unspecified kind that reads as nothing else may be one,
/// or the caller's own agency's (`own`) opaque dossier code; and an item whose wrong check digit was kept unverified is
/// found as it was typed.
pub fn meanings(
    code: &v1::Code,
    own: Option<&PartyName>,
    directory: &Directory,
    day: Day,
) -> Result<Meanings, Refusal> {
    let read = |kind: i32, agency: Option<&PartyName>, unverified| {
        let mut meant = v1::Code { kind, ..code.clone() };
        if let Some(agency) = agency.filter(|_| code.agency.is_empty()) {
            meant.agency = agency.to_string();
        }
        into::read_code(&meant, unverified, directory, day).map(|(code, _)| code)
    };
    let number = |kind: CodeKind| i32::from(kind.number());
    let given = match code.kind {
        kind if kind == number(CodeKind::Dossier) => read(kind, own, false),
        kind => read(kind, None, false),
    };
    let refused = match given {
        Ok(code) => {
            return Ok(Meanings {
                codes: vec![code],
                otherwise: Refusal::field(Reason::NotFound, "code", ""),
            });
        }
        Err(refusal) => refusal.under("code"),
    };
    let mut tried = Vec::new();
    if matches!(refused.reason, Reason::CheckDigit) {
        tried.push(read(code.kind, None, true));
    }
    if code.kind == 0
        && matches!(refused.reason, Reason::CheckDigit | Reason::CodeFormat | Reason::DateImpossible)
    {
        tried.push(read(number(CodeKind::Slip), None, false));
        if own.is_some() {
            tried.push(read(number(CodeKind::Dossier), own, false));
        }
    }
    let codes: Vec<Code> = tried.into_iter().flatten().collect();
    let no_form = code.kind == 0 && refused.reason == Reason::CodeFormat;
    match codes.is_empty() {
        true => Err(refused),
        false if no_form => Ok(Meanings { codes, otherwise: Refusal::field(Reason::NotFound, "code", "") }),
        false => Ok(Meanings { codes, otherwise: refused }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: CodeKindOr, value: &str, own: Option<&str>) -> Result<(Vec<CodeKind>, Reason), Reason> {
        let code = v1::Code { kind: kind.0, value: value.to_owned(), agency: String::new() };
        let own = own.map(PartyName::new);
        let read = meanings(&code, own.as_ref(), &Directory::default(), Day(20_000));
        let read = read.map_err(|refusal| refusal.reason)?;
        Ok((read.codes.iter().map(Code::kind).collect(), read.otherwise.reason))
    }

    struct CodeKindOr(i32);
    const ANY: CodeKindOr = CodeKindOr(0);

    #[test]
    fn a_text_is_looked_for_in_every_way_it_may_be_meant() {
        let (item, slip, dossier) = (CodeKind::Item, CodeKind::Slip, CodeKind::Dossier);
        assert_eq!(read(ANY, "EE990002055VN", None), Ok((vec![item], Reason::NotFound)));
        assert_eq!(read(ANY, "000123", None), Ok((vec![slip], Reason::NotFound)));
        let own = Some("agencies/H99.01");
        assert_eq!(read(ANY, "C06/24/1", own), Ok((vec![slip, dossier], Reason::NotFound)));
        assert_eq!(read(CodeKindOr(3), "C06/24/1", own), Ok((vec![dossier], Reason::NotFound)));
        assert_eq!(read(CodeKindOr(3), "C06/24/1", None), Err(Reason::CodeFormat));
        // A typing error is told as one when nothing bears the text as it is.
        assert_eq!(read(ANY, "EB123456789VN", None), Ok((vec![item, slip], Reason::CheckDigit)));
        assert_eq!(read(CodeKindOr(1), "EB123456789VN", None), Ok((vec![item], Reason::CheckDigit)));
    }

    #[test]
    fn what_cannot_be_a_code_is_refused_by_its_field() {
        assert_eq!(read(ANY, "", None), Err(Reason::FieldRequired));
        assert_eq!(read(ANY, "a\u{0}b", None), Err(Reason::TextInvalid));
        assert_eq!(read(ANY, &"9".repeat(65), None), Err(Reason::CodeTooLong));
        assert_eq!(read(CodeKindOr(99), "1", None), Err(Reason::EnumUnknown));
        assert_eq!(named("legs/0-7").map(|key| matches!(key, Key::Leg(_))), Ok(true));
        assert_eq!(named("dossiers/0-7").map(|key| matches!(key, Key::Dossier(_))), Ok(true));
        assert_eq!(named("").unwrap_err().reason, Reason::FieldRequired);
        assert_eq!(named("manifests/0-7").unwrap_err().field, "name");
    }
}
