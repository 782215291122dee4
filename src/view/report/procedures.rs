//! How many procedures are in force, and how many of them may go by post. Pure.

use std::collections::BTreeMap;

use crate::dossier::directory::{Day, Directory, Procedure};

/// Procedures of one level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByPost {
    /// In force on the day.
    pub all: u64,
    /// Of these, those whose dossiers may be sent by post, or whose results may be returned by it.
    pub by_post: u64,
}

/// The procedures in force on a day, by the level of the agency that decides.
pub fn procedures(directory: &Directory, day: Day) -> BTreeMap<String, ByPost> {
    let mut levels: BTreeMap<String, ByPost> = BTreeMap::new();
    for procedure in in_force(directory, day) {
        let level = levels.entry(procedure.level.clone()).or_default();
        level.all += 1;
        level.by_post += u64::from(procedure.pickup || procedure.returned);
    }
    levels
}

/// Each procedure as it is in force on a day.
fn in_force(directory: &Directory, day: Day) -> impl Iterator<Item = &Procedure> {
    directory.procedures.keys().filter_map(move |name| directory.procedure_on(name, day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::directory::ProcedureAction;

    #[test]
    fn procedures_count_from_their_first_day_and_by_post_if_either_way_may_go() {
        let mut directory = Directory::default();
        for (number, level, pickup, returned, from) in [
            (1, "province", true, true, None),
            (2, "province", true, false, Some(Day(10))),
            (3, "province", false, false, Some(Day(11))),
            (4, "commune", false, true, None),
            (5, "commune", false, false, None),
        ] {
            let procedure = Procedure {
                name: format!("procedures/{number}"),
                title: String::new(),
                level: level.to_owned(),
                pickup,
                returned,
                valid_from: from,
                valid_to: None,
                decision: String::new(),
                action: ProcedureAction::New,
                working_days: None,
            };
            directory.procedures.insert(procedure.name.clone(), vec![procedure]);
        }
        let told = |day| procedures(&directory, Day(day)).into_values().collect::<Vec<_>>();
        let commune = ByPost { all: 2, by_post: 1 };
        assert_eq!(told(9), [commune, ByPost { all: 1, by_post: 1 }]);
        assert_eq!(told(10), [commune, ByPost { all: 2, by_post: 2 }]);
        assert_eq!(told(11), [commune, ByPost { all: 3, by_post: 2 }]);
    }
}
