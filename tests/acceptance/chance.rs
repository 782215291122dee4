//! Choices that follow from a seed, what they are about and a number: the same in whatever order they are asked for.

/// What a choice is about.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    seed: u64,
}

impl Chance {
    /// The choices of a seed.
    pub fn of(seed: u64) -> Chance {
        Chance { seed }
    }

    /// A number below a bound.
    pub fn below(self, what: &str, number: u64, bound: u64) -> u64 {
        let salt =
            what.bytes().fold(self.seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        mixed(salt ^ mixed(number)) % bound.max(1)
    }

    /// Whether it happens to this one of so many.
    pub fn one_in(self, many: u64, what: &str, number: u64) -> bool {
        self.below(what, number, many) == 0
    }
}

/// SplitMix64.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
