//! Choices that follow from the seed alone.

use std::sync::{Mutex, PoisonError};

/// A small generator (SplitMix64): good enough to choose what happens, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator of a seed.
    pub fn of(seed: u64) -> Random {
        Random(seed)
    }

    /// A generator of its own for one part of the world, so that a choice more in one part changes no other.
    pub fn fork(&mut self) -> Random {
        Random(self.next())
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a bound; 0 for none.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A number of a range, both ends included.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// A number as far above zero as below it.
    pub fn around(&mut self, reach: u64) -> i64 {
        self.between(0, 2 * reach).cast_signed() - reach.cast_signed()
    }

    /// Whether something happens that happens so many times in ten thousand.
    pub fn chance(&mut self, in_ten_thousand: u64) -> bool {
        self.below(10_000) < in_ten_thousand
    }

    /// One of several; `None` of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len() as u64) as usize)
    }
}

/// The randomness of a gateway: what it makes salts of.
#[derive(Debug)]
pub struct Salts(Mutex<Random>);

impl Salts {
    /// Salts from a generator.
    pub fn of(random: Random) -> Salts {
        Salts(Mutex::new(random))
    }
}

impl trao::random::Random for Salts {
    fn fill(&self, buffer: &mut [u8]) {
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffer.fill_with(|| random.next() as u8);
    }
}
