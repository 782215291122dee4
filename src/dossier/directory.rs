//! The directory: agencies with dated aliases and successors, carriers, post offices, procedures with versions, sources,
//! people and the working calendar. A value that is replaced as a whole when it changes; looking things up is pure.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use super::calendar::CalendarDay;
use super::leg::LegKind;
use super::names::{Lane, Micros, PartyName, SourceName};
use super::numbered::numbered;
use super::person::Persons;

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

    /// The day after.
    pub fn next(self) -> Day {
        Day(self.0.saturating_add(1))
    }
}

impl fmt::Display for Day {
    /// `2025-06-30`; the number of days where there is no such date.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = jiff::Span::new().try_days(self.0);
        match days.and_then(|days| Date::constant(1970, 1, 1).checked_add(days)) {
            Ok(date) => date.fmt(f),
            Err(_) => self.0.fmt(f),
        }
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

numbered! {
    /// The levels of government. Districts (cấp huyện) ended with 2025-06-30 (Law 72/2025/QH15).
    Level {
        /// Trung ương.
        Central = 1 "CENTRAL",
        /// Cấp tỉnh.
        Province = 2 "PROVINCE",
        /// Cấp huyện.
        District = 3 "DISTRICT",
        /// Cấp xã.
        Commune = 4 "COMMUNE",
    }
}

impl Level {
    /// The last day of the district level: 2025-06-30.
    pub const DISTRICTS_END: Day = Day(20_269);
}

numbered! {
    /// What a decision does to a procedure.
    ProcedureAction {
        /// Ban hành mới.
        New = 1 "NEW",
        /// Sửa đổi, bổ sung.
        Amended = 2 "AMENDED",
        /// Bãi bỏ: from the version's first day on there is no such procedure.
        Abolished = 3 "ABOLISHED",
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
    /// Its level, where it was told.
    pub level: Option<Level>,
    /// The decision that ended it.
    pub ended: Option<Ended>,
}

/// How an agency ended, behind its last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The number of the decision (quyết định).
    pub decision: String,
    /// The agency that took over: whoever names the old one later means this one.
    pub successor: Option<PartyName>,
}

impl Agency {
    /// Its level on a day: none before its first and behind its last, and no district behind the last of all districts.
    pub fn level_on(&self, day: Day) -> Option<Level> {
        let past = self.level == Some(Level::District) && day > Level::DISTRICTS_END;
        self.level.filter(|_| within(self.valid_from, self.valid_to, day) && !past)
    }

    /// Whether it is on a day.
    pub fn is_on(&self, day: Day) -> bool {
        within(self.valid_from, self.valid_to, day)
    }

    /// The agency that has taken over by a day.
    pub(super) fn successor_on(&self, day: Day) -> Option<&PartyName> {
        let over = self.valid_to.is_some_and(|last| last < day);
        self.ended.as_ref().filter(|_| over).and_then(|ended| ended.successor.as_ref())
    }

    /// The agency that takes over, now or later.
    pub(super) fn successor(&self) -> Option<&PartyName> {
        self.ended.as_ref().and_then(|ended| ended.successor.as_ref())
    }
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

/// One version of a procedure (thủ tục hành chính), and whether it may go by post. A version holds until the next begins.
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
    /// Last day in force, where it ends without a next version.
    pub valid_to: Option<Day>,
    /// What the decision does.
    pub action: ProcedureAction,
    /// The number of the decision (quyết định công bố); may be empty.
    pub decision: String,
    /// Working days to decide, where they were told.
    pub working_days: Option<u16>,
}

impl Procedure {
    /// Whether the version had begun by a day.
    fn begun_by(&self, day: Day) -> bool {
        self.valid_from.is_none_or(|from| from <= day)
    }

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
    /// When it went out of use, and what took its place.
    pub retired: Option<Retired>,
}

/// A source that is out of use. Its name is half of its facts' keys, so it stays: its successor drains what is left in its
/// outbox under its name, and voids its scans so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// From when on.
    pub at: Micros,
    /// The source of the same party that took its place.
    pub successor: Option<SourceName>,
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
    /// Procedures by name, each with its versions by first day; at least one.
    pub procedures: BTreeMap<String, Vec<Procedure>>,
    /// Sources by name. Every party is a source too: of its commands.
    pub sources: BTreeMap<SourceName, (Enrolment, Source)>,
    /// People by party.
    pub persons: Persons,
    /// Days that are not as their weekday says.
    pub calendar: BTreeMap<Day, CalendarDay>,
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

    /// The party that a name meant on a day: its own, or that of the agency whose dated alias it bears.
    pub fn entered(&self, name: &PartyName, day: Day) -> Option<&PartyName> {
        if name.is_agency() {
            self.agency_by_code(name.bare(), day)
        } else {
            self.parties.get_key_value(name).map(|(name, _)| name)
        }
    }

    /// The newest version of a procedure that had begun by a day, whatever it did; before all of them the first.
    pub fn procedure_by(&self, name: &str, day: Day) -> Option<&Procedure> {
        let versions = self.procedures.get(name)?;
        versions.iter().rev().find(|version| version.begun_by(day)).or(versions.first())
    }

    /// The version of a procedure that is in force on a day; none before the first, or once it is abolished or over.
    pub fn procedure_on(&self, name: &str, day: Day) -> Option<&Procedure> {
        let version = self.procedure_by(name, day)?;
        let holds = version.action != ProcedureAction::Abolished;
        Some(version).filter(|version| holds && within(version.valid_from, version.valid_to, day))
    }
}

/// Whether a day is between two; an open end reaches for ever.
pub(super) fn within(from: Option<Day>, to: Option<Day>, day: Day) -> bool {
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_procedure_is_as_its_newest_version_says_until_it_is_abolished() {
        let version = |from: Option<i32>, to: Option<i32>, action, pickup| Procedure {
            name: "procedures/1".into(),
            title: String::new(),
            level: String::new(),
            pickup,
            returned: true,
            valid_from: from.map(Day),
            valid_to: to.map(Day),
            action,
            decision: String::new(),
            working_days: None,
        };
        let mut directory = Directory::default();
        let versions = vec![
            version(Some(10), None, ProcedureAction::New, false),
            version(Some(20), Some(25), ProcedureAction::Amended, true),
            version(Some(30), None, ProcedureAction::Abolished, true),
            version(Some(40), None, ProcedureAction::New, false),
        ];
        directory.procedures.insert("procedures/1".into(), versions);
        for (day, in_force) in [
            (9, None),
            (10, Some(false)),
            (19, Some(false)),
            (20, Some(true)),
            (25, Some(true)),
            (26, None),
            (30, None),
            (39, None),
            (40, Some(false)),
        ] {
            let found = directory.procedure_on("procedures/1", Day(day)).map(|version| version.pickup);
            assert_eq!(found, in_force, "{day}");
        }
        assert_eq!(directory.procedure_on("procedures/2", Day(20)), None);
        let by = |day| directory.procedure_by("procedures/1", Day(day)).unwrap().valid_from;
        assert_eq!([by(0), by(26), by(35)], [10, 20, 30].map(|day| Some(Day(day))));
    }

    #[test]
    fn a_district_has_its_level_until_all_districts_ended() {
        let agency = |level, to: Option<i32>| Agency {
            name: PartyName::new("agencies/H99.31"),
            title: String::new(),
            parent: None,
            kind: AgencyKind::Both,
            valid_from: Some(Day(100)),
            valid_to: to.map(Day),
            level: Some(level),
            ended: None,
        };
        let end = Level::DISTRICTS_END;
        assert_eq!(end.to_string(), "2025-06-30");
        let open = agency(Level::District, None);
        assert_eq!(open.level_on(end), Some(Level::District));
        assert_eq!((open.level_on(end.next()), open.level_on(Day(99))), (None, None));
        assert_eq!(agency(Level::Commune, None).level_on(end.next()), Some(Level::Commune));
        assert_eq!(agency(Level::Commune, Some(200)).level_on(Day(201)), None);
    }
}
