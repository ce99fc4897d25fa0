//! Swapping the components of a job that is driven by hand, as those of any job are swapped.

use std::sync::Arc;

use anyhow::Context;

use super::{Case, TestJob, stepped::Stepped};
use crate::{
    connector::SinkConfig,
    pipeline::{Overrides, Plan, Registry},
    reload::{Load, Report, Swapper},
    runtime::{Loaded, NotSwapped},
};

/// What swaps the components of the job of `case`, which is run with so many subtasks if that is said.
pub(super) fn swapper(
    case: &Case,
    registry: &Registry,
    parallelism: Option<usize>,
) -> Swapper<Stepped> {
    // All plans are changed in the same way: what the script needs is no change of the pipeline.
    let for_scripts = move |mut plan: Plan| {
        plan.dead_letters = Some(SinkConfig::Test);
        plan.parallelism = parallelism.unwrap_or(plan.parallelism);
        Arc::new(plan)
    };
    let loaded = Loaded {
        plan: for_scripts(case.plan.clone()),
        registry: Arc::new(registry.clone()),
    };
    let reload = case.reload.clone();
    let load: Load = Box::new(move |overrides, current, _| {
        let registry = current.fresh();
        let plan = reload.load(&registry, overrides)?;
        Ok(Loaded {
            plan: for_scripts(plan),
            registry: Arc::new(registry),
        })
    });
    Swapper::new(Stepped::default(), loaded, Overrides::default(), load)
}

impl TestJob {
    /// Goes over to other components in some stages; if there are none, to what the files hold now. A crash
    /// goes back to here: a job writes down what it knows after a swap. `None` if that is what runs.
    ///
    /// # Errors
    ///
    /// Why it is refused, and the job goes on as it was; or the job has [failed](Self::has_failed).
    pub fn swap(&mut self, overrides: Overrides) -> anyhow::Result<Option<Report>> {
        let report = self.swapper.swap(overrides)?;
        if report.is_some() {
            self.go_on_swapped()?;
        }
        Ok(report)
    }

    /// Whether the job has failed while something was swapped, and is of no use any more.
    pub const fn has_failed(&self) -> bool {
        self.swapper.job().has_failed()
    }

    /// Takes back what has failed since it was swapped.
    ///
    /// # Errors
    ///
    /// If that cannot be done.
    pub(super) fn take_back(&mut self) -> anyhow::Result<()> {
        while let Some(fault) = self.swapper.fault() {
            match self.swapper.take_back(&fault) {
                Ok(_) => self.go_on_swapped()?,
                // Those subtasks that have seen it fail have gone back before the end.
                Err(error) if error.is::<NotSwapped>() => {}
                Err(error) => {
                    return Err(error).with_context(|| {
                        let (stage, reason) = (&fault.stage, &fault.error);
                        format!(
                            "stage `{stage}`: the new component fails ({reason}) and cannot be taken back"
                        )
                    });
                }
            }
        }
        Ok(())
    }

    fn go_on_swapped(&mut self) -> anyhow::Result<()> {
        self.plan = Plan {
            parallelism: self.plan.parallelism,
            ..Plan::clone(self.swapper.plan())
        };
        self.checkpoint()
    }
}
