//! Puts rows of two inputs together: those whose event times are near, or those in the same window.
//!
//! The rows of both sides are kept as they came, in columns, and let go as the watermark moves. A row
//! of the output is only a pair of places until a batch of them is put together.

mod both;
mod chunk;
mod interval;
mod keys;
mod leaving;
mod meeting;
mod pairing;
mod panes;
mod snapshot;
mod store;
mod strand;
mod timeline;
mod weave;
mod windowed;

use self::{interval::IntervalJoin, windowed::WindowJoin};
use super::{BATCH_BYTES, JoinBound, JoinKind, JoinWork, Operator, Resources, Side, StageSpec};

/// Makes the operator of `join = { … }`.
///
/// # Errors
///
/// If the inputs have no columns with the bounds of their windows, though the join goes by them.
pub(super) fn open(
    spec: &StageSpec,
    work: &JoinWork,
    resources: &Resources,
) -> anyhow::Result<Box<dyn Operator>> {
    let metrics = &resources.metrics;
    Ok(match work.bound {
        JoinBound::Within { before, after } => {
            Box::new(IntervalJoin::open(spec, work, (before, after), metrics)?)
        }
        JoinBound::Window(window) => Box::new(WindowJoin::open(spec, work, window, metrics)?),
    })
}

/// Full batches after which rows are handed on before more are made.
const ENOUGH_BATCHES: usize = 4;

/// Bytes after which rows are handed on before more are made, in any case.
const ENOUGH_BYTES: usize = ENOUGH_BATCHES * BATCH_BYTES;

impl JoinKind {
    /// Whether a row of this side leaves even if it has met no other.
    const fn keeps(self, side: Side) -> bool {
        matches!(
            (self, side),
            (Self::Full, _) | (Self::Left, Side::Left) | (Self::Right, Side::Right)
        )
    }
}

#[cfg(test)]
mod tests;
