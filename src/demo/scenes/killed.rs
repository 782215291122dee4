//! SIGKILL while deliveries are being scanned; everything is sent again.

use std::collections::BTreeMap;

use anyhow::ensure;
use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use crate::demo::envelopes::runs;
use crate::demo::friday::Day;
use crate::demo::hands::Hand;
use crate::demo::words::{at, event, minutes, signed};
use crate::doors::wire::v1;
use crate::dossier::names::Micros;
use v1::EventType as Type;

/// Answers that are in when the gateway dies; as many scans as there are senders are on their way then.
const ANSWERS_FIRST: usize = 25;
/// Scans that are on their way at once.
const SENDERS: usize = 10;

pub(in crate::demo) async fn while_delivering(day: &mut Day<'_>) -> anyhow::Result<()> {
    let [first, _, _] = runs();
    let now = at("Fri 16:20");
    let postman = &mut day.people.postman_1;
    let mut lines = Vec::new();
    for (nth, item) in first.delivered.iter().enumerate() {
        let line = postman.line(event(Type::Delivered, item), at("Fri 09:00").plus(minutes(4 * nth)));
        lines.push(v1::Capture { personal: signed(), ..line });
    }
    let (heard, mut answers) = tokio::sync::mpsc::channel(lines.len());
    let numbered: Vec<(usize, v1::Capture)> = lines.iter().cloned().enumerate().collect();
    for lines in numbered.chunks(lines.len().div_ceil(SENDERS)) {
        tokio::spawn(send_until_silent(postman.clone(), lines.to_vec(), now, heard.clone()));
    }
    drop(heard);
    let mut answered = BTreeMap::new();
    while let Some((nth, record)) = answers.recv().await {
        answered.insert(nth, record);
        if answered.len() == ANSWERS_FIRST {
            day.gateway.kill_and_restart()?;
        }
    }
    ensure!(answered.len() >= ANSWERS_FIRST, "only {} scans were answered", answered.len());
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
        ["gateway killed (SIGKILL) and restarted", "hệ thống bị ngắt (SIGKILL), khởi động lại"],
        [
            &format!("{answered} of {kept} scans answered until then"),
            &format!("đã trả lời {answered}/{kept} lượt quét"),
        ],
    );
    day.telling.and(
        [&format!("all {kept} sent again"), &format!("gửi lại cả {kept}")],
        [
            &format!("{replayed} replayed  {lost} of the answered lost"),
            &format!("{replayed} lặp lại  mất {lost} lượt đã trả lời"),
        ],
    );
    Ok(())
}

/// Sends one line after the other until nobody answers any more, and passes on what was answered.
async fn send_until_silent(
    hand: Hand,
    lines: Vec<(usize, v1::Capture)>,
    now: Micros,
    heard: Sender<(usize, Bytes)>,
) {
    for (nth, line) in lines {
        let Ok(Ok(recorded)) = hand.send(line, now).await else { return };
        if heard.send((nth, recorded.record)).await.is_err() {
            return;
        }
    }
}
