//! `trao history`: everything that was recorded of one dossier, oldest first.

use prost::Message;

use super::gateway::{ClientArgs, Gateway};
use super::human::{self, say};
use super::query::{self, Key};
use super::{Exit, Failure, Output, events, shapes, why};
use crate::doors::refusal::Language;
use crate::doors::wire::v1;

/// Whose history.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
With --json, one object a line in the shape of `trao feed`; seq is the number in your own log, 0
where it is not in it.

Examples:
  trao history RA990000010VN
  trao history slip:000123 --json

Exit code 0; 1 when nothing by that code concerns you, or the call was refused; 2 for a wrong
command line; 3 when the gateway does not answer.")]
pub struct Args {
    /// A dossier's code, an item number, a slip (slip:000123), or a name such as dossiers/0-17 or legs/0-12
    #[arg(value_name = "CODE")]
    pub query: String,
    /// The agency an opaque dossier code belongs to
    #[arg(long, default_value = "", value_name = "AGENCY", hide_default_value = true)]
    pub agency: String,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Prints the history.
pub async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let gateway = Gateway::connect(&args.client).await?;
    let (key, mut page) = first_page(&gateway, &query::keys(&args.query, &args.agency)).await?;
    loop {
        for listed in &page.events {
            if args.client.json {
                output.json(&shapes::Event::of(listed))?;
            } else {
                output.line(&line(listed, args.client.language()))?;
            }
        }
        output.flush()?;
        if page.next_page_token.is_empty() {
            return Ok(Exit::Done);
        }
        page = events::page(&gateway, &key, page.next_page_token).await?;
    }
}

/// The first of the keys under which there is something, and its first page.
async fn first_page(
    gateway: &Gateway,
    keys: &[Key],
) -> Result<(Key, v1::ListDossierEventsResponse), Failure> {
    let mut nothing = Failure::Incomplete("code");
    for key in keys {
        match events::page(gateway, key, String::new()).await {
            Ok(page) => return Ok((key.clone(), page)),
            Err(failure) if query::means_something_else(&failure) => nothing = failure,
            Err(failure) => return Err(failure),
        }
    }
    Err(nothing)
}

/// One event: when, what, where, who has it after, what does not fit.
fn line(listed: &v1::FeedEvent, language: Language) -> String {
    let event = v1::Event::decode(listed.event.clone()).unwrap_or_default();
    let kind = if event.placed == 0 { event.r#type } else { event.placed };
    let mut text =
        format!("{}  {}", human::when(listed.effective_at.as_ref()), human::event_type(kind, language));
    for part in [&listed.code, &event.office, &listed.source] {
        if !part.is_empty() {
            text.push_str(&format!(" · {part}"));
        }
    }
    if let Some(outcome) = &listed.outcome {
        let holder = human::holder(outcome.holder_after.as_ref(), language);
        text.push_str(&format!(" → {holder}"));
    } else if listed.dossier.is_empty() {
        text.push_str(&format!(" ({})", say(language, "chưa ghép", "on no leg")));
    }
    for told in particulars(&event, language) {
        text.push_str(&format!("\n{:18}{told}", ""));
    }
    for told in human::anomalies(&listed.anomalies, language) {
        text.push_str(&format!("\n{:18}{told}", ""));
    }
    text
}

/// What an event says besides: why, when it is due, what it costs, to whom it may go, what it belongs to.
fn particulars(event: &v1::Event, language: Language) -> Vec<String> {
    let mut told = Vec::new();
    let mut row = |label: &str, value: String| told.push(format!("{label} {value}"));
    if let Some(why) = why::reason(event.reason, language) {
        row(say(language, "Lý do:", "Reason:"), why);
    }
    if event.due_at.is_some() {
        row(say(language, "Hẹn:", "Due:"), human::when(event.due_at.as_ref()));
    }
    for (label, amounts) in [
        (say(language, "Phải thu khi phát:", "To be collected:"), &event.dues),
        (say(language, "Tiền:", "Money:"), &event.money),
    ] {
        if !amounts.is_empty() {
            row(label, human::money(amounts, language));
        }
    }
    if event.must_be_owner {
        told.push(say(language, "Chỉ phát cho đúng người nhận", "For the addressee alone").to_owned());
    }
    if !event.parent.is_empty() {
        told.push(format!("{} {}", say(language, "Thuộc hồ sơ:", "Belongs to:"), event.parent));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reads_as_one_line_and_its_troubles_below() {
        let event = v1::Event {
            r#type: v1::EventType::PickedUp.into(),
            office: "carriers/p/offices/991230".into(),
            ..Default::default()
        };
        let citizen = v1::Holder { kind: v1::HolderKind::Citizen.into(), ..Default::default() };
        let post = v1::Holder { kind: 2, party: "carriers/p".into(), office: String::new() };
        let listed = v1::FeedEvent {
            event: event.encode_to_vec().into(),
            effective_at: Some(prost_types::Timestamp { seconds: 1_795_158_300, nanos: 0 }),
            code: "RA990000010VN".into(),
            source: "carriers/p/devices/d".into(),
            outcome: Some(v1::Outcome { state: 4, holder_before: Some(citizen), holder_after: Some(post) }),
            anomalies: vec![v1::Anomaly { kind: 17, position: "0-1".into() }],
            ..Default::default()
        };
        let expected = "20/11/2026 14:05  Picked up · RA990000010VN · carriers/p/offices/991230 · \
                        carriers/p/devices/d → The post carriers/p\n                  \
                        ! No attestation by the citizen. Add the slip, a signature or a photo.";
        assert_eq!(line(&listed, Language::English), expected);
    }
}
