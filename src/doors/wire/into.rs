//! From the wire to the domain: every field is parsed or the wrong one is named.

use bytes::Bytes;
use prost::Message;
use smol_str::SmolStr;

use super::{time, v1};
use crate::dossier::code::{Code, CodeKind, Unreadable};
use crate::dossier::directory::{Day, Directory};
use crate::dossier::event::{Event, EventType, Measure, Reason as EventReason};
use crate::dossier::leg::LegKind;
use crate::dossier::money::{FeeKind, Money};
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};
use crate::dossier::papers::Tally;
use crate::dossier::particulars::{Particulars, Relation, Terms};
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;

/// A capture, parsed.
#[derive(Clone, Debug)]
pub struct ParsedCapture {
    /// The source named.
    pub source: SourceName,
    /// The client's id.
    pub client_event_id: SmolStr,
    /// The event as understood.
    pub event: Event,
    /// The code was understood only after repair.
    pub repaired: bool,
    /// The event's bytes.
    pub event_bytes: Bytes,
    /// The personal part's bytes; `None` when there is none.
    pub personal: Option<Bytes>,
    /// Event or personal part attest a citizen's side.
    pub attested: bool,
    /// The device's clock at sending.
    pub send_time: Option<Micros>,
}

/// Decodes a message that was received as bytes.
pub fn message<M: Message + Default>(bytes: &Bytes, field: &str) -> Result<M, Refusal> {
    M::decode(bytes.clone()).map_err(|_| Refusal::field(Reason::MessageMalformed, field, ""))
}

/// Parses a capture. Fields are named from the capture on: `event.code.value`.
pub fn capture(capture: v1::Capture, directory: &Directory) -> Result<ParsedCapture, Refusal> {
    let source = required(&capture.source, "source")?;
    let client_event_id = visible_id(&capture.client_event_id, "client_event_id")?;
    if capture.event.is_empty() {
        return Err(Refusal::field(Reason::FieldRequired, "event", ""));
    }
    if capture.event.len() > limits::EVENT_BYTES {
        return Err(Refusal::field(Reason::MessageTooLarge, "event", "an event takes 4 KiB at most"));
    }
    let sent: v1::Event = message(&capture.event, "event")?;
    let (event, repaired) = event(&sent, directory).map_err(|refusal| refusal.under("event"))?;
    let personal = personal(&capture.personal, "personal")?;
    let by_slip = event.code.iter().chain(&event.also).any(|code| code.kind() == CodeKind::Slip);
    let by_proof = personal.as_ref().is_some_and(|(_, part)| !part.proof_sha256.is_empty());
    let attested = match v1::Attestation::try_from(sent.attestation) {
        Ok(v1::Attestation::Unspecified) => by_slip || by_proof,
        Ok(v1::Attestation::PaperSlip) => true,
        Ok(v1::Attestation::ScreenSignature | v1::Attestation::OneTimeCode | v1::Attestation::Photo) => {
            by_proof
        }
        Ok(v1::Attestation::None) => false,
        Err(_) => {
            let why = "no such kind of attestation";
            return Err(Refusal::field(Reason::EnumUnknown, "event.attestation", why));
        }
    };
    Ok(ParsedCapture {
        source: SourceName::new(&source),
        client_event_id,
        event,
        repaired,
        event_bytes: capture.event,
        personal: personal.map(|(bytes, _)| bytes),
        attested,
        send_time: time::within_if_given(capture.send_time.as_ref(), "send_time")?,
    })
}

/// Checks a personal part; the bytes are kept as they came.
pub fn personal(bytes: &Bytes, field: &str) -> Result<Option<(Bytes, v1::Personal)>, Refusal> {
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() > limits::PERSONAL_BYTES {
        return Err(Refusal::field(Reason::MessageTooLarge, field, "a personal part takes 8 KiB at most"));
    }
    let part: v1::Personal = message(bytes, field)?;
    for (name, text) in [
        ("name", &part.name),
        ("phone", &part.phone),
        ("address", &part.address),
        ("receiver_relation", &part.receiver_relation),
    ] {
        free_text(text, name).map_err(|refusal| refusal.under(field))?;
    }
    for (name, text) in [("note", &part.note), ("raw_scan", &part.raw_scan)] {
        // Line breaks are part of notes and of the QR of an identity card.
        let lines: String = text.chars().filter(|c| !matches!(c, '\n' | '\r' | '\t' | '\u{1d}')).collect();
        free_text_of(&lines, name, limits::PERSONAL_BYTES).map_err(|refusal| refusal.under(field))?;
    }
    if !matches!(part.proof_sha256.len(), 0 | 32) {
        let refusal = Refusal::field(Reason::TextInvalid, "proof_sha256", "a SHA-256 has 32 bytes");
        return Err(refusal.under(field));
    }
    Ok(Some((bytes.clone(), part)))
}

fn event(sent: &v1::Event, directory: &Directory) -> Result<(Event, bool), Refusal> {
    let kind = EventType::from_number(sent.r#type);
    let kind = kind.ok_or_else(|| match sent.r#type {
        0 => Refusal::field(Reason::FieldRequired, "type", ""),
        _ => Refusal::field(Reason::EnumUnknown, "type", "no such event type"),
    })?;
    if kind.made_by_gateway() {
        return Err(Refusal::field(
            Reason::EnumUnknown,
            "type",
            "events of this type are made by the gateway",
        ));
    }
    let occurred_at = sent.occurred_at.as_ref();
    let occurred_at = occurred_at.ok_or_else(|| Refusal::field(Reason::FieldRequired, "occurred_at", ""))?;
    let occurred_at = time::within(occurred_at, "occurred_at")?;
    let day = Day::at(occurred_at);

    let mut repaired = false;
    let code = match &sent.code {
        Some(code) if !code.value.is_empty() => {
            let (code, was_repaired) =
                read_code(code, sent.unverified, directory, day).map_err(|refusal| refusal.under("code"))?;
            repaired = was_repaired;
            Some(code)
        }
        _ => None,
    };
    if sent.also.len() > limits::ALSO_CODES {
        let why = format!("at most {} other codes", limits::ALSO_CODES);
        return Err(Refusal::field(Reason::BatchTooLarge, "also", why));
    }
    let mut also = Vec::with_capacity(sent.also.len());
    for (index, code) in sent.also.iter().enumerate() {
        let read = read_code(code, sent.unverified, directory, day);
        also.push(read.map_err(|refusal| refusal.under(&format!("also[{index}]")))?.0);
    }
    let receptacle = match &sent.receptacle {
        Some(bag) => {
            let (bag, _) =
                read_code(bag, false, directory, day).map_err(|refusal| refusal.under("receptacle"))?;
            if bag.kind() != CodeKind::Receptacle {
                return Err(Refusal::field(Reason::CodeFormat, "receptacle.value", "no bag label"));
            }
            Some(bag)
        }
        None => None,
    };
    if !(-86_400..=86_400).contains(&sent.zone_offset_s) {
        return Err(Refusal::field(Reason::TimeOutOfRange, "zone_offset_s", "at most a day"));
    }
    // Events are never erased: what names a list, a paper or a person here must have the shape of a number.
    staff_number(&sent.actor, "actor")?;
    staff_number(&sent.seal_number, "seal_number")?;
    staff_number(&sent.paper_number, "paper_number")?;
    let corrects = position(&sent.corrects, "", "corrects")?;
    if kind == EventType::Voided && corrects.is_none() {
        return Err(Refusal::field(Reason::FieldRequired, "corrects", "a void names the event it voids"));
    }
    Ok((
        Event {
            kind,
            code,
            occurred_at,
            device_seq: device_seq(sent.device_seq)?,
            agency: party(&sent.agency, "agency")?,
            counter: party(&sent.counter, "counter")?,
            office: office(&sent.office)?,
            reason: EventReason(sent.reason),
            measure: Measure(sent.measure),
            corrects,
            leg: position(&sent.leg, "legs/", "leg")?,
            also,
            receptacle,
            procedure: named(&sent.procedure, "procedures/", "procedure")?,
            leg_kind: leg_kind(sent.leg_kind, "leg_kind")?,
            until: time::within_if_given(sent.until.as_ref(), "until")?,
            unverified: sent.unverified,
            due_at: time::within_if_given(sent.due_at.as_ref(), "due_at")?,
            placed: None,
            actor: (!sent.actor.is_empty()).then(|| sent.actor.as_str().into()),
            paper: Some(SmolStr::new(&sent.paper_number)).filter(|paper| !paper.is_empty()),
            particulars: particulars(kind, sent)?,
        },
        repaired,
    ))
}

/// What a scan says besides. Terms are an agency's to lay down, by a command.
fn particulars(kind: EventType, sent: &v1::Event) -> Result<Particulars, Refusal> {
    let money = money(&sent.money, "money", kind == EventType::DeliveryRevoked)?;
    if kind == EventType::FeeCollected && money.is_empty() {
        return Err(Refusal::field(Reason::FieldRequired, "money", "what was taken"));
    }
    Ok(Particulars {
        manifest: position(&sent.manifest, "manifests/", "manifest")?,
        tally: tally(&sent.tally)?,
        relation: Relation(sent.relation),
        money,
        terms: Terms::default(),
    })
}

/// A count of papers.
pub fn tally(sent: &[v1::Tally]) -> Result<Vec<Tally>, Refusal> {
    if sent.len() > limits::TALLIES {
        let why = format!("at most {} components", limits::TALLIES);
        return Err(Refusal::field(Reason::BatchTooLarge, "tally", why));
    }
    let line = |line: &v1::Tally| Tally {
        component: line.component,
        originals: line.originals,
        certified_copies: line.certified_copies,
        photocopies: line.photocopies,
    };
    Ok(sent.iter().map(line).collect())
}

/// Amounts of money; less than nothing only where something may be paid back.
pub fn money(sent: &[v1::Money], field: &str, paid_back: bool) -> Result<Vec<Money>, Refusal> {
    if sent.len() > limits::AMOUNTS {
        let why = format!("at most {} amounts", limits::AMOUNTS);
        return Err(Refusal::field(Reason::BatchTooLarge, field, why));
    }
    let mut amounts = Vec::with_capacity(sent.len());
    for (index, amount) in sent.iter().enumerate() {
        let at = |name: &str| format!("{field}[{index}].{name}");
        let kind = FeeKind::from_number(amount.kind).ok_or_else(|| match amount.kind {
            0 => Refusal::field(Reason::FieldRequired, at("kind"), "the agency's fee, postage or collection"),
            _ => Refusal::field(Reason::EnumUnknown, at("kind"), "no such kind of fee"),
        })?;
        let least = if paid_back { -limits::VND_MAX } else { 1 };
        if amount.vnd == 0 || !(least..=limits::VND_MAX).contains(&amount.vnd) {
            let why = "whole đồng, more than nothing; less only where a revoked delivery is paid back";
            return Err(Refusal::field(Reason::AmountInvalid, at("vnd"), why));
        }
        amounts.push(Money { kind, vnd: amount.vnd });
    }
    Ok(amounts)
}

/// Reads a code of a request, and whether it had to be repaired.
pub fn read_code(
    code: &v1::Code,
    unverified: bool,
    directory: &Directory,
    day: Day,
) -> Result<(Code, bool), Refusal> {
    if code.value.is_empty() {
        return Err(Refusal::field(Reason::FieldRequired, "value", ""));
    }
    let kind = match code.kind {
        0 => None,
        number => {
            let kind = CodeKind::from_number(number);
            Some(kind.ok_or_else(|| Refusal::field(Reason::EnumUnknown, "kind", "no such kind of code"))?)
        }
    };
    let agency = party(&code.agency, "agency")?;
    let agency = agency.map(|name| directory.entered(&name, day).cloned().unwrap_or(name));
    let reading = Code::read(kind, &code.value, agency.as_ref(), unverified).map_err(unreadable)?;
    Ok((reading.code, reading.repaired))
}

/// What a code that does not read is refused with.
fn unreadable(why: Unreadable) -> Refusal {
    let (reason, detail) = match why {
        Unreadable::CheckDigit { expected, found } => {
            (Reason::CheckDigit, format!("check digit is {expected}, not {found}"))
        }
        Unreadable::TooLong => (Reason::CodeTooLong, String::new()),
        Unreadable::DateImpossible => (Reason::DateImpossible, String::new()),
        Unreadable::TextInvalid => (Reason::TextInvalid, "control characters".to_owned()),
        Unreadable::Length => (Reason::CodeFormat, "one character too few or too many".to_owned()),
        Unreadable::AmbiguousRepair => {
            (Reason::CodeFormat, "spoilt by the keyboard's input method".to_owned())
        }
        Unreadable::Procedure => (Reason::CodeFormat, "a procedure's code, not a dossier's".to_owned()),
        Unreadable::AgencyLike => {
            (Reason::CodeFormat, "begins like an agency's code and goes wrong after it".to_owned())
        }
        Unreadable::NoFormat => (Reason::CodeFormat, String::new()),
    };
    Refusal::field(reason, "value", detail)
}

/// A text that must be there.
pub fn required(text: &str, field: &str) -> Result<String, Refusal> {
    if text.is_empty() {
        return Err(Refusal::field(Reason::FieldRequired, field, ""));
    }
    free_text(text, field)?;
    Ok(text.to_owned())
}

/// An id of 1-64 visible ASCII characters.
pub fn visible_id(text: &str, field: &str) -> Result<SmolStr, Refusal> {
    if text.is_empty() {
        return Err(Refusal::field(Reason::FieldRequired, field, ""));
    }
    let visible = text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if !visible || text.len() > limits::CLIENT_EVENT_ID_CHARS {
        return Err(Refusal::field(Reason::TextInvalid, field, "1 to 64 visible ASCII characters"));
    }
    Ok(text.into())
}

/// A staff number; may be empty. Never a name, which seldom is without spaces and marks.
pub fn staff_number(text: &str, field: &str) -> Result<(), Refusal> {
    let given = Some(text).filter(|text| !text.is_empty());
    given.map_or(Ok(()), |text| visible_id(text, field).map(drop))
}

/// A text of at most 500 characters without control characters.
pub fn free_text(text: &str, field: &str) -> Result<(), Refusal> {
    free_text_of(text, field, limits::TEXT_CHARS)
}

fn free_text_of(text: &str, field: &str, chars_max: usize) -> Result<(), Refusal> {
    if text.chars().any(char::is_control) {
        return Err(Refusal::field(Reason::TextInvalid, field, "control characters"));
    }
    if text.chars().count() > chars_max {
        return Err(Refusal::field(Reason::TextInvalid, field, format!("at most {chars_max} characters")));
    }
    Ok(())
}

fn device_seq(seq: u64) -> Result<Option<u64>, Refusal> {
    match seq {
        0 => Ok(None),
        seq if i64::try_from(seq).is_ok() => Ok(Some(seq)),
        _ => Err(Refusal::field(Reason::DeviceSeqRange, "device_seq", "")),
    }
}

/// A whole name of a party, if given.
pub fn party(name: &str, field: &str) -> Result<Option<PartyName>, Refusal> {
    if name.is_empty() {
        return Ok(None);
    }
    free_text(name, field)?;
    let party = PartyName::new(name);
    if !(party.is_agency() || party.is_carrier()) || party.bare().is_empty() {
        return Err(Refusal::field(Reason::TextInvalid, field, "a whole name, such as agencies/H99.01"));
    }
    Ok(Some(party))
}

/// A post office: six digits, or the whole name `carriers/{id}/offices/{six digits}`.
pub fn office(name: &str) -> Result<Option<SmolStr>, Refusal> {
    if name.is_empty() {
        return Ok(None);
    }
    let code = name.rsplit('/').next().unwrap_or_default();
    let whole = code.len() == name.len() || name.starts_with("carriers/") && name.contains("/offices/");
    if whole && code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Some(code.into()));
    }
    Err(Refusal::field(Reason::TextInvalid, "office", "carriers/{id}/offices/{six digits}"))
}

/// A whole name under a collection, if given.
pub fn named(name: &str, collection: &str, field: &str) -> Result<Option<SmolStr>, Refusal> {
    if name.is_empty() {
        return Ok(None);
    }
    free_text(name, field)?;
    if name.strip_prefix(collection).is_none_or(str::is_empty) {
        return Err(Refusal::field(Reason::TextInvalid, field, format!("a whole name, {collection}…")));
    }
    Ok(Some(name.into()))
}

/// A position, after the collection of what it names; absent when empty.
pub fn position(text: &str, collection: &str, field: &str) -> Result<Option<Position>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let position = text.strip_prefix(collection).and_then(|text| text.parse().ok());
    let refused = || Refusal::field(Reason::TextInvalid, field, format!("a name such as {collection}0-4711"));
    position.map(Some).ok_or_else(refused)
}

/// A position of a request; 0 is before the first.
pub fn position_message(position: &v1::Position, field: &str) -> Result<Position, Refusal> {
    let lane = u16::try_from(position.lane);
    let lane = lane.map_err(|_| Refusal::field(Reason::TimeOutOfRange, field, "no such lane"))?;
    Ok(Position { lane: Lane(lane), pos: position.pos })
}

/// A kind of leg; absent when unspecified.
pub fn leg_kind(number: i32, field: &str) -> Result<Option<LegKind>, Refusal> {
    if number == 0 {
        return Ok(None);
    }
    let kind = LegKind::from_number(number);
    kind.map(Some).ok_or_else(|| Refusal::field(Reason::EnumUnknown, field, "no such kind of leg"))
}

/// The size of a page: the default for 0.
pub fn page_size(size: i32) -> Result<usize, Refusal> {
    match usize::try_from(size) {
        Ok(0) => Ok(limits::PAGE_SIZE_DEFAULT),
        Ok(size) if size <= limits::PAGE_SIZE_MAX => Ok(size),
        _ => Err(Refusal::field(Reason::PageSize, "page_size", "")),
    }
}
