//! Owns: the port: the accept loop, our own because everything is bounded here: connections, the time until they greet, the
//! calls and bytes that each may hold, and the time to drain.
//! Never: reads a message, or knows who is calling.

mod arriving;
mod connection;
mod hall;
mod held;
mod leaving;
mod room;
mod turn;
mod turns;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limits;
use crate::metrics::Metrics;
use connection::Calls;
use hall::{Guest, Hall};
use held::House;

/// The body of a call's request.
pub type Arriving = arriving::Arriving<hyper::body::Incoming>;
/// The answer to a call, to come.
pub type Answered = tonic::codegen::BoxFuture<http::Response<tonic::body::Body>, Infallible>;
/// What answers calls.
pub type Answer = Arc<dyn Fn(http::Request<Arriving>) -> Answered + Send + Sync>;

/// How long is waited for whom.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// For a new connection's greeting.
    pub greeting: Duration,
    /// For a message of a call to be complete.
    pub message: Duration,
    /// For an answer to be taken; twice as long at most.
    pub taking: Duration,
    /// For the next call of a connection that has none.
    pub idle: Duration,
    /// For calls to end after `shutdown`.
    pub drain: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            greeting: Duration::from_secs(limits::GREETING_SECONDS),
            message: Duration::from_secs(limits::MESSAGE_SECONDS),
            taking: Duration::from_secs(limits::TAKING_SECONDS),
            idle: Duration::from_secs(limits::IDLE_SECONDS),
            drain: Duration::from_secs(limits::DRAIN_SECONDS),
        }
    }
}

/// Serves connections until `shutdown`, then lets each end its calls. Fails where no thread can be started.
pub fn serve(
    listener: TcpListener,
    answer: Answer,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
    options: Options,
) -> io::Result<impl Future<Output = ()>> {
    let hall = Hall::open()?;
    Ok(receive(listener, answer, metrics, shutdown, options, hall))
}

async fn receive(
    listener: TcpListener,
    answer: Answer,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
    options: Options,
    hall: Hall,
) {
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let connections = TaskTracker::new();
    let house = House::default();
    loop {
        if places.available_permits() == 0 {
            metrics.connections.at_cap();
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
                let held = house.connection();
                let calls =
                    Calls::new(Arc::clone(&answer), Arc::clone(&held), metrics.refusals.clone(), options);
                let shutdown = shutdown.clone();
                let open = metrics.connections.opened();
                let work = connections.track_future(async move {
                    if let Err(error) = connection::serve(stream, calls, shutdown, options).await {
                        let error = crate::telemetry::chain(&*error);
                        tracing::debug!(error, "a connection ended early");
                    }
                    drop((place, open));
                });
                hall.enter(Guest::new(work, held));
            }
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(options.drain, connections.wait()).await.is_err() {
        tracing::warn!(left = connections.len(), "connections were cut at the end of the drain");
    }
    hall.close().await;
}

/// Without file descriptors the next accept would fail at once again; a short pause lets connections end.
async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "could not accept a connection");
    tokio::time::sleep(Duration::from_millis(50)).await;
}
