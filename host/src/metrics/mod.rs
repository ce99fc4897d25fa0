//! What happened to the rows: counters of every source, stage and sink.

mod checkpoints;

pub use checkpoints::{CheckpointMetrics, MadeCheckpoint};

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts what passes through one source, stage or sink. Shared by its subtasks, which add to it
/// once a batch.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `rows`.
    pub fn add(&self, rows: usize) {
        self.0.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// Takes out what was added so far.
    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }

    /// What was added so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of a source, a stage or a sink. Each row that comes in is counted once more, as
/// what became of it.
#[derive(Debug, Default)]
pub struct NodeMetrics {
    /// Rows that came in; those that a source read, good and bad.
    pub rows_in: Counter,
    /// Rows that were handed on.
    pub rows_out: Counter,
    /// Rows that a filter took out, and rows that fell into no window.
    pub filtered: Counter,
    /// Rows that were late for all of their windows.
    pub late: Counter,
    /// Rows that became dead letters.
    pub dead_letters: Counter,
    /// Windows of a key that became dead letters because a function failed on them; their rows are
    /// counted as absorbed.
    pub failed_windows: Counter,
    /// Bad rows that were left out because the pipeline says so.
    pub skipped: Counter,
    /// Rows that went into windows or state.
    pub absorbed: Counter,
    /// Bytes read.
    pub bytes: Counter,
}

impl NodeMetrics {
    /// Adds what `others` have counted, and takes it out of them.
    pub fn take_over(&self, others: &Self) {
        for (mine, other) in self.all().into_iter().zip(others.all()) {
            match other.take() {
                0 => {}
                count => drop(mine.0.fetch_add(count, Ordering::Relaxed)),
            }
        }
    }

    /// Forgets what was counted.
    pub fn clear(&self) {
        for counter in self.all() {
            counter.take();
        }
    }

    const fn all(&self) -> [&Counter; 9] {
        let Self {
            rows_in,
            rows_out,
            filtered,
            late,
            dead_letters,
            failed_windows,
            skipped,
            absorbed,
            bytes,
        } = self;
        [
            rows_in,
            rows_out,
            filtered,
            late,
            dead_letters,
            failed_windows,
            skipped,
            absorbed,
            bytes,
        ]
    }
}

/// The counters of a job, by the place of the source, stage or sink in the plan.
#[derive(Clone, Debug)]
pub struct JobMetrics {
    /// One a source.
    pub sources: Vec<Arc<NodeMetrics>>,
    /// One a stage.
    pub stages: Vec<Arc<NodeMetrics>>,
    /// One a sink.
    pub sinks: Vec<Arc<NodeMetrics>>,
    /// Of the sink of dead letters.
    pub dead_letters: Arc<NodeMetrics>,
    /// Of its checkpoints.
    pub checkpoints: Arc<CheckpointMetrics>,
}

impl JobMetrics {
    /// Counters at zero for a job of so many sources, stages and sinks.
    pub fn new(sources: usize, stages: usize, sinks: usize) -> Self {
        let nodes = |count| (0..count).map(|_| Arc::default()).collect();
        Self {
            sources: nodes(sources),
            stages: nodes(stages),
            sinks: nodes(sinks),
            dead_letters: Arc::default(),
            checkpoints: Arc::default(),
        }
    }
}
