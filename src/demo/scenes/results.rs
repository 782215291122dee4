//! Department H99.14 hands its results to the post; postmen take them out, and bring back what nobody took.

use crate::demo::cast::{CENTRE, DEPARTMENT};
use crate::demo::directory::RECORD;
use crate::demo::envelopes::{results, runs};
use crate::demo::friday::Day;
use crate::demo::words::{at, code, event, event_at, minutes, office, signed};
use crate::doors::wire::{time, v1};
use v1::EventType as Type;

use super::{clean, in_state};

/// Registered, ordered, offered by the one side, taken by the other.
pub(in crate::demo) async fn handed_over(day: &mut Day<'_>) -> anyhow::Result<()> {
    let people = &mut day.people;
    let items = results();
    let registrations = (1..=items.len()).map(|number| v1::RegisterDossierRequest {
        request_id: format!("register-{number}"),
        agency: DEPARTMENT.to_owned(),
        counter: CENTRE.to_owned(),
        code: Some(code(&format!("H99.14-261102-{number:04}"))),
        procedure: RECORD.to_owned(),
        ..v1::RegisterDossierRequest::default()
    });
    let dossiers = people.department.register_all(registrations.collect(), at("Wed 14:00")).await?;
    let orders = items.iter().zip(dossiers).map(|(item, dossier)| v1::OrderLegRequest {
        request_id: format!("send-{item}"),
        agency: DEPARTMENT.to_owned(),
        counter: CENTRE.to_owned(),
        kind: v1::LegKind::Outbound.into(),
        dossier,
        item: Some(code(item)),
        office: office("992340"),
        ..v1::OrderLegRequest::default()
    });
    people.department.order_all(orders.collect(), at("Wed 14:00")).await?;
    let offer = items.iter().map(|item| event(Type::Offered, item));
    let offered = people.department.scan_all(offer, at("Wed 15:05")).await?;
    let take = items.iter().map(|item| event_at(Type::PickedUp, item, "992340"));
    let taken = people.clerk_2.scan_all(take, at("Wed 15:10")).await?;

    let (offered, taken) = (in_state(&offered, v1::LegState::Offered), clean(&taken));
    day.counted.add("results offered by H99.14", offered);
    day.counted.add("results taken by the post, both sides", taken);
    day.telling.at(
        "Wed 15:10",
        [
            &format!("H99.14 hands {} results to the post", items.len()),
            &format!("H99.14 bàn giao {} kết quả cho bưu chính", items.len()),
        ],
        [
            &format!("{offered} offered  {taken} taken, both sides said"),
            &format!("{offered} đề nghị  {taken} ký nhận, hai bên"),
        ],
    );
    Ok(())
}

/// Postmen 1 and 2 leave.
pub(in crate::demo) async fn on_the_run(day: &mut Day<'_>) -> anyhow::Result<()> {
    let [first, second, _] = runs();
    let now = at("Fri 08:30");
    let mut out = 0;
    for (postman, run) in [(&mut day.people.postman_1, first), (&mut day.people.postman_2, second)] {
        let items = run.all();
        let leave = items.iter().map(|item| event_at(Type::OutForDelivery, item, "992340"));
        out += clean(&postman.scan_all(leave, now).await?);
    }
    day.counted.add("results taken out on Friday", out);
    day.telling.at(
        "Fri 08:30",
        ["postmen 1 and 2 leave for their runs", "bưu tá 1 và 2 đi phát"],
        [&format!("{out} out for delivery"), &format!("{out} bưu gửi đang đi phát")],
    );
    Ok(())
}

/// What postman 2 still delivers, and what neither could.
pub(in crate::demo) async fn last_scans(day: &mut Day<'_>) -> anyhow::Result<()> {
    let [first, second, _] = runs();
    let now = at("Fri 16:40");
    let people = &mut day.people;
    let mut lines = Vec::new();
    for (nth, item) in second.delivered.iter().enumerate() {
        let line =
            people.postman_2.line(event(Type::Delivered, item), at("Fri 09:30").plus(minutes(3 * nth)));
        lines.push(v1::Capture { personal: signed(), ..line });
    }
    let delivered = clean(&people.postman_2.send_all(lines, now).await?);
    day.counted.add("results delivered by postman 2", delivered);
    for (postman, run) in [(&mut people.postman_1, &first), (&mut people.postman_2, &second)] {
        let again = run.again.iter().map(|item| v1::Event {
            reason: v1::Reason::Absent.into(),
            measure: v1::Measure::RetryOn.into(),
            until: Some(time::timestamp(at("Mon+ 08:00"))),
            ..event(Type::AttemptFailed, item)
        });
        let held = run.held.iter().map(|item| v1::Event {
            reason: v1::Reason::Absent.into(),
            measure: v1::Measure::HoldForPickup.into(),
            ..event_at(Type::AttemptFailed, item, "992340")
        });
        let moved = run.back.iter().map(|item| v1::Event {
            reason: v1::Reason::Moved.into(),
            measure: v1::Measure::ReturnToSender.into(),
            ..event(Type::AttemptFailed, item)
        });
        let failed = postman.scan_all(again.chain(held).chain(moved), now).await?;
        day.counted.add("deliveries that failed", clean(&failed));
    }
    let back = first.back.iter().chain(&second.back);
    let back = back.map(|item| event_at(Type::ReturnStarted, item, "992340"));
    let returning = people.clerk_2.scan_all(back, at("Fri 16:50")).await?;
    day.counted.add("results sent back", in_state(&returning, v1::LegState::Returning));
    Ok(())
}
