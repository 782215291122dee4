//! What the writer remembers from its last batches is what is stored, whoever else wrote and however a commit ended.

use tokio::task::JoinHandle;

use super::*;
use crate::dossier::custody;

on_every_store! {
    a_writer_reads_anew_what_another_wrote_in_between,
}

/// A writer that goes on from batch to batch.
struct Going {
    handle: Handle,
    ended: JoinHandle<()>,
}

impl Going {
    async fn on(house: &House) -> Going {
        let (service, handle) = house.service().await;
        Going { handle, ended: tokio::spawn(service.run()) }
    }

    /// Journals a line as a batch of its own.
    async fn one(&self, id: &str, source: &str, seq: u64, event: Event) -> Result<Answer, Refusal> {
        let event = Event { device_seq: Some(seq), ..event };
        self.handle.submit(line(scan(source, id, event))).await
    }

    async fn end(self) {
        self.handle.close();
        self.ended.await.unwrap();
    }
}

/// The leg is what its records fold to, and they are all there.
async fn is_the_fold_of_its_records(house: &House, id: Position, positions: &[u64]) {
    let leg = house.leg(id).await;
    let chain = house.reader.chain(leg.id, leg.last.pos).await.unwrap();
    let mut found: Vec<u64> = chain.iter().map(|stored| stored.pos).collect();
    found.sort_unstable();
    assert_eq!(found, positions);
    let steps: Vec<_> = chain.iter().map(|stored| step(stored).unwrap()).collect();
    assert_eq!(custody::fold(leg.ground(), &steps).fold, leg.fold);
}

async fn heard(house: &House, source: &str) -> u64 {
    let directory = house.reader.directory().await.unwrap();
    let (source, _) = directory.sources.get(&SourceName::new(source)).unwrap();
    house.reader.device(LANE, source.id).await.unwrap().contiguous
}

async fn a_writer_reads_anew_what_another_wrote_in_between(house: House) {
    let (one, other) = (Going::on(&house).await, Going::on(&house).await);
    let leg = one.one("1", PDA, 1, event(EventType::PickedUp, A, 1)).await.unwrap().position;
    // Of this code it now knows that nobody has one.
    let early = one.one("2", PDA, 2, event(EventType::OfficeIn, B, 30)).await.unwrap();
    assert_eq!(record(&early.record).placement, Placement::Unplaced);

    // The other one goes on with the leg, under the same device, and lists lines in the same logs.
    other.one("3", PDA, 3, event(EventType::OfficeIn, A, 2)).await.unwrap();
    let second = other.one("4", PDA, 4, event(EventType::PickedUp, B, 20)).await.unwrap().position;

    one.one("5", PDA, 5, event(EventType::Dispatched, A, 3)).await.unwrap();
    let late = one.one("6", PDA, 6, event(EventType::Dispatched, B, 31)).await.unwrap();
    assert_eq!(record(&late.record).leg, Some(second), "the code is known by now");
    other.one("7", PDA, 7, event(EventType::Arrived, A, 4)).await.unwrap();
    let again = one.one("7", PDA, 7, event(EventType::Arrived, A, 4)).await.unwrap();
    assert!(again.replayed, "a key is never a matter of memory");
    one.end().await;
    other.end().await;

    is_the_fold_of_its_records(&house, leg, &[1, 3, 5, 7]).await;
    is_the_fold_of_its_records(&house, second, &[4, 6]).await;
    assert_eq!(house.records().await.len(), 7);
    assert_eq!(heard(&house, PDA).await, 7);
}

#[tokio::test]
async fn a_writer_remembers_nothing_of_a_commit_that_was_not_kept_and_all_of_one_that_was() {
    let house = House::in_memory().await;
    let writer = Going::on(&house).await;
    let way = [
        (EventType::PickedUp, None),
        (EventType::OfficeIn, Some(Fault::Lost)),
        (EventType::Dispatched, Some(Fault::Kept)),
        (EventType::Arrived, Some(Fault::Failed)),
        (EventType::OutForDelivery, None),
    ];
    for (seq, (kind, fault)) in (1..).zip(way) {
        house.memory().fail(fault.as_slice());
        let id = seq.to_string();
        let scan = || event(kind, A, seq as i64);
        let mut answer = writer.one(&id, PDA, seq, scan()).await;
        if matches!(fault, Some(Fault::Failed)) {
            assert_eq!(answer.unwrap_err().reason, Reason::StoreUnavailable);
            assert_eq!((house.head().await, heard(&house, PDA).await), (seq - 1, seq - 1));
            answer = writer.one(&id, PDA, seq, scan()).await;
        }
        assert_eq!(answer.unwrap().position, at(seq), "{kind:?}");
    }
    writer.end().await;
    is_the_fold_of_its_records(&house, at(1), &[1, 2, 3, 4, 5]).await;
    assert_eq!(house.records().await.len(), 5);
    assert_eq!(heard(&house, PDA).await, 5);
}
