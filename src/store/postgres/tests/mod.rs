//! What only a PostgreSQL store has to prove.

mod catalogue;
#[path = "../../../../tests/cluster/mod.rs"]
mod cluster;
mod settings;
mod writers;

pub(in crate::store) use cluster::Cluster;

use crate::dossier::names::Micros;
use crate::store::postgres::{Database, Founding, migrate};

/// A new store in a cluster.
async fn founded(cluster: &Cluster) -> Database {
    founded_at(&cluster.empty_schema()).await
}

/// A new store where a URL says.
async fn founded_at(url: &str) -> Database {
    let database = Database::of_url(url).unwrap();
    let founding = Founding { database: [1; 16], epoch: [2; 16] };
    assert!(migrate(&database, founding, Micros(0)).await.unwrap().1);
    database
}
