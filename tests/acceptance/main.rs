//! Owns: the acceptance: four years of one province's post, generated, driven through a real gateway over real streams, and
//! reported; the published figures must come out to the digit, from SQLite and after `trao copy` from PostgreSQL.
//! Never: looks into a store; what is compared is what `trao report` prints.
//!
//! `make acceptance` replays the whole; `cargo test` a few months of it, scaled down. docs/acceptance.md tells what is
//! replayed and what of it is invented.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must say where")]

mod chance;
#[path = "../cluster/mod.rs"]
mod cluster;
mod drive;
mod enter;
mod figures;
mod history;
mod journey;
mod judge;
mod progress;
#[allow(dead_code, reason = "the other tests use more of it")]
mod support;
mod town;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::ensure;

use cluster::Cluster;
use drive::Drive;
use figures::Plan;
use history::History;
use judge::Judge;
use progress::Progress;
use support::gateway::{Gateway, trao};
use town::Town;

/// The name under which `cargo test` knows it.
const NAME: &str = "acceptance::four_years_of_a_province_come_out_to_the_digit_when_scaled_down";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--whole") {
        return ended(replay(&Plan::whole(), true));
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    if !filters.is_empty() && !filters.iter().any(|filter| NAME.contains(*filter)) {
        return ExitCode::SUCCESS;
    }
    let shown = arguments.iter().any(|argument| argument == "--small");
    let code = ended(replay(&Plan::small(), shown));
    println!("test {NAME} ... {}", if code == ExitCode::SUCCESS { "ok" } else { "FAILED" });
    code
}

fn ended(replayed: anyhow::Result<Vec<String>>) -> ExitCode {
    match replayed {
        Ok(wrong) if wrong.is_empty() => ExitCode::SUCCESS,
        Ok(wrong) => {
            wrong.iter().for_each(|wrong| eprintln!("WRONG {wrong}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("the replay did not come to its end: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Replays a plan; what does not come to what it must.
fn replay(plan: &Plan, shown: bool) -> anyhow::Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(replayed(plan, shown))
}

async fn replayed(plan: &Plan, shown: bool) -> anyhow::Result<Vec<String>> {
    let began = Instant::now();
    let (history, town) = (History::of(plan), Town::of(plan));
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let gateway = Gateway::start_on(&data, drive::replaying());
    let callers = enter::enter(&gateway, &town).await?;
    let progress = Progress::over((plan.received + plan.returned) * 3);
    let mut drive = Drive::of(gateway, callers, progress.clone());
    for month in 0..history.months() {
        let killed = plan.killed_in.contains(&month);
        drive.live(&history.name(month), history.month(month), killed).await?;
    }
    drive.live("afterwards", history.afterwards(), false).await?;
    let told = drive.told();
    let of = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    let line = format!(
        "{} events journaled, {} sent again and answered as before, killed {} times, {:.0} a second",
        of(&told.recorded),
        of(&told.replayed),
        drive.killed,
        progress.rate()
    );
    let mut wrong = Vec::new();
    let unplaced = told.unplaced.lock().unwrap().clone();
    if let Some(first) = unplaced.first() {
        wrong.push(format!("{} events found no leg, the first of them {first}", unplaced.len()));
    }
    if drive.killed != plan.killed_in.len() as u64 || of(&told.replayed) == 0 {
        wrong.push("the noise was not made".to_owned());
    }
    let (mut gateway, callers) = drive.done();
    println!("{line}\n");

    let expected = history.expected();
    let mut on_file = Judge::of(plan, &expected, &gateway, &callers.province)?;
    on_file.judge(shown)?;
    wrong.extend(on_file.wrong.iter().map(|wrong| format!("from the file: {wrong}")));
    let reported = Instant::now();
    gateway.stop();

    let cluster = Cluster::start();
    let file = folder.path().join("database");
    fs::write(&file, cluster.url())?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    copy(&data, &file)?;
    let database = Gateway::start_on_database_with(&cluster.url(), drive::replaying());
    let copied = reported.elapsed();
    let mut in_database = Judge::of(plan, &expected, &database, &callers.province)?;
    in_database.judge(false)?;
    wrong.extend(in_database.wrong.iter().map(|wrong| format!("from the database: {wrong}")));

    println!("{}", told_at_the_end(plan, wrong.is_empty()));
    println!(
        "moved to PostgreSQL in {:.0} s; the whole took {:.0} s",
        copied.as_secs_f64(),
        began.elapsed().as_secs_f64()
    );
    Ok(wrong)
}

fn copy(data: &Path, database_file: &Path) -> anyhow::Result<()> {
    let mut command = trao();
    command.arg("copy").arg("--data").arg(data).arg("--database-file").arg(database_file);
    let output = command.output()?;
    ensure!(output.status.success(), "trao copy: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn told_at_the_end(plan: &Plan, exact: bool) -> String {
    let gaps = figures::GAPS.join("\n");
    let verdict =
        if exact { "Every figure is exact, from SQLite and from PostgreSQL." } else { "Figures are WRONG." };
    format!(
        "{gaps}\nInvented: how the sums are split over months, levels of dossiers, agencies, offices and minutes; all names; \
         and the noise that changes no digit.\n{} procedures, {} by post, {} received, {} returned. {verdict}",
        plan.procedures(),
        plan.by_post(),
        plan.received,
        plan.returned
    )
}
