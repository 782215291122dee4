//! Lines, logs, legs, codes, listings and seals.

use super::*;
use crate::dossier::device::Heard;
use crate::limits;
use crate::store::{Note, PersonalRow};

on_every_store! {
    a_batch_is_kept_whole_or_not_at_all,
    a_commit_must_follow_from_what_is_held,
    a_lane_is_taken_by_one_at_a_time,
    a_key_finds_what_was_journaled_first,
    a_log_is_read_densely_and_in_order,
    a_page_of_a_log_is_bounded_in_bytes,
    a_chain_is_walked_to_its_birth_and_no_further,
    legs_dossiers_and_devices_are_read_back,
    one_code_may_mean_many_things,
    the_tie_finds_what_waits_and_what_was_tagged,
    what_waits_for_a_code_is_told_in_order_without_the_scans_of_bags,
    the_first_pin_stays,
    notes_take_no_position_and_no_seal,
    listings_are_newest_first_and_name_each_once,
    what_was_erased_is_gone_and_its_line_stays,
    seals_are_found_by_position_and_by_time,
}

async fn a_batch_is_kept_whole_or_not_at_all(mut kept: Kept) {
    kept.keep(|batch| batch.line("a").logs = vec![(1, 1)]).await;
    let before = kept.reader.head(LANE).await.unwrap();
    let refused = kept.commit(|batch| {
        batch.line("b").logs = vec![(1, 2)];
        batch.line("a").logs = vec![(1, 3)];
        batch.0.changes.legs.push(leg(2).into());
        batch.0.concerns.push((1, Concern::Leg(at(2))));
    });
    assert_eq!(refused.await.unwrap_err().to_string(), "store could not keep a key");
    let listed_twice = kept.commit(|batch| batch.line("c").logs = vec![(1, 1)]);
    assert_eq!(listed_twice.await.unwrap_err().to_string(), "store could not list a line");
    let twice_in_one = kept.commit(|batch| {
        batch.line("d");
        batch.line("d");
    });
    assert_eq!(twice_in_one.await.unwrap_err().to_string(), "store could not keep a key");

    assert_eq!(kept.reader.head(LANE).await.unwrap(), before);
    assert_eq!(kept.reader.log_head(LANE, 1).await.unwrap(), 1);
    assert_eq!(kept.reader.entry(at(2)).await.unwrap(), None);
    assert_eq!(kept.reader.leg(at(2)).await.unwrap(), None);
    assert!(kept.reader.legs_of(LANE, 1, u64::MAX, 9).await.unwrap().is_empty());
    assert_eq!(kept.reader.last_seal(LANE).await.unwrap().unwrap().size, 1);
    kept.keep(|batch| batch.line("b").logs = vec![(1, 2)]).await;
    assert_eq!(kept.reader.log_head(LANE, 1).await.unwrap(), 2);
}

async fn a_commit_must_follow_from_what_is_held(mut kept: Kept) {
    let empty = Batch::on(kept.reader.head(LANE).await.unwrap()).done();
    assert!(kept.writer.commit(&empty).await.is_err(), "without begin");
    type Break = (&'static str, fn(&mut Commit));
    let breaks: [Break; 8] = [
        ("version", |commit| commit.head.version += 1),
        ("positions", |commit| commit.entries[0].pos = 2),
        ("head", |commit| commit.head.pos = 2),
        ("seal missing", |commit| commit.seal = None),
        ("seal of another size", |commit| commit.seal.as_mut().unwrap().size = 2),
        ("lane", |commit| commit.lane = Lane(1)),
        ("leg of another lane", |commit| {
            commit.changes.legs.push(Leg { id: Position { lane: Lane(1), pos: 1 }, ..leg(1) }.into());
        }),
        ("tag of another lane", |commit| {
            let target = TagTarget::Leg(Position { lane: Lane(1), pos: 1 });
            commit.changes.tags.push(tag(1, target, 1));
        }),
    ];
    for (what, spoil) in breaks {
        let mut batch = Batch::on(kept.writer.begin(LANE).await.unwrap());
        batch.line("a");
        let mut commit = batch.done();
        spoil(&mut commit);
        assert!(kept.writer.commit(&commit).await.is_err(), "{what}");
        assert_eq!(kept.reader.head(LANE).await.unwrap().version, 0, "{what}");
    }
    kept.keep(|batch| _ = batch.line("a")).await;
}

async fn a_lane_is_taken_by_one_at_a_time(mut kept: Kept) {
    let head = kept.writer.begin(LANE).await.unwrap();
    assert_eq!((head.pos, head.version, head.epoch), (0, 0, EPOCH));
    let again = kept.writer.begin(LANE).await.unwrap_err();
    assert_eq!(again.to_string(), "store could not take the lane");
    kept.writer.rollback().await.unwrap();
    assert!(kept.writer.begin(Lane(1)).await.is_err(), "there is no such lane");
    kept.writer.begin(LANE).await.unwrap();
    let mut batch = Batch::on(head);
    batch.line("a");
    let commit = batch.done();
    assert_eq!(kept.reader.entry(at(1)).await.unwrap(), None, "not committed yet");
    assert!(matches!(kept.writer.commit(&commit).await, Ok(Committed::Done)));
    assert!(kept.reader.entry(at(1)).await.unwrap().is_some());
}

async fn a_key_finds_what_was_journaled_first(mut kept: Kept) {
    let body = PersonalRow { salt: [4; 16], key_id: 0, body: "Nguyễn Văn A".into() };
    kept.keep(|batch| {
        batch.line("a").personal = Some(body.clone());
        batch.line("b\0c");
        batch.line("a").key.source = 8;
    })
    .await;
    kept.writer.begin(LANE).await.unwrap();
    let of = |id: &str, source| EventKey { id: spelled(id), source };
    let asked = [of("a", 7), of("a", 8), of("b\0c", 7), of("b", 7), of("a", 9)];
    let firsts = kept.writer.firsts(LANE, &asked).await.unwrap();
    let found: Vec<(&EventKey, u64)> = firsts.iter().map(|(key, first)| (key, first.pos)).collect();
    assert_eq!(found, [(&asked[0], 1), (&asked[1], 3), (&asked[2], 2)]);
    assert_eq!(firsts[&asked[0]].personal, Some((body.salt, body.body)));
    assert_eq!(firsts[&asked[2]].personal, None);
    assert_eq!(kept.writer.first_at(LANE, 1).await.unwrap().as_ref(), firsts.get(&asked[0]));
    assert_eq!(kept.writer.first_at(LANE, 4).await.unwrap(), None);
    assert_eq!(kept.writer.first_at(LANE, u64::MAX).await.unwrap(), None);
}

async fn a_log_is_read_densely_and_in_order(mut kept: Kept) {
    for batch_number in 0..4_u64 {
        kept.keep(|batch| {
            for line in 0..5 {
                let seq = batch_number * 5 + line + 1;
                let line = batch.line(&format!("{seq}"));
                line.logs = vec![(1, seq)];
                if seq % 2 == 0 {
                    line.logs.push((2, seq / 2));
                }
            }
        })
        .await;
    }
    let page = kept.reader.log_after(LANE, 2, 3, 4).await.unwrap();
    let read: Vec<(u64, u64)> = page.iter().map(|line| (line.seq, line.stored.pos)).collect();
    assert_eq!(read, [(4, 8), (5, 10), (6, 12), (7, 14)]);
    assert_eq!(page[0].stored.record, "record of 8");
    assert_eq!(kept.reader.log_after(LANE, 1, 0, 99).await.unwrap().len(), 20);
    assert!(kept.reader.log_after(LANE, 1, 20, 99).await.unwrap().is_empty());
    assert!(kept.reader.log_after(LANE, 1, u64::MAX, 99).await.unwrap().is_empty());
    assert!(kept.reader.log_after(LANE, 3, 0, 99).await.unwrap().is_empty());
    assert!(kept.reader.log_after(Lane(4), 1, 0, 99).await.unwrap().is_empty());
    assert_eq!(kept.reader.log_head(LANE, 2).await.unwrap(), 10);
    assert_eq!(kept.reader.log_head(LANE, 3).await.unwrap(), 0);
    assert_eq!(kept.reader.log_seq(LANE, 2, 8).await.unwrap(), Some(4));
    assert_eq!(kept.reader.log_seq(LANE, 2, 7).await.unwrap(), None);
    assert_eq!(kept.reader.log_seq(LANE, 2, 99).await.unwrap(), None);
    kept.writer.begin(LANE).await.unwrap();
    let heads = kept.writer.log_heads(LANE, &[1, 2, 3]).await.unwrap();
    assert_eq!(heads.into_iter().collect::<Vec<_>>(), [(1, 20), (2, 10), (3, 0)]);
}

async fn a_page_of_a_log_is_bounded_in_bytes(mut kept: Kept) {
    kept.keep(|batch| {
        for seq in 1..=4 {
            let line = batch.line(&format!("{seq}"));
            line.logs = vec![(1, seq)];
            line.event = vec![0; limits::MESSAGE_BYTES / 2].into();
        }
        let line = batch.line("larger than a page");
        line.logs = vec![(1, 5)];
        line.event = vec![0; limits::MESSAGE_BYTES * 2].into();
    })
    .await;
    let mut sizes = Vec::new();
    let mut seq = 0;
    while let Some(last) = kept.reader.log_after(LANE, 1, seq, 99).await.unwrap().last() {
        sizes.push(last.seq - seq);
        seq = last.seq;
    }
    assert_eq!(sizes, [1, 1, 1, 1, 1], "half a page and its record leave no room for another");
}

async fn a_chain_is_walked_to_its_birth_and_no_further(mut kept: Kept) {
    kept.keep(|batch| {
        for prev in [0, 1, 0, 2, 4, 5] {
            let id = format!("{}", batch.0.head.pos + 1);
            batch.line(&id).prev = prev;
        }
    })
    .await;
    let chain = |leg, last| {
        let reader = kept.reader.clone();
        async move {
            let found = reader.chain(at(leg), last).await;
            found.map(|chain| chain.iter().map(|stored| stored.pos).collect::<Vec<_>>())
        }
    };
    assert_eq!(chain(1, 6).await.unwrap(), [6, 5, 4, 2, 1]);
    assert_eq!(chain(4, 6).await.unwrap(), [6, 5, 4], "what the birth follows is of another leg");
    assert_eq!(chain(3, 3).await.unwrap(), [3]);
    assert!(chain(7, 7).await.unwrap().is_empty());
    assert!(chain(3, 6).await.is_err(), "a chain that misses its birth");
    kept.writer.begin(LANE).await.unwrap();
    assert_eq!(kept.writer.chain(at(1), 6).await.unwrap().len(), 5);
}

async fn legs_dossiers_and_devices_are_read_back(mut kept: Kept) {
    let heard = Heard { contiguous: 4, beyond: vec![(6, 9)], last_received_at: Micros(11), offset_us: -7 };
    kept.keep(|batch| {
        batch.0.changes.legs = vec![leg(1).into(), leg(2).into()];
        batch.0.changes.dossiers = vec![dossier(1)];
        batch.0.changes.documents = vec![document(1), document(2)];
        batch.0.concerns = [1, 2].map(|pos| (9, Concern::Document(at(pos)))).into();
        batch.0.devices = vec![(7, heard.clone())];
    })
    .await;
    let changed = Leg { due_at: Some(Micros(99)), dossier: Some((at(1), at(1))), ..leg(1) };
    kept.keep(|batch| batch.0.changes.legs = vec![changed.clone().into()]).await;
    kept.writer.begin(LANE).await.unwrap();
    assert_eq!(kept.writer.document(at(1)).await.unwrap(), Some(document(1)));
    kept.writer.rollback().await.unwrap();
    assert_eq!(kept.reader.leg(at(1)).await.unwrap(), Some(changed));
    assert_eq!(kept.reader.leg(at(2)).await.unwrap(), Some(leg(2)));
    assert_eq!(kept.reader.leg(Position { lane: Lane(1), pos: 1 }).await.unwrap(), None);
    assert_eq!(kept.reader.dossier(at(1)).await.unwrap(), Some(dossier(1)));
    assert_eq!(kept.reader.dossier(at(2)).await.unwrap(), None);
    assert_eq!(kept.reader.document(at(2)).await.unwrap(), Some(document(2)));
    assert_eq!(kept.reader.document(at(3)).await.unwrap(), None);
    assert_eq!(kept.reader.documents_of(LANE, 9, u64::MAX, 10).await.unwrap(), [at(2), at(1)]);
    assert_eq!(kept.reader.documents_of(LANE, 9, 2, 10).await.unwrap(), [at(1)]);
    assert_eq!(kept.reader.dossiers_of(LANE, 9, u64::MAX, 10).await.unwrap(), []);
    // Many at once: those that exist, each once.
    let mut legs = kept.reader.legs(LANE, &[at(2), at(99), at(1)]).await.unwrap();
    legs.sort_by_key(|leg| leg.id);
    assert_eq!(legs.iter().map(|leg| leg.id).collect::<Vec<_>>(), [at(1), at(2)]);
    assert_eq!(kept.reader.dossiers(LANE, &[at(2), at(1)]).await.unwrap(), [dossier(1)]);
    assert!(kept.reader.legs(LANE, &[]).await.unwrap().is_empty());
    assert_eq!(kept.reader.device(LANE, 7).await.unwrap(), heard);
    assert_eq!(kept.reader.device(LANE, 8).await.unwrap(), Heard::default());
}

async fn one_code_may_mean_many_things(mut kept: Kept) {
    let (first, second) = (tag(1, TagTarget::Leg(at(1)), 1), tag(1, TagTarget::Dossier(at(1)), 2));
    let far = Tag { by: Position { lane: Lane(3), pos: 99 }, ..tag(1, TagTarget::Leg(at(2)), 2) };
    let tags =
        vec![second.clone(), first.clone(), far.clone(), tag(2, TagTarget::Leg(at(1)), 1), first.clone()];
    kept.keep(|batch| batch.0.changes.tags = tags).await;
    assert_eq!(kept.reader.tags(LANE, &key(1)).await.unwrap(), [first, far, second]);
    assert!(kept.reader.tags(LANE, &key(3)).await.unwrap().is_empty());
    assert!(kept.reader.tags(Lane(3), &key(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_snapshot_in_memory_knows_nothing_of_what_is_committed_after_it() {
    a_snapshot_knows_nothing_of_what_is_committed_after_it(Kept::memory()).await;
}

#[tokio::test]
async fn a_snapshot_of_a_file_knows_nothing_of_what_is_committed_after_it() {
    a_snapshot_knows_nothing_of_what_is_committed_after_it(Kept::sqlite()).await;
}

async fn a_snapshot_knows_nothing_of_what_is_committed_after_it(mut kept: Kept) {
    kept.keep(|batch| _ = batch.line("a")).await;
    let snapshot = kept.reader.snapshot().unwrap();
    // A snapshot is of the first time it is read, and of no later one.
    assert_eq!(snapshot.head(LANE).await.unwrap().pos, 1);
    kept.keep(|batch| _ = batch.line("b")).await;
    assert_eq!(snapshot.head(LANE).await.unwrap().pos, 1);
    assert_eq!(snapshot.entry(at(2)).await.unwrap(), None);
    assert!(kept.reader.entry(at(2)).await.unwrap().is_some());
    drop(snapshot);
    assert_eq!(kept.reader.snapshot().unwrap().head(LANE).await.unwrap().pos, 2);
}

async fn the_tie_finds_what_waits_and_what_was_tagged(mut kept: Kept) {
    kept.keep(|batch| {
        batch.line("1").waits_for = vec![key(2), key(1), key(2)];
        batch.line("2").waits_for = vec![key(1)];
        batch.line("3");
        batch.line("4");
        batch.0.changes.tags = vec![tag(1, TagTarget::Leg(at(4)), 4), tag(3, TagTarget::Leg(at(4)), 4)];
    })
    .await;
    assert_eq!(kept.reader.tie_work(LANE, 0, 99, 99).await.unwrap(), [1, 2, 4]);
    assert_eq!(kept.reader.tie_work(LANE, 1, 99, 1).await.unwrap(), [2]);
    assert_eq!(kept.reader.tie_work(LANE, 0, 3, 99).await.unwrap(), [1, 2]);
    assert_eq!(kept.reader.waits_for(LANE, 1).await.unwrap(), [key(1), key(2)]);
    assert!(kept.reader.waits_for(LANE, 3).await.unwrap().is_empty());
    assert_eq!(kept.reader.waiting_on(LANE, &key(1)).await.unwrap(), [1, 2]);
    kept.keep(|batch| {
        batch.line("5").placed = Some(1);
        batch.line("6");
        batch.0.changes.tags = vec![tag(1, TagTarget::Leg(at(5)), 5), tag(7, TagTarget::Leg(at(6)), 6)];
    })
    .await;
    let work = kept.reader.tie_work(LANE, 0, 99, 99).await.unwrap();
    assert_eq!(work, [2, 4, 5], "nothing waits for what became known at 6");
    assert!(kept.reader.waits_for(LANE, 1).await.unwrap().is_empty());
    let all = [
        tag(1, TagTarget::Leg(at(4)), 4),
        tag(1, TagTarget::Leg(at(5)), 5),
        tag(3, TagTarget::Leg(at(4)), 4),
    ];
    assert_eq!(kept.reader.tags_made_at(LANE, 4).await.unwrap(), all);
    assert_eq!(kept.reader.tags_made_at(LANE, 5).await.unwrap(), all[..2]);
    assert!(kept.reader.tags_made_at(LANE, 3).await.unwrap().is_empty());
}

async fn what_waits_for_a_code_is_told_in_order_without_the_scans_of_bags(mut kept: Kept) {
    let bag = Code::read(Some(CodeKind::Receptacle), "594080593740AEL20058001010001", None, false);
    let bag = CodeKey::of(&bag.unwrap().code);
    assert!(bag.is_receptacle());
    kept.keep(|batch| {
        batch.line("1").waits_for = vec![bag.clone()];
        batch.line("2").waits_for = vec![key(9), key(1)];
        batch.line("3");
        batch.line("4").waits_for = vec![key(1)];
        batch.line("5").waits_for = vec![key(2)];
    })
    .await;
    assert_eq!(kept.reader.unplaced(LANE, 99).await.unwrap(), [2, 4, 5]);
    assert_eq!(kept.reader.unplaced(LANE, 2).await.unwrap(), [2, 4]);
    assert!(kept.reader.unplaced(Lane(3), 99).await.unwrap().is_empty());
    kept.keep(|batch| batch.line("6").placed = Some(2)).await;
    assert_eq!(kept.reader.unplaced(LANE, 99).await.unwrap(), [4, 5]);
    assert_eq!(kept.reader.waits_for(LANE, 1).await.unwrap(), [bag], "it still waits");
}

async fn the_first_pin_stays(mut kept: Kept) {
    let pin = |pos, target| Note::Pin { pos, target };
    kept.keep(|batch| batch.0.notes = vec![pin(1, at(5)), pin(1, at(6)), pin(2, at(7))]).await;
    kept.keep(|batch| batch.0.notes = vec![pin(2, at(8)), pin(3, Position { lane: Lane(2), pos: 9 })]).await;
    kept.writer.begin(LANE).await.unwrap();
    let mut pins = Vec::new();
    for pos in 1..=4 {
        pins.push(kept.writer.pin(LANE, pos).await.unwrap().map(|target| target.to_string()));
    }
    assert_eq!(
        pins.iter().map(Option::as_deref).collect::<Vec<_>>(),
        [Some("0-5"), Some("0-7"), Some("2-9"), None]
    );
}

async fn notes_take_no_position_and_no_seal(mut kept: Kept) {
    kept.keep(|batch| _ = batch.line("a")).await;
    kept.keep(|batch| {
        batch.0.notes = vec![Note::Follower { name: "tie", pos: 1 }];
        batch.0.head.told = Micros(77);
    })
    .await;
    let head = kept.reader.head(LANE).await.unwrap();
    assert_eq!((head.pos, head.version, head.told), (1, 2, Micros(77)));
    assert_eq!(kept.reader.follower(LANE, "tie").await.unwrap(), 1);
    assert_eq!(kept.reader.follower(LANE, "other").await.unwrap(), 0);
    assert_eq!(kept.reader.last_seal(LANE).await.unwrap().unwrap().size, 1);
    kept.keep(|batch| batch.0.notes = vec![Note::Follower { name: "tie", pos: 3 }]).await;
    assert_eq!(kept.reader.follower(LANE, "tie").await.unwrap(), 3);
}

async fn listings_are_newest_first_and_name_each_once(mut kept: Kept) {
    let concerns = [(1, Concern::Leg(at(3))), (1, Concern::Leg(at(5))), (1, Concern::Dossier(at(4)))];
    kept.keep(|batch| batch.0.concerns = [&concerns[..], &concerns].concat()).await;
    kept.keep(|batch| {
        batch.0.concerns = vec![concerns[0], (1, Concern::Leg(at(9))), (2, Concern::Leg(at(8)))]
    })
    .await;
    let legs = kept.reader.legs_of(LANE, 1, u64::MAX, 99).await.unwrap();
    assert_eq!(legs, [at(9), at(5), at(3)]);
    assert_eq!(kept.reader.legs_of(LANE, 1, 9, 1).await.unwrap(), [at(5)]);
    assert!(kept.reader.legs_of(LANE, 1, 0, 1).await.unwrap().is_empty());
    assert_eq!(kept.reader.dossiers_of(LANE, 1, u64::MAX, 99).await.unwrap(), [at(4)]);
    assert!(kept.reader.dossiers_of(LANE, 2, u64::MAX, 99).await.unwrap().is_empty());
}

async fn what_was_erased_is_gone_and_its_line_stays(mut kept: Kept) {
    let personal = |name: &str| PersonalRow { salt: [4; 16], key_id: 2, body: name.to_owned().into() };
    kept.keep(|batch| {
        batch.line("a").personal = Some(personal("Nguyễn Văn A"));
        batch.line("b").personal = Some(personal("Trần Thị B"));
    })
    .await;
    let line = kept.reader.entry(at(1)).await.unwrap();
    assert!(kept.admin.erase_personal(at(1)).await.unwrap());
    assert!(!kept.admin.erase_personal(at(1)).await.unwrap(), "only once");
    assert!(!kept.admin.erase_personal(at(9)).await.unwrap());
    assert_eq!(kept.reader.personal(at(1)).await.unwrap(), None);
    assert_eq!(kept.reader.personal(at(2)).await.unwrap(), Some(personal("Trần Thị B")));
    assert_eq!(kept.reader.entry(at(1)).await.unwrap(), line);
    let key = EventKey { id: spelled("a"), source: 7 };
    kept.writer.begin(LANE).await.unwrap();
    let firsts = kept.writer.firsts(LANE, std::slice::from_ref(&key)).await.unwrap();
    assert_eq!((firsts[&key].pos, &firsts[&key].personal), (1, &None));
    assert_eq!(kept.writer.first_at(LANE, 1).await.unwrap().unwrap().personal, None);
}

async fn seals_are_found_by_position_and_by_time(mut kept: Kept) {
    assert_eq!(kept.reader.last_seal(LANE).await.unwrap(), None);
    for (at, lines) in [(100, 2), (100, 1), (300, 3)] {
        kept.keep(|batch| {
            batch.0.head.sealed_at = Micros(at);
            for line in 0..lines {
                batch.line(&format!("{}-{line}", batch.0.head.pos));
            }
        })
        .await;
    }
    let mut covering = Vec::new();
    for pos in [0, 1, 2, 3, 4, 6, 7, u64::MAX] {
        covering.push(kept.reader.seal_covering(LANE, pos).await.unwrap().map(|seal| seal.size));
    }
    assert_eq!(covering, [Some(2), Some(2), Some(2), Some(3), Some(6), Some(6), None, None]);
    let mut known = Vec::new();
    for time in [0, 99, 100, 299, 300, i64::MAX] {
        known.push(kept.reader.seal_at(LANE, Micros(time)).await.unwrap().map(|seal| seal.size));
    }
    assert_eq!(known, [None, None, Some(3), Some(3), Some(6), Some(6)]);
    let last = kept.reader.last_seal(LANE).await.unwrap().unwrap();
    assert_eq!((last.size, last.committed_at, last.key_id), (6, Micros(300), 9));
    assert_eq!((last.root, last.signature), ([1; 32], [2; 64]));
}
