//! The subtask that writes a sink.

use std::{
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Duration,
};

use anyhow::Context;

use super::{
    cancelled::Cancelled,
    message::{Event, Inbox},
};
use crate::{
    batch::Batch,
    connector::Sink,
    metrics::NodeMetrics,
    operator::{Operator, Outbox, Reorder, Side},
    time::InputWatermarks,
};

/// Rows that were written are shown to whoever waits for them after a pause this long.
const FLUSH_AFTER: Duration = Duration::from_millis(50);

/// The subtask that writes a sink.
pub(super) struct SinkTask {
    pub(super) name: Arc<str>,
    pub(super) inbox: Inbox,
    /// How many inputs send into the inbox.
    pub(super) inputs: usize,
    /// Puts rows in order first, where several subtasks make them.
    pub(super) reorder: Option<Reorder>,
    pub(super) sink: Box<dyn Sink>,
    pub(super) metrics: Arc<NodeMetrics>,
    /// Whether what was written is kept when the job fails: dead letters say why it did.
    pub(super) outlives_failure: bool,
}

/// A sink to which everything has been written.
pub(super) struct WrittenSink {
    pub(super) name: Arc<str>,
    pub(super) sink: Box<dyn Sink>,
    pub(super) outlives_failure: bool,
}

impl SinkTask {
    /// Writes until all inputs have ended. The sink is handed back unfinished: whether what it has
    /// written may be seen depends on how the other subtasks end.
    pub(super) fn run(mut self) -> anyhow::Result<WrittenSink> {
        let mut watermarks = InputWatermarks::new(self.inputs);
        let mut open = self.inputs;
        let mut written = false;
        while open > 0 {
            let message = match self.inbox.recv_timeout(FLUSH_AFTER) {
                Ok(message) => message,
                Err(RecvTimeoutError::Disconnected) if self.outlives_failure => break,
                Err(RecvTimeoutError::Disconnected) => return Err(Cancelled.into()),
                Err(RecvTimeoutError::Timeout) if !written => continue,
                Err(RecvTimeoutError::Timeout) => {
                    self.flush()?;
                    written = false;
                    continue;
                }
            };
            let mut out = Outbox::default();
            match (message.event, &mut self.reorder) {
                (Event::Batch(batch), None) => out.push(batch),
                (Event::Batch(batch), Some(reorder)) => {
                    reorder.process(Side::Left, batch, &mut out)?
                }
                (Event::Watermark(watermark), reorder) => {
                    let moved = watermarks.advance(message.input, watermark);
                    if let (Some(watermark), Some(reorder)) = (moved, reorder) {
                        reorder.advance(watermark, &mut out)?;
                    }
                }
                (Event::End, _) => open -= 1,
            }
            for batch in &out.batches {
                self.write(batch)?;
                written = true;
            }
        }
        self.flush()?;
        Ok(WrittenSink {
            name: self.name,
            sink: self.sink,
            outlives_failure: self.outlives_failure,
        })
    }

    fn write(&mut self, batch: &Batch) -> anyhow::Result<()> {
        let written = self.sink.write(batch);
        written.with_context(|| format!("sink `{}` failed", self.name))?;
        self.metrics.rows_in.add(batch.rows());
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let flushed = self.sink.flush();
        flushed.with_context(|| format!("sink `{}` failed", self.name))
    }
}
