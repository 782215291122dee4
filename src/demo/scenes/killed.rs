//! SIGKILL while deliveries are being scanned; everything is sent again.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};

use crate::demo::envelopes::runs;
use crate::demo::friday::Day;
use crate::demo::words::{at, event, minutes, signed};
use crate::doors::wire::v1;
use v1::EventType as Type;

/// Answers that are in when the gateway dies: others are on their way.
const ANSWERS_FIRST: usize = 25;

pub(in crate::demo) async fn while_delivering(day: &mut Day<'_>) -> anyhow::Result<()> {
    let [first, _, _] = runs();
    let now = at("Fri 16:20");
    let postman = &mut day.people.postman_1;
    let mut lines = Vec::new();
    for (nth, item) in first.delivered.iter().enumerate() {
        let line = postman.line(event(Type::Delivered, item), at("Fri 09:00").plus(minutes(4 * nth)));
        lines.push(v1::Capture { personal: signed(), ..line });
    }
    let mut sending = tokio::task::JoinSet::new();
    for (nth, line) in lines.iter().cloned().enumerate() {
        let hand = postman.clone();
        sending.spawn(async move { (nth, hand.send(line, now).await) });
    }
    let mut answered = BTreeMap::new();
    let mut killed = false;
    while let Some(sent) = sending.join_next().await {
        if let (nth, Ok(Ok(recorded))) = sent.context("a sender ended badly")? {
            answered.insert(nth, recorded.record);
        }
        if answered.len() == ANSWERS_FIRST && !killed {
            day.gateway.kill_and_restart()?;
            killed = true;
        }
    }
    ensure!(killed, "only {} scans were answered", answered.len());
    day.people.reconnect(day.gateway).await?;

    let (mut replayed, mut lost, mut kept) = (0, 0, 0);
    for (nth, line) in lines.into_iter().enumerate() {
        let again = day.people.postman_1.send(line, now).await?;
        let again = again.map_err(|status| anyhow::anyhow!("a retry was refused: {}", status.message()))?;
        kept += 1;
        replayed += usize::from(again.replayed);
        lost +=
            usize::from(answered.get(&nth).is_some_and(|record| !again.replayed || *record != again.record));
    }
    day.counted.add("results delivered by postman 1", kept);
    day.counted.add("answered scans lost with the gateway", lost);
    let answered = answered.len();
    day.telling.at(
        "Fri 16:20",
        [
            &format!("gateway killed (SIGKILL) among {kept} deliveries"),
            &format!("hệ thống bị ngắt (SIGKILL) giữa {kept} lượt phát"),
        ],
        [&format!("{answered} were answered; restarted"), &format!("{answered} đã trả lời; khởi động lại")],
    );
    day.telling.and(
        [&format!("all {kept} sent again"), &format!("gửi lại cả {kept}")],
        [
            &format!("{replayed} replayed  {lost} of the answered lost"),
            &format!("{replayed} lặp lại  mất {lost} đã trả lời"),
        ],
    );
    Ok(())
}
