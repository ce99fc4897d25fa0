//! So many connections at the same time, and no more.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// How many are served.
#[derive(Debug)]
pub(super) struct Slots {
    free: Mutex<usize>,
    bell: Condvar,
}

/// The place of one, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<Slots>);

impl Slots {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Mutex::new(most),
            bell: Condvar::new(),
        })
    }

    /// Waits for a place.
    pub(super) fn take(self: &Arc<Self>) -> Slot {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.bell.wait_while(free, |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        Slot(Arc::clone(self))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.bell.notify_one();
    }
}
