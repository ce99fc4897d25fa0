//! Whether new components can convert what old ones have kept: they are asked.

use super::{
    Misfit, StageChange, StateFit,
    function::{FunctionMisfit, cannot_migrate, state_fit},
};
use crate::{
    pipeline::{Plan, Registry},
    wasm::{Function, Instance},
};

/// Asks the new components of all stages that have to convert state whether they can, each within the
/// limits of its stage. `changes` is what [`compare`](super::compare) says of the two plans.
///
/// # Errors
///
/// If some cannot: all of them.
pub fn check_migrations(
    registry: &Registry,
    old: &Plan,
    new: &Plan,
    changes: &[StageChange],
) -> Result<(), Vec<Misfit>> {
    let mut misfits = Vec::new();
    for change in changes.iter().filter(|change| change.migrates) {
        let (before, now) = (&old.stages[change.stage], &new.stages[change.stage]);
        for (one, other) in before.work.calls().iter().zip(now.work.calls()) {
            let (one, library, other) = (&one.function, other.library, &other.function);
            let asked = || registry.instantiate(new, now, library);
            if let Err(misfit) = check_migration(one, other, asked) {
                misfits.push(Misfit::of_stage(now, misfit));
            }
        }
    }
    match misfits.is_empty() {
        true => Ok(()),
        false => Err(misfits),
    }
}

/// Asks an instance of the component of `new` whether it can convert what `old` has kept, if that is needed.
///
/// # Errors
///
/// If it cannot.
pub fn check_migration(
    old: &Function,
    new: &Function,
    instance: impl FnOnce() -> anyhow::Result<Instance>,
) -> Result<(), FunctionMisfit> {
    if state_fit(old, new)? == StateFit::Stays {
        return Ok(());
    }
    let asked = instance().and_then(|mut instance| Ok(instance.try_migration(new, old)?));
    asked.map_err(|error| cannot_migrate(old, new, &format!("{error:#}")))
}
