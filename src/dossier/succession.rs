//! Who stands for whom: agencies that took over from others, sources that took the place of others, and who is above whom.

use super::directory::{Agency, Day, Directory};
use super::names::{PartyName, SourceName};

/// How far successors and parents are followed: further than any code can show. A loop cannot be entered, but a bound costs
/// nothing.
const STEPS: usize = 16;

impl Directory {
    /// The party to which what bears a name on a day belongs: of an agency that is no more its successor.
    pub fn canonical(&self, name: &PartyName, day: Day) -> Option<&PartyName> {
        let mut meant = self.entered(name, day)?;
        for _ in 0..STEPS {
            match self.agency(meant).and_then(|agency| agency.successor_on(day)) {
                Some(successor) => meant = successor,
                None => break,
            }
        }
        Some(meant)
    }

    /// Whether `heir` is `party` or took over from it, at once or by others in between.
    pub fn succeeds(&self, heir: &PartyName, party: &PartyName) -> bool {
        let mut at = Some(party);
        for _ in 0..STEPS {
            match at {
                Some(name) if name == heir => return true,
                Some(name) => at = self.agency(name).and_then(Agency::successor),
                None => return false,
            }
        }
        false
    }

    /// Whether `party` is `root` or stands below it.
    pub fn is_within(&self, party: &PartyName, root: &PartyName) -> bool {
        let mut at = Some(party);
        for _ in 0..STEPS {
            match at {
                Some(name) if name == root => return true,
                Some(name) => at = self.agency(name).and_then(|agency| agency.parent.as_ref()),
                None => return false,
            }
        }
        false
    }

    /// Whether `root` oversees `party`: it, what is below it, and all from which these took over.
    pub fn is_overseen(&self, party: &PartyName, root: &PartyName) -> bool {
        let mut reached = vec![party];
        let mut next = 0;
        while let Some(name) = reached.get(next).copied().filter(|_| next < STEPS * STEPS) {
            if name == root {
                return true;
            }
            next += 1;
            let Some(agency) = self.agency(name) else { continue };
            for above in [agency.parent.as_ref(), agency.successor()].into_iter().flatten() {
                if !reached.contains(&above) {
                    reached.push(above);
                }
            }
        }
        false
    }

    /// Whether `heir` is the source or took its place, at once or by others in between.
    pub fn relays(&self, heir: &SourceName, source: &SourceName) -> bool {
        let mut at = Some(source);
        for _ in 0..STEPS {
            match at {
                Some(name) if name == heir => return true,
                Some(name) => {
                    let retired = self.source(name).and_then(|source| source.retired.as_ref());
                    at = retired.and_then(|retired| retired.successor.as_ref());
                }
                None => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::directory::{AgencyKind, Alias, Ended, Enrolment, Party, Retired, Source};
    use crate::dossier::names::{Lane, Micros};

    const ENROLLED: Enrolment = Enrolment { id: 1, lane: Lane(0) };

    fn name(code: &str) -> PartyName {
        PartyName::new(&format!("agencies/{code}"))
    }

    /// Agencies: code, parent, last day, successor.
    fn directory(agencies: &[(&str, &str, Option<i32>, &str)]) -> Directory {
        let mut directory = Directory::default();
        let given = |code: &str| (!code.is_empty()).then(|| name(code));
        for (code, parent, last, successor) in agencies {
            let ended = Ended { decision: "1".into(), successor: given(successor) };
            let agency = Agency {
                name: name(code),
                title: String::new(),
                parent: given(parent),
                kind: AgencyKind::Both,
                valid_from: None,
                valid_to: last.map(Day),
                level: None,
                ended: last.map(|_| ended),
            };
            directory.parties.insert(name(code), (ENROLLED, Party::Agency(agency)));
        }
        directory
    }

    #[test]
    fn from_the_day_after_an_old_code_means_the_successor_through_all_that_followed() {
        let mut directory = directory(&[
            ("A", "", Some(10), "B"),
            ("B", "", Some(20), "C"),
            ("C", "", None, ""),
            ("D", "", Some(10), ""),
        ]);
        let alias = Alias { code: "000.A".into(), agency: name("A"), valid_from: None, valid_to: None };
        directory.aliases.insert("000.A".into(), vec![alias]);
        for (code, day, meant) in [
            ("A", 10, "A"),
            ("A", 11, "B"),
            ("A", 20, "B"),
            ("A", 21, "C"),
            ("000.A", 10, "A"),
            ("000.A", 30, "C"),
            ("D", 30, "D"),
        ] {
            assert_eq!(directory.canonical(&name(code), Day(day)), Some(&name(meant)), "{code} on {day}");
        }
        assert_eq!(directory.entered(&name("000.A"), Day(30)), Some(&name("A")), "whose code it is");
        assert_eq!(directory.canonical(&name("X"), Day(30)), None);
    }

    #[test]
    fn an_heir_succeeds_those_before_it_and_not_those_behind() {
        let directory = directory(&[("A", "", Some(10), "B"), ("B", "", Some(20), "C"), ("C", "", None, "")]);
        for (heir, party, is) in
            [("A", "A", true), ("C", "A", true), ("C", "B", true), ("A", "C", false), ("B", "C", false)]
        {
            assert_eq!(directory.succeeds(&name(heir), &name(party)), is, "{heir} {party}");
        }
    }

    #[test]
    fn whoever_is_above_an_heir_oversees_what_was_before_it() {
        // A commune below a district that ended; a ward of the province took over.
        let directory = directory(&[
            ("P", "", None, ""),
            ("P.D", "P", Some(10), "P.W"),
            ("P.D.C", "P.D", Some(10), "P.W"),
            ("P.W", "P", None, ""),
            ("Q", "", None, ""),
            ("Q.W", "Q", Some(10), "P.W"),
        ]);
        for (root, party, sees) in [
            ("P", "P.D.C", true),
            ("P.W", "P.D.C", true),
            ("P.W", "P.D", true),
            ("P", "Q.W", true),
            ("P", "Q", false),
            ("Q", "Q.W", true),
            ("Q", "P.W", false),
            ("P.D", "P.W", false),
        ] {
            assert_eq!(directory.is_overseen(&name(party), &name(root)), sees, "{root} {party}");
            assert!(sees || !directory.is_within(&name(party), &name(root)), "{root} {party}");
        }
    }

    #[test]
    fn a_source_is_relayed_by_whatever_took_its_place_and_by_nothing_else() {
        let mut directory = Directory::default();
        let source = |id: &str| SourceName::new(&format!("carriers/p/devices/{id}"));
        for (id, successor) in [("1", Some("2")), ("2", Some("3")), ("3", None), ("4", None)] {
            let retired = Retired { at: Micros(0), successor: successor.map(source) };
            let entered = Source {
                name: source(id),
                party: PartyName::new("carriers/p"),
                agency: None,
                office: None,
                holder: None,
                retired: successor.map(|_| retired),
            };
            directory.sources.insert(source(id), (ENROLLED, entered));
        }
        for (heir, old, may) in
            [("3", "1", true), ("2", "1", true), ("3", "3", true), ("1", "2", false), ("4", "1", false)]
        {
            assert_eq!(directory.relays(&source(heir), &source(old)), may, "{heir} {old}");
        }
    }

    #[test]
    fn a_loop_is_followed_for_a_while_and_not_for_ever() {
        // None can be entered; a store that holds one is read all the same.
        let directory =
            directory(&[("A", "B", Some(10), "B"), ("B", "A", Some(10), "A"), ("C", "", None, "")]);
        assert!(directory.canonical(&name("A"), Day(11)).is_some());
        assert!(!directory.succeeds(&name("C"), &name("A")));
        assert!(!directory.is_within(&name("A"), &name("C")));
        assert!(!directory.is_overseen(&name("A"), &name("C")));
    }
}
