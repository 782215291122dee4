//! Loading what a batch touches: earlier attempts, and whatever applying asks for.

use std::sync::Arc;

use super::Error;
use super::batch::Batch;
use super::intake::Queued;
use super::key::Sources;
use crate::dossier::desk::{Missing, Tag, TagTarget, Target};
use crate::dossier::device::Heard;
use crate::dossier::event::Event;
use crate::dossier::names::Position;
use crate::seal::record::Record;
use crate::store::{EventKey, Writer};

impl Batch<'_> {
    /// Loads what was journaled before under the keys of the lines.
    pub(super) async fn load_firsts(&mut self, writer: &mut Writer, lines: &[Queued]) -> Result<(), Error> {
        let mut sources = Sources::of(&self.scribe.directory);
        self.keys = lines.iter().map(|queued| sources.key(queued)).collect();
        let keys: Vec<EventKey> = self.keys.iter().flatten().cloned().collect();
        self.firsts = writer.firsts(self.scribe.lane, &keys).await.map_err(Error::Load)?;
        Ok(())
    }

    /// Lays on the desk what applying a line asked for.
    pub(super) async fn lay(&mut self, writer: &mut Writer, missing: Missing) -> Result<(), Error> {
        let lane = self.scribe.lane;
        match missing {
            Missing::Tags(key) => {
                let tags = writer.tags(lane, &key).await.map_err(Error::Load)?;
                self.desk.lay_tags(key, tags);
            }
            Missing::Leg(id) => {
                let leg = if id.lane == lane { writer.leg(id).await.map_err(Error::Load)? } else { None };
                self.desk.lay_leg(id, leg);
            }
            Missing::Dossier(id) => {
                let dossier =
                    if id.lane == lane { writer.dossier(id).await.map_err(Error::Load)? } else { None };
                self.desk.lay_dossier(id, dossier);
            }
            Missing::Chain(id) => {
                let mut steps = Vec::new();
                let last = self.stored_last(writer, id).await?;
                for stored in writer.chain(id, last).await.map_err(Error::Load)? {
                    steps.push(Record::decode(&stored.record).map_err(Error::Record)?.step());
                }
                // Events of this batch on the same leg are not stored yet.
                let ours = self.drafts.iter().map(|draft| &draft.record);
                let on_leg = ours.filter(|record| record.leg == Some(id) || record.other_leg == Some(id));
                steps.extend(on_leg.map(|record| record.step()));
                self.desk.lay_chain(id, steps);
            }
            Missing::Target(position) => {
                let target = self.target(writer, position).await?;
                self.desk.lay_target(position, target);
            }
        }
        Ok(())
    }

    /// Lays what a scan asks for as a rule, so that it is not begun again for each: its codes' tags and their legs.
    pub(super) async fn lay_codes(&mut self, writer: &mut Writer, event: &Event) -> Result<(), Error> {
        for code in event.code.iter().chain(&event.also) {
            let legs = match self.desk.tags(code).map(legs_of) {
                Ok(legs) => legs,
                Err(missing) => {
                    self.lay(writer, missing).await?;
                    self.desk.tags(code).map(legs_of).unwrap_or_default()
                }
            };
            for id in legs.into_iter().flatten() {
                if let Err(missing) = self.desk.leg(id).map(drop) {
                    self.lay(writer, missing).await?;
                }
            }
        }
        Ok(())
    }

    /// The newest stored event of a leg, whatever this batch has added to it.
    async fn stored_last(&self, writer: &mut Writer, id: Position) -> Result<u64, Error> {
        let stored = writer.leg(id).await.map_err(Error::Load)?;
        Ok(stored.map_or(0, |leg| leg.last.pos))
    }

    /// What a void or correction names, in the lane or earlier in this batch.
    async fn target(&self, writer: &mut Writer, position: Position) -> Result<Option<Target>, Error> {
        let ours =
            self.drafts.iter().find(|draft| draft.position == position).map(|draft| draft.record.clone());
        let record = match ours {
            Some(record) => Some(record),
            None if position.lane == self.scribe.lane => {
                let stored = writer.entry(position).await.map_err(Error::Load)?;
                let record = stored.map(|stored| Record::decode(&stored.record));
                record.transpose().map_err(Error::Record)?.map(Arc::new)
            }
            None => None,
        };
        Ok(record.map(|record| {
            let event = record.said().event;
            Target {
                leg: record.leg,
                code: event.code,
                also: event.also,
                source: record.source.clone(),
                party: record.party.clone(),
            }
        }))
    }

    /// What was heard from a source, this batch included.
    pub(super) async fn device(&mut self, writer: &mut Writer, source: i64) -> Result<Heard, Error> {
        let heard = self.devices.get(&source).cloned().or_else(|| self.known.device(source));
        match heard {
            Some(heard) => Ok(heard),
            None => writer.device(self.scribe.lane, source).await.map_err(Error::Load),
        }
    }
}

/// The legs that bear a code; the newest few, for a code that was used again and again.
fn legs_of(tags: &[Tag]) -> [Option<Position>; 4] {
    let mut newest = tags.iter().rev();
    std::array::from_fn(|_| match newest.next()?.target {
        TagTarget::Leg(id) => Some(id),
        TagTarget::Dossier(_) => None,
    })
}
