//! Acts on consumers, decided one after the other in the batch: the second of two that say the same etag finds what the
//! first has made of it. They ride in the commit as notes.

use super::Error;
use super::batch::{Batch, Verdict};
use super::line::ConsumerLine;
use crate::dossier::consumer::{Consumer, ConsumerAct, Decided, decide};
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;
use crate::store::{Note, Writer};
use smol_str::SmolStr;

impl Batch<'_> {
    pub(super) async fn take_consumer(
        &mut self,
        writer: &mut Writer,
        line: &ConsumerLine,
    ) -> Result<Verdict, Error> {
        let Some((enrolment, _)) = self.directory.parties.get(&line.party) else {
            return Ok(Verdict::Refused(Refusal::field(Reason::NotFound, "name", "")));
        };
        let party = enrolment.id;
        let kept = self.consumer(writer, party, &line.id).await?;
        let count = match (&line.act, &kept) {
            (ConsumerAct::Create { .. }, None) => self.count_consumers(writer, party).await?,
            _ => 0,
        };
        let etag = self.new_etag();
        Ok(match decide(kept.as_ref(), &line.id, line.act.clone(), count, etag, self.now) {
            Ok(Decided::Same(consumer)) => Verdict::Consumer(Box::new(consumer)),
            Ok(Decided::Keep(consumer)) => {
                self.consumers.insert((party, line.id.clone()), Some(consumer.clone()));
                self.notes.push(Note::Consumer { party, consumer: consumer.clone() });
                Verdict::Consumer(Box::new(consumer))
            }
            Ok(Decided::Remove) => {
                self.consumers.insert((party, line.id.clone()), None);
                self.notes.push(Note::NoConsumer { party, id: line.id.clone() });
                Verdict::Noted(None)
            }
            Err(refusal) => Verdict::Refused(refusal),
        })
    }

    /// A consumer as this batch leaves it so far.
    async fn consumer(
        &self,
        writer: &mut Writer,
        party: i64,
        id: &SmolStr,
    ) -> Result<Option<Consumer>, Error> {
        match self.consumers.get(&(party, id.clone())) {
            Some(decided) => Ok(decided.clone()),
            None => writer.consumer(self.scribe.lane, party, id).await.map_err(Error::Load),
        }
    }

    /// How many consumers a party has as this batch leaves it so far.
    async fn count_consumers(&self, writer: &mut Writer, party: i64) -> Result<usize, Error> {
        // A store that holds more was written by a release with a higher bound: one page tells enough.
        let all = limits::CONSUMERS + self.consumers.len();
        let stored = writer.consumers(self.scribe.lane, party, "", all).await.map_err(Error::Load)?;
        let untouched =
            stored.iter().filter(|known| !self.consumers.contains_key(&(party, known.id.clone())));
        let decided = self.consumers.iter().filter(|((of, _), decided)| *of == party && decided.is_some());
        Ok(untouched.count() + decided.count())
    }

    fn new_etag(&self) -> SmolStr {
        let mut etag = [0; Consumer::ETAG_BYTES];
        self.scribe.random.fill(&mut etag);
        hex::encode(etag).into()
    }
}
