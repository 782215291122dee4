//! A waiting reader is answered by the commit's own wake-up: feeds here look by themselves once an hour.

use std::time::Duration;

use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::capture_service_client::CaptureServiceClient;
use v1::feed_service_client::FeedServiceClient;
use v1::pull_events_request::Start;
use v1::stream_events_response::Message as Told;

use crate::support::codes;
use crate::support::inside::{Inside, On, Options};
use crate::support::partner::{PDA, capture, event};
use crate::support::wait::within;
use crate::support::world::DEPARTMENT;

/// Far beyond the test's end.
const POLL: Duration = Duration::from_secs(3_600);
/// Beyond what `within` allows, so that it is not the end of the wait that answers.
const WAIT: prost_types::Duration = prost_types::Duration { seconds: 30, nanos: 0 };

async fn picked_up(inside: &Inside, n: u64) -> v1::Recorded {
    let event = v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &codes::item(n)) };
    let line = Some(capture(PDA, &format!("wake-{n}"), &event));
    let request = inside.post.ask(v1::CaptureEventRequest { line });
    let answer = CaptureServiceClient::new(inside.channel()).capture_event(request).await.unwrap();
    answer.into_inner().recorded.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_pull_and_a_stream_are_woken_by_the_commit_itself() {
    for on in [On::Memory, On::Sqlite] {
        let inside = Inside::start(Options { on, poll: POLL, ..Options::default() }).await;
        picked_up(&inside, 1).await;
        let mut feeds = FeedServiceClient::new(inside.channel());
        let request = inside.department.ask(v1::PullEventsRequest::default());
        let mut cursor = feeds.pull_events(request).await.unwrap().into_inner().next_cursor;
        let request = v1::StreamEventsRequest { cursor: cursor.clone(), ..Default::default() };
        let mut stream = feeds.stream_events(inside.department.ask(request)).await.unwrap().into_inner();

        for n in 2..6 {
            let start = Some(Start::Cursor(cursor.clone()));
            let request = v1::PullEventsRequest { start, wait: Some(WAIT), ..Default::default() };
            let request = inside.department.ask(request);
            let mut waiting = FeedServiceClient::new(inside.channel());
            let mut waiting = tokio::spawn(async move { waiting.pull_events(request).await });
            let early = tokio::time::timeout(Duration::from_millis(100), &mut waiting).await;
            assert!(early.is_err(), "{on:?}: answered while there was nothing: {early:?}");
            let recorded = picked_up(&inside, n).await;
            let page = within("the wake-up", waiting).await.unwrap().unwrap().into_inner();
            assert_eq!(page.events.len(), 1, "{on:?}");
            assert_eq!(page.events[0].record, recorded.record);
            cursor = page.next_cursor;
            loop {
                let next = within("the stream's wake-up", stream.message()).await.unwrap().unwrap();
                if let Some(Told::Event(event)) = next.message {
                    assert_eq!(event.record, recorded.record, "{on:?}");
                    break;
                }
            }
        }
        // What concerns others wakes nobody: the counter's pull is still waiting.
        let request = inside.centre.ask(v1::PullEventsRequest { wait: Some(WAIT), ..Default::default() });
        let mut waiting = FeedServiceClient::new(inside.channel());
        let mut waiting = tokio::spawn(async move { waiting.pull_events(request).await });
        picked_up(&inside, 7).await;
        let early = tokio::time::timeout(Duration::from_millis(100), &mut waiting).await;
        assert!(early.is_err(), "{on:?}: woken by what concerns others: {early:?}");
        waiting.abort();
    }
}
