//! Placing what had to wait: the event as it was said, on the leg it turned out to mean, at its own time.

use super::capture::{self, Found, find};
use super::leg_step::{open_leg, put_on_leg};
use super::{Applied, Said, Stopped};
use crate::dossier::desk::Desk;
use crate::dossier::names::Position;
use crate::dossier::refusal::{Reason, Refusal};

/// A waiting event and the leg it is placed on.
#[derive(Clone, Debug)]
pub struct Place {
    /// The event as it was said.
    pub said: Said,
    /// Whether a citizen's side was attested.
    pub attested: bool,
    /// Where it stands.
    pub from: Position,
    /// The leg; at position 0 the one that the event opens in that lane, where no other is meant by then.
    pub leg: Position,
}

pub(super) fn place(desk: &mut Desk, place: &Place, position: Position) -> Result<Applied, Stopped> {
    if place.leg.pos == 0 {
        return open(desk, place, position);
    }
    let leg = desk.leg(place.leg)?.filter(|leg| leg.birth.concerns(&place.said.party));
    if leg.is_none() {
        return Err(
            Refusal::field(Reason::NotFound, "leg", "the leg does not concern the capturing party").into()
        );
    }
    let mut step = place.said.step(position, Some(place.from));
    step.attested = place.attested;
    let written = put_on_leg(desk, &place.said, place.leg, step)?;
    Ok(Applied::Written(Box::new(written)))
}

/// Opens a leg for a pick-up that was captured in another lane than that of the agency it names.
fn open(desk: &mut Desk, place: &Place, position: Position) -> Result<Applied, Stopped> {
    let said = capture::canonical(desk, &place.said, &mut Vec::new());
    let mut step = said.step(position, Some(place.from));
    step.attested = place.attested;
    let written = match find(desk, &said, position.lane)? {
        Found::Leg(leg) => put_on_leg(desk, &said, leg, step)?,
        Found::Opens(birth) => open_leg(desk, &said, birth, None, step),
        Found::Waits { .. } => {
            return Err(Refusal::field(Reason::NotFound, "leg", "the event opens none in this lane").into());
        }
    };
    Ok(Applied::Written(Box::new(written)))
}
