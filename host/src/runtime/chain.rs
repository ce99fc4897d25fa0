//! Stages that are run one after the other in one subtask.

use std::{borrow::Cow, sync::Arc};

use anyhow::Context;

use super::{output::Output, seat::Seat, stage::Stage};
use crate::{
    batch::Batch,
    connector::Pending,
    operator::{DeadLetter, Side},
    time::{Timestamp, Watermark},
};

/// A stage and what happens to its rows.
pub(super) struct Branch {
    pub(super) stage: Stage,
    pub(super) fork: Fork,
}

impl Branch {
    /// Has all stages change to what their seats hold; adds the seats of those that do to `swapped`.
    pub(super) fn swap(&mut self, swapped: &mut Vec<Arc<Seat>>) -> anyhow::Result<()> {
        swapped.extend(self.stage.swap()?);
        self.fork.swap(swapped)
    }

    /// When a stage wants to be told the time next.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let later = self.fork.wake_at();
        self.stage.wake_at().into_iter().chain(later).min()
    }

    /// Tells the time to the stages that want to be told. Returns whether there were some.
    pub(super) fn tick(&mut self, now: Timestamp, side: &mut SideOutputs) -> anyhow::Result<bool> {
        let ticked = self.stage.tick(now, &mut self.fork, side)?;
        Ok(self.fork.tick(now, side)? | ticked)
    }
}

/// Where rows go: through chained stages, and out of the subtask.
#[derive(Default)]
pub(super) struct Fork {
    pub(super) branches: Vec<Branch>,
    pub(super) outputs: Vec<Output>,
}

/// Dead letters that a subtask tells in the log if nobody keeps them.
pub(super) const TOLD_DEAD_LETTERS: usize = 3;

/// How much of a row is told in the log.
const TOLD_LETTERS: usize = 1024;

/// Ways out of a subtask beside the main ones.
pub(super) struct SideOutputs {
    /// By the place of the sink in the plan.
    pub(super) late: Vec<(usize, Output)>,
    /// None if dead letters are only counted.
    pub(super) dead_letters: Option<Output>,
    /// How many dead letters are still told in the log if nobody keeps them.
    pub(super) untold: usize,
}

impl Fork {
    /// Sends rows on their way.
    pub(super) fn batch(&mut self, batch: &Batch, side: &mut SideOutputs) -> anyhow::Result<()> {
        for branch in &mut self.branches {
            let Branch { stage, fork } = branch;
            stage.process(Side::Left, batch.clone(), fork, side)?;
        }
        for output in &mut self.outputs {
            output.batch(batch.clone())?;
        }
        Ok(())
    }

    /// Adds what each of those has to do that rows go to.
    pub(super) fn pending(&self, all: &mut Vec<Pending>) {
        for branch in &self.branches {
            branch.fork.pending(all);
        }
        all.extend(self.outputs.iter().flat_map(Output::pending).cloned());
    }

    /// Sends a watermark on its way, behind the rows that it makes stages hand on.
    pub(super) fn watermark(
        &mut self,
        watermark: Watermark,
        side: &mut SideOutputs,
    ) -> anyhow::Result<()> {
        for branch in &mut self.branches {
            branch.stage.advance(watermark, &mut branch.fork, side)?;
        }
        for output in &mut self.outputs {
            output.watermark(watermark);
        }
        Ok(())
    }

    /// Has rows and watermarks leave the subtask that have been sent on their way. To be called whenever nothing
    /// more is done at once that others come of.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        for branch in &mut self.branches {
            branch.fork.flush()?;
        }
        self.outputs.iter_mut().try_for_each(Output::flush)
    }

    /// Says that nothing may follow for long.
    pub(super) fn idle(&mut self) -> anyhow::Result<()> {
        for branch in &mut self.branches {
            branch.fork.idle()?;
        }
        self.outputs.iter_mut().try_for_each(Output::idle)
    }

    /// When a stage wants to be told the time next.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        self.branches.iter().filter_map(Branch::wake_at).min()
    }

    /// Tells the time to the stages that want to be told. Returns whether there were some.
    pub(super) fn tick(&mut self, now: Timestamp, side: &mut SideOutputs) -> anyhow::Result<bool> {
        let mut ticked = false;
        for branch in &mut self.branches {
            ticked |= branch.tick(now, side)?;
        }
        Ok(ticked)
    }

    /// Has all stages change to what their seats hold; adds the seats of those that do to `swapped`.
    pub(super) fn swap(&mut self, swapped: &mut Vec<Arc<Seat>>) -> anyhow::Result<()> {
        let mut branches = self.branches.iter_mut();
        branches.try_for_each(|branch| branch.swap(swapped))
    }

    /// Says which rows belong to a checkpoint. Chained stages know nothing that would.
    pub(super) fn barrier(&mut self, number: u64) -> anyhow::Result<()> {
        for branch in &mut self.branches {
            branch.fork.barrier(number)?;
        }
        let mut outputs = self.outputs.iter_mut();
        outputs.try_for_each(|output| output.barrier(number))
    }

    /// Says that nothing will follow.
    pub(super) fn end(&mut self) -> anyhow::Result<()> {
        for branch in &mut self.branches {
            branch.fork.end()?;
        }
        self.outputs.iter_mut().try_for_each(Output::end)
    }
}

impl SideOutputs {
    /// Sends dead letters to their sink, if there is one.
    pub(super) fn dead_letters(&mut self, letters: &[DeadLetter]) -> anyhow::Result<()> {
        if letters.is_empty() {
            return Ok(());
        }
        if let Some(output) = &mut self.dead_letters {
            let mut batches = DeadLetter::to_batches(letters);
            return batches.try_for_each(|batch| output.batch_now(batch));
        }
        // Nobody keeps them: the first ones are told, so that their reason can be found.
        for letter in letters.iter().take(self.untold) {
            let source = letter.position.as_ref().map(ToString::to_string);
            tracing::warn!(
                stage = %letter.stage, source, reason = letter.reason, row = &*beginning(&letter.row),
                "a row is left out",
            );
        }
        self.untold = self.untold.saturating_sub(letters.len());
        Ok(())
    }

    /// Says which rows belong to a checkpoint.
    pub(super) fn barrier(&mut self, number: u64) -> anyhow::Result<()> {
        for (_, output) in &mut self.late {
            output.barrier(number)?;
        }
        let mut letters = self.dead_letters.iter_mut();
        letters.try_for_each(|output| output.barrier(number))
    }

    /// Says that nothing will follow.
    pub(super) fn end(&mut self) -> anyhow::Result<()> {
        for (_, output) in &mut self.late {
            output.end()?;
        }
        self.dead_letters.as_mut().map_or(Ok(()), Output::end)
    }

    /// Sends late rows to the sink at a place in the plan.
    pub(super) fn late(&mut self, sink: usize, batch: Batch) -> anyhow::Result<()> {
        let output = self.late.iter_mut().find(|(place, _)| *place == sink);
        let (_, output) = output.context("the late rows of a stage have no sink")?;
        output.batch_now(batch)
    }
}

/// The beginning of a row that may be longer than anybody reads.
fn beginning(row: &str) -> Cow<'_, str> {
    match row.char_indices().nth(TOLD_LETTERS) {
        None => row.into(),
        Some((end, _)) => format!("{}…", &row[..end]).into(),
    }
}
