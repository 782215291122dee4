//! What bad input gets: a code, a reason, the field and a sentence that helps, in the caller's language; nothing of it is
//! kept, nothing else is lost, and no text tells how the gateway is made.

use bytes::Bytes;
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use trao::doors::wire::v1;

use crate::support::codes;
use crate::support::partner::{
    DEPARTMENT_READER, OTHER_PDA, PC, PDA, Partner, Province, capture, code, event,
};
use crate::support::raw;
use crate::support::world::{BY_POST, NOT_BY_POST, SIBLING, World};

/// Year 9999.
const FAR: prost_types::Timestamp = prost_types::Timestamp { seconds: 253_402_300_799, nanos: 0 };

/// A call, with its bad input.
enum Call {
    Capture(v1::Capture),
    NoLine,
    Batch(Vec<Bytes>),
    Sync(Vec<v1::SyncEventsRequest>),
    Device(&'static str),
    Classify(String),
    Order(v1::OrderLegRequest),
    Cancel(v1::CancelLegRequest),
    GetLeg(String),
    ListLegs(v1::ListLegsRequest),
    Register(v1::RegisterDossierRequest),
    Accept(v1::AcceptDossierRequest),
    GetDossier(v1::GetDossierRequest),
    ListDossiers(v1::ListDossiersRequest),
    Search(v1::SearchDossiersRequest),
    Events(v1::ListDossierEventsRequest),
    Pull(v1::PullEventsRequest),
    Stream(v1::StreamEventsRequest),
    Digest(v1::GetFeedDigestRequest),
    CreateAgency(v1::Agency),
    CreateCarrier(v1::Carrier),
    CreateSource(v1::Source),
    Raw(&'static str, Bytes),
}

/// One row of the table.
struct Row {
    what: &'static str,
    who: Partner,
    call: Call,
    code: Code,
    reason: &'static str,
    field: &'static str,
}

const REQUEST_ID: &str = "row-0001";

/// What a call is answered with: an error, or a panic that says which row was not refused.
async fn make(world: &World, who: &Partner, call: Call) -> Result<(), Status> {
    fn ask<T>(who: &Partner, message: T) -> Request<T> {
        who.ask_as(message, REQUEST_ID, "vi-VN,vi;q=0.9,en;q=0.5")
    }
    match call {
        Call::Capture(line) => {
            let request = v1::CaptureEventRequest { line: Some(line) };
            world.captures().capture_event(ask(who, request)).await.map(drop)
        }
        Call::NoLine => {
            world.captures().capture_event(ask(who, v1::CaptureEventRequest { line: None })).await.map(drop)
        }
        Call::Batch(lines) => {
            let request = v1::BatchCaptureEventsRequest { lines };
            world.captures().batch_capture_events(ask(who, request)).await.map(drop)
        }
        Call::Sync(messages) => {
            let request = ask(who, tokio_stream::iter(messages));
            let mut answers = world.captures().sync_events(request).await?.into_inner();
            while answers.message().await?.is_some() {}
            Ok(())
        }
        Call::Device(source) => {
            let request = v1::GetDeviceStateRequest { source: source.to_owned() };
            world.captures().get_device_state(ask(who, request)).await.map(drop)
        }
        Call::Classify(text) => {
            world.captures().classify_scan(ask(who, v1::ClassifyScanRequest { text })).await.map(drop)
        }
        Call::Order(request) => world.legs().order_leg(ask(who, request)).await.map(drop),
        Call::Cancel(request) => world.legs().cancel_leg(ask(who, request)).await.map(drop),
        Call::GetLeg(name) => world.legs().get_leg(ask(who, v1::GetLegRequest { name })).await.map(drop),
        Call::ListLegs(request) => world.legs().list_legs(ask(who, request)).await.map(drop),
        Call::Register(request) => world.dossiers().register_dossier(ask(who, request)).await.map(drop),
        Call::Accept(request) => world.dossiers().accept_dossier(ask(who, request)).await.map(drop),
        Call::GetDossier(request) => world.dossiers().get_dossier(ask(who, request)).await.map(drop),
        Call::ListDossiers(request) => world.dossiers().list_dossiers(ask(who, request)).await.map(drop),
        Call::Search(request) => world.dossiers().search_dossiers(ask(who, request)).await.map(drop),
        Call::Events(request) => world.dossiers().list_dossier_events(ask(who, request)).await.map(drop),
        Call::Pull(request) => world.feeds().pull_events(ask(who, request)).await.map(drop),
        Call::Digest(request) => world.feeds().get_feed_digest(ask(who, request)).await.map(drop),
        Call::Stream(request) => {
            let mut events = world.feeds().stream_events(ask(who, request)).await?.into_inner();
            events.message().await.map(drop)
        }
        Call::CreateAgency(agency) => {
            let request = v1::CreateAgencyRequest { agency: Some(agency) };
            world.directory().create_agency(ask(who, request)).await.map(drop)
        }
        Call::CreateCarrier(carrier) => {
            let request = v1::CreateCarrierRequest { carrier: Some(carrier) };
            world.directory().create_carrier(ask(who, request)).await.map(drop)
        }
        Call::CreateSource(source) => {
            let request = v1::CreateSourceRequest { source: Some(source) };
            world.directory().create_source(ask(who, request)).await.map(drop)
        }
        Call::Raw(path, bytes) => raw::unary(world.channel(), path, ask(who, bytes)).await.map(drop),
    }
}

/// Everything a refusal must be, whatever it is about.
fn check(row: &Row, status: &Status, world: &World) {
    let what = row.what;
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("{what}: no ErrorInfo in {status:?}"));
    let field = info.metadata.get("field").map_or("", String::as_str);
    assert_eq!(
        (status.code(), info.reason.as_str(), field),
        (row.code, row.reason, row.field),
        "{what}: {status:?}"
    );
    assert_eq!(info.domain, "trao", "{what}");
    assert_eq!(details.request_info().unwrap().request_id, REQUEST_ID, "{what}");
    let header = status.metadata().get("x-request-id").map(|id| id.to_str().unwrap().to_owned());
    assert_eq!(header.as_deref(), Some(REQUEST_ID), "{what}");

    let local = details.localized_message().unwrap();
    assert_eq!(local.locale, "vi", "{what}");
    assert!(
        local
            .message
            .chars()
            .any(|letter| "ạảãàáâậầấẩẫăắằặẳẵóòọõỏôộổỗồốơờớợởỡéèẻẹẽêếềệểễúùụủũưựữửừứíìịỉĩýỳỷỵỹđ"
                .contains(letter)),
        "{what}: no Vietnamese: {}",
        local.message
    );
    assert_ne!(local.message, status.message(), "{what}");

    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    if row.code == Code::InvalidArgument && !row.field.is_empty() {
        assert_eq!(violations.len(), 1, "{what}");
        assert_eq!(violations[0].field, row.field, "{what}");
    } else {
        assert!(violations.is_empty(), "{what}");
    }
    assert_eq!(details.precondition_failure().is_some(), row.code == Code::FailedPrecondition, "{what}");
    assert!(details.retry_info().is_none(), "{what}: trying again does not help");

    for text in [status.message(), local.message.as_str()]
        .into_iter()
        .chain(info.metadata.values().map(String::as_str))
    {
        says_nothing_of_the_inside(what, text, world);
    }
    for text in [status.message(), local.message.as_str()] {
        assert!(text.chars().count() > 25 && text.contains(' '), "{what}: no help: {text}");
    }
}

pub(crate) fn says_nothing_of_the_inside(what: &str, text: &str, world: &World) {
    let folder = world.gateway.folder().to_str().unwrap();
    let inside = [
        folder,
        "/tmp",
        "/home",
        "src/",
        ".rs",
        "panic",
        "sqlite",
        "SQL",
        "SELECT",
        "INSERT",
        "constraint",
        "prost",
    ];
    for word in inside {
        assert!(!text.contains(word), "{what}: {text}");
    }
    assert!(!text.chars().any(char::is_control), "{what}: {text:?}");
}

/// What stands before the table: a dossier of the sibling, a leg picked up, one not, a leg of the sibling.
struct Ground {
    picked_up: v1::Leg,
    ordered: v1::Leg,
    foreign_leg: v1::Leg,
    foreign_dossier: v1::Dossier,
    cursor: Bytes,
    leg_page: String,
    narrow: Partner,
}

async fn ground(world: &World) -> Ground {
    let p = &world.province;
    let picked_up = {
        let item = code(&codes::item(1));
        let order = v1::OrderLegRequest { item, ..world.order(v1::LegKind::Inbound) };
        world.ordered(&p.department, order).await
    };
    world.scan(PDA, v1::EventType::PickedUp, &codes::item(1)).await;
    let ordered = {
        let item = code(&codes::item(2));
        let order = v1::OrderLegRequest { item, ..world.order(v1::LegKind::Inbound) };
        world.ordered(&p.department, order).await
    };
    let foreign_leg = {
        let (agency, item) = (SIBLING.to_owned(), code(&codes::item(3)));
        let counter = SIBLING.to_owned();
        let order = v1::OrderLegRequest { agency, counter, item, ..world.order(v1::LegKind::Inbound) };
        world.ordered(&p.sibling, order).await
    };
    let foreign_dossier = {
        let request = v1::RegisterDossierRequest {
            agency: SIBLING.to_owned(),
            ..world.registration("H99.17-261120-0001")
        };
        world.registered(&p.sibling, request).await
    };
    world
        .registered(
            &p.department,
            v1::RegisterDossierRequest {
                request_id: "ground-dossier".to_owned(),
                ..world.registration(&codes::dossier(1))
            },
        )
        .await;
    let request = v1::PullEventsRequest { page_size: 1, ..v1::PullEventsRequest::default() };
    let page = world.feeds().pull_events(p.department.ask(request)).await.unwrap().into_inner();
    let request = v1::ListLegsRequest { page_size: 1, ..v1::ListLegsRequest::default() };
    let legs = world.legs().list_legs(p.department.ask(request)).await.unwrap().into_inner();
    assert!(!legs.next_page_token.is_empty());
    let narrow = Partner::create(world.gateway.folder(), "carriers/p", "post-operator", &["--source", PC]);
    Ground {
        picked_up,
        ordered,
        foreign_leg,
        foreign_dossier,
        cursor: page.next_cursor,
        leg_page: legs.next_page_token,
        narrow,
    }
}

fn scan(change: impl FnOnce(&mut v1::Event)) -> Call {
    let mut event = event(v1::EventType::OfficeIn, &codes::item(900));
    change(&mut event);
    Call::Capture(capture(PDA, "bad-1", &event))
}

fn line(change: impl FnOnce(&mut v1::Capture)) -> Call {
    let mut line = capture(PDA, "bad-2", &event(v1::EventType::OfficeIn, &codes::item(900)));
    change(&mut line);
    Call::Capture(line)
}

fn with_personal(personal: v1::Personal) -> Call {
    line(|line| line.personal = personal.encode_to_vec().into())
}

fn slip(value: &str) -> Option<v1::Code> {
    Some(v1::Code { kind: v1::CodeKind::Slip.into(), value: value.to_owned(), ..v1::Code::default() })
}

/// A cursor that reads well and names an event far ahead.
fn ahead(cursor: &Bytes) -> Bytes {
    let mut body = cursor[..cursor.len() - 8].to_vec();
    let at = body.len() - 8;
    body[at..].copy_from_slice(&1_000_000_u64.to_be_bytes());
    let check = Sha256::digest(&body);
    body.extend_from_slice(&check[..8]);
    body.into()
}

fn damaged(cursor: &Bytes) -> Bytes {
    let mut bytes = cursor.to_vec();
    bytes[3] ^= 1;
    bytes.into()
}

fn from_cursor(cursor: Bytes) -> v1::PullEventsRequest {
    let start = Some(v1::pull_events_request::Start::Cursor(cursor));
    v1::PullEventsRequest { start, ..v1::PullEventsRequest::default() }
}

fn hello(source: &str) -> v1::SyncEventsRequest {
    let hello = v1::Hello { source: source.to_owned(), last_device_seq: 0 };
    v1::SyncEventsRequest { message: Some(v1::sync_events_request::Message::Hello(hello)) }
}

/// The rows about one captured line: all by the carrier.
#[rustfmt::skip] // a table reads best as one row a line
fn lines(post: &Partner) -> Vec<Row> {
    use v1::EventType;
    let mut rows = Vec::new();
    let mut row = |what, call, reason, field| {
        rows.push(Row { what, who: post.clone(), call, code: Code::InvalidArgument, reason, field });
    };
    let value = "line.event.code.value";
    row("wrong check digit", scan(|e| e.code = code(&codes::item_with_wrong_check_digit(900))), "CHECK_DIGIT", value);
    row("impossible date", scan(|e| e.code = code("H99.14-260230-0001")), "DATE_IMPOSSIBLE", value);
    row("a code over 64 characters", scan(|e| e.code = slip(&"7".repeat(65))), "CODE_TOO_LONG", value);
    row("no code at all", scan(|e| e.code = code("hello")), "CODE_FORMAT", value);
    row("a procedure's code", scan(|e| e.code = code("1.004194")), "CODE_FORMAT", value);
    row("an item one character short", scan(|e| e.code = code("RA9900000VN")), "CODE_FORMAT", value);
    row("an agency's code gone wrong", scan(|e| e.code = code("H99-14-261120-0001")), "CODE_FORMAT", value);
    row("an unknown kind of code", scan(|e| e.code.as_mut().unwrap().kind = 9), "ENUM_UNKNOWN", "line.event.code.kind");
    row("a spoilt other code", scan(|e| e.also = vec![slip("000123").unwrap(), code("RA1").unwrap()]), "CODE_FORMAT", "line.event.also[1].value");
    row("too many other codes", scan(|e| e.also = vec![slip("000123").unwrap(); 17]), "BATCH_TOO_LARGE", "line.event.also");
    row("a bag that is none", scan(|e| e.receptacle = code(&codes::item(1))), "CODE_FORMAT", "line.event.receptacle.value");
    row("no event type", scan(|e| e.r#type = 0), "FIELD_REQUIRED", "line.event.type");
    row("unknown event type", scan(|e| e.r#type = 999), "ENUM_UNKNOWN", "line.event.type");
    row("negative event type", scan(|e| e.r#type = -1), "ENUM_UNKNOWN", "line.event.type");
    row("an event that only the gateway makes", scan(|e| e.set_type(EventType::Ordered)), "ENUM_UNKNOWN", "line.event.type");
    row("a placing made by a client", scan(|e| e.set_type(EventType::Placed)), "ENUM_UNKNOWN", "line.event.type");
    row("unknown kind of leg", scan(|e| e.leg_kind = 77), "ENUM_UNKNOWN", "line.event.leg_kind");
    row("no time", scan(|e| e.occurred_at = None), "FIELD_REQUIRED", "line.event.occurred_at");
    row("the year 9999", scan(|e| e.occurred_at = Some(FAR)), "TIME_OUT_OF_RANGE", "line.event.occurred_at");
    row("before 1970", scan(|e| e.occurred_at = Some(prost_types::Timestamp { seconds: -1, nanos: 0 })), "TIME_OUT_OF_RANGE", "line.event.occurred_at");
    row("the end of all seconds", scan(|e| e.occurred_at = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 })), "TIME_OUT_OF_RANGE", "line.event.occurred_at");
    row("no nanoseconds", scan(|e| e.occurred_at = Some(prost_types::Timestamp { seconds: 1, nanos: -1 })), "TIME_OUT_OF_RANGE", "line.event.occurred_at");
    row("until the year 9999", scan(|e| e.until = Some(FAR)), "TIME_OUT_OF_RANGE", "line.event.until");
    row("due in the year 9999", scan(|e| e.due_at = Some(FAR)), "TIME_OUT_OF_RANGE", "line.event.due_at");
    row("a zone beyond a day", scan(|e| e.zone_offset_s = 90_000), "TIME_OUT_OF_RANGE", "line.event.zone_offset_s");
    row("sent in the year 9999", line(|l| l.send_time = Some(FAR)), "TIME_OUT_OF_RANGE", "line.send_time");
    row("u64::MAX as device number", scan(|e| e.device_seq = u64::MAX), "DEVICE_SEQ_RANGE", "line.event.device_seq");
    row("2^63 as device number", scan(|e| e.device_seq = 1 << 63), "DEVICE_SEQ_RANGE", "line.event.device_seq");
    row("a void of nothing", scan(|e| e.set_type(EventType::Voided)), "FIELD_REQUIRED", "line.event.corrects");
    row("a correction of no position", scan(|e| e.corrects = "0-01".to_owned()), "TEXT_INVALID", "line.event.corrects");
    row("a leg of no name", scan(|e| e.leg = "legs/1".to_owned()), "TEXT_INVALID", "line.event.leg");
    row("a party of no collection", scan(|e| e.agency = "H99.14".to_owned()), "TEXT_INVALID", "line.event.agency");
    row("an office of five digits", scan(|e| e.office = "carriers/p/offices/12345".to_owned()), "TEXT_INVALID", "line.event.office");
    row("a procedure of no collection", scan(|e| e.procedure = "1.004194".to_owned()), "TEXT_INVALID", "line.event.procedure");
    row("0x00 in a code", scan(|e| e.code = slip("00\u{0}123")), "TEXT_INVALID", value);
    row("0x00 in an agency", scan(|e| e.agency = "agencies/\u{0}".to_owned()), "TEXT_INVALID", "line.event.agency");
    row("0x00 in a staff number", scan(|e| e.actor = "4\u{0}2".to_owned()), "TEXT_INVALID", "line.event.actor");
    row("a name as a staff number", scan(|e| e.actor = "Lê Văn Cam".to_owned()), "TEXT_INVALID", "line.event.actor");
    row("a manifest of no collection", scan(|e| e.manifest = "bảng kê 7".to_owned()), "TEXT_INVALID", "line.event.manifest");
    row("0x00 in a manifest", scan(|e| e.manifest = "m\u{0}".to_owned()), "TEXT_INVALID", "line.event.manifest");
    row("0x00 in an office", scan(|e| e.office = "carriers/p/offices/12345\u{0}".to_owned()), "TEXT_INVALID", "line.event.office");
    row("0x00 in a name", with_personal(v1::Personal { name: "A\u{0}".into(), ..Default::default() }), "TEXT_INVALID", "line.personal.name");
    row("0x00 in a raw scan", with_personal(v1::Personal { raw_scan: "A\u{0}".into(), ..Default::default() }), "TEXT_INVALID", "line.personal.raw_scan");
    row("a name of 501 characters", with_personal(v1::Personal { name: "ă".repeat(501), ..Default::default() }), "TEXT_INVALID", "line.personal.name");
    row("a digest of 31 bytes", with_personal(v1::Personal { proof_sha256: vec![7; 31].into(), ..Default::default() }), "TEXT_INVALID", "line.personal.proof_sha256");
    row("0x00 in an id", line(|l| l.client_event_id = "a\u{0}b".to_owned()), "TEXT_INVALID", "line.client_event_id");
    row("0x00 in a source", line(|l| l.source = "carriers/p/devices/\u{0}".to_owned()), "TEXT_INVALID", "line.source");
    row("no id", line(|l| l.client_event_id.clear()), "FIELD_REQUIRED", "line.client_event_id");
    row("an id of 65 characters", line(|l| l.client_event_id = "x".repeat(65)), "TEXT_INVALID", "line.client_event_id");
    row("an id with a space", line(|l| l.client_event_id = "a b".to_owned()), "TEXT_INVALID", "line.client_event_id");
    row("an id with an accent", line(|l| l.client_event_id = "à".to_owned()), "TEXT_INVALID", "line.client_event_id");
    row("no source", line(|l| l.source.clear()), "FIELD_REQUIRED", "line.source");
    row("no event", line(|l| l.event.clear()), "FIELD_REQUIRED", "line.event");
    row("an event that is no message", line(|l| l.event = vec![0xff; 9].into()), "MESSAGE_MALFORMED", "line.event");
    row("a personal part that is no message", line(|l| l.personal = vec![0x0a, 0x7f].into()), "MESSAGE_MALFORMED", "line.personal");
    row("invalid UTF-8 in an event", line(|l| l.event = vec![0x32, 2, 0xc3, 0x28].into()), "MESSAGE_MALFORMED", "line.event");
    row("an event of more than 4 KiB", line(|l| {
        let mut bytes = l.event.to_vec();
        bytes.extend_from_slice(&[0xc2, 0x3e, 0x80, 0x20]);
        bytes.extend_from_slice(&[b'x'; 4_096]);
        l.event = bytes.into();
    }), "MESSAGE_TOO_LARGE", "line.event");
    row("a personal part of more than 8 KiB", with_personal(v1::Personal { note: "x".repeat(8_200), ..Default::default() }), "MESSAGE_TOO_LARGE", "line.personal");
    row("no line", Call::NoLine, "FIELD_REQUIRED", "line");
    row("501 lines", Call::Batch(vec![Bytes::new(); 501]), "BATCH_TOO_LARGE", "lines");
    row("a stream that does not say hello", Call::Sync(vec![v1::SyncEventsRequest { message: None }]), "FIELD_REQUIRED", "hello");
    row("a text of 501 characters to classify", Call::Classify("7".repeat(501)), "TEXT_INVALID", "text");
    row("an undecodable message", Call::Raw("/trao.v1.CaptureService/CaptureEvent", Bytes::from_static(&[0x0a, 0xff])), "MESSAGE_MALFORMED", "");
    row("a message over 1 MiB", Call::Raw("/trao.v1.CaptureService/BatchCaptureEvents", vec![0x0a; (1 << 20) + 1].into()), "MESSAGE_TOO_LARGE", "");
    row("an undecodable message to another service", Call::Raw("/trao.v1.DossierService/GetDossier", Bytes::from_static(&[0x0a, 0xff])), "MESSAGE_MALFORMED", "");
    rows
}

/// The rows about who calls.
#[rustfmt::skip] // a table reads best as one row a line
fn callers(world: &World, ground: &Ground) -> Vec<Row> {
    let p = &world.province;
    let mut rows = Vec::new();
    let mut row = |what, who: &Partner, call, code, reason, field| {
        rows.push(Row { what, who: who.clone(), call, code, reason, field });
    };
    let good = || scan(|_| {});
    let of = |source: &'static str| line(move |line| line.source = source.to_owned());
    let unauthenticated = Code::Unauthenticated;
    let nobody = Partner::stranger("");
    row("no key", &nobody, good(), unauthenticated, "KEY_INVALID", "");
    row("a key that is none", &Partner::stranger("hunter2"), good(), unauthenticated, "KEY_INVALID", "");
    let mut typo = p.post.key.clone().into_bytes();
    let last = typo.len() - 6;
    typo[last] = if typo[last] == b'a' { b'b' } else { b'a' };
    let typo = Partner::stranger(&String::from_utf8(typo).unwrap());
    row("a mistyped key", &typo, good(), unauthenticated, "KEY_INVALID", "");

    let denied = Code::PermissionDenied;
    row("a source that nobody enrolled", &p.post, of("carriers/p/devices/none"), denied, "UNKNOWN_SOURCE", "line.source");
    row("a source of another party", &p.post, of(OTHER_PDA), denied, "UNKNOWN_SOURCE", "line.source");
    row("a source of an agency", &p.post, of(DEPARTMENT_READER), denied, "UNKNOWN_SOURCE", "line.source");
    row("a party in place of a source", &p.post, of("carriers/p"), denied, "UNKNOWN_SOURCE", "line.source");
    row("a source that the key is not bound to", &ground.narrow, good(), denied, "UNKNOWN_SOURCE", "line.source");
    row("the gateway's own source", &p.post, of("trao/gateway"), denied, "UNKNOWN_SOURCE", "line.source");
    row("another party's device state", &p.post, Call::Device(OTHER_PDA), denied, "UNKNOWN_SOURCE", "source");
    row("a device state of nothing", &p.post, Call::Device("carriers/p/devices/none"), denied, "UNKNOWN_SOURCE", "source");
    row("a stream for another party's device", &p.post, Call::Sync(vec![hello(OTHER_PDA)]), denied, "UNKNOWN_SOURCE", "hello.source");

    row("an administrator who scans", &p.admin, good(), denied, "ROLE_NOT_ALLOWED", "");
    row("an administrator who reads a feed", &p.admin, Call::Pull(v1::PullEventsRequest::default()), denied, "ROLE_NOT_ALLOWED", "");
    row("an administrator who follows a feed", &p.admin, Call::Stream(v1::StreamEventsRequest::default()), denied, "ROLE_NOT_ALLOWED", "");
    row("an administrator who asks for a digest", &p.admin, Call::Digest(v1::GetFeedDigestRequest::default()), denied, "ROLE_NOT_ALLOWED", "");
    row("an administrator who lists legs", &p.admin, Call::ListLegs(v1::ListLegsRequest::default()), denied, "ROLE_NOT_ALLOWED", "");
    row("an administrator who registers", &p.admin, Call::Register(world.registration(&codes::dossier(9))), denied, "ROLE_NOT_ALLOWED", "");
    let agency = v1::Agency { code: "H99.20".into(), title: "A".into(), kind: 3, ..Default::default() };
    row("an officer who enters an agency", &p.department, Call::CreateAgency(agency.clone()), denied, "ROLE_NOT_ALLOWED", "");
    row("a postman who registers a dossier", &p.post, Call::Register(world.registration(&codes::dossier(9))), denied, "ROLE_NOT_ALLOWED", "agency");

    let exists = Code::AlreadyExists;
    let changed = v1::Agency { code: "H99.14".into(), title: "Another".into(), ..agency.clone() };
    row("an agency entered twice with other content", &p.admin, Call::CreateAgency(changed), exists, "RESOURCE_EXISTS", "agency");
    let invalid = Code::InvalidArgument;
    let without = v1::Agency { kind: 0, ..agency.clone() };
    row("an agency of no kind", &p.admin, Call::CreateAgency(without), invalid, "FIELD_REQUIRED", "agency.kind");
    let without = v1::Agency { code: String::new(), ..agency.clone() };
    row("an agency without code", &p.admin, Call::CreateAgency(without), invalid, "FIELD_REQUIRED", "agency.code");
    let below = v1::Agency { parent: "agencies/H01".into(), ..agency };
    row("an agency below none", &p.admin, Call::CreateAgency(below), Code::NotFound, "NOT_FOUND", "agency.parent");
    let carrier = v1::Carrier { id: "a\u{0}".into(), title: "A".into(), ..Default::default() };
    row("0x00 in a carrier", &p.admin, Call::CreateCarrier(carrier), invalid, "TEXT_INVALID", "carrier.id");
    let source = v1::Source { party: "carriers/none".into(), kind: 1, id: "a".into(), ..Default::default() };
    row("a source of no party", &p.admin, Call::CreateSource(source), Code::NotFound, "NOT_FOUND", "source.party");
    rows
}

/// The rows about commands.
#[rustfmt::skip] // a table reads best as one row a line
fn commands(world: &World, ground: &Ground) -> Vec<Row> {
    let Province { department, sibling, .. } = &world.province;
    let mut rows = Vec::new();
    let mut row = |what, who: &Partner, call, code, reason, field| {
        rows.push(Row { what, who: who.clone(), call, code, reason, field });
    };
    let order = |change: &dyn Fn(&mut v1::OrderLegRequest)| {
        let mut order = world.order(v1::LegKind::Inbound);
        change(&mut order);
        Call::Order(order)
    };
    let invalid = Code::InvalidArgument;
    row("an order without id", department, order(&|o| o.request_id.clear()), invalid, "FIELD_REQUIRED", "request_id");
    row("an order with a long id", department, order(&|o| o.request_id = "x".repeat(65)), invalid, "TEXT_INVALID", "request_id");
    row("an order of an unknown kind", department, order(&|o| o.kind = 77), invalid, "ENUM_UNKNOWN", "kind");
    row("an order of no kind", department, order(&|o| o.kind = 0), invalid, "FIELD_REQUIRED", "kind");
    row("an order without agency", department, order(&|o| o.agency.clear()), invalid, "FIELD_REQUIRED", "agency");
    row("an order due in the year 9999", department, order(&|o| o.due_at = Some(FAR)), invalid, "TIME_OUT_OF_RANGE", "due_at");
    row("an order with a spoilt item", department, order(&|o| o.item = code(&codes::item_with_wrong_check_digit(5))), invalid, "CHECK_DIGIT", "item.value");
    row("an order with an undecodable personal part", department, order(&|o| o.personal = vec![0x0a, 0x7f].into()), invalid, "MESSAGE_MALFORMED", "personal");
    let not_found = Code::NotFound;
    row("an order of an unknown procedure", department, order(&|o| o.procedure = "procedures/9.999999".into()), not_found, "NOT_FOUND", "procedure");
    row("an order by no carrier", department, order(&|o| o.carrier = "carriers/none".into()), not_found, "NOT_FOUND", "carrier");
    row("an order in an unknown agency's name", department, order(&|o| o.agency = "agencies/H01".into()), not_found, "NOT_FOUND", "agency");
    let failed = Code::FailedPrecondition;
    row("an order of what may not go by post", department, order(&|o| o.procedure = NOT_BY_POST.into()), failed, "PROCEDURE_NOT_ELIGIBLE", "procedure");
    row("an order of a return", department, order(&|o| o.set_kind(v1::LegKind::ReturnToCitizen)), failed, "LEG_STATE", "kind");

    let cancel = |name: &str| {
        let (request_id, name) = (world.fresh("cancel"), name.to_owned());
        Call::Cancel(v1::CancelLegRequest { request_id, name, ..Default::default() })
    };
    row("a cancellation after the pick-up", department, cancel(&ground.picked_up.name), failed, "LEG_STATE", "name");
    row("a cancellation of a foreign leg", department, cancel(&ground.foreign_leg.name), not_found, "NOT_FOUND", "name");
    row("a cancellation of nothing", department, cancel("legs/0-99999"), not_found, "NOT_FOUND", "name");
    row("a cancellation without name", department, cancel(""), invalid, "FIELD_REQUIRED", "name");
    row("a cancellation of no leg's name", department, cancel("dossiers/0-1"), invalid, "TEXT_INVALID", "name");

    let register = |change: &dyn Fn(&mut v1::RegisterDossierRequest)| {
        let mut request = world.registration(&codes::dossier(9));
        change(&mut request);
        Call::Register(request)
    };
    let exists = Code::AlreadyExists;
    row("a second registration with other content", department, register(&|r| { r.code = code(&codes::dossier(1)); r.slip = "000777".into(); }), exists, "DOSSIER_EXISTS", "code");
    row("a request id used with other content", department, register(&|r| { r.request_id = "ground-dossier".into(); r.code = code(&codes::dossier(1)); r.slip = "000777".into(); }), exists, "EVENT_KEY_REUSED", "");
    row("a registration without code", department, register(&|r| r.code = None), invalid, "FIELD_REQUIRED", "code");
    row("a registration with an impossible date", department, register(&|r| r.code = code("H99.14-261320-0001")), invalid, "DATE_IMPOSSIBLE", "code.value");
    row("0x00 in a slip", department, register(&|r| r.slip = "0\u{0}1".into()), invalid, "TEXT_INVALID", "slip");
    row("a registration of an item", department, register(&|r| r.code = code(&codes::item(1))), invalid, "CODE_FORMAT", "code.value");

    let accept = |target: v1::accept_dossier_request::Target| {
        Call::Accept(v1::AcceptDossierRequest {
            request_id: world.fresh("accept"),
            target: Some(target),
            code: code(&codes::dossier(9)),
            procedure: BY_POST.to_owned(),
            ..Default::default()
        })
    };
    use v1::accept_dossier_request::Target;
    row("an acceptance before the handover", department, accept(Target::Leg(ground.picked_up.name.clone())), failed, "LEG_STATE", "leg");
    row("an acceptance of an order", department, accept(Target::Item(code(&codes::item(2)).unwrap())), failed, "LEG_STATE", "item");
    row("an acceptance of a foreign leg", department, accept(Target::Leg(ground.foreign_leg.name.clone())), not_found, "NOT_FOUND", "leg");
    row("an acceptance of a foreign item", department, accept(Target::Item(code(&codes::item(3)).unwrap())), not_found, "NOT_FOUND", "item");
    row("an acceptance of nothing", department, accept(Target::Item(code(&codes::item(4)).unwrap())), not_found, "NOT_FOUND", "item");
    row("a leg of the department, by its sibling", sibling, cancel(&ground.ordered.name), not_found, "NOT_FOUND", "name");
    rows
}

/// The rows about looking up.
#[rustfmt::skip] // a table reads best as one row a line
fn look_ups(world: &World, ground: &Ground) -> Vec<Row> {
    let Province { department, sibling, .. } = &world.province;
    let mut rows = Vec::new();
    let mut row = |what, call, code, reason, field| {
        rows.push(Row { what, who: department.clone(), call, code, reason, field });
    };
    let (invalid, not_found) = (Code::InvalidArgument, Code::NotFound);
    use v1::get_dossier_request::{At, Key};
    let get = |key: Option<Key>, at: Option<At>| Call::GetDossier(v1::GetDossierRequest { key, at });
    let by_name = |name: &str| Some(Key::Name(name.to_owned()));
    let by_code = |value: &str| code(value).map(Key::Code);
    row("a foreign leg", Call::GetLeg(ground.foreign_leg.name.clone()), not_found, "NOT_FOUND", "name");
    row("a leg that never was", Call::GetLeg("legs/0-99999".into()), not_found, "NOT_FOUND", "name");
    row("a leg without name", Call::GetLeg(String::new()), invalid, "FIELD_REQUIRED", "name");
    row("a leg of no name", Call::GetLeg("legs/0-0".into()), invalid, "TEXT_INVALID", "name");
    row("a foreign dossier by name", get(by_name(&ground.foreign_dossier.name), None), not_found, "NOT_FOUND", "name");
    row("a foreign dossier by code", get(by_code("H99.17-261120-0001"), None), not_found, "NOT_FOUND", "code");
    row("a dossier that never was", get(by_name("dossiers/0-99999"), None), not_found, "NOT_FOUND", "name");
    row("a dossier by nothing", get(None, None), invalid, "FIELD_REQUIRED", "key");
    row("a dossier by a spoilt code", get(by_code(&codes::item_with_wrong_check_digit(1)), None), invalid, "CHECK_DIGIT", "code.value");
    row("a dossier in the future", get(by_code(&codes::item(1)), Some(At::ReadTime(in_the_future()))), invalid, "TIME_OUT_OF_RANGE", "read_time");
    row("a dossier in the year 9999", get(by_code(&codes::item(1)), Some(At::ReadTime(FAR))), invalid, "TIME_OUT_OF_RANGE", "read_time");
    let events = |key| Call::Events(v1::ListDossierEventsRequest { key, ..Default::default() });
    use v1::list_dossier_events_request::Key as EventsKey;
    row("events of a foreign dossier", events(Some(EventsKey::Name(ground.foreign_dossier.name.clone()))), not_found, "NOT_FOUND", "name");
    row("events of nothing", events(None), invalid, "FIELD_REQUIRED", "key");
    row("a search for a spoilt code", Call::Search(v1::SearchDossiersRequest { code: code(&codes::item_with_wrong_check_digit(8)), ..Default::default() }), invalid, "CHECK_DIGIT", "code.value");
    row("a search for nothing", Call::Search(v1::SearchDossiersRequest::default()), invalid, "FIELD_REQUIRED", "code");

    for (what, page_size) in [("a page of −1", -1), ("a page of 1,001", 1_001)] {
        row(what, Call::ListLegs(v1::ListLegsRequest { page_size, ..Default::default() }), invalid, "PAGE_SIZE", "page_size");
        row(what, Call::ListDossiers(v1::ListDossiersRequest { page_size, ..Default::default() }), invalid, "PAGE_SIZE", "page_size");
        row(what, Call::Pull(v1::PullEventsRequest { page_size, ..Default::default() }), invalid, "PAGE_SIZE", "page_size");
        row(what, Call::Search(v1::SearchDossiersRequest { page_size, code: code(&codes::item(1)), ..Default::default() }), invalid, "PAGE_SIZE", "page_size");
    }
    let parent = || SIBLING.to_owned();
    row("another party's legs", Call::ListLegs(v1::ListLegsRequest { parent: parent(), ..Default::default() }), not_found, "NOT_FOUND", "parent");
    row("another party's dossiers", Call::ListDossiers(v1::ListDossiersRequest { parent: parent(), ..Default::default() }), not_found, "NOT_FOUND", "parent");
    row("another party's feed", Call::Pull(v1::PullEventsRequest { parent: parent(), ..Default::default() }), not_found, "NOT_FOUND", "parent");
    row("another party's stream", Call::Stream(v1::StreamEventsRequest { parent: parent(), ..Default::default() }), not_found, "NOT_FOUND", "parent");
    row("a digest of another party's feed", Call::Digest(v1::GetFeedDigestRequest { parent: parent(), ..Default::default() }), not_found, "NOT_FOUND", "parent");
    row("a feed of nobody", Call::Pull(v1::PullEventsRequest { parent: "agencies/H01".into(), ..Default::default() }), not_found, "NOT_FOUND", "parent");

    let token = |page_token: String| Call::ListLegs(v1::ListLegsRequest { page_token, ..Default::default() });
    let mut spoilt = ground.leg_page.clone();
    spoilt.insert(3, 'x');
    row("a damaged page token", token(spoilt), invalid, "CURSOR_INVALID", "page_token");
    row("a page token of nothing", token("next".into()), invalid, "CURSOR_INVALID", "page_token");
    row("a page token of another call", Call::ListDossiers(v1::ListDossiersRequest { page_token: ground.leg_page.clone(), ..Default::default() }), invalid, "CURSOR_INVALID", "page_token");
    row("a page token with another filter", Call::ListLegs(v1::ListLegsRequest { page_token: ground.leg_page.clone(), open_only: true, ..Default::default() }), invalid, "CURSOR_INVALID", "page_token");
    row("a damaged cursor", Call::Pull(from_cursor(damaged(&ground.cursor))), invalid, "CURSOR_INVALID", "cursor");
    row("a cursor ahead", Call::Pull(from_cursor(ahead(&ground.cursor))), Code::OutOfRange, "CURSOR_AHEAD", "cursor");
    let part = |from_cursor: Bytes, to_cursor: Bytes| Call::Digest(v1::GetFeedDigestRequest { parent: String::new(), from_cursor, to_cursor });
    row("a digest from a damaged cursor", part(damaged(&ground.cursor), Bytes::new()), invalid, "CURSOR_INVALID", "from_cursor");
    row("a digest up to a damaged cursor", part(Bytes::new(), damaged(&ground.cursor)), invalid, "CURSOR_INVALID", "to_cursor");
    row("a digest up to a cursor ahead", part(Bytes::new(), ahead(&ground.cursor)), Code::OutOfRange, "CURSOR_AHEAD", "to_cursor");
    row("a stream from a damaged cursor", Call::Stream(v1::StreamEventsRequest { cursor: damaged(&ground.cursor), ..Default::default() }), invalid, "CURSOR_INVALID", "cursor");
    let foreign = Call::Pull(from_cursor(ground.cursor.clone()));
    rows.push(Row { what: "a foreign cursor", who: sibling.clone(), call: foreign, code: invalid, reason: "CURSOR_FOREIGN", field: "cursor" });
    let foreign = token(ground.leg_page.clone());
    rows.push(Row { what: "a foreign page token", who: sibling.clone(), call: foreign, code: invalid, reason: "CURSOR_INVALID", field: "page_token" });
    rows
}

fn in_the_future() -> prost_types::Timestamp {
    let mut time = crate::support::partner::now();
    time.seconds += 3_600;
    time
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_by_name_with_help_and_costs_nothing_else() {
    let world = World::start().await;
    let ground = ground(&world).await;
    let head = world.scan(PDA, v1::EventType::OfficeIn, &codes::item(1)).await.position.unwrap().pos;

    let mut rows = lines(&world.province.post);
    rows.extend(callers(&world, &ground));
    rows.extend(commands(&world, &ground));
    rows.extend(look_ups(&world, &ground));
    assert!(rows.len() > 120, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for mut row in rows {
        let call = std::mem::replace(&mut row.call, Call::NoLine);
        let outcome = make(&world, &row.who, call).await;
        let judged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match &outcome {
            Ok(()) => panic!("{}: was not refused", row.what),
            Err(status) => check(&row, status, &world),
        }));
        if judged.is_err() {
            wrong.push(row.what);
        }
    }
    assert!(wrong.is_empty(), "{} rows are wrong: {wrong:?}", wrong.len());

    let without_key = Request::new(v1::CaptureEventRequest { line: None });
    let status = world.captures().capture_event(without_key).await.unwrap_err();
    assert_eq!(
        (status.code(), crate::support::partner::reason(&status)),
        (Code::Unauthenticated, "KEY_MISSING".into())
    );

    let next = world.scan(PDA, v1::EventType::Dispatched, &codes::item(1)).await;
    assert_eq!(next.position.unwrap().pos, head + 1, "no refusal spent a position");
    // The refused ids are still free.
    let good = capture(PDA, "bad-1", &event(v1::EventType::Arrived, &codes::item(1)));
    let taken = world.capture(&world.province.post, good).await.unwrap();
    assert_eq!((taken.position.unwrap().pos, taken.replayed), (head + 2, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_may_not_see_is_refused_in_the_same_bytes_as_what_never_was() {
    let world = World::start().await;
    let ground = ground(&world).await;
    let p = &world.province;
    let whole = |status: Status| {
        (status.code(), status.message().to_owned(), Bytes::copy_from_slice(status.details()))
    };
    use v1::get_dossier_request::Key;
    let get = |key| Call::GetDossier(v1::GetDossierRequest { key: Some(key), at: None });
    let by_code = |value: &str| get(Key::Code(code(value).unwrap()));
    let pairs = [
        (get(Key::Name(ground.foreign_dossier.name.clone())), get(Key::Name("dossiers/0-99999".into()))),
        (get(Key::Name(ground.foreign_leg.name.clone())), get(Key::Name("legs/0-99999".into()))),
        (by_code("H99.17-261120-0001"), by_code("H99.17-261120-9999")),
        (by_code(&codes::item(3)), by_code(&codes::item(777))),
        (Call::GetLeg(ground.foreign_leg.name.clone()), Call::GetLeg("legs/0-99999".into())),
    ];
    for (index, (foreign, never)) in pairs.into_iter().enumerate() {
        let foreign = whole(make(&world, &p.department, foreign).await.unwrap_err());
        let never = whole(make(&world, &p.department, never).await.unwrap_err());
        assert_eq!(foreign, never, "pair {index}");
        assert_eq!(foreign.0, Code::NotFound, "pair {index}");
    }
}
