//! The store as an outsider reads it: the SQLite file, opened read-only beside the gateway, and everything that can be
//! checked from it alone.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};
use trao::dossier::invariants::outcomes_conserve;
use trao::dossier::names::{Lane, Micros};
use trao::seal::digest;
use trao::seal::frontier::Frontier;
use trao::seal::head::{Seal, verify};
use trao::seal::leaf::leaf_hash;
use trao::seal::record::Record;

/// One row of the journal.
pub struct Row {
    /// Its position.
    pub pos: u64,
    /// The record, read.
    pub record: Record,
    /// The record's bytes.
    pub bytes: Vec<u8>,
    /// The event's bytes.
    pub event: Vec<u8>,
}

/// The journal's rows, ascending.
pub fn rows(database: &Connection) -> Vec<Row> {
    let mut statement =
        database.prepare("SELECT pos, record, event FROM entry WHERE lane = 0 ORDER BY pos").unwrap();
    let rows = statement.query_map([], |row| {
        let bytes: Vec<u8> = row.get(1)?;
        let record = Record::decode(&bytes).unwrap();
        Ok(Row { pos: row.get::<_, i64>(0)? as u64, record, bytes, event: row.get(2)? })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// The seals, ascending.
pub fn seals(database: &Connection) -> Vec<Seal> {
    let mut statement = database
        .prepare("SELECT size, committed_at, root, key_id, signature FROM seal WHERE lane = 0 ORDER BY size")
        .unwrap();
    let seals = statement.query_map([], |row| {
        Ok(Seal {
            size: row.get::<_, i64>(0)? as u64,
            committed_at: Micros(row.get(1)?),
            root: row.get::<_, Vec<u8>>(2)?.try_into().unwrap(),
            key_id: u32::try_from(row.get::<_, i64>(3)?).unwrap(),
            signature: row.get::<_, Vec<u8>>(4)?.try_into().unwrap(),
        })
    });
    seals.unwrap().map(Result::unwrap).collect()
}

/// What the checks went over.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Journaled lines.
    pub entries: usize,
    /// Signed heads.
    pub seals: usize,
    /// Lines of all logs.
    pub listed: usize,
    /// Personal parts that are there and match.
    pub personal: usize,
    /// Lines whose personal part is gone.
    pub erased: usize,
}

/// Checks everything that a store's rows say of each other, and gives how much there was of it.
pub fn check(database: &Connection) -> Checked {
    // As of one moment, whatever the gateway commits meanwhile.
    let _moment = database.is_autocommit().then(|| database.unchecked_transaction().unwrap());
    let rows = rows(database);
    let mut checked = Checked { entries: rows.len(), ..Checked::default() };
    positions_are_dense_and_times_never_go_back(&rows);
    checked.seals = every_seal_is_of_the_records_before_it(database, &rows);
    checked.listed = logs_are_dense_and_list_what_concerns_their_party(database, &rows);
    (checked.personal, checked.erased) = every_digest_is_of_what_is_kept(database, &rows);
    every_key_stands_once(database, &rows);
    outcomes_conserve(&rows.iter().map(|row| row.record.told()).collect::<Vec<_>>()).unwrap();
    checked
}

fn positions_are_dense_and_times_never_go_back(rows: &[Row]) {
    let mut committed_at = Micros(0);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row.pos, index as u64 + 1, "positions are dense");
        assert_eq!((row.record.lane, row.record.pos), (Lane(0), row.pos));
        assert!(row.record.committed_at >= committed_at, "committed_at went back at {}", row.pos);
        committed_at = row.record.committed_at;
        assert_eq!(row.record.encode().unwrap(), row.bytes, "a record has one spelling");
        assert!(row.record.effective_at <= row.record.received_at, "effective after received at {}", row.pos);
    }
}

fn every_seal_is_of_the_records_before_it(database: &Connection, rows: &[Row]) -> usize {
    let identity: [u8; 16] = database
        .query_row("SELECT database FROM meta", [], |row| row.get::<_, Vec<u8>>(0))
        .unwrap()
        .try_into()
        .unwrap();
    let seals = seals(database);
    let mut frontier = Frontier::new();
    let mut at = 0;
    for seal in &seals {
        for row in &rows[at..seal.size as usize] {
            frontier.push(leaf_hash(&row.bytes));
            assert_eq!(row.record.committed_at, seal.committed_at, "a batch has one time");
            assert_eq!(row.record.database, identity);
        }
        at = seal.size as usize;
        assert_eq!(frontier.size(), seal.size);
        assert_eq!(frontier.root(), seal.root, "the root at {} is another", seal.size);
        let key: [u8; 32] = database
            .query_row(
                "SELECT public_key FROM signing_key WHERE key_id = ?1",
                [i64::from(seal.key_id)],
                |row| row.get::<_, Vec<u8>>(0),
            )
            .unwrap()
            .try_into()
            .unwrap();
        let epoch = rows[at - 1].record.epoch;
        verify(&key, &identity, Lane(0), &epoch, seal).unwrap();
        // The same signature is of nothing else.
        let mut other = seal.clone();
        other.committed_at = Micros(seal.committed_at.0 + 1);
        assert!(verify(&key, &identity, Lane(0), &epoch, &other).is_err());
    }
    assert_eq!(at, rows.len(), "every record is under a seal");
    let kept: Vec<u8> =
        database.query_row("SELECT frontier FROM lane WHERE lane = 0", [], |row| row.get(0)).unwrap();
    assert_eq!(Frontier::decode(&kept).unwrap(), frontier, "the lane's frontier is the records'");
    seals.len()
}

fn logs_are_dense_and_list_what_concerns_their_party(database: &Connection, rows: &[Row]) -> usize {
    let mut parties = BTreeMap::new();
    let mut statement = database.prepare("SELECT id, name FROM party").unwrap();
    let named =
        statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap();
    for (id, name) in named.map(Result::unwrap) {
        parties.insert(id, String::from_utf8(name).unwrap());
    }
    let mut of_party: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    for (party, seq, pos) in log_lines(database) {
        let log = of_party.entry(party).or_default();
        log.push(pos);
        assert_eq!(seq, log.len() as u64, "the log of {} is dense", parties[&party]);
    }
    let mut listed = 0;
    for (id, name) in &parties {
        let concerned = |row: &&Row| row.record.parties.iter().any(|party| party.as_str() == name);
        let wanted: Vec<u64> = rows.iter().filter(concerned).map(|row| row.pos).collect();
        let log = of_party.remove(id).unwrap_or_default();
        assert_eq!(log, wanted, "the log of {name} lists what concerns it, in the order of the journal");
        listed += log.len();
    }
    assert!(of_party.is_empty(), "no log is of nobody");
    assert!(rows.iter().all(|row| !row.record.parties.is_empty()), "every record concerns somebody");
    listed
}

fn every_digest_is_of_what_is_kept(database: &Connection, rows: &[Row]) -> (usize, usize) {
    let (mut personal, mut erased) = (0, 0);
    for row in rows {
        assert_eq!(digest::digest(&row.event), row.record.event_digest, "the event at {}", row.pos);
        let kept = database
            .query_row(
                "SELECT salt, body, erased FROM personal WHERE lane = 0 AND pos = ?1",
                [row.pos as i64],
                |found| {
                    Ok((found.get::<_, Vec<u8>>(0)?, found.get::<_, Vec<u8>>(1)?, found.get::<_, i64>(2)?))
                },
            )
            .optional()
            .unwrap();
        match kept {
            Some((salt, body, 0)) => {
                let salt: [u8; 16] = salt.try_into().unwrap();
                assert_ne!(salt, [0; 16]);
                assert_eq!(
                    digest::personal_digest(&salt, &body),
                    row.record.personal_digest,
                    "at {}",
                    row.pos
                );
                personal += 1;
            }
            Some((salt, body, _)) => {
                assert!(salt.iter().chain(&body).all(|byte| *byte == 0), "erased means zeros");
                assert_ne!(row.record.personal_digest, digest::NONE);
                erased += 1;
            }
            None if row.record.personal_digest != digest::NONE => erased += 1,
            None => {}
        }
    }
    (personal, erased)
}

fn every_key_stands_once(database: &Connection, rows: &[Row]) {
    let keys: i64 =
        database.query_row("SELECT count(*) FROM event_key WHERE lane = 0", [], |row| row.get(0)).unwrap();
    assert_eq!(keys as usize, rows.len(), "one key for every line");
    let mut seen = BTreeMap::new();
    for row in rows.iter().filter(|row| row.record.placed_from.is_none()) {
        let fact = row.record.request_digest == digest::NONE;
        if fact {
            let key = (row.record.source.clone(), row.record.client_event_id.clone());
            assert_eq!(seen.insert(key.clone(), row.pos), None, "{key:?} stands twice");
        }
    }
}

/// Every line of every log: party, number, position. A row holds a run of them; the steps from each position to the next
/// are written in groups of seven bits, the low one first.
fn log_lines(database: &Connection) -> Vec<(i64, u64, u64)> {
    let select = "SELECT party, seq, lines, pos, steps FROM log_run WHERE lane = 0 ORDER BY party, seq";
    let mut statement = database.prepare(select).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let number = |at: usize| row.get::<_, i64>(at).unwrap();
        let (party, seq, mut pos) = (number(0), number(1) as u64, number(3) as u64);
        let steps: Vec<u8> = row.get(4).unwrap();
        let before = lines.len();
        lines.push((party, seq, pos));
        for step in steps.split_inclusive(|group| group & 0x80 == 0) {
            let step = step.iter().rev().fold(0, |step, group| step << 7 | u64::from(group & 0x7f));
            pos += step;
            lines.push((party, seq + (lines.len() - before) as u64, pos));
        }
        assert_eq!(lines.len() - before, number(2) as usize, "a run says how many lines it has");
    }
    lines
}
