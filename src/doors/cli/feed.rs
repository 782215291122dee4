//! `trao feed`: a party's log as lines, from any bookmark on.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;

use super::consumers::{self, Keeper, cursor};
use super::gateway::{ClientArgs, Gateway};
use super::{Exit, Failure, Output, shapes};
use crate::doors::wire::v1;
use crate::doors::wire::v1::pull_events_request::Start;
use crate::doors::wire::v1::stream_events_response::Message;
use crate::limits;

/// Events a page: a few hundred kilobytes.
const PAGE: u32 = 500;
/// Waits between attempts to reach a gateway that is being restarted; about half a minute in all, then it is given up.
const AGAIN_AFTER_MS: &[u64] = &[100, 300, 1_000, 2_000, 5_000, 10_000, 10_000];

/// Which log, from where, how far.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = "\
One JSON object a line: an event
  {\"lane\":0,\"seq\":17,\"position\":\"0-4711\",\"type\":\"PICKED_UP\",\"code\":\"RA…\",…}
or, after every page and at the end, a bookmark
  {\"bookmark\":true,\"cursor\":\"…\",\"caught_up\":true}
Keep the cursor once the events above it are safe, and go on with --cursor: no event is lost or
told twice.

With --consumer the gateway keeps it, under a name: a page or bookmark is printed, handed over
(flushed), and only then is the consumer moved behind it. Killed at any moment and started again,
the reader gets every event at least once; some may come again, none is left out. Two readers by
one name get in each other's way: the one that comes second ends with CONSUMER_MOVED.

After the journal was restored from a copy, older cursors and consumers end with EPOCH_CHANGED. It
names last_common_position: what you hold behind that is no more in the journal. And the cursor to
go on from, with which nothing of the new history is missed or told twice:
  trao feed --cursor C        or        trao consumers seek NAME --cursor C
Where it names none, the cursor is of a history that this store does not know: begin anew.

With --digest, what must be held between two bookmarks: a line for each lane, or for every ten
thousand events of it, and a bookmark
  {\"lane\":0,\"first_seq\":1,\"last_seq\":17,\"sha256\":\"…\"}
where sha256 is over the record_sha256 of these events, as bytes, one after the other.

Examples:
  trao feed > events.jsonl
  jq -r '.record_sha256 // empty' events.jsonl | xxd -r -p | sha256sum; trao feed --digest
  trao feed --cursor \"$(tail -n1 events.jsonl | jq -r .cursor)\" --follow
  trao feed --consumer back-office --follow | ./take-in-events

Exit code 0; 1 when refused; 2 for a wrong command line; 3 when the gateway does not answer.")]
pub struct Args {
    /// Begin after this bookmark instead of at the beginning
    #[arg(long, value_parser = cursor, value_name = "C")]
    pub cursor: Option<Bytes>,
    /// Begin where this consumer stands, and move it on as events are printed; created where there is none
    #[arg(long, conflicts_with_all = ["cursor", "digest"], value_name = "NAME")]
    pub consumer: Option<String>,
    /// End after this many events
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "N")]
    pub limit: Option<u64>,
    /// Do not end when there is nothing more, but wait for what comes
    #[arg(long)]
    pub follow: bool,
    /// Print digests of what is between --cursor (or the beginning) and --to (or the end)
    #[arg(long, conflicts_with_all = ["limit", "follow"])]
    pub digest: bool,
    /// With --digest: end at this bookmark
    #[arg(long, value_parser = cursor, value_name = "C", requires = "digest")]
    pub to: Option<Bytes>,
    /// The party whose log is read; your own where not given
    #[arg(long, default_value = "", value_name = "PARTY", hide_default_value = true)]
    pub parent: String,
    /// Which gateway
    #[command(flatten)]
    pub client: ClientArgs,
}

/// The log's party.
fn parent(args: &Args) -> String {
    // A consumer's whole name says whose log it reads.
    let of_consumer = args.consumer.as_deref().and_then(|name| name.split_once("/consumers/"));
    consumers::parent(of_consumer.map_or(&args.parent, |(party, _)| party))
}

/// The consumer by which it is read, if one is named.
async fn keeper(args: &Args, gateway: &Gateway) -> Result<Option<Keeper>, Failure> {
    match &args.consumer {
        Some(name) => Keeper::open(gateway, &args.parent, name).await.map(Some),
        None => Ok(None),
    }
}

/// Prints the log.
pub async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let reading = async {
        // A stream cannot be ended at an event with a bookmark right behind it; pages can.
        if args.digest {
            digest(args, output).await
        } else if args.follow && args.limit.is_none() {
            follow(args, output).await
        } else {
            pages(args, output).await
        }
    };
    tokio::select! {
        ended = reading => ended,
        // Whoever watches ends it like this; every line printed so far was handed over whole.
        _ = tokio::signal::ctrl_c() => Ok(Exit::Done),
    }
}

async fn pages(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let gateway = Gateway::connect(&args.client).await?;
    let mut keeper = keeper(args, &gateway).await?;
    let mut cursor = keeper.as_ref().map(|keeper| keeper.cursor().clone()).or(args.cursor.clone());
    let mut left = args.limit.unwrap_or(u64::MAX);
    loop {
        let page_size = left.min(u64::from(PAGE)).try_into().unwrap_or(0);
        let wait =
            args.follow.then_some(prost_types::Duration { seconds: limits::PULL_WAIT_SECONDS, nanos: 0 });
        let message = v1::PullEventsRequest {
            parent: parent(args),
            start: cursor.clone().map(Start::Cursor),
            page_size,
            wait,
        };
        let (request, id) = gateway.request(message);
        let answer = gateway.feeds().pull_events(request).await;
        let page = answer.map_err(|status| gateway.failure(&status, &id))?.into_inner();
        for listed in &page.events {
            output.json(&shapes::Event::of(listed))?;
        }
        output.json(&bookmark(&page.next_cursor, page.caught_up))?;
        output.flush()?;
        if let Some(keeper) = &mut keeper {
            keeper.keep(&gateway, &page.next_cursor).await?;
        }
        left = left.saturating_sub(page.events.len() as u64);
        let at_end = !args.follow && (page.caught_up || page.events.is_empty());
        if left == 0 || at_end {
            return Ok(Exit::Done);
        }
        cursor = Some(page.next_cursor);
    }
}

async fn digest(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let gateway = Gateway::connect(&args.client).await?;
    let mut from_cursor = args.cursor.clone().unwrap_or_default();
    let to_cursor = args.to.clone().unwrap_or_default();
    loop {
        let (request, id) = gateway.request(v1::GetFeedDigestRequest {
            parent: parent(args),
            from_cursor,
            to_cursor: to_cursor.clone(),
        });
        let answer = gateway.feeds().get_feed_digest(request).await;
        let part = answer.map_err(|status| gateway.failure(&status, &id))?.into_inner();
        for digest in &part.digests {
            output.json(&shapes::FeedDigest::of(digest))?;
        }
        output.json(&bookmark(&part.next_cursor, part.complete))?;
        output.flush()?;
        if part.complete {
            return Ok(Exit::Done);
        }
        from_cursor = part.next_cursor;
    }
}

fn bookmark(cursor: &Bytes, caught_up: bool) -> shapes::Bookmark {
    shapes::Bookmark { bookmark: true, cursor: URL_SAFE_NO_PAD.encode(cursor), caught_up }
}

async fn follow(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut gateway = Gateway::connect(&args.client).await?;
    let mut keeper = keeper(args, &gateway).await?;
    let cursor = keeper.as_ref().map(|keeper| keeper.cursor().clone()).or(args.cursor.clone());
    let mut reader = Follower { cursor: cursor.unwrap_or_default(), told: BTreeMap::new() };
    let mut failed = 0;
    loop {
        let heard_before = reader.clone();
        let ended = reader.stream(&gateway, &parent(args), &mut keeper, output).await;
        if reader != heard_before {
            failed = 0;
        }
        // Only a lost connection is worth another attempt; a refusal would be the same again.
        let failure = match ended {
            Ok(()) => None,
            Err(failure @ Failure::Unreachable { .. }) => Some(failure),
            Err(failure) => return Err(failure),
        };
        let Some(wait) = AGAIN_AFTER_MS.get(failed) else {
            return match failure {
                Some(failure) => Err(failure),
                None => Err(Failure::Unreachable {
                    server: args.client.server.clone(),
                    why: "it ends every stream at once".to_owned(),
                }),
            };
        };
        failed += 1;
        tracing::info!(
            attempt = failed,
            wait_ms = wait,
            "the stream ended; following again from the last bookmark"
        );
        tokio::time::sleep(Duration::from_millis(*wait)).await;
        if let Ok(again) = Gateway::connect(&args.client).await {
            gateway = again;
        }
    }
}

/// How far a follower has come.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Follower {
    /// The last bookmark.
    cursor: Bytes,
    /// The last number told of each lane: events between a bookmark and a lost connection come again.
    told: BTreeMap<i32, u64>,
}

impl Follower {
    async fn stream(
        &mut self,
        gateway: &Gateway,
        parent: &str,
        keeper: &mut Option<Keeper>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        if let Some(keeper) = keeper {
            keeper.settle(gateway).await?;
        }
        let message = v1::StreamEventsRequest {
            parent: parent.to_owned(),
            cursor: self.cursor.clone(),
            ..Default::default()
        };
        let (request, id) = gateway.request(message);
        let opened = gateway.feeds().stream_events(request).await;
        let mut stream = opened.map_err(|status| gateway.failure(&status, &id))?.into_inner();
        loop {
            let message = stream.message().await.map_err(|status| gateway.failure(&status, &id))?;
            match message.map(|message| message.message) {
                Some(Some(Message::Event(listed))) => {
                    if self.is_new(&listed) {
                        output.json(&shapes::Event::of(&listed))?;
                    }
                }
                Some(Some(Message::Bookmark(mark))) => {
                    output.json(&bookmark(&mark.cursor, mark.caught_up))?;
                    self.cursor = mark.cursor;
                    if let Some(keeper) = keeper {
                        output.flush()?;
                        keeper.keep(gateway, &self.cursor).await?;
                    }
                }
                Some(None) => {}
                None => return Ok(()),
            }
            output.flush()?;
        }
    }

    fn is_new(&mut self, listed: &v1::FeedEvent) -> bool {
        let told = self.told.entry(listed.lane).or_default();
        let new = listed.seq > *told;
        *told = listed.seq.max(*told);
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lost_connection_repeats_is_told_once() {
        let mut reader = Follower { cursor: Bytes::new(), told: BTreeMap::new() };
        let listed = |lane, seq| v1::FeedEvent { lane, seq, ..Default::default() };
        let new: Vec<bool> = [(0, 1), (0, 2), (0, 1), (0, 2), (0, 3), (1, 1)]
            .map(|(lane, seq)| reader.is_new(&listed(lane, seq)))
            .into();
        assert_eq!(new, [true, true, false, false, true, true]);
    }
}
