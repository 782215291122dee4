//! 16:55 at the provincial centre: a list, three that are not there, one that is not on it, one whose seal is broken.

use anyhow::ensure;
use futures_util::future::try_join_all;

use crate::demo::cast::DEPARTMENT;
use crate::demo::envelopes::{PickUp, for_the_centre};
use crate::demo::friday::Day;
use crate::demo::words::{at, event};
use crate::doors::wire::v1;
use v1::EventType as Type;

use super::{clean, in_state, remark};

/// On the list and not on the table; RA990000023VN is the first.
const MISSING: [usize; 3] = [0, 60, 119];
/// On the table and not on the list.
const UNLISTED: usize = 100;
/// Its seal is broken; the papers are counted together and are all there.
const SEAL_BROKEN: usize = 1;

pub(in crate::demo) async fn hands_over(day: &mut Day<'_>) -> anyhow::Result<()> {
    let envelopes = for_the_centre();
    let item = |nth: usize| envelopes[nth].item.clone().unwrap_or_default();
    let all = 0..envelopes.len();
    let people = &mut day.people;

    let offer = all.clone().filter(|nth| *nth != UNLISTED).map(|nth| event(Type::Offered, &item(nth)));
    let offered = in_state(&people.clerk_2.scan_all(offer, at("Fri 16:55")).await?, v1::LegState::Offered);
    day.counted.add("envelopes offered to the centre", offered);
    day.telling.at(
        "Fri 16:55",
        [
            &format!("clerk 2 offers {offered} to the centre H99.01"),
            &format!("giao dịch viên 2 bàn giao {offered} cho H99.01"),
        ],
        [&format!("{offered} wait for a signature"), &format!("{offered} chờ ký nhận")],
    );

    let now = at("Fri 16:58");
    let in_order = |nth: &usize| !MISSING.contains(nth) && *nth != UNLISTED && *nth != SEAL_BROKEN;
    let sign = all.clone().filter(in_order).map(|nth| event(Type::Accepted, &item(nth)));
    let plain = clean(&people.centre.scan_all(sign, now).await?);
    let why = v1::Reason::Missing;
    let missing =
        MISSING.iter().map(|nth| v1::Event { reason: why.into(), ..event(Type::NotAccepted, &item(*nth)) });
    let missing = people.centre.scan_all(missing, now).await?;
    for one in &missing {
        ensure!(remark(one)? == "MISSING", "a missing envelope was not told to be missing");
    }
    let missing = in_state(&missing, v1::LegState::AtOffice);
    let (reserved, unlisted) =
        (broken_seal(day, &item(SEAL_BROKEN)).await?, unlisted(day, &item(UNLISTED)).await?);
    let taken = plain + reserved + unlisted;
    day.counted.add("envelopes taken as listed", plain);
    day.counted.add("envelopes taken with a reservation", reserved);
    day.counted.add("envelopes missing at the counter", missing);
    day.counted.add("envelopes taken that were not listed", unlisted);
    let exceptions = missing + reserved;
    day.telling.at(
        "Fri 16:58",
        [
            &format!("officer 1: all except {exceptions}, plus {unlisted} unlisted"),
            &format!("công chức 1 ký nhận: trừ {exceptions}, thêm {unlisted}"),
        ],
        [
            &format!("{plain} taken  {reserved} with reservation"),
            &format!("{plain} ký nhận  {reserved} có biên bản"),
        ],
    );
    day.telling.and(
        [
            &format!("the {missing} missing stay with the post"),
            &format!("{missing} thất lạc vẫn do bưu chính giữ"),
        ],
        [
            &format!("{missing} missing  {unlisted} unlisted = {taken} taken"),
            &format!("{missing} thiếu  {unlisted} ngoài bảng kê = {taken}"),
        ],
    );
    let taken: Vec<PickUp> =
        all.filter(|nth| !MISSING.contains(nth)).map(|nth| envelopes[nth].clone()).collect();
    into_the_books(day, taken).await
}

/// Opened and counted together: the damage stands beside the signature.
async fn broken_seal(day: &mut Day<'_>, item: &str) -> anyhow::Result<usize> {
    let officer = &mut day.people.centre;
    let seal = v1::Reason::SealBroken;
    let damaged = v1::Event { reason: seal.into(), ..event(Type::Damaged, item) };
    let damaged = officer.scan(damaged, at("Fri 16:58")).await?;
    ensure!(remark(&damaged)? == "DAMAGED", "a broken seal was not remarked");
    let tally = vec![v1::Tally { originals: 4, ..v1::Tally::default() }];
    let accepted = v1::Event { reason: seal.into(), tally, ..event(Type::Accepted, item) };
    let accepted = officer.scan(accepted, at("Fri 16:58")).await?;
    Ok(in_state(&[accepted], v1::LegState::HandedOver))
}

/// The receiver speaks first; the giver confirms, and then both have said so.
async fn unlisted(day: &mut Day<'_>, item: &str) -> anyhow::Result<usize> {
    let people = &mut day.people;
    let accepted = people.centre.scan(event(Type::Accepted, item), at("Fri 16:58")).await?;
    ensure!(remark(&accepted)? == "ONE_SIDED", "an unlisted envelope had been offered");
    people.clerk_2.scan(event(Type::Offered, item), at("Fri 16:59")).await?;
    let seen = people.centre.sees(item, None, at("Fri 16:59")).await?;
    let settled = |leg: &&v1::Leg| leg.state() == v1::LegState::HandedOver && leg.anomalies.is_empty();
    Ok(seen.legs.iter().filter(settled).count())
}

/// The centre accepts every dossier for the department that it belongs to.
async fn into_the_books(day: &mut Day<'_>, taken: Vec<PickUp>) -> anyhow::Result<()> {
    let officer = &day.people.centre;
    let mut numbers = [0, 0];
    let accept = taken.iter().map(|pick_up| {
        let own = usize::from(pick_up.agency == DEPARTMENT);
        numbers[own] += 1;
        let code = format!("{}-261120-{:04}", pick_up.agency.trim_start_matches("agencies/"), numbers[own]);
        let item = pick_up.item.clone().unwrap_or_default();
        async move { officer.accept(&item, &code, at("Fri+ 16:30"), at("Fri 17:05")).await }
    });
    let accepting: Vec<_> = accept.collect();
    let born = try_join_all(accepting).await?;
    day.counted.add("dossiers accepted by the centre", born.len());
    day.telling.at(
        "Fri 17:05",
        ["the centre takes them into its books", "Trung tâm tiếp nhận hồ sơ"],
        [&format!("{} dossier codes born", born.len()), &format!("{} mã hồ sơ ra đời", born.len())],
    );
    Ok(())
}
