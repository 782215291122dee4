//! Consumers, kept by notes.

use super::*;
use crate::dossier::consumer::Consumer;
use crate::store::Note;

on_every_store! {
    a_consumer_is_kept_as_it_was_last_set,
    consumers_are_listed_by_name_page_by_page_and_of_one_party_alone,
    what_is_set_and_removed_in_one_commit_ends_as_it_was_said_last,
    consumers_are_kept_with_their_commit_or_not_at_all,
}

fn consumer(id: &str, cursor: u8) -> Consumer {
    Consumer {
        id: id.into(),
        cursor: vec![cursor; 40],
        etag: format!("etag {cursor}").into(),
        created_at: Micros(-1),
        updated_at: Micros(i64::from(cursor)),
        request_id: "r".into(),
        request_digest: [cursor; 32],
    }
}

fn keeps(party: i64, id: &str, cursor: u8) -> Note {
    Note::Consumer { party, consumer: consumer(id, cursor) }
}

fn removes(party: i64, id: &str) -> Note {
    Note::NoConsumer { party, id: id.into() }
}

async fn a_consumer_is_kept_as_it_was_last_set(mut kept: Kept) {
    kept.keep(|batch| batch.0.notes = vec![keeps(1, "a", 1)]).await;
    kept.keep(|batch| batch.0.notes = vec![keeps(1, "a", 2), keeps(2, "a", 3)]).await;
    assert_eq!(kept.reader.consumer(LANE, 1, "a").await.unwrap(), Some(consumer("a", 2)));
    assert_eq!(kept.reader.consumer(LANE, 2, "a").await.unwrap(), Some(consumer("a", 3)));
    for (lane, party, id) in [(LANE, 3, "a"), (LANE, 1, "b"), (LANE, 1, ""), (Lane(1), 1, "a")] {
        assert_eq!(kept.reader.consumer(lane, party, id).await.unwrap(), None, "{lane:?} {party} {id}");
    }
    kept.writer.begin(LANE).await.unwrap();
    assert_eq!(kept.writer.consumer(LANE, 1, "a").await.unwrap(), Some(consumer("a", 2)));
    assert_eq!(kept.writer.consumers(LANE, 1, "", 9).await.unwrap(), [consumer("a", 2)]);
    kept.writer.rollback().await.unwrap();
    kept.keep(|batch| batch.0.notes = vec![removes(1, "a"), removes(1, "never")]).await;
    assert_eq!(kept.reader.consumer(LANE, 1, "a").await.unwrap(), None);
    assert_eq!(kept.reader.consumer(LANE, 2, "a").await.unwrap(), Some(consumer("a", 3)));
}

async fn consumers_are_listed_by_name_page_by_page_and_of_one_party_alone(mut kept: Kept) {
    let names = ["b", "a-1", "-", "a", "0"];
    kept.keep(|batch| {
        batch.0.notes = names.iter().map(|id| keeps(2, id, 1)).collect();
        batch.0.notes.extend([keeps(1, "z", 1), keeps(3, "-", 1)]);
    })
    .await;
    let listed = async |party, after, limit| {
        let page = kept.reader.consumers(LANE, party, after, limit).await.unwrap();
        page.into_iter().map(|consumer| consumer.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(2, "", 9).await, ["-", "0", "a", "a-1", "b"]);
    assert_eq!(listed(2, "0", 2).await, ["a", "a-1"]);
    assert_eq!(listed(2, "aa", 9).await, ["b"], "after what is not there");
    assert!(listed(2, "b", 9).await.is_empty() && listed(2, "", 0).await.is_empty());
    assert_eq!(listed(1, "", 9).await, ["z"]);
    assert!(listed(4, "", 9).await.is_empty());
}

async fn what_is_set_and_removed_in_one_commit_ends_as_it_was_said_last(mut kept: Kept) {
    kept.keep(|batch| {
        batch.0.notes = vec![
            keeps(1, "a", 1),
            removes(1, "a"),
            keeps(1, "b", 1),
            removes(1, "b"),
            keeps(1, "b", 2),
            keeps(1, "c", 1),
            keeps(1, "c", 3),
        ];
    })
    .await;
    assert_eq!(kept.reader.consumers(LANE, 1, "", 9).await.unwrap(), [consumer("b", 2), consumer("c", 3)]);
    let head = kept.reader.head(LANE).await.unwrap();
    assert_eq!((head.pos, head.version, head.directory), (0, 1, 0), "they are no events, and no directory");
}

async fn consumers_are_kept_with_their_commit_or_not_at_all(mut kept: Kept) {
    kept.keep(|batch| _ = batch.line("a")).await;
    let refused = kept.commit(|batch| {
        batch.line("a");
        batch.0.notes = vec![keeps(1, "a", 1)];
    });
    assert!(refused.await.is_err());
    assert_eq!(kept.reader.consumer(LANE, 1, "a").await.unwrap(), None);
}
