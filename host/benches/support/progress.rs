//! How far a job is, for benchmarks that compare one second of it with another.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tidemill::metrics::NodeMetrics;

/// How many rows had reached a stage when, looked at every few milliseconds.
pub(crate) struct Progress {
    seen: Vec<(Instant, u64)>,
}

impl Progress {
    /// Looks at the rows that come to `stage`.
    pub(crate) fn watch(stage: Arc<NodeMetrics>) -> Watching {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let watching = thread::spawn(move || {
            let mut seen = Vec::new();
            while !over.load(Ordering::Relaxed) {
                seen.push((Instant::now(), stage.rows_in.get()));
                thread::sleep(Duration::from_millis(2));
            }
            Self { seen }
        });
        Watching { is_over, watching }
    }

    /// The rows at an instant, if the job ran on beyond it.
    pub(crate) fn rows_at(&self, instant: Instant) -> Option<f64> {
        let next = self.seen.partition_point(|&(at, _)| at <= instant);
        let (&(before, from), &(after, to)) =
            (self.seen.get(next.checked_sub(1)?)?, self.seen.get(next)?);
        let share = (instant - before).as_secs_f64() / (after - before).as_secs_f64();
        Some(from as f64 + (to - from) as f64 * share)
    }
}

/// Somebody who looks at the rows of a stage.
pub(crate) struct Watching {
    is_over: Arc<AtomicBool>,
    watching: thread::JoinHandle<Progress>,
}

impl Watching {
    /// Looks no more.
    pub(crate) fn end(self) -> Progress {
        self.is_over.store(true, Ordering::Relaxed);
        self.watching.join().expect("somebody watches")
    }
}
