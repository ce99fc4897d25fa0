//! A store with an instance in it: the one place where a guest's code is entered.

use std::{sync::Arc, time::Duration};

use wasmtime::{
    Store,
    component::{ComponentNamedList, Func, Lift, Lower},
};

use super::{
    allowance::Allowance,
    call_error::CallError,
    component::Component,
    exports::{Answer, ConfigureParams, Handles},
    instance::InstanceOptions,
    lift,
    log::Log,
    log_budget::LogBudget,
    quote::quoted,
    sandbox::Sandbox,
    ticker::ticks,
};

/// An instance that can be called until it breaks down.
pub(super) struct Running {
    store: Store<Sandbox>,
    handles: Handles,
    deadline: Duration,
    ticks: u64,
    /// What it shares with others, if that may end before the deadline.
    allowance: Option<Allowance>,
    poisoned: bool,
}

impl Running {
    /// Makes an instance that is not configured yet.
    pub(super) fn new(
        component: &Component,
        options: &InstanceOptions,
        budget: &LogBudget,
    ) -> Result<Self, CallError> {
        let limits = &options.limits;
        let log = Log::new(Arc::clone(&options.stage), budget.clone());
        let sandbox = Sandbox::new(limits, log, component.imports_wasi());
        let mut store = Store::new(component.engine().wasmtime(), sandbox);
        store.limiter(|sandbox| sandbox.limiter());
        // Counts the bytes of all lists that a call gives back.
        store.set_hostcall_fuel(limits.output_bytes);
        let ticks = ticks(limits.deadline);
        // Instantiating runs the guest's start functions.
        store.set_epoch_deadline(ticks);
        let instantiated = component.linked().instantiate(&mut store);
        let handles = instantiated.and_then(|instance| {
            component.exports().try_map(|index| {
                let function = instance.get_func(&mut store, index);
                function.ok_or_else(|| wasmtime::format_err!("an export has gone"))
            })
        });
        match handles {
            Ok(handles) => Ok(Self {
                store,
                handles,
                deadline: limits.deadline,
                ticks,
                allowance: None,
                poisoned: false,
            }),
            Err(error) => {
                let log = store.data_mut().log();
                log.end_call();
                Err(CallError::of_engine(&error, limits.deadline, log))
            }
        }
    }

    pub(super) fn handles(&self) -> &Handles {
        &self.handles
    }

    /// Whether a call has broken the instance.
    pub(super) const fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// From now on, calls take no longer than what is left of `allowance`.
    pub(super) fn share(&mut self, allowance: Allowance) {
        self.allowance = Some(allowance);
    }

    /// Configures the instance: its catalog as it gives it, or its reason to refuse.
    pub(super) fn configure(
        &mut self,
        config: &str,
    ) -> Result<Result<Vec<lift::Function>, String>, CallError> {
        let configure = self.handles.configure;
        match self.invoke::<ConfigureParams<'_>, _>(configure, (config,)) {
            Ok(functions) => Ok(Ok(functions)),
            Err(CallError::Refused(reason)) => Ok(Err(reason)),
            Err(error) => Err(error),
        }
    }

    /// Calls a function of the contract.
    pub(super) fn invoke<Params, T>(
        &mut self,
        function: Func,
        params: Params,
    ) -> Result<T, CallError>
    where
        Params: ComponentNamedList + Lower,
        T: Lift,
    {
        if self.poisoned {
            return Err(CallError::Poisoned);
        }
        let ticks = match &self.allowance {
            None => self.ticks,
            Some(allowance) => self.ticks.min(left(allowance)?),
        };
        self.store.set_epoch_deadline(ticks);
        self.store.data_mut().log().begin_call();
        let answer = function
            .typed::<Params, Answer<T>>(&self.store)
            .and_then(|function| function.call(&mut self.store, params));
        let log = self.store.data_mut().log();
        log.end_call();
        match answer {
            Ok((Ok(result),)) => Ok(result),
            Ok((Err(reason),)) => Err(CallError::Refused(quoted(reason))),
            Err(error) => {
                self.poisoned = true;
                Err(CallError::of_engine(&error, self.deadline, log))
            }
        }
    }
}

/// In how many ticks an allowance ends.
///
/// # Errors
///
/// If it has ended.
pub(super) fn left(allowance: &Allowance) -> Result<u64, CallError> {
    let left = allowance.left();
    match left.is_zero() {
        true => Err(CallError::Deadline {
            deadline: left,
            log: Vec::new(),
        }),
        false => Ok(ticks(left)),
    }
}
