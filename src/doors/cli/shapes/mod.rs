//! Owns: the JSON shapes of the command line: snake_case, enum values without their prefix, times in RFC 3339 UTC with
//! microseconds; what is absent is null.
//! Never: loses a key or gives one another meaning; shapes only grow.

mod decided;
mod status;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::doors::cli::import::Became;
use crate::doors::wire::{time, v1};
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::event::{EventType, Reason};
use crate::dossier::leg::{HolderKind, LegKind, LegState, OrderStatus, Placement};
use crate::dossier::money::FeeKind;
use crate::dossier::person::StaffRole;
pub use decided::{Decided, opened};
pub use status::{NotFound, Status, is_named};

/// The text of an enum's number; a number that this release does not know is written as it is.
macro_rules! texts {
    ($($name:ident $kind:ident,)*) => {$(
        pub fn $name(number: i32) -> Option<String> {
            match $kind::from_number(number) {
                Some(value) => Some(value.text().to_owned()),
                None => (number != 0).then(|| number.to_string()),
            }
        }
    )*};
}
texts! {
    anomaly_kind AnomalyKind,
    event_type EventType,
    fee_kind FeeKind,
    holder_kind HolderKind,
    leg_kind LegKind,
    leg_state LegState,
    order_status OrderStatus,
    placement Placement,
    staff_role StaffRole,
}

fn reason(number: i32) -> Option<String> {
    match Reason::KNOWN.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => Some((*name).to_owned()),
        None => (number != 0).then(|| number.to_string()),
    }
}

fn dossier_state(number: i32) -> Option<String> {
    match v1::DossierState::try_from(number) {
        Ok(v1::DossierState::Unspecified) => None,
        Ok(state) => Some(state.as_str_name().trim_start_matches("DOSSIER_STATE_").to_owned()),
        Err(_) => Some(number.to_string()),
    }
}

fn hint_kind(number: i32) -> Option<String> {
    match v1::HintKind::try_from(number) {
        Ok(v1::HintKind::Unspecified) => None,
        Ok(kind) => Some(kind.as_str_name().trim_start_matches("HINT_KIND_").to_owned()),
        Err(_) => Some(number.to_string()),
    }
}

/// A text, or null where the message has none.
pub fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A time, or null where the message has none.
pub fn when(timestamp: Option<&prost_types::Timestamp>) -> Option<String> {
    let time = time::within(timestamp?, "").ok()?;
    Some(time::to_rfc3339(time))
}

/// A position as `{lane}-{pos}`.
pub fn position(position: Option<&v1::Position>) -> Option<String> {
    position.map(|position| format!("{}-{}", position.lane, position.pos))
}

/// Who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    kind: Option<String>,
    party: Option<String>,
    office: Option<String>,
}

impl Holder {
    pub fn of(holder: &v1::Holder) -> Holder {
        Holder { kind: holder_kind(holder.kind), party: some(&holder.party), office: some(&holder.office) }
    }
}

/// An amount of money, in whole đồng.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Money {
    kind: Option<String>,
    vnd: i64,
}

impl Money {
    fn all(amounts: &[v1::Money]) -> Vec<Money> {
        amounts.iter().map(|amount| Money { kind: fee_kind(amount.kind), vnd: amount.vnd }).collect()
    }
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Anomaly {
    kind: Option<String>,
    position: Option<String>,
}

impl Anomaly {
    pub fn all(anomalies: &[v1::Anomaly]) -> Vec<Anomaly> {
        let one = |anomaly: &v1::Anomaly| Anomaly {
            kind: anomaly_kind(anomaly.kind),
            position: some(&anomaly.position),
        };
        anomalies.iter().map(one).collect()
    }
}

/// Something of now, beside what was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Hint {
    kind: Option<String>,
    leg: Option<String>,
    state: Option<String>,
    holder: Option<Holder>,
}

impl Hint {
    fn of(hint: &v1::Hint) -> Hint {
        Hint {
            kind: hint_kind(hint.kind),
            leg: some(&hint.leg),
            state: leg_state(hint.state),
            holder: hint.holder.as_ref().map(Holder::of),
        }
    }
}

/// `scan`: what was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    position: Option<String>,
    placement: Option<String>,
    code: Option<String>,
    repaired: bool,
    replayed: bool,
    state: Option<String>,
    holder_before: Option<Holder>,
    holder_after: Option<Holder>,
    anomalies: Vec<Anomaly>,
    hints: Vec<Hint>,
    record_sha256: String,
    record: String,
}

impl Recorded {
    pub fn of(recorded: &v1::Recorded) -> Recorded {
        let outcome = recorded.outcome.as_ref();
        Recorded {
            position: position(recorded.position.as_ref()),
            placement: placement(recorded.placement),
            code: some(&recorded.code),
            repaired: recorded.repaired,
            replayed: recorded.replayed,
            state: outcome.and_then(|outcome| leg_state(outcome.state)),
            holder_before: outcome.and_then(|outcome| outcome.holder_before.as_ref()).map(Holder::of),
            holder_after: outcome.and_then(|outcome| outcome.holder_after.as_ref()).map(Holder::of),
            anomalies: Anomaly::all(&recorded.anomalies),
            hints: recorded.hints.iter().map(Hint::of).collect(),
            record_sha256: hex::encode(Sha256::digest(&recorded.record)),
            record: hex::encode(&recorded.record),
        }
    }
}

/// `feed` and `history`: one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    lane: i32,
    seq: u64,
    position: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    leg: Option<String>,
    dossier: Option<String>,
    occurred_at: Option<String>,
    effective_at: Option<String>,
    received_at: Option<String>,
    committed_at: Option<String>,
    source: Option<String>,
    state: Option<String>,
    holder_before: Option<Holder>,
    holder_after: Option<Holder>,
    anomalies: Vec<Anomaly>,
    record_sha256: String,
    reason: Option<String>,
    due_at: Option<String>,
    parent: Option<String>,
    money: Vec<Money>,
    dues: Vec<Money>,
    must_be_owner: bool,
    take_back: u32,
}

impl Event {
    pub fn of(listed: &v1::FeedEvent) -> Event {
        let outcome = listed.outcome.as_ref();
        // A newer gateway may have fields that this release does not know; they do not hinder it.
        let event = v1::Event::decode(listed.event.clone()).unwrap_or_default();
        Event {
            lane: listed.lane,
            seq: listed.seq,
            position: position(listed.position.as_ref()),
            kind: event_type(event.r#type),
            code: some(&listed.code),
            leg: some(&listed.leg),
            dossier: some(&listed.dossier),
            occurred_at: when(event.occurred_at.as_ref()),
            effective_at: when(listed.effective_at.as_ref()),
            received_at: when(listed.received_at.as_ref()),
            committed_at: when(listed.committed_at.as_ref()),
            source: some(&listed.source),
            state: outcome.and_then(|outcome| leg_state(outcome.state)),
            holder_before: outcome.and_then(|outcome| outcome.holder_before.as_ref()).map(Holder::of),
            holder_after: outcome.and_then(|outcome| outcome.holder_after.as_ref()).map(Holder::of),
            anomalies: Anomaly::all(&listed.anomalies),
            record_sha256: hex::encode(Sha256::digest(&listed.record)),
            reason: reason(event.reason),
            due_at: when(event.due_at.as_ref()),
            parent: some(&event.parent),
            money: Money::all(&event.money),
            dues: Money::all(&event.dues),
            must_be_owner: event.must_be_owner,
            take_back: event.take_back,
        }
    }
}

/// `feed`: where the reader stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bookmark {
    pub bookmark: bool,
    pub cursor: String,
    pub caught_up: bool,
}

/// `consumers`: a place that is kept for a reader. `lag` is null where nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consumer {
    name: String,
    cursor: String,
    lag: Option<i64>,
    etag: String,
    create_time: Option<String>,
    update_time: Option<String>,
}

impl Consumer {
    pub fn of(consumer: &v1::Consumer) -> Consumer {
        Consumer {
            name: consumer.name.clone(),
            cursor: URL_SAFE_NO_PAD.encode(&consumer.cursor),
            lag: (consumer.lag >= 0).then_some(consumer.lag),
            etag: consumer.etag.clone(),
            create_time: when(consumer.create_time.as_ref()),
            update_time: when(consumer.update_time.as_ref()),
        }
    }
}

/// `consumers delete`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsumerDeleted<'a> {
    pub name: &'a str,
    pub deleted: bool,
}

/// `feed --digest`: what consecutive events of a lane amount to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedDigest {
    lane: i32,
    first_seq: u64,
    last_seq: u64,
    sha256: String,
}

impl FeedDigest {
    pub fn of(digest: &v1::FeedDigest) -> FeedDigest {
        let v1::FeedDigest { lane, first_seq, last_seq, ref sha256 } = *digest;
        FeedDigest { lane, first_seq, last_seq, sha256: hex::encode(sha256) }
    }
}

/// `sync`: what became of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Synced {
    pub line: u64,
    pub client_event_id: Option<String>,
    pub status: &'static str,
    pub position: Option<String>,
    pub reason: Option<String>,
    pub field: Option<String>,
    pub message: Option<String>,
    pub placement: Option<String>,
    pub anomalies: Vec<Anomaly>,
}

impl Synced {
    /// A line that stands in the journal.
    pub fn recorded(line: u64, client_event_id: &str, recorded: &v1::Recorded) -> Synced {
        Synced {
            line,
            client_event_id: some(client_event_id),
            status: if recorded.replayed { "replayed" } else { "recorded" },
            position: position(recorded.position.as_ref()),
            reason: None,
            field: None,
            message: None,
            placement: placement(recorded.placement),
            anomalies: Anomaly::all(&recorded.anomalies),
        }
    }

    /// A line that does not.
    pub fn refused(line: u64, client_event_id: &str, reason: &str, field: &str, message: &str) -> Synced {
        Synced {
            line,
            client_event_id: some(client_event_id),
            status: "refused",
            position: None,
            reason: some(reason),
            field: some(field),
            message: some(message),
            placement: None,
            anomalies: Vec::new(),
        }
    }

    /// A line the gateway refused. The position is that of what stands under the same id, where that is the trouble.
    pub fn refusal(line: u64, client_event_id: &str, refusal: &v1::Refusal) -> Synced {
        Synced {
            position: position(refusal.first.as_ref()),
            ..Synced::refused(line, client_event_id, &refusal.reason, &refusal.field, &refusal.message)
        }
    }
}

/// `people`: somebody who may act for a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    name: String,
    party: String,
    id: String,
    appointments: Vec<Appointment>,
}

/// To what somebody is appointed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Appointment {
    name: String,
    role: Option<String>,
    office: Option<String>,
    agency: Option<String>,
    acts_for: Option<String>,
    valid_from: Option<String>,
    valid_to: Option<String>,
    decision: Option<String>,
    substitute: Option<String>,
}

impl Person {
    pub fn of(person: &v1::Person) -> Person {
        let appointment = |one: &v1::Appointment| Appointment {
            name: one.name.clone(),
            role: staff_role(one.role),
            office: some(&one.office),
            agency: some(&one.agency),
            acts_for: some(&one.acts_for),
            valid_from: some(&one.valid_from),
            valid_to: some(&one.valid_to),
            decision: some(&one.decision),
            substitute: some(&one.substitute),
        };
        Person {
            name: person.name.clone(),
            party: person.party.clone(),
            id: person.id.clone(),
            appointments: person.appointments.iter().map(appointment).collect(),
        }
    }
}

/// `import`: what became of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    pub line: u64,
    pub status: &'static str,
    pub reason: Option<String>,
    pub field: Option<String>,
    pub message: Option<String>,
}

impl Imported {
    /// The row on a line.
    pub fn of(line: u64, became: &Became) -> Imported {
        let told = |status| Imported { line, status, reason: None, field: None, message: None };
        match became {
            Became::Imported => told("imported"),
            Became::Again => told("again"),
            Became::Refused(reason, field, message) => Imported {
                reason: some(reason),
                field: some(field),
                message: some(message),
                ..told("refused")
            },
        }
    }
}
