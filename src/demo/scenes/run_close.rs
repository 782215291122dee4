//! 17:30: what became of the day's results, as the gateway lists them.

use crate::demo::friday::Day;
use crate::demo::words::at;
use crate::doors::wire::v1;
use v1::LegState as State;

pub(in crate::demo) async fn told(day: &mut Day<'_>) -> anyhow::Result<()> {
    let legs = day.people.clerk_2.legs(false, at("Fri 17:30")).await?;
    let results: Vec<&v1::Leg> = legs.iter().filter(|leg| leg.kind() == v1::LegKind::Outbound).collect();
    let count = |state: State| results.iter().filter(|leg| leg.state() == state).count();
    let (delivered, again, held) = (count(State::Delivered), count(State::AttemptFailed), count(State::Held));
    let (back, revoked, all) = (count(State::Undelivered), count(State::ToRecover), results.len());
    day.telling.at(
        "Fri 17:30",
        [&format!("run close: {all} results"), &format!("kết thúc chuyến phát: {all} kết quả")],
        [
            &format!("{delivered} delivered  {revoked} revoked"),
            &format!("{delivered} phát được  {revoked} hủy báo phát"),
        ],
    );
    day.telling.and(
        ["", ""],
        [
            &format!("{again} again Monday  {held} held  {back} returning"),
            &format!("{again} phát lại T2  {held} lưu  {back} chuyển hoàn"),
        ],
    );
    Ok(())
}
