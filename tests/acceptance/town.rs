//! The invented province whose agencies, offices and procedures the published figures are split over.

use trao::doors::wire::v1;

use super::chance::Chance;
use super::figures::Plan;

/// The province.
pub const PROVINCE: &str = "agencies/H99";
/// The centre whose counter receives for all departments.
pub const CENTRE: &str = "agencies/H99.01";
/// The carrier.
pub const CARRIER: &str = "carriers/p";
/// Systems of the carrier, one to a region.
pub const REGIONS: usize = 4;
/// Phones that are offline for days.
pub const PHONES: usize = 8;
/// The code of a department until it was renamed, and the last day it stood on envelopes.
pub const OLD_CODE: &str = "000.00.17.H99";
pub const OLD_CODE_UNTIL: &str = "2020-07-31";

/// The names of the province.
pub struct Town<'a> {
    plan: &'a Plan,
}

/// An agency and where it receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Who decides.
    pub agency: String,
    /// Whose counter receives.
    pub counter: String,
}

impl<'a> Town<'a> {
    pub fn of(plan: &'a Plan) -> Town<'a> {
        Town { plan }
    }

    fn departments(&self) -> impl Iterator<Item = String> {
        (0..self.plan.departments).map(|number| format!("H99.{}", 10 + number))
    }

    fn vertical(&self) -> impl Iterator<Item = String> {
        (0..self.plan.vertical).map(|number| format!("H99.{}", 31 + number))
    }

    fn district(number: usize) -> String {
        format!("H99.{}", 41 + number)
    }

    fn commune(&self, number: usize) -> String {
        let districts = self.plan.districts;
        format!("{}.{}", Town::district(number % districts), 11 + number / districts)
    }

    /// The department that is renamed.
    pub fn renamed(&self) -> String {
        "agencies/H99.12".to_owned()
    }

    /// Every agency, parents first.
    pub fn agencies(&self) -> Vec<v1::Agency> {
        let agency = |code: String, parent: &str, kind: v1::AgencyKind| v1::Agency {
            title: format!("Cơ quan {code}"),
            code,
            parent: parent.to_owned(),
            kind: kind.into(),
            ..v1::Agency::default()
        };
        let mut all = vec![
            agency("H99".to_owned(), "", v1::AgencyKind::Owner),
            agency("H99.01".to_owned(), PROVINCE, v1::AgencyKind::Counter),
        ];
        all.extend(
            self.departments()
                .chain(self.vertical())
                .map(|code| agency(code, PROVINCE, v1::AgencyKind::Owner)),
        );
        all.extend(
            (0..self.plan.districts)
                .map(|number| agency(Town::district(number), PROVINCE, v1::AgencyKind::Both)),
        );
        all.extend((0..self.plan.communes).map(|number| {
            let parent = format!("agencies/{}", Town::district(number % self.plan.districts));
            agency(self.commune(number), &parent, v1::AgencyKind::Both)
        }));
        all
    }

    /// The agencies that receive at their own counters: the centre, districts, communes.
    pub fn counters(&self) -> Vec<String> {
        let own = (0..self.plan.districts).map(Town::district);
        let communes = (0..self.plan.communes).map(|number| self.commune(number));
        std::iter::once("H99.01".to_owned())
            .chain(own)
            .chain(communes)
            .map(|code| format!("agencies/{code}"))
            .collect()
    }

    /// The desk of a dossier, by its level.
    pub fn desk(&self, level: usize, chance: Chance, number: u64) -> Desk {
        let any = |count: usize| chance.below("desk", number, count as u64) as usize;
        match level {
            0 => {
                let owners: Vec<String> = self.departments().chain(self.vertical()).collect();
                Desk { agency: format!("agencies/{}", owners[any(owners.len())]), counter: CENTRE.to_owned() }
            }
            1 => {
                let agency = format!("agencies/{}", Town::district(any(self.plan.districts)));
                Desk { counter: agency.clone(), agency }
            }
            _ => {
                let agency = format!("agencies/{}", self.commune(any(self.plan.communes)));
                Desk { counter: agency.clone(), agency }
            }
        }
    }

    /// Every procedure: those in force on the last day, and a few that are not yet.
    pub fn procedures(&self) -> Vec<v1::Procedure> {
        let mut all = Vec::new();
        for (rank, level) in self.plan.levels.iter().enumerate() {
            for number in 0..level.procedures {
                let (pickup, returned) = Town::by_post(number, level.by_post);
                let code = Town::procedure_code(rank, number);
                all.push(v1::Procedure {
                    title: format!("Thủ tục {code}"),
                    code,
                    level: level.name.to_owned(),
                    postal_pickup: pickup,
                    postal_return: returned,
                    ..v1::Procedure::default()
                });
            }
        }
        all.extend((0..7).map(|number| v1::Procedure {
            title: "Thủ tục chưa có hiệu lực".to_owned(),
            code: format!("9.{number:06}"),
            level: "province".to_owned(),
            postal_pickup: true,
            postal_return: true,
            valid_from: "2020-10-01".to_owned(),
            ..v1::Procedure::default()
        }));
        all
    }

    /// Of those that may go by post, one in ten goes one way only.
    fn by_post(number: u64, by_post: u64) -> (bool, bool) {
        match (number < by_post, number % 20) {
            (false, _) => (false, false),
            (true, 18) => (true, false),
            (true, 19) => (false, true),
            (true, _) => (true, true),
        }
    }

    /// A procedure of a level that may go both ways.
    pub fn procedure(&self, level: usize, chance: Chance, number: u64) -> String {
        let by_post = self.plan.levels[level].by_post;
        let chosen = (0..).map(|tried| chance.below("procedure", number * 64 + tried, by_post));
        let both = chosen.into_iter().find(|number| Town::by_post(*number, by_post) == (true, true));
        format!("procedures/{}", Town::procedure_code(level, both.unwrap_or_default()))
    }

    fn procedure_code(level: usize, number: u64) -> String {
        format!("{}.{:06}", level + 1, number + 1)
    }

    /// Every post office.
    pub fn offices(&self) -> Vec<v1::Office> {
        let office = |number| v1::Office {
            name: self.office(number),
            code: Town::office_code(number),
            title: format!("Bưu cục {}", Town::office_code(number)),
            carrier: CARRIER.to_owned(),
            province: "H99".to_owned(),
        };
        (0..self.plan.offices).map(office).collect()
    }

    fn office_code(number: usize) -> String {
        format!("99{:04}", 1_000 + number * 10)
    }

    /// The office of a number.
    pub fn office(&self, number: usize) -> String {
        format!("{CARRIER}/offices/{}", Town::office_code(number % self.plan.offices))
    }
}

/// The carrier's system of a region.
pub fn region(number: usize) -> String {
    format!("{CARRIER}/systems/region-{number}")
}

/// The desk from which the carrier's supervisors take deliveries back.
pub fn supervisors() -> String {
    format!("{CARRIER}/systems/supervisors")
}

/// A phone.
pub fn phone(number: usize) -> String {
    format!("{CARRIER}/devices/pda-{number}")
}

/// A counter's system.
pub fn system_of(agency: &str) -> String {
    format!("{agency}/systems/one-stop")
}
