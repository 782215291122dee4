//! What a seed decides before anything happens: how large the world is, and how rough.

use super::random::Random;

/// How large the world is and what goes wrong in it. Each fault is absent in some worlds, so that none hides another.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Gateways on the one store.
    pub gateways: usize,
    /// Devices of the post and of the counter.
    pub devices: usize,
    /// Lines each device captures.
    pub lines: u64,
    /// Item numbers in use: few, so that they meet.
    pub items: u64,
    /// Commands of each agency.
    pub commands: u64,
    /// Readers of each party's log.
    pub readers: usize,
    /// Lines one batch takes.
    pub batch_lines: usize,
    /// Lines that may wait at a gateway.
    pub intake_lines: usize,
    /// Of so many steps one lets time pass although somebody could go on.
    pub haste: u64,
    /// What goes wrong.
    pub faults: Faults,
}

/// How often something goes wrong, in ten thousand: messages of messages, the others of steps.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Messages that are lost.
    pub drop: u64,
    /// Messages that arrive twice.
    pub duplicate: u64,
    /// Messages that take seconds.
    pub delay: u64,
    /// Gateways that end wherever they are.
    pub crash: u64,
    /// Gateways that end in order.
    pub drain: u64,
    /// Gateways that stand still for a while.
    pub pause: u64,
    /// Commits that fail; no two are planted at once.
    pub failed: u64,
    /// Commits of which nobody knows and nothing is kept.
    pub lost: u64,
    /// Commits of which nobody knows and all is kept.
    pub kept: u64,
    /// Calls that do not reach the store.
    pub cut: u64,
    /// Clocks that are set.
    pub clock: u64,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(random: &mut Random) -> Plan {
        let mut fault = |most: u64| if random.below(3) == 0 { 0 } else { random.between(1, most) };
        let faults = Faults {
            drop: fault(1_500),
            duplicate: fault(1_500),
            delay: fault(1_500),
            crash: fault(25),
            drain: fault(8),
            pause: fault(60),
            failed: fault(40),
            lost: fault(40),
            kept: fault(40),
            cut: fault(40),
            clock: fault(20),
        };
        Plan {
            gateways: random.between(1, 4) as usize,
            devices: random.between(2, 5) as usize,
            lines: random.between(6, 24),
            items: random.between(3, 12),
            commands: random.between(2, 8),
            readers: random.between(1, 2) as usize,
            batch_lines: random.between(1, 24) as usize,
            intake_lines: random.between(4, 64) as usize,
            haste: random.between(6, 60),
            faults,
        }
    }
}
