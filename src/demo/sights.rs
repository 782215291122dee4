//! What each of them sees at 18:00, and what they do not.

use std::path::Path;

use anyhow::{Context, ensure};

use super::books::bears;
use super::child::Child;
use super::envelopes::{AT_THE_DOOR, runs};
use super::hands::{Hand, why};
use super::logs;
use super::telling::Telling;
use super::words::{at, clock, date};
use crate::doors::wire::v1;
use crate::dossier::names::Micros;
use v1::LegState as State;

/// Everybody asks, and is answered with what is theirs.
pub(super) async fn tell(gateway: &Child, data: &Path, telling: &Telling) -> anyhow::Result<()> {
    let now = at("Fri 18:00");
    telling.plain(["What each of them sees at 18:00", "Lúc 18:00 mỗi người thấy gì"]);
    let commune = Hand::of(gateway, data, "commune", "").await?;
    let centre = Hand::of(gateway, data, "centre", "").await?;
    let department = Hand::of(gateway, data, "department", "").await?;
    let supervisor = Hand::of(gateway, data, "post-supervisor", "").await?;
    let neighbour = Hand::of(gateway, data, "neighbour", "").await?;
    applicant(&commune, telling, now).await.context("the commune asks")?;
    officer(&centre, telling, now).await.context("the centre asks")?;
    feed(&department, telling, now).await.context("H99.14 reads its feed")?;
    post(&supervisor, telling, now).await.context("the post's supervisor asks")?;
    earlier(&supervisor, telling, now).await.context("the post's supervisor asks for an earlier time")?;
    stranger(&neighbour, telling, now).await.context("H99.17 asks")
}

async fn applicant(commune: &Hand, telling: &Telling, now: Micros) -> anyhow::Result<()> {
    let dossier = commune.sees(AT_THE_DOOR, None, now).await?;
    let leg = dossier.legs.first().context("a dossier without a leg")?;
    ensure!(dossier.state() == v1::DossierState::Accepted, "{AT_THE_DOOR} was not accepted");
    let code = dossier.code.clone().unwrap_or_default().value;
    let accepted = clock(dossier.accepted_at)?;
    telling.and(
        ["applicant 1, by commune H99.60.05", "người nộp 1, qua xã H99.60.05"],
        [&format!("{code} accepted {accepted}"), &format!("{code} tiếp nhận {accepted}")],
    );
    let (day, hands) = (date(dossier.due_at)?, clock(leg.closed_at)?);
    telling.and(
        ["", ""],
        [
            &format!("papers there since {hands}, due {day}"),
            &format!("giấy tờ đã đến lúc {hands}, hẹn trả {day}"),
        ],
    );
    Ok(())
}

async fn officer(centre: &Hand, telling: &Telling, now: Micros) -> anyhow::Result<()> {
    let legs = centre.legs(false, now).await?;
    let inbound: Vec<&v1::Leg> = legs.iter().filter(|leg| leg.kind() == v1::LegKind::Inbound).collect();
    let received = inbound.iter().filter(|leg| leg.state() == State::HandedOver).count();
    let reserved = inbound.iter().filter(|leg| bears(leg, v1::AnomalyKind::Damaged)).count();
    let waiting = inbound.iter().filter(|leg| leg.state() == State::Offered).count();
    telling.and(
        ["officer 1 (centre H99.01)", "công chức 1 (Trung tâm H99.01)"],
        [
            &format!("{received} received · {reserved} reservation · {waiting} to sign"),
            &format!("{received} ký nhận · {reserved} biên bản · {waiting} chờ ký"),
        ],
    );
    Ok(())
}

async fn feed(department: &Hand, telling: &Telling, now: Micros) -> anyhow::Result<()> {
    let (lines, bookmark) = logs::read(department, now).await?;
    let behind = logs::behind(department, &bookmark, now).await?;
    ensure!(behind == 0, "{behind} events behind the end of the log");
    telling.and(
        ["agency H99.14 (feed)", "cơ quan H99.14 (luồng sự kiện)"],
        [
            &format!("{} events, cursor at head, {behind} behind", lines.len()),
            &format!("{} mốc, đã đọc hết, còn {behind}", lines.len()),
        ],
    );
    Ok(())
}

async fn post(supervisor: &Hand, telling: &Telling, now: Micros) -> anyhow::Result<()> {
    let open = supervisor.legs(true, now).await?;
    let missing: Vec<&v1::Leg> = open.iter().filter(|leg| bears(leg, v1::AnomalyKind::Missing)).collect();
    let to_recover: Vec<&v1::Leg> = open.iter().filter(|leg| leg.state() == State::ToRecover).collect();
    let last_seen = missing.first().and_then(|leg| leg.holder.clone()).unwrap_or_default().office;
    let delivering = to_recover.first().map(|leg| leg.office.clone()).unwrap_or_default();
    let (missing, to_recover) = (missing.len(), to_recover.len());
    let (last_seen, delivering) = (short(&last_seen), short(&delivering));
    telling.and(
        ["post supervisor", "kiểm soát viên bưu chính"],
        [
            &format!("{missing} missing ({last_seen}) · {to_recover} to recover ({delivering})"),
            &format!("{missing} thất lạc ({last_seen}) · {to_recover} thu hồi ({delivering})"),
        ],
    );
    Ok(())
}

/// The past stays as it was known.
async fn earlier(supervisor: &Hand, telling: &Telling, now: Micros) -> anyhow::Result<()> {
    let [_, second, _] = runs();
    let item = second.neighbour.first().context("nothing went to a neighbour")?;
    let state = |dossier: &v1::Dossier| dossier.legs.first().map(|leg| leg.state()).unwrap_or_default();
    let noon = state(&supervisor.sees(item, Some(at("Fri 12:00")), now).await?);
    let tonight = state(&supervisor.sees(item, None, now).await?);
    ensure!(noon == State::Delivered, "{item} was delivered at noon, and is now told as {noon:?} then");
    let word = |state: State| state.as_str_name().trim_start_matches("LEG_STATE_");
    let (noon, tonight) = (word(noon), word(tonight));
    telling.and(
        [&format!("  {item} as known at 12:00, now"), &format!("  {item} theo lúc 12:00, bây giờ")],
        [&format!("{noon}, {tonight}"), &format!("{noon}, {tonight}")],
    );
    Ok(())
}

/// What is not theirs is answered as what never was.
async fn stranger(neighbour: &Hand, telling: &Telling, now: Micros) -> anyhow::Result<()> {
    let mut answers = Vec::new();
    for code in ["H99.14-261102-0001", "H99.14-261102-9999"] {
        let status = neighbour.look_up(code, None, now).await?.err();
        let status = status.with_context(|| format!("H99.17 sees {code}"))?;
        answers.push((status.code(), status.message().to_owned(), why(&status)));
    }
    ensure!(answers[0] == answers[1], "one that is and one that never was differ: {answers:?}");
    let reason = answers[0].2.split(' ').next().unwrap_or_default();
    telling.and(
        ["officer of H99.17, an H99.14 dossier", "cán bộ H99.17, hồ sơ của H99.14"],
        [&format!("{reason}, as for one that never was"), &format!("{reason}, như hồ sơ không hề có")],
    );
    Ok(())
}

fn short(office: &str) -> &str {
    office.rsplit('/').next().unwrap_or_default()
}
