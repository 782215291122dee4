//! Named consumers: a reader's place, kept by the gateway. It moves by compare and set, back only when it is sought, and
//! whoever reads by it gets every event at least once, whatever is killed.

mod readers;

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::future::join_all;
use tonic::{Code, Response, Status};
use trao::doors::wire::v1;
use trao::limits;
use v1::create_consumer_request::Start as From;
use v1::pull_events_request::Start;
use v1::seek_consumer_request::To;
use v1::stream_events_response::Message as Told;

use crate::support::codes;
use crate::support::gateway::{Gateway, Start as Begin, trao};
use crate::support::partner::{PDA, Partner, event, field, now, reason};
use crate::support::wait::within;
use crate::support::world::{CARRIER, DEPARTMENT, PARENT, SIBLING, World, record};

/// Scans that make so many lines of the carrier's log.
async fn busy(world: &World, lines: u64) {
    for number in 0..lines {
        let picked = v1::Event {
            agency: DEPARTMENT.to_owned(),
            ..event(v1::EventType::PickedUp, &codes::item(number + 1))
        };
        world.say(&world.province.post, PDA, &picked).await;
    }
}

fn creation(id: &str, start: Option<From>) -> v1::CreateConsumerRequest {
    let (consumer_id, request_id) = (id.to_owned(), "create".to_owned());
    v1::CreateConsumerRequest { parent: String::new(), consumer_id, request_id, start }
}

async fn create(
    world: &World,
    who: &Partner,
    request: v1::CreateConsumerRequest,
) -> Result<v1::Consumer, Status> {
    let answer = world.feeds().create_consumer(who.ask(request)).await;
    answer.map(|answer| answer.into_inner().consumer.unwrap())
}

async fn get(world: &World, who: &Partner, name: &str) -> Result<v1::Consumer, Status> {
    let request = v1::GetConsumerRequest { name: name.to_owned() };
    let answer = world.feeds().get_consumer(who.ask(request)).await;
    answer.map(|answer| answer.into_inner().consumer.unwrap())
}

async fn seek(world: &World, who: &Partner, name: &str, to: To, etag: &str) -> Result<v1::Consumer, Status> {
    let request = v1::SeekConsumerRequest { name: name.to_owned(), to: Some(to), etag: etag.to_owned() };
    let answer = world.feeds().seek_consumer(who.ask(request)).await;
    answer.map(|answer| answer.into_inner().consumer.unwrap())
}

async fn commit(
    world: &World,
    who: &Partner,
    at: &v1::Consumer,
    cursor: &Bytes,
) -> Result<v1::Consumer, Status> {
    let (name, etag) = (at.name.clone(), at.etag.clone());
    let request = v1::CommitCursorRequest { name, cursor: cursor.clone(), etag };
    let answer = world.feeds().commit_cursor(who.ask(request)).await;
    answer.map(|answer| answer.into_inner().consumer.unwrap())
}

async fn delete(world: &World, who: &Partner, name: &str, etag: &str) -> Result<(), Status> {
    let request = v1::DeleteConsumerRequest { name: name.to_owned(), etag: etag.to_owned() };
    world.feeds().delete_consumer(who.ask(request)).await.map(drop)
}

async fn pull(
    world: &World,
    who: &Partner,
    start: Start,
    page_size: i32,
) -> Result<v1::PullEventsResponse, Status> {
    let request = v1::PullEventsRequest { start: Some(start), page_size, ..Default::default() };
    world.feeds().pull_events(who.ask(request)).await.map(Response::into_inner)
}

fn by(consumer: &v1::Consumer) -> Start {
    Start::Consumer(consumer.name.clone())
}

/// The numbers of a page.
fn seqs(page: &v1::PullEventsResponse) -> Vec<u64> {
    page.events.iter().map(|event| event.seq).collect()
}

/// A cursor behind so many events.
async fn behind(world: &World, who: &Partner, events: i32) -> Bytes {
    pull(world, who, Start::Cursor(Bytes::new()), events).await.unwrap().next_cursor
}

/// A cursor of the same log, and whole, behind what is not there yet.
fn ahead_of(cursor: &Bytes) -> Bytes {
    use sha2::{Digest, Sha256};
    let (body, _check) = cursor.split_last_chunk::<8>().unwrap();
    let (before, _seq) = body.split_last_chunk::<8>().unwrap();
    let body = [before, &4_711_u64.to_be_bytes()].concat();
    let check = &Sha256::digest(&body)[..8];
    Bytes::from([&body, check].concat())
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String, String) {
    let status = answer.unwrap_err();
    (status.code(), reason(&status), field(&status))
}

fn refusal(code: Code, reason: &str, field: &str) -> (Code, String, String) {
    (code, reason.to_owned(), field.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_goes_on_where_its_consumer_stands_also_after_the_gateway_was_killed() {
    let mut world = World::start().await;
    busy(&world, 7).await;
    let post = world.province.post.clone();
    let made = create(&world, &post, creation("back-office", None)).await.unwrap();
    assert_eq!((made.name.as_str(), made.lag), ("carriers/p/consumers/back-office", 7));
    assert_eq!(made.create_time, made.update_time);
    assert_eq!(made, get(&world, &post, &made.name).await.unwrap());

    let page = pull(&world, &post, by(&made), 3).await.unwrap();
    assert_eq!(seqs(&page), [1, 2, 3]);
    assert_eq!(pull(&world, &post, by(&made), 3).await.unwrap(), page, "reading moves it nowhere");
    let moved = commit(&world, &post, &made, &page.next_cursor).await.unwrap();
    assert_eq!((moved.lag, &moved.cursor), (4, &page.next_cursor));
    assert_ne!(moved.etag, made.etag);
    assert_eq!(moved.create_time, made.create_time);

    world.kill_and_restart().await;
    assert_eq!(get(&world, &post, &made.name).await.unwrap(), moved);
    assert_eq!(seqs(&pull(&world, &post, by(&moved), 3).await.unwrap()), [4, 5, 6]);
    // A stream begins there, too.
    let request = v1::StreamEventsRequest { consumer: moved.name.clone(), ..Default::default() };
    let mut events = world.feeds().stream_events(post.ask(request)).await.unwrap().into_inner();
    let mut streamed = Vec::new();
    let end = loop {
        match within("the stream", events.message()).await.unwrap().unwrap().message.unwrap() {
            Told::Event(event) => streamed.push(event.seq),
            Told::Bookmark(bookmark) => break bookmark.cursor,
        }
    };
    assert_eq!(streamed, [4, 5, 6, 7]);
    let done = commit(&world, &post, &moved, &end).await.unwrap();
    assert_eq!(done.lag, 0);
    busy(&world, 1).await;
    assert_eq!(get(&world, &post, &made.name).await.unwrap(), v1::Consumer { lag: 1, ..done });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_again_because_its_answer_was_lost_is_answered_again() {
    let world = World::start().await;
    busy(&world, 4).await;
    let post = &world.province.post;
    let made = create(&world, post, creation("a", None)).await.unwrap();
    assert_eq!(create(&world, post, creation("a", None)).await.unwrap(), made);
    let from_the_beginning = creation("a", Some(From::Beginning(())));
    assert_eq!(create(&world, post, from_the_beginning).await.unwrap(), made, "the same, said otherwise");

    let cursor = behind(&world, post, 2).await;
    let moved = commit(&world, post, &made, &cursor).await.unwrap();
    assert_eq!(commit(&world, post, &made, &cursor).await.unwrap(), moved, "with the etag of before");
    assert_eq!(commit(&world, post, &moved, &cursor).await.unwrap(), moved);
    assert_eq!(create(&world, post, creation("a", None)).await.unwrap(), moved, "as it stands");

    // Any other request for the name is another's.
    let taken = refusal(Code::AlreadyExists, "RESOURCE_EXISTS", "consumer_id");
    let other = v1::CreateConsumerRequest { request_id: "other".into(), ..creation("a", None) };
    assert_eq!(refused(create(&world, post, other).await), taken);
    assert_eq!(refused(create(&world, post, creation("a", Some(From::End(())))).await), taken);

    delete(&world, post, &made.name, "").await.unwrap();
    assert_eq!(
        refused(delete(&world, post, &made.name, "").await),
        refusal(Code::NotFound, "NOT_FOUND", "name")
    );
    let again = create(&world, post, creation("a", None)).await.unwrap();
    assert_eq!(again.lag, 4);
    assert!(again.etag != made.etag && again.etag != moved.etag, "an etag is never that of another time");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_commit_at_once_one_is_told_that_it_came_second() {
    let world = World::start().await;
    busy(&world, 24).await;
    let post = &world.province.post;
    let mut at = create(&world, post, creation("raced", None)).await.unwrap();
    for round in 0..8 {
        let cursors = [behind(&world, post, 3 * round + 2).await, behind(&world, post, 3 * round + 3).await];
        let both = join_all(cursors.iter().map(|cursor| commit(&world, post, &at, cursor))).await;
        let (won, lost): (Vec<_>, Vec<_>) = both.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 1), "round {round}");
        let moved = lost.into_iter().map(refused).next().unwrap();
        assert_eq!(moved, refusal(Code::Aborted, "CONSUMER_MOVED", "etag"));
        let won = won.into_iter().next().unwrap().unwrap();
        at = get(&world, post, &at.name).await.unwrap();
        assert_eq!(at, won, "what the winner was told is what is kept");
    }
    // Whoever came second learns what to do, in both languages.
    let request = v1::CommitCursorRequest {
        name: at.name.clone(),
        cursor: behind(&world, post, 24).await,
        etag: "0000".into(),
    };
    use tonic_types::StatusExt;
    for (language, word) in [("en", "read it again"), ("vi", "hãy đọc lại")] {
        let status =
            world.feeds().commit_cursor(post.ask_as(request.clone(), "r", language)).await.unwrap_err();
        let told = status.get_error_details().localized_message().unwrap().message.clone();
        assert!(told.contains(word), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_goes_back_only_when_it_is_sought() {
    let world = World::start().await;
    busy(&world, 6).await;
    let post = &world.province.post;
    let cursor = behind(&world, post, 4).await;
    let made = create(&world, post, creation("a", Some(From::Cursor(cursor.clone())))).await.unwrap();
    assert_eq!((made.lag, &made.cursor), (2, &cursor));
    let earlier = behind(&world, post, 1).await;
    let back = commit(&world, post, &made, &earlier).await.unwrap_err();
    assert_eq!(refused::<()>(Err(back.clone())), refusal(Code::InvalidArgument, "CURSOR_INVALID", "cursor"));
    assert!(back.message().contains("SeekConsumer"), "{}", back.message());
    assert_eq!(get(&world, post, &made.name).await.unwrap(), made, "nothing was moved");

    let sought = seek(&world, post, &made.name, To::Cursor(earlier.clone()), &made.etag).await.unwrap();
    assert_eq!((sought.lag, &sought.cursor), (5, &earlier));
    let moved = refusal(Code::Aborted, "CONSUMER_MOVED", "etag");
    assert_eq!(refused(seek(&world, post, &made.name, To::End(()), &made.etag).await), moved);
    assert_eq!(refused(delete(&world, post, &made.name, &made.etag).await), moved);
    // Behind a lost race, what lies before is no reason of its own.
    assert_eq!(refused(commit(&world, post, &made, &behind(&world, post, 2).await).await), moved);
    let at = async |to| seek(&world, post, &made.name, to, "").await.unwrap().lag;
    assert_eq!([at(To::End(())).await, at(To::Beginning(())).await, at(To::Cursor(cursor)).await], [0, 6, 2]);
    assert_eq!(create(&world, post, creation("end", Some(From::End(())))).await.unwrap().lag, 0);
    let sought = get(&world, post, &made.name).await.unwrap();
    delete(&world, post, &made.name, &sought.etag).await.unwrap();
    assert_eq!(refused(get(&world, post, &made.name).await).1, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_means_the_first_event_committed_at_or_after_it() {
    let world = World::start().await;
    let post = &world.province.post;
    let early = now();
    let empty = create(&world, post, creation("empty", Some(From::Time(early)))).await.unwrap();
    assert_eq!(empty.lag, 0);
    busy(&world, 9).await;
    // Several of one commit, which have one time.
    let lines = (0..5).map(|n| {
        use prost::Message;
        let scanned = event(v1::EventType::OfficeIn, &codes::item(n + 1));
        crate::support::partner::capture(PDA, &format!("b-{n}"), &scanned).encode_to_vec().into()
    });
    world.batch(post, lines.collect()).await.unwrap();
    busy(&world, 2).await;

    let log = world.log(post).await;
    let committed: Vec<i64> = log.iter().map(|line| record(line).committed_at.0).collect();
    let end = committed.last().unwrap() + 1;
    let times: BTreeSet<i64> = committed.iter().flat_map(|at| [at - 1, *at, at + 1]).chain([0]).collect();
    for time in times {
        let later = committed.iter().filter(|at| **at >= time).count() as i64;
        let at =
            prost_types::Timestamp { seconds: time / 1_000_000, nanos: (time % 1_000_000 * 1_000) as i32 };
        let sought = seek(&world, post, &empty.name, To::Time(at), "").await.unwrap();
        assert_eq!(sought.lag, later, "{time} of {committed:?}");
        let made = create(&world, post, creation("fresh", Some(From::Time(at)))).await.unwrap();
        assert_eq!(made.cursor, sought.cursor);
        delete(&world, post, &made.name, "").await.unwrap();
    }
    assert_eq!(committed.len(), 16);
    let far = prost_types::Timestamp { seconds: end / 1_000_000 + 3_600, nanos: 0 };
    let bad = prost_types::Timestamp { seconds: -1, nanos: 0 };
    for time in [far, bad] {
        let wanted = refusal(Code::InvalidArgument, "TIME_OUT_OF_RANGE", "time");
        assert_eq!(refused(seek(&world, post, &empty.name, To::Time(time), "").await), wanted);
        assert_eq!(refused(create(&world, post, creation("late", Some(From::Time(time)))).await), wanted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn consumers_are_listed_page_by_page_and_are_so_many_at_most() {
    let world = World::start().await;
    let p = &world.province;
    for number in 0..limits::CONSUMERS {
        create(&world, &p.post, creation(&format!("c-{number:02}"), None)).await.unwrap();
    }
    let full = create(&world, &p.post, creation("one-more", None)).await;
    assert_eq!(refused(full), refusal(Code::FailedPrecondition, "CONSUMER_LIMIT", "parent"));
    create(&world, &p.post, creation("c-00", None)).await.unwrap();
    create(&world, &p.department, creation("own", None)).await.unwrap();

    let list = async |who: &Partner, parent: &str, page_size: i32, page_token: &str| {
        let (parent, page_token) = (parent.to_owned(), page_token.to_owned());
        let request = v1::ListConsumersRequest { parent, page_size, page_token };
        world.feeds().list_consumers(who.ask(request)).await.map(Response::into_inner)
    };
    for size in [1, 7, 63, 64, 0] {
        let (mut names, mut token) = (Vec::new(), String::new());
        loop {
            let page = list(&p.post, "", size, &token).await.unwrap();
            assert!(!page.consumers.is_empty() && (size == 0 || page.consumers.len() <= size as usize));
            names.extend(page.consumers.into_iter().map(|consumer| consumer.name));
            if page.next_page_token.is_empty() {
                break;
            }
            token = page.next_page_token;
        }
        let wanted: Vec<String> =
            (0..limits::CONSUMERS).map(|n| format!("carriers/p/consumers/c-{n:02}")).collect();
        assert_eq!(names, wanted, "pages of {size}");
    }
    assert_eq!(list(&p.department, "", 10, "").await.unwrap().consumers.len(), 1);
    assert_eq!(list(&p.supervisor, DEPARTMENT, 10, "").await.unwrap().consumers.len(), 1);
    let token = list(&p.post, "", 7, "").await.unwrap().next_page_token;
    let invalid = refusal(Code::InvalidArgument, "CURSOR_INVALID", "page_token");
    assert_eq!(refused(list(&p.department, "", 7, &token).await), invalid);
    let too_large = refusal(Code::InvalidArgument, "PAGE_SIZE", "page_size");
    for size in [1_000_000, 1_001, -1] {
        assert_eq!(refused(list(&p.post, "", size, "").await), too_large);
    }
    assert_eq!(
        refused(list(&p.post, DEPARTMENT, 7, "").await),
        refusal(Code::NotFound, "NOT_FOUND", "parent")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_cursors_that_are_none_are_refused_by_their_field() {
    let world = World::start().await;
    busy(&world, 3).await;
    let p = &world.province;
    let post = &p.post;
    let made = create(&world, post, creation("a", None)).await.unwrap();
    let text = |field| refusal(Code::InvalidArgument, "TEXT_INVALID", field);
    let missing = |field| refusal(Code::InvalidArgument, "FIELD_REQUIRED", field);
    for id in ["A", "hồ-sơ", "a b", "a/b", &"a".repeat(64)] {
        assert_eq!(refused(create(&world, post, creation(id, None)).await), text("consumer_id"), "{id}");
    }
    assert_eq!(refused(create(&world, post, creation("", None)).await), missing("consumer_id"));
    create(&world, post, creation(&"a".repeat(63), None)).await.unwrap();
    let nameless = v1::CreateConsumerRequest { request_id: String::new(), ..creation("b", None) };
    assert_eq!(refused(create(&world, post, nameless).await), missing("request_id"));
    for name in ["a", "carriers/p", "carriers/p/consumers/", "carriers/p/consumers/A", "x/p/consumers/a"] {
        assert_eq!(refused(get(&world, post, name).await), text("name"), "{name}");
        let by = pull(&world, post, Start::Consumer(name.to_owned()), 1).await;
        assert_eq!(refused(by), text("consumer"), "{name}");
    }
    assert_eq!(refused(get(&world, post, "").await), missing("name"));
    assert_eq!(refused(pull(&world, post, Start::Consumer(String::new()), 1).await), missing("consumer"));
    let never = Start::Consumer("carriers/p/consumers/never".to_owned());
    assert_eq!(refused(pull(&world, post, never, 1).await), refusal(Code::NotFound, "NOT_FOUND", "consumer"));

    let nowhere = v1::SeekConsumerRequest { name: made.name.clone(), ..Default::default() };
    assert_eq!(refused(world.feeds().seek_consumer(post.ask(nowhere)).await), missing("to"));
    let blind = v1::Consumer { etag: String::new(), ..made.clone() };
    let cursor = behind(&world, post, 1).await;
    assert_eq!(refused(commit(&world, post, &blind, &cursor).await), missing("etag"));

    let damaged = Bytes::from([&cursor[..cursor.len() - 1], &[!cursor[cursor.len() - 1]]].concat());
    let invalid = Code::InvalidArgument;
    for (cursor, code, reason) in [
        (Bytes::new(), invalid, "FIELD_REQUIRED"),
        (damaged, invalid, "CURSOR_INVALID"),
        (behind(&world, &p.department, 1).await, invalid, "CURSOR_FOREIGN"),
        (ahead_of(&cursor), Code::OutOfRange, "CURSOR_AHEAD"),
    ] {
        let wanted = refusal(code, reason, "cursor");
        assert_eq!(refused(commit(&world, post, &made, &cursor).await), wanted);
        assert_eq!(refused(seek(&world, post, &made.name, To::Cursor(cursor.clone()), "").await), wanted);
        assert_eq!(refused(create(&world, post, creation("z", Some(From::Cursor(cursor)))).await), wanted);
    }
    // Either a cursor or a consumer, and of the party that is named.
    let both = v1::StreamEventsRequest { cursor, consumer: made.name.clone(), ..Default::default() };
    assert_eq!(refused(world.feeds().stream_events(post.ask(both)).await.map(drop)), text("consumer"));
    let own = create(&world, &p.department, creation("own", None)).await.unwrap();
    for (parent, wanted) in [(DEPARTMENT, "OK"), (PARENT, "CURSOR_FOREIGN"), (CARRIER, "NOT_FOUND")] {
        let request =
            v1::PullEventsRequest { parent: parent.to_owned(), start: Some(by(&own)), ..Default::default() };
        let answer = world.feeds().pull_events(p.supervisor.ask(request)).await;
        assert_eq!(answer.map_or_else(|status| reason(&status), |_| "OK".to_owned()), wanted, "{parent}");
    }
    assert_eq!(get(&world, post, &made.name).await.unwrap(), made, "nothing was moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_journal_answers_epoch_changed_until_a_consumer_is_sought() {
    let mut world = World::start().await;
    busy(&world, 5).await;
    let post = world.province.post.clone();
    let made = create(&world, &post, creation("a", None)).await.unwrap();
    let moved = commit(&world, &post, &made, &behind(&world, &post, 2).await).await.unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let copy = temporary.path().join("copy");
    let backup = trao().args(["backup", "--data"]).arg(world.gateway.folder()).arg(&copy).output().unwrap();
    assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
    // What the original goes on to is ahead of the copy, and of another epoch.
    let ahead = commit(&world, &post, &moved, &behind(&world, &post, 5).await).await.unwrap();
    world.gateway = Gateway::start_on(&copy, Begin::default());
    world.connect().await;

    let kept = get(&world, &post, &made.name).await.unwrap();
    assert_eq!(kept, v1::Consumer { lag: -1, ..moved.clone() });
    let request = v1::ListConsumersRequest::default();
    let listed = world.feeds().list_consumers(post.ask(request)).await.unwrap().into_inner().consumers;
    assert_eq!(listed, std::slice::from_ref(&kept));
    let changed = |field| refusal(Code::Aborted, "EPOCH_CHANGED", field);
    assert_eq!(refused(pull(&world, &post, by(&kept), 1).await), changed("consumer"));
    let request = v1::StreamEventsRequest { consumer: kept.name.clone(), ..Default::default() };
    assert_eq!(refused(world.feeds().stream_events(post.ask(request)).await.map(drop)), changed("consumer"));
    assert_eq!(refused(commit(&world, &post, &ahead, &ahead.cursor).await), changed("cursor"));
    assert_eq!(refused(commit(&world, &post, &kept, &kept.cursor).await), changed("cursor"));
    let fresh = behind(&world, &post, 5).await;
    assert_eq!(refused(commit(&world, &post, &kept, &fresh).await), changed("name"));
    assert_eq!(
        refused(seek(&world, &post, &made.name, To::Cursor(moved.cursor), "").await),
        changed("cursor")
    );

    let sought = seek(&world, &post, &made.name, To::Beginning(()), &kept.etag).await.unwrap();
    assert_eq!(sought.lag, 5);
    assert_eq!(seqs(&pull(&world, &post, by(&sought), 2).await.unwrap()), [1, 2]);
    assert_eq!(commit(&world, &post, &sought, &fresh).await.unwrap().lag, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_read_a_log_uses_its_consumers_and_nobody_else_does() {
    let world = World::start().await;
    busy(&world, 2).await;
    let p = &world.province;
    let made = create(&world, &p.department, creation("a", None)).await.unwrap();
    // The supervisor above reads that log, so it may move the reader.
    assert_eq!(get(&world, &p.supervisor, &made.name).await.unwrap(), made);
    let sought = seek(&world, &p.supervisor, &made.name, To::End(()), "").await.unwrap();
    assert_eq!(get(&world, &p.department, &made.name).await.unwrap(), sought);
    let own = v1::CreateConsumerRequest { parent: SIBLING.to_owned(), ..creation("b", None) };
    let own = create(&world, &p.supervisor, own).await.unwrap();
    assert_eq!(get(&world, &p.sibling, &own.name).await.unwrap(), own);
    // An administrator reads no log.
    let denied = refusal(Code::PermissionDenied, "ROLE_NOT_ALLOWED", "");
    assert_eq!(refused(get(&world, &p.admin, &made.name).await), denied);
    assert_eq!(refused(create(&world, &p.admin, creation("a", None)).await), denied);
}
