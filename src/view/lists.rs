//! Pages of dossiers, newest first in each lane, the newest lane first. What a page does is bounded: it may be short and still have a next one.

use super::{Dossier, Error, Eyes, Group, Moment, View, While};
use crate::dossier::code::Code;
use crate::dossier::names::Position;
use crate::limits;

/// A page, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What stands on it.
    pub items: Vec<T>,
    /// The next page is below the position of this number (or, in order of position, after it); `None` at the end.
    pub next: Option<u64>,
}

impl View {
    /// The dossiers listed for a party (its short number) below an id, newest first.
    pub async fn dossiers(
        &self,
        eyes: &dyn Eyes,
        party: i64,
        below: u64,
        size: usize,
        moment: &Moment,
    ) -> Result<Page<Dossier>, Error> {
        let below = Position::of_number(below);
        let mut ids = Vec::new();
        for lane in moment.lanes().rev().filter(|lane| *lane <= below.lane) {
            let upto = if lane == below.lane { below.pos } else { u64::MAX };
            let wanted = size + 1 - ids.len();
            ids.extend(
                self.reader.dossiers_of(lane, party, upto, wanted).await.during("a party's dossiers")?,
            );
        }
        let groups = ids.into_iter().map(Group::Dossier).collect();
        self.open_page(eyes, groups, size, moment).await
    }

    /// The dossiers, and legs without one, that bear one of the codes, below an id, newest first. They are looked for
    /// with the eyes `among`, and shown as far as `eyes` see.
    pub async fn search(
        &self,
        eyes: &dyn Eyes,
        among: &dyn Eyes,
        codes: &[Code],
        below: u64,
        size: usize,
        moment: &Moment,
    ) -> Result<Page<Dossier>, Error> {
        let found = self.groups_of(among, codes, moment).await?;
        let mut groups: Vec<Group> = found.into_iter().filter(|group| group.id().number() < below).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.id()));
        self.open_page(eyes, groups, size, moment).await
    }

    /// Opens groups until the page is full: of dossiers, or of their legs.
    async fn open_page(
        &self,
        eyes: &dyn Eyes,
        groups: Vec<Group>,
        size: usize,
        moment: &Moment,
    ) -> Result<Page<Dossier>, Error> {
        let mut page = Page { items: Vec::new(), next: None };
        let mut legs = 0;
        let count = groups.len();
        for (index, group) in groups.into_iter().enumerate() {
            if let Some(dossier) = self.open(eyes, group, moment).await? {
                legs += dossier.legs.len();
                page.items.push(dossier);
            }
            if page.items.len() >= size || legs >= limits::PAGE_SIZE_MAX {
                page.next = (index + 1 < count).then_some(group.id().number());
                break;
            }
        }
        Ok(page)
    }
}
