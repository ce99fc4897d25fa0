//! Converts what a stage knows when its functions keep other state than before.

use anyhow::bail;

use super::{Guests, StageSpec};
use crate::state::Snapshot;

/// Converts what the functions of `old` have kept to what those of `new` keep, by the functions in `guests`.
///
/// # Errors
///
/// If a function cannot convert the state of the other version.
pub fn migrate(
    _old: &StageSpec,
    new: &StageSpec,
    _guests: &mut Guests,
    _known: Snapshot,
) -> anyhow::Result<Snapshot> {
    bail!("the state of stage `{}` cannot be converted", new.name)
}
