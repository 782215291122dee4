//! The day, in the order in which it happened.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, ensure};

use super::Telling;
use super::cast::{CENTRE, COMMUNE, DEPARTMENT, POST};
use super::child::Child;
use super::hands::{Hand, at, event, slip, why};
use crate::doors::wire::v1;
use v1::EventType as Type;
use v1::dossier_service_client::DossierServiceClient;
use v1::feed_service_client::FeedServiceClient;
use v1::leg_service_client::LegServiceClient;

/// The bag of the morning.
const BAG: &str = "991230990100AUM60012001110184";
/// Envelopes of the morning that go to the centre.
const MORNING: [&str; 4] = ["RA990000023VN", "RA990000037VN", "RA990000045VN", "RA990000173VN"];

/// Everybody of the story.
struct Cast {
    postman: Hand,
    second: Hand,
    clerk: Hand,
    commune: Hand,
    department: Hand,
}

/// Lives the day.
pub(super) async fn live(gateway: &mut Child, data: &Path, telling: &Telling) -> anyhow::Result<()> {
    let mut cast = Cast {
        postman: Hand::of(gateway, data, "postman-1", "carriers/post99/devices/pda-1").await?,
        second: Hand::of(gateway, data, "postman-2", "carriers/post99/devices/pda-2").await?,
        clerk: Hand::of(gateway, data, "clerk", "carriers/post99/devices/pc-991230").await?,
        commune: Hand::of(gateway, data, "commune", "agencies/H99.60.05/devices/reader-1").await?,
        department: Hand::of(gateway, data, "department", "agencies/H99.14/systems/office").await?,
    };
    pickups_ordered(&cast, telling).await.context("the pick-ups are ordered")?;
    results_leave(&mut cast, telling).await.context("the results leave")?;
    at_the_door(&mut cast, telling).await.context("at the door")?;
    at_the_office(&mut cast, telling).await.context("at the office")?;
    at_the_commune(&mut cast, telling).await.context("at the commune")?;
    killed(gateway, &mut cast, telling).await.context("the gateway is killed")?;
    phone_comes_back(&mut cast, telling).await.context("the phone comes back")?;
    last_deliveries(&mut cast, telling).await.context("the last deliveries")
}

/// A valid item number of the demo's own range.
fn item(serial: u32) -> String {
    let digits = format!("{serial:08}");
    let weights = [8, 6, 4, 2, 3, 5, 9, 7];
    let sum: u32 = digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        check => check,
    };
    format!("EA{digits}{check}VN")
}

/// The forty results of the day; EA990003016VN is the first.
fn results() -> Vec<String> {
    (0..40).map(|number| item(99_000_301 + number)).collect()
}

async fn order(
    hand: &Hand,
    kind: v1::LegKind,
    fill: impl FnOnce(&mut v1::OrderLegRequest),
) -> anyhow::Result<v1::Leg> {
    let mut request =
        v1::OrderLegRequest { carrier: POST.to_owned(), kind: kind.into(), ..v1::OrderLegRequest::default() };
    fill(&mut request);
    let now = at("06:30", 0);
    let answer = LegServiceClient::new(hand.channel()).order_leg(hand.ask(request, now)?).await?;
    answer.into_inner().leg.context("an order without a leg")
}

/// The department hands forty results to the post.
async fn results_leave(cast: &mut Cast, telling: &Telling) -> anyhow::Result<()> {
    let early = at("06:40", 0);
    let mut dossiers = DossierServiceClient::new(cast.department.channel());
    for (number, item) in results().into_iter().enumerate() {
        let register = v1::RegisterDossierRequest {
            request_id: format!("register-{number}"),
            agency: DEPARTMENT.to_owned(),
            counter: CENTRE.to_owned(),
            code: Some(v1::Code { value: format!("H99.14-261102-{:04}", number + 1), ..v1::Code::default() }),
            procedure: "procedures/1.009902".to_owned(),
            ..v1::RegisterDossierRequest::default()
        };
        let registered = dossiers.register_dossier(cast.department.ask(register, early)?).await?.into_inner();
        let dossier = registered.dossier.context("a registration without a dossier")?.name;
        let label = v1::Code { value: item.clone(), ..v1::Code::default() };
        order(&cast.department, v1::LegKind::Outbound, |request| {
            request.request_id = format!("send-{number}");
            request.agency = DEPARTMENT.to_owned();
            request.counter = CENTRE.to_owned();
            request.dossier = dossier;
            request.item = Some(label);
        })
        .await?;
        cast.department.scan(event(Type::Offered, &item), early).await?;
        let picked = v1::Event { office: format!("{POST}/offices/992340"), ..event(Type::PickedUp, &item) };
        let recorded = cast.clerk.scan(picked, at("06:55", 0)).await?;
        ensure!(
            recorded.anomalies.is_empty(),
            "the hand-over of {item} was not clean: {:?}",
            recorded.anomalies
        );
    }
    telling.at(
        "06:55",
        "H99.14 hands 40 results to the post",
        "H99.14 bàn giao 40 kết quả cho bưu chính",
        "40 offered  40 taken  both sides said so",
    );
    Ok(())
}

/// The commune orders three pick-ups: there are slips, and no dossier codes yet.
async fn pickups_ordered(cast: &Cast, telling: &Telling) -> anyhow::Result<()> {
    for (number, slip_number) in ["000123", "000124", "000125"].into_iter().enumerate() {
        order(&cast.commune, v1::LegKind::Inbound, |request| {
            request.request_id = format!("fetch-{number}");
            request.agency = COMMUNE.to_owned();
            request.slip = slip_number.to_owned();
            request.procedure = "procedures/1.009901".to_owned();
        })
        .await?;
    }
    telling.at(
        "06:30",
        "commune orders 3 pick-ups, no dossier code yet",
        "xã đăng ký thu gom 3 hồ sơ, chưa có mã",
        "slips 000123 000124 000125",
    );
    Ok(())
}

/// A citizen's door, and papers that are not complete.
async fn at_the_door(cast: &mut Cast, telling: &Telling) -> anyhow::Result<()> {
    let picked = v1::Event { also: vec![slip("000123")], ..event(Type::PickedUp, "RA990000010VN") };
    let recorded = cast.postman.scan(picked, at("07:05", 0)).await?;
    ensure!(
        recorded.placement == i32::from(v1::Placement::Placed) && recorded.anomalies.is_empty(),
        "the order was not found by its slip"
    );
    telling.at(
        "07:05",
        "postman 1 at the door: sealed, label stuck on",
        "bưu tá 1 nhận tại nhà: niêm phong, dán số hiệu",
        "RA990000010VN ← slip 000123",
    );

    let failed = v1::Event {
        code: Some(slip("000124")),
        reason: v1::Reason::IncompletePapers.into(),
        measure: v1::Measure::RetryOn.into(),
        until: Some(crate::doors::wire::time::timestamp(at("08:00", 3))),
        ..event(Type::PickupFailed, "")
    };
    cast.postman.scan(failed, at("07:40", 0)).await?;
    telling.at(
        "07:40",
        "postman 1: papers missing, not taken",
        "bưu tá 1: thiếu giấy tờ, không nhận",
        "slip 000124  INCOMPLETE_PAPERS, again Mon 23",
    );
    Ok(())
}

/// Four walk-ins, a Telex scan, a wrong digit, a bag.
async fn at_the_office(cast: &mut Cast, telling: &Telling) -> anyhow::Result<()> {
    let office = format!("{POST}/offices/991230");
    for (number, code) in MORNING.into_iter().enumerate() {
        let picked = v1::Event {
            agency: DEPARTMENT.to_owned(),
            counter: CENTRE.to_owned(),
            office: office.clone(),
            also: vec![slip(&format!("00020{number}"))],
            ..event(Type::PickedUp, code)
        };
        cast.clerk.scan(picked, at("08:00", 0)).await?;
    }
    telling.at(
        "08:00",
        "4 citizens at the office, nobody ordered",
        "4 người dân đến bưu cục, không đăng ký trước",
        "4 legs opened by the scan",
    );

    let telex = v1::Event {
        agency: DEPARTMENT.to_owned(),
        counter: CENTRE.to_owned(),
        office: office.clone(),
        also: vec![slip("000210")],
        ..event(Type::PickedUp, "Ê990002055VN")
    };
    let recorded = cast.clerk.scan(telex, at("08:20", 0)).await?;
    ensure!(recorded.repaired && recorded.code == "EE990002055VN", "the Telex scan was not repaired");
    telling.at(
        "08:20",
        "clerk scans Ê990002055VN (Telex on)",
        "giao dịch viên quét Ê990002055VN (đang bật Telex)",
        "read as EE990002055VN: check digit holds, flagged",
    );

    let wrong = cast.clerk.line(event(Type::OfficeIn, "EB123456789VN"), at("08:21", 0));
    let refused =
        cast.clerk.send(wrong, at("08:21", 0)).await?.err().context("a wrong check digit was taken")?;
    ensure!(
        why(&refused) == "CHECK_DIGIT line.event.code.value",
        "refused for another reason: {}",
        why(&refused)
    );
    telling.at(
        "08:21",
        "clerk scans EB123456789VN",
        "giao dịch viên quét EB123456789VN",
        "REFUSED line.event.code.value: digit is 5, not 9",
    );

    for code in MORNING.into_iter().chain(["EE990002055VN"]) {
        let bagged = v1::Event {
            office: office.clone(),
            receptacle: Some(v1::Code { value: BAG.to_owned(), ..v1::Code::default() }),
            ..event(Type::Bagged, code)
        };
        cast.clerk.scan(bagged, at("09:00", 0)).await?;
    }
    cast.clerk
        .scan(v1::Event { office: office.clone(), ..event(Type::Dispatched, BAG) }, at("09:10", 0))
        .await?;
    let arrived = v1::Event { office: format!("{POST}/offices/990100"), ..event(Type::Arrived, BAG) };
    cast.clerk.scan(arrived, at("10:00", 0)).await?;
    for code in MORNING.into_iter().chain(["EE990002055VN"]) {
        wait_for(&cast.clerk, code, v1::LegState::AtOffice, "990100").await?;
    }
    telling.at(
        "10:00",
        &format!("bag {BAG} arrives"),
        &format!("túi {BAG} đến nơi"),
        "5 items; one scan of the bag counts for each",
    );
    Ok(())
}

/// Follows an envelope until it is where a bag's scan brings it: the gateway places that after the scan is answered.
async fn wait_for(hand: &Hand, code: &str, state: v1::LegState, office: &str) -> anyhow::Result<()> {
    let mut feed = FeedServiceClient::new(hand.channel());
    let mut start = None;
    loop {
        let key =
            v1::get_dossier_request::Key::Code(v1::Code { value: code.to_owned(), ..v1::Code::default() });
        let request = v1::GetDossierRequest { key: Some(key), at: None };
        let found =
            DossierServiceClient::new(hand.channel()).get_dossier(hand.ask(request, at("10:00", 0))?).await?;
        let legs = found.into_inner().dossier.map(|dossier| dossier.legs).unwrap_or_default();
        let there = legs.iter().any(|leg| {
            let at_office = leg.holder.as_ref().is_some_and(|holder| holder.office.ends_with(office));
            leg.state == i32::from(state) && at_office
        });
        if there {
            return Ok(());
        }
        // Not yet: the next event of the log tells.
        let wait = prost_types::Duration { seconds: 5, nanos: 0 };
        let request = v1::PullEventsRequest {
            start,
            wait: Some(wait),
            page_size: 1_000,
            ..v1::PullEventsRequest::default()
        };
        let page = feed.pull_events(hand.ask(request, at("10:00", 0))?).await?.into_inner();
        ensure!(!(page.events.is_empty() && page.caught_up), "{code} did not get to {office}");
        start = Some(v1::pull_events_request::Start::Cursor(page.next_cursor));
    }
}

/// The counter: offered, accepted by another hand, and the dossier's code is born.
async fn at_the_commune(cast: &mut Cast, telling: &Telling) -> anyhow::Result<()> {
    let office = format!("{POST}/offices/991230");
    cast.clerk.scan(v1::Event { office, ..event(Type::Offered, "RA990000010VN") }, at("10:12", 0)).await?;
    let accepted = cast.commune.scan(event(Type::Accepted, "RA990000010VN"), at("10:15", 0)).await?;
    ensure!(accepted.anomalies.is_empty(), "the hand-over was not clean: {:?}", accepted.anomalies);
    let request = v1::AcceptDossierRequest {
        request_id: "accept-1".to_owned(),
        target: Some(v1::accept_dossier_request::Target::Item(v1::Code {
            value: "RA990000010VN".to_owned(),
            ..v1::Code::default()
        })),
        code: Some(v1::Code { value: "H99.60.05-261120-0001".to_owned(), ..v1::Code::default() }),
        due_at: Some(crate::doors::wire::time::timestamp(at("16:30", 7))),
        ..v1::AcceptDossierRequest::default()
    };
    let now = at("10:20", 0);
    DossierServiceClient::new(cast.commune.channel()).accept_dossier(cast.commune.ask(request, now)?).await?;
    telling.at(
        "10:15",
        "commune H99.60.05 signs for it and accepts",
        "xã H99.60.05 ký nhận và tiếp nhận",
        "code born: H99.60.05-261120-0001 ← RA990000010VN",
    );
    Ok(())
}

/// SIGKILL while deliveries are being scanned; everything unanswered is sent again.
async fn killed(gateway: &mut Child, cast: &mut Cast, telling: &Telling) -> anyhow::Result<()> {
    let results = results();
    let out: Vec<v1::Capture> = results
        .iter()
        .map(|item| {
            let out =
                v1::Event { office: format!("{POST}/offices/992340"), ..event(Type::OutForDelivery, item) };
            cast.postman.line(out, at("10:30", 0))
        })
        .collect();
    let hand = cast.postman.clone();
    let sending: Vec<_> = out
        .iter()
        .cloned()
        .map(|line| {
            let hand = hand.clone();
            tokio::spawn(async move { hand.send(line, at("10:31", 0)).await })
        })
        .collect();
    let mut answered = BTreeSet::new();
    let mut sending = sending.into_iter().enumerate();
    // The first answer is there: others are on their way when the gateway dies.
    if let Some((index, first)) = sending.next()
        && let Ok(Ok(Ok(_))) = first.await
    {
        answered.insert(index);
    }
    gateway.kill_and_restart()?;
    for (index, rest) in sending {
        if let Ok(Ok(Ok(_))) = rest.await {
            answered.insert(index);
        }
    }
    for hand in
        [&mut cast.postman, &mut cast.second, &mut cast.clerk, &mut cast.commune, &mut cast.department]
    {
        hand.reconnect(gateway).await?;
    }
    let mut replayed = 0;
    for (index, line) in out.into_iter().enumerate() {
        let again = cast.postman.send(line, at("10:40", 0)).await?;
        let again = again.map_err(|status| anyhow::anyhow!("a retry was refused: {}", status.message()))?;
        ensure!(again.replayed || !answered.contains(&index), "an acknowledged scan was lost");
        replayed += usize::from(again.replayed);
    }
    let held = answered.len();
    telling.at(
        "10:31",
        "gateway killed (SIGKILL) and restarted",
        "hệ thống bị ngắt (SIGKILL) rồi khởi động lại",
        &format!("40 sent  {held} answered before  all 40 sent again: {replayed} replayed  0 lost  0 twice"),
    );
    Ok(())
}

/// Two days without network, a clock a day ahead, a line that is cut, and a clerk who keyed some of it already.
async fn phone_comes_back(cast: &mut Cast, telling: &Telling) -> anyhow::Result<()> {
    let results = results();
    for item in results.iter().take(10) {
        let keyed = v1::Event { also: vec![slip("000300")], ..event(Type::Delivered, item) };
        cast.clerk.scan(keyed, at("15:00", 0)).await?;
    }
    // The phone's clock is 24 hours ahead; it scanned thirty deliveries between eleven and half past.
    let lines: Vec<v1::Capture> = results
        .iter()
        .take(30)
        .enumerate()
        .map(|(number, item)| {
            let minutes = i64::try_from(number).unwrap_or(0) * 60_000_000;
            let delivered = v1::Event { also: vec![slip("000300")], ..event(Type::Delivered, item) };
            cast.second.line(delivered, at("11:00", 1).plus(minutes))
        })
        .collect();
    let clock_of_phone = at("15:30", 1);
    let now = at("15:30", 0);
    let first = sync(&cast.second, &lines[..20], clock_of_phone, now).await?;
    // The line is cut after twenty; twelve of the answers never reached the phone, which sends from the ninth on.
    let again = sync(&cast.second, &lines[8..], clock_of_phone, now).await?;
    let sent = 20 + lines.len() - 8;
    let replayed = again.iter().filter(|recorded| recorded.replayed).count();
    let kept = first.iter().chain(&again).filter(|recorded| !recorded.replayed).count();
    let corroborated = first
        .iter()
        .chain(&again)
        .filter(|recorded| !recorded.replayed && recorded.placement == i32::from(v1::Placement::Corroborates))
        .count();
    ensure!(
        (kept, replayed, corroborated) == (30, 12, 10),
        "kept {kept}, replayed {replayed}, corroborated {corroborated}"
    );
    telling.at(
        "15:30",
        "postman 2 back after two days without network",
        "bưu tá 2 trở lại sau hai ngày mất mạng",
        &format!("{sent} sent  {kept} kept  {replayed} replayed  0 twice; clock +24 h seen"),
    );
    telling.at(
        "     ",
        "office PC had keyed 10 of them",
        "máy bưu cục đã nhập 10 trong số đó",
        &format!("{corroborated} corroborated, nothing to do"),
    );
    Ok(())
}

/// Drains lines over one stream, as a device does.
async fn sync(
    hand: &Hand,
    lines: &[v1::Capture],
    clock: crate::dossier::names::Micros,
    now: crate::dossier::names::Micros,
) -> anyhow::Result<Vec<v1::Recorded>> {
    use prost::Message;
    use v1::capture_service_client::CaptureServiceClient;
    use v1::sync_events_request::Message as Sent;
    use v1::sync_events_response::Message as Got;
    let source = lines.first().map(|line| line.source.clone()).unwrap_or_default();
    let hello = Sent::Hello(v1::Hello { source, last_device_seq: 0 });
    let mut messages = vec![v1::SyncEventsRequest { message: Some(hello) }];
    for line in lines {
        let line =
            v1::Capture { send_time: Some(crate::doors::wire::time::timestamp(clock)), ..line.clone() };
        messages.push(v1::SyncEventsRequest { message: Some(Sent::Line(line.encode_to_vec().into())) });
    }
    let request = hand.ask(tokio_stream::iter(messages), now)?;
    let mut answers = CaptureServiceClient::new(hand.channel()).sync_events(request).await?.into_inner();
    let mut recorded = Vec::new();
    while let Some(answer) = answers.message().await? {
        if let Some(Got::Ack(ack)) = answer.message {
            match ack.result.and_then(|result| result.result) {
                Some(v1::line_result::Result::Recorded(one)) => recorded.push(one),
                other => anyhow::bail!("a line was refused: {other:?}"),
            }
        }
    }
    Ok(recorded)
}

/// What is left: seven delivered, one held, two start their way back.
async fn last_deliveries(cast: &mut Cast, telling: &Telling) -> anyhow::Result<()> {
    let results = results();
    for item in &results[30..37] {
        let delivered = v1::Event { also: vec![slip("000301")], ..event(Type::Delivered, item) };
        cast.postman.scan(delivered, at("16:30", 0)).await?;
    }
    let absent = v1::Event {
        reason: v1::Reason::Absent.into(),
        measure: v1::Measure::HoldForPickup.into(),
        ..event(Type::AttemptFailed, &results[37])
    };
    cast.postman.scan(absent, at("16:40", 0)).await?;
    for item in &results[38..] {
        let moved = v1::Event {
            reason: v1::Reason::Moved.into(),
            measure: v1::Measure::ReturnToSender.into(),
            ..event(Type::AttemptFailed, item)
        };
        cast.postman.scan(moved, at("16:45", 0)).await?;
        let back = v1::Event { office: format!("{POST}/offices/992340"), ..event(Type::ReturnStarted, item) };
        let recorded = cast.clerk.scan(back, at("17:10", 0)).await?;
        ensure!(
            recorded.outcome.is_some_and(|o| o.state == i32::from(v1::LegState::Returning)),
            "no way back began"
        );
    }
    telling.at(
        "17:10",
        "postman 1: 7 delivered, 1 absent, 2 moved away",
        "bưu tá 1: 7 đã phát, 1 vắng nhà, 2 chuyển đi",
        "7 delivered  1 held at 992340  2 on the way back",
    );

    let cancel = order(&cast.commune, v1::LegKind::Inbound, |request| {
        request.request_id = "not-by-post".to_owned();
        request.agency = COMMUNE.to_owned();
        request.procedure = "procedures/1.009903".to_owned();
    })
    .await;
    ensure!(cancel.is_err(), "a procedure that may not go by post was ordered");
    telling.at(
        "17:20",
        "commune orders a procedure not eligible by post",
        "xã đăng ký thủ tục không qua bưu chính",
        "REFUSED PROCEDURE_NOT_ELIGIBLE",
    );
    Ok(())
}
