//! Stages that are run one after the other in one subtask.

use std::sync::Arc;

use anyhow::Context;

use super::{
    output::Output,
    seat::{Change, Migration, Seat},
};
use crate::{
    batch::Batch,
    connector::Table,
    metrics::NodeMetrics,
    operator::{self, DeadLetter, Operator, Outbox, Progress, Resources, Side, StageSpec},
    state::{Share, Snapshot},
    time::{Clock, Duration, Timestamp, Watermark},
};

/// A stage in a subtask.
pub(super) struct Stage {
    name: Arc<str>,
    operator: Box<dyn Operator>,
    metrics: Arc<NodeMetrics>,
    /// Whether event time behind the stage is the time of the clock.
    by_clock: bool,
    /// When the operator wants to be told the time.
    wake_at: Option<Timestamp>,
    /// The latest watermark that was sent behind its rows.
    reached: Watermark,
    seat: Arc<Seat>,
    making: Box<Making>,
}

/// What the operator of a stage is made with, beside its functions.
pub(super) struct Making {
    pub(super) spec: StageSpec,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tables: Arc<[Arc<Table>]>,
}

/// Earlier than any time.
const AT_ONCE: Timestamp = Timestamp::from_micros(i64::MIN);

/// An operator that asks for a time that has passed is told the time after this.
const MIN_SLEEP: Duration = Duration::from_millis(1);

/// A stage and what happens to its rows.
pub(super) struct Branch {
    pub(super) stage: Stage,
    pub(super) fork: Fork,
}

impl Branch {
    /// Has all stages change to what their seats hold; adds the seats of those that do to `swapped`.
    pub(super) fn swap(&mut self, swapped: &mut Vec<Arc<Seat>>) -> anyhow::Result<()> {
        if self.stage.swap()? {
            swapped.push(Arc::clone(&self.stage.seat));
        }
        self.fork.swap(swapped)
    }

    /// When a stage wants to be told the time next.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let later = self.fork.wake_at();
        self.stage.wake_at.into_iter().chain(later).min()
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
    /// A stage that has seen nothing.
    pub(super) fn new(
        making: Making,
        operator: Box<dyn Operator>,
        metrics: Arc<NodeMetrics>,
        by_clock: bool,
        seat: Arc<Seat>,
    ) -> Self {
        Self {
            name: Arc::clone(&making.spec.name),
            operator,
            metrics,
            by_clock,
            wake_at: None,
            reached: Watermark::START,
            seat,
            making: Box::new(making),
        }
    }

    /// Changes to what the seat holds, if it holds something. Returns whether it did.
    fn swap(&mut self) -> anyhow::Result<bool> {
        match self.seat.take() {
            None => return Ok(false),
            Some(Change::Version { version, probation }) => {
                if let Some(guests) = self.operator.guests() {
                    self.seat.retire(guests.swap(version, probation));
                }
            }
            Some(Change::Nothing { told }) => {
                if let Some(known) = self.snapshot()? {
                    // Whoever has asked may be gone.
                    let _ = told.send(known);
                }
            }
            Some(Change::Migration(migration)) => {
                let migrated = self.migrate(*migration);
                migrated.with_context(|| {
                    format!("the state of stage `{}` cannot be converted", self.name)
                })?;
            }
        }
        Ok(true)
    }

    /// Goes on with functions that keep other state.
    fn migrate(&mut self, migration: Migration) -> anyhow::Result<()> {
        let Migration { spec, mut guests } = migration;
        if let Some(before) = self.operator.guests() {
            guests.go_on_from(before);
        }
        let known = self.operator.snapshot()?;
        let known = known
            .map(|known| operator::migrate(&self.making.spec, &spec, &mut guests, known))
            .transpose()?;
        let resources = Resources {
            guests,
            metrics: Arc::clone(&self.metrics),
            clock: Arc::clone(&self.making.clock),
            tables: Arc::clone(&self.making.tables),
        };
        self.operator = operator::open(&spec, resources)?;
        if let Some(known) = known {
            self.operator.restore(&[known], Share::ALL)?;
            self.wake_at = Some(AT_ONCE);
        }
        self.making.spec = spec;
        Ok(())
    }

    /// Takes up what the subtasks of the stage knew when its input had come to `watermark`, as far as
    /// it belongs to `share`.
    pub(super) fn restore(
        &mut self,
        watermark: Watermark,
        snapshots: &[Snapshot],
        share: Share,
    ) -> anyhow::Result<()> {
        let reached = snapshots.iter().map(|snapshot| snapshot.watermark).min();
        self.reached = reached.unwrap_or(watermark);
        if let Some(guests) = self.operator.guests() {
            guests.advance(watermark);
        }
        if snapshots.is_empty() {
            return Ok(());
        }
        let restored = self.operator.restore(snapshots, share);
        restored.with_context(|| format!("the state of stage `{}` does not fit it", self.name))?;
        // Only the operator knows when it wants to be told the time, so it is told at once.
        self.wake_at = Some(AT_ONCE);
        Ok(())
    }

    /// Whether nothing comes out of the stage before something comes in, if it goes by the clock; `None`
    /// if it does not.
    pub(super) fn rests(&self) -> Option<bool> {
        self.by_clock.then_some(self.wake_at.is_none())
    }

    /// What the operator knows, if it knows something.
    pub(super) fn snapshot(&mut self) -> anyhow::Result<Option<Snapshot>> {
        let snapshot = self.operator.snapshot();
        snapshot.with_context(|| format!("the state of stage `{}` cannot be kept", self.name))
    }

    /// What the stage is called.
    pub(super) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The latest watermark that was sent behind its rows.
    pub(super) const fn reached(&self) -> Watermark {
        self.reached
    }

    /// Runs rows through the stage.
    pub(super) fn process(
        &mut self,
        input: Side,
        batch: Batch,
        side: &mut SideOutputs,
    ) -> anyhow::Result<Vec<Batch>> {
        self.metrics.rows_in.add(batch.rows());
        self.seat.note(input, &batch);
        let mut out = Outbox::default();
        let done = self.operator.process(input, batch, &mut out);
        let batches = self.hand_on(done, out, side);
        if self.by_clock {
            // Time has passed for those behind, whether a window has closed or not.
            self.wake_at = Some(AT_ONCE);
        }
        batches
    }

    /// Tells the stage how far event time has come, and sends what it hands on through `fork`, ahead
    /// of the watermarks it comes to.
    pub(super) fn advance(
        &mut self,
        watermark: Watermark,
        fork: &mut Fork,
        side: &mut SideOutputs,
    ) -> anyhow::Result<()> {
        if let Some(guests) = self.operator.guests() {
            guests.advance(watermark);
        }
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
            if self.reach(progress, fork, side)? {
                return Ok(());
            }
        }
    }

    /// Tells the stage the time if it wants to be told, and sends what it hands on through `fork`.
    /// Returns whether it wanted to.
    fn tick(
        &mut self,
        now: Timestamp,
        fork: &mut Fork,
        side: &mut SideOutputs,
    ) -> anyhow::Result<bool> {
        if self.wake_at.is_none_or(|wake_at| wake_at > now) {
            return Ok(false);
        }
        self.wake_at = None;
        loop {
            let mut out = Outbox::default();
            let ticked = self.operator.tick(now, &mut out);
            let (progress, done) = match ticked {
                Ok(progress) => (progress, Ok(())),
                Err(error) => (None, Err(error)),
            };
            for batch in self.hand_on(done, out, side)? {
                fork.batch(&batch, side)?;
            }
            let Some(progress) = progress else { break };
            if self.reach(progress, fork, side)? {
                break;
            }
        }
        if self.wake_at.is_some_and(|wake_at| wake_at <= now) {
            self.wake_at = Some(now.saturating_add(MIN_SLEEP));
        }
        Ok(true)
    }

    /// Sends the watermark that the stage has come to. Returns whether the stage is done.
    fn reach(
        &mut self,
        progress: Progress,
        fork: &mut Fork,
        side: &mut SideOutputs,
    ) -> anyhow::Result<bool> {
        let (Progress::Done(reached) | Progress::More(reached)) = progress;
        self.reached = self.reached.max(reached);
        fork.watermark(reached, side)?;
        Ok(matches!(progress, Progress::Done(_)))
    }

    fn hand_on(
        &mut self,
        done: anyhow::Result<()>,
        out: Outbox,
        side: &mut SideOutputs,
    ) -> anyhow::Result<Vec<Batch>> {
        // Dead letters first, even of a stage that has failed: they say what it failed on.
        side.dead_letters(&out.dead_letters)?;
        done.with_context(|| format!("stage `{}` failed", self.name))?;
        self.wake_at = out.wake_at.or(self.wake_at);
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

    /// Says that nothing may follow for long.
    pub(super) fn idle(&self) -> anyhow::Result<()> {
        for branch in &self.branches {
            branch.fork.idle()?;
        }
        self.outputs.iter().try_for_each(Output::idle)
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
    pub(super) fn barrier(&self, number: u64) -> anyhow::Result<()> {
        for branch in &self.branches {
            branch.fork.barrier(number)?;
        }
        let mut outputs = self.outputs.iter();
        outputs.try_for_each(|output| output.barrier(number))
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

    /// Says which rows belong to a checkpoint.
    pub(super) fn barrier(&self, number: u64) -> anyhow::Result<()> {
        for (_, output) in &self.late {
            output.barrier(number)?;
        }
        let mut letters = self.dead_letters.iter();
        letters.try_for_each(|output| output.barrier(number))
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
