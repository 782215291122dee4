//! Codes that were really printed, scanned and spoilt, and what must hold of all others.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

const ITEM: Option<CodeKind> = Some(CodeKind::Item);
const BAG: Option<CodeKind> = Some(CodeKind::Receptacle);
const DOSSIER: Option<CodeKind> = Some(CodeKind::Dossier);
const SLIP: Option<CodeKind> = Some(CodeKind::Slip);

fn thanh_hoa() -> PartyName {
    PartyName::new("agencies/H56.14")
}

/// Kind, code, repaired and reason in one line, as `trao classify` prints them.
fn told(text: &str) -> (&'static str, Option<String>, bool, Option<&'static str>) {
    let told = classify(text);
    (told.kind_text(), told.code, told.repaired, told.reason)
}

fn read(kind: Option<CodeKind>, text: &str) -> Result<(CodeKind, String), Unreadable> {
    Code::read(kind, text, None, false).map(|reading| (reading.code.kind, reading.code.text.into()))
}

/// Item numbers of twelve transport lists of July 2022 and of public pages.
const ITEMS: &[&str] = &[
    // Check digit 5, once for remainder 0 and once for 6.
    "CA438489385VN",
    "CB173599835VN",
    "CB211790225VN",
    "PD109303505VN",
    // Check digit 0.
    "CB211008650VN",
    "CB212497910VN",
    "PD109303580VN",
    // All that Telex spoils.
    "EE223892045VN",
    "EE641447911VN",
    "EE659306724VN",
    "EF271768057VN",
    "EF566157838VN",
    "EF722040080VN",
    "EJ230651495VN",
    "CW374933507VN",
    // Public samples.
    "RB123456785GB",
    "RB123456785US",
    "RB123456785CV",
    "RR473124829FR",
    "EB125966888VN",
    "EI125556888VN",
    "EJ423686407VN",
    "EC521602781VN",
    "EG680005116VN",
    "EL096117119VN",
    "AW784699994IN",
    "EB000717618HK",
    "EE471108151FR",
];

/// Bag labels of the same lists, of every sub-class.
const BAGS: &[&str] = &[
    "590100593760ACB11627002010160",
    "206959593230ACB20027001010172",
    "445537593230ACB20004001010040",
    "550910593230ACA25806001110038",
    "550910593230AEA25807001110024",
    "593230920100AER20122001010030",
    "594080593740AEL20058001010001",
    "590100593280AUM20454001010095",
    "593740590900AKA20069001010005",
    "593850590900AKA20048001010010",
    "593730590100AUA20220001010007",
    "593880590100AUA20101001010003",
    "111300593230APK20002002010570",
    "550910593740ACA26365001110002",
];

const DOSSIERS: &[&str] = &[
    "000.00.06.H56-231027-0361",
    "000.17.22.H56-210531-0001",
    "H56.14-240823-0001",
    "000.00.01.H26-260930-0012",
    "000.A0.01.H26-210212-9090",
];

#[test]
fn real_codes_are_known_by_their_form() {
    for (kind, codes) in [("item", ITEMS), ("receptacle", BAGS), ("dossier", DOSSIERS)] {
        for code in codes {
            assert_eq!(told(code), (kind, Some((*code).to_owned()), false, None), "{code}");
        }
    }
}

#[test]
fn what_is_no_code_is_unknown_and_says_why() {
    for (text, reason) in [
        ("RB123456786US", "CHECK_DIGIT"),
        ("EB123456789VN", "CHECK_DIGIT"),
        ("EB000717594HK", "CHECK_DIGIT"),
        ("EB12596688VN", "LENGTH"),
        ("B125966888VN", "LENGTH"),
        ("EB125966888V", "LENGTH"),
        ("EB1259668888VN", "LENGTH"),
        ("EEB125966888VN", "LENGTH"),
        ("EB125966888VNN", "LENGTH"),
        ("93740590900AKA20069001010005", "LENGTH"),
        ("593740590900AKA200690010100055", "LENGTH"),
        ("000.00.06.H56-231327-0361", "DATE_IMPOSSIBLE"),
        ("H56.14-240230-0001", "DATE_IMPOSSIBLE"),
        ("H56-14-240823-0001", "NO_FORMAT"),
        ("000.00.06.H56_231027_0361", "NO_FORMAT"),
        ("H56.14", "NO_FORMAT"),
        ("TS_lop1.000.00.00.H22", "NO_FORMAT"),
        ("03706/2026/07906", "NO_FORMAT"),
        // The one line of the lists that the scanner mangled.
        ("872402642", "NO_FORMAT"),
        ("EB12596688XVN", "NO_FORMAT"),
        ("EB125\0966888VN", "NO_FORMAT"),
        ("", "NO_FORMAT"),
        ("https://example.vn/", "NO_FORMAT"),
        // An identity card's QR.
        ("001099012345|123456789|Nguyễn Văn An|01011999|Nam|Số 1 phố Huế, Hà Nội|01012021", "NO_FORMAT"),
    ] {
        assert_eq!(told(text), ("unknown", None, false, Some(reason)), "{text}");
    }
}

#[test]
fn a_procedure_is_named_and_refused() {
    for (text, code) in [
        ("1.004194", "1.004194"),
        (" 1.011442.000.00.00.h38\r\n", "1.011442.000.00.00.H38"),
        ("2.000815.000.00.00.H55.02", "2.000815.000.00.00.H55.02"),
    ] {
        assert_eq!(told(text), ("procedure", Some(code.to_owned()), false, Some("PROCEDURE_NOT_DOSSIER")));
        assert_eq!(read(DOSSIER, text), Err(Unreadable::Procedure));
        assert_eq!(Code::read(DOSSIER, text, Some(&thanh_hoa()), false), Err(Unreadable::Procedure));
    }
}

#[test]
fn cleaning_is_no_repair() {
    for (text, kind, code) in [
        (" R B 1 2 3 4 5 6 7 8 5 C F ", "item", "RB123456785CF"),
        ("]C1eb125966888vn\r\n", "item", "EB125966888VN"),
        ("593740 590900 AKA 2 0069 001 0 1 0005", "receptacle", "593740590900AKA20069001010005"),
        ("h56.14\u{2013}240823\u{2013}0001", "dossier", "H56.14-240823-0001"),
        (
            "https://hcc.thanhhoa.gov.vn/portaldvc/KenhTin/tra-cuu.aspx?mahs=000.00.06.H56-231027-0361",
            "dossier",
            "000.00.06.H56-231027-0361",
        ),
        ("PHIẾU\nMã hồ sơ: H56.14-240823-0001\nNgày: 23/08/2024", "dossier", "H56.14-240823-0001"),
    ] {
        assert_eq!(told(text), (kind, Some(code.to_owned()), false, None), "{text}");
    }
}

#[test]
fn what_telex_spoilt_is_restored() {
    for (text, kind, code) in [
        ("Ê990002055VN", "item", "EE990002055VN"),
        ("Ê223892045VN", "item", "EE223892045VN"),
        ("ê223892045vn", "item", "EE223892045VN"),
        ("E\u{302}223892045VN", "item", "EE223892045VN"),
        ("È271768057VN", "item", "EF271768057VN"),
        ("Ẹ230651495VN", "item", "EJ230651495VN"),
        ("CƯ374933507VN", "item", "CW374933507VN"),
        ("RB123456785Ú", "item", "RB123456785US"),
        ("593740590900ÂK20069001010005", "receptacle", "593740590900AKA20069001010005"),
        ("593730590100ÂU20220001010007", "receptacle", "593730590100AUA20220001010007"),
        ("550910593230ÂC25806001110038", "receptacle", "550910593230ACA25806001110038"),
        ("550910593230ÂE25807001110024", "receptacle", "550910593230AEA25807001110024"),
        ("593230920100AẺ20122001010030", "receptacle", "593230920100AER20122001010030"),
    ] {
        assert_eq!(told(text), (kind, Some(code.to_owned()), true, None), "{text}");
    }
}

#[test]
fn what_cannot_be_restored_for_certain_is_unknown() {
    for text in [
        // The check digit does not hold.
        "Ê223892046VN",
        // Two letters are spoilt.
        "Ê223892045Ú",
        // No key of Telex.
        "Ñ223892045VN",
        // VNI has eaten a digit.
        "EÁ25966888VN",
        "CÂ59860655VN",
        // No bag of such a sub-class is known.
        "593740590900ÂX20069001010005",
        // A dossier code has nothing to check a guess against.
        "000.Â.01.H26-210212-9090",
        "Ê",
    ] {
        assert_eq!(told(text), ("unknown", None, false, Some("NO_FORMAT")), "{text}");
    }
}

#[test]
fn a_kind_that_was_named_must_be_the_one_that_is_read() {
    let (item, bag, dossier) = ("EB125966888VN", "593740590900AKA20069001010005", "H56.14-240823-0001");
    assert_eq!(read(ITEM, item), Ok((CodeKind::Item, item.into())));
    assert_eq!(read(BAG, bag), Ok((CodeKind::Receptacle, bag.into())));
    assert_eq!(read(DOSSIER, dossier), Ok((CodeKind::Dossier, dossier.into())));
    for (kind, text) in [
        (ITEM, bag),
        (ITEM, dossier),
        (ITEM, "H56.14-240230-0001"),
        (ITEM, "1.004194"),
        (ITEM, "593740590900ÂK20069001010005"),
        (BAG, item),
        (BAG, "Ê223892045VN"),
        (DOSSIER, item),
        (DOSSIER, bag),
        (DOSSIER, "Ê223892045VN"),
    ] {
        assert_eq!(read(kind, text), Err(Unreadable::NoFormat), "{kind:?} {text}");
    }
    assert_eq!(read(ITEM, "EB12596688VN"), Err(Unreadable::Length));
    assert_eq!(read(ITEM, "EB123456789VN"), Err(Unreadable::CheckDigit { expected: 5, found: 9 }));
}

#[test]
fn a_wrong_check_digit_is_taken_when_it_was_typed_twice() {
    for kind in [None, ITEM] {
        let reading = Code::read(kind, "EB123456789VN", None, true).unwrap();
        assert_eq!((reading.code.kind(), reading.code.text()), (CodeKind::Item, "EB123456789VN"));
        assert!(!reading.repaired);
        // Typing twice proves nothing about what an input method did to both.
        assert_eq!(Code::read(kind, "Ê223892046VN", None, true), Err(Unreadable::NoFormat));
    }
}

#[test]
fn an_agency_may_have_codes_of_its_own() {
    let agency = thanh_hoa();
    for kind in [None, DOSSIER] {
        for (text, code) in [
            ("03706/2026/07906", "03706/2026/07906"),
            ("dvc-2024-000123__8f2k", "DVC-2024-000123__8F2K"),
            ("C06 / 2024 / 0001", "C06/2024/0001"),
        ] {
            assert_eq!(read(kind, text), Err(Unreadable::NoFormat), "{text}");
            let reading = Code::read(kind, text, Some(&agency), false).unwrap();
            assert_eq!((reading.code.kind(), reading.code.text()), (CodeKind::Dossier, code));
            assert_eq!(reading.code.agency(), Some(&agency));
            assert_eq!(reading.code.dossier_parts(), None);
        }
        for (text, why) in [
            ("H56-14-240823-0001", Unreadable::AgencyLike),
            ("000.00.06.H56_231027_0361", Unreadable::AgencyLike),
            ("H56.14-240230-0001", Unreadable::DateImpossible),
        ] {
            assert_eq!(Code::read(kind, text, Some(&agency), false), Err(why), "{text}");
        }
        // A structured code is the same whoever names it.
        let reading = Code::read(kind, "H56.14-240823-0001", Some(&agency), false).unwrap();
        assert_eq!(reading.code.agency(), None);
    }
}

#[test]
fn only_a_device_that_says_dossier_may_make_one_of_a_text_with_another_look() {
    let agency = thanh_hoa();
    for (text, unnamed) in [
        ("HS-ĐK-001", Err(Unreadable::NoFormat)),
        ("EÁ25966888VN", Err(Unreadable::NoFormat)),
        ("EB12596688VN", Err(Unreadable::Length)),
        ("EB123456789VN", Err(Unreadable::CheckDigit { expected: 5, found: 9 })),
        ("EB125966888VN", Ok(CodeKind::Item)),
    ] {
        let kind = |kind| Code::read(kind, text, Some(&agency), false).map(|reading| reading.code.kind());
        assert_eq!(kind(None), unnamed, "{text}");
        assert_eq!(kind(DOSSIER), Ok(CodeKind::Dossier), "{text}");
    }
}

#[test]
fn a_slip_is_read_only_by_name_and_is_any_visible_text() {
    assert_eq!(read(SLIP, " 000 123\n"), Ok((CodeKind::Slip, "000123".into())));
    assert_eq!(read(SLIP, "bg-12/đ"), Ok((CodeKind::Slip, "BG-12/Đ".into())));
    assert_eq!(read(SLIP, &"7".repeat(64)), Ok((CodeKind::Slip, "7".repeat(64))));
    assert_eq!(read(SLIP, &"7".repeat(65)), Err(Unreadable::TooLong));
    assert_eq!(read(SLIP, " \u{200B}\n"), Err(Unreadable::NoFormat));
    assert_eq!(read(SLIP, "00\u{0}0123"), Err(Unreadable::TextInvalid));
    assert_eq!(read(SLIP, "00\u{85}0123\u{9F}"), Err(Unreadable::TextInvalid));
    assert_eq!(read(None, "000123"), Err(Unreadable::NoFormat));
}

#[test]
fn the_length_counts_after_cleaning_and_in_characters() {
    let agency = thanh_hoa();
    let spaced = "Đ ".repeat(64);
    assert_eq!(Code::read(DOSSIER, &spaced, Some(&agency), false).unwrap().code.text(), "Đ".repeat(64));
    assert_eq!(Code::read(DOSSIER, &"Đ".repeat(65), Some(&agency), false), Err(Unreadable::TooLong));
}

#[test]
fn parts_and_labels_belong_to_their_kinds() {
    let code = |kind, text: &str| Code::read(kind, text, None, false).unwrap().code;
    let dossier = code(None, "000.A0.01.H26-210212-9090");
    let bag = code(None, "593740590900AKA20069001010005");
    assert_eq!(dossier.dossier_parts().unwrap().agency_code, "000.A0.01.H26");
    assert_eq!(bag.receptacle().unwrap().sub_class, "KA");
    assert_eq!((dossier.receptacle(), bag.dossier_parts()), (None, None));
    // The same letters as a slip's number are a slip's number.
    assert_eq!(code(SLIP, "000.A0.01.H26-210212-9090").dossier_parts(), None);
    assert_eq!(code(SLIP, "593740590900AKA20069001010005").receptacle(), None);
}

/// What arrives when a scanner types the text with Telex on: every run of letters is a word of its own; a mark may be
/// typed anywhere after its letter and goes to the last one that takes it. Real engines vary; none loses a digit.
fn telex(text: &str) -> String {
    let mut typed = String::new();
    let mut word: Vec<String> = Vec::new();
    for key in text.chars() {
        if !key.is_ascii_alphabetic() {
            typed.extend(word.drain(..));
            typed.push(key);
            continue;
        }
        let marks: &[(&str, &str)] = match key {
            'A' => &[("A", "Â")],
            'E' => &[("E", "Ê")],
            'O' => &[("O", "Ô")],
            'D' => &[("D", "Đ")],
            'W' => &[("A", "Ă"), ("O", "Ơ"), ("U", "Ư")],
            _ => &[],
        };
        let tone = match key {
            'S' => Some("\u{301}"),
            'F' => Some("\u{300}"),
            'R' => Some("\u{309}"),
            'X' => Some("\u{303}"),
            'J' => Some("\u{323}"),
            _ => None,
        };
        let marked = word.iter_mut().rev().find_map(|letter| {
            let (_, made) = marks.iter().find(|(plain, _)| plain == letter)?;
            Some((letter, (*made).to_owned()))
        });
        let toned = |letter: &&mut String| "AEIOUYÂÊÔĂƠƯ".contains(letter.as_str());
        match (marked, tone) {
            (Some((letter, made)), _) => *letter = made,
            (None, Some(tone)) => match word.iter_mut().rev().find(toned) {
                Some(letter) => *letter = format!("{letter}{tone}").nfc().collect(),
                None => word.push(key.into()),
            },
            (None, None) if key == 'W' => word.push("Ư".into()),
            (None, None) => word.push(key.into()),
        }
    }
    typed.extend(word);
    typed
}

fn odd_letters(text: &str) -> usize {
    text.chars().filter(|letter| !letter.is_ascii()).count()
}

#[test]
fn real_codes_typed_with_telex_on_come_back() {
    let spoilt = |codes: &[&str]| {
        let spoilt = codes.iter().filter(|code| telex(code) != **code);
        spoilt.map(|code| assert_eq!(told(&telex(code)).1.as_deref(), Some(*code), "{code}")).count()
    };
    assert_eq!(telex("593740590900AKA20069001010005"), "593740590900ÂK20069001010005");
    assert_eq!(telex("593230920100AER20122001010030"), "593230920100AẺ20122001010030");
    assert_eq!(spoilt(ITEMS), 12);
    assert_eq!(spoilt(BAGS), 8);
}

/// Letters apart, the check digit says nothing, so all pairs of letters are tried: with one letter spoilt the item
/// comes back; with more it stays unknown; it never becomes another.
#[test]
fn an_item_typed_with_telex_on_comes_back_or_stays_unknown() {
    let pairs = || ('A'..='Z').flat_map(|one| ('A'..='Z').map(move |other| format!("{one}{other}")));
    let codes = pairs()
        .map(|service| format!("{service}223892045VN"))
        .chain(pairs().map(|country| format!("RR223892045{country}")))
        .chain(pairs().map(|both| format!("{both}223892045{both}")));
    for code in codes {
        let typed = telex(&code);
        match odd_letters(&typed) {
            0 | 1 => assert_eq!(told(&typed).1, Some(code), "{typed}"),
            _ => assert_eq!(told(&typed).0, "unknown", "{typed}"),
        }
    }
}

/// The same for bags, of which only the sub-class vouches: for the known ones it is always right.
#[test]
fn a_bag_of_a_known_sub_class_typed_with_telex_on_comes_back_or_stays_unknown() {
    for category in 'A'..='Z' {
        for sub_class in receptacle::KNOWN_SUB_CLASSES {
            let code = format!("593740590900{category}{sub_class}20069001010005");
            let typed = telex(&code);
            match odd_letters(&typed) {
                0 | 1 => assert_eq!(told(&typed).1, Some(code), "{typed}"),
                _ => assert_eq!(told(&typed).0, "unknown", "{typed}"),
            }
        }
    }
}

/// The limit of that: a sub-class nobody has seen yet may turn into the same text as a known one. Whatever is
/// restored is therefore flagged, and is at least a code that Telex does turn into what arrived.
#[test]
fn a_bag_of_an_unknown_sub_class_may_be_taken_for_a_known_one_and_is_flagged() {
    let code = "593740590900AAK20069001010005";
    assert_eq!(telex(code), "593740590900ÂK20069001010005");
    let known = "593740590900AKA20069001010005".to_owned();
    assert_eq!(told(&telex(code)), ("receptacle", Some(known), true, None));
}

fn item() -> impl Strategy<Value = String> {
    ("[A-Z]{2}", "[0-9]{8}", "[A-Z]{2}").prop_map(|(service, serial, country)| {
        let digits = (0..10).map(|digit| format!("{service}{serial}{digit}{country}"));
        digits.into_iter().find(|code| item::check(code, false).is_ok()).unwrap()
    })
}

fn bag() -> impl Strategy<Value = String> {
    ("[0-9]{12}", "[A-Z]", prop::sample::select(receptacle::KNOWN_SUB_CLASSES.to_vec()), "[0-9]{14}")
        .prop_map(|(offices, category, sub_class, rest)| format!("{offices}{category}{sub_class}{rest}"))
}

fn dossier_code() -> impl Strategy<Value = String> {
    let agency = prop_oneof![
        "[0-9A-Z]{3}\\.[0-9A-Z]{2}\\.[0-9A-Z]{2}\\.[HGDKT][0-9]{2}",
        "[A-Z][0-9]{2}\\.[0-9]{1,4}"
    ];
    (agency, 0..100, 1..=12, 1..=28, "[0-9]{3,8}").prop_map(|(agency, year, month, day, number)| {
        format!("{agency}-{year:02}{month:02}{day:02}-{number}")
    })
}

fn code() -> impl Strategy<Value = String> {
    prop_oneof![item(), bag(), dossier_code()]
}

/// Texts near and far from codes.
fn scan() -> impl Strategy<Value = String> {
    let near = (code(), any::<prop::sample::Index>(), any::<char>()).prop_map(|(code, at, mark)| {
        let mut marks: Vec<char> = code.chars().collect();
        *at.get_mut(&mut marks) = mark;
        marks.into_iter().collect::<String>()
    });
    let far = prop::collection::vec(any::<char>(), 0..70).prop_map(String::from_iter);
    prop_oneof![code(), near, far, "[ -~]{0,70}", code().prop_map(|code| telex(&code))]
}

fn kind() -> impl Strategy<Value = Option<CodeKind>> {
    prop::option::of(prop::sample::select(CodeKind::ALL))
}

proptest! {
    /// However a device dresses a code up, the same code is read, and that is no repair.
    #[test]
    fn dress_does_not_matter(code in code(), lower: bool, prefix in "(\\][A-Za-z][0-9])?", gaps in prop::collection::vec(
        prop::sample::select(vec!["", "", "", " ", "\u{A0}", "\u{200B}", "\u{1D}", "\t"]), 40,
    )) {
        let marks = code.chars().zip(&gaps).flat_map(|(mark, gap)| [mark.to_string(), (*gap).to_owned()]);
        let mut dressed = format!("{prefix}{}\r\n", marks.collect::<String>());
        if lower {
            dressed = dressed.to_lowercase();
        }
        let plain = Code::read(None, &code, None, false);
        prop_assert_eq!(plain.as_ref().map(|reading| reading.code.text()), Ok(code.as_str()));
        prop_assert!(!plain.as_ref().unwrap().repaired);
        prop_assert_eq!(Code::read(None, &dressed, None, false), plain);
    }

    /// A code that was read is read again as itself: what is kept may be typed back in.
    #[test]
    fn a_read_code_reads_as_itself(text in scan(), kind in kind(), with_agency: bool, unverified: bool) {
        let agency = with_agency.then(thanh_hoa);
        if let Ok(Reading { code, .. }) = Code::read(kind, &text, agency.as_ref(), unverified) {
            let again = Code::read(Some(code.kind()), code.text(), agency.as_ref(), unverified);
            prop_assert_eq!(again, Ok(as_it_stands(code.clone())));
            prop_assert!((1..=limits::CODE_CHARS).contains(&code.text().chars().count()));
            prop_assert!(!code.text().contains(|mark: char| mark.is_control() || mark.is_whitespace()));
        }
    }

    /// Classifying says what reading without a kind says.
    #[test]
    fn classifying_and_reading_agree(text in scan()) {
        let told = classify(&text);
        match Code::read(None, &text, None, false) {
            Ok(Reading { code, repaired }) => {
                prop_assert_eq!((told.code.as_deref(), told.repaired, told.reason), (Some(code.text()), repaired, None));
                prop_assert_eq!(told.kind_text().to_uppercase(), code.kind().text());
            }
            Err(why) => {
                prop_assert_eq!(told.reason, Some(why.text()));
                prop_assert_eq!(told.code.is_some(), why == Unreadable::Procedure);
            }
        }
    }

    /// Whatever the digits: one spoilt letter comes back, more stay unknown.
    #[test]
    fn telex_never_makes_another_code(code in prop_oneof![item(), bag()]) {
        let typed = telex(&code);
        match Code::read(None, &typed, None, false) {
            Ok(reading) => {
                prop_assert_eq!(reading.code.text(), &code);
                prop_assert_eq!(reading.repaired, odd_letters(&typed) == 1);
            }
            Err(why) => prop_assert!(odd_letters(&typed) > 1, "{} {:?}", typed, why),
        }
    }

    /// Only letters are ever put back: the digits of a repaired code are those that arrived, in their order, so a
    /// code of which VNI has eaten a digit cannot be repaired into one.
    #[test]
    fn a_repair_keeps_every_digit(text in scan(), letter in "[À-ỹ]", code in code(), at: prop::sample::Index) {
        let mut eaten: Vec<char> = code.chars().collect();
        let digits: Vec<usize> = (0..eaten.len()).filter(|at| eaten[*at].is_ascii_digit()).collect();
        eaten[*at.get(&digits)] = letter.chars().next().unwrap();
        prop_assert!(!classify(&String::from_iter(eaten)).repaired);

        let told = classify(&text);
        if told.repaired {
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            prop_assert_eq!(digits(&told.code.unwrap()), digits(&scanned::payload(&text)));
        }
    }

    /// An item number is read without its check digit holding exactly when that was asked for.
    #[test]
    fn only_unverified_takes_a_wrong_check_digit(code in item(), by in 1..10u8) {
        let mut bytes = code.into_bytes();
        bytes[10] = b'0' + (bytes[10] - b'0' + by) % 10;
        let wrong = String::from_utf8(bytes).unwrap();
        let refused = matches!(Code::read(None, &wrong, None, false), Err(Unreadable::CheckDigit { .. }));
        prop_assert!(refused);
        let taken = Code::read(None, &wrong, None, true).unwrap();
        prop_assert_eq!(taken.code.text(), wrong);
    }

    /// Nothing that can be typed or scanned makes the reader panic.
    #[test]
    fn nothing_panics(text in any::<String>(), kind in kind(), unverified: bool) {
        let _ = Code::read(kind, &text, Some(&thanh_hoa()), unverified);
        let _ = classify(&text);
    }
}
