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
    cancelled::Cancelled,
    connectors::{Connectors, PlannedConnectors},
    message::Capacity,
    sink_task::WrittenSink,
    tables::open_tables,
    task::Task,
};
use crate::{
    metrics::JobMetrics,
    pipeline::{Plan, Registry},
    time::Clock,
};

/// A running pipeline. Dropping it does not stop it; [`wait`](Self::wait) does the joining.
pub struct Job {
    metrics: JobMetrics,
    stop: Arc<AtomicBool>,
    /// Whether a source was stopped before the end of its input.
    cut_short: Arc<AtomicBool>,
    /// Whether the input has an end.
    bounded: bool,
    subtasks: Vec<JoinHandle<()>>,
    finished: mpsc::Receiver<Finished>,
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
}

/// What a subtask has come to.
struct Finished {
    result: anyhow::Result<Option<WrittenSink>>,
}

impl Job {
    /// Opens the sources, sinks and libraries of `plan` and starts its subtasks.
    ///
    /// # Errors
    ///
    /// If something cannot be opened; nothing runs then.
    pub fn start(plan: &Plan, registry: &Registry, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        Self::start_with(plan, registry, clock, &PlannedConnectors)
    }

    /// Starts `plan` with other sources and sinks than it says.
    ///
    /// # Errors
    ///
    /// If something cannot be opened; nothing runs then.
    pub fn start_with(
        plan: &Plan,
        registry: &Registry,
        clock: &Arc<dyn Clock>,
        connectors: &dyn Connectors,
    ) -> anyhow::Result<Self> {
        let metrics = JobMetrics::new(plan.sources.len(), plan.stages.len(), plan.sinks.len());
        let stop = Arc::new(AtomicBool::new(false));
        let cut_short = Arc::default();
        let assembly = Assembly {
            plan,
            registry,
            clock,
            connectors,
            tables: open_tables(plan, clock, connectors)?,
            capacity: Capacity::THREADS,
            before: None,
            metrics: &metrics,
            stop: &stop,
            cut_short: &cut_short,
        };
        let tasks = assembly.tasks()?;
        let (done, finished) = mpsc::channel();
        let mut job = Self {
            metrics,
            stop,
            cut_short,
            bounded: plan.sources.iter().all(|source| source.config.is_bounded()),
            subtasks: Vec::with_capacity(tasks.len()),
            finished,
        };
        for (name, task) in tasks {
            let started = spawn(name, task, done.clone());
            job.subtasks.push(started?);
        }
        tracing::info!(name = %plan.name, subtasks = job.subtasks.len(), "job started");
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
    /// The first error of a subtask; the others stop with it, and sinks leave nothing behind.
    pub fn wait(self) -> anyhow::Result<Outcome> {
        let mut sinks = Vec::new();
        let mut failure: Option<anyhow::Error> = None;
        for _ in 0..self.subtasks.len() {
            let finished = self.finished.recv().context("a subtask is gone")?;
            match finished.result {
                Ok(sink) => sinks.extend(sink),
                Err(error) => {
                    self.stop.store(true, Ordering::Relaxed);
                    let known = failure.as_ref();
                    // Of several, the first that is not just a consequence of another.
                    if known.is_none_or(|known| known.is::<Cancelled>()) {
                        failure = Some(error);
                    }
                }
            }
        }
        for subtask in self.subtasks {
            subtask
                .join()
                .map_err(|_| anyhow!("a subtask has panicked"))?;
        }
        if let Some(failure) = failure {
            for finished in sinks.into_iter().filter(|sink| sink.outlives_failure) {
                if let Err(error) = finished.sink.finish() {
                    tracing::error!(sink = %finished.name, "cannot be finished: {error:#}");
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
        let result = panic::catch_unwind(AssertUnwindSafe(|| task.run()))
            .unwrap_or_else(|panic| Err(anyhow!("subtask `{name}` panicked: {}", text(&*panic))));
        // Nobody waits for the result only if the whole job is being dropped.
        let _ = done.send(Finished { result });
    };
    thread.spawn(run).context("cannot start a thread")
}

/// What a panic says.
fn text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
