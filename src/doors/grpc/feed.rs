//! FeedService: a party's log as pages and as a stream, and what its readers must hold.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use super::{Call, Gateway};
use crate::doors::refusal::{CallContext, to_status};
use crate::doors::wire::{feed, into, v1};
use crate::dossier::directory::Day;
use crate::dossier::names::{Lane, PartyName};
use crate::dossier::refusal::Refusal;
use crate::stream::{Digested, Following, Log};
use v1::feed_service_server::FeedService;

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
        Ok(Response::new(Events { following, lane: self.feeds.lane(), context: call.context, ended: false }))
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
}

impl Gateway {
    async fn pull(
        &self,
        call: &Call,
        request: &v1::PullEventsRequest,
    ) -> Result<v1::PullEventsResponse, Refusal> {
        let log = self.log(call, &request.parent)?;
        let page_size = into::page_size(request.page_size)?;
        let wait = feed::wait(request.wait.as_ref())?;
        let start = match &request.start {
            Some(v1::pull_events_request::Start::Cursor(cursor)) => feed::cursor(cursor),
            None => None,
        };
        // CANCEL: a pull only reads.
        let page = self.feeds.pull(&log, start, page_size, wait).await?;
        // The key may have been revoked while the pull waited.
        self.still_stands(&call.authorization).await?;
        feed::page(self.feeds.lane(), &page)
    }

    async fn follow(&self, call: &Call, request: &v1::StreamEventsRequest) -> Result<Following, Refusal> {
        let log = self.log(call, &request.parent)?;
        // CANCEL: nothing runs yet.
        let (follower, following) = self.feeds.follow(log, feed::cursor(&request.cursor)).await?;
        self.tasks.spawn(follower.run(self.clone().revoked(call.authorization.clone())));
        Ok(following)
    }

    async fn digest(&self, call: &Call, request: &v1::GetFeedDigestRequest) -> Result<Digested, Refusal> {
        let log = self.log(call, &request.parent)?;
        let (from, to) = (feed::cursor(&request.from_cursor), feed::cursor(&request.to_cursor));
        // CANCEL: only reads.
        self.feeds.digest(&log, from, to).await
    }

    /// The log that is asked for, if the caller may read it.
    fn log(&self, call: &Call, parent: &str) -> Result<Log, Refusal> {
        let known = call.directory.canonical(&PartyName::new(parent), Day::at(self.clock.now()));
        let parent = known.map_or(parent, PartyName::as_str);
        let party = call.caller.reads(&call.directory, parent)?;
        Log::of(&call.directory, &party)
    }
}

/// A stream on the wire.
#[derive(Debug)]
pub struct Events {
    following: Following,
    lane: Lane,
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
        let message = next.and_then(|sent| feed::sent(self.lane, &sent));
        self.ended = message.is_err();
        Poll::Ready(Some(message.map_err(|refusal| to_status(&refusal, &self.context))))
    }
}
