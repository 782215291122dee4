//! FeedService: a party's log as pages and as a stream, what its readers must hold, and the places kept for them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::consumer::Asked;
use super::{Call, Gateway};
use crate::doors::refusal::{CallContext, to_status};
use crate::doors::wire::{feed, into, v1};
use crate::dossier::directory::Day;
use crate::dossier::names::PartyName;
use crate::dossier::refusal::{Reason, Refusal};
use crate::stream::{Digested, Following, Log, named};
use v1::feed_service_server::FeedService;
use v1::pull_events_request::Start;

/// The field that names a consumer to read by.
const CONSUMER: &str = "consumer";

#[tonic::async_trait]
impl FeedService for Gateway {
    async fn pull_events(
        &self,
        request: Request<v1::PullEventsRequest>,
    ) -> Result<Response<v1::PullEventsResponse>, Status> {
        let call = self.enter(&request).await?;
        let request = request.into_inner();
        // CANCEL: a pull only reads.
        let page = self.pull(&call, &request).await.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(page))
    }

    type StreamEventsStream = Events;

    async fn stream_events(
        &self,
        request: Request<v1::StreamEventsRequest>,
    ) -> Result<Response<Events>, Status> {
        let call = self.enter(&request).await?;
        let request = request.into_inner();
        // CANCEL: nothing runs yet.
        let following = self.follow(&call, &request).await;
        let following = following.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(Events { following, context: call.context, ended: false }))
    }

    async fn get_feed_digest(
        &self,
        request: Request<v1::GetFeedDigestRequest>,
    ) -> Result<Response<v1::GetFeedDigestResponse>, Status> {
        let call = self.enter(&request).await?;
        let request = request.into_inner();
        // CANCEL: only reads.
        let digested = self.digest(&call, &request).await.map_err(|refusal| call.refused(&refusal))?;
        Ok(Response::new(feed::digested(&digested)))
    }

    async fn create_consumer(
        &self,
        request: Request<v1::CreateConsumerRequest>,
    ) -> Result<Response<v1::CreateConsumerResponse>, Status> {
        let call = self.enter(&request).await?;
        // CANCEL: what is queued is kept; the same request again is answered.
        let answer = Asked { gateway: self, call: &call }.create(request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn get_consumer(
        &self,
        request: Request<v1::GetConsumerRequest>,
    ) -> Result<Response<v1::GetConsumerResponse>, Status> {
        let call = self.enter(&request).await?;
        // CANCEL: only reads.
        let answer = Asked { gateway: self, call: &call }.get(request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn list_consumers(
        &self,
        request: Request<v1::ListConsumersRequest>,
    ) -> Result<Response<v1::ListConsumersResponse>, Status> {
        let call = self.enter(&request).await?;
        // CANCEL: only reads.
        let answer = Asked { gateway: self, call: &call }.list(request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn seek_consumer(
        &self,
        request: Request<v1::SeekConsumerRequest>,
    ) -> Result<Response<v1::SeekConsumerResponse>, Status> {
        let call = self.enter(&request).await?;
        // CANCEL: what is queued is kept; seeking the same place again is answered.
        let answer = Asked { gateway: self, call: &call }.seek(request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn delete_consumer(
        &self,
        request: Request<v1::DeleteConsumerRequest>,
    ) -> Result<Response<v1::DeleteConsumerResponse>, Status> {
        let call = self.enter(&request).await?;
        // CANCEL: what is queued is done.
        let answer = Asked { gateway: self, call: &call }.delete(request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }

    async fn commit_cursor(
        &self,
        request: Request<v1::CommitCursorRequest>,
    ) -> Result<Response<v1::CommitCursorResponse>, Status> {
        let call = self.enter(&request).await?;
        // CANCEL: what is queued is kept; committing the same cursor again is answered.
        let answer = Asked { gateway: self, call: &call }.commit(request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| call.refused(&refusal))
    }
}

impl Gateway {
    async fn pull(
        &self,
        call: &Call,
        request: &v1::PullEventsRequest,
    ) -> Result<v1::PullEventsResponse, Refusal> {
        let page_size = into::page_size(request.page_size)?;
        let wait = feed::wait(request.wait.as_ref())?;
        // CANCEL: a pull only reads.
        let page = match &request.start {
            Some(Start::Consumer(name)) => {
                let (log, kept) = self.kept(call, &request.parent, name).await?;
                let page = self.feeds.pull(&log, Some(&kept), page_size, wait).await;
                page.map_err(named(CONSUMER))?
            }
            Some(Start::Cursor(cursor)) => {
                let log = self.log(call, &request.parent)?;
                self.feeds.pull(&log, feed::cursor(cursor), page_size, wait).await?
            }
            None => {
                let log = self.log(call, &request.parent)?;
                self.feeds.pull(&log, None, page_size, wait).await?
            }
        };
        // The key may have been revoked while the pull waited.
        self.still_stands(&call.authorization).await?;
        feed::page(&page)
    }

    async fn follow(&self, call: &Call, request: &v1::StreamEventsRequest) -> Result<Following, Refusal> {
        // CANCEL: nothing runs yet.
        let (follower, following) = match (feed::cursor(&request.cursor), request.consumer.as_str()) {
            (cursor, "") => self.feeds.follow(self.log(call, &request.parent)?, cursor).await?,
            (None, name) => {
                let (log, kept) = self.kept(call, &request.parent, name).await?;
                self.feeds.follow(log, Some(&kept)).await.map_err(named(CONSUMER))?
            }
            (Some(_), _) => {
                return Err(Refusal::field(Reason::TextInvalid, CONSUMER, "either a consumer or a cursor"));
            }
        };
        self.tasks.spawn(follower.run(self.clone().revoked(call.authorization.clone())));
        Ok(following)
    }

    async fn digest(&self, call: &Call, request: &v1::GetFeedDigestRequest) -> Result<Digested, Refusal> {
        let log = self.log(call, &request.parent)?;
        let (from, to) = (feed::cursor(&request.from_cursor), feed::cursor(&request.to_cursor));
        // CANCEL: only reads.
        self.feeds.digest(&log, from, to).await
    }

    /// The log of a consumer that is read by, and the cursor it stands at.
    async fn kept(&self, call: &Call, parent: &str, name: &str) -> Result<(Log, Vec<u8>), Refusal> {
        let (log, id) = self.consumer(call, name, CONSUMER)?;
        if !parent.is_empty() && self.log(call, parent)? != log {
            return Err(Refusal::field(Reason::CursorForeign, CONSUMER, "parent names another party"));
        }
        // CANCEL: only reads.
        let consumer = self.feeds.consumer(&log, &id).await.map_err(|refusal| match refusal.reason {
            Reason::NotFound => Refusal::field(Reason::NotFound, CONSUMER, ""),
            _ => refusal,
        })?;
        Ok((log, consumer.cursor))
    }

    /// The log that is asked for, if the caller may read it.
    pub(super) fn log(&self, call: &Call, parent: &str) -> Result<Log, Refusal> {
        let known = call.directory.entered(&PartyName::new(parent), Day::at(self.clock.now()));
        let parent = known.map_or(parent, PartyName::as_str);
        let party = call.caller.reads(&call.directory, parent)?;
        Log::of(&call.directory, &party)
    }
}

/// A stream on the wire.
#[derive(Debug)]
pub struct Events {
    following: Following,
    context: CallContext,
    ended: bool,
}

impl Stream for Events {
    type Item = Result<v1::StreamEventsResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let Some(next) = ready!(self.following.poll_next(cx)) else { return Poll::Ready(None) };
        let message = next.and_then(|sent| feed::sent(&sent));
        self.ended = message.is_err();
        Poll::Ready(Some(message.map_err(|refusal| to_status(&refusal, &self.context))))
    }
}
