//! How much those have to do whom a source reads for.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How many messages wait in front of a subtask, with the one that it is busy with. Clones count the same ones.
#[derive(Clone, Debug, Default)]
pub struct Pending(Arc<AtomicUsize>);

impl Pending {
    /// Notes a message that is about to be sent.
    pub fn add(&self) {
        // It guards nothing: whoever looks at it decides about time, not about rows.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a message has been handled.
    pub fn remove(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// What waits in front of all those whom a source reads for.
#[derive(Clone, Debug, Default)]
pub struct Backlog(Vec<Pending>);

impl Backlog {
    /// Of these subtasks.
    pub const fn of(subtasks: Vec<Pending>) -> Self {
        Self(subtasks)
    }

    /// Whether none of them has anything to do.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|pending| pending.count() == 0)
    }
}
