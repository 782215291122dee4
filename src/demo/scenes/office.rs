//! At post office 991230: a keyboard that spoils a number, a number that is wrong, a bag.

use anyhow::{Context, ensure};

use crate::demo::envelopes::{BAG, TELEX, WRONG_DIGIT, for_the_centre};
use crate::demo::friday::Day;
use crate::demo::hands::{Hand, why};
use crate::demo::words::{at, code, event, event_at, slip};
use crate::doors::wire::v1;
use crate::dossier::names::Position;
use crate::seal::record::Record;
use v1::EventType as Type;
use v1::feed_service_client::FeedServiceClient;

use super::clean;

/// A Telex scan is repaired; a wrong digit is refused.
pub(in crate::demo) async fn scans(day: &mut Day<'_>) -> anyhow::Result<()> {
    let clerk = &mut day.people.clerk_1;
    let slip_number = for_the_centre().pop().context("no pick-up")?.slip;
    let [spoilt, _] = TELEX;
    let telex = v1::Event { also: vec![slip(&slip_number)], ..event_at(Type::PickedUp, spoilt, "991230") };
    let recorded = clerk.scan(telex, at("Fri 08:20")).await?;
    ensure!(recorded.repaired, "the Telex scan was not repaired but read as {}", recorded.code);
    day.telling.at(
        "Fri 08:20",
        [&format!("clerk 1 scans {spoilt} (Telex on)"), &format!("quét {spoilt} (đang bật Telex)")],
        [
            &format!("read as {}, flagged repaired", recorded.code),
            &format!("đọc là {}, ghi đã sửa", recorded.code),
        ],
    );
    day.counted.add("pick-ups", clean(&[recorded]));

    let wrong = clerk.line(event(Type::OfficeIn, WRONG_DIGIT), at("Fri 08:21"));
    let refused = clerk.send(wrong, at("Fri 08:21")).await?.err();
    let refused = why(&refused.context("a wrong check digit was taken")?);
    day.counted.add("scans refused", usize::from(refused == "CHECK_DIGIT line.event.code.value"));
    day.telling.at(
        "Fri 08:21",
        [&format!("clerk 1 scans {WRONG_DIGIT}"), &format!("giao dịch viên 1 quét {WRONG_DIGIT}")],
        [&format!("REFUSED {refused}"), &format!("TỪ CHỐI {refused}")],
    );
    Ok(())
}

/// What was handed in at 991230 goes in a bag, what was handed in at 993450 goes loose.
pub(in crate::demo) async fn bag(day: &mut Day<'_>) -> anyhow::Result<()> {
    let centre = for_the_centre();
    let items: Vec<&str> = centre.iter().filter_map(|pick_up| pick_up.item.as_deref()).collect();
    let loose = &items[60..items.len() - 1];
    let bagged: Vec<&str> = items[..60].iter().chain(items.last()).copied().collect();
    let people = &mut day.people;

    let into_bag = bagged
        .iter()
        .map(|item| v1::Event { receptacle: Some(code(BAG)), ..event_at(Type::Bagged, item, "991230") });
    let closed = clean(&people.clerk_1.scan_all(into_bag, at("Fri 09:00")).await?);
    day.counted.add("items in the bag", closed);
    day.telling.at(
        "Fri 09:00",
        [&format!("bag {BAG} closed"), &format!("đóng túi {BAG}")],
        [&format!("{closed} items"), &format!("{closed} bưu gửi")],
    );
    people.clerk_1.scan(event_at(Type::Dispatched, BAG, "991230"), at("Fri 09:10")).await?;
    let leave = loose.iter().map(|item| event_at(Type::Dispatched, item, "993450"));
    people.postman_2.scan_all(leave, at("Fri 09:20")).await?;
    let arrived = people.clerk_2.scan(event_at(Type::Arrived, BAG, "990100"), at("Fri 10:00")).await?;
    let arrived = Record::decode(&arrived.record).context("read a record")?.position();
    let counted = counted_for(&people.clerk_2, arrived, closed).await?;
    day.counted.add("items one scan of the bag counted for", counted);
    day.telling.at(
        "Fri 10:00",
        ["the bag arrives at 990100: one scan", "túi đến 990100: một lần quét"],
        [
            &format!("counts for each of its {counted} items"),
            &format!("tính cho cả {counted} bưu gửi trong túi"),
        ],
    );
    let enter = loose.iter().map(|item| event_at(Type::Arrived, item, "990100"));
    people.clerk_2.scan_all(enter, at("Fri 10:10")).await?;
    Ok(())
}

/// For how many envelopes a bag's scan counts, once it does for so many: the gateway places them after it has answered.
async fn counted_for(hand: &Hand, scan: Position, due: usize) -> anyhow::Result<usize> {
    let mut feed = FeedServiceClient::new(hand.channel());
    let mut start = None;
    let mut placed = 0;
    loop {
        let wait = Some(prost_types::Duration { seconds: 10, nanos: 0 });
        let request =
            v1::PullEventsRequest { start, wait, page_size: 1_000, ..v1::PullEventsRequest::default() };
        let page = feed.pull_events(hand.ask(request, at("Fri 10:00"))?).await?.into_inner();
        for told in &page.events {
            let record = Record::decode(&told.record).context("read a record")?;
            placed += usize::from(record.placed_from == Some(scan));
        }
        if placed >= due || (page.events.is_empty() && page.caught_up) {
            return Ok(placed);
        }
        start = Some(v1::pull_events_request::Start::Cursor(page.next_cursor));
    }
}
