//! A reader that goes on from a consumer, and moves it on when what it read is printed: the work first, then the mark.

use std::time::Duration;

use bytes::Bytes;

use super::find;
use crate::doors::cli::Failure;
use crate::doors::cli::gateway::{CallId, Gateway};
use crate::doors::wire::v1;

/// The same for every attempt at every start: whoever comes first creates it, and all are answered with it.
const REQUEST_ID: &str = "trao-feed";
/// Attempts of a commit that the gateway has no room or no disk for just now.
const ATTEMPTS: u32 = 10;

/// A consumer by which a log is read.
#[derive(Clone, Debug)]
pub struct Keeper {
    name: String,
    /// Where it stands.
    kept: Bytes,
    etag: String,
    /// What it was to be moved to when no answer came.
    unanswered: Option<Bytes>,
}

impl Keeper {
    /// The consumer of that name; created, at the beginning of the log, where there is none.
    pub async fn open(gateway: &Gateway, party: &str, name: &str) -> Result<Keeper, Failure> {
        let (parent, consumer_id) = find::parts(name).unwrap_or((party, name));
        let (parent, consumer_id) = (find::parent(parent), consumer_id.to_owned());
        let request_id = REQUEST_ID.to_owned();
        let message = v1::CreateConsumerRequest { parent, consumer_id, request_id, start: None };
        let (request, id) = gateway.request(message);
        let consumer = match gateway.feeds().create_consumer(request).await {
            Ok(answer) => answer.into_inner().consumer.ok_or(Failure::Incomplete("consumer"))?,
            Err(status) => match gateway.failure(&status, &id) {
                // Made by somebody else, to be read by.
                taken if taken.reason() == "RESOURCE_EXISTS" => find::one(gateway, party, name).await?,
                failure => return Err(failure),
            },
        };
        let v1::Consumer { name, cursor, etag, .. } = consumer;
        Ok(Keeper { name, kept: cursor, etag, unanswered: None })
    }

    /// Where it stands.
    pub fn cursor(&self) -> &Bytes {
        &self.kept
    }

    /// Moves it on. Everything before the cursor must have been handed over.
    pub async fn keep(&mut self, gateway: &Gateway, cursor: &Bytes) -> Result<(), Failure> {
        if *cursor == self.kept {
            return Ok(());
        }
        // Should no answer come, the very same is said again: it may have been done.
        self.unanswered = Some(cursor.clone());
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (name, etag) = (self.name.clone(), self.etag.clone());
            let (request, id) =
                gateway.request(v1::CommitCursorRequest { name, cursor: cursor.clone(), etag });
            let pause = match gateway.feeds().commit_cursor(request).await {
                Ok(answer) => return self.answered(answer.into_inner()),
                Err(status) => match again(gateway, &status, &id) {
                    Ok(pause) if attempts < ATTEMPTS => pause,
                    Ok(_) => return Err(gateway.failure(&status, &id)),
                    Err(failure) => return Err(failure),
                },
            };
            tokio::time::sleep(pause).await;
        }
    }

    fn answered(&mut self, answer: v1::CommitCursorResponse) -> Result<(), Failure> {
        let consumer = answer.consumer.ok_or(Failure::Incomplete("consumer"))?;
        (self.kept, self.etag, self.unanswered) = (consumer.cursor, consumer.etag, None);
        Ok(())
    }

    /// Says again what was not answered, once the gateway is there again: its etag is needed to go on.
    pub async fn settle(&mut self, gateway: &Gateway) -> Result<(), Failure> {
        match self.unanswered.clone() {
            Some(cursor) => self.keep(gateway, &cursor).await,
            None => Ok(()),
        }
    }
}

/// When to say it again, where that may help.
fn again(gateway: &Gateway, status: &tonic::Status, id: &CallId) -> Result<Duration, Failure> {
    match gateway.failure(status, id) {
        Failure::Refused(refused) => match refused.retry_after {
            Some(pause) => Ok(pause),
            None => Err(Failure::Refused(refused)),
        },
        failure => Err(failure),
    }
}
