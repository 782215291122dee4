//! What kind of code a text is, by its form alone; the first form that fits decides.

use super::{
    Code, CodeKind, Reading, Unreadable, admissible, dossier_code, item, mask, procedure, receptacle,
};
use super::{scanned, telex};

/// The kinds of text that are told apart; CodeKind has those under which something is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassKind {
    /// An item number (UPU S10).
    Item,
    /// A bag label (UPU S9).
    Receptacle,
    /// A dossier code that names its agency and day (Decision 20/2020/QĐ-TTg).
    Dossier,
    /// The code of a procedure, under which nothing is recorded.
    Procedure,
}

impl ClassKind {
    /// The name that `trao classify` prints.
    pub const fn text(self) -> &'static str {
        match self {
            ClassKind::Item => "item",
            ClassKind::Receptacle => "receptacle",
            ClassKind::Dossier => "dossier",
            ClassKind::Procedure => "procedure",
        }
    }
}

/// What a text is, as `trao classify` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified {
    /// What it is; `None` for a text of no known form.
    pub kind: Option<ClassKind>,
    /// The code as understood; `None` for a text of no known form.
    pub code: Option<String>,
    /// Whether the code was spoilt by an input method and has been restored.
    pub repaired: bool,
    /// Why nothing may be recorded under it.
    pub reason: Option<&'static str>,
}

impl Classified {
    /// The name of the kind, `unknown` for a text of no known form.
    pub const fn kind_text(&self) -> &'static str {
        match self.kind {
            Some(kind) => kind.text(),
            None => "unknown",
        }
    }
}

/// Tells what a scanned or typed text is, without knowing any agency: an opaque dossier code is unknown here.
pub fn classify(text: &str) -> Classified {
    let text = scanned::payload(text);
    match admissible(&text).and_then(|()| by_form(&text, false)) {
        Ok(Reading { code, repaired }) => {
            Classified { kind: class_of(code.kind), code: Some(code.text.into()), repaired, reason: None }
        }
        Err(why) => {
            let kind = (why == Unreadable::Procedure).then_some(ClassKind::Procedure);
            Classified { kind, code: kind.map(|_| text), repaired: false, reason: Some(why.text()) }
        }
    }
}

/// Slips have no form, so no text is classified as one.
const fn class_of(kind: CodeKind) -> Option<ClassKind> {
    match kind {
        CodeKind::Item => Some(ClassKind::Item),
        CodeKind::Receptacle => Some(ClassKind::Receptacle),
        CodeKind::Dossier => Some(ClassKind::Dossier),
        CodeKind::Slip => None,
    }
}

/// Reads a clean text by its form. The longest and strictest form comes first; repair comes after everything that
/// reads as it stands; a length that is off by one is only said when nothing else is known.
pub(super) fn by_form(text: &str, unverified: bool) -> Result<Reading, Unreadable> {
    let as_it_stands = |kind| Ok(Reading { code: Code::plain(kind, text.to_owned()), repaired: false });
    if mask::fits(text, receptacle::MASK) {
        return as_it_stands(CodeKind::Receptacle);
    }
    if mask::fits(text, item::MASK) {
        return item::check(text, unverified).and_then(|()| as_it_stands(CodeKind::Item));
    }
    if dossier_code::parse(text)?.is_some() {
        return as_it_stands(CodeKind::Dossier);
    }
    if procedure::is_code(text) {
        return Err(Unreadable::Procedure);
    }
    if let Some(code) = telex::repair(text)? {
        return Ok(Reading { code, repaired: true });
    }
    let incomplete = [item::MASK, receptacle::MASK].iter().any(|mask| mask::fits_but_for_one(text, mask));
    Err(if incomplete { Unreadable::Length } else { Unreadable::NoFormat })
}
