//! Changing a job while it runs: what of it changes on disk, and what that does to its output.
//!
//! The only module that names notify. Nothing here touches the data path.

#[cfg(unix)]
mod control;
mod difference;
mod service;
mod swapper;
mod trial;
mod watch;

#[cfg(unix)]
pub use control::{Answer, Control, NobodyListens, Order, ask};
pub use difference::Difference;
pub use service::{Asker, Audience, Request, Service};
pub use swapper::{IsWanted, Load, Report, StageReport, Swappable, Swapper};
pub use watch::Watcher;
