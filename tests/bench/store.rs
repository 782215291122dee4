//! Where a gateway keeps its journal: in its folder, or in a database that other gateways serve too.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, ensure};
use trao::dossier::names::Lane;
use trao::store::sqlite;

use super::cluster::Cluster;

/// What the cluster is told beyond what tests tell theirs: what whoever runs it for long sets first. What durability hangs
/// on is as it comes: on.
const SETTINGS: [(&str, &str); 3] =
    [("shared_buffers", "256MB"), ("max_wal_size", "2GB"), ("checkpoint_timeout", "15min")];

/// A store.
#[derive(Clone)]
pub struct Store {
    /// The gateway's own.
    folder: PathBuf,
    database: Option<Arc<Database>>,
}

/// A database in a cluster of its own.
pub struct Database {
    /// The cluster.
    pub cluster: Cluster,
    /// Holds its URL.
    file: PathBuf,
}

impl Store {
    /// A store in a folder.
    pub fn folder(folder: &Path) -> Store {
        Store { folder: folder.to_owned(), database: None }
    }

    /// A store in a database, for a gateway with this folder.
    pub fn database(folder: &Path, database: &Arc<Database>) -> Store {
        Store { folder: folder.to_owned(), database: Some(Arc::clone(database)) }
    }

    /// Names it to who serves it.
    pub fn served_by(&self, command: &mut Command) {
        command.arg("--data").arg(&self.folder);
        if let Some(database) = &self.database {
            command.arg("--database-file").arg(&database.file);
        }
    }

    /// Names it to who keeps it.
    pub fn kept_by(&self, command: &mut Command) {
        match &self.database {
            None => command.arg("--data").arg(&self.folder),
            Some(database) => command.arg("--database-file").arg(&database.file),
        };
    }

    /// Where its gateway says where its metrics are.
    pub fn admin_file(&self) -> PathBuf {
        self.folder.join("admin.addr")
    }

    /// The last position of the journal, where others than its gateway know it while it is served.
    pub fn position(&self) -> anyhow::Result<Option<u64>> {
        self.database.as_ref().map(|database| database.number("SELECT sum(pos) FROM lane")).transpose()
    }

    /// Events stored, when no gateway serves it.
    pub fn events(&self) -> anyhow::Result<u64> {
        let Some(database) = &self.database else {
            return Ok(sqlite::Reader::open(&self.folder)?.head(Lane::default())?.pos);
        };
        let events = database.number("SELECT count(*) FROM entry")?;
        let keys = database.number("SELECT count(DISTINCT (lane, pos)) FROM event_key")?;
        ensure!(self.position()? == Some(events) && keys == events, "{events} events, {keys} of a key");
        Ok(events)
    }
}

impl Database {
    /// An empty one; the file that names it is made in this folder. It ends when it is dropped, or with this process.
    pub fn start(folder: &Path) -> anyhow::Result<Database> {
        let cluster = Cluster::start_with(&SETTINGS);
        let file = folder.join("database");
        // Who owns the file may read it, and nobody else.
        let mut opened =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file)?;
        opened.write_all(cluster.url().as_bytes())?;
        Ok(Database { cluster, file })
    }

    /// How much was ever written to its log.
    pub fn log_bytes(&self) -> anyhow::Result<u64> {
        self.number("SELECT (pg_current_wal_lsn() - '0/0')::bigint")
    }

    /// What the journal's tables take, with their indexes.
    pub fn table_bytes(&self) -> anyhow::Result<u64> {
        self.number(
            "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
             WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
        )
    }

    /// The one number that SQL gives.
    pub fn number(&self, sql: &str) -> anyhow::Result<u64> {
        let told = self.cluster.sql(sql);
        told.parse().with_context(|| format!("{sql}: {told}"))
    }
}

/// A store in a folder, whose gateway has ended, under another name.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir(to)?;
    ensure!(!from.join("trao.db-wal").exists(), "a gateway that was stopped leaves no log behind");
    for file in ["trao.db", "seal.key"] {
        fs::copy(from.join(file), to.join(file)).with_context(|| format!("copy {file}"))?;
    }
    Ok(())
}
