//! Personal data lives apart: whatever is sent in a personal part is in one table, in the answers that are meant for it,
//! and nowhere else; erased, it is gone from the files, while every record, seal and retry still holds.
//!
//! Each personal part here is full of strings that stand nowhere else, so that finding one anywhere is a leak.

use std::fmt::Debug;

use bytes::Bytes;
use prost::Message;
use rusqlite::Connection;
use tonic::Status;
use trao::doors::wire::v1;
use trao::dossier::names::{Lane, Position};
use trao::store::sqlite::Admin;
use v1::EventType as Type;
use v1::get_dossier_request::Key;
use v1::line_result::Result as Line;

use crate::support::codes;
use crate::support::ledger;
use crate::support::partner::{OTHER_PDA, PDA, Partner, READER, SYSTEM, capture, code, event, reason, slip};
use crate::support::scrape::scrape;
use crate::support::world::{CENTRE, World};

/// Part of every text of every canary; searched for without regard to case, as codes are understood in upper case.
const MARK: &str = "kanari";
/// How many personal parts a test may send.
const CANARIES: u32 = 40;
const SLIP: &str = "000900";

/// The fields of the n-th person, each unmistakable. The note is longer than a page of the store.
fn person(n: u32) -> v1::Personal {
    v1::Personal {
        raw_scan: qr(n),
        name: format!("Nguyễn Kanari {n} Đặng"),
        phone: phone(n),
        address: format!("Số {n}, đường Kanari, xã Mẫu"),
        note: format!("cổng sau, gọi Kanari {n}; ").repeat(180),
        lat_e6: lat(n),
        lon_e6: lon(n),
        proof_sha256: proof(n).into(),
        receiver_relation: format!("vợ của Kanari {n}"),
    }
}

fn personal(n: u32) -> Bytes {
    assert!(n < CANARIES);
    person(n).encode_to_vec().into()
}

/// What an identity card's code reads as.
fn qr(n: u32) -> String {
    format!("0013877{n:05}|987{n:06}|Nguyễn Kanari {n}|02031991|Nữ|Ngõ {n}, Hà Nội|01012024")
}

fn phone(n: u32) -> String {
    format!("84915{:06}", 555_000 + n)
}

fn lat(n: u32) -> i32 {
    21_318_071 + 1_009 * n as i32
}

fn lon(n: u32) -> i32 {
    105_772_933 + 1_013 * n as i32
}

fn proof(n: u32) -> Vec<u8> {
    (0..32).map(|index| 0xa5 ^ (index * 7) ^ n as u8).collect()
}

/// What of the canaries stands in some bytes.
fn found(hay: &[u8]) -> Vec<String> {
    let lower = hay.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut look = |what: String, needle: &[u8], hay: &[u8]| {
        if contains(hay, needle) {
            found.push(what);
        }
    };
    look(MARK.to_owned(), MARK.as_bytes(), &lower);
    for n in 0..CANARIES {
        let card = format!("0013877{n:05}");
        for (what, text) in [
            ("card", card),
            ("telephone", phone(n)),
            ("latitude", lat(n).to_string()),
            ("longitude", lon(n).to_string()),
            ("proof in hexadecimal", hex(&proof(n))),
        ] {
            look(format!("{what} {n}"), text.as_bytes(), &lower);
        }
        look(format!("proof {n}"), &proof(n), hay);
        let place = v1::Personal { lat_e6: lat(n), lon_e6: lon(n), ..v1::Personal::default() };
        look(format!("place {n}"), &place.encode_to_vec(), hay);
    }
    found
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let (first, rest) = needle.split_first().unwrap();
    let mut hay = hay;
    while let Some(at) = hay.iter().position(|byte| byte == first) {
        hay = &hay[at + 1..];
        if hay.starts_with(rest) {
            return true;
        }
    }
    false
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn clean(what: &str, hay: &[u8]) {
    let found = found(hay);
    assert!(found.is_empty(), "{what} shows {found:?}");
}

/// Everything that a caller is told by a call: its message, or its status with details and metadata.
fn told<M: Message>(answer: Result<tonic::Response<M>, Status>) -> Vec<u8> {
    match answer {
        Ok(answer) => answer.into_inner().encode_to_vec(),
        Err(status) => refused(&status),
    }
}

fn refused(status: &Status) -> Vec<u8> {
    [format!("{status:?}").into_bytes(), status.message().as_bytes().to_vec(), status.details().to_vec()]
        .concat()
}

/// A refusal that must be one of a reason, with nothing of the canaries in it.
#[track_caller]
fn refused_for<T: Debug>(answer: Result<T, Status>, wanted: &str) {
    let status = answer.unwrap_err();
    assert_eq!(reason(&status), wanted, "{status:?}");
    clean(wanted, &refused(&status));
}

/// What was captured, to be sent again.
struct Sent {
    line: v1::Capture,
    record: Bytes,
}

/// A day with personal parts in everything that takes one.
struct Day {
    captures: Vec<Sent>,
    order: v1::OrderLegRequest,
    ordered: v1::Recorded,
    registration: v1::RegisterDossierRequest,
    registered: v1::Recorded,
    acceptance: v1::AcceptDossierRequest,
    accepted: v1::Recorded,
    leg: String,
    dossiers: Vec<String>,
}

const ITEM: u64 = 90;

async fn take(world: &World, who: &Partner, line: v1::Capture) -> Sent {
    let recorded = world.capture(who, line.clone()).await.unwrap();
    clean("the answer to a capture", &recorded.encode_to_vec());
    Sent { line, record: recorded.record }
}

async fn day(world: &World) -> Day {
    let p = &world.province;
    let item = codes::item(ITEM);
    let order = v1::OrderLegRequest {
        item: code(&item),
        slip: SLIP.to_owned(),
        personal: personal(0),
        ..world.order(v1::LegKind::Inbound)
    };
    let answer = world.legs().order_leg(p.department.ask(order.clone())).await.unwrap().into_inner();
    clean("the answer to an order", &answer.encode_to_vec());
    let (leg, ordered) = (answer.leg.unwrap().name, answer.recorded.unwrap());

    let mut captures = Vec::new();
    let with = |n, source: &str, event: &v1::Event| v1::Capture {
        personal: personal(n),
        ..capture(source, &format!("canary-{n}"), event)
    };
    captures.push(take(world, &p.post, with(1, PDA, &event(Type::PickedUp, &item))).await);
    // Text that reads as no code is sent without one.
    captures.push(take(world, &p.post, with(2, PDA, &event(Type::OfficeIn, ""))).await);
    captures.push(take(world, &p.post, with(3, SYSTEM, &event(Type::OfficeIn, &codes::item(91)))).await);
    captures.push(take(world, &p.other_post, with(4, OTHER_PDA, &event(Type::OfficeIn, &item))).await);
    let line = with(5, PDA, &event(Type::Offered, &item));
    let results = world.batch(&p.post, vec![line.encode_to_vec().into()]).await.unwrap();
    let Some(Line::Recorded(recorded)) = &results[0].result else { panic!("{results:?}") };
    clean("the answer to a batch", &recorded.encode_to_vec());
    captures.push(Sent { line, record: recorded.record.clone() });

    let registration =
        v1::RegisterDossierRequest { personal: personal(6), ..world.registration(&codes::dossier(90)) };
    let request = p.department.ask(registration.clone());
    let answer = world.dossiers().register_dossier(request).await.unwrap().into_inner();
    clean("the answer to a registration", &answer.encode_to_vec());
    let (registered, name) = (answer.recorded.unwrap(), answer.dossier.unwrap().name);

    Day {
        captures,
        order,
        ordered,
        registration,
        registered,
        acceptance: v1::AcceptDossierRequest::default(),
        accepted: v1::Recorded::default(),
        leg,
        dossiers: vec![name],
    }
}

/// The counter takes the papers over and accepts the dossier: the leg ends.
async fn accepted(world: &World, day: &mut Day) {
    let p = &world.province;
    let line = v1::Capture {
        personal: personal(7),
        ..capture(READER, "canary-7", &event(Type::Accepted, &codes::item(ITEM)))
    };
    day.captures.push(take(world, &p.centre, line).await);
    day.acceptance = v1::AcceptDossierRequest {
        request_id: world.fresh("accept"),
        target: Some(v1::accept_dossier_request::Target::Leg(day.leg.clone())),
        code: code(&codes::dossier(91)),
        personal: personal(8),
        ..v1::AcceptDossierRequest::default()
    };
    let answer =
        world.dossiers().accept_dossier(p.centre.ask(day.acceptance.clone())).await.unwrap().into_inner();
    clean("the answer to an acceptance", &answer.encode_to_vec());
    day.dossiers.push(answer.dossier.unwrap().name);
    day.accepted = answer.recorded.unwrap();
}

/// Everything that a caller can be told about the day, but by GetLeg.
async fn everything_told(world: &World, who: &Partner, day: &Day) -> Vec<u8> {
    let mut all = Vec::new();
    all.extend(told(world.feeds().pull_events(who.ask(v1::PullEventsRequest::default())).await));
    all.extend(told(world.legs().list_legs(who.ask(v1::ListLegsRequest::default())).await));
    all.extend(told(world.dossiers().list_dossiers(who.ask(v1::ListDossiersRequest::default())).await));
    all.extend(told(world.directory().list_sources(who.ask(v1::ListSourcesRequest::default())).await));
    for source in [PDA, SYSTEM, OTHER_PDA, READER] {
        let request = v1::GetDeviceStateRequest { source: source.to_owned() };
        all.extend(told(world.captures().get_device_state(who.ask(request)).await));
    }
    let names = day.dossiers.iter().chain([&day.leg]).cloned().map(Key::Name);
    let texts = [codes::item(ITEM), codes::item(91), codes::dossier(90), codes::dossier(91)];
    let codes: Vec<v1::Code> = texts.iter().filter_map(|text| code(text)).chain([slip(SLIP)]).collect();
    for code in &codes {
        let request = v1::SearchDossiersRequest { code: Some(code.clone()), ..Default::default() };
        all.extend(told(world.dossiers().search_dossiers(who.ask(request)).await));
    }
    for key in names.chain(codes.iter().cloned().map(Key::Code)) {
        let request = v1::GetDossierRequest { key: Some(key.clone()), at: None };
        all.extend(told(world.dossiers().get_dossier(who.ask(request)).await));
        use v1::list_dossier_events_request::Key as EventsKey;
        let key = match key {
            Key::Name(name) => EventsKey::Name(name),
            Key::Code(code) => EventsKey::Code(code),
        };
        let request = v1::ListDossierEventsRequest { key: Some(key), ..Default::default() };
        all.extend(told(world.dossiers().list_dossier_events(who.ask(request)).await));
    }
    all
}

fn everybody(world: &World) -> Vec<(&'static str, &Partner)> {
    let p = &world.province;
    vec![
        ("the department", &p.department),
        ("its sibling", &p.sibling),
        ("the counter", &p.centre),
        ("the supervisor", &p.supervisor),
        ("the carrier", &p.post),
        ("the carrier's supervisor", &p.post_supervisor),
        ("the second carrier", &p.other_post),
        ("the administrator", &p.admin),
    ]
}

/// Who is given the order's personal part by GetLeg; it must come whole or not at all.
async fn given_the_order(world: &World, leg: &str, person: &Bytes) -> Vec<&'static str> {
    let mut given = Vec::new();
    for (name, who) in everybody(world) {
        let request = v1::GetLegRequest { name: leg.to_owned() };
        match world.legs().get_leg(who.ask(request)).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                clean(name, &answer.leg.unwrap().encode_to_vec());
                if !answer.personal.is_empty() {
                    assert_eq!(answer.personal, person, "{name}");
                    given.push(name);
                }
            }
            Err(status) => clean(name, &refused(&status)),
        }
    }
    given
}

/// Looks into every column of every table but the one that may have it.
fn nothing_outside_its_table(database: &Connection) {
    let mut statement = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let tables: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(tables.len() > 15 && tables.iter().any(|table| table == "personal"), "{tables:?}");
    for table in tables.iter().filter(|table| *table != "personal") {
        let bytes = bytes_of(database, table);
        clean(&format!("the table {table}"), &bytes);
    }
    assert!(found(&bytes_of(database, "personal")).contains(&MARK.to_owned()), "it is where it may be");
}

fn bytes_of(database: &Connection, table: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut statement = database.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            use rusqlite::types::ValueRef;
            match row.get_ref(column).unwrap() {
                ValueRef::Null => {}
                ValueRef::Integer(number) => bytes.extend(number.to_string().into_bytes()),
                ValueRef::Real(number) => bytes.extend(number.to_string().into_bytes()),
                ValueRef::Text(text) | ValueRef::Blob(text) => bytes.extend(text),
            }
            bytes.push(b'\n');
        }
    }
    bytes
}

/// Provokes every refusal in which something of a personal part might be quoted.
async fn refusals(world: &World, day: &Day) {
    let p = &world.province;
    let line = |n: u32, personal: Vec<u8>| v1::Capture {
        personal: personal.into(),
        ..capture(PDA, &format!("refused-{n}"), &event(Type::OfficeIn, &codes::item(92)))
    };
    let send = async |line: v1::Capture| world.capture(&p.post, line).await;
    let bad = [
        (v1::Personal { proof_sha256: proof(10)[..31].to_vec().into(), ..person(10) }, "TEXT_INVALID"),
        (v1::Personal { name: format!("Kanari\u{7}{}", 11), ..person(11) }, "TEXT_INVALID"),
        (v1::Personal { phone: phone(12).repeat(60), ..person(12) }, "TEXT_INVALID"),
        (v1::Personal { address: "Kanari ".repeat(100), ..person(13) }, "TEXT_INVALID"),
        (v1::Personal { receiver_relation: "Kanari\u{202e}\u{0}".to_owned(), ..person(14) }, "TEXT_INVALID"),
        (v1::Personal { note: "Kanari ".repeat(1_300), ..person(15) }, "MESSAGE_TOO_LARGE"),
    ];
    for (n, (person, wanted)) in (10..).zip(&bad) {
        let bytes = person.encode_to_vec();
        refused_for(send(line(n, bytes.clone())).await, wanted);
        // As a line of a batch, and in each command.
        let results =
            world.batch(&p.post, vec![line(n, bytes.clone()).encode_to_vec().into()]).await.unwrap();
        let Some(Line::Refusal(refusal)) = &results[0].result else { panic!("{results:?}") };
        assert_eq!(refusal.reason, *wanted);
        clean("a line's refusal", &[refusal.encode_to_vec(), format!("{refusal:?}").into_bytes()].concat());
        let order =
            v1::OrderLegRequest { personal: bytes.clone().into(), ..world.order(v1::LegKind::Inbound) };
        refused_for(world.legs().order_leg(p.department.ask(order)).await, wanted);
        let registration =
            v1::RegisterDossierRequest { personal: bytes.into(), ..world.registration(&codes::dossier(92)) };
        refused_for(world.dossiers().register_dossier(p.department.ask(registration)).await, wanted);
    }
    // Cut in the middle of a text, and text that is none.
    let whole = person(16).encode_to_vec();
    refused_for(send(line(16, whole[..whole.len() / 2].to_vec())).await, "MESSAGE_MALFORMED");
    let mut latin = person(17).encode_to_vec();
    let at = latin.windows(6).position(|bytes| bytes == b"Kanari").unwrap();
    latin[at + 3] = 0xe9;
    refused_for(send(line(17, latin)).await, "MESSAGE_MALFORMED");

    // A key that was used, with another person or another event.
    let first = &day.captures[0].line;
    refused_for(send(v1::Capture { personal: personal(18), ..first.clone() }).await, "EVENT_KEY_REUSED");
    let other = event(Type::Held, &codes::item(ITEM)).encode_to_vec().into();
    refused_for(send(v1::Capture { event: other, ..first.clone() }).await, "EVENT_KEY_REUSED");
    let order = v1::OrderLegRequest { personal: personal(19), ..day.order.clone() };
    refused_for(world.legs().order_leg(p.department.ask(order)).await, "EVENT_KEY_REUSED");
    let again = v1::RegisterDossierRequest { personal: personal(20), ..day.registration.clone() };
    refused_for(world.dossiers().register_dossier(p.department.ask(again.clone())).await, "EVENT_KEY_REUSED");
    let other =
        v1::RegisterDossierRequest { request_id: world.fresh("other"), slip: "000901".to_owned(), ..again };
    refused_for(world.dossiers().register_dossier(p.department.ask(other)).await, "DOSSIER_EXISTS");
    let accept = v1::AcceptDossierRequest {
        request_id: world.fresh("early"),
        target: Some(v1::accept_dossier_request::Target::Leg(day.leg.clone())),
        code: code(&codes::dossier(93)),
        personal: personal(21),
        ..v1::AcceptDossierRequest::default()
    };
    refused_for(world.dossiers().accept_dossier(p.centre.ask(accept)).await, "LEG_STATE");

    // A client that puts a person where a code or a name belongs.
    let mistaken = |n: u32, event: v1::Event| capture(PDA, &format!("mistaken-{n}"), &event);
    refused_for(send(mistaken(1, event(Type::OfficeIn, &qr(22)))).await, "CODE_TOO_LONG");
    refused_for(send(mistaken(2, event(Type::OfficeIn, "Nguyễn Kanari"))).await, "CODE_FORMAT");
    for (n, event) in (3..).zip([
        v1::Event { agency: person(23).name, ..event(Type::OfficeIn, &codes::item(93)) },
        v1::Event { office: person(24).address, ..event(Type::OfficeIn, &codes::item(93)) },
        v1::Event { corrects: qr(25), ..event(Type::Voided, &codes::item(93)) },
        v1::Event { leg: phone(26), ..event(Type::OfficeIn, &codes::item(93)) },
        v1::Event { actor: person(27).name, ..event(Type::OfficeIn, &codes::item(93)) },
        v1::Event { manifest: person(27).name, ..event(Type::OfficeIn, &codes::item(93)) },
    ]) {
        let status = send(mistaken(n, event)).await.unwrap_err();
        clean("a mistaken field", &refused(&status));
    }
    for who in [&p.department, &p.post] {
        for text in [qr(28), person(29).name, phone(30)] {
            let request = v1::ClassifyScanRequest { text: text.clone() };
            clean("a classification", &told(world.captures().classify_scan(who.ask(request)).await));
            let request = v1::GetDossierRequest { key: code(&text).map(Key::Code), at: None };
            clean("a look-up", &told(world.dossiers().get_dossier(who.ask(request)).await));
            let request = v1::GetDossierRequest { key: Some(Key::Name(text.clone())), at: None };
            clean("a look-up by name", &told(world.dossiers().get_dossier(who.ask(request)).await));
            let request = v1::GetLegRequest { name: text };
            clean("a leg's look-up", &told(world.legs().get_leg(who.ask(request)).await));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_persons_stands_in_one_table_and_is_told_to_no_one_but_whom_the_order_is_for() {
    let mut world = World::start().await;
    let mut day = day(&world).await;
    refusals(&world, &day).await;
    let person = day.order.personal.clone();
    let by_the_department_and_its_carrier = ["the department", "the carrier", "the carrier's supervisor"];
    assert_eq!(given_the_order(&world, &day.leg, &person).await, by_the_department_and_its_carrier);
    accepted(&world, &mut day).await;
    assert_eq!(given_the_order(&world, &day.leg, &person).await, ["the department"], "the leg has ended");
    for (name, who) in everybody(&world) {
        let told = everything_told(&world, who, &day).await;
        assert!(told.len() > 500, "{name} was told something");
        clean(name, &told);
    }
    let database = world.gateway.database();
    nothing_outside_its_table(&database);
    let kept: i64 = database.query_row("SELECT count(*) FROM personal", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 9, "what was refused left nothing");
    drop(database);
    clean("the metrics", scrape(world.gateway.folder()).text.as_bytes());
    let (code, log) = world.gateway.stop();
    assert_eq!(code, Some(0));
    assert!(log.contains("DEBUG") && log.contains("EVENT_KEY_REUSED"), "the log is at debug level");
    clean("the log", log.as_bytes());
}

/// Every byte of the store's files.
fn files(world: &World) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut names = Vec::new();
    for file in std::fs::read_dir(world.gateway.folder()).unwrap() {
        let path = file.unwrap().path();
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        bytes.extend(std::fs::read(path).unwrap());
    }
    assert!(names.contains(&"trao.db".to_owned()), "{names:?}");
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_it_is_gone_from_the_files_and_records_seals_and_retries_still_hold() {
    let mut world = World::start().await;
    let mut day = day(&world).await;
    accepted(&world, &mut day).await;
    let before = ledger::check(&world.gateway.database());
    assert_eq!((before.personal, before.erased), (9, 0));

    // While it is served, as an administrator in another process would.
    let mut admin = Admin::open(world.gateway.folder()).unwrap();
    assert!(!found(&files(&world)).is_empty(), "there is something to erase");
    let positions: Vec<u64> = {
        let database = world.gateway.database();
        let mut statement = database.prepare("SELECT pos FROM personal").unwrap();
        statement.query_map([], |row| row.get::<_, i64>(0)).unwrap().map(|pos| pos.unwrap() as u64).collect()
    };
    for pos in positions {
        assert!(admin.erase_personal(Position { lane: Lane(0), pos }).unwrap(), "at {pos}");
    }
    clean("a file of the store that is being served", &files(&world));
    drop(admin);
    world.gateway.stop();
    clean("a file of the store", &files(&world));
    world.gateway.restart();
    world.connect().await;

    let after = ledger::check(&world.gateway.database());
    let wanted = ledger::Checked { personal: 0, erased: 9, ..before };
    assert_eq!(after, wanted, "every record and seal verifies as before");
    assert_eq!(given_the_order(&world, &day.leg, &day.order.personal).await, Vec::<&str>::new());
    let province = &world.province;
    for sent in &day.captures {
        let source = sent.line.source.as_str();
        let who = match source {
            OTHER_PDA => &province.other_post,
            READER => &province.centre,
            _ => &province.post,
        };
        let again = world.capture(who, sent.line.clone()).await.unwrap();
        assert_eq!((&again.record, again.replayed), (&sent.record, true), "{source}");
        // Nobody can tell any more who it was, so the event alone decides.
        let nobody = v1::Capture { personal: Bytes::new(), ..sent.line.clone() };
        assert_eq!(world.capture(who, nobody).await.unwrap().record, sent.record);
        let other = v1::Capture {
            event: event(Type::Damaged, &codes::item(94)).encode_to_vec().into(),
            ..sent.line.clone()
        };
        refused_for(world.capture(who, other).await, "EVENT_KEY_REUSED");
    }
    let request = province.department.ask(day.order.clone());
    let again = world.legs().order_leg(request).await.unwrap().into_inner().recorded.unwrap();
    assert_eq!((&again.record, again.replayed), (&day.ordered.record, true));
    let request = province.department.ask(day.registration.clone());
    let again = world.dossiers().register_dossier(request).await.unwrap().into_inner().recorded.unwrap();
    assert_eq!((&again.record, again.replayed), (&day.registered.record, true));
    let request = province.centre.ask(day.acceptance.clone());
    let again = world.dossiers().accept_dossier(request).await.unwrap().into_inner().recorded.unwrap();
    assert_eq!((&again.record, again.replayed), (&day.accepted.record, true));
    let other = v1::OrderLegRequest { counter: String::new(), ..day.order.clone() };
    assert_ne!(day.order.counter, "", "{CENTRE} receives");
    refused_for(world.legs().order_leg(province.department.ask(other)).await, "EVENT_KEY_REUSED");

    assert_eq!(ledger::check(&world.gateway.database()), wanted, "nothing of it was written again");
    let (_, log) = world.gateway.stop();
    clean("the log", log.as_bytes());
    clean("a file of the store, after the retries", &files(&world));
}
