//! The ledger: what the gateway answers after the day, added up and asserted.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;

use super::Telling;
use super::child::Child;
use super::hands::{Hand, at};
use crate::doors::wire::v1;
use crate::dossier::invariants::{self, Told};
use crate::dossier::leg::HolderKind;
use crate::seal::record::Record;
use v1::dossier_service_client::DossierServiceClient;
use v1::feed_service_client::FeedServiceClient;
use v1::leg_service_client::LegServiceClient;

/// The day's figures, as the story makes them.
const INBOUND: usize = 8;
const INBOUND_HANDED_OVER: usize = 1;
const INBOUND_WITH_POST: usize = 5;
const INBOUND_WITH_CITIZEN: usize = 2;
const RESULTS: usize = 40;
const RESULTS_DELIVERED: usize = 37;
const RESULTS_HELD: usize = 1;
const RESULTS_UNDELIVERED: usize = 2;
const DOSSIERS: usize = 41;

/// Whose logs are read, one reader for each party: a party's log must be dense from its first number to its bookmark.
const READERS: &[&str] = &["clerk", "department", "commune", "centre", "neighbour", "province"];

/// Reads the ledger and asserts it. The first time every reader's bookmark is kept; `again`, each goes on from there, as a
/// partner's software would: a log that lost its end is found out.
pub(super) async fn check(
    gateway: &Child,
    data: &Path,
    telling: &Telling,
    again: bool,
) -> anyhow::Result<()> {
    let clerk = Hand::of(gateway, data, "clerk", "").await?;
    let department = Hand::of(gateway, data, "department", "").await?;
    let commune = Hand::of(gateway, data, "commune", "").await?;
    who_sees_what(gateway, data, telling).await?;

    let log = read_log(&clerk).await.context("the carrier's log")?.0;
    for name in READERS {
        let hand = Hand::of(gateway, data, name, "").await?;
        let kept = data.join("bookmarks").join(name);
        let (_, bookmark) = read_log(&hand).await.with_context(|| format!("the log of {name}"))?;
        if again {
            go_on(&hand, &kept).await.with_context(|| format!("the log of {name}"))?;
        } else {
            keep(&kept, &bookmark)?;
        }
    }
    let told: Vec<Told> = log.iter().map(Record::told).collect();
    invariants::outcomes_conserve(&told)
        .map_err(|why| anyhow::anyhow!("an envelope was in other hands: {why}"))?;
    let conserved = told.len();
    let legs = all_legs(&clerk).await?;
    let count = |kind: v1::LegKind, states: &[v1::LegState]| {
        let states: Vec<i32> = states.iter().map(|state| i32::from(*state)).collect();
        legs.iter()
            .filter(|leg| leg.kind == i32::from(kind) && (states.is_empty() || states.contains(&leg.state)))
            .count()
    };
    let held_by = |kind: v1::LegKind, holder: v1::HolderKind| {
        let by = |leg: &&v1::Leg| leg.holder.as_ref().is_some_and(|h| h.kind == i32::from(holder));
        legs.iter().filter(|leg| leg.kind == i32::from(kind)).filter(by).count()
    };
    use v1::{HolderKind as Who, LegKind as Kind, LegState as State};
    let dossiers = count_dossiers(&department).await? + count_dossiers(&commune).await?;
    let figures = [
        ("inbound legs", count(Kind::Inbound, &[]), INBOUND),
        ("inbound handed over", count(Kind::Inbound, &[State::HandedOver]), INBOUND_HANDED_OVER),
        ("inbound with the post", held_by(Kind::Inbound, Who::Post), INBOUND_WITH_POST),
        ("inbound with the citizen", held_by(Kind::Inbound, Who::Citizen), INBOUND_WITH_CITIZEN),
        ("results sent", count(Kind::Outbound, &[]), RESULTS),
        ("results delivered", count(Kind::Outbound, &[State::Delivered]), RESULTS_DELIVERED),
        ("results held", count(Kind::Outbound, &[State::Held]), RESULTS_HELD),
        ("results undelivered", count(Kind::Outbound, &[State::Undelivered]), RESULTS_UNDELIVERED),
        ("on the way back", count(Kind::ReturnToAgency, &[State::Returning]), RESULTS_UNDELIVERED),
        ("dossiers", dossiers, DOSSIERS),
    ];
    telling.plain("Ledger                       read   due", "Sổ đối chiếu                 đọc    phải có");
    let mut wrong = Vec::new();
    for (name, read, due) in figures {
        let mark = if read == due { "✓" } else { "✗" };
        telling.plain(
            &format!("  {name:<24} {read:>6} {due:>5}  {mark}"),
            &format!("  {name:<24} {read:>6} {due:>5}  {mark}"),
        );
        if read != due {
            wrong.push(format!("{name}: read {read}, due {due}"));
        }
    }
    if !wrong.is_empty() {
        bail!("the ledger does not hold: {}", wrong.join("; "));
    }
    telling.plain(
        &format!("  one pair of hands for every envelope at each of the carrier's {conserved} events · 0 lost · 0 twice"),
        &format!("  mỗi bưu gửi luôn ở đúng một nơi giữ qua {conserved} mốc của bưu chính · mất 0 · trùng 0"),
    );
    Ok(())
}

/// Each asks, and sees what is theirs.
async fn who_sees_what(gateway: &Child, data: &Path, telling: &Telling) -> anyhow::Result<()> {
    telling.plain("What each of them sees at 18:00", "Lúc 18:00 mỗi người thấy gì");
    for (name, code, english) in [
        ("commune", "RA990000010VN", "commune officer, the morning's envelope"),
        ("clerk", "EE990002055VN", "post clerk, the Telex scan"),
        ("department", "EA990003016VN", "department, a result"),
        ("province", "EA990003016VN", "province, the same result"),
    ] {
        let dossier = look_up(gateway, data, name, code)
            .await?
            .with_context(|| format!("{name} does not find {code}"))?;
        let leg = dossier.legs.first().context("a dossier without a leg")?;
        let state = v1::LegState::try_from(leg.state)
            .map(|state| state.as_str_name().trim_start_matches("LEG_STATE_").to_owned());
        let holder = leg
            .holder
            .as_ref()
            .and_then(|holder| HolderKind::from_number(holder.kind))
            .map_or("", HolderKind::text);
        telling.at("     ", english, english, &format!("{code} {} · {holder}", state.unwrap_or_default()));
    }
    let foreign = look_up(gateway, data, "neighbour", "EA990003016VN").await?;
    let never = look_up(gateway, data, "neighbour", "EA999999995VN").await?;
    ensure!(foreign.is_none() && never.is_none(), "a neighbour sees what is not its own");
    telling.at(
        "     ",
        "officer of H99.17 asks for it too",
        "cán bộ H99.17 cũng hỏi",
        "NOT_FOUND, as for one that never was",
    );
    Ok(())
}

async fn look_up(
    gateway: &Child,
    data: &Path,
    name: &str,
    code: &str,
) -> anyhow::Result<Option<v1::Dossier>> {
    let hand = Hand::of(gateway, data, name, "").await?;
    let key = v1::get_dossier_request::Key::Code(v1::Code { value: code.to_owned(), ..v1::Code::default() });
    let request = v1::GetDossierRequest { key: Some(key), at: None };
    let answer =
        DossierServiceClient::new(hand.channel()).get_dossier(hand.ask(request, at("18:00", 0))?).await;
    match answer {
        Ok(answer) => Ok(answer.into_inner().dossier),
        Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
        Err(status) => bail!("{name} asked for {code}: {}", status.message()),
    }
}

/// A party's whole log, which must be dense.
async fn read_log(hand: &Hand) -> anyhow::Result<(Vec<Record>, Bytes)> {
    let mut feed = FeedServiceClient::new(hand.channel());
    let mut records = Vec::new();
    let mut start = None;
    loop {
        let request = v1::PullEventsRequest { start, page_size: 1_000, ..v1::PullEventsRequest::default() };
        let page = feed.pull_events(hand.ask(request, at("18:00", 0))?).await?.into_inner();
        for event in &page.events {
            let due = records.len() as u64 + 1;
            ensure!(event.seq == due, "number {due} is missing: after {} comes {}", due - 1, event.seq);
            records.push(Record::decode(&event.record).context("read a record")?);
        }
        if page.caught_up {
            return Ok((records, page.next_cursor));
        }
        start = Some(v1::pull_events_request::Start::Cursor(page.next_cursor));
    }
}

/// Keeps a reader's bookmark.
fn keep(path: &Path, bookmark: &Bytes) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).context("make the folder of bookmarks")?;
    }
    fs::write(path, bookmark).context("keep a bookmark")
}

/// Goes on from a kept bookmark: the gateway refuses one that is ahead of its log.
async fn go_on(hand: &Hand, kept: &Path) -> anyhow::Result<()> {
    let cursor = Bytes::from(fs::read(kept).with_context(|| format!("read {}", kept.display()))?);
    let start = Some(v1::pull_events_request::Start::Cursor(cursor));
    let request = v1::PullEventsRequest { start, page_size: 1, ..v1::PullEventsRequest::default() };
    let pulled = FeedServiceClient::new(hand.channel()).pull_events(hand.ask(request, at("18:00", 0))?).await;
    match pulled {
        Ok(_) => Ok(()),
        Err(status) => bail!("its end is missing: {}", status.message()),
    }
}

async fn all_legs(hand: &Hand) -> anyhow::Result<Vec<v1::Leg>> {
    let mut client = LegServiceClient::new(hand.channel());
    let mut legs = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListLegsRequest { page_size: 1_000, page_token, ..v1::ListLegsRequest::default() };
        let page = client.list_legs(hand.ask(request, at("18:00", 0))?).await?.into_inner();
        legs.extend(page.legs);
        if page.next_page_token.is_empty() {
            return Ok(legs);
        }
        page_token = page.next_page_token;
    }
}

async fn count_dossiers(hand: &Hand) -> anyhow::Result<usize> {
    let mut client = DossierServiceClient::new(hand.channel());
    let request = v1::ListDossiersRequest { page_size: 1_000, ..v1::ListDossiersRequest::default() };
    let page = client.list_dossiers(hand.ask(request, at("18:00", 0))?).await?.into_inner();
    Ok(page.dossiers.len())
}
