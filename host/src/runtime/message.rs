//! What flows between subtasks.

use std::sync::mpsc::{Receiver, SyncSender};

use crate::{batch::Batch, time::Watermark};

/// Something for the subtask at the end of a channel.
#[derive(Debug)]
pub(super) struct Message {
    /// Which of the subtask's inputs it comes from.
    pub(super) input: usize,
    /// What comes.
    pub(super) event: Event,
}

/// What flows through an input, in order.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// Rows.
    Batch(Batch),
    /// No row below it will follow.
    Watermark(Watermark),
    /// Nothing will follow.
    End,
}

pub(super) type Sender = SyncSender<Message>;
pub(super) type Inbox = Receiver<Message>;

/// Messages that wait in front of a subtask for each of its inputs: enough to keep it busy while
/// the sender is scheduled out, few enough that memory stays with the windows.
pub(super) const QUEUED_PER_INPUT: usize = 4;
