//! How often a job that has failed is started again.

use crate::time::Duration;

/// What `[restart]` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// How often in a row; at least 1.
    pub attempts: u32,
    /// How long to wait the first time; never zero. It is doubled each time.
    pub delay: Duration,
    /// How long to wait at most; not shorter than `delay`.
    pub max_delay: Duration,
}
