//! Decisions of agencies from the wire to the journal.

use bytes::Bytes;
use prost::Message;
use smol_str::SmolStr;

use super::command::{self, Command, Ground, office_of};
use super::{dossier, into, time, v1};
use crate::dossier::apply::{Announced, Carriage, Closing, Ruling, Subject};
use crate::dossier::code::CodeKind;
use crate::dossier::event::{Event, EventType, Reason as EventReason};
use crate::dossier::names::{PartyName, Position};
use crate::dossier::particulars::{Particulars, Terms};
use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::{CommandAct, PersonalPart};
use crate::seal::digest;

/// What every decision on a dossier that is known has.
struct Decided<'a> {
    method: &'static str,
    request_id: &'a str,
    subject: Subject,
    /// The request without its id and its personal part.
    bare: Vec<u8>,
    personal: Option<PersonalPart>,
}

impl Decided<'_> {
    fn command(self, ruling: Ruling, event: Event) -> Result<Command, Refusal> {
        let office = ruling.carriage().and_then(|carriage| carriage.office.clone());
        let (resource, leg) = match self.subject {
            Subject::Dossier(id) => (dossier::dossier_name(id), None),
            Subject::Leg(id) => (dossier::leg_name(id), Some(id)),
        };
        Ok(Command {
            method: self.method,
            resource,
            request_id: into::visible_id(self.request_id, "request_id")?,
            request_digest: digest::digest(&self.bare),
            personal: self.personal,
            event: Event { office, leg, ..event },
            act: CommandAct::Decide { subject: self.subject, ruling },
        })
    }
}

/// Parses what the decisions have in common. A request's own fields follow by name.
macro_rules! decided {
    ($method:literal, $request:expr, $kind:ident $(, $personal:ident)?) => {{
        let bare = v1::$kind { request_id: String::new(), $($personal: Bytes::new(),)? ..$request.clone() };
        #[allow(unused_mut, unused_assignments)]
        let mut personal = None;
        $(personal = command::personal(&$request.$personal)?;)?
        Decided {
            method: $method,
            request_id: &$request.request_id,
            subject: Subject::Dossier(known(&$request.dossier)?),
            bare: bare.encode_to_vec(),
            personal,
        }
    }};
}

/// `RequestSupplement`.
pub fn request_supplement(
    request: &v1::RequestSupplementRequest,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let decided = decided!("RequestSupplement", request, RequestSupplementRequest, personal);
    let post = carriage(&request.carrier, &request.office, ground)?;
    let event = Event {
        reason: EventReason(request.reason),
        due_at: time::within_if_given(request.due_at.as_ref(), "due_at")?,
        ..Event::new(EventType::SupplementRequested, ground.now)
    };
    decided.command(Ruling::RequestSupplement(post), event)
}

/// `RefuseDossier`: a dossier, or papers that never got one.
pub fn refuse_dossier(request: &v1::RefuseDossierRequest, ground: Ground<'_>) -> Result<Command, Refusal> {
    let bare =
        v1::RefuseDossierRequest { request_id: String::new(), personal: Bytes::new(), ..request.clone() };
    let dossier = into::position(&request.dossier, "dossiers/", "dossier")?.map(Subject::Dossier);
    let leg = into::position(&request.leg, "legs/", "leg")?.map(Subject::Leg);
    let subject = match (dossier, leg) {
        (Some(subject), None) | (None, Some(subject)) => subject,
        _ => return Err(Refusal::field(Reason::FieldRequired, "dossier", "a dossier, or else a leg")),
    };
    let decided = Decided {
        method: "RefuseDossier",
        request_id: &request.request_id,
        subject,
        bare: bare.encode_to_vec(),
        personal: command::personal(&request.personal)?,
    };
    let post = carriage(&request.carrier, &request.office, ground)?;
    let event =
        Event { reason: EventReason(request.reason), ..Event::new(EventType::DossierRefused, ground.now) };
    decided.command(Ruling::Refuse(post), event)
}

/// The other ways in which papers go back, alike but for their names.
macro_rules! gives_back {
    ($($name:ident $method:literal $request:ident $ruling:ident $event:ident;)*) => {$(
        #[doc = concat!("`", $method, "`.")]
        pub fn $name(request: &v1::$request, ground: Ground<'_>) -> Result<Command, Refusal> {
            let decided = decided!($method, request, $request, personal);
            let post = carriage(&request.carrier, &request.office, ground)?;
            let event = Event {
                reason: EventReason(request.reason),
                ..Event::new(EventType::$event, ground.now)
            };
            decided.command(Ruling::$ruling(post), event)
        }
    )*};
}

gives_back! {
    withdraw_dossier "WithdrawDossier" WithdrawDossierRequest Withdraw DossierWithdrawn;
    stop_dossier "StopDossier" StopDossierRequest Stop DossierStopped;
}

/// `SetDueDate`.
pub fn set_due_date(request: &v1::SetDueDateRequest, ground: Ground<'_>) -> Result<Command, Refusal> {
    let decided = decided!("SetDueDate", request, SetDueDateRequest);
    let due_at = time::within_if_given(request.due_at.as_ref(), "due_at")?;
    let due_at = due_at.ok_or_else(|| Refusal::field(Reason::FieldRequired, "due_at", "the new date"))?;
    let event = Event {
        due_at: Some(due_at),
        reason: EventReason(request.reason),
        ..Event::new(EventType::DueDateSet, ground.now)
    };
    decided.command(Ruling::SetDueDate, event)
}

/// `CloseDossier`.
pub fn close_dossier(request: &v1::CloseDossierRequest, ground: Ground<'_>) -> Result<Command, Refusal> {
    let decided = decided!("CloseDossier", request, CloseDossierRequest);
    let closing = match v1::Closing::try_from(request.closing) {
        Ok(v1::Closing::ByPost) => Closing::ByPost,
        Ok(v1::Closing::Collected) => Closing::Collected,
        Ok(v1::Closing::Unspecified) => {
            return Err(Refusal::field(Reason::FieldRequired, "closing", "by post, or collected"));
        }
        Err(_) => return Err(Refusal::field(Reason::EnumUnknown, "closing", "no such way to close")),
    };
    decided.command(Ruling::Close(closing), Event::new(EventType::DossierClosed, ground.now))
}

/// `LinkDossiers`; `agency` is whose the parent is.
pub fn link_dossiers(
    request: &v1::LinkDossiersRequest,
    agency: PartyName,
    ground: Ground<'_>,
) -> Result<Command, Refusal> {
    let decided = decided!("LinkDossiers", request, LinkDossiersRequest);
    let parent = parent(request)?;
    decided.command(Ruling::Link { parent, agency }, Event::new(EventType::DossierLinked, ground.now))
}

/// The dossier that another belongs to.
pub fn parent(request: &v1::LinkDossiersRequest) -> Result<Position, Refusal> {
    let parent = into::position(&request.parent, "dossiers/", "parent")?;
    parent.ok_or_else(|| Refusal::field(Reason::FieldRequired, "parent", ""))
}

/// `AnnounceResult`.
pub fn announce_result(request: &v1::AnnounceResultRequest, ground: Ground<'_>) -> Result<Command, Refusal> {
    let dossier = into::position(&request.dossier, "dossiers/", "dossier")?;
    let post = carriage(&request.carrier, &request.office, ground)?;
    let also = match &request.item {
        Some(item) if !item.value.is_empty() => vec![ground.code_of(item, CodeKind::Item, None, "item")?],
        _ => Vec::new(),
    };
    if post.is_none() && !also.is_empty() {
        let why = "an item is the post's: name its carrier";
        return Err(Refusal::field(Reason::FieldRequired, "carrier", why));
    }
    let terms = Terms {
        must_be_owner: request.must_be_owner,
        dues: into::money(&request.dues, "dues", false)?,
        take_back: request.take_back,
    };
    let mut event = Event {
        office: post.as_ref().and_then(|carriage| carriage.office.clone()),
        due_at: time::within_if_given(request.due_at.as_ref(), "due_at")?,
        also,
        particulars: Particulars { tally: into::tally(&request.tally)?, terms, ..Particulars::default() },
        ..Event::new(EventType::ResultAnnounced, ground.now)
    };
    let (target, resource) = match dossier {
        Some(id) => (Announced::Dossier(id), dossier::dossier_name(id)),
        None => {
            let agency = ground.agency(&request.agency, "agency")?;
            let counter = match request.counter.as_str() {
                "" => None,
                counter => Some(ground.agency(counter, "counter")?).filter(|counter| *counter != agency),
            };
            let code = ground.dossier_code(request.code.as_ref(), Some(&agency))?;
            let procedure: Option<SmolStr> = into::named(&request.procedure, "procedures/", "procedure")?;
            event.code = Some(code.clone());
            event.agency = Some(agency.clone());
            event.counter.clone_from(&counter);
            event.procedure.clone_from(&procedure);
            let resource = format!("{agency} {}", code.text());
            (Announced::Code { agency, counter, code, procedure }, resource)
        }
    };
    let bare =
        v1::AnnounceResultRequest { request_id: String::new(), personal: Bytes::new(), ..request.clone() };
    Ok(Command {
        method: "AnnounceResult",
        resource,
        request_id: into::visible_id(&request.request_id, "request_id")?,
        request_digest: digest::digest(&bare.encode_to_vec()),
        personal: command::personal(&request.personal)?,
        event,
        act: CommandAct::Announce { target, post },
    })
}

fn known(name: &str) -> Result<Position, Refusal> {
    let dossier = into::position(name, "dossiers/", "dossier")?;
    dossier.ok_or_else(|| Refusal::field(Reason::FieldRequired, "dossier", ""))
}

/// Who carries, if anybody does.
fn carriage(carrier: &str, office: &str, ground: Ground<'_>) -> Result<Option<Carriage>, Refusal> {
    if carrier.is_empty() {
        return match office {
            "" => Ok(None),
            _ => Err(Refusal::field(Reason::FieldRequired, "carrier", "whose office it is")),
        };
    }
    let carrier = ground.carrier(carrier, "carrier")?;
    let office = office_of(office, Some(&carrier))?;
    Ok(Some(Carriage { carrier, office }))
}
