//! The state of a leg as a value that takes one event after the other.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::Ground;
use super::step::{OrderKey, Step};
use super::{particulars, transitions};
use crate::dossier::anomaly::{Anomaly, AnomalyKind};
use crate::dossier::event::{EventType, Measure, Reason};
use crate::dossier::leg::{Holder, HolderKind, LegKind, LegState, OrderStatus};
use crate::dossier::money::Sums;
use crate::dossier::names::{Micros, PartyName, Position, SourceName};
use crate::dossier::papers::Tally;

/// Events remembered since the last change, to tell a confirmation from news: two devices and an office PC say the
/// same thing at most a few times.
const SAID_MAX: usize = 8;
/// Anomalies kept on a leg; every one also stands in its event's record.
const ANOMALIES_MAX: usize = 64;

/// An offer that waits for the other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The giver.
    pub party: PartyName,
    /// The giver's person or key.
    pub principal: SmolStr,
    /// The state before the offer, to which a refusal returns.
    pub before: LegState,
}

/// A handover of which only the receiver has spoken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneSided {
    /// The acceptance.
    pub position: Position,
    /// The receiver's person or key.
    pub principal: SmolStr,
    /// Who took it: the post or an agency.
    pub receiver: HolderKind,
}

/// What somebody said since the state last changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The event.
    pub position: Position,
    /// Its type.
    pub kind: EventType,
    /// Its reason.
    pub reason: Reason,
    /// Its measure.
    pub measure: Measure,
    /// Its office.
    pub office: Option<SmolStr>,
    /// Its bag or label.
    pub what: Option<SmolStr>,
    /// Who said it.
    pub source: SourceName,
    /// The party of the source.
    pub party: PartyName,
}

impl Said {
    fn says(&self, ground: Ground<'_>, step: &Step) -> bool {
        // Giver and receiver use the same words for different acts. The agencies of a leg are two desks of one side,
        // except of a transfer, where one gives and the other receives.
        let carrier = |party: &PartyName| ground.birth.carrier.as_ref() == Some(party);
        let agencies = !carrier(&self.party) && !carrier(&step.party);
        let same_side = self.party == step.party || (agencies && ground.birth.kind != LegKind::Transfer);
        let same_place = self.office == step.office || self.office.is_none() || step.office.is_none();
        self.kind == step.kind
            && self.reason == step.reason
            && self.measure == step.measure
            && self.what == step.what
            && same_side
            && same_place
    }
}

/// What one event did to a leg.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// The anomalies it shows.
    pub anomalies: Vec<AnomalyKind>,
    /// The event of another source that says the same.
    pub corroborates: Option<Position>,
}

/// A leg's state: the fold of its events so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Where the leg is in its life.
    pub state: LegState,
    /// Who has the envelope.
    pub holder: Holder,
    /// What was ordered.
    pub order: OrderStatus,
    /// How many events were folded.
    pub events: u32,
    /// The greatest order among them.
    pub last: Option<OrderKey>,
    /// The giver's offer that waits for an answer.
    pub offer: Option<Offer>,
    /// The state before the envelope was declared lost.
    pub before_lost: Option<LegState>,
    /// The carrier's pick-up.
    pub picked_up: Option<Position>,
    /// The event that first took it out of the hands it began in: a pick-up, or the first scan where that is missing.
    pub taken: Option<Position>,
    /// Handovers whose giver has not spoken.
    pub one_sided: Vec<OneSided>,
    /// What was said since the state last changed.
    pub said: Vec<Said>,
    /// What does not fit and is still open.
    pub anomalies: Vec<Anomaly>,
    /// Voided events by any of their positions: the codes they attached do not count either.
    pub voided: Vec<Position>,
    /// Some void or correction names nothing on this leg; it may still wait to be placed.
    pub astray: bool,
    /// Failed attempts to deliver.
    pub attempts: u32,
    /// When the carrier took it over.
    pub picked_up_at: Option<Micros>,
    /// When an agency took it over.
    pub handed_over_at: Option<Micros>,
    /// When the citizen took it.
    pub delivered_at: Option<Micros>,
    /// When the leg ended.
    pub closed_at: Option<Micros>,
    /// The papers as they were counted first.
    pub counted: Vec<Tally>,
    /// What was taken from the citizen, less what was paid back.
    pub paid: Sums,
    /// What was waived of what is due.
    pub waived: Sums,
}

impl Fold {
    /// The leg before any of its events.
    pub fn begin(ground: Ground<'_>) -> Fold {
        let birth = ground.birth;
        let (state, holder) = match &birth.carrier {
            Some(carrier) if ground.continues.is_some() => {
                (LegState::Returning, Holder::post(carrier.clone(), None))
            }
            _ if birth.kind.begins_at_citizen() => (LegState::Ordered, Holder::CITIZEN),
            _ => (LegState::Ordered, Holder::agency(birth.agency.clone())),
        };
        Fold {
            state,
            holder,
            order: OrderStatus::None,
            events: 0,
            last: None,
            offer: None,
            before_lost: None,
            picked_up: None,
            taken: None,
            one_sided: Vec::new(),
            said: Vec::new(),
            anomalies: Vec::new(),
            voided: Vec::new(),
            astray: false,
            attempts: 0,
            picked_up_at: None,
            handed_over_at: None,
            delivered_at: None,
            closed_at: None,
            counted: Vec::new(),
            paid: Sums::default(),
            waived: Sums::default(),
        }
    }

    /// What an event did as far as it still shows: events that sort after it may have settled what it showed, or shown
    /// what is wrong with it.
    pub fn left_of(&self, position: Position, mut effect: Effect) -> Effect {
        if !self.anomalies_full() {
            effect.anomalies = self.anomalies_at(position);
        }
        effect
    }

    /// Takes the next event in the order of the fold.
    pub fn push(&mut self, ground: Ground<'_>, step: &Step) -> Effect {
        self.events += 1;
        self.last = Some(step.order.clone());
        let effect = if ground.annulled && step.position != ground.id {
            Effect { anomalies: vec![AnomalyKind::AfterEnd], corroborates: None }
        } else if let Some(effect) = self.echo(ground, step) {
            effect
        } else {
            Effect { anomalies: self.take(ground, step), corroborates: None }
        };
        self.note(step.position, &effect.anomalies);
        if ground.annulled && step.position == ground.id {
            self.annul();
        }
        effect
    }

    fn take(&mut self, ground: Ground<'_>, step: &Step) -> Vec<AnomalyKind> {
        let (state, holder) = (self.state, self.holder.clone());
        let mut anomalies = transitions::apply(self, ground, step);
        anomalies.extend(particulars::apply(self, ground, step, &anomalies));
        let changed = self.state != state || self.holder != holder;
        if changed {
            self.said.clear();
        }
        let said_something = changed || !anomalies.iter().any(|kind| changes_nothing(*kind));
        if said_something && self.said.len() < SAID_MAX {
            self.said.push(Said {
                position: step.position,
                kind: step.kind,
                reason: step.reason,
                measure: step.measure,
                office: step.office.clone(),
                what: step.what.clone(),
                source: step.order.source.clone(),
                party: step.party.clone(),
            });
        }
        if !self.state.is_end() {
            self.closed_at = None;
        } else if self.closed_at.is_none() || self.state != state {
            self.closed_at = Some(step.order.effective_at);
        }
        anomalies
    }

    /// Marks an event that does not count.
    pub(super) fn flag(&mut self, position: Position, kind: AnomalyKind) -> Effect {
        self.note(position, &[kind]);
        Effect { anomalies: vec![kind], corroborates: None }
    }

    /// Ends a whole fold: voids count as events too, and a leg that nobody ordered and of which nothing counts is over.
    pub(super) fn close(&mut self, sorted: &[&Step], nothing_counts: bool) {
        self.events = u32::try_from(sorted.len()).unwrap_or(u32::MAX);
        self.last = sorted.iter().map(|step| step.order.clone()).max();
        if nothing_counts && self.last.is_some() {
            self.state = LegState::Cancelled;
            self.closed_at = self.last.as_ref().map(|last| last.effective_at);
        }
    }

    /// Whether all that was ever said of the leg was voided: it was opened by mistake. Nobody ordered it, so nobody
    /// else can have cancelled it.
    pub fn is_undone(&self) -> bool {
        self.state == LegState::Cancelled && self.order == OrderStatus::None
    }

    /// Ends a leg whose birth was voided: the leg it continued holds the envelope again.
    pub fn annul(&mut self) {
        self.state = LegState::Cancelled;
        self.holder = Holder::NONE;
        self.closed_at = self.last.as_ref().map(|last| last.effective_at);
    }

    /// The answer to an event that says what was already said, with no change between.
    fn echo(&mut self, ground: Ground<'_>, step: &Step) -> Option<Effect> {
        // What opens or unmakes a leg was decided when it came.
        if step.other_leg.is_some() {
            return None;
        }
        let same = || self.said.iter().filter(|said| said.says(ground, step));
        let said = same().next()?.clone();
        let first = said.position;
        let repeated = same().any(|said| said.source == step.order.source);
        if step.attested {
            self.settle_at(AnomalyKind::NoProof, first);
        }
        if repeated {
            return Some(Effect { anomalies: vec![AnomalyKind::DuplicateScan], corroborates: None });
        }
        // Whoever confirms has spoken too: the same from it once more is a repetition. Where it does not name the office it
        // means the one it confirms.
        if self.said.len() < SAID_MAX {
            let office = step.office.clone().or(said.office.clone());
            let (position, source) = (step.position, step.order.source.clone());
            self.said.push(Said { position, source, office, party: step.party.clone(), ..said });
        }
        Some(Effect { anomalies: Vec::new(), corroborates: Some(first) })
    }

    /// Whether no further anomaly is kept.
    pub(super) fn anomalies_full(&self) -> bool {
        self.anomalies.len() >= ANOMALIES_MAX
    }

    /// The open anomalies that an event shows.
    pub(super) fn anomalies_at(&self, position: Position) -> Vec<AnomalyKind> {
        self.anomalies
            .iter()
            .filter(|anomaly| anomaly.position == position)
            .map(|anomaly| anomaly.kind)
            .collect()
    }

    pub(super) fn note(&mut self, position: Position, kinds: &[AnomalyKind]) {
        for kind in kinds {
            let anomaly = Anomaly { kind: *kind, position };
            if !self.anomalies_full() && !self.anomalies.contains(&anomaly) {
                self.anomalies.push(anomaly);
            }
        }
    }

    pub(super) fn settle(&mut self, kind: AnomalyKind) {
        self.anomalies.retain(|anomaly| anomaly.kind != kind);
    }

    pub(super) fn settle_at(&mut self, kind: AnomalyKind, position: Position) {
        self.anomalies.retain(|anomaly| *anomaly != Anomaly { kind, position });
    }
}

/// Whether an event that shows this anomaly has changed nothing, so that it confirms nothing either.
fn changes_nothing(kind: AnomalyKind) -> bool {
    matches!(
        kind,
        AnomalyKind::NotReceiver
            | AnomalyKind::NotHolder
            | AnomalyKind::SamePrincipal
            | AnomalyKind::NotSupervisor
            | AnomalyKind::ReasonUnknown
            | AnomalyKind::AfterEnd
            | AnomalyKind::OutOfOrder
            | AnomalyKind::VoidRefused
    )
}
