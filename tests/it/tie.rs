//! What cannot be placed when it comes waits, and is placed once, later, at its own time, by one mechanism: late orders,
//! bags, phones that were offline; whatever is killed in between.

use std::collections::BTreeMap;
use std::time::Duration;

use trao::doors::wire::v1;
use v1::EventType as Type;
use v1::{AnomalyKind, LegState};

use crate::support::codes;
use crate::support::gateway::Start;
use crate::support::ledger;
use crate::support::partner::{PC, PDA, Partner, SYSTEM, attested, capture, code, event, minute, slip};
use crate::support::seed::Seed;
use crate::support::wait::eventually;
use crate::support::world::{DEPARTMENT, World, anomalies, event_of, record};

fn is_placed(line: &v1::FeedEvent) -> bool {
    event_of(line).r#type() == Type::Placed
}

/// How often each waiting event was placed, and on which leg.
async fn placings(world: &World, who: &Partner) -> BTreeMap<u64, Vec<String>> {
    let mut placed: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for line in world.log(who).await.iter().filter(|line| is_placed(line)) {
        let from = record(line).placed_from.unwrap();
        placed.entry(from.pos).or_default().push(line.leg.clone());
    }
    placed
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_that_came_before_the_order_are_placed_on_it_once_at_their_own_times() {
    let world = World::start().await;
    let p = &world.province;
    let item = codes::item(70);
    let mut waiting = Vec::new();
    for kind in [Type::PickedUp, Type::OfficeIn, Type::Dispatched] {
        let recorded = world.scan(PDA, kind, &item).await;
        assert_eq!(recorded.placement(), v1::Placement::Unplaced);
        assert!(anomalies(&recorded).contains(&AnomalyKind::UnknownCode));
        waiting.push(recorded.position.unwrap().pos);
    }
    let order = v1::OrderLegRequest { item: code(&item), ..world.order(v1::LegKind::Inbound) };
    let leg = world.ordered(&p.department, order).await.name;
    world.tied().await;
    let placed = placings(&world, &p.post).await;
    assert_eq!(placed.keys().copied().collect::<Vec<_>>(), waiting);
    assert!(placed.values().all(|legs| *legs == [leg.clone()]), "{placed:?}");
    let seen = world.leg(&p.department, &leg).await;
    assert_eq!((seen.state(), seen.events), (LegState::InTransit, 4));
    // The agency is told of the placings only, at the times at which it happened.
    let log = world.log(&p.department).await;
    let placed: Vec<&v1::FeedEvent> = log.iter().filter(|line| is_placed(line)).collect();
    assert_eq!((log.len(), placed.len()), (4, 3));
    let first = &world.log(&p.post).await[0];
    assert_eq!((placed[0].effective_at, placed[0].received_at), (first.effective_at, first.received_at));
    assert_eq!(event_of(placed[0]).placed(), Type::PickedUp);
    assert!(placed[0].committed_at.unwrap().seconds >= first.committed_at.unwrap().seconds);
    ledger::check(&world.gateway.database());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_scan_of_a_bag_counts_for_each_item_also_for_one_whose_pick_up_comes_later() {
    let world = World::start().await;
    let p = &world.province;
    let (known, late, bag) = (codes::item(71), codes::item(72), codes::bag(2));
    let pick = |item: &str, seconds_ago: i64| {
        let mut picked = v1::Event { agency: DEPARTMENT.to_owned(), ..event(Type::PickedUp, item) };
        picked.occurred_at.as_mut().unwrap().seconds -= seconds_ago;
        v1::Capture { personal: attested(), ..capture(PDA, &world.fresh("picked"), &picked) }
    };
    world.capture(&p.post, pick(&known, 60)).await.unwrap();
    for item in [&known, &late] {
        let bagged = v1::Event { receptacle: code(&bag), ..event(Type::Bagged, item) };
        world.say(&p.post, PC, &bagged).await;
    }
    let dispatched = world.scan(PC, Type::Dispatched, &bag).await;
    assert_eq!(dispatched.placement(), v1::Placement::Unplaced);
    assert_eq!(anomalies(&dispatched), []);
    let first = format!("legs/0-{}", record(&world.log(&p.department).await[0]).pos);
    eventually("the bag's scan is on what is known to be in it", || async {
        (world.leg(&p.post, &first).await.state() == LegState::InTransit).then_some(())
    })
    .await;

    // The phone that was offline sends its pick-up of the other item, an hour old.
    let picked = world.capture(&p.post, pick(&late, 50)).await.unwrap();
    let second = format!("legs/0-{}", picked.position.unwrap().pos);
    let seen = eventually("the bag's scan is on the item that came late too", || async {
        let seen = world.leg(&p.post, &second).await;
        (seen.state() == LegState::InTransit).then_some(seen)
    })
    .await;
    assert_eq!(seen.anomalies, []);
    assert_eq!(world.leg(&p.post, &first).await.events, 3, "and once only on the first");
    let placed = placings(&world, &p.post).await;
    let by_bag = &placed[&dispatched.position.unwrap().pos];
    assert_eq!(by_bag.iter().collect::<std::collections::BTreeSet<_>>().len(), by_bag.len());
    assert_eq!(by_bag.len(), 2);
    ledger::check(&world.gateway.database());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tie_killed_anywhere_places_each_event_on_one_leg_once() {
    let mut seed = Seed::take();
    let mut world = World::start().await;
    let mut waiting = BTreeMap::new();
    for round in 0..8_u64 {
        let (post, department) = (world.province.post.clone(), world.province.department.clone());
        for n in 0..12 {
            let item = codes::item(10_000 + round * 100 + n);
            let recorded = world.say(&post, PDA, &event(Type::OfficeIn, &item)).await;
            waiting.insert(recorded.position.unwrap().pos, item);
        }
        for n in 0..12 {
            let item = code(&codes::item(10_000 + round * 100 + n));
            let order = v1::OrderLegRequest { item, ..world.order(v1::LegKind::Inbound) };
            world.ordered(&department, order).await;
        }
        // Somewhere in the tie's work: between commit and look, between pin and write, between two placings.
        tokio::time::sleep(Duration::from_micros(seed.below(30_000))).await;
        world.kill_and_restart().await;
    }
    world.tied().await;
    let placed = placings(&world, &world.province.post.clone()).await;
    assert_eq!(placed.len(), waiting.len());
    for (pos, item) in waiting {
        let legs = &placed[&pos];
        assert_eq!(legs.len(), 1, "{item} was placed {} times", legs.len());
        assert_eq!(world.leg(&world.province.post, &legs[0]).await.items, [item]);
    }
    ledger::check(&world.gateway.database());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_finds_the_leg_that_its_slip_opened() {
    let world = World::start().await;
    let p = &world.province;
    let picked = v1::Event {
        agency: DEPARTMENT.to_owned(),
        also: vec![slip("000700")],
        ..event(Type::PickedUp, &codes::item(73))
    };
    world.say(&p.post, PDA, &picked).await;
    let request =
        v1::RegisterDossierRequest { slip: "000700".to_owned(), ..world.registration(&codes::dossier(73)) };
    let dossier = world.registered(&p.department, request).await;
    assert_eq!(dossier.legs.len(), 1);
    // From now on the dossier's code means its leg.
    let scanned = world.scan(PC, Type::OfficeIn, &codes::dossier(73)).await;
    assert_eq!(scanned.placement(), v1::Placement::Placed);
    assert_eq!(world.leg(&p.department, &dossier.legs[0].name).await.state(), LegState::AtOffice);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_on_two_open_legs_is_ambiguous_until_somebody_names_the_leg() {
    let world = World::start().await;
    let p = &world.province;
    let item = codes::item(74);
    let mut legs = Vec::new();
    for _ in 0..2 {
        let order = v1::OrderLegRequest { item: code(&item), ..world.order(v1::LegKind::Inbound) };
        legs.push(world.ordered(&p.department, order).await.name);
    }
    let scanned = world.scan(PDA, Type::OfficeIn, &item).await;
    assert_eq!(scanned.placement(), v1::Placement::Unplaced);
    assert_eq!(anomalies(&scanned), [AnomalyKind::Ambiguous]);
    let mut candidates: Vec<&str> = scanned.hints.iter().map(|hint| hint.leg.as_str()).collect();
    candidates.sort_unstable();
    assert_eq!(candidates, legs);
    assert!(scanned.hints.iter().all(|hint| hint.kind() == v1::HintKind::Candidate));
    let named = v1::Event { leg: legs[1].clone(), ..event(Type::Dispatched, &item) };
    let named = world.say(&p.post, PDA, &named).await;
    assert_eq!(named.placement(), v1::Placement::Placed);
    assert_eq!(world.leg(&p.post, &legs[1]).await.state(), LegState::InTransit);
    assert_eq!(world.leg(&p.post, &legs[0]).await.state(), LegState::Ordered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_used_again_after_months_means_the_new_leg_and_an_old_scan_the_old_one() {
    let start = Start { flags: vec!["--clock".into(), "replay".into()], ..Start::default() };
    let world = World::start_with(start).await;
    let p = &world.province;
    let item = codes::item(75);
    let month = 30 * 24 * 60;
    let said = async |id: &str, at: i64, kind: Type| {
        let now = minute(at);
        let event = v1::Event { agency: DEPARTMENT.to_owned(), occurred_at: Some(now), ..event(kind, &item) };
        let line = v1::Capture { send_time: Some(now), personal: attested(), ..capture(SYSTEM, id, &event) };
        let request = p.post.ask(v1::CaptureEventRequest { line: Some(line) });
        world.captures().capture_event(request).await.unwrap().into_inner().recorded.unwrap()
    };
    let first = said("old-1", 0, Type::PickedUp).await;
    said("old-2", 10, Type::Offered).await;
    let accepted = {
        let now = minute(20);
        let event = v1::Event { occurred_at: Some(now), ..event(Type::Accepted, &item) };
        let line = capture(crate::support::partner::DEPARTMENT_READER, "old-3", &event);
        let request = p.department.ask_at(v1::CaptureEventRequest { line: Some(line) }, &now);
        world.captures().capture_event(request).await.unwrap().into_inner().recorded.unwrap()
    };
    assert_eq!(anomalies(&accepted), []);
    let second = said("new-1", 8 * month, Type::PickedUp).await;
    let leg = |recorded: &v1::Recorded| format!("legs/0-{}", recorded.position.unwrap().pos);
    assert_eq!(second.placement(), v1::Placement::Placed);
    let old = world.leg(&p.department, &leg(&first)).await;
    let new = world.leg(&p.department, &leg(&second)).await;
    assert_eq!((old.state(), new.state()), (LegState::HandedOver, LegState::PickedUp));
    said("new-2", 8 * month + 10, Type::OfficeIn).await;
    assert_eq!(world.leg(&p.department, &new.name).await.state(), LegState::AtOffice);
    assert_eq!(world.leg(&p.department, &old.name).await, old, "never last year's dossier");
}
