//! Fixed shapes written as masks: `9` stands for a digit, `A` for a capital letter, `X` for either, anything else
//! for itself. A mask beside its source reads like the standard, where a hand-made loop would not.

use std::ops::RangeInclusive;

/// Whether the whole text has the shape of the mask.
pub(super) fn fits(text: &str, mask: &str) -> bool {
    text.len() == mask.len() && text.bytes().zip(mask.bytes()).all(|(byte, place)| stands_for(place, byte))
}

/// Whether the text begins with the shape of the mask.
pub(super) fn starts(text: &str, mask: &str) -> bool {
    text.get(..mask.len()).is_some_and(|head| fits(head, mask))
}

/// Whether the text would fit had the reader not lost one character of it, or read one too many.
pub(super) fn fits_but_for_one(text: &str, mask: &str) -> bool {
    (0..mask.len()).any(|at| {
        let (head, tail) = mask.split_at(at);
        let (place, rest) = tail.split_at(1);
        fits(text, &[head, rest].concat()) || fits(text, &[head, place, tail].concat())
    })
}

/// Whether the text is that many digits and nothing else.
pub(super) fn digits(text: &str, count: RangeInclusive<usize>) -> bool {
    count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn stands_for(place: u8, byte: u8) -> bool {
    match place {
        b'9' => byte.is_ascii_digit(),
        b'A' => byte.is_ascii_uppercase(),
        b'X' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        _ => byte == place,
    }
}
