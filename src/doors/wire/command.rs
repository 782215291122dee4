//! Commands from the wire to the journal: every field parsed or named, the event made and encoded once.

use bytes::Bytes;
use prost::Message;
use smol_str::SmolStr;

use super::{dossier, into, time, v1};
use crate::dossier::apply::AcceptTarget;
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::directory::{Day, Directory};
use crate::dossier::event::{Event, EventType, Measure, Reason as EventReason};
use crate::dossier::leg::LegKind;
use crate::dossier::names::{Micros, PartyName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::{CommandAct, CommandLine, PersonalPart, Speaker};
use crate::seal::digest;

/// What parsing looks things up in.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The directory.
    pub directory: &'a Directory,
    /// The gateway's time: when a command occurs.
    pub now: Micros,
}

/// A command, parsed. Its event is not encoded yet.
#[derive(Clone, Debug)]
pub struct Command {
    /// The RPC.
    pub method: &'static str,
    /// The resource it names.
    pub resource: String,
    /// The caller's id of it.
    pub request_id: SmolStr,
    /// Digest of the request without its id and its personal part.
    pub request_digest: [u8; 32],
    /// The personal part.
    pub personal: Option<PersonalPart>,
    /// The event that it makes.
    pub event: Event,
    /// What is commanded.
    pub act: CommandAct,
}

impl Command {
    /// The line for the journal.
    pub fn line(self, speaker: Speaker) -> CommandLine {
        let carrier = match &self.act {
            CommandAct::Order { carrier, .. } => carrier.as_ref(),
            _ => None,
        };
        CommandLine {
            speaker,
            method: self.method,
            resource: self.resource,
            request_id: self.request_id,
            request_digest: self.request_digest,
            event_bytes: encode(&self.event, carrier),
            event: self.event,
            personal: self.personal,
            act: self.act,
        }
    }
}

/// `OrderLeg`. The event's `code` stays empty: it is the dossier's, which the caller may not see.
pub fn order_leg(request: &v1::OrderLegRequest, ground: Ground<'_>) -> Result<Command, Refusal> {
    let agency = ground.agency(&request.agency, "agency")?;
    let kind = into::leg_kind(request.kind, "kind")?;
    let kind = kind.ok_or_else(|| Refusal::field(Reason::FieldRequired, "kind", ""))?;
    let counter = match request.counter.as_str() {
        "" if kind == LegKind::Transfer => {
            let why = "a transfer names the agency that receives";
            return Err(Refusal::field(Reason::FieldRequired, "counter", why));
        }
        "" => agency.clone(),
        counter => ground.agency(counter, "counter")?,
    };
    let carrier = match request.carrier.as_str() {
        "" if kind == LegKind::Transfer => None,
        carrier => Some(ground.carrier(carrier, "carrier")?),
    };
    let office = into::office(&request.office)?;
    if request.office.contains('/') {
        let own =
            carrier.as_ref().zip(office.as_ref()).map(|(carrier, code)| format!("{carrier}/offices/{code}"));
        if own.as_deref() != Some(request.office.as_str()) {
            return Err(Refusal::field(Reason::TextInvalid, "office", "an office of the carrier named"));
        }
    }
    let procedure = into::named(&request.procedure, "procedures/", "procedure")?;
    let dossier = into::position(&request.dossier, "dossiers/", "dossier")?;
    let slip = ground.slip(&request.slip)?;
    let item = match &request.item {
        Some(item) if !item.value.is_empty() => Some(ground.code_of(item, CodeKind::Item, None, "item")?),
        _ => None,
    };
    let bare = v1::OrderLegRequest { request_id: String::new(), personal: Bytes::new(), ..request.clone() };
    let event = Event {
        agency: Some(agency.clone()),
        counter: Some(counter.clone()),
        office,
        procedure: procedure.clone(),
        leg_kind: Some(kind),
        due_at: time::within_if_given(request.due_at.as_ref(), "due_at")?,
        also: slip.into_iter().chain(item).collect(),
        ..said(EventType::Ordered, ground.now)
    };
    Ok(Command {
        method: "OrderLeg",
        resource: agency.to_string(),
        request_id: into::visible_id(&request.request_id, "request_id")?,
        request_digest: digest::digest(&bare.encode_to_vec()),
        personal: personal(&request.personal)?,
        event,
        act: CommandAct::Order { agency, counter, carrier, kind, procedure, dossier },
    })
}

/// `CancelLeg`.
pub fn cancel_leg(request: &v1::CancelLegRequest, ground: Ground<'_>) -> Result<Command, Refusal> {
    let leg = into::position(&request.name, "legs/", "name")?;
    let leg = leg.ok_or_else(|| Refusal::field(Reason::FieldRequired, "name", ""))?;
    let bare = v1::CancelLegRequest { request_id: String::new(), ..request.clone() };
    Ok(Command {
        method: "CancelLeg",
        resource: dossier::leg_name(leg),
        request_id: into::visible_id(&request.request_id, "request_id")?,
        request_digest: digest::digest(&bare.encode_to_vec()),
        personal: None,
        event: Event {
            leg: Some(leg),
            reason: EventReason(request.reason),
            ..said(EventType::Cancelled, ground.now)
        },
        act: CommandAct::Cancel { leg },
    })
}

/// `RegisterDossier`.
pub fn register_dossier(
    request: &v1::RegisterDossierRequest,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let agency = ground.agency(&request.agency, "agency")?;
    let counter = match request.counter.as_str() {
        "" => None,
        counter => Some(ground.agency(counter, "counter")?).filter(|counter| *counter != agency),
    };
    let code = ground.dossier_code(request.code.as_ref(), Some(&agency))?;
    let procedure = into::named(&request.procedure, "procedures/", "procedure")?;
    let slip = ground.slip(&request.slip)?;
    let bare =
        v1::RegisterDossierRequest { request_id: String::new(), personal: Bytes::new(), ..request.clone() };
    let event = Event {
        code: Some(code.clone()),
        agency: Some(agency.clone()),
        counter: counter.clone(),
        procedure: procedure.clone(),
        due_at: time::within_if_given(request.due_at.as_ref(), "due_at")?,
        also: slip.clone().into_iter().collect(),
        ..said(EventType::Registered, ground.now)
    };
    Ok(Command {
        method: "RegisterDossier",
        resource: format!("{agency} {}", code.text()),
        request_id: into::visible_id(&request.request_id, "request_id")?,
        request_digest: digest::digest(&bare.encode_to_vec()),
        personal: personal(&request.personal)?,
        event,
        act: CommandAct::Register { agency, counter, code, procedure, slip },
    })
}

/// What an acceptance is about, and the field that says so.
pub fn accept_target(
    request: &v1::AcceptDossierRequest,
    ground: Ground<'_>,
) -> Result<(AcceptTarget, &'static str), Refusal> {
    use v1::accept_dossier_request::Target;
    match &request.target {
        Some(Target::Leg(name)) => {
            let leg = into::position(name, "legs/", "leg")?;
            let leg = leg.ok_or_else(|| Refusal::field(Reason::FieldRequired, "leg", ""))?;
            Ok((AcceptTarget::Leg(leg), "leg"))
        }
        Some(Target::Item(item)) => {
            Ok((AcceptTarget::Code(ground.code_of(item, CodeKind::Item, None, "item")?), "item"))
        }
        Some(Target::Slip(slip)) => {
            let typed = v1::Code { kind: CodeKind::Slip.number().into(), ..slip.clone() };
            let kind_fits = slip.kind == 0 || slip.kind == typed.kind;
            if !kind_fits {
                return Err(Refusal::field(Reason::CodeFormat, "slip.kind", "not a slip"));
            }
            Ok((AcceptTarget::Code(ground.code_of(&typed, CodeKind::Slip, None, "slip")?), "slip"))
        }
        None => Err(Refusal::field(Reason::FieldRequired, "target", "a leg, an item or a slip")),
    }
}

/// `AcceptDossier`; `agency` owns the leg, as far as the caller sees one.
pub fn accept_dossier(
    request: &v1::AcceptDossierRequest,
    target: AcceptTarget,
    agency: Option<&PartyName>,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let code = ground.dossier_code(request.code.as_ref(), agency)?;
    let procedure = into::named(&request.procedure, "procedures/", "procedure")?;
    let bare =
        v1::AcceptDossierRequest { request_id: String::new(), personal: Bytes::new(), ..request.clone() };
    let (leg, also, resource) = match &target {
        AcceptTarget::Leg(leg) => (Some(*leg), Vec::new(), dossier::leg_name(*leg)),
        AcceptTarget::Code(code) => (None, vec![code.clone()], code.text().to_owned()),
    };
    let event = Event {
        code: Some(code.clone()),
        leg,
        also,
        agency: agency.cloned(),
        procedure: procedure.clone(),
        due_at: time::within_if_given(request.due_at.as_ref(), "due_at")?,
        ..said(EventType::DossierAccepted, ground.now)
    };
    Ok(Command {
        method: "AcceptDossier",
        resource,
        request_id: into::visible_id(&request.request_id, "request_id")?,
        request_digest: digest::digest(&bare.encode_to_vec()),
        personal: personal(&request.personal)?,
        event,
        act: CommandAct::Accept { target, code, procedure },
    })
}

impl Ground<'_> {
    fn day(self) -> Day {
        Day::at(self.now)
    }

    fn party(self, name: &str, field: &str) -> Result<PartyName, Refusal> {
        let given = into::party(name, field)?;
        let given = given.ok_or_else(|| Refusal::field(Reason::FieldRequired, field, ""))?;
        let known = self.directory.canonical(&given, self.day());
        known.cloned().ok_or_else(|| Refusal::field(Reason::NotFound, field, "not in the directory"))
    }

    fn agency(self, name: &str, field: &str) -> Result<PartyName, Refusal> {
        let party = self.party(name, field)?;
        if party.is_agency() {
            Ok(party)
        } else {
            Err(Refusal::field(Reason::TextInvalid, field, "an agency"))
        }
    }

    fn carrier(self, name: &str, field: &str) -> Result<PartyName, Refusal> {
        let party = self.party(name, field)?;
        if party.is_carrier() {
            Ok(party)
        } else {
            Err(Refusal::field(Reason::TextInvalid, field, "a carrier"))
        }
    }

    fn slip(self, number: &str) -> Result<Option<Code>, Refusal> {
        if number.is_empty() {
            return Ok(None);
        }
        let code = v1::Code {
            kind: CodeKind::Slip.number().into(),
            value: number.to_owned(),
            agency: String::new(),
        };
        let read = into::read_code(&code, false, self.directory, self.day());
        read.map(|(slip, _)| Some(slip)).map_err(|refusal| Refusal { field: "slip".to_owned(), ..refusal })
    }

    /// A code of one kind; an opaque one belongs to `agency` where it names none.
    fn code_of(
        self,
        code: &v1::Code,
        kind: CodeKind,
        agency: Option<&PartyName>,
        field: &str,
    ) -> Result<Code, Refusal> {
        let mut meant = code.clone();
        if let Some(agency) = agency.filter(|_| meant.agency.is_empty()) {
            meant.agency = agency.to_string();
        }
        let read = into::read_code(&meant, false, self.directory, self.day());
        let (read, _) = read.map_err(|refusal| refusal.under(field))?;
        if read.kind() == kind {
            return Ok(read);
        }
        let why = format!("reads as {}, not as {}", read.kind().text(), kind.text());
        Err(Refusal::field(Reason::CodeFormat, format!("{field}.value"), why))
    }

    fn dossier_code(self, code: Option<&v1::Code>, agency: Option<&PartyName>) -> Result<Code, Refusal> {
        let code = code.ok_or_else(|| Refusal::field(Reason::FieldRequired, "code", ""))?;
        let read = self.code_of(code, CodeKind::Dossier, agency, "code")?;
        match (read.agency(), agency) {
            (Some(named), Some(agency)) if named != agency => {
                Err(Refusal::field(Reason::CodeFormat, "code.agency", "the code is another agency's"))
            }
            _ => Ok(read),
        }
    }
}

fn personal(bytes: &Bytes) -> Result<Option<PersonalPart>, Refusal> {
    Ok(into::personal(bytes, "personal")?.map(|(bytes, _)| PersonalPart(bytes)))
}

/// An event of a command, saying nothing yet.
fn said(kind: EventType, occurred_at: Micros) -> Event {
    Event {
        kind,
        code: None,
        occurred_at,
        device_seq: None,
        agency: None,
        counter: None,
        office: None,
        reason: EventReason::NONE,
        measure: Measure::NONE,
        corrects: None,
        leg: None,
        also: Vec::new(),
        receptacle: None,
        procedure: None,
        leg_kind: None,
        until: None,
        unverified: false,
        due_at: None,
        placed: None,
        actor: None,
    }
}

/// The event of a command as it is stored, hashed and relayed.
fn encode(event: &Event, carrier: Option<&PartyName>) -> Bytes {
    let name = |party: &Option<PartyName>| party.as_ref().map(PartyName::to_string).unwrap_or_default();
    let office =
        carrier.zip(event.office.as_ref()).map(|(carrier, code)| format!("{carrier}/offices/{code}"));
    let event = v1::Event {
        r#type: event.kind.number().into(),
        code: event.code.as_ref().map(dossier::code),
        occurred_at: Some(time::timestamp(event.occurred_at)),
        agency: name(&event.agency),
        office: office.unwrap_or_default(),
        reason: event.reason.0,
        leg: event.leg.map(dossier::leg_name).unwrap_or_default(),
        also: event.also.iter().map(dossier::code).collect(),
        procedure: event.procedure.as_deref().unwrap_or_default().to_owned(),
        leg_kind: event.leg_kind.map_or(0, |kind| kind.number().into()),
        counter: name(&event.counter),
        due_at: event.due_at.map(time::timestamp),
        ..v1::Event::default()
    };
    Bytes::from(event.encode_to_vec())
}
