//! From what a scanner, a camera or a keyboard sends to the code in it. Nothing is guessed here: the same label read
//! by two devices comes out as the same text, and that alone is no repair.

use unicode_normalization::UnicodeNormalization;

/// The code in a scanned text: the line `Mã hồ sơ: …` of a slip's QR, the dossier in a link to a look-up page, or
/// else the text itself; cleaned. A link in such a line, or in a link, is followed: each step makes the text shorter.
pub(super) fn payload(scanned: &str) -> String {
    // Nearly every scan is a bare code: without a colon it is no line and no link.
    if is_bare(scanned) {
        return scanned.to_ascii_uppercase();
    }
    let mut text = clean(labelled(scanned).unwrap_or(scanned));
    while let Some(inner) = labelled(&text).map(str::to_owned).or_else(|| linked(&text)) {
        text = clean(&inner);
    }
    text
}

/// Whether a text holds nothing but what cleaning leaves in place, but for its case.
fn is_bare(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/' | b'_'))
}

/// Upper-case NFC without spaces, invisible marks and AIM prefix, hyphens as `-`. Cleaning twice changes nothing.
pub(super) fn clean(text: &str) -> String {
    let kept: String = text.chars().filter(|mark| !is_dropped(*mark)).map(plain_hyphen).collect();
    // Upper case can take a letter and its mark apart, so it is put together once more.
    let upper: String = kept.nfc().collect::<String>().to_uppercase().nfc().collect();
    without_aim_prefix(&upper).to_owned()
}

/// Spaces of every kind (NBSP, line ends), marks without width, what scanners put between and after codes (FNC1, EOT).
fn is_dropped(mark: char) -> bool {
    mark.is_whitespace()
        || matches!(mark, '\u{1D}' | '\u{04}' | '\u{AD}' | '\u{FEFF}')
        || matches!(mark, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}')
}

/// Word processors turn the hyphens of a dossier code into longer ones.
fn plain_hyphen(mark: char) -> char {
    match mark {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}' => '-',
        _ => mark,
    }
}

/// A scanner may be set to say first what kind of barcode it read (AIM, ISO/IEC 15424): `]C1`, `]A0`, `]Q3`, `]d2`.
/// No code begins with a bracket, so all of them go.
fn without_aim_prefix(mut text: &str) -> &str {
    while let Some((prefix, rest)) = text.split_at_checked(3) {
        match prefix.as_bytes() {
            [b']', symbology, modifier]
                if symbology.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
            {
                text = rest;
            }
            _ => break,
        }
    }
    text
}

/// The rest of the line that a handover slip's QR begins with `Mã hồ sơ:`.
fn labelled(text: &str) -> Option<&str> {
    text.split(['\n', '\r'])
        .filter_map(|line| line.split_once(':'))
        .find(|(label, _)| clean(label) == "MÃHỒSƠ")
        .map(|(_, value)| value)
}

/// The dossier a cleaned link leads to: its parameter `mahs` or `maHoSo`, or else the last part of its path.
fn linked(text: &str) -> Option<String> {
    let rest = text.strip_prefix("HTTPS://").or_else(|| text.strip_prefix("HTTP://"))?;
    let mut pieces = rest.split(['?', '&', '#']);
    let path = pieces.next().and_then(|place| place.split_once('/')).map_or("", |(_, path)| path);
    let named = pieces
        .filter_map(|piece| piece.split_once('='))
        .find(|(name, _)| *name == "MAHS" || *name == "MAHOSO")
        .map(|(_, value)| value);
    let last = path.rsplit('/').next().unwrap_or_default();
    Some(percent_decoded(named.unwrap_or(last)))
}

/// The text with `%2F` and the like undone; as it is if that makes no text.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.split_first_chunk::<2>().filter(|_| *first == b'%');
        match escape.and_then(|(hex, after)| Some((byte_of(*hex)?, after))) {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn byte_of(hex: [u8; 2]) -> Option<u8> {
    let [high, low] = hex.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_scanners_add_is_dropped() {
        for (scanned, code) in [
            ("]C1EB125966888VN\r\n", "EB125966888VN"),
            ("]C0EB125966888VN", "EB125966888VN"),
            ("]C1]C1EB125966888VN", "EB125966888VN"),
            ("]A0eb125966888vn", "EB125966888VN"),
            ("]Q3H56.14-240823-0001", "H56.14-240823-0001"),
            ("]d2H56.14-240823-0001\t", "H56.14-240823-0001"),
            ("\u{1D}]C1\u{1D}EB125966888VN\u{04}", "EB125966888VN"),
            (" R B 1 2 3 4 5 6 7 8 5 C F ", "RB123456785CF"),
            ("EB\u{A0}125\u{202F}966\u{2009}888\u{200B}VN\u{FEFF}", "EB125966888VN"),
            ("H56.14\u{2010}240823\u{2013}0001", "H56.14-240823-0001"),
            ("H56.14\u{2011}240823\u{2014}0001", "H56.14-240823-0001"),
            ("H56.14\u{2012}240823\u{2015}0001", "H56.14-240823-0001"),
            ("e\u{302}223892045vn", "Ê223892045VN"),
            ("E\u{200B}\u{302}223892045VN", "Ê223892045VN"),
        ] {
            assert_eq!(payload(scanned), code, "{scanned:?}");
        }
    }

    #[test]
    fn a_bare_code_is_cleaned_as_any_text_is() {
        for mark in (' '..='~').map(String::from) {
            for text in [mark.clone(), format!("{mark}b1"), format!("b1{mark}"), format!("b{mark}1")] {
                assert!(!is_bare(&text) || payload(&text) == clean(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn links_and_slips_lead_to_their_dossier() {
        for (scanned, code) in [
            (
                "https://hcc.thanhhoa.gov.vn/portaldvc/KenhTin/tra-cuu.aspx?mahs=000.00.06.H56-231027-0361",
                "000.00.06.H56-231027-0361",
            ),
            ("]Q3HTTPS://X.VN/A?b=1&maHoSo=03706%2F2026%2f07906#top", "03706/2026/07906"),
            ("https://x.vn/#/tra-cuu?mahs=H56.14-240823-0001", "H56.14-240823-0001"),
            ("http://x.vn/hs/H56.14-240823-0001?lang=vi", "H56.14-240823-0001"),
            ("https://x.vn", ""),
            ("https://x.vn/", ""),
            ("https://x.vn/?mahs=%", "%"),
            ("https://x.vn/?mahs=%E1", "%E1"),
            (
                "PHIẾU BÀN GIAO\r\nNgười nộp: N. T. Ước\r\nMã hồ sơ: 000.00.06.H56-231027-0361\r\nNgày: 27/10/2023",
                "000.00.06.H56-231027-0361",
            ),
            ("Ma\u{303} ho\u{302}\u{300} so\u{31B} : H56.14-240823-0001", "H56.14-240823-0001"),
            ("]Q3Mã hồ sơ: https://x.vn/?mahs=H56.14-240823-0001", "H56.14-240823-0001"),
            ("Mã hồ sơ:", ""),
        ] {
            assert_eq!(payload(scanned), code, "{scanned:?}");
        }
    }

    #[test]
    fn cleaning_any_one_character_twice_changes_nothing() {
        for mark in '\0'..=char::MAX {
            let once = clean(mark.encode_utf8(&mut [0; 4]));
            assert_eq!(clean(&once), once, "{mark:?}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in scan()) {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn the_payload_of_a_payload_is_itself(text in scan()) {
            let once = payload(&text);
            prop_assert_eq!(payload(&once), once);
        }
    }

    /// Any characters at all, among pieces that mean something here.
    fn scan() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            "[ -~]{0,6}",
            "[\u{300}-\u{345}]",
            prop::sample::select(vec![
                "]C1",
                "]d2",
                "\u{1D}",
                "https://",
                "?mahs=",
                "/",
                "%2F",
                "%5D",
                "%0A",
                "Mã hồ sơ:",
                "\n",
                "Ê",
                "e",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }
}
