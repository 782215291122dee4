//! The scenes of the days, one a file. Each says what its people say to the gateway, looks at the answers, counts them
//! for the ledger, and tells of them.

pub(super) mod commune;
pub(super) mod counter;
pub(super) mod door;
pub(super) mod interlinked;
pub(super) mod killed;
pub(super) mod neighbour;
pub(super) mod office;
pub(super) mod offline;
pub(super) mod orders;
pub(super) mod results;
pub(super) mod run_close;

use anyhow::ensure;

use crate::doors::wire::v1;

/// Answers without any remark.
fn clean(recorded: &[v1::Recorded]) -> usize {
    let placed = |one: &&v1::Recorded| one.placement() == v1::Placement::Placed;
    recorded.iter().filter(placed).filter(|one| one.anomalies.is_empty()).count()
}

/// Answers that left the leg in a state.
fn in_state(recorded: &[v1::Recorded], state: v1::LegState) -> usize {
    let left = |one: &&v1::Recorded| one.outcome.as_ref().is_some_and(|outcome| outcome.state() == state);
    recorded.iter().filter(left).count()
}

/// The one remark that an answer bears, as it is written, such as `NO_PROOF`.
fn remark(recorded: &v1::Recorded) -> anyhow::Result<&'static str> {
    ensure!(recorded.anomalies.len() == 1, "not one remark: {:?}", recorded.anomalies);
    Ok(recorded.anomalies[0].kind().as_str_name().trim_start_matches("ANOMALY_KIND_"))
}

/// The hands that an answer left the envelope in, as they are written, such as `POST`.
fn hands(recorded: &v1::Recorded) -> &'static str {
    let after = recorded.outcome.as_ref().and_then(|outcome| outcome.holder_after.as_ref());
    after.map_or("", |holder| holder.kind().as_str_name().trim_start_matches("HOLDER_KIND_"))
}
