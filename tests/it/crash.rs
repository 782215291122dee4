//! SIGKILL of a real gateway under load, many times at random moments. An outside journal of what was acknowledged is held
//! against the store at the end: nothing acknowledged is missing, every retry got the same bytes, every log is dense,
//! custody is conserved.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tonic::transport::Channel;
use trao::doors::wire::v1;
use trao::dossier::invariants;
use trao::seal::record::Record;
use v1::capture_service_client::CaptureServiceClient;
use v1::feed_service_client::FeedServiceClient;

use crate::support::codes::item;
use crate::support::gateway::{Gateway, Start};
use crate::support::partner::{PDA, Partner, Province, capture, event};
use crate::support::seed::Seed;

const KILLS: usize = 50;
const WORKERS: usize = 32;
const IN_FLIGHT_MIN: usize = 8;

/// What the outside knows: which lines were sent, and which record each was acknowledged with.
#[derive(Default)]
struct Outside {
    acknowledged: Mutex<BTreeMap<String, Bytes>>,
    unanswered: Mutex<Vec<v1::Capture>>,
    replayed: AtomicUsize,
    in_flight: AtomicUsize,
    made: AtomicU64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_under_load_lose_nothing_that_was_acknowledged() {
    let mut seed = Seed::take();
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Gateway::start_on(&folder.path().join("data"), Start::default());
    let province = Province::enter(&gateway).await;
    let outside = Arc::new(Outside::default());

    for kill in 0..KILLS {
        let stop = Arc::new(AtomicBool::new(false));
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| {
                let (channel, post) = (gateway.lazy_channel(), province.post.clone());
                tokio::spawn(work(channel, post, Arc::clone(&outside), Arc::clone(&stop)))
            })
            .collect();
        let some_acknowledged = outside.acknowledged.lock().unwrap().len() + 20;
        let pause = Duration::from_micros(seed.below(40_000));
        let enough = || {
            outside.acknowledged.lock().unwrap().len() >= some_acknowledged
                && outside.in_flight.load(Ordering::SeqCst) >= IN_FLIGHT_MIN
        };
        while !enough() {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(pause).await;
        while outside.in_flight.load(Ordering::SeqCst) < IN_FLIGHT_MIN {
            tokio::task::yield_now().await;
        }
        let in_flight = outside.in_flight.load(Ordering::SeqCst);
        gateway.kill();
        stop.store(true, Ordering::SeqCst);
        for worker in workers {
            worker.await.unwrap();
        }
        assert!(in_flight >= IN_FLIGHT_MIN, "kill {kill} found {in_flight} in flight");
        gateway.restart();
    }

    // What was never answered is sent once more, as a device does.
    let unanswered = std::mem::take(&mut *outside.unanswered.lock().unwrap());
    let mut client = CaptureServiceClient::new(gateway.channel().await);
    for line in unanswered {
        send(&mut client, &province.post, &outside, line).await;
    }
    assert!(outside.unanswered.lock().unwrap().is_empty());
    assert!(outside.replayed.load(Ordering::SeqCst) > 0, "no kill came between COMMIT and its answer");
    check(&gateway, &province, &outside).await;
}

async fn work(channel: Channel, post: Partner, outside: Arc<Outside>, stop: Arc<AtomicBool>) {
    let mut client = CaptureServiceClient::new(channel);
    while !stop.load(Ordering::SeqCst) {
        let again = outside.unanswered.lock().unwrap().pop();
        let line = again.unwrap_or_else(|| new_line(outside.made.fetch_add(1, Ordering::SeqCst)));
        if !send(&mut client, &post, &outside, line).await {
            return;
        }
    }
}

/// Four scans of each envelope: it is picked up, taken in, sent on, and arrives.
fn new_line(number: u64) -> v1::Capture {
    use v1::EventType::{Arrived, Dispatched, OfficeIn, PickedUp};
    let kind = [PickedUp, OfficeIn, Dispatched, Arrived][(number % 4) as usize];
    let item = item(number / 4);
    let event = v1::Event { agency: "agencies/H99.14".to_owned(), ..event(kind, &item) };
    capture(PDA, &format!("crash-{number}"), &event)
}

/// Sends a line and notes what came of it; `false` when nothing did.
async fn send(
    client: &mut CaptureServiceClient<Channel>,
    post: &Partner,
    outside: &Outside,
    line: v1::Capture,
) -> bool {
    outside.in_flight.fetch_add(1, Ordering::SeqCst);
    let answer = client.capture_event(post.ask(v1::CaptureEventRequest { line: Some(line.clone()) })).await;
    outside.in_flight.fetch_sub(1, Ordering::SeqCst);
    match answer {
        Ok(answer) => {
            let recorded = answer.into_inner().recorded.unwrap();
            if recorded.replayed {
                outside.replayed.fetch_add(1, Ordering::SeqCst);
            }
            let mut acknowledged = outside.acknowledged.lock().unwrap();
            let before = acknowledged.insert(line.client_event_id.clone(), recorded.record.clone());
            assert!(
                before.is_none_or(|before| before == recorded.record),
                "other bytes for {}",
                line.client_event_id
            );
            true
        }
        Err(_) => {
            outside.unanswered.lock().unwrap().push(line);
            false
        }
    }
}

async fn check(gateway: &Gateway, province: &Province, outside: &Outside) {
    let carrier = read_log(gateway, &province.post).await;
    let agency = read_log(gateway, &province.department).await;

    let stored: BTreeMap<&str, &Record> =
        carrier.iter().filter(|r| r.placed_from.is_none()).map(|r| (r.client_event_id.as_str(), r)).collect();
    let acknowledged = outside.acknowledged.lock().unwrap();
    for (id, record) in acknowledged.iter() {
        let kept = stored.get(id.as_str()).unwrap_or_else(|| panic!("{id} was acknowledged and is gone"));
        assert_eq!(Bytes::from(kept.encode().unwrap()), *record, "{id} is stored with other bytes");
    }
    let facts = carrier.iter().filter(|record| record.placed_from.is_none()).count();
    assert_eq!(facts, stored.len(), "nothing is stored twice");
    assert_eq!(facts as u64, outside.made.load(Ordering::SeqCst), "everything sent was kept in the end");
    let told: Vec<invariants::Told> = carrier.iter().map(Record::told).collect();
    invariants::outcomes_conserve(&told).unwrap();
    assert!(!agency.is_empty());
    eprintln!(
        "{KILLS} kills, {} acknowledged, {} of them replayed, {} events in the carrier's log",
        acknowledged.len(),
        outside.replayed.load(Ordering::SeqCst),
        carrier.len()
    );
}

/// A party's whole log, checked to be dense.
async fn read_log(gateway: &Gateway, reader: &Partner) -> Vec<Record> {
    let mut feed = FeedServiceClient::new(gateway.channel().await);
    let mut records = Vec::new();
    let mut start = None;
    loop {
        let request = v1::PullEventsRequest { start, page_size: 1_000, ..v1::PullEventsRequest::default() };
        let page = feed.pull_events(reader.ask(request)).await.unwrap().into_inner();
        for event in &page.events {
            assert_eq!(event.seq, records.len() as u64 + 1, "the log is dense");
            records.push(Record::decode(&event.record).unwrap());
        }
        if page.caught_up {
            return records;
        }
        start = Some(v1::pull_events_request::Start::Cursor(page.next_cursor));
    }
}
