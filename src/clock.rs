//! Time is injected. A gateway's now is the machine's, or under replay the greatest time told so far.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::dossier::names::Micros;

/// What time it is.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now.
    fn now(&self) -> Micros;

    /// Whether the clock leapt since the gateway started, so that its times cannot be believed.
    fn is_suspect(&self) -> bool;

    /// The clock is not believed any more, until somebody has looked at it and starts the gateway anew.
    fn distrust(&self);

    /// Tells a replay clock that a time has come; any other clock ignores it.
    fn tell(&self, time: Micros);

    /// Whether times are told.
    fn is_told(&self) -> bool;
}

/// A clock shared by all stations.
pub type SharedClock = Arc<dyn Clock>;

/// Wall clock and time since boot may drift apart by this much before the wall clock is not believed any more:
/// far more than NTP ever slews, far less than a wrong year.
const LEAP_US: i64 = 3_600 * Micros::SECOND;

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    /// Wall minus boot time when the gateway started.
    offset_us: i64,
    /// Whether the clock was believed then and has not leapt since. A clock that leapt once is not believed again by
    /// itself: somebody looks at it and starts the gateway anew.
    believed: AtomicBool,
}

impl SystemClock {
    /// The machine's clock, believed as it is now or not at all.
    pub fn start(believed: bool) -> SystemClock {
        SystemClock { offset_us: wall_us().saturating_sub(boot_us()), believed: AtomicBool::new(believed) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Micros {
        Micros(wall_us())
    }

    fn is_suspect(&self) -> bool {
        let drift = wall_us().saturating_sub(boot_us()).saturating_sub(self.offset_us);
        if drift.abs() > LEAP_US {
            self.believed.store(false, Ordering::Relaxed);
        }
        !self.believed.load(Ordering::Relaxed)
    }

    fn distrust(&self) {
        self.believed.store(false, Ordering::Relaxed);
    }

    fn tell(&self, _time: Micros) {}

    fn is_told(&self) -> bool {
        false
    }
}

fn wall_us() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |us| -us),
    }
}

/// Time since boot, suspended time included: it cannot be set.
fn boot_us() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.tv_sec.saturating_mul(Micros::SECOND).saturating_add(time.tv_nsec / 1_000)
}

/// The greatest time told so far.
#[derive(Debug)]
pub struct ReplayClock(AtomicI64);

impl ReplayClock {
    /// A replay clock that was told a time before.
    pub fn told(time: Micros) -> ReplayClock {
        ReplayClock(AtomicI64::new(time.0))
    }
}

impl Clock for ReplayClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::Relaxed))
    }

    fn is_suspect(&self) -> bool {
        false
    }

    fn distrust(&self) {}

    fn tell(&self, time: Micros) {
        self.0.fetch_max(time.0, Ordering::Relaxed);
    }

    fn is_told(&self) -> bool {
        true
    }
}
