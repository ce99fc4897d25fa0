//! A subtask of a keyed stage.

use super::{
    cancelled::Cancelled,
    chain::{Fork, SideOutputs, Stage},
    message::{Event, Inbox},
};
use crate::{operator::Side, time::InputWatermarks};

/// A subtask of a keyed stage, with the stages chained behind it.
pub(super) struct StageTask {
    pub(super) inbox: Inbox,
    /// How many inputs send into the inbox.
    pub(super) inputs: usize,
    pub(super) stage: Stage,
    pub(super) fork: Fork,
    pub(super) side: SideOutputs,
}

impl StageTask {
    /// Runs until all inputs have ended.
    pub(super) fn run(mut self) -> anyhow::Result<()> {
        let mut watermarks = InputWatermarks::new(self.inputs);
        let mut open = self.inputs;
        while open > 0 {
            let message = self.inbox.recv().map_err(|_| Cancelled)?;
            match message.event {
                Event::Batch(batch) => {
                    for batch in self.stage.process(Side::Left, batch, &mut self.side)? {
                        self.fork.batch(&batch, &mut self.side)?;
                    }
                }
                Event::Watermark(watermark) => {
                    if let Some(watermark) = watermarks.advance(message.input, watermark) {
                        let (fork, side) = (&mut self.fork, &mut self.side);
                        self.stage.advance(watermark, fork, side)?;
                    }
                }
                Event::End => open -= 1,
            }
        }
        self.fork.end()?;
        self.side.end()
    }
}
