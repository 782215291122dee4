//! Cursors of epochs that ended.

use super::*;
use crate::dossier::refusal::Refusal;

impl House {
    /// The cursor that a reader of an epoch had when it had read so much.
    fn read(&self, epoch: u8, seq: u64) -> Vec<u8> {
        let mut cursor = cursor::Cursor::beginning(agency(), [epoch; 16]);
        cursor.advance(LANE, seq);
        cursor.encode()
    }

    async fn pull(&self, cursor: &[u8]) -> Result<Vec<u64>, Refusal> {
        let log = Log::of(&self.reader.directory().await.unwrap(), &agency()).unwrap();
        let page = self.feeds.pull(&log, Some(cursor), 100, Duration::ZERO).await?;
        Ok(page.events.iter().map(|listed| listed.seq).collect())
    }
}

#[tokio::test]
async fn a_cursor_of_an_epoch_that_ended_is_told_what_is_common_and_goes_on_behind_it() {
    let house = House::open().await;
    let mut admin = house.store.admin();
    // The agency's log holds every second position: what others do is none of it.
    for (number, epoch) in [(1, Some(3)), (2, None), (3, Some(4)), (4, None)] {
        house.scan(EventType::OfficeIn, item(&format!("EU99000{number}00VN")), number).await;
        house.pick_up(&format!("EA99000{number}00VN"), number).await;
        if let Some(epoch) = epoch {
            admin.begin_epoch(&[epoch; 16]).await.unwrap();
        }
    }
    for (epoch, read, common, resumed) in [
        // The first store was lost behind its first event, whatever its readers had read.
        (2, 9, "0-2", vec![2, 3, 4]),
        (2, 1, "0-2", vec![2, 3, 4]),
        (2, 0, "0-2", vec![1, 2, 3, 4]),
        (3, 9, "0-6", vec![4]),
        (3, 3, "0-6", vec![4]),
        (3, 2, "0-6", vec![3, 4]),
    ] {
        let refusal = house.pull(&house.read(epoch, read)).await.unwrap_err();
        let resume = refusal.resume.unwrap();
        assert_eq!((refusal.reason, &*refusal.field), (Reason::EpochChanged, "cursor"));
        let positions: Vec<String> = resume.common.iter().map(Position::to_string).collect();
        assert_eq!(positions, [common], "{epoch}: {read}");
        assert_eq!(house.pull(&resume.cursor).await.unwrap(), resumed, "{epoch}: {read}");
    }
    let unknown = house.pull(&house.read(9, 1)).await.unwrap_err();
    assert_eq!((unknown.reason, unknown.resume), (Reason::EpochChanged, None));
    assert_eq!(house.pull(&house.read(4, 4)).await, Ok(Vec::new()));
}
