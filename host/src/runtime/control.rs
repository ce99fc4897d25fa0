//! The way from whoever makes the checkpoints to a sink.

use super::{
    cancelled::Cancelled,
    message::{Event, Message, Sender},
};

/// The way from whoever makes the checkpoints to a sink.
pub(super) struct Control {
    sender: Sender,
    input: usize,
}

impl Control {
    /// A way that the sink knows as `input`.
    pub(super) fn new((sender, input): (Sender, usize)) -> Self {
        Self { sender, input }
    }

    /// Tells the sink that a checkpoint was begun, so that one whose inputs have all ended knows, too.
    pub(super) fn barrier(&self, number: u64) -> Result<(), Cancelled> {
        self.send(Event::Barrier(number))
    }

    /// Tells the sink that a checkpoint is complete.
    pub(super) fn commit(&self, number: u64) -> Result<(), Cancelled> {
        self.send(Event::Commit(number))
    }

    /// Tells the sink that it has nothing left to do.
    pub(super) fn end(&self) -> Result<(), Cancelled> {
        self.send(Event::End)
    }

    fn send(&self, event: Event) -> Result<(), Cancelled> {
        let input = self.input;
        self.sender.send(Message { input, event })
    }
}
