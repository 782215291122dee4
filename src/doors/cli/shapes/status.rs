//! `trao status`: one dossier and its legs.

use serde::Serialize;

use super::{
    Anomaly, Holder, Money, dossier_state, event_type, leg_kind, leg_state, order_status, position, some,
    when,
};
use crate::doors::wire::v1;

/// `status`: nothing there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotFound<'a> {
    query: &'a str,
    found: bool,
}

impl NotFound<'_> {
    pub const fn of(query: &str) -> NotFound<'_> {
        NotFound { query, found: false }
    }
}

/// `status`: one dossier and its legs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status<'a> {
    query: &'a str,
    found: bool,
    known_at: Option<String>,
    position: Option<String>,
    dossier: Option<Dossier>,
    legs: Vec<Leg>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Dossier {
    name: String,
    code: Option<String>,
    agency: Option<String>,
    state: Option<String>,
    spans: Spans,
    due_at: Option<String>,
    decisions: Vec<Decision>,
    close_proposed: bool,
    parent: Option<String>,
    children: Vec<Child>,
}

/// One thing that was said of a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Decision {
    #[serde(rename = "type")]
    kind: Option<String>,
    decided_at: Option<String>,
    position: Option<String>,
}

/// A dossier that belongs to the one shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Child {
    name: String,
    agency: Option<String>,
    state: Option<String>,
    holders: Vec<Holder>,
    due_at: Option<String>,
    delivered: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Spans {
    post_in_s: Option<i64>,
    agency_s: Option<i64>,
    post_out_s: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Leg {
    name: String,
    kind: Option<String>,
    state: Option<String>,
    order: Option<String>,
    holder: Option<Holder>,
    items: Vec<String>,
    slip: Option<String>,
    agency: Option<String>,
    procedure: Option<String>,
    due_at: Option<String>,
    opened_at: Option<String>,
    closed_at: Option<String>,
    anomalies: Vec<Anomaly>,
    must_be_owner: bool,
    dues: Vec<Money>,
    paid: Vec<Money>,
    waived: Vec<Money>,
    take_back: u32,
}

/// Whether an answer is a dossier, and not a leg still without one.
pub fn is_named(dossier: &v1::Dossier) -> bool {
    dossier.name.starts_with("dossiers/")
}

impl<'a> Status<'a> {
    pub fn of(query: &'a str, answer: &v1::GetDossierResponse) -> Status<'a> {
        let dossier = answer.dossier.as_ref();
        Status {
            query,
            found: true,
            known_at: when(answer.known_at.as_ref()),
            position: position(answer.position.as_ref()),
            dossier: dossier.filter(|dossier| is_named(dossier)).map(Dossier::of),
            legs: dossier.map(|dossier| dossier.legs.iter().map(Leg::of).collect()).unwrap_or_default(),
        }
    }
}

impl Dossier {
    pub(super) fn of(dossier: &v1::Dossier) -> Dossier {
        let spans = dossier.spans.as_ref().map(|spans| Spans {
            post_in_s: spans.post_in_s,
            agency_s: spans.agency_s,
            post_out_s: spans.post_out_s,
        });
        Dossier {
            name: dossier.name.clone(),
            code: dossier.code.as_ref().and_then(|code| some(&code.value)),
            agency: some(&dossier.agency),
            state: dossier_state(dossier.state),
            spans: spans.unwrap_or_default(),
            due_at: when(dossier.due_at.as_ref()),
            decisions: dossier.decisions.iter().map(Decision::of).collect(),
            close_proposed: dossier.close_proposed,
            parent: some(&dossier.parent),
            children: dossier.children.iter().map(Child::of).collect(),
        }
    }
}

impl Decision {
    fn of(decision: &v1::Decision) -> Decision {
        Decision {
            kind: event_type(decision.r#type),
            decided_at: when(decision.decided_at.as_ref()),
            position: some(&decision.position),
        }
    }
}

impl Child {
    fn of(child: &v1::ChildDossier) -> Child {
        Child {
            name: child.name.clone(),
            agency: some(&child.agency),
            state: dossier_state(child.state),
            holders: child.holders.iter().map(Holder::of).collect(),
            due_at: when(child.due_at.as_ref()),
            delivered: child.delivered,
        }
    }
}

impl Leg {
    pub(super) fn of(leg: &v1::Leg) -> Leg {
        Leg {
            name: leg.name.clone(),
            kind: leg_kind(leg.kind),
            state: leg_state(leg.state),
            order: order_status(leg.order),
            holder: leg.holder.as_ref().map(Holder::of),
            items: leg.items.clone(),
            slip: some(&leg.slip),
            agency: some(&leg.agency),
            procedure: some(&leg.procedure),
            due_at: when(leg.due_at.as_ref()),
            opened_at: when(leg.opened_at.as_ref()),
            closed_at: when(leg.closed_at.as_ref()),
            anomalies: Anomaly::all(&leg.anomalies),
            must_be_owner: leg.must_be_owner,
            dues: Money::all(&leg.dues),
            paid: Money::all(&leg.paid),
            waived: Money::all(&leg.waived),
            take_back: leg.take_back,
        }
    }
}
