//! A record as the domain reads it back: the fold needs nothing else.

use super::record::{CodeText, Record};
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::apply::Said;
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::custody::Step;
use crate::dossier::event::{Event, EventType};
use crate::dossier::invariants::Told;
use crate::dossier::names::Position;

impl From<&Code> for CodeText {
    fn from(code: &Code) -> CodeText {
        CodeText { kind: code.kind().number(), text: code.text().into(), agency: code.agency().cloned() }
    }
}

impl CodeText {
    /// The code; `None` for a kind this release does not know.
    pub fn code(&self) -> Option<Code> {
        let kind = CodeKind::from_number(self.kind.into())?;
        Some(Code::stored(kind, self.text.clone(), self.agency.clone()))
    }
}

impl Record {
    /// Where it stands.
    pub fn position(&self) -> Position {
        Position { lane: self.lane, pos: self.pos }
    }

    /// What happened; of PLACED what is placed.
    pub fn meant(&self) -> EventType {
        self.placed.unwrap_or(self.kind)
    }

    /// The record as a step of its leg's fold.
    pub fn step(&self) -> Step {
        let own = self.position();
        let mut step = self.said().step(own, self.placed_from);
        step.other_leg = self.other_leg;
        step.attested = self.attested;
        step.late = self.anomalies.iter().any(|a| a.kind == AnomalyKind::Late && a.position == own);
        step
    }

    /// What it tells about hands.
    pub fn told(&self) -> Told {
        Told {
            position: self.position(),
            leg: self.leg,
            other_leg: self.other_leg,
            outcome: self.outcome.clone(),
        }
    }

    /// What was said, for placing it later. What a record does not hold plays no part in placing.
    pub fn said(&self) -> Said {
        Said {
            source: self.source.clone(),
            client_event_id: self.client_event_id.clone(),
            party: self.party.clone(),
            principal: self.principal.clone(),
            supervisor: self.supervisor,
            effective_at: self.effective_at,
            event: Event {
                kind: self.meant(),
                code: self.code.as_ref().and_then(CodeText::code),
                occurred_at: self.occurred_at,
                device_seq: self.device_seq,
                agency: self.agency.clone(),
                counter: None,
                office: self.office.clone(),
                reason: self.reason,
                measure: self.measure,
                corrects: self.corrects,
                leg: self.leg,
                also: self.also.iter().filter_map(CodeText::code).collect(),
                receptacle: self.receptacle.as_ref().and_then(CodeText::code),
                procedure: None,
                leg_kind: None,
                until: None,
                unverified: self.unverified,
                due_at: None,
                placed: None,
                actor: None,
            },
        }
    }
}
