//! What operators hand on.

use super::DeadLetter;
use crate::{batch::Batch, time::Timestamp};

/// What an operator has to hand on after a call. Emptied by whoever made the call.
#[derive(Debug, Default)]
pub struct Outbox {
    /// The stage's output, in order.
    pub batches: Vec<Batch>,
    /// Rows of the input that come next, once all of this has gone out: there would be too much at once.
    pub rest: Option<Batch>,
    /// Rows that were late, with the place of the sink that takes them.
    pub late: Vec<(usize, Batch)>,
    /// Rows that could not be handled.
    pub dead_letters: Vec<DeadLetter>,
    /// When the operator wants to be told the time, at the latest; replaces what it wanted before.
    pub wake_at: Option<Timestamp>,
}

impl Outbox {
    /// Hands on `batch` unless it is empty.
    pub fn push(&mut self, batch: Batch) {
        if batch.rows() > 0 {
            self.batches.push(batch);
        }
    }
}
