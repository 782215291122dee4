//! What refusals are counted by.

use std::sync::Arc;

use prometheus::{Error, IntCounter, IntCounterVec, Registry};

use super::names::REFUSALS;
use super::{entered, opts};
use crate::dossier::refusal::Reason;

/// What refusals are counted by. Cheap to clone; the default counts nothing, for whoever answers no call.
#[derive(Clone, Debug, Default)]
pub struct Refusals(Arc<[IntCounter]>);

impl Refusals {
    pub(super) fn new(r: &Registry) -> Result<Refusals, Error> {
        let by_reason = entered(r, IntCounterVec::new(opts(&REFUSALS), REFUSALS.labels)?)?;
        let all = Reason::ALL.iter().map(|reason| by_reason.get_metric_with_label_values(&[reason.text()]));
        Ok(Refusals(all.collect::<Result<_, _>>()?))
    }

    /// A refusal is answered.
    pub fn count(&self, reason: Reason) {
        // The reasons stand in `ALL` in the order of their declaration.
        if let Some(counter) = self.0.get(reason as usize) {
            counter.inc();
        }
    }
}
