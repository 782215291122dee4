//! From the domain to the wire.

use bytes::Bytes;
use prost::Message;

use super::{time, v1};
use crate::dossier::anomaly::Anomaly;
use crate::dossier::leg::{Holder, Outcome};
use crate::dossier::money::Money;
use crate::dossier::names::Position;
use crate::dossier::papers::Tally;
use crate::dossier::refusal::Refusal;
use crate::journal::Answer;
use crate::seal::record::{CodeText, Record};

/// A position.
pub fn position(position: Position) -> v1::Position {
    v1::Position { lane: position.lane.0.into(), pos: position.pos }
}

/// A holder.
pub fn holder(holder: &Holder) -> v1::Holder {
    let party = holder.party.as_ref().map(|party| party.as_str().to_owned()).unwrap_or_default();
    let office = match (&holder.party, &holder.office) {
        (Some(party), Some(office)) => [party.as_str(), "/offices/", office].concat(),
        _ => String::new(),
    };
    v1::Holder { kind: holder.kind.number().into(), party, office }
}

/// An outcome.
pub fn outcome(outcome: &Outcome) -> v1::Outcome {
    v1::Outcome {
        state: outcome.state.number().into(),
        holder_before: Some(holder(&outcome.holder_before)),
        holder_after: Some(holder(&outcome.holder_after)),
    }
}

/// An amount of money.
pub fn money(money: &Money) -> v1::Money {
    v1::Money { kind: money.kind.number().into(), vnd: money.vnd }
}

/// A count of papers.
pub fn tally(tally: &Tally) -> v1::Tally {
    v1::Tally {
        component: tally.component,
        originals: tally.originals,
        certified_copies: tally.certified_copies,
        photocopies: tally.photocopies,
    }
}

/// An anomaly.
pub fn anomaly(anomaly: &Anomaly) -> v1::Anomaly {
    v1::Anomaly { kind: anomaly.kind.number().into(), position: anomaly.position.to_string() }
}

/// The answer to a line: the record, and what stands in it as fields.
pub fn recorded(answer: &Answer, hints: Vec<v1::Hint>) -> Result<v1::Recorded, Refusal> {
    let record = answer.content()?;
    Ok(v1::Recorded {
        record: answer.record.clone(),
        position: Some(position(answer.position)),
        placement: record.placement.number().into(),
        anomalies: record.anomalies.iter().map(anomaly).collect(),
        replayed: answer.replayed,
        hints,
        outcome: record.outcome.as_ref().map(outcome),
        code: record.code.as_ref().map(|code| code.text.to_string()).unwrap_or_default(),
        repaired: record.repaired,
    })
}

/// The event that the gateway makes when the tie places another.
pub fn encode_placed(original: &Record, leg: Position) -> Bytes {
    let event = v1::Event {
        r#type: v1::EventType::Placed.into(),
        placed: original.meant().number().into(),
        corrects: original.position().to_string(),
        leg: format!("legs/{leg}"),
        occurred_at: Some(time::timestamp(original.occurred_at)),
        code: original.code.as_ref().map(code),
        also: original.also.iter().map(code).collect(),
        receptacle: original.receptacle.as_ref().map(code),
        office: match &original.office {
            Some(office) => format!("{}/offices/{office}", original.party),
            None => String::new(),
        },
        reason: original.reason.0,
        measure: original.measure.0,
        ..v1::Event::default()
    };
    Bytes::from(event.encode_to_vec())
}

/// A code as understood.
pub fn code(code: &CodeText) -> v1::Code {
    v1::Code {
        kind: code.kind.into(),
        value: code.text.to_string(),
        agency: code.agency.as_ref().map(|agency| agency.as_str().to_owned()).unwrap_or_default(),
    }
}
