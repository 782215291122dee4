//! What waited is placed once.

use super::*;

#[tokio::test]
async fn a_scan_that_came_before_its_leg_is_placed_at_its_own_time_and_once() {
    let house = House::open().await;
    let early = house.scan(EventType::OfficeIn, item(A), 20).await;
    assert_eq!(record(&early.record).placement, Placement::Unplaced);
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, []);
    let leg = house.pick_up(A, 10).await;
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(early.position.pos, leg)]);
    assert!(!house.waits(early.position.pos).await);
    let placed = Position { lane: LANE, pos: house.head().await };
    let placed = record(&house.reader.entry(placed).await.unwrap().unwrap().record);
    assert_eq!(placed.effective_at, record(&early.record).effective_at);
    assert_eq!(placed.parties, [agency(), post()]);

    // From any older cursor the same again writes nothing.
    let head = house.head().await;
    let seen = house.tie().work_behind(Seen::default(), head).await.unwrap();
    assert_eq!((seen.pos, house.head().await), (head, head));
}

#[tokio::test]
async fn a_tie_killed_between_pin_and_put_places_on_the_pinned_leg_only() {
    let house = House::open().await;
    let early = house.scan(EventType::OfficeIn, item(A), 20).await.position;
    let leg = house.pick_up(A, 10).await;
    let tie = house.tie();
    let meaning = tie.meaning(early, None).await.unwrap();
    assert_eq!(meaning, Meaning::Leg(leg));
    assert_eq!(tie.pin(early, leg).await.unwrap(), leg);
    drop(tie);
    // Meanwhile the code was given to another leg, so that nobody could tell any more which is meant.
    let named = event(EventType::PickedUp, item(B), 11);
    let other = house.capture(Event { agency: Some(agency()), also: item(A).into_iter().collect(), ..named });
    let other = record(&other.await.record).leg.unwrap();
    let tie = house.tie();
    assert_eq!(tie.pin(early, other).await.unwrap(), leg, "the first pin stands");
    tie.catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(early.pos, leg)]);
    assert!(!house.waits(early.pos).await);
}

#[tokio::test]
async fn one_scan_of_a_bag_counts_for_each_in_it_and_for_what_is_found_inside_later() {
    let house = House::open().await;
    let mut legs = Vec::new();
    for (n, text) in [A, B].into_iter().enumerate() {
        legs.push(house.pick_up(text, 10 + n as i64).await);
        house.put_into_bag(text, 20 + n as i64).await;
    }
    let scan = house.scan(EventType::Dispatched, bag(), 30).await.position;
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(scan.pos, legs[0]), (scan.pos, legs[1])]);
    assert!(house.waits(scan.pos).await);

    let late = house.pick_up(C, 12).await;
    house.put_into_bag(C, 22).await;
    house.tie().catch_up(None).await.unwrap();
    legs.push(late);
    let everywhere: Vec<_> = legs.iter().map(|leg| (scan.pos, *leg)).collect();
    assert_eq!(house.placed().await, everywhere);

    // A void of the bag's scan goes wherever the scan went.
    let voided = event(EventType::Voided, None, 31);
    let void = house.capture(Event { corrects: Some(scan), ..voided }).await.position;
    house.tie().catch_up(None).await.unwrap();
    let voids: Vec<_> = legs.iter().map(|leg| (void.pos, *leg)).collect();
    assert_eq!(house.placed().await, [everywhere, voids].concat());
}

#[tokio::test]
async fn a_scan_by_a_dossiers_code_is_placed_when_a_leg_comes_to_the_dossier() {
    let dossier_code =
        |number: u32| Code::stored(CodeKind::Dossier, format!("H99.14-260923-{number:04}").into(), None);
    // Ordered for it.
    let house = House::open().await;
    let code = dossier_code(1);
    let dossier = house.register(&code).await;
    let early = house.scan(EventType::OfficeIn, Some(code.clone()), 20).await.position;
    house.tie().catch_up(None).await.unwrap();
    assert!(house.waits(early.pos).await);
    let (counter, carrier) = (agency(), Some(post()));
    let kind = LegKind::Outbound;
    let act = CommandAct::Order {
        agency: agency(),
        counter,
        carrier,
        kind,
        procedure: None,
        dossier: Some(dossier),
    };
    let leg = house.command("OrderLeg", EventType::Ordered, act).await.leg.unwrap();
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(early.pos, leg)]);
    assert!(!house.waits(early.pos).await);

    // Linked to it when the agency accepts what it holds.
    let house = House::open().await;
    let code = dossier_code(2);
    house.register(&code).await;
    let early = house.scan(EventType::OfficeIn, Some(code.clone()), 20).await.position;
    let leg = house.pick_up(A, 10).await;
    house.accepted_by_agency(A, 30).await;
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, []);
    let act = CommandAct::Accept { target: AcceptTarget::Leg(leg), code, procedure: None };
    assert_eq!(house.command("AcceptDossier", EventType::DossierAccepted, act).await.leg, Some(leg));
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(early.pos, leg)]);
}

#[tokio::test]
async fn a_void_waits_for_the_scan_it_names() {
    let house = House::open().await;
    let scan = house.scan(EventType::OfficeIn, item(A), 20).await.position;
    let voided = event(EventType::Voided, item(A), 21);
    let void = house.capture(Event { corrects: Some(scan), ..voided }).await.position;
    let leg = house.pick_up(A, 10).await;
    house.tie().catch_up(None).await.unwrap();
    assert_eq!(house.placed().await, [(scan.pos, leg), (void.pos, leg)]);
    assert!(!house.waits(scan.pos).await && !house.waits(void.pos).await);
}

#[tokio::test]
async fn a_correction_waits_for_the_codes_of_what_it_corrects_though_it_names_another() {
    let house = House::open().await;
    let scan = house.scan(EventType::OfficeIn, item(A), 20).await.position;
    let held = event(EventType::Held, item(B), 21);
    let correction = house.capture(Event { corrects: Some(scan), ..held }).await.position;
    let bag_scan = house.scan(EventType::Dispatched, bag(), 22).await.position;
    let voided = event(EventType::Voided, item(C), 23);
    let void = house.capture(Event { corrects: Some(bag_scan), ..voided }).await.position;
    // It has looked at them in vain: only what becomes known makes it look again.
    house.tie().catch_up(None).await.unwrap();
    let leg = house.pick_up(A, 10).await;
    house.put_into_bag(A, 15).await;
    house.tie().catch_up(None).await.unwrap();
    let placed = [scan, correction, bag_scan, void].map(|from| (from.pos, leg));
    assert_eq!(house.placed().await, placed);
}

#[tokio::test]
async fn a_bag_is_placed_though_the_intake_has_no_room_for_all_that_is_in_it() {
    let house = House::with_intake(4).await;
    let mut legs = Vec::new();
    for (n, text) in [A, B, C].into_iter().enumerate() {
        legs.push(house.pick_up(text, 10 + n as i64).await);
        house.put_into_bag(text, 20 + n as i64).await;
    }
    let scan = house.scan(EventType::Dispatched, bag(), 30).await.position;
    house.tie().catch_up(None).await.unwrap();
    let everywhere: Vec<_> = legs.iter().map(|leg| (scan.pos, *leg)).collect();
    assert_eq!(house.placed().await, everywhere);
}

#[tokio::test]
async fn a_bag_that_came_back_is_put_on_no_return_that_its_own_scan_began() {
    let house = House::open().await;
    for (n, text) in [A, B].into_iter().enumerate() {
        house.pick_up(text, 10 + n as i64).await;
        house.put_into_bag(text, 20 + n as i64).await;
    }
    let came_back = house.scan(EventType::ReturnStarted, bag(), 30).await.position;
    for _ in 0..3 {
        house.tie().catch_up(None).await.unwrap();
    }
    let placed = house.placed().await;
    let from: Vec<u64> = placed.iter().map(|(from, _)| *from).collect();
    assert_eq!(from, [came_back.pos; 2], "each is the birth of a return: {placed:?}");
}
