//! An instance: a component at work for one subtask of one stage.
//!
//! Each interface of the contract has its calls in a file of its own.

use std::{fmt, sync::Arc, time::Duration};

use arrow::array::ArrayRef;
use wasmtime::component::{ComponentNamedList, Func, Lift, Lower};

use super::{
    allow::Allow,
    allowance::Allowance,
    call_error::CallError,
    catalog::Function,
    catalog_error::CatalogError,
    component::Component,
    contract::Interface,
    exports::Handles,
    given::Given,
    limits::{Exceeded, Limits},
    log_budget::LogBudget,
    lower::{Batch, Column},
    running::{Running, left},
    weight::Unit,
};
use crate::time::Timestamp;

/// What an instance is made with.
#[derive(Clone, Debug)]
pub struct InstanceOptions {
    /// The configuration of the stage, a JSON object.
    pub config: Arc<str>,
    /// What it may use.
    pub limits: Limits,
    /// What it may do beside computing.
    pub allow: Allow,
    /// The name of the stage, for the log.
    pub stage: Arc<str>,
}

/// Columns of one length. The length is needed where there are no columns.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// How many rows each column has.
    pub rows: usize,
    /// The columns, in the order in which the function declares them.
    pub arrays: &'a [ArrayRef],
}

/// Why a guest refuses one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The row's place in the arguments; the group's place for a holistic function.
    pub row: u32,
    /// What the guest says.
    pub message: String,
}

/// A component at work. Not shared: each subtask has its own.
pub struct Instance {
    component: Component,
    options: InstanceOptions,
    budget: LogBudget,
    functions: Arc<[Function]>,
    running: Running,
    /// How far the stream has come, since the epoch.
    reached: Duration,
    allowance: Option<Allowance>,
}

impl Instance {
    pub(super) fn new(component: Component, options: InstanceOptions) -> Result<Self, CallError> {
        let budget = LogBudget::new(Arc::clone(&options.stage), &options.limits);
        let (running, functions) = start(&component, &options, &budget)?;
        Ok(Self {
            component,
            options,
            budget,
            functions,
            running,
            reached: Duration::ZERO,
            allowance: None,
        })
    }

    /// From now on, calls take no longer than what is left of `allowance`. When nothing is left, they fail at
    /// once.
    pub fn share(&mut self, allowance: &Allowance) {
        self.running.share(allowance.clone());
        self.allowance = Some(allowance.clone());
    }

    /// The functions of the library.
    pub fn functions(&self) -> &Arc<[Function]> {
        &self.functions
    }

    /// The component it is an instance of.
    pub const fn component(&self) -> &Component {
        &self.component
    }

    /// What it was made with.
    pub const fn options(&self) -> &InstanceOptions {
        &self.options
    }

    /// Whether a call has broken it, so that it must be renewed before the next one.
    pub const fn is_poisoned(&self) -> bool {
        self.running.is_poisoned()
    }

    /// Replaces it by a fresh one with the same options.
    ///
    /// # Errors
    ///
    /// As for [`Component::instantiate`]; then this one stays as it is.
    pub fn renew(&mut self) -> Result<(), CallError> {
        if let Some(allowance) = &self.allowance {
            left(allowance)?;
        }
        (self.running, self.functions) = start(&self.component, &self.options, &self.budget)?;
        if let Some(allowance) = &self.allowance {
            self.running.share(allowance.clone());
        }
        Ok(())
    }

    /// The last lines that the guest has logged or printed in the call made last, the oldest first.
    pub fn said(&mut self) -> Vec<String> {
        self.running.said()
    }

    /// Forgets what the guest has said, so that it is not taken for what it says in a call that is not made.
    pub fn forget_said(&mut self) {
        self.running.forget_said();
    }

    /// Has the next calls take at most so long, and never longer than the limits allow. `None`: as long as those
    /// allow.
    pub fn set_deadline(&mut self, shorter: Option<Duration>) {
        let deadline = self.options.limits.deadline;
        let deadline = shorter.map_or(deadline, |shorter| shorter.min(deadline));
        self.running.set_deadline(deadline);
    }

    /// Sets how far the stream has come: where the clock of a guest stands that may not see the host's. What
    /// lies before the epoch, it cannot show.
    pub fn set_time(&mut self, reached: Timestamp) {
        let micros = u64::try_from(reached.as_micros()).unwrap_or_default();
        self.reached = Duration::from_micros(micros);
    }

    /// Whether a call may be made with `count` units of so many bytes together. Whoever has to copy what he sends
    /// asks before he does.
    ///
    /// # Errors
    ///
    /// If they are too large.
    pub fn check_weight(&self, unit: Unit, count: usize, bytes: usize) -> Result<(), Exceeded> {
        self.options.limits.check_weight(unit, count, bytes)
    }

    /// Calls a function of the contract with `params`; `given` tells what of them matters.
    pub(super) fn invoke<Params, T>(
        &mut self,
        function: Func,
        given: impl FnOnce() -> Given,
        params: Params,
    ) -> Result<T, CallError>
    where
        Params: ComponentNamedList + Lower,
        T: Lift,
    {
        self.running.invoke(function, self.reached, given, params)
    }

    /// A function of an interface, if the component exports it.
    pub(super) fn export<T>(
        &self,
        interface: Interface,
        find: impl FnOnce(&Handles) -> Option<T>,
    ) -> Result<T, CallError> {
        find(self.running.handles()).ok_or_else(|| {
            CallError::Misfit(format!(
                "the component does not export `{}`",
                interface.qualified()
            ))
        })
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Instance")
            .field("component", &self.component)
            .field("stage", &self.options.stage)
            .finish_non_exhaustive()
    }
}

fn start(
    component: &Component,
    options: &InstanceOptions,
    budget: &LogBudget,
) -> Result<(Running, Arc<[Function]>), CallError> {
    component
        .start(options, budget)
        .map_err(|error| match error {
            CatalogError::Refused(reason) => CallError::Refused(reason),
            CatalogError::Call(error) => error,
            error @ (CatalogError::TooMuch(_)
            | CatalogError::Invalid(_)
            | CatalogError::Unstable) => CallError::Malformed(error.to_string()),
        })
}

/// A batch of columns on their way into a guest.
pub(super) fn batch<'a>(rows: usize, columns: &'a [Column<'a>]) -> Result<Batch<'a>, CallError> {
    Ok(Batch {
        rows: count(rows)?,
        columns,
    })
}

/// A number of rows as guests count them.
pub(super) fn count(rows: usize) -> Result<u32, CallError> {
    u32::try_from(rows).map_err(|_| CallError::Misfit(format!("{rows} rows in one call")))
}

/// Checks the groups of a call: one for each row, and each of them there.
pub(super) fn check_groups(groups: &[u32], rows: usize, count: usize) -> Result<(), CallError> {
    if groups.len() != rows {
        return Err(CallError::Misfit(format!(
            "{} groups for {rows} rows",
            groups.len()
        )));
    }
    // Without a branch a row, so that it becomes vector instructions.
    let last = groups.iter().fold(0, |last, &group| group.max(last));
    if !groups.is_empty() && last as usize >= count {
        return Err(CallError::Misfit(format!("group {last} of {count} groups")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_moves_between_threads_and_a_component_is_shared() {
        fn moves<T: Send>() {}
        fn is_shared<T: Send + Sync>() {}
        moves::<Instance>();
        is_shared::<Component>();
    }

    #[test]
    fn groups_are_checked() {
        assert_eq!(check_groups(&[], 0, 0), Ok(()));
        assert_eq!(check_groups(&[1, 0], 2, 2), Ok(()));
        let error = check_groups(&[1], 2, 2).expect_err("too few");
        assert_eq!(error.to_string(), "call does not fit: 1 groups for 2 rows");
        let error = check_groups(&[0, 2], 2, 2).expect_err("beyond");
        assert_eq!(error.to_string(), "call does not fit: group 2 of 2 groups");
    }
}
