//! Personal data lies apart: unique words in every personal field and in the QR of an identity card are found in the
//! personal table and nowhere else, and once erased nowhere at all, while answers and proofs stay what they were.

use std::path::Path;

use prost::Message;
use tonic::Status;
use tonic_types::StatusExt;
use trao::doors::wire::v1;
use trao::dossier::names::{Lane, Position};
use v1::EventType as Type;

use crate::support::codes;
use crate::support::ledger;
use crate::support::partner::{PDA, READER, capture, code, event};
use crate::support::world::{CENTRE, DEPARTMENT, World};

/// Words that nobody else would write.
const CANARIES: [&str; 12] = [
    "KANARI-RAW-7Q1",
    "079099012345",
    "Kanariê Thị Vàng",
    "0909-KANARI-2",
    "Ngõ Kanari 3",
    "ghi chú kanari 4",
    "cháu kanari 5",
    "Kanari Đặt Hàng",
    "Ngõ Kanari Đặt",
    "Kanari Đăng Ký",
    "Kanari Tiếp Nhận",
    "kanari-secret-6",
];
/// The digest and the coordinates of the proof, as they stand in the bytes.
const PROOF: [u8; 32] = *b"kanari-proof-kanari-proof-kanari";
const LATITUDE: i32 = 20_987_654;

fn on_a_scan() -> v1::Personal {
    v1::Personal {
        raw_scan: format!("{}|{}|Kanariê Thị Vàng|01011990|Nữ|Ngõ Kanari 3", CANARIES[0], CANARIES[1]),
        name: CANARIES[2].to_owned(),
        phone: CANARIES[3].to_owned(),
        address: CANARIES[4].to_owned(),
        note: CANARIES[5].to_owned(),
        lat_e6: LATITUDE,
        lon_e6: 105_123_456,
        proof_sha256: PROOF.to_vec().into(),
        receiver_relation: CANARIES[6].to_owned(),
    }
}

/// Everything to be looked for, as bytes.
fn wanted() -> Vec<Vec<u8>> {
    let mut wanted: Vec<Vec<u8>> = CANARIES.iter().map(|word| word.as_bytes().to_vec()).collect();
    wanted.push(PROOF.to_vec());
    let coordinates = v1::Personal { lat_e6: LATITUDE, lon_e6: 105_123_456, ..Default::default() };
    wanted.push(coordinates.encode_to_vec());
    wanted
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

fn canaries_in(bytes: &[u8]) -> Vec<String> {
    let found = wanted().into_iter().filter(|word| holds(bytes, word));
    found.map(|word| String::from_utf8_lossy(&word).into_owned()).collect()
}

/// Every cell of every table but the one of personal parts.
fn every_cell(database: &rusqlite::Connection) -> Vec<(String, Vec<u8>)> {
    use rusqlite::types::ValueRef;
    let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(names.len() > 12, "{names:?}");
    let mut cells = Vec::new();
    for name in names.into_iter().filter(|name| name != "personal") {
        let mut statement = database.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                match row.get_ref(column).unwrap() {
                    ValueRef::Blob(bytes) | ValueRef::Text(bytes) => {
                        cells.push((name.clone(), bytes.to_vec()))
                    }
                    ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => {}
                }
            }
        }
    }
    cells
}

fn texts_of(status: &Status) -> Vec<u8> {
    let mut texts = status.message().as_bytes().to_vec();
    texts.extend_from_slice(status.details());
    texts.extend(format!("{:?}", status.get_error_details()).bytes());
    texts.extend(format!("{:?}", status.metadata()).bytes());
    texts
}

/// What was sent, to be sent again at the end.
struct Sent {
    line: v1::Capture,
    order: v1::OrderLegRequest,
    registration: v1::RegisterDossierRequest,
    acceptance: v1::AcceptDossierRequest,
    records: [bytes::Bytes; 4],
}

fn person(name: &str, address: &str) -> bytes::Bytes {
    v1::Personal { name: name.to_owned(), address: address.to_owned(), ..Default::default() }
        .encode_to_vec()
        .into()
}

async fn send_everything(world: &World) -> Sent {
    let p = &world.province;
    let line = v1::Capture {
        personal: on_a_scan().encode_to_vec().into(),
        ..capture(PDA, "canary-scan", &event(Type::OfficeIn, ""))
    };
    let scan = world.capture(&p.post, line.clone()).await.unwrap();
    let order = v1::OrderLegRequest {
        item: code(&codes::item(60)),
        personal: person(CANARIES[7], CANARIES[8]),
        ..world.order(v1::LegKind::Inbound)
    };
    let ordered = world.legs().order_leg(p.department.ask(order.clone())).await.unwrap().into_inner();
    let registration = v1::RegisterDossierRequest {
        personal: person(CANARIES[9], ""),
        ..world.registration(&codes::dossier(60))
    };
    let request = p.department.ask(registration.clone());
    let registered = world.dossiers().register_dossier(request).await.unwrap().into_inner();
    let picked = v1::Event {
        agency: DEPARTMENT.to_owned(),
        counter: CENTRE.to_owned(),
        ..event(Type::PickedUp, &codes::item(61))
    };
    let picked = v1::Capture {
        personal: on_a_scan().encode_to_vec().into(),
        ..capture(PDA, "canary-picked", &picked)
    };
    world.capture(&p.post, picked).await.unwrap();
    world.scan(PDA, Type::Offered, &codes::item(61)).await;
    world.say(&p.centre, READER, &event(Type::Accepted, &codes::item(61))).await;
    let acceptance = v1::AcceptDossierRequest {
        request_id: "canary-accept".to_owned(),
        target: code(&codes::item(61)).map(v1::accept_dossier_request::Target::Item),
        code: code(&codes::dossier(61)),
        personal: person(CANARIES[10], ""),
        ..Default::default()
    };
    let request = p.centre.ask(acceptance.clone());
    let accepted = world.dossiers().accept_dossier(request).await.unwrap().into_inner();
    let records = [
        scan.record,
        ordered.recorded.unwrap().record,
        registered.recorded.unwrap().record,
        accepted.recorded.unwrap().record,
    ];
    Sent { line, order, registration, acceptance, records }
}

/// Refusals of lines whose personal parts hold canaries, and of texts that are canaries themselves.
async fn refusals(world: &World) -> Vec<Status> {
    let p = &world.province;
    let mut refused = Vec::new();
    let mut bad = on_a_scan();
    bad.name.push('\u{0}');
    let personal = bad.encode_to_vec().into();
    let line = v1::Capture { personal, ..capture(PDA, "canary-bad", &event(Type::OfficeIn, "")) };
    refused.push(world.capture(&p.post, line).await.unwrap_err());
    // A card's QR scanned into the wrong field.
    let mistaken = event(Type::OfficeIn, "079099012345|123|Kanariê Thị Vàng|01011990");
    refused.push(world.capture(&p.post, capture(PDA, "canary-qr", &mistaken)).await.unwrap_err());
    for change in [
        v1::Event { actor: "Kanariê Thị Vàng\u{0}".to_owned(), ..event(Type::OfficeIn, "") },
        v1::Event { agency: "Kanariê Thị Vàng".to_owned(), ..event(Type::OfficeIn, "") },
        v1::Event { office: "Ngõ Kanari 3".to_owned(), ..event(Type::OfficeIn, "") },
        v1::Event { leg: "Kanariê Thị Vàng".to_owned(), ..event(Type::OfficeIn, "") },
    ] {
        refused.push(world.capture(&p.post, capture(PDA, "canary-field", &change)).await.unwrap_err());
    }
    let other = v1::Personal { name: "another".to_owned(), ..on_a_scan() };
    let line = v1::Capture {
        personal: other.encode_to_vec().into(),
        ..capture(PDA, "canary-scan", &event(Type::OfficeIn, ""))
    };
    refused.push(world.capture(&p.post, line).await.unwrap_err());
    let order = v1::OrderLegRequest {
        personal: person("Kanari Đặt Hàng\u{0}", ""),
        ..world.order(v1::LegKind::Inbound)
    };
    refused.push(world.legs().order_leg(p.department.ask(order)).await.unwrap_err());
    let key = v1::get_dossier_request::Key::Name("Kanariê Thị Vàng".to_owned());
    let request = v1::GetDossierRequest { key: Some(key), at: None };
    refused.push(world.dossiers().get_dossier(p.department.ask(request)).await.unwrap_err());
    let key = code("kanari-secret-6").map(v1::get_dossier_request::Key::Code);
    let request = v1::GetDossierRequest { key, at: None };
    refused.push(world.dossiers().get_dossier(p.department.ask(request)).await.unwrap_err());
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_is_in_its_own_table_and_nowhere_else_and_once_erased_nowhere_at_all() {
    let mut world = World::start().await;
    let sent = send_everything(&world).await;
    for status in refusals(&world).await {
        assert_eq!(canaries_in(&texts_of(&status)), [""; 0], "{status:?}");
    }
    for record in &sent.records {
        assert_eq!(canaries_in(record), [""; 0]);
    }
    let p = &world.province;
    let everybody =
        [&p.post, &p.department, &p.centre, &p.supervisor, &p.post_supervisor, &p.sibling, &p.other_post];
    for who in everybody {
        for line in world.log(who).await {
            assert_eq!(canaries_in(&line.encode_to_vec()), [""; 0], "a feed");
        }
    }
    for value in [codes::item(60), codes::item(61), codes::dossier(60), codes::dossier(61)] {
        let key = code(&value).map(v1::get_dossier_request::Key::Code);
        let request = v1::GetDossierRequest { key, at: None };
        let seen = world.dossiers().get_dossier(p.department.ask(request)).await.unwrap().into_inner();
        assert_eq!(canaries_in(&seen.encode_to_vec()), [""; 0], "{value}");
    }

    {
        let database = world.gateway.database();
        for (table, cell) in every_cell(&database) {
            assert_eq!(canaries_in(&cell), [""; 0], "in table {table}");
        }
        let mut statement = database.prepare("SELECT body FROM personal").unwrap();
        let bodies: Vec<Vec<u8>> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(bodies.len(), 5);
        let all: Vec<u8> = bodies.concat();
        // The last canary was only ever asked for, the others are kept as they came.
        let kept = canaries_in(&all).len();
        assert_eq!(kept, wanted().len() - 1, "{:?}", canaries_in(&all));
    }
    let log = world.kill_and_restart().await;
    assert!(log.contains("DEBUG"), "the log was kept at its finest");
    assert_eq!(canaries_in(log.as_bytes()), [""; 0], "in the log");

    erase_everything(world.gateway.folder()).await;
    files_are_clean(&world, "while it serves");
    for (index, again) in again(&world, &sent).await.into_iter().enumerate() {
        assert!(again.replayed, "{index}");
        assert_eq!(again.record, sent.records[index], "the same bytes as ever");
    }
    let checked = ledger::check(&world.gateway.database());
    assert_eq!((checked.personal, checked.erased), (0, 5));
    world.gateway.stop();
    files_are_clean(&world, "after it ended");
}

async fn erase_everything(folder: &Path) {
    let positions: Vec<u64> = {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let database = rusqlite::Connection::open_with_flags(folder.join("trao.db"), flags).unwrap();
        let mut statement = database.prepare("SELECT pos FROM personal").unwrap();
        statement.query_map([], |row| row.get::<_, i64>(0)).unwrap().map(|pos| pos.unwrap() as u64).collect()
    };
    let mut admin = trao::store::sqlite::Admin::open(folder).unwrap();
    for pos in positions {
        assert!(admin.erase_personal(Position { lane: Lane(0), pos }).unwrap());
    }
}

async fn again(world: &World, sent: &Sent) -> Vec<v1::Recorded> {
    let p = &world.province;
    let scan = world.capture(&p.post, sent.line.clone()).await.unwrap();
    let order = p.department.ask(sent.order.clone());
    let order = world.legs().order_leg(order).await.unwrap().into_inner().recorded.unwrap();
    let registration = p.department.ask(sent.registration.clone());
    let registration = world.dossiers().register_dossier(registration).await.unwrap().into_inner();
    let acceptance = p.centre.ask(sent.acceptance.clone());
    let acceptance = world.dossiers().accept_dossier(acceptance).await.unwrap().into_inner();
    vec![scan, order, registration.recorded.unwrap(), acceptance.recorded.unwrap()]
}

/// The bytes of every file in the folder, the log of changes included.
fn files_are_clean(world: &World, when: &str) {
    let mut read = 0;
    for entry in std::fs::read_dir(world.gateway.folder()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        read += usize::from(!bytes.is_empty());
        assert_eq!(canaries_in(&bytes), [""; 0], "{when}: in {}", path.display());
    }
    assert!(read >= 2, "{read} files");
}
