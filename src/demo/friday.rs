//! The Friday and the days before it, in the order in which everything happened.

use std::path::Path;

use anyhow::Context;

use super::cast::People;
use super::child::Child;
use super::hands::Acknowledged;
use super::ledger::Counted;
use super::scenes::interlinked::File;
use super::scenes::{commune, counter, door, killed, neighbour, office, offline, orders, results, run_close};
use super::telling::Telling;

/// Everybody, the gateway they talk to, and what was counted on the way.
pub(super) struct Day<'a> {
    pub gateway: &'a mut Child,
    pub people: People,
    pub telling: &'a Telling,
    pub counted: Counted,
}

/// Lives the days; answers with what was counted and with everything that was acknowledged.
pub(super) async fn live(
    gateway: &mut Child,
    data: &Path,
    telling: &Telling,
) -> anyhow::Result<(Counted, Acknowledged)> {
    let acknowledged = Acknowledged::default();
    let people = People::at_work(gateway, data, &acknowledged).await?;
    let mut day = Day { gateway, people, telling, counted: Counted::default() };
    let day = &mut day;

    let mut file = File::begin(day).await.context("a file leaves the commune")?;
    file.goes_to_the_ministry(day).await.context("the file goes to the ministry")?;
    results::handed_over(day).await.context("the results are handed over")?;
    offline::leaves(day).await.context("postman 3 leaves")?;
    file.leaves_the_ministry(day).await.context("the file leaves the ministry")?;
    orders::by_telephone(day).await.context("the pick-ups are ordered")?;

    door::at_the_door(day).await.context("at the door")?;
    door::other_doors(day).await.context("at the other doors")?;
    office::scans(day).await.context("scans at the office")?;
    results::on_the_run(day).await.context("the results leave for the run")?;
    file.back_at_the_centre(day).await.context("the file is back at the centre")?;
    office::bag(day).await.context("the bag")?;
    commune::accepts(day).await.context("at the commune")?;
    neighbour::delivers(day).await.context("the neighbour")?;
    offline::keyed_from_paper(day).await.context("the office keys a paper run")?;
    neighbour::revoked(day).await.context("the deliveries are revoked")?;
    offline::comes_back(day).await.context("postman 3 comes back")?;
    killed::while_delivering(day).await.context("the gateway is killed")?;
    results::last_scans(day).await.context("the last scans of the runs")?;
    counter::hands_over(day).await.context("at the centre's counter")?;
    file.on_the_road(day).await.context("the file leaves the centre")?;
    orders::not_by_post(day).await.context("an order that may not be")?;
    run_close::told(day).await.context("the runs are closed")?;
    Ok((std::mem::take(&mut day.counted), acknowledged))
}
