//! What is answered about one dossier, put together from the legs that are seen. Pure.

use smol_str::SmolStr;

use crate::dossier::code::{Code, CodeKind};
use crate::dossier::desk::{self, Leg};
use crate::dossier::leg::Holder;
use crate::dossier::names::{Micros, PartyName, Position};
use crate::dossier::numbered::numbered;
use crate::dossier::spans::Spans;

numbered! {
    /// What the agency has said of a dossier. Never inferred from postal scans.
    DossierState {
        /// Đã đăng ký.
        Registered = 1 "REGISTERED",
        /// Đã tiếp nhận.
        Accepted = 2 "ACCEPTED",
        /// Đã có kết quả.
        ResultReady = 3 "RESULT_READY",
    }
}

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
}

/// A dossier with the legs of it that are seen. `itself` tells whether the dossier is seen and not only its legs: without
/// it the agency's own time is not told.
pub(super) fn of_dossier(dossier: &desk::Dossier, mut legs: Vec<Leg>, itself: bool, at: Position) -> Dossier {
    legs.sort_by_key(|leg| leg.id);
    let known = |said: Option<(Position, Micros)>| said.filter(|(by, _)| *by <= at).map(|(_, time)| time);
    let (accepted, result) = (known(dossier.accepted), known(dossier.result));
    let state = match (accepted, result) {
        (_, Some(_)) => DossierState::ResultReady,
        (Some(_), None) => DossierState::Accepted,
        (None, None) => DossierState::Registered,
    };
    let mut spans = Spans::of(&legs, accepted, result);
    spans.agency_s = spans.agency_s.filter(|_| itself);
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
    }
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
        spans: Spans::of(&legs, None, None),
        slip: slip_of(&legs),
        registered_at: None,
        accepted_at: None,
        legs,
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
    use crate::dossier::custody::{Fold, Ground};
    use crate::dossier::leg::{Birth, LegKind};
    use crate::dossier::names::Lane;

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
        let fold = Fold::begin(Ground { id: pos(id), birth: &birth, continues: None, annulled: false });
        Leg {
            id: pos(id),
            birth,
            continues: None,
            continued_by: None,
            annulled_at: None,
            dossier: None,
            codes: Vec::new(),
            due_at: None,
            ordered_by: None,
            opened_at: Micros(0),
            last: pos(id),
            fold,
        }
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
            accepted: Some((pos(10), Micros(5_000_000))),
            result: Some((pos(20), Micros(9_000_000))),
            due: vec![(pos(2), Micros(1)), (pos(10), Micros(2)), (pos(30), Micros(3))],
            legs: Vec::new(),
        }
    }

    #[test]
    fn a_dossier_is_what_the_agency_had_said_by_then() {
        let told = |at| {
            let told = of_dossier(&dossier(), Vec::new(), true, pos(at));
            (told.state, told.due_at, told.accepted_at.is_some(), told.spans.agency_s)
        };
        assert_eq!(told(9), (Some(DossierState::Registered), Some(Micros(1)), false, None));
        assert_eq!(told(10), (Some(DossierState::Accepted), Some(Micros(2)), true, None));
        assert_eq!(told(20), (Some(DossierState::ResultReady), Some(Micros(2)), true, Some(4)));
        assert_eq!(told(30).1, Some(Micros(3)));
        let through_legs = of_dossier(&dossier(), Vec::new(), false, pos(20));
        assert_eq!(through_legs.spans.agency_s, None);
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
