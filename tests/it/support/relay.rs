//! A way to a gateway that a test can cut: one address for its callers, whatever address the gateway has by now.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The relay; it ends with the test's runtime.
pub struct Relay {
    address: SocketAddr,
    wires: Arc<Mutex<Wires>>,
    deaf: watch::Sender<bool>,
}

/// Where connections go, and what ends those that are there.
struct Wires {
    target: String,
    cut: CancellationToken,
}

impl Relay {
    /// A relay to `http://HOST:PORT`.
    pub async fn to(url: &str) -> Relay {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let wires = Arc::new(Mutex::new(Wires { target: String::new(), cut: CancellationToken::new() }));
        let (deaf, heard) = watch::channel(false);
        let known = Arc::clone(&wires);
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let (target, cut) = {
                    let wires = known.lock().unwrap();
                    (wires.target.clone(), wires.cut.clone())
                };
                tokio::spawn(pass(caller, target, heard.clone(), cut));
            }
        });
        let relay = Relay { address, wires, deaf };
        relay.aim(url);
        relay
    }

    /// Where new connections go from now on.
    pub fn aim(&self, url: &str) {
        self.wires.lock().unwrap().target = url.trim_start_matches("http://").to_owned();
    }

    /// Its own `http://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on requests go through, and their answers do not.
    pub fn deafen(&self) {
        self.deaf.send_replace(true);
    }

    /// Ends every connection, with the answers that it holds; new ones are whole.
    pub fn cut(&self) {
        let mut wires = self.wires.lock().unwrap();
        std::mem::take(&mut wires.cut).cancel();
        self.deaf.send_replace(false);
    }
}

async fn pass(
    caller: TcpStream,
    target: String,
    mut deaf: watch::Receiver<bool>,
    cut: CancellationToken,
) -> std::io::Result<()> {
    let gateway = TcpStream::connect(target).await?;
    let (mut requests, mut answers_out) = caller.into_split();
    let (mut answers, mut requests_out) = gateway.into_split();
    let back = async {
        let mut bytes = [0; 16 << 10];
        loop {
            let read = answers.read(&mut bytes).await?;
            deaf.wait_for(|deaf| !deaf).await.map_err(std::io::Error::other)?;
            if read == 0 {
                return Ok(());
            }
            answers_out.write_all(&bytes[..read]).await?;
        }
    };
    // CANCEL: whichever side ends first ends both. The cut comes first: no answer that waited slips out with it.
    tokio::select! {
        biased;
        () = cut.cancelled() => Ok(()),
        copied = tokio::io::copy(&mut requests, &mut requests_out) => copied.map(drop),
        ended = back => ended,
    }
}
