//! A subtask that reads a source.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;

use super::{
    barriers::Participant,
    chain::{Fork, SideOutputs},
    connector_failure::ConnectorFailure,
    drift::DriftBoard,
    failpoints::CheckpointStep,
    partitions::Partitions,
    step::Step,
};
use crate::{
    checkpoint::{Part, PartitionSnapshot, SourcePart},
    connector::{Backlog, Decoded, Gathering, Read},
    metrics::NodeMetrics,
    operator::{Outbox, RejectionPolicy},
    time::{self, Clock, InputProgress, Timestamp, Watermark},
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
    pub(super) partitions: Partitions,
    pub(super) drift: Arc<DriftBoard>,
    /// How long a row waits for others; `None` if rows are there as soon as they are asked for.
    pub(super) max_latency: Option<time::Duration>,
    pub(super) rejects: RejectionPolicy,
    pub(super) metrics: Arc<NodeMetrics>,
    pub(super) fork: Fork,
    pub(super) side: SideOutputs,
    pub(super) clock: Arc<dyn Clock>,
    /// Set from outside: read no more.
    pub(super) stop: Arc<AtomicBool>,
    /// Set by the subtask when it has stopped before the end of its input.
    pub(super) cut_short: Arc<AtomicBool>,
    pub(super) told: Told,
    pub(super) participant: Participant,
}

/// What those behind a subtask have been told.
#[derive(Clone, Copy)]
pub(super) struct Told {
    watermark: Watermark,
    idle: bool,
    /// Whether they have yet to be told how far the source had come before it was restored.
    restored: bool,
}

impl Told {
    /// Nothing.
    pub(super) const NOTHING: Self = Self {
        watermark: Watermark::START,
        idle: false,
        restored: false,
    };

    /// That the source has come to `watermark`, before it was restored.
    pub(super) const fn before(watermark: Watermark) -> Self {
        Self {
            watermark,
            idle: false,
            restored: true,
        }
    }
}

impl SourceTask {
    /// Reads until every partition has ended, or until told to stop. The end of the partitions is
    /// the end of time; being stopped is not.
    pub(super) fn run(mut self) -> anyhow::Result<()> {
        loop {
            match self.step()? {
                Step::Moved => {}
                Step::Quiet => std::thread::sleep(WAIT),
                Step::Ended => return Ok(()),
            }
        }
    }

    /// Does a bit of what [`run`](Self::run) does: reads one batch at most.
    pub(super) fn step(&mut self) -> anyhow::Result<Step> {
        let step = self.advance()?;
        self.fork.flush()?;
        Ok(step)
    }

    fn advance(&mut self) -> anyhow::Result<Step> {
        let is_stopped = self.stop.load(Ordering::Relaxed);
        let mut moved = false;
        if self.participant.keeps && self.participant.barriers.are_halted() {
            return Ok(Step::Ended);
        }
        moved |= self.send_barrier()?;
        if is_stopped && !self.participant.keeps {
            self.finish()?;
            return Ok(Step::Ended);
        }
        // A job with checkpoints is stopped with one more, and nothing is read before it.
        if is_stopped || self.participant.must_wait() {
            return Ok(if moved { Step::Moved } else { Step::Quiet });
        }
        if self.open_next()? {
            // Nothing is told or read before all is open that there is room for: only then is it known whose turn it is, and,
            // if something was open before, how far event time had come behind the last batch.
            return Ok(Step::Moved);
        }
        moved |= self.tell()? | self.tick()?;
        if self.partitions.have_ended() {
            self.finish()?;
            return Ok(Step::Ended);
        }
        moved |= self.read()?;
        Ok(if moved { Step::Moved } else { Step::Quiet })
    }

    /// When the subtask has something to do even if no rows come.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let idle = self.partitions.open.iter();
        let idle = idle.filter_map(|open| open.watermark.idle_at());
        idle.chain(self.fork.wake_at()).min()
    }

    /// How far those behind have been told that event time is, and whether they wait for it.
    pub(super) const fn progress(&self) -> InputProgress {
        InputProgress {
            watermark: self.told.watermark,
            idle: self.told.idle,
        }
    }

    /// How far the partitions have been read.
    fn part(&self) -> Part {
        let now = self.clock.now();
        let open = self.partitions.open.iter();
        let open = open.map(|open| PartitionSnapshot {
            name: Arc::clone(open.partition.name()),
            progress: open.watermark.progress(now),
            position: open.partition.position(),
        });
        Part::Source(SourcePart {
            progress: self.progress(),
            open: open.collect(),
            finished: self.partitions.finished.clone(),
            earlier: self.partitions.known.clone(),
        })
    }

    /// Sends the barrier that has been asked for, if one has, and contributes to its checkpoint or swaps what
    /// is to be swapped at it. Returns whether there was one.
    fn send_barrier(&mut self) -> anyhow::Result<bool> {
        let Some(number) = self.participant.due() else {
            return Ok(false);
        };
        if self.participant.swaps_at(number) {
            let started = Instant::now();
            let mut swapped = Vec::new();
            self.fork.swap(&mut swapped)?;
            let pause = started.elapsed();
            self.pass_on(number)?;
            self.participant.pass(number, &swapped, pause);
            return Ok(true);
        }
        self.participant.reach(CheckpointStep::Source)?;
        let part = self.part();
        self.pass_on(number)?;
        self.participant.acknowledge(number, part);
        Ok(true)
    }

    fn pass_on(&mut self, number: u64) -> anyhow::Result<()> {
        self.fork.barrier(number)?;
        self.side.barrier(number)?;
        self.participant.has_sent(number);
        Ok(())
    }

    fn open_next(&mut self) -> anyhow::Result<bool> {
        let already = self.partitions.open.len();
        let opened = self.partitions.open_next(&*self.clock);
        let opened = match self.participant.keeps {
            // Another attempt may go better.
            true => opened.with_context(|| ConnectorFailure::of_source(&self.name)),
            false => opened,
        }?;
        if let Some(max_latency) = self.max_latency {
            for open in &mut self.partitions.open[already..] {
                let mut pending = Vec::new();
                self.fork.pending(&mut pending);
                let backlog = Backlog::of(pending);
                open.partition
                    .gather(Gathering::new(max_latency.into(), backlog));
            }
        }
        Ok(opened)
    }

    /// Tells those behind how far event time has come and whether they are to wait, as far as they do
    /// not know. Returns whether there was something to tell.
    fn tell(&mut self) -> anyhow::Result<bool> {
        let mut due = mem::take(&mut self.told.restored);
        let progress = self.partitions.progress(&*self.clock);
        if let Some(progress) = progress {
            // It may go back, when a partition was idle and is there again.
            due |= progress.watermark != self.told.watermark;
            due |= self.told.idle && !progress.idle;
            self.told.watermark = progress.watermark;
        }
        if due {
            self.told.idle = false;
            self.fork.watermark(self.told.watermark, &mut self.side)?;
        }
        if progress.is_some_and(|progress| progress.idle) && !self.told.idle {
            self.told.idle = true;
            self.fork.idle()?;
            due = true;
        }
        Ok(due)
    }

    /// Tells the time to chained stages that want to be told. Returns whether there were some.
    fn tick(&mut self) -> anyhow::Result<bool> {
        if self.fork.wake_at().is_none() {
            return Ok(false);
        }
        let ticked = self.fork.tick(self.clock.now(), &mut self.side)?;
        if ticked && self.told.idle {
            // A watermark may have gone out, so it has to be said again.
            self.fork.idle()?;
        }
        Ok(ticked)
    }

    /// Reads a batch of the first partition in turn that has something. Returns whether there
    /// was one.
    fn read(&mut self) -> anyhow::Result<bool> {
        self.drift.post(self.subtask, self.partitions.slowest());
        for place in self.partitions.in_turn() {
            let open = &mut self.partitions.open[place];
            if self.drift.must_wait(open.watermark.current()) {
                continue;
            }
            let read = open.partition.read();
            let read = read.with_context(|| ConnectorFailure::of_source(&self.name))?;
            if !matches!(read, Read::Idle) {
                self.participant.has_read();
            }
            match read {
                Read::Idle => continue,
                Read::Rows(decoded) => {
                    self.hand_on(decoded, place)?;
                    // Behind the rows at once, so that both go out together.
                    self.tell()?;
                }
                Read::Watermark(watermark) => {
                    open.watermark.tell(watermark);
                    open.watermark.touch(self.clock.now());
                    self.wake()?;
                }
                Read::End => self.partitions.finish(place),
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn hand_on(&mut self, decoded: Decoded, place: usize) -> anyhow::Result<()> {
        let rows = decoded.batch.rows();
        self.metrics.rows_in.add(rows + decoded.rejected.len());
        self.metrics.bytes.add(decoded.bytes as usize);
        let open = &mut self.partitions.open[place];
        open.watermark.touch(self.clock.now());
        let latest = decoded.batch.latest();
        if (open.is_new || open.earliest.is_some())
            && let Some(earliest) = decoded.batch.earliest()
        {
            let partition = open.partition.name();
            if mem::take(&mut open.is_new) && earliest < self.told.watermark.time() {
                tracing::warn!(
                    source = %self.name, %partition, watermark = %self.told.watermark,
                    "the partition starts behind the watermark: its rows may be late",
                );
            }
            if let Some(expected) = open.earliest.take_if(|expected| earliest < *expected) {
                tracing::warn!(
                    source = %self.name, %partition, found = %earliest, statistics = %expected,
                    "the partition has rows before the least time that its statistics tell: they may be late",
                );
            }
        }
        self.wake()?;
        let mut out = Outbox::default();
        let settled = self
            .rejects
            .settle_rejected(decoded.rejected, &decoded.batch, &mut out);
        self.side.dead_letters(&out.dead_letters)?;
        settled.with_context(|| format!("source `{}` failed", self.name))?;
        if rows == 0 {
            return Ok(());
        }
        self.metrics.rows_out.add(rows);
        self.fork.batch(&decoded.batch, &mut self.side)?;
        if let Some(latest) = latest {
            self.partitions.open[place].watermark.observe(latest);
        }
        Ok(())
    }

    /// Tells those behind that something comes again, if they have been told otherwise.
    fn wake(&mut self) -> anyhow::Result<()> {
        if mem::take(&mut self.told.idle) {
            self.fork.watermark(self.told.watermark, &mut self.side)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        self.drift.post(self.subtask, Watermark::END);
        if self.partitions.have_ended() {
            self.told.watermark = Watermark::END;
            self.fork.watermark(Watermark::END, &mut self.side)?;
        } else {
            self.cut_short.store(true, Ordering::Relaxed);
        }
        self.fork.end()?;
        self.side.end()?;
        match self.participant.keeps {
            true => self.participant.end(self.part()),
            false => self.participant.leave(),
        }
        Ok(())
    }
}
