//! Rows of the directory: carriers, agencies and their other codes, procedures, offices, devices.

use std::sync::Arc;

use super::call::{Call, retried};
use super::kind::Kind;
use super::mirror::{Mirror, today};
use super::row::Row;
use crate::doors::cli::gateway::Gateway;
use crate::doors::cli::{Failure, names};
use crate::doors::wire::{directory as wire, v1};
use crate::dossier::directory::{AgencyKind, Directory};
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
    /// A post office.
    Office(v1::Office),
    /// A device or system.
    Source(v1::Source),
}

impl Entry {
    /// Reads a row of a kind.
    pub fn of(kind: Kind, row: &Row) -> Result<Entry, Refusal> {
        match kind {
            Kind::Carriers => Ok(Entry::Carrier(carrier(row))),
            Kind::Agencies => agency(row),
            Kind::Procedures => procedure(row).map(Entry::Procedure),
            Kind::Offices => Ok(Entry::Office(office(row))),
            Kind::Devices | Kind::Dossiers | Kind::Results | Kind::Scans => source(row).map(Entry::Source),
        }
    }

    /// The name it is entered under, and those that must be there before it.
    pub fn names(&self) -> (String, Vec<&str>) {
        match self {
            Entry::Carrier(carrier) => (format!("carriers/{}", carrier.id), Vec::new()),
            Entry::Agency(agency) => (format!("agencies/{}", agency.code), vec![&agency.parent]),
            Entry::Alias(agency, alias) => (format!("agencies/{}", alias.code), vec![agency]),
            Entry::Procedure(procedure) => (format!("procedures/{}", procedure.code), Vec::new()),
            Entry::Office(office) => (format!("{}/offices/{}", office.carrier, office.code), Vec::new()),
            Entry::Source(source) => (format!("{} {} {}", source.party, source.kind, source.id), Vec::new()),
        }
    }

    /// The party under which it is enrolled, if it is a source.
    pub fn party(&self) -> Option<PartyName> {
        match self {
            Entry::Source(source) => Some(PartyName::new(&source.party)),
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
            Entry::Office(sent) => Note::Office(wire::office(sent, directory)?),
            Entry::Source(sent) => {
                let name = PartyName::new(&sent.party);
                let party = directory.canonical(&name, today).cloned();
                let field = if name.is_agency() { "agency" } else { "carrier" };
                let party = party.ok_or_else(|| Refusal::field(Reason::NotFound, field, ""))?;
                Note::Source(wire::source(sent, party, directory, today)?)
            }
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
            Entry::Source(source) => create!(create_source(v1::CreateSourceRequest { source: Some(source) })),
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
            ])
        }
        Note::Carrier(new) => first(&[("name", directory.carrier(&new.name)?.title == new.title)]),
        Note::Office(new) => {
            let old = directory.offices.get(&(new.carrier.clone(), new.code.clone()))?;
            first(&[("name", old.title == new.title), ("province", old.province == new.province)])
        }
        Note::Procedure(new) => {
            let old = directory.procedures.get(&new.name)?;
            first(&[
                ("name", old.title == new.title),
                ("level", old.level == new.level),
                ("pickup", old.pickup == new.pickup),
                ("return", old.returned == new.returned),
                ("valid_from", old.valid_from == new.valid_from),
            ])
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
        ..v1::Agency::default()
    }))
}

fn procedure(row: &Row) -> Result<v1::Procedure, Refusal> {
    Ok(v1::Procedure {
        code: bare(&row.code("code"), "procedures/"),
        title: row.text("name"),
        level: row.code("level").to_lowercase(),
        postal_pickup: row.flag("pickup")?,
        postal_return: row.flag("return")?,
        valid_from: row.day("valid_from")?,
        ..v1::Procedure::default()
    })
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
