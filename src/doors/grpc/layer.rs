//! What every call passes before its service: a request id, a span, and one spelling for messages that tonic refuses by
//! itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use tonic::{Code, Status};
use tracing::Instrument;

use super::super::accept::{Answered, Arriving};
use super::super::refusal::{CallContext, Language, to_status};
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;
use crate::metrics::Metrics;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the call an id (or keeps the caller's), counts and logs how it ended, and rewrites what tonic refuses before any
/// service.
pub fn around(
    metrics: Arc<Metrics>,
    mut request: Request<Arriving>,
    services: &dyn Fn(Request<Arriving>) -> Answered,
) -> impl Future<Output = <Answered as Future>::Output> + use<> {
    let request_id = request_id(request.headers());
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        request.headers_mut().insert(REQUEST_ID, value);
    }
    let language = request.headers().get("accept-language").and_then(|value| value.to_str().ok());
    let language = Language::accepted(language);
    let context = CallContext { request_id, language, refusals: metrics.refusals.clone() };
    let method = request.uri().path().to_owned();
    let key = tracing::field::Empty;
    let span = tracing::info_span!("call", request_id = %context.request_id, method = &*method, key);
    let began = Instant::now();
    let answered = span.in_scope(|| services(request));
    async move {
        let mut response = answered.await?;
        let mut code = Code::Ok;
        if let Some(status) = Status::from_header_map(response.headers()) {
            code = status.code();
            if status.code() != Code::Ok && status.details().is_empty() {
                let rewritten = rewrite(&status, &context);
                code = rewritten.code();
                let keep = response.headers_mut();
                keep.remove("grpc-status");
                keep.remove("grpc-message");
                keep.remove("grpc-status-details-bin");
                if rewritten.add_header(keep).is_err() {
                    tracing::error!("a status could not be written");
                }
            }
            tracing::debug!(code = ?status.code(), elapsed_us = elapsed_us(began), "call ended");
        } else {
            tracing::debug!(elapsed_us = elapsed_us(began), "call answered");
        }
        metrics.calls.ended(&method, code as i32, began.elapsed());
        if let Ok(mut value) = HeaderValue::from_str(&context.request_id) {
            // It never comes again: neither side's table of headers is to learn it (RFC 7541, 6.2.3).
            value.set_sensitive(true);
            response.headers_mut().insert(REQUEST_ID, value);
        }
        Ok(response)
    }
    .instrument(span)
}

/// A status that tonic made in our words: every one of ours carries details, so one without is tonic's.
pub fn rewrite(status: &Status, context: &CallContext) -> Status {
    if !status.details().is_empty() {
        return status.clone();
    }
    match status.code() {
        Code::OutOfRange => to_status(&Refusal::new(Reason::MessageTooLarge), context),
        // The accept loop says these two, and no more, of a message that is not complete.
        Code::ResourceExhausted if status.message().is_empty() => {
            to_status(&Refusal::new(Reason::Overloaded), context)
        }
        Code::DeadlineExceeded if status.message().is_empty() => {
            let why = format!("not complete within {} s", limits::MESSAGE_SECONDS);
            to_status(&Refusal::field(Reason::MessageMalformed, "", why), context)
        }
        Code::Internal | Code::InvalidArgument => to_status(&Refusal::new(Reason::MessageMalformed), context),
        // A compressed message: this gateway takes none, and says so in the headers tonic sets.
        _ => status.clone(),
    }
}

/// The caller's id if it is one, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| {
        let visible = id.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        visible && !id.is_empty() && id.len() <= limits::CLIENT_EVENT_ID_CHARS
    });
    match given {
        Some(id) => id.to_owned(),
        None => new_id(),
    }
}

/// A new id: the time, what tells this process from others, and a running number. Nobody need be unable to guess it, so
/// that chance is asked for once and not by every call.
fn new_id() -> String {
    static PROCESS: LazyLock<[u8; 4]> = LazyLock::new(|| {
        let [.., a, b, c, d] = uuid::Uuid::now_v7().into_bytes();
        [a, b, c, d]
    });
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let [p, q, r, s] = *PROCESS;
    let [_, _, a, b, c, d, e, f] = CALLS.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &[p, q, r, s, a, b, c, d, e, f]);
    id.into_uuid().simple().to_string()
}

fn elapsed_us(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}
