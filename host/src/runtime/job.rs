//! A running pipeline.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use anyhow::{Context, anyhow};

use super::{
    assembly::Assembly,
    barriers::Barriers,
    cancelled::Cancelled,
    checkpointing::{Checkpointing, Ways, warn_of_losses, warn_of_new_stages},
    connectors::{Connectors, PlannedConnectors},
    driver::{Driver, JobEnd},
    message::Capacity,
    sink_task::WrittenSink,
    swaps::{Loaded, Running, Swaps},
    tables::open_tables,
    task::Task,
};
use crate::{
    checkpoint::Checkpoint,
    metrics::JobMetrics,
    pipeline::{Plan, Registry},
    time::{Clock, Timestamp},
};

/// A running pipeline. Dropping it does not stop it; [`wait`](Self::wait) does the joining.
pub struct Job {
    metrics: JobMetrics,
    stop: Arc<AtomicBool>,
    /// Whether a source was stopped before the end of its input.
    cut_short: Arc<AtomicBool>,
    /// Whether the input has an end.
    bounded: bool,
    barriers: Arc<Barriers>,
    /// Whether checkpoints are made.
    keeps: bool,
    threads: Vec<JoinHandle<()>>,
    finished: mpsc::Receiver<Finished>,
}

/// How a job is started.
pub struct Launch<'a> {
    /// Who opens its sources and sinks.
    pub connectors: &'a dyn Connectors,
    /// How it makes checkpoints, if it does.
    pub checkpointing: Option<&'a Checkpointing>,
    /// What it goes on from.
    pub before: Option<&'a Checkpoint>,
    /// From where its components can be swapped.
    pub swaps: &'a Swaps,
    /// What it counts.
    pub metrics: &'a JobMetrics,
    /// What stops it when it is set.
    pub stop: &'a Arc<AtomicBool>,
}

/// How a job that did not fail has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its input has ended and everything is written.
    Complete,
    /// It was stopped while it read an input without end: what has come out of it is written, windows
    /// that were open are not.
    Stopped,
    /// It was stopped before the end of its input: a part of the result would pass for the whole, so
    /// files are left as they were.
    Abandoned,
    /// It was stopped, and goes on from its newest checkpoint, the one with this number, when it is
    /// started again; from the beginning if there is none.
    Suspended(Option<u64>),
}

/// What a thread has come to.
enum Finished {
    Subtask(anyhow::Result<Option<WrittenSink>>),
    Driver(anyhow::Result<JobEnd>),
}

impl Job {
    /// Opens the sources, sinks and libraries of `plan` and starts its subtasks.
    ///
    /// # Errors
    ///
    /// If something cannot be opened; nothing runs then.
    pub fn start(plan: &Plan, registry: &Registry, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        let launch = Launch {
            connectors: &PlannedConnectors,
            checkpointing: None,
            before: None,
            swaps: &Swaps::default(),
            metrics: &JobMetrics::new(plan.sources.len(), plan.stages.len(), plan.sinks.len()),
            stop: &Arc::default(),
        };
        let loaded = Loaded::new(plan, registry);
        Self::launch(&loaded, clock, &launch)
    }

    /// Starts a plan, with other sources and sinks than it says, and checkpoints.
    ///
    /// # Errors
    ///
    /// If something cannot be opened, or what it is to go on from does not fit; nothing runs then.
    pub fn launch(
        loaded: &Loaded,
        clock: &Arc<dyn Clock>,
        launch: &Launch<'_>,
    ) -> anyhow::Result<Self> {
        let Loaded { plan, registry } = loaded;
        let cut_short = Arc::default();
        let ways = Ways::new(launch.checkpointing, launch.before)?;
        if ways.keep() {
            warn_of_losses(plan, launch.before);
        }
        if let Some(before) = launch.before {
            warn_of_new_stages(plan, before);
        }
        let assembly = Assembly {
            plan,
            registry,
            clock,
            connectors: launch.connectors,
            tables: open_tables(plan, clock, launch.connectors)?,
            capacity: Capacity::THREADS,
            before: launch.before,
            ways: &ways,
            metrics: launch.metrics,
            stop: launch.stop,
            cut_short: &cut_short,
        };
        let mut assembled = assembly.assemble()?;
        let (done, finished) = mpsc::channel();
        let mut job = Self {
            metrics: launch.metrics.clone(),
            stop: Arc::clone(launch.stop),
            cut_short,
            bounded: plan.sources.iter().all(|source| source.config.is_bounded()),
            barriers: Arc::clone(ways.barriers()),
            keeps: ways.keep(),
            threads: Vec::with_capacity(assembled.tasks.len() + 1),
            finished,
        };
        launch.swaps.runs(Running {
            loaded: loaded.clone(),
            seats: Arc::new(std::mem::take(&mut assembled.seats)),
            notices: ways.notices(),
        });
        let counters = &launch.metrics.checkpoints;
        // It counts time from its own start on.
        let now = Timestamp::EPOCH;
        let driver = Driver::new(ways, plan, &mut assembled, counters, clock, now);
        let stop = Arc::clone(launch.stop);
        job.threads.push(spawn_driver(driver, stop, done.clone())?);
        let subtasks = assembled.tasks.len();
        for (name, task) in assembled.tasks {
            job.threads.push(spawn(name, task, done.clone())?);
        }
        let from = launch.before.map(|before| before.number);
        tracing::info!(name = %plan.name, subtasks, checkpoint = from, "job started");
        Ok(job)
    }

    /// The counters of the job.
    pub const fn metrics(&self) -> &JobMetrics {
        &self.metrics
    }

    /// What stops the job when it is set: sources read no more, what they have read is worked off,
    /// and sinks finish what was written.
    pub fn stop_switch(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Waits for all subtasks and makes what the sinks have written visible.
    ///
    /// # Errors
    ///
    /// The first error of a subtask; the others stop with it, and sinks leave nothing behind that looks
    /// whole, but for dead letters, which say why.
    pub fn wait(self) -> anyhow::Result<Outcome> {
        let mut sinks = Vec::new();
        let mut failure: Option<anyhow::Error> = None;
        let mut end = None;
        for _ in 0..self.threads.len() {
            let error = match self.finished.recv().context("a subtask is gone")? {
                Finished::Subtask(Ok(sink)) => {
                    sinks.extend(sink);
                    continue;
                }
                Finished::Driver(Ok(ended)) => {
                    end = Some(ended);
                    continue;
                }
                Finished::Subtask(Err(error)) | Finished::Driver(Err(error)) => error,
            };
            self.barriers.halt();
            if !self.keeps {
                self.stop.store(true, Ordering::Relaxed);
            }
            let known = failure.as_ref();
            // Of several, the first that is not just a consequence of another.
            if known.is_none_or(|known| known.is::<Cancelled>()) {
                failure = Some(error);
            }
        }
        for thread in self.threads {
            thread
                .join()
                .map_err(|_| anyhow!("a subtask has panicked"))?;
        }
        if let Some(JobEnd::Stopped(last)) = end
            && failure.as_ref().is_none_or(|known| known.is::<Cancelled>())
        {
            return Ok(Outcome::Suspended(last));
        }
        if let Some(failure) = failure {
            let number = self.keeps.then(|| self.barriers.requested() + 1);
            for sink in sinks.into_iter().filter(|sink| sink.outlives_failure) {
                let name = Arc::clone(&sink.name);
                if let Err(error) = sink.show(number) {
                    tracing::error!(sink = %name, "cannot be finished: {error:#}");
                }
            }
            return Err(failure);
        }
        let outcome = match (self.cut_short.load(Ordering::Relaxed), self.bounded) {
            (false, _) => Outcome::Complete,
            (true, false) => Outcome::Stopped,
            (true, true) => Outcome::Abandoned,
        };
        if outcome == Outcome::Abandoned {
            sinks.retain(|sink| sink.outlives_failure);
        }
        for finished in sinks {
            let done = finished.sink.finish();
            done.with_context(|| format!("sink `{}` cannot be finished", finished.name))?;
        }
        Ok(outcome)
    }
}

fn spawn(name: String, task: Task, done: mpsc::Sender<Finished>) -> anyhow::Result<JoinHandle<()>> {
    let thread = thread::Builder::new().name(name.clone());
    let run = move || {
        let result = unpanicked(&name, || task.run());
        // Nobody waits for the result only if the whole job is being dropped.
        let _ = done.send(Finished::Subtask(result));
    };
    thread.spawn(run).context("cannot start a thread")
}

fn spawn_driver(
    driver: Driver,
    stop: Arc<AtomicBool>,
    done: mpsc::Sender<Finished>,
) -> anyhow::Result<JoinHandle<()>> {
    let thread = thread::Builder::new().name("checkpoints".to_owned());
    let run = move || {
        let result = unpanicked("checkpoints", || driver.run(&stop));
        let _ = done.send(Finished::Driver(result));
    };
    thread.spawn(run).context("cannot start a thread")
}

/// What a thread has come to, also if it panics.
fn unpanicked<T>(name: &str, run: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    panic::catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|panic| Err(anyhow!("subtask `{name}` panicked: {}", text(&*panic))))
}

/// What a panic says.
fn text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
