//! `CancelLeg`: the order is withdrawn, as long as the hands have not changed.

use super::leg_step::put_on_leg;
use super::{Applied, Said, Stopped};
use crate::dossier::desk::Desk;
use crate::dossier::leg::{HolderKind, OrderStatus};
use crate::dossier::names::Position;
use crate::dossier::refusal::{Reason, Refusal};

/// A cancellation.
#[derive(Clone, Debug)]
pub struct CancelLeg {
    /// Who cancels; the event is CANCELLED.
    pub said: Said,
    /// The leg.
    pub leg: Position,
}

pub(super) fn cancel(desk: &mut Desk, cancel: &CancelLeg, position: Position) -> Result<Applied, Stopped> {
    let leg = desk.leg(cancel.leg)?.filter(|leg| leg.birth.concerns(&cancel.said.party));
    let leg = leg.ok_or_else(|| Refusal::field(Reason::NotFound, "name", ""))?;
    let untouched = leg.fold.holder.kind != HolderKind::Post && !leg.fold.state.is_end();
    if leg.fold.order != OrderStatus::Active || !untouched {
        let why = format!(
            "only an active order whose envelope was not taken over can be cancelled; it is {}",
            leg.fold.state.text()
        );
        return Err(Refusal::field(Reason::LegState, "name", why).into());
    }
    let written = put_on_leg(desk, &cancel.said, cancel.leg, cancel.said.step(position, None))?;
    Ok(Applied::Written(Box::new(written)))
}
