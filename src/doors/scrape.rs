//! The way in of whoever watches the gateway: `GET /metrics`, over HTTP/1.1, on a listener of its own.
//!
//! It is no way to hurt the gateway: few connections at once, one request on each, a bounded head, no body, and an end to
//! every connection after a few seconds whatever its peer does.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::SharedClock;
use crate::journal::Handle;
use crate::limits;
use crate::metrics::{Metrics, Seen};
use crate::stream::Feeds;
use crate::view::View;

/// The text format's type, as Prometheus names it.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const WITHIN: Duration = Duration::from_secs(limits::SCRAPE_SECONDS);
/// Until the next accept, after one that failed.
const PAUSE: Duration = Duration::from_millis(50);

/// Scrapes look one after the other: however many ask, no more than one of the gateway's threads is busy with them.
type Turn = Arc<Mutex<()>>;

/// What is looked at when somebody asks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// What was counted.
    pub metrics: Arc<Metrics>,
    /// The intake.
    pub journal: Handle,
    /// The readers of feeds.
    pub feeds: Feeds,
    /// The store.
    pub view: View,
    /// What time it is.
    pub clock: SharedClock,
}

impl Scrape {
    /// Answers scrapes until `shutdown`.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let router = Router::new().fallback(told).with_state((self, Turn::default()));
        let places = Arc::new(Semaphore::new(limits::SCRAPE_CONNECTIONS));
        let connections = TaskTracker::new();
        loop {
            // CANCEL: no connection is taken without a place for it.
            let accepted = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = accept(&listener, &places) => accepted,
            };
            let Some((stream, place)) = accepted else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let (router, shutdown) = (router.clone(), shutdown.clone());
            connections.spawn(async move {
                let answered = tokio::time::timeout(WITHIN, answer(stream, router));
                // CANCEL: a scrape only reads.
                let _ended = shutdown.run_until_cancelled(answered).await;
                drop(place);
            });
        }
        // They hold the store open.
        connections.close();
        connections.wait().await;
    }

    async fn seen(&self) -> Seen {
        // CANCEL: only reads.
        let unplaced = self.view.unplaced(self.clock.now()).await;
        let wal_bytes = self.view.log_bytes().await;
        let feeds = self.feeds.lags().await;
        Seen {
            intake_lines: self.journal.depth(),
            intake_age: self.journal.age(),
            position: self
                .feeds
                .lanes()
                .into_iter()
                .map(|lane| *self.journal.wakes().head(lane).borrow())
                .sum(),
            wal_bytes: wal_bytes.inspect_err(|error| unread(error)).ok(),
            unplaced: unplaced.inspect_err(|error| unread(error)).ok(),
            feeds: feeds.inspect_err(|error| unread(error)).ok(),
        }
    }
}

fn unread(error: &dyn std::error::Error) {
    tracing::warn!(error = %crate::telemetry::chain(error), "a scrape could not read the store");
}

/// The next connection and its place; `None` after a failure.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    // CANCEL: a place that was taken is given back.
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            tracing::warn!(%error, "could not accept a scrape's connection");
            None
        }
    }
}

async fn answer(stream: TcpStream, router: Router) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(WITHIN)
        .max_buf_size(limits::SCRAPE_HEAD_BYTES)
        .keep_alive(false);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = served.await {
        tracing::debug!(error, "a scrape ended early");
    }
}

/// The answer to a request.
async fn told(State((scrape, turn)): State<(Scrape, Turn)>, request: Request) -> Response {
    if request.uri().path() != "/metrics" {
        return of_type(StatusCode::NOT_FOUND, "only /metrics is here\n", PLAIN);
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refused = of_type(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n", PLAIN);
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    // CANCEL: a scrape only reads.
    let _turn = turn.lock().await;
    match scrape.metrics.text(&scrape.seen().await) {
        Ok(text) => of_type(StatusCode::OK, text, TEXT),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            of_type(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n", PLAIN)
        }
    }
}

fn of_type(status: StatusCode, body: impl Into<Body>, kind: HeaderValue) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
