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
    given::Given,
    instance::InstanceOptions,
    lift,
    limit_error::HandsOver,
    limits::Limits,
    log::Log,
    log_budget::LogBudget,
    quote,
    sandbox::Sandbox,
    ticker::ticks,
};

/// Bytes that a catalog may have.
const CATALOG_BYTES: usize = 32 << 20;

/// An instance that can be called until it breaks down.
pub(super) struct Running {
    store: Store<Sandbox>,
    handles: Handles,
    limits: Limits,
    hands_over: HandsOver,
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
        let hands_over = HandsOver::Results(limits.output_bytes);
        let log = Log::new(Arc::clone(&options.stage), budget.clone());
        let sandbox = Sandbox::new(options, log, component.imports_wasi());
        let mut store = Store::new(component.engine().wasmtime(), sandbox);
        store.limiter(|sandbox| sandbox.limiter());
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
                limits: limits.clone(),
                hands_over,
                ticks,
                allowance: None,
                poisoned: false,
            }),
            Err(error) => {
                let log = store.data_mut().log();
                log.end_call();
                Err(CallError::of_engine(&error, limits, hands_over, log))
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

    /// The last lines that the guest has logged or printed in its last call.
    pub(super) fn said(&mut self) -> Vec<String> {
        self.store.data_mut().log().recent()
    }

    /// Forgets what the guest has said.
    pub(super) fn forget_said(&mut self) {
        self.store.data_mut().log().begin_call();
    }

    /// Has the next calls take at most so long.
    pub(super) fn set_deadline(&mut self, deadline: Duration) {
        self.limits.deadline = deadline;
        self.ticks = ticks(deadline);
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
        // What is said of functions is checked by itself, and is no output of a stage.
        self.store.set_hostcall_fuel(CATALOG_BYTES);
        self.hands_over = HandsOver::Catalog(CATALOG_BYTES);
        // At the epoch, whenever the instance is made: what it keeps must not depend on that.
        let given = || Given::new("configure", config);
        let answer =
            self.invoke::<ConfigureParams<'_>, _>(configure, Duration::ZERO, given, (config,));
        // Counts the bytes of all lists that a call gives back.
        self.store.set_hostcall_fuel(self.limits.output_bytes);
        self.hands_over = HandsOver::Results(self.limits.output_bytes);
        match answer {
            Ok(functions) => Ok(Ok(functions)),
            Err(CallError::Refused(reason)) => Ok(Err(reason)),
            Err(error) => Err(error),
        }
    }

    /// Calls a function of the contract when the stream has come as far as `reached`.
    pub(super) fn invoke<Params, T>(
        &mut self,
        function: Func,
        reached: Duration,
        given: impl FnOnce() -> Given,
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
        self.store.data_mut().begin_call(reached, given);
        let answer = function
            .typed::<Params, Answer<T>>(&self.store)
            .and_then(|function| function.call(&mut self.store, params));
        let log = self.store.data_mut().log();
        log.end_call();
        match answer {
            Ok((Ok(result),)) => Ok(result),
            Ok((Err(reason),)) => Err(CallError::Refused(quote::reason(reason))),
            Err(error) => {
                self.poisoned = true;
                Err(CallError::of_engine(
                    &error,
                    &self.limits,
                    self.hands_over,
                    log,
                ))
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
            frames: Vec::new(),
            log: Vec::new(),
        }),
        false => Ok(ticks(left)),
    }
}
