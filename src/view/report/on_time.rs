//! How long each side took, and how much of it was in time: by whose clock. Pure.

use std::collections::BTreeMap;

use super::Days;
use crate::dossier::decision::{self, DecisionKind};
use crate::dossier::desk::{Dossier, Leg};
use crate::dossier::leg::{LegKind, LegState};
use crate::dossier::names::{Micros, Position};
use crate::dossier::numbered::numbered;
use crate::dossier::spans::{Stretch, Stretches};

numbered! {
    /// Whose clock runs.
    Clock {
        /// The post's, on the way to the agency: pick-up to handover.
        PostIn = 1 "POST_IN",
        /// The agency's: acceptance to result.
        Agency = 2 "AGENCY",
        /// The post's, on the way back: result to delivery.
        PostOut = 3 "POST_OUT",
    }
}

/// Whole hours.
const HOUR: i64 = 3_600 * Micros::SECOND;

/// What one clock came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// How many stretches ended after how many whole hours: as many numbers as there are different hours, however many
    /// stretches.
    hours: BTreeMap<i64, u64>,
    /// Of those that ended, those with a due time.
    pub with_due: u64,
    /// Of these, those that ended by then.
    pub in_time: u64,
    /// Those that run on past their due time.
    pub overdue: u64,
}

impl Pace {
    /// How many ended in these days.
    pub fn ended(&self) -> u64 {
        self.hours.values().sum()
    }

    /// The whole hours within which this share (in hundredths, above 0) of them ended; `None` where none did. The median is
    /// that of 50.
    pub fn hours_within(&self, hundredths: u64) -> Option<i64> {
        let rank = (self.ended() * hundredths).div_ceil(100).max(1);
        let mut seen = 0;
        self.hours.iter().find_map(|(hours, count)| {
            seen += count;
            (seen >= rank).then_some(*hours)
        })
    }

    fn end(&mut self, stretch: Stretch, due: Option<Micros>) {
        *self.hours.entry(stretch.to.since(stretch.from).max(0) / HOUR).or_default() += 1;
        self.with_due += u64::from(due.is_some());
        self.in_time += u64::from(due.is_some_and(|due| stretch.to <= due));
    }
}

/// The counts so far.
#[derive(Debug)]
pub struct OnTime {
    days: Days,
    now: Micros,
    /// The post's way in.
    pub post_in: Pace,
    /// The agency's part.
    pub agency: Pace,
    /// The post's way out.
    pub post_out: Pace,
}

impl OnTime {
    /// Nothing counted yet. `now` is when everything is known: what runs is overdue or not by then.
    pub fn new(days: Days, now: Micros) -> OnTime {
        OnTime { days, now, post_in: Pace::default(), agency: Pace::default(), post_out: Pace::default() }
    }

    /// Counts a dossier as it was known at a position, with those of its legs that are seen, oldest first. `itself` tells
    /// whether the dossier is seen and not only its legs: without it the agency's time is not counted.
    pub fn take(&mut self, dossier: &Dossier, legs: &[Leg], itself: bool, at: Position) {
        let mut decisions = dossier.decisions.clone();
        decisions.retain(|decision| decision.by <= at);
        let said = |kind| decision::first(&decisions, kind).is_some();
        let (accepted, result) = (said(DecisionKind::Accept), said(DecisionKind::AnnounceResult));
        let due = dossier.due.iter().rev().find(|(by, _)| *by <= at).map(|(_, due)| *due);
        let stretches = Stretches::of(legs, &decisions);
        self.post_way_in(legs, stretches.post_in);
        let out = of_kind(legs, LegKind::Outbound).find_map(|leg| leg.due_at);
        end(&mut self.agency, self.days, stretches.agency.filter(|_| itself), due);
        end(&mut self.post_out, self.days, stretches.post_out, out);
        let late = |due: Option<Micros>| due.is_some_and(|due| due < self.now);
        let working = decision::state(&decisions).is_undecided();
        self.agency.overdue += u64::from(itself && accepted && working && late(due));
        let runs = of_kind(legs, LegKind::Outbound).any(|leg| !leg.fold.state.is_end());
        let undelivered = stretches.post_out.is_none() && runs;
        self.post_out.overdue += u64::from(result && undelivered && late(out));
    }

    /// Counts a leg without a dossier: of it only the post's way in is known.
    pub fn take_leg(&mut self, leg: &Leg) {
        let legs = std::slice::from_ref(leg);
        self.post_way_in(legs, Stretches::of(legs, &[]).post_in);
    }

    fn post_way_in(&mut self, legs: &[Leg], stretch: Option<Stretch>) {
        let due = of_kind(legs, LegKind::Inbound).find_map(|leg| leg.due_at);
        end(&mut self.post_in, self.days, stretch, due);
        let runs = |leg: &Leg| leg.fold.picked_up_at.is_some() && !leg.fold.state.is_end();
        let running = stretch.is_none() && of_kind(legs, LegKind::Inbound).any(runs);
        self.post_in.overdue += u64::from(running && due.is_some_and(|due| due < self.now));
    }

    /// The three paces with whose they are.
    pub fn paces(&self) -> [(Clock, &Pace); 3] {
        [(Clock::PostIn, &self.post_in), (Clock::Agency, &self.agency), (Clock::PostOut, &self.post_out)]
    }
}

fn end(pace: &mut Pace, days: Days, stretch: Option<Stretch>, due: Option<Micros>) {
    if let Some(stretch) = stretch.filter(|stretch| days.hold(stretch.to)) {
        pace.end(stretch, due);
    }
}

fn of_kind(legs: &[Leg], kind: LegKind) -> impl Iterator<Item = &Leg> {
    let lived = move |leg: &&Leg| {
        leg.birth.kind == kind && leg.annulled_at.is_none() && leg.fold.state != LegState::Cancelled
    };
    legs.iter().filter(lived)
}
