//! Commands on manifests: the event of the list itself, and the event of one of its lines, which is a fact like any other
//! on its leg.

use std::borrow::Cow;

use super::capture::capture;
use super::leg_step::with_party;
use super::{Applied, Capture, Said, Stopped, Written};
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::desk::{Desk, Missing};
use crate::dossier::document::Document;
use crate::dossier::handover::{
    Closes, Command, Creates, LineAct, LineState, Manifest, ManifestKind, ManifestLine, ManifestState, Named,
    Signed, lists,
};
use crate::dossier::leg::Placement;
use crate::dossier::names::Position;
use crate::dossier::refusal::{Reason, Refusal};
use crate::dossier::resolve::{self, Meant};
use crate::limits;

/// What a command says of the list itself.
#[derive(Clone, Debug)]
pub struct ManifestAct {
    /// Who says it.
    pub said: Said,
    /// The manifest; `None` of one that is made.
    pub manifest: Option<Position>,
    /// What is commanded.
    pub command: Command,
}

/// What a command says of one line.
#[derive(Clone, Debug)]
pub struct ManifestLineAct {
    /// Who says it, with the line's event.
    pub said: Said,
    /// The manifest.
    pub manifest: Position,
    /// The line.
    pub line: LineAct,
    /// It was keyed later, from a signed paper.
    pub late: bool,
}

/// A manifest as far as the speaker is a side of it. What is another's is answered like what never was.
pub fn seen<'a>(desk: &'a Desk, said: &Said, id: Position) -> Result<Result<&'a Manifest, Refusal>, Missing> {
    let Some(Document::Manifest(manifest)) = desk.document(id)? else { return Ok(Err(unknown())) };
    let receives = manifest.receiver.party == said.party && manifest.offered.is_some();
    let seen = manifest.giver.party == said.party || receives;
    Ok(if seen { Ok(manifest) } else { Err(unknown()) })
}

fn unknown() -> Refusal {
    Refusal::field(Reason::NotFound, "name", "")
}

/// Whether the speaker may command it, before any line is looked at.
pub fn may(manifest: &Manifest, command: &Command, said: &Said) -> Result<(), Refusal> {
    let gives = manifest.giver.party == said.party;
    let receives = manifest.receiver.party == said.party;
    let (may, who) = match command {
        Command::Create(_) | Command::Add(_) | Command::Offer | Command::Withdraw => (gives, "the giver"),
        Command::Accept(_)
        | Command::Reject(_)
        | Command::AddUnlisted(_)
        | Command::Close(Closes::BySeal) => (receives, "the receiver"),
        Command::Close(_) => (gives || receives, "a side"),
    };
    if !may {
        let why = format!("only {who} of the list may do that");
        return Err(Refusal::field(Reason::RoleNotAllowed, "name", why));
    }
    let signs = matches!(
        command,
        Command::Accept(_) | Command::Reject(_) | Command::AddUnlisted(_) | Command::Close(Closes::BySeal)
    );
    let answers = signs && !matches!(command, Command::Close(_));
    if answers && manifest.state != ManifestState::Offered {
        let why = format!("a list is answered while it is offered; it is {}", manifest.state.text());
        return Err(Refusal::field(Reason::ManifestState, "name", why));
    }
    let between_parties = manifest.kind == ManifestKind::Handover;
    let gave = manifest.offered.as_ref().map(|offered| &offered.principal);
    if signs && between_parties && gave == Some(&said.principal) {
        let why = "whoever gave it cannot sign for receiving it";
        return Err(Refusal::field(Reason::SamePrincipal, "name", why));
    }
    Ok(())
}

pub(super) fn manifest(desk: &mut Desk, act: &ManifestAct, position: Position) -> Result<Applied, Stopped> {
    let said = &act.said;
    let mut refused = Vec::new();
    let mut manifest = match (&act.command, act.manifest) {
        (Command::Create(creates), _) => create(said, creates, position)?,
        (_, Some(id)) => seen(desk, said, id)??.clone(),
        (_, None) => return Err(unknown().into()),
    };
    may(&manifest, &act.command, said)?;
    let signed = Signed { by: position, at: said.effective_at, principal: said.principal.clone() };
    match &act.command {
        Command::Create(creates) => refused = add_lines(desk, said, &mut manifest, &creates.lines)?,
        Command::Add(named) => {
            in_state(&manifest, ManifestState::Draft)?;
            refused = add_lines(desk, said, &mut manifest, named)?;
        }
        Command::Offer => {
            in_state(&manifest, ManifestState::Draft)?;
            if manifest.lines.is_empty() {
                return Err(
                    Refusal::field(Reason::FieldRequired, "lines", "an empty list is not offered").into()
                );
            }
            manifest.state = ManifestState::Offered;
            manifest.offered = Some(signed);
        }
        Command::Withdraw => {
            let answered = manifest.lines.iter().any(|line| line.state != LineState::Pending);
            if answered || !matches!(manifest.state, ManifestState::Draft | ManifestState::Offered) {
                let why = format!(
                    "a list is withdrawn before anything of it was answered; it is {}",
                    manifest.state.text()
                );
                return Err(Refusal::field(Reason::ManifestState, "name", why).into());
            }
            manifest.state = ManifestState::Withdrawn;
            manifest.ended = Some(signed);
        }
        Command::Close(closes) => {
            in_state(&manifest, ManifestState::Offered)?;
            let pending = manifest.sheet().pending;
            if pending > 0 && *closes == Closes::Answered {
                let why = format!("{pending} lines were not answered: taken by seal, or carried back?");
                return Err(Refusal::field(Reason::FieldRequired, "pending", why).into());
            }
            manifest.state = ManifestState::Closed;
            manifest.ended = Some(signed);
        }
        Command::Accept(_) | Command::Reject(_) | Command::AddUnlisted(_) => {
            return Err(Refusal::new(Reason::Internal).into());
        }
    }
    let mut written = Written::on_no_leg(manifest.giver.party.clone(), Placement::NoLeg);
    let document = Document::Manifest(manifest);
    written.parties = document.parties();
    written.refused = refused;
    desk.put_document(document);
    Ok(Applied::Written(Box::new(written)))
}

fn in_state(manifest: &Manifest, state: ManifestState) -> Result<(), Refusal> {
    if manifest.state == state {
        return Ok(());
    }
    let why = format!("the list must be {}; it is {}", state.text(), manifest.state.text());
    Err(Refusal::field(Reason::ManifestState, "name", why))
}

fn create(said: &Said, creates: &Creates, position: Position) -> Result<Manifest, Refusal> {
    let (giver, receiver) = (&creates.giver, &creates.receiver);
    let within = giver.party == receiver.party && giver.party.is_carrier();
    let wrong = match creates.kind {
        ManifestKind::Handover if giver.party == receiver.party => Some("a party hands over to another"),
        ManifestKind::Handover if giver.party.is_carrier() && receiver.party.is_carrier() => {
            Some("two carriers hand over nothing here")
        }
        ManifestKind::Run if !within || receiver.person.is_none() => {
            Some("a run is given to a person of the same carrier")
        }
        ManifestKind::Transport if !within || giver.office.is_none() || giver.office == receiver.office => {
            Some("a transport goes from one office of a carrier to another of the same")
        }
        _ => None,
    };
    if let Some(why) = wrong {
        return Err(Refusal::field(Reason::FieldRequired, "receiver", why));
    }
    Ok(Manifest {
        id: position,
        kind: creates.kind,
        number: creates.number.clone(),
        giver: giver.clone(),
        receiver: receiver.clone(),
        state: ManifestState::Draft,
        created_at: said.effective_at,
        offered: None,
        ended: None,
        lines: Vec::new(),
    })
}

/// Adds what is named, and tells what cannot stand on the list: each is judged by itself, and the giver reads the list again
/// before it is sealed.
fn add_lines(
    desk: &Desk,
    said: &Said,
    manifest: &mut Manifest,
    named: &[Named],
) -> Result<Vec<(u32, Refusal)>, Missing> {
    let mut refused = Vec::new();
    for (at, named) in named.iter().enumerate() {
        let line = match line_of(desk, said, manifest, named)? {
            Ok(line) if lists(&manifest.lines, &line) => {
                Err(Refusal::field(Reason::ManifestState, "code", "it is on the list already"))
            }
            Ok(_) if manifest.lines.len() >= limits::MANIFEST_LINES => {
                let why = format!("a list takes {} lines at most", limits::MANIFEST_LINES);
                Err(Refusal::field(Reason::BatchTooLarge, "code", why))
            }
            line => line,
        };
        match line {
            Ok(line) => manifest.lines.push(line),
            Err(refusal) => {
                let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
                refused.push((number, refusal.under(&format!("lines[{at}]"))));
            }
        }
    }
    Ok(refused)
}

/// The line of an envelope. A code that nobody knows yet may stand on a list like any other.
fn line_of(
    desk: &Desk,
    said: &Said,
    manifest: &Manifest,
    named: &Named,
) -> Result<Result<ManifestLine, Refusal>, Missing> {
    let (code, leg) = match named {
        Named::Line(_) => return Ok(Err(Refusal::field(Reason::FieldRequired, "code", "a code or a leg"))),
        Named::Leg(id) => {
            // What stands in another lane is looked at there, when its event is placed.
            let here = id.lane == manifest.id.lane;
            let seen = if here { desk.leg(*id)? } else { None };
            let concerned = seen.is_some_and(|leg| leg.birth.concerns(&said.party));
            if here && !concerned {
                return Ok(Err(Refusal::field(Reason::NotFound, "leg", "")));
            }
            (None, Some(*id))
        }
        Named::Code(code) => match resolve::by_codes(desk, &said.party, &[code], said.effective_at)? {
            Meant::Leg(id) => (Some(code.clone()), Some(id)),
            Meant::Ambiguous(legs) => {
                let names: Vec<String> = legs.iter().map(|leg| format!("legs/{leg}")).collect();
                return Ok(Err(Refusal::field(Reason::CodeAmbiguous, "code", names.join(", "))));
            }
            Meant::Together(_) | Meant::Nothing => (Some(code.clone()), None),
        },
    };
    if let Some(leg) = leg.map(|id| desk.leg(id)).transpose()?.flatten()
        && manifest.kind == ManifestKind::Handover
        && !leg.birth.concerns(&manifest.receiver.party)
    {
        return Ok(Err(Refusal::field(Reason::NotFound, "code", "nothing of it concerns the receiver")));
    }
    Ok(Ok(ManifestLine {
        code,
        leg,
        state: LineState::Pending,
        unlisted: false,
        reason: crate::dossier::event::Reason::NONE,
        said: None,
    }))
}

pub(super) fn line(desk: &mut Desk, act: &ManifestLineAct, position: Position) -> Result<Applied, Stopped> {
    let parties = match desk.document(act.manifest)? {
        Some(Document::Manifest(manifest)) => manifest.parties(),
        None => return Err(unknown().into()),
    };
    let fact = Capture { said: Cow::Borrowed(&act.said), attested: false, skewed: false };
    let mut written = capture(desk, &fact, position)?;
    for party in &parties {
        written.parties = with_party(written.parties, party);
    }
    if act.late {
        written.flag(position, &[AnomalyKind::LateEntry]);
    }
    if act.line.index.is_none() {
        written.flag(position, &[AnomalyKind::Unlisted]);
    }
    // From here on nothing is missing.
    if let Some(Document::Manifest(manifest)) = desk.change_document(act.manifest) {
        let index = act.line.index.unwrap_or_else(|| {
            manifest.lines.push(unlisted(act));
            manifest.lines.len() - 1
        });
        if let Some(line) = manifest.lines.get_mut(index) {
            line.leg = line.leg.or(written.leg);
            if let Some(becomes) = act.line.becomes {
                line.state = becomes;
                line.reason = act.said.event.reason;
                line.said = Some((position, act.said.effective_at));
            }
        }
    }
    Ok(Applied::Written(Box::new(written)))
}

fn unlisted(act: &ManifestLineAct) -> ManifestLine {
    ManifestLine {
        code: act.said.event.code.clone(),
        leg: act.said.event.leg,
        state: LineState::Pending,
        unlisted: true,
        reason: act.said.event.reason,
        said: None,
    }
}
