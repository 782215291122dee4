//! Commands on manifests: one of them is an event of the list, where it changes the list, and one event for each of its
//! lines. All are journaled at once, each under a key of its own, so that a retry finds every one of them again.

use std::collections::BTreeSet;

use super::Error;
use super::batch::{Batch, Verdict};
use super::entry::{self, Bound, Draft};
use super::key;
use super::line::CommandLine;
use crate::dossier::apply::{self, Act, Applied, ManifestAct, ManifestLineAct, Said};
use crate::dossier::desk::Missing;
use crate::dossier::handover::{self, Command, LineAct, Manifest, Plan, Planned};
use crate::dossier::names::{Micros, Position, SourceName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::seal::digest;
use crate::store::{EventKey, Writer};

/// A command on a manifest, taken apart.
#[derive(Clone, Copy)]
pub(super) struct Commanded<'a> {
    pub line: &'a CommandLine,
    pub manifest: Option<Position>,
    pub command: &'a Command,
    pub signed_at: Option<Micros>,
}

impl Batch<'_> {
    /// Takes one; `None` when something of it cannot be applied.
    pub(super) async fn take_handover(
        &mut self,
        writer: &mut Writer,
        key: EventKey,
        commanded: Commanded<'_>,
        aside: bool,
    ) -> Result<Option<Verdict>, Error> {
        if aside {
            return Ok(Some(Verdict::Refused(Refusal::new(Reason::Internal))));
        }
        let Commanded { line, .. } = commanded;
        let said = self.said(commanded);
        let first = self.seen(&key, line.request_digest, line.personal.as_ref())?;
        if let Some(Verdict::Refused(refusal)) = first {
            return Ok(Some(Verdict::Refused(refusal)));
        }
        if let (None, Some(_)) = (commanded.manifest, &first) {
            return Ok(Some(Verdict::Lines(first.map(Box::new), Vec::new())));
        }
        let Some(id) = commanded.manifest else {
            let made = self.take_list(writer, key, commanded, said).await?;
            let told = |made| Verdict::Lines(Some(Box::new(made)), Vec::new());
            return Ok(made.map(|made| made.map_or_else(Verdict::Refused, told)));
        };
        let manifest = match self.manifest(writer, id, &said).await? {
            Ok(manifest) => manifest,
            Err(refusal) => return Ok(Some(Verdict::Refused(refusal))),
        };
        let party = &said.party;
        let plan = handover::plan(&manifest, commanded.command, party, &said.event);
        let keys = self.load_lines(writer, &key, line, &plan).await?;
        let done = first.is_some();
        // The list itself is judged first: what it may not say is not said of its lines either.
        let head = match first {
            None if plan.says => match self.take_list(writer, key, commanded, said.clone()).await? {
                Some(Ok(verdict)) => Some(verdict),
                Some(Err(refusal)) => return Ok(Some(Verdict::Refused(refusal))),
                None => return Ok(None),
            },
            None => {
                let answered = keys.iter().any(|key| self.is_known(key));
                if let Err(refusal) = apply::may_command(&manifest, commanded.command, &said)
                    && !answered
                {
                    return Ok(Some(Verdict::Refused(refusal)));
                }
                None
            }
            first => first,
        };
        let mut verdicts = Vec::with_capacity(plan.lines.len());
        for (planned, key) in plan.lines.into_iter().zip(keys) {
            let Planned { number, act, .. } = planned;
            if let Some(verdict) = self.seen(&key, line.request_digest, None)? {
                verdicts.push((number, verdict));
                continue;
            }
            let act = match act {
                // What was not journaled with the list's own event was refused then, and is not said later.
                Ok(_) if done => continue,
                Ok(None) => continue,
                Ok(Some(act)) => act,
                Err(refusal) => {
                    verdicts.push((number, Verdict::Refused(refusal)));
                    continue;
                }
            };
            match self.take_line(writer, key, commanded, &said, id, act).await? {
                Some(Ok(verdict)) => verdicts.push((number, verdict)),
                Some(Err(refusal)) => verdicts.push((number, Verdict::Refused(refusal))),
                None => return Ok(None),
            }
        }
        Ok(Some(Verdict::Lines(head.map(Box::new), verdicts)))
    }

    /// What is said with the command. A paper that was signed before it was keyed counts from its minute.
    fn said(&self, commanded: Commanded<'_>) -> Said {
        let line = commanded.line;
        Said {
            source: SourceName::new(line.speaker.party.as_str()),
            client_event_id: line.request_id.clone(),
            party: line.speaker.party.clone(),
            principal: line.speaker.principal.clone(),
            supervisor: line.speaker.supervisor,
            effective_at: commanded.signed_at.map_or(self.now, |signed| signed.min(self.now)),
            event: line.event.clone(),
        }
    }

    /// The event of the list itself.
    async fn take_list(
        &mut self,
        writer: &mut Writer,
        key: EventKey,
        commanded: Commanded<'_>,
        said: Said,
    ) -> Result<Option<Result<Verdict, Refusal>>, Error> {
        let Commanded { line, manifest, command, .. } = commanded;
        let act = Act::Manifest(ManifestAct { said: said.clone(), manifest, command: command.clone() });
        let written = match self.apply(writer, &act, false).await? {
            Some(Ok(Applied::Written(written))) => *written,
            Some(Ok(Applied::Again(_))) => return Ok(Some(Err(Refusal::new(Reason::Internal)))),
            Some(Err(refusal)) => return Ok(Some(Err(refusal))),
            None => return Ok(None),
        };
        let bytes = line.event_bytes.clone();
        let (personal, personal_digest) = entry::personal_row(line.personal.as_ref(), &*self.scribe.random);
        let bound = Bound { personal_digest, ..self.bound(line, digest::digest(&bytes)) };
        let draft = self.draft(key, &said, bound, written, bytes);
        Ok(Some(Ok(self.push(Draft { personal, ..draft }))))
    }

    /// The event of one line.
    async fn take_line(
        &mut self,
        writer: &mut Writer,
        key: EventKey,
        commanded: Commanded<'_>,
        said: &Said,
        manifest: Position,
        line: LineAct,
    ) -> Result<Option<Result<Verdict, Refusal>>, Error> {
        let said = Said { event: line.event.clone(), ..said.clone() };
        let bytes = (self.scribe.encode_event)(&said.event, &said.party);
        let late = commanded.signed_at.is_some();
        let act = Act::ManifestLine(Box::new(ManifestLineAct { said: said.clone(), manifest, line, late }));
        let written = match self.apply(writer, &act, false).await? {
            Some(Ok(Applied::Written(written))) => *written,
            Some(Ok(Applied::Again(_))) => return Ok(Some(Err(Refusal::new(Reason::Internal)))),
            Some(Err(refusal)) => return Ok(Some(Err(refusal))),
            None => return Ok(None),
        };
        let bound = self.bound(commanded.line, digest::digest(&bytes));
        let draft = self.draft(key, &said, bound, written, bytes);
        Ok(Some(Ok(self.push(draft))))
    }

    fn bound(&self, line: &CommandLine, event_digest: [u8; 32]) -> Bound {
        Bound {
            received_at: self.now,
            event_digest,
            request_digest: line.request_digest,
            personal_digest: digest::NONE,
            repaired: false,
            attested: false,
            placed_from: None,
        }
    }

    /// The manifest, as far as the speaker sees it, with everything that its lines stand on.
    async fn manifest(
        &mut self,
        writer: &mut Writer,
        id: Position,
        said: &Said,
    ) -> Result<Result<Manifest, Refusal>, Error> {
        let manifest = loop {
            match apply::manifest_seen(&self.desk, said, id) {
                Ok(seen) => break seen.cloned(),
                Err(missing) => self.lay(writer, missing).await?,
            }
        };
        if let Ok(manifest) = &manifest {
            let legs = manifest.lines.iter().filter_map(|line| line.leg);
            let here = legs.filter(|leg| leg.lane == self.scribe.lane);
            let legs: BTreeSet<Position> = here.filter(|leg| !self.desk.has(&Missing::Leg(*leg))).collect();
            let legs: Vec<Position> = legs.into_iter().collect();
            if !legs.is_empty() {
                let mut found = writer.legs(&legs).await.map_err(Error::Load)?;
                for leg in legs {
                    let kept = found.remove(&leg);
                    self.desk.lay_leg(leg, kept);
                }
            }
        }
        Ok(manifest)
    }

    /// The keys of the lines, and what was journaled under them before.
    async fn load_lines(
        &mut self,
        writer: &mut Writer,
        key: &EventKey,
        line: &CommandLine,
        plan: &Plan,
    ) -> Result<Vec<EventKey>, Error> {
        let of =
            |planned: &Planned| EventKey { id: key::line_key_id(line, &planned.key), source: key.source };
        let keys: Vec<EventKey> = plan.lines.iter().map(of).collect();
        let unknown: Vec<EventKey> = keys.iter().filter(|key| !self.is_known(key)).cloned().collect();
        if !unknown.is_empty() {
            let found = writer.firsts(self.scribe.lane, &unknown).await.map_err(Error::Load)?;
            self.firsts.extend(found);
        }
        Ok(keys)
    }

    fn is_known(&self, key: &EventKey) -> bool {
        self.by_key.contains_key(key) || self.firsts.contains_key(key)
    }
}
