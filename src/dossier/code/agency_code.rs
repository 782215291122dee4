//! The two ways of writing an agency: `000.00.06.H56` (QCVN 102:2016/BTTTT) and `H56.14` (Decision
//! 20/2020/QĐ-TTg). Two codes may mean one office; which do is the directory's matter.

use super::mask;

/// Whether the text is an old agency code (QCVN 102:2016/BTTTT): levels four to one from left to right. Segments may
/// hold letters: `000.A0.01.H26` is real.
pub fn is_old(text: &str) -> bool {
    mask::fits(text, "XXX.XX.XX.A99")
}

/// Whether the text is a new agency code (Decision 20/2020/QĐ-TTg): the province or ministry first, then up to three
/// levels of one to four digits.
pub fn is_new(text: &str) -> bool {
    let mut segments = text.split('.');
    let top = segments.next().is_some_and(|segment| mask::fits(segment, "A99"));
    top && segments.clone().count() <= 3 && segments.all(|segment| mask::digits(segment, 1..=4))
}

/// Whether the text is an agency code of either kind.
pub fn is_code(text: &str) -> bool {
    is_old(text) || is_new(text)
}

/// Whether the text begins as an agency code does. After the new code's `H56` only a separator counts, so that an
/// agency's own number such as `H5612345` is not mistaken for one.
pub(super) fn starts_like(text: &str) -> bool {
    let new = mask::starts(text, "A99") && matches!(text.as_bytes().get(3), None | Some(b'.' | b'-' | b'_'));
    new || mask::starts(text, "XXX.XX.XX.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_are_read() {
        for old in ["000.00.00.H30", "000.00.04.G14", "000.00.06.H56", "000.17.22.H56", "000.A0.01.H26"] {
            assert!(is_old(old) && !is_new(old) && is_code(old), "{old}");
        }
        for new in ["H56", "H56.14", "H55.242", "G09.20", "H56.1.22.3333"] {
            assert!(is_new(new) && !is_old(new) && is_code(new), "{new}");
        }
        for neither in
            ["", "H5", "H56.", "H56.12345", "H56.1.2.3.4", "H56.A", "h56.14", "00.00.06.H56", "000.00.06.H5"]
        {
            assert!(!is_code(neither), "{neither}");
        }
    }

    #[test]
    fn only_a_separator_after_the_top_level_makes_a_text_look_like_an_agency() {
        for like in ["H56", "H56.", "H56-14", "H56_14", "000.00.06.56", "000.00.06.H56_231027"] {
            assert!(starts_like(like), "{like}");
        }
        for unlike in ["", "H5", "H5612345", "C06/2024/01", "03706/2026/07906", "1.004194"] {
            assert!(!starts_like(unlike), "{unlike}");
        }
    }
}
