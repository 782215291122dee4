//! What is handed to the journal, and what it answers.

use std::sync::Arc;

use bytes::Bytes;
use smol_str::SmolStr;

use crate::dossier::apply::{AcceptTarget, Announced, Carriage, Ruling, Said, Subject};
use crate::dossier::code::Code;
use crate::dossier::consumer::{Consumer, ConsumerAct};
use crate::dossier::event::Event;
use crate::dossier::handover;
use crate::dossier::leg::LegKind;
use crate::dossier::names::{Lane, Micros, PartyName, Position, SourceName};
use crate::dossier::refusal::{Reason, Refusal};
use crate::seal::record::Record;
use crate::store::Note;

/// Who speaks: from the caller's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// The caller's party.
    pub party: PartyName,
    /// The person of the key, or the key itself.
    pub principal: SmolStr,
    /// Whether it is a supervisor's key.
    pub supervisor: bool,
}

impl Speaker {
    /// An event that the speaker's source captured.
    pub fn says(self, source: SourceName, client_event_id: SmolStr, event: Event) -> Said {
        let Speaker { party, principal, supervisor } = self;
        let effective_at = event.occurred_at;
        Said { source, client_event_id, party, principal, supervisor, effective_at, event }
    }
}

/// A personal part: kept apart, salted and hashed into the record, erasable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalPart(pub Bytes);

/// One captured line.
#[derive(Clone, Debug)]
pub struct CaptureLine {
    /// What the speaker says. The source must be enrolled under the speaker's party; when it happened is corrected as
    /// the line is journaled.
    pub said: Said,
    /// The code was understood only after repair.
    pub repaired: bool,
    /// The event's bytes as received.
    pub event_bytes: Bytes,
    /// The personal part as received.
    pub personal: Option<PersonalPart>,
    /// The event or its personal part attests the citizen's side.
    pub attested: bool,
    /// When the gateway had it.
    pub received_at: Micros,
    /// The device's clock when it sent it, this time.
    pub send_time: Option<Micros>,
}

/// One command of an agency or carrier. Its names are canonical.
#[derive(Clone, Debug)]
pub struct CommandLine {
    /// Who commands.
    pub speaker: Speaker,
    /// The RPC's name.
    pub method: &'static str,
    /// The resource it names; with method and request id the command's key.
    pub resource: String,
    /// The caller's id of it.
    pub request_id: SmolStr,
    /// Digest of the request without its id and its personal part.
    pub request_digest: [u8; 32],
    /// The event that the gateway made of it.
    pub event: Event,
    /// That event, encoded.
    pub event_bytes: Bytes,
    /// The personal part as received.
    pub personal: Option<PersonalPart>,
    /// What is commanded.
    pub act: CommandAct,
}

/// What a command asks for.
#[derive(Clone, Debug)]
pub enum CommandAct {
    /// `OrderLeg`.
    Order {
        /// The owner.
        agency: PartyName,
        /// The counter.
        counter: PartyName,
        /// The carrier.
        carrier: Option<PartyName>,
        /// The kind of leg.
        kind: LegKind,
        /// The procedure.
        procedure: Option<SmolStr>,
        /// The dossier.
        dossier: Option<Position>,
    },
    /// `CancelLeg`.
    Cancel {
        /// The leg.
        leg: Position,
    },
    /// `RegisterDossier`.
    Register {
        /// The owner.
        agency: PartyName,
        /// The counter.
        counter: Option<PartyName>,
        /// The dossier's code.
        code: Code,
        /// The procedure.
        procedure: Option<SmolStr>,
        /// The slip.
        slip: Option<Code>,
    },
    /// `AcceptDossier`.
    Accept {
        /// The leg, or a code on it.
        target: AcceptTarget,
        /// The dossier's code.
        code: Code,
        /// The procedure.
        procedure: Option<SmolStr>,
    },
    /// `AnnounceResult`.
    Announce {
        /// Of which dossier.
        target: Announced,
        /// Who brings it.
        post: Option<Carriage>,
    },
    /// A command on a manifest: on one that is made, `manifest` is `None`.
    Handover {
        /// The manifest.
        manifest: Option<Position>,
        /// What is commanded.
        command: handover::Command,
        /// The signed minute of a paper that it was keyed from.
        signed_at: Option<Micros>,
    },
    /// Any other decision on a dossier.
    Decide {
        /// What is decided on.
        subject: Subject,
        /// What is decided.
        ruling: Ruling,
    },
}

/// A waiting event that the tie places.
#[derive(Clone, Debug)]
pub struct PlaceLine {
    /// Where it stands.
    pub from: Position,
    /// The leg it is placed on.
    pub leg: Position,
    /// Whether it waits no longer: a bag's scan goes on waiting for what is found to be inside.
    pub done: bool,
}

/// An act on a consumer of a party's log.
#[derive(Clone, Debug)]
pub struct ConsumerLine {
    /// The party.
    pub party: PartyName,
    /// The consumer's id.
    pub id: SmolStr,
    /// What is to be done to it.
    pub act: ConsumerAct,
}

/// What the journal takes.
#[derive(Clone, Debug)]
pub enum Line {
    /// A captured fact.
    Capture(Box<CaptureLine>),
    /// A command.
    Command(Box<CommandLine>),
    /// A placing by the tie.
    Place(PlaceLine),
    /// A change that is no event: of the directory in the first lane, any other in the lane it is about.
    Note(Lane, Box<Note>),
    /// An act on a consumer, decided where it is taken and kept as a note.
    Consumer(Box<ConsumerLine>),
}

/// What was journaled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Where it stands. For a note the lane's head.
    pub position: Position,
    /// The record: the same bytes for every attempt, for ever. Empty for a note.
    pub record: Bytes,
    /// What stands in these bytes, so that nobody reads them again. `None` for a note.
    pub content: Option<Arc<Record>>,
    /// Whether an earlier attempt had been journaled.
    pub replayed: bool,
    /// Legs that an ambiguous code may mean.
    pub candidates: Vec<Position>,
    /// For a pin, the leg that is pinned.
    pub pinned: Option<Position>,
    /// Of an act on a consumer, the consumer as it is now; `None` when it is no more.
    pub consumer: Option<Box<Consumer>>,
    /// Of a command on a manifest, what was journaled of its lines, or why not.
    pub lines: Vec<LineAnswer>,
}

/// What became of one line of a command on a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineAnswer {
    /// Its number on the list, from 1; 0 of one that is not on it.
    pub number: u32,
    /// Journaled, or refused.
    pub result: Result<Answer, Refusal>,
}

impl Answer {
    /// What was journaled of an event. A note is none: asking its answer is a mistake of ours.
    pub fn content(&self) -> Result<&Record, Refusal> {
        self.content.as_deref().ok_or(Refusal::new(Reason::Internal))
    }
}
