//! Clocks that show the simulation's time, each wrong in its own way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use trao::clock::Clock;
use trao::dossier::names::Micros;

/// The first instant of every world.
pub const BEGINNING: Micros = Micros(1_800_000_000 * Micros::SECOND);

/// The milliseconds since the beginning, the same for everybody.
pub type Time = Arc<AtomicU64>;

/// A clock that may be set.
#[derive(Debug)]
pub struct SetClock {
    time: Time,
    offset_us: AtomicI64,
    suspect: AtomicBool,
}

impl SetClock {
    /// A clock that is wrong by so much.
    pub fn off(time: &Time, offset_us: i64) -> SetClock {
        SetClock {
            time: Arc::clone(time),
            offset_us: AtomicI64::new(offset_us),
            suspect: AtomicBool::new(false),
        }
    }

    /// Sets the clock by so much, forward or back.
    pub fn step(&self, by_us: i64) {
        self.offset_us.fetch_add(by_us, Ordering::Relaxed);
    }

    /// How wrong it is.
    pub fn offset_us(&self) -> i64 {
        self.offset_us.load(Ordering::Relaxed)
    }

    /// The same clock as a new start believes it.
    pub fn anew(&self) -> SetClock {
        SetClock::off(&self.time, self.offset_us())
    }

    /// Not believed from now on.
    pub fn doubt(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Micros {
        let ms = self.time.load(Ordering::Relaxed).cast_signed();
        BEGINNING.plus(ms * 1_000 + self.offset_us())
    }

    fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::Relaxed)
    }

    fn distrust(&self) {
        self.doubt();
    }

    fn tell(&self, _: Micros) {}

    fn is_told(&self) -> bool {
        false
    }
}
