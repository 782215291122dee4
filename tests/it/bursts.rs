//! Many lines of one device at once keep its order: what was scanned after a pick-up finds the leg that the pick-up opens,
//! although all of them came in one burst and share commits.

use bytes::Bytes;
use prost::Message;
use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::line_result::Result as Line;
use v1::sync_events_request::Message as Sent;
use v1::sync_events_response::Message as Told;

use crate::support::codes;
use crate::support::ledger;
use crate::support::partner::{PDA, capture, event};
use crate::support::wait::within;
use crate::support::world::{DEPARTMENT, World, anomalies, event_of};

/// Envelopes of a burst; three scans of each are three fifths of a batch, and more than a stream's window.
const ENVELOPES: u64 = 100;

/// Pick-up, entry and departure of each envelope, one envelope after the other.
fn lines(first: u64) -> Vec<Bytes> {
    let scans = (first..first + ENVELOPES)
        .flat_map(|number| [Type::PickedUp, Type::OfficeIn, Type::Dispatched].map(|kind| (number, kind)));
    let line = |(second, (number, kind)): (i64, (u64, Type))| {
        let event = v1::Event {
            agency: if kind == Type::PickedUp { DEPARTMENT.to_owned() } else { String::new() },
            occurred_at: Some(prost_types::Timestamp { seconds: 1_795_000_000 + second, nanos: 0 }),
            ..event(kind, &codes::item(number))
        };
        capture(PDA, &format!("burst-{number}-{kind:?}"), &event).encode_to_vec().into()
    };
    (0..).zip(scans).map(line).collect()
}

fn all_found_their_legs(recorded: &[v1::Recorded]) {
    assert_eq!(recorded.len() as u64, 3 * ENVELOPES);
    for of_one in recorded.chunks(3) {
        for recorded in of_one {
            assert_eq!(recorded.placement(), v1::Placement::Placed, "{}", recorded.code);
            let flagged = anomalies(recorded);
            assert!(!flagged.contains(&v1::AnomalyKind::UnknownCode), "{flagged:?}");
            assert!(!flagged.contains(&v1::AnomalyKind::PickupMissing), "{flagged:?}");
        }
        let last = of_one[2].outcome.as_ref().unwrap();
        assert_eq!(last.state(), v1::LegState::InTransit);
    }
}

async fn nothing_was_placed_later(world: &World) {
    let log = world.log(&world.province.post).await;
    assert!(log.iter().all(|line| event_of(line).r#type() != Type::Placed), "nothing had to wait");
    let database = world.gateway.database();
    let waiting: i64 = database.query_row("SELECT count(*) FROM waiting", [], |row| row.get(0)).unwrap();
    assert_eq!(waiting, 0, "nothing waits");
    ledger::check(&database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_on_a_stream_is_journaled_in_the_order_in_which_it_was_sent() {
    let world = World::start().await;
    let hello = v1::Hello { source: PDA.to_owned(), last_device_seq: 0 };
    let messages = std::iter::once(Sent::Hello(hello)).chain(lines(1).into_iter().map(Sent::Line));
    let messages: Vec<_> = messages.map(|message| v1::SyncEventsRequest { message: Some(message) }).collect();
    let request = world.province.post.ask(tokio_stream::iter(messages));
    let mut answers = world.captures().sync_events(request).await.unwrap().into_inner();
    let mut recorded = Vec::new();
    while let Some(answer) = within("an answer", answers.message()).await.unwrap() {
        match answer.message.unwrap() {
            Told::Welcome(_) => {}
            Told::Ack(ack) => match ack.result.unwrap().result.unwrap() {
                Line::Recorded(line) => recorded.push(line),
                Line::Refusal(refusal) => panic!("{refusal:?}"),
            },
        }
    }
    // Answers may come in another order than lines of other commits; positions are the order of the journal.
    recorded.sort_by_key(|line| line.position.unwrap().pos);
    all_found_their_legs(&recorded);
    nothing_was_placed_later(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_journaled_in_the_order_of_its_lines() {
    let world = World::start().await;
    let results = world.batch(&world.province.post, lines(1_000)).await.unwrap();
    let recorded: Vec<v1::Recorded> = results
        .into_iter()
        .map(|result| match result.result.unwrap() {
            Line::Recorded(recorded) => recorded,
            Line::Refusal(refusal) => panic!("{refusal:?}"),
        })
        .collect();
    let positions: Vec<u64> = recorded.iter().map(|line| line.position.unwrap().pos).collect();
    assert!(positions.is_sorted(), "answer i is line i's, and line i comes before line i + 1");
    all_found_their_legs(&recorded);
    nothing_was_placed_later(&world).await;
}
