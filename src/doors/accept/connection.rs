//! One connection, from its greeting to its end.

use std::convert::Infallible;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, interval_at, timeout};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::arriving::Arriving;
use super::held::Held;
use super::leaving::Leaving;
use super::turn::{InTurns, Turn};
use super::turns::{Begun, Turns};
use super::{Answer, Options};
use crate::doors::refusal::{CallContext, Language, to_status};
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;
use crate::metrics::Refusals;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What every HTTP/2 client sends first (RFC 9113, 3.4).
const GREETING: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves it until either side ends it.
pub async fn serve(
    stream: TcpStream,
    calls: Calls,
    shutdown: CancellationToken,
    options: Options,
) -> Result<(), Error> {
    // Small answers must not wait for each other (Nagle's algorithm costs 40 ms).
    stream.set_nodelay(true)?;
    let (mut receiving, sending) = stream.into_split();
    let mut greeting = [0; GREETING.len()];
    // Until the greeting nothing looks after a connection, and a peer that never sends it would keep its place for ever;
    // afterwards pings do.
    // CANCEL: nothing was begun.
    let greeted = tokio::select! {
        biased;
        () = shutdown.cancelled() => return Ok(()),
        greeted = timeout(options.greeting, receiving.read_exact(&mut greeting)) => greeted,
    };
    greeted??;
    if greeting != *GREETING {
        return Err("it does not speak HTTP/2 in clear".into());
    }
    let turn = Arc::new(Turn::default());
    let stream = tokio::io::join(Cursor::new(greeting).chain(InTurns::new(receiving, &turn)), sending);
    let begun = Begun::default();
    let mut builder = Builder::new(begun.clone());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS_PER_CONNECTION)
        .max_header_list_size(limits::HEADER_BYTES)
        .keep_alive_interval(Duration::from_secs(limits::KEEPALIVE_SECONDS))
        .keep_alive_timeout(Duration::from_secs(limits::KEEPALIVE_SECONDS))
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES);
    let held = Arc::clone(&calls.held);
    let calls = service_fn(move |request| {
        let calls = calls.clone();
        async move { Ok::<_, Infallible>(calls.answer(request).await) }
    });
    let mut served = Turns::new(builder.serve_connection(TokioIo::new(stream), calls), begun, turn);
    tokio::select! {
        biased;
        ended = &mut served => return Ok(ended?),
        () = shutdown.cancelled() => {}
        ended = look_after(&held, options) => ended?,
    }
    served.connection().graceful_shutdown();
    match timeout(options.drain, served).await {
        Ok(ended) => Ok(ended?),
        Err(_) => Ok(()),
    }
}

/// Ends well when a connection is quiet, and badly when its peer does not take what it asked for.
async fn look_after(held: &Held, options: Options) -> Result<(), Error> {
    let every = |period: Duration| interval_at(Instant::now() + period, period);
    // Quiet at one look, and without any call until the next.
    let (mut taking, mut quiet) = (every(options.taking), every(options.idle / 2));
    let mut quiet_since = None;
    loop {
        // CANCEL: nothing is held.
        tokio::select! {
            () = held.cut.cancelled() => return Err("its peer leaves too many bytes of answers untaken".into()),
            _ = taking.tick() => {
                if held.waits_too_long() {
                    return Err("its peer does not take its answers".into());
                }
            }
            _ = quiet.tick() => {
                let now = held.quiet();
                if now.is_some() && now == quiet_since {
                    return Ok(());
                }
                quiet_since = now;
            }
        }
    }
}

/// What answers the calls of a connection.
#[derive(Clone)]
pub struct Calls {
    answer: Answer,
    held: Arc<Held>,
    refusals: Refusals,
    options: Options,
}

impl Calls {
    /// Calls that are answered so, held within these bounds.
    pub fn new(answer: Answer, held: Arc<Held>, refusals: Refusals, options: Options) -> Calls {
        Calls { answer, held, refusals, options }
    }

    /// Answers a call, if there is room for it.
    async fn answer(&self, request: Request<Incoming>) -> Response<Leaving> {
        let Some(call) = self.held.call() else {
            let language = request.headers().get("accept-language").and_then(|value| value.to_str().ok());
            let language = Language::accepted(language);
            let refusals = self.refusals.clone();
            let context = CallContext { request_id: String::new(), language, refusals };
            let status: Status = to_status(&Refusal::new(Reason::Overloaded), &context);
            return status.into_http().map(|body| Leaving::new(body, &self.held, None));
        };
        // CANCEL: nothing was begun.
        self.held.few_untaken().await;
        let arriving = |body| Arriving::new(body, &self.held, call.answered(), self.options.message);
        let answered = (self.answer)(request.map(arriving)).await;
        let response = match answered {
            Ok(response) => response,
            Err(never) => match never {},
        };
        call.answer();
        response.map(|body| Leaving::new(body, &self.held, Some(call)))
    }
}
