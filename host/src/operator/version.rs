//! A version of the functions of a stage: what is exchanged when a component is swapped.

use std::{
    fmt,
    sync::{Arc, mpsc},
};

use anyhow::Context;
use arrow::array::ArrayRef;

use super::{
    Call,
    failure::{Called, Failure},
    patience::Pace,
};
use crate::{
    state::Columns,
    time::Timestamp,
    wasm::{Allowance, CallError, Function, Instance, Kind},
};

/// The functions that a stage calls and the instances they run in, for one subtask. By default it calls none.
#[derive(Default)]
pub struct Version {
    functions: Vec<Bound>,
    /// One for each library and configuration.
    instances: Vec<Instance>,
}

/// A function of a stage.
struct Bound {
    function: Function,
    /// The place of the instance it runs in.
    instance: usize,
    /// What it begins with.
    blank: Columns,
}

impl Version {
    /// The functions of `calls`, in their order, of the stage called `stage`, in `instances`, by the places
    /// of their libraries in the plan.
    ///
    /// # Errors
    ///
    /// If a function cannot make an accumulator or a state that has seen no row, or a library has no instance.
    pub fn open(
        stage: &str,
        calls: &[Call],
        instances: Vec<(usize, Instance)>,
    ) -> anyhow::Result<Self> {
        let (libraries, instances): (Vec<usize>, Vec<Instance>) = instances.into_iter().unzip();
        let mut version = Self {
            functions: Vec::with_capacity(calls.len()),
            instances,
        };
        for call in calls {
            let instance = libraries
                .iter()
                .position(|&library| library == call.library);
            let instance = instance.context("a library has no instance")?;
            let function = call.function.clone();
            let blank = blank(&mut version.instances[instance], &function);
            let blank = blank.with_context(|| {
                let what = match function.kind {
                    Kind::Process => "a state",
                    _ => "an accumulator",
                };
                let name = &function.name;
                format!("stage `{stage}`: function `{name}` cannot make {what}")
            })?;
            version.functions.push(Bound {
                function,
                instance,
                blank,
            });
        }
        Ok(version)
    }

    /// From now on, all calls together take no longer than what is left of `allowance`.
    pub fn share(&mut self, allowance: &Allowance) {
        for instance in &mut self.instances {
            instance.share(allowance);
        }
    }

    /// What the function at a place begins with.
    pub(super) fn blank(&self, place: usize) -> &[ArrayRef] {
        &self.functions[place].blank
    }

    /// The function at a place.
    pub(super) fn called(&self, place: usize) -> Called {
        let bound = &self.functions[place];
        let component = self.instances[bound.instance].component();
        Called {
            function: bound.function.name.as_str().into(),
            component: component.digest().to_string().into(),
        }
    }

    /// Calls the function at a place when event time has come as far as `reached`, for at most as long as `pace` says.
    /// An instance that the call breaks is
    /// renewed at once: that takes its time, and it belongs to the failure.
    pub(super) fn call<T>(
        &mut self,
        place: usize,
        reached: Timestamp,
        pace: Pace,
        run: impl FnOnce(&mut Instance, &Function) -> Result<T, CallError>,
    ) -> Result<T, Failure> {
        let bound = &self.functions[place];
        let instance = &mut self.instances[bound.instance];
        instance.forget_said();
        // It may not have been possible before.
        let ready = match instance.is_poisoned() {
            true => instance.renew(),
            false => Ok(()),
        };
        if let Pace::AtMost(time) = pace {
            instance.set_deadline(Some(time));
        }
        instance.set_time(reached);
        let result = ready.and_then(|()| run(instance, &bound.function));
        if let Pace::AtMost(_) = pace {
            instance.set_deadline(None);
        }
        let error = match result {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let log = instance.said();
        if instance.is_poisoned() {
            // What is wrong, if it is not this call's rows, is told by the next call.
            let _ = instance.renew();
        }
        let deadline = instance.options().limits.deadline;
        Err(Failure::of_call(error, self.called(place), deadline, log))
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(&self.instances).finish()
    }
}

fn blank(instance: &mut Instance, function: &Function) -> Result<Columns, CallError> {
    match function.kind {
        Kind::Aggregate => instance.aggregate_init(function, 1),
        Kind::Process => instance.process_init(function, 1),
        Kind::Scalar | Kind::Table | Kind::Holistic => Ok(Vec::new()),
    }
}

/// How many calls a version must pass in a subtask before the one before it is given up: its first
/// batches, in which a mistake shows.
pub const PROBATION: u32 = 64;

/// The version before the present one, as long as the present one may be taken back.
pub(super) struct Probation {
    before: Version,
    calls_left: u32,
    faults: Faults,
}

/// Where it is told that a version has been taken back.
#[derive(Clone, Debug)]
pub struct Faults {
    /// The stage.
    pub stage: Arc<str>,
    /// Who is told.
    pub told: mpsc::Sender<Fault>,
}

/// A version has failed where the one before it does not.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The stage.
    pub stage: Arc<str>,
    /// The digest of the component that has failed, in hexadecimal.
    pub component: Arc<str>,
    /// How.
    pub error: String,
}

impl Probation {
    pub(super) const fn new(before: Version, faults: Faults) -> Self {
        Self {
            before,
            calls_left: PROBATION,
            faults,
        }
    }

    /// Takes note of a call that has not failed. Returns whether it was the last one that mattered.
    pub(super) const fn is_passed(&mut self) -> bool {
        self.calls_left = self.calls_left.saturating_sub(1);
        self.calls_left == 0
    }

    pub(super) const fn before(&mut self) -> &mut Version {
        &mut self.before
    }

    pub(super) fn into_before(self) -> Version {
        self.before
    }

    /// Tells that `component` has failed, and gives back the version before it.
    pub(super) fn fail(self, component: Arc<str>, failure: &Failure) -> Version {
        let fault = Fault {
            stage: self.faults.stage,
            component,
            error: failure.error.to_string(),
        };
        // Nobody may be left to be told when the job ends.
        let _ = self.faults.told.send(fault);
        self.before
    }
}
