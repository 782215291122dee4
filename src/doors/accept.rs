//! The accept loop: our own, because the number of connections and the time to drain them are bounded here.

use std::io::{self, Cursor};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limits;
use crate::metrics::Connections;

/// What every HTTP/2 client sends first (RFC 9113, 3.4).
const GREETING: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Until the greeting nothing looks after a connection, and a peer that never sends it would keep its place for ever;
/// afterwards pings do.
const GREETED_WITHIN: Duration = Duration::from_secs(limits::GREETING_SECONDS);

/// Serves connections until `shutdown`, then lets each end its calls within `drain`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    metrics: Connections,
    shutdown: CancellationToken,
    drain: Duration,
) {
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        if places.available_permits() == 0 {
            metrics.at_cap();
        }
        // CANCEL: no connection is taken without a place for it.
        let place = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (router, shutdown) = (router.clone(), shutdown.clone());
                let open = metrics.opened();
                connections.spawn(async move {
                    if let Err(error) = connection(stream, router, shutdown, drain).await {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    drop((place, open));
                });
            }
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(drain, connections.wait()).await.is_err() {
        tracing::warn!(left = connections.len(), "connections were cut at the end of the drain");
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    shutdown: CancellationToken,
    drain: Duration,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // Small answers must not wait for each other (Nagle's algorithm costs 40 ms).
    stream.set_nodelay(true)?;
    let (mut receiving, sending) = stream.into_split();
    let mut greeting = [0; GREETING.len()];
    // CANCEL: nothing was begun.
    let greeted = tokio::select! {
        biased;
        () = shutdown.cancelled() => return Ok(()),
        greeted = timeout(GREETED_WITHIN, receiving.read_exact(&mut greeting)) => greeted,
    };
    greeted??;
    if greeting != *GREETING {
        return Err("it does not speak HTTP/2 in clear".into());
    }
    let stream = tokio::io::join(Cursor::new(greeting).chain(receiving), sending);
    let mut builder = Builder::new(TokioExecutor::new()).http2_only();
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS_PER_CONNECTION)
        .max_header_list_size(limits::HEADER_BYTES)
        .keep_alive_interval(Duration::from_secs(limits::KEEPALIVE_SECONDS))
        .keep_alive_timeout(Duration::from_secs(limits::KEEPALIVE_SECONDS))
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(served);
    tokio::select! {
        biased;
        ended = served.as_mut() => return ended,
        () = shutdown.cancelled() => {}
    }
    served.as_mut().graceful_shutdown();
    match tokio::time::timeout(drain, served).await {
        Ok(ended) => ended,
        Err(_) => Ok(()),
    }
}

/// Without file descriptors the next accept would fail at once again; a short pause lets connections end.
async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "could not accept a connection");
    tokio::time::sleep(Duration::from_millis(50)).await;
}
