//! The way of one envelope, walked in Python from reflection alone, and looked at from here: what was kept is what was
//! sent, in Vietnamese and down to the bytes.

use prost::Message;
use serde_json::{Value, json};
use trao::doors::wire::time::to_rfc3339;
use trao::doors::wire::v1;
use trao::dossier::names::Micros;

use crate::support::codes;
use crate::support::ledger;
use crate::support::partner::{PDA, READER, now};
use crate::support::python;
use crate::support::world::{BY_POST, CARRIER, CENTRE, DEPARTMENT, World};

const NOTE: &str = "Gửi ở cổng sau, gặp chị Nguyễn Thị Ánh Tuyết 😈";

fn detail<'a>(refused: &'a Value, name: &str) -> &'a Value {
    &refused["details"][name]
}

#[tokio::test(flavor = "multi_thread")]
async fn order_pick_up_sync_pull_and_status_from_reflection_alone() {
    let world = World::start().await;
    let p = &world.province;
    let now = now();
    let personal = json!({
        "name": "Nguyễn Thị Ánh Tuyết",
        "phone": "0900000000",
        "address": "Số 5, ngõ 3, phường Nghĩa Đô",
        "note": NOTE,
    });
    let given = json!({
        "server": world.gateway.url(),
        "now": to_rfc3339(Micros(now.seconds * 1_000_000)),
        "keys": {
            "department": p.department.key, "post": p.post.key, "centre": p.centre.key, "sibling": p.sibling.key,
        },
        "names": {
            "department": DEPARTMENT, "centre": CENTRE, "carrier": CARRIER, "procedure": BY_POST,
            "device": PDA, "reader": READER,
            "item": codes::item(1), "wrong_item": codes::item_with_wrong_check_digit(2),
        },
        "personal": personal,
        "note": NOTE,
    });
    let told = python::run("walk.py", &given);

    // The order, and to the postman what concerns the person, as it was said.
    let leg = told["ordered"]["name"].as_str().unwrap();
    assert_eq!(told["ordered"]["state"], "LEG_STATE_ORDERED");
    assert_eq!(told["ordered_again"], true, "the same request is the same order");
    assert_eq!(told["personal_to_post"], personal);

    // The pick-up with a reason of tomorrow is kept, flagged, once.
    let picked_up = &told["picked_up"];
    assert_eq!(picked_up["placement"], "PLACEMENT_PLACED");
    assert_eq!(picked_up["outcome"]["holder_after"]["party"], CARRIER);
    let flags: Vec<&str> = picked_up["anomalies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|anomaly| anomaly["kind"].as_str().unwrap())
        .collect();
    assert_eq!(flags, ["ANOMALY_KIND_REASON_UNKNOWN"]);
    assert_eq!(told["picked_up_again"], json!({ "same": true, "replayed": true }));

    // The outbox: welcomed, one line refused, the others kept.
    assert_eq!(told["welcome"]["contiguous_device_seq"], "1");
    let acks = told["acks"].as_object().unwrap();
    assert_eq!(acks.len(), 3);
    assert_eq!(acks["python-3"]["refusal"]["reason"], "CHECK_DIGIT");
    assert_eq!(acks["python-2"]["recorded"]["outcome"]["state"], "LEG_STATE_AT_OFFICE");
    assert!(acks["python-4"]["recorded"]["record"].is_string());
    assert_eq!(told["accepted"]["state"], "LEG_STATE_HANDED_OVER");
    assert_eq!(told["accepted"]["holder_after"]["party"], CENTRE);

    // The department's log, dense and in order, is what it reads by other means.
    let log = told["log"].as_array().unwrap();
    let types: Vec<&str> = log.iter().map(|line| line["event"]["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        ["ORDERED", "PICKED_UP", "OFFICE_IN", "ARRIVED", "ACCEPTED"].map(|name| format!("EVENT_TYPE_{name}"))
    );
    let known = world.log(&p.department).await;
    assert_eq!(log.len(), known.len());
    for (line, known) in log.iter().zip(&known) {
        assert_eq!(line["seq"], known.seq.to_string());
        assert_eq!(line["leg"], leg);
        assert_eq!(line["event_bytes"], hex::encode(&known.event), "the feed gives the bytes that it has");
        assert!(line.get("personal").is_none() && !line.to_string().contains("Tuyết"));
    }
    // Bytes nobody here knows the meaning of are among them: the unknown field with its text, the unknown reason.
    assert_eq!(log[1]["event_bytes"], told["sent_event"]);
    assert!(told["sent_event"].as_str().unwrap().ends_with(&hex::encode("để sau")));
    assert_eq!(log[1]["event"]["reason"], 999);
    assert_eq!(v1::Event::decode(known[1].event.clone()).unwrap().reason, 999);

    let status = &told["status"]["legs"][0];
    assert_eq!((&status["name"], &status["state"]), (&json!(leg), &json!("LEG_STATE_HANDED_OVER")));
    assert_eq!(status["holder"]["party"], CENTRE);
    assert_eq!(world.leg(&p.department, leg).await.state(), v1::LegState::HandedOver);

    is_refused_in_words_and_details(&told["refused"]);
    assert!(world.log(&p.sibling).await.is_empty());
    let checked = ledger::check(&world.gateway.database());
    assert_eq!(checked.entries, 5, "each fact once, however often it was sent");
    let note: Vec<u8> = world
        .gateway
        .database()
        .query_row("SELECT body FROM personal WHERE lane = 0 AND pos = 2", [], |row| row.get(0))
        .unwrap();
    assert_eq!(v1::Personal::decode(note.as_slice()).unwrap().note, NOTE);
}

/// Every detail was read by descriptors that came from reflection.
fn is_refused_in_words_and_details(refused: &Value) {
    for (case, code, reason, sentence) in [
        ("wrong_key", "UNAUTHENTICATED", "KEY_INVALID", "Khóa API"),
        ("no_key", "UNAUTHENTICATED", "KEY_MISSING", "An API key is missing"),
        ("not_theirs", "NOT_FOUND", "NOT_FOUND", "Không"),
        ("no_code", "INVALID_ARGUMENT", "CODE_FORMAT", "Không phải mã hợp lệ"),
        ("other_content", "ALREADY_EXISTS", "EVENT_KEY_REUSED", ""),
        ("cancelled_too_late", "FAILED_PRECONDITION", "LEG_STATE", ""),
    ] {
        let refused = &refused[case];
        assert_eq!(refused["code"], code, "{case}: {refused}");
        let info = detail(refused, "ErrorInfo");
        assert_eq!((&info["reason"], &info["domain"]), (&json!(reason), &json!("trao")), "{case}");
        assert!(refused["sentence"].as_str().unwrap().starts_with(sentence), "{case}: {refused}");
        let language = if case == "no_key" { "en" } else { "vi" };
        assert_eq!(detail(refused, "LocalizedMessage")["locale"], language, "{case}");
        assert!(detail(refused, "RequestInfo")["request_id"].is_string(), "{case}");
        assert!(detail(refused, "RetryInfo").is_null(), "{case}: trying again does not help");
    }
    let violation = &detail(&refused["no_code"], "BadRequest")["field_violations"][0];
    assert_eq!(violation["field"], "line.event.code.value");
    let digests = &detail(&refused["other_content"], "ErrorInfo")["metadata"];
    assert_ne!(digests["first_digest"], digests["this_digest"]);
    let violation = &detail(&refused["cancelled_too_late"], "PreconditionFailure")["violations"][0];
    assert_eq!(violation["type"], "LEG_STATE");
}
