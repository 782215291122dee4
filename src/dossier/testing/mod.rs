//! A journal small enough for tests of the domain: it gives positions, lays on the desk whatever is asked for, keeps
//! what changed, and reads steps back from the bytes of their records as the real one does.

mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use words::*;

use super::anomaly::AnomalyKind;
use super::apply::{Act, Applied, CancelLeg, Place, Said, Stopped, Written, apply};
use super::code::{Code, CodeKind};
use super::custody::{self, Step};
use super::desk::{CodeKey, Desk, Dossier, Leg, Missing, Tag, Target};
use super::directory::Directory;
use super::document::Document;
use super::event::EventType;
use super::invariants::{self, Told};
use super::leg::{HolderKind, LegKind, LegState, Placement};
use super::names::Position;
use super::refusal::Refusal;
use super::resolve::{self, Meant};
use crate::seal::record::{CodeText, Record};

/// What is kept of one line.
#[derive(Clone, Debug)]
struct Entry {
    record: Vec<u8>,
    prev: u64,
    waits_for: Vec<CodeKey>,
    placed: bool,
}

/// A lane in memory. After every line it holds what it keeps against the invariants.
#[derive(Clone, Debug)]
pub struct World {
    directory: Arc<Directory>,
    entries: Vec<Entry>,
    told: Vec<Told>,
    checks: bool,
    pub legs: BTreeMap<Position, Leg>,
    pub dossiers: BTreeMap<Position, Dossier>,
    pub documents: BTreeMap<Position, Document>,
    pub tags: Vec<Tag>,
}

impl World {
    pub fn new() -> World {
        World {
            directory: Arc::new(words::directory()),
            entries: Vec::new(),
            told: Vec::new(),
            checks: true,
            legs: BTreeMap::new(),
            dossiers: BTreeMap::new(),
            documents: BTreeMap::new(),
            tags: Vec::new(),
        }
    }

    /// Changes the directory: what was written before stays as it was.
    pub fn enter(&mut self, change: impl FnOnce(&mut Directory)) {
        change(Arc::make_mut(&mut self.directory));
    }

    /// Captures a fact and answers with what was written.
    pub fn scan(&mut self, scan: Scan) -> (Position, Written) {
        match self.act(Act::Capture(scan.0)) {
            Ok(Applied::Written(written)) => (at(self.entries.len() as u64), *written),
            other => panic!("a fact was answered {other:?}"),
        }
    }

    /// Captures a fact and answers with its position.
    pub fn put(&mut self, scan: Scan) -> Position {
        self.scan(scan).0
    }

    /// Captures a fact without holding all records against the invariants: for very many.
    pub fn put_unchecked(&mut self, scan: Scan) {
        self.checks = false;
        self.put(scan);
        self.checks = true;
    }

    /// Orders a leg.
    pub fn order(&mut self, kind: LegKind, minutes: i64) -> Position {
        self.command(Act::Order(order(kind, minutes))).unwrap().0
    }

    pub fn cancel(&mut self, leg: Position, minutes: i64) -> Result<(Position, Written), Refusal> {
        self.command(Act::Cancel(CancelLeg { said: said(EventType::Cancelled, OWNER, minutes), leg }))
    }

    /// Carries a command out, or answers with its refusal; nothing may have changed then.
    pub fn command(&mut self, act: Act) -> Result<(Position, Written), Refusal> {
        match self.act(act)? {
            Applied::Written(written) => Ok((at(self.entries.len() as u64), *written)),
            Applied::Again(position) => panic!("answered as at {position}"),
        }
    }

    /// Applies one act as a batch of its own.
    pub fn act(&mut self, mut act: Act) -> Result<Applied, Refusal> {
        let position = at(self.entries.len() as u64 + 1);
        name(&mut act, position);
        let mut desk = Desk::new(Arc::clone(&self.directory));
        loop {
            match apply(&mut desk, &act, position) {
                Ok(Applied::Written(written)) => {
                    self.keep(&act, position, &written, desk);
                    return Ok(Applied::Written(written));
                }
                Ok(again) => return Ok(again),
                Err(Stopped::Missing(missing)) => self.lay(&mut desk, missing),
                Err(Stopped::Refused(refusal)) => return Err(refusal),
            }
        }
    }

    fn lay(&self, desk: &mut Desk, missing: Missing) {
        assert!(!desk.has(&missing), "{missing:?} was laid and asked for again");
        match missing {
            Missing::Tags(key) => {
                let tags: Vec<Tag> = self.tags.iter().filter(|tag| tag.key == key).cloned().collect();
                desk.lay_tags(key, tags);
            }
            Missing::Leg(id) => desk.lay_leg(id, self.legs.get(&id).cloned()),
            Missing::Dossier(id) => desk.lay_dossier(id, self.dossiers.get(&id).cloned()),
            Missing::Document(id) => desk.lay_document(id, self.documents.get(&id).cloned()),
            Missing::Chain(id) => desk.lay_chain(id, self.chain(id)),
            Missing::Target(position) => {
                let record = self.record(position);
                let target = record.map(|record| Target {
                    leg: record.leg,
                    code: record.said().event.code,
                    also: record.said().event.also,
                    source: record.source,
                    party: record.party,
                });
                desk.lay_target(position, target);
            }
        }
    }

    pub fn record(&self, position: Position) -> Option<Record> {
        let entry = self.entries.get(usize::try_from(position.pos).ok()?.checked_sub(1)?)?;
        Some(Record::decode(&entry.record).unwrap())
    }

    /// The events of a leg, read back from records along their chain.
    fn chain(&self, leg: Position) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut pos = self.legs[&leg].last.pos;
        loop {
            steps.push(self.record(at(pos)).unwrap().step());
            if pos == leg.pos {
                return steps;
            }
            pos = self.entries[pos as usize - 1].prev;
        }
    }

    fn keep(&mut self, act: &Act, position: Position, written: &Written, mut desk: Desk) {
        let record = record(act, position, written);
        self.told.push(Told {
            position,
            leg: record.leg,
            other_leg: record.other_leg,
            outcome: record.outcome.clone(),
        });
        self.entries.push(Entry {
            record: record.encode().unwrap(),
            prev: written.prev,
            waits_for: written.waits_for.clone(),
            placed: false,
        });
        let changes = desk.take_changes();
        let changed: Vec<Position> = changes.legs.iter().map(|leg| leg.id).collect();
        self.legs.extend(changes.legs.into_iter().map(|leg| (leg.id, Arc::unwrap_or_clone(leg))));
        self.dossiers.extend(changes.dossiers.into_iter().map(|dossier| (dossier.id, dossier)));
        self.documents.extend(changes.documents.into_iter().map(|document| (document.id(), document)));
        for tag in changes.tags {
            assert!(!self.tags.contains(&tag), "{tag:?} was made twice");
            self.tags.push(tag);
        }
        if self.checks {
            self.check(&changed);
        }
    }

    /// The invariants, and of every changed leg: what is kept is the fold of its records.
    fn check(&self, changed: &[Position]) {
        invariants::custody_is_conserved(self.legs.values()).unwrap();
        let told = invariants::outcomes_conserve(&self.told).unwrap();
        invariants::holders_agree(self.legs.values(), &told).unwrap();
        for id in changed {
            let leg = &self.legs[id];
            let whole = custody::fold(leg.ground(), &self.chain(*id));
            assert_eq!(leg.fold, whole.fold, "leg {id} as kept, and as its records fold");
        }
    }

    /// Places what waits, as the tie does: each event on every leg its codes mean, once.
    pub fn tie(&mut self) {
        for pos in 1..=self.entries.len() as u64 {
            let entry = &self.entries[pos as usize - 1];
            if entry.waits_for.is_empty() || entry.placed {
                continue;
            }
            let record = self.record(at(pos)).unwrap();
            let said = record.said();
            for leg in self.meant(&said) {
                let place = Place { said: said.clone(), attested: record.attested, from: at(pos), leg };
                self.command(Act::Place(place)).unwrap();
                self.entries[pos as usize - 1].placed = true;
            }
        }
    }

    fn meant(&self, said: &Said) -> Vec<Position> {
        let mut desk = Desk::new(Arc::clone(&self.directory));
        let event = &said.event;
        loop {
            let meant = match event.code.as_ref().filter(|code| code.kind() == CodeKind::Receptacle) {
                Some(bag) => resolve::in_receptacle(&desk, &said.party, bag, said.effective_at),
                None => {
                    let codes: Vec<&Code> = event.code.iter().chain(&event.also).collect();
                    resolve::by_codes(&desk, &said.party, &codes, said.effective_at).map(
                        |meant| match meant {
                            Meant::Leg(leg) => vec![leg],
                            Meant::Together(legs) => legs,
                            Meant::Nothing | Meant::Ambiguous(_) => Vec::new(),
                        },
                    )
                }
            };
            match meant {
                Ok(legs) => return legs,
                Err(missing) => self.lay(&mut desk, missing),
            }
        }
    }

    /// How many lines were journaled.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// State and holder of a leg.
    pub fn state(&self, leg: Position) -> (LegState, HolderKind) {
        let fold = &self.legs[&leg].fold;
        (fold.state, fold.holder.kind)
    }

    /// What is open on a leg.
    pub fn open(&self, leg: Position) -> Vec<(AnomalyKind, u64)> {
        self.legs[&leg].fold.anomalies.iter().map(|anomaly| (anomaly.kind, anomaly.position.pos)).collect()
    }
}

/// The kinds of anomaly a line was written with; all are its own.
pub fn shown(position: Position, written: &Written) -> Vec<AnomalyKind> {
    assert!(written.anomalies.iter().all(|anomaly| anomaly.position == position));
    written.anomalies.iter().map(|anomaly| anomaly.kind).collect()
}

/// Gives a line an id of its own where it has none.
fn name(act: &mut Act<'_>, position: Position) {
    let said = match act {
        Act::Capture(capture) => capture.said.to_mut(),
        Act::Order(order) => &mut order.said,
        Act::Cancel(cancel) => &mut cancel.said,
        Act::Register(register) => &mut register.said,
        Act::Accept(accept) => &mut accept.said,
        Act::Announce(announce) => &mut announce.said,
        Act::Decide(decide) => &mut decide.said,
        Act::Manifest(act) => &mut act.said,
        Act::ManifestLine(act) => &mut act.said,
        Act::Place(place) => &mut place.said,
    };
    if said.client_event_id.is_empty() {
        said.client_event_id = format!("{:09}", position.pos).into();
    }
}

fn record(act: &Act<'_>, position: Position, written: &Written) -> Record {
    let (said, attested, placed_from) = match act {
        Act::Capture(capture) => (&*capture.said, capture.attested, None),
        Act::Order(order) => (&order.said, false, None),
        Act::Cancel(cancel) => (&cancel.said, false, None),
        Act::Register(register) => (&register.said, false, None),
        Act::Accept(accept) => (&accept.said, false, None),
        Act::Announce(announce) => (&announce.said, false, None),
        Act::Decide(decide) => (&decide.said, false, None),
        Act::Manifest(act) => (&act.said, false, None),
        Act::ManifestLine(act) => (&act.said, false, None),
        Act::Place(place) => (&place.said, place.attested, Some(place.from)),
    };
    let event = &said.event;
    Record {
        database: [1; 16],
        epoch: [2; 16],
        lane: position.lane,
        pos: position.pos,
        committed_at: said.effective_at,
        received_at: said.effective_at,
        effective_at: said.effective_at,
        occurred_at: event.occurred_at,
        kind: if placed_from.is_some() { EventType::Placed } else { event.kind },
        placed: placed_from.map(|_| event.kind),
        source: said.source.clone(),
        client_event_id: said.client_event_id.clone(),
        device_seq: event.device_seq,
        party: said.party.clone(),
        principal: said.principal.clone(),
        supervisor: said.supervisor,
        event_digest: [0; 32],
        personal_digest: [0; 32],
        request_digest: [0; 32],
        reason: event.reason,
        measure: event.measure,
        agency: event.agency.clone(),
        office: event.office.clone(),
        code: event.code.as_ref().map(CodeText::from),
        also: event.also.iter().map(CodeText::from).collect(),
        receptacle: event.receptacle.as_ref().map(CodeText::from),
        repaired: false,
        unverified: event.unverified,
        attested,
        corrects: event.corrects,
        placed_from,
        parties: written.parties.clone(),
        placement: written.placement,
        leg: written.leg,
        other_leg: written.other_leg,
        dossier: written.dossier,
        birth: written.birth.clone(),
        outcome: written.outcome.clone(),
        anomalies: written.anomalies.clone(),
        particulars: said.event.particulars.clone(),
    }
}

/// Whether a line waits.
pub fn waits(written: &Written) -> bool {
    written.placement == Placement::Unplaced && written.leg.is_none() && written.outcome.is_none()
}
