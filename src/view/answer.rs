//! What is answered about one dossier, put together from the legs that are seen. Pure.

use smol_str::SmolStr;

use crate::dossier::code::{Code, CodeKind};
use crate::dossier::decision::{self, Decision, DecisionKind, DossierState};
use crate::dossier::desk::{self, Leg};
use crate::dossier::leg::{Holder, LegKind, LegState};
use crate::dossier::names::{Micros, PartyName, Position};
use crate::dossier::spans::Spans;

/// One dossier as of a moment, or legs still without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
    /// Its id; `None` of legs still without a dossier.
    pub id: Option<Position>,
    /// Its code.
    pub code: Option<Code>,
    /// The agency that decides.
    pub agency: PartyName,
    /// The counter, where it is another agency.
    pub counter: Option<PartyName>,
    /// The procedure.
    pub procedure: Option<SmolStr>,
    /// What the agency has said; `None` of legs still without a dossier.
    pub state: Option<DossierState>,
    /// Who holds the papers of the legs seen, each once, in the order of the legs.
    pub holders: Vec<Holder>,
    /// The legs seen, oldest first.
    pub legs: Vec<Leg>,
    /// When the result is due, as last said.
    pub due_at: Option<Micros>,
    /// How long each side has had it.
    pub spans: Spans,
    /// The carrier's slip.
    pub slip: Option<Code>,
    /// When it was registered.
    pub registered_at: Option<Micros>,
    /// When the agency accepted it.
    pub accepted_at: Option<Micros>,
    /// What its agency has said, oldest first; nothing where only legs of it are seen.
    pub decisions: Vec<Decision>,
    /// The dossier that it belongs to.
    pub parent: Option<Position>,
    /// The dossiers that belong to it.
    pub children: Vec<Child>,
    /// Its result, or that of one that belongs to it, was delivered, and nobody has closed it yet.
    pub close_proposed: bool,
}

/// What is told of a dossier to the agency of the one it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its id.
    pub id: Position,
    /// Whose it is.
    pub agency: PartyName,
    /// Where it stands.
    pub state: DossierState,
    /// Who holds its papers.
    pub holders: Vec<Holder>,
    /// When its result is due.
    pub due_at: Option<Micros>,
    /// Its result, or that of one that belongs to it, was delivered.
    pub delivered: bool,
}

/// What is seen of a dossier.
pub(super) enum Sight {
    /// The dossier itself, with those that belong to it.
    Whole(Vec<Child>),
    /// Some of its legs.
    Legs,
}

/// A dossier with the legs of it that are seen. Of one of which only legs are seen neither the agency's own time is told nor
/// what it decided.
pub(super) fn of_dossier(dossier: &desk::Dossier, mut legs: Vec<Leg>, sight: Sight, at: Position) -> Dossier {
    legs.sort_by_key(|leg| leg.id);
    let mut decisions = dossier.decisions.clone();
    decisions.retain(|decision| decision.by <= at);
    let known = |kind| decision::first(&decisions, kind).map(|decision| decision.at);
    let (accepted, result) = (known(DecisionKind::Accept), known(DecisionKind::AnnounceResult));
    let state = decision::state(&decisions);
    let mut spans = Spans::of(&legs, &decisions);
    let mut children = Vec::new();
    let whole = matches!(sight, Sight::Whole(_));
    match sight {
        Sight::Whole(seen) => children = seen,
        Sight::Legs => {
            spans.agency_s = None;
            decisions.clear();
        }
    }
    let given =
        whole && result.is_some() && is_delivered(&legs) || children.iter().any(|child| child.delivered);
    let open = state.is_undecided() || state == DossierState::ResultReady;
    Dossier {
        id: Some(dossier.id),
        code: Some(dossier.code.clone()),
        agency: dossier.agency.clone(),
        counter: dossier.counter.clone(),
        procedure: dossier.procedure.clone(),
        state: Some(state),
        holders: holders(&legs),
        due_at: dossier.due.iter().rev().find(|(by, _)| *by <= at).map(|(_, due)| *due),
        spans,
        slip: dossier.slip.clone().or_else(|| slip_of(&legs)),
        registered_at: Some(dossier.registered_at),
        accepted_at: accepted,
        legs,
        parent: dossier.parent.filter(|(_, by)| *by <= at).map(|(parent, _)| parent),
        children,
        close_proposed: given && open,
        decisions,
    }
}

/// Whether the citizen was given the result.
pub(super) fn is_delivered(legs: &[Leg]) -> bool {
    legs.iter().any(|leg| leg.birth.kind == LegKind::Outbound && leg.fold.state == LegState::Delivered)
}

/// Legs that have no dossier and continue one another; `None` without any.
pub(super) fn of_legs(mut legs: Vec<Leg>) -> Option<Dossier> {
    legs.sort_by_key(|leg| leg.id);
    let birth = legs.first()?.birth.clone();
    Some(Dossier {
        id: None,
        code: None,
        counter: Some(birth.counter).filter(|counter| *counter != birth.agency),
        agency: birth.agency,
        procedure: birth.procedure,
        state: None,
        holders: holders(&legs),
        due_at: None,
        spans: Spans::of(&legs, &[]),
        slip: slip_of(&legs),
        registered_at: None,
        accepted_at: None,
        legs,
        decisions: Vec::new(),
        parent: None,
        children: Vec::new(),
        close_proposed: false,
    })
}

fn slip_of(legs: &[Leg]) -> Option<Code> {
    legs.iter().find_map(|leg| leg.code_of(CodeKind::Slip)).cloned()
}

/// The holders of the legs that no later leg continues and whose birth was not voided.
fn holders(legs: &[Leg]) -> Vec<Holder> {
    let mut holders: Vec<Holder> = Vec::new();
    for leg in legs.iter().filter(|leg| leg.continued_by.is_none() && leg.annulled_at.is_none()) {
        if !holders.contains(&leg.fold.holder) {
            holders.push(leg.fold.holder.clone());
        }
    }
    holders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::leg::{Birth, LegKind};
    use crate::dossier::names::Lane;
    use crate::dossier::particulars::Terms;

    fn pos(pos: u64) -> Position {
        Position { lane: Lane(0), pos }
    }

    fn leg(id: u64, kind: LegKind) -> Leg {
        let birth = Birth {
            kind,
            agency: PartyName::new("agencies/A"),
            counter: PartyName::new("agencies/C"),
            carrier: Some(PartyName::new("carriers/p")),
            office: None,
            procedure: None,
        };
        Leg::begin(pos(id), birth, Terms::default(), None, Micros(0))
    }

    fn dossier() -> desk::Dossier {
        desk::Dossier {
            id: pos(2),
            agency: PartyName::new("agencies/A"),
            counter: None,
            code: Code::stored(CodeKind::Dossier, "H99-260101-001".into(), None),
            procedure: None,
            slip: None,
            request_digest: [0; 32],
            registered_at: Micros(0),
            decisions: vec![
                said(10, 5, DecisionKind::Accept),
                said(20, 9, DecisionKind::AnnounceResult),
                said(40, 11, DecisionKind::Close),
            ],
            due: vec![(pos(2), Micros(1)), (pos(10), Micros(2)), (pos(30), Micros(3))],
            legs: Vec::new(),
            parent: Some((pos(1), pos(25))),
        }
    }

    fn said(by: u64, seconds: i64, kind: DecisionKind) -> Decision {
        Decision { by: pos(by), at: Micros(seconds * Micros::SECOND), kind }
    }

    #[test]
    fn a_dossier_is_what_the_agency_had_said_by_then() {
        let told = |at| {
            let told = of_dossier(&dossier(), Vec::new(), Sight::Whole(Vec::new()), pos(at));
            (told.state, told.due_at, told.accepted_at.is_some(), told.spans.agency_s)
        };
        assert_eq!(told(9), (Some(DossierState::Registered), Some(Micros(1)), false, None));
        assert_eq!(told(10), (Some(DossierState::Accepted), Some(Micros(2)), true, None));
        assert_eq!(told(20), (Some(DossierState::ResultReady), Some(Micros(2)), true, Some(4)));
        assert_eq!(told(30).1, Some(Micros(3)));
        let through_legs = of_dossier(&dossier(), Vec::new(), Sight::Legs, pos(20));
        assert_eq!((through_legs.spans.agency_s, through_legs.decisions), (None, Vec::new()));
    }

    #[test]
    fn a_delivered_result_proposes_to_close_until_it_is_closed() {
        let mut result = leg(21, LegKind::Outbound);
        let proposed = |result: &Leg, children: Vec<Child>, at| {
            of_dossier(&dossier(), vec![result.clone()], Sight::Whole(children), pos(at)).close_proposed
        };
        assert!(!proposed(&result, Vec::new(), 30), "it was not delivered");
        result.fold.state = LegState::Delivered;
        assert!(!proposed(&result, Vec::new(), 10), "the result was not announced by then");
        assert!(proposed(&result, Vec::new(), 30));
        assert!(!proposed(&result, Vec::new(), 40), "it is closed");
        let child = Child {
            id: pos(33),
            agency: PartyName::new("agencies/B"),
            state: DossierState::ResultReady,
            holders: vec![Holder::CITIZEN],
            due_at: None,
            delivered: true,
        };
        let own = leg(21, LegKind::Inbound);
        assert!(proposed(&own, vec![child.clone()], 9), "also where its own agency has said nothing");
        assert!(proposed(&own, vec![child.clone()], 10), "one that belongs to it was delivered");
        assert!(!proposed(&own, vec![Child { delivered: false, ..child }], 10));
        let through_legs = of_dossier(&dossier(), vec![result], Sight::Legs, pos(30));
        assert!(!through_legs.close_proposed, "who sees only its legs closes nothing");
    }

    #[test]
    fn holders_are_told_once_and_not_of_legs_that_are_continued_or_voided() {
        let mut legs = vec![
            leg(4, LegKind::Outbound),
            leg(1, LegKind::Inbound),
            leg(3, LegKind::Supplement),
            leg(5, LegKind::Transfer),
        ];
        legs[0].continued_by = Some(pos(6));
        legs[3].annulled_at = Some(pos(7));
        let told = of_legs(legs).unwrap();
        assert_eq!(told.holders, [Holder::CITIZEN]);
        assert_eq!(told.legs.iter().map(|leg| leg.id.pos).collect::<Vec<_>>(), [1, 3, 4, 5]);
        assert_eq!((told.id, told.state), (None, None));
        assert_eq!(told.counter, Some(PartyName::new("agencies/C")));
        assert_eq!(of_legs(Vec::new()), None);
    }
}
