//! The tree holds every record in order, and every head is signed over it.

use trao::seal::frontier::Frontier;
use trao::seal::head;
use trao::seal::leaf::leaf_hash;

use super::{Head, Line};
use crate::gateway::{DATABASE, LANE};
use crate::world::public_key;

/// The tree over what was stored.
#[derive(Default)]
pub struct Tree(Frontier);

impl Tree {
    /// A line is stored behind all others.
    pub fn stored(&mut self, line: &Line) {
        self.0.push(leaf_hash(&line.record));
    }

    /// A batch is stored.
    pub fn sealed(&self, head: &Head) -> Result<(), String> {
        if head.pos != self.0.size() || head.frontier != self.0.encode() {
            return Err(format!("the frontier at {} is not that of the records", head.pos));
        }
        let Some(seal) = &head.seal else {
            return if head.pos == 0 { Ok(()) } else { Err(format!("{} has no seal", head.pos)) };
        };
        if seal.size != head.pos || seal.root != self.0.root() {
            return Err(format!("the seal of {} is not of the records up to {}", seal.size, head.pos));
        }
        head::verify(&public_key(), &DATABASE, LANE, &head.epoch, seal)
            .map_err(|error| format!("the seal of {}: {error}", seal.size))
    }
}
