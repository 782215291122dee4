//! Which gateways are disturbed now, and how long each takes after that until it works again.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The two ways through a gateway: one may be open long before the other.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// Through its writer.
    Write,
    /// Through its readers.
    Read,
}

#[derive(Clone, Copy, Debug)]
struct Sky {
    /// Faults that go on.
    faults: usize,
    /// The last that began.
    last: &'static str,
    /// Since when there has been none.
    clear: Instant,
    /// Since then, and nothing was answered yet.
    awaited: [Option<Instant>; 2],
}

/// How long a gateway was away after its last fault, and what that was.
pub type Return = (Duration, &'static str);

/// Over all gateways.
#[derive(Debug)]
pub struct Weather {
    skies: Mutex<Vec<Sky>>,
    slowest: Mutex<[Return; 2]>,
}

impl Weather {
    /// Clear, over so many.
    pub fn over(gateways: usize) -> Weather {
        let sky = Sky { faults: 0, last: "", clear: Instant::now(), awaited: [None; 2] };
        Weather { skies: Mutex::new(vec![sky; gateways]), slowest: Mutex::default() }
    }

    /// A fault begins.
    pub fn worsens(&self, gateway: usize, fault: &'static str) {
        let sky = &mut self.skies.lock().expect("weather")[gateway];
        sky.last = fault;
        sky.faults += 1;
        sky.awaited = [None; 2];
    }

    /// It ends.
    pub fn clears(&self, gateway: usize) {
        let sky = &mut self.skies.lock().expect("weather")[gateway];
        sky.faults -= 1;
        if sky.faults == 0 {
            sky.clear = Instant::now();
            sky.awaited = [Some(sky.clear); 2];
        }
    }

    /// A gateway did what it was asked.
    pub fn answered(&self, gateway: usize, way: Way) {
        let sky = &mut self.skies.lock().expect("weather")[gateway];
        if let Some(since) = sky.awaited[way as usize].take() {
            let slowest = &mut self.slowest.lock().expect("weather")[way as usize];
            *slowest = (since.elapsed(), sky.last).max(*slowest);
        }
    }

    /// For how long nothing has disturbed a gateway.
    pub fn clear_for(&self, gateway: usize) -> Duration {
        let sky = self.skies.lock().expect("weather")[gateway];
        if sky.faults == 0 { sky.clear.elapsed() } else { Duration::ZERO }
    }

    /// The longest that a gateway took from the end of its last fault to the first answer. Faults that came before it
    /// answered begin the count anew.
    pub fn slowest(&self, way: Way) -> Return {
        let skies = self.skies.lock().expect("weather");
        let waits = skies.iter().filter_map(|sky| Some((sky.awaited[way as usize]?.elapsed(), sky.last)));
        waits.chain([self.slowest.lock().expect("weather")[way as usize]]).max().unwrap_or_default()
    }
}
