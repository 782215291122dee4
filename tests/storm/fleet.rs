//! The gateways, each with a way of its own to the database, and how actors reach whichever answers.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::cluster::Cluster;
use crate::cluster::proxy::Proxy;
use crate::outside::Outside;
use crate::support::gateway::Gateway;
use crate::support::partner::reason;
use crate::weather::{Way, Weather};

/// How long a call is waited for: less than some gateways are stopped.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// A gateway's place: the process in it changes.
pub struct Place {
    /// The process; whoever breaks it holds it until it is whole again.
    pub gateway: Arc<Mutex<Gateway>>,
    /// Its way to the database.
    pub way: Proxy,
    url: RwLock<String>,
    log: PathBuf,
}

impl Place {
    /// Keeps what a process logged that has ended, for whoever wants to know why a rule is broken.
    pub fn keep(&self, log: &str) {
        let file = OpenOptions::new().create(true).append(true).open(&self.log);
        file.and_then(|mut file| file.write_all(log.as_bytes())).expect("a log");
    }
}

/// Where the gateways' logs of the last storm are.
pub fn logs() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("storm")
}

/// All of them.
pub struct Fleet {
    /// The places.
    pub places: Vec<Place>,
    /// What disturbs them.
    pub weather: Weather,
}

impl Fleet {
    /// So many gateways on a cluster.
    pub async fn start(cluster: &Cluster, gateways: usize) -> Fleet {
        let mut places = Vec::new();
        let logs = logs();
        let _none = fs::remove_dir_all(&logs);
        fs::create_dir_all(&logs).expect("a folder");
        for number in 0..gateways {
            let way = Proxy::to(cluster.port()).await;
            let url = cluster.url_at(way.port());
            let gateway = tokio::task::spawn_blocking(move || Gateway::start_on_database(&url)).await;
            let gateway = gateway.expect("a gateway");
            let url = RwLock::new(gateway.url());
            let log = logs.join(format!("gateway-{number}.log"));
            places.push(Place { gateway: Arc::new(Mutex::new(gateway)), way, url, log });
        }
        Fleet { places, weather: Weather::over(gateways) }
    }

    /// Where a gateway is found now.
    pub fn url(&self, gateway: usize) -> String {
        self.places[gateway].url.read().expect("an address").clone()
    }

    /// Where it is found from now on.
    pub fn moved(&self, gateway: usize, url: String) {
        *self.places[gateway].url.write().expect("an address") = url;
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// As a storm has it: another gateway, or later.
    Storm,
    /// A refusal that a storm does not explain, or one of the reader's own doing.
    Refused,
}

/// An actor's connections, one to each gateway.
pub struct Lines {
    outside: Arc<Outside>,
    channels: Vec<Option<(String, Channel)>>,
}

impl Lines {
    /// None made yet.
    pub fn new(outside: &Arc<Outside>) -> Lines {
        Lines { channels: vec![None; outside.fleet.places.len()], outside: Arc::clone(outside) }
    }

    /// The connection to a gateway, wherever it is now.
    pub fn to(&mut self, gateway: usize) -> Channel {
        let url = self.outside.fleet.url(gateway);
        match &self.channels[gateway] {
            Some((known, channel)) if *known == url => channel.clone(),
            _ => {
                let endpoint = Endpoint::from_shared(url.clone()).expect("an address");
                let channel = endpoint.connect_timeout(Duration::from_secs(1)).connect_lazy();
                self.channels[gateway] = Some((url, channel.clone()));
                channel
            }
        }
    }

    /// Waits for an answer, and no longer than is reasonable.
    pub async fn ask<T>(
        &self,
        gateway: usize,
        way: Way,
        call: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, (Trouble, Status)> {
        match tokio::time::timeout(PATIENCE, call).await {
            Ok(Ok(answer)) => {
                self.outside.fleet.weather.answered(gateway, way);
                Ok(answer)
            }
            Ok(Err(status)) => Err((self.judge(&status), status)),
            Err(_) => {
                self.outside.tally.add("unanswered", 1);
                Err((Trouble::Storm, Status::deadline_exceeded("nobody answered")))
            }
        }
    }

    /// What a status means, and counts it.
    pub fn judge(&self, status: &Status) -> Trouble {
        use tonic::Code::{Cancelled, Internal, Unavailable, Unknown};
        let tally = &self.outside.tally;
        match (reason(status).as_str(), status.code()) {
            ("STORE_UNAVAILABLE", Unavailable) => tally.add("unavailable", 1),
            ("OVERLOADED", _) => tally.add("overloaded", 1),
            // The connection's own words: it was cut.
            ("", Unavailable | Unknown | Cancelled | Internal) => tally.add("connections cut", 1),
            _ => return Trouble::Refused,
        }
        Trouble::Storm
    }
}
