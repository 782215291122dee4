//! The gRPC services: each method reads the caller, turns the request into domain terms or names the wrong field, asks one
//! station, and turns the answer back. Nothing is decided here.

mod capture;
mod consumer;
mod decision;
mod directory;
mod dossier;
mod feed;
mod handover;
mod in_time;
mod layer;
mod leg;
mod lookup;
mod report;
mod rights;
mod services;

use layer::rewrite;
pub use report::Reports;
pub use services::{SERVICES, layered, routed, services};

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use super::refusal::{self, CallContext, Language};
use crate::access::{Caller, Keys};
use crate::clock::SharedClock;
use crate::dossier::directory::Directory;

use crate::dossier::refusal::{Reason, Refusal};
use crate::journal::Handle;
use crate::metrics::Metrics;
use crate::stream::Feeds;
use crate::view::View;

/// What every service has at hand. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Who is calling.
    pub keys: Keys,
    /// The way into the journal.
    pub journal: Handle,
    /// Looks things up.
    pub view: View,
    /// What time it is.
    pub clock: SharedClock,
    /// Parties' logs.
    pub feeds: Feeds,
    /// Where reports are counted.
    pub reports: Reports,
    /// What it counts.
    pub metrics: Arc<Metrics>,
    /// Where streams run on while their callers read.
    pub tasks: TaskTracker,
    /// Ends streams when the gateway drains.
    pub shutdown: CancellationToken,
}

/// How often the key of an open stream is looked at again: a revoked one is seen within two seconds.
const KEY_EVERY: Duration = Duration::from_millis(500);

/// A call that was let in.
#[derive(Clone)]
pub(super) struct Call {
    /// Who calls.
    pub caller: Arc<Caller>,
    /// With which key, to ask again whether it stands. A secret: never shown.
    pub authorization: String,
    /// Request id and language.
    pub context: CallContext,
    /// The directory as of the call.
    pub directory: Arc<Directory>,
}

impl Call {
    /// A refusal of this call on the wire.
    pub fn refused(&self, refusal: &Refusal) -> Status {
        refusal::to_status(refusal, &self.context)
    }
}

impl Gateway {
    /// Lets a call in, or says why not.
    pub(super) async fn enter<T>(&self, request: &Request<T>) -> Result<Call, Status> {
        let metadata = request.metadata();
        let context = self.context(metadata);
        if self.clock.is_suspect() {
            return Err(refusal::to_status(&Refusal::new(Reason::ClockSuspect), &context));
        }
        let authorization = text(metadata, "authorization");
        let refused = |refusal| refusal::to_status(&refusal, &context);
        let caller = self.keys.authenticate(authorization).await.map_err(refused)?;
        // Time told cannot be taken back: it is believed of whoever has a key, and of nobody else.
        self.tell_time(metadata).map_err(refused)?;
        tracing::Span::current().record("key", caller.key_id.as_str());
        let authorization = authorization.unwrap_or_default().to_owned();
        Ok(Call { caller, authorization, context, directory: self.journal.directory() })
    }

    /// The request id and language of a call. The id was set by the outermost layer.
    fn context(&self, metadata: &MetadataMap) -> CallContext {
        CallContext {
            request_id: text(metadata, "x-request-id").unwrap_or_default().to_owned(),
            language: Language::accepted(text(metadata, "accept-language")),
            refusals: self.metrics.refusals.clone(),
        }
    }

    /// Whether the key of a call that was let in still stands; it is not known while the store cannot be read.
    pub(super) async fn still_stands(&self, authorization: &str) -> Result<(), Refusal> {
        match self.keys.authenticate(Some(authorization)).await {
            Err(refusal) if refusal.reason != Reason::StoreUnavailable => Err(refusal),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Ends, with the refusal, when the key of an open stream no longer stands.
    pub(super) async fn revoked(self, authorization: String) -> Refusal {
        loop {
            // CANCEL: nothing is held.
            tokio::time::sleep(KEY_EVERY).await;
            if let Err(refusal) = self.still_stands(&authorization).await {
                return refusal;
            }
        }
    }

    /// Under replay any call may carry the time that has come.
    fn tell_time(&self, metadata: &MetadataMap) -> Result<(), Refusal> {
        if let Some(told) = text(metadata, "trao-now").filter(|_| self.clock.is_told()) {
            let time = super::wire::time::from_rfc3339(told)
                .ok_or_else(|| Refusal::field(Reason::TimeOutOfRange, "trao-now", "not an RFC 3339 time"))?;
            self.clock.tell(time);
        }
        Ok(())
    }
}

fn text<'a>(metadata: &'a MetadataMap, name: &str) -> Option<&'a str> {
    metadata.get(name).and_then(|value| value.to_str().ok())
}
