//! Undoing what the Telex input method does to a scan: left on at a counter, it takes the keys a scanner types for
//! Vietnamese, and `EE223892045VN` arrives as `Ê223892045VN`.
//!
//! Telex turns letters into one accented letter and loses no digit. VNI, the other method, eats digits; nothing here
//! puts digits back, so what VNI has spoilt stays unreadable. A dossier code is not tried either: it has nothing to
//! check a guess against.

use std::collections::BTreeSet;
use std::iter;

use unicode_normalization::UnicodeNormalization;

use super::{Code, CodeKind, Unreadable, item, receptacle};

/// The one code that Telex turns into this text: an item whose check digit holds, or a bag of a known sub-class.
/// `None` if there is no such code, refused if there are several. A bag whose true sub-class is not on the list can
/// be taken for one that is, where both turn into the same text; hence the flag on everything repaired.
pub(super) fn repair(text: &str) -> Result<Option<Code>, Unreadable> {
    only_one(spellings(text).into_iter().filter_map(accepted).collect())
}

fn accepted(text: String) -> Option<Code> {
    if item::check(&text, false).is_ok() {
        return Some(Code::plain(CodeKind::Item, text));
    }
    receptacle::is_known(&text).then(|| Code::plain(CodeKind::Receptacle, text))
}

fn only_one(mut candidates: BTreeSet<Code>) -> Result<Option<Code>, Unreadable> {
    let first = candidates.pop_first();
    if candidates.is_empty() { Ok(first) } else { Err(Unreadable::AmbiguousRepair) }
}

/// Every text that Telex may have turned into this one. The method lets a mark be typed anywhere after its letter in
/// the same word, and a digit ends the word. Only for a single accented letter: with two, too much is guessed.
fn spellings(text: &str) -> Vec<String> {
    let odd = text.chars().find(|letter| !letter.is_ascii());
    let Some((odd, (before, after))) = odd.and_then(|odd| Some((odd, text.split_once(odd)?))) else {
        return Vec::new();
    };
    if !after.is_ascii() {
        return Vec::new();
    }
    let word_ends = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
    let (word, rest) = after.split_at(word_ends);
    let mut spellings = Vec::new();
    for (letter, keys) in strokes(odd) {
        let mut words = vec![word.to_owned()];
        for key in keys {
            words = words.iter().flat_map(|word| with_key(word, key)).collect();
        }
        spellings.extend(words.iter().map(|word| format!("{before}{letter}{word}{rest}")));
    }
    spellings
}

/// The word with the key at each place in turn.
fn with_key(word: &str, key: char) -> Vec<String> {
    let place = |at| {
        let (left, right) = word.split_at(at);
        format!("{left}{key}{right}")
    };
    (0..=word.len()).map(place).collect()
}

/// The keys that make an accented letter: the letter itself and, in any order, its marks'. `W` alone makes a `Ư` too.
fn strokes(accented: char) -> Vec<(char, Vec<char>)> {
    let Some((letter, keys)) = letter_and_keys(accented) else {
        return Vec::new();
    };
    let horn = keys.iter().position(|key| (letter, *key) == ('U', 'W'));
    let lone_w = horn.map(|at| {
        let mut others = keys.clone();
        others.remove(at);
        ('W', others)
    });
    iter::once((letter, keys)).chain(lone_w).collect()
}

fn letter_and_keys(accented: char) -> Option<(char, Vec<char>)> {
    // Đ has no decomposition, and the Icelandic Ð looks the same and is often sent for it.
    if matches!(accented, 'Đ' | 'Ð') {
        return Some(('D', vec!['D']));
    }
    let mut parts = iter::once(accented).nfd();
    let letter = parts.next().filter(char::is_ascii)?;
    let keys = parts.map(|mark| key_of(letter, mark)).collect::<Option<Vec<char>>>()?;
    Some((letter, keys))
}

/// The Telex key of a mark on a letter; no key where Vietnamese has no such letter.
fn key_of(letter: char, mark: char) -> Option<char> {
    match (letter, mark) {
        ('A' | 'E' | 'O', '\u{302}') => Some(letter),
        ('A', '\u{306}') | ('O' | 'U', '\u{31B}') => Some('W'),
        ('A' | 'E' | 'I' | 'O' | 'U' | 'Y', '\u{301}') => Some('S'),
        ('A' | 'E' | 'I' | 'O' | 'U' | 'Y', '\u{300}') => Some('F'),
        ('A' | 'E' | 'I' | 'O' | 'U' | 'Y', '\u{309}') => Some('R'),
        ('A' | 'E' | 'I' | 'O' | 'U' | 'Y', '\u{303}') => Some('X'),
        ('A' | 'E' | 'I' | 'O' | 'U' | 'Y', '\u{323}') => Some('J'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_has_its_keys() {
        for (letter, typed) in [
            ("Ê", vec!["EE"]),
            ("Đ", vec!["DD"]),
            ("Ð", vec!["DD"]),
            ("Ô", vec!["OO"]),
            ("Â", vec!["AA"]),
            ("Ă", vec!["AW"]),
            ("Ơ", vec!["OW"]),
            ("Ư", vec!["UW", "W"]),
            ("É", vec!["ES"]),
            ("È", vec!["EF"]),
            ("Ẻ", vec!["ER"]),
            ("Ẽ", vec!["EX"]),
            ("Ẹ", vec!["EJ"]),
            ("Á", vec!["AS"]),
            ("Ỏ", vec!["OR"]),
            ("Ũ", vec!["UX"]),
            ("Ị", vec!["IJ"]),
            ("Ỳ", vec!["YF"]),
            ("Ế", vec!["ESE", "EES"]),
            ("Ứ", vec!["USW", "UWS", "WS"]),
            ("Ñ", vec![]),
            ("Ü", vec![]),
            ("Ŵ", vec![]),
            ("中", vec![]),
            ("E", vec![]),
            ("ÊÊ", vec![]),
            ("ÊÁ", vec![]),
        ] {
            let spelt: BTreeSet<String> = spellings(letter).into_iter().collect();
            assert_eq!(spelt, typed.into_iter().map(str::to_owned).collect(), "{letter}");
        }
    }

    #[test]
    fn a_key_may_have_stood_at_any_later_place_of_its_word_and_not_beyond() {
        assert_eq!(spellings("1ÂKC2B"), ["1AAKC2B", "1AKAC2B", "1AKCA2B"]);
    }

    #[test]
    fn two_candidates_are_no_repair() {
        let code = |text: &str| Code::plain(CodeKind::Item, text.to_owned());
        let (one, other) = (code("EE223892045VN"), code("EF223892045VN"));
        assert_eq!(only_one(BTreeSet::new()), Ok(None));
        assert_eq!(only_one(BTreeSet::from([one.clone()])), Ok(Some(one.clone())));
        assert_eq!(only_one(BTreeSet::from([one, other])), Err(Unreadable::AmbiguousRepair));
    }
}
