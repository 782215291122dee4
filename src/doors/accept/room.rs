//! How much one connection and all of them together may hold of one thing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most that is held.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// By one connection.
    pub own: usize,
    /// By all of them.
    pub all: usize,
    /// By one connection when all together hold too much: so that one that needs little is served whatever others do.
    pub fair: usize,
}

/// What one connection holds.
#[derive(Debug)]
pub struct Room {
    own: AtomicUsize,
    all: Arc<AtomicUsize>,
    bounds: Bounds,
}

impl Room {
    /// Nothing yet.
    pub fn new(all: &Arc<AtomicUsize>, bounds: Bounds) -> Room {
        Room { own: AtomicUsize::new(0), all: Arc::clone(all), bounds }
    }

    /// Holds more; false if that is too much, and then it must be let go soon.
    pub fn hold(&self, more: usize) -> bool {
        let own = self.own.fetch_add(more, Ordering::Relaxed) + more;
        let all = self.all.fetch_add(more, Ordering::Relaxed) + more;
        own <= self.bounds.own && (all <= self.bounds.all || own <= self.bounds.fair)
    }

    /// Lets go of what was held.
    pub fn let_go(&self, less: usize) {
        self.own.fetch_sub(less, Ordering::Relaxed);
        self.all.fetch_sub(less, Ordering::Relaxed);
    }

    /// How much is held.
    pub fn own(&self) -> usize {
        self.own.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_needs_little_has_room_whatever_others_hold() {
        let all = Arc::new(AtomicUsize::new(0));
        let bounds = Bounds { own: 10, all: 12, fair: 2 };
        let (greedy, second, modest) =
            (Room::new(&all, bounds), Room::new(&all, bounds), Room::new(&all, bounds));
        assert!(greedy.hold(10) && !greedy.hold(1), "its own bound");
        greedy.let_go(1);
        assert!(second.hold(2) && !second.hold(1), "everybody's bound");
        assert!(modest.hold(2) && !modest.hold(1), "its fair share");
        for (room, less) in [(greedy, 10), (second, 3), (modest, 3)] {
            room.let_go(less);
            assert_eq!(room.own(), 0);
        }
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
