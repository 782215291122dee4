//! Where the store is on its way to a database, as whoever writes finds it inside its transaction. The marks of whoever
//! copies lapse unless they are said again: a copier that died stops nobody for long. That a mark has lapsed is decided by
//! the first who writes after it, together with what it writes; whoever copies finds that decided.

use rusqlite::{Connection, params};

use super::rows::{lane, one, run};
use super::sql;
use crate::dossier::names::Lane;
use crate::store::copy::Touched;
use crate::store::meaning::{phase, phase_number};
use crate::store::numbers::kept;
use crate::store::row::Row as _;
use crate::store::{Error, Phase, codec};

/// No mark is made for longer: one that counts longer was made by another clock.
const LONGEST_US: i64 = 300_000_000;
const STEP: &str = "read phase rows";

/// Lets a writer in that holds the file, or refuses it; whether it must note what it changes.
pub(super) fn enter(connection: &Connection) -> Result<bool, Error> {
    let (phase, left) = now(connection)?;
    let counts = (0..LONGEST_US).contains(&left);
    match phase {
        Phase::Serving => Ok(false),
        Phase::Copying if counts => Ok(true),
        Phase::Moving if counts => Err(Error::Moving),
        Phase::Copying | Phase::Moving => {
            tracing::warn!("whoever copied the store is gone: nothing is noted for it any more");
            run(connection, "end a phase", sql::SET_PHASE, [phase_number(Phase::Serving), 0])?;
            Ok(false)
        }
        Phase::Moved => Err(Error::Moved),
        Phase::Filling => Err(Error::Corrupt { what: "phase" }),
    }
}

/// The phase, and for how many microseconds it counts.
pub(super) fn now(connection: &Connection) -> Result<(Phase, i64), Error> {
    let found = one(connection, STEP, sql::PHASE, [], |row| {
        Ok((row.known(0, |number| phase(number.into()))?, row.int(1)?))
    })?;
    found.ok_or(Error::Corrupt { what: "phase" })
}

/// Notes what was changed, under the version that it leaves the lane with.
pub(super) fn note(connection: &Connection, of: Lane, version: u64, touched: &Touched) -> Result<(), Error> {
    let step = "note what is changed";
    let row = params![lane(of), kept(step, version)?, codec::encode(step, touched)?];
    run(connection, step, sql::INSERT_TOUCHED, row).map(drop)
}
