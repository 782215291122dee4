//! Loading what a batch touches: earlier attempts, and whatever applying asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Error;
use super::batch::Batch;
use super::intake::Queued;
use super::key::Sources;
use super::line::Line;
use crate::dossier::desk::{CodeKey, Missing, Tag, TagTarget, Target};
use crate::dossier::device::Heard;
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
            Missing::Document(id) => {
                let document =
                    if id.lane == lane { writer.document(id).await.map_err(Error::Load)? } else { None };
                self.desk.lay_document(id, document);
            }
            Missing::Target(position) => {
                let target = self.target(writer, position).await?;
                self.desk.lay_target(position, target);
            }
        }
        Ok(())
    }

    /// Lays what lines ask for as a rule, all at once: the tags of their codes, and the legs these mean. Otherwise each
    /// line is begun again for each of them, and each is a way to the database and back.
    pub(super) async fn lay_lines(&mut self, writer: &mut Writer, lines: &[Queued]) -> Result<(), Error> {
        let lane = self.scribe.lane;
        let (mut codes, mut sources) = (BTreeSet::new(), BTreeSet::new());
        for (queued, key) in lines.iter().zip(&self.keys) {
            let Some(key) = key.as_ref().filter(|key| !self.firsts.contains_key(key)) else { continue };
            let event = match &queued.line {
                Line::Capture(line) => &line.said.event,
                Line::Command(line) => &line.event,
                Line::Place(_) | Line::Note(..) | Line::Consumer(_) => continue,
            };
            codes.extend(event.code.iter().chain(&event.also).map(CodeKey::of));
            if matches!(queued.line, Line::Capture(_)) && self.known.device(key.source).is_none() {
                sources.insert(key.source);
            }
        }
        let codes: Vec<CodeKey> = codes.into_iter().collect();
        let missing: Vec<CodeKey> =
            codes.iter().filter(|code| !self.desk.has(&Missing::Tags((*code).clone()))).cloned().collect();
        if !missing.is_empty() {
            let mut tags = writer.tags_of(lane, &missing).await.map_err(Error::Load)?;
            for code in missing {
                let found = tags.remove(&code).unwrap_or_default();
                self.desk.lay_tags(code, found);
            }
        }
        let meant = codes.iter().flat_map(|code| legs_of(self.desk.tags_of(code))).flatten();
        let legs: BTreeSet<Position> = meant.filter(|id| !self.desk.has(&Missing::Leg(*id))).collect();
        if !legs.is_empty() {
            let legs: Vec<Position> = legs.into_iter().collect();
            let mut found = writer.legs(&legs).await.map_err(Error::Load)?;
            for id in legs {
                let leg = found.remove(&id);
                self.desk.lay_leg(id, leg);
            }
        }
        if !sources.is_empty() {
            let sources: Vec<i64> = sources.into_iter().collect();
            for (source, heard) in writer.devices(lane, &sources).await.map_err(Error::Load)? {
                self.known.heard(source, heard);
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
