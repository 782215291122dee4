//! The kinds of list, and the columns of each.

use clap::ValueEnum;

/// What a file's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Postal carriers
    Carriers,
    /// Agencies and counters, and the other codes they go by
    Agencies,
    /// Administrative procedures, and whether they go by post
    Procedures,
    /// Post offices
    Offices,
    /// Devices and systems that scan
    Devices,
    /// People and their appointments, by staff number
    Persons,
    /// Holidays, and Saturdays that make up for them
    Holidays,
    /// Dossiers: registered, and their legs ordered
    Dossiers,
    /// Results: dossiers registered, their results announced and their way ordered, each in one line
    Results,
    /// Scans: what a device or another system has recorded
    Scans,
}

impl Kind {
    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Carriers => "carriers",
            Kind::Agencies => "agencies",
            Kind::Procedures => "procedures",
            Kind::Offices => "offices",
            Kind::Devices => "devices",
            Kind::Persons => "persons",
            Kind::Holidays => "holidays",
            Kind::Dossiers => "dossiers",
            Kind::Results => "results",
            Kind::Scans => "scans",
        }
    }

    /// Its columns; a file may have them in any order, and others beside them.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Kind::Carriers => &["id", "name"],
            Kind::Agencies => &["code", "name", "parent", "kind", "valid_from", "valid_to", "alias_of"],
            Kind::Procedures => &["code", "name", "level", "pickup", "return", "valid_from"],
            Kind::Offices => &["id", "name", "carrier", "province"],
            Kind::Devices => &["id", "kind", "carrier", "agency", "office", "holder"],
            Kind::Persons => &[
                "party",
                "id",
                "role",
                "office",
                "agency",
                "acts_for",
                "valid_from",
                "valid_to",
                "decision",
                "substitute",
            ],
            Kind::Holidays => &["day", "works", "title"],
            Kind::Dossiers => &[
                "agency",
                "procedure",
                "dossier",
                "slip",
                "kind",
                "carrier",
                "counter",
                "due",
                "name",
                "phone",
                "address",
            ],
            Kind::Results => &[
                "agency",
                "procedure",
                "dossier",
                "counter",
                "carrier",
                "office",
                "item",
                "due",
                "fee",
                "postage",
                "must_be_owner",
                "take_back",
                "name",
                "phone",
                "address",
            ],
            Kind::Scans => &[
                "source",
                "id",
                "type",
                "code",
                "occurred_at",
                "office",
                "agency",
                "leg",
                "also",
                "reason",
                "measure",
                "receptacle",
                "device_seq",
            ],
        }
    }

    /// Columns that a file may have besides.
    pub const fn extra(self) -> &'static [&'static str] {
        match self {
            Kind::Agencies => &["level"],
            Kind::Procedures => &["decision", "action", "days", "valid_to"],
            _ => &[],
        }
    }

    /// All of its columns: those that must be there, and the others behind them.
    pub fn all(self) -> impl Iterator<Item = &'static str> {
        self.columns().iter().chain(self.extra()).copied()
    }

    /// The column of a field as the gateway names it: `line.event.code.value` is what stands under `code`. A field that
    /// has no column keeps its name.
    pub fn column(self, field: &str) -> String {
        let named = |part: &str| match (self, part.split('[').next().unwrap_or_default()) {
            (Kind::Agencies | Kind::Carriers | Kind::Procedures | Kind::Offices, "title") => Some("name"),
            (Kind::Procedures, "postal_pickup") => Some("pickup"),
            (Kind::Procedures, "postal_return") => Some("return"),
            (Kind::Offices, "code") => Some("id"),
            (Kind::Procedures, "working_days") => Some("days"),
            (Kind::Devices, "party") => Some("carrier"),
            (Kind::Persons, "parent") => Some("party"),
            (Kind::Dossiers | Kind::Results, "due_at") => Some("due"),
            (Kind::Dossiers | Kind::Results, "code") => Some("dossier"),
            (Kind::Results, "dues") => Some("fee"),
            (Kind::Scans, "client_event_id") => Some("id"),
            (Kind::Scans, "raw_scan") => Some("code"),
            (Kind::Agencies, "alias") => None,
            (_, part) => self.all().find(|column| *column == part),
        };
        // Under `agency` a CreateAgency sends the whole row: the last part that is a column is meant, but for a code's own.
        let parts: Vec<&str> = field.split('.').collect();
        let outer = parts.iter().rev().find(|part| !matches!(**part, "value" | "agency" | "kind"));
        let meant =
            outer.and_then(|part| named(part)).or_else(|| parts.iter().rev().find_map(|part| named(part)));
        meant.map_or_else(|| field.to_owned(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_by_their_columns() {
        for (kind, field, column) in [
            (Kind::Scans, "event.code.value", "code"),
            (Kind::Scans, "event.also[1].value", "also"),
            (Kind::Scans, "event.receptacle.value", "receptacle"),
            (Kind::Scans, "event.occurred_at", "occurred_at"),
            (Kind::Scans, "event.agency", "agency"),
            (Kind::Scans, "source", "source"),
            (Kind::Scans, "client_event_id", "id"),
            (Kind::Agencies, "agency.parent", "parent"),
            (Kind::Agencies, "agency.kind", "kind"),
            (Kind::Agencies, "agency.title", "name"),
            (Kind::Agencies, "alias.code", "code"),
            (Kind::Agencies, "alias.valid_from", "valid_from"),
            (Kind::Offices, "office.code", "id"),
            (Kind::Offices, "office.carrier", "carrier"),
            (Kind::Devices, "source.office", "office"),
            (Kind::Devices, "source.kind", "kind"),
            (Kind::Devices, "source.party", "carrier"),
            (Kind::Procedures, "procedure.working_days", "days"),
            (Kind::Procedures, "procedure.action", "action"),
            (Kind::Persons, "appointment.office", "office"),
            (Kind::Persons, "appointment.agency", "agency"),
            (Kind::Persons, "appointment", "appointment"),
            (Kind::Holidays, "calendar_day.day", "day"),
            (Kind::Dossiers, "agency", "agency"),
            (Kind::Dossiers, "code.value", "dossier"),
            (Kind::Dossiers, "personal.phone", "phone"),
            (Kind::Dossiers, "personal", "personal"),
            (Kind::Dossiers, "", ""),
            (Kind::Results, "code.value", "dossier"),
            (Kind::Results, "item.value", "item"),
            (Kind::Results, "office", "office"),
            (Kind::Results, "due_at", "due"),
        ] {
            assert_eq!(kind.column(field), column, "{field}");
        }
    }
}
