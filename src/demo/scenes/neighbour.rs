//! Two results go to a neighbour; a supervisor takes the deliveries back.

use prost::Message;

use crate::demo::envelopes::runs;
use crate::demo::friday::Day;
use crate::demo::words::{at, event};
use crate::doors::wire::v1;
use v1::EventType as Type;

use super::{hands, in_state, remark};

/// Nobody signs: it is kept, and flagged at once.
pub(in crate::demo) async fn delivers(day: &mut Day<'_>) -> anyhow::Result<()> {
    let [_, second, _] = runs();
    let now = at("Fri 11:00");
    let postman = &mut day.people.postman_2;
    let neighbour = v1::Personal { receiver_relation: "hàng xóm".to_owned(), ..v1::Personal::default() };
    let mut lines = Vec::new();
    for item in &second.neighbour {
        let line = postman.line(event(Type::Delivered, item), now);
        lines.push(v1::Capture { personal: neighbour.encode_to_vec().into(), ..line });
    }
    let recorded = postman.send_all(lines, now).await?;
    let mut remarks = Vec::new();
    for one in &recorded {
        remarks.push(remark(one)?);
    }
    remarks.dedup();
    let remarks = remarks.join(" ");
    day.counted.add("deliveries without proof", in_state(&recorded, v1::LegState::Delivered));
    day.telling.at(
        "Fri 11:00",
        [
            &format!("postman 2 delivers {} results to a neighbour", recorded.len()),
            &format!("bưu tá 2 phát {} kết quả cho hàng xóm", recorded.len()),
        ],
        [&format!("kept, flagged {remarks}"), &format!("ghi nhận, sai lệch {remarks}")],
    );
    Ok(())
}

/// The post is liable, and does not have them in hand.
pub(in crate::demo) async fn revoked(day: &mut Day<'_>) -> anyhow::Result<()> {
    let [_, second, _] = runs();
    let revoke = second.neighbour.iter().map(|item| v1::Event {
        reason: v1::Reason::WrongReceiver.into(),
        ..event(Type::DeliveryRevoked, item)
    });
    let recorded = day.people.post_supervisor.scan_all(revoke, at("Fri 14:00")).await?;
    let to_recover = in_state(&recorded, v1::LegState::ToRecover);
    day.counted.add("deliveries revoked", to_recover);
    let liable = recorded.first().map_or("", hands);
    day.telling.at(
        "Fri 14:00",
        ["supervisor revokes both: WRONG_RECEIVER", "kiểm soát viên hủy báo phát: WRONG_RECEIVER"],
        [
            &format!("{to_recover} TO_RECOVER, {liable} liable, not in hand"),
            &format!("{to_recover} đang thu hồi, {liable} chịu trách nhiệm"),
        ],
    );
    Ok(())
}
