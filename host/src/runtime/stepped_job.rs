//! A pipeline that is driven step by step, on the thread of whoever drives it.
//!
//! It is made of the same subtasks as a [`Job`](super::Job); only who calls them is another. It never
//! waits: what is to come later comes when its driver has set the clock.

use std::sync::Arc;

use super::{
    assembly::Assembly, connectors::Connectors, message::Capacity, order::Order, step::Step,
    tables::open_tables, task::Task,
};
use crate::{
    checkpoint::JobSnapshot,
    metrics::JobMetrics,
    pipeline::{Plan, Registry},
    time::{Clock, InputProgress, Timestamp, Watermark},
};

/// A pipeline that is driven step by step.
pub struct SteppedJob {
    metrics: JobMetrics,
    tasks: Vec<Subtask>,
    order: Order,
}

/// A subtask.
struct Subtask {
    name: String,
    task: Task,
    ended: bool,
}

impl SteppedJob {
    /// Opens the sources, sinks and libraries of `plan`. Nothing is done yet. With `before` it goes on
    /// where that was, whatever the parallelism was.
    ///
    /// # Errors
    ///
    /// If something cannot be opened, or `before` does not fit the plan.
    pub fn start(
        plan: &Plan,
        registry: &Registry,
        clock: &Arc<dyn Clock>,
        connectors: &dyn Connectors,
        before: Option<&JobSnapshot>,
        order: Order,
    ) -> anyhow::Result<Self> {
        let metrics = JobMetrics::new(plan.sources.len(), plan.stages.len(), plan.sinks.len());
        let assembly = Assembly {
            plan,
            registry,
            clock,
            connectors,
            tables: open_tables(plan, clock, connectors)?,
            capacity: Capacity::Unbounded,
            before,
            metrics: &metrics,
            stop: &Arc::default(),
            cut_short: &Arc::default(),
        };
        let tasks = assembly.tasks()?.into_iter().map(|(name, task)| Subtask {
            name,
            task,
            ended: false,
        });
        Ok(Self {
            tasks: tasks.collect(),
            metrics,
            order,
        })
    }

    /// The counters of the job.
    pub const fn metrics(&self) -> &JobMetrics {
        &self.metrics
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

    /// When there is something to do next if nothing comes.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let running = self.tasks.iter().filter(|subtask| !subtask.ended);
        running.filter_map(|subtask| subtask.task.wake_at()).min()
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

    /// Writes down what the subtasks know. Only between two runs.
    ///
    /// # Errors
    ///
    /// If the state of a stage cannot be written down.
    pub fn snapshot(&mut self) -> anyhow::Result<JobSnapshot> {
        let mut snapshot = JobSnapshot::default();
        for subtask in &mut self.tasks {
            match &mut subtask.task {
                Task::Source(task) => {
                    let known = snapshot.sources.entry(Arc::clone(&task.name)).or_default();
                    known.partitions.extend(task.snapshot());
                }
                Task::Stage(task) => {
                    let (watermark, known) = task.snapshot()?;
                    let name = Arc::clone(task.name());
                    let stage = snapshot.stages.entry(name).or_default();
                    stage.watermark = watermark;
                    stage.subtasks.extend(known);
                }
                Task::Sink(task) if task.outlives_failure() => {}
                Task::Sink(task) => {
                    let known = task.snapshot()?;
                    snapshot.sinks.insert(Arc::clone(task.name()), known);
                }
            }
        }
        for (name, source) in &mut snapshot.sources {
            let progress = self.source_progress(name);
            source.watermark = progress.map_or(Watermark::START, |progress| progress.watermark);
        }
        Ok(snapshot)
    }

    /// Lets every subtask do a bit. Returns whether something has moved.
    fn round(&mut self) -> anyhow::Result<bool> {
        let mut moved = false;
        for place in self.order.next_round(self.tasks.len()) {
            let subtask = &mut self.tasks[place];
            if subtask.ended {
                continue;
            }
            match subtask.task.step() {
                Ok(Step::Quiet) => {}
                Ok(step) => {
                    subtask.ended = step == Step::Ended;
                    moved = true;
                }
                Err(error) => {
                    let error = error.context(format!("subtask `{}` has failed", subtask.name));
                    self.keep_dead_letters()?;
                    return Err(error);
                }
            }
        }
        Ok(moved)
    }

    /// Writes the dead letters that are on their way: they say why the job has failed.
    fn keep_dead_letters(&mut self) -> anyhow::Result<()> {
        let tasks = self.tasks.iter_mut().map(|subtask| &mut subtask.task);
        for task in tasks {
            if let Task::Sink(sink) = task
                && sink.outlives_failure()
            {
                while sink.step()? == Step::Moved {}
            }
        }
        Ok(())
    }
}
