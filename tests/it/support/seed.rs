//! Random choices of a test, from a seed that is printed and can be given again: `SEED=… cargo test …`.

use std::time::{SystemTime, UNIX_EPOCH};

/// A small generator (SplitMix64): good enough to choose moments, and the same everywhere.
#[derive(Debug)]
pub struct Seed(u64);

impl Seed {
    /// From `SEED`, or new; printed either way.
    pub fn take() -> Seed {
        Seed::of(Seed::number())
    }

    /// The number in `SEED`, or a new one; printed either way.
    pub fn number() -> u64 {
        let given = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
        let fresh = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = given.unwrap_or_else(fresh);
        eprintln!("SEED={seed}");
        seed
    }

    /// The choices that follow from a number.
    pub fn of(number: u64) -> Seed {
        Seed(number)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
