//! The desk: what one batch works on. Legs, dossiers and code tags are laid on it by the journal; what is not there is
//! asked for by name, so that applying an event stays pure and can be begun again.

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, SmolStrBuilder};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashMap;

use super::code::{Code, CodeKind};
use super::custody::{self, Effect, Fold, Folded, Ground, Step};
use super::decision::{self, Decision, DecisionKind, DossierState};
use super::directory::Directory;
use super::document::Document;
use super::leg::Birth;
use super::names::{Micros, PartyName, Position, SourceName};
use super::particulars::Terms;

/// What is not on the desk yet and is needed to go on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// The tags of a code.
    Tags(CodeKey),
    /// A leg, which may not exist.
    Leg(Position),
    /// A dossier, which may not exist.
    Dossier(Position),
    /// All events of a leg.
    Chain(Position),
    /// What a void or correction names, which may not exist.
    Target(Position),
    /// A document, which may not exist.
    Document(Position),
}

/// A code as tags know it: kind and text, for an opaque dossier code its agency too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CodeKey(pub SmolStr);

impl CodeKey {
    /// The key of a code.
    pub fn of(code: &Code) -> CodeKey {
        let mut key = SmolStrBuilder::new();
        key.push(char::from(b'0' + code.kind().number()));
        key.push_str(code.text());
        if let Some(agency) = code.agency() {
            key.push('@');
            key.push_str(agency.as_str());
        }
        CodeKey(key.finish())
    }

    /// The key under which the dossiers that belong to another are found: no code's kind has its first digit.
    pub fn child_of(parent: Position) -> CodeKey {
        CodeKey(smol_str::format_smolstr!("9{parent}"))
    }

    /// Whether it is the key of a bag, whose scans wait for whatever is found to be inside.
    pub fn is_receptacle(&self) -> bool {
        self.0.starts_with(char::from(b'0' + CodeKind::Receptacle.number()))
    }
}

/// What a code was attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagTarget {
    /// A leg.
    Leg(Position),
    /// A dossier.
    Dossier(Position),
}

/// One attachment of a code. Codes are not unique: one code may have many tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The code.
    pub key: CodeKey,
    /// What it was attached to.
    pub target: TagTarget,
    /// The event that said so; for a placed event the one it places. Tags of one event are of one envelope.
    pub by: Position,
    /// The position at which it became known.
    pub at: Position,
}

/// A code on a leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tagged {
    /// The code.
    pub code: Code,
    /// Since when it is known.
    pub at: Position,
}

/// A leg as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Its id: the position of its birth.
    pub id: Position,
    /// What never changes.
    pub birth: Birth,
    /// What its agency laid down at its birth.
    pub terms: Terms,
    /// The leg it continues.
    pub continues: Option<Position>,
    /// The leg that continues it.
    pub continued_by: Option<Position>,
    /// The void of its birth.
    pub annulled_at: Option<Position>,
    /// Its dossier, and the event that linked it.
    pub dossier: Option<(Position, Position)>,
    /// Items, slip and other codes of its envelope, also those that a voided event attached.
    pub codes: Vec<Tagged>,
    /// When the agency expects it.
    pub due_at: Option<Micros>,
    /// Who ordered it.
    pub ordered_by: Option<PartyName>,
    /// When it was opened, effective.
    pub opened_at: Micros,
    /// Its newest event in the journal.
    pub last: Position,
    /// Its state.
    pub fold: Fold,
}

impl Leg {
    /// A leg at its birth, before any event is folded.
    pub fn begin(
        id: Position,
        birth: Birth,
        terms: Terms,
        continues: Option<Position>,
        opened_at: Micros,
    ) -> Leg {
        let fold = Fold::begin(Ground { id, birth: &birth, terms: &terms, continues, annulled: false });
        Leg {
            id,
            birth,
            terms,
            continues,
            continued_by: None,
            annulled_at: None,
            dossier: None,
            codes: Vec::new(),
            due_at: None,
            ordered_by: None,
            opened_at,
            last: id,
            fold,
        }
    }

    /// Whether it ever was: the birth of a return was not voided, nor everything that was said of a leg.
    pub fn stands(&self) -> bool {
        self.annulled_at.is_none() && !self.fold.is_undone()
    }

    /// Whether the event that made a tag of this leg still counts.
    pub fn bears(&self, tag: &Tag) -> bool {
        !self.fold.voided.contains(&tag.by)
    }

    /// Folds in an event that is newer than all before it.
    pub fn push(&mut self, step: &Step) -> Effect {
        let ground = Ground {
            id: self.id,
            birth: &self.birth,
            terms: &self.terms,
            continues: self.continues,
            annulled: self.annulled_at.is_some(),
        };
        self.fold.push(ground, step)
    }

    /// The leg as the fold sees it.
    pub fn ground(&self) -> Ground<'_> {
        Ground {
            id: self.id,
            birth: &self.birth,
            terms: &self.terms,
            continues: self.continues,
            annulled: self.annulled_at.is_some(),
        }
    }

    /// The codes of its envelope, without those of voided events.
    pub fn standing_codes(&self) -> impl Iterator<Item = &Code> {
        let standing = self.codes.iter().filter(|tagged| !self.fold.voided.contains(&tagged.at));
        standing.map(|tagged| &tagged.code)
    }

    /// The first code of a kind.
    pub fn code_of(&self, kind: CodeKind) -> Option<&Code> {
        self.standing_codes().find(|code| code.kind() == kind)
    }
}

/// A dossier as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// Its id: the position of its birth.
    pub id: Position,
    /// The owner.
    pub agency: PartyName,
    /// The counter that receives for it.
    pub counter: Option<PartyName>,
    /// Its code.
    pub code: Code,
    /// The procedure.
    pub procedure: Option<SmolStr>,
    /// The carrier's slip, if registered with one.
    pub slip: Option<Code>,
    /// Digest of the request that registered it; zeros when it was born with a decision.
    pub request_digest: [u8; 32],
    /// When it was registered, effective.
    pub registered_at: Micros,
    /// What its agency said of it, in the order of the journal.
    pub decisions: Vec<Decision>,
    /// Due dates given, oldest first, with the events that gave them.
    pub due: Vec<(Position, Micros)>,
    /// Its legs, oldest first.
    pub legs: Vec<Position>,
    /// The dossier that it belongs to (liên thông), and the event that said so.
    pub parent: Option<(Position, Position)>,
}

impl Dossier {
    /// The first acceptance.
    pub fn accepted(&self) -> Option<Decision> {
        decision::first(&self.decisions, DecisionKind::Accept)
    }

    /// The announcement of the result.
    pub fn result(&self) -> Option<Decision> {
        decision::first(&self.decisions, DecisionKind::AnnounceResult)
    }

    /// Where it stands.
    pub fn state(&self) -> DossierState {
        decision::state(&self.decisions)
    }
}

/// What a void or correction names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The leg it stands on.
    pub leg: Option<Position>,
    /// Who captured it.
    pub source: SourceName,
    /// The party of that source.
    pub party: PartyName,
    /// The code that was scanned.
    pub code: Option<Code>,
    /// The other codes of the same envelope.
    pub also: Vec<Code>,
}

/// The desk of one batch.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// The directory as of this batch.
    pub directory: Arc<Directory>,
    legs: HashMap<Position, Option<Arc<Leg>>>,
    dossiers: BTreeMap<Position, Option<Dossier>>,
    tags: HashMap<CodeKey, Vec<Tag>>,
    /// New tags of codes that nobody has asked about yet.
    tags_to_come: BTreeMap<CodeKey, Vec<Tag>>,
    chains: BTreeMap<Position, Vec<Step>>,
    targets: BTreeMap<Position, Option<Target>>,
    documents: BTreeMap<Position, Option<Document>>,
    changed_documents: BTreeSet<Position>,
    changed_legs: Vec<Position>,
    changed_dossiers: BTreeSet<Position>,
    new_tags: Vec<Tag>,
}

impl Desk {
    /// An empty desk under a directory.
    pub fn new(directory: Arc<Directory>) -> Desk {
        Desk { directory, ..Desk::default() }
    }

    /// The desk for the next batch, after this one was written: what was changed is what is stored, so legs and tags stay
    /// where they are.
    pub fn next(self, directory: Arc<Directory>) -> Desk {
        Desk { legs: self.legs, tags: self.tags, ..Desk::new(directory) }
    }

    /// How many legs and codes lie on it.
    pub fn laid(&self) -> usize {
        self.legs.len() + self.tags.len()
    }

    // What the journal lays on the desk. Nothing that was changed on the desk is overwritten.

    /// Lays a leg, or the knowledge that there is none.
    pub fn lay_leg(&mut self, id: Position, leg: Option<Leg>) {
        self.legs.entry(id).or_insert_with(|| leg.map(Arc::new));
    }

    /// Lays a dossier, or the knowledge that there is none.
    pub fn lay_dossier(&mut self, id: Position, dossier: Option<Dossier>) {
        self.dossiers.entry(id).or_insert(dossier);
    }

    /// Lays all stored tags of a code.
    pub fn lay_tags(&mut self, key: CodeKey, mut tags: Vec<Tag>) {
        if let Some(new) = self.tags_to_come.remove(&key) {
            tags.extend(new);
        }
        self.tags.entry(key).or_insert(tags);
    }

    /// Lays all events of a leg as stored; events of this batch are added as they are applied.
    pub fn lay_chain(&mut self, leg: Position, steps: Vec<Step>) {
        self.chains.entry(leg).or_insert(steps);
    }

    /// Lays what a correction names.
    pub fn lay_target(&mut self, position: Position, target: Option<Target>) {
        self.targets.entry(position).or_insert(target);
    }

    /// Lays a document, or the knowledge that there is none.
    pub fn lay_document(&mut self, id: Position, document: Option<Document>) {
        self.documents.entry(id).or_insert(document);
    }

    /// Whether something is on the desk.
    pub fn has(&self, missing: &Missing) -> bool {
        match missing {
            Missing::Tags(key) => self.tags.contains_key(key),
            Missing::Leg(id) => self.legs.contains_key(id),
            Missing::Dossier(id) => self.dossiers.contains_key(id),
            Missing::Chain(id) => self.chains.contains_key(id),
            Missing::Target(position) => self.targets.contains_key(position),
            Missing::Document(id) => self.documents.contains_key(id),
        }
    }

    // What applying reads.

    /// A leg, if it exists.
    pub fn leg(&self, id: Position) -> Result<Option<&Leg>, Missing> {
        self.legs.get(&id).map(Option::as_deref).ok_or(Missing::Leg(id))
    }

    /// A leg that something else on the desk names, and that therefore exists.
    pub fn known_leg(&self, id: Position) -> Result<&Leg, Missing> {
        self.leg(id)?.ok_or(Missing::Leg(id))
    }

    /// A dossier, if it exists.
    pub fn dossier(&self, id: Position) -> Result<Option<&Dossier>, Missing> {
        self.dossiers.get(&id).map(Option::as_ref).ok_or(Missing::Dossier(id))
    }

    /// A document, if it exists.
    pub fn document(&self, id: Position) -> Result<Option<&Document>, Missing> {
        self.documents.get(&id).map(Option::as_ref).ok_or(Missing::Document(id))
    }

    /// The tags of a code.
    pub fn tags(&self, code: &Code) -> Result<&[Tag], Missing> {
        self.tags_at(&CodeKey::of(code))
    }

    /// The tags of a code, by its key.
    pub fn tags_at(&self, key: &CodeKey) -> Result<&[Tag], Missing> {
        self.tags.get(key).map(Vec::as_slice).ok_or_else(|| Missing::Tags(key.clone()))
    }

    /// The tags of a code, by its key, as far as they lie on the desk.
    pub fn tags_of(&self, key: &CodeKey) -> &[Tag] {
        self.tags.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// What a correction names, if it exists.
    pub fn target(&self, position: Position) -> Result<Option<&Target>, Missing> {
        self.targets.get(&position).map(Option::as_ref).ok_or(Missing::Target(position))
    }

    /// Takes a leg off the desk, to be put back changed, if one more event can be folded in.
    pub fn take_leg(&mut self, id: Position, step: &Step) -> Result<Arc<Leg>, Missing> {
        let leg = self.known_leg(id)?;
        if !custody::is_newest(&leg.fold, step) && !self.chains.contains_key(&id) {
            return Err(Missing::Chain(id));
        }
        self.legs.remove(&id).flatten().ok_or(Missing::Leg(id))
    }

    /// The fold of a leg with one more event: pushed when it is the newest, folded whole when it is not.
    pub fn fold_with(&self, leg: &Leg, step: &Step) -> Result<Folded, Missing> {
        if custody::is_newest(&leg.fold, step) {
            let mut fold = leg.fold.clone();
            let effect = fold.push(leg.ground(), step);
            return Ok(Folded { fold, effects: vec![(step.position, effect)] });
        }
        let mut steps = self.chains.get(&leg.id).ok_or(Missing::Chain(leg.id))?.clone();
        steps.push(step.clone());
        Ok(custody::fold(leg.ground(), &steps))
    }

    // What applying writes.

    /// Puts a leg down, changed or new.
    pub fn put_leg(&mut self, leg: impl Into<Arc<Leg>>) {
        let leg = leg.into();
        self.changed_legs.push(leg.id);
        self.legs.insert(leg.id, Some(leg));
    }

    /// Puts a dossier down, changed or new.
    pub fn put_dossier(&mut self, dossier: Dossier) {
        self.changed_dossiers.insert(dossier.id);
        self.dossiers.insert(dossier.id, Some(dossier));
    }

    /// Puts a document down, changed or new.
    pub fn put_document(&mut self, document: Document) {
        self.changed_documents.insert(document.id());
        self.documents.insert(document.id(), Some(document));
    }

    /// A document that lies on the desk, to be changed.
    pub fn change_document(&mut self, id: Position) -> Option<&mut Document> {
        let document = self.documents.get_mut(&id)?.as_mut()?;
        self.changed_documents.insert(id);
        Some(document)
    }

    /// Adds an event to a leg's chain, if the chain is on the desk.
    pub fn add_step(&mut self, leg: Position, step: &Step, born: bool) {
        if born {
            self.chains.insert(leg, vec![step.clone()]);
        } else if let Some(steps) = self.chains.get_mut(&leg) {
            steps.push(step.clone());
        }
    }

    /// Attaches a code.
    pub fn put_tag(&mut self, tag: Tag) {
        // A code nobody asked about yet is loaded when somebody does; the new tag is then added to what is stored.
        match self.tags.get_mut(&tag.key) {
            // The same attachment said twice is one.
            Some(tags) if tags.contains(&tag) => return,
            Some(tags) => tags.push(tag.clone()),
            None => self.tags_to_come.entry(tag.key.clone()).or_default().push(tag.clone()),
        }
        self.new_tags.push(tag);
    }

    /// Everything that changed: legs, dossiers, new tags.
    pub fn take_changes(&mut self) -> Changes {
        let mut legs = std::mem::take(&mut self.changed_legs);
        legs.sort_unstable();
        legs.dedup();
        let legs = legs.iter().filter_map(|id| self.legs.get(id).cloned().flatten()).collect();
        let dossiers = std::mem::take(&mut self.changed_dossiers);
        let dossiers = dossiers.iter().filter_map(|id| self.dossiers.remove(id).flatten()).collect();
        let documents = std::mem::take(&mut self.changed_documents);
        let documents = documents.iter().filter_map(|id| self.documents.remove(id).flatten()).collect();
        Changes { legs, dossiers, documents, tags: std::mem::take(&mut self.new_tags) }
    }
}

/// What a batch changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Legs, new or changed.
    pub legs: Vec<Arc<Leg>>,
    /// Dossiers, new or changed.
    pub dossiers: Vec<Dossier>,
    /// Documents, new or changed.
    pub documents: Vec<Document>,
    /// New tags.
    pub tags: Vec<Tag>,
}
