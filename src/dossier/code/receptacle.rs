//! The bag label (túi gói): 29 characters in the layout of UPU S9, with six-digit office numbers of the Vietnamese
//! post where S9 has the operator and the office of exchange.

use super::mask;

/// The shape.
pub(super) const MASK: &str = "999999999999AAA99999999999999";

/// The sub-classes seen on real labels: parcels CA CB, EMS EA EL ER, state documents KA (KT1), logistics PK,
/// registered letters UA UM. A label of another sub-class is a bag all the same; the list only decides between the
/// ways in which a spoilt label can be repaired.
pub(super) const KNOWN_SUB_CLASSES: [&str; 9] = ["CA", "CB", "EA", "EL", "ER", "KA", "PK", "UA", "UM"];

/// What a bag label says (UPU S9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receptacle {
    /// The office that closed the bag, six digits of the post's own numbering.
    pub from: String,
    /// The office that opens it.
    pub to: String,
    /// The category of mail.
    pub category: char,
    /// The sub-class of mail, two letters; `KA` is KT1, state documents.
    pub sub_class: String,
    /// The last digit of the year of dispatch.
    pub year: u8,
    /// The number of the dispatch (chuyến thư) between the two offices in that year.
    pub dispatch: u16,
    /// The number of the bag in the dispatch.
    pub bag: u16,
    /// Whether it is the last bag of the dispatch.
    pub last: bool,
    /// Whether it holds registered or insured items.
    pub registered: bool,
    /// The weight in 0.1 kg as the label has it; a scale or a screen may say otherwise.
    pub weight: u16,
}

/// What the label says, or `None` if the text is no bag label.
pub(super) fn parse(text: &str) -> Option<Receptacle> {
    if !mask::fits(text, MASK) {
        return None;
    }
    Some(Receptacle {
        from: text.get(0..6)?.to_owned(),
        to: text.get(6..12)?.to_owned(),
        category: text.get(12..13)?.parse().ok()?,
        sub_class: text.get(13..15)?.to_owned(),
        year: text.get(15..16)?.parse().ok()?,
        dispatch: text.get(16..20)?.parse().ok()?,
        bag: text.get(20..23)?.parse().ok()?,
        last: text.get(23..24)? == "1",
        registered: text.get(24..25)? == "1",
        weight: text.get(25..29)?.parse().ok()?,
    })
}

/// Whether the text is a bag label of a sub-class that is in use.
pub(super) fn is_known(text: &str) -> bool {
    parse(text).is_some_and(|bag| KNOWN_SUB_CLASSES.contains(&bag.sub_class.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_labels_say_what_the_lists_beside_them_say() {
        for (text, sub_class, year, dispatch, bag, last, weight) in [
            ("590100593760ACB11627002010160", "CB", 1, 1627, 2, false, 160),
            ("206959593230ACB20027001010172", "CB", 2, 27, 1, false, 172),
            ("445537593230ACB20004001010040", "CB", 2, 4, 1, false, 40),
            ("550910593230AEA25807001110024", "EA", 2, 5807, 1, true, 24),
            ("590100593280AUM20454001010095", "UM", 2, 454, 1, false, 95),
            ("593740590900AKA20069001010005", "KA", 2, 69, 1, false, 5),
            // The list beside this one says 2.0 kg; the label, which is what was scanned, says 0.2 kg.
            ("550910593740ACA26365001110002", "CA", 2, 6365, 1, true, 2),
        ] {
            let expected = Receptacle {
                from: text[0..6].to_owned(),
                to: text[6..12].to_owned(),
                category: 'A',
                sub_class: sub_class.to_owned(),
                year,
                dispatch,
                bag,
                last,
                registered: true,
                weight,
            };
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_bag_of_a_sub_class_never_seen_is_a_bag() {
        assert!(parse("593740590900BXZ20069001000005").is_some());
        assert!(!is_known("593740590900BXZ20069001000005"));
    }
}
