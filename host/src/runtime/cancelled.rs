//! The error of a subtask that stops because another one has.

/// Another subtask has failed; its error is the one to tell.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("another subtask has failed")]
pub(super) struct Cancelled;
