//! Stages that are run one after the other in one subtask.

use std::sync::Arc;

use anyhow::Context;

use super::output::Output;
use crate::{
    batch::Batch,
    metrics::NodeMetrics,
    operator::{DeadLetter, Operator, Outbox, Progress, Side},
    time::Watermark,
};

/// A stage in a subtask.
pub(super) struct Stage {
    pub(super) name: Arc<str>,
    pub(super) operator: Box<dyn Operator>,
    pub(super) metrics: Arc<NodeMetrics>,
}

/// A stage and what happens to its rows.
pub(super) struct Branch {
    pub(super) stage: Stage,
    pub(super) fork: Fork,
}

/// Where rows go: through chained stages, and out of the subtask.
#[derive(Default)]
pub(super) struct Fork {
    pub(super) branches: Vec<Branch>,
    pub(super) outputs: Vec<Output>,
}

/// Dead letters that a subtask tells in the log if nobody keeps them.
pub(super) const TOLD_DEAD_LETTERS: usize = 3;

/// Ways out of a subtask beside the main ones.
pub(super) struct SideOutputs {
    /// By the place of the sink in the plan.
    pub(super) late: Vec<(usize, Output)>,
    /// None if dead letters are only counted.
    pub(super) dead_letters: Option<Output>,
    /// How many dead letters are still told in the log if nobody keeps them.
    pub(super) untold: usize,
}

impl Stage {
    /// Runs rows through the stage.
    pub(super) fn process(
        &mut self,
        input: Side,
        batch: Batch,
        side: &mut SideOutputs,
    ) -> anyhow::Result<Vec<Batch>> {
        self.metrics.rows_in.add(batch.rows());
        let mut out = Outbox::default();
        let done = self.operator.process(input, batch, &mut out);
        self.hand_on(done, out, side)
    }

    /// Tells the stage how far event time has come, and sends what it hands on through `fork`, ahead
    /// of the watermarks it comes to.
    pub(super) fn advance(
        &mut self,
        watermark: Watermark,
        fork: &mut Fork,
        side: &mut SideOutputs,
    ) -> anyhow::Result<()> {
        loop {
            let mut out = Outbox::default();
            let advanced = self.operator.advance(watermark, &mut out);
            let (progress, done) = match advanced {
                Ok(progress) => (progress, Ok(())),
                Err(error) => (Progress::Done(watermark), Err(error)),
            };
            for batch in self.hand_on(done, out, side)? {
                fork.batch(&batch, side)?;
            }
            let (Progress::Done(reached) | Progress::More(reached)) = progress;
            fork.watermark(reached, side)?;
            if let Progress::Done(_) = progress {
                return Ok(());
            }
        }
    }

    fn hand_on(
        &self,
        done: anyhow::Result<()>,
        out: Outbox,
        side: &mut SideOutputs,
    ) -> anyhow::Result<Vec<Batch>> {
        // Dead letters first, even of a stage that has failed: they say what it failed on.
        side.dead_letters(&out.dead_letters)?;
        done.with_context(|| format!("stage `{}` failed", self.name))?;
        for (sink, batch) in out.late {
            side.late(sink, batch)?;
        }
        for batch in &out.batches {
            self.metrics.rows_out.add(batch.rows());
        }
        Ok(out.batches)
    }
}

impl Fork {
    /// Sends rows on their way.
    pub(super) fn batch(&mut self, batch: &Batch, side: &mut SideOutputs) -> anyhow::Result<()> {
        for branch in &mut self.branches {
            for batch in branch.stage.process(Side::Left, batch.clone(), side)? {
                branch.fork.batch(&batch, side)?;
            }
        }
        for output in &mut self.outputs {
            output.batch(batch.clone())?;
        }
        Ok(())
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
        for output in &self.outputs {
            output.watermark(watermark)?;
        }
        Ok(())
    }

    /// Says that nothing will follow.
    pub(super) fn end(&self) -> anyhow::Result<()> {
        for branch in &self.branches {
            branch.fork.end()?;
        }
        for output in &self.outputs {
            output.end()?;
        }
        Ok(())
    }
}

impl SideOutputs {
    /// Sends dead letters to their sink, if there is one.
    pub(super) fn dead_letters(&mut self, letters: &[DeadLetter]) -> anyhow::Result<()> {
        if letters.is_empty() {
            return Ok(());
        }
        if let Some(output) = &mut self.dead_letters {
            return output.batch(DeadLetter::to_batch(letters));
        }
        // Nobody keeps them: the first ones are told, so that their reason can be found.
        for letter in letters.iter().take(self.untold) {
            let source = letter.position.as_ref().map(ToString::to_string);
            tracing::warn!(
                stage = %letter.stage, source, reason = letter.reason, row = letter.row,
                "a row is left out",
            );
        }
        self.untold = self.untold.saturating_sub(letters.len());
        Ok(())
    }

    /// Says that nothing will follow.
    pub(super) fn end(&self) -> anyhow::Result<()> {
        for (_, output) in &self.late {
            output.end()?;
        }
        self.dead_letters.as_ref().map_or(Ok(()), Output::end)
    }

    fn late(&mut self, sink: usize, batch: Batch) -> anyhow::Result<()> {
        let output = self.late.iter_mut().find(|(place, _)| *place == sink);
        let (_, output) = output.context("the late rows of a stage have no sink")?;
        output.batch(batch)
    }
}
