//! Whoever means no good, or is merely broken: a key that was revoked, a clock told by nobody, rubbish on the port, and
//! readers that never read.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request};
use trao::doors::wire::v1;

use crate::support::codes;
use crate::support::gateway::{Start, trao};
use crate::support::partner::{PDA, Partner, capture, event, reason};
use crate::support::wait::within;
use crate::support::world::{DEPARTMENT, World};

/// Long enough for a revoked key to be seen.
const SEEN: Duration = Duration::from_secs(2);

fn revoke(folder: &Path, partner: &Partner) {
    let id = partner.key.split('_').nth(1).unwrap();
    let mut command = trao();
    command.args(["keys", "revoke", "--data"]).arg(folder).arg(id);
    assert!(command.output().unwrap().status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_ends_what_is_open() {
    let world = World::start().await;
    let folder = world.gateway.folder();
    let reader = Partner::create(folder, DEPARTMENT, "agency-system", &[]);
    let device = Partner::create(folder, "carriers/p", "post-operator", &["--source", PDA]);

    let mut feed = world.feeds();
    let follow = v1::StreamEventsRequest::default();
    let mut stream = feed.stream_events(reader.ask(follow)).await.unwrap().into_inner();
    let (lines, outbox) = mpsc::channel(4);
    let hello = v1::Hello { source: PDA.to_owned(), last_device_seq: 0 };
    let say = |message| v1::SyncEventsRequest { message: Some(message) };
    lines.send(say(v1::sync_events_request::Message::Hello(hello))).await.unwrap();
    let sync: Request<_> = device.ask(ReceiverStream::new(outbox));
    let mut acks = world.captures().sync_events(sync).await.unwrap().into_inner();
    assert!(acks.message().await.unwrap().is_some());
    let wait = Some(prost_types::Duration { seconds: 20, nanos: 0 });
    let mut waiting = world.feeds();
    let pull = reader.ask(v1::PullEventsRequest { wait, ..v1::PullEventsRequest::default() });
    let pull = tokio::spawn(async move { waiting.pull_events(pull).await });
    sleep(Duration::from_millis(300)).await;

    revoke(folder, &reader);
    revoke(folder, &device);
    sleep(SEEN).await;
    let item = codes::item(900);
    let scan = capture(PDA, "after", &event(v1::EventType::OfficeIn, &item));
    let line: v1::SyncEventsRequest = {
        use prost::Message;
        say(v1::sync_events_request::Message::Line(scan.encode_to_vec().into()))
    };
    let _ended = lines.send(line).await;
    let refused = within("the outbox's end", acks.message()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unauthenticated, "KEY_INVALID"));
    let refused = loop {
        match within("the stream's end", stream.message()).await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if nothing were wrong"),
            Err(refused) => break refused,
        }
    };
    assert_eq!(reason(&refused), "KEY_INVALID");
    // What happens now wakes the pull, and is not told to it.
    world.ordered(&world.province.department, world.order(v1::LegKind::Inbound)).await;
    let refused = within("the pull", pull).await.unwrap().unwrap_err();
    assert_eq!(reason(&refused), "KEY_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_told_only_by_who_has_a_key() {
    let flags = vec!["--clock".to_owned(), "replay".to_owned()];
    let world = World::start_with(Start { flags, ..Start::default() }).await;
    let mut stranger = Request::new(v1::ListLegsRequest::default());
    stranger.metadata_mut().insert("trao-now", "2099-01-01T00:00:00Z".parse().unwrap());
    let refused = world.legs().list_legs(stranger).await.unwrap_err();
    assert_eq!(reason(&refused), "KEY_MISSING");
    let mut order = world.province.department.ask(world.order(v1::LegKind::Inbound));
    order.metadata_mut().insert("trao-now", "2026-11-20T01:00:00Z".parse().unwrap());
    let leg = world.legs().order_leg(order).await.unwrap().into_inner().leg.unwrap();
    assert_eq!(leg.opened_at.unwrap().seconds, 1_795_136_400);
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_on_the_port_harms_nobody() {
    let mut world = World::start().await;
    let url = world.gateway.url();
    let address = url.trim_start_matches("http://");
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(TcpStream::connect(address).unwrap());
    }
    for rubbish in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        &b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03 a greeting of TLS"[..],
        &[0xff; 4096][..],
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n and then no frame at all, but words"[..],
    ] {
        let mut stranger = TcpStream::connect(address).unwrap();
        stranger.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stranger.write_all(rubbish).unwrap();
        let mut answer = Vec::new();
        // It is hung up on: an end or a reset, no silence.
        if let Err(error) = stranger.read_to_end(&mut answer) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
    }
    world.ordered(&world.province.department, world.order(v1::LegKind::Inbound)).await;
    let (code, log) = world.gateway.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_never_read_do_not_hold_up_the_end() {
    let mut world = World::start().await;
    let mut unread = Vec::new();
    for _ in 0..50 {
        let follow = world.province.post.ask(v1::StreamEventsRequest::default());
        unread.push(world.feeds().stream_events(follow).await.unwrap());
    }
    // A device that never says hello.
    let (lines, outbox) = mpsc::channel::<v1::SyncEventsRequest>(1);
    let sync = world.province.post.ask(ReceiverStream::new(outbox));
    let mut captures = world.captures();
    let mute = tokio::spawn(async move { captures.sync_events(sync).await.map(|_| ()) });
    world.ordered(&world.province.department, world.order(v1::LegKind::Inbound)).await;
    let began = std::time::Instant::now();
    let (code, log) = world.gateway.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(within("the mute device", mute).await.unwrap().is_err());
    drop((lines, unread));
}
