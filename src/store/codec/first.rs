//! Bodies of version 1: legs without papers and money, dossiers of which only acceptance and result were known.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::dossier::anomaly::Anomaly;
use crate::dossier::code::Code;
use crate::dossier::custody::{self, Offer, OneSided, OrderKey, Said};
use crate::dossier::decision::{Decision, DecisionKind};
use crate::dossier::desk::{self, Tagged};
use crate::dossier::leg::{Birth, Holder, LegState, OrderStatus};
use crate::dossier::money::Sums;
use crate::dossier::names::{Micros, PartyName, Position};
use crate::dossier::particulars::Terms;

#[derive(Serialize, Deserialize)]
pub(super) struct Leg {
    id: Position,
    birth: Birth,
    continues: Option<Position>,
    continued_by: Option<Position>,
    annulled_at: Option<Position>,
    dossier: Option<(Position, Position)>,
    codes: Vec<Tagged>,
    due_at: Option<Micros>,
    ordered_by: Option<PartyName>,
    opened_at: Micros,
    last: Position,
    fold: Fold,
}

#[derive(Serialize, Deserialize)]
struct Fold {
    state: LegState,
    holder: Holder,
    order: OrderStatus,
    events: u32,
    last: Option<OrderKey>,
    offer: Option<Offer>,
    before_lost: Option<LegState>,
    picked_up: Option<Position>,
    taken: Option<Position>,
    one_sided: Vec<OneSided>,
    said: Vec<Said>,
    anomalies: Vec<Anomaly>,
    voided: Vec<Position>,
    astray: bool,
    attempts: u32,
    picked_up_at: Option<Micros>,
    handed_over_at: Option<Micros>,
    delivered_at: Option<Micros>,
    closed_at: Option<Micros>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Dossier {
    id: Position,
    agency: PartyName,
    counter: Option<PartyName>,
    code: Code,
    procedure: Option<SmolStr>,
    slip: Option<Code>,
    request_digest: [u8; 32],
    registered_at: Micros,
    accepted: Option<(Position, Micros)>,
    result: Option<(Position, Micros)>,
    due: Vec<(Position, Micros)>,
    legs: Vec<Position>,
}

impl From<Leg> for desk::Leg {
    fn from(leg: Leg) -> desk::Leg {
        desk::Leg {
            id: leg.id,
            birth: leg.birth,
            terms: Terms::default(),
            continues: leg.continues,
            continued_by: leg.continued_by,
            annulled_at: leg.annulled_at,
            dossier: leg.dossier,
            codes: leg.codes,
            due_at: leg.due_at,
            ordered_by: leg.ordered_by,
            opened_at: leg.opened_at,
            last: leg.last,
            fold: leg.fold.into(),
        }
    }
}

impl From<Fold> for custody::Fold {
    fn from(fold: Fold) -> custody::Fold {
        custody::Fold {
            state: fold.state,
            holder: fold.holder,
            order: fold.order,
            events: fold.events,
            last: fold.last,
            offer: fold.offer,
            before_lost: fold.before_lost,
            picked_up: fold.picked_up,
            taken: fold.taken,
            one_sided: fold.one_sided,
            said: fold.said,
            anomalies: fold.anomalies,
            voided: fold.voided,
            astray: fold.astray,
            attempts: fold.attempts,
            picked_up_at: fold.picked_up_at,
            handed_over_at: fold.handed_over_at,
            delivered_at: fold.delivered_at,
            closed_at: fold.closed_at,
            counted: Vec::new(),
            paid: Sums::default(),
            waived: Sums::default(),
        }
    }
}

impl From<Dossier> for desk::Dossier {
    fn from(dossier: Dossier) -> desk::Dossier {
        let said = |kind| move |(by, at)| Decision { by, at, kind };
        let accepted = dossier.accepted.map(said(DecisionKind::Accept));
        let result = dossier.result.map(said(DecisionKind::AnnounceResult));
        let mut decisions: Vec<Decision> = accepted.into_iter().chain(result).collect();
        decisions.sort();
        desk::Dossier {
            id: dossier.id,
            agency: dossier.agency,
            counter: dossier.counter,
            code: dossier.code,
            procedure: dossier.procedure,
            slip: dossier.slip,
            request_digest: dossier.request_digest,
            registered_at: dossier.registered_at,
            decisions,
            due: dossier.due,
            legs: dossier.legs,
            parent: None,
        }
    }
}
