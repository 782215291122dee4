//! The directory on the wire: what is created is parsed or the wrong field is named; what stands there is shown.

use jiff::civil::Date;

use super::{into, v1};
use crate::dossier::code::{agency_code, procedure};
use crate::dossier::directory::{
    Agency, AgencyKind, Alias, Carrier, Day, Directory, Office, Procedure, Source,
};
use crate::dossier::names::{PartyName, SourceName};
use crate::dossier::refusal::{Reason, Refusal};

/// Who decides a procedure.
const LEVELS: &[&str] = &["central", "province", "district", "commune"];
/// Years of agencies' and procedures' days: the oldest are of the last century.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// An agency to create, its parent by the name it was first entered under.
pub fn agency(sent: &v1::Agency, directory: &Directory, today: Day) -> Result<Agency, Refusal> {
    let code = into::required(&sent.code, "code")?;
    if !agency_code::is_code(&code) {
        return Err(Refusal::field(Reason::CodeFormat, "code", "an agency's code, such as H56.14"));
    }
    let name = format!("agencies/{code}");
    named(&sent.name, &name)?;
    into::free_text(&sent.title, "title")?;
    let kind = match sent.kind {
        0 => return Err(Refusal::field(Reason::FieldRequired, "kind", "")),
        number => AgencyKind::from_number(number)
            .ok_or_else(|| Refusal::field(Reason::EnumUnknown, "kind", "no such kind of agency"))?,
    };
    if !sent.aliases.is_empty() {
        return Err(Refusal::field(Reason::TextInvalid, "aliases", "given by CreateAgencyAlias"));
    }
    let (valid_from, valid_to) = days(&sent.valid_from, &sent.valid_to)?;
    let parent = match sent.parent.as_str() {
        "" => None,
        parent => Some(known_agency(parent, "parent", directory, today)?),
    };
    Ok(Agency { name: PartyName::new(&name), title: sent.title.clone(), parent, kind, valid_from, valid_to })
}

/// An alias to create for an agency.
pub fn alias(sent: &v1::AgencyAlias, agency: PartyName) -> Result<Alias, Refusal> {
    let code = into::required(&sent.code, "code")?;
    if !agency_code::is_code(&code) {
        return Err(Refusal::field(Reason::CodeFormat, "code", "an agency's code, such as 000.00.06.H56"));
    }
    let (valid_from, valid_to) = days(&sent.valid_from, &sent.valid_to)?;
    Ok(Alias { code, agency, valid_from, valid_to })
}

/// A procedure to create.
pub fn procedure(sent: &v1::Procedure) -> Result<Procedure, Refusal> {
    let code = into::required(&sent.code, "code")?;
    if !procedure::is_acceptable(&code) {
        return Err(Refusal::field(Reason::CodeFormat, "code", "a procedure's code, such as 1.004194"));
    }
    let name = format!("procedures/{code}");
    named(&sent.name, &name)?;
    into::free_text(&sent.title, "title")?;
    if !sent.level.is_empty() && !LEVELS.contains(&sent.level.as_str()) {
        return Err(Refusal::field(Reason::TextInvalid, "level", LEVELS.join(", ")));
    }
    Ok(Procedure {
        name,
        title: sent.title.clone(),
        level: sent.level.clone(),
        pickup: sent.postal_pickup,
        returned: sent.postal_return,
        valid_from: day(&sent.valid_from, "valid_from")?,
    })
}

/// A carrier to create.
pub fn carrier(sent: &v1::Carrier) -> Result<Carrier, Refusal> {
    let id = into::required(&sent.id, "id")?;
    let plain = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !plain || id.len() > 32 {
        let why = "1 to 32 small letters, digits and dashes";
        return Err(Refusal::field(Reason::TextInvalid, "id", why));
    }
    let name = format!("carriers/{id}");
    named(&sent.name, &name)?;
    into::free_text(&sent.title, "title")?;
    Ok(Carrier { name: PartyName::new(&name), title: sent.title.clone() })
}

/// A post office to create.
pub fn office(sent: &v1::Office, directory: &Directory) -> Result<Office, Refusal> {
    let carrier = PartyName::new(&into::required(&sent.carrier, "carrier")?);
    if directory.carrier(&carrier).is_none() {
        return Err(Refusal::field(Reason::NotFound, "carrier", ""));
    }
    let code = into::required(&sent.code, "code")?;
    if !is_office_code(&code) {
        return Err(Refusal::field(Reason::TextInvalid, "code", "six digits"));
    }
    named(&sent.name, &office_name(&carrier, &code))?;
    into::free_text(&sent.title, "title")?;
    into::free_text(&sent.province, "province")?;
    Ok(Office { carrier, code, title: sent.title.clone(), province: sent.province.clone() })
}

/// A source to create under a party that the caller may enrol for.
pub fn source(
    sent: &v1::Source,
    party: PartyName,
    directory: &Directory,
    today: Day,
) -> Result<Source, Refusal> {
    let word = match v1::SourceKind::try_from(sent.kind) {
        Ok(v1::SourceKind::Device) => "devices",
        Ok(v1::SourceKind::System) => "systems",
        Ok(v1::SourceKind::Unspecified) => return Err(Refusal::field(Reason::FieldRequired, "kind", "")),
        Err(_) => return Err(Refusal::field(Reason::EnumUnknown, "kind", "no such kind of source")),
    };
    let id = into::required(&sent.id, "id")?;
    if !is_source_id(&id) {
        let why = "1 to 64 letters, digits, dots, dashes and underscores";
        return Err(Refusal::field(Reason::TextInvalid, "id", why));
    }
    let name = format!("{party}/{word}/{id}");
    let as_sent = format!("{}/{word}/{id}", sent.party);
    if sent.name != as_sent {
        named(&sent.name, &name)?;
    }
    let agency = match sent.agency.as_str() {
        "" => None,
        agency => Some(known_agency(agency, "agency", directory, today)?),
    };
    let office = source_office(&sent.office, &party, directory)?;
    into::staff_number(&sent.holder, "holder")?;
    let holder = (!sent.holder.is_empty()).then(|| sent.holder.clone());
    Ok(Source { name: SourceName::new(&name), party, agency, office, holder })
}

/// The office of a source: one of its carrier's.
fn source_office(sent: &str, party: &PartyName, directory: &Directory) -> Result<Option<String>, Refusal> {
    let Some(code) = into::office(sent)?.map(String::from) else { return Ok(None) };
    let own = sent == code || sent == office_name(party, &code);
    if !party.is_carrier() || !own {
        return Err(Refusal::field(Reason::TextInvalid, "office", "an office of the source's own carrier"));
    }
    if !directory.offices.contains_key(&(party.clone(), code.clone())) {
        return Err(Refusal::field(Reason::NotFound, "office", ""));
    }
    Ok(Some(code))
}

/// The agency that any of its codes means today.
pub fn known_agency(
    name: &str,
    field: &str,
    directory: &Directory,
    today: Day,
) -> Result<PartyName, Refusal> {
    let agency = directory.canonical(&PartyName::new(name), today).filter(|name| name.is_agency());
    agency.cloned().ok_or_else(|| Refusal::field(Reason::NotFound, field, ""))
}

/// An agency with its aliases.
pub fn shown_agency(agency: &Agency, directory: &Directory) -> v1::Agency {
    let mut aliases: Vec<&Alias> =
        directory.aliases.values().flatten().filter(|alias| alias.agency == agency.name).collect();
    aliases.sort_by_key(|alias| (alias.valid_from, alias.code.as_str()));
    v1::Agency {
        name: agency.name.as_str().to_owned(),
        code: agency.name.bare().to_owned(),
        title: agency.title.clone(),
        parent: agency.parent.as_ref().map(|parent| parent.as_str().to_owned()).unwrap_or_default(),
        kind: agency.kind.number().into(),
        valid_from: day_text(agency.valid_from),
        valid_to: day_text(agency.valid_to),
        aliases: aliases
            .into_iter()
            .map(|alias| v1::AgencyAlias {
                code: alias.code.clone(),
                valid_from: day_text(alias.valid_from),
                valid_to: day_text(alias.valid_to),
            })
            .collect(),
    }
}

/// A procedure.
pub fn shown_procedure(procedure: &Procedure) -> v1::Procedure {
    v1::Procedure {
        name: procedure.name.clone(),
        code: procedure.name.strip_prefix("procedures/").unwrap_or_default().to_owned(),
        title: procedure.title.clone(),
        level: procedure.level.clone(),
        postal_pickup: procedure.pickup,
        postal_return: procedure.returned,
        valid_from: day_text(procedure.valid_from),
    }
}

/// A carrier.
pub fn shown_carrier(carrier: &Carrier) -> v1::Carrier {
    v1::Carrier {
        name: carrier.name.as_str().to_owned(),
        id: carrier.name.bare().to_owned(),
        title: carrier.title.clone(),
    }
}

/// A post office.
pub fn shown_office(office: &Office) -> v1::Office {
    v1::Office {
        name: office_name(&office.carrier, &office.code),
        code: office.code.clone(),
        title: office.title.clone(),
        carrier: office.carrier.as_str().to_owned(),
        province: office.province.clone(),
    }
}

/// A source; `None` for a party in its part as the source of its own commands.
pub fn shown_source(source: &Source) -> Option<v1::Source> {
    let (kind, id) = match source.name.as_str().strip_prefix(source.party.as_str())?.strip_prefix('/')? {
        rest if rest.starts_with("devices/") => (v1::SourceKind::Device, rest.strip_prefix("devices/")?),
        rest => (v1::SourceKind::System, rest.strip_prefix("systems/")?),
    };
    Some(v1::Source {
        name: source.name.as_str().to_owned(),
        party: source.party.as_str().to_owned(),
        kind: kind.into(),
        id: id.to_owned(),
        agency: source.agency.as_ref().map(|agency| agency.as_str().to_owned()).unwrap_or_default(),
        office: source.office.as_ref().map(|code| office_name(&source.party, code)).unwrap_or_default(),
        holder: source.holder.clone().unwrap_or_default(),
    })
}

/// The whole name of an office.
pub fn office_name(carrier: &PartyName, code: &str) -> String {
    format!("{carrier}/offices/{code}")
}

/// The carrier and six digits of an office's whole name.
pub fn office_key(name: &str) -> Option<(PartyName, String)> {
    let (carrier, code) = name.split_once("/offices/")?;
    is_office_code(code).then(|| (PartyName::new(carrier), code.to_owned()))
}

fn is_office_code(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an id may be a source's: 1 to 64 letters, digits, dots, dashes and underscores.
pub fn is_source_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// A name may be left empty, or be the one that follows from the other fields.
fn named(sent: &str, follows: &str) -> Result<(), Refusal> {
    if sent.is_empty() || sent == follows {
        return Ok(());
    }
    Err(Refusal::field(Reason::TextInvalid, "name", format!("leave it empty, or {follows}")))
}

/// The two ends of a span of days, the first not after the last.
fn days(from: &str, to: &str) -> Result<(Option<Day>, Option<Day>), Refusal> {
    let (from, to) = (day(from, "valid_from")?, day(to, "valid_to")?);
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(Refusal::field(Reason::TextInvalid, "valid_to", "before valid_from"));
    }
    Ok((from, to))
}

/// A day, if given.
pub fn day(text: &str, field: &str) -> Result<Option<Day>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let refused = || Refusal::field(Reason::TextInvalid, field, "a day that exists, YYYY-MM-DD");
    let shape =
        |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    if text.len() != 10 || !text.bytes().enumerate().all(shape) {
        return Err(refused());
    }
    let date: Date = text.parse().map_err(|_| refused())?;
    if !YEARS.contains(&date.year()) {
        return Err(Refusal::field(Reason::TimeOutOfRange, field, "between 1900 and 2199"));
    }
    let since = date.since((jiff::Unit::Day, Date::constant(1970, 1, 1))).map_err(|_| refused())?;
    Ok(Some(Day(since.get_days())))
}

/// A day as it is written, `YYYY-MM-DD`; empty where there is none.
pub fn day_text(day: Option<Day>) -> String {
    let Some(Day(days)) = day else { return String::new() };
    let date = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(days));
    date.map(|date| date.to_string()).unwrap_or_default()
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
