//! A batch is many lines and nothing more: each gets its own answer, and a bad one costs the others nothing, no number
//! either.

use bytes::Bytes;
use prost::Message;
use tonic::Code;
use trao::doors::wire::v1;
use v1::line_result::Result as Line;

use crate::refusals::says_nothing_of_the_inside;
use crate::support::partner::{OTHER_PDA, PDA, capture, event};
use crate::support::world::{self, DEPARTMENT, World};
use crate::support::{codes, ledger};

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_line_of_five_hundred_is_answered_by_name_and_the_others_are_kept() {
    let world = World::start().await;
    let post = &world.province.post;
    let good = |n: u64| {
        let event =
            v1::Event { agency: DEPARTMENT.to_owned(), ..event(v1::EventType::PickedUp, &codes::item(n)) };
        capture(PDA, &format!("line-{n}"), &event)
    };
    let head = world.scan(PDA, v1::EventType::OfficeIn, &codes::item(9_999)).await.position.unwrap().pos;
    let bad = |change: &dyn Fn(&mut v1::Event)| {
        let mut event = event(v1::EventType::PickedUp, &codes::item(1));
        change(&mut event);
        capture(PDA, "bad", &event).encode_to_vec()
    };
    let bads: [(&str, &str, Vec<u8>); 4] = [
        (
            "TEXT_INVALID",
            "event.code.value",
            bad(&|event| {
                event.code = Some(v1::Code {
                    kind: v1::CodeKind::Slip.into(),
                    value: "00\u{0}1".to_owned(),
                    ..Default::default()
                })
            }),
        ),
        ("DEVICE_SEQ_RANGE", "event.device_seq", bad(&|event| event.device_seq = u64::MAX)),
        ("MESSAGE_MALFORMED", "", vec![0x0a, 0x05, 0xff]),
        ("MESSAGE_MALFORMED", "", vec![0x0a, 0x02, 0xc3, 0x28]),
    ];
    let mut expected = head;
    for (round, (reason, field, bad)) in bads.into_iter().enumerate() {
        let round = round as u64;
        let at = (137 * (round as usize + 1)) % 500;
        let mut lines: Vec<Bytes> = (0..499).map(|n| good(round * 499 + n).encode_to_vec().into()).collect();
        lines.insert(at, bad.into());
        let results = world.batch(post, lines).await.unwrap();
        assert_eq!(results.len(), 500);
        for (index, result) in results.into_iter().enumerate() {
            match result.result.unwrap() {
                Line::Refusal(refusal) => {
                    assert_eq!(index, at, "{refusal:?}");
                    assert_eq!((refusal.reason.as_str(), refusal.field.as_str()), (reason, field));
                    assert_eq!(refusal.code, Code::InvalidArgument as i32);
                    says_nothing_of_the_inside(reason, &refusal.message, &world);
                }
                Line::Recorded(recorded) => {
                    expected += 1;
                    assert_eq!(recorded.position.unwrap().pos, expected, "answers are in the order of lines");
                    assert!(!recorded.replayed);
                }
            }
        }
        assert_eq!(expected, head + 499 * (round + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_replayed_refused_and_undecodable_lines_share_a_batch_and_spend_no_number() {
    let world = World::start().await;
    let post = &world.province.post;
    let of = |id: &str, n: u64| {
        let event = v1::Event {
            agency: DEPARTMENT.to_owned(),
            occurred_at: Some(prost_types::Timestamp { seconds: 1_700_000_000 + n as i64, nanos: 0 }),
            ..event(v1::EventType::PickedUp, &codes::item(n))
        };
        Bytes::from(capture(PDA, id, &event).encode_to_vec())
    };
    let first: Vec<Bytes> = (0..100).map(|n| of(&format!("old-{n}"), n)).collect();
    let stored = world.batch(post, first.clone()).await.unwrap();
    let record_of = |result: &v1::LineResult| match result.result.as_ref().unwrap() {
        Line::Recorded(recorded) => recorded.record.clone(),
        Line::Refusal(refusal) => panic!("{refusal:?}"),
    };

    // Of every five lines: one new, one replayed, one refused, one undecodable, one new twice over.
    let mut lines = Vec::new();
    for n in 0..100_u64 {
        lines.push(of(&format!("new-{n}"), 1_000 + n));
        lines.push(first[n as usize].clone());
        lines.push(match n % 4 {
            0 => of(&format!("old-{n}"), 5_000 + n),
            1 => of("", 1),
            2 => Bytes::from(
                capture(OTHER_PDA, "x", &event(v1::EventType::Held, &codes::item(1))).encode_to_vec(),
            ),
            _ => Bytes::from(capture(PDA, "x", &event(v1::EventType::Held, "hello")).encode_to_vec()),
        });
        lines.push(Bytes::from_static(&[0x0a, 0x7f, 0x01]));
        lines.push(of(&format!("new-{n}"), 1_000 + n));
    }
    let results = world.batch(post, lines).await.unwrap();
    assert_eq!(results.len(), 500);
    let mut next = 100;
    for (n, five) in results.chunks(5).enumerate() {
        let Some(Line::Recorded(new)) = &five[0].result else { panic!("{:?}", five[0]) };
        let Some(Line::Recorded(again)) = &five[4].result else { panic!("{:?}", five[4]) };
        let Some(Line::Recorded(old)) = &five[1].result else { panic!("{:?}", five[1]) };
        let Some(Line::Refusal(refused)) = &five[2].result else { panic!("{:?}", five[2]) };
        let Some(Line::Refusal(garbage)) = &five[3].result else { panic!("{:?}", five[3]) };
        next += 1;
        assert_eq!(new.position.unwrap().pos, next);
        assert_eq!((&again.record, again.replayed, new.replayed), (&new.record, true, false));
        assert_eq!((&old.record, old.replayed), (&record_of(&stored[n]), true));
        let reason = ["EVENT_KEY_REUSED", "FIELD_REQUIRED", "UNKNOWN_SOURCE", "CODE_FORMAT"][n % 4];
        assert_eq!((refused.reason.as_str(), garbage.reason.as_str()), (reason, "MESSAGE_MALFORMED"));
        if n % 4 == 0 {
            assert_eq!(refused.first.unwrap().pos, n as u64 + 1, "where the first stands");
            assert_eq!((refused.first_digest.len(), refused.this_digest.len()), (32, 32));
            assert_ne!(refused.first_digest, refused.this_digest);
        }
    }
    assert_eq!(next, 200);
    // `log` asserts that it is dense.
    assert_eq!(world.log(post).await.len(), 200);
    assert_eq!(world.log(&world.province.department).await.len(), 200);
    assert!(world.log(&world.province.sibling).await.is_empty());
    let checked = ledger::check(&world.gateway.database());
    assert_eq!((checked.entries, checked.listed), (200, 400));
    for line in world.log(post).await {
        assert_eq!(world::record(&line).source.as_str(), PDA, "nothing of the other carrier's line was kept");
    }
}
