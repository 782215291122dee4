//! The gRPC services: each method reads the caller, turns the request into domain terms or names the wrong field, asks one
//! station, and turns the answer back. Nothing is decided here.

mod capture;
mod directory;
mod dossier;
mod feed;
mod layer;
mod leg;
mod lookup;
mod rights;
mod router;

use layer::rewrite;
pub use router::{SERVICES, router};

use std::sync::Arc;

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
    /// Where streams run on while their callers read.
    pub tasks: TaskTracker,
    /// Ends streams when the gateway drains.
    pub shutdown: CancellationToken,
}

/// A call that was let in.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Who calls.
    pub caller: Caller,
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
        let context = context(metadata);
        self.tell_time(metadata).map_err(|refusal| refusal::to_status(&refusal, &context))?;
        if self.clock.is_suspect() {
            return Err(refusal::to_status(&Refusal::new(Reason::ClockSuspect), &context));
        }
        let authorization = text(metadata, "authorization");
        match self.keys.authenticate(authorization).await {
            Ok(caller) => {
                tracing::Span::current().record("key", caller.key_id.as_str());
                Ok(Call { caller, context, directory: self.journal.directory() })
            }
            Err(refusal) => Err(refusal::to_status(&refusal, &context)),
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

/// The request id and language of a call. The id was set by the outermost layer.
pub(super) fn context(metadata: &MetadataMap) -> CallContext {
    CallContext {
        request_id: text(metadata, "x-request-id").unwrap_or_default().to_owned(),
        language: Language::accepted(text(metadata, "accept-language")),
    }
}

fn text<'a>(metadata: &'a MetadataMap, name: &str) -> Option<&'a str> {
    metadata.get(name).and_then(|value| value.to_str().ok())
}
