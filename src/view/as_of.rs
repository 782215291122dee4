//! A leg as it was known at a position. Pure.

use crate::dossier::custody::{self, Ground, Step};
use crate::dossier::desk::Leg;
use crate::dossier::names::Position;

/// Whether what is kept of a leg is what was known at a position, but for codes and dossier, which carry their own.
pub(super) fn is_current(leg: &Leg, at: Position) -> bool {
    leg.last <= at && leg.annulled_at.is_none_or(|annulled| annulled <= at)
}

/// The leg without the codes and the dossier that became known later.
pub(super) fn trimmed(mut leg: Leg, at: Position) -> Leg {
    leg.codes.retain(|tagged| tagged.at <= at);
    leg.dossier = leg.dossier.filter(|(_, since)| *since <= at);
    leg
}

/// The leg as folded from those of its events that were known at a position.
pub(super) fn folded(mut leg: Leg, mut steps: Vec<Step>, at: Position) -> Leg {
    steps.retain(|step| step.position <= at);
    leg.annulled_at = leg.annulled_at.filter(|annulled| *annulled <= at);
    leg.continued_by = continued_by(leg.id, &steps);
    leg.last = steps.iter().map(|step| step.position).max().unwrap_or(leg.id);
    let ground = Ground {
        id: leg.id,
        birth: &leg.birth,
        terms: &leg.terms,
        continues: leg.continues,
        annulled: leg.annulled_at.is_some(),
    };
    leg.fold = custody::fold(ground, &steps).fold;
    trimmed(leg, at)
}

/// The return leg that continued it by then: the last one begun whose beginning was not voided.
fn continued_by(leg: Position, steps: &[Step]) -> Option<Position> {
    let begun = steps.iter().filter(|step| step.other_leg == Some(leg) && step.position != leg);
    let stands = |begun: &Step| !steps.iter().any(|step| step.other_leg == Some(begun.position));
    begun.filter(|begun| stands(begun)).map(|begun| begun.position).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::code::{Code, CodeKind};
    use crate::dossier::custody::OrderKey;
    use crate::dossier::desk::Tagged;
    use crate::dossier::event::{EventType, Measure, Reason};
    use crate::dossier::leg::{Birth, HolderKind, LegKind, LegState};
    use crate::dossier::names::{Lane, Micros, PartyName, SourceName};
    use crate::dossier::particulars::{Particulars, Terms};

    fn pos(pos: u64) -> Position {
        Position { lane: Lane(0), pos }
    }

    fn step(at: u64, effective: i64, kind: EventType, party: &str) -> Step {
        Step {
            position: pos(at),
            order: OrderKey {
                effective_at: Micros(effective),
                source: SourceName::new(&format!("{party}/devices/1")),
                device_seq: 0,
                id: smol_str::format_smolstr!("{at}"),
            },
            placed_from: None,
            kind,
            party: PartyName::new(party),
            principal: format!("person of {party}").into(),
            supervisor: false,
            attested: true,
            reason: Reason::NONE,
            measure: Measure::NONE,
            office: None,
            what: None,
            corrects: None,
            other_leg: None,
            particulars: Particulars::default(),
            late: false,
        }
    }

    fn leg(id: u64, kind: LegKind, continues: Option<u64>, steps: &[Step]) -> Leg {
        let agency = PartyName::new("agencies/A");
        let carrier = Some(PartyName::new("carriers/p"));
        let birth = Birth { kind, counter: agency.clone(), agency, carrier, office: None, procedure: None };
        let continues = continues.map(pos);
        let leg = Leg::begin(pos(id), birth, Terms::default(), continues, Micros(0));
        folded(leg, steps.to_vec(), pos(u64::MAX))
    }

    #[test]
    fn a_leg_is_told_as_its_events_were_known_then() {
        // The pick-up came late: at 7 the arrival alone was known.
        let steps = [
            step(3, 10, EventType::Ordered, "agencies/A"),
            step(7, 30, EventType::Arrived, "carriers/p"),
            step(9, 20, EventType::PickedUp, "carriers/p"),
            step(12, 40, EventType::Accepted, "agencies/A"),
        ];
        let now = leg(3, LegKind::Inbound, None, &steps);
        assert_eq!((now.fold.state, now.last), (LegState::HandedOver, pos(12)));
        assert!(is_current(&now, pos(12)) && !is_current(&now, pos(11)));
        let told = |at| folded(now.clone(), steps.to_vec(), pos(at));
        assert_eq!(told(3).fold.state, LegState::Ordered);
        assert_eq!(told(6).fold, told(3).fold);
        let missing = told(8);
        assert_eq!((missing.fold.state, missing.last), (LegState::AtOffice, pos(7)));
        assert_eq!(missing.fold.anomalies.len(), 1);
        assert!(told(9).fold.anomalies.is_empty());
        assert_eq!(told(9).fold.picked_up_at, Some(Micros(20)));
        assert_eq!(told(12), now);
    }

    #[test]
    fn codes_and_dossier_are_told_from_when_they_were_known() {
        let steps = [step(3, 10, EventType::Ordered, "agencies/A")];
        let mut now = leg(3, LegKind::Inbound, None, &steps);
        let item = Code::stored(CodeKind::Item, "EE990002055VN".into(), None);
        now.codes = vec![Tagged { code: item, at: pos(5) }];
        now.dossier = Some((pos(2), pos(6)));
        let at = |at| {
            let told = trimmed(now.clone(), pos(at));
            (told.codes.len(), told.dossier.is_some())
        };
        assert_eq!((at(4), at(5), at(6)), ((0, false), (1, false), (1, true)));
    }

    #[test]
    fn a_return_counts_from_its_beginning_to_its_void() {
        let mut begun = step(5, 30, EventType::ReturnStarted, "carriers/p");
        begun.other_leg = Some(pos(3));
        let mut void = step(8, 40, EventType::Voided, "carriers/p");
        (void.corrects, void.other_leg) = (Some(pos(5)), Some(pos(5)));
        let out = step(4, 20, EventType::PickedUp, "carriers/p");
        let steps = [step(3, 10, EventType::Ordered, "agencies/A"), out, begun.clone(), void];
        let old = leg(3, LegKind::Outbound, None, &steps);
        let told = |at| {
            let leg = folded(old.clone(), steps.to_vec(), pos(at));
            (leg.continued_by, leg.fold.state, leg.fold.holder.kind)
        };
        assert_eq!(told(4), (None, LegState::PickedUp, HolderKind::Post));
        assert_eq!(told(5), (Some(pos(5)), LegState::Undelivered, HolderKind::None));
        assert_eq!(told(8), (None, LegState::PickedUp, HolderKind::Post));

        let mut new = leg(5, LegKind::ReturnToAgency, Some(3), std::slice::from_ref(&begun));
        new.annulled_at = Some(pos(8));
        assert!(!is_current(&new, pos(7)) && is_current(&new, pos(8)));
        let told = |at| folded(new.clone(), vec![begun.clone()], pos(at));
        assert_eq!((told(7).fold.state, told(7).annulled_at), (LegState::Returning, None));
        assert_eq!(told(7).fold.holder.kind, HolderKind::Post);
        assert_eq!((told(8).fold.state, told(8).annulled_at), (LegState::Cancelled, Some(pos(8))));
        assert_eq!(told(8).fold.holder.kind, HolderKind::None);
    }
}
