//! Manifests on the wire: commands into the journal, lists out of it.

use prost::Message;
use smol_str::SmolStr;

use super::command::{Command, Ground};
use super::{dossier, from, into, time, v1};
use crate::dossier::event::{Event, EventType, Reason as Why};
use crate::dossier::handover::{
    self, Answered, Closes, Creates, Manifest, ManifestKind, ManifestLine, ManifestState, Named, Side, Which,
};
use crate::dossier::names::{Micros, PartyName, Position};
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::CommandAct;
use crate::limits;
use crate::seal::digest;

/// What every command on a manifest has.
struct Commanded<'a> {
    method: &'static str,
    request_id: &'a str,
    /// The request without its id.
    bare: Vec<u8>,
    kind: EventType,
    manifest: Option<Position>,
    signed_at: Option<Micros>,
    paper: Option<SmolStr>,
}

impl Commanded<'_> {
    fn command(
        self,
        command: handover::Command,
        party: &PartyName,
        ground: Ground<'_>,
    ) -> Result<Command, Refusal> {
        if self.signed_at.is_some_and(|signed| signed > ground.now) {
            let why = "a paper is signed before it is keyed";
            return Err(Refusal::field(Reason::TimeOutOfRange, "signed_at", why));
        }
        let mut event =
            Event { paper: self.paper, ..Event::new(self.kind, self.signed_at.unwrap_or(ground.now)) };
        event.particulars.manifest = self.manifest;
        Ok(Command {
            method: self.method,
            resource: self.manifest.map_or_else(|| party.to_string(), manifest_name),
            request_id: into::visible_id(self.request_id, "request_id")?,
            request_digest: digest::digest(&self.bare),
            personal: None,
            event,
            act: CommandAct::Handover { manifest: self.manifest, command, signed_at: self.signed_at },
        })
    }
}

/// Parses what the commands on a list that exists have in common.
macro_rules! commanded {
    ($method:literal, $request:expr, $message:ident, $kind:ident, signed) => {{
        let signed_at = time::within_if_given($request.signed_at.as_ref(), "signed_at")?;
        let paper = paper(&$request.paper_number, signed_at)?;
        Commanded { signed_at, paper, ..commanded!($method, $request, $message, $kind) }
    }};
    ($method:literal, $request:expr, $message:ident, $kind:ident) => {
        Commanded {
            method: $method,
            request_id: &$request.request_id,
            bare: v1::$message { request_id: String::new(), ..$request.clone() }.encode_to_vec(),
            kind: EventType::$kind,
            manifest: Some(named(&$request.name)?),
            signed_at: None,
            paper: None,
        }
    };
}

/// `CreateManifest`; `party` gives.
pub fn create_manifest(
    request: &v1::CreateManifestRequest,
    party: &PartyName,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let kind = ManifestKind::from_number(request.kind).ok_or_else(|| match request.kind {
        0 => Refusal::field(Reason::FieldRequired, "kind", "a handover, a run or a transport"),
        _ => Refusal::field(Reason::EnumUnknown, "kind", "no such kind of list"),
    })?;
    into::staff_number(&request.number, "number")?;
    let receiver = request.receiver.as_ref();
    let receiver = receiver.ok_or_else(|| Refusal::field(Reason::FieldRequired, "receiver", ""))?;
    into::staff_number(&receiver.person, "receiver.person")?;
    let to = ground.party(&receiver.party, "receiver.party")?;
    let creates = Creates {
        kind,
        number: request.number.as_str().into(),
        giver: Side { party: party.clone(), office: office(&request.office, party, "office")?, person: None },
        receiver: Side {
            office: office(&receiver.office, &to, "receiver.office")?,
            person: Some(SmolStr::new(&receiver.person)).filter(|person| !person.is_empty()),
            party: to,
        },
        lines: refs(&request.lines, "lines", ground)?,
    };
    let commanded = Commanded {
        method: "CreateManifest",
        request_id: &request.request_id,
        bare: v1::CreateManifestRequest { request_id: String::new(), ..request.clone() }.encode_to_vec(),
        kind: EventType::ManifestCreated,
        manifest: None,
        signed_at: None,
        paper: None,
    };
    commanded.command(handover::Command::Create(Box::new(creates)), party, ground)
}

/// `AddManifestLines`.
pub fn add_manifest_lines(
    request: &v1::AddManifestLinesRequest,
    party: &PartyName,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let lines = refs(&request.lines, "lines", ground)?;
    let commanded = commanded!("AddManifestLines", request, AddManifestLinesRequest, ManifestLinesAdded);
    commanded.command(handover::Command::Add(some(lines, "lines")?), party, ground)
}

/// `OfferManifest`.
pub fn offer_manifest(
    request: &v1::OfferManifestRequest,
    party: &PartyName,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let commanded = commanded!("OfferManifest", request, OfferManifestRequest, ManifestOffered, signed);
    commanded.command(handover::Command::Offer, party, ground)
}

/// `WithdrawManifest`.
pub fn withdraw_manifest(
    request: &v1::WithdrawManifestRequest,
    party: &PartyName,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let commanded = commanded!("WithdrawManifest", request, WithdrawManifestRequest, ManifestWithdrawn);
    commanded.command(handover::Command::Withdraw, party, ground)
}

/// `AcceptLines`.
pub fn accept_lines(
    request: &v1::AcceptLinesRequest,
    party: &PartyName,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let lines = answers(&request.lines, ground)?;
    let except = refs(&request.except, "except", ground)?;
    let which = match (request.all_remaining, lines.is_empty(), except.is_empty()) {
        (true, true, _) => Which::AllExcept(except),
        (false, false, true) => Which::These(lines),
        (true, false, _) => {
            let why = "name lines, or all that remain, not both";
            return Err(Refusal::field(Reason::FieldRequired, "lines", why));
        }
        (false, true, _) => return Err(Refusal::field(Reason::FieldRequired, "lines", "")),
        (false, false, false) => {
            let why = "exceptions are of all that remain";
            return Err(Refusal::field(Reason::FieldRequired, "all_remaining", why));
        }
    };
    let commanded = commanded!("AcceptLines", request, AcceptLinesRequest, Accepted, signed);
    commanded.command(handover::Command::Accept(which), party, ground)
}

/// `RejectLines`.
pub fn reject_lines(
    request: &v1::RejectLinesRequest,
    party: &PartyName,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let lines = some(answers(&request.lines, ground)?, "lines")?;
    let commanded = commanded!("RejectLines", request, RejectLinesRequest, NotAccepted, signed);
    commanded.command(handover::Command::Reject(lines), party, ground)
}

/// `AddUnlistedLines`.
pub fn add_unlisted_lines(
    request: &v1::AddUnlistedLinesRequest,
    party: &PartyName,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let lines = some(answers(&request.lines, ground)?, "lines")?;
    let commanded = commanded!("AddUnlistedLines", request, AddUnlistedLinesRequest, Accepted, signed);
    commanded.command(handover::Command::AddUnlisted(lines), party, ground)
}

/// `CloseManifest`.
pub fn close_manifest(
    request: &v1::CloseManifestRequest,
    party: &PartyName,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let closes = match v1::PendingLines::try_from(request.pending) {
        Ok(v1::PendingLines::Unspecified) => Closes::Answered,
        Ok(v1::PendingLines::TakenBySeal) => Closes::BySeal,
        Ok(v1::PendingLines::CarriedBack) => Closes::CarriedBack,
        Err(_) => {
            return Err(Refusal::field(Reason::EnumUnknown, "pending", "taken by seal, or carried back"));
        }
    };
    let commanded = commanded!("CloseManifest", request, CloseManifestRequest, ManifestClosed, signed);
    commanded.command(handover::Command::Close(closes), party, ground)
}

/// The name of a manifest.
pub fn manifest_name(id: Position) -> String {
    format!("manifests/{id}")
}

/// The id of the manifest that is named.
pub fn named(name: &str) -> Result<Position, Refusal> {
    let id = into::position(name, "manifests/", "name")?;
    id.ok_or_else(|| Refusal::field(Reason::FieldRequired, "name", ""))
}

/// A state to filter by.
pub fn state(number: i32) -> Result<Option<ManifestState>, Refusal> {
    if number == 0 {
        return Ok(None);
    }
    let state = ManifestState::from_number(number);
    state.map(Some).ok_or_else(|| Refusal::field(Reason::EnumUnknown, "state", "no such state of a list"))
}

fn some<T>(lines: Vec<T>, field: &str) -> Result<Vec<T>, Refusal> {
    if lines.is_empty() { Err(Refusal::field(Reason::FieldRequired, field, "")) } else { Ok(lines) }
}

fn paper(number: &str, signed_at: Option<Micros>) -> Result<Option<SmolStr>, Refusal> {
    into::staff_number(number, "paper_number")?;
    if !number.is_empty() && signed_at.is_none() {
        let why = "the minute that stands on the paper";
        return Err(Refusal::field(Reason::FieldRequired, "signed_at", why));
    }
    Ok(Some(SmolStr::new(number)).filter(|number| !number.is_empty()))
}

/// An office of a party, which only a carrier has.
fn office(name: &str, party: &PartyName, field: &str) -> Result<Option<SmolStr>, Refusal> {
    let office = into::office(name).map_err(|refusal| Refusal { field: field.to_owned(), ..refusal })?;
    let whole = office.as_ref().map(|code| format!("{party}/offices/{code}"));
    let own = !name.contains('/') || whole.as_deref() == Some(name);
    match office {
        Some(_) if !party.is_carrier() || !own => {
            Err(Refusal::field(Reason::TextInvalid, field, "an office of the carrier on that side"))
        }
        office => Ok(office),
    }
}

fn refs(lines: &[v1::LineRef], field: &str, ground: Ground<'_>) -> Result<Vec<Named>, Refusal> {
    bounded(lines.len(), field)?;
    let each = lines.iter().enumerate();
    each.map(|(at, line)| one(Some(line), ground).map_err(|refusal| refusal.under(&format!("{field}[{at}]"))))
        .collect()
}

fn answers(lines: &[v1::LineAnswer], ground: Ground<'_>) -> Result<Vec<Answered>, Refusal> {
    bounded(lines.len(), "lines")?;
    let each = lines.iter().enumerate();
    each.map(|(at, line)| {
        let answered = || {
            Ok(Answered {
                named: one(line.line.as_ref(), ground).map_err(|refusal: Refusal| refusal.under("line"))?,
                reason: Why(line.reason),
                tally: into::tally(&line.tally)?,
            })
        };
        answered().map_err(|refusal: Refusal| refusal.under(&format!("lines[{at}]")))
    })
    .collect()
}

fn bounded(lines: usize, field: &str) -> Result<(), Refusal> {
    if lines <= limits::MANIFEST_LINES {
        return Ok(());
    }
    let why = format!("a list takes {} lines at most", limits::MANIFEST_LINES);
    Err(Refusal::field(Reason::BatchTooLarge, field, why))
}

fn one(line: Option<&v1::LineRef>, ground: Ground<'_>) -> Result<Named, Refusal> {
    use v1::line_ref::Line;
    let line = line.and_then(|line| line.line.as_ref());
    match line.ok_or_else(|| Refusal::field(Reason::FieldRequired, "line", "a code, a leg or a number"))? {
        Line::Code(code) => {
            let read = into::read_code(code, false, ground.directory, ground.day());
            read.map(|(code, _)| Named::Code(code)).map_err(|refusal| refusal.under("code"))
        }
        Line::Leg(name) => {
            let leg = into::position(name, "legs/", "leg")?;
            leg.map(Named::Leg).ok_or_else(|| Refusal::field(Reason::FieldRequired, "leg", ""))
        }
        Line::Number(0) => Err(Refusal::field(Reason::FieldRequired, "number", "lines count from 1")),
        Line::Number(number) => Ok(Named::Line(*number)),
    }
}

/// A list; with its lines, or without.
pub fn manifest(manifest: &Manifest, with_lines: bool) -> v1::Manifest {
    let lines = manifest.lines.iter().enumerate().filter(|_| with_lines);
    let sheet = manifest.sheet();
    let count = |lines: usize| u32::try_from(lines).unwrap_or(u32::MAX);
    v1::Manifest {
        name: manifest_name(manifest.id),
        kind: manifest.kind.number().into(),
        number: manifest.number.to_string(),
        state: manifest.state.number().into(),
        giver: Some(side(&manifest.giver)),
        receiver: Some(side(&manifest.receiver)),
        lines: lines.map(|(index, line)| told_line(count(index + 1), line)).collect(),
        totals: Some(v1::ManifestTotals {
            lines: count(sheet.lines),
            pending: count(sheet.pending),
            taken: count(sheet.taken),
            with_reservation: count(sheet.with_reservation),
            unlisted: count(sheet.unlisted),
            not_accepted: count(sheet.not_accepted),
            missing: count(sheet.missing),
            carried_back: count(sheet.carried_back),
        }),
        created_at: Some(time::timestamp(manifest.created_at)),
        offered_at: manifest.offered.as_ref().map(|signed| time::timestamp(signed.at)),
        ended_at: manifest.ended.as_ref().map(|signed| time::timestamp(signed.at)),
    }
}

fn side(side: &Side) -> v1::HandoverSide {
    let office = side.office.as_ref().map(|code| format!("{}/offices/{code}", side.party));
    v1::HandoverSide {
        party: side.party.to_string(),
        office: office.unwrap_or_default(),
        person: side.person.as_deref().unwrap_or_default().to_owned(),
    }
}

fn told_line(number: u32, line: &ManifestLine) -> v1::ManifestLine {
    v1::ManifestLine {
        number,
        code: line.code.as_ref().map(dossier::code),
        leg: line.leg.map(dossier::leg_name).unwrap_or_default(),
        state: line.state.number().into(),
        unlisted: line.unlisted,
        reason: line.reason.0,
        position: line.said.map(|(by, _)| by.to_string()).unwrap_or_default(),
        decided_at: line.said.map(|(_, at)| time::timestamp(at)),
    }
}

/// What was recorded of a line.
pub fn outcome(number: u32, recorded: &crate::journal::Answer) -> Result<v1::LineOutcome, Refusal> {
    let recorded = from::recorded(recorded, Vec::new())?;
    Ok(v1::LineOutcome { number, result: Some(v1::line_outcome::Result::Recorded(recorded)) })
}
