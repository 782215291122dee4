//! The dossiers that belong to another (liên thông), as far as the agency of that one sees them: where each stands, who holds
//! it, when it is due. They are looked at with open eyes, and nothing else of them is told.

use super::answer::{self, Child, Sight};
use super::{Error, Eyes, Moment, View};
use crate::dossier::desk::{CodeKey, TagTarget};
use crate::dossier::names::{PartyName, Position};
use crate::limits;

/// Eyes that see everything, for what is summed up and not told.
struct Open;

impl Eyes for Open {
    fn sees(&self, _: &[PartyName]) -> bool {
        true
    }
}

impl View {
    /// The dossiers that belong to one, newest first.
    pub(super) async fn children(&self, parent: Position, moment: &Moment) -> Result<Vec<Child>, Error> {
        let mut children = Vec::new();
        for id in self.children_of(parent, moment).await? {
            children.extend(self.child(id, moment).await?);
        }
        Ok(children)
    }

    async fn child(&self, id: Position, moment: &Moment) -> Result<Option<Child>, Error> {
        let (Some(at), Some(dossier)) = (moment.knows(id), self.dossier_at(id, moment).await?) else {
            return Ok(None);
        };
        let mut legs = Vec::new();
        for leg in dossier.legs.iter().rev().take(limits::DOSSIER_LEGS) {
            legs.extend(self.leg(&Open, *leg, moment).await?);
        }
        let delivered = answer::is_delivered(&legs) || self.delivered_below(id, moment).await?;
        let told = answer::of_dossier(&dossier, legs, Sight::Whole(Vec::new()), at.position);
        let Some(state) = told.state else { return Ok(None) };
        Ok(Some(Child {
            id,
            agency: told.agency,
            state,
            holders: told.holders,
            due_at: told.due_at,
            delivered,
        }))
    }

    /// Whether a result of what belongs to a dossier, or to that again, was delivered.
    async fn delivered_below(&self, id: Position, moment: &Moment) -> Result<bool, Error> {
        let mut below = self.children_of(id, moment).await?;
        let mut looked_at = 0;
        while let Some(id) = below.pop() {
            looked_at += 1;
            if looked_at > limits::CHILD_DOSSIERS {
                break;
            }
            let Some(dossier) = self.dossier_at(id, moment).await? else { continue };
            for leg in dossier.legs.iter().rev().take(limits::DOSSIER_LEGS) {
                let leg = self.leg(&Open, *leg, moment).await?;
                if leg.is_some_and(|leg| answer::is_delivered(&[leg])) {
                    return Ok(true);
                }
            }
            below.extend(self.children_of(id, moment).await?);
        }
        Ok(false)
    }

    async fn children_of(&self, parent: Position, moment: &Moment) -> Result<Vec<Position>, Error> {
        let tags = self.tagged(&CodeKey::child_of(parent), moment).await?;
        let children = tags.iter().filter_map(|tag| match tag.target {
            TagTarget::Dossier(child) => Some(child),
            TagTarget::Leg(_) => None,
        });
        Ok(children.take(limits::CHILD_DOSSIERS).collect())
    }
}
