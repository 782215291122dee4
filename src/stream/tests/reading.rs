//! What was committed is read once.

use super::*;

#[tokio::test]
async fn pages_hold_every_event_once_and_an_empty_one_gives_back_its_cursor() {
    let house = House::open().await;
    for (n, text) in [A, B, C].into_iter().enumerate() {
        house.pick_up(text, n as i64).await;
    }
    let (mut seqs, mut start) = (Vec::new(), None);
    loop {
        let page = house.feeds.pull(&house.log(), start.as_deref(), 2, Duration::ZERO).await.unwrap();
        seqs.extend(page.events.iter().map(|listed| listed.seq));
        start = Some(page.cursor.encode());
        if page.caught_up {
            break;
        }
    }
    assert_eq!(seqs, [1, 2, 3]);
    let page = house.feeds.pull(&house.log(), start.as_deref(), 2, Duration::ZERO).await.unwrap();
    assert!(page.events.is_empty() && page.caught_up);
    assert_eq!(Some(page.cursor.encode()), start);

    let mut ahead = page.cursor.clone();
    ahead.advance(LANE, 4);
    let other_lane = {
        let mut cursor = page.cursor.clone();
        cursor.advance(Lane(1), 1);
        cursor
    };
    let other_epoch = cursor::Cursor::beginning(post(), [9; 16]);
    for (cursor, reason) in [
        (ahead, Reason::CursorAhead),
        (other_lane, Reason::CursorAhead),
        (other_epoch, Reason::EpochChanged),
        (cursor::Cursor::beginning(agency(), [2; 16]), Reason::CursorForeign),
    ] {
        let pulled = house.feeds.pull(&house.log(), Some(&cursor.encode()), 2, Duration::ZERO).await;
        assert_eq!(pulled.unwrap_err().reason, reason);
        let followed = house.feeds.follow(house.log(), Some(&cursor.encode())).await;
        assert_eq!(followed.unwrap_err().reason, reason);
    }
}

#[tokio::test]
async fn a_waiting_pull_is_answered_by_the_commits_own_wake_up_or_by_the_end() {
    let house = House::open().await;
    let pull = |start: Option<Vec<u8>>| {
        let (feeds, log) = (house.feeds.clone(), house.log());
        tokio::spawn(async move { feeds.pull(&log, start.as_deref(), 10, NEVER).await })
    };
    let waiting = pull(None);
    while house.feeds.places.taken() == 0 {
        tokio::task::yield_now().await;
    }
    house.pick_up(A, 1).await;
    let page = waiting.await.unwrap().unwrap();
    assert_eq!((page.events.len(), page.caught_up), (1, true));

    let waiting = pull(Some(page.cursor.encode()));
    while house.feeds.places.taken() == 0 {
        tokio::task::yield_now().await;
    }
    house.shutdown.cancel();
    let empty = waiting.await.unwrap().unwrap();
    assert_eq!((empty.events.len(), empty.cursor), (0, page.cursor));
    assert_eq!(house.feeds.places.taken(), 0);
}

#[tokio::test]
async fn a_stream_sends_what_is_committed_and_bookmarks_to_go_on_from() {
    let house = House::open().await;
    house.pick_up(A, 1).await;
    let (follower, mut following) = house.feeds.follow(house.log(), None).await.unwrap();
    let running = tokio::spawn(follower.run(std::future::pending()));
    let mut next = async || poll_fn(|cx| following.poll_next(cx)).await.map(Result::unwrap);
    let seq = |sent: Option<Sent>| match sent {
        Some(Sent::Event(listed)) => listed.seq,
        other => panic!("{other:?}"),
    };
    assert_eq!(seq(next().await), 1);
    let Some(Sent::Bookmark { cursor, caught_up: true }) = next().await else { panic!() };
    house.pick_up(B, 2).await;
    assert_eq!(seq(next().await), 2);
    assert!(matches!(next().await, Some(Sent::Bookmark { caught_up: true, .. })));
    house.shutdown.cancel();
    let Some(Sent::Bookmark { cursor: last, .. }) = next().await else { panic!() };
    assert_eq!(next().await, None);
    running.await.unwrap();

    let page = house.feeds.pull(&house.log(), Some(&cursor.encode()), 10, Duration::ZERO).await.unwrap();
    assert_eq!(page.events.iter().map(|listed| listed.seq).collect::<Vec<_>>(), [2]);
    assert_eq!(page.cursor, last);
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_may_not_go_on() {
    let house = House::open().await;
    let (follower, mut following) = house.feeds.follow(house.log(), None).await.unwrap();
    let revoked = crate::dossier::refusal::Refusal::new(Reason::KeyInvalid);
    follower.run(std::future::ready(revoked.clone())).await;
    let mut last = None;
    while let Some(sent) = poll_fn(|cx| following.poll_next(cx)).await {
        last = Some(sent);
    }
    assert_eq!(last, Some(Err(revoked)));
    assert_eq!(house.feeds.places.taken(), 0);
}

#[tokio::test]
async fn a_digest_of_many_events_is_told_in_parts_that_go_on_from_each_other() {
    let house = House::open().await;
    for number in 0..5 {
        house.scan(EventType::OfficeIn, item("EA990000015VN"), number).await;
    }
    let feeds =
        Feeds { options: Options { digest_events: 2, ..house.feeds.options.clone() }, ..house.feeds.clone() };
    let log = house.log();
    let (mut parts, mut from) = (Vec::new(), None);
    loop {
        let part = feeds.digest(&log, from.as_deref(), None).await.unwrap();
        parts.extend(part.stretches.iter().map(|stretch| (stretch.first, stretch.last)));
        from = Some(part.cursor.encode());
        if part.complete {
            break;
        }
    }
    assert_eq!(parts, [(1, 2), (3, 4), (5, 5)]);
}
