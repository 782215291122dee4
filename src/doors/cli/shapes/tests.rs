//! Each shape as it is printed, from messages made by hand.

use prost::Message;

use super::*;

fn text(shape: &impl Serialize) -> String {
    serde_json::to_string(shape).unwrap()
}

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 250_000 })
}

fn citizen() -> v1::Holder {
    v1::Holder { kind: v1::HolderKind::Citizen.into(), ..Default::default() }
}

fn post() -> v1::Holder {
    v1::Holder {
        kind: v1::HolderKind::Post.into(),
        party: "carriers/p".into(),
        office: "carriers/p/offices/991230".into(),
    }
}

fn outcome() -> Option<v1::Outcome> {
    let state = v1::LegState::PickedUp.into();
    Some(v1::Outcome { state, holder_before: Some(citizen()), holder_after: Some(post()) })
}

fn no_proof() -> v1::Anomaly {
    v1::Anomaly { kind: v1::AnomalyKind::NoProof.into(), position: "0-4711".into() }
}

fn recorded() -> v1::Recorded {
    v1::Recorded {
        record: vec![1, 2, 3].into(),
        position: Some(v1::Position { lane: 0, pos: 4711 }),
        placement: v1::Placement::Placed.into(),
        anomalies: vec![no_proof()],
        replayed: true,
        hints: vec![v1::Hint {
            kind: v1::HintKind::LegNow.into(),
            leg: "legs/0-12".into(),
            state: v1::LegState::AtOffice.into(),
            holder: Some(post()),
        }],
        outcome: outcome(),
        code: "RA990000010VN".into(),
        repaired: false,
    }
}

const SHA: &str = "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81";

#[test]
fn a_scan_is_answered_in_one_shape() {
    let expected = concat!(
        r#"{"position":"0-4711","placement":"PLACED","code":"RA990000010VN","repaired":false,"replayed":true,"#,
        r#""state":"PICKED_UP","holder_before":{"kind":"CITIZEN","party":null,"office":null},"#,
        r#""holder_after":{"kind":"POST","party":"carriers/p","office":"carriers/p/offices/991230"},"#,
        r#""anomalies":[{"kind":"NO_PROOF","position":"0-4711"}],"#,
        r#""hints":[{"kind":"LEG_NOW","leg":"legs/0-12","state":"AT_OFFICE","#,
        r#""holder":{"kind":"POST","party":"carriers/p","office":"carriers/p/offices/991230"}}],"#,
        r#""record_sha256":"SHA","record":"010203"}"#
    );
    assert_eq!(text(&Recorded::of(&recorded())), expected.replace("SHA", SHA));
    let unplaced = v1::Recorded { placement: v1::Placement::Unplaced.into(), ..Default::default() };
    let unplaced = text(&Recorded::of(&unplaced));
    assert!(
        unplaced
            .contains(r#""code":null,"repaired":false,"replayed":false,"state":null,"holder_before":null"#)
    );
}

#[test]
fn an_event_has_one_shape_in_feed_and_history() {
    let event = v1::Event {
        r#type: v1::EventType::PickedUp.into(),
        occurred_at: at(1_795_158_300),
        ..Default::default()
    };
    let listed = v1::FeedEvent {
        lane: 0,
        seq: 17,
        record: vec![1, 2, 3].into(),
        event: event.encode_to_vec().into(),
        outcome: outcome(),
        position: Some(v1::Position { lane: 0, pos: 4711 }),
        committed_at: at(1_795_158_303),
        leg: "legs/0-12".into(),
        dossier: String::new(),
        anomalies: vec![no_proof()],
        received_at: at(1_795_158_302),
        effective_at: at(1_795_158_301),
        source: "carriers/p/devices/d".into(),
        code: "RA990000010VN".into(),
    };
    let expected = concat!(
        r#"{"lane":0,"seq":17,"position":"0-4711","type":"PICKED_UP","code":"RA990000010VN","leg":"legs/0-12","#,
        r#""dossier":null,"occurred_at":"2026-11-20T07:05:00.000250Z","effective_at":"2026-11-20T07:05:01.000250Z","#,
        r#""received_at":"2026-11-20T07:05:02.000250Z","committed_at":"2026-11-20T07:05:03.000250Z","#,
        r#""source":"carriers/p/devices/d","state":"PICKED_UP","#,
        r#""holder_before":{"kind":"CITIZEN","party":null,"office":null},"#,
        r#""holder_after":{"kind":"POST","party":"carriers/p","office":"carriers/p/offices/991230"},"#,
        r#""anomalies":[{"kind":"NO_PROOF","position":"0-4711"}],"record_sha256":"SHA","reason":null,"due_at":null,"#,
        r#""parent":null,"money":[],"dues":[],"must_be_owner":false,"take_back":0}"#
    );
    assert_eq!(text(&Event::of(&listed)), expected.replace("SHA", SHA));

    let said = v1::Event {
        r#type: v1::EventType::ResultAnnounced.into(),
        reason: v1::Reason::IncompletePapers.into(),
        due_at: at(1_795_158_400),
        parent: "dossiers/0-9".into(),
        money: vec![v1::Money { kind: 1, vnd: 60_000 }],
        dues: vec![v1::Money { kind: 2, vnd: 26_000 }],
        must_be_owner: true,
        take_back: 1,
        ..Default::default()
    };
    let decided = text(&Event::of(&v1::FeedEvent { event: said.encode_to_vec().into(), ..listed }));
    let expected = concat!(
        r#""reason":"INCOMPLETE_PAPERS","due_at":"2026-11-20T07:06:40.000250Z","parent":"dossiers/0-9","#,
        r#""money":[{"kind":"AGENCY_FEE","vnd":60000}],"dues":[{"kind":"POSTAGE","vnd":26000}],"#,
        r#""must_be_owner":true,"take_back":1}"#
    );
    assert!(decided.ends_with(expected), "{decided}");
}

#[test]
fn a_digest_tells_its_numbers() {
    let digest = v1::FeedDigest { lane: 0, first_seq: 3, last_seq: 17, sha256: vec![0xab; 32].into() };
    let expected = format!(r#"{{"lane":0,"first_seq":3,"last_seq":17,"sha256":"{}"}}"#, "ab".repeat(32));
    assert_eq!(text(&FeedDigest::of(&digest)), expected);
}

#[test]
fn a_bookmark_tells_itself_from_an_event() {
    let mark = Bookmark { bookmark: true, cursor: "AQID".into(), caught_up: false };
    assert_eq!(text(&mark), r#"{"bookmark":true,"cursor":"AQID","caught_up":false}"#);
}

fn leg() -> v1::Leg {
    v1::Leg {
        name: "legs/0-12".into(),
        kind: v1::LegKind::Inbound.into(),
        state: v1::LegState::PickedUp.into(),
        order: v1::OrderStatus::Active.into(),
        holder: Some(post()),
        items: vec!["RA990000010VN".into()],
        slip: "000123".into(),
        agency: "agencies/H99.14".into(),
        procedure: "procedures/1.004194".into(),
        due_at: at(1_795_158_400),
        opened_at: at(1_795_158_300),
        anomalies: vec![no_proof()],
        must_be_owner: true,
        dues: vec![v1::Money { kind: v1::FeeKind::AgencyFee.into(), vnd: 60_000 }],
        paid: vec![v1::Money { kind: v1::FeeKind::Postage.into(), vnd: 26_000 }],
        take_back: 1,
        ..Default::default()
    }
}

const LEG: &str = concat!(
    r#"{"name":"legs/0-12","kind":"INBOUND","state":"PICKED_UP","order":"ACTIVE","#,
    r#""holder":{"kind":"POST","party":"carriers/p","office":"carriers/p/offices/991230"},"#,
    r#""items":["RA990000010VN"],"slip":"000123","agency":"agencies/H99.14","procedure":"procedures/1.004194","#,
    r#""due_at":"2026-11-20T07:06:40.000250Z","opened_at":"2026-11-20T07:05:00.000250Z","closed_at":null,"#,
    r#""anomalies":[{"kind":"NO_PROOF","position":"0-4711"}],"must_be_owner":true,"#,
    r#""dues":[{"kind":"AGENCY_FEE","vnd":60000}],"paid":[{"kind":"POSTAGE","vnd":26000}],"waived":[],"take_back":1}"#
);

const DOSSIER: &str = concat!(
    r#"{"name":"dossiers/0-40","code":"H99.14-261120-0001","agency":"agencies/H99.14","#,
    r#""state":"RESULT_READY","spans":{"post_in_s":3600,"agency_s":null,"post_out_s":null},"#,
    r#""due_at":"2026-11-20T07:06:40.000250Z","decisions":[{"type":"RESULT_ANNOUNCED","#,
    r#""decided_at":"2026-11-20T07:05:00.000250Z","position":"0-44"}],"close_proposed":true,"parent":"dossiers/0-9","#,
    r#""children":[{"name":"dossiers/0-50","agency":"agencies/H99.17","state":"ACCEPTED","#,
    r#""holders":[{"kind":"CITIZEN","party":null,"office":null}],"due_at":null,"delivered":true}]}"#
);

fn dossier() -> v1::Dossier {
    v1::Dossier {
        name: "dossiers/0-40".into(),
        code: Some(v1::Code { kind: 3, value: "H99.14-261120-0001".into(), agency: String::new() }),
        agency: "agencies/H99.14".into(),
        state: v1::DossierState::ResultReady.into(),
        legs: vec![leg()],
        spans: Some(v1::Spans { post_in_s: Some(3_600), agency_s: None, post_out_s: None }),
        due_at: at(1_795_158_400),
        decisions: vec![v1::Decision {
            r#type: v1::EventType::ResultAnnounced.into(),
            decided_at: at(1_795_158_300),
            position: "0-44".into(),
        }],
        close_proposed: true,
        parent: "dossiers/0-9".into(),
        children: vec![v1::ChildDossier {
            name: "dossiers/0-50".into(),
            agency: "agencies/H99.17".into(),
            state: v1::DossierState::Accepted.into(),
            holders: vec![citizen()],
            due_at: None,
            delivered: true,
        }],
        ..Default::default()
    }
}

#[test]
fn a_decision_shows_what_it_opened_and_where_the_dossier_stands_then() {
    let opened = v1::Recorded { position: Some(v1::Position { lane: 0, pos: 12 }), ..recorded() };
    let kind = EventType::ResultAnnounced;
    let expected = [
        r#"{"type":"RESULT_ANNOUNCED","request_id":"id-1","position":"0-12","replayed":true,"leg":"legs/0-12","dossier":"#,
        DOSSIER,
        r#","legs":["#,
        LEG,
        r#"],"anomalies":[{"kind":"NO_PROOF","position":"0-4711"}],"record_sha256":"SHA"}"#,
    ];
    let decided = Decided::of(kind, "id-1", &opened, &dossier());
    assert_eq!(text(&decided), expected.concat().replace("SHA", SHA));
    let none = text(&Decided::of(kind, "id-1", &recorded(), &v1::Dossier::default()));
    assert!(none.contains(r#""leg":null,"dossier":null,"legs":[],"#), "{none}");
}

#[test]
fn a_status_shows_the_dossier_and_its_legs() {
    let dossier = dossier();
    let answer = v1::GetDossierResponse {
        dossier: Some(dossier.clone()),
        position: Some(v1::Position { lane: 0, pos: 4711 }),
        known_at: at(1_795_158_500),
    };
    let expected = [
        r#"{"query":"RA990000010VN","found":true,"known_at":"2026-11-20T07:08:20.000250Z","position":"0-4711","#,
        r#""dossier":"#,
        DOSSIER,
        r#","legs":["#,
        LEG,
        "]}",
    ];
    assert_eq!(text(&Status::of("RA990000010VN", &answer)), expected.concat());

    let unnamed = v1::Dossier { name: "legs/0-12".into(), ..dossier };
    let answer = v1::GetDossierResponse { dossier: Some(unnamed), ..answer };
    let shown = text(&Status::of("x", &answer));
    assert!(shown.contains(r#""dossier":null,"legs":[{"name":"legs/0-12""#), "{shown}");
    assert_eq!(text(&NotFound::of("x")), r#"{"query":"x","found":false}"#);
}

#[test]
fn each_line_of_an_outbox_is_answered_in_one_shape() {
    let expected = concat!(
        r#"{"line":3,"client_event_id":"a","status":"replayed","position":"0-4711","reason":null,"field":null,"#,
        r#""message":null,"placement":"PLACED","anomalies":[{"kind":"NO_PROOF","position":"0-4711"}]}"#
    );
    assert_eq!(text(&Synced::recorded(3, "a", &recorded())), expected);
    let refusal = v1::Refusal {
        reason: "EVENT_KEY_REUSED".into(),
        field: "event".into(),
        message: "why".into(),
        first: Some(v1::Position { lane: 0, pos: 9 }),
        ..Default::default()
    };
    let expected = concat!(
        r#"{"line":4,"client_event_id":"b","status":"refused","position":"0-9","reason":"EVENT_KEY_REUSED","#,
        r#""field":"event","message":"why","placement":null,"anomalies":[]}"#
    );
    assert_eq!(text(&Synced::refusal(4, "b", &refusal)), expected);
}

#[test]
fn a_number_of_a_later_release_is_shown_as_it_is() {
    assert_eq!(event_type(199).as_deref(), Some("199"));
    assert_eq!(event_type(0), None);
    assert_eq!(dossier_state(99).as_deref(), Some("99"));
}

#[test]
fn a_consumer_shows_its_place_as_a_bookmark_does_and_no_lag_where_nobody_knows() {
    let consumer = v1::Consumer {
        name: "agencies/H99.14/consumers/back-office".into(),
        cursor: vec![0xfb, 0xff].into(),
        lag: 12,
        etag: "0badcafe".into(),
        create_time: at(1_795_158_500),
        update_time: at(1_795_158_500),
    };
    let expected = concat!(
        r#"{"name":"agencies/H99.14/consumers/back-office","cursor":"-_8","lag":12,"etag":"0badcafe","#,
        r#""create_time":"2026-11-20T07:08:20.000250Z","update_time":"2026-11-20T07:08:20.000250Z"}"#
    );
    assert_eq!(text(&Consumer::of(&consumer)), expected);
    let restored = text(&Consumer::of(&v1::Consumer { lag: -1, ..consumer }));
    assert!(restored.contains(r#""lag":null"#), "{restored}");
    let deleted = ConsumerDeleted { name: "carriers/p/consumers/a", deleted: true };
    assert_eq!(text(&deleted), r#"{"name":"carriers/p/consumers/a","deleted":true}"#);
}

#[test]
fn a_person_shows_a_staff_number_and_every_appointment() {
    let clerk = v1::Appointment {
        name: "carriers/p/persons/NV-1/appointments/clerk-2025-01-01-009010".into(),
        role: v1::StaffRole::Clerk.into(),
        office: "carriers/p/offices/009010".into(),
        valid_from: "2025-01-01".into(),
        substitute: "NV-2".into(),
        ..Default::default()
    };
    let person = v1::Person {
        name: "carriers/p/persons/NV-1".into(),
        party: "carriers/p".into(),
        id: "NV-1".into(),
        appointments: vec![clerk],
    };
    let expected = concat!(
        r#"{"name":"carriers/p/persons/NV-1","party":"carriers/p","id":"NV-1","appointments":[{"#,
        r#""name":"carriers/p/persons/NV-1/appointments/clerk-2025-01-01-009010","role":"CLERK","#,
        r#""office":"carriers/p/offices/009010","agency":null,"acts_for":null,"valid_from":"2025-01-01","#,
        r#""valid_to":null,"decision":null,"substitute":"NV-2"}]}"#
    );
    assert_eq!(text(&Person::of(&person)), expected);
    let bare = v1::Person { appointments: Vec::new(), ..person };
    assert!(text(&Person::of(&bare)).ends_with(r#""appointments":[]}"#));
}
