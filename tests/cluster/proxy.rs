//! A way to the database that can be cut: at once, or just before or just behind what is asked next.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where connections are cut next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cut {
    /// Nowhere.
    Nowhere,
    /// The next question never arrives.
    Question,
    /// The next answer never arrives: the question did.
    Answer,
}

/// The way. Connections end with it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    cut: Arc<AtomicU8>,
    all: watch::Sender<u64>,
}

impl Proxy {
    /// A way to a port of this machine.
    pub async fn to(port: u16) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let (cut, all) = (Arc::new(AtomicU8::new(Cut::Nowhere as u8)), watch::Sender::new(0));
        let (cuts, ends) = (Arc::clone(&cut), all.subscribe());
        tokio::spawn(async move {
            let mut closed = ends.clone();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((near, _)) = accepted else { return };
                        let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else { continue };
                        tokio::spawn(between(near, far, Arc::clone(&cuts), ends.clone()));
                    }
                    // Its sender is gone: so is the way.
                    ended = closed.changed() => if ended.is_err() { return },
                }
            }
        });
        Proxy { address, cut, all }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts a connection at the next question or answer, once.
    pub fn cut_at(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// Cuts every connection now.
    pub fn cut_all(&self) {
        self.all.send_modify(|times| *times += 1);
    }
}

async fn between(near: TcpStream, far: TcpStream, cut: Arc<AtomicU8>, mut ends: watch::Receiver<u64>) {
    let _latency = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    ends.mark_unchanged();
    tokio::select! {
        () = carry(near_in, far_out, Cut::Question, &cut) => {}
        () = carry(far_in, near_out, Cut::Answer, &cut) => {}
        _ended = ends.changed() => {}
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, kind: Cut, cut: &AtomicU8) {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let Ok(count) = from.read(&mut bytes).await else { return };
        let (here, nowhere) = (kind as u8, Cut::Nowhere as u8);
        let is_cut = cut.compare_exchange(here, nowhere, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if count == 0 || is_cut || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
