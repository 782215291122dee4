//! A bad line between a client and the gateway: it forwards a number of bytes and then cuts the connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Which way the bytes go that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the gateway.
    Up,
    /// From the gateway to the client.
    Down,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As if the peer had closed it.
    Fin,
    /// As if the peer's machine had forgotten it.
    Reset,
}

/// After exactly so many bytes of one way both sides are cut off.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Which bytes count.
    pub way: Way,
    /// How many are let through.
    pub after: u64,
    /// How it ends.
    pub end: End,
}

/// A line; it is down when dropped.
pub struct Proxy {
    address: SocketAddr,
    up: Arc<AtomicU64>,
    down: Arc<AtomicU64>,
    connections: Arc<AtomicU64>,
    serving: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// A line to a gateway. `cut` says for each connection, from 0, where it is cut; `None` lets it live.
    pub async fn to(gateway: SocketAddr, cut: impl FnMut(u64) -> Option<Cut> + Send + 'static) -> Proxy {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let [up, down, connections] = [(); 3].map(|()| Arc::new(AtomicU64::new(0)));
        let counters = (Arc::clone(&up), Arc::clone(&down), Arc::clone(&connections));
        let serving = tokio::spawn(serve(listener, gateway, cut, counters));
        Proxy { address, up, down, connections, serving }
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes that went each way, up and down.
    pub fn forwarded(&self) -> (u64, u64) {
        (self.up.load(Ordering::SeqCst), self.down.load(Ordering::SeqCst))
    }

    /// Connections that were made.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Counters = (Arc<AtomicU64>, Arc<AtomicU64>, Arc<AtomicU64>);

async fn serve(
    listener: TcpListener,
    gateway: SocketAddr,
    mut cut: impl FnMut(u64) -> Option<Cut>,
    (up, down, connections): Counters,
) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let cut = cut(connections.fetch_add(1, Ordering::SeqCst));
        let (up, down) = (Arc::clone(&up), Arc::clone(&down));
        tokio::spawn(async move {
            let Ok(gateway) = TcpStream::connect(gateway).await else { return };
            for stream in [&client, &gateway] {
                stream.set_nodelay(true).unwrap();
            }
            carry(client, gateway, cut, &up, &down).await;
        });
    }
}

async fn carry(
    mut client: TcpStream,
    mut gateway: TcpStream,
    cut: Option<Cut>,
    up: &AtomicU64,
    down: &AtomicU64,
) {
    let end = cut.map_or(End::Fin, |cut| cut.end);
    {
        let left = |way| cut.filter(|cut| cut.way == way).map_or(u64::MAX, |cut| cut.after);
        let (mut from_client, mut to_client) = client.split();
        let (mut from_gateway, mut to_gateway) = gateway.split();
        tokio::select! {
            () = forward(&mut from_client, &mut to_gateway, left(Way::Up), up) => {}
            () = forward(&mut from_gateway, &mut to_client, left(Way::Down), down) => {}
        }
    }
    for stream in [client, gateway] {
        if end == End::Reset {
            stream.set_zero_linger().unwrap();
        }
        drop(stream);
    }
}

/// Forwards until the bytes are used up, or either side has ended.
async fn forward(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut left: u64,
    forwarded: &AtomicU64,
) {
    let mut buffer = vec![0; 16 << 10];
    while left > 0 {
        let room = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Ok(read @ 1..) = from.read(&mut buffer[..room]).await else { return };
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
        left -= read as u64;
        forwarded.fetch_add(read as u64, Ordering::SeqCst);
    }
}
