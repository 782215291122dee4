//! The commune's counter: offered by the one hand, accepted by the other, and dossier codes are born.

use anyhow::Context;

use crate::demo::cast::COMMUNE;
use crate::demo::envelopes::for_the_commune;
use crate::demo::friday::Day;
use crate::demo::words::{at, date, event, event_at};
use crate::doors::wire::v1;
use v1::EventType as Type;

use super::clean;

pub(in crate::demo) async fn accepts(day: &mut Day<'_>) -> anyhow::Result<()> {
    let items: Vec<String> = for_the_commune().into_iter().filter_map(|pick_up| pick_up.item).collect();
    let people = &mut day.people;
    let offer = items.iter().map(|item| event_at(Type::Offered, item, "991230"));
    people.clerk_1.scan_all(offer, at("Fri 10:12")).await?;
    let sign = items.iter().map(|item| event(Type::Accepted, item));
    let accepted = clean(&people.commune.scan_all(sign, at("Fri 10:15")).await?);
    day.counted.add("envelopes signed for by H99.60.05", accepted);
    let mut dossiers = Vec::new();
    for (number, item) in (1..).zip(&items) {
        let code = format!("H99.60.05-261120-{number:04}");
        dossiers.push(people.commune.accept(item, &code, at("Fri+ 16:30"), at("Fri 10:20")).await?);
    }
    let born = |dossier: &v1::Dossier| dossier.code.clone().unwrap_or_default().value;
    let first = dossiers.first().context("nothing was accepted")?;
    let item = first.legs.iter().flat_map(|leg| &leg.items).next().context("no envelope")?.clone();
    let due = date(first.due_at)?;
    day.telling.at(
        "Fri 10:15",
        [
            &format!("commune H99.60.05 accepts {accepted} of {}", items.len()),
            &format!("xã H99.60.05 ký nhận {accepted}/{}", items.len()),
        ],
        [&format!("code born: {}", born(first)), &format!("mã hồ sơ: {}", born(first))],
    );
    day.telling.and(["", ""], [&format!("← {item}, due {due}"), &format!("← {item}, hẹn trả {due}")]);

    let third = dossiers.last().context("nothing was accepted")?;
    let order = v1::OrderLegRequest {
        request_id: "further-papers".to_owned(),
        agency: COMMUNE.to_owned(),
        kind: v1::LegKind::Supplement.into(),
        dossier: third.name.clone(),
        ..v1::OrderLegRequest::default()
    };
    let leg = people.commune.order(order, at("Fri 10:30")).await?;
    let kind = leg.kind().as_str_name().trim_start_matches("LEG_KIND_");
    let state = leg.state().as_str_name().trim_start_matches("LEG_STATE_");
    day.telling.at(
        "Fri 10:30",
        ["H99.60.05 wants one more paper, applicant 3", "H99.60.05 cần thêm giấy tờ, người nộp 3"],
        [&format!("{kind} leg {state}"), &format!("lượt chuyển {kind}: {state}")],
    );
    Ok(())
}
