//! What stages have in common whose windows belong to a key: rows are assigned to numbered windows,
//! windows are updated, merged and finished. Which row belongs to which window, and when a window is
//! complete, is for the operators to say.

mod absorb;
mod aggregator;
mod firing;
mod snapshot;
mod store;
mod values;

#[cfg(test)]
pub(super) mod rig;

pub(super) use absorb::{Assign, Assigned, are_different};
pub(super) use aggregator::{Aggregator, Leaving};
pub(super) use firing::{Firing, fire};
pub(super) use snapshot::{Describe, watermark};
