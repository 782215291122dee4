//! More than one lane, in a file and in a database: agencies in one, the post in another, so that every scan of an item is
//! captured in a lane that does not know it and is placed in the one that does.

use std::collections::{BTreeMap, BTreeSet};

use trao::doors::wire::v1;
use trao::dossier::names::Lane;
use v1::EventType as Type;
use v1::capture_service_client::CaptureServiceClient;
use v1::directory_service_client::DirectoryServiceClient;
use v1::pull_events_request::Start;

use crate::cluster::Cluster;
use crate::support::codes;
use crate::support::gateway::Gateway;
use crate::support::partner::{PDA, Partner, capture, code, event};
use crate::support::seed::Seed;
use crate::support::wait::eventually;
use crate::support::world::{self, DEPARTMENT, World};

/// A world in two lanes in each kind of store that has files or servers.
async fn worlds() -> [World; 2] {
    let database = Gateway::start_on_database(&Cluster::shared().empty_schema());
    [World::in_two_lanes(Gateway::start()).await, World::in_two_lanes(database).await]
}

/// A party's whole log, every lane's part dense.
async fn log(world: &World, who: &Partner) -> Vec<v1::FeedEvent> {
    let (mut events, mut cursor) = (Vec::new(), Vec::new());
    loop {
        let (page, next, caught_up) = pull(world, who, &cursor, 1_000).await;
        events.extend(page);
        cursor = next;
        if caught_up {
            break;
        }
    }
    let mut ends: BTreeMap<i32, u64> = BTreeMap::new();
    for event in &events {
        let end = ends.entry(event.lane).or_default();
        *end += 1;
        assert_eq!(event.seq, *end, "the log is dense in each lane");
    }
    // Lanes are in no order to each other: a page may have more of one than the next time it is read.
    events.sort_by_key(|event| (event.lane, event.seq));
    events
}

async fn pull(
    world: &World,
    who: &Partner,
    cursor: &[u8],
    page_size: i32,
) -> (Vec<v1::FeedEvent>, Vec<u8>, bool) {
    let start = (!cursor.is_empty()).then(|| Start::Cursor(cursor.to_vec().into()));
    let request = v1::PullEventsRequest { start, page_size, ..v1::PullEventsRequest::default() };
    let page = world.feeds().pull_events(who.ask(request)).await.unwrap().into_inner();
    (page.events, page.next_cursor.to_vec(), page.caught_up)
}

fn lanes(events: &[v1::FeedEvent], kind: Type) -> Vec<i32> {
    let of_kind = events.iter().filter(|line| world::event_of(line).r#type() == kind);
    of_kind.map(|line| line.lane).collect()
}

async fn placed(world: &World, who: &Partner, count: usize) -> Vec<v1::FeedEvent> {
    eventually("the placings", || async {
        let log = log(world, who).await;
        (lanes(&log, Type::Placed).len() >= count).then_some(log)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_in_one_lane_is_placed_on_its_leg_in_another_once_whichever_came_first() {
    for mut world in worlds().await {
        let (post, department) = (world.province.post.clone(), world.province.department.clone());
        let item = codes::item(20);
        let before = capture(PDA, "before", &event(Type::PickedUp, &item));
        let first = world.capture(&post, before.clone()).await.unwrap();
        assert_eq!(first.placement(), v1::Placement::Unplaced);
        let order = v1::OrderLegRequest { item: code(&item), ..world.order(v1::LegKind::Inbound) };
        let leg = world.ordered(&department, order).await;
        assert!(leg.name.starts_with("legs/0-"), "{}", leg.name);
        let after = capture(PDA, "after", &event(Type::OfficeIn, &item));
        let second = world.capture(&post, after.clone()).await.unwrap();
        let positions = [&first, &second].map(|recorded| recorded.position.unwrap().lane);
        assert_eq!(positions, [1, 1], "facts stand in the lane of their source");

        let mine = placed(&world, &post, 2).await;
        assert_eq!(lanes(&mine, Type::Placed), [0, 0], "placings stand in the lane of their leg");
        assert_eq!(lanes(&mine, Type::PickedUp), [1]);
        let theirs = placed(&world, &department, 2).await;
        assert_eq!(lanes(&theirs, Type::Placed), [0, 0]);
        assert!(
            lanes(&theirs, Type::PickedUp).is_empty(),
            "what stood elsewhere is told where it was placed"
        );
        let told = world.leg(&department, &leg.name).await;
        assert_eq!(told.state(), v1::LegState::AtOffice);

        for (line, answered) in [(before, first), (after, second)] {
            let again = world.capture(&post, line).await.unwrap();
            assert_eq!((again.record, again.replayed), (answered.record, true));
        }
        world.kill_and_restart().await;
        assert_eq!(log(&world, &post).await, mine, "nothing is placed again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pick_up_that_names_an_agency_opens_its_leg_in_that_agencys_lane() {
    for world in worlds().await {
        let post = &world.province.post;
        let picked = v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, &codes::item(21)) };
        let first = world.say(post, PDA, &picked).await;
        assert_eq!(first.placement(), v1::Placement::Unplaced);
        let log = placed(&world, post, 1).await;
        let placing = log.iter().find(|line| world::event_of(line).r#type() == Type::Placed).unwrap();
        let position = placing.position.unwrap();
        assert_eq!((position.lane, placing.leg.clone()), (0, format!("legs/0-{}", position.pos)));
        let told = world.leg(&world.province.department, &placing.leg).await;
        assert_eq!((told.state(), told.items.as_slice()), (v1::LegState::PickedUp, &[codes::item(21)][..]));
        // From now on its code is known there.
        world.scan(PDA, Type::OfficeIn, &codes::item(21)).await;
        placed(&world, post, 2).await;
        assert_eq!(world.leg(&world.province.department, &placing.leg).await.state(), v1::LegState::AtOffice);
    }
}

/// The code of an agency that the department succeeded.
const MERGED: &str = "H99.98";

async fn merge_into_the_department(world: &World, code: &str) {
    let alias = v1::AgencyAlias { code: code.to_owned(), ..v1::AgencyAlias::default() };
    let request = v1::CreateAgencyAliasRequest { agency: DEPARTMENT.to_owned(), alias: Some(alias) };
    let mut directory = DirectoryServiceClient::new(world.channel());
    directory.create_agency_alias(world.province.admin.ask(request)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_that_nobody_knew_is_one_record_and_one_placing_in_four_lanes_whichever_gateway_is_asked() {
    let url = Cluster::shared().empty_schema();
    let mut world = World::in_two_lanes(Gateway::start_on_database(&url)).await;
    world.gateway.stop();
    for lane in [2, 3] {
        assert_eq!(world.gateway.add_lane().await, Lane(lane));
    }
    world.gateway.restart();
    world.connect().await;
    let other = Gateway::start_on_database(&url);
    let mut elsewhere = CaptureServiceClient::new(other.channel().await);
    let (post, department) = (world.province.post.clone(), world.province.department.clone());

    let item = codes::item(50);
    let line = capture(PDA, "nobody's", &event(Type::PickedUp, &item));
    let first = world.capture(&post, line.clone()).await.unwrap();
    assert_eq!(first.placement(), v1::Placement::Unplaced);
    let order = v1::OrderLegRequest { item: code(&item), ..world.order(v1::LegKind::Inbound) };
    let leg = world.ordered(&department, order).await;
    let request = v1::CaptureEventRequest { line: Some(line) };
    let again = elsewhere.capture_event(post.ask(request)).await.unwrap().into_inner().recorded.unwrap();
    assert_eq!((&again.record, again.replayed), (&first.record, true));

    let mine = placed(&world, &post, 1).await;
    let kinds: Vec<Type> = mine.iter().map(|line| world::event_of(line).r#type()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == Type::PickedUp).count(), 1);
    assert_eq!(kinds.iter().filter(|kind| **kind == Type::Placed).count(), 1);
    let theirs = placed(&world, &department, 1).await;
    for log in [&mine, &theirs] {
        let positions = log.iter().map(|line| line.position.unwrap()).map(|at| (at.lane, at.pos));
        assert_eq!(positions.collect::<BTreeSet<_>>().len(), log.len(), "nothing comes twice");
    }
    assert_eq!(world.leg(&department, &leg.name).await.state(), v1::LegState::PickedUp);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_every_cursor_over_lanes_every_later_event_comes_once_after_a_lane_a_restart_and_a_merger_too() {
    let mut seed = Seed::take();
    for mut world in worlds().await {
        let (post, department) = (world.province.post.clone(), world.province.department.clone());
        let mut cursors = vec![Vec::new()];
        for round in 0..12_u64 {
            if round == 6 {
                world.gateway.stop();
                world.gateway.add_lane().await;
                world.gateway.restart();
                world.connect().await;
            }
            let item = codes::item(30 + round);
            if round == 9 {
                merge_into_the_department(&world, MERGED).await;
            }
            let agency = if round < 9 { DEPARTMENT.to_owned() } else { format!("agencies/{MERGED}") };
            let order =
                v1::OrderLegRequest { agency, item: code(&item), ..world.order(v1::LegKind::Inbound) };
            world.ordered(&department, order).await;
            world.scan(PDA, Type::PickedUp, &item).await;
            let from = cursors[seed.below(cursors.len() as u64) as usize].clone();
            let size = 1 + i32::try_from(seed.below(4)).unwrap();
            cursors.push(pull(&world, &post, &from, size).await.1);
        }
        let whole = placed(&world, &post, 12).await;
        let key = |event: &v1::FeedEvent| (event.lane, event.seq);
        let all: BTreeSet<(i32, u64)> = whole.iter().map(key).collect();
        assert_eq!(all.len(), whole.len());
        for cursor in &cursors {
            let (mut at, mut seen) = (cursor.clone(), Vec::new());
            loop {
                let (page, next, caught_up) = pull(&world, &post, &at, 3).await;
                seen.extend(page.iter().map(key));
                at = next;
                if caught_up {
                    break;
                }
            }
            // What a cursor leaves out is what its reader had: the beginning of each lane's part.
            let left: BTreeSet<(i32, u64)> = seen.iter().copied().collect();
            assert_eq!(left.len(), seen.len(), "none comes twice");
            for (lane, seq) in all.difference(&left) {
                assert!(!left.contains(&(*lane, seq.wrapping_sub(1))), "none is skipped");
            }
            assert!(left.is_subset(&all));
        }
        let digests = v1::GetFeedDigestRequest::default();
        let told = world.feeds().get_feed_digest(post.ask(digests)).await.unwrap().into_inner();
        let of: Vec<(i32, u64)> = told.digests.iter().map(|digest| (digest.lane, digest.last_seq)).collect();
        let ends: BTreeMap<i32, u64> = all.iter().copied().collect();
        assert_eq!((of, told.complete), (ends.into_iter().collect(), true));
    }
}
