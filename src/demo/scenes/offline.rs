//! Postman 3: two days without network, a phone whose clock is a day ahead and that dies, an outbox that another machine
//! relays under the old source, a line that is cut.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, ensure};
use prost::Message;
use tonic::transport::Channel;

use crate::demo::envelopes::runs;
use crate::demo::friday::Day;
use crate::demo::hands::Hand;
use crate::demo::logs;
use crate::demo::words::{at, event, event_at, hours, minutes, signed};
use crate::doors::wire::v1;
use crate::dossier::event::EventType;
use crate::dossier::names::Micros;
use crate::seal::record::Record;
use v1::EventType as Type;
use v1::capture_service_client::CaptureServiceClient;
use v1::sync_events_request::Message as Sent;
use v1::sync_events_response::Message as Got;

/// Lines that were sent when the line was cut.
const CUT_AFTER: usize = 50;
/// Answers that were on their way then, and never came.
const ANSWERS_LOST: usize = 12;
/// Deliveries that the office had keyed from the postman's paper.
const KEYED: usize = 31;
/// How long the gateway may take to journal what was sent.
const PATIENCE: Duration = Duration::from_secs(20);

/// The run is scanned with the network still there: the gateway sees how far the clock is ahead.
pub(in crate::demo) async fn leaves(day: &mut Day<'_>) -> anyhow::Result<()> {
    let [_, _, third] = runs();
    let out = third.all();
    let now = at("Thu 06:45");
    let leave = out.iter().map(|item| event_at(Type::OutForDelivery, item, "992340"));
    let recorded = day.people.postman_3.scan_all(leave, now).await?;
    let mut ahead = BTreeSet::new();
    for one in &recorded {
        let record = Record::decode(&one.record).context("read a record")?;
        ensure!(record.effective_at == now, "the phone's clock was not put right");
        ahead.insert(hours(record.occurred_at.since(record.effective_at)));
    }
    day.counted
        .add("results taken out on Thursday", super::in_state(&recorded, v1::LegState::OutForDelivery));
    let ahead: Vec<String> = ahead.iter().map(|hours| format!("+{hours} h")).collect();
    let (count, ahead) = (recorded.len(), ahead.join(" "));
    day.telling.at(
        "Thu 06:45",
        [
            &format!("postman 3 leaves for two days, {count} results"),
            &format!("bưu tá 3 đi phát hai ngày, {count} kết quả"),
        ],
        [&format!("phone's clock {ahead}: seen, put right"), &format!("đồng hồ máy {ahead}: đã hiệu chỉnh")],
    );
    Ok(())
}

/// What postman 3 did with an envelope, and when.
fn delivered(nth: usize) -> Micros {
    let on_thursday = nth < 40;
    at(if on_thursday { "Thu 08:00" } else { "Fri 08:00" }).plus(minutes(5 * (nth % 40)))
}

/// The office keys some of the deliveries from the paper run (BD13) before the phone is back.
pub(in crate::demo) async fn keyed_from_paper(day: &mut Day<'_>) -> anyhow::Result<()> {
    let [_, _, third] = runs();
    let clerk = &mut day.people.clerk_2;
    let mut lines = Vec::new();
    for (nth, item) in third.delivered.iter().enumerate().take(KEYED) {
        let line = clerk.line(event(Type::Delivered, item), delivered(nth));
        lines.push(v1::Capture { personal: signed(), ..line });
    }
    let keyed = clerk.send_all(lines, at("Fri 12:30")).await?;
    day.counted.add("deliveries keyed from paper", super::clean(&keyed));
    Ok(())
}

/// The old phone's outbox, relayed from the new phone.
pub(in crate::demo) async fn comes_back(day: &mut Day<'_>) -> anyhow::Result<()> {
    let [_, _, third] = runs();
    let now = at("Fri 15:30");
    let old_phone = &mut day.people.postman_3;
    let mut outbox = Vec::new();
    for (nth, item) in third.delivered.iter().enumerate() {
        let line = old_phone.line(event(Type::Delivered, item), delivered(nth));
        outbox.push(old_phone.stamped(v1::Capture { personal: signed(), ..line }, now));
    }
    // The phone in its place has a key of its own, which may speak for the old one too.
    let new_phone = &day.people.new_phone;
    let cut = day.gateway.channel().await?;

    let answered = CUT_AFTER - ANSWERS_LOST;
    let mut first = relay(new_phone, cut, &outbox[..CUT_AFTER], answered, now).await?;
    journaled(new_phone, &outbox[CUT_AFTER - 1], now).await?;
    // Nobody answered the last twelve: they are sent again with everything behind them.
    let second = relay(new_phone, new_phone.channel(), &outbox[answered..], outbox.len(), now).await?;
    let sent = CUT_AFTER + outbox.len() - answered;
    let replayed = second.iter().filter(|recorded| recorded.replayed).count();
    first.extend(second);
    let of_one_act = first.iter().filter(|one| one.placement() == v1::Placement::Corroborates).count();
    let (kept, twice) = in_the_log(&day.people.clerk_2, new_phone.source(), now).await?;
    let keyed = day.counted.of("deliveries keyed from paper");

    day.counted.add("scans on the old phone", outbox.len());
    day.counted.add("lines sent from its outbox", sent);
    day.counted.add("of them kept", kept);
    day.counted.add("of them replayed", replayed);
    day.counted.add("of them kept twice", twice);
    day.counted.add("of them corroborated", of_one_act);
    day.telling.at(
        "Fri 15:30",
        ["postman 3 back, two days without network", "bưu tá 3 trở lại sau hai ngày mất mạng"],
        [
            &format!("{} scans, phone dead, outbox relayed", outbox.len()),
            &format!("{} lượt quét, máy hỏng, gửi từ máy mới", outbox.len()),
        ],
    );
    day.telling.and(
        [
            &format!("line cut after {CUT_AFTER}, {ANSWERS_LOST} answers lost, resent"),
            &format!("đứt mạng sau {CUT_AFTER}, mất {ANSWERS_LOST} trả lời, gửi lại"),
        ],
        [
            &format!("{sent} sent  {kept} kept  {replayed} replayed  {twice} twice"),
            &format!("{sent} gửi  {kept} ghi  {replayed} lặp lại  {twice} trùng"),
        ],
    );
    day.telling.and(
        [
            &format!("office PC had keyed {keyed} of them"),
            &format!("máy bưu cục đã nhập {keyed} trong số đó"),
        ],
        [
            &format!("{of_one_act} corroborated, nothing to do"),
            &format!("{of_one_act} trùng khớp, không phải làm gì"),
        ],
    );
    Ok(())
}

/// Sends lines over one stream and takes so many answers at most; then the connection is gone.
async fn relay(
    hand: &Hand,
    connection: Channel,
    lines: &[v1::Capture],
    answers_max: usize,
    now: Micros,
) -> anyhow::Result<Vec<v1::Recorded>> {
    let source = hand.source().to_owned();
    let mut messages =
        vec![v1::SyncEventsRequest { message: Some(Sent::Hello(v1::Hello { source, last_device_seq: 0 })) }];
    for line in lines {
        messages.push(v1::SyncEventsRequest { message: Some(Sent::Line(line.encode_to_vec().into())) });
    }
    // A line that is cut does not say that it ends.
    let open = lines.len() > answers_max;
    let (sender, receiver) = tokio::sync::mpsc::channel(messages.len());
    for message in messages {
        sender.send(message).await.context("send a line")?;
    }
    let sender = open.then_some(sender);
    let request = hand.ask(tokio_stream::wrappers::ReceiverStream::new(receiver), now)?;
    let mut answers = CaptureServiceClient::new(connection).sync_events(request).await?.into_inner();
    let mut recorded = Vec::new();
    while recorded.len() < answers_max
        && let Some(answer) = answers.message().await?
    {
        if let Some(Got::Ack(ack)) = answer.message {
            recorded.push(hand.taken(ack.result)?);
        }
    }
    drop(sender);
    Ok(recorded)
}

/// How many deliveries of a source the carrier's log holds, and how many of them more than once.
async fn in_the_log(hand: &Hand, source: &str, now: Micros) -> anyhow::Result<(usize, usize)> {
    let (log, _) = logs::read(hand, now).await?;
    let own = |line: &&logs::Line| {
        line.record.source.as_str() == source && line.record.kind == EventType::Delivered
    };
    let ids: Vec<&str> = log.iter().filter(own).map(|line| line.record.client_event_id.as_str()).collect();
    let once: BTreeSet<&str> = ids.iter().copied().collect();
    Ok((once.len(), ids.len() - once.len()))
}

/// Waits until the gateway has journaled a line, whoever heard its answer.
async fn journaled(hand: &Hand, line: &v1::Capture, now: Micros) -> anyhow::Result<()> {
    let seq = v1::Event::decode(line.event.clone()).context("read a line")?.device_seq;
    let mut client = CaptureServiceClient::new(hand.channel());
    let wait = async {
        loop {
            let request = v1::GetDeviceStateRequest { source: hand.source().to_owned() };
            let state = client.get_device_state(hand.ask(request, now)?).await?.into_inner();
            if state.contiguous_device_seq >= seq {
                return anyhow::Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.context("the lines sent before the cut were not journaled")?
}
