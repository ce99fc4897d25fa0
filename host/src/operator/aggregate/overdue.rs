//! Windows that some of the subtasks before had fired, and others had not.
//!
//! Subtasks need not be equally far when a checkpoint is made: one that goes by the clock does not look at it
//! while it has no rows, and inputs that are idle may be seen in different orders. A window that one of them
//! has fired must not fire again for its keys, so all go on from where the first of them was. What the
//! others had yet to fire until there is overdue, and leaves at once.

use std::collections::BTreeMap;

use super::{Aggregate, emission::Changes, ready::Ready};
use crate::operator::Outbox;

/// The keys of subtasks that were behind, by the first window that they had not fired.
#[derive(Debug, Default)]
pub(super) struct Overdue(BTreeMap<i64, Changes>);

impl Overdue {
    /// Takes note of what is to leave with the windows from `first` on.
    pub(super) fn add(&mut self, first: i64, changes: Changes) {
        self.0.entry(first).or_default().join(changes);
    }
}

impl Aggregate {
    /// Makes the rows of the windows that are overdue. They are those before the next one.
    pub(super) fn fire_overdue(&mut self, out: &mut Outbox) -> anyhow::Result<()> {
        let Overdue(overdue) = std::mem::take(&mut self.overdue);
        let mut behind = overdue.into_iter().peekable();
        let mut changes = Changes::default();
        let mut ready = Ready::default();
        while let Some((first, more)) = behind.next() {
            changes.join(more);
            // From there on those of more subtasks are.
            let end = behind.peek().map_or(self.next, |(next, _)| *next);
            self.emit_changes(&changes, first..end, &mut ready, out)?;
        }
        self.flush(&mut ready, out)
    }
}
