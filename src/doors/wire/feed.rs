//! Feeds on the wire.

use std::time::Duration;

use bytes::Bytes;

use super::{from, time, v1};
use crate::dossier::names::Lane;
use crate::dossier::refusal::{Reason, Refusal};
use crate::limits;
use crate::seal::record::Record;
use crate::stream::{Digested, Page, Sent, Stored, Stretch};

/// A journaled line as feeds and histories show it: the stored bytes, and what stands in them as fields. `seq` is its
/// number in the log that is read, 0 where it stands in none.
pub fn feed_event(lane: Lane, seq: u64, stored: &Stored) -> Result<v1::FeedEvent, Refusal> {
    let record = Record::decode(&stored.record).map_err(|error| {
        tracing::error!(%error, pos = stored.pos, "a stored record cannot be read");
        Refusal::new(Reason::Internal)
    })?;
    Ok(v1::FeedEvent {
        lane: lane.0.into(),
        seq,
        record: stored.record.clone(),
        event: stored.event.clone(),
        outcome: record.outcome.as_ref().map(from::outcome),
        position: Some(from::position(record.position())),
        committed_at: Some(time::timestamp(record.committed_at)),
        leg: record.leg.map(|leg| format!("legs/{leg}")).unwrap_or_default(),
        dossier: record.dossier.map(|dossier| format!("dossiers/{dossier}")).unwrap_or_default(),
        anomalies: record.anomalies.iter().map(from::anomaly).collect(),
        received_at: Some(time::timestamp(record.received_at)),
        effective_at: Some(time::timestamp(record.effective_at)),
        source: record.source.as_str().to_owned(),
        code: record.code.map(|code| code.text.into()).unwrap_or_default(),
    })
}

/// A page.
pub fn page(page: &Page) -> Result<v1::PullEventsResponse, Refusal> {
    let events = page.events.iter().map(|listed| feed_event(listed.lane, listed.seq, &listed.stored));
    Ok(v1::PullEventsResponse {
        events: events.collect::<Result<_, _>>()?,
        next_cursor: Bytes::from(page.cursor.encode()),
        caught_up: page.caught_up,
    })
}

/// A message of a stream.
pub fn sent(sent: &Sent) -> Result<v1::StreamEventsResponse, Refusal> {
    let message = match sent {
        Sent::Event(listed) => {
            v1::stream_events_response::Message::Event(feed_event(listed.lane, listed.seq, &listed.stored)?)
        }
        Sent::Bookmark { cursor, caught_up } => v1::stream_events_response::Message::Bookmark(v1::Bookmark {
            cursor: Bytes::from(cursor.encode()),
            caught_up: *caught_up,
        }),
    };
    Ok(v1::StreamEventsResponse { message: Some(message) })
}

/// Digests of part of a log.
pub fn digested(digested: &Digested) -> v1::GetFeedDigestResponse {
    let digest = |stretch: &Stretch| v1::FeedDigest {
        lane: stretch.lane.0.into(),
        first_seq: stretch.first,
        last_seq: stretch.last,
        sha256: Bytes::copy_from_slice(&stretch.sha256),
    };
    v1::GetFeedDigestResponse {
        digests: digested.stretches.iter().map(digest).collect(),
        next_cursor: Bytes::from(digested.cursor.encode()),
        complete: digested.complete,
    }
}

/// How long a pull may wait; absent means not at all.
pub fn wait(wait: Option<&prost_types::Duration>) -> Result<Duration, Refusal> {
    let Some(wait) = wait else { return Ok(Duration::ZERO) };
    let refused = || {
        let why = format!("between 0 and {} seconds", limits::PULL_WAIT_SECONDS);
        Refusal::field(Reason::TimeOutOfRange, "wait", why)
    };
    let seconds = u64::try_from(wait.seconds).map_err(|_| refused())?;
    let nanos = u32::try_from(wait.nanos).ok().filter(|nanos| *nanos < 1_000_000_000).ok_or_else(refused)?;
    let longest = Duration::from_secs(limits::PULL_WAIT_SECONDS.unsigned_abs());
    if seconds > longest.as_secs() {
        return Err(refused());
    }
    let wait = Duration::new(seconds, nanos);
    if wait > longest { Err(refused()) } else { Ok(wait) }
}

/// A cursor as sent; empty means from the beginning.
pub fn cursor(bytes: &Bytes) -> Option<&[u8]> {
    (!bytes.is_empty()).then_some(&bytes[..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::names::Position;

    #[test]
    fn a_pull_waits_from_nothing_to_thirty_seconds() {
        let given = |seconds, nanos| wait(Some(&prost_types::Duration { seconds, nanos }));
        assert_eq!(wait(None), Ok(Duration::ZERO));
        assert_eq!(given(0, 1), Ok(Duration::from_nanos(1)));
        assert_eq!(given(30, 0), Ok(Duration::from_secs(30)));
        for (seconds, nanos) in [
            (30, 1),
            (31, 0),
            (-1, 0),
            (0, -1),
            (1, -1),
            (0, 1_000_000_000),
            (i64::MAX, i32::MAX),
            (i64::MIN, i32::MIN),
        ] {
            let refusal = given(seconds, nanos).unwrap_err();
            assert_eq!((refusal.reason, refusal.field.as_str()), (Reason::TimeOutOfRange, "wait"));
        }
    }

    #[test]
    fn an_event_shows_the_stored_bytes_and_what_stands_in_the_record() {
        let record = Bytes::from_static(include_bytes!("../../../tests/data/record-v1.bin"));
        let read = Record::decode(&record).unwrap();
        let event = Bytes::from_static(b"as sent");
        let stored = Stored { pos: read.pos, record: record.clone(), event, prev: 0 };
        let event = feed_event(Lane(0), 7, &stored).unwrap();
        assert_eq!((event.lane, event.seq), (0, 7));
        assert_eq!((&event.record, &event.event[..]), (&record, &b"as sent"[..]));
        assert_eq!(event.position, Some(from::position(Position { lane: read.lane, pos: read.pos })));
        assert_eq!(event.source, read.source.as_str());
        assert_eq!(event.leg, read.leg.map(|leg| format!("legs/{leg}")).unwrap_or_default());
        assert_eq!(event.anomalies.len(), read.anomalies.len());
        assert_eq!(event.received_at, Some(time::timestamp(read.received_at)));
    }

    #[test]
    fn a_record_that_cannot_be_read_is_a_fault_of_the_gateway() {
        let stored = Stored { pos: 1, record: Bytes::from_static(&[9]), event: Bytes::new(), prev: 0 };
        assert_eq!(feed_event(Lane(0), 1, &stored).unwrap_err().reason, Reason::Internal);
    }
}
