//! Several lanes of one store.

use super::*;
use crate::dossier::directory::{Agency, AgencyKind, Carrier, Source};
use crate::dossier::names::SourceName;
use crate::store::Note;

on_every_store! {
    lanes_are_added_one_after_the_other_and_what_is_new_goes_where_it_belongs,
    each_lane_is_a_journal_of_its_own,
    what_waits_in_one_lane_is_work_where_its_code_becomes_known,
}

const SECOND: Lane = Lane(1);

fn agency(code: &str, parent: Option<&str>) -> Note {
    Note::Agency(Agency {
        name: party(&format!("agencies/{code}")),
        title: "t".into(),
        parent: parent.map(|parent| party(&format!("agencies/{parent}"))),
        kind: AgencyKind::Both,
        valid_from: None,
        valid_to: None,
        level: None,
        ended: None,
    })
}

async fn lanes_are_added_one_after_the_other_and_what_is_new_goes_where_it_belongs(mut kept: Kept) {
    let source = |name: &str| {
        let (name, party) = (SourceName::new(name), party("carriers/p"));
        Note::Source(Source { name, party, agency: None, office: None, holder: None, retired: None })
    };
    let carrier = || Note::Carrier(Carrier { name: party("carriers/p"), title: "t".into() });
    kept.keep(|batch| batch.0.notes = vec![agency("A", None), carrier(), source("carriers/p/devices/1")])
        .await;
    let version = kept.reader.directory_version().await.unwrap();
    assert_eq!(kept.admin.add_lane().await.unwrap(), SECOND);
    assert_eq!(kept.admin.add_lane().await.unwrap(), Lane(2));
    assert_eq!(kept.reader.directory_version().await.unwrap(), version + 2, "others are told");
    kept.keep(|batch| {
        batch.0.notes = vec![
            agency("B", None),
            agency("B.1", Some("B")),
            agency("A.1", Some("A")),
            // Entered again: it stays where it is, and so does what comes under it.
            carrier(),
            source("carriers/p/devices/2"),
        ];
    })
    .await;
    let directory = kept.reader.directory().await.unwrap();
    assert_eq!(directory.lanes, [LANE, SECOND, Lane(2)]);
    let of = |name: &str| directory.lane_of(&party(name)).0;
    assert_eq!(
        ["agencies/A", "agencies/A.1", "carriers/p", "agencies/B", "agencies/B.1"].map(of),
        [0, 0, 0, 2, 2]
    );
    let device = |name: &str| directory.sources[&SourceName::new(name)].0.lane.0;
    assert_eq!(["carriers/p/devices/1", "carriers/p/devices/2", "agencies/B.1"].map(device), [0, 0, 2]);
    let heads = [kept.reader.head(LANE).await.unwrap(), kept.reader.head(SECOND).await.unwrap()];
    assert_eq!((heads[1].epoch, heads[1].pos, heads[1].version), (heads[0].epoch, 0, 0));
}

/// A batch of one line, listed as a number of the log of party 1.
async fn one(kept: &mut Kept, lane: Lane, id: &str, seq: u64) {
    let mut batch = Batch::on(kept.writer.begin(lane).await.unwrap());
    batch.line(id).logs = vec![(1, seq)];
    assert!(matches!(kept.writer.commit(&batch.done()).await, Ok(Committed::Done)));
}

async fn each_lane_is_a_journal_of_its_own(mut kept: Kept) {
    kept.admin.add_lane().await.unwrap();
    one(&mut kept, LANE, "a", 1).await;
    one(&mut kept, SECOND, "a", 1).await;
    one(&mut kept, SECOND, "b", 2).await;
    one(&mut kept, LANE, "b", 2).await;
    for (lane, size) in [(LANE, 2), (SECOND, 2)] {
        let lines = kept.reader.log_after(lane, 1, 0, 9).await.unwrap();
        let found: Vec<_> = lines.iter().map(|line| (line.lane, line.seq, line.stored.pos)).collect();
        assert_eq!(found, [(lane, 1, 1), (lane, 2, 2)]);
        assert_eq!(kept.reader.log_head(lane, 1).await.unwrap(), 2);
        assert_eq!(kept.reader.last_seal(lane).await.unwrap().unwrap().size, size);
        assert_eq!(kept.reader.head(lane).await.unwrap().pos, size);
        assert!(kept.reader.entry(Position { lane, pos: 2 }).await.unwrap().is_some());
        // The same key in two lanes is two keys.
        kept.writer.begin(lane).await.unwrap();
        let key = EventKey { id: spelled("b"), source: 7 };
        let firsts = kept.writer.firsts(lane, std::slice::from_ref(&key)).await.unwrap();
        assert_eq!(firsts[&key].pos, 2);
        kept.writer.rollback().await.unwrap();
    }
}

async fn what_waits_in_one_lane_is_work_where_its_code_becomes_known(mut kept: Kept) {
    kept.admin.add_lane().await.unwrap();
    let mut batch = Batch::on(kept.writer.begin(SECOND).await.unwrap());
    batch.line("waits").waits_for = vec![key(1)];
    assert!(matches!(kept.writer.commit(&batch.done()).await, Ok(Committed::Done)));
    assert!(kept.reader.tie_work(LANE, 0, 9, 9).await.unwrap().is_empty());
    kept.keep(|batch| {
        batch.line("other");
        batch.line("known");
        batch.0.changes.tags = vec![tag(2, TagTarget::Leg(at(1)), 1), tag(1, TagTarget::Leg(at(2)), 2)];
    })
    .await;
    assert_eq!(kept.reader.tie_work(LANE, 0, 9, 9).await.unwrap(), [2], "only that anything waits for");
    assert_eq!(kept.reader.tie_work(SECOND, 0, 9, 9).await.unwrap(), [1]);
    assert_eq!(kept.reader.waiting_on(SECOND, &key(1)).await.unwrap(), [1]);
    let mut batch = Batch::on(kept.writer.begin(SECOND).await.unwrap());
    batch.0.notes.push(Note::Pin { pos: 1, target: at(2) });
    batch.0.notes.push(Note::Placed { pos: 1 });
    assert!(matches!(kept.writer.commit(&batch.done()).await, Ok(Committed::Done)));
    assert!(kept.reader.tie_work(LANE, 0, 9, 9).await.unwrap().is_empty());
    assert_eq!(kept.reader.pin(SECOND, 1).await.unwrap(), Some(at(2)));
}
