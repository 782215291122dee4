//! Owns: what a scanned or typed text says: which code it is, of which kind, spelt in the one way in which it is
//! kept and compared.
//! Never: knows which codes exist, whose they are or whether they are still in use; changes a digit; takes a guess
//! for a reading without saying so.

pub mod agency_code;
mod classify;
mod dossier_code;
mod item;
mod mask;
pub mod procedure;
mod receptacle;
mod scanned;
mod telex;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::names::PartyName;
use super::numbered::numbered;
use crate::limits;

pub use classify::{ClassKind, Classified, classify};
pub use dossier_code::DossierParts;
pub use receptacle::Receptacle;

numbered! {
    /// The kinds of code under which something is recorded.
    CodeKind {
        /// Số hiệu bưu gửi: an item, UPU S10.
        Item = 1 "ITEM",
        /// Túi gói: a bag, UPU S9 with Vietnamese office numbers.
        Receptacle = 2 "RECEPTACLE",
        /// Mã hồ sơ: a dossier, Decision 20/2020/QĐ-TTg, QCVN 102:2016/BTTTT, or the agency's own.
        Dossier = 3 "DOSSIER",
        /// Phiếu hồ sơ: the number of the paper written at pick-up. It has no form, so it is never recognised, only
        /// named.
        Slip = 4 "SLIP",
    }
}

/// A code as understood: two scans of one label are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Code {
    kind: CodeKind,
    text: SmolStr,
    agency: Option<PartyName>,
}

/// A code and how it was come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The code.
    pub code: Code,
    /// Whether an input method had spoilt the scan and it was restored. Cleaning alone is no repair.
    pub repaired: bool,
}

/// Why a text is no code of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// An item number (UPU S10) with a wrong check digit.
    CheckDigit {
        /// The digit that follows from the other eight.
        expected: u8,
        /// The digit that was read.
        found: u8,
    },
    /// An item number or bag label with one character too few or too many.
    Length,
    /// A dossier code of a day that the calendar does not have.
    DateImpossible,
    /// Spoilt by an input method, and more than one code would have come out like this.
    AmbiguousRepair,
    /// No form that is known.
    NoFormat,
    /// The code of a procedure, not of a dossier.
    Procedure,
    /// Longer than any code may be.
    TooLong,
    /// Begins like the code of an agency and goes wrong after it.
    AgencyLike,
    /// Holds control characters.
    TextInvalid,
}

impl Unreadable {
    /// The reason that `trao classify` prints. It has fewer than there are variants: to a person, a text that is too
    /// long, goes wrong or holds control characters is simply no code.
    pub const fn text(self) -> &'static str {
        match self {
            Unreadable::CheckDigit { .. } => "CHECK_DIGIT",
            Unreadable::Length => "LENGTH",
            Unreadable::DateImpossible => "DATE_IMPOSSIBLE",
            Unreadable::AmbiguousRepair => "AMBIGUOUS_REPAIR",
            Unreadable::Procedure => "PROCEDURE_NOT_DOSSIER",
            Unreadable::NoFormat | Unreadable::TooLong | Unreadable::AgencyLike | Unreadable::TextInvalid => {
                "NO_FORMAT"
            }
        }
    }
}

impl Code {
    /// Reads a scanned or typed text.
    ///
    /// Without a `kind` its form decides. With an `agency` a dossier code may also be that agency's own (opaque).
    /// `unverified` takes an item number with a wrong check digit: it was typed twice on the device.
    pub fn read(
        kind: Option<CodeKind>,
        value: &str,
        agency: Option<&PartyName>,
        unverified: bool,
    ) -> Result<Reading, Unreadable> {
        let text = scanned::payload(value);
        admissible(&text)?;
        match kind {
            None => unnamed(text, agency, unverified),
            Some(CodeKind::Item | CodeKind::Receptacle) => {
                let reading = classify::by_form(&text, unverified).map_err(as_no_label)?;
                if Some(reading.code.kind) == kind { Ok(reading) } else { Err(Unreadable::NoFormat) }
            }
            Some(CodeKind::Dossier) => dossier(text, agency).map(as_it_stands),
            Some(CodeKind::Slip) => Ok(as_it_stands(Code::plain(CodeKind::Slip, text))),
        }
    }

    /// What kind of code it is.
    pub const fn kind(&self) -> CodeKind {
        self.kind
    }

    /// The code in the one spelling in which it is kept and compared.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// For an opaque dossier code the agency it belongs to: two agencies may give the same one.
    pub const fn agency(&self) -> Option<&PartyName> {
        self.agency.as_ref()
    }

    /// The parts of a dossier code that names its agency and day; `None` for every other code.
    pub fn dossier_parts(&self) -> Option<DossierParts> {
        if self.kind != CodeKind::Dossier {
            return None;
        }
        dossier_code::parse(&self.text).ok().flatten()
    }

    /// What a bag's label says; `None` for every other code.
    pub fn receptacle(&self) -> Option<Receptacle> {
        if self.kind != CodeKind::Receptacle {
            return None;
        }
        receptacle::parse(&self.text)
    }

    /// A code as it was understood once and stands in a record; it is not read again, whatever the rules say now.
    pub const fn stored(kind: CodeKind, text: SmolStr, agency: Option<PartyName>) -> Code {
        Code { kind, text, agency }
    }

    /// A code that is the same whoever reads it.
    fn plain(kind: CodeKind, text: impl Into<SmolStr>) -> Code {
        Code { kind, text: text.into(), agency: None }
    }
}

const fn as_it_stands(code: Code) -> Reading {
    Reading { code, repaired: false }
}

/// Reads a text whose kind the device did not say. An agency makes it a dossier's only when it has no other form and
/// no accented letter: with one it is more likely a scan that an input method has spoilt beyond repair.
fn unnamed(text: String, agency: Option<&PartyName>, unverified: bool) -> Result<Reading, Unreadable> {
    match classify::by_form(&text, unverified) {
        Err(Unreadable::NoFormat) if agency.is_some() && text.is_ascii() => {
            dossier(text, agency).map(as_it_stands)
        }
        reading => reading,
    }
}

fn dossier(text: String, agency: Option<&PartyName>) -> Result<Code, Unreadable> {
    if dossier_code::parse(&text)?.is_some() {
        return Ok(Code::plain(CodeKind::Dossier, text));
    }
    if procedure::is_code(&text) {
        return Err(Unreadable::Procedure);
    }
    let agency = agency.ok_or(Unreadable::NoFormat)?.clone();
    Ok(Code { kind: CodeKind::Dossier, text: text.into(), agency: Some(agency) })
}

/// What is wrong with a text that should have been an item or a bag: a dossier's troubles do not concern it.
const fn as_no_label(why: Unreadable) -> Unreadable {
    match why {
        Unreadable::DateImpossible | Unreadable::AgencyLike | Unreadable::Procedure => Unreadable::NoFormat,
        _ => why,
    }
}

/// What any clean text must be before its form is looked at.
fn admissible(text: &str) -> Result<(), Unreadable> {
    if text.is_empty() {
        return Err(Unreadable::NoFormat);
    }
    if text.chars().count() > limits::CODE_CHARS {
        return Err(Unreadable::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(Unreadable::TextInvalid);
    }
    Ok(())
}
