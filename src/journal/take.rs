//! Taking the lines of a batch, each by its kind: a fact, a command, a placing, a note.

use std::borrow::Cow;
use std::sync::Arc;

use super::Error;
use super::batch::{Batch, Verdict, replayed, reused};
use super::enrol;
use super::entry::{self, Bound, Compared, Draft};
use super::handover::Commanded;
use super::intake::Queued;
use super::line::{CaptureLine, CommandAct, CommandLine, Line, PlaceLine};
use crate::dossier::apply::{
    self, AcceptDossier, Act, AnnounceResult, Applied, CancelLeg, Capture, Decide, OrderLeg, Place,
    RegisterDossier, Said,
};
use crate::dossier::names::{Position, SourceName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::seal::digest;
use crate::seal::record::Record;
use crate::store::{EventKey, Note, Writer};

impl Batch<'_> {
    /// Takes the lines, or says which one cannot be applied.
    pub(super) async fn take_all(
        &mut self,
        writer: &mut Writer,
        lines: &mut [Queued],
        set_aside: &[usize],
    ) -> Result<Result<Vec<Verdict>, usize>, Error> {
        let mut verdicts = Vec::with_capacity(lines.len());
        self.drafts.reserve(lines.len());
        self.by_key.reserve(lines.len());
        for (index, queued) in lines.iter_mut().enumerate() {
            let aside = set_aside.contains(&index);
            let key = self.keys.get_mut(index).and_then(Option::take);
            match self.take(writer, key, queued, aside).await {
                Ok(Some(verdict)) => verdicts.push(verdict),
                Ok(None) => return Ok(Err(index)),
                // What is stored of its leg or code cannot be read: that is no reason to fail the others.
                Err(error) if error.is_torn() && !aside => {
                    tracing::error!(error = %crate::telemetry::chain(&error), "what a line needs is torn");
                    return Ok(Err(index));
                }
                // Not even what was answered to its first attempt.
                Err(error) if error.is_torn() => {
                    verdicts.push(Verdict::Refused(Refusal::new(Reason::Internal)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Ok(verdicts))
    }

    /// Takes one line. `None` when applying it panicked.
    async fn take(
        &mut self,
        writer: &mut Writer,
        key: Option<EventKey>,
        queued: &mut Queued,
        aside: bool,
    ) -> Result<Option<Verdict>, Error> {
        let content = queued.content;
        match (&mut queued.line, key) {
            (Line::Note(_, note), _) => self.take_note(writer, note).await.map(Some),
            (Line::Consumer(line), _) => self.take_consumer(writer, line).await.map(Some),
            (Line::Capture(line), Some(key)) => self.take_capture(writer, key, content, line, aside).await,
            (Line::Command(line), Some(key)) => self.take_command(writer, key, line, aside).await,
            (Line::Place(line), Some(key)) => self.take_place(writer, key, line, aside).await,
            (Line::Capture(_), None) => {
                Ok(Some(Verdict::Refused(Refusal::field(Reason::UnknownSource, "source", ""))))
            }
            (Line::Command(_) | Line::Place(_), None) => {
                Ok(Some(Verdict::Refused(Refusal::new(Reason::NotFound))))
            }
        }
    }

    async fn take_capture(
        &mut self,
        writer: &mut Writer,
        key: EventKey,
        event_digest: [u8; 32],
        line: &mut CaptureLine,
        aside: bool,
    ) -> Result<Option<Verdict>, Error> {
        if let Some(verdict) = self.seen(&key, event_digest, line.personal.as_ref())? {
            return Ok(Some(verdict));
        }
        let received_at = match line.send_time {
            // Imports run in parallel streams: each line is received when it says, whatever the others say.
            Some(sent) if self.scribe.clock.is_told() && line.said.source.is_system() => sent,
            _ => line.received_at,
        };
        // A clock that was set back a little in between makes nothing received after it was committed.
        let received_at = received_at.min(self.now);
        let mut heard = self.device(writer, key.source).await?;
        let (effective_at, skewed) = entry::effective(line, received_at, &mut heard);
        line.said.effective_at = effective_at;
        let said = &line.said;
        let act = Act::Capture(Capture { said: Cow::Borrowed(said), attested: line.attested, skewed });
        let written = match self.apply(writer, &act, aside).await? {
            Some(Ok(Applied::Written(written))) => *written,
            Some(Ok(Applied::Again(_)) | Err(_)) => {
                return Ok(Some(Verdict::Refused(Refusal::new(Reason::Internal))));
            }
            None if aside => apply::not_applied(said.party.clone(), self.next()),
            None => return Ok(None),
        };
        if let Some(seq) = said.event.device_seq {
            heard.hear(seq, received_at);
        }
        heard.last_received_at = heard.last_received_at.max(received_at);
        self.devices.insert(key.source, heard);
        let (personal, personal_digest) = entry::personal_row(line.personal.as_ref(), &*self.scribe.random);
        let bound = Bound {
            received_at,
            event_digest,
            request_digest: digest::NONE,
            personal_digest,
            repaired: line.repaired,
            attested: line.attested,
            placed_from: None,
        };
        let draft = self.draft(key, said, bound, written, line.event_bytes.clone());
        Ok(Some(self.push(Draft { personal, ..draft })))
    }

    async fn take_command(
        &mut self,
        writer: &mut Writer,
        key: EventKey,
        line: &CommandLine,
        aside: bool,
    ) -> Result<Option<Verdict>, Error> {
        if let CommandAct::Handover { manifest, command, signed_at } = &line.act {
            let (manifest, signed_at) = (*manifest, *signed_at);
            let commanded = Commanded { line, manifest, command, signed_at };
            return self.take_handover(writer, key, commanded, aside).await;
        }
        if let Some(verdict) = self.seen(&key, line.request_digest, line.personal.as_ref())? {
            return Ok(Some(verdict));
        }
        let said = Said {
            source: SourceName::new(line.speaker.party.as_str()),
            client_event_id: line.request_id.clone(),
            party: line.speaker.party.clone(),
            principal: line.speaker.principal.clone(),
            supervisor: line.speaker.supervisor,
            effective_at: self.now,
            event: line.event.clone(),
        };
        let Some(act) = act_of(line, said.clone()) else {
            return Ok(Some(Verdict::Refused(Refusal::new(Reason::Internal))));
        };
        let written = match self.apply(writer, &act, aside).await? {
            Some(Ok(Applied::Written(written))) => *written,
            Some(Ok(Applied::Again(first))) => return self.again(writer, first, line).await.map(Some),
            Some(Err(refusal)) => return Ok(Some(Verdict::Refused(refusal))),
            None if aside => return Ok(Some(Verdict::Refused(Refusal::new(Reason::Internal)))),
            None => return Ok(None),
        };
        let (personal, personal_digest) = entry::personal_row(line.personal.as_ref(), &*self.scribe.random);
        let bound = Bound {
            received_at: self.now,
            event_digest: digest::digest(&line.event_bytes),
            request_digest: line.request_digest,
            personal_digest,
            repaired: false,
            attested: false,
            placed_from: None,
        };
        let draft = self.draft(key, &said, bound, written, line.event_bytes.clone());
        Ok(Some(self.push(Draft { personal, ..draft })))
    }

    async fn take_place(
        &mut self,
        writer: &mut Writer,
        key: EventKey,
        line: &PlaceLine,
        aside: bool,
    ) -> Result<Option<Verdict>, Error> {
        let earlier = match (self.firsts.get(&key), self.by_key.get(&key)) {
            (Some(first), _) => Some(replayed(first)?),
            (None, Some(index)) => Some(Verdict::Draft(*index, true)),
            (None, None) => None,
        };
        if earlier.is_some() {
            if line.done {
                // The first time it may not have been the last placing.
                self.notes.push(Note::Placed { pos: line.from.pos });
            }
            return Ok(earlier);
        }
        let stored = writer.entry(line.from).await.map_err(Error::Load)?;
        let Some(stored) = stored else {
            return Ok(Some(Verdict::Refused(Refusal::new(Reason::NotFound))));
        };
        let original = Record::decode(&stored.record).map_err(Error::Record)?;
        let said = original.said();
        let attested = original.attested;
        let act = Act::Place(Place { said: said.clone(), from: line.from, leg: line.leg, attested });
        let written = match self.apply(writer, &act, aside).await? {
            Some(Ok(Applied::Written(written))) => *written,
            Some(Ok(Applied::Again(_))) => return Ok(Some(Verdict::Refused(Refusal::new(Reason::Internal)))),
            Some(Err(refusal)) => return Ok(Some(Verdict::Refused(refusal))),
            None if aside => return Ok(Some(Verdict::Refused(Refusal::new(Reason::Internal)))),
            None => return Ok(None),
        };
        let event_bytes = (self.scribe.encode_placed)(&original, written.leg.unwrap_or(line.leg));
        let bound = Bound {
            received_at: original.received_at,
            event_digest: digest::digest(&event_bytes),
            request_digest: digest::NONE,
            personal_digest: digest::NONE,
            repaired: original.repaired,
            attested: original.attested,
            placed_from: Some(line.from),
        };
        let draft = self.draft(key, &said, bound, written, event_bytes);
        Ok(Some(self.push(Draft { placed: line.done.then_some(line.from.pos), ..draft })))
    }

    async fn take_note(&mut self, writer: &mut Writer, note: &Note) -> Result<Verdict, Error> {
        if let Note::Pin { pos, target } = note {
            let kept = writer.pin(self.scribe.lane, *pos).await.map_err(Error::Load)?;
            let earlier = self.notes.iter().find_map(|other| match other {
                Note::Pin { pos: at, target } if at == pos => Some(*target),
                _ => None,
            });
            if let Some(pinned) = kept.or(earlier) {
                return Ok(Verdict::Noted(Some(pinned)));
            }
            self.notes.push(note.clone());
            return Ok(Verdict::Noted(Some(*target)));
        }
        match enrol::admit(&self.directory, note) {
            Ok(true) => {
                if enrol::changes_directory(note) {
                    note.enter(Arc::make_mut(&mut self.directory));
                }
                self.notes.push(note.clone());
                Ok(Verdict::Noted(None))
            }
            Ok(false) => Ok(Verdict::Noted(None)),
            Err(refusal) => Ok(Verdict::Refused(refusal)),
        }
    }

    /// The answer to a command that was carried out under another request id.
    async fn again(
        &mut self,
        writer: &mut Writer,
        first: Position,
        line: &CommandLine,
    ) -> Result<Verdict, Error> {
        let (bound, personal) = (line.request_digest, line.personal.as_ref());
        let ours = self.drafts.iter().enumerate().find(|(_, draft)| draft.position == first);
        let (compared, same) = match ours {
            Some((index, draft)) => (draft.compare(bound, personal), Verdict::Draft(index, true)),
            None => {
                let stored = writer.first_at(first.lane, first.pos).await.map_err(Error::Load)?;
                let Some(stored) = stored else {
                    return Ok(Verdict::Refused(Refusal::new(Reason::Internal)));
                };
                let record = Record::decode(&stored.record).map_err(Error::Record)?;
                let compared = entry::compare(&record, stored.personal.as_ref(), bound, personal);
                (compared, Verdict::Replayed(stored.record, Arc::new(record)))
            }
        };
        Ok(match compared {
            Compared::Same => same,
            other => Verdict::Refused(Refusal { reason: Reason::DossierExists, ..reused(other, first) }),
        })
    }
}

/// What a command does as one event; `None` of one that may be many.
fn act_of(line: &CommandLine, said: Said) -> Option<Act<'static>> {
    Some(match line.act.clone() {
        CommandAct::Order { agency, counter, carrier, kind, procedure, dossier } => {
            Act::Order(OrderLeg { said, agency, counter, carrier, kind, procedure, dossier })
        }
        CommandAct::Cancel { leg } => Act::Cancel(CancelLeg { said, leg }),
        CommandAct::Register { agency, counter, code, procedure, slip } => Act::Register(RegisterDossier {
            said,
            agency,
            counter,
            code,
            procedure,
            slip,
            request_digest: line.request_digest,
        }),
        CommandAct::Accept { target, code, procedure } => {
            Act::Accept(AcceptDossier { said, target, code, procedure })
        }
        CommandAct::Announce { target, post } => Act::Announce(AnnounceResult { said, target, post }),
        CommandAct::Decide { subject, ruling } => Act::Decide(Decide { said, subject, ruling }),
        CommandAct::Handover { .. } => return None,
    })
}
