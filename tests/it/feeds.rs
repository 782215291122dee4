//! A party's log as a stream: from any cursor ever handed out a reader sees every later event once, in order, whatever
//! is being written; streams bookmark, resume, and end well.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::pull_events_request::Start;
use v1::stream_events_response::Message as Told;

use crate::support::codes;
use crate::support::partner::{PDA, Partner, code, event};
use crate::support::seed::Seed;
use crate::support::wait::within;
use crate::support::world::{DEPARTMENT, World};

async fn page(world: &World, who: &Partner, cursor: Option<Bytes>, page_size: i32) -> v1::PullEventsResponse {
    let request = v1::PullEventsRequest { start: cursor.map(Start::Cursor), page_size, ..Default::default() };
    world.feeds().pull_events(who.ask(request)).await.unwrap().into_inner()
}

/// Everything behind a cursor, in pages of a size.
async fn rest(world: &World, who: &Partner, mut cursor: Option<Bytes>, size: i32) -> Vec<v1::FeedEvent> {
    let mut events = Vec::new();
    loop {
        let page = page(world, who, cursor, size).await;
        events.extend(page.events);
        if page.caught_up {
            return events;
        }
        cursor = Some(page.next_cursor);
    }
}

/// Scans of many envelopes, some of which come before anybody knows them.
async fn busy(world: &World, seed: u64, rounds: u64) {
    let p = &world.province;
    join_all((0..4_u64).map(|writer| async move {
        for n in 0..rounds {
            let number = seed + writer * 1_000 + n;
            let item = codes::item(number);
            if n % 3 == 0 {
                world.scan(PDA, Type::OfficeIn, &item).await;
                let order = v1::OrderLegRequest { item: code(&item), ..world.order(v1::LegKind::Inbound) };
                world.ordered(&p.department, order).await;
            } else {
                let picked = v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &item) };
                world.say(&p.post, PDA, &picked).await;
            }
        }
    }))
    .await;
    world.tied().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_every_cursor_ever_handed_out_every_later_event_comes_once_and_in_order() {
    let mut seed = Seed::take();
    let mut world = World::start().await;
    let department = world.province.department.clone();
    // Cursors by how far each had come, collected while others write, over a kill and a restart.
    let mut cursors: BTreeMap<Bytes, u64> = BTreeMap::new();
    for round in 0..3_u64 {
        let collect = async {
            let (mut cursor, mut read) = (None, 0);
            while read < 40 * (round + 1) {
                let size = 1 + seed.below(7) as i32;
                let page = page(&world, &department, cursor, size).await;
                for event in &page.events {
                    assert_eq!(event.seq, read + 1, "never n+1 before n");
                    read = event.seq;
                }
                cursors.insert(page.next_cursor.clone(), read);
                cursor = Some(page.next_cursor);
                if page.caught_up {
                    tokio::task::yield_now().await;
                }
            }
        };
        within("the collecting", async { tokio::join!(busy(&world, 10_000 * (round + 1), 12), collect) })
            .await;
        if round == 1 {
            world.kill_and_restart().await;
        } else {
            world.gateway.stop();
            world.gateway.restart();
            world.connect().await;
        }
    }
    let all = rest(&world, &department, None, 1_000).await;
    assert!(cursors.len() > 20, "{} cursors", cursors.len());
    for (cursor, read) in &cursors {
        let size = [1, 7, 100][seed.below(3) as usize];
        let size = if size == 1 && all.len() as u64 - read > 60 { 7 } else { size };
        let later = rest(&world, &department, Some(cursor.clone()), size).await;
        assert!(later == all[*read as usize..], "from {read}: {} of {}", later.len(), all.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_with_pages_of_any_size_read_the_same_log() {
    let world = World::start().await;
    busy(&world, 1, 15).await;
    let p = &world.province;
    let wanted = rest(&world, &p.department, None, 0).await;
    assert!(wanted.len() >= 60, "{}", wanted.len());
    for size in [1, 3, 1_000] {
        assert!(rest(&world, &p.department, None, size).await == wanted, "pages of {size}");
    }
    // An empty page gives back the cursor that was sent.
    let end = page(&world, &p.department, None, 1_000).await.next_cursor;
    let empty = page(&world, &p.department, Some(end.clone()), 10).await;
    assert_eq!((empty.events.len(), empty.next_cursor, empty.caught_up), (0, end, true));
}

async fn stream(world: &World, who: &Partner, cursor: Bytes) -> tonic::Streaming<v1::StreamEventsResponse> {
    let request = v1::StreamEventsRequest { cursor, ..Default::default() };
    world.feeds().stream_events(who.ask(request)).await.unwrap().into_inner()
}

/// The next events of a stream up to a bookmark that says there is no more.
async fn until_caught_up(
    events: &mut tonic::Streaming<v1::StreamEventsResponse>,
) -> (Vec<v1::FeedEvent>, Bytes) {
    let mut seen = Vec::new();
    loop {
        match within("the stream", events.message()).await.unwrap().unwrap().message.unwrap() {
            Told::Event(event) => seen.push(event),
            Told::Bookmark(bookmark) if bookmark.caught_up => return (seen, bookmark.cursor),
            Told::Bookmark(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_bookmarks_follows_what_comes_and_is_taken_up_again_where_it_was_left() {
    let mut world = World::start().await;
    busy(&world, 1, 6).await;
    let department = world.province.department.clone();
    let mut events = stream(&world, &department, Bytes::new()).await;
    let (first, _) = until_caught_up(&mut events).await;
    assert!(first == rest(&world, &department, None, 0).await);

    // What is committed now comes without being asked for.
    let picked = v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &codes::item(9_000)) };
    let recorded = world.say(&world.province.post, PDA, &picked).await;
    let (next, bookmark) = until_caught_up(&mut events).await;
    assert_eq!(next.iter().map(|event| &event.record).collect::<Vec<_>>(), [&recorded.record]);
    drop(events);

    world.kill_and_restart().await;
    let picked = v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &codes::item(9_001)) };
    let recorded = world.say(&world.province.post, PDA, &picked).await;
    let mut events = stream(&world, &department, bookmark).await;
    let (later, _) = until_caught_up(&mut events).await;
    assert_eq!(later.iter().map(|event| &event.record).collect::<Vec<_>>(), [&recorded.record]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_ends_ends_its_streams_with_a_bookmark_and_its_waiting_pulls_with_an_answer() {
    let world = World::start().await;
    busy(&world, 1, 3).await;
    let department = world.province.department.clone();
    let mut events = stream(&world, &department, Bytes::new()).await;
    let (first, _) = until_caught_up(&mut events).await;
    let end = page(&world, &department, None, 1_000).await.next_cursor;
    let wait = prost_types::Duration { seconds: 30, nanos: 0 };
    let start = Some(Start::Cursor(end.clone()));
    let request = department.ask(v1::PullEventsRequest { start, wait: Some(wait), ..Default::default() });
    let mut feeds = world.feeds();
    let mut waiting = tokio::spawn(async move { feeds.pull_events(request).await });
    let early = tokio::time::timeout(Duration::from_millis(200), &mut waiting).await;
    assert!(early.is_err(), "answered while there was nothing: {early:?}");

    let stopping = tokio::task::spawn_blocking(move || {
        let mut world = world;
        let (code, _log) = world.gateway.stop();
        (code, world)
    });
    let mut last = None;
    while let Some(message) = within("the end of the stream", events.message()).await.unwrap() {
        last = message.message;
    }
    let waited = within("the waiting pull", waiting).await.unwrap();
    let (code, mut world) = within("the drain", stopping).await.unwrap();
    assert_eq!(code, Some(0), "a drained gateway ends well");
    let page = waited.unwrap().into_inner();
    assert_eq!((page.events.len(), page.next_cursor), (0, end));
    let Some(Told::Bookmark(bookmark)) = last else { panic!("no last bookmark: {last:?}") };

    world.gateway.restart();
    world.connect().await;
    assert!(rest(&world, &department, Some(bookmark.cursor), 0).await.is_empty());
    assert!(rest(&world, &department, None, 0).await == first);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_carries_its_own_bytes_and_what_its_record_says() {
    use prost::Message;
    let world = World::start().await;
    let p = &world.province;
    let picked = v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &codes::item(1)) };
    let mut bytes = picked.encode_to_vec();
    // A field of a later release: the gateway keeps and relays it.
    bytes.extend_from_slice(&[0xc2, 0x3e, 2, b'h', b'i']);
    let line = v1::Capture {
        source: PDA.to_owned(),
        client_event_id: "later-field".to_owned(),
        event: bytes.clone().into(),
        ..Default::default()
    };
    let recorded = world.capture(&p.post, line).await.unwrap();
    for who in [&p.post, &p.department] {
        let log = world.log(who).await;
        let line = log.last().unwrap();
        assert_eq!(line.event, Bytes::from(bytes.clone()), "the bytes as received");
        assert_eq!(
            (&line.record, line.position, &line.outcome),
            (&recorded.record, recorded.position, &recorded.outcome)
        );
        assert_eq!((line.source.as_str(), line.code.as_str()), (PDA, recorded.code.as_str()));
        let leg = format!("legs/0-{}", recorded.position.unwrap().pos);
        assert_eq!((line.leg.as_str(), line.lane), (leg.as_str(), 0));
        let record = crate::support::world::record(line);
        let us = |time: &Option<prost_types::Timestamp>| {
            let time = time.unwrap();
            time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000
        };
        assert_eq!(us(&line.committed_at), record.committed_at.0);
        assert_eq!(us(&line.received_at), record.received_at.0);
        assert_eq!(us(&line.effective_at), record.effective_at.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn digests_tell_whether_a_reader_holds_what_is_in_the_log_between_any_two_cursors() {
    use sha2::{Digest, Sha256};
    let seed = Seed::take().below(1 << 20);
    let world = World::start().await;
    busy(&world, seed, 8).await;
    let who = &world.province.post;
    let held = rest(&world, who, None, 1_000).await;
    // A cursor after each event, the beginning first.
    let mut cursors = vec![Bytes::new()];
    while cursors.len() <= held.len() {
        let last = cursors.last().cloned().filter(|cursor| !cursor.is_empty());
        cursors.push(page(&world, who, last, 1).await.next_cursor);
    }
    let ask = async |from: usize, to: usize| {
        let (from_cursor, to_cursor) = (cursors[from].clone(), cursors[to].clone());
        let request = v1::GetFeedDigestRequest { parent: String::new(), from_cursor, to_cursor };
        world.feeds().get_feed_digest(who.ask(request)).await.map(tonic::Response::into_inner)
    };
    let of = |events: &[v1::FeedEvent]| {
        let records = events.iter().map(|event| Sha256::digest(&event.record));
        Sha256::digest(records.collect::<Vec<_>>().concat()).to_vec()
    };
    for (from, to) in [(0, held.len()), (0, 1), (3, 7), (held.len() - 1, held.len())] {
        let part = ask(from, to).await.unwrap();
        let [digest] = &part.digests[..] else { panic!("one lane") };
        assert_eq!((digest.first_seq, digest.last_seq), (from as u64 + 1, to as u64));
        assert_eq!(digest.sha256, of(&held[from..to]));
        assert_eq!((part.next_cursor, part.complete), (cursors[to].clone(), true));
        // One that is missing, and one in another's place.
        assert_ne!(digest.sha256, of(&held[from..to - 1]));
        if to - from > 1 {
            let mut swapped = held[from..to].to_vec();
            swapped.swap(0, 1);
            assert_ne!(digest.sha256, of(&swapped));
        }
    }
    let nothing = ask(4, 4).await.unwrap();
    assert_eq!((nothing.digests.len(), nothing.next_cursor, nothing.complete), (0, cursors[4].clone(), true));
    let whole = v1::GetFeedDigestRequest::default();
    let whole = world.feeds().get_feed_digest(who.ask(whole)).await.unwrap().into_inner();
    assert_eq!(whole, ask(0, held.len()).await.unwrap(), "no end is the end");
    let backwards = ask(7, 3).await.unwrap_err();
    assert_eq!(crate::support::partner::reason(&backwards), "CURSOR_INVALID");
}
