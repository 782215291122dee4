//! Batches: whole or not at all, whatever a line, the store or the writer does.

use super::*;
use crate::dossier::anomaly::AnomalyKind;
use crate::dossier::apply::{Act, Applied, Stopped};
use crate::dossier::custody;
use crate::dossier::desk::{Desk, Missing};
use crate::seal::frontier::Frontier;
use crate::seal::leaf::leaf_hash;

on_every_store! {
    a_line_that_cannot_be_applied_is_set_aside_and_the_other_499_stand,
    a_batch_writes_what_its_lines_write_one_by_one,
    every_head_verifies_in_the_epoch_of_its_last_record,
    a_placing_that_turns_out_to_be_the_last_ends_the_waiting,
}

/// Panics at a line called `panics`, and asks for ever for what is not there at one called `asks`.
fn with_traps(desk: &mut Desk, act: &Act<'_>, position: Position) -> Result<Applied, Stopped> {
    let id = match act {
        Act::Capture(capture) => capture.said.client_event_id.as_str(),
        Act::Cancel(cancel) => cancel.said.client_event_id.as_str(),
        _ => "",
    };
    match id {
        "panics" => panic!("planted"),
        "asks" => Err(Stopped::Missing(Missing::Leg(at(1_000_000)))),
        _ => apply::apply(desk, act, position),
    }
}

async fn a_line_that_cannot_be_applied_is_set_aside_and_the_other_499_stand(house: House) {
    let house = House { apply: with_traps, ..house };
    let lines = || {
        let mut lines: Vec<Line> = (1..=498_u64)
            .map(|seq| {
                let id = match seq {
                    100 => "panics".to_owned(),
                    300 => "asks".to_owned(),
                    _ => seq.to_string(),
                };
                let kind = if seq == 1 { EventType::PickedUp } else { EventType::OfficeIn };
                let event = Event { device_seq: Some(seq), ..event(kind, A, seq as i64) };
                line(scan(PDA, &id, event))
            })
            .collect();
        lines.push(does(cancel("panics", at(1))));
        lines.push(does(cancel("fine", at(1))));
        lines
    };
    let answers = house.batch(lines()).await;
    for (n, answer) in answers.iter().enumerate() {
        match (n, answer) {
            (99 | 299, Ok(answer)) => {
                let record = record(&answer.record);
                assert_eq!((record.placement, record.leg), (Placement::Unplaced, None));
                assert_eq!(
                    record.anomalies.iter().map(|a| a.kind).collect::<Vec<_>>(),
                    [AnomalyKind::NotApplied]
                );
                assert_eq!(record.parties, [PartyName::new(POST)]);
            }
            (498, Err(refusal)) => assert_eq!(refusal.reason, Reason::Internal),
            (499, Err(refusal)) => assert_eq!(refusal.reason, Reason::LegState),
            (_, Ok(answer)) => assert!(record(&answer.record).leg.is_some(), "{n}"),
            (_, Err(refusal)) => panic!("{n}: {refusal}"),
        }
    }
    assert_eq!(house.records().await.len(), 498);
    let directory = house.reader.directory().await.unwrap();
    let (pda, _) = directory.sources.get(&SourceName::new(PDA)).unwrap();
    assert_eq!(house.reader.device(LANE, pda.id).await.unwrap().contiguous, 498, "it was heard all the same");
    let again = house.batch(lines()).await;
    for (first, again) in answers.iter().flatten().zip(again.iter().flatten()) {
        assert_eq!((&first.record, again.replayed), (&again.record, true));
    }
    assert_eq!(house.head().await, 498);
}

/// A leg's day with all that folds it anew: late, voided, corrected, returned, the return voided, returned again.
fn a_day() -> Vec<Line> {
    let of = |id: &str, kind, minute| scan(PDA, id, event(kind, "", minute));
    let on = |id: &str, kind, minute| {
        let mut line = of(id, kind, minute);
        line.said.event.leg = Some(at(1));
        line
    };
    let correct = |id: &str, kind, minute, corrects| {
        let mut line = of(id, kind, minute);
        line.said.event.corrects = Some(at(corrects));
        line
    };
    vec![
        does(order("o", LegKind::Outbound, None)),
        line(on("late", EventType::Arrived, 30)),
        line(on("1", EventType::PickedUp, 10)),
        line(on("2", EventType::Dispatched, 20)),
        line(correct("3", EventType::Voided, 31, 2)),
        line(on("4", EventType::OutForDelivery, 40)),
        line(on("5", EventType::AttemptFailed, 50)),
        line(on("6", EventType::ReturnStarted, 60)),
        line(correct("7", EventType::Voided, 61, 8)),
        line(correct("8", EventType::Held, 51, 7)),
        line(on("9", EventType::ReturnStarted, 70)),
        line(on("10", EventType::OfficeIn, 45)),
    ]
}

async fn a_batch_writes_what_its_lines_write_one_by_one(house: House) {
    let alone = House::in_memory().await;
    // Sources take turns in a batch; the order of the command comes first, as it does here.
    let mut order = house.batch(a_day()).await;
    for line in a_day() {
        alone.one(line).await.unwrap();
    }
    let mut positions: Vec<u64> = order.drain(..).map(|answer| answer.unwrap().position.pos).collect();
    assert_eq!(positions.len(), 12);
    positions.sort_unstable();
    assert_eq!(positions, (1..=12).collect::<Vec<_>>());
    let (together, singly) = (house.records().await, alone.records().await);
    assert_eq!(together, singly);
    let returned: Vec<u64> = together.iter().filter(|r| r.birth.is_some()).map(|r| r.pos).collect();
    assert_eq!(returned, [1, 8, 11], "a leg, its return, and the return after the void");
    for id in returned {
        let leg = house.leg(at(id)).await;
        assert_eq!(leg, alone.leg(at(id)).await);
        let chain = house.reader.chain(leg.id, leg.last.pos).await.unwrap();
        let steps: Vec<_> = chain.iter().map(|stored| step(stored).unwrap()).collect();
        assert_eq!(custody::fold(leg.ground(), &steps).fold, leg.fold, "leg {id} is the fold of its records");
    }
}

async fn every_head_verifies_in_the_epoch_of_its_last_record(house: House) {
    let mut sizes = Vec::new();
    for round in 0..3_u8 {
        for n in 0..2 {
            let id = format!("{round}-{n}");
            let lines = vec![
                line(scan(PDA, &id, event(EventType::PickedUp, A, 1))),
                line(scan(PC, &id, event(EventType::OfficeIn, A, 2))),
            ];
            house.batch(lines).await;
            sizes.push(house.head().await);
        }
        house.admin().begin_epoch(&[10 + round; 16]).await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let public = Key::create(&folder.path().join("key"), &SEED).unwrap().public_key();
    let mut frontier = Frontier::new();
    let mut epochs = Vec::new();
    for pos in 1..=house.head().await {
        let stored = house.reader.entry(at(pos)).await.unwrap().unwrap();
        frontier.push(leaf_hash(&stored.record));
        if sizes.contains(&pos) {
            let seal = house.reader.seal_covering(LANE, pos).await.unwrap().unwrap();
            assert_eq!((seal.size, seal.root), (pos, frontier.root()));
            let epoch = record(&stored.record).epoch;
            head::verify(&public, &DATABASE, LANE, &epoch, &seal).unwrap();
            assert!(head::verify(&public, &DATABASE, LANE, &[99; 16], &seal).is_err());
            epochs.push(epoch[0]);
        }
    }
    assert_eq!(epochs, [2, 2, 10, 10, 11, 11]);
}

async fn a_placing_that_turns_out_to_be_the_last_ends_the_waiting(house: House) {
    let early = house.one(line(scan(PDA, "early", event(EventType::OfficeIn, A, 5)))).await.unwrap().position;
    let leg = house.one(line(scan(PDA, "leg", event(EventType::PickedUp, B, 1)))).await.unwrap().position;
    let place = |done| Line::Place(PlaceLine { from: early, leg, done });
    let first = house.one(place(false)).await.unwrap();
    assert!(!house.reader.waits_for(LANE, early.pos).await.unwrap().is_empty());
    let again = house.one(place(true)).await.unwrap();
    assert_eq!((again.record, again.replayed), (first.record, true));
    assert!(house.reader.waits_for(LANE, early.pos).await.unwrap().is_empty());
    assert_eq!(house.head().await, 3);
}

#[tokio::test]
async fn a_commit_that_fails_keeps_and_tells_nothing_and_one_of_which_nobody_knows_is_run_again() {
    let house = House::in_memory().await;
    let one = |id: &str| line(scan(PDA, id, event(EventType::PickedUp, A, 1)));
    let refused = |answer: Result<Answer, Refusal>| answer.unwrap_err().reason;
    house.memory().fail(&[Fault::Failed]);
    let (service, handle) = house.service().await;
    let head = handle.wakes().head(Lane(0));
    let pending = handle.queue(one("1")).unwrap();
    handle.close();
    service.run().await;
    assert_eq!(refused(pending.await), Reason::StoreUnavailable);
    assert_eq!((house.head().await, head.has_changed().unwrap_or(false)), (0, false));

    for (pos, (id, fault)) in (1..).zip([("1", Fault::Lost), ("2", Fault::Kept)]) {
        house.memory().fail(&[fault]);
        let answer = house.one(one(id)).await.unwrap();
        assert_eq!(answer.position, at(pos));
        assert_eq!(house.record(pos).await.client_event_id, id);
        assert_eq!(answer.record, house.one(one(id)).await.unwrap().record);
    }
    house.memory().fail(&[Fault::Lost, Fault::Lost, Fault::Overtaken]);
    assert_eq!(refused(house.one(one("3")).await), Reason::StoreUnavailable);
    assert_eq!(house.records().await.len(), 2);

    house.memory().fail(&[Fault::Overtaken, Fault::Overtaken]);
    assert_eq!(house.one(one("3")).await.unwrap().position, at(3), "it is run again");
    assert_eq!(house.records().await.len(), 3);
}

#[tokio::test]
async fn a_line_whose_leg_is_torn_is_set_aside_and_the_others_stand() {
    let house = House::in_memory().await;
    let leg = house.one(line(scan(PDA, "1", event(EventType::PickedUp, A, 10)))).await.unwrap().position;
    house.one(line(scan(PDA, "2", event(EventType::OfficeIn, A, 20)))).await.unwrap();
    house.memory().tear(at(2));
    let answers = house
        .batch(vec![
            line(scan(PDA, "late", Event { leg: Some(leg), ..event(EventType::Dispatched, "", 15) })),
            line(scan(PDA, "fine", event(EventType::PickedUp, B, 11))),
        ])
        .await;
    let kinds = |n: usize| record(&answers[n].as_ref().unwrap().record).anomalies;
    assert_eq!(kinds(0).iter().map(|a| a.kind).collect::<Vec<_>>(), [AnomalyKind::NotApplied]);
    assert_eq!(kinds(1), []);
}

#[tokio::test]
async fn a_retry_whose_first_attempt_is_torn_is_refused_alone() {
    let house = House::in_memory().await;
    let first = || line(scan(PDA, "1", event(EventType::PickedUp, A, 10)));
    house.one(first()).await.unwrap();
    let early = house.one(line(scan(PDA, "early", event(EventType::OfficeIn, B, 5)))).await.unwrap().position;
    let leg = house.one(line(scan(PDA, "leg", event(EventType::PickedUp, B, 1)))).await.unwrap().position;
    let place = || Line::Place(PlaceLine { from: early, leg, done: true });
    let placed = house.one(place()).await.unwrap().position;
    house.memory().tear(at(1));
    house.memory().tear(placed);
    let fine = line(scan(PDA, "fine", event(EventType::OfficeIn, B, 20)));
    let answers = house.batch(vec![first(), place(), fine]).await;
    let reasons = answers.iter().map(|answer| answer.as_ref().err().map(|refusal| refusal.reason));
    assert_eq!(reasons.collect::<Vec<_>>(), [Some(Reason::Internal), Some(Reason::Internal), None]);
    assert_eq!(house.head().await, 5);
}

#[tokio::test]
async fn a_writer_that_ends_leaves_nobody_waiting() {
    let house = House::in_memory().await;
    let (service, handle) = house.service().await;
    let pending = handle.queue(line(scan(PDA, "1", event(EventType::PickedUp, A, 1)))).unwrap();
    drop(service);
    assert_eq!(pending.await.unwrap_err().reason, Reason::StoreUnavailable);
    let refused = handle.queue(line(scan(PDA, "2", event(EventType::PickedUp, A, 1))));
    assert_eq!(refused.unwrap_err().reason, Reason::StoreUnavailable);
    assert_eq!(handle.depth(), 0);
}

#[tokio::test]
async fn a_party_without_a_log_is_let_into_no_line() {
    let house = House::in_memory().await;
    let nobody = "carriers/nobody";
    let source = Source {
        name: SourceName::new("carriers/nobody/devices/1"),
        party: PartyName::new(nobody),
        agency: None,
        office: None,
        holder: None,
        retired: None,
    };
    let refused = house.one(Line::Note(LANE, Box::new(Note::Source(source.clone())))).await.unwrap_err();
    assert_eq!(refused.reason, Reason::NotFound);
    // As a key made for it would enrol it.
    let key = crate::store::KeyRow {
        id: "k".to_owned(),
        secret_sha256: [0; 32],
        party: Some(PartyName::new(nobody)),
        role: "post-operator".to_owned(),
        name: "k".to_owned(),
        person: None,
        sources: vec![source.name.clone()],
        created_at: NOW,
        revoked_at: None,
    };
    house.admin().create_key(&key, std::slice::from_ref(&source)).await.unwrap();
    let scan = scan(source.name.as_str(), "1", event(EventType::PickedUp, A, 1));
    assert_eq!(house.one(line(scan)).await.unwrap_err().reason, Reason::UnknownSource);
    assert_eq!(house.head().await, 0);
}
