//! A database that was restored from its own backup begins an epoch.

use super::database::Database;
use super::link::Link;
use super::rows::{all, ask, one};
use super::{read, schema, sql};
use crate::dossier::names::Lane;
use crate::store::row::Row as _;
use crate::store::{Error, Head};

/// Begins an epoch in a database that was restored, unless gateways or other commands are connected to it. The heads that
/// it was restored to.
pub async fn restored(database: &Database, epoch: &[u8; 16]) -> Result<Vec<Head>, Error> {
    let step = "begin an epoch";
    let mut link = Link::new(database.clone());
    // CANCEL: what was not committed is undone.
    schema::check(&mut link).await?;
    link.run(step, ask!(sql::BEGIN)).await?;
    link.run(step, ask!(sql::END_EPOCH)).await?;
    let others = one(&mut link, "read sessions", ask!(sql::OTHER_SESSIONS), |row| row.int(0)).await?;
    if others != Some(0) {
        return Err(Error::Unfit(
            "gateways are connected to the database: end every one of them first, or their readers would miss events"
                .into(),
        ));
    }
    let lanes: Vec<Lane> = all(&mut link, "read lanes", ask!(sql::ALL_LANES), |row| row.lane(0)).await?;
    let mut heads = Vec::new();
    for of in lanes {
        heads.push(read::head(&mut link, of, sql::HEAD_LANE).await?);
    }
    link.run(step, ask!(sql::SET_EPOCH, &epoch[..])).await?;
    link.run(step, ask!(sql::SET_COPIED, 0_i64)).await?;
    link.run(step, ask!(sql::COMMIT)).await?;
    Ok(heads)
}
