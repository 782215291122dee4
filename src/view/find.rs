//! From a name or a code to the dossier meant, or to the legs that have none yet.
//!
//! A dossier is seen by who sees its agency or its counter, and by who sees one of its legs; the latter gets only those
//! legs. A leg that bears a dossier's code or slip and was never linked (the papers came before anybody looked) is told
//! with the dossier to who sees both.

use std::collections::BTreeSet;
use std::fmt;

use super::answer::{self, Sight};
use super::{Dossier, Error, Eyes, Moment, View, While};
use crate::dossier::code::{Code, CodeKind};
use crate::dossier::desk::{self, CodeKey, Leg, Tag, TagTarget};
use crate::dossier::names::Position;
use crate::limits;

/// What a dossier is asked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Its id.
    Dossier(Position),
    /// One of its legs, or a leg still without a dossier.
    Leg(Position),
    /// A code, in each of the ways in which the text may be meant.
    Codes(Vec<Code>),
}

/// What belongs together in one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// A dossier and its legs.
    Dossier(Position),
    /// Legs without a dossier that continue one another, by the first of them.
    Legs(Position),
}

impl Group {
    /// The position of its birth.
    pub fn id(self) -> Position {
        match self {
            Group::Dossier(id) | Group::Legs(id) => id,
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Group::Dossier(id) => write!(f, "dossiers/{id}"),
            Group::Legs(id) => write!(f, "legs/{id}"),
        }
    }
}

/// How a look-up ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// This is meant.
    One(T),
    /// Nothing that is seen.
    Nothing,
    /// More than one is seen under the code, newest first.
    Several(Vec<Group>),
}

/// What is seen of a dossier.
struct Seen {
    /// The dossier, and not only legs of it.
    itself: bool,
    /// The linked legs seen.
    legs: Vec<Leg>,
}

impl View {
    /// What is meant by a key, as of a moment.
    pub async fn find(&self, eyes: &dyn Eyes, key: &Key, moment: &Moment) -> Result<Found<Group>, Error> {
        let groups = match key {
            Key::Dossier(id) => self.group_of_dossier(eyes, *id, moment).await?.into_iter().collect(),
            Key::Leg(id) => match self.leg(eyes, *id, moment).await? {
                Some(leg) => BTreeSet::from([self.group_of_leg(eyes, &leg, moment).await?]),
                None => BTreeSet::new(),
            },
            Key::Codes(codes) => self.groups_of(eyes, codes, moment).await?,
        };
        let mut groups: Vec<Group> = groups.into_iter().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.id()));
        Ok(match groups.as_slice() {
            [] => Found::Nothing,
            [only] => Found::One(*only),
            _ => Found::Several(groups),
        })
    }

    /// The dossier meant by a key, as of a moment.
    pub async fn dossier(
        &self,
        eyes: &dyn Eyes,
        key: &Key,
        moment: &Moment,
    ) -> Result<Found<Dossier>, Error> {
        Ok(match self.find(eyes, key, moment).await? {
            Found::One(group) => self.open(eyes, group, moment).await?.map_or(Found::Nothing, Found::One),
            Found::Nothing => Found::Nothing,
            Found::Several(groups) => Found::Several(groups),
        })
    }

    /// What belongs together, opened; `None` when nothing of it is seen.
    pub async fn open(
        &self,
        eyes: &dyn Eyes,
        group: Group,
        moment: &Moment,
    ) -> Result<Option<Dossier>, Error> {
        match group {
            Group::Dossier(id) => {
                let Some(at) = moment.knows(id) else { return Ok(None) };
                let Some(dossier) = self.dossier_at(id, moment).await? else { return Ok(None) };
                let Some(seen) = self.seen(eyes, &dossier, moment).await? else { return Ok(None) };
                let mut legs = seen.legs;
                self.add_unlinked(eyes, &dossier, &mut legs, moment).await?;
                let sight = match seen.itself {
                    true => Sight::Whole(self.children(id, moment).await?),
                    false => Sight::Legs,
                };
                Ok(Some(answer::of_dossier(&dossier, legs, sight, at.position)))
            }
            Group::Legs(id) => Ok(answer::of_legs(self.continued(eyes, id, moment).await?)),
        }
    }

    /// Everything seen that the codes stand for.
    pub(super) async fn groups_of(
        &self,
        eyes: &dyn Eyes,
        codes: &[Code],
        moment: &Moment,
    ) -> Result<BTreeSet<Group>, Error> {
        let mut groups = BTreeSet::new();
        let mut looked_at = BTreeSet::new();
        for code in codes {
            for tag in self.tags_of(code, moment).await? {
                if !looked_at.insert(tag.target) {
                    continue;
                }
                match tag.target {
                    TagTarget::Leg(id) => {
                        if let Some(leg) = self.leg(eyes, id, moment).await? {
                            groups.insert(self.group_of_leg(eyes, &leg, moment).await?);
                        }
                    }
                    TagTarget::Dossier(id) => groups.extend(self.group_of_dossier(eyes, id, moment).await?),
                }
            }
        }
        Ok(groups)
    }

    /// The legs seen that bear a code: not those that an event attached it to which was voided since.
    pub async fn legs_with(&self, eyes: &dyn Eyes, code: &Code, moment: &Moment) -> Result<Vec<Leg>, Error> {
        let mut legs = Vec::new();
        for tag in self.tags_of(code, moment).await? {
            if let TagTarget::Leg(id) = tag.target {
                legs.extend(self.leg(eyes, id, moment).await?.filter(|leg| leg.bears(&tag)));
            }
        }
        Ok(legs)
    }

    async fn group_of_dossier(
        &self,
        eyes: &dyn Eyes,
        id: Position,
        moment: &Moment,
    ) -> Result<Option<Group>, Error> {
        let Some(dossier) = self.dossier_at(id, moment).await? else { return Ok(None) };
        let seen = self.seen(eyes, &dossier, moment).await?;
        Ok(seen.map(|_| Group::Dossier(id)))
    }

    /// What a leg that is seen belongs to.
    async fn group_of_leg(&self, eyes: &dyn Eyes, leg: &Leg, moment: &Moment) -> Result<Group, Error> {
        if let Some((dossier, _)) = leg.dossier {
            return Ok(Group::Dossier(dossier));
        }
        let named = |kind| leg.standing_codes().filter(move |code| code.kind() == kind);
        for code in named(CodeKind::Dossier).chain(named(CodeKind::Slip)) {
            if let Some(dossier) = self.only_dossier_of(leg, code, moment).await?
                && self.seen(eyes, &dossier, moment).await?.is_some()
            {
                return Ok(Group::Dossier(dossier.id));
            }
        }
        if leg.continues.is_none() && leg.continued_by.is_none() {
            return Ok(Group::Legs(leg.id));
        }
        let first = self.continued(eyes, leg.id, moment).await?.into_iter().map(|leg| leg.id).min();
        Ok(Group::Legs(first.unwrap_or(leg.id)))
    }

    /// The one dossier that a leg's agency has under a code; slips are used again, and then none is meant.
    async fn only_dossier_of(
        &self,
        leg: &Leg,
        code: &Code,
        moment: &Moment,
    ) -> Result<Option<desk::Dossier>, Error> {
        let mut found = None;
        for tag in self.tags_of(code, moment).await? {
            if let TagTarget::Dossier(id) = tag.target
                && found.as_ref().is_none_or(|known: &desk::Dossier| known.id != id)
                && let Some(dossier) = self.dossier_at(id, moment).await?
                && dossier.agency == leg.birth.agency
            {
                if found.is_some() {
                    return Ok(None);
                }
                found = Some(dossier);
            }
        }
        Ok(found)
    }

    /// What is seen of a dossier by its own parties and its linked legs; `None` when it is not seen at all.
    async fn seen(
        &self,
        eyes: &dyn Eyes,
        dossier: &desk::Dossier,
        moment: &Moment,
    ) -> Result<Option<Seen>, Error> {
        let mut parties = vec![dossier.agency.clone()];
        parties.extend(dossier.counter.clone());
        let itself = eyes.sees(&parties);
        let mut legs = Vec::new();
        for id in dossier.legs.iter().rev().take(limits::DOSSIER_LEGS) {
            let leg = self.leg(eyes, *id, moment).await?;
            legs.extend(leg.filter(|leg| leg.dossier.is_some_and(|(linked, _)| linked == dossier.id)));
        }
        Ok((itself || !legs.is_empty()).then_some(Seen { itself, legs }))
    }

    /// Adds the legs seen that bear the dossier's code or slip and were not linked.
    async fn add_unlinked(
        &self,
        eyes: &dyn Eyes,
        dossier: &desk::Dossier,
        legs: &mut Vec<Leg>,
        moment: &Moment,
    ) -> Result<(), Error> {
        for code in std::iter::once(&dossier.code).chain(&dossier.slip) {
            for tag in self.tags_of(code, moment).await? {
                let TagTarget::Leg(id) = tag.target else { continue };
                if legs.len() >= limits::DOSSIER_LEGS || legs.iter().any(|leg| leg.id == id) {
                    continue;
                }
                let leg = self.leg(eyes, id, moment).await?;
                let unlinked = leg.filter(|l| l.dossier.is_none() && l.birth.agency == dossier.agency);
                if let Some(leg) = unlinked
                    && self.group_of_leg_is(&leg, dossier, moment).await?
                {
                    legs.push(leg);
                }
            }
        }
        Ok(())
    }

    /// Whether an unlinked leg belongs to a dossier by one of its codes, just as when it is looked up by itself.
    async fn group_of_leg_is(
        &self,
        leg: &Leg,
        dossier: &desk::Dossier,
        moment: &Moment,
    ) -> Result<bool, Error> {
        let named = |kind| leg.standing_codes().filter(move |code| code.kind() == kind);
        for code in named(CodeKind::Dossier).chain(named(CodeKind::Slip)) {
            if let Some(only) = self.only_dossier_of(leg, code, moment).await? {
                return Ok(only.id == dossier.id);
            }
        }
        Ok(false)
    }

    /// A leg without a dossier, with those it continues and those that continue it; all concern the same parties.
    async fn continued(&self, eyes: &dyn Eyes, id: Position, moment: &Moment) -> Result<Vec<Leg>, Error> {
        let mut legs = Vec::new();
        let Some(leg) = self.leg(eyes, id, moment).await? else { return Ok(legs) };
        let (mut before, mut after) = (leg.continues, leg.continued_by);
        legs.push(leg);
        while legs.len() < limits::LEGS_CONTINUED {
            let (id, backwards) = match (before.take(), after) {
                (Some(id), _) => (id, true),
                (None, Some(id)) => (id, false),
                (None, None) => break,
            };
            let leg = self.leg(eyes, id, moment).await?.filter(|leg| leg.dossier.is_none());
            if backwards {
                before = leg.as_ref().and_then(|leg| leg.continues);
            } else {
                after = leg.as_ref().and_then(|leg| leg.continued_by);
            }
            legs.extend(leg);
        }
        Ok(legs)
    }

    /// A dossier if it existed, seen or not.
    pub(super) async fn dossier_at(
        &self,
        id: Position,
        moment: &Moment,
    ) -> Result<Option<desk::Dossier>, Error> {
        if moment.knows(id).is_none() {
            return Ok(None);
        }
        self.reader.dossier(id).await.during("a dossier")
    }

    /// What a code was attached to by then, newest first.
    async fn tags_of(&self, code: &Code, moment: &Moment) -> Result<Vec<Tag>, Error> {
        self.tagged(&CodeKey::of(code), moment).await
    }

    /// What was tagged with a key by then, newest first.
    pub(super) async fn tagged(&self, key: &CodeKey, moment: &Moment) -> Result<Vec<Tag>, Error> {
        let mut tags = Vec::new();
        for lane in moment.lanes() {
            let found = self.reader.tags(lane, key).await.during("what bears a code")?;
            tags.extend(found.into_iter().filter(|tag| moment.knows(tag.at).is_some()));
        }
        tags.sort_by_key(|tag| std::cmp::Reverse(tag.at));
        tags.truncate(limits::CODE_TAGS);
        Ok(tags)
    }
}
