//! `trao copy`: a store moves from its folder to a database.

use serde_json::json;

use super::bar::Bar;
use super::{Error, must_hold_a_store, now, wait};
use crate::config::CopyOptions;
use crate::doors::cli::{Output, note};
use crate::doors::wire::time;
use crate::dossier::names::Position;
use crate::random::{Random, SystemRandom};
use crate::store::{copy, postgres};

/// Copies a folder's store into a database, and moves to it.
pub fn copy(options: &CopyOptions, output: &mut Output) -> Result<(), Error> {
    must_hold_a_store(&options.data)?;
    let database =
        postgres::Database::of_file(&options.database_file).map_err(Error::store("read --database-file"))?;
    let mut number = [0; 8];
    SystemRandom.fill(&mut number);
    // Which copy it is; never zero, which is none.
    let number = i64::from_be_bytes(number) | 1;
    let mut bar = Bar::new();
    let mut progress = |what, done, all| bar.show(what, done, all);
    let copied = wait(copy::copy(&options.data, &database, number, now(), &mut progress))?;
    drop(bar);
    let copied = copied.map_err(Error::store("move the store"))?;
    let positions = copied.heads.iter().map(|head| Position { lane: head.lane, pos: head.pos });
    if options.json {
        output.json(&json!({
            "positions": positions.map(|position| position.to_string()).collect::<Vec<_>>(),
            "rows": copied.rows,
            "held_ms": u64::try_from(copied.held.as_millis()).unwrap_or(u64::MAX),
            "moved_before": copied.before,
        }))?;
        output.flush()?;
        return Ok(());
    }
    for (head, position) in copied.heads.iter().zip(positions) {
        note(&format!("moved up to position {position}, {}", time::to_rfc3339(head.sealed_at)));
    }
    match copied.heads.is_empty() {
        true => note("the store had been copied and proved before; it is moved"),
        false => note(&format!(
            "{} rows are in the database as in the folder; writes were refused for {} ms",
            copied.rows,
            copied.held.as_millis()
        )),
    }
    note("next: end the gateway of the folder, and trao serve with --database-file and another --data");
    Ok(())
}
