//! What the driver does of a swap.

use std::mem;

use anyhow::{Context, bail};

use super::Driver;
use crate::{
    checkpoint::Part,
    operator,
    runtime::seat::{Change, Migration},
    time::Timestamp,
};

impl Driver {
    /// The swap that was asked for first is done, at the barrier of this number.
    pub(super) fn swapped(&mut self, number: u64, now: Timestamp) -> anyhow::Result<()> {
        let Some(order) = self.swaps.pop_front() else {
            return Ok(());
        };
        for seat in &order.seats {
            if let Some(change) = seat.take() {
                self.change_ended(seat.subtask(), change)?;
            }
        }
        let is_swap = order.label.is_some();
        if let Some(label) = order.label {
            self.label = label;
        }
        // Whoever has asked may be gone.
        let _ = order.answer.send(Some(number));
        // What was swapped is to be known as soon as can be.
        match is_swap {
            true => self.request(now),
            false => Ok(()),
        }
    }

    /// The swap that was asked for first cannot be done any more.
    pub(super) fn too_late(&mut self) {
        if let Some(order) = self.swaps.pop_front() {
            // Whoever has asked may be gone.
            let _ = order.answer.send(None);
        }
    }

    /// Does what a stage in a subtask would do at the barrier of a swap that has ended before it came there: what
    /// it has known in the end is in all checkpoints to come.
    fn change_ended(&mut self, subtask: usize, change: Change) -> anyhow::Result<()> {
        let last = self.coordinator.last_of(subtask);
        let Some(Part::Stage(last)) = last else {
            return Ok(());
        };
        match change {
            Change::Version { .. } => {}
            Change::Nothing { told } => {
                // Whoever has asked may be gone.
                let _ = told.send(last.state.clone());
            }
            Change::Migration(mut migration) => {
                let Migration {
                    from, spec, guests, ..
                } = &mut *migration;
                let known = mem::take(&mut last.state).into_iter();
                let migrated = known.map(|known| operator::migrate(from, spec, guests, known));
                let migrated = migrated.collect::<Result<_, _>>();
                last.state = migrated.with_context(|| {
                    format!("the state of stage `{}` cannot be converted", spec.name)
                })?;
            }
            Change::Retreat => bail!(
                "a stage that has ended since its state was converted cannot go back to the version before"
            ),
        }
        Ok(())
    }
}
