//! The consumers of FeedService: whose they are, where they are to stand.

use smol_str::SmolStr;

use super::{Call, Gateway};
use crate::doors::wire::by_name::Paging;
use crate::doors::wire::{consumer, into, v1};
use crate::dossier::refusal::{Reason, Refusal};
use crate::stream::{Consumers, Creation, Log};

/// One call about consumers.
pub(super) struct Asked<'a> {
    pub gateway: &'a Gateway,
    pub call: &'a Call,
}

impl Asked<'_> {
    fn consumers(&self) -> Consumers<'_> {
        Consumers::new(&self.gateway.feeds, &self.gateway.journal)
    }

    pub async fn create(
        &self,
        request: v1::CreateConsumerRequest,
    ) -> Result<v1::CreateConsumerResponse, Refusal> {
        let log = self.gateway.log(self.call, &request.parent)?;
        let creation = Creation {
            id: consumer::id(&request.consumer_id)?.into(),
            request_id: into::visible_id(&request.request_id, "request_id")?,
            request_digest: consumer::creation_digest(&request, &log.party),
            start: consumer::start(request.start.as_ref())?,
        };
        // CANCEL: what is queued is kept; the same request again is answered.
        let standing = self.consumers().create(&log, creation, self.gateway.clock.now()).await?;
        Ok(v1::CreateConsumerResponse { consumer: Some(consumer::shown(&log.party, &standing)) })
    }

    pub async fn get(&self, request: v1::GetConsumerRequest) -> Result<v1::GetConsumerResponse, Refusal> {
        let (log, id) = self.gateway.consumer(self.call, &request.name, "name")?;
        // CANCEL: only reads.
        let standing = self.consumers().get(&log, &id).await?;
        Ok(v1::GetConsumerResponse { consumer: Some(consumer::shown(&log.party, &standing)) })
    }

    pub async fn list(
        &self,
        request: v1::ListConsumersRequest,
    ) -> Result<v1::ListConsumersResponse, Refusal> {
        let log = self.gateway.log(self.call, &request.parent)?;
        let filters = [log.party.as_str()];
        let paging = Paging::read("ListConsumers", &filters, request.page_size, &request.page_token)?;
        // CANCEL: only reads.
        let found = self.consumers().list(&log, paging.after(), paging.enough()).await?;
        let named = found.into_iter().map(|standing| (standing.consumer.id.to_string(), standing));
        let (page, next_page_token) = paging.page(named);
        let consumers = page.iter().map(|standing| consumer::shown(&log.party, standing)).collect();
        Ok(v1::ListConsumersResponse { consumers, next_page_token })
    }

    pub async fn seek(&self, request: v1::SeekConsumerRequest) -> Result<v1::SeekConsumerResponse, Refusal> {
        let (log, id) = self.gateway.consumer(self.call, &request.name, "name")?;
        let to = consumer::to(request.to.as_ref())?;
        let now = self.gateway.clock.now();
        // CANCEL: what is queued is kept; seeking the same place again is answered.
        let standing = self.consumers().seek(&log, id, to, wanted(&request.etag), now).await?;
        Ok(v1::SeekConsumerResponse { consumer: Some(consumer::shown(&log.party, &standing)) })
    }

    pub async fn delete(
        &self,
        request: v1::DeleteConsumerRequest,
    ) -> Result<v1::DeleteConsumerResponse, Refusal> {
        let (log, id) = self.gateway.consumer(self.call, &request.name, "name")?;
        // CANCEL: what is queued is done.
        self.consumers().delete(&log, id, wanted(&request.etag)).await?;
        Ok(v1::DeleteConsumerResponse {})
    }

    pub async fn commit(
        &self,
        request: v1::CommitCursorRequest,
    ) -> Result<v1::CommitCursorResponse, Refusal> {
        let (log, id) = self.gateway.consumer(self.call, &request.name, "name")?;
        let cursor = consumer::given(&request.cursor)?;
        let etag = wanted(&request.etag).ok_or_else(|| Refusal::field(Reason::FieldRequired, "etag", ""))?;
        // CANCEL: what is queued is kept; committing the same cursor again is answered.
        let standing = self.consumers().commit(&log, id, cursor, etag).await?;
        Ok(v1::CommitCursorResponse { consumer: Some(consumer::shown(&log.party, &standing)) })
    }
}

/// The etag that is asked for, if one is.
fn wanted(etag: &str) -> Option<SmolStr> {
    (!etag.is_empty()).then(|| etag.into())
}

impl Gateway {
    /// The log of a consumer that is named, if the caller may read it, and the consumer's id. What may not be read is
    /// answered as a consumer that never was.
    pub(super) fn consumer(&self, call: &Call, name: &str, field: &str) -> Result<(Log, SmolStr), Refusal> {
        let (party, id) = consumer::name(name, field)?;
        let log = self.log(call, party).map_err(|refusal| match refusal.reason {
            Reason::NotFound => Refusal::field(Reason::NotFound, field, ""),
            _ => refusal,
        })?;
        Ok((log, id.into()))
    }
}
