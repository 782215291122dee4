//! `trao scan`: one fact, as a device would send it.

use std::path::PathBuf;

use jiff::fmt::temporal::Pieces;
use prost::Message;
use sha2::{Digest, Sha256};

use super::gateway::{ClientArgs, Gateway, patiently};
use super::human::{self, say};
use super::output::note;
use super::{Exit, Failure, Output, names, shapes};
use crate::doors::refusal::Language;
use crate::doors::wire::{time, v1};
use crate::dossier::event::{EventType, Measure, Reason};
use crate::dossier::leg::LegKind;
use crate::dossier::names::Micros;

/// What was scanned.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
Types: assigned declined pickup-failed picked-up office-in bagged dispatched arrived offered
accepted not-accepted out-for-delivery delivered attempt-failed held collected return-started
labelled relabelled lost found damaged voided delivery-revoked.

A CODE that reads as no code at all is recorded too: unplaced, its text kept apart from the
event. A wrong check digit is refused unless --unverified says that it was typed twice.

A scan is recorded once. To repeat one whose answer was lost, give the same --id and --at and
the rest as before.

Examples:
  trao scan RA990000010VN --type picked-up --source carriers/p/devices/pda-1 --office 991230 --also slip:000123
  trao scan RA990000010VN --type accepted --source agencies/H99.01/devices/counter-1
  trao scan RA990000010VN --type attempt-failed --source carriers/p/devices/pda-1 --reason absent --measure retry-on

Exit code 0 when it is recorded, also with anomalies, which are printed; 1 refused; 2 for a
wrong command line; 3 when the gateway does not answer.")]
pub struct Args {
    /// What the scanner read; slip:…, dossier:…, item:… or bag:… say what it is where its form does not
    #[arg(value_name = "CODE")]
    pub code: String,
    /// What happened, e.g. picked-up
    #[arg(long = "type", value_parser = event_type, value_name = "TYPE")]
    pub kind: EventType,
    /// The device or system that scanned, e.g. carriers/p/devices/pda-1; enrolled under your party
    #[arg(long, value_parser = source, value_name = "SOURCE")]
    pub source: String,
    /// The leg meant: the order this pick-up fulfils, or one of several under the code (0-12)
    #[arg(long, default_value = "", hide_default_value = true)]
    pub leg: String,
    /// Another code of the same envelope, e.g. slip:000123; may be repeated
    #[arg(long, value_name = "CODE")]
    pub also: Vec<String>,
    /// The agency on the envelope (H99.14)
    #[arg(long, default_value = "", hide_default_value = true)]
    pub agency: String,
    /// The counter that receives for the agency (H99.01)
    #[arg(long, default_value = "", hide_default_value = true)]
    pub counter: String,
    /// The post office where it happened (991230)
    #[arg(long, default_value = "", hide_default_value = true)]
    pub office: String,
    /// With bagged: into which bag
    #[arg(long, value_name = "CODE")]
    pub receptacle: Option<String>,
    /// What the dossier asks for (procedure code)
    #[arg(long, default_value = "", hide_default_value = true)]
    pub procedure: String,
    /// What kind of leg a first scan opens: inbound, supplement, outbound, transfer …
    #[arg(long, value_parser = leg_kind, value_name = "KIND")]
    pub leg_kind: Option<LegKind>,
    /// Why, e.g. absent, or its number
    #[arg(long, value_parser = reason)]
    pub reason: Option<Reason>,
    /// What is done about it, e.g. hold-for-pickup, or its number
    #[arg(long, value_parser = measure)]
    pub measure: Option<Measure>,
    /// Until when it is kept, or when it is tried again (RFC 3339)
    #[arg(long, value_parser = moment, value_name = "TIME")]
    pub until: Option<Moment>,
    /// Staff number of who did it; never a name
    #[arg(long, default_value = "", hide_default_value = true)]
    pub actor: String,
    /// The position of the event this one voids or replaces (0-4711)
    #[arg(long, default_value = "", hide_default_value = true, value_name = "POSITION")]
    pub corrects: String,
    /// The check digit is wrong and the code was typed twice
    #[arg(long)]
    pub unverified: bool,
    /// When it happened [default: now]
    #[arg(long, value_parser = moment, value_name = "RFC3339")]
    pub at: Option<Moment>,
    /// The fact's id, 1 to 64 visible ASCII characters [default: a new UUIDv7]
    #[arg(long)]
    pub id: Option<String>,
    /// The device's running number of this event
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "N")]
    pub device_seq: u64,
    /// A remark, kept apart from the event and erasable
    #[arg(long, default_value = "", hide_default_value = true)]
    pub note: String,
    /// A signature or photo, whose SHA-256 alone is sent: the citizen's attestation
    #[arg(long, value_name = "FILE")]
    pub proof_file: Option<PathBuf>,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// A time and the zone it was given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    time: Micros,
    zone_offset_s: i32,
}

fn event_type(text: &str) -> Result<EventType, String> {
    let known = EventType::from_text(text).filter(|kind| !kind.made_by_gateway());
    known.ok_or_else(|| "no type of scan; --help lists them".to_owned())
}

fn source(text: &str) -> Result<String, String> {
    let whole = text.starts_with("carriers/") || text.starts_with("agencies/");
    if whole && (text.contains("/devices/") || text.contains("/systems/")) {
        return Ok(text.to_owned());
    }
    Err("a whole name, such as carriers/p/devices/pda-1 or agencies/H99.01/systems/office".to_owned())
}

fn leg_kind(text: &str) -> Result<LegKind, String> {
    LegKind::from_text(text).ok_or_else(|| {
        "inbound, supplement, outbound, transfer, return-to-citizen or return-to-agency".to_owned()
    })
}

/// Reads a reason. Numbers that only the gateway may know are passed on.
pub fn reason(text: &str) -> Result<Reason, String> {
    let known = Reason::from_text(text).or_else(|| text.parse().ok().map(Reason));
    known.ok_or_else(|| format!("one of {}", spelt(Reason::KNOWN)))
}

fn measure(text: &str) -> Result<Measure, String> {
    let known = Measure::from_text(text).or_else(|| text.parse().ok().map(Measure));
    known.ok_or_else(|| format!("one of {}", spelt(Measure::KNOWN)))
}

fn spelt(known: &[(i32, &str)]) -> String {
    let spelt = known.iter().map(|(_, name)| name.to_ascii_lowercase().replace('_', "-"));
    spelt.collect::<Vec<_>>().join(" ")
}

fn moment(text: &str) -> Result<Moment, String> {
    let wrong = || "a time such as 2026-11-20T14:05:00+07:00, 1970 to 2099".to_owned();
    let time = time::from_rfc3339(text).ok_or_else(wrong)?;
    let offset = Pieces::parse(text.trim()).ok().and_then(|pieces| pieces.to_numeric_offset());
    Ok(Moment { time, zone_offset_s: offset.ok_or_else(wrong)?.seconds() })
}

fn now() -> Moment {
    let now = jiff::Zoned::now();
    Moment { time: Micros(now.timestamp().as_microsecond()), zone_offset_s: now.offset().seconds() }
}

/// Sends the scan and prints what was recorded.
pub async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let id = args.id.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let at = args.at.unwrap_or_else(now);
    let capture = capture(args, &id, at)?;
    let sent = send(args, capture).await;
    if let Err(Failure::Unreachable { .. }) = sent {
        note(&format!(
            "trao: whether it was recorded is not known; repeat the same with --id {id} --at {}",
            time::to_rfc3339(at.time)
        ));
    }
    let recorded = sent?;
    if args.client.json {
        output.json(&shapes::Recorded::of(&recorded))?;
    } else {
        for line in block(args.kind, &recorded, args.client.language()) {
            output.line(&line)?;
        }
    }
    output.flush()?;
    Ok(Exit::Done)
}

/// Connects and sends. Trying again is harmless: the id makes it the same fact.
async fn send(args: &Args, capture: v1::Capture) -> Result<v1::Recorded, Failure> {
    let gateway = Gateway::connect(&args.client).await?;
    patiently(async || {
        let line = v1::Capture { send_time: Some(time::timestamp(now().time)), ..capture.clone() };
        let (request, id) = gateway.request(v1::CaptureEventRequest { line: Some(line) });
        let answer = gateway.captures().capture_event(request).await;
        let answer = answer.map_err(|status| gateway.failure(&status, &id))?.into_inner();
        answer.recorded.ok_or(Failure::Incomplete("record"))
    })
    .await
}

/// The line as it goes over the wire, but for its time of sending.
fn capture(args: &Args, id: &str, at: Moment) -> Result<v1::Capture, Failure> {
    let code = names::code(&args.code, &args.agency);
    let no_code = names::is_no_code(&code, args.unverified);
    let event = v1::Event {
        r#type: args.kind.number().into(),
        code: Some(if no_code { v1::Code::default() } else { code }),
        occurred_at: Some(time::timestamp(at.time)),
        zone_offset_s: at.zone_offset_s,
        device_seq: args.device_seq,
        agency: names::whole("agencies/", &args.agency),
        counter: names::whole("agencies/", &args.counter),
        office: names::office(&args.office, &args.source)?,
        reason: args.reason.unwrap_or_default().0,
        measure: args.measure.unwrap_or_default().0,
        corrects: args.corrects.clone(),
        leg: names::whole("legs/", &args.leg),
        also: args.also.iter().map(|other| names::code(other, &args.agency)).collect(),
        receptacle: args.receptacle.as_ref().map(|bag| names::code(bag, "")),
        actor: args.actor.clone(),
        procedure: names::whole("procedures/", &args.procedure),
        leg_kind: args.leg_kind.map_or(0, |kind| kind.number().into()),
        until: args.until.map(|until| time::timestamp(until.time)),
        unverified: args.unverified,
        ..v1::Event::default()
    };
    let personal = v1::Personal {
        raw_scan: if no_code { args.code.clone() } else { String::new() },
        note: args.note.clone(),
        proof_sha256: proof(args)?.into(),
        ..v1::Personal::default()
    };
    Ok(v1::Capture {
        source: args.source.clone(),
        client_event_id: id.to_owned(),
        event: event.encode_to_vec().into(),
        personal: personal.encode_to_vec().into(),
        send_time: None,
    })
}

fn proof(args: &Args) -> Result<Vec<u8>, Failure> {
    let Some(file) = &args.proof_file else { return Ok(Vec::new()) };
    let usage = |error| Failure::Usage(format!("--proof-file {}: {error}", file.display()));
    let mut opened = std::fs::File::open(file).map_err(usage)?;
    let mut digest = Sha256::new();
    let mut buffer = [0; 64 << 10];
    loop {
        match std::io::Read::read(&mut opened, &mut buffer).map_err(usage)? {
            0 => return Ok(digest.finalize().to_vec()),
            read => digest.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// The answer for a person.
fn block(kind: EventType, recorded: &v1::Recorded, language: Language) -> Vec<String> {
    let code =
        if recorded.code.is_empty() { say(language, "không có mã", "no code") } else { &recorded.code };
    let mut lines = vec![format!("{} · {code}", human::event_type(kind.number().into(), language))];
    let mut row = |label: &str, value: &str| lines.push(format!("  {label} {value}"));
    if recorded.repaired {
        row(
            say(language, "Mã đã tự sửa:", "Repaired:"),
            say(
                language,
                "xem lại nhãn và tắt bộ gõ tiếng Việt",
                "check the label, and turn Vietnamese typing off",
            ),
        );
    }
    if let Some(outcome) = &recorded.outcome {
        row(say(language, "Trạng thái:", "State:"), &human::leg_state(outcome.state, language));
        let (before, after) = (outcome.holder_before.as_ref(), outcome.holder_after.as_ref());
        let hands = human::holder(after, language);
        if before == after {
            row(say(language, "Đang ở:", "Held by:"), &hands);
        } else {
            let moved = format!("{} → {hands}", human::holder(before, language));
            row(say(language, "Đơn vị giữ:", "Hands:"), &moved);
        }
    }
    if recorded.placement != i32::from(v1::Placement::Placed) {
        row(say(language, "Hành trình:", "Placed:"), &human::placement(recorded.placement, language));
    }
    if let Some(position) = shapes::position(recorded.position.as_ref()) {
        let again = say(language, " (đã ghi từ trước)", " (recorded before)");
        row(
            say(language, "Đã ghi sổ:", "Recorded at:"),
            &format!("{position}{}", if recorded.replayed { again } else { "" }),
        );
    }
    for hint in &recorded.hints {
        if hint.kind == i32::from(v1::HintKind::Candidate) {
            row(say(language, "Có thể là:", "May be:"), &hint.leg);
        } else if hint.kind == i32::from(v1::HintKind::LegNow) {
            let now = format!(
                "{}, {}",
                human::leg_state(hint.state, language),
                human::holder(hint.holder.as_ref(), language)
            );
            row(say(language, "Hiện nay:", "Now:"), &now);
        }
    }
    lines.extend(human::anomalies(&recorded.anomalies, language).into_iter().map(|told| format!("  {told}")));
    lines
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn read(line: &str) -> Result<Args, clap::Error> {
        Line::try_parse_from(std::iter::once("scan").chain(line.split(' '))).map(|line| line.args)
    }

    fn sent(line: &str) -> (v1::Capture, v1::Event, v1::Personal) {
        let args = read(line).unwrap();
        let capture = capture(&args, "id-1", args.at.unwrap_or_else(now)).unwrap();
        let event = v1::Event::decode(capture.event.clone()).unwrap();
        let personal = v1::Personal::decode(capture.personal.clone()).unwrap();
        (capture, event, personal)
    }

    #[test]
    fn bare_codes_go_over_the_wire_whole() {
        let (capture, event, personal) = sent(
            "ra990000010vn --type picked-up --source carriers/p/devices/d --also slip:000123 --agency H99.14 \
             --counter H99.01 --office 991230 --leg 0-12 --procedure 1.004194 --leg-kind inbound --reason 77 \
             --at 2026-11-20T14:05:00+07:00 --device-seq 9",
        );
        assert_eq!(
            (capture.source.as_str(), capture.client_event_id.as_str()),
            ("carriers/p/devices/d", "id-1")
        );
        let code = event.code.unwrap();
        assert_eq!((code.kind, code.value.as_str()), (0, "ra990000010vn"));
        assert_eq!((event.also[0].kind, event.also[0].value.as_str()), (4, "000123"));
        assert_eq!((event.agency.as_str(), event.counter.as_str()), ("agencies/H99.14", "agencies/H99.01"));
        assert_eq!((event.office.as_str(), event.leg.as_str()), ("carriers/p/offices/991230", "legs/0-12"));
        assert_eq!((event.procedure.as_str(), event.leg_kind), ("procedures/1.004194", 1));
        assert_eq!((event.reason, event.device_seq, event.zone_offset_s), (77, 9, 25_200));
        assert_eq!(event.occurred_at.unwrap().seconds, 1_795_158_300);
        assert_eq!((capture.personal.len(), personal), (0, v1::Personal::default()));
    }

    #[test]
    fn what_reads_as_no_code_never_stands_in_the_event() {
        let (capture, event, personal) =
            sent("001099012345|N.V.A --type office-in --source carriers/p/devices/d");
        assert_eq!(event.code.unwrap(), v1::Code::default());
        assert_eq!(personal.raw_scan, "001099012345|N.V.A");
        assert!(!String::from_utf8_lossy(&capture.event).contains("N.V.A"));
        let (_, event, personal) = sent("EB123456789VN --type office-in --source carriers/p/devices/d");
        assert_eq!((event.code.unwrap().value.as_str(), personal.raw_scan.as_str()), ("EB123456789VN", ""));
    }

    #[test]
    fn a_repetition_with_the_same_id_and_time_is_the_same_bytes() {
        let line =
            "RA990000010VN --type arrived --source carriers/p/devices/d --at 2026-11-20T14:05:00Z --note x";
        assert_eq!(sent(line).0, sent(line).0);
    }

    #[test]
    fn a_wrong_line_is_a_matter_of_usage() {
        for line in [
            "X --source carriers/p/devices/d",
            "X --type arrived",
            "X --type ordered --source carriers/p/devices/d",
            "X --type arrived --source d",
            "X --type arrived --source carriers/p/devices/d --at yesterday",
            "X --type arrived --source carriers/p/devices/d --reason nonsense",
        ] {
            assert_eq!(read(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn the_answer_says_who_has_it_and_what_does_not_fit() {
        let citizen = v1::Holder { kind: v1::HolderKind::Citizen.into(), ..Default::default() };
        let post = v1::Holder { kind: 2, party: "carriers/p".into(), office: String::new() };
        let recorded = v1::Recorded {
            position: Some(v1::Position { lane: 0, pos: 17 }),
            placement: v1::Placement::Placed.into(),
            replayed: true,
            code: "RA990000010VN".into(),
            outcome: Some(v1::Outcome { state: 4, holder_before: Some(citizen), holder_after: Some(post) }),
            anomalies: vec![v1::Anomaly { kind: 14, position: "0-17".into() }],
            ..Default::default()
        };
        let expected = [
            "Nhận gửi · RA990000010VN",
            "  Trạng thái: Đã nhận gửi",
            "  Đơn vị giữ: Người dân → Bưu chính carriers/p",
            "  Đã ghi sổ: 0-17 (đã ghi từ trước)",
            "  ! Đồng hồ thiết bị sai. Hãy chỉnh giờ và ngày của thiết bị.",
        ];
        assert_eq!(block(EventType::PickedUp, &recorded, Language::Vietnamese), expected);
    }
}
