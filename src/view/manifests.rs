//! Manifests: one, and those of a party, as they are now.

use super::{Error, Eyes, Moment, Page, View, While};
use crate::dossier::document::Document;
use crate::dossier::handover::{Manifest, ManifestState};
use crate::dossier::names::{PartyName, Position};
use crate::limits;

/// Which manifests of a party are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestFilter {
    /// Only those in this state.
    pub state: Option<ManifestState>,
    /// Only those that this party receives.
    pub receiver: Option<PartyName>,
    /// Only those of this number; any where it is empty.
    pub number: String,
}

impl ManifestFilter {
    fn takes(&self, manifest: &Manifest) -> bool {
        self.state.is_none_or(|state| state == manifest.state)
            && self.receiver.as_ref().is_none_or(|receiver| *receiver == manifest.receiver.party)
            && (self.number.is_empty() || self.number == *manifest.number)
    }
}

impl View {
    /// A manifest; `None` when there is none, or it is not seen: a draft by its giver alone.
    pub async fn manifest(&self, eyes: &dyn Eyes, id: Position) -> Result<Option<Manifest>, Error> {
        let document = self.reader.document(id).await.during("a manifest")?;
        let seen = document.filter(|document| eyes.sees(&document.parties()));
        Ok(seen.map(|Document::Manifest(manifest)| manifest))
    }

    /// The manifests listed for a party (its short number) below an id, newest first. What is looked at for one page is
    /// bounded: it may be short and still have a next one.
    pub async fn manifests(
        &self,
        eyes: &dyn Eyes,
        party: i64,
        filter: &ManifestFilter,
        below: u64,
        size: usize,
        moment: &Moment,
    ) -> Result<Page<Manifest>, Error> {
        let mut page = Page { items: Vec::new(), next: None };
        let below = Position::of_number(below);
        let mut ids = Vec::new();
        for lane in moment.lanes().rev().filter(|lane| *lane <= below.lane) {
            let upto = if lane == below.lane { below.pos } else { u64::MAX };
            let wanted = limits::PAGE_ROWS - ids.len();
            let listed = self.reader.documents_of(lane, party, upto, wanted).await;
            ids.extend(listed.during("a party's manifests")?);
        }
        let looked_at_all = ids.len() < limits::PAGE_ROWS;
        let last = ids.last().copied();
        for id in ids {
            if let Some(manifest) = self.manifest(eyes, id).await?
                && filter.takes(&manifest)
            {
                page.items.push(manifest);
                if page.items.len() >= size {
                    let done = looked_at_all && last == Some(id);
                    page.next = (!done).then_some(id.number());
                    return Ok(page);
                }
            }
        }
        page.next = last.filter(|_| !looked_at_all).map(|id| id.number());
        Ok(page)
    }
}
