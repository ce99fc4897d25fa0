//! Why a function has nothing to give for some rows, and what is known of the call.

use std::sync::Arc;

use crate::{
    state::TooLarge,
    wasm::{CallError, RowError},
};

/// A function that was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    /// Its name.
    pub(super) function: Arc<str>,
    /// The digest of its component, in hexadecimal.
    pub(super) component: Arc<str>,
}

/// A call that has no result.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// Why.
    pub(super) error: CallError,
    /// Whose call it was, and what the guest has logged in it; `None` if it has not come to a call of a single
    /// function. Boxed, for calls that succeed are handed around with room for this.
    call: Option<Box<(Called, Vec<String>)>>,
}

/// Why a row, or a window of a key, was left out. Those that were left out together share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cause {
    /// In words.
    pub(super) reason: String,
    /// The function to blame, if there is one.
    pub(super) called: Option<Called>,
    /// The functions that the call has ended in, the innermost first.
    pub(super) backtrace: Vec<String>,
    /// What the guest has logged in the call.
    pub(super) log: Vec<String>,
}

/// A row of a batch that could not be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadRow {
    /// Its place in the batch.
    pub(super) row: usize,
    /// Why.
    pub(super) cause: Arc<Cause>,
}

impl Failure {
    /// A call of a function in which the guest has logged `log`.
    pub(super) fn of_call(error: CallError, called: Called, log: Vec<String>) -> Self {
        Self {
            error,
            call: Some(Box::new((called, log))),
        }
    }

    /// What is to be told of it.
    pub(super) fn cause(&self) -> Arc<Cause> {
        let (called, log) = self.call.as_deref().cloned().unzip();
        Arc::new(Cause {
            reason: self.error.to_string(),
            called,
            backtrace: self.error.frames().to_vec(),
            log: log.unwrap_or_default(),
        })
    }
}

/// What is wrong before a function is called, or with several of them.
impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self { error, call: None }
    }
}

/// There is more than the host can send.
impl From<TooLarge> for Failure {
    fn from(error: TooLarge) -> Self {
        CallError::from(error).into()
    }
}

impl Cause {
    /// What the host finds wrong by itself.
    pub(super) fn of_host(reason: String) -> Arc<Self> {
        Arc::new(Self {
            reason,
            ..Self::default()
        })
    }

    /// What a function says of a row. Without the lines that it has logged: the call was for as many rows as
    /// happened to be in the batch, so they are not about this one, and are others when the rows are read again.
    pub(super) fn refused(error: RowError, called: Called) -> Arc<Self> {
        Arc::new(Self {
            reason: error.message,
            called: Some(called),
            ..Self::default()
        })
    }
}

impl BadRow {
    /// The same of a row `first` places further on.
    pub(super) fn after(self, first: usize) -> Self {
        Self {
            row: first + self.row,
            ..self
        }
    }
}
