//! Rows of the directory: carriers, agencies and their other codes, procedures and their versions, offices, devices,
//! people, the working calendar.

use std::sync::Arc;

use super::call::{Call, retried};
use super::kind::Kind;
use super::mirror::{Mirror, today};
use super::row::Row;
use crate::doors::cli::gateway::Gateway;
use crate::doors::cli::{Failure, names, words};
use crate::doors::wire::{calendar, directory as wire, person, v1};
use crate::dossier::directory::{AgencyKind, Directory, Level, ProcedureAction};
use crate::dossier::names::PartyName;
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::{Note, admit};

/// What a row asks the gateway to enter.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A carrier.
    Carrier(v1::Carrier),
    /// An agency.
    Agency(v1::Agency),
    /// Another code of an agency: its name, and the code.
    Alias(String, v1::AgencyAlias),
    /// A procedure.
    Procedure(v1::Procedure),
    /// What a decision makes of a procedure.
    Version(v1::Procedure),
    /// A post office.
    Office(v1::Office),
    /// A device or system.
    Source(v1::Source),
    /// An appointment: the person's party and staff number, and what it says.
    Appointment(String, String, v1::Appointment),
    /// A day of the calendar.
    CalendarDay(v1::CalendarDay),
}

impl Entry {
    /// Reads a row of a kind.
    pub fn of(kind: Kind, row: &Row) -> Result<Entry, Refusal> {
        match kind {
            Kind::Carriers => Ok(Entry::Carrier(carrier(row))),
            Kind::Agencies => agency(row),
            Kind::Procedures => procedure(row),
            Kind::Offices => Ok(Entry::Office(office(row))),
            Kind::Persons => appointment(row),
            Kind::Holidays => calendar_day(row).map(Entry::CalendarDay),
            Kind::Devices | Kind::Dossiers | Kind::Results | Kind::Scans => source(row).map(Entry::Source),
        }
    }

    /// The name it is entered under, and those that must be there before it.
    pub fn names(&self) -> (String, Vec<&str>) {
        match self {
            Entry::Carrier(carrier) => (format!("carriers/{}", carrier.id), Vec::new()),
            Entry::Agency(agency) => (format!("agencies/{}", agency.code), vec![&agency.parent]),
            Entry::Alias(agency, alias) => (format!("agencies/{}", alias.code), vec![agency]),
            Entry::Procedure(procedure) | Entry::Version(procedure) => {
                (format!("procedures/{}", procedure.code), Vec::new())
            }
            Entry::Office(office) => (format!("{}/offices/{}", office.carrier, office.code), Vec::new()),
            Entry::Source(source) => (format!("{} {} {}", source.party, source.kind, source.id), Vec::new()),
            Entry::Appointment(party, number, _) => (format!("{party}/persons/{number}"), Vec::new()),
            Entry::CalendarDay(day) => (day.day.clone(), Vec::new()),
        }
    }

    /// The party under which it is entered, if it is a source or somebody's appointment.
    pub fn party(&self) -> Option<PartyName> {
        match self {
            Entry::Source(source) => Some(PartyName::new(&source.party)),
            Entry::Appointment(party, ..) => Some(PartyName::new(party)),
            _ => None,
        }
    }

    /// What the gateway would keep of it, by the gateway's own rules.
    pub fn note(&self, directory: &Directory) -> Result<Note, Refusal> {
        let today = today();
        let agency = |name: &str, field| wire::known_agency(name, field, directory, today);
        Ok(match self {
            Entry::Carrier(sent) => Note::Carrier(wire::carrier(sent)?),
            Entry::Agency(sent) => Note::Agency(wire::agency(sent, directory, today)?),
            Entry::Alias(name, alias) => Note::Alias(wire::alias(alias, agency(name, "alias_of")?)?),
            Entry::Procedure(sent) => Note::Procedure(wire::procedure(sent)?),
            Entry::Version(sent) => Note::ProcedureVersion(wire::procedure(sent)?),
            Entry::Office(sent) => Note::Office(wire::office(sent, directory)?),
            Entry::Source(sent) => {
                let name = PartyName::new(&sent.party);
                let party = directory.entered(&name, today).cloned();
                let field = if name.is_agency() { "agency" } else { "carrier" };
                let party = party.ok_or_else(|| Refusal::field(Reason::NotFound, field, ""))?;
                Note::Source(wire::source(sent, party, directory, today)?)
            }
            Entry::Appointment(party, number, sent) => {
                let party = directory.entered(&PartyName::new(party), today).cloned();
                let party = party.ok_or_else(|| Refusal::field(Reason::NotFound, "party", ""))?;
                let number = person_number(number)?;
                Note::Appointment(person::appointment(sent, party, number, directory, today)?)
            }
            Entry::CalendarDay(sent) => Note::CalendarDay(calendar::calendar_day(sent)?),
        })
    }

    /// Enters it.
    pub async fn send(self: Arc<Self>, gateway: Gateway) -> Result<(), Failure> {
        retried(async || self.send_once(&gateway).await).await
    }

    async fn send_once(&self, gateway: &Gateway) -> Result<(), Failure> {
        macro_rules! create {
            ($method:ident($request:expr)) => {{
                let call = Call::new(gateway, $request);
                let answer = gateway.directory().$method(call.request).await;
                answer.map(drop).map_err(|status| gateway.failure(&status, &call.id))
            }};
        }
        match self.clone() {
            Entry::Carrier(carrier) => {
                create!(create_carrier(v1::CreateCarrierRequest { carrier: Some(carrier) }))
            }
            Entry::Agency(agency) => create!(create_agency(v1::CreateAgencyRequest { agency: Some(agency) })),
            Entry::Alias(agency, alias) => {
                create!(create_agency_alias(v1::CreateAgencyAliasRequest { agency, alias: Some(alias) }))
            }
            Entry::Procedure(procedure) => {
                create!(create_procedure(v1::CreateProcedureRequest { procedure: Some(procedure) }))
            }
            Entry::Office(office) => create!(create_office(v1::CreateOfficeRequest { office: Some(office) })),
            Entry::Version(version) => create!(create_procedure_version(v1::CreateProcedureVersionRequest {
                procedure: Some(version)
            })),
            Entry::Source(source) => create!(create_source(v1::CreateSourceRequest { source: Some(source) })),
            Entry::Appointment(party, number, appointment) => {
                let parent = person::person_name(&PartyName::new(&party), &number);
                create!(create_appointment(v1::CreateAppointmentRequest {
                    parent,
                    appointment: Some(appointment)
                }))
            }
            Entry::CalendarDay(day) => {
                create!(create_calendar_day(v1::CreateCalendarDayRequest { calendar_day: Some(day) }))
            }
        }
    }
}

/// What the directory says of a note: whether it is new; what differs is named.
pub fn judge(mirror: &Mirror, note: &Note) -> Result<bool, Refusal> {
    admit(&mirror.directory, note).map_err(|refusal| match differs(&mirror.directory, note) {
        Some(field) if refusal.reason == Reason::ResourceExists => {
            Refusal { field: field.to_owned(), ..refusal }
        }
        _ => refusal,
    })
}

/// The first field in which what is kept under a note's name differs from it.
fn differs(directory: &Directory, note: &Note) -> Option<&'static str> {
    let first =
        |fields: &[(&'static str, bool)]| fields.iter().find(|(_, same)| !same).map(|(field, _)| *field);
    match note {
        Note::Agency(new) => {
            let old = directory.agency(&new.name)?;
            first(&[
                ("name", old.title == new.title),
                ("parent", old.parent == new.parent),
                ("kind", old.kind == new.kind),
                ("valid_from", old.valid_from == new.valid_from),
                ("valid_to", old.valid_to == new.valid_to),
                ("level", old.level == new.level),
            ])
        }
        Note::Carrier(new) => first(&[("name", directory.carrier(&new.name)?.title == new.title)]),
        Note::Office(new) => {
            let old = directory.offices.get(&(new.carrier.clone(), new.code.clone()))?;
            first(&[("name", old.title == new.title), ("province", old.province == new.province)])
        }
        Note::Procedure(new) | Note::ProcedureVersion(new) => {
            let versions = directory.procedures.get(&new.name)?;
            // Of a version there is one that begins on the same day.
            let same_day = versions.iter().find(|version| version.valid_from == new.valid_from);
            let old = same_day.or(versions.first())?;
            first(&[
                ("name", old.title == new.title),
                ("level", old.level == new.level),
                ("pickup", old.pickup == new.pickup),
                ("return", old.returned == new.returned),
                ("valid_from", old.valid_from == new.valid_from),
                ("valid_to", old.valid_to == new.valid_to),
                ("action", old.action == new.action),
                ("decision", old.decision == new.decision),
                ("days", old.working_days == new.working_days),
            ])
        }
        Note::Appointment(new) => {
            let old = directory.appointments(&new.party, &new.person)?.iter().find(|old| old.is(new))?;
            first(&[
                ("acts_for", old.acts_for == new.acts_for),
                ("valid_to", old.valid_to == new.valid_to),
                ("decision", old.decision == new.decision),
                ("substitute", old.substitute == new.substitute),
            ])
        }
        Note::CalendarDay(new) => {
            let old = directory.calendar.get(&new.day)?;
            first(&[("works", old.works == new.works), ("title", old.title == new.title)])
        }
        Note::Source(new) => {
            let old = directory.source(&new.name)?;
            first(&[
                ("agency", old.agency == new.agency),
                ("office", old.office == new.office),
                ("holder", old.holder == new.holder),
            ])
        }
        _ => None,
    }
}

fn carrier(row: &Row) -> v1::Carrier {
    let (id, title) = (row.code("id"), row.text("name"));
    // A UUID without dashes has the 32 characters that a carrier's id may have.
    let own = || super::ids::of(&["carriers", &title]).simple().to_string();
    let id = if id.is_empty() && !title.is_empty() { own() } else { bare(&id, "carriers/") };
    v1::Carrier { id, title, ..v1::Carrier::default() }
}

fn agency(row: &Row) -> Result<Entry, Refusal> {
    let code = bare(&row.code("code"), "agencies/");
    let (valid_from, valid_to) = (row.day("valid_from")?, row.day("valid_to")?);
    let alias_of = names::whole("agencies/", &row.code("alias_of"));
    if !alias_of.is_empty() {
        return Ok(Entry::Alias(alias_of, v1::AgencyAlias { code, valid_from, valid_to }));
    }
    let kind = row.code("kind");
    let known = AgencyKind::from_text(&kind);
    if known.is_none() && !kind.is_empty() {
        return Err(row.refused(
            Reason::TextInvalid,
            "kind",
            "owner (giải quyết), counter (Một cửa) hoặc both (cả hai)",
            "owner, counter or both",
        ));
    }
    Ok(Entry::Agency(v1::Agency {
        code,
        title: row.text("name"),
        parent: names::whole("agencies/", &row.code("parent")),
        kind: known.map_or(0, |kind| kind.number().into()),
        valid_from,
        valid_to,
        level: level(row)?,
        ..v1::Agency::default()
    }))
}

fn level(row: &Row) -> Result<i32, Refusal> {
    let text = row.code("level");
    let known = Level::from_text(&text);
    if known.is_none() && !text.is_empty() {
        let (vi, en) = (
            "central (trung ương), province (tỉnh), district (huyện) hoặc commune (xã)",
            "central, province, district or commune",
        );
        return Err(row.refused(Reason::TextInvalid, "level", vi, en));
    }
    Ok(known.map_or(0, |level| level.number().into()))
}

/// A procedure; with a decision or what it does, a version of one.
fn procedure(row: &Row) -> Result<Entry, Refusal> {
    let action = row.code("action");
    let known = ProcedureAction::from_text(&action);
    if known.is_none() && !action.is_empty() {
        let (vi, en) = ("new (mới), amended (sửa đổi) hoặc abolished (bãi bỏ)", "new, amended or abolished");
        return Err(row.refused(Reason::TextInvalid, "action", vi, en));
    }
    let days = row.code("days");
    let working_days = if days.is_empty() { Some(0) } else { days.parse().ok() };
    let working_days = working_days.ok_or_else(|| {
        row.refused(Reason::TextInvalid, "days", "số ngày làm việc", "a number of working days")
    })?;
    let sent = v1::Procedure {
        code: bare(&row.code("code"), "procedures/"),
        title: row.text("name"),
        level: row.code("level").to_lowercase(),
        postal_pickup: row.flag("pickup")?,
        postal_return: row.flag("return")?,
        valid_from: row.day("valid_from")?,
        valid_to: row.day("valid_to")?,
        action: known.map_or(0, |action| action.number().into()),
        decision: row.text("decision"),
        working_days,
        ..v1::Procedure::default()
    };
    let decided = known.is_some() || !sent.decision.is_empty();
    Ok(if decided { Entry::Version(sent) } else { Entry::Procedure(sent) })
}

fn appointment(row: &Row) -> Result<Entry, Refusal> {
    let party = names::party(&row.code("party"));
    let id = row.code("id");
    for (text, column) in [(&party, "party"), (&id, "id")] {
        if text.is_empty() {
            let (vi, en) = ("của ai, ở đơn vị nào", "whose, and of which party");
            return Err(row.refused(Reason::FieldRequired, column, vi, en));
        }
    }
    person_number(&id)?;
    let text = row.text("role");
    let role = words::staff_role_of(&text);
    if role.is_none() && !text.is_empty() {
        let (vi, en) = (
            "giao dịch viên (clerk), bưu tá (postman), kiểm soát viên (controller), công chức một cửa (officer) hoặc người phụ trách (supervisor)",
            "clerk, postman, controller, officer or supervisor",
        );
        return Err(row.refused(Reason::TextInvalid, "role", vi, en));
    }
    let office = row.code("office");
    let bare = !office.is_empty() && !office.contains('/');
    let appointment = v1::Appointment {
        role: role.map_or(0, |role| role.number().into()),
        office: if bare { format!("{party}/offices/{office}") } else { office },
        agency: names::whole("agencies/", &row.code("agency")),
        acts_for: names::whole("agencies/", &row.code("acts_for")),
        valid_from: row.day("valid_from")?,
        valid_to: row.day("valid_to")?,
        decision: row.text("decision"),
        substitute: row.code("substitute"),
        ..v1::Appointment::default()
    };
    Ok(Entry::Appointment(party, id, appointment))
}

/// A staff number; where it is none its column is named.
fn person_number(id: &str) -> Result<&str, Refusal> {
    person::number(id, "id").map(|_| id)
}

fn calendar_day(row: &Row) -> Result<v1::CalendarDay, Refusal> {
    Ok(v1::CalendarDay { day: row.day("day")?, works: row.flag("works")?, title: row.text("title") })
}

fn office(row: &Row) -> v1::Office {
    let carrier = names::whole("carriers/", &row.code("carrier"));
    v1::Office {
        code: bare(&row.code("id"), &format!("{carrier}/offices/")),
        title: row.text("name"),
        carrier,
        province: row.text("province"),
        ..v1::Office::default()
    }
}

fn source(row: &Row) -> Result<v1::Source, Refusal> {
    let (carrier, agency) = (row.code("carrier"), row.code("agency"));
    let (carrier, agency) = (names::whole("carriers/", &carrier), names::whole("agencies/", &agency));
    // A carrier's device may stand at an agency; without a carrier it is the agency's own.
    let (party, agency) = if carrier.is_empty() { (agency, String::new()) } else { (carrier, agency) };
    if party.is_empty() {
        let (vi, en) = (
            "thiết bị của bưu chính nào, hoặc của cơ quan nào",
            "whose device it is: a carrier's, or an agency's",
        );
        return Err(row.refused(Reason::FieldRequired, "carrier", vi, en));
    }
    let word = row.code("kind").to_lowercase();
    let kind = match word.trim_end_matches('s') {
        "device" => v1::SourceKind::Device,
        "system" => v1::SourceKind::System,
        "" => v1::SourceKind::Unspecified,
        _ => {
            let (vi, en) = ("device (thiết bị) hoặc system (hệ thống)", "device or system");
            return Err(row.refused(Reason::TextInvalid, "kind", vi, en));
        }
    };
    let (id, office, holder) = (row.code("id"), row.code("office"), row.code("holder"));
    let own = || super::ids::of(&["devices", &word, &party, &agency, &office, &holder]).to_string();
    Ok(v1::Source {
        id: if id.is_empty() { own() } else { id.rsplit('/').next().unwrap_or_default().to_owned() },
        party,
        kind: kind.into(),
        agency,
        office,
        holder,
        ..v1::Source::default()
    })
}

/// A whole name's last part, or a bare code as it is.
fn bare(text: &str, collection: &str) -> String {
    text.strip_prefix(collection).unwrap_or(text).to_owned()
}
