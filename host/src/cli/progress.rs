//! The progress bar, on terminals only.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{connector::SourceConfig, metrics::JobMetrics, pipeline::Plan};

/// A bar that shows how much of the input has been read.
pub(super) struct Progress {
    done: Arc<AtomicBool>,
    painter: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts to show the progress of a job, if standard error is a terminal.
    pub(super) fn start(plan: &Plan, metrics: &JobMetrics) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let target = ProgressDrawTarget::stderr_with_hz(10);
        if target.is_hidden() {
            return Self {
                done,
                painter: None,
            };
        }
        let bar = ProgressBar::with_draw_target(total_bytes(plan), target);
        bar.set_style(style(bar.length().is_some()));
        let sources = metrics.sources.clone();
        let finished = Arc::clone(&done);
        let paint = move || {
            while !finished.load(Ordering::Relaxed) {
                let rows: u64 = sources.iter().map(|source| source.rows_in.get()).sum();
                let bytes = sources.iter().map(|source| source.bytes.get()).sum();
                bar.set_position(bytes);
                bar.set_message(format!("{} rows", super::summary::grouped(rows)));
                thread::park_timeout(Duration::from_millis(100));
            }
            bar.finish_and_clear();
        };
        let painter = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(paint);
        Self {
            done,
            painter: painter.ok(),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(painter) = self.painter {
            painter.thread().unpark();
            // A bar that could not be painted is no reason to fail.
            let _ = painter.join();
        }
    }
}

/// The size of the input, if all of it is files.
fn total_bytes(plan: &Plan) -> Option<u64> {
    let mut total = 0;
    for source in &plan.sources {
        let SourceConfig::File { paths, .. } = &source.config else {
            return None;
        };
        for path in paths {
            total += fs::metadata(path).ok()?.len();
        }
    }
    Some(total)
}

fn style(bounded: bool) -> ProgressStyle {
    let template = if bounded {
        "{bar:30} {percent:>3}% {binary_bytes_per_sec}, {msg}, {eta} left"
    } else {
        "{spinner} {elapsed} {msg}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
