//! One event as the fold sees it.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::dossier::event::{EventType, Measure, Reason};
use crate::dossier::names::{Micros, PartyName, Position, SourceName};
use crate::dossier::particulars::Particulars;

/// The order of a leg's events (I12). Total: no two facts share source and id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderKey {
    /// When it happened, corrected by the device's measured skew.
    pub effective_at: Micros,
    /// Who captured it.
    pub source: SourceName,
    /// The device's running number; 0 when it keeps none.
    pub device_seq: u64,
    /// The id the source gave it.
    pub id: SmolStr,
}

/// One event of a leg, read back from its record: the fold needs nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it stands in the journal.
    pub position: Position,
    /// Where it stands in the fold.
    pub order: OrderKey,
    /// For a PLACED event: the event it places, by which a correction may name it too.
    pub placed_from: Option<Position>,
    /// What happened; for a PLACED event what it places.
    pub kind: EventType,
    /// The party of the source.
    pub party: PartyName,
    /// The person of the key, or the key itself.
    pub principal: SmolStr,
    /// Whether a supervisor's key captured it.
    pub supervisor: bool,
    /// Why.
    pub reason: Reason,
    /// What is done about it.
    pub measure: Measure,
    /// The post office.
    pub office: Option<SmolStr>,
    /// The bag, the new label or the amounts, where the event is about one.
    pub what: Option<SmolStr>,
    /// The event it voids or replaces.
    pub corrects: Option<Position>,
    /// The leg this event ends (RETURN_STARTED) or annuls (a void of RETURN_STARTED) besides the one it stands on.
    pub other_leg: Option<Position>,
    /// Something attests a citizen's side.
    pub attested: bool,
    /// Papers, money, who received.
    pub particulars: Particulars,
    /// It came when the leg already had too many events: recorded, not folded.
    pub late: bool,
}
