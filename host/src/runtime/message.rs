//! What flows between subtasks.

use std::sync::mpsc::{self, Receiver, SyncSender};

use super::cancelled::Cancelled;
use crate::{batch::Batch, operator::Side, time::Watermark};

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
    /// Rows, for one side of the stage.
    Batch(Side, Batch),
    /// No row below it will follow. The input is not idle, even if it has said so before.
    Watermark(Watermark),
    /// Nothing may follow for long; the other inputs are not to wait. Rows and watermarks end this.
    Idle,
    /// What came before it belongs to the checkpoint of this number, what comes after it does not.
    Barrier(u64),
    /// The checkpoint of this number is complete: a sink makes visible what it has staged for it.
    Commit(u64),
    /// Nothing will follow.
    End,
}

/// The sending end of a channel.
#[derive(Clone)]
pub(super) enum Sender {
    /// Waits while the receiver has enough to do.
    Bounded(SyncSender<Message>),
    /// Never waits: sender and receiver are on one thread.
    Unbounded(mpsc::Sender<Message>),
}

pub(super) type Inbox = Receiver<Message>;

/// How many messages wait in front of a subtask at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capacity {
    /// So many for each of its inputs.
    PerInput(usize),
    /// Any number.
    Unbounded,
}

impl Capacity {
    /// Where each subtask is a thread: enough to keep it busy while the sender is scheduled out, few
    /// enough that memory stays with the windows.
    pub(super) const THREADS: Self = Self::PerInput(4);

    /// A channel to a subtask with so many inputs.
    pub(super) fn channel(self, inputs: usize) -> (Sender, Inbox) {
        match self {
            Self::PerInput(messages) => {
                let (sender, inbox) = mpsc::sync_channel(messages * inputs.max(1));
                (Sender::Bounded(sender), inbox)
            }
            Self::Unbounded => {
                let (sender, inbox) = mpsc::channel();
                (Sender::Unbounded(sender), inbox)
            }
        }
    }
}

impl Sender {
    /// Hands over a message.
    ///
    /// # Errors
    ///
    /// If the receiver is gone: another subtask has failed.
    pub(super) fn send(&self, message: Message) -> Result<(), Cancelled> {
        let sent = match self {
            Self::Bounded(sender) => sender.send(message),
            Self::Unbounded(sender) => sender.send(message),
        };
        sent.map_err(|_| Cancelled)
    }
}
