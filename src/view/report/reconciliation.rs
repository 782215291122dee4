//! A day between an agency and a carrier: what the one signed for and what the other says it handed over. Pure.

use crate::dossier::code::CodeKind;
use crate::dossier::custody::Step;
use crate::dossier::desk::Leg;
use crate::dossier::directory::Day;
use crate::dossier::event::EventType;
use crate::dossier::names::{Micros, PartyName, Position};
use crate::dossier::numbered::numbered;
use crate::limits;

numbered! {
    /// How the two sides differ about an envelope.
    Differs {
        /// The agency signed for it; the carrier has not said that it handed it over (ONE_SIDED).
        AgencyOnly = 1 "AGENCY_ONLY",
        /// The carrier says it handed it over; nobody of the agency has signed.
        CarrierOnly = 2 "CARRIER_ONLY",
        /// Both say so, of different days.
        OtherDay = 3 "OTHER_DAY",
        /// The carrier offered it and the agency did not take it.
        NotAccepted = 4 "NOT_ACCEPTED",
    }
}

/// When each side says that a leg was handed over, as last said and not voided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The agency signed.
    pub accepted: Option<Micros>,
    /// The carrier gave.
    pub offered: Option<Micros>,
    /// The agency did not take it.
    pub not_accepted: Option<Micros>,
}

impl Said {
    /// What the events of a leg say of its handover.
    pub fn of(leg: &Leg, steps: &[Step]) -> Said {
        let mut said = Said::default();
        let counts = |step: &&Step| {
            let voided = |by: Position| leg.fold.voided.contains(&by);
            !step.late && !voided(step.position) && !step.placed_from.is_some_and(voided)
        };
        let mut steps: Vec<&Step> = steps.iter().filter(counts).collect();
        steps.sort_by(|a, b| a.order.cmp(&b.order));
        for step in steps {
            let by_carrier = leg.birth.carrier.as_ref() == Some(&step.party);
            let at = Some(step.order.effective_at);
            match (step.kind, by_carrier) {
                // The first signature is the handover; what comes after it repeats it.
                (EventType::Accepted, false) => said.accepted = said.accepted.or(at),
                (EventType::NotAccepted, false) => said.not_accepted = at,
                // A carrier's word of delivery to an agency is an offer; one made again replaces the one before.
                (EventType::Offered | EventType::Delivered | EventType::Collected, true)
                    if said.accepted.is_none() || said.offered.is_none() =>
                {
                    said.offered = at;
                }
                _ => {}
            }
        }
        said
    }
}

/// One envelope about which the two differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The leg.
    pub leg: Position,
    /// The envelope's number, or its slip's; empty where it has neither.
    pub code: String,
    /// How.
    pub differs: Differs,
    /// When each says so.
    pub said: Said,
}

/// The counts so far.
#[derive(Debug)]
pub struct Reconciliation {
    day: Day,
    agency: PartyName,
    carrier: PartyName,
    /// What the agency signed for on the day.
    pub accepted: u64,
    /// What the carrier says it handed over on the day.
    pub offered: u64,
    /// Both, of the same day.
    pub both: u64,
    /// About how many they differ.
    pub differing: u64,
    /// The first of these, newest leg first.
    pub differences: Vec<Difference>,
}

impl Reconciliation {
    /// Nothing counted yet.
    pub fn new(day: Day, agency: PartyName, carrier: PartyName) -> Reconciliation {
        let differences = Vec::new();
        Reconciliation { day, agency, carrier, accepted: 0, offered: 0, both: 0, differing: 0, differences }
    }

    /// Whether something may have been said of the leg's handover on the day: it ends at the agency, the carrier carries
    /// it, it was not opened long after, and something of it happened on the day or later.
    pub fn may_concern(&self, leg: &Leg) -> bool {
        let begins = self.day.begin();
        let ends = begins.plus(Micros::DAY + limits::CODE_DAYS_BEFORE * Micros::DAY);
        let birth = &leg.birth;
        birth.kind.ends_at_agency()
            && birth.carrier.as_ref() == Some(&self.carrier)
            && (birth.agency == self.agency || birth.counter == self.agency)
            && leg.opened_at < ends
            && leg.fold.last.as_ref().is_some_and(|last| last.effective_at >= begins)
    }

    /// Counts what was said of a leg's handover.
    pub fn take(&mut self, leg: &Leg, said: Said) {
        let today = |at: Option<Micros>| at.is_some_and(|at| Day::at(at) == self.day);
        let (accepted, offered) = (today(said.accepted), today(said.offered));
        let refused = today(said.not_accepted) && said.accepted.is_none();
        self.accepted += u64::from(accepted);
        self.offered += u64::from(offered);
        let differs = match (accepted, offered) {
            (true, true) => {
                self.both += 1;
                return;
            }
            (true, false) if said.offered.is_some() => Differs::OtherDay,
            (true, false) => Differs::AgencyOnly,
            (false, true) if said.accepted.is_some() => Differs::OtherDay,
            (false, true) if said.not_accepted.is_some() => Differs::NotAccepted,
            (false, true) => Differs::CarrierOnly,
            (false, false) if refused => Differs::NotAccepted,
            (false, false) => return,
        };
        self.differing += 1;
        if self.differences.len() < limits::PAGE_SIZE_MAX {
            let code = leg.code_of(CodeKind::Item).or_else(|| leg.code_of(CodeKind::Slip));
            let code = code.map(|code| code.text().to_owned()).unwrap_or_default();
            self.differences.push(Difference { leg: leg.id, code, differs, said });
        }
    }
}
