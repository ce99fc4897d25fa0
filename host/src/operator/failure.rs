//! Why a function has nothing to give for some rows, and what is known of the call.

use std::{sync::Arc, time::Duration};

use thiserror::Error;

use crate::wasm::{CallError, RowError};

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
    /// The call; `None` if it has not come to one of a single function. Boxed, for calls that succeed are handed
    /// around with room for this.
    call: Option<Box<FailedCall>>,
}

/// What is known of a call that has no result.
#[derive(Clone, Debug)]
struct FailedCall {
    called: Called,
    /// How long it could have taken by the limits of the stage.
    deadline: Duration,
    /// What the guest has logged in it.
    log: Vec<String>,
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
    /// A call of a function that could have taken as long as `deadline` by the limits of the stage, and in which
    /// the guest has logged `log`.
    pub(super) fn of_call(
        error: CallError,
        called: Called,
        deadline: Duration,
        log: Vec<String>,
    ) -> Self {
        let call = FailedCall {
            called,
            deadline,
            log,
        };
        Self {
            error,
            call: Some(Box::new(call)),
        }
    }

    /// How long the call could have taken by the limits of the stage, if there was one.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.call.as_ref().map(|call| call.deadline)
    }

    /// What is to be told of it.
    pub(super) fn cause(&self) -> Arc<Cause> {
        let call = self.call.as_deref();
        Arc::new(Cause {
            reason: self.error.to_string(),
            called: call.map(|call| call.called.clone()),
            backtrace: self.error.frames().to_vec(),
            log: call.map(|call| call.log.clone()).unwrap_or_default(),
        })
    }
}

/// The rows of a batch that could not be handled.
///
/// If too much has failed, rows after them may have been left untried: neither good nor bad. Then the job has to end, so
/// the rows are given out only to who has made sure of that.
#[derive(Clone, Debug, Default)]
#[must_use = "rows may have been left untried, and then the job has to end"]
pub(super) struct BadRows {
    rows: Vec<BadRow>,
    has_untried: bool,
}

/// Rows were left untried, because too much has failed before them.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("too many calls have failed: the rows after them were not tried")]
pub(super) struct Untried;

/// What is wrong before a function is called, or with several of them.
impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self { error, call: None }
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

impl BadRows {
    /// `rows`, and whether others were left untried.
    pub(super) const fn new(rows: Vec<BadRow>, has_untried: bool) -> Self {
        Self { rows, has_untried }
    }

    /// Adds rows that were tried.
    pub(super) fn extend(&mut self, rows: impl IntoIterator<Item = BadRow>) {
        self.rows.extend(rows);
    }

    /// Adds what another search has found.
    pub(super) fn include(&mut self, others: Self) {
        self.rows.extend(others.rows);
        self.has_untried |= others.has_untried;
    }

    /// The same in the order of the rows, and of several reasons for a row the one that was found first.
    pub(super) fn in_order(mut self) -> Self {
        self.rows.sort_by_key(|bad| bad.row);
        self.rows.dedup_by_key(|bad| bad.row);
        self
    }

    /// The rows that are known to be bad, whether or not others were left untried.
    pub(super) fn so_far(&self) -> &[BadRow] {
        &self.rows
    }

    /// The rows: all others are good.
    ///
    /// # Errors
    ///
    /// If some were left untried.
    pub(super) fn all(self) -> Result<Vec<BadRow>, Untried> {
        match self.has_untried {
            true => Err(Untried),
            false => Ok(self.rows),
        }
    }
}
