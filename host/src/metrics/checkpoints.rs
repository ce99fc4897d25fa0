//! What is known of the checkpoints of a job.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::Counter;

/// Counts the checkpoints of a job.
#[derive(Debug, Default)]
pub struct CheckpointMetrics {
    /// Those that are complete.
    pub made: Counter,
    /// How often one could not be written.
    pub failures: Counter,
    /// How often the job was started again from the last one.
    pub restarts: Counter,
    last: Mutex<Option<MadeCheckpoint>>,
}

/// A checkpoint that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MadeCheckpoint {
    /// Its number.
    pub number: u64,
    /// How large it is, in bytes, with what it shares with those before it.
    pub bytes: u64,
    /// How long it took from its beginning until it was complete.
    pub took: Duration,
}

impl CheckpointMetrics {
    /// Takes note that one is complete.
    pub fn made(&self, number: u64, bytes: u64, took: Duration) {
        self.made.add(1);
        let made = MadeCheckpoint {
            number,
            bytes,
            took,
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
    }

    /// Takes note that one could not be written.
    pub fn failed(&self) {
        self.failures.add(1);
    }

    /// The newest one that is complete.
    pub fn last(&self) -> Option<MadeCheckpoint> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
