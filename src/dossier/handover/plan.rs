//! What a command on a manifest comes to: one event of the list where it changes the list itself, and one event for each
//! line that is answered. Lines that cannot be answered are refused one by one; the rest goes through.

use smol_str::{SmolStr, format_smolstr};

use super::command::{Answered, Closes, Command, Named, Which};
use super::manifest::{LineState, Manifest, ManifestKind, ManifestLine, ManifestState};
use crate::dossier::event::{Event, EventType, Reason as Why};
use crate::dossier::names::PartyName;
use crate::dossier::papers::Tally;
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;

/// What a command comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Whether the list itself says something.
    pub says: bool,
    /// What is said of its lines.
    pub lines: Vec<Planned>,
}

/// What is said of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The line in the key of this command: the same for every attempt.
    pub key: SmolStr,
    /// Its number on the list, from 1; 0 of one that is not on it.
    pub number: u32,
    /// What to do; `None` where there is nothing to do, unless an earlier attempt did it.
    pub act: Result<Option<LineAct>, Refusal>,
}

/// An event of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineAct {
    /// The line's index; `None` of one that is added.
    pub index: Option<usize>,
    /// What happens to the envelope.
    pub event: Event,
    /// What becomes of the line; `None` where it only was offered.
    pub becomes: Option<LineState>,
}

/// What a command on a manifest that exists comes to.
pub fn plan(manifest: &Manifest, command: &Command, party: &PartyName, said: &Event) -> Plan {
    let maker = Maker { manifest, party, said };
    match command {
        Command::Create(_) | Command::Add(_) => Plan { says: true, lines: Vec::new() },
        Command::Offer => {
            let all = manifest.lines.iter().enumerate();
            let lines = all.map(|(index, _)| maker.of(index, manifest.given(), None)).collect();
            Plan { says: true, lines }
        }
        Command::Withdraw => {
            Plan { says: true, lines: maker.pending(EventType::CarriedBack, LineState::CarriedBack) }
        }
        Command::Close(closes) => Plan {
            says: true,
            lines: match closes {
                Closes::Answered => Vec::new(),
                Closes::CarriedBack => maker.pending(EventType::CarriedBack, LineState::CarriedBack),
                Closes::BySeal => match manifest.taken() {
                    Some(kind) => maker.pending(kind, LineState::AcceptedBySeal),
                    None => Vec::new(),
                },
            },
        },
        Command::Accept(Which::These(lines)) => maker.answered(lines, true),
        Command::Accept(Which::AllExcept(except)) => maker.all_except(except),
        Command::Reject(lines) => maker.answered(lines, false),
        Command::AddUnlisted(lines) => maker.unlisted(lines),
    }
}

struct Maker<'a> {
    manifest: &'a Manifest,
    party: &'a PartyName,
    /// The event of the command: when it was said, and from what paper.
    said: &'a Event,
}

impl Maker<'_> {
    /// An event of a line that is on the list.
    fn of(&self, index: usize, kind: EventType, becomes: Option<LineState>) -> Planned {
        self.with(index, kind, becomes, Why::NONE, Vec::new())
    }

    fn with(
        &self,
        index: usize,
        kind: EventType,
        becomes: Option<LineState>,
        reason: Why,
        tally: Vec<Tally>,
    ) -> Planned {
        let line = &self.manifest.lines[index];
        let mut event = self.event(kind, reason, tally);
        event.code.clone_from(&line.code);
        event.leg = line.leg;
        let act = LineAct { index: Some(index), event, becomes };
        Planned { key: format_smolstr!("{}", index + 1), number: number(index), act: Ok(Some(act)) }
    }

    fn event(&self, kind: EventType, reason: Why, tally: Vec<Tally>) -> Event {
        let paper = self.said.paper.clone();
        let mut event = Event { reason, paper, ..Event::new(kind, self.said.occurred_at) };
        let side = if self.is_giver() { &self.manifest.giver } else { &self.manifest.receiver };
        event.office = side.office.clone().filter(|_| side.party.is_carrier());
        event.particulars.manifest = Some(self.manifest.id);
        event.particulars.tally = tally;
        event
    }

    /// Of a list within one carrier whoever speaks gives until it is offered, and receives from then on.
    fn is_giver(&self) -> bool {
        let within = self.manifest.giver.party == self.manifest.receiver.party;
        *self.party == self.manifest.giver.party && !(within && self.manifest.state == ManifestState::Offered)
    }

    /// The lines that nobody has answered. Of the others an earlier attempt may have done the same.
    fn pending(&self, kind: EventType, becomes: LineState) -> Vec<Planned> {
        (0..self.manifest.lines.len()).map(|index| self.if_pending(index, kind, becomes)).collect()
    }

    fn if_pending(&self, index: usize, kind: EventType, becomes: LineState) -> Planned {
        let planned = self.of(index, kind, Some(becomes));
        match self.manifest.lines[index].state {
            LineState::Pending => planned,
            _ => Planned { act: Ok(None), ..planned },
        }
    }

    fn all_except(&self, except: &[Named]) -> Plan {
        let mut refused = Vec::new();
        let mut excepted = Vec::new();
        for (at, named) in except.iter().enumerate() {
            match self.find(named) {
                Ok(index) => excepted.push(index),
                Err(refusal) => refused.push(Planned {
                    key: format_smolstr!("except {at}"),
                    number: 0,
                    act: Err(refusal.under(&format!("except[{at}]"))),
                }),
            }
        }
        // Who excepts something that is not on the list means another list: nothing is signed in their name.
        if !refused.is_empty() {
            return Plan { says: false, lines: refused };
        }
        let taken = self.manifest.taken();
        let all = (0..self.manifest.lines.len()).filter(|index| !excepted.contains(index));
        let lines = all.map(|index| match (self.may_answer(), taken) {
            (Err(refusal), _) if self.manifest.lines[index].state == LineState::Pending => {
                self.refused(index, refusal)
            }
            // Of what was answered an earlier attempt may have done the same.
            (Err(_), _) => Planned { act: Ok(None), ..self.of(index, EventType::Accepted, None) },
            (Ok(()), Some(kind)) => self.if_pending(index, kind, LineState::Accepted),
            (Ok(()), None) => self.refused(index, run_is_not_signed()),
        });
        Plan { says: false, lines: lines.collect() }
    }

    fn refused(&self, index: usize, refusal: Refusal) -> Planned {
        Planned { key: format_smolstr!("{}", index + 1), number: number(index), act: Err(refusal) }
    }

    fn answered(&self, lines: &[Answered], accepts: bool) -> Plan {
        let answered = lines.iter().enumerate().map(|(at, line)| {
            let under = |refusal: Refusal| refusal.under(&format!("lines[{at}]"));
            match self.find(&line.named) {
                Ok(index) => {
                    let planned = self.answer(index, line, accepts);
                    Planned { act: planned.act.map_err(under), ..planned }
                }
                Err(refusal) => {
                    Planned { key: format_smolstr!("at {at}"), number: 0, act: Err(under(refusal)) }
                }
            }
        });
        Plan { says: false, lines: answered.collect() }
    }

    fn answer(&self, index: usize, line: &Answered, accepts: bool) -> Planned {
        let kind = if accepts { self.manifest.taken() } else { Some(EventType::NotAccepted) };
        let Some(kind) = kind.filter(|_| self.manifest.kind != ManifestKind::Run) else {
            return self.refused(index, run_is_not_signed());
        };
        let becomes = match (accepts, line.reason) {
            (true, Why::NONE) => LineState::Accepted,
            (true, _) => LineState::AcceptedWithReservation,
            (false, Why::MISSING) => LineState::Missing,
            (false, Why::NONE) => {
                return self.refused(index, Refusal::field(Reason::FieldRequired, "reason", "why not"));
            }
            (false, _) => LineState::NotAccepted,
        };
        let planned = self.with(index, kind, Some(becomes), line.reason, line.tally.clone());
        let act = match self.may_answer().and_then(|()| self.unanswered(index)) {
            Ok(()) => planned.act,
            Err(refusal) => Err(refusal),
        };
        Planned { act, ..planned }
    }

    /// What was missing may turn up while both still stand there.
    fn unanswered(&self, index: usize) -> Result<(), Refusal> {
        match self.manifest.lines[index].state {
            LineState::Pending | LineState::Missing => Ok(()),
            state => {
                let why = format!("line {} was answered already: {}", index + 1, state.text());
                Err(Refusal::field(Reason::ManifestState, "line", why))
            }
        }
    }

    fn may_answer(&self) -> Result<(), Refusal> {
        match self.manifest.state {
            ManifestState::Offered => Ok(()),
            state => {
                let why = format!("a list is answered while it is offered; it is {}", state.text());
                Err(Refusal::field(Reason::ManifestState, "name", why))
            }
        }
    }

    fn unlisted(&self, lines: &[Answered]) -> Plan {
        let added = lines.iter().enumerate().map(|(at, line)| {
            let under = |refusal: Refusal| refusal.under(&format!("lines[{at}]"));
            let key = match &line.named {
                Named::Code(code) => format_smolstr!("unlisted {} {}", code.kind().number(), code.text()),
                Named::Leg(leg) => format_smolstr!("unlisted legs/{leg}"),
                Named::Line(line) => format_smolstr!("unlisted line {line}"),
            };
            Planned { key, number: 0, act: self.add(line).map(Some).map_err(under) }
        });
        Plan { says: false, lines: added.collect() }
    }

    fn add(&self, line: &Answered) -> Result<LineAct, Refusal> {
        self.may_answer()?;
        if self.manifest.lines.len() >= limits::MANIFEST_LINES {
            let why = format!("a list takes {} lines at most", limits::MANIFEST_LINES);
            return Err(Refusal::field(Reason::BatchTooLarge, "line", why));
        }
        let kind = self.manifest.taken().ok_or_else(run_is_not_signed)?;
        if let Ok(index) = self.find(&line.named) {
            let why = format!("it is on the list, line {}: accept that", index + 1);
            return Err(Refusal::field(Reason::ManifestState, "line", why));
        }
        let mut event = self.event(kind, line.reason, line.tally.clone());
        match &line.named {
            Named::Code(code) => event.code = Some(code.clone()),
            Named::Leg(leg) => event.leg = Some(*leg),
            Named::Line(_) => {
                return Err(Refusal::field(Reason::FieldRequired, "code", "a code or a leg"));
            }
        }
        let becomes = match line.reason {
            Why::NONE => LineState::Accepted,
            _ => LineState::AcceptedWithReservation,
        };
        Ok(LineAct { index: None, event, becomes: Some(becomes) })
    }

    /// The line that is named.
    fn find(&self, named: &Named) -> Result<usize, Refusal> {
        let lines = &self.manifest.lines;
        let found = match named {
            Named::Line(number) => usize::try_from(*number).ok().and_then(|number| number.checked_sub(1)),
            Named::Code(code) => lines.iter().position(|line| line.code.as_ref() == Some(code)),
            Named::Leg(leg) => lines.iter().position(|line| line.leg == Some(*leg)),
        };
        let found = found.filter(|index| *index < lines.len());
        found.ok_or_else(|| Refusal::field(Reason::NotFound, "line", "not on the list"))
    }
}

/// Whether a line bears a leg or a code already.
pub(crate) fn lists(lines: &[ManifestLine], line: &ManifestLine) -> bool {
    let same_leg = |other: &ManifestLine| line.leg.is_some() && other.leg == line.leg;
    let same_code = |other: &ManifestLine| line.code.is_some() && other.code == line.code;
    lines.iter().any(|other| same_leg(other) || same_code(other))
}

fn run_is_not_signed() -> Refusal {
    Refusal::field(
        Reason::ManifestState,
        "name",
        "the lines of a run end with their deliveries, not by signature",
    )
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}
