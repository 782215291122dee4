//! Everybody's logs, read from the beginning, and bookmarks to go on from another day.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;

use super::hands::Hand;
use crate::doors::wire::v1;
use crate::dossier::names::Micros;
use crate::seal::record::Record;
use v1::feed_service_client::FeedServiceClient;
use v1::pull_events_request::Start;

/// One line of a log.
pub(super) struct Line {
    /// The bytes.
    pub bytes: Bytes,
    /// The bytes, read.
    pub record: Record,
}

/// A party's whole log, which must be dense, and the bookmark behind it.
pub(super) async fn read(hand: &Hand, now: Micros) -> anyhow::Result<(Vec<Line>, Bytes)> {
    let mut lines = Vec::new();
    let mut start = None;
    loop {
        let page = page(hand, start, 1_000, now).await?;
        for event in page.events {
            let due = lines.len() as u64 + 1;
            ensure!(event.seq == due, "number {due} is missing: after {} comes {}", due - 1, event.seq);
            let record = Record::decode(&event.record).context("read a record")?;
            lines.push(Line { bytes: event.record, record });
        }
        if page.caught_up {
            return Ok((lines, page.next_cursor));
        }
        start = Some(page.next_cursor);
    }
}

/// How many events there are behind a bookmark; one page at most.
pub(super) async fn behind(hand: &Hand, bookmark: &Bytes, now: Micros) -> anyhow::Result<usize> {
    Ok(page(hand, Some(bookmark.clone()), 1_000, now).await?.events.len())
}

async fn page(
    hand: &Hand,
    cursor: Option<Bytes>,
    page_size: i32,
    now: Micros,
) -> anyhow::Result<v1::PullEventsResponse> {
    let request = v1::PullEventsRequest {
        start: cursor.map(Start::Cursor),
        page_size,
        ..v1::PullEventsRequest::default()
    };
    let pulled = FeedServiceClient::new(hand.channel()).pull_events(hand.ask(request, now)?).await;
    Ok(pulled?.into_inner())
}

/// Keeps a reader's bookmark.
pub(super) fn keep(path: &Path, bookmark: &Bytes) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).context("make the folder of bookmarks")?;
    }
    fs::write(path, bookmark).context("keep a bookmark")
}

/// Goes on from a kept bookmark: the gateway refuses one that is ahead of its log.
pub(super) async fn go_on(hand: &Hand, kept: &Path, now: Micros) -> anyhow::Result<()> {
    let bookmark = Bytes::from(fs::read(kept).with_context(|| format!("read {}", kept.display()))?);
    match page(hand, Some(bookmark), 1, now).await {
        Ok(_) => Ok(()),
        Err(why) => bail!("its end is missing: {why}"),
    }
}
