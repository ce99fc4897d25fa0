//! The subtask that writes a sink.

use std::{
    sync::{Arc, mpsc::TryRecvError},
    time::{Duration, Instant},
};

use anyhow::Context;

use super::{
    alignment::{Aligned, Alignment},
    barriers::Participant,
    cancelled::Cancelled,
    connector_failure::ConnectorFailure,
    failpoints::CheckpointStep,
    message::{Event, Inbox, Message},
    step::Step,
};
use crate::{
    batch::Batch,
    checkpoint::{Part, SinkSnapshot, StageSnapshot},
    connector::{Sink, Transaction},
    metrics::NodeMetrics,
    operator::{Operator, Outbox, Reorder, Side, held_rows},
    state::Share,
    time::{InputWatermarks, Watermark},
};

/// Rows that were written are shown to whoever waits for them when nothing more is there to be written, and
/// after this time if there always is.
const FLUSH_AFTER: Duration = Duration::from_millis(10);

/// The subtask that writes a sink.
pub(super) struct SinkTask {
    name: Arc<str>,
    inbox: Inbox,
    alignment: Alignment,
    inputs: InputWatermarks,
    /// How many inputs have not ended.
    open: usize,
    /// Puts rows in order first, where several subtasks make them.
    reorder: Option<Reorder>,
    sink: Box<dyn Sink>,
    metrics: Arc<NodeMetrics>,
    /// Whether what was written is kept when the job fails: dead letters say why it did.
    outlives_failure: bool,
    /// Since when something is written that nobody has been shown.
    written: Option<Instant>,
    /// None in a job without checkpoints. With checkpoints, the last input is whoever makes them; the sink
    /// has nothing left to do when that one ends.
    participant: Option<Participant>,
    /// Whether there is nothing left to do.
    released: bool,
    /// What was staged and not committed yet.
    staged: Option<(u64, Transaction)>,
}

/// A sink to which everything has been written.
pub(super) struct WrittenSink {
    pub(super) name: Arc<str>,
    pub(super) sink: Box<dyn Sink>,
    pub(super) outlives_failure: bool,
    /// What was staged and not committed yet.
    pub(super) staged: Option<Transaction>,
}

impl WrittenSink {
    /// Makes what was written visible though the job has failed. With checkpoints it counts to one with
    /// the number `checkpoint` that there will not be: it is taken back when the job goes on from an
    /// earlier one, and comes again.
    pub(super) fn show(mut self, checkpoint: Option<u64>) -> anyhow::Result<()> {
        let Some(checkpoint) = checkpoint else {
            return self.sink.finish();
        };
        if let Some(staged) = self.staged {
            self.sink.commit(&staged)?;
        }
        match self.sink.stage(checkpoint)? {
            Some(staged) => self.sink.commit(&staged),
            None => Ok(()),
        }
    }
}

impl SinkTask {
    /// A subtask that so many inputs send to.
    pub(super) fn new(
        name: Arc<str>,
        (inbox, inputs): (Inbox, usize),
        sink: Box<dyn Sink>,
        metrics: Arc<NodeMetrics>,
        participant: Option<Participant>,
    ) -> Self {
        let open = inputs - usize::from(participant.is_some());
        Self {
            name,
            inbox,
            alignment: Alignment::new(inputs),
            inputs: InputWatermarks::new(open),
            open,
            reorder: None,
            sink,
            metrics,
            outlives_failure: false,
            written: None,
            participant,
            released: false,
            staged: None,
        }
    }

    /// Puts rows in order first.
    #[must_use]
    pub(super) fn reordered(self, reorder: Option<Reorder>) -> Self {
        let reorder = match self.open {
            1 => reorder.map(Reorder::of_one_input),
            _ => reorder,
        };
        Self { reorder, ..self }
    }

    /// Keeps what was written when the job fails.
    #[must_use]
    pub(super) fn outliving_failure(self) -> Self {
        Self {
            outlives_failure: true,
            ..self
        }
    }

    /// Goes on where the sink was. If rows are not put in order any more, those that were held back for
    /// that are written at once.
    pub(super) fn restore(&mut self, snapshot: &SinkSnapshot) -> anyhow::Result<()> {
        let snapshot = &snapshot.held;
        self.inputs = InputWatermarks::resume(self.open, snapshot.watermark);
        if let Some(reorder) = &mut self.reorder {
            return reorder.restore(&snapshot.subtasks, Share::ALL);
        }
        for held in &snapshot.subtasks {
            for batch in held_rows(held)? {
                self.write(&batch)?;
            }
        }
        Ok(())
    }

    /// How far the inputs have come, and the rows that are held back.
    fn held(&mut self) -> anyhow::Result<StageSnapshot> {
        let held = self.reorder.as_mut().map(Reorder::snapshot).transpose()?;
        Ok(StageSnapshot {
            watermark: self.inputs.current(),
            subtasks: held.unwrap_or_default(),
        })
    }

    /// What the sink is called.
    pub(super) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// How far the inputs have come.
    pub(super) const fn watermark(&self) -> Watermark {
        self.inputs.current()
    }

    /// Whether the sink is that of dead letters.
    pub(super) const fn outlives_failure(&self) -> bool {
        self.outlives_failure
    }

    /// Whether nothing will come any more.
    const fn is_done(&self) -> bool {
        match self.participant {
            Some(_) => self.released,
            None => self.open == 0,
        }
    }

    /// Writes until all inputs have ended. The sink is handed back unfinished: whether what it has
    /// written may be seen depends on how the other subtasks end.
    pub(super) fn run(mut self) -> anyhow::Result<WrittenSink> {
        if self.written.is_some() {
            // Rows that were held back before the job was restored.
            self.flush()?;
        }
        while !self.is_done() {
            match self.inbox.recv() {
                Ok(message) => self.receive(message)?,
                Err(_) if self.outlives_failure => {
                    self.write_rest()?;
                    break;
                }
                Err(_) => return Err(Cancelled.into()),
            }
            let is_due = |since: Instant| self.inbox.is_empty() || since.elapsed() >= FLUSH_AFTER;
            if self.written.is_some_and(is_due) {
                self.flush()?;
            }
        }
        self.flush()?;
        Ok(WrittenSink {
            name: self.name,
            sink: self.sink,
            outlives_failure: self.outlives_failure,
            staged: self.staged.map(|(_, transaction)| transaction),
        })
    }

    /// Does a bit of what [`run`](Self::run) does, if there is something to do.
    pub(super) fn step(&mut self) -> anyhow::Result<Step> {
        match self.inbox.try_recv() {
            Ok(message) => self.receive(message)?,
            Err(_) if self.is_done() => {
                self.flush()?;
                return Ok(Step::Ended);
            }
            Err(TryRecvError::Empty) => return Ok(Step::Quiet),
            Err(TryRecvError::Disconnected) => return Err(Cancelled.into()),
        }
        Ok(Step::Moved)
    }

    /// Writes all that has come, also what waits for barriers: in a job that has failed, those will not
    /// come any more.
    pub(super) fn write_rest(&mut self) -> anyhow::Result<()> {
        while let Ok(message) = self.inbox.try_recv() {
            self.receive(message)?;
        }
        let rest = self.alignment.take_rest();
        rest.into_iter()
            .try_for_each(|message| self.handle(message))
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

    /// Stages what was written and contributes to a checkpoint.
    fn contribute(&mut self, number: u64) -> anyhow::Result<()> {
        let Some(participant) = &self.participant else {
            // The barrier of a swap, in a job without checkpoints.
            return Ok(());
        };
        if participant.swaps_at(number) {
            participant.pass(number, &[], Duration::ZERO);
            return Ok(());
        }
        self.reach(CheckpointStep::Sink)?;
        let held = self.held()?;
        let staged = self.sink.stage(number);
        let staged = staged.with_context(|| ConnectorFailure::of_sink(&self.name))?;
        self.written = None;
        self.staged = staged.clone().map(|staged| (number, staged));
        self.reach(CheckpointStep::Staged)?;
        if let Some(participant) = &self.participant {
            let part = Part::Sink(SinkSnapshot { held, staged });
            participant.acknowledge(number, part);
        }
        Ok(())
    }

    /// Makes visible what was staged for a checkpoint that is complete.
    fn commit(&mut self, number: u64) -> anyhow::Result<()> {
        self.reach(CheckpointStep::Commit)?;
        if let Some((_, transaction)) = self.staged.take_if(|(staged, _)| *staged == number) {
            let committed = self.sink.commit(&transaction);
            committed.with_context(|| ConnectorFailure::of_sink(&self.name))?;
        }
        self.reach(CheckpointStep::Committed)?;
        if let Some(participant) = &self.participant {
            participant.committed(number);
        }
        Ok(())
    }

    fn reach(&self, step: CheckpointStep) -> anyhow::Result<()> {
        let mut participant = self.participant.iter();
        participant.try_for_each(|participant| participant.reach(step))
    }

    fn handle(&mut self, message: Message) -> anyhow::Result<()> {
        let is_control = self.participant.is_some() && message.input >= self.inputs.len();
        let mut out = Outbox::default();
        let moved = match message.event {
            Event::Batch(side, batch) => {
                self.take_in(message.input, side, batch, &mut out)?;
                None
            }
            Event::Part(side, part) => {
                self.take_in(message.input, side, part.into_batch()?, &mut out)?;
                None
            }
            Event::Watermark(watermark) => self.inputs.advance(message.input, watermark),
            Event::Idle => self.inputs.rest(message.input),
            Event::End if is_control => {
                self.released = true;
                None
            }
            Event::End => {
                self.open -= 1;
                None
            }
            Event::Commit(number) => {
                self.commit(number)?;
                None
            }
            // They have been taken out and apart.
            Event::Barrier(_) | Event::Several(_) => None,
        };
        if let (Some(watermark), Some(reorder)) = (moved, &mut self.reorder) {
            reorder.advance(watermark, &mut out)?;
        }
        for batch in &out.batches {
            self.write(batch)?;
        }
        Ok(())
    }

    /// Takes rows in; adds those that can be written to `out`.
    fn take_in(
        &mut self,
        input: usize,
        side: Side,
        batch: Batch,
        out: &mut Outbox,
    ) -> anyhow::Result<()> {
        self.inputs.wake(input);
        match &mut self.reorder {
            Some(reorder) => reorder.process(side, batch, out)?,
            None => out.push(batch),
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        let written = self.sink.write(batch);
        written.with_context(|| ConnectorFailure::of_sink(&self.name))?;
        self.metrics.rows_in.add(batch.rows());
        self.written.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let flushed = self.sink.flush();
        flushed.with_context(|| ConnectorFailure::of_sink(&self.name))?;
        self.written = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
