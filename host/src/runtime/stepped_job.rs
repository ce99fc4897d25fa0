//! A pipeline that is driven step by step, on the thread of whoever drives it.
//!
//! It is made of the same subtasks as a [`Job`](super::Job); only who calls them is another. It never
//! waits: what is to come later comes when its driver has set the clock.

use std::sync::Arc;

use anyhow::Context;

use super::{
    assembly::Assembly,
    checkpointing::{Checkpointing, Ways},
    connectors::Connectors,
    driver::Driver,
    message::Capacity,
    order::Order,
    seat::Change,
    step::Step,
    storage::SharedStorage,
    swaps::{Loaded, Running, Swapped, Swaps},
    tables::open_tables,
    task::Task,
};
use crate::{
    checkpoint::Checkpoint,
    metrics::JobMetrics,
    time::{Clock, InputProgress, Timestamp, Watermark},
};

/// A pipeline that is driven step by step.
pub struct SteppedJob {
    metrics: JobMetrics,
    tasks: Vec<Subtask>,
    driver: Driver,
    swaps: Swaps,
    storage: SharedStorage,
    clock: Arc<dyn Clock>,
    order: Order,
    /// Whose turn it is in the present round.
    round: std::vec::IntoIter<usize>,
}

/// A subtask.
struct Subtask {
    name: String,
    task: Task,
    ended: bool,
}

impl SteppedJob {
    /// Opens the sources, sinks and libraries of `plan`. Nothing is done yet. It goes on from the newest
    /// checkpoint in the storage, whatever the parallelism was when that was made.
    ///
    /// # Errors
    ///
    /// If something cannot be opened, or the checkpoint does not fit the plan.
    pub fn start(
        loaded: &Loaded,
        clock: &Arc<dyn Clock>,
        connectors: &dyn Connectors,
        checkpointing: &Checkpointing,
        order: Order,
    ) -> anyhow::Result<Self> {
        let Loaded { plan, registry } = loaded;
        let metrics = JobMetrics::new(plan.sources.len(), plan.stages.len(), plan.sinks.len());
        let before = {
            let mut storage = checkpointing.storage.lock();
            let before = storage.latest(None)?;
            storage.go_on_from(before.as_ref().map(|before| before.number))?;
            before
        };
        let ways = Ways::new(Some(checkpointing), before.as_ref())?;
        let assembly = Assembly {
            plan,
            registry,
            clock,
            connectors,
            tables: open_tables(plan, clock, connectors)?,
            capacity: Capacity::Unbounded,
            before: before.as_ref(),
            ways: &ways,
            metrics: &metrics,
            stop: &Arc::default(),
            cut_short: &Arc::default(),
        };
        let mut assembled = assembly.assemble()?;
        let now = clock.now();
        let counted = &metrics.checkpoints;
        let swaps = Swaps::default();
        swaps.runs(Running {
            loaded: loaded.clone(),
            seats: Arc::new(std::mem::take(&mut assembled.seats)),
            notices: ways.notices(),
        });
        let driver = Driver::new(ways, plan, &mut assembled, counted, clock, now);
        let tasks = assembled.tasks.into_iter().map(|(name, task)| Subtask {
            name,
            task,
            ended: false,
        });
        Ok(Self {
            tasks: tasks.collect(),
            metrics,
            driver,
            swaps,
            storage: checkpointing.storage.clone(),
            clock: Arc::clone(clock),
            order,
            round: Vec::new().into_iter(),
        })
    }

    /// The counters of the job.
    pub const fn metrics(&self) -> &JobMetrics {
        &self.metrics
    }

    /// From where the components of the job can be swapped. What is asked for is done as the job goes on.
    pub const fn swaps(&self) -> &Swaps {
        &self.swaps
    }

    /// Goes on until nothing moves any more: all that has been read has been worked off, and nothing is
    /// on its way between subtasks.
    ///
    /// # Errors
    ///
    /// The error of a subtask; the job is of no use then. Dead letters have come to their sink.
    pub fn run(&mut self) -> anyhow::Result<()> {
        while self.round()? {}
        Ok(())
    }

    /// Lets one subtask do a bit.
    ///
    /// # Errors
    ///
    /// The error of the subtask; the job is of no use then.
    pub fn step(&mut self) -> anyhow::Result<()> {
        self.turn().map(|_| ())
    }

    /// Lets so many turns of storage pass before something is written.
    pub const fn slow_down_storage(&mut self, turns: usize) {
        self.driver.slow_down(turns);
    }

    /// Asks for a checkpoint; it is made as the job goes on.
    ///
    /// # Errors
    ///
    /// If it cannot be begun.
    pub fn request_checkpoint(&mut self) -> anyhow::Result<()> {
        self.driver.request(self.clock.now())
    }

    /// Swaps stages for those of `to`, or looks at what they know, and goes on until it is done and nothing moves
    /// any more. Each stage comes with one change for each of its copies.
    ///
    /// # Errors
    ///
    /// [`NotSwapped`](super::NotSwapped) if it is not done any more; else the error of a subtask, and the
    /// job is of no use then.
    pub fn swap(
        &mut self,
        to: Option<Loaded>,
        changes: Vec<(usize, Vec<Change>)>,
    ) -> anyhow::Result<Swapped> {
        let pending = self.swaps.begin(None, to, changes)?;
        self.run()?;
        Ok(pending.finish()?)
    }

    /// When there is something to do next if nothing comes.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let running = self.tasks.iter().filter(|subtask| !subtask.ended);
        let subtasks = running.filter_map(|subtask| subtask.task.wake_at());
        subtasks.chain(self.driver.wake_at()).min()
    }

    /// Whether all input has ended and has been worked off.
    pub fn has_ended(&self) -> bool {
        self.tasks.iter().all(|subtask| subtask.ended)
    }

    /// How far event time is, as the subtasks of the source `name` have told those behind them.
    pub fn source_progress(&self, name: &str) -> Option<InputProgress> {
        let tasks = self.tasks.iter().filter_map(|subtask| match &subtask.task {
            Task::Source(task) if *task.name == *name => Some(task.progress()),
            _ => None,
        });
        InputProgress::of_all(tasks)
    }

    /// How far event time is at the sink `name`.
    pub fn sink_watermark(&self, name: &str) -> Option<Watermark> {
        self.tasks.iter().find_map(|subtask| match &subtask.task {
            Task::Sink(task) if **task.name() == *name => Some(task.watermark()),
            _ => None,
        })
    }

    /// Makes a checkpoint of all that has been read. A job that has ended has made its last one.
    ///
    /// # Errors
    ///
    /// If the job fails, or it cannot be written.
    pub fn checkpoint(&mut self) -> anyhow::Result<Checkpoint> {
        let mut wanted = 0;
        if !self.has_ended() {
            wanted = self.driver.next_number();
            self.request_checkpoint()?;
            self.run()?;
        }
        let made = self.storage.lock().latest(None)?;
        let made = made.filter(|made| made.number >= wanted);
        made.context("the checkpoint has not been made")
    }

    /// Lets every subtask do a bit. Returns whether something has moved.
    fn round(&mut self) -> anyhow::Result<bool> {
        let mut moved = false;
        loop {
            moved |= self.turn()?;
            if self.round.len() == 0 {
                return Ok(moved);
            }
        }
    }

    /// Lets the next subtask do a bit. Returns whether something has moved.
    fn turn(&mut self) -> anyhow::Result<bool> {
        if self.round.len() == 0 {
            // The last one is whoever makes the checkpoints.
            self.round = self.order.next_round(self.tasks.len() + 1).into_iter();
        }
        let place = self.round.next().unwrap_or_default();
        let Some(subtask) = self.tasks.get_mut(place) else {
            return Ok(self.driver.step(self.clock.now())? == Step::Moved);
        };
        if subtask.ended {
            return Ok(false);
        }
        match subtask.task.step() {
            Ok(step) => {
                subtask.ended = step == Step::Ended;
                Ok(step != Step::Quiet)
            }
            Err(error) => {
                let error = error.context(format!("subtask `{}` has failed", subtask.name));
                self.keep_dead_letters()?;
                Err(error)
            }
        }
    }

    /// Writes the dead letters that are on their way: they say why the job has failed.
    fn keep_dead_letters(&mut self) -> anyhow::Result<()> {
        let tasks = self.tasks.iter_mut().map(|subtask| &mut subtask.task);
        for task in tasks {
            if let Task::Sink(sink) = task
                && sink.outlives_failure()
            {
                sink.write_rest()?;
            }
        }
        Ok(())
    }
}
