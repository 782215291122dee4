//! Acknowledged means durable: answers follow syncs, and a disk that fails costs nothing but time.
//!
//! SIGKILL cannot show fsync, because the system keeps what was written; so a library stands between the gateway and the
//! system and holds or fails its syncs.

use std::time::Duration;

use tonic::Code;
use trao::doors::wire::v1;
use v1::capture_service_client::CaptureServiceClient;

use crate::support::gateway::{Gateway, Start};
use crate::support::interpose::{Field, Interposer};
use crate::support::partner::{PDA, Province, capture, event, reason};

/// Long enough for an answer that should not come to have come: a hundred times what one takes.
const WHILE: Duration = Duration::from_millis(300);

struct Held {
    gateway: Gateway,
    province: Province,
    disk: Interposer,
    _folder: tempfile::TempDir,
}

async fn gateway_with_a_hand_on_its_disk() -> Held {
    let folder = tempfile::tempdir().unwrap();
    let disk = Interposer::new(folder.path());
    let start = Start { environment: disk.environment(), ..Start::default() };
    let gateway = Gateway::start_on(&folder.path().join("data"), start);
    let province = Province::enter(&gateway).await;
    Held { gateway, province, disk, _folder: folder }
}

fn line(id: &str) -> v1::Capture {
    let event =
        v1::Event { agency: "agencies/H99.14".to_owned(), ..event(v1::EventType::PickedUp, "RA990000010VN") };
    capture(PDA, id, &event)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_leaves_before_the_sync_of_its_batch() {
    let held = gateway_with_a_hand_on_its_disk().await;
    let channel = held.gateway.channel().await;
    held.disk.set(Field::HoldSync, 1);
    let before = held.disk.get(Field::Syncs);

    let request = held.province.post.ask(v1::CaptureEventRequest { line: Some(line("held-1")) });
    let mut client = CaptureServiceClient::new(channel.clone());
    let mut answer = tokio::spawn(async move { client.capture_event(request).await });
    let early = tokio::time::timeout(WHILE, &mut answer).await;
    assert!(early.is_err(), "answered while its sync was held: {early:?}");
    assert_eq!(held.disk.get(Field::Syncs), before, "nothing was synced");
    assert!(held.disk.get(Field::SyncsBegun) > before, "a sync was begun");

    held.disk.set(Field::HoldSync, 0);
    let recorded = answer.await.unwrap().unwrap().into_inner().recorded.unwrap();
    assert!(!recorded.replayed);
    assert!(held.disk.get(Field::Syncs) > before);

    // Every further answer has a sync of its own before it when calls come one after the other.
    let mut client = CaptureServiceClient::new(channel);
    for number in 0..20 {
        let before = held.disk.get(Field::Syncs);
        let request = v1::CaptureEventRequest { line: Some(line(&format!("one-{number}"))) };
        client.capture_event(held.province.post.ask(request)).await.unwrap();
        assert!(held.disk.get(Field::Syncs) > before, "answer {number} came without a sync");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_sync_fails_no_answer_leaves_and_service_resumes() {
    let held = gateway_with_a_hand_on_its_disk().await;
    let mut client = CaptureServiceClient::new(held.gateway.channel().await);
    held.disk.set(Field::FailSync, 1);
    for attempt in 0..3 {
        let request = held.province.post.ask(v1::CaptureEventRequest { line: Some(line("failed-1")) });
        let status = client.capture_event(request).await.expect_err("answered although its sync failed");
        assert_eq!(
            (status.code(), reason(&status)),
            (Code::Unavailable, "STORE_UNAVAILABLE".to_owned()),
            "{attempt}"
        );
        assert!(
            !status.message().contains("sqlite") && !status.message().contains('/'),
            "{}",
            status.message()
        );
    }
    held.disk.set(Field::FailSync, 0);
    let request = held.province.post.ask(v1::CaptureEventRequest { line: Some(line("failed-1")) });
    let recorded = client.capture_event(request).await.unwrap().into_inner().recorded.unwrap();
    assert!(!recorded.replayed, "what was refused was not kept");
    assert_eq!(recorded.position.unwrap().pos, 1, "no position was spent on what failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_turns_unwritable_is_unavailable_and_then_well_again() {
    let held = gateway_with_a_hand_on_its_disk().await;
    let mut client = CaptureServiceClient::new(held.gateway.channel().await);
    held.disk.set(Field::ReadOnly, 1);
    let request = held.province.post.ask(v1::CaptureEventRequest { line: Some(line("erofs-1")) });
    let status = client.capture_event(request).await.expect_err("answered although nothing could be written");
    assert_eq!((status.code(), reason(&status)), (Code::Unavailable, "STORE_UNAVAILABLE".to_owned()));
    held.disk.set(Field::ReadOnly, 0);
    let request = held.province.post.ask(v1::CaptureEventRequest { line: Some(line("erofs-1")) });
    let recorded = client.capture_event(request).await.unwrap().into_inner().recorded.unwrap();
    assert_eq!((recorded.replayed, recorded.position.unwrap().pos), (false, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_unavailable_keeps_nothing_by_halves_and_service_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut gateway = Gateway::start_on(&data, Start::default());
    let province = Province::enter(&gateway).await;
    gateway.stop();
    // The log of changes may not grow beyond this: some lines fit, then the disk is full.
    gateway.restart_with(Start { file_bytes_max: Some(512 << 10), ..Start::default() });
    let mut client = CaptureServiceClient::new(gateway.channel().await);
    let mut kept = Vec::new();
    let mut refused = 0;
    for number in 0..4_000 {
        let id = format!("full-{number}");
        let request = province.post.ask(v1::CaptureEventRequest { line: Some(line(&id)) });
        match client.capture_event(request).await {
            Ok(answer) => kept.push((id, answer.into_inner().recorded.unwrap())),
            Err(status) => {
                assert_eq!(
                    (status.code(), reason(&status)),
                    (Code::Unavailable, "STORE_UNAVAILABLE".to_owned())
                );
                refused += 1;
                if refused == 3 {
                    break;
                }
            }
        }
    }
    assert!(refused == 3 && !kept.is_empty(), "{} kept, {refused} refused", kept.len());
    gateway.stop();
    gateway.restart();
    let mut client = CaptureServiceClient::new(gateway.channel().await);
    for (id, _) in &kept {
        let request = province.post.ask(v1::CaptureEventRequest { line: Some(line(id)) });
        let again = client.capture_event(request).await;
        // The event's own time differs from the first attempt's, so the key is known with other content: it was kept.
        assert_eq!(reason(&again.unwrap_err()), "EVENT_KEY_REUSED", "{id}");
    }
    let request = province.post.ask(v1::CaptureEventRequest { line: Some(line("after")) });
    let after = client.capture_event(request).await.unwrap().into_inner().recorded.unwrap();
    assert_eq!(
        after.position.unwrap().pos,
        kept.len() as u64 + 1,
        "positions are dense, none was lost or spent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_was_stopped_leaves_a_whole_file_and_no_log_whoever_was_connected() {
    let mut gateway = Gateway::start();
    let province = Province::enter(&gateway).await;
    let mut captures = CaptureServiceClient::new(gateway.channel().await);
    captures
        .capture_event(province.post.ask(v1::CaptureEventRequest { line: Some(line("1")) }))
        .await
        .unwrap();
    // One that has said nothing yet is somewhere else than one that was answered.
    let address = gateway.url().trim_start_matches("http://").to_owned();
    let silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let (code, log) = tokio::task::spawn_blocking(move || {
        let ended = gateway.stop();
        // Opened without a log, so that the file alone is read.
        assert!(!gateway.folder().join("trao.db-wal").exists());
        let kept = gateway.database().query_row("SELECT count(*) FROM entry", [], |row| row.get(0));
        assert_eq!(kept, Ok(1));
        ended
    })
    .await
    .unwrap();
    assert_eq!(code, Some(0), "{log}");
    drop((silent, captures));
}
