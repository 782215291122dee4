//! One fact once: a key has at most one position, what was acknowledged is stored as it was answered, every retry gets
//! the same bytes, and what waits is placed once on a leg.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use trao::dossier::event::EventType;
use trao::dossier::names::{Micros, Position};
use trao::dossier::refusal::Reason;
use trao::seal::digest;
use trao::seal::record::Record;

use super::{Answered, Line};

/// Who said it and under which id.
pub type Key = (String, String);

/// A line as it must stay.
struct Kept {
    record: Bytes,
    content: [u8; 32],
    personal: Option<Bytes>,
    kind: EventType,
}

/// What is stored, by position and by key.
#[derive(Default)]
pub struct Keys {
    kept: Vec<Kept>,
    by_key: BTreeMap<Key, u64>,
    /// What was acknowledged, and whether somebody was told that it was new.
    acked: BTreeMap<Key, (u64, bool)>,
    placed: BTreeSet<(u64, Position)>,
    committed_at: Option<Micros>,
}

impl Keys {
    pub fn record_at(&self, pos: u64) -> Option<&Bytes> {
        self.kept_at(pos).map(|kept| &kept.record)
    }

    pub fn position_of(&self, key: &Key) -> Option<u64> {
        self.by_key.get(key).copied()
    }

    pub fn is_placed(&self, from: u64, leg: Position) -> bool {
        self.placed.contains(&(from, leg))
    }

    pub fn said(&self) -> usize {
        self.by_key.len()
    }

    pub fn head(&self) -> u64 {
        self.kept.len() as u64
    }

    fn kept_at(&self, pos: u64) -> Option<&Kept> {
        self.kept.get(usize::try_from(pos).ok()?.checked_sub(1)?)
    }

    /// A line is stored behind all others.
    pub fn stored(&mut self, line: &Line, record: &Record) -> Result<(), String> {
        let next = self.kept.len() as u64 + 1;
        if line.pos != next || record.pos != next {
            return Err(format!("position {next} was skipped: {} holds record {}", line.pos, record.pos));
        }
        if self.committed_at.is_some_and(|before| record.committed_at < before) {
            return Err(format!("position {next} was committed before the one before it"));
        }
        if record.received_at > record.committed_at || record.effective_at > record.received_at {
            return Err(format!("position {next} was received after its commit, or happened after that"));
        }
        self.committed_at = Some(record.committed_at);
        match record.placed_from {
            Some(from) => {
                let Some(leg) = record.leg else {
                    return Err(format!("position {next} places {from} on no leg"));
                };
                if !self.placed.insert((from.pos, leg)) {
                    return Err(format!("position {next} places {from} on {leg} a second time"));
                }
            }
            None => {
                let key = (record.source.to_string(), record.client_event_id.to_string());
                if let Some(first) = self.by_key.insert(key.clone(), next) {
                    return Err(format!("{key:?} stands at {first} and again at {next}"));
                }
            }
        }
        let is_command = record.request_digest != digest::NONE;
        let content = if is_command { record.request_digest } else { record.event_digest };
        let (kind, personal) = (record.kind, line.personal.clone());
        self.kept.push(Kept { record: line.record.clone(), content, personal, kind });
        Ok(())
    }

    /// A line was answered: what is stored of it has been told before.
    pub fn answered(&mut self, answered: &Answered) -> Result<(), String> {
        let key = &answered.key;
        let first = self.position_of(key);
        let same = |pos: u64| {
            self.kept_at(pos)
                .is_some_and(|kept| kept.content == answered.content && kept.personal == answered.personal)
        };
        match &answered.answer {
            Ok(acked) => {
                let Some(kept) = self.kept_at(acked.pos) else {
                    return Err(format!("{key:?} was acknowledged at {} and is not stored", acked.pos));
                };
                if kept.record != acked.record {
                    return Err(format!("{key:?} was answered other bytes than stand at {}", acked.pos));
                }
                let by_content = first.is_none()
                    && acked.replayed
                    && matches!(kept.kind, EventType::Registered | EventType::DossierAccepted);
                if first != Some(acked.pos) && !(answered.command_at.is_some() && by_content) {
                    return Err(format!("{key:?} stands at {first:?} and was answered {}", acked.pos));
                }
                if first.is_some() && !same(acked.pos) {
                    return Err(format!("{key:?} was acknowledged with other content than is stored"));
                }
                let known = self.acked.entry(key.clone()).or_insert((acked.pos, false));
                if known.0 != acked.pos {
                    return Err(format!("{key:?} was answered {} and then {}", known.0, acked.pos));
                }
                if !acked.replayed && std::mem::replace(&mut known.1, true) {
                    return Err(format!("{key:?} was new twice"));
                }
                Ok(())
            }
            Err(refusal) => match refusal.reason {
                Reason::StoreUnavailable | Reason::Overloaded | Reason::ClockSuspect => Ok(()),
                Reason::EventKeyReused => match first {
                    Some(pos) if !same(pos) && refusal.first.map(|first| first.pos) == Some(pos) => Ok(()),
                    _ => Err(format!("{key:?} was refused as used, and stands at {first:?}")),
                },
                _ => match answered.command_at {
                    None => Err(format!("the fact {key:?} was refused: {refusal}")),
                    // An attempt that came before may have been judged before, whenever its answer comes.
                    Some(head) if first.is_some_and(|pos| pos <= head) => {
                        Err(format!("{key:?} was stored and then refused: {refusal}"))
                    }
                    Some(_) => Ok(()),
                },
            },
        }
    }
}
