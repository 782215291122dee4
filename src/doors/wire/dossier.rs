//! Legs, dossiers and their events on the wire.

use super::{from, time, v1};
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::decision::Decision;
use crate::dossier::desk::Leg;
use crate::dossier::names::{PartyName, Position};
use crate::dossier::refusal::{Reason, Refusal};
use crate::seal::record::{CodeText, Record};
use crate::view::{Child, Dossier, EventLine};

/// A leg as it was known at some moment.
pub fn leg(leg: &Leg) -> v1::Leg {
    let birth = &leg.birth;
    let items = leg.standing_codes().filter(|code| code.kind() == CodeKind::Item);
    let office = birth.carrier.as_ref().zip(birth.office.as_ref());
    v1::Leg {
        name: leg_name(leg.id),
        kind: birth.kind.number().into(),
        state: leg.fold.state.number().into(),
        order: leg.fold.order.number().into(),
        holder: Some(from::holder(&leg.fold.holder)),
        items: items.map(|code| code.text().to_owned()).collect(),
        slip: leg.code_of(CodeKind::Slip).map(|code| code.text().to_owned()).unwrap_or_default(),
        agency: birth.agency.to_string(),
        counter: text(Some(&birth.counter).filter(|counter| **counter != birth.agency)),
        carrier: text(birth.carrier.as_ref()),
        procedure: birth.procedure.as_deref().unwrap_or_default().to_owned(),
        office: office.map(|(carrier, code)| format!("{carrier}/offices/{code}")).unwrap_or_default(),
        due_at: leg.due_at.map(time::timestamp),
        opened_at: Some(time::timestamp(leg.opened_at)),
        closed_at: leg.fold.closed_at.map(time::timestamp),
        anomalies: leg.fold.anomalies.iter().map(from::anomaly).collect(),
        dossier: leg.dossier.map(|(dossier, _)| dossier_name(dossier)).unwrap_or_default(),
        continued_by: leg.continued_by.map(leg_name).unwrap_or_default(),
        continues: leg.continues.map(leg_name).unwrap_or_default(),
        attempts: leg.fold.attempts,
        events: leg.fold.events.into(),
        must_be_owner: leg.terms.must_be_owner,
        dues: leg.terms.dues.iter().map(from::money).collect(),
        paid: leg.fold.paid.iter().map(|sum| from::money(&sum)).collect(),
        waived: leg.fold.waived.iter().map(|sum| from::money(&sum)).collect(),
        take_back: leg.terms.take_back,
    }
}

/// A dossier as it was known at some moment. `asked` is the leg by whose name it was asked for: the only name that legs
/// without a dossier have.
pub fn dossier(dossier: &Dossier, asked: Option<Position>) -> v1::Dossier {
    let name = dossier.id.map(dossier_name).or_else(|| asked.map(leg_name));
    let spans = dossier.spans;
    v1::Dossier {
        name: name.unwrap_or_default(),
        code: dossier.code.as_ref().map(code),
        agency: dossier.agency.to_string(),
        counter: text(dossier.counter.as_ref()),
        procedure: dossier.procedure.as_deref().unwrap_or_default().to_owned(),
        state: dossier.state.map_or(0, |state| state.number().into()),
        holders: dossier.holders.iter().map(from::holder).collect(),
        legs: dossier.legs.iter().map(leg).collect(),
        due_at: dossier.due_at.map(time::timestamp),
        spans: Some(v1::Spans {
            post_in_s: spans.post_in_s,
            agency_s: spans.agency_s,
            post_out_s: spans.post_out_s,
        }),
        slip: dossier.slip.as_ref().map(|slip| slip.text().to_owned()).unwrap_or_default(),
        registered_at: dossier.registered_at.map(time::timestamp),
        accepted_at: dossier.accepted_at.map(time::timestamp),
        decisions: dossier.decisions.iter().map(decision).collect(),
        close_proposed: dossier.close_proposed,
        parent: dossier.parent.map(dossier_name).unwrap_or_default(),
        children: dossier.children.iter().map(child).collect(),
    }
}

fn decision(decision: &Decision) -> v1::Decision {
    v1::Decision {
        r#type: decision.kind.event().number().into(),
        decided_at: Some(time::timestamp(decision.at)),
        position: decision.by.to_string(),
    }
}

fn child(child: &Child) -> v1::ChildDossier {
    v1::ChildDossier {
        name: dossier_name(child.id),
        agency: child.agency.to_string(),
        state: child.state.number().into(),
        holders: child.holders.iter().map(from::holder).collect(),
        due_at: child.due_at.map(time::timestamp),
        delivered: child.delivered,
    }
}

/// An event of a dossier.
pub fn event(line: &EventLine) -> Result<v1::FeedEvent, Refusal> {
    let record = Record::decode(&line.record).map_err(|error| {
        tracing::error!(%error, "a stored record cannot be read");
        Refusal::new(Reason::Internal)
    })?;
    Ok(v1::FeedEvent {
        lane: line.position.lane.0.into(),
        seq: line.seq,
        record: line.record.clone(),
        event: line.event.clone(),
        outcome: record.outcome.as_ref().map(from::outcome),
        position: Some(from::position(line.position)),
        committed_at: Some(time::timestamp(record.committed_at)),
        leg: record.leg.map(leg_name).unwrap_or_default(),
        dossier: record.dossier.map(dossier_name).unwrap_or_default(),
        anomalies: record.anomalies.iter().map(from::anomaly).collect(),
        received_at: Some(time::timestamp(record.received_at)),
        effective_at: Some(time::timestamp(record.effective_at)),
        source: record.source.to_string(),
        code: record.code.map(|code| code.text.into()).unwrap_or_default(),
    })
}

/// A code as understood.
pub fn code(code: &Code) -> v1::Code {
    from::code(&CodeText::from(code))
}

/// The name of a leg.
pub fn leg_name(id: Position) -> String {
    format!("legs/{id}")
}

/// The name of a dossier.
pub fn dossier_name(id: Position) -> String {
    format!("dossiers/{id}")
}

fn text(party: Option<&PartyName>) -> String {
    party.map(|party| party.as_str().to_owned()).unwrap_or_default()
}
