//! The directory: agencies with dated aliases, carriers, post offices, procedures and sources. A value that is replaced
//! as a whole when it changes; looking things up is pure.

use std::collections::BTreeMap;

use super::leg::LegKind;
use super::names::{Lane, Micros, PartyName, SourceName};
use super::numbered::numbered;

/// A civil date as days since 1970-01-01 in Vietnam's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// Vietnam is seven hours ahead of UTC all year.
    const ZONE_US: i64 = 7 * 3_600 * Micros::SECOND;

    /// The day in Vietnam at a time.
    pub fn at(time: Micros) -> Day {
        let days = time.0.saturating_add(Day::ZONE_US).div_euclid(Micros::DAY);
        Day(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// The first instant of the day in Vietnam.
    pub fn begin(self) -> Micros {
        Micros(i64::from(self.0) * Micros::DAY - Day::ZONE_US)
    }
}

numbered! {
    /// The roles of an agency.
    AgencyKind {
        /// Cơ quan giải quyết: owns dossiers.
        Owner = 1 "OWNER",
        /// Bộ phận Một cửa: receives and hands out for others.
        Counter = 2 "COUNTER",
        /// Both.
        Both = 3 "BOTH",
    }
}

/// What a party is entered as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// An agency.
    Agency(Agency),
    /// A carrier.
    Carrier(Carrier),
}

/// An agency (cơ quan giải quyết or a counter).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    /// `agencies/{code}`: the code it was first entered under.
    pub name: PartyName,
    /// What people call it.
    pub title: String,
    /// The agency above it.
    pub parent: Option<PartyName>,
    /// Owner, counter or both.
    pub kind: AgencyKind,
    /// First day.
    pub valid_from: Option<Day>,
    /// Last day.
    pub valid_to: Option<Day>,
}

/// Another code of an agency, within dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The other code.
    pub code: String,
    /// The agency meant.
    pub agency: PartyName,
    /// First day it means that.
    pub valid_from: Option<Day>,
    /// Last day.
    pub valid_to: Option<Day>,
}

/// A carrier (doanh nghiệp bưu chính).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// `carriers/{id}`.
    pub name: PartyName,
    /// What people call it.
    pub title: String,
}

/// A post office of a carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Office {
    /// The carrier.
    pub carrier: PartyName,
    /// Six digits.
    pub code: String,
    /// What people call it.
    pub title: String,
    /// The carrier's own province number or name.
    pub province: String,
}

/// A procedure (thủ tục hành chính) and whether it may go by post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// `procedures/{code}`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Level of the agency that decides: `central`, `province`, `district`, `commune`.
    pub level: String,
    /// Dossiers may be sent by post.
    pub pickup: bool,
    /// Results may be returned by post.
    pub returned: bool,
    /// First day in force.
    pub valid_from: Option<Day>,
}

impl Procedure {
    /// Whether the procedure lets papers travel by post on a leg of this kind. Agencies may pass papers to each other,
    /// and what came by post may always go back.
    pub fn may_go(&self, kind: LegKind) -> bool {
        match kind {
            LegKind::Inbound | LegKind::Supplement => self.pickup,
            LegKind::Outbound => self.returned,
            LegKind::Transfer | LegKind::ReturnToCitizen | LegKind::ReturnToAgency => true,
        }
    }
}

/// A source: a device or a system that captures facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Whole name.
    pub name: SourceName,
    /// The party it is enrolled under.
    pub party: PartyName,
    /// The counter where it stands, for a device of a carrier at an agency.
    pub agency: Option<PartyName>,
    /// The post office where it stands, if it has one.
    pub office: Option<String>,
    /// Staff number of who has it; never a name.
    pub holder: Option<String>,
}

/// The lane and the short number the store knows a party or source by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Short number.
    pub id: i64,
    /// The lane of its journal, fixed at creation.
    pub lane: Lane,
}

/// Everything in the directory at one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Grows with every change.
    pub version: i64,
    /// The short number that the next new source or party gets.
    pub next_number: i64,
    /// The store's lanes, ascending. They are only ever added.
    pub lanes: Vec<Lane>,
    /// Agencies and carriers.
    pub parties: BTreeMap<PartyName, (Enrolment, Party)>,
    /// Codes of agencies, each with its dated meanings.
    pub aliases: BTreeMap<String, Vec<Alias>>,
    /// Offices by carrier and six digits.
    pub offices: BTreeMap<(PartyName, String), Office>,
    /// Procedures by name.
    pub procedures: BTreeMap<String, Procedure>,
    /// Sources by name. Every party is a source too: of its commands.
    pub sources: BTreeMap<SourceName, (Enrolment, Source)>,
}

impl Directory {
    /// The lane of a new party: that of its parent; for a root the newest, for lanes are added when others are full.
    pub fn lane_for(&self, parent: Option<&PartyName>) -> Lane {
        let of_parent =
            parent.and_then(|parent| self.parties.get(parent)).map(|(enrolment, _)| enrolment.lane);
        of_parent.or(self.lanes.last().copied()).unwrap_or_default()
    }

    /// The lane of a party's commands and of its new sources; the first where the party is not known.
    pub fn lane_of(&self, party: &PartyName) -> Lane {
        self.parties.get(party).map(|(enrolment, _)| enrolment.lane).unwrap_or_default()
    }

    /// The party of a name, if it is entered.
    pub fn party(&self, name: &PartyName) -> Option<&Party> {
        self.parties.get(name).map(|(_, party)| party)
    }

    /// The agency of a name.
    pub fn agency(&self, name: &PartyName) -> Option<&Agency> {
        match self.party(name) {
            Some(Party::Agency(agency)) => Some(agency),
            _ => None,
        }
    }

    /// The carrier of a name.
    pub fn carrier(&self, name: &PartyName) -> Option<&Carrier> {
        match self.party(name) {
            Some(Party::Carrier(carrier)) => Some(carrier),
            _ => None,
        }
    }

    /// The source of a name.
    pub fn source(&self, name: &SourceName) -> Option<&Source> {
        self.sources.get(name).map(|(_, source)| source)
    }

    /// The agency that a code meant on a day: its own first code, or a dated alias.
    pub fn agency_by_code(&self, code: &str, day: Day) -> Option<&PartyName> {
        let meant = self.aliases.get(code).and_then(|aliases| {
            aliases
                .iter()
                .find(|alias| within(alias.valid_from, alias.valid_to, day))
                .map(|alias| &alias.agency)
        });
        if meant.is_some() {
            return meant;
        }
        let own = PartyName::new(&format!("agencies/{code}"));
        self.parties.get_key_value(&own).map(|(name, _)| name)
    }

    /// The canonical name of an agency named by any of its codes on a day.
    pub fn canonical(&self, name: &PartyName, day: Day) -> Option<&PartyName> {
        if name.is_agency() {
            self.agency_by_code(name.bare(), day)
        } else {
            self.parties.get_key_value(name).map(|(name, _)| name)
        }
    }

    /// Whether `party` is `root` or stands below it.
    pub fn is_within(&self, party: &PartyName, root: &PartyName) -> bool {
        let mut at = Some(party);
        // Bounded by the depth a code can show; a loop cannot be entered, but a bound costs nothing.
        for _ in 0..16 {
            match at {
                Some(name) if name == root => return true,
                Some(name) => at = self.agency(name).and_then(|agency| agency.parent.as_ref()),
                None => return false,
            }
        }
        false
    }
}

fn within(from: Option<Day>, to: Option<Day>, day: Day) -> bool {
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
}
