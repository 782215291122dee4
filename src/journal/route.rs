//! Which lane a line is journaled in: a fact in that of its source, a command in that of the resource it names, a placing in
//! that of its leg. The key alone then finds the first attempt, for ever.

use super::line::{CommandAct, Line};
use crate::dossier::apply::{Announced, Subject};
use crate::dossier::directory::Directory;
use crate::dossier::names::Lane;

/// The lane of a line. What names nothing that is known is refused in any lane alike; it goes to the first.
pub(super) fn lane_of(line: &Line, directory: &Directory) -> Lane {
    match line {
        Line::Capture(line) => {
            let known = directory.sources.get(&line.said.source);
            known.map(|(enrolment, _)| enrolment.lane).unwrap_or_default()
        }
        Line::Command(line) => match &line.act {
            CommandAct::Order { agency, .. } | CommandAct::Register { agency, .. } => {
                directory.lane_of(agency)
            }
            CommandAct::Announce { target: Announced::Code { agency, .. }, .. } => directory.lane_of(agency),
            CommandAct::Announce { target: Announced::Dossier(dossier), .. } => dossier.lane,
            CommandAct::Decide { subject: Subject::Dossier(id) | Subject::Leg(id), .. } => id.lane,
            CommandAct::Handover { manifest: Some(manifest), .. } => manifest.lane,
            CommandAct::Handover { manifest: None, .. } => directory.lane_of(&line.speaker.party),
            CommandAct::Cancel { leg } => leg.lane,
            CommandAct::Accept { .. } => directory.lane_of(&line.speaker.party),
        },
        Line::Place(line) => line.leg.lane,
        Line::Note(lane, _) => *lane,
        Line::Consumer(line) => directory.lane_of(&line.party),
    }
}
