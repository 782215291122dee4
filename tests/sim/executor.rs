//! Tasks of gateways, polled one at a time by whoever chooses which. What is woken is a set in order of birth, so nothing
//! depends on the order in which somebody was woken.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// What a task is called in the log.
pub type Name = &'static str;

/// Whose task it is: a gateway since its last start.
pub type Owner = u64;

struct Task {
    owner: Owner,
    name: Name,
    future: Pin<Box<dyn Future<Output = ()>>>,
    waker: Waker,
}

/// All tasks there are.
#[derive(Default)]
pub struct Executor {
    tasks: BTreeMap<u64, Task>,
    next: u64,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Woken(Mutex<BTreeSet<u64>>);

impl Woken {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeSet<u64>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Bell {
    task: u64,
    woken: Arc<Woken>,
}

impl Wake for Bell {
    fn wake(self: Arc<Bell>) {
        self.woken.with(|woken| woken.insert(self.task));
    }
}

impl Executor {
    /// Begins a task; it is woken once.
    pub fn spawn(&mut self, owner: Owner, name: Name, future: impl Future<Output = ()> + 'static) -> u64 {
        let task = self.next;
        self.next += 1;
        let waker = Waker::from(Arc::new(Bell { task, woken: Arc::clone(&self.woken) }));
        self.tasks.insert(task, Task { owner, name, future: Box::pin(future), waker });
        self.woken.with(|woken| woken.insert(task));
        task
    }

    /// The tasks that were woken and whose owners go on.
    pub fn ready(&self, goes_on: impl Fn(Owner) -> bool) -> Vec<u64> {
        self.woken.with(|woken| {
            woken.retain(|task| self.tasks.contains_key(task));
            let mine = |task: &u64| self.tasks.get(task).is_some_and(|task| goes_on(task.owner));
            woken.iter().copied().filter(mine).collect()
        })
    }

    /// Polls a task: whose it is, what it is called, and whether it ended.
    pub fn poll(&mut self, id: u64) -> Option<(Owner, Name, bool)> {
        self.woken.with(|woken| woken.remove(&id));
        let task = self.tasks.get_mut(&id)?;
        let told = (task.owner, task.name);
        let waker = task.waker.clone();
        let ended = task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        if ended {
            self.tasks.remove(&id);
        }
        Some((told.0, told.1, ended))
    }

    /// Drops a task wherever it is; whether there was one.
    pub fn drop_task(&mut self, id: u64) -> bool {
        self.tasks.remove(&id).is_some()
    }

    /// Drops an owner's tasks wherever they are, and says how many.
    pub fn kill(&mut self, owner: Owner) -> usize {
        let of_owner = |(id, task): (&u64, &Task)| (task.owner == owner).then_some(*id);
        let ids: Vec<u64> = self.tasks.iter().filter_map(of_owner).collect();
        for id in &ids {
            self.tasks.remove(id);
        }
        ids.len()
    }
}

/// What a future of a store at hand has to say: it never waits.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(told) => told,
        Poll::Pending => panic!("a store at hand put a call off"),
    }
}
