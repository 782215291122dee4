//! What goes wrong between two steps.

use trao::dossier::names::Micros;
use trao::store::memory::Fault;

use super::gateway::State;
use super::network::Coming;
use super::world::World;

impl World {
    /// Lets something go wrong, or nothing.
    pub fn go_wrong(&mut self) {
        let faults = self.plan.faults.clone();
        for (often, fault, name) in [
            (faults.failed, Fault::Failed, "commits failed"),
            (faults.lost, Fault::Lost, "commits lost"),
            (faults.kept, Fault::Kept, "commits kept unknown"),
        ] {
            if self.random.chance(often) && !self.ground.store.is_failing() {
                self.log.say(format_args!("a commit will be {fault:?}"));
                self.ground.store.fail(&[fault]);
                self.counts.one(name);
            }
        }
        if self.random.chance(faults.cut) && !self.ground.store.is_failing() {
            let calls = self.random.between(1, 4) as usize;
            self.log.say(format_args!("{calls} calls will not reach the store"));
            self.ground.store.cut(calls);
            self.counts.one("cuts");
        }
        let number = self.random.below(self.gateways.len() as u64) as usize;
        let state = self.gateways[number].state;
        if self.random.chance(faults.crash) && state != State::Down {
            self.counts.one("crashes");
            self.stop(number);
        } else if self.random.chance(faults.drain) && state == State::Up {
            self.counts.one("drains");
            self.log.say(format_args!("gateway {number} drains"));
            self.gateways[number].drain();
        } else if self.random.chance(faults.pause) && state == State::Up {
            self.counts.one("pauses");
            let ms = self.random.between(10, 6_000);
            self.log.say(format_args!("gateway {number} stands still for {ms} ms"));
            self.gateways[number].state = State::Paused;
            self.network.at(self.log.now + ms, Coming::GoOn(number));
        }
        if self.random.chance(faults.clock) {
            self.set_a_clock(number);
        }
    }

    fn set_a_clock(&mut self, number: usize) {
        self.counts.one("clock steps");
        if self.random.chance(5_000) {
            // More than an hour is not believed until the next start.
            let leaps = self.random.chance(1_000);
            let reach = if leaps { 10_000_000_000 } else { 600_000_000 };
            let by = self.random.around(reach);
            self.log.say(format_args!("the clock of gateway {number} is set by {by} us"));
            let gateway = &self.gateways[number];
            gateway.clock.step(by);
            if by.abs() > 3_600 * Micros::SECOND {
                gateway.clock.doubt();
                // Somebody looks at it.
                let looked = self.log.now + self.random.between(500, 20_000);
                self.network.at(looked, Coming::Look(number));
            }
            return;
        }
        let client = self.random.below(self.clients.len() as u64) as usize;
        let by = self.random.around(7_200_000_000);
        if let Some(clock) = self.clients[client].clock() {
            clock.step(by);
            self.log.say(format_args!("the clock of client {client} is set by {by} us"));
        }
    }
}
