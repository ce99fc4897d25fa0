//! Changing a job while it runs: what of it changes on disk, and what that does to its output.
//!
//! The only module that names notify. Nothing here touches the data path.

mod difference;
mod watch;

pub use difference::Difference;
pub use watch::Watcher;
