//! The item number of UPU S10: two letters of service, eight digits, a check digit, two letters of country.

use super::{Unreadable, mask};

/// The shape. The letters of service are any two: carriers use more than UPU has assigned.
pub(super) const MASK: &str = "AA999999999AA";

/// UPU S10: what each digit of the serial number counts.
const WEIGHTS: [u32; 8] = [8, 6, 4, 2, 3, 5, 9, 7];

/// Reads the text as an item number. `unverified` takes a wrong check digit: it was typed twice, off a label that
/// is printed so.
pub(super) fn check(text: &str, unverified: bool) -> Result<(), Unreadable> {
    if !mask::fits(text, MASK) {
        return Err(Unreadable::NoFormat);
    }
    let mut digits = text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0');
    let expected = check_digit(digits.by_ref().take(WEIGHTS.len()));
    match digits.next() {
        Some(found) if found != expected && !unverified => Err(Unreadable::CheckDigit { expected, found }),
        _ => Ok(()),
    }
}

/// UPU S10: 11 less the weighted sum modulo 11, where 10 is written 0 and 11 is written 5. So a remainder of 0 and
/// one of 6 share the digit 5, and an error that turns one into the other is not seen.
fn check_digit(serial: impl Iterator<Item = u8>) -> u8 {
    let sum: u32 = serial.zip(WEIGHTS).map(|(digit, weight)| u32::from(digit) * weight).sum();
    match sum % 11 {
        0 => 5,
        1 => 0,
        remainder => (11 - remainder) as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remainder(serial: &[u8]) -> u32 {
        serial.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(*digit) * weight).sum::<u32>() % 11
    }

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|byte| byte - b'0').collect()
    }

    #[test]
    fn serial_numbers_have_the_published_check_digits() {
        for (serial, expected) in [
            ("00071758", 1),
            ("96633102", 0),
            ("76129403", 8),
            ("12345678", 5),
            ("47312482", 9),
            ("12596688", 8),
            ("12555688", 8),
            ("42368640", 7),
            ("52160278", 1),
            ("68000511", 6),
            ("09611711", 9),
            ("43848938", 5),
            ("21100865", 0),
            ("78469999", 4),
        ] {
            assert_eq!(check_digit(digits(serial).into_iter()), expected, "{serial}");
        }
    }

    #[test]
    fn every_remainder_has_its_digit_and_only_0_and_6_share_one() {
        // Two digits suffice to reach every remainder.
        let mut digit_of = [None; 11];
        for first in 0..10 {
            for last in 0..10 {
                let serial = [first, 0, 0, 0, 0, 0, 0, last];
                let digit = check_digit(serial.into_iter());
                let known = digit_of[remainder(&serial) as usize].get_or_insert(digit);
                assert_eq!(*known, digit);
            }
        }
        assert_eq!(digit_of.map(Option::unwrap), [5, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    }

    /// About one wrong digit of the serial in 55 is not seen: the remainder must be 0 or 6 (2 in 11) and the error
    /// must lead to the other (1 in 10).
    #[test]
    fn a_wrong_digit_passes_exactly_when_it_turns_remainder_0_into_6_or_back() {
        let (mut errors, mut passed) = (0u32, 0u32);
        for sample in 0..5_000u64 {
            let right = digits(&format!("{:08}", sample * 99_991 % 100_000_000));
            for at in 0..right.len() {
                for digit in (0..10).filter(|digit| *digit != right[at]) {
                    let mut wrong = right.clone();
                    wrong[at] = digit;
                    let passes = check_digit(wrong.iter().copied()) == check_digit(right.iter().copied());
                    let pair = [remainder(&right), remainder(&wrong)];
                    assert_eq!(passes, pair == [0, 6] || pair == [6, 0], "{right:?} {wrong:?}");
                    errors += 1;
                    passed += u32::from(passes);
                }
            }
        }
        let share = f64::from(passed) / f64::from(errors);
        assert!((0.016..0.020).contains(&share), "{share}");
    }

    #[test]
    fn a_wrong_check_digit_is_always_seen_and_taken_only_as_unverified() {
        for digit in "012346789".chars() {
            let text = format!("RB12345678{digit}GB");
            let found = digit as u8 - b'0';
            assert_eq!(check(&text, false), Err(Unreadable::CheckDigit { expected: 5, found }));
            assert_eq!(check(&text, true), Ok(()));
        }
    }
}
