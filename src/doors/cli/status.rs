//! `trao status`: who has it now, and how it came there.

use super::gateway::{ClientArgs, Gateway};
use super::human::{self, say};
use super::query::{self, Key};
use super::{Exit, Failure, Output, events, shapes, standing};
use crate::doors::refusal::Language;
use crate::doors::wire::v1::get_dossier_request as wire;
use crate::doors::wire::{time, v1};
use crate::dossier::names::{Micros, Position};

/// What is looked up.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
What the agency decided is told with its time, and what is to be collected with what was. Where the
result was delivered and nobody has closed the dossier yet, that is said. Of dossiers that belong to
this one and are another agency's: where they stand, who has them, when they are due.

With --json: {\"query\",\"found\",\"known_at\",\"position\",\"dossier\",\"legs\"}; dossier is null
while a leg has none.

Examples:
  trao status RA990000010VN
  trao status H99.14-261120-0001 --at 2026-11-20T17:00:00+07:00
  trao status slip:000123 --json

Exit code 0; 1 when nothing by that code concerns you ({\"query\":…,\"found\":false} with --json),
or the call was refused; 2 for a wrong command line; 3 when the gateway does not answer.")]
pub struct Args {
    /// A dossier's code, an item number, a slip (slip:000123), or a name such as dossiers/0-17 or legs/0-12
    #[arg(value_name = "CODE|NAME")]
    pub query: String,
    /// As it was known at a time (RFC 3339) or at a position of the journal (0-4711)
    #[arg(long, value_parser = at, value_name = "TIME")]
    pub at: Option<At>,
    /// The agency an opaque dossier code belongs to
    #[arg(long, default_value = "", value_name = "AGENCY", hide_default_value = true)]
    pub agency: String,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// As of when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A time.
    Time(Micros),
    /// A position.
    Position(Position),
}

pub(super) fn at(text: &str) -> Result<At, String> {
    if let Ok(position) = text.parse() {
        return Ok(At::Position(position));
    }
    let time = time::from_rfc3339(text);
    time.map(At::Time).ok_or_else(|| "a time such as 2026-11-20T14:05:00+07:00, 1970 to 2099".to_owned())
}

/// Looks it up and prints it.
pub async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let gateway = Gateway::connect(&args.client).await?;
    let language = args.client.language();
    let exit = match look_up(&gateway, &query::keys(&args.query, &args.agency), args.at).await? {
        None if args.client.json => {
            output.json(&shapes::NotFound::of(&args.query))?;
            Exit::Refused
        }
        None => {
            let nothing =
                say(language, "không tìm thấy hồ sơ nào liên quan đến bạn", "nothing that concerns you");
            output.line(&format!("{}: {nothing}", args.query))?;
            Exit::Refused
        }
        Some((_, answer)) if args.client.json => {
            output.json(&shapes::Status::of(&args.query, &answer))?;
            Exit::Done
        }
        Some((key, answer)) => {
            let since = since_when(&gateway, &key, &answer).await;
            for line in block(&args.query, &answer, &since, language) {
                output.line(&line)?;
            }
            Exit::Done
        }
    };
    output.flush()?;
    Ok(exit)
}

/// The first of the keys under which there is something.
async fn look_up(
    gateway: &Gateway,
    keys: &[Key],
    at: Option<At>,
) -> Result<Option<(Key, v1::GetDossierResponse)>, Failure> {
    for key in keys {
        match get(gateway, key, at).await {
            Ok(answer) => return Ok(Some((key.clone(), answer))),
            Err(failure) if query::means_something_else(&failure) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(None)
}

/// What stands under a key.
pub async fn get(gateway: &Gateway, key: &Key, at: Option<At>) -> Result<v1::GetDossierResponse, Failure> {
    let wire_key = match key {
        Key::Name(name) => wire::Key::Name(name.clone()),
        Key::Code(code) => wire::Key::Code(code.clone()),
    };
    let at = at.map(|at| match at {
        At::Time(at) => wire::At::ReadTime(time::timestamp(at)),
        At::Position(at) => wire::At::ReadPosition(v1::Position { lane: at.lane.0.into(), pos: at.pos }),
    });
    let (request, id) = gateway.request(v1::GetDossierRequest { key: Some(wire_key), at });
    let answer = gateway.dossiers().get_dossier(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| gateway.failure(&status, &id))
}

/// For each leg the time of the event that brought it into the hands it is in. Left out where the history cannot be
/// read just now: the answer itself stands without it.
async fn since_when(gateway: &Gateway, key: &Key, answer: &v1::GetDossierResponse) -> Vec<Option<String>> {
    let legs = answer.dossier.as_ref().map(|dossier| dossier.legs.as_slice()).unwrap_or_default();
    let known = answer.position.as_ref().map_or(u64::MAX, |position| position.pos);
    // Of a leg that has ended the answer itself says it: later word of an earlier time is in it already.
    let closed = |leg: &v1::Leg| leg.closed_at.as_ref().map(|at| human::when(Some(at)));
    let mut since: Vec<Option<String>> = legs.iter().map(closed).collect();
    let mut token = String::new();
    loop {
        let Ok(page) = events::page(gateway, key, token).await else { return since };
        for listed in page.events.iter().filter(|listed| position(listed) <= known) {
            for (leg, since) in legs.iter().zip(&mut since) {
                if leg.closed_at.is_none() && listed.leg == leg.name && brought(listed, leg) {
                    *since = Some(human::when(listed.effective_at.as_ref()));
                }
            }
        }
        if page.next_page_token.is_empty() {
            return since;
        }
        token = page.next_page_token;
    }
}

fn position(listed: &v1::FeedEvent) -> u64 {
    listed.position.as_ref().map_or(u64::MAX, |position| position.pos)
}

/// Whether an event moved a leg into the hands it is in now; another office of the same carrier is no move.
fn brought(listed: &v1::FeedEvent, leg: &v1::Leg) -> bool {
    let hands = |holder: Option<&v1::Holder>| holder.map(|holder| (holder.kind, holder.party.clone()));
    let Some(outcome) = &listed.outcome else { return false };
    let after = hands(outcome.holder_after.as_ref());
    after == hands(leg.holder.as_ref()) && after != hands(outcome.holder_before.as_ref())
}

/// The answer for a person: the dossier, each leg with what does not fit below it, and the dossiers that belong to it.
fn block(
    query: &str,
    answer: &v1::GetDossierResponse,
    since: &[Option<String>],
    language: Language,
) -> Vec<String> {
    let none = v1::Dossier::default();
    let dossier = answer.dossier.as_ref().unwrap_or(&none);
    let mut lines = standing::dossier(query, dossier, language);
    for (index, leg) in dossier.legs.iter().enumerate() {
        lines.extend(standing::leg(leg, since.get(index).and_then(Option::as_deref), language));
    }
    lines.extend(standing::children(dossier, language));
    if let Some(spans) = &dossier.spans {
        lines.push(format!(
            "{} {} · {} {} · {} {}",
            say(language, "Bưu chính chuyển đến:", "Post inbound:"),
            human::span(spans.post_in_s, language),
            say(language, "cơ quan giải quyết:", "agency:"),
            human::span(spans.agency_s, language),
            say(language, "bưu chính trả kết quả:", "post outbound:"),
            human::span(spans.post_out_s, language),
        ));
    }
    lines.push(format!(
        "{} {}",
        say(language, "Số liệu tính đến", "As known at"),
        human::when(answer.known_at.as_ref())
    ));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(party: &str) -> Option<v1::Holder> {
        Some(v1::Holder { kind: 2, party: party.into(), office: format!("{party}/offices/991230") })
    }

    #[test]
    fn a_leg_without_a_dossier_says_who_has_it_and_since_when() {
        let leg = v1::Leg {
            name: "legs/0-1".into(),
            kind: 1,
            state: 4,
            holder: held("carriers/p"),
            ..Default::default()
        };
        let dossier = v1::Dossier { name: "legs/0-1".into(), legs: vec![leg], ..Default::default() };
        let answer = v1::GetDossierResponse { dossier: Some(dossier), ..Default::default() };
        let lines = block("RA990000010VN", &answer, &[Some("20/11/2026 14:05".into())], Language::Vietnamese);
        let expected = [
            "RA990000010VN: chưa có mã hồ sơ",
            "Nhận gửi hồ sơ (legs/0-1): Đã nhận gửi",
            "  Đang ở: Bưu chính carriers/p, bưu cục 991230, từ 20/11/2026 14:05",
            "Số liệu tính đến –",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn only_a_change_of_hands_says_since_when() {
        let leg = v1::Leg { holder: held("carriers/p"), ..Default::default() };
        let event = |before: &str, after: &str| v1::FeedEvent {
            outcome: Some(v1::Outcome { state: 4, holder_before: held(before), holder_after: held(after) }),
            ..Default::default()
        };
        assert!(brought(&event("carriers/q", "carriers/p"), &leg));
        assert!(!brought(&event("carriers/p", "carriers/p"), &leg));
        assert!(!brought(&event("carriers/p", "carriers/q"), &leg));
    }

    #[test]
    fn as_of_a_time_or_a_position() {
        assert!(matches!(at("0-4711"), Ok(At::Position(_))));
        assert!(matches!(at("2026-11-20T14:05:00+07:00"), Ok(At::Time(_))));
        assert!(at("yesterday").is_err() && at("2100-01-01T00:00:00Z").is_err());
    }
}
