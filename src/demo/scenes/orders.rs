//! Citizens telephone, and pick-ups are ordered. There are slips, and no dossier codes yet.

use anyhow::Context;
use prost::Message;

use crate::demo::cast::COMMUNE;
use crate::demo::directory::IN_PERSON;
use crate::demo::envelopes::{for_the_centre, for_the_commune};
use crate::demo::friday::Day;
use crate::demo::hands::why;
use crate::demo::words::at;
use crate::doors::wire::v1;

pub(in crate::demo) async fn by_telephone(day: &mut Day<'_>) -> anyhow::Result<()> {
    let pick_ups: Vec<_> = for_the_commune().into_iter().chain(for_the_centre()).collect();
    let order = |(nth, pick_up): (usize, &crate::demo::envelopes::PickUp)| v1::OrderLegRequest {
        request_id: format!("fetch-{nth}"),
        agency: pick_up.agency.to_owned(),
        counter: pick_up.counter.to_owned(),
        kind: v1::LegKind::Inbound.into(),
        procedure: pick_up.procedure.to_owned(),
        slip: pick_up.slip.clone(),
        personal: v1::Personal { name: format!("người nộp {}", nth + 1), ..v1::Personal::default() }
            .encode_to_vec()
            .into(),
        ..v1::OrderLegRequest::default()
    };
    let orders = pick_ups.iter().enumerate().map(order).collect();
    let legs = day.people.clerk_1.order_all(orders, at("Thu 17:00")).await?;
    let coded = legs.iter().filter(|leg| !leg.dossier.is_empty()).count();
    let ordered = legs.iter().filter(|leg| leg.state() == v1::LegState::Ordered).count();
    day.counted.add("pick-ups ordered by telephone", ordered);
    let (first, last) = (legs.first().context("no order")?, legs.last().context("no order")?);
    day.telling.at(
        "Thu 17:00",
        ["citizens telephone, clerk 1 orders pick-ups", "đăng ký thu gom qua điện thoại"],
        [
            &format!("{ordered} ordered, {coded} with a dossier code"),
            &format!("{ordered} lượt, {coded} đã có mã hồ sơ"),
        ],
    );
    day.telling.and(
        ["", ""],
        [
            &format!("slips {} to {}", first.slip, last.slip),
            &format!("phiếu {} đến {}", first.slip, last.slip),
        ],
    );
    Ok(())
}

pub(in crate::demo) async fn not_by_post(day: &mut Day<'_>) -> anyhow::Result<()> {
    let order = v1::OrderLegRequest {
        request_id: "not-by-post".to_owned(),
        agency: COMMUNE.to_owned(),
        kind: v1::LegKind::Inbound.into(),
        procedure: IN_PERSON.to_owned(),
        ..v1::OrderLegRequest::default()
    };
    let refused = day.people.commune.try_order(order, at("Fri 17:20")).await?.err();
    let refused = why(&refused.context("a procedure that may not go by post was ordered")?);
    day.counted.add("orders refused", usize::from(refused == "PROCEDURE_NOT_ELIGIBLE procedure"));
    let reason = refused.split(' ').next().unwrap_or_default();
    day.telling.at(
        "Fri 17:20",
        ["H99.60.05 orders what one has to come for", "H99.60.05 đăng ký thủ tục phải đến tận nơi"],
        [&format!("REFUSED {reason}"), &format!("TỪ CHỐI {reason}")],
    );
    Ok(())
}
