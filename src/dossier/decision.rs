//! What an agency says of a dossier (tiếp nhận, bổ sung, từ chối, rút, dừng, kết quả, trả): what it may say when, and where
//! that leaves the dossier. Never inferred from postal scans.

use serde::{Deserialize, Serialize};

use super::event::EventType;
use super::names::{Micros, Position};
use super::numbered::numbered;

numbered! {
    /// What the agency has said of a dossier last. Beside each the status of the National Public Service Portal.
    DossierState {
        /// Đã đăng ký (1).
        Registered = 1 "REGISTERED",
        /// Đã tiếp nhận (2).
        Accepted = 2 "ACCEPTED",
        /// Đã có kết quả (9).
        ResultReady = 3 "RESULT_READY",
        /// Yêu cầu bổ sung (5): the agency's clock stands still.
        SupplementRequested = 4 "SUPPLEMENT_REQUESTED",
        /// Từ chối tiếp nhận (3).
        Refused = 5 "REFUSED",
        /// Công dân rút hồ sơ (7).
        Withdrawn = 6 "WITHDRAWN",
        /// Dừng giải quyết (8).
        Stopped = 7 "STOPPED",
        /// Đã trả kết quả (10).
        Closed = 8 "CLOSED",
    }
}

numbered! {
    /// One thing that was said.
    DecisionKind {
        /// Tiếp nhận (Form 01); of further papers too, which ends the wait for them.
        Accept = 1 "ACCEPT",
        /// Yêu cầu bổ sung (Form 02).
        RequestSupplement = 2 "REQUEST_SUPPLEMENT",
        /// Từ chối tiếp nhận (Form 03).
        Refuse = 3 "REFUSE",
        /// Rút hồ sơ, at the citizen's wish.
        Withdraw = 4 "WITHDRAW",
        /// Dừng giải quyết.
        Stop = 5 "STOP",
        /// Xin lỗi và hẹn lại ngày trả (Form 04); while papers are awaited, that they came to the counter.
        SetDueDate = 6 "SET_DUE_DATE",
        /// Có kết quả.
        AnnounceResult = 7 "ANNOUNCE_RESULT",
        /// Đã trả kết quả.
        Close = 8 "CLOSE",
        /// A delivery was taken back after the dossier was closed: it is not.
        Reopen = 9 "REOPEN",
    }
}

impl DecisionKind {
    /// The event that says it; of an announcement also the order of an OUTBOUND leg may be.
    pub const fn event(self) -> EventType {
        match self {
            DecisionKind::Accept => EventType::DossierAccepted,
            DecisionKind::RequestSupplement => EventType::SupplementRequested,
            DecisionKind::Refuse => EventType::DossierRefused,
            DecisionKind::Withdraw => EventType::DossierWithdrawn,
            DecisionKind::Stop => EventType::DossierStopped,
            DecisionKind::SetDueDate => EventType::DueDateSet,
            DecisionKind::AnnounceResult => EventType::ResultAnnounced,
            DecisionKind::Close => EventType::DossierClosed,
            DecisionKind::Reopen => EventType::DeliveryRevoked,
        }
    }
}

/// One decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Decision {
    /// The event that says it.
    pub by: Position,
    /// When it was said, effective.
    pub at: Micros,
    /// What was said.
    pub kind: DecisionKind,
}

/// The state after some decisions, in the order of their positions.
pub fn state(decisions: &[Decision]) -> DossierState {
    decisions.iter().fold(DossierState::Registered, |state, decision| after(state, decision.kind))
}

fn after(state: DossierState, kind: DecisionKind) -> DossierState {
    match kind {
        // The acceptance of papers that came after the result, or after the end, takes nothing back.
        DecisionKind::Accept | DecisionKind::SetDueDate if !state.is_undecided() => state,
        DecisionKind::SetDueDate if state == DossierState::SupplementRequested => DossierState::Accepted,
        DecisionKind::SetDueDate => state,
        DecisionKind::Accept => DossierState::Accepted,
        DecisionKind::RequestSupplement => DossierState::SupplementRequested,
        DecisionKind::Refuse => DossierState::Refused,
        DecisionKind::Withdraw => DossierState::Withdrawn,
        DecisionKind::Stop => DossierState::Stopped,
        DecisionKind::AnnounceResult | DecisionKind::Reopen => DossierState::ResultReady,
        DecisionKind::Close => DossierState::Closed,
    }
}

impl DossierState {
    /// Whether the agency still works on it.
    pub const fn is_undecided(self) -> bool {
        matches!(self, DossierState::Registered | DossierState::Accepted | DossierState::SupplementRequested)
    }
}

/// When it was first said.
pub fn first(decisions: &[Decision], kind: DecisionKind) -> Option<Decision> {
    decisions.iter().find(|decision| decision.kind == kind).copied()
}

/// Why something may not be said now; `Ok` when it may.
///
/// Refusing is for what was not taken on (Decree 61/2018/NĐ-CP, article 17: Form 03 at intake), stopping for what was; one
/// new appointment at most (Form 04); nothing is decided twice.
pub fn may(decisions: &[Decision], kind: DecisionKind) -> Result<(), &'static str> {
    let state = state(decisions);
    let accepted = first(decisions, DecisionKind::Accept).is_some();
    let why = match kind {
        DecisionKind::Close if state == DossierState::ResultReady => return Ok(()),
        DecisionKind::Close => "only a dossier whose result was announced can be closed",
        DecisionKind::Accept | DecisionKind::Reopen => return Ok(()),
        _ if !state.is_undecided() => "the dossier was decided already",
        DecisionKind::Refuse if accepted => "the dossier was accepted: stop it, or let it be withdrawn",
        DecisionKind::Stop if !accepted => "the dossier was not accepted: refuse it",
        DecisionKind::SetDueDate if !accepted => "the dossier was not accepted: it has no date to move",
        DecisionKind::SetDueDate if appointed_again(decisions) => {
            "the date was moved once already, and may be once only (Form 04)"
        }
        _ => return Ok(()),
    };
    Err(why)
}

/// Whether the date was moved, other than after a wait for papers.
fn appointed_again(decisions: &[Decision]) -> bool {
    let waiting = state(decisions) == DossierState::SupplementRequested;
    let moved = (0..decisions.len()).any(|at| {
        decisions[at].kind == DecisionKind::SetDueDate
            && state(&decisions[..at]) != DossierState::SupplementRequested
    });
    moved && !waiting
}

/// Microseconds between two times in which the agency waited for papers.
pub fn waited(decisions: &[Decision], from: Micros, to: Micros) -> i64 {
    let mut waited = 0;
    let mut since = None;
    for (at, decision) in decisions.iter().enumerate() {
        let waiting = state(&decisions[..=at]) == DossierState::SupplementRequested;
        match since {
            None if waiting => since = Some(decision.at),
            Some(began) if !waiting => {
                waited += between(began, decision.at, from, to);
                since = None;
            }
            _ => {}
        }
    }
    waited + since.map_or(0, |began| between(began, to, from, to))
}

fn between(began: Micros, ended: Micros, from: Micros, to: Micros) -> i64 {
    ended.min(to).since(began.max(from)).max(0)
}

#[cfg(test)]
mod tests {
    use super::DecisionKind::*;
    use super::*;
    use crate::dossier::names::Lane;

    fn said(kinds: &[DecisionKind]) -> Vec<Decision> {
        let numbered = kinds.iter().zip(1..);
        let at = |number: i64| Micros(number * 10);
        numbered
            .map(|(kind, number)| Decision {
                by: Position { lane: Lane(0), pos: number as u64 },
                at: at(number),
                kind: *kind,
            })
            .collect()
    }

    #[test]
    fn what_may_be_said_follows_from_what_was_said() {
        let before: [(&[DecisionKind], DossierState, [bool; 7]); 11] = [
            // supplement, refuse, withdraw, stop, new date, result, close
            (&[], DossierState::Registered, [true, true, true, false, false, true, false]),
            (&[Accept], DossierState::Accepted, [true, false, true, true, true, true, false]),
            (
                &[RequestSupplement],
                DossierState::SupplementRequested,
                [true, true, true, false, false, true, false],
            ),
            (
                &[Accept, RequestSupplement],
                DossierState::SupplementRequested,
                [true, false, true, true, true, true, false],
            ),
            (
                &[Accept, RequestSupplement, Accept],
                DossierState::Accepted,
                [true, false, true, true, true, true, false],
            ),
            (&[Accept, SetDueDate], DossierState::Accepted, [true, false, true, true, false, true, false]),
            (&[AnnounceResult], DossierState::ResultReady, [false, false, false, false, false, false, true]),
            (&[Refuse], DossierState::Refused, [false; 7]),
            (&[Accept, Withdraw], DossierState::Withdrawn, [false; 7]),
            (&[Accept, Stop], DossierState::Stopped, [false; 7]),
            (&[Accept, AnnounceResult, Close], DossierState::Closed, [false; 7]),
        ];
        for (kinds, wanted, allowed) in before {
            let decisions = said(kinds);
            assert_eq!(state(&decisions), wanted, "{kinds:?}");
            let asked = [RequestSupplement, Refuse, Withdraw, Stop, SetDueDate, AnnounceResult, Close];
            assert_eq!(asked.map(|kind| may(&decisions, kind).is_ok()), allowed, "{kinds:?}");
        }
    }

    #[test]
    fn papers_that_were_awaited_give_a_new_date_that_is_no_second_appointment() {
        let came = said(&[Accept, RequestSupplement, SetDueDate]);
        assert_eq!(state(&came), DossierState::Accepted);
        assert_eq!(may(&came, SetDueDate), Ok(()));
        let moved = said(&[Accept, RequestSupplement, SetDueDate, SetDueDate]);
        assert!(may(&moved, SetDueDate).is_err());
        let again = said(&[Accept, SetDueDate, RequestSupplement]);
        assert_eq!(may(&again, SetDueDate), Ok(()), "the papers came");
    }

    #[test]
    fn a_delivery_taken_back_opens_a_closed_dossier_again() {
        let reopened = said(&[AnnounceResult, Close, Reopen]);
        assert_eq!(state(&reopened), DossierState::ResultReady);
        assert_eq!(may(&reopened, Close), Ok(()));
        // Papers that were on their way and are accepted later take nothing back.
        assert_eq!(state(&said(&[AnnounceResult, Close, Accept])), DossierState::Closed);
    }

    #[test]
    fn the_agencys_clock_stands_while_it_waits_for_papers() {
        let (begin, end) = (Micros(10), Micros(100));
        assert_eq!(waited(&said(&[Accept, RequestSupplement, Accept]), begin, end), 10);
        assert_eq!(waited(&said(&[Accept, RequestSupplement, RequestSupplement, Accept]), begin, end), 20);
        assert_eq!(waited(&said(&[Accept, RequestSupplement]), begin, end), 80);
        assert_eq!(waited(&said(&[Accept, RequestSupplement]), begin, Micros(15)), 0);
        assert_eq!(waited(&said(&[Accept]), begin, end), 0);
    }
}
