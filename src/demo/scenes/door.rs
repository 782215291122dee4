//! At citizens' doors: papers are counted against the list, sealed, labelled; or not taken.

use anyhow::{Context, ensure};

use crate::demo::envelopes::{AT_THE_DOOR, PickUp, for_the_centre, for_the_commune};
use crate::demo::friday::Day;
use crate::demo::words::{at, event, event_at, slip};
use crate::doors::wire::{time, v1};
use crate::seal::record::Record;
use v1::EventType as Type;

use super::clean;

fn picked_up(pick_up: &PickUp, office: &str) -> Option<v1::Event> {
    let item = pick_up.item.as_ref()?;
    let event =
        if office.is_empty() { event(Type::PickedUp, item) } else { event_at(Type::PickedUp, item, office) };
    Some(v1::Event { also: vec![slip(&pick_up.slip)], ..event })
}

/// One envelope is taken, and one citizen's papers are not complete.
pub(in crate::demo) async fn at_the_door(day: &mut Day<'_>) -> anyhow::Result<()> {
    let postman = &mut day.people.postman_1;
    let pick_ups = for_the_commune();
    let tally = (1..=4).map(|component| v1::Tally { component, originals: 1, ..v1::Tally::default() });
    let taken = picked_up(&pick_ups[0], "").context("nothing at the door")?;
    let taken = v1::Event { tally: tally.collect(), ..taken };
    let recorded = postman.scan(taken, at("Fri 07:05")).await?;
    let leg = postman.sees(&recorded.code, None, at("Fri 07:05")).await?.legs.pop().context("no leg")?;
    let (items, slip_number) = (leg.items.join(" "), leg.slip);
    ensure!(items == AT_THE_DOOR, "another envelope was at the door: {items}");
    day.counted.add("pick-ups", clean(&[recorded]));
    day.telling.at(
        "Fri 07:05",
        ["postman 1, at the door, no dossier code yet", "bưu tá 1 tại nhà người nộp, chưa có mã hồ sơ"],
        [&format!("{items} ← slip {slip_number}"), &format!("{items} ← phiếu {slip_number}")],
    );

    let missing = v1::Event {
        code: Some(slip(&pick_ups[1].slip)),
        reason: v1::Reason::IncompletePapers.into(),
        measure: v1::Measure::RetryOn.into(),
        until: Some(time::timestamp(at("Mon+ 08:00"))),
        ..event(Type::PickupFailed, "")
    };
    let recorded = postman.scan(missing, at("Fri 07:40")).await?;
    let record = Record::decode(&recorded.record).context("read a record")?;
    let reason = v1::Reason::try_from(record.reason.0).unwrap_or_default();
    let (slip_number, reason) = (recorded.code.clone(), reason.as_str_name().trim_start_matches("REASON_"));
    day.counted.add("pick-ups that failed", super::in_state(&[recorded], v1::LegState::PickupFailed));
    day.telling.at(
        "Fri 07:40",
        ["postman 1: papers missing, not taken", "bưu tá 1: thiếu giấy tờ, không nhận"],
        [&format!("slip {slip_number}  {reason}"), &format!("phiếu {slip_number}  {reason}")],
    );
    Ok(())
}

/// Everything else that is fetched in the morning; the last of the centre's is scanned later.
pub(in crate::demo) async fn other_doors(day: &mut Day<'_>) -> anyhow::Result<()> {
    let now = at("Fri 07:50");
    let commune = for_the_commune();
    let centre = for_the_centre();
    let (bagged, loose) = centre[..centre.len() - 1].split_at(60);
    let people = &mut day.people;
    let mut taken =
        people.postman_1.scan_all(commune[2..].iter().filter_map(|p| picked_up(p, "")), now).await?;
    taken.extend(people.clerk_1.scan_all(bagged.iter().filter_map(|p| picked_up(p, "991230")), now).await?);
    taken.extend(people.postman_2.scan_all(loose.iter().filter_map(|p| picked_up(p, "993450")), now).await?);
    let taken = clean(&taken);
    day.counted.add("pick-ups", taken);
    day.telling.at(
        "Fri 07:50",
        ["other doors, and the offices' counters", "nhà khác và quầy bưu cục"],
        [
            &format!("{taken} taken, each on its order by its slip"),
            &format!("{taken} đã nhận, khớp phiếu đăng ký"),
        ],
    );
    Ok(())
}
