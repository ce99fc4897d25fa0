//! A subtask of a keyed stage.

use std::{
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, TryRecvError},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{
    alignment::{Aligned, Alignment},
    barriers::Participant,
    cancelled::Cancelled,
    chain::{Branch, SideOutputs},
    failpoints::CheckpointStep,
    message::{Event, Inbox, Message},
    step::Step,
};
use crate::{
    batch::Batch,
    checkpoint::{Part, StagePart},
    operator::Side,
    time::{Clock, InputWatermarks, Timestamp, Watermark},
};

/// A subtask looks at the clock at least this often while somebody wants to be told the time: clocks
/// can be set.
const MAX_SLEEP: Duration = Duration::from_secs(1);

/// A subtask of a keyed stage, with the stages chained behind it.
pub(super) struct StageTask {
    inbox: Inbox,
    alignment: Alignment,
    inputs: InputWatermarks,
    /// How many inputs have not ended.
    open: usize,
    /// The stage, and those behind it.
    branch: Branch,
    side: SideOutputs,
    clock: Arc<dyn Clock>,
    /// Whether those behind have been told that nothing may come for long.
    idle: bool,
    /// Whether those behind have yet to be told how far the stage had come before it was restored.
    restored: bool,
    participant: Participant,
    /// How long nothing could be done for the barrier that has not come through all inputs.
    waited: Duration,
}

impl StageTask {
    /// A subtask that so many inputs send to.
    pub(super) fn new(
        (inbox, inputs): (Inbox, usize),
        branch: Branch,
        side: SideOutputs,
        clock: Arc<dyn Clock>,
        participant: Participant,
    ) -> Self {
        Self {
            inbox,
            alignment: Alignment::new(inputs),
            inputs: InputWatermarks::new(inputs),
            open: inputs,
            branch,
            side,
            clock,
            idle: false,
            restored: false,
            participant,
            waited: Duration::ZERO,
        }
    }

    /// Goes on where a stage was that had come to `watermark`.
    pub(super) fn resume(&mut self, watermark: Watermark) {
        self.inputs = InputWatermarks::resume(self.open, watermark);
        self.restored = true;
    }

    /// How far the inputs have come, and what the operator knows.
    fn part(&mut self) -> anyhow::Result<Part> {
        Ok(Part::Stage(StagePart {
            watermark: self.inputs.current(),
            state: self.branch.stage.snapshot()?,
        }))
    }

    /// What the stage is called.
    pub(super) const fn name(&self) -> &Arc<str> {
        self.branch.stage.name()
    }

    /// When a stage wants to be told the time next.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        self.branch.wake_at()
    }

    /// Runs until all inputs have ended.
    pub(super) fn run(mut self) -> anyhow::Result<()> {
        self.begin()?;
        // A stage that was restored is told the time before anything comes.
        self.tick()?;
        while self.open > 0 {
            if let Some(message) = self.wait()? {
                self.receive(message)?;
            }
            self.tick()?;
        }
        self.finish()
    }

    /// Does a bit of what [`run`](Self::run) does, if there is something to do.
    pub(super) fn step(&mut self) -> anyhow::Result<Step> {
        if self.begin()? || self.tick()? {
            return Ok(Step::Moved);
        }
        match self.inbox.try_recv() {
            Ok(message) => self.receive(message)?,
            Err(TryRecvError::Empty) if self.open > 0 => return Ok(Step::Quiet),
            Err(TryRecvError::Disconnected) if self.open > 0 => return Err(Cancelled.into()),
            Err(_) => {
                self.finish()?;
                return Ok(Step::Ended);
            }
        }
        Ok(Step::Moved)
    }

    /// Says how far the stage is, if it has been restored, and that nothing may come for long, if it is
    /// known already. Returns whether it had to.
    fn begin(&mut self) -> anyhow::Result<bool> {
        let restored = std::mem::take(&mut self.restored);
        if restored {
            self.tell()?;
            self.branch.fork.flush()?;
        }
        Ok(self.rest()? || restored)
    }

    /// The next message, unless a stage wants to be told the time first.
    fn wait(&mut self) -> anyhow::Result<Option<Message>> {
        let Some(wake_at) = self.wake_at() else {
            return self.wait_for_message().map(Some);
        };
        let left = wake_at
            .as_micros()
            .saturating_sub(self.clock.now().as_micros());
        let left = Duration::from_micros(u64::try_from(left).unwrap_or_default());
        let since = self.since();
        let received = self.inbox.recv_timeout(left.min(MAX_SLEEP));
        self.note_wait(since);
        match received {
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Cancelled.into()),
        }
    }

    /// The next message.
    fn wait_for_message(&mut self) -> anyhow::Result<Message> {
        let since = self.since();
        let message = self.inbox.recv().map_err(|_| Cancelled)?;
        self.note_wait(since);
        Ok(message)
    }

    /// From when on nothing can be done while others are put aside, if some are.
    fn since(&self) -> Option<Instant> {
        self.alignment.holds_back().then(Instant::now)
    }

    /// Notes how long nothing could be done.
    fn note_wait(&mut self, since: Option<Instant>) {
        self.waited += since.map_or(Duration::ZERO, |since| since.elapsed());
    }

    /// Handles what has come, and what was put aside for it.
    fn receive(&mut self, message: Message) -> anyhow::Result<()> {
        self.alignment.push(message);
        while let Some(aligned) = self.alignment.next() {
            match aligned {
                Aligned::Message(message) => self.handle(message)?,
                Aligned::Barrier(number) => self.contribute(number)?,
            }
        }
        Ok(())
    }

    /// Contributes to a checkpoint or swaps what is to be swapped, and sends the barrier on.
    fn contribute(&mut self, number: u64) -> anyhow::Result<()> {
        let waited = std::mem::take(&mut self.waited);
        if self.participant.swaps_at(number) {
            let started = Instant::now();
            let mut swapped = Vec::new();
            self.branch.swap(&mut swapped)?;
            let pause = waited + started.elapsed();
            self.pass_on(number)?;
            self.participant.pass(number, &swapped, pause);
            // A stage that was restored is told the time before anything comes.
            self.tick()?;
            return Ok(());
        }
        self.participant.reach(CheckpointStep::Stage)?;
        let part = self.part()?;
        self.pass_on(number)?;
        self.participant.acknowledge(number, part);
        Ok(())
    }

    fn pass_on(&mut self, number: u64) -> anyhow::Result<()> {
        self.branch.fork.barrier(number)?;
        self.side.barrier(number)
    }

    fn handle(&mut self, message: Message) -> anyhow::Result<()> {
        let moved = match message.event {
            Event::Batch(side, batch) => {
                self.process(message.input, side, batch)?;
                None
            }
            Event::Part(side, part) => {
                let batch = part.into_batch();
                let batch = batch.context("rows for a subtask cannot be copied")?;
                self.process(message.input, side, batch)?;
                None
            }
            Event::Watermark(watermark) => self.inputs.advance(message.input, watermark),
            Event::Idle => self.inputs.rest(message.input),
            Event::End => {
                self.open -= 1;
                None
            }
            // Those have been taken out and apart, and only sinks are told to commit.
            Event::Barrier(_) | Event::Several(_) | Event::Commit(_) => None,
        };
        self.wake(self.rests())?;
        if let Some(watermark) = moved {
            let Branch { stage, fork } = &mut self.branch;
            stage.advance(watermark, fork, &mut self.side)?;
            // A watermark has gone out, so whether something comes has to be said again.
            self.idle = false;
        }
        self.rest()?;
        self.branch.fork.flush()
    }

    fn process(&mut self, input: usize, side: Side, batch: Batch) -> anyhow::Result<()> {
        self.inputs.wake(input);
        self.wake(false)?;
        let Branch { stage, fork } = &mut self.branch;
        stage.process(side, batch, fork, &mut self.side)
    }

    /// Tells the time to the stages that want to be told. Returns whether there were some.
    fn tick(&mut self) -> anyhow::Result<bool> {
        if self.wake_at().is_none() {
            return Ok(false);
        }
        let ticked = self.branch.tick(self.clock.now(), &mut self.side)?;
        if ticked {
            // As behind a watermark: one may have gone out.
            self.idle = false;
            self.rest()?;
            self.branch.fork.flush()?;
        }
        Ok(ticked)
    }

    /// Whether nothing may come out of the stage for long.
    fn rests(&self) -> bool {
        let stage = &self.branch.stage;
        stage.rests().unwrap_or_else(|| self.inputs.is_idle())
    }

    /// Tells those behind that something may come again, if they have been told otherwise and nothing
    /// `rests` any more.
    fn wake(&mut self, rests: bool) -> anyhow::Result<()> {
        if self.idle && !rests {
            self.idle = false;
            self.tell()?;
        }
        Ok(())
    }

    /// Tells those behind that nothing may come for long, once. Returns whether they were told now.
    fn rest(&mut self) -> anyhow::Result<bool> {
        let due = !self.idle && self.rests();
        if due {
            self.idle = true;
            self.branch.fork.idle()?;
        }
        Ok(due)
    }

    /// Tells those behind how far the stage is.
    fn tell(&mut self) -> anyhow::Result<()> {
        let reached = self.branch.stage.reached();
        self.branch.fork.watermark(reached, &mut self.side)
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        self.branch.fork.end()?;
        self.side.end()?;
        match self.participant.keeps {
            true => {
                let part = self.part()?;
                self.participant.end(part);
            }
            false => self.participant.leave(),
        }
        Ok(())
    }
}
