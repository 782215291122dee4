//! What was published of one province's administrative procedures between 16/12/2016 and 30/09/2020, and how much of it a
//! replay is made of.

use jiff::civil::{Date, date};

/// A level of agencies, as it is published.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    /// As procedures name it.
    pub name: &'static str,
    /// Procedures in force on the last day.
    pub procedures: u64,
    /// Of these, those that may go by post.
    pub by_post: u64,
}

/// What is replayed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the choices follow from.
    pub seed: u64,
    /// The first day.
    pub from: Date,
    /// The last day, whose evening the figures are of.
    pub to: Date,
    /// Procedures by level.
    pub levels: [Level; 3],
    /// Dossiers received by post.
    pub received: u64,
    /// Results returned by post.
    pub returned: u64,
    /// Departments of the province.
    pub departments: usize,
    /// Vertical bodies: agencies of ministries in the province.
    pub vertical: usize,
    /// Districts.
    pub districts: usize,
    /// Communes.
    pub communes: usize,
    /// Post offices.
    pub offices: usize,
    /// Months in whose midst the gateway is killed.
    pub killed_in: &'static [usize],
}

impl Plan {
    /// The four years, whole.
    pub fn whole() -> Plan {
        Plan {
            seed: 45_2016,
            from: date(2016, 12, 16),
            to: date(2020, 9, 30),
            levels: [
                Level { name: "province", procedures: 1_577, by_post: 1_506 },
                Level { name: "district", procedures: 298, by_post: 161 },
                Level { name: "commune", procedures: 128, by_post: 75 },
            ],
            received: 70_566,
            returned: 204_752,
            departments: 18,
            vertical: 4,
            districts: 10,
            communes: 209,
            offices: 40,
            killed_in: &[17, 38],
        }
    }

    /// A few seconds of the same: its last months, scaled down. Its figures are nobody's.
    pub fn small() -> Plan {
        Plan {
            from: date(2020, 7, 16),
            levels: [
                Level { name: "province", procedures: 57, by_post: 46 },
                Level { name: "district", procedures: 28, by_post: 16 },
                Level { name: "commune", procedures: 18, by_post: 12 },
            ],
            received: 566,
            returned: 1_752,
            departments: 4,
            vertical: 1,
            districts: 2,
            communes: 5,
            offices: 6,
            killed_in: &[1],
            ..Plan::whole()
        }
    }

    /// All procedures.
    pub fn procedures(&self) -> u64 {
        self.levels.iter().map(|level| level.procedures).sum()
    }

    /// Those that may go by post.
    pub fn by_post(&self) -> u64 {
        self.levels.iter().map(|level| level.by_post).sum()
    }
}

/// What else was published, and does not add up: told beside the figures, never made to.
pub const GAPS: &[&str] = &[
    "Published of the lists of procedures: 102 decisions, 8,748 entries = 5,345 new + 822 amended + 2,130 abolished: the",
    "parts sum to 8,297, so 451 entries are of no class. Nothing here depends on them.",
    "Published of online services: 78,025 dossiers received, 21,502 done = 27.6 % of them, against a target of 25 % that",
    "probably measures something else. Online dossiers are not replayed.",
];
