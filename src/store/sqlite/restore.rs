//! A store made of a backup: copied, proved whole, and in an epoch of its own before anybody can serve it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use rusqlite::{Connection, params};

use super::backup::{Unfinished, copy_file, must_be_empty};
use super::folder::{self, DATABASE, LOG, SEAL_KEY};
use super::rows::{all, each, lane, place};
use super::{Admin, connection, read, reader, schema, sql};
use crate::dossier::names::{Lane, Micros, Position};
use crate::seal::keyring::Key;
use crate::store::meaning;
use crate::store::proof::Proof;
use crate::store::row::Row as _;
use crate::store::{Error, Head, Stored};

/// Bytes copied between two reports of progress.
const CHUNK: usize = 4 << 20;

/// Makes a store in a new folder of the folder that [`super::backup`] made, and begins an epoch in it. `progress` is told
/// what is done, how much of it, and how much there is. Whatever fails, nothing is left of the new folder. The heads of the
/// store that is there then.
pub fn restore(
    backup: &Path,
    target: &Path,
    epoch: &[u8; 16],
    now: Micros,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<Vec<Head>, Error> {
    must_be_empty(target, "the folder to restore into")?;
    must_be_a_backup(backup)?;
    let unfinished = Unfinished::make(target)?;
    let step = "copy the backup";
    let file = unfinished.path().join(DATABASE);
    copy_database(&backup.join(DATABASE), &file, progress).map_err(Error::failed(step))?;
    let key = unfinished.path().join(SEAL_KEY);
    copy_file(&backup.join(SEAL_KEY), &key).map_err(Error::failed(step))?;
    Key::load(&key).map_err(Error::failed("read the backup's seal.key"))?;

    let mut opened = open(&file)?;
    schema::migrate(&mut opened, now)?;
    if !reader::identity(&opened)?.copied {
        return Err(Error::Unfit(
            "that folder is a store, not a backup: make one of it with `trao backup`, then restore that"
                .into(),
        ));
    }
    let heads = prove(&opened, progress)?;
    let mut admin = Admin::open(unfinished.path())?;
    admin.begin_epoch(epoch)?;
    // Closing the last connection empties the log into the file.
    admin.close()?;
    opened.close().map_err(|(_, e)| e).map_err(Error::failed(step))?;
    File::open(&file).and_then(|file| file.sync_all()).map_err(Error::failed(step))?;
    unfinished.finish(target).map_err(Error::failed("finish the restored folder"))?;
    Ok(heads)
}

fn must_be_a_backup(folder: &Path) -> Result<(), Error> {
    for name in [DATABASE, SEAL_KEY] {
        if !folder.join(name).is_file() {
            return Err(Error::Unfit(format!("that folder is no backup: it holds no {name}")));
        }
    }
    match fs::metadata(folder.join(LOG)) {
        Ok(log) if log.len() > 0 => Err(Error::Unfit(
            "the backup was written to since it was made (trao.db-wal): make a backup of it with `trao backup`".into(),
        )),
        _ => Ok(()),
    }
}

fn copy_database(from: &Path, to: &Path, progress: &mut dyn FnMut(&'static str, u64, u64)) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut copy = folder::make_file(to)?;
    let (mut done, size) = (0, from.metadata()?.len());
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = from.read(&mut chunk)?;
        if count == 0 {
            return copy.sync_all();
        }
        copy.write_all(&chunk[..count])?;
        done += count as u64;
        progress("copying", done, size);
    }
}

/// Opens a file that may be torn.
fn open(file: &Path) -> Result<Connection, Error> {
    let torn = |why: String| Error::Unfit(format!("the backup is torn: {why}"));
    let opened = connection::writing(file).map_err(|error| torn(crate::telemetry::chain(&error)))?;
    let found = opened.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    match found {
        Ok(said) if said == "ok" => Ok(opened),
        Ok(said) => Err(torn(said)),
        Err(error) => Err(torn(error.to_string())),
    }
}

/// Holds every record and seal to each other. The heads they lead to.
fn prove(
    connection: &Connection,
    progress: &mut dyn FnMut(&'static str, u64, u64),
) -> Result<Vec<Head>, Error> {
    let database = reader::identity(connection)?.database;
    let keys = all(connection, "read signing keys", sql::ALL_SIGNING_KEYS, [], |row| {
        Ok((row.number::<u32>(0)?, row.array::<32>(1)?))
    })?;
    let keys: BTreeMap<u32, [u8; 32]> = keys.into_iter().collect();
    let lanes = all(connection, "read lanes", sql::ALL_LANES, [], |row| row.lane(0))?;
    let mut heads = Vec::new();
    for of in lanes {
        let head = read::head(connection, of)?;
        let mut proof = Proof::new(database, of, keys.clone());
        each(connection, "read seals", sql::ALL_SEALS, [lane(of)], |row| {
            let seal = meaning::seal(row)?;
            entries_upto(connection, of, seal.size, &mut proof)?;
            proof.seal(&seal)?;
            progress("checking", proof.pos(), head.pos);
            Ok(true)
        })?;
        proof.end(&head)?;
        heads.push(head);
    }
    Ok(heads)
}

fn entries_upto(connection: &Connection, of: Lane, size: u64, proof: &mut Proof) -> Result<(), Error> {
    let upto = |pos| place(Position { lane: of, pos });
    let between = params![upto(proof.pos()), upto(size)];
    each(connection, "read entries", sql::ENTRIES_BETWEEN, between, |row| {
        let (record, event) = (row.bytes(1)?.into(), row.bytes(2)?.into());
        proof.entry(&Stored { pos: row.number(0)?, record, event, prev: 0 })?;
        Ok(true)
    })
}
