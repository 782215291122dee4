//! Acts on consumers: decided in the order of their batch, kept as notes.

use super::*;
use crate::dossier::consumer::{Consumer, ConsumerAct};

on_every_store! {
    of_two_in_one_batch_who_go_on_from_one_place_the_second_is_told_so,
    what_one_batch_creates_moves_and_removes_is_found_so_by_the_next_line,
    a_party_is_given_as_many_as_the_bound_says_however_they_come,
    notes_on_consumers_take_no_position,
}

fn act(party: &str, id: &str, act: ConsumerAct) -> Line {
    Line::Consumer(Box::new(ConsumerLine { party: PartyName::new(party), id: id.into(), act }))
}

fn create(id: &str, request_id: &str) -> Line {
    let (request_id, cursor) = (request_id.into(), vec![0]);
    act(AGENCY, id, ConsumerAct::Create { request_id, request_digest: [1; 32], cursor })
}

fn set(id: &str, cursor: u8, etag: Option<&Consumer>) -> Line {
    let etag = etag.map(|consumer| consumer.etag.clone());
    act(AGENCY, id, ConsumerAct::Set { cursor: vec![cursor], etag })
}

fn delete(id: &str) -> Line {
    act(AGENCY, id, ConsumerAct::Delete { etag: None })
}

fn consumer(answer: &Result<Answer, Refusal>) -> &Consumer {
    answer.as_ref().unwrap().consumer.as_deref().unwrap()
}

fn reason(answer: &Result<Answer, Refusal>) -> Reason {
    answer.as_ref().unwrap_err().reason
}

/// What is kept of the agency's consumers.
async fn kept(house: &House) -> Vec<Consumer> {
    let directory = house.reader.directory().await.unwrap();
    let party = directory.parties[&PartyName::new(AGENCY)].0.id;
    house.reader.consumers(LANE, party, "", 1_000).await.unwrap()
}

async fn of_two_in_one_batch_who_go_on_from_one_place_the_second_is_told_so(house: House) {
    let made = house.one(create("a", "r")).await;
    let made = consumer(&made);
    let answers = house
        .batch(vec![
            set("a", 1, Some(made)),
            set("a", 2, Some(made)),
            // The same as the first: its answer was lost.
            set("a", 1, Some(made)),
        ])
        .await;
    assert_eq!(reason(&answers[1]), Reason::ConsumerMoved);
    assert_eq!(consumer(&answers[0]), consumer(&answers[2]));
    assert_eq!(consumer(&answers[0]).cursor, [1]);
    assert_ne!(consumer(&answers[0]).etag, made.etag);
    assert_eq!(kept(&house).await, [consumer(&answers[0]).clone()]);
    // And in a later batch.
    let late = house.batch(vec![set("a", 2, Some(made)), set("a", 1, Some(made))]).await;
    assert_eq!(reason(&late[0]), Reason::ConsumerMoved);
    assert_eq!(consumer(&late[1]), consumer(&answers[0]));
}

async fn what_one_batch_creates_moves_and_removes_is_found_so_by_the_next_line(house: House) {
    let answers = house
        .batch(vec![
            set("a", 1, None),
            create("a", "r"),
            create("a", "r"),
            create("a", "other"),
            set("a", 1, None),
            delete("a"),
            delete("a"),
            create("a", "other"),
        ])
        .await;
    for (index, wanted) in [(0, Reason::NotFound), (3, Reason::ResourceExists), (6, Reason::NotFound)] {
        assert_eq!(reason(&answers[index]), wanted, "{index}");
    }
    assert_eq!(consumer(&answers[1]), consumer(&answers[2]), "the same request again");
    assert_eq!(answers[5].as_ref().unwrap().consumer, None);
    assert_eq!(kept(&house).await, [consumer(&answers[7]).clone()]);
    let etags = [1, 4, 7].map(|index: usize| &consumer(&answers[index]).etag);
    assert!(etags[0] != etags[1] && etags[1] != etags[2] && etags[0] != etags[2], "{etags:?}");
}

async fn a_party_is_given_as_many_as_the_bound_says_however_they_come(house: House) {
    let bound = crate::limits::CONSUMERS;
    for number in 0..bound - 2 {
        house.one(create(&format!("c-{number}"), "r")).await.unwrap();
    }
    let answers = house
        .batch(vec![
            create("x", "r"),
            create("y", "r"),
            create("z", "r"),
            delete("c-0"),
            create("z", "r"),
            create("w", "r"),
            // One that is there is answered all the same.
            create("x", "r"),
        ])
        .await;
    let refused: Vec<usize> = (0..answers.len()).filter(|index| answers[*index].is_err()).collect();
    assert_eq!(refused, [2, 5]);
    assert_eq!(reason(&answers[2]), Reason::ConsumerLimit);
    assert_eq!(kept(&house).await.len(), bound);
    let other = ConsumerAct::Create { request_id: "r".into(), request_digest: [1; 32], cursor: vec![0] };
    house.one(act(POST, "x", other)).await.unwrap();
}

async fn notes_on_consumers_take_no_position(house: House) {
    let scanned = line(scan(PDA, "1", event(EventType::PickedUp, A, 1)));
    let answers = house.batch(vec![create("a", "r"), scanned, set("a", 1, None)]).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(house.records().await.len(), 1);
    let version = house.reader.head(LANE).await.unwrap().version;
    // What changes nothing is not written.
    house.batch(vec![set("a", 1, None), create("a", "r")]).await;
    assert_eq!(house.reader.head(LANE).await.unwrap().version, version);
    let nobody = act("agencies/H00", "a", ConsumerAct::Delete { etag: None });
    assert_eq!(house.one(nobody).await.unwrap_err().reason, Reason::NotFound);
}

#[tokio::test]
async fn a_commit_of_which_nobody_knows_is_run_again_and_answered_as_it_was_kept() {
    for fault in [Fault::Kept, Fault::Lost] {
        let house = House::in_memory().await;
        let made = house.one(create("a", "r")).await;
        house.memory().fail(&[fault]);
        let moved = house.one(set("a", 1, Some(consumer(&made)))).await;
        assert_eq!(kept(&house).await, [consumer(&moved).clone()], "{fault:?}");
        assert_eq!(consumer(&moved).cursor, [1]);
    }
}
