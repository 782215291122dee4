//! Numbers as people write them: 70.566 and 27,6 % in Vietnamese, 70,566 and 27.6% in English.

use crate::doors::refusal::Language;

/// A whole number with its thousands apart.
pub fn count(number: i64, language: Language) -> String {
    let apart = match language {
        Language::Vietnamese => '.',
        Language::English => ',',
    };
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(apart);
        }
        text.push(digit);
    }
    text
}

/// A part of a whole in hundredths, to a tenth of one; a dash of nothing.
pub fn share(part: i64, whole: i64, language: Language) -> String {
    match (plain_share(part, whole, language), language) {
        (None, _) => "–".to_owned(),
        (Some(text), Language::Vietnamese) => format!("{text} %"),
        (Some(text), Language::English) => format!("{text}%"),
    }
}

/// The same without its sign, for a spreadsheet.
pub fn plain_share(part: i64, whole: i64, language: Language) -> Option<String> {
    (whole > 0).then(|| decimal(i128::from(part) * 1_000, i128::from(whole), 1, language))
}

/// How many of the one to one of the other, to a hundredth; none of nothing.
pub fn ratio(part: i64, whole: i64, language: Language) -> Option<String> {
    (whole > 0).then(|| decimal(i128::from(part) * 100, i128::from(whole), 2, language))
}

/// A fraction of which so many digits are decimals, rounded half up.
fn decimal(numerator: i128, denominator: i128, digits: u32, language: Language) -> String {
    let scaled = (2 * numerator + denominator).div_euclid(2 * denominator);
    let one = 10_i128.pow(digits);
    let point = match language {
        Language::Vietnamese => ',',
        Language::English => '.',
    };
    format!("{}{point}{:0width$}", scaled / one, scaled % one, width = digits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Vietnamese};

    #[test]
    fn numbers_are_written_as_their_readers_write_them() {
        assert_eq!(count(70_566, Vietnamese), "70.566");
        assert_eq!(count(1_204_752, English), "1,204,752");
        assert_eq!((count(0, English), count(999, English)), ("0".to_owned(), "999".to_owned()));
        assert_eq!(share(21_502, 78_025, Vietnamese), "27,6 %");
        assert_eq!(share(1_742, 2_003, English), "87.0%");
        assert_eq!((share(1, 8, English), share(0, 0, English)), ("12.5%".to_owned(), "–".to_owned()));
        assert_eq!(ratio(204_752, 70_566, Vietnamese).as_deref(), Some("2,90"));
        assert_eq!(ratio(1, 0, English), None);
    }
}
