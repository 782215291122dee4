//! Whose time it is, and that it does not run backwards.

use super::*;

on_every_store! {
    a_batch_is_never_earlier_than_the_last_nor_than_what_it_received,
    a_clock_that_leaps_while_a_batch_is_made_commits_nothing,
    under_replay_systems_tell_the_time_and_devices_do_not,
}

async fn a_batch_is_never_earlier_than_the_last_nor_than_what_it_received(house: House) {
    let first = house.one(line(scan(PDA, "1", event(EventType::PickedUp, A, 1)))).await.unwrap();
    house.by_hand.set(NOW.plus(-600 * Micros::SECOND));
    let after = CaptureLine {
        received_at: NOW.plus(5),
        ..scan(PDA, "2", Event { occurred_at: NOW.plus(9), ..event(EventType::OfficeIn, A, 2) })
    };
    let second = record(&house.one(line(after)).await.unwrap().record);
    assert_eq!(record(&first.record).committed_at, NOW);
    assert_eq!((second.committed_at, second.received_at, second.effective_at), (NOW, NOW, NOW));
}

async fn a_clock_that_leaps_while_a_batch_is_made_commits_nothing(house: House) {
    house.by_hand.leaps.store(true, Ordering::Relaxed);
    let refusal = house.one(line(scan(PDA, "1", event(EventType::PickedUp, A, 1)))).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::ClockSuspect);
    house.by_hand.leaps.store(false, Ordering::Relaxed);
    house.by_hand.suspect.store(false, Ordering::Relaxed);
    let answer = house.one(line(scan(PDA, "1", event(EventType::PickedUp, A, 1)))).await.unwrap();
    assert_eq!((answer.position, record(&answer.record).committed_at), (at(1), NOW));
}

async fn under_replay_systems_tell_the_time_and_devices_do_not(house: House) {
    let clock = Arc::new(ReplayClock::told(NOW));
    let house = House { clock: clock.clone(), ..house };
    let hour = 3_600 * Micros::SECOND;
    let sent = |source, id, hours: i64| {
        let line = scan(source, id, event(EventType::PickedUp, A, 1));
        CaptureLine { send_time: Some(NOW.plus(hours * hour)), ..line }
    };
    let mut foreign = sent(PC, "foreign", 9);
    foreign.said.party = PartyName::new(AGENCY);
    let lines = vec![
        line(sent(PDA, "device", 5)),
        line(sent(PC, "late", 2)),
        line(sent(PC, "early", -3)),
        line(foreign),
        line(sent("carriers/vnpost/systems/unknown", "unknown", 9)),
    ];
    let answers = house.batch(lines).await;
    let of = |n: usize| record(&answers[n].as_ref().unwrap().record);
    assert_eq!(clock.now(), NOW.plus(2 * hour));
    assert_eq!(of(1).received_at, NOW.plus(2 * hour));
    assert_eq!(of(2).received_at, NOW.plus(-3 * hour), "parallel streams do not shift each other");
    assert_eq!(of(0).received_at, NOW);
    assert!((0..3).all(|n| of(n).committed_at == NOW.plus(2 * hour)));
    assert!(answers[3..].iter().all(|answer| answer.is_err()));
    assert_eq!(house.reader.head(LANE).await.unwrap().told, NOW.plus(2 * hour));

    // A batch of notes keeps the time too.
    clock.tell(NOW.plus(4 * hour));
    house.one(Line::Note(LANE, Box::new(Note::Follower { name: "tie", pos: 1 }))).await.unwrap();
    let head = house.reader.head(LANE).await.unwrap();
    assert_eq!((head.told, head.sealed_at), (NOW.plus(4 * hour), NOW.plus(2 * hour)));
}
