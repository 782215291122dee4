//! The killer: what it breaks, it mends itself after a while; what it breaks next does not wait for that.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep};

use crate::cluster::Cluster;
use crate::cluster::proxy::Cut;
use crate::outside::Outside;
use crate::support::gateway::Gateway;
use crate::support::seed::Seed;

/// What it knows to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Kill,
    Stop,
    LongStop,
    Drain,
    Crash,
    CutAll,
    CutQuestion,
    CutAnswer,
}

/// All of it, with the name under which it is counted.
pub const FAULTS: [(Fault, &str); 8] = [
    (Fault::Kill, "killed"),
    (Fault::Stop, "stopped"),
    (Fault::LongStop, "stopped for long"),
    (Fault::Drain, "drained"),
    (Fault::Crash, "database crashed"),
    (Fault::CutAll, "cut off"),
    (Fault::CutQuestion, "question cut"),
    (Fault::CutAnswer, "answer cut"),
];

/// A gateway that takes longer than this to start or to drain has failed.
const PATIENCE: Duration = Duration::from_secs(40);

/// The killer.
pub struct Killer {
    outside: Arc<Outside>,
    cluster: Arc<Cluster>,
    database: Arc<Mutex<()>>,
    seed: Seed,
}

impl Killer {
    /// A killer of these.
    pub fn new(outside: &Arc<Outside>, cluster: &Arc<Cluster>, seed: Seed) -> Killer {
        Killer { outside: Arc::clone(outside), cluster: Arc::clone(cluster), database: Arc::default(), seed }
    }

    /// Breaks something about every so often, each kind as often as the others, until the storm is over; then everything is
    /// whole again.
    pub async fn run(mut self, until: Instant, pause: Duration) {
        let mut going_on = JoinSet::new();
        let mut deck = Vec::new();
        loop {
            let pause = pause / 2 + pause.mul_f64(self.seed.below(1_000) as f64 / 1_000.0);
            if Instant::now() + pause > until {
                break;
            }
            sleep(pause).await;
            while going_on.try_join_next().is_some() {}
            if deck.is_empty() {
                deck = FAULTS.to_vec();
            }
            let at = self.seed.below(deck.len() as u64) as usize;
            let gateway = self.seed.below(self.outside.fleet.places.len() as u64) as usize;
            let millis = self.seed.below(1_000);
            let (fault, name) = deck[at];
            if self.begin(&mut going_on, (fault, name), gateway, millis) {
                deck.swap_remove(at);
                self.outside.tally.add(name, 1);
                self.outside.tally.add("faults", 1);
            }
        }
        sleep(until - Instant::now()).await;
        while let Some(mended) = going_on.join_next().await {
            mended.expect("what was broken is mended");
        }
        for place in &self.outside.fleet.places {
            place.way.cut_at(Cut::Nowhere);
        }
    }

    /// Begins to break something; nothing where that is broken already.
    fn begin(
        &self,
        going_on: &mut JoinSet<()>,
        (fault, name): (Fault, &'static str),
        gateway: usize,
        millis: u64,
    ) -> bool {
        let outside = Arc::clone(&self.outside);
        let place = &self.outside.fleet.places[gateway];
        let cut = |fault: &dyn Fn()| {
            outside.fleet.weather.worsens(gateway, name);
            fault();
            outside.fleet.weather.clears(gateway);
            true
        };
        match fault {
            Fault::CutAll => return cut(&|| place.way.cut_all()),
            Fault::CutQuestion => return cut(&|| place.way.cut_at(Cut::Question)),
            Fault::CutAnswer => return cut(&|| place.way.cut_at(Cut::Answer)),
            Fault::Crash => {
                let Ok(database) = Arc::clone(&self.database).try_lock_owned() else { return false };
                let cluster = Arc::clone(&self.cluster);
                let down = Duration::from_millis(millis);
                going_on.spawn(crash(outside, cluster, database, down));
                return true;
            }
            Fault::Kill | Fault::Stop | Fault::LongStop | Fault::Drain => {}
        }
        let Ok(process) = Arc::clone(&place.gateway).try_lock_owned() else { return false };
        match fault {
            Fault::Stop => {
                going_on.spawn(stop(outside, gateway, process, Duration::from_millis(300 + millis)))
            }
            // The database ends a session that is idle in a transaction after four seconds.
            Fault::LongStop => {
                going_on.spawn(stop(outside, gateway, process, Duration::from_millis(4_500 + 3 * millis)))
            }
            _ => going_on.spawn(end(outside, gateway, process, fault == Fault::Drain)),
        };
        true
    }
}

async fn crash(outside: Arc<Outside>, cluster: Arc<Cluster>, held: OwnedMutexGuard<()>, down: Duration) {
    let gateways = 0..outside.fleet.places.len();
    gateways.clone().for_each(|gateway| outside.fleet.weather.worsens(gateway, "database crashed"));
    let stopped = Arc::clone(&cluster);
    spawn_blocking(move || stopped.crash()).await.expect("a crash");
    sleep(down).await;
    spawn_blocking(move || cluster.restart()).await.expect("the database starts again");
    gateways.for_each(|gateway| outside.fleet.weather.clears(gateway));
    drop(held);
}

async fn stop(outside: Arc<Outside>, gateway: usize, mut process: OwnedMutexGuard<Gateway>, still: Duration) {
    if has_ended(&outside, gateway, &mut process) {
        return start(outside, gateway, process).await;
    }
    outside.fleet.weather.worsens(gateway, "stopped");
    process.signal("-STOP");
    sleep(still).await;
    process.signal("-CONT");
    outside.fleet.weather.clears(gateway);
}

async fn end(outside: Arc<Outside>, gateway: usize, mut process: OwnedMutexGuard<Gateway>, drains: bool) {
    if has_ended(&outside, gateway, &mut process) {
        return start(outside, gateway, process).await;
    }
    outside.fleet.weather.worsens(gateway, if drains { "drained" } else { "killed" });
    if drains {
        process.signal("-TERM");
        let late = Instant::now() + PATIENCE;
        let code = loop {
            match process.ended() {
                Some(code) => break code,
                None if Instant::now() > late => break None,
                None => sleep(Duration::from_millis(20)).await,
            }
        };
        if code != Some(0) {
            outside.is_surprised(format!("gateway {gateway} drained and ended with {code:?}"));
        }
    }
    start(Arc::clone(&outside), gateway, process).await;
    outside.fleet.weather.clears(gateway);
}

/// Starts what was killed, or kills it first; again until it serves, as a service manager does.
async fn start(outside: Arc<Outside>, gateway: usize, mut process: OwnedMutexGuard<Gateway>) {
    let late = Instant::now() + PATIENCE;
    let place = &outside.fleet.places[gateway];
    loop {
        let started = spawn_blocking(move || {
            let log = process.kill();
            let started = process.try_restart();
            (process, log, started)
        });
        let (whole, log, started) = started.await.expect("a start");
        process = whole;
        place.keep(&log);
        match started {
            Ok(()) => return outside.fleet.moved(gateway, process.url()),
            Err(log) if Instant::now() > late => {
                let last = log.lines().last().unwrap_or_default();
                return outside.is_surprised(format!("gateway {gateway} does not start: {last}"));
            }
            Err(log) => {
                place.keep(&log);
                outside.tally.add("starts in vain", 1);
                sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Whether it has ended though nobody ended it.
fn has_ended(outside: &Outside, gateway: usize, process: &mut Gateway) -> bool {
    let Some(code) = process.ended() else { return false };
    let log = process.kill();
    outside.fleet.places[gateway].keep(&log);
    let last: Vec<&str> = log.lines().rev().take(3).collect();
    outside.is_surprised(format!("gateway {gateway} ended by itself with {code:?}: {last:?}"));
    true
}
