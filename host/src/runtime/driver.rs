//! Makes the checkpoints of a job: does what the coordinator decides.
//!
//! A job that runs has it on a thread of its own, so that nobody who handles rows waits for storage; one
//! that is driven by hand takes it for another subtask.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::Instant,
};

mod swapping;

use super::{
    assembly::Assembled,
    barriers::{Barriers, Notice, Said},
    checkpointing::Ways,
    control::Control,
    failpoints::{CheckpointStep, Failpoints},
    label::Label,
    step::Step,
    storage::SharedStorage,
    swaps::SwapOrder,
};
use crate::{
    checkpoint::{
        Checkpoint, Command, Coordinator, Event, Gathered, JobSnapshot, LockLost, Part, Role,
    },
    metrics::CheckpointMetrics,
    pipeline::Plan,
    time::{Clock, Timestamp},
};

/// How often the thread looks whether the job is to stop.
const POLL: std::time::Duration = std::time::Duration::from_millis(20);

/// Makes the checkpoints of a job.
pub(super) struct Driver {
    coordinator: Coordinator<Part>,
    /// What the source, stage or sink of each subtask is called.
    names: Vec<Arc<str>>,
    barriers: Arc<Barriers>,
    notices: Receiver<Notice>,
    sinks: Vec<Control>,
    /// None in a job without checkpoints.
    storage: Option<SharedStorage>,
    label: Label,
    /// How many checkpoints are kept.
    keep: usize,
    failpoints: Arc<dyn Failpoints>,
    metrics: Arc<CheckpointMetrics>,
    /// For the times that checkpoints bear.
    clock: Arc<dyn Clock>,
    /// When the checkpoint that is being made was begun.
    begun: Instant,
    /// What is to be written.
    unwritten: Option<Checkpoint>,
    /// The newest checkpoint that is written, or that the job goes on from.
    last: Option<u64>,
    /// The number of the checkpoint that the job is to stop after.
    stop_after: Option<u64>,
    end: Option<JobEnd>,
    /// Swaps that have yet to be done.
    swaps: VecDeque<SwapOrder>,
    /// What the checkpoint of this number says, the latest that was gathered: what is swapped while it is
    /// written does not belong to it.
    labelled: Option<(u64, Label)>,
    /// How many steps something is left unwritten when the job is driven by hand: slow storage.
    delay: usize,
    delayed: usize,
}

/// How a job with checkpoints ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobEnd {
    /// Its input has ended, and all of it is committed.
    Complete,
    /// It was stopped; this is the newest checkpoint.
    Stopped(Option<u64>),
    /// A subtask has failed.
    Halted,
}

impl Driver {
    /// What makes the checkpoints of a job that starts at the instant `now`, and sends the barriers of swaps. It takes the ways to the sinks
    /// out of `assembled`.
    pub(super) fn new(
        ways: Ways,
        plan: &Plan,
        assembled: &mut Assembled,
        metrics: &Arc<CheckpointMetrics>,
        clock: &Arc<dyn Clock>,
        now: Timestamp,
    ) -> Self {
        let tasks = || assembled.tasks.iter().map(|(_, task)| task);
        let roles: Vec<Role> = tasks().map(|task| task.role()).collect();
        let checkpointing = ways.checkpointing;
        Self {
            coordinator: match &checkpointing {
                None => Coordinator::without_checkpoints(&roles, ways.next),
                Some(how) => Coordinator::new(&roles, how.interval, ways.next, now),
            },
            names: tasks().map(|task| Arc::clone(task.name())).collect(),
            barriers: ways.barriers,
            notices: ways.inbox,
            sinks: std::mem::take(&mut assembled.controls),
            label: Label::of(plan),
            keep: checkpointing.as_ref().map_or(0, |how| how.keep),
            storage: checkpointing.map(|how| how.storage),
            failpoints: ways.failpoints,
            metrics: Arc::clone(metrics),
            clock: Arc::clone(clock),
            begun: Instant::now(),
            unwritten: None,
            last: ways.resumed,
            stop_after: None,
            end: None,
            swaps: VecDeque::new(),
            labelled: None,
            delay: 0,
            delayed: 0,
        }
    }

    /// Lets so many steps pass before something is written, as slow storage does.
    pub(super) const fn slow_down(&mut self, steps: usize) {
        self.delay = steps;
    }

    /// Makes checkpoints until the job is over, or `stop` is set and one more is made.
    pub(super) fn run(mut self, stop: &AtomicBool) -> anyhow::Result<JobEnd> {
        let started = Instant::now();
        // Not by the clock of the machine, which jumps.
        let now = || {
            let micros = i64::try_from(started.elapsed().as_micros());
            Timestamp::from_micros(micros.unwrap_or(i64::MAX))
        };
        loop {
            if stop.load(Ordering::Relaxed) && self.storage.is_some() {
                self.stop(now())?;
            }
            while self.unwritten.is_some() && self.end.is_none() {
                self.write(now())?;
            }
            // First: a job that is stopped is halted, too.
            if let Some(end) = self.end {
                return Ok(end);
            }
            if self.barriers.are_halted() {
                return Ok(JobEnd::Halted);
            }
            match self.notices.recv_timeout(POLL) {
                Ok(notice) => self.receive(notice, now())?,
                Err(RecvTimeoutError::Timeout) => self.handle(Event::Tick, now())?,
                Err(RecvTimeoutError::Disconnected) => return Ok(JobEnd::Halted),
            }
        }
    }

    /// Does a bit of what [`run`](Self::run) does, without waiting.
    pub(super) fn step(&mut self, now: Timestamp) -> anyhow::Result<Step> {
        if self.end.is_some() {
            return Ok(Step::Ended);
        }
        if self.unwritten.is_some() {
            self.delayed += 1;
            if self.delayed > self.delay {
                self.delayed = 0;
                self.write(now)?;
            }
            return Ok(Step::Moved);
        }
        match self.notices.try_recv() {
            Ok(notice) => self.receive(notice, now)?,
            Err(TryRecvError::Disconnected) => return Ok(Step::Ended),
            Err(TryRecvError::Empty) => match self.wake_at() {
                Some(wake_at) if wake_at <= now => self.handle(Event::Tick, now)?,
                _ => return Ok(Step::Quiet),
            },
        }
        Ok(Step::Moved)
    }

    /// When there is something to do even if nobody says anything.
    pub(super) const fn wake_at(&self) -> Option<Timestamp> {
        match self.end {
            Some(_) => None,
            None => self.coordinator.wake_at(),
        }
    }

    /// The number of the next checkpoint that is begun.
    pub(super) const fn next_number(&self) -> u64 {
        self.coordinator.next_number()
    }

    /// Makes a checkpoint at once.
    pub(super) fn request(&mut self, now: Timestamp) -> anyhow::Result<()> {
        self.handle(Event::Requested, now)
    }

    /// Makes one more checkpoint, of all that has been read, and stops the job after it.
    fn stop(&mut self, now: Timestamp) -> anyhow::Result<()> {
        if self.stop_after.is_some() {
            return Ok(());
        }
        self.stop_after = Some(self.next_number());
        self.request(now)
    }

    fn receive(&mut self, notice: Notice, now: Timestamp) -> anyhow::Result<()> {
        let subtask = notice.subtask;
        let event = match notice.what {
            Said::Acknowledged(number, part) => Event::Acknowledged {
                subtask,
                number,
                part,
            },
            Said::Ended(part) => Event::Ended { subtask, part },
            Said::Committed(number) => Event::Committed { subtask, number },
            Said::Passed(number) => Event::Passed { subtask, number },
            Said::Left => Event::Left { subtask },
            Said::Swap(order) => {
                self.swaps.push_back(order);
                Event::SwapRequested
            }
        };
        self.handle(event, now)
    }

    fn handle(&mut self, event: Event<Part>, now: Timestamp) -> anyhow::Result<()> {
        for command in self.coordinator.handle(event, now) {
            match command {
                Command::Start(number) => self.begin(number)?,
                Command::StartSwap(number) => {
                    self.barriers.announce_swap(number);
                    self.tell_sinks(number)?;
                    self.barriers.request(number);
                }
                Command::Swapped(number) => {
                    self.barriers.gathered(number);
                    self.swapped(number, now)?;
                }
                Command::TooLate => self.too_late(),
                Command::Write(gathered) => self.gathered(&gathered),
                Command::Commit(number) => {
                    self.sinks.iter().try_for_each(|sink| sink.commit(number))?;
                }
                Command::Settle(number) => self.settle(number)?,
                Command::Done => {
                    self.sinks.iter().try_for_each(Control::end)?;
                    self.end = Some(JobEnd::Complete);
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, number: u64) -> anyhow::Result<()> {
        self.begun = Instant::now();
        self.failpoints.reach(CheckpointStep::Begin)?;
        tracing::debug!(checkpoint = number, "checkpoint begun");
        self.tell_sinks(number)?;
        self.barriers.request(number);
        Ok(())
    }

    /// Tells the sinks of a barrier; the sources see for themselves.
    fn tell_sinks(&self, number: u64) -> anyhow::Result<()> {
        let mut sinks = self.sinks.iter();
        sinks.try_for_each(|sink| sink.barrier(number))?;
        Ok(())
    }

    fn gathered(&mut self, gathered: &Gathered<Part>) {
        self.barriers.gathered(gathered.number);
        let parts: Vec<(&Arc<str>, &Part)> = self.names.iter().zip(gathered.parts.iter()).collect();
        let number = gathered.number;
        let labelled = self.labelled.take().filter(|(of, _)| *of == number);
        let (_, label) = labelled.unwrap_or_else(|| (number, self.label.clone()));
        self.labelled = Some((number, label.clone()));
        self.unwritten = Some(Checkpoint {
            number,
            job: label.job,
            created_at: self.clock.now(),
            is_complete: gathered.is_last,
            stages: label.stages,
            components: label.components,
            snapshot: JobSnapshot::of_parts(&parts),
        });
    }

    fn write(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let Some(checkpoint) = self.unwritten.take() else {
            return Ok(());
        };
        let number = checkpoint.number;
        self.failpoints.reach(CheckpointStep::Write)?;
        let Some(storage) = &self.storage else {
            return Ok(());
        };
        let written = storage.lock().write(&checkpoint);
        match written {
            Ok(summary) => {
                self.failpoints.reach(CheckpointStep::Written)?;
                self.last = Some(number);
                let took = self.begun.elapsed();
                self.metrics.made(number, summary.bytes_total, took);
                tracing::debug!(
                    checkpoint = number,
                    bytes_written = summary.bytes_written,
                    files = summary.files,
                    millis = took.as_millis() as u64,
                    "checkpoint written",
                );
                self.handle(Event::Written(number), now)
            }
            // Whoever has the lock now makes the checkpoints: this job would run on for nothing.
            Err(error) if error.is::<LockLost>() => Err(error),
            Err(error) => {
                self.metrics.failed();
                let newest = self.last.map_or("none".to_owned(), |last| last.to_string());
                if self.stop_after.is_some() {
                    tracing::error!(
                        checkpoint = number,
                        newest,
                        "the last checkpoint cannot be written; the job stops without it: {error:#}",
                    );
                    self.stopped();
                    return Ok(());
                }
                tracing::error!(
                    checkpoint = number,
                    newest,
                    "a checkpoint cannot be written; the job goes on and tries again: {error:#}",
                );
                self.handle(Event::WriteFailed(number), now)
            }
        }
    }

    /// The checkpoint is over: removes what is not needed any more.
    fn settle(&mut self, number: u64) -> anyhow::Result<()> {
        self.failpoints.reach(CheckpointStep::Prune)?;
        if let Some(storage) = &self.storage
            && let Err(error) = storage.lock().prune(self.keep)
        {
            tracing::warn!("old checkpoints cannot be removed: {error:#}");
        }
        self.failpoints.reach(CheckpointStep::End)?;
        if self.stop_after.is_some_and(|after| after <= number) {
            self.stopped();
        }
        Ok(())
    }

    fn stopped(&mut self) {
        self.end = Some(JobEnd::Stopped(self.last));
        self.barriers.halt();
    }
}
