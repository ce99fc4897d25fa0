//! Who may write a job's checkpoints: one process at a time.

mod file;
mod object;
mod owner;

pub(super) use file::FileLock;
pub(super) use object::{ObjectLock, Pace};
pub(super) use owner::{LockRecord, Owner, token};

use std::collections::BTreeSet;

/// The name of the file that says who owns a folder.
pub(super) const LOCK: &str = "lock";

/// Another process has taken over: what this one has to say does not count any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lock was lost to {0}")]
pub struct LockLost(
    /// Who has it now.
    pub String,
);

/// The right to write a job's checkpoints, until it is dropped.
pub(super) trait Lock: Send {
    /// Makes sure that nobody else has taken over. Called before something is written or removed.
    ///
    /// # Errors
    ///
    /// [`LockLost`], or nobody can tell.
    fn check(&mut self) -> anyhow::Result<()>;

    /// Says which checkpoints count from now on. Called after a manifest has been written, and after
    /// checkpoints were removed. Where another process may take over at any instant, this is what makes a
    /// checkpoint complete; elsewhere its manifest does.
    ///
    /// # Errors
    ///
    /// If the lock was lost, or nobody can tell: the checkpoint does not count, as far as is known.
    fn confirm(&mut self, complete: &BTreeSet<u64>) -> anyhow::Result<()>;
}
