//! The subtask that writes a sink.

use std::{
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, TryRecvError},
    },
    time::Duration,
};

use anyhow::Context;

use super::{
    cancelled::Cancelled,
    message::{Event, Inbox, Message},
    step::Step,
};
use crate::{
    batch::Batch,
    checkpoint::{SinkSnapshot, StageSnapshot},
    connector::Sink,
    metrics::NodeMetrics,
    operator::{Operator, Outbox, Reorder},
    state::Share,
    time::{InputWatermarks, Watermark},
};

/// Rows that were written are shown to whoever waits for them after a pause this long.
const FLUSH_AFTER: Duration = Duration::from_millis(50);

/// The subtask that writes a sink.
pub(super) struct SinkTask {
    name: Arc<str>,
    inbox: Inbox,
    inputs: InputWatermarks,
    /// How many inputs have not ended.
    open: usize,
    /// Puts rows in order first, where several subtasks make them.
    reorder: Option<Reorder>,
    sink: Box<dyn Sink>,
    metrics: Arc<NodeMetrics>,
    /// Whether what was written is kept when the job fails: dead letters say why it did.
    outlives_failure: bool,
    /// Whether something was written that nobody has been shown.
    written: bool,
}

/// A sink to which everything has been written.
pub(super) struct WrittenSink {
    pub(super) name: Arc<str>,
    pub(super) sink: Box<dyn Sink>,
    pub(super) outlives_failure: bool,
}

impl SinkTask {
    /// A subtask that so many inputs send to.
    pub(super) fn new(
        name: Arc<str>,
        (inbox, inputs): (Inbox, usize),
        sink: Box<dyn Sink>,
        metrics: Arc<NodeMetrics>,
    ) -> Self {
        Self {
            name,
            inbox,
            inputs: InputWatermarks::new(inputs),
            open: inputs,
            reorder: None,
            sink,
            metrics,
            outlives_failure: false,
            written: false,
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

    /// Goes on where the sink was.
    pub(super) fn restore(&mut self, snapshot: &SinkSnapshot) -> anyhow::Result<()> {
        let snapshot = &snapshot.held;
        self.inputs = InputWatermarks::resume(self.open, snapshot.watermark);
        match &mut self.reorder {
            Some(reorder) => reorder.restore(&snapshot.subtasks, Share::ALL),
            None => Ok(()),
        }
    }

    /// How far the inputs have come, and the rows that are held back.
    pub(super) fn snapshot(&mut self) -> anyhow::Result<SinkSnapshot> {
        let held = self.reorder.as_mut().map(Reorder::snapshot).transpose()?;
        Ok(SinkSnapshot {
            held: StageSnapshot {
                watermark: self.inputs.current(),
                subtasks: held.flatten().into_iter().collect(),
            },
            staged: None,
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

    /// Writes until all inputs have ended. The sink is handed back unfinished: whether what it has
    /// written may be seen depends on how the other subtasks end.
    pub(super) fn run(mut self) -> anyhow::Result<WrittenSink> {
        while self.open > 0 {
            match self.inbox.recv_timeout(FLUSH_AFTER) {
                Ok(message) => self.handle(message)?,
                Err(RecvTimeoutError::Disconnected) if self.outlives_failure => break,
                Err(RecvTimeoutError::Disconnected) => return Err(Cancelled.into()),
                Err(RecvTimeoutError::Timeout) if self.written => self.flush()?,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        self.flush()?;
        Ok(WrittenSink {
            name: self.name,
            sink: self.sink,
            outlives_failure: self.outlives_failure,
        })
    }

    /// Does a bit of what [`run`](Self::run) does, if there is something to do.
    pub(super) fn step(&mut self) -> anyhow::Result<Step> {
        match self.inbox.try_recv() {
            Ok(message) => self.handle(message)?,
            Err(_) if self.open == 0 => {
                self.flush()?;
                return Ok(Step::Ended);
            }
            Err(TryRecvError::Empty) => return Ok(Step::Quiet),
            Err(TryRecvError::Disconnected) => return Err(Cancelled.into()),
        }
        Ok(Step::Moved)
    }

    fn handle(&mut self, message: Message) -> anyhow::Result<()> {
        let mut out = Outbox::default();
        let moved = match message.event {
            Event::Batch(side, batch) => {
                self.inputs.wake(message.input);
                match &mut self.reorder {
                    Some(reorder) => reorder.process(side, batch, &mut out)?,
                    None => out.push(batch),
                }
                None
            }
            Event::Watermark(watermark) => self.inputs.advance(message.input, watermark),
            Event::Idle => self.inputs.rest(message.input),
            Event::End => {
                self.open -= 1;
                None
            }
        };
        if let (Some(watermark), Some(reorder)) = (moved, &mut self.reorder) {
            reorder.advance(watermark, &mut out)?;
        }
        for batch in &out.batches {
            self.write(batch)?;
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        let written = self.sink.write(batch);
        written.with_context(|| format!("sink `{}` failed", self.name))?;
        self.metrics.rows_in.add(batch.rows());
        self.written = true;
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let flushed = self.sink.flush();
        flushed.with_context(|| format!("sink `{}` failed", self.name))?;
        self.written = false;
        Ok(())
    }
}
