//! Reports as people ask for them: `trao report` against a gateway whose days are told. What may be read is counted, by
//! definitions that stand under the table, as known when one asks.

use std::process::Output;

use serde_json::{Value, json};
use tonic::Code;
use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::report_service_client::ReportServiceClient;

use crate::support::codes;
use crate::support::gateway::{Start, trao};
use crate::support::partner::{
    Partner, READER, SYSTEM, attested, capture, code, event, field, minute, reason,
};
use crate::support::wait::eventually;
use crate::support::world::{BY_POST, CENTRE, DEPARTMENT, World};

const OFFICE: &str = "carriers/p/offices/991230";

/// A world whose time is told: Friday 20 November 2026, from seven in Vietnam.
async fn told_world() -> World {
    World::start_with(Start { flags: vec!["--clock".into(), "replay".into()], ..Start::default() }).await
}

/// Says something at a minute of the day.
async fn say(world: &World, who: &Partner, source: &str, at: i64, said: v1::Event) -> v1::Recorded {
    let said = v1::Event { occurred_at: Some(minute(at)), ..said };
    let line = v1::Capture {
        send_time: Some(minute(at)),
        personal: attested(),
        ..capture(source, &world.fresh("report"), &said)
    };
    let request = who.ask_at(v1::CaptureEventRequest { line: Some(line) }, &minute(at));
    world.captures().capture_event(request).await.unwrap().into_inner().recorded.unwrap()
}

fn picked_up(item: &str) -> v1::Event {
    v1::Event {
        agency: DEPARTMENT.to_owned(),
        counter: CENTRE.to_owned(),
        procedure: BY_POST.to_owned(),
        office: OFFICE.to_owned(),
        ..event(Type::PickedUp, item)
    }
}

/// A day: one dossier received and its result returned; one signed for that the post has not handed over; one handed over
/// that nobody signed for; a delivery that is revoked at minute 700; an order that waits.
async fn a_day(world: &World) {
    let p = &world.province;
    let [whole, one_sided, offered, result, revoked] = [1, 2, 3, 4, 5].map(codes::item);
    for item in [&whole, &one_sided, &offered] {
        say(world, &p.post, SYSTEM, 10, picked_up(item)).await;
    }
    for item in [&whole, &offered] {
        say(world, &p.post, SYSTEM, 70, event(Type::Offered, item)).await;
    }
    for item in [&whole, &one_sided] {
        say(world, &p.centre, READER, 75, event(Type::Accepted, item)).await;
    }
    let accept = v1::AcceptDossierRequest {
        request_id: world.fresh("accept"),
        target: code(&whole).map(v1::accept_dossier_request::Target::Item),
        code: code(&codes::dossier(1)),
        due_at: Some(minute(300)),
        ..v1::AcceptDossierRequest::default()
    };
    let accepted = world.dossiers().accept_dossier(p.centre.ask_at(accept, &minute(80))).await.unwrap();
    let dossier = accepted.into_inner().dossier.unwrap().name;
    let order = |item: &str, dossier: &str| v1::OrderLegRequest {
        item: code(item),
        dossier: dossier.to_owned(),
        office: OFFICE.to_owned(),
        due_at: Some(minute(500)),
        ..world.order(v1::LegKind::Outbound)
    };
    for (item, dossier) in [(&result, dossier.as_str()), (&revoked, "")] {
        let ordered = p.department.ask_at(order(item, dossier), &minute(320));
        world.legs().order_leg(ordered).await.unwrap();
        say(world, &p.post, SYSTEM, 400, event(Type::PickedUp, item)).await;
        say(world, &p.post, SYSTEM, 450, event(Type::Delivered, item)).await;
    }
    let waits = world.order(v1::LegKind::Inbound);
    world.legs().order_leg(p.department.ask_at(waits, &minute(460))).await.unwrap();
    let taken_back =
        v1::Event { reason: v1::Reason::WrongReceiver.into(), ..event(Type::DeliveryRevoked, &revoked) };
    say(world, &p.post_supervisor, SYSTEM, 700, taken_back).await;
}

fn ran(world: &World, who: &Partner, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, &who.key).unwrap();
    let mut command = trao();
    command.arg("report").args(arguments).args(["--server", &world.gateway.url(), "--token-file"]).arg(&key);
    command.output().unwrap()
}

fn printed(world: &World, who: &Partner, arguments: &[&str]) -> String {
    let output = ran(world, who, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn object(world: &World, who: &Partner, arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(world, who, &[arguments, &["--json"]].concat())).unwrap()
}

const DAYS: [&str; 4] = ["--from", "2026-11-20", "--to", "2026-11-20"];

#[tokio::test(flavor = "multi_thread")]
async fn procedures_are_counted_by_level_and_by_post() {
    let world = told_world().await;
    let department = &world.province.department;
    let report = object(&world, department, &["procedures", "--as-of", "2026-11-20"]);
    let counts = json!([{ "level": "province", "procedures": 2, "by_post": 1 }]);
    assert_eq!((&report["counts"], &report["total"]["by_post"]), (&counts, &json!(1)));
    let table = printed(&world, department, &["procedures", "--as-of", "2026-11-20", "--lang", "vi"]);
    let row: Vec<&str> =
        table.lines().find(|line| line.starts_with("tỉnh")).unwrap().split_whitespace().collect();
    assert_eq!(row, ["tỉnh", "2", "1", "50,0", "%", "1"], "{table}");
    assert!(table.contains("\nQua bưu chính: "), "the definitions stand below: {table}");
    let refused = ran(&world, department, &["procedures", "--as-of", "2026-11-31"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("as_of_date"));
}

#[tokio::test(flavor = "multi_thread")]
async fn received_and_returned_are_counted_as_known_then_and_for_who_may_read_them() {
    let world = told_world().await;
    a_day(&world).await;
    let p = &world.province;
    let postal = |who: &Partner, more: &[&str]| object(&world, who, &[&["postal"][..], &DAYS, more].concat());
    let total = |report: &Value| {
        (report["total"]["received"].as_i64().unwrap(), report["total"]["returned"].as_i64().unwrap())
    };
    // Before and after the revocation, whose minute is 700: 2026-11-20T11:40Z.
    for (at, returned) in [("2026-11-20T11:39:59Z", 2), ("2026-11-20T11:40:00Z", 1)] {
        let report = postal(&p.department, &["--at", at]);
        assert_eq!(total(&report), (2, returned), "{at}");
    }
    for who in [&p.department, &p.centre, &p.supervisor, &p.post, &p.post_supervisor] {
        for by in ["month", "level", "agency", "office"] {
            assert_eq!(total(&postal(who, &["--by", by])), (2, 1), "{by}");
        }
    }
    let by = |by| postal(&p.supervisor, &["--by", by])["counts"].clone();
    let row = |name: &str| json!([{ "name": name, "received": 2, "returned": 1 }]);
    assert_eq!(by("month"), row("2026-11"));
    assert_eq!(by("level"), row("province"));
    assert_eq!(by("agency"), row("agencies/H99.14"));
    assert_eq!(by("office"), row("carriers/p/offices/991230"));
    // Those whom it does not concern, and other days.
    for who in [&p.sibling, &p.other_post] {
        let report = postal(who, &[]);
        assert_eq!((total(&report), &report["counts"]), ((0, 0), &json!([])));
    }
    let other = object(&world, &p.post, &["postal", "--from", "2026-11-21", "--to", "2026-11-30"]);
    assert_eq!(total(&other), (0, 0));

    let table = printed(&world, &p.post, &[&["postal", "--lang", "vi"][..], &DAYS].concat());
    let sum: Vec<&str> =
        table.lines().find(|line| line.starts_with("Tổng")).unwrap().split_whitespace().collect();
    assert_eq!(sum, ["Tổng", "2", "1", "0,50", ":", "1"], "{table}");
    assert!(table.contains("\nTiếp nhận: hồ sơ có lượt nhận gửi"), "{table}");
    assert!(table.trim_end().ends_with("Số liệu tính đến 20/11/2026 18:40."), "{table}");
    let csv = printed(&world, &p.post, &[&["postal", "--csv", "--lang", "en"][..], &DAYS].concat());
    assert_eq!(
        csv,
        "\u{feff}Month,Received,Returned,\"Returned : received\"\n2026-11,2,1,0.50\nTotal,2,1,0.50\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn holdings_add_up_to_the_open_legs() {
    let world = told_world().await;
    a_day(&world).await;
    let p = &world.province;
    let report = object(&world, &p.supervisor, &["holdings"]);
    let legs = |rows: &str| {
        let rows = report[rows].as_array().unwrap().iter();
        rows.map(|row| row["legs"].as_i64().unwrap()).sum::<i64>()
    };
    // Offered and not signed, revoked and not found, ordered and not fetched.
    assert_eq!((&report["open_legs"], legs("holders"), legs("kinds")), (&json!(3), 3, 3));
    let holders = report["holders"].as_array().unwrap();
    let held: Vec<(&str, Option<&str>)> = holders
        .iter()
        .map(|row| (row["holder"]["kind"].as_str().unwrap(), row["holder"]["office"].as_str()))
        .collect();
    assert_eq!(held, [("CITIZEN", None), ("POST", None), ("POST", Some("carriers/p/offices/991230"))]);
    // Before anything was revoked there were two; before the day none.
    assert_eq!(object(&world, &p.post, &["holdings", "--at", "2026-11-20T11:00:00Z"])["open_legs"], 2);
    let table = printed(&world, &p.post, &["holdings", "--lang", "en"]);
    assert!(table.contains("\nTotal") && table.contains("\nBy kind: Dossier to the agency 2"), "{table}");
    assert!(ran(&world, &p.post, &["holdings", "--at", "2026-11-20T23:00:00Z"]).status.code() == Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_clock_is_measured_by_itself() {
    let world = told_world().await;
    a_day(&world).await;
    let p = &world.province;
    let clocks = |who: &Partner| {
        let report = object(&world, who, &[&["on-time"][..], &DAYS].concat());
        let clocks = report["clocks"].as_array().unwrap().clone();
        clocks
            .iter()
            .map(|clock| {
                let number = |name: &str| clock[name].as_i64();
                (
                    clock["clock"].as_str().unwrap().to_owned(),
                    [number("ended"), number("with_due"), number("in_time"), number("overdue")],
                    number("median_hours"),
                )
            })
            .collect::<Vec<_>>()
    };
    let counted = |counts: [i64; 4]| counts.map(Some);
    // Both ways in took 65 minutes; the agency 240, which was 20 too many; the way out 130 of 180.
    let expected = [
        ("POST_IN".to_owned(), counted([2, 0, 0, 0]), Some(1)),
        ("AGENCY".to_owned(), counted([1, 1, 0, 0]), Some(4)),
        ("POST_OUT".to_owned(), counted([1, 1, 1, 0]), Some(2)),
    ];
    assert_eq!(clocks(&p.supervisor), expected);
    assert_eq!(clocks(&p.department), expected);
    // How long the agency took is no matter of the carrier's.
    let mut to_post = expected.clone();
    to_post[1] = ("AGENCY".to_owned(), counted([0, 0, 0, 0]), None);
    assert_eq!(clocks(&p.post), to_post);
    let table = printed(&world, &p.supervisor, &[&["on-time", "--lang", "vi"][..], &DAYS].concat());
    assert!(table.contains("\nBưu chính trả") && table.contains("100,0 %"), "{table}");
    assert!(table.contains("tử số") && table.contains("mẫu số"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_reconciled_between_an_agency_and_a_carrier_by_code() {
    let world = told_world().await;
    a_day(&world).await;
    let p = &world.province;
    let between = ["--day", "2026-11-20", "--agency", "H99.01", "--carrier", "p"];
    let arguments = [&["reconciliation"][..], &between].concat();
    for who in [&p.centre, &p.post, &p.supervisor] {
        let report = object(&world, who, &arguments);
        let counts = ["accepted", "offered", "both", "differing"].map(|name| report[name].as_i64().unwrap());
        assert_eq!(counts, [2, 2, 1, 2]);
        let differences = report["differences"].as_array().unwrap();
        let told: Vec<(&str, &str)> = differences
            .iter()
            .map(|found| (found["code"].as_str().unwrap(), found["kind"].as_str().unwrap()))
            .collect();
        let [one_sided, offered] = [2, 3].map(codes::item);
        assert_eq!(told, [(offered.as_str(), "CARRIER_ONLY"), (one_sided.as_str(), "AGENCY_ONLY")]);
    }
    let table = printed(&world, &p.centre, &[&arguments[..], &["--lang", "en"]].concat());
    assert!(table.contains("ONE_SIDED") && table.contains("accepted by the agency 2"), "{table}");
    // A party of neither side is told what it would be told of an agency that is not there.
    let nobody = [&["reconciliation"][..], &["--day", "2026-11-20", "--agency", "H99.77", "--carrier", "p"]];
    for (who, arguments) in
        [(&p.sibling, &arguments), (&p.other_post, &arguments), (&p.sibling, &nobody.concat())]
    {
        let refused = ran(&world, who, &[&arguments[..], &["--json"]].concat());
        assert_eq!(refused.status.code(), Some(1));
        let error: Value = serde_json::from_slice(&refused.stdout).unwrap();
        assert_eq!(
            (&error["error"]["reason"], &error["error"]["field"]),
            (&json!("NOT_FOUND"), &json!("agency"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_refused_by_its_field_and_before_the_first_event_it_is_empty() {
    let world = World::start().await;
    let p = &world.province;
    let mut reports = ReportServiceClient::new(world.channel());
    let days = || v1::CountPostalRequest {
        from_date: "2026-11-20".to_owned(),
        to_date: "2026-11-20".to_owned(),
        by: v1::ReportBy::Month.into(),
        ..v1::CountPostalRequest::default()
    };
    for (request, who, expected) in [
        (
            v1::CountPostalRequest { from_date: String::new(), ..days() },
            &p.post,
            ("FIELD_REQUIRED", "from_date"),
        ),
        (
            v1::CountPostalRequest { to_date: "2026-11-19".to_owned(), ..days() },
            &p.post,
            ("TEXT_INVALID", "to_date"),
        ),
        (v1::CountPostalRequest { by: 0, ..days() }, &p.post, ("FIELD_REQUIRED", "by")),
        (v1::CountPostalRequest { by: 77, ..days() }, &p.post, ("ENUM_UNKNOWN", "by")),
        (
            v1::CountPostalRequest { parent: DEPARTMENT.to_owned(), ..days() },
            &p.post,
            ("NOT_FOUND", "parent"),
        ),
        (days(), &p.admin, ("ROLE_NOT_ALLOWED", "")),
    ] {
        let refused = reports.count_postal(who.ask(request)).await.unwrap_err();
        assert_eq!((reason(&refused).as_str(), field(&refused).as_str()), expected);
    }
    let ahead = v1::report_at::At::ReadPosition(v1::Position { lane: 0, pos: 9 });
    let ahead = v1::CountPostalRequest { as_of: Some(v1::ReportAt { at: Some(ahead) }), ..days() };
    let refused = reports.count_postal(p.post.ask(ahead)).await.unwrap_err();
    assert_eq!(
        (reason(&refused).as_str(), field(&refused).as_str()),
        ("TIME_OUT_OF_RANGE", "as_of.read_position")
    );
    let refused =
        reports.count_procedures(Partner::stranger("trao_x").ask(v1::CountProceduresRequest::default()));
    assert_eq!(refused.await.unwrap_err().code(), Code::Unauthenticated);

    let mut answer = reports.count_postal(p.post.ask(days())).await.unwrap().into_inner();
    let told = answer.message().await.unwrap().unwrap().message.unwrap();
    let v1::count_postal_response::Message::Report(report) = told else { panic!("{told:?}") };
    assert_eq!(
        (report.counts.len(), report.total, report.known.unwrap().known_at),
        (0, Some(v1::PostalCount::default()), None)
    );
    assert!(answer.message().await.unwrap().is_none(), "the report is the last message");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_away_before_the_report_leaves_its_place_to_others() {
    let world = told_world().await;
    a_day(&world).await;
    let post = &world.province.post;
    let reports = ReportServiceClient::new(world.channel());
    for _ in 0..3 * trao::limits::REPORTS {
        let mut reports = reports.clone();
        match reports.count_holdings(post.ask(v1::CountHoldingsRequest::default())).await {
            Ok(answer) => drop(answer),
            Err(refused) => {
                assert_eq!(reason(&refused), "OVERLOADED");
                assert_eq!(refused.code(), Code::ResourceExhausted);
            }
        }
    }
    let report = eventually("a place", || async {
        let mut reports = reports.clone();
        reports.count_holdings(post.ask(v1::CountHoldingsRequest::default())).await.ok()
    });
    let told = report.await.into_inner().message().await.unwrap().unwrap().message.unwrap();
    let v1::count_holdings_response::Message::Report(report) = told else { panic!("{told:?}") };
    assert_eq!(report.open_legs, 3);
}
