//! The three stretches of a dossier's way, as elapsed time, so that nobody answers for another's.

use super::decision::{self, Decision, DecisionKind};
use super::desk::Leg;
use super::leg::LegKind;
use super::names::Micros;

/// Elapsed whole seconds; each is empty until both its ends exist. Ends that devices put in the wrong order give 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    /// The post's: from pick-up to handover of the INBOUND leg.
    pub post_in_s: Option<i64>,
    /// The agency's: from acceptance to the result.
    pub agency_s: Option<i64>,
    /// The post's: from the result to its delivery.
    pub post_out_s: Option<i64>,
}

impl Spans {
    /// The spans of a dossier with these legs, oldest first.
    ///
    /// The agency's clock stands still while it waits for papers.
    pub fn of(legs: &[Leg], decisions: &[Decision]) -> Spans {
        let stretches = Stretches::of(legs, decisions);
        let elapsed = |stretch: Stretch| stretch.to.since(stretch.from).max(0) / Micros::SECOND;
        Spans {
            post_in_s: stretches.post_in.map(elapsed),
            agency_s: stretches.agency.map(elapsed),
            post_out_s: stretches.post_out.map(elapsed),
        }
    }
}

/// From when to when one side had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its beginning.
    pub from: Micros,
    /// Its end, which devices may have put before its beginning.
    pub to: Micros,
}

impl Stretch {
    fn between(from: Option<Micros>, to: Option<Micros>) -> Option<Stretch> {
        Some(Stretch { from: from?, to: to? })
    }
}

/// The three stretches; each is empty until both its ends exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretches {
    /// The post's: from pick-up to handover of the INBOUND leg.
    pub post_in: Option<Stretch>,
    /// The agency's: from acceptance to the result.
    pub agency: Option<Stretch>,
    /// The post's: from the result to its delivery.
    pub post_out: Option<Stretch>,
}

impl Stretches {
    /// The stretches of a dossier with these legs, oldest first. Of several legs of a kind the first that has both ends
    /// counts: supplements and second tries are journeys of their own.
    ///
    /// The agency's begins as much later as it waited for papers, so that its length is the time it had them.
    pub fn of(legs: &[Leg], decisions: &[Decision]) -> Stretches {
        let said = |kind| decision::first(decisions, kind).map(|decision| decision.at);
        let (accepted, result) = (said(DecisionKind::Accept), said(DecisionKind::AnnounceResult));
        let waited = accepted.zip(result).map_or(0, |(from, to)| decision::waited(decisions, from, to));
        let lived = |kind| legs.iter().filter(move |leg| leg.birth.kind == kind && leg.annulled_at.is_none());
        let way_in = |leg: &Leg| Stretch::between(leg.fold.picked_up_at, leg.fold.handed_over_at);
        let way_out = |leg: &Leg| Stretch::between(result, leg.fold.delivered_at);
        Stretches {
            post_in: lived(LegKind::Inbound).find_map(way_in),
            agency: Stretch::between(accepted.map(|from| from.plus(waited)), result),
            post_out: lived(LegKind::Outbound).find_map(way_out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::leg::Birth;
    use crate::dossier::names::{Lane, PartyName, Position};
    use crate::dossier::particulars::Terms;

    fn at(seconds: i64) -> Option<Micros> {
        Some(Micros(seconds * Micros::SECOND + 999_999))
    }

    fn leg(pos: u64, kind: LegKind) -> Leg {
        let agency = PartyName::new("agencies/H99.01");
        let carrier = Some(PartyName::new("carriers/post"));
        let birth = Birth { kind, counter: agency.clone(), agency, carrier, office: None, procedure: None };
        let id = Position { lane: Lane(0), pos };
        Leg::begin(id, birth, Terms::default(), None, Micros(0))
    }

    /// The decisions of an agency that accepts and announces at these times.
    fn said(accepted: Option<Micros>, result: Option<Micros>) -> Vec<Decision> {
        let by = Position { lane: Lane(0), pos: 1 };
        let told = |kind| move |at| Decision { by, at, kind };
        let accepted = accepted.map(told(DecisionKind::Accept));
        accepted.into_iter().chain(result.map(told(DecisionKind::AnnounceResult))).collect()
    }

    #[test]
    fn a_span_is_empty_until_both_its_ends_exist() {
        let mut legs = [leg(1, LegKind::Inbound), leg(2, LegKind::Outbound)];
        assert_eq!(Spans::of(&legs, &said(None, None)), Spans::default());
        legs[0].fold.picked_up_at = at(100);
        legs[1].fold.delivered_at = at(900);
        assert_eq!(Spans::of(&legs, &said(at(300), None)), Spans::default());
        legs[0].fold.handed_over_at = at(250);
        let all = Spans { post_in_s: Some(150), agency_s: Some(200), post_out_s: Some(400) };
        assert_eq!(Spans::of(&legs, &said(at(300), at(500))), all);
    }

    #[test]
    fn the_first_complete_leg_counts_and_a_voided_one_never() {
        let mut legs = [leg(1, LegKind::Inbound), leg(2, LegKind::Inbound), leg(3, LegKind::Supplement)];
        legs[0].fold.picked_up_at = at(10);
        for (leg, handed_over) in legs.iter_mut().zip([None, at(60), at(900)]).skip(1) {
            leg.fold.picked_up_at = at(20);
            leg.fold.handed_over_at = handed_over;
        }
        assert_eq!(Spans::of(&legs, &said(None, None)).post_in_s, Some(40));
        legs[1].annulled_at = Some(legs[1].id);
        assert_eq!(Spans::of(&legs, &said(None, None)).post_in_s, None);
    }

    #[test]
    fn ends_in_the_wrong_order_give_no_negative_time() {
        assert_eq!(Spans::of(&[], &said(at(500), at(300))).agency_s, Some(0));
    }
}
