//! A subtask that reads a source.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;

use super::{
    chain::{Fork, SideOutputs},
    drift::DriftBoard,
};
use crate::{
    connector::{Decoded, Partition, Read, Source},
    metrics::NodeMetrics,
    operator::{Outbox, RejectionPolicy},
    time::{self, PartitionWatermark, Watermark},
};

/// Partitions of a source that are open at the same time, over all of its subtasks, unless there
/// are more subtasks than this. Partitions that overlap in event time are read side by side; those
/// that lie behind the others in the reading order hold the watermark as soon as they are open, so
/// their rows are not late.
pub(super) const OPEN_PARTITIONS: usize = 16;

/// How long a subtask sleeps when all that it has open must wait for other subtasks.
const WAIT: Duration = Duration::from_millis(1);

/// A subtask that reads a source, with the stages chained behind it.
pub(super) struct SourceTask {
    pub(super) name: Arc<str>,
    pub(super) subtask: usize,
    pub(super) source: Arc<dyn Source>,
    /// How many partitions this subtask has open at most.
    pub(super) max_open: usize,
    pub(super) delay: time::Duration,
    pub(super) drift: Arc<DriftBoard>,
    pub(super) rejects: RejectionPolicy,
    pub(super) metrics: Arc<NodeMetrics>,
    pub(super) fork: Fork,
    pub(super) side: SideOutputs,
    /// Set from outside: read no more.
    pub(super) stop: Arc<AtomicBool>,
    /// Set by the subtask when it has stopped before the end of its input.
    pub(super) cut_short: Arc<AtomicBool>,
}

/// A partition that is being read.
struct Open {
    partition: Box<dyn Partition>,
    watermark: PartitionWatermark,
}

impl SourceTask {
    /// Reads until every partition has ended, or until told to stop. The end of the partitions is
    /// the end of time; being stopped is not.
    pub(super) fn run(mut self) -> anyhow::Result<()> {
        let mut open: Vec<Open> = Vec::new();
        let mut exhausted = false;
        let mut sent = Watermark::START;
        while !self.stop.load(Ordering::Relaxed) {
            // One at a time, so that the subtasks share the partitions evenly.
            if !exhausted && open.len() < self.max_open {
                match self.source.next_partition()? {
                    Some(partition) => open.push(Open {
                        partition,
                        watermark: PartitionWatermark::new(self.delay),
                    }),
                    None => exhausted = true,
                }
            }
            // While there is room, a partition that is about to be opened may be behind the others.
            if exhausted || open.len() == self.max_open {
                let reached = open.iter().map(|open| open.watermark.current()).min();
                if let Some(reached) = reached.filter(|reached| *reached > sent) {
                    sent = reached;
                    self.fork.watermark(sent, &mut self.side)?;
                }
            }
            let Some(slowest) = slowest(&open) else {
                if exhausted {
                    break;
                }
                continue;
            };
            let at = open[slowest].watermark.current();
            self.drift.post(self.subtask, at);
            if self.drift.must_wait(at) {
                std::thread::sleep(WAIT);
                continue;
            }
            if self.read(&mut open[slowest], sent)? == Progress::Ended {
                open.remove(slowest);
            }
        }
        self.drift.post(self.subtask, Watermark::END);
        if exhausted && open.is_empty() {
            self.fork.watermark(Watermark::END, &mut self.side)?;
        } else {
            self.cut_short.store(true, Ordering::Relaxed);
        }
        self.fork.end()?;
        self.side.end()
    }

    fn read(&mut self, open: &mut Open, sent: Watermark) -> anyhow::Result<Progress> {
        let read = open
            .partition
            .read()
            .with_context(|| format!("source `{}` failed", self.name))?;
        match read {
            Read::Idle => Ok(Progress::Open),
            Read::End => Ok(Progress::Ended),
            Read::Rows(decoded) => {
                self.hand_on(decoded, open, sent)?;
                Ok(Progress::Open)
            }
        }
    }

    fn hand_on(
        &mut self,
        decoded: Decoded,
        open: &mut Open,
        sent: Watermark,
    ) -> anyhow::Result<()> {
        let rows = decoded.batch.rows();
        self.metrics.rows_in.add(rows + decoded.rejected.len());
        self.metrics.bytes.add(decoded.bytes as usize);
        let mut out = Outbox::default();
        let settled = self
            .rejects
            .settle_rejected(decoded.rejected, &decoded.batch, &mut out);
        self.side.dead_letters(&out.dead_letters)?;
        settled.with_context(|| format!("source `{}` failed", self.name))?;
        if rows == 0 {
            return Ok(());
        }
        let (earliest, latest) = (decoded.batch.earliest(), decoded.batch.latest());
        if open.watermark.current() == Watermark::START
            && let Some(earliest) = earliest
            && earliest < sent.time()
        {
            tracing::warn!(
                source = %self.name, partition = %open.partition.name(), watermark = %sent,
                "the partition starts behind the watermark: its rows may be late",
            );
        }
        self.metrics.rows_out.add(rows);
        self.fork.batch(&decoded.batch, &mut self.side)?;
        if let Some(latest) = latest {
            open.watermark.observe(latest);
        }
        Ok(())
    }
}

/// Whether there may be more to read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Open,
    Ended,
}

/// The open partition that is furthest behind, the first of those that have not been read at all.
fn slowest(open: &[Open]) -> Option<usize> {
    let watermarks = open.iter().map(|open| open.watermark.current());
    let (place, _) = watermarks
        .enumerate()
        .min_by_key(|(_, watermark)| *watermark)?;
    Some(place)
}
