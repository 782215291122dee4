//! One line on its way into the lane: its key, its times, its record.

use std::sync::Arc;

use bytes::Bytes;

use super::line::{CaptureLine, PersonalPart};
use crate::dossier::apply::{Said, Written};
use crate::dossier::desk::CodeKey;
use crate::dossier::device::Heard;
use crate::dossier::event::EventType;
use crate::dossier::names::{Micros, Position};
use crate::dossier::refusal::Refusal;
use crate::limits;
use crate::random::Random;
use crate::seal::digest;
use crate::seal::record::{CodeText, Record};
use crate::store::{EventKey, PersonalRow};

/// A line that will be written, complete but for the numbers of the logs.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub position: Position,
    pub key: EventKey,
    pub record: Arc<Record>,
    pub event_bytes: Bytes,
    pub prev: u64,
    pub personal: Option<PersonalRow>,
    pub waits_for: Vec<CodeKey>,
    pub placed: Option<u64>,
    pub candidates: Vec<Position>,
    pub refused: Vec<(u32, Refusal)>,
}

impl Draft {
    /// How a line under the same key compares with this one.
    pub fn compare(&self, bound: [u8; 32], personal: Option<&PersonalPart>) -> Compared {
        let kept = self.personal.as_ref().map(|row| (row.salt, row.body.clone()));
        compare(&self.record, kept.as_ref(), bound, personal)
    }
}

/// What a lane stamps on every record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub database: [u8; 16],
    pub epoch: [u8; 16],
    pub committed_at: Micros,
}

/// What a record holds beside what was said and what was written.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub received_at: Micros,
    pub event_digest: [u8; 32],
    pub request_digest: [u8; 32],
    pub personal_digest: [u8; 32],
    pub repaired: bool,
    pub attested: bool,
    pub placed_from: Option<Position>,
}

/// The record of a line.
pub(super) fn record(
    stamp: Stamp,
    position: Position,
    said: &Said,
    bound: Bound,
    written: Written,
) -> Record {
    let event = &said.event;
    let placed = bound.placed_from.map(|_| event.kind);
    Record {
        database: stamp.database,
        epoch: stamp.epoch,
        lane: position.lane,
        pos: position.pos,
        committed_at: stamp.committed_at,
        received_at: bound.received_at,
        effective_at: said.effective_at,
        occurred_at: event.occurred_at,
        kind: if placed.is_some() { EventType::Placed } else { event.kind },
        placed,
        source: said.source.clone(),
        client_event_id: said.client_event_id.clone(),
        device_seq: event.device_seq,
        party: said.party.clone(),
        principal: said.principal.clone(),
        supervisor: said.supervisor,
        event_digest: bound.event_digest,
        personal_digest: bound.personal_digest,
        request_digest: bound.request_digest,
        reason: event.reason,
        measure: event.measure,
        agency: event.agency.clone(),
        office: event.office.clone(),
        code: event.code.as_ref().map(CodeText::from),
        also: event.also.iter().map(CodeText::from).collect(),
        receptacle: event.receptacle.as_ref().map(CodeText::from),
        repaired: bound.repaired,
        unverified: event.unverified,
        attested: bound.attested,
        corrects: event.corrects,
        placed_from: bound.placed_from,
        parties: written.parties,
        placement: written.placement,
        leg: written.leg,
        other_leg: written.other_leg,
        dossier: written.dossier,
        birth: written.birth,
        outcome: written.outcome,
        anomalies: written.anomalies,
        particulars: event.particulars.clone(),
    }
}

/// When a captured event counts as having happened, and whether the device's clock is off.
pub(super) fn effective(line: &CaptureLine, received_at: Micros, heard: &mut Heard) -> (Micros, bool) {
    let measured = line.send_time.map_or(0, |sent| received_at.since(sent));
    // Transport takes seconds and varies from line to line; only a clock is off by minutes, and by the same each time.
    // Correcting every line by its own latency would swap what happened a second apart.
    let tolerance = limits::SKEW_SECONDS * Micros::SECOND;
    if measured.saturating_sub(heard.offset_us).saturating_abs() > tolerance {
        heard.offset_us = if measured.saturating_abs() <= tolerance { 0 } else { measured };
    }
    let corrected = line.said.event.occurred_at.plus(heard.offset_us);
    let earliest = if line.said.source.is_system() {
        Micros(i64::MIN)
    } else {
        received_at.plus(-limits::DEVICE_DAYS_BACK * Micros::DAY)
    };
    let skewed = measured.saturating_abs() > tolerance;
    (corrected.max(earliest).min(received_at), skewed)
}

/// The row of a personal part, freshly salted, and its digest for the record.
pub(super) fn personal_row(
    personal: Option<&PersonalPart>,
    random: &dyn Random,
) -> (Option<PersonalRow>, [u8; 32]) {
    let Some(PersonalPart(body)) = personal else { return (None, digest::NONE) };
    let mut salt = [0; 16];
    random.fill(&mut salt);
    let bound = digest::personal_digest(&salt, body);
    // The received buffer may be a whole message; only the part itself is kept.
    (Some(PersonalRow { salt, key_id: 0, body: Bytes::copy_from_slice(body) }), bound)
}

/// How a line under a known key compares with what was journaled first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// The same content.
    Same,
    /// Other content: where, and both digests.
    Other { field: &'static str, first: [u8; 32], this: [u8; 32] },
}

/// Compares content: the event (of a command the request), then the personal part, unless it was erased.
pub(super) fn compare(
    record: &Record,
    first: Option<&([u8; 16], Bytes)>,
    bound: [u8; 32],
    personal: Option<&PersonalPart>,
) -> Compared {
    let is_command = record.request_digest != digest::NONE;
    let kept = if is_command { record.request_digest } else { record.event_digest };
    if kept != bound {
        let field = if is_command { "" } else { "event" };
        return Compared::Other { field, first: kept, this: bound };
    }
    let has_personal = record.personal_digest != digest::NONE;
    match (has_personal, first, personal) {
        (false, _, None) => Compared::Same,
        // Erased: nothing is left to compare, and the event part is the same.
        (true, None, _) => Compared::Same,
        (true, Some((salt, body)), personal) => {
            let this =
                personal.map_or(digest::NONE, |PersonalPart(body)| digest::personal_digest(salt, body));
            match personal {
                Some(PersonalPart(now)) if now == body => Compared::Same,
                _ => Compared::Other { field: "personal", first: record.personal_digest, this },
            }
        }
        // No salt was made for what was not there; zeros against zeros would say "same", so the event's digest stands in.
        (false, _, Some(_)) => Compared::Other { field: "personal", first: digest::NONE, this: bound },
    }
}
