//! A full intake says so and loses nothing, and whoever fills it does not make others wait.

use std::time::Duration;

use prost::Message;
use tonic::Code;
use tonic_types::StatusExt;
use trao::doors::wire::v1;
use trao::limits;
use v1::capture_service_client::CaptureServiceClient;

use crate::support::gateway::{Gateway, Start};
use crate::support::interpose::{Field, Interposer};
use crate::support::partner::{PDA, Province, READER, capture, event, reason};

const BATCHES: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_flushes_its_outbox_is_told_to_wait_and_a_counter_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Interposer::new(folder.path());
    let start = Start { environment: disk.environment(), ..Start::default() };
    let gateway = Gateway::start_on(&folder.path().join("data"), start);
    let province = Province::enter(&gateway).await;
    let channel = gateway.channel().await;

    // The writer waits for the disk, so that everything else queues.
    disk.set(Field::HoldSync, 1);
    let flushing: Vec<_> = (0..BATCHES)
        .map(|batch| {
            let lines = (0..limits::BATCH_LINES).map(|line| {
                let event = event(v1::EventType::OfficeIn, "RA990000010VN");
                capture(PDA, &format!("flush-{batch}-{line}"), &event).encode_to_vec().into()
            });
            let request = v1::BatchCaptureEventsRequest { lines: lines.collect() };
            let (mut client, request) =
                (CaptureServiceClient::new(channel.clone()), province.post.ask(request));
            tokio::spawn(async move { client.batch_capture_events(request).await.unwrap().into_inner() })
        })
        .collect();

    // The device has its share when one more line of it is refused at once.
    let mut client = CaptureServiceClient::new(channel.clone());
    let full = loop {
        let line = capture(PDA, "one-more", &event(v1::EventType::OfficeIn, "RA990000010VN"));
        let request = province.post.ask(v1::CaptureEventRequest { line: Some(line) });
        match tokio::time::timeout(Duration::from_millis(100), client.capture_event(request)).await {
            Ok(Ok(answer)) => panic!("answered while the disk is held: {answer:?}"),
            Ok(Err(status)) => break status,
            // There was still room, and it was queued: the same line again is the same line.
            Err(_) => {}
        }
    };
    assert_eq!((full.code(), reason(&full)), (Code::ResourceExhausted, "OVERLOADED".to_owned()));
    let retry = full
        .get_details_retry_info()
        .and_then(|info| info.retry_delay)
        .expect("it is told when to try again");
    assert!(retry > Duration::ZERO);

    // A counter has room all the same.
    let (mut counter, centre) = (CaptureServiceClient::new(channel.clone()), province.centre.clone());
    let answered = tokio::spawn(async move {
        let line = capture(READER, "counter-1", &event(v1::EventType::Accepted, "RA990000010VN"));
        counter.capture_event(centre.ask(v1::CaptureEventRequest { line: Some(line) })).await
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!answered.is_finished(), "queued, neither answered nor refused");
    disk.set(Field::HoldSync, 0);

    let counter = answered.await.unwrap().unwrap().into_inner().recorded.unwrap().position.unwrap().pos;
    let (mut kept, mut refused, mut last) = (0, 0, 0);
    for flush in flushing {
        for result in flush.await.unwrap().results {
            match result.result.unwrap() {
                v1::line_result::Result::Recorded(recorded) => {
                    kept += 1;
                    last = last.max(recorded.position.unwrap().pos);
                }
                v1::line_result::Result::Refusal(refusal) => {
                    assert_eq!(refusal.reason, "OVERLOADED");
                    assert!(refusal.retry_after.is_some());
                    refused += 1;
                }
            }
        }
    }
    assert_eq!(kept + refused, BATCHES * limits::BATCH_LINES, "every line has its answer");
    assert!(refused > 0 && kept >= limits::INTAKE_LINES / 2, "{kept} kept, {refused} refused");
    assert!(
        kept <= limits::INTAKE_LINES / 2 + limits::BATCH_LINES,
        "one source takes no more than its share: {kept}"
    );
    // What was queued before it is one batch at the writer and the first of each turn; not the device's two thousand.
    assert!(counter + 1_000 < last, "the counter waited behind the device: {counter} of {last}");

    // Nothing was lost: what was refused is taken now.
    let line = capture(PDA, "later", &event(v1::EventType::OfficeIn, "RA990000010VN"));
    let request = province.post.ask(v1::CaptureEventRequest { line: Some(line) });
    assert!(client.capture_event(request).await.is_ok());
}
