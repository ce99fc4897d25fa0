//! What flows between subtasks.

use std::{
    cell::Cell,
    sync::mpsc::{self, Receiver, RecvError, RecvTimeoutError, SyncSender, TryRecvError},
    time::Duration,
};

use super::cancelled::Cancelled;
use crate::{
    batch::{Batch, Part},
    connector::Pending,
    operator::Side,
    time::Watermark,
};

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
    /// Some rows of a batch, for one side of the stage.
    Part(Side, Part),
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
    /// Others, one after the other: whoever waits for them is woken once.
    Several(Vec<Self>),
}

/// The sending end of a channel.
#[derive(Clone)]
pub(super) struct Sender {
    channel: Channel,
    pending: Pending,
}

#[derive(Clone)]
enum Channel {
    /// Waits while the receiver has enough to do.
    Bounded(SyncSender<Message>),
    /// Never waits: sender and receiver are on one thread.
    Unbounded(mpsc::Sender<Message>),
}

/// The receiving end of a channel. Whoever asks for a message has handled the one before.
pub(super) struct Inbox {
    channel: Receiver<Message>,
    pending: Pending,
    /// Whether a message was given out that may not have been handled yet.
    is_busy: Cell<bool>,
}

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
        let (sender, receiver) = match self {
            Self::PerInput(messages) => {
                let (sender, receiver) = mpsc::sync_channel(messages * inputs.max(1));
                (Channel::Bounded(sender), receiver)
            }
            Self::Unbounded => {
                let (sender, receiver) = mpsc::channel();
                (Channel::Unbounded(sender), receiver)
            }
        };
        let pending = Pending::default();
        let sender = Sender {
            channel: sender,
            pending: pending.clone(),
        };
        let inbox = Inbox {
            channel: receiver,
            pending,
            is_busy: Cell::new(false),
        };
        (sender, inbox)
    }
}

impl Sender {
    /// Hands over a message.
    ///
    /// # Errors
    ///
    /// If the receiver is gone: another subtask has failed.
    pub(super) fn send(&self, message: Message) -> Result<(), Cancelled> {
        self.pending.add();
        let sent = match &self.channel {
            Channel::Bounded(sender) => sender.send(message),
            Channel::Unbounded(sender) => sender.send(message),
        };
        sent.map_err(|_| Cancelled)
    }

    /// What the receiver has to do, whoever has sent it.
    pub(super) const fn pending(&self) -> &Pending {
        &self.pending
    }
}

impl Inbox {
    /// Waits for a message.
    pub(super) fn recv(&self) -> Result<Message, RecvError> {
        self.done();
        self.channel.recv().inspect(|_| self.is_busy.set(true))
    }

    /// Waits for a message, but not for long.
    pub(super) fn recv_timeout(&self, timeout: Duration) -> Result<Message, RecvTimeoutError> {
        self.done();
        let received = self.channel.recv_timeout(timeout);
        received.inspect(|_| self.is_busy.set(true))
    }

    /// Takes a message if one is there.
    pub(super) fn try_recv(&self) -> Result<Message, TryRecvError> {
        self.done();
        self.channel.try_recv().inspect(|_| self.is_busy.set(true))
    }

    /// Whether nothing waits behind the message that was given out last.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.count() <= usize::from(self.is_busy.get())
    }

    /// The message that was given out last has been handled.
    fn done(&self) {
        if self.is_busy.replace(false) {
            self.pending.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_pending_until_the_next_one_is_asked_for() {
        let (sender, inbox) = Capacity::THREADS.channel(1);
        let send = || {
            let event = Event::Idle;
            sender
                .send(Message { input: 0, event })
                .expect("a receiver");
        };
        send();
        send();
        assert_eq!(sender.pending().count(), 2);
        assert!(!inbox.is_empty());
        inbox.recv().expect("a message");
        assert_eq!(sender.pending().count(), 2);
        assert!(!inbox.is_empty(), "one waits behind it");
        inbox.try_recv().expect("a message");
        assert_eq!(sender.pending().count(), 1);
        assert!(inbox.is_empty());
        let timeout = inbox.recv_timeout(Duration::ZERO).err();
        assert_eq!(timeout, Some(RecvTimeoutError::Timeout));
        assert_eq!(sender.pending().count(), 0);
        assert!(inbox.is_empty());
    }
}
